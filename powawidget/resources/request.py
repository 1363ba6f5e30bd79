"""The body of a request, checked before anything is sent."""

import json
import operator
from collections.abc import Mapping, Sequence
from typing import Any, SupportsIndex, TypedDict

from powawidget.errors import InvalidValueError, WrongTypeError
from powawidget.http.ids import as_text


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
        knowledge_bases: Knowledge bases to search.
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
    knowledge_bases: Sequence[Any] | None
    context_handler_id: str | None
    context_override: str | None
    context_items: Sequence[Any] | None


_OPTIONS = tuple(RunOptions.__annotations__)
_CONTEXTS = _OPTIONS[-4:]


def run_body(
    noun: str,
    message: object,
    session_id: str | None,
    options: Mapping[str, Any],
    known: Sequence[str] = (),
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
        WrongTypeError: If there is no such option, or one of the texts is something else.
    """
    if not isinstance(message, str):
        raise WrongTypeError(f"The message is a text, not {type(message).__name__}.")
    if session_id is not None:
        as_text(session_id, "A conversation")
    if not message.strip():
        raise InvalidValueError(f"The message is empty: say what the {noun} should do.")
    unknown = [name for name in options if name not in known]
    if unknown:
        others = (
            f"its options are {', '.join(known)}" if known else "only a message and a session_id"
        )
        raise WrongTypeError(f"A run of an {noun} takes no {', '.join(unknown)}: {others}.")
    given = {"message": message, "session_id": session_id, **options}
    body = {name: value for name, value in given.items() if value is not None}
    contexts = [name for name in _CONTEXTS if name in body]
    if len(contexts) > 1:
        raise InvalidValueError(
            f"Only one of {', '.join(_CONTEXTS)} may be given, not {' and '.join(contexts)}."
        )
    return checked_json(body)


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

    Raises:
        InvalidValueError: If it can't be written as JSON.
    """
    try:
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValueError(f"The request can't be written as JSON: {error}.") from error
    return dict(body)


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
