"""The state that a notebook's file holds for the view, made short enough for it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from powawidget.transcript import words
from powawidget.transcript.limits import Limits, fit

# A text that may be long: what has it, under which name, and the expression that has all of it.
_Text = tuple[dict[str, Any], str, str]
# Bytes that the least turn of a chat gets: one with less says nothing that is worth keeping.
_TURN = 10_000


def chat(state: dict[str, Any], limit: int) -> dict[str, Any]:
    """Keep the last turns of a chat that fit, each shortened where it has to be.

    Args:
        state: A `ChatState` as plain JSON values; it isn't changed.
        limit: The most bytes of JSON.

    Returns:
        The state, or a shorter one of the same shape.
    """
    if len(json.dumps(state)) <= limit:
        return state
    kept: list[dict[str, Any]] = []
    left = limit - _TURN  # for the chat's own fields
    for index in reversed(state["order"]):
        if left < _TURN:
            break
        turn = run(state["turns"][index], left if not kept else _TURN)
        left -= len(json.dumps(turn))
        kept.insert(0, turn)
    return {
        **state,
        "turns": kept,
        "order": list(range(len(kept))),
        "retried": [],
        "queued": [],
        "earlier": state["earlier"] + len(state["order"]) - len(kept),
    }


def run(state: dict[str, Any], limit: int) -> dict[str, Any]:
    """Cut the longest texts of a state until it fits, each with a note of where the whole is.

    Args:
        state: A `RunState` as plain JSON values; it isn't changed.
        limit: The most bytes of JSON, at least 10,000.

    Returns:
        The state, or a shorter one of the same shape.
    """
    if len(json.dumps(state)) <= limit:
        return state
    lengths = [len(owner[name]) for owner, name, _ in _texts(state)]
    written = fit(lambda limits: json.dumps(_shorten(_copy(state), limits)), lengths, limit)
    shorter: dict[str, Any] = json.loads(written)
    return shorter


def _copy(value: Any) -> Any:
    """Copy all but the texts, which may be large."""
    if isinstance(value, dict):
        return {name: _copy(one) for name, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value


def differences(whole: Any, kept: Any) -> list[list[Any]]:
    """List how what goes into the file differs from the whole, which the page has already.

    Args:
        whole: A state as plain JSON values.
        kept: What `run` or `chat` made of it.

    Returns:
        For each difference a path and a value; for a text that keeps its start a path, how long
        that start is as JavaScript counts, and what follows it.
    """
    return list(_differences(whole, kept, []))


def _differences(whole: Any, kept: Any, path: list[str | int]) -> Iterator[list[Any]]:
    if whole == kept:
        return
    if isinstance(whole, dict) and isinstance(kept, dict) and whole.keys() == kept.keys():
        for name, value in kept.items():
            yield from _differences(whole[name], value, [*path, name])
    elif isinstance(whole, list) and isinstance(kept, list) and len(whole) == len(kept):
        for index, value in enumerate(kept):
            yield from _differences(whole[index], value, [*path, index])
    elif isinstance(whole, str) and isinstance(kept, str):
        pairs = enumerate(zip(whole, kept, strict=False))
        same = next((at for at, (a, b) in pairs if a != b), min(len(whole), len(kept)))
        yield [path, len(whole[:same].encode("utf-16-le", "surrogatepass")) // 2, kept[same:]]
    else:
        yield [path, kept]


def _shorten(state: dict[str, Any], limits: Limits) -> dict[str, Any]:
    for owner, name, where in _texts(state):
        text = owner[name]
        if limits.text is None or len(text) <= limits.text:
            continue
        left = len(text) - limits.text
        if name == "result":
            owner.update(full=False, json=False, size=owner["size"] or len(text))
        owner[name] = f"{text[: limits.text]}\n{words.more(words.size(left), where)}"
    if limits.items is not None:
        _leave_out(state, limits)
    return state


def _texts(state: dict[str, Any]) -> Iterator[_Text]:
    """Go through the texts that may be long, each with where the kernel has it."""
    yield from _texts_namess(state["parts"])
    for index, block in enumerate(state["blocks"]):
        yield from _named(block, ("input", "output", "error", "text"), f"run.blocks[{index}]")
    for thought in state["reasoning"]["thoughts"]:
        yield thought, "text", "run.reasoning"
    for citation in state["citations"]:
        yield citation, "excerpt", "run"
    yield from _named(state, ("message", "output"), "run")
    yield from _named(state["error"] or {}, ("message",), "run.error")


def _texts_namess(parts: list[dict[str, Any]]) -> Iterator[_Text]:
    calls = -1
    for part in parts:
        if part["kind"] == "tool":
            calls += 1
            yield from _named(part, ("arguments", "asked", "result"), f"run.tool_calls[{calls}]")
        else:
            yield from _named(part, ("text", "arguments", "message", "reason", "task"), "run")


def _named(owner: dict[str, Any], names: Sequence[str], where: str) -> Iterator[_Text]:
    for name in names:
        if isinstance(owner.get(name), str):
            yield owner, name, f"{where}.{name}"


def _leave_out(state: dict[str, Any], limits: Limits) -> None:
    """Leave out the middle of long lists; what pointed there points nowhere, or goes too."""
    new = _leave_out_parts(state, limits)
    thoughts = [_led(each, new, "within") for each in state["reasoning"]["thoughts"]]
    state["reasoning"]["thoughts"] = _ends(thoughts, limits)
    for name in ("blocks", "citations"):
        state[name] = state[name][: limits.items]  # what points there goes by the index
    spans = [span for span in state["spans"] if _is_kept(span, new, len(state["blocks"]))]
    names = {True: ("within",), False: ("of", "within")}  # a block's `of` is among the blocks
    spans = [_led(span, new, *names[span["kind"] == "block"]) for span in spans]
    state["spans"] = _ends(spans, limits)


def _leave_out_parts(state: dict[str, Any], limits: Limits) -> dict[int, int]:
    """Leave out the middle of very many parts; returns where those are that are kept."""
    indices = list(range(len(state["parts"])))
    first, left, last = limits.some(indices)
    if not left:
        return {index: index for index in indices}
    kept = [*first, *last]
    new = {old: index + (index >= len(first)) for index, old in enumerate(kept)}
    note = {"kind": "notice", "code": "cut", "text": f"{left:,} more: run", "count": 1}
    parts = [_led(state["parts"][old], new, "within", "call") for old in kept]
    parts.insert(len(first), {**note, "within": None})
    state["parts"] = parts
    if state["answer"] is not None:
        state["answer"] = new.get(state["answer"])
    return new


def _is_kept(span: dict[str, Any], parts: dict[int, int], blocks: int) -> bool:
    """Tell whether what filled a stretch of time is still there."""
    of = span["of"]
    if of is None:
        return True
    return bool(of < blocks if span["kind"] == "block" else of in parts)


def _ends(items: list[Any], limits: Limits) -> list[Any]:
    first, _, last = limits.some(items)
    return [*first, *last]


def _led(item: dict[str, Any], new: dict[int, int], *names: str) -> dict[str, Any]:
    """Have what names parts by their indices name them where they are now."""
    moved = {name: new.get(item[name]) for name in names if item.get(name) is not None}
    return {**item, **moved}
