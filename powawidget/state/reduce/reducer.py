"""The reducer: which event changes what, and how a run ends."""

from collections.abc import Callable
from typing import Any

from powawidget.protocol import events as ev
from powawidget.protocol.events.bounds import LISTED, SENTENCES, cut
from powawidget.state.explain import explain
from powawidget.state.model import (
    ENDED,
    Citation,
    Failure,
    NoticePart,
    RunState,
    Status,
    WorkStatus,
    plain,
)
from powawidget.state.ops import Op, apply
from powawidget.state.reduce import (
    answer,
    blocks,
    children,
    delegations,
    gates,
    parallel,
    reasoning,
    restore,
    tools,
    waits,
)
from powawidget.state.reduce.draft import in_turn
from powawidget.state.reduce.index import index_of
from powawidget.state.reduce.place import group_at, place

_GOOD_ENDS = frozenset({"completed", "complete", "success", "succeeded", "ok"})


def reduce(run: RunState, event: ev.Event, at: float) -> list[Op]:
    """Say what an event changes in a run.

    Args:
        run: The run before the event; it isn't changed.
        event: What the stream said.
        at: When it came, in seconds since the epoch.

    Returns:
        The changes, in order; none for an event that shows nothing.
    """
    kind = type(event)
    if kind is ev.TextDelta and run.status == "running" and run.reasoning.since is None:
        return answer.delta(run, event)  # type: ignore[arg-type]  # the one frame in a thousand
    if run.status in ENDED:
        return _late(run, event, at)
    if run.kind == "workflow" or (_is_fresh(run) and ev.ends_workflow(event)):
        event = ev.in_workflow(event)
        kind = type(event)
    handler = _HANDLERS.get(kind)
    if handler is None:
        return []
    ops = [] if kind in _QUIET else _awake(run, at)
    if kind is not ev.ReasoningDelta:
        ops += reasoning.pause(run.reasoning, at)
    return ops + handler(run, event, at)


def _is_fresh(run: RunState) -> bool:
    """Tell a run of which nothing is known yet, not even of which kind it is."""
    return run.kind == "agent" and run.run_id is None and not run.parts


def _awake(run: RunState, at: float) -> list[Op]:
    ops: list[Op] = []
    if run.started is None:
        ops.append(("set", ("started",), at))
    if run.status in {"connecting", "reconnecting"}:
        ops.append(("set", ("status",), "running"))
    return ops


def _late(run: RunState, event: ev.Event, at: float) -> list[Op]:
    """After the end a card that was closed without its result can still get it.

    And what the server did with a run that was cut or stopped may be learned later, or what it has
    stored of its parts, or which run it was.
    """
    handler = _LATE.get(type(event))
    if handler is not None:
        return handler(run, event, at)
    if isinstance(event, ev.Restored) and run.status == "interrupted":
        return restore.take_over(run, event, _folded(event.events, at), at)
    if not isinstance(event, ev.ToolResult) or event.call_id is None:
        return []
    step = () if event.step is None else (event.step,)
    for index, part in tools.calls_at(run, "unanswered", event.call_id, *step):
        return tools.answer(index, part, event)
    return []


def _folded(events: list[ev.Event], at: float) -> RunState:
    run = RunState()
    for event in events:
        apply(run, reduce(run, event, at))
    return run


def _started(run: RunState, event: ev.Started, _: float) -> list[Op]:
    ops = _names(run, event.run_id, event.session_id)
    if event.run_id and event.run_id.startswith(_ORCHESTRATION) and run.kind == "agent":
        ops.append(("set", ("kind",), "orchestration"))
    if event.citations:
        ops.append(("set", ("citations",), _citations(event.citations)))
    return ops


def _names(run: RunState, run_id: str | None, session_id: str | None) -> list[Op]:
    ops: list[Op] = []
    if run_id and run_id != run.run_id:
        ops.append(("set", ("run_id",), run_id))
    if session_id and session_id != run.session_id:
        ops.append(("set", ("session_id",), session_id))
    return ops


