"""The spans of a run's state, as a caller reads them: with names, parents, states and tokens."""

import math
from typing import Any

import msgspec

from powawidget.spans.span import Span, Spans
from powawidget.state.model import (
    ENDED,
    ApprovalPart,
    DelegationPart,
    ParallelPart,
    Part,
    RunState,
    ToolPart,
)
from powawidget.state.model import Span as SpanState

_GATES = {"answer": "the answer", "start": "the start"}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A span, and the indices of its card, where it has one.

    Attributes:
        span: What a caller reads.
        part: Of the part that is its card.
        block: Of the block that is its card.
    """

    span: Span
    part: int | None = None
    block: int | None = None


def spans_of(state: RunState, now: float | None = None) -> Spans:
    """Read the spans of a run.

    Args:
        state: The run.
        now: What time it is, by the run's clock: what goes on ends now.
    """
    return Spans(told.span for told in told_of(state, now))


def told_of(state: RunState, now: float | None = None) -> list[Told]:
    """Read the spans of a run, each with its card. As `spans_of`."""
    reading = _Reading(state, now)
    told = [reading.read(index) for index in range(len(state.spans))]
    # In the order of their starts, which the end of a span may have moved; none before the one
    # around it.
    since: list[float] = []
    for one in told:
        around = one.span.parent
        since.append(one.span.start if around is None else max(since[around], one.span.start))
    order = sorted(range(len(told)), key=since.__getitem__)
    places = {index: place for place, index in enumerate(order)}
    return [_placed(told[index], places) for index in order]


def _placed(told: Told, places: dict[int, int]) -> Told:
    parent = told.span.parent
    if parent is None:
        return told
    span = msgspec.structs.replace(told.span, parent=places[parent])
    return msgspec.structs.replace(told, span=span)


class _Reading:
    def __init__(self, state: RunState, now: float | None) -> None:
        self._state = state
        # A run that was cut is over, and what is looked up goes on.
        self._is_over = state.status in ENDED and state.wait is None
        over = state.ended if self._is_over else None
        moment = over if over is not None else now
        skew = 0.0 if state.clocks is None else state.clocks.skew
        # When what is still open ends, on the axis.
        self._moment = None if moment is None else moment - skew
        # The delegation that a call stands for; and the span of each piece of work.
        self._work: dict[int, int] = {}
        for index, part in enumerate(state.parts):
            if isinstance(part, DelegationPart) and part.call is not None:
                self._work.setdefault(part.call, index)
        self._around: dict[int, int] = {}
        for index, span in enumerate(state.spans):
            if span.of is not None and span.kind in {"tool", "delegate"}:
                self._around.setdefault(self._work.get(span.of, span.of), index)
        models = [span for span in state.spans if span.kind == "model"]
        alone = len(models) == 1 and all(span.kind != "delegate" for span in state.spans)
        self._only = models[0] if alone and not self._work else None

    def read(self, index: int) -> Told:
        one = self._state.spans[index]
        block = one.of if one.kind == "block" else None
        at = None if one.kind == "block" or one.of is None else self._work.get(one.of, one.of)
        part = self._part(at)
        end, clock = self._end(one)
        span = Span(
            kind="delegate" if isinstance(part, DelegationPart) else one.kind,
            name=self._name(one, part),
            start=_number(one.start),
            end=max(_number(one.start), _number(end)),
            parent=self._parent(one, index),
            status=self._status(one, part),
            clock=clock,
            usage=self._usage(one, part),
        )
        return Told(span=span, part=at if part is not None else None, block=block)

    def _part(self, index: int | None) -> Part | None:
        parts = self._state.parts
        return parts[index] if index is not None and 0 <= index < len(parts) else None

    def _end(self, one: SpanState) -> tuple[float, Any]:
        if one.end is not None:
            return one.end, one.clock
        if self._moment is None:
            return one.start, one.clock
        # Its end is only seen here: so is its length.
        skew = 0.0 if self._state.clocks is None else self._state.clocks.skew
        return one.start + max(0.0, self._moment - (one.seen - skew)), "here"

    def _name(self, one: SpanState, part: Part | None) -> str:
        if isinstance(part, DelegationPart):
            return part.agent or one.name or "agent"
        if isinstance(part, ParallelPart):
            return ", ".join(name for name in part.agents if name) or "in parallel"
        if isinstance(part, ApprovalPart):
            return part.tool_name or _GATES.get(part.covers, part.covers)
        if isinstance(part, ToolPart):
            return part.name
        blocks = self._state.blocks
        if one.kind == "block" and one.of is not None and 0 <= one.of < len(blocks):
            block = blocks[one.of]
            return block.name or block.type or block.id
        return one.name or one.kind

    def _status(self, one: SpanState, part: Part | None) -> str:
        if isinstance(part, ApprovalPart):
            return part.decision
        if isinstance(part, ToolPart | DelegationPart | ParallelPart):
            return part.status
        blocks = self._state.blocks
        if one.kind == "block" and one.of is not None and 0 <= one.of < len(blocks):
            return blocks[one.of].status
        is_left = one.status == "running" and self._is_over
        return "interrupted" if is_left else one.status

    def _usage(self, one: SpanState, part: Part | None) -> dict[str, int] | None:
        usage = self._state.usage if one is self._only else None
        usage = part.usage if isinstance(part, DelegationPart) else usage
        return None if usage is None else dict(usage)

    def _parent(self, one: SpanState, index: int) -> int | None:
        """Find the span around it, which began before it."""
        if one.within is None:
            return None
        found = self._around.get(one.within)
        return found if found is not None and found < index else None


def _number(value: float) -> float:
    """A time that a saved run may have made up."""
    return value if math.isfinite(value) else 0.0
