"""What twice as many of one thing cost: folding must be linear in whatever a server can repeat."""

import asyncio
import gc
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import powawidget as pw
from powawidget.approvals.decider import Decider
from powawidget.live.run import Live
from powawidget.protocol import events as ev
from powawidget.state import values
from powawidget.state.model import RunState
from powawidget.state.ops import apply
from powawidget.state.reduce import reduce

Frame = dict[str, Any]
SIZE = 500
GOAL = 2.5
GATED = 25
TRIES = 3
# Seconds: what takes less is measured with more of it, since its noise is as large as it is.
SHORT = 0.1
MOST = 64_000
_END: Frame = {"event": "complete", "status": "completed", "content": ""}
LARGE = 104_000  # characters of one call's arguments


def measure() -> list[str]:
    """Fold n of each kind and twice as many, and compare the CPU time."""
    lines = [f"CPU of twice as many of one thing, against as many (goal: at most {GOAL} each)"]
    jobs: dict[str, Callable[[int], object]] = {
        **{kind: lambda n, frames=frames: replay(frames(n)) for kind, frames in KINDS.items()},
        "a cut run restored": restore,
        "agents at once, stored": children,
        "a sequence, stored": sequence,
    }
    lines += [_told(kind, job, SIZE) for kind, job in jobs.items()]
    gates = f"gated calls of {LARGE // 1000} kB and a policy"
    lines.append(_told(gates, lambda n: asyncio.run(gated(n)), GATED))
    return lines


def _told(kind: str, job: Callable[[int], object], n: int) -> str:
    while (seconds := _seconds(job, n)) < SHORT and n < MOST:
        n *= 2
    once, twice = [seconds], []
    # In turn: what slows the machine for a while slows both.
    for _ in range(TRIES):
        twice.append(_seconds(job, 2 * n))
        once.append(_seconds(job, n))
    ratio = min(twice) / min(once)
    return f"  {kind}: {ratio:.2f} ({min(once):.2f} s for {n:,}, {min(twice):.2f} s for {2 * n:,})"


def _seconds(job: Callable[[int], object], n: int) -> float:
    """Measure the CPU of this process, without what it takes to look for garbage of others."""
    gc.collect()
    gc.freeze()  # what lives already isn't looked through again
    begin = time.process_time()
    job(n)
    spent = time.process_time() - begin
    gc.unfreeze()
    return spent


def replay(frames: Iterator[Frame]) -> None:
    """Fold a whole stream, as a run does."""
    body = "".join(f"data: {json.dumps(frame)}\n\n" for frame in frames).encode()
    pw.replay(body).wait(display=False)


def _call(number: int, **more: Any) -> Frame:
    return {
        "event": "tool_call",
        "type": "tool_call",
        "step": 1,
        "tool_name": "t",
        "arguments": {"i": number},
        "call_id": f"c{number}",
        **more,
    }


def _result(number: int, **more: Any) -> Frame:
    return {
        "event": "tool_result",
        "type": "tool_result",
        "step": 1,
        "tool_name": "t",
        "call_id": f"c{number}",
        "result_preview": f"ok {number}",
        "duration_ms": 1,
        **more,
    }


def _ask(number: int) -> Frame:
    return {
        "event": "approval_requested",
        "tool_name": "t",
        "tool_input": {"i": number},
        "message": "m",
    }


def _begun(number: int) -> Frame:
    return {
        "event": "delegation_started",
        "agent": f"a{number}",
        "task": "x",
        "child_execution_id": f"r{number}",
    }


def _over(number: int) -> Frame:
    return {
        "event": "delegation_completed",
        "agent": f"a{number}",
        "child_execution_id": f"r{number}",
        "status": "completed",
        "steps": 1,
    }