def _step_started(run: RunState, event: ev.StepStarted, at: float) -> list[Op]:
    where = place(run)
    group = group_at(run, where)
    if where is None:
        ops: list[Op] = [("set", ("step",), event.step), *_went_on(run, at)]
    elif group is not None:
        ops = parallel.step_started(group, where, event, at)
    else:
        ops = [("set", ("parts", where, "step"), event.step)]
    return ops + reasoning.close_thought(run)


def _went_on(run: RunState, at: float) -> list[Op]:
    ops = gates.supersede(run, at)
    if ops and run.status == "waiting":
        ops.append(("set", ("status",), "running"))
    return ops


def _step_reset(run: RunState, event: ev.StepReset, _: float) -> list[Op]:
    where = place(run)
    group = group_at(run, where)
    return [] if group is None or where is None else parallel.step_reset(group, where, event)


def _tool_result(run: RunState, event: ev.ToolResult, at: float) -> list[Op]:
    ops = tools.finish(run, event, at)
    if not ops:
        return []
    index = ops[0][1][1]
    ops += gates.settle_call(run, int(index), event.result, at)
    ops += delegations.answered(run, int(index), event.result, at)
    return ops + _waiting_or_running(run, but=int(index))


def _approval_requested(run: RunState, event: ev.ApprovalRequested, at: float) -> list[Op]:
    return [*gates.ask(run, event, at), ("set", ("status",), "waiting")]


def _hook_result(run: RunState, event: ev.HookResult, at: float) -> list[Op]:
    settled = gates.settle_hook(run, event, at)
    ops = list(settled)
    if event.hook_event == "PreResponse" and (event.modified or event.blocked):
        ops += answer.withhold(run, event)
    if event.status == "failed":
        ops += _notice(run, "hook_failed", f"A hook failed: {event.message or event.hook_event}.")
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


def _noticed(run: RunState, event: ev.Noticed, _: float) -> list[Op]:
    return _notice(run, event.code, event.text, place(run))


def _malformed(run: RunState, event: ev.Malformed, _: float) -> list[Op]:
    skipped = f"A frame of the stream was skipped: {event.problem}."
    return _notice(run, "malformed", skipped, place(run))


def _notice(run: RunState, code: str, text: str, where: int | None = None) -> list[Op]:
    last = len(run.parts) - 1
    before = run.parts[last] if last >= 0 else None
    part = NoticePart(code=code, text=text, within=where)
    if isinstance(before, NoticePart) and before == _counted(part, before.count):
        return [("set", ("parts", last, "count"), before.count + 1)]
    return [("set", ("parts", last + 1), plain(part))]


def _counted(part: NoticePart, count: int) -> NoticePart:
    return NoticePart(code=part.code, text=part.text, within=part.within, count=count)


def _errored(run: RunState, event: ev.Errored, _: float) -> list[Op]:
    # Not terminal: the terminal event may still come, and then its status counts.
    return [
        *_names(run, event.run_id, None),
        ("set", ("error",), plain(explain(event.message, event.code))),
    ]


def _completed(run: RunState, event: ev.Completed, at: float) -> list[Op]:
    # Without a status an error that came before it counts.
    good = event.status.lower() in _GOOD_ENDS if event.status else run.error is None
    return in_turn(
        run,
        lambda now: _names(now, event.run_id, event.session_id),
        lambda now: answer.conclude(now, event.content),
        lambda now: tools.upgrade(now, event.tool_calls),
        lambda _: [("set", ("usage",), event.usage)] if event.usage else [],
        lambda _: [("set", ("citations",), _citations(event.citations))] if event.citations else [],
        lambda now: _forgive(now) if good else _blame(now, event),
        lambda now: _end(now, "completed" if good else "failed", at),
    )


def _forgive(run: RunState) -> list[Op]:
    """The terminal event's status counts: an error before it becomes a note."""
    if run.error is None:
        return []
    note = _notice(run, "error", f"Error on the way: {run.error.message}")
    return [("set", ("error",), None), *note]


def _blame(run: RunState, event: ev.Completed) -> list[Op]:
    if not event.error and run.error is not None:
        return []
    message = event.error or "The server ended the run as failed without saying why."
    return [("set", ("error",), plain(explain(message, event.code)))]


