"""What of a run's state goes into the notebook's file, where widget state is saved with it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from powawidget.transcript import words
from powawidget.transcript.cut import Cut, fit

_Place = tuple[dict[str, Any], str, str]


def shortened(state: dict[str, Any], limit: int) -> dict[str, Any]:
    """Cut the longest texts of a state until it fits, each with a note of where the whole is.

    Args:
        state: A `RunState` as plain JSON values; it isn't changed.
        limit: The most bytes of JSON, at least 10,000.

    Returns:
        The state, or a shorter one of the same shape.
    """
    source = json.dumps(state)
    if len(source) <= limit:
        return state
    lengths = [len(owner[name]) for owner, name, _ in _texts(state)]
    written = fit(lambda cut: json.dumps(_cut(json.loads(source), cut)), lengths, limit)
    shorter: dict[str, Any] = json.loads(written)
    return shorter


def _cut(state: dict[str, Any], cut: Cut) -> dict[str, Any]:
    for owner, name, where in _texts(state):
        text = owner[name]
        if cut.text is None or len(text) <= cut.text:
            continue
        left = len(text) - cut.text
        if name == "result":
            owner.update(full=False, json=False, size=owner["size"] or len(text))
        owner[name] = f"{text[: cut.text]}\n{words.more(words.size(left), where)}"
    if cut.items is not None and len(state["parts"]) > cut.items:
        _leave_out(state, cut)
    return state


def _texts(state: dict[str, Any]) -> Iterator[_Place]:
    """Go through the texts that may be long, each with where the kernel has it."""
    yield from _texts_of_parts(state["parts"])
    for index, block in enumerate(state["blocks"]):
        yield from _named(block, ("input", "output", "error", "text"), f"run.blocks[{index}]")
    for thought in state["reasoning"]["thoughts"]:
        yield thought, "text", "run.reasoning"
    for citation in state["citations"]:
        yield citation, "excerpt", "run"
    yield from _named(state, ("message", "output"), "run")
    yield from _named(state["error"] or {}, ("message",), "run.error")


def _texts_of_parts(parts: list[dict[str, Any]]) -> Iterator[_Place]:
    calls = -1
    for part in parts:
        if part["kind"] == "tool":
            calls += 1
            yield from _named(part, ("arguments", "asked", "result"), f"run.tool_calls[{calls}]")
        else:
            yield from _named(part, ("text", "arguments", "message", "reason", "task"), "run")


def _named(owner: dict[str, Any], names: Sequence[str], where: str) -> Iterator[_Place]:
    for name in names:
        if isinstance(owner.get(name), str):
            yield owner, name, f"{where}.{name}"


def _leave_out(state: dict[str, Any], cut: Cut) -> None:
    """Leave out the middle of a run of very many parts; what pointed there points nowhere."""
    places = list(range(len(state["parts"])))
    first, left, last = cut.some(places)
    kept = [*first, *last]
    new = {old: index + (index >= len(first)) for index, old in enumerate(kept)}
    note = {"kind": "notice", "code": "cut", "text": f"{left:,} more: run", "count": 1}
    parts = [state["parts"][old] for old in kept]
    parts.insert(len(first), {**note, "within": None})
    for part in parts:
        for name in ("within", "call"):
            if part.get(name) is not None:
                part[name] = new.get(part[name])
    state["parts"] = parts
    if state["answer"] is not None:
        state["answer"] = new.get(state["answer"])
