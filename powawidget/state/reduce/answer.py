"""The rules for the text of an answer (docs/protocol.md#text and #orchestration-answer)."""

import itertools
import re

from powawidget.protocol.events import Chunk, EntityChunk, HookResult, TextDelta
from powawidget.state.model import (
    DelegationPart,
    ParallelPart,
    RunState,
    TextPart,
    ToolPart,
    plain,
)
from powawidget.state.ops import Op
from powawidget.state.reduce.index import index_of
from powawidget.state.reduce.place import group_at, is_marked, place

_MARKER = re.compile(r"\[[^\[\]\n]{1,40}\]")
# What the clean-up of citations may touch: their markers, and the space around them.
_SOFT = re.compile(rf"{_MARKER.pattern}|\s+")
_CARDS = (ToolPart, DelegationPart, ParallelPart)


def delta(run: RunState, event: TextDelta) -> list[Op]:
    """Append streamed text; a new part begins after a card."""
    parts = run.parts
    if run.streamed and parts:
        # One frame in a thousand comes to more than this.
        last = len(parts) - 1
        part = parts[last]
        if type(part) is TextPart and (part.within is None or _is_at_work(run, part.within)):
            return [("append", ("parts", last, "text"), event.text)] if event.text else []
    where = place(run)
    if where is not None and not run.streamed and index_of(run).at("text", where):
        # What this agent says comes in frames that name it: this is the coordinator.
        where = None
    ops: list[Op] = [] if run.streamed else [("set", ("streamed",), True)]
    group = group_at(run, where)
    if where is not None and group is not None:
        # The agents' tokens are mixed: only how much has come can be told.
        characters = group.characters + len(event.text)
        return [*ops, ("set", ("parts", where, "characters"), characters)]
    return ops + grow(run, event.text, where)


def chunk(run: RunState, event: Chunk) -> list[Op]:
    """Take a chunk: the whole answer again where deltas were seen, else an increment."""
    if run.kind != "orchestration" or not is_marked(run):
        return replace(run, event.text) if run.streamed else grow(run, event.text)
    if run.streamed:
        return []  # everybody's text
    return _unset_answer(run) + grow(run, event.text)


def entity(run: RunState, event: EntityChunk, where: int) -> list[Op]:
    """Append what an agent says that the frame names."""
    if not event.text:
        return []
    last = index_of(run).last("in", where)
    if last is not None and last > where and isinstance(run.parts[last], TextPart):
        return [("append", ("parts", last, "text"), event.text)]
    return grow(run, event.text, where)


def grow(run: RunState, text: str, where: int | None = None) -> list[Op]:
    """Append text at the end of what is shown at a place."""
    if not text:
        return []
    last = len(run.parts) - 1
    part = run.parts[last] if last >= 0 else None
    if type(part) is TextPart and part.within == where:
        return [("append", ("parts", last, "text"), text)]
    return [("set", ("parts", last + 1), new_text(text, where))]


def new_text(text: str, where: int | None = None) -> dict[str, object]:
    """Make a new text part at a place."""
    part: dict[str, object] = {"kind": "text", "text": text}
    return part if where is None else {**part, "within": where}


def withhold(run: RunState, event: HookResult) -> list[Op]:
    """Take back what was streamed: a hook edited or blocked the answer (rule 4)."""
    kind = "blocked" if event.blocked else "modified"
    return [("set", ("edited",), kind), *_blank(run, keep=None)]


def places(run: RunState) -> list[int]:
    """List the text parts that make up the answer.

    An orchestration's answer is what was said last: after the last card at the top, after the
    merge of parallel agents began, or by the last agent of a sequence
    (docs/protocol.md#orchestration-answer). A failed one has none.
    """
    if run.kind == "orchestration" and run.status == "failed":
        return []
    top = _texts(run, run.answer)
    if run.kind != "orchestration" or run.answer is not None or not is_marked(run):
        return top
    kinds = (ParallelPart,) if run.strategy == "parallel" else _CARDS
    beside = index_of(run).at("in", None)
    card = next((i for i in reversed(beside) if isinstance(run.parts[i], kinds)), -1)
    return [index for index in top if index > card]


def conclude(run: RunState, content: str | None) -> list[Op]:
    """Take the content of the end.

    An orchestration's is everybody's text where deltas were seen: then it is left out.
    """
    if content is None:
        return []
    if run.kind != "orchestration" or not is_marked(run):
        return replace(run, content)
    if run.edited:
        return _unset_answer(run) + replace(run, content)
    shown = places(run)
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
    # A text that was taken back or replaced is empty and stays so: only those that say something
    # are gone through.
    places = index_of(run).at("said", None)
    shown = [str(run.parts[i].text) for i in places]  # type: ignore[union-attr]  # the place holds such a part
    joined = "".join(shown)
    if joined == content:
        return []
    if run.edited or not places:
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
        ("set", ("parts", place, "text"), new)
        for place, old, new in zip(places, shown, _redivide(shown, content), strict=True)
        if new != old
    ]


def _is_at_work(run: RunState, where: int) -> bool:
    part = run.parts[where]
    return type(part) is DelegationPart and part.status == "running" and part.within is None


def _texts(run: RunState, where: int | None) -> list[int]:
    return list(index_of(run).at("text", where))


def _joined(run: RunState, indices: list[int]) -> str:
    return "".join(str(run.parts[index].text) for index in indices)  # type: ignore[union-attr]  # the place holds such a part


def _unset_answer(run: RunState) -> list[Op]:
    return [] if run.answer is None else [("set", ("answer",), None)]


def _blank(run: RunState, keep: int | None) -> list[Op]:
    return [("set", ("parts", i, "text"), "") for i in index_of(run).at("said") if i != keep]


def _redivide(shown: list[str], content: str) -> list[str]:
    """Divide a slightly different text as the shown one is divided.

    Without a hook the service changes only citation markers, so a boundary between two parts,
    where a card stands, has as many other characters before it as it had.
    """
    places = _places(content)
    count, cuts = 0, [0]
    for piece in shown[:-1]:
        own = _places(piece)
        count = min(count + len(own), len(places))
        cut = places[count - 1] + 1 if count else 0
        # The markers and the space that ended the piece still belong to it.
        tail = piece[own[-1] + 1 :] if own else piece
        markers = min(len(_MARKER.findall(tail)), 1000)
        space = r"\s*" if tail[-1:].isspace() else ""
        again = re.compile(rf"(?:\s*{_MARKER.pattern}){{0,{markers}}}{space}")
        cuts.append(max(cuts[-1], again.match(content, cut).end()))  # type: ignore[union-attr]  # the place holds such a part
    return [content[a:b] for a, b in itertools.pairwise([*cuts, len(content)])]


def _places(text: str) -> list[int]:
    """List the places of the characters that are neither space nor of a citation marker."""
    places: list[int] = []
    end = 0
    for soft in _SOFT.finditer(text):
        places.extend(range(end, soft.start()))
        end = soft.end()
    places.extend(range(end, len(text)))
    return places
