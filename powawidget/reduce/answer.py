"""The rules for the text of an answer (wire protocol, section 4)."""

import difflib
import re

from powawidget.events import Chunk, HookResult, TextDelta
from powawidget.ops import Op
from powawidget.state import RunState, TextPart, plain

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


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

    Without a hook the service changes only citation markers, so each boundary between two
    parts (where a card stands) moves to the matching word of the new text.
    """
    old_words = [word for piece in shown for word in _WORDS.findall(piece)]
    new_words = _WORDS.findall(content)
    ends: list[int] = []
    total = 0
    for piece in shown[:-1]:
        total += len(_WORDS.findall(piece))
        ends.append(total)
    cuts = [0]
    blocks = difflib.SequenceMatcher(None, old_words, new_words).get_matching_blocks()
    for end in ends:
        cut = cuts[-1]
        for block in blocks:
            if block.a >= end:
                break
            cut = max(cut, block.b + min(block.size, end - block.a))
        cuts.append(cut)
    cuts.append(len(new_words))
    return ["".join(new_words[a:b]) for a, b in zip(cuts, cuts[1:], strict=False)]