def _ended(run: RunState, _: ev.Ended, at: float) -> list[Op]:
    if run.error is not None:
        return _end(run, "failed", at)
    failure = Failure(
        title="The stream ended before the run was complete",
        message="The server closed the stream without its final event.",
        hint="What came is kept. The server may have stored the execution as completed all the "
        "same, with the blocks that were done."
        if run.kind == "workflow"
        else "What came is kept. The run may still be going on at the server.",
    )
    return [("set", ("error",), plain(failure)), *_end(run, "interrupted", at)]


def _interrupted(run: RunState, event: ev.Interrupted, at: float) -> list[Op]:
    if run.error is not None:
        # The server had told why before the line went down.
        return _end(run, "failed", at)
    return [_failure(event), *_end(run, "interrupted", at)]


def _workflow_started(run: RunState, event: ev.WorkflowStarted, _: float) -> list[Op]:
    return _names(run, event.execution_id, None)


def _workflow_completed(run: RunState, event: ev.WorkflowCompleted, at: float) -> list[Op]:
    says_nothing = event.execution_id is None and event.result is None
    if run.kind != "workflow" and (says_nothing or not _is_fresh(run)):
        return []  # another stream's frame of that name
    ops = [*_workflow(run), *_names(run, event.execution_id, None)]
    if event.result is not None and event.result != run.output:
        ops.append(("set", ("output",), event.result))
    return [*ops, *_end(run, "completed", at)]


def _workflow_failed(run: RunState, event: ev.WorkflowFailed, at: float) -> list[Op]:
    return [
        *_workflow(run),
        *_names(run, event.execution_id, None),
        ("set", ("error",), plain(explain(event.message, event.code))),
        *_end(run, "failed", at),
    ]


def _workflow(run: RunState) -> list[Op]:
    return [] if run.kind == "workflow" else [("set", ("kind",), "workflow")]


def _of_workflow(handler: "_Handler") -> "_Handler":
    """Note that a run is a workflow's, where only its frames can tell."""
    return lambda run, event, at: _workflow(run) + handler(run, event, at)


def _graph_known(run: RunState, event: ev.GraphKnown, _: float) -> list[Op]:
    left = len(event.blocks) - LISTED
    if left <= 0:
        return blocks.know(run, event)
    said = f"The graph has {left:,} more blocks: they are listed once they run."
    listed = ev.GraphKnown(blocks=event.blocks[:LISTED])
    return [*blocks.know(run, listed), *_notice(run, "cut", said)]


def _stopped(run: RunState, event: ev.Stopped, at: float) -> list[Op]:
    return [*_notice(run, "stopped", event.message), *_end(run, "stopped", at)]


def _refused(run: RunState, event: ev.Refused, at: float) -> list[Op]:
    return [_failure(event), *_end(run, "failed", at)]


def _failure(event: ev.Interrupted | ev.Refused) -> Op:
    failure = Failure(title=event.title, message=event.message, code=event.code, hint=event.hint)
    return ("set", ("error",), plain(failure))


def _end(run: RunState, status: Status, at: float) -> list[Op]:
    """End the run, and close whatever is still open in the sense in which it ended."""
    closed = _CLOSED_AS[status]
    return [
        *tools.close(run, closed, at),
        *delegations.close(run, closed, at),
        *blocks.close(run, status, at),
        *gates.close(run, at),
        *reasoning.close_thought(run),
        *waits.clear(run),
        ("set", ("status",), status),
        ("set", ("ended",), at),
    ]


def _citations(listed: list[Any]) -> list[dict[str, Any]]:
    cited: list[dict[str, Any]] = [
        plain(
            Citation(
                key=cut(str(item.get("key", index + 1))),
                source=cut(str(item.get("source_name") or "")),
                excerpt=cut(str(item.get("text_excerpt") or ""), SENTENCES),
            )
        )
        for index, item in enumerate(listed[:LISTED])
        if isinstance(item, dict)
    ]
    if len(listed) > LISTED:
        cited.append(plain(Citation(key="…", source=f"{len(listed) - LISTED:,} more sources")))
    return cited


