"""The rules for agents that work for an orchestration, one at a time.

Rules: docs/protocol.md#child-frames and #orchestration-answer.
A supervisor's delegations are a stack; the steps of a sequence end one another.
"""

from collections.abc import Collection

from powawidget.protocol.events import (
    DelegationCompleted,
    DelegationStarted,
    EntityChunk,
    OrchestrationCompleted,
    OrchestrationStarted,
    SequentialStep,
)
from powawidget.state.index import index_of, plain_name
from powawidget.state.model import DelegationPart, ParallelPart, RunState, WorkStatus, plain
from powawidget.state.ops import Op
from powawidget.state.reduce import answer, parallel, tools
from powawidget.state.reduce.owner import depth, group_at, levels, owner, work_at

# A delegation within so many others is put beside the last of them.
_DEEPEST = 20
_GOOD = frozenset({"", "completed", "complete", "success", "succeeded", "ok"})


def work_status(word: str) -> WorkStatus:
    """Turn the server's word for how an agent ended into ours."""
    return "done" if word.lower() in _GOOD else "failed"


def start(run: RunState, event: OrchestrationStarted, at: float) -> list[Op]:
    """Note what kind of orchestration this is."""
    ops = _mark(run, event.strategy)
    if event.name and not run.name:
        ops.append(("set", ("name",), event.name))
    if event.strategy == "parallel":
        ops += parallel.open_group(run, event.agent_count, at)
    return ops


def end(run: RunState, event: OrchestrationCompleted, at: float) -> list[Op]:
    """End the agents that are still at work; the run itself isn't over."""
    ops = finish_all(run, work_status(event.status), at)
    if event.usage and run.usage is None:
        ops.append(("set", ("usage",), event.usage))
    return ops


def delegate(run: RunState, event: DelegationStarted, at: float) -> list[Op]:
    """Open a delegation where it was asked for."""
    within, call = _asked_for(run, event)
    if depth(run, within) >= _DEEPEST and group_at(run, within) is None:
        within = run.parts[within or 0].within  # type: ignore[union-attr]  # the index names such a part
    ops, within = _beside(run, within, event)
    index = len(run.parts) if within is None else max(len(run.parts), within + 1)
    part = DelegationPart(
        agent=event.agent,
        task=event.task,
        child_id=event.child_id,
        call=call,
        started=at,
        within=within,
    )
    return [*_mark(run, ""), *ops, ("set", ("parts", index), plain(part))]


def complete(run: RunState, event: DelegationCompleted, at: float) -> list[Op]:
    """End a delegation; one that was never seen to begin gets a part of its own."""
    running = _same(run, event, "agent running")
    fields: dict[str, object] = {"steps": event.steps, "usage": event.usage}
    status = work_status(event.status)
    if running is not None:
        ops = finish(run, running, status, at)
        known = {name: value for name, value in fields.items() if value is not None}
        ops += [("set", ("parts", running, name), value) for name, value in known.items()]
        return ops + _finish_group(run, running, at)
    if _same(run, event, "agent") is not None:
        return []  # the same frame twice
    part = DelegationPart(
        agent=event.agent,
        child_id=event.child_id,
        status=status,
        steps=event.steps,
        usage=event.usage,
        started=at,
        within=owner(run),
    )
    return [*_mark(run, ""), ("set", ("parts", len(run.parts)), plain(part))]


def step(run: RunState, event: SequentialStep, at: float) -> list[Op]:
    """Begin the next agent of a sequence; what the last of them says is the answer."""
    index = len(run.parts)
    strategy = "" if run.strategy else "sequential"
    return [
        *_mark(run, strategy),
        *finish_all(run, "done", at),
        ("set", ("parts", index), plain(DelegationPart(agent=event.agent, started=at))),
        ("set", ("answer",), index),
    ]


def entity(run: RunState, event: EntityChunk, at: float) -> list[Op]:
    """Give a text to the agent that the frame names; begin that agent where it hasn't begun."""
    name = ("name", event.agent) if event.agent else ()
    known = index_of(run).last("agent running", *name)
    if known is None and event.agent:
        known = index_of(run).last("agent", *name)
    if known is not None:
        return answer.entity(run, event, known)
    index = len(run.parts)
    part = DelegationPart(agent=event.agent, started=at, within=_open_group(run, None))
    ops = [*_mark(run, ""), ("set", ("parts", index), plain(part))]
    if event.text:
        ops.append(("set", ("parts", index + 1), answer.new_text(event.text, index)))
    return ops


def finish(run: RunState, index: int, status: WorkStatus, at: float) -> list[Op]:
    """End a delegation or a group, and whatever is still open within it."""
    inside = [index]
    for outer in inside:  # the list grows meanwhile
        inside += index_of(run).at("work", outer)
    return tools.close(run, status, at, inside) + close(run, status, at, inside)


