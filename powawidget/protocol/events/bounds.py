"""How long a field of an event may be, whatever the server sends.

One rule for all events: a text is a name, unless its field stands in one of the tables here. So a
field that is added is bounded before anybody thinks of it. What is left out is counted in the text
itself; the frame it was read from keeps all of it (`event.raw`).

What a model wrote at length (answers, thinking, results, outputs) isn't cut here: its bound is the
size of an event (`protocol.sse.MAX_EVENT_BYTES`). Arguments are never cut, since a person decides
on them: a page that can't show them all gets their size and digest (`widget.page_state`).
"""

import hashlib
from functools import cache
from types import UnionType
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

import msgspec

# Characters of ids, names, codes and the like; of sentences; of an agent's task.
NAME = 500
SENTENCES = 4_000
TASK = 20_000
# Items of a list that is shown: citations, blocks of a graph, names of agents.
LISTED = 1_000

_SENTENCES = frozenset(
    {"message", "error", "problem", "title", "hint", "reason", "outcome", "why", "details"}
)
_WHOLE = frozenset(
    {
        *("text", "texts", "content", "answer", "thoughts"),
        *("arguments", "result", "input", "output"),
        "raw",
    }
)
# Fields whose name means something else in an event of this kind.
_OF_KIND = {
    ("Noticed", "text"): SENTENCES,
    ("OutcomeKnown", "text"): SENTENCES,
    ("NotKept", "text"): SENTENCES,
    ("Rated", "note"): SENTENCES,
}

_Thing = TypeVar("_Thing", bound=msgspec.Struct)


class _Plan(NamedTuple):
    """What of a kind of event has a bound: texts, and lists of texts or of more such things."""

    texts: tuple[tuple[str, int], ...]
    lists: tuple[str, ...]


def bounded(thing: _Thing) -> _Thing:
    """Cut the fields of an event that are longer than they may be.

    Returns:
        The same where nothing is too long, else a copy.
    """
    plan = _plan(type(thing))
    changed: dict[str, Any] = {}
    for name, most in plan.texts:
        value = getattr(thing, name)
        if type(value) is str and len(value) > most:
            changed[name] = cut(value, most)
    for name in plan.lists:
        old = getattr(thing, name)
        new = [_item(one) for one in old]
        if any(one is not other for one, other in zip(old, new, strict=True)):
            changed[name] = new
    return msgspec.structs.replace(thing, **changed) if changed else thing


def cut(text: str, most: int = NAME) -> str:
    """Cut a text, and say in it how much was left out.

    Returns:
        The text itself where it is no longer. Else its beginning, and what more: the digest of a
        name, so that two long ids that begin alike stay two; the end of a longer text, since a
        traceback says only there what went wrong.
    """
    if len(text) <= most:
        return text
    if most == NAME:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        form, end = f"… {{:,}} more characters (SHA-256 {digest[:16]})", 0
    else:
        form, end = "… {:,} more characters …", most // 4
    # The note takes its place from the text: what is cut once isn't cut again.
    left = len(text) - most
    while left != (more := len(text) - most + len(form.format(left))):
        left = more
    begin = len(text) - left - end
    return f"{text[:begin]}{form.format(left)}{text[begin + left :]}"


def _item(one: Any) -> Any:
    if isinstance(one, msgspec.Struct):
        return bounded(one)
    return cut(one) if isinstance(one, str) else one


def limit_of(kind: str, field: str) -> int | None:
    """Return how many characters a text of an event may have; None for what isn't cut."""
    if (kind, field) in _OF_KIND:
        return _OF_KIND[kind, field]
    if field in _WHOLE:
        return None
    return TASK if field == "task" else SENTENCES if field in _SENTENCES else NAME


@cache
def _plan(kind: type[msgspec.Struct]) -> _Plan:
    texts: list[tuple[str, int]] = []
    lists: list[str] = []
    for field in msgspec.structs.fields(kind):
        most = limit_of(kind.__name__, field.name)
        if most is None:
            continue
        kinds = get_args(field.type) if isinstance(field.type, UnionType) else (field.type,)
        if str in kinds:
            texts.append((field.name, most))
        elif any(get_origin(kind) is list for kind in kinds):
            lists.append(field.name)
    return _Plan(tuple(texts), tuple(lists))
