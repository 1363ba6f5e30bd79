"""Streams that are made up: any order of frames, clocks that jump, calls at once, delegations."""

import datetime as dt
import json
from typing import Any, NamedTuple

from hypothesis import strategies as st

from powawidget.protocol import events as ev
from powawidget.state.model import RunState
from powawidget.state.ops import apply
from powawidget.state.reduce import reduce
from tests.walk import frame

SERVER = 1_760_000_000.0  # the server's clock and that of this machine stand far apart
HERE = 1_700_000_000.0


class Seen(NamedTuple):
    """An event, and what both clocks show when it comes."""

    event: ev.Event
    at: float


def ts(told: float) -> str:
    return dt.datetime.fromtimestamp(told, dt.UTC).isoformat()


_CALLS = [f"call_{number}" for number in range(4)]
_TOOLS = ["search", "database_query", "delegate_to_billing"]
_BODIES = st.one_of(
    st.builds(lambda n: ("step_started", {"step": n}), st.integers(1, 3)),
    st.builds(lambda n: ("step_completed", {"step": n}), st.integers(1, 3)),
    st.builds(
        lambda name, call: (
            "tool_call",
            {"step": 1, "tool_name": name, "call_id": call, "arguments": {}},
        ),
        st.sampled_from(_TOOLS),
        st.sampled_from(_CALLS),
    ),
    st.builds(
        lambda call, took, text: (
            "tool_result",
            {"step": 1, "call_id": call, "result_preview": text, "duration_ms": took},
        ),
        st.sampled_from(_CALLS),
        st.one_of(st.none(), st.floats(0, 5000)),
        st.sampled_from(["ok", "Error: Blocked by hook — Denied by user: no", "Error: x"]),
    ),
    st.builds(
        lambda name: ("approval_requested", {"tool_name": name, "tool_input": {}}),
        st.sampled_from(["", *_TOOLS]),
    ),
    st.builds(
        lambda name, took: (
            "hook_result",
            {"hook_event": name, "status": "succeeded", "latency_ms": took},
        ),
        st.sampled_from(["PreToolUse", "PreResponse", "OnRunStart"]),
        st.floats(0, 5000),
    ),
    st.builds(
        lambda name, child: ("delegation_started", {"agent": name, "child_execution_id": child}),
        st.sampled_from(["billing", "search"]),
        st.sampled_from(["c1", "c2", None]),
    ),
    st.builds(
        lambda name, child: ("delegation_completed", {"agent": name, "child_execution_id": child}),
        st.sampled_from(["billing", "search"]),
        st.sampled_from(["c1", "c2", None]),
    ),
    st.builds(
        lambda strategy: ("orchestration_started", {"strategy": strategy, "agent_count": 2}),
        st.sampled_from(["supervisor", "sequential", "parallel"]),
    ),
    st.builds(lambda name: ("sequential_step", {"step": 0, "agent": name}), st.sampled_from("ab")),
    st.just(("content_delta", {"delta": "word"})),
    st.just(("reasoning_delta", {"step": 1, "delta": "hm"})),
    st.just(("chunk", {"content": "word"})),
    st.just(("step_reset", {"step": 1})),
    st.just(("error", {"error": "RateLimitError: slow down"})),
)
_WAITS = st.sampled_from(
    [
        ev.Waiting(purpose="retry", why="429", until=HERE, attempt=2),
        ev.WaitOver(),
        ev.DecisionMade(digests=[], choice="approve", by="click", reason=None),
    ]
)
_ENDS = st.sampled_from(
    [
        frame("complete", status="completed", content="word"),
        frame("complete", status="failed", error="x"),
        ev.Ended(),
        ev.Stopped(message="stopped"),
        ev.Interrupted(title="cut", message="cut"),
    ]
)
_STEPS = st.floats(0, 20, allow_nan=False)
# Of the server's clock: mostly it goes on, now and then it is set.
_JUMPS = st.one_of(_STEPS, _STEPS, _STEPS, st.sampled_from([-3600.0, -0.5, 3600.0, 86400.0]))


@st.composite
def streams(draw: st.DrawFn, *, jumps: bool) -> list[Seen]:
    """A stream of any frames, as one that decodes them sees it."""
    told, at = SERVER, HERE
    tells = draw(st.sampled_from([1.0, 0.7, 0.0]))
    seen: list[Seen] = []
    if draw(st.booleans()):
        seen.append(Seen(frame("start", run_id="r", session_id="s"), at))
    for body in draw(st.lists(st.one_of(_BODIES, _BODIES, _BODIES, _WAITS), max_size=25)):
        at += draw(_STEPS)
        told += draw(_JUMPS if jumps else _STEPS)
        if not isinstance(body, tuple):
            seen.append(Seen(body, at))
            continue
        name, fields = body
        is_told = draw(st.floats(0, 1)) < tells and name not in {"content_delta", "chunk"}
        more: dict[str, Any] = {"type": name, "ts": ts(told)} if is_told else {}
        seen.append(Seen(frame(name, **fields, **more), at))
    return [*seen, Seen(draw(_ENDS), at + draw(_STEPS))]


@st.composite
def workflows(draw: st.DrawFn) -> list[Seen]:
    """A workflow's stream, all at once or with pauses."""
    at = HERE
    seen: list[Seen] = []
    for _ in range(draw(st.integers(0, 12))):
        at += draw(st.sampled_from([0.0, 0.0, 1.5]))
        name = draw(st.sampled_from(["block_start", "block_complete", "block_error"]))
        body: dict[str, Any] = {"block_id": draw(st.sampled_from("abc")), "block_type": "code"}
        if name != "block_start":
            body |= {"data": {"output": 1}, "duration_ms": draw(st.floats(0, 3000))}
        seen.append(Seen(ev.read(ev_json(name, body)), at))
    end = draw(st.sampled_from([ev.Ended(), ev.Stopped(message="")]))
    return [*seen, Seen(end, at)]


def ev_json(name: str, body: dict[str, Any]) -> str:
    return json.dumps({"type": name, **body})


def folded(seen: list[Seen]) -> RunState:
    state = RunState()
    for event, at in seen:
        apply(state, reduce(state, event, at))
    return state
