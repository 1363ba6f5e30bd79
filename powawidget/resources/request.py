"""The body of a request, checked before anything is sent."""

import json
import operator
from collections.abc import Mapping, Sequence
from typing import Any, SupportsIndex, TypedDict

from powawidget.errors import InvalidValueError, WrongTypeError
from powawidget.http.ids import as_text
from powawidget.protocol.plain_values import plain


class RunOptions(TypedDict, total=False):
    """What an agent's run may be given beside its message (docs/protocol.md#run-body).

    The keyword arguments of `agent.run`, `agent.stream` and of each `chat`; of the last four at
    most one.

    Attributes:
        temperature: The model's temperature.
        timeout_seconds: The server's limit for the run, in seconds; for agents with tools.
        response_format: The form the answer must have.
        max_context_tokens: The most tokens of context.
        citations_enabled: Whether the answer cites its sources.
        reasoning_requested: Whether to ask for the model's thinking.
        runtime_knowledge_bases: Knowledge bases that the agent may search in this run, as a tool:
            1 to 10, such as `{"id": "…", "top_k": 5}` (docs/protocol.md#runtime-knowledge).
        knowledge_bases: Knowledge bases to search before the run.
        context_handler_id: An earlier search to use.
        context_override: Text to use as the context.
        context_items: Items to use as the context.
    """

    temperature: float | None
    timeout_seconds: float | None
    response_format: Mapping[str, Any] | None
    max_context_tokens: int | None
    citations_enabled: bool | None
    reasoning_requested: bool | None
    runtime_knowledge_bases: Sequence[Mapping[str, Any]] | None
    knowledge_bases: Sequence[Any] | None
    context_handler_id: str | None
    context_override: str | None
    context_items: Sequence[Any] | None


_OPTIONS = tuple(RunOptions.__annotations__)
_CONTEXTS = _OPTIONS[-4:]
_RUNTIME = "runtime_knowledge_bases"
_MOST_RUNTIME = 10
_LONGEST_ID = 255
# The service hands them on unchecked, so that a wrong one fails each run that it is sent with.
_FORMS: dict[str, tuple[str, Any]] = {
    "temperature": ("a number", int | float),
    "timeout_seconds": ("a number of seconds", int | float),
    "max_context_tokens": ("a whole number", int),
    "response_format": ('a dictionary, such as {"type": "json_object"}', dict),
    "citations_enabled": ("True or False", bool),
    "reasoning_requested": ("True or False", bool),
    "knowledge_bases": ("a list", list),
    "context_items": ("a list", list),
    "context_handler_id": ("a text", str),
    "context_override": ("a text", str),
}


def run_body(
    noun: str,
    message: object,
    session_id: str | None,
    options: Mapping[str, Any],
    known: Sequence[str],
) -> dict[str, Any]:
    """Make the body that starts a run.

    Args:
        noun: agent or orchestration.
        message: What to ask.
        session_id: The conversation to go on with.
        options: What else was given; None is as if it weren't.
        known: The names of what else may be given.

    Returns:
        The body, without what isn't given.

    Raises:
        InvalidValueError: If the message is empty, more than one context is given, or something
            can't be written as JSON.
        WrongTypeError: If there is no such option, or something is of another type.
    """
    if not isinstance(message, str):
        hint = " Decode it first." if isinstance(message, bytes | bytearray) else ""
        raise WrongTypeError(
            f"The message is a text, not {type(message).__name__}; nothing was sent.{hint}"
        )
    if session_id is not None:
        _check_session(session_id)
    if not message.strip():
        raise InvalidValueError(f"The message is empty: say what the {noun} should do.")
    unknown = [name for name in options if name not in known]
    if unknown:
        raise WrongTypeError(
            f"A run of an {noun} takes no {', '.join(unknown)}: beside a message and a session_id "
            f"it takes {', '.join(known)}."
        )
    given = {"message": message, "session_id": session_id, **options}
    body = {name: value for name, value in given.items() if value is not None}
    contexts = [name for name in _CONTEXTS if name in body]
    if len(contexts) > 1:
        raise InvalidValueError(
            f"Only one of {', '.join(_CONTEXTS)} may be given, not {' and '.join(contexts)}."
        )
    if _RUNTIME in body:
        body[_RUNTIME] = _runtime_knowledge(body[_RUNTIME])
    made = checked_json(body)
    for name, value in made.items():
        what, kinds = _FORMS.get(name, ("", object))
        is_truth = isinstance(value, bool) and kinds not in {bool, object}  # Python's are numbers
        if is_truth or not isinstance(value, kinds):
            raise WrongTypeError(
                f"{name} takes {what}, not {type(options[name]).__name__}; nothing was sent."
            )
    return made


def _check_session(session_id: object) -> None:
    """Check the id of a conversation, which the service takes as it is or answers with SQL.

    Rule: docs/protocol.md#own-session-id.
    """
    as_text(session_id, "A conversation")
    text = str(session_id)
    if not text.strip() or len(text) > _LONGEST_ID or "/" in text or "\0" in text:
        raise InvalidValueError(
            f"{text[:80]!r} can't be the id of a conversation: it has 1 to {_LONGEST_ID} "
            "characters, and no slash."
        )


def _runtime_knowledge(given: object) -> list[dict[str, Any]]:
    """Check what the service checks strictly (docs/protocol.md#runtime-knowledge)."""
    rows = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else None
    if rows is None or not all(isinstance(row, Mapping) and row.get("id") for row in rows):
        raise WrongTypeError(
            f'{_RUNTIME} takes a list of dictionaries that have an id, such as [{{"id": "…"}}].'
        )
    if not 1 <= len(rows) <= _MOST_RUNTIME:
        raise InvalidValueError(f"{_RUNTIME} takes 1 to {_MOST_RUNTIME} entries, not {len(rows)}.")
    return [dict(row) for row in rows]


def agent_body(
    message: object, session_id: str | None, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Make the body that starts a run of an agent, as `run_body` does.

    Args:
        message: What to ask.
        session_id: The conversation to go on with.
        options: As in `RunOptions`.
    """
    return run_body("agent", message, session_id, options, _OPTIONS)


def checked_json(body: Mapping[str, Any]) -> dict[str, Any]:
    """Check that a body can be sent.

    Returns:
        The body in Python's own values: a table's numbers are numpy's.

    Raises:
        InvalidValueError: If it can't be written as JSON.
    """
    try:
        made: dict[str, Any] = plain(body)
        json.dumps(made, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValueError(f"The request can't be written as JSON: {error}.") from error
    return made


def at_most(limit: object) -> int:
    """Check how many entries of a list are asked for.

    Raises:
        WrongTypeError: If it isn't a whole number.
        InvalidValueError: If it is negative.
    """
    if not isinstance(limit, SupportsIndex):  # numpy's whole numbers are too
        raise WrongTypeError(f"limit takes a whole number, not {type(limit).__name__}.")
    most = operator.index(limit)
    if most < 0:
        raise InvalidValueError(f"limit says how many at most: 0 or more, not {most}.")
    return most
