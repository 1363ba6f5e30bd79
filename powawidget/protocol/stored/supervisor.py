"""Finds a supervisor's own text, call by call, in the stored text of all agents together.

Rules: docs/protocol.md#child-runs and #parallel. The text is divided where an agent's own text
stands in it. An agent that failed is stored without a text, and the supervisor's own tools have
none: there the events show that the text has a joint, and how long the model calls before and after
it took. What is said before a tool call ends as a sentence does, so a joint is looked for at the
ends of sentences.
"""

import itertools
import re
from collections.abc import Mapping, Sequence

import msgspec

from powawidget.protocol import events as ev
from powawidget.protocol.stored.children import text_of_child, time_of

_CLOSERS = "[\"'”’»)\\]*_`]*"  # noqa: RUF001  # quotation marks of several languages
# Within a text a space follows the end of a sentence; between two model calls nothing does.
_JOINT = re.compile(rf"(?<![A-Z])[.!?…:]{_CLOSERS}(?=[#\"“«¿¡]|[^\W\d_])")
_STOPS = "。！？"  # noqa: RUF001  # those of Chinese and Japanese
_SENTENCE = re.compile(rf"[.!?…]{_CLOSERS}\s+|\s*\n\s*|[{_STOPS}]{_CLOSERS}")
_OVER = re.compile(rf"[.!?…:{_STOPS}\n]{_CLOSERS}\s*\Z")
# At how many offsets an agent's text is tried, and how far before each.
_LOOKS, _NEAR = 1000, 20


class SupervisorText(msgspec.Struct, kw_only=True):
    """The text of one model call of a supervisor.

    Attributes:
        frame: The number of the frame that the text belongs to.
        after: Whether it follows that frame, or comes right before it.
        text: The text.
    """

    frame: int
    after: bool = False
    text: str = ""


class _Call(SupervisorText, kw_only=True):
    """A model call while the frames are read.

    Attributes:
        piece: In which of the pieces between the agents' texts its own stands.
        hidden: Whether an agent whose text isn't stored worked between the last call and this.
        seconds: How long it took until it had said all, where that is known.
    """

    piece: int
    hidden: bool
    seconds: float | None = None


def supervisor_texts(
    frames: Sequence[ev.Event], children: Mapping[str | None, ev.Child], content: str
) -> list[SupervisorText]:
    """Divide everybody's text by what the agents said, and the rest by the supervisor's calls.

    Returns:
        What each model call said, in order; together it is all that no agent is known to have said.
    """
    reading = _Reading(children, content)
    end = len(frames)
    for number, frame in _at_the_top(frames):
        reading.read(number, frame)
        if isinstance(frame, ev.OrchestrationCompleted):
            end = number
    return reading.over(end)


class _Reading:
    """Reads a supervisor's own frames."""

    def __init__(self, children: Mapping[str | None, ev.Child], content: str) -> None:
        self._children = children
        self._content = content
        self._pieces: list[str] = []  # between the agents' texts
        self._start = 0
        self._calls: list[_Call] = []
        self._speaking: ev.StepStarted | None = None
        self._step: int | None = None
        self._hidden = False

    def read(self, number: int, frame: ev.Event) -> None:
        """Read the next frame."""
        if isinstance(frame, ev.StepStarted):
            if self._speaking is None or self._speaking.step != frame.step:
                self._begin(number, after=True)
            self._speaking, self._step = frame, frame.step
        elif isinstance(frame, ev.ToolCallStarted | ev.StepCompleted):
            if self._speaking is not None:
                self._calls[-1].seconds = _seconds(self._speaking, frame)
            elif isinstance(frame, ev.ToolCallStarted) and self._is_new(frame):
                self._begin(number)
            self._speaking = None
        elif isinstance(frame, ev.DelegationStarted):
            self._speaking = None
            self._divide(self._children.get(frame.child_id))

    def over(self, end: int) -> list[SupervisorText]:
        """Give each call what it said.

        Args:
            end: The number of the frame that what is left comes before.
        """
        self._pieces.append(self._content[self._start :])
        piece = self._calls[-1].piece if self._calls else -1
        if (self._pieces[-1] and piece < len(self._pieces) - 1) or self._step is None:
            self._begin(end, piece=len(self._pieces) - 1)
        return _divided(self._pieces, self._calls)

    def _is_new(self, call: ev.ToolCallStarted) -> bool:
        """Tell a call of a tool that a model call began with, where no frame announces those."""
        return self._step is None or call.step != self._step

    def _begin(self, number: int, *, after: bool = False, piece: int | None = None) -> None:
        piece = len(self._pieces) if piece is None else piece
        call = _Call(frame=number, after=after, piece=piece, hidden=self._hidden)
        self._calls.append(call)
        self._hidden = False

    def _divide(self, child: ev.Child | None) -> None:
        text = text_of_child(child) if child is not None else ""
        offset = _find(self._content, text, self._start)
        if offset is None:
            self._hidden = self._hidden or not text
        else:
            self._pieces.append(self._content[self._start : offset])
            self._start = offset + len(text)