def finish_all(run: RunState, status: WorkStatus, at: float) -> list[Op]:
    """End every delegation and group that is at work, and whatever is still open within."""
    inside = list(index_of(run).at("running"))
    return tools.close(run, status, at, inside) + close(run, status, at, inside)


def close(
    run: RunState, status: WorkStatus, at: float, inside: Collection[int] | None = None
) -> list[Op]:
    """Close the delegations and groups that are still open, all of them or these."""
    ops: list[Op] = []
    for index in tuple(index_of(run).at("running")) if inside is None else sorted(inside):
        part = run.parts[index]
        if isinstance(part, DelegationPart | ParallelPart) and part.status == "running":
            seconds = round(max(0.0, at - part.started), 3)
            ops.append(("set", ("parts", index, "status"), status))
            ops.append(("set", ("parts", index, "seconds"), seconds))
    return ops


def answered(run: RunState, call: int, result: str, at: float) -> list[Op]:
    """End the delegation that a tool call stood for, where its own end got lost."""
    return [
        op
        for index in tuple(index_of(run).at("running for", call))
        for op in finish(run, index, "done" if tools.status_of(result) == "done" else "failed", at)
    ]


def _mark(run: RunState, strategy: str) -> list[Op]:
    ops: list[Op] = []
    if run.kind != "orchestration":
        ops.append(("set", ("kind",), "orchestration"))
    if strategy and strategy != run.strategy:
        ops.append(("set", ("strategy",), strategy))
    return ops


def _same(run: RunState, event: DelegationCompleted, state: str) -> int | None:
    """Find the last delegation that this end closes: by id where both have one, else by agent."""
    keys: list[tuple[object, ...]] = [(state, "name", event.agent) if event.agent else (state,)]
    if event.child_id is not None:
        unknown = (state, "unknown", event.agent) if event.agent else (state, "id", None)
        keys = [(state, "id", event.child_id), unknown]
    found = (index_of(run).last(*key) for key in keys)
    return max((index for index in found if index is not None), default=None)


def _beside(
    run: RunState, within: int | None, event: DelegationStarted
) -> tuple[list[Op], int | None]:
    """Put agents that work at the same time into a group: nothing shows which frame is whose."""
    around = None if within is None else run.parts[within]
    group = within if isinstance(around, ParallelPart) else _open_group(run, within)
    if group is not None:
        known = index_of(run).names(group)
        if event.agent in known:
            return [], group
        count = len(run.parts[group].agents)  # type: ignore[union-attr]  # the index names such a part
        return [("set", ("parts", group, "agents", count), event.agent)], group
    others = [
        (index, part)
        for index, part in work_at(run, ("running agent", within))
        if isinstance(part, DelegationPart)
    ]
    if not others:
        return [], within
    group = len(run.parts)
    names = [part.agent for _, part in others] + [event.agent]
    opened = ParallelPart(agents=names, started=others[0][1].started, within=within)
    return [
        ("set", ("parts", group), plain(opened)),
        *(("set", ("parts", index, "within"), group) for index, _ in others),
    ], group


def _open_group(run: RunState, within: int | None) -> int | None:
    return index_of(run).first("running group", within)


def _finish_group(run: RunState, index: int, at: float) -> list[Op]:
    """End a group with the last of its agents: where they are named, no frame ends the group."""
    outer = run.parts[index].within  # type: ignore[union-attr]  # the index names such a part
    group = None if outer is None else run.parts[outer]
    if outer is None or not isinstance(group, ParallelPart) or group.status != "running":
        return []
    known = index_of(run)
    running = len(known.at("running agent", outer)) + len(known.at("running group", outer))
    if running > 1 or len(known.at("work", outer)) < (group.count or 0):
        return []
    return parallel.close(group, outer, at)


def _asked_for(run: RunState, event: DelegationStarted) -> tuple[int | None, int | None]:
    """Find where a delegation belongs, and the supervisor's call that it stands for."""
    index = index_of(run)
    for level in levels(run):
        calls = index.at("delegate", level)
        named = index.at("delegate", level, plain_name(event.agent))
        chosen = named or (calls if len(calls) == 1 else [])
        if len(chosen) > 1:
            chosen = index.at("delegate", level, plain_name(event.agent), event.task) or chosen
        if chosen:
            return level, chosen[0]
    outer = owner(run)
    if outer is None or run.strategy == "supervisor" or isinstance(run.parts[outer], ParallelPart):
        return outer, None
    return run.parts[outer].within, None  # type: ignore[union-attr]  # the index names such a part