def _decision_made(run: RunState, event: ev.DecisionMade, at: float) -> list[Op]:
    ops = gates.decide(run, event, at)
    decided = set(event.digests)
    left = any(part.digest not in decided for part in gates.pending(run))
    if ops and not left and run.status == "waiting":
        ops.append(("set", ("status",), "running"))
    return ops


def _decision_noted(run: RunState, event: ev.DecisionNoted, _: float) -> list[Op]:
    ops = gates.note(run, event)
    if ops and event.decision == "pending":
        ops.append(("set", ("status",), "waiting"))
    return ops


_ORCHESTRATION = "orch_run_"
_CLOSED_AS: dict[Status, WorkStatus] = {
    "completed": "done",
    "failed": "failed",
    "stopped": "interrupted",
    "interrupted": "interrupted",
}
_QUIET = frozenset(
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
    }
)
_Handler = Callable[[RunState, Any, float], list[Op]]
_LATE: dict[type[ev.Event], _Handler] = {
    ev.Learned: lambda run, event, _: _notice(run, "learned", event.text),
    ev.Troubled: lambda run, event, _: _notice(run, "trouble", event.text),
    ev.WorkflowStarted: lambda run, event, _: (
        [] if run.run_id else _names(run, event.execution_id, None)
    ),
    ev.StoredChildren: lambda run, event, _: children.fold(run, event),
    ev.StoredBlocks: lambda run, event, _: blocks.fold_logs(run, event),
    ev.Waiting: lambda run, event, _: waits.begin(run, event),
    ev.WaitOver: lambda run, _event, _at: waits.end(run),
}
_HANDLERS: dict[type[ev.Event], _Handler] = {
    ev.Opened: lambda _run, _event, _at: [],
    ev.Started: _started,
    ev.StepStarted: _step_started,
    ev.TextDelta: lambda run, event, _: answer.delta(run, event),
    ev.Chunk: lambda run, event, _: answer.chunk(run, event),
    ev.ReasoningDelta: reasoning.delta,
    ev.ReasoningWhole: lambda run, event, _: reasoning.whole(run, event),
    ev.ToolCallStarted: tools.begin,
    ev.ToolResult: _tool_result,
    ev.ApprovalRequested: _approval_requested,
    ev.DecisionMade: _decision_made,
    ev.DecisionNoted: _decision_noted,
    ev.DeadlineKnown: lambda run, event, _: gates.deadline(run, event),
    ev.HookResult: _hook_result,
    ev.StepCompleted: lambda _run, _event, _at: [],
    ev.Noticed: _noticed,
    ev.Troubled: lambda run, event, _: _notice(run, "trouble", event.text, place(run)),
    ev.Malformed: _malformed,
    ev.StepReset: _step_reset,
    ev.OrchestrationStarted: delegations.start,
    ev.OrchestrationCompleted: delegations.end,
    ev.DelegationStarted: delegations.delegate,
    ev.DelegationCompleted: delegations.complete,
    ev.SequentialStep: delegations.step,
    ev.EntityChunk: delegations.entity,
    ev.AgentsKnown: lambda run, event, _: parallel.name_agents(run, event),
    ev.StoredChildren: lambda run, event, _: children.fold(run, event),
    ev.WorkflowStarted: _of_workflow(_workflow_started),
    ev.BlockStarted: _of_workflow(blocks.start),
    ev.BlockChunk: _of_workflow(blocks.chunk),
    ev.BlockOutput: _of_workflow(blocks.output),
    ev.BlockCompleted: _of_workflow(blocks.complete),
    ev.BlockFailed: _of_workflow(blocks.fail),
    ev.GraphKnown: _of_workflow(_graph_known),
    ev.StoredBlocks: _of_workflow(lambda run, event, _: blocks.fold_logs(run, event)),
    ev.WorkflowCompleted: _workflow_completed,
    ev.WorkflowFailed: _workflow_failed,
    ev.Errored: _errored,
    ev.Completed: _completed,
    ev.Ended: _ended,
    ev.Interrupted: _interrupted,
    ev.Stopped: _stopped,
    ev.Refused: _refused,
    ev.Waiting: lambda run, event, _: waits.begin(run, event),
    ev.WaitOver: lambda run, _event, _at: waits.end(run),
}
