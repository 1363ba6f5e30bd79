"""The rules for spans: what begins and ends a stretch of a run's time.

Cards, blocks and pauses begin and end by the ops that change them; the calls of a model, which have
no card, by their frames (docs/protocol.md#agent-order). Both ends of a span are by one clock: the
server's, where both frames have its time (`ts`), else this machine's. Where the server tells only
how long something took, it stands where it was seen, as long as the server says.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from powawidget.protocol import events as ev
from powawidget.protocol.times import time_of
from powawidget.state.index import index_of
from powawidget.state.model import (
    ENDED,
    ApprovalPart,
    Clocks,
    NoticePart,
    RunState,
    Span,
    SpanKind,
    SpanStatus,
    ToolPart,
    plain,
)
from powawidget.state.ops import Op
from powawidget.state.reduce.owner import group_at, owner

# What time is called that nothing was told of: the service prepares, stores, sends.
SERVICE = "service"
# Seconds by which frames of agents that work at the same time come apart at most; beyond it the
# server's clock was set back.
_SET_BACK = 5.0
# Seconds that stay without a span in all: the moments between one frame and the next.
_BETWEEN = 0.02
_PIECES = frozenset({ev.TextDelta, ev.ReasoningDelta, ev.EntityChunk, ev.BlockChunk})
_BEFORE_STEPS = frozenset(
    {
        ev.ApprovalRequested,
        ev.DelegationStarted,
        ev.HookResult,
        ev.OrchestrationStarted,
        ev.SequentialStep,
    }
)
_OPEN_CARD = frozenset({"running", "waiting"})
_ENDED_AS: dict[str, SpanStatus] = {
    "failed": "failed",
    "denied": "failed",
    "interrupted": "interrupted",
}
_CLOSED_AS: dict[str, SpanStatus] = {"completed": "done", "failed": "failed"}

_Key = tuple[str, int | None]


def follow(run: RunState, event: ev.Event, at: float, ops: Sequence[Op]) -> list[Op]:
    """Say what an event changes in the spans of a run.

    Args:
        run: The run before the event; it isn't changed.
        event: What the stream said.
        at: When it came, in seconds since the epoch.
        ops: What else the event changes.

    Returns:
        The changes, in order.
    """
    if type(event) in _PIECES and len(ops) == 1 and ops[0][0] == "append":
        return []  # nearly every event of a stream
    draft = _Draft(run, event, at)
    if run.status in ENDED:
        draft.follow_after_end(ops)
    else:
        draft.follow(ops)
    return draft.ops()


class _Opened:
    """The spans of a run that are open, by what they are about; never on the wire."""

    def __init__(self, spans: list[Span]) -> None:
        self.spans = spans
        self._count = 0
        self._known: dict[_Key, int] = {}
        self.calls: dict[int | None, int] = {}  # the span of each tool's card, open or not

    def settle(self) -> None:
        for index in range(self._count, len(self.spans)):
            span = self.spans[index]
            if span.end is None:
                self._known[_key(span)] = index
            if span.kind == "tool":
                self.calls[span.of] = index
        self._count = len(self.spans)

    def fits(self, run: RunState) -> bool:
        return self.spans is run.spans and self._count <= len(self.spans)

    def at(self, key: _Key) -> int | None:
        index = self._known.get(key)
        if index is not None and self.spans[index].end is not None:
            del self._known[key]
            return None
        return index

    def reopen(self, index: int) -> None:
        self._known[_key(self.spans[index])] = index

    def all(self) -> list[int]:
        return [index for index in map(self.at, tuple(self._known)) if index is not None]


def _opened(run: RunState) -> _Opened:
    found: _Opened | None = vars(run).get("_opened")
    if found is None or not found.fits(run):
        found = vars(run)["_opened"] = _Opened(run.spans)
    found.settle()
    return found


def _key(span: Span) -> _Key:
    if span.kind == "model":
        return "model", span.within
    if span.kind == "wait":
        return "wait", None
    return ("block" if span.kind == "block" else "part"), span.of


class _Draft:
    """The spans of a run after one event, and the ops that make them so."""

    def __init__(self, run: RunState, event: ev.Event, at: float) -> None:
        self._run = run
        self._event = event
        self._at = at
        self._known = _opened(run)
        self._fresh: dict[_Key, int] = {}
        self._spans: dict[int, Span] = {}  # those that are new or changed
        self._count = len(run.spans)
        self._clocks = run.clocks
        self._cards: dict[int, dict[str, Any]] = {}  # what this event sets in each part
        self._is_replaced = False
        # On the axis: when the server says that it was.
        self._told = self._read_clock(_told(event))

    # The clocks.

    @property
    def _skew(self) -> float:
        return 0.0 if self._clocks is None else self._clocks.skew

    @property
    def _now(self) -> float:
        """When the event was seen, on the axis."""
        return round(self._at - self._skew, 6)

    @property
    def _time(self) -> float:
        return self._now if self._told is None else self._told

    def _read_clock(self, told: float | None) -> float | None:
        if told is None:
            return None
        known = self._clocks
        if known is None:
            self._clocks = Clocks(first=told, latest=told, skew=self._at - told)
            self._move(told - self._at)
            return told
        shift = known.shift
        if told - shift < known.latest - _SET_BACK:
            shift = told - max(known.latest, self._now)
        # The stream's order counts: agents that work at once may tell theirs a little later.
        time = max(known.latest, told - shift)
        self._clocks = Clocks(
            first=known.first,
            latest=time,
            # Of all delays the shortest is nearest to none.
            skew=min(known.skew, self._at - time),
            shift=shift,
        )
        return time

    def _move(self, seconds: float) -> None:
        """Put what was seen before the server told a time onto its axis."""
        for index in range(len(self._run.spans)):
            span = self._change(index)
            span.start += seconds
            span.end = None if span.end is None else span.end + seconds

    # What the spans become.

    def ops(self) -> list[Op]:
        made: list[Op] = []
        old = self._run.clocks
        if self._clocks is not None and self._clocks != old:
            if old is None:
                made.append(("set", ("clocks",), plain(self._clocks)))
            else:
                made += _differences(("clocks",), old, self._clocks)
        if self._is_replaced:
            listed = [self._at_index(index) for index in range(self._count)]
            return [*made, ("set", ("spans",), [plain(span) for span in listed])]
        for index, span in sorted(self._spans.items()):
            if index < len(self._run.spans):
                made += _differences(("spans", index), self._run.spans[index], span)
            else:
                made.append(("set", ("spans", index), plain(span)))
        return made

    def _at_index(self, index: int) -> Span:
        return self._spans[index] if index in self._spans else self._run.spans[index]

    def _change(self, index: int) -> Span:
        if index not in self._spans:
            self._spans[index] = msgspec.structs.replace(self._run.spans[index])
        return self._spans[index]

    def _find(self, key: _Key) -> int | None:
        index = self._fresh.get(key, self._known.at(key))
        return None if index is None or self._at_index(index).end is not None else index

    def _open(self, kind: SpanKind, name: str, of: int | None, within: int | None) -> Span:
        span = Span(
            kind=kind,
            name=name,
            of=of,
            within=within,
            start=self._time,
            seen=round(self._at, 6),
            clock="here" if self._told is None else "server",
        )
        self._spans[self._count] = span
        self._fresh[_key(span)] = self._count
        self._count += 1
        return span

    def _close(self, key: _Key, status: SpanStatus = "done", seconds: float | None = None) -> None:
        """End what is open, by the clock that has both its ends.

        Args:
            key: What it is about.
            status: How it ended.
            seconds: How long the server says it took.
        """
        index = self._find(key)
        if index is not None:
            self._end(self._change(index), status, seconds)

    def _end(self, span: Span, status: SpanStatus, seconds: float | None = None) -> None:
        span.status = status
        if span.clock == "server" and self._told is not None:
            span.end = max(span.start, self._told)
            return
        if seconds is not None:
            span.clock, span.end = "placed", span.start + max(0.0, seconds)
            return
        seen = max(0.0, self._at - span.seen)
        latest = span.start if self._clocks is None else self._clocks.latest
        if span.clock == "server" and latest - span.start >= seen:
            span.end = latest  # a replay: its pace is none of the run's
            return
        if span.kind != "block":  # of these no time is ever told, and one begins after another
            span.start = round(span.seen - self._skew, 6)
        span.clock = "here"
        span.end = round(span.start + seen, 6)

    # The rules.

    def follow_after_end(self, ops: Iterable[Op]) -> None:
        """Follow the pauses of a lookup; nothing else begins after the end."""
        for _, path, value in ops:
            if tuple(path) == ("wait",):
                self._wait(value)
        if type(self._event) is not ev.Restored or self._run.status != "interrupted":
            return  # only what was cut is taken over
        if self._run.kind == "orchestration":
            # Its parts are other parts now: no card is that of a span any more.
            self._is_replaced = True
            for index in range(self._count):
                span = self._change(index)
                span.of = span.within = None
        self._fill(self._run.started)  # from the cut until it was found

    def follow(self, ops: Sequence[Op]) -> None:
        """Follow the ops of an event, and the event itself."""
        for _, path, value in ops:
            if path[0] == "parts" and len(path) == 3:  # noqa: PLR2004  # a field of a part
                self._cards.setdefault(path[1], {})[path[2]] = value  # type: ignore[index, arg-type]  # the index of a part
        self._follow_model(ops)
        for _, path, value in ops:
            if path[0] == "parts" and len(path) > 1:
                self._follow_part(*path[1:], value=value)
            elif path[0] == "blocks" and len(path) > 1:
                self._follow_block(*path[1:], value=value)
            elif path[0] == "wait":
                self._wait(value)
        if type(self._event) is ev.HookResult:
            self._hook(self._event)
        self._go_on()
        ended, begun = _last(ops, "status"), _last(ops, "started")
        if ended in ENDED:
            self._end_all(_CLOSED_AS.get(ended, "interrupted"), self._run.started or begun)

    def _follow_model(self, ops: Sequence[Op]) -> None:
        """Begin and end the calls of models, which only frames tell."""
        event = self._event
        if type(event) is ev.Started:
            if (_last(ops, "kind") or self._run.kind) == "agent" and not self._is_begun():
                self._open("model", "", None, None)
        elif type(event) is ev.StepStarted:
            self._step(event.step, ops)
        elif type(event) is ev.StepCompleted:
            found = self._find(("model", owner(self._run)))
            if found is not None and self._at_index(found).name:  # its begin was told too
                self._end(self._change(found), "done")
        elif type(event) in _BEFORE_STEPS:
            self._give_up_first()
        elif (
            self._clocks is None
            and self._run.kind == "agent"
            and (type(event) in _PIECES or (type(event) is ev.Chunk and not self._run.streamed))
            and owner(self._run) is None
            and self._find(("model", None)) is None
        ):
            self._open("model", "", None, None)

    def _step(self, step: int, ops: Sequence[Op]) -> None:
        within = owner(self._run)
        if _last(ops, "step") is not None:
            within = None  # the merge after a group
        elif group_at(self._run, within) is not None:
            return  # of agents that can't be told apart
        name = f"step {step}" if step else "step"
        first = self._find(("model", within))
        if first is not None and within is None and self._is_first(first):
            # Nothing has come of it: what was seen to begin is this step.
            span = self._change(first)
            span.name, span.start, span.seen = name, self._time, round(self._at, 6)
            span.clock = "here" if self._told is None else "server"
            return
        self._close(("model", within))
        self._open("model", name, None, within)

    def _is_begun(self) -> bool:
        return any(span.kind != "wait" for span in self._run.spans)

    def _is_first(self, index: int) -> bool:
        run = self._run
        is_quiet = all(isinstance(part, NoticePart) for part in run.parts)
        return self._at_index(index).name == "" and is_quiet and not run.reasoning.thoughts

    def _give_up_first(self) -> None:
        """What comes before the first step is no model's time."""
        first = self._find(("model", None))
        if first is not None and self._is_first(first):
            span = self._change(first)
            span.kind, span.name = "wait", SERVICE
            self._end(span, "done")

    def _follow_part(self, index: Any, field: Any = None, *_: Any, value: Any) -> None:
        if field is None:
            self._add(index, value)
        elif field == "status" and value not in _OPEN_CARD:
            self._close_card(index, value)
        elif field == "waited" or (field == "decision" and value != "pending"):
            part = self._run.parts[index]
            if isinstance(part, ApprovalPart):
                self._close(("part", index))
                self._resume(part.call)
        elif field == "decision" and self._find(("part", index)) is None:
            part = self._run.parts[index]  # nothing was sent: it is asked again
            if isinstance(part, ApprovalPart):
                self._ask(index, part.tool_name, part.covers, part.call)

    def _add(self, index: int, value: dict[str, Any]) -> None:
        kind, within = value["kind"], value.get("within")
        if kind == "tool":
            self._close(("model", within))
            self._open("tool", value["name"], index, within)
            if value["status"] not in _OPEN_CARD:
                self._close_card(index, value["status"])
        elif kind == "approval":
            self._ask(index, value["tool_name"], value["covers"], value["call"])
        elif kind == "delegation" and value["call"] is None:
            self._open("delegate", value["agent"], index, within)
            if value["status"] != "running":
                self._close_card(index, value["status"])
        elif kind == "parallel":
            self._close(("model", within))
            self._open("delegate", "", index, within)

    def _ask(self, index: int, tool: str, covers: str, call: int | None) -> None:
        within = None
        if call is not None and call < len(self._run.parts):
            gated = self._run.parts[call]
            within = gated.within if isinstance(gated, ToolPart) else None
        self._open("human", tool or covers, index, within)
        found = None if call is None else self._find(("part", call))
        if found is not None:
            span = self._change(found)  # it doesn't run as long as a person is asked
            span.end = span.start

    def _resume(self, call: int | None) -> None:
        """Begin a gated call anew: its wait is over, which is a person's time."""
        part = None if call is None else self._run.parts[call]
        found = self._known.calls.get(call) if isinstance(part, ToolPart) else None
        if found is None or self._at_index(found).status != "running":
            return
        span = self._change(found)
        span.start, span.seen, span.end = self._time, round(self._at, 6), None
        span.clock = "here" if self._told is None else "server"
        self._fresh[_key(span)] = found
        self._known.reopen(found)

    def _close_card(self, index: int, status: str) -> None:
        # What its agent's model was doing ends with its work, whether its step's end came or not.
        self._close(("model", index), _ENDED_AS.get(status, "done"))
        if self._find(("part", index)) is None:
            self._resume(index)  # its result is the first that tells that its wait is over
        found = self._find(("part", index))
        if found is None:
            return
        span = self._change(found)
        # How long a gated call took has its wait in it, which isn't its own.
        is_own = span.kind == "tool" and not index_of(self._run).at("about", index)
        seconds = getattr(self._event, "seconds", None) if is_own else None
        self._end(span, _ENDED_AS.get(status, "done"), seconds)

    def _follow_block(self, index: Any, field: Any = None, *_: Any, value: Any) -> None:
        name = kind = ""
        if field is None:
            status, name, kind = value["status"], value["name"], value["type"]
        elif field == "status":
            status = value
            if index < len(self._run.blocks):
                name, kind = self._run.blocks[index].name, self._run.blocks[index].type
        else:
            return
        if status == "running":
            span = self._open("block", name or kind, index, None)
            # They run one after another: also where all frames come at once.
            earlier = self._last_block()
            span.start = max(span.start, earlier)
        elif (found := self._find(("block", index))) is not None:
            seconds = getattr(self._event, "seconds", None)
            self._end(self._change(found), _ENDED_AS.get(status, "done"), seconds)

    def _last_block(self) -> float:
        for index in range(self._count - 2, -1, -1):
            span = self._at_index(index)
            if span.kind == "block":
                return span.end or span.start
        return 0.0

    def _wait(self, value: dict[str, Any] | None) -> None:
        self._close(("wait", None))
        if value is not None:
            name = "before another try" if value["purpose"] == "retry" else "before a lookup"
            self._open("wait", name, None, None)

    def _hook(self, event: ev.HookResult) -> None:
        """Note the time of a hook; that of a gate is the person's."""
        is_gate = any("waited" in set_ or "decision" in set_ for set_ in self._cards.values())
        if is_gate:
            return
        within = owner(self._run)
        span = self._open("hook", event.hook_event, None, within)
        span.end, span.start = span.start, span.start - max(0.0, event.seconds or 0.0)
        span.status = "failed" if event.status in {"failed", "timed_out"} else "done"
        if span.clock == "here" and event.seconds is not None:
            span.clock = "placed"

    def _go_on(self) -> None:
        """After a tool the model goes on, where no frame tells its steps."""
        is_result = type(self._event) is ev.ToolResult and self._clocks is None
        if not is_result or self._run.step or owner(self._run) is not None:
            return
        others = [self._at_index(index).kind for index in self._known.all() if self._is_open(index)]
        if self._run.kind == "agent" and not {"tool", "model", "delegate"}.intersection(others):
            self._open("model", "", None, None)

    def _is_open(self, index: int) -> bool:
        return self._at_index(index).end is None

    # The end.

    def _end_all(self, status: SpanStatus, started: float | None) -> None:
        for index in sorted({*self._known.all(), *self._fresh.values()}):
            if self._is_open(index):
                self._end(self._change(index), status)
        self._fill(started)

    def _fill(self, started: float | None) -> None:
        """Tell the time that nothing else is told of: all but the moments between two frames."""
        tops = [self._at_index(index) for index in range(self._count)]
        tops = [span for span in tops if span.within is None]
        clocks = self._clocks
        if not tops and clocks is None:
            return
        edges = [self._now, *([] if started is None else [round(started - self._skew, 6)])]
        begin = min(edges if clocks is None else [*edges, clocks.first])
        end = max(edges if clocks is None else [*edges, clocks.latest])
        gaps = sorted(_gaps(tops, begin, end), key=lambda gap: gap[1] - gap[0])
        left = 0.0
        told = []
        for gap in gaps:
            left += gap[1] - gap[0]
            if left > _BETWEEN:
                told.append(gap)
        for since, until in sorted(told):
            is_told = clocks is not None and clocks.first <= since and until <= clocks.latest
            self._spans[self._count] = Span(
                kind="wait",
                name=SERVICE,
                start=since,
                end=until,
                seen=round(since + self._skew, 6),
                clock="server" if is_told else "here",
                status="done",
            )
            self._count += 1


def _gaps(spans: Iterable[Span], begin: float, end: float) -> Iterable[tuple[float, float]]:
    """Go through the stretches between two moments that no span covers."""
    reached = begin
    for span in sorted(spans, key=lambda one: one.start):
        if span.start > reached:
            yield reached, min(span.start, end)
        reached = max(reached, span.end or span.start)
    if end > reached:
        yield reached, end


def _last(ops: Iterable[Op], name: str) -> Any:
    """The value that a field of the run itself is set to last; None where it isn't set."""
    found = None
    for _, path, value in ops:
        if len(path) == 1 and path[0] == name:
            found = value
    return found


def _told(event: ev.Event) -> float | None:
    """Read when the server says that an event was, in seconds since the epoch."""
    raw = event.raw
    time = time_of(raw.get("ts")) if isinstance(raw, dict) else None
    return None if time is None else time.timestamp()


def _differences(path: tuple[str | int, ...], old: Any, new: Any) -> list[Op]:
    return [
        ("set", (*path, name), getattr(new, name))
        for name in new.__struct_fields__
        if getattr(old, name) != getattr(new, name)
    ]
