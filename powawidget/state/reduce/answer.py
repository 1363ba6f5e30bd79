"""The rules for the text of an answer (docs/protocol.md#text and #orchestration-answer)."""

import itertools
import re

from powawidget.protocol.events import Chunk, EntityChunk, HookResult, TextDelta
from powawidget.state.index import index_of
from powawidget.state.model import (
    DelegationPart,
    RunState,
    TextPart,
    plain,
)
from powawidget.state.ops import Op
from powawidget.state.parts import answer_parts, is_known_orchestration
from powawidget.state.reduce.owner import group_at, owner

_MARKER = re.compile(r"\[[^\[\]\n]{1,40}\]")
# What the clean-up of citations may touch: their markers, and the space around them.
_SOFT = re.compile(rf"{_MARKER.pattern}|\s+")


def delta(run: RunState, event: TextDelta) -> list[Op]:
    """Append streamed text; a new part begins after a card."""
    parts = run.parts
    if run.streamed and parts:
        # One frame in a thousand comes to more than this.
        last = len(parts) - 1
        part = parts[last]
        if type(part) is TextPart and (part.within is None or _is_at_work(run, part.within)):
            return [("append", ("parts", last, "text"), event.text)] if event.text else []
    within = owner(run)
    if within is not None and not run.streamed and index_of(run).at("text", within):
        # What this agent says comes in frames that name it: this is the coordinator.
        within = None
    ops: list[Op] = [] if run.streamed else [("set", ("streamed",), True)]
    group = group_at(run, within)
    if within is not None and group is not None:
        # The agents' tokens are mixed: only how much has come is known.
        characters = group.characters + len(event.text)
        return [*ops, ("set", ("parts", within, "characters"), characters)]
    return ops + grow(run, event.text, within)


def chunk(run: RunState, event: Chunk) -> list[Op]:
    """Apply a chunk: the whole answer again where deltas were seen, else an increment."""
    if run.kind != "orchestration" or not is_known_orchestration(run):
        return replace(run, event.text) if run.streamed else grow(run, event.text)
    if run.streamed:
        return []  # everybody's text
    return _unset_answer(run) + grow(run, event.text)


def entity(run: RunState, event: EntityChunk, within: int) -> list[Op]:
    """Append a text of the agent that the frame names."""
    if not event.text:
        return []
    last = index_of(run).last("in", within)
    if last is not None and last > within and isinstance(run.parts[last], TextPart):
        return [("append", ("parts", last, "text"), event.text)]
    return grow(run, event.text, within)


def grow(run: RunState, text: str, within: int | None = None) -> list[Op]:
    """Append text at the end of its owner's text."""
    if not text:
        return []
    last = len(run.parts) - 1
    part = run.parts[last] if last >= 0 else None
    if type(part) is TextPart and part.within == within:
        return [("append", ("parts", last, "text"), text)]
    return [("set", ("parts", last + 1), new_text(text, within))]


def new_text(text: str, within: int | None = None) -> dict[str, object]:
    """Make a new text part within its owner."""
    part: dict[str, object] = {"kind": "text", "text": text}
    return part if within is None else {**part, "within": within}


def withhold(run: RunState, event: HookResult) -> list[Op]:
    """Take back what was streamed: a hook edited or blocked it (docs/protocol.md#text-edited)."""
    kind = "blocked" if event.blocked else "modified"
    return [("set", ("edited",), kind), *_blank(run, keep=None)]


def conclude(run: RunState, content: str | None) -> list[Op]:
    """Apply the content of the terminal event.

    An orchestration's is everybody's text where deltas were seen: then it is left out.
    """
    if content is None:
        return []
    if run.kind != "orchestration" or not is_known_orchestration(run):
        return replace(run, content)
    if run.edited:
        return _unset_answer(run) + replace(run, content)
    shown = answer_parts(run)
    if run.streamed or _joined(run, shown) == content:
        return []
    if run.answer is not None or not shown:
        # Nobody's text is this one: it stands after everything that led to it.
        fresh: Op = ("set", ("parts", len(run.parts)), new_text(content))
        return [*_unset_answer(run), *([fresh] if content else [])]
    first, *rest = shown
    return [
        ("set", ("parts", first, "text"), content),
        *(("set", ("parts", index, "text"), "") for index in rest),
    ]


def replace(run: RunState, content: str) -> list[Op]:
    """Make the shown answer be exactly this, touching only the parts that differ."""
    # A text that a hook removed is empty and stays so: only the others are gone through.
    indices = index_of(run).at("text shown", None)
    shown = [str(run.parts[i].text) for i in indices]  # type: ignore[union-attr]  # the index names such a part
    joined = "".join(shown)
    if joined == content:
        return []
    if run.edited or not indices:
        # The edited answer stands after everything that led to it.
        last = len(run.parts) - 1
        if index_of(run).last("text", None) == last >= 0:
            return [*_blank(run, keep=last), ("set", ("parts", last, "text"), content)]
        fresh = plain(TextPart())
        fresh["text"] = content
        return [*_blank(run, keep=None), ("set", ("parts", last + 1), fresh)]
    if content.startswith(joined):
        return grow(run, content[len(joined) :])
    return [
        ("set", ("parts", index, "text"), new)
        for index, old, new in zip(indices, shown, _redivide(shown, content), strict=True)
        if new != old
    ]


def _is_at_work(run: RunState, within: int) -> bool:
    part = run.parts[within]
    return type(part) is DelegationPart and part.status == "running" and part.within is None


def _joined(run: RunState, indices: list[int]) -> str:
    return "".join(str(run.parts[index].text) for index in indices)  # type: ignore[union-attr]  # the index names such a part


def _unset_answer(run: RunState) -> list[Op]:
    return [] if run.answer is None else [("set", ("answer",), None)]


def _blank(run: RunState, keep: int | None) -> list[Op]:
    return [("set", ("parts", i, "text"), "") for i in index_of(run).at("text shown") if i != keep]


def _redivide(shown: list[str], content: str) -> list[str]:
    """Divide a slightly different text as the shown one is divided.

    Without a hook the service changes only citation markers, so a boundary between two parts,
    where a card stands, has as many other characters before it as it had.
    """
    offsets = _offsets(content)
    count, cuts = 0, [0]
    for piece in shown[:-1]:
        own = _offsets(piece)
        count = min(count + len(own), len(offsets))
        cut = offsets[count - 1] + 1 if count else 0
        # The markers and the space that ended the piece still belong to it.
        tail = piece[own[-1] + 1 :] if own else piece
        markers = min(len(_MARKER.findall(tail)), 1000)
        space = r"\s*" if tail[-1:].isspace() else ""
        again = re.compile(rf"(?:\s*{_MARKER.pattern}){{0,{markers}}}{space}")
        cuts.append(max(cuts[-1], again.match(content, cut).end()))  # type: ignore[union-attr]  # the index names such a part
    return [content[a:b] for a, b in itertools.pairwise([*cuts, len(content)])]


def _offsets(text: str) -> list[int]:
    """List the offsets of the characters that are neither space nor of a citation marker."""
    offsets: list[int] = []
    end = 0
    for soft in _SOFT.finditer(text):
        offsets.extend(range(end, soft.start()))
        end = soft.end()
    offsets.extend(range(end, len(text)))
    return offsets