def _in_order(*makers: Callable[[int], Frame]) -> Callable[[int], Iterator[Frame]]:
    """Repeat some frames n times, each round with its number."""

    def frames(n: int) -> Iterator[Frame]:
        yield {"event": "start", "run_id": "run_1", "session_id": "s"}
        for number in range(n):
            for make in makers:
                yield make(number)
        yield {"event": "complete", "run_id": "run_1", "status": "completed", "content": ""}

    return frames


def _one_after_another(*makers: Callable[[int], Frame]) -> Callable[[int], Iterator[Frame]]:
    """Repeat the first frame n times, then the second n times, and so on."""

    def frames(n: int) -> Iterator[Frame]:
        yield {"event": "start", "run_id": "run_1", "session_id": "s"}
        for make in makers:
            yield from (make(number) for number in range(n))
        yield {"event": "complete", "run_id": "run_1", "status": "completed", "content": ""}

    return frames


def _reported(n: int) -> Iterator[Frame]:
    """Calls that the terminal event tells again, with their whole results, in another order."""
    yield {"event": "start", "run_id": "run_1", "session_id": "s"}
    for make in (_call, _result):
        yield from (make(number) for number in range(n))
    calls = [
        {
            "step": 1,
            "tool_name": "t",
            "arguments": {"i": number},
            "result": f"ok {number}",
            "duration_ms": 1,
        }
        for number in reversed(range(n))
    ]
    yield {"event": "complete", "status": "completed", "content": "", "tool_calls": calls}


def _supervisor(n: int) -> Iterator[Frame]:
    """Delegations within one another, as deep as it goes."""
    yield {"event": "orchestration_started", "strategy": "supervisor", "name": "o"}
    yield from (_begun(number) for number in range(n))
    yield from (_over(number) for number in reversed(range(n)))
    yield {"event": "complete", "status": "completed", "content": ""}


def _block(event: str, **more: Any) -> Callable[[int], Frame]:
    return lambda number: {"type": event, "block_id": f"b{number}", "block_type": "code", **more}


KINDS: dict[str, Callable[[int], Iterator[Frame]]] = {
    "calls": _in_order(_call, _result),
    "open calls": _in_order(_call),
    "calls at once": _one_after_another(_call, _result),
    "calls told again at the end": _reported,
    "calls without ids": _one_after_another(
        lambda i: _call(i, call_id=None), lambda i: _result(i, call_id=None)
    ),
    "calls with one id": _one_after_another(
        lambda i: _call(i, call_id="c"), lambda i: _result(i, call_id="c")
    ),
    "results without calls": _in_order(_result),
    "approvals": _in_order(_call, _ask),
    "approvals, then results": _one_after_another(_call, _ask, _result),
    "gates on one call": _in_order(lambda _: _ask(0), lambda i: _call(0, step=i)),
    "approvals without calls": _in_order(_ask),
    "delegations": _in_order(_begun, _over),
    "delegations at once": _one_after_another(_begun, _over),
    "delegations within one another": _supervisor,
    "what agents say in turn": _in_order(
        lambda i: {"event": "entity_chunk", "agent": f"a{i % 100}", "content": "x"}
    ),
    "steps of a sequence": _in_order(
        lambda i: {"event": "sequential_step", "step": i, "agent": f"a{i}"},
        lambda _: {"event": "content_delta", "delta": "x"},
    ),
    "groups": _in_order(
        lambda _: {"event": "orchestration_started", "strategy": "parallel", "agent_count": 2}
    ),
    "blocks": _in_order(_block("block_start"), _block("block_complete", data={"output": 1})),
    "blocks at once": _one_after_another(
        _block("block_start"),
        _block("block_chunk", chunk="x"),
        _block("block_complete", data={"output": 1}),
    ),
    "notices": _in_order(lambda i: {"event": "model_fallback", "from": "a", "to": f"b{i}"}),
    "hooks": _in_order(
        lambda i: {
            "event": "hook_result",
            "hook_event": "PreResponse",
            "modified": i % 2 == 0,
            "blocked": i % 2 == 1,
        },
        lambda _: {"event": "content_delta", "delta": "x"},
        _call,
    ),
    "thoughts": _in_order(
        lambda i: {"event": "reasoning", "step": 1, "source": "thinking", "content": f"t{i}"}
    ),
    "answers told again": _in_order(
        lambda _: {"event": "content_delta", "delta": "x"},
        _call,
        lambda i: {"event": "chunk", "content": f"answer {i}"},
    ),
    "citations": _in_order(
        lambda i: {"event": "start", "citation_candidates": [{"key": str(i), "source_name": "s"}]}
    ),
}


