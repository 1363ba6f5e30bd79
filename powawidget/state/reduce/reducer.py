"""The reducer: which event changes what. The rules are in the modules beside this one."""

from collections.abc import Iterable
from typing import assert_never

from powawidget.protocol import events as ev
from powawidget.protocol.events.bounds import LISTED
from powawidget.state.explain import explain
from powawidget.state.index import index_of
from powawidget.state.model import ENDED, RunState, plain
from powawidget.state.ops import Op, apply
from powawidget.state.reduce import (
    answer,
    blocks,
    children,
    delegations,
    ends,
    gates,
    identity,
    parallel,
    ratings,
    reasoning,
    restore,
    spans,
    tools,
    waits,
)
from powawidget.state.reduce.halves import whole
from powawidget.state.reduce.identity import is_fresh
from powawidget.state.reduce.notices import notice
from powawidget.state.reduce.owner import group_at, owner

# Made here, not sent: a run isn't under way because of one of these.
_OWN = frozenset(
    {
        ev.Refused,
        ev.Stopped,
        ev.Interrupted,
        ev.Ended,
        ev.GraphKnown,
        ev.AgentsKnown,
        ev.Waiting,
        ev.WaitOver,
        ev.Troubled,
        ev.NotKept,
    }
)


def reduce(run: RunState, event: ev.Event, at: float) -> list[Op]:
    """Say what an event changes in a run.

    Args:
        run: The run before the event; it isn't changed.
        event: What the stream said.
        at: When it came, in seconds since the epoch.

    Returns:
        The changes, in order; none for an event that shows nothing.
    """
    if type(event) is ev.TextDelta and run.status == "running" and run.reasoning.since is None:
        return whole(run, event, answer.delta(run, event))  # nearly every event of a stream
    ops = whole(run, event, _ops(run, event, at))
    return [*ops, *spans.follow(run, event, at, ops)]


def _ops(run: RunState, event: ev.Event, at: float) -> list[Op]:
    if run.status in ENDED:
        return _after_end(run, event, at)
    if run.kind == "workflow" or (is_fresh(run) and ev.ends_workflow(event)):
        event = ev.in_workflow(event)
    ops = _changes(run, event, at)
    if ops is None:
        return []
    first = [] if type(event) in _OWN else _awake(run, at)
    if run.reasoning.since is not None and type(event) is not ev.ReasoningDelta:
        first += reasoning.pause(run.reasoning, run.reasoning.since, at)
    return first + ops


def _awake(run: RunState, at: float) -> list[Op]:
    ops: list[Op] = []
    if run.started is None:
        ops.append(("set", ("started",), at))
    if run.status in {"connecting", "reconnecting"}:
        ops.append(("set", ("status",), "running"))
    return ops


