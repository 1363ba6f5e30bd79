"""The rules for the text of an answer (wire protocol, section 4)."""

import itertools
import re

from powawidget.events import Chunk, HookResult, TextDelta
from powawidget.ops import Op
from powawidget.state import RunState, TextPart, plain

_MARKER = re.compile(r"\[[^\[\]\n]{1,40}\]")
# What the clean-up of citations may touch: their markers, and the space around them.
_SOFT = re.compile(rf"{_MARKER.pattern}|\s+")


def delta(run: RunState, event: TextDelta) -> list[Op]:
    """Append streamed text; a new part begins after a card."""
    ops: list[Op] = [] if run.streamed else [("set", ("streamed",), True)]
    return ops + grow(run, event.text)


def chunk(run: RunState, event: Chunk) -> list[Op]:
    """Take a chunk: the whole answer again where deltas were seen, else an increment."""
    return replace(run, event.text) if run.streamed else grow(run, event.text)


def grow(run: RunState, text: str) -> list[Op]:
    """Append text at the end of what is shown."""
    if not text:
        return []
    last = len(run.parts) - 1
    if last >= 0 and type(run.parts[last]) is TextPart:
        return [("append", ("parts", last, "text"), text)]
    return [("set", ("parts", last + 1), {"kind": "text", "text": text})]


def withhold(run: RunState, event: HookResult) -> list[Op]:
    """Take back what was streamed: a hook edited or blocked the answer (rule 4)."""
    kind = "blocked" if event.blocked else "modified"
    return [("set", ("edited",), kind), *_blank(run, keep=None)]


def replace(run: RunState, content: str) -> list[Op]:
    """Make the shown answer be exactly this, touching only the parts that differ."""
    places = [i for i, part in enumerate(run.parts) if isinstance(part, TextPart)]
    shown = [str(run.parts[i].text) for i in places]  # type: ignore[union-attr]
    joined = "".join(shown)
    if joined == content:
        return []
    if run.edited or not places:
        # The edited answer stands after everything that led to it.
        last = len(run.parts) - 1
        if places and places[-1] == last:
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


def _blank(run: RunState, keep: int | None) -> list[Op]:
    return [
        ("set", ("parts", i, "text"), "")
        for i, part in enumerate(run.parts)
        if isinstance(part, TextPart) and i != keep and part.text
    ]


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
        cuts.append(max(cuts[-1], again.match(content, cut).end()))  # type: ignore[union-attr]
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
