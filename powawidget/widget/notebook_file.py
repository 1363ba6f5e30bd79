"""What of a run or a chat goes into the notebook's file: its transcript, and its state."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from powawidget import transcript
from powawidget.http.secret import Secret
from powawidget.protocol.events import Interrupted
from powawidget.settings import file_share
from powawidget.state.about import About
from powawidget.state.model import ENDED, ChatState, RunState, plain, typed
from powawidget.state.ops import apply
from powawidget.state.reduce import reduce
from powawidget.transcript import words
from powawidget.transcript.cut import Cut, fit

_UNDER_WAY = Interrupted(
    title="The run was under way when this was saved",
    message="What came of it later isn't in this file.",
    hint="pb.get_run(run_id) brings it back from the server.",
)
_Place = tuple[dict[str, Any], str, str]
# Bytes that the least turn of a chat gets: one with less says nothing that is worth keeping.
_TURN = 10_000


def transcripts(
    told: RunState | ChatState,
    mark: str,
    secret: Secret | None = None,
    about: About | None = None,
) -> dict[str, str]:
    """Write what a notebook's file holds of a run or a chat beside its view, by media type.

    Args:
        told: The run or the chat.
        mark: By which the view finds the transcript.
        secret: The key to keep out.
        about: What to tell beside it.

    Returns:
        HTML, markdown and a line of text, which keep to `powawidget.options.file_limit`.
    """
    told = _as_if_over(told)
    about = about or About()
    return {
        "text/html": transcript.to_html(
            told, about, mark=mark, limit=file_share(41), secret=secret
        ),
        "text/markdown": transcript.to_markdown(told, about, limit=file_share(25), secret=secret),
        "text/plain": f"Transcript of {told.kind} {told.name}",
    }


def _as_if_over(told: RunState | ChatState) -> RunState | ChatState:
    """Tell what is under way as interrupted: where the kernel dies, the file keeps saying this."""
    runs = told.turns if isinstance(told, ChatState) else [told]
    if all(run.status in ENDED for run in runs):
        return told
    over: RunState | ChatState = typed(plain(told), type(told))
    for run in over.turns if isinstance(over, ChatState) else [over]:
        if run.status not in ENDED:
            apply(run, reduce(run, _UNDER_WAY, run.started or 0.0))
    return over


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
    for place in reversed(state["order"]):
        if left < _TURN:
            break
        turn = run(state["turns"][place], left if not kept else _TURN)
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
    written = fit(lambda cut: json.dumps(_cut(_copy(state), cut)), lengths, limit)
    shorter: dict[str, Any] = json.loads(written)
    return shorter


def _copy(value: Any) -> Any:
    """Copy all but the texts, which may be large."""
    if isinstance(value, dict):
        return {name: _copy(one) for name, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value


def cuts(whole: Any, kept: Any) -> list[list[Any]]:
    """Tell how what goes into the file differs from the whole, which the page has already.

    Args:
        whole: A state as plain JSON values.
        kept: What `run` or `chat` made of it.

    Returns:
        For each difference a path and a value; for a text that keeps its start a path, how long
        that start is as JavaScript counts, and what follows it.
    """
    return list(_cuts(whole, kept, []))


def _cuts(whole: Any, kept: Any, path: list[str | int]) -> Iterator[list[Any]]:
    if whole == kept:
        return
    if isinstance(whole, dict) and isinstance(kept, dict) and whole.keys() == kept.keys():
        for name, value in kept.items():
            yield from _cuts(whole[name], value, [*path, name])
    elif isinstance(whole, list) and isinstance(kept, list) and len(whole) == len(kept):
        for index, value in enumerate(kept):
            yield from _cuts(whole[index], value, [*path, index])
    elif isinstance(whole, str) and isinstance(kept, str):
        pairs = enumerate(zip(whole, kept, strict=False))
        same = next((at for at, (a, b) in pairs if a != b), min(len(whole), len(kept)))
        yield [path, len(whole[:same].encode("utf-16-le", "surrogatepass")) // 2, kept[same:]]
    else:
        yield [path, kept]


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