def _changes(run: RunState, event: ev.Event, at: float) -> list[Op] | None:  # noqa: C901, PLR0912  # one line for each event: the type checker sees that none is missing
    """Say what an event changes while a run is under way; None where it isn't even a sign of life.

    Not by `match`, which asks `isinstance`: that takes five times as long for these classes. The
    frequent events stand first.
    """
    if type(event) is ev.ReasoningDelta:
        return reasoning.delta(run, event, at)
    if type(event) is ev.TextDelta:
        return answer.delta(run, event)
    if type(event) is ev.EntityChunk:
        return delegations.entity(run, event, at)
    if type(event) is ev.BlockChunk:
        return identity.mark_workflow(run) + blocks.chunk(run, event, at)
    if type(event) is ev.ToolCallStarted:
        return tools.begin(run, event, at)
    if type(event) is ev.ToolResult:
        return _tool_result(run, event, at)
    if type(event) is ev.StepStarted:
        return _step_started(run, event, at)
    if type(event) is ev.StepCompleted or type(event) is ev.Opened:
        return []
    if type(event) is ev.ReasoningWhole:
        return reasoning.whole(run, event)
    if type(event) is ev.Chunk:
        return answer.chunk(run, event)
    if type(event) is ev.ApprovalRequested:
        return [*gates.ask(run, event, at), ("set", ("status",), "waiting")]
    if type(event) is ev.DecisionMade:
        return _decision_made(run, event, at)
    if type(event) is ev.DecisionNoted:
        return _decision_noted(run, event, at)
    if type(event) is ev.DeadlineKnown:
        return gates.deadline(run, event)
    if type(event) is ev.HookResult:
        return _hook_result(run, event, at)
    if type(event) is ev.DelegationStarted:
        return delegations.delegate(run, event, at)
    if type(event) is ev.DelegationCompleted:
        return delegations.complete(run, event, at)
    if type(event) is ev.SequentialStep:
        return delegations.step(run, event, at)
    if type(event) is ev.OrchestrationStarted:
        return delegations.start(run, event, at)
    if type(event) is ev.OrchestrationCompleted:
        return delegations.end(run, event, at)
    if type(event) is ev.AgentsKnown:
        return parallel.name_agents(run, event)
    if type(event) is ev.StoredChildren:
        return children.upgrade(run, event)
    if type(event) is ev.BlockStarted:
        return identity.mark_workflow(run) + blocks.start(run, event, at)
    if type(event) is ev.BlockOutput:
        return identity.mark_workflow(run) + blocks.output(run, event, at)
    if type(event) is ev.BlockCompleted:
        return identity.mark_workflow(run) + blocks.complete(run, event, at)
    if type(event) is ev.BlockFailed:
        return identity.mark_workflow(run) + blocks.fail(run, event, at)
    if type(event) is ev.WorkflowStarted:
        return identity.mark_workflow(run) + identity.names(run, event.execution_id, None)
    if type(event) is ev.GraphKnown:
        return identity.mark_workflow(run) + _graph_known(run, event)
    if type(event) is ev.StoredBlocks:
        return identity.mark_workflow(run) + blocks.upgrade(run, event)
    if type(event) is ev.StepReset:
        return _step_reset(run, event)
    if type(event) is ev.Started:
        return identity.start(run, event)
    if type(event) is ev.Noticed:
        return notice(run, event.code, event.text, owner(run))
    if type(event) is ev.NotKept:
        return notice(run, "not_kept", event.text)
    if type(event) is ev.Rated:
        return ratings.rate(run, event)
    if type(event) is ev.Troubled:
        return notice(run, "trouble", event.text, owner(run))
    if type(event) is ev.Malformed:
        skipped = f"A frame of the stream was skipped: {event.problem}."
        return notice(run, "malformed", skipped, owner(run))
    if type(event) is ev.Waiting:
        return waits.begin(run, event)
    if type(event) is ev.WaitOver:
        return waits.end(run)
    if type(event) is ev.Errored:
        return _errored(run, event)
    if type(event) is ev.Completed:
        return ends.completed(run, event, at)
    if type(event) is ev.Ended:
        return ends.ended(run, at)
    if type(event) is ev.Interrupted:
        return ends.interrupted(run, event, at)
    if type(event) is ev.Stopped:
        return ends.stopped(run, event, at)
    if type(event) is ev.Refused:
        return ends.refused(run, event, at)
    if type(event) is ev.WorkflowCompleted:
        return ends.workflow_completed(run, event, at)
    if type(event) is ev.WorkflowFailed:
        return ends.workflow_failed(run, event, at)
    if (
        type(event) is ev.Unknown
        or type(event) is ev.Housekeeping
        or type(event) is ev.PartialChunk  # it was streamed already
        or type(event) is ev.Withheld
        or type(event) is ev.Restored  # only of a run that is over
        or type(event) is ev.OutcomeKnown  # likewise
        or type(event) is ev.UsageKnown  # likewise
    ):
        return None
    assert_never(event)


def _after_end(run: RunState, event: ev.Event, at: float) -> list[Op]:  # noqa: C901, PLR0912  # one case for each event
    """Say what may still change when a run is over.

    A card that was closed without its result can still get it. And what the server did with a run
    that was cut or stopped may be known only later, or what it stored of its parts, or its id.
    """
    match event:
        case ev.ToolResult(call_id=str(call_id), step=step):
            key = (call_id,) if step is None else (call_id, step)
            found = next(tools.calls_at(run, "unanswered", *key), None)
            return [] if found is None else tools.answer(*found, event)
        case ev.OutcomeKnown():
            return notice(run, "learned", event.text)
        case ev.UsageKnown():
            return [("set", ("usage",), event.usage)] if event.usage and not run.usage else []
        case ev.NotKept():
            return notice(run, "not_kept", event.text)
        case ev.Rated():
            return ratings.rate(run, event)
        case ev.Troubled():
            return notice(run, "trouble", event.text)
        case ev.WorkflowStarted():
            return [] if run.run_id else identity.names(run, event.execution_id, None)
        case ev.Started():
            return [] if run.run_id else identity.names(run, event.run_id, event.session_id)
        case ev.StoredChildren():
            return children.upgrade(run, event)
        case ev.StoredBlocks():
            return blocks.upgrade(run, event)
        case ev.Waiting():
            return waits.begin(run, event)
        case ev.WaitOver():
            return waits.end(run)
        case ev.Restored() if run.status == "interrupted":
            return restore.restore(run, event, _folded(event.events, at), at)
    return []