def _fold(run: RunState, events: Iterator[ev.Event]) -> RunState:
    for event in events:
        apply(run, reduce(run, event, 1.0))
    return run


def restore(n: int) -> None:
    """Let the stored run of n calls and thoughts take the place of half of it."""
    frames = [
        frame
        for i in range(n)
        for frame in (
            _call(i),
            _result(i),
            {"event": "model_fallback", "from": "a", "to": f"b{i}"},
            {"event": "reasoning", "step": 1, "source": "thinking", "content": f"t{i}"},
        )
    ]
    run = _fold(RunState(), map(ev.read_frame, frames[: len(frames) // 2]))
    cut = ev.Interrupted(title="cut", message="cut")
    _fold(run, iter([cut, ev.Restored(events=[*map(ev.read_frame, [*frames, _END])])]))


def children(n: int) -> None:
    """Take what is stored of n agents that worked at the same time."""
    start: Frame = {"event": "orchestration_started", "strategy": "parallel", "agent_count": n}
    run = _fold(RunState(), map(ev.read_frame, [start, *map(_call, range(n)), _END]))
    _fold(run, iter([ev.StoredChildren(children=[_child(i) for i in range(n)])]))


def sequence(n: int) -> None:
    """Take what is stored of n agents that worked one after another, in another order."""
    frames: list[Frame] = [{"event": "orchestration_started", "strategy": "sequential"}]
    for i in range(n):
        frames += [
            {"event": "sequential_step", "step": i, "agent": f"a{i}"},
            _call(i),
            {"event": "content_delta", "delta": f"said {i}"},
        ]
    run = _fold(RunState(), map(ev.read_frame, [*frames, _END]))
    _fold(run, iter([ev.StoredChildren(children=[_child(i) for i in reversed(range(n))])]))


def _child(number: int) -> ev.Child:
    asked = ev.Asked(
        call_id=f"c{number}",
        tool_name="t",
        arguments=ev.as_json({"i": number}),
        result=None,
        seconds=None,
    )
    return ev.Child(
        child_id=f"r{number}",
        status="completed",
        texts=[f"said {number}"],
        thoughts=[],
        asked=[asked],
        steps=1,
        usage=None,
        seconds=1.0,
        tool_calls=[],
        answer=f"said {number}",
    )


async def gated(n: int) -> None:
    """Have a policy decide on n parallel calls with large arguments, and see them through."""
    sent = asyncio.Event()

    async def post(run_id: str, body: Mapping[str, Any], limit: float) -> None:
        del run_id, body, limit
        sent.set()

    large = [{"i": number, "text": f"{number} " * (LARGE // 4)} for number in range(n)]
    live = Live(RunState())
    policy = pw.policy(allow=["t"])
    decider = Decider(live, post, None, policy)
    live.observe = decider.note_event
    live.receive(json.dumps({"event": "start", "run_id": "run_1"}))
    for number in range(n):
        for frame in (
            _call(number, arguments=large[number]),
            {**_ask(number), "tool_input": large[number]},
        ):
            live.receive(json.dumps(frame))
        await asyncio.sleep(0)
    await sent.wait()
    for number in range(n):
        live.receive(json.dumps(_result(number)))
        await asyncio.sleep(0)
    live.receive(json.dumps({"event": "complete", "status": "completed", "content": ""}))
    assert all(call.decision == "approved" for call in values.approvals_of(live.state))
    await decider.close()