def _at_the_top(frames: Sequence[ev.Event]) -> list[tuple[int, ev.Event]]:
    """List the supervisor's own frames: between a delegation's begin and its end are others'."""
    found: list[tuple[int, ev.Event]] = []
    within: ev.DelegationStarted | None = None
    asked: set[str | None] = set()
    for number, frame in enumerate(frames):
        if within is not None:
            over = isinstance(frame, ev.DelegationCompleted) and frame.child_id == within.child_id
            answered = isinstance(frame, ev.ToolResult) and frame.call_id in asked - {None}
            if not (over or answered or isinstance(frame, ev.OrchestrationCompleted)):
                continue
            within = None
        if isinstance(frame, ev.DelegationStarted):
            within = frame
        elif isinstance(frame, ev.ToolCallStarted):
            asked.add(frame.call_id)
        found.append((number, frame))
    return found


def _find(content: str, text: str, start: int) -> int | None:
    """Find an agent's text: first of all where a text before it is over, and it is over itself."""
    if not text:
        return None
    first = offset = content.find(text, start)
    for _ in range(_LOOKS):
        if offset < 0:
            break
        before, after = (
            content[max(start, offset - _NEAR) : offset],
            content[offset + len(text) : offset + len(text) + 1],
        )
        if (not before or _OVER.search(before)) and not (after.islower() or after.isspace()):
            return offset
        offset = content.find(text, offset + 1)
    return first if first >= 0 else None


def _divided(pieces: Sequence[str], calls: Sequence[_Call]) -> list[SupervisorText]:
    """Give each piece to the calls that said it; one that none did goes to the next."""
    rest = ""
    for number, piece in enumerate(pieces):
        own = [call for call in calls if call.piece == number]
        rest += piece
        if not own:
            continue
        last = number == len(pieces) - 1
        for call, text in zip(own, _cut(rest, own, last=last), strict=True):
            call.text = text
        rest = ""
    return list(calls)


def _cut(text: str, calls: Sequence[_Call], *, last: bool) -> list[str]:
    """Cut a text into what each of these calls said.

    Args:
        text: What they said together.
        calls: The calls.
        last: Whether the run ends with them: then the last of them said something.

    Returns:
        A text for each; where no joint is found, all of it is the last one's.
    """
    joints = [found.end() for found in _JOINT.finditer(text)]
    ends = [0, *(found.end() for found in _SENTENCE.finditer(text)), len(text)]
    if last:
        ends = [end for end in ends if end < len(text)] or [0]
    seconds = [call.seconds for call in calls]
    known = [one for one in seconds if one is not None]
    total = sum(known) if len(known) == len(calls) else 0.0
    cuts, gone = [0], 0.0
    for number, call in enumerate(calls[1:], 1):
        gone += seconds[number - 1] or 0.0
        candidates = joints or (ends if call.hidden else [0])
        candidates = [end for end in candidates if end >= cuts[-1]] or [cuts[-1]]
        if total:
            at = len(text) * gone / total
            cuts.append(min(candidates, key=lambda end: abs(end - at)))  # used at once
        else:
            cuts.append(next((end for end in candidates if end > cuts[-1]), candidates[-1]))
    return [text[a:b] for a, b in itertools.pairwise([*cuts, len(text)])]


def _seconds(began: ev.Event, ended: ev.Event) -> float | None:
    first, last = time_of(began.raw), time_of(ended.raw)
    return None if first is None or last is None else max(0.0, (last - first).total_seconds())