def _folded(events: Iterable[ev.Event], at: float) -> RunState:
    run = RunState()
    for event in events:
        apply(run, reduce(run, event, at))
    return run


def _step_started(run: RunState, event: ev.StepStarted, at: float) -> list[Op]:
    within = owner(run)
    group = group_at(run, within)
    if within is None:
        ops: list[Op] = [("set", ("step",), event.step), *_went_on(run, at)]
    elif group is not None:
        ops = parallel.step_started(group, within, event, at)
    else:
        ops = [("set", ("parts", within, "step"), event.step)]
    return ops + reasoning.close_thought(run)


def _went_on(run: RunState, at: float) -> list[Op]:
    ops = gates.supersede(run, at)
    if ops and run.status == "waiting":
        ops.append(("set", ("status",), "running"))
    return ops


def _step_reset(run: RunState, event: ev.StepReset) -> list[Op]:
    within = owner(run)
    group = group_at(run, within)
    return [] if group is None or within is None else parallel.step_reset(group, within, event)


def _tool_result(run: RunState, event: ev.ToolResult, at: float) -> list[Op]:
    ops = tools.finish(run, event, at)
    if not ops:
        return []
    index = ops[0][1][1]
    ops += gates.settle_call(run, int(index), event, at)
    ops += delegations.answered(run, int(index), event.result, at)
    return ops + _waiting_or_running(run, but=int(index))


def _hook_result(run: RunState, event: ev.HookResult, at: float) -> list[Op]:
    settled = gates.settle_hook(run, event, at)
    ops = [*settled, *gates.passed(run, event, at)]
    if event.hook_event == "PreResponse" and (event.modified or event.blocked):
        ops += answer.withhold(run, event)
    if event.status == "failed":
        ops += notice(run, "hook_failed", f"A hook failed: {event.message or event.hook_event}.")
    if settled:
        ops.append(("set", ("status",), "running"))
    return ops


def _waiting_or_running(run: RunState, but: int) -> list[Op]:
    """A run waits for its person while any request other than that about a call is pending."""
    if run.status != "waiting":
        return []
    index = index_of(run)
    others = len(index.at("requests", "pending")) - len(index.at("pending about", but))
    return [] if others else [("set", ("status",), "running")]


def _errored(run: RunState, event: ev.Errored) -> list[Op]:
    # Not terminal: the terminal event may still come, and then its status counts.
    return [
        *identity.names(run, event.run_id, None),
        ("set", ("error",), plain(explain(event.details or event.message, event.code))),
    ]


def _graph_known(run: RunState, event: ev.GraphKnown) -> list[Op]:
    left = len(event.blocks) - LISTED
    if left <= 0:
        return blocks.know(run, event)
    text = f"The graph has {left:,} more blocks: they are listed once they run."
    listed = ev.GraphKnown(blocks=event.blocks[:LISTED])
    return [*blocks.know(run, listed), *notice(run, "cut", text)]


def _decision_made(run: RunState, event: ev.DecisionMade, at: float) -> list[Op]:
    ops = gates.decide(run, event, at)
    decided = set(event.digests)
    left = any(part.digest not in decided for part in gates.pending(run))
    if ops and not left and run.status == "waiting":
        ops.append(("set", ("status",), "running"))
    return ops


def _decision_noted(run: RunState, event: ev.DecisionNoted, at: float) -> list[Op]:
    ops = gates.note(run, event, at)
    if ops and event.decision == "pending":
        ops.append(("set", ("status",), "waiting"))
    return ops
