"""How a run ends, and what closes with it."""

from powawidget.protocol import events as ev
from powawidget.state.explain import explain
from powawidget.state.model import Failure, RunState, RunStatus, WorkStatus, plain
from powawidget.state.ops import Op
from powawidget.state.reduce import (
    answer,
    blocks,
    delegations,
    gates,
    identity,
    reasoning,
    tools,
    waits,
)
from powawidget.state.reduce.draft import in_turn
from powawidget.state.reduce.notices import notice

_GOOD_ENDS = frozenset({"completed", "complete", "success", "succeeded", "ok"})
_CLOSED_AS: dict[RunStatus, WorkStatus] = {
    "completed": "done",
    "failed": "failed",
    "stopped": "interrupted",
    "interrupted": "interrupted",
}


def completed(run: RunState, event: ev.Completed, at: float) -> list[Op]:
    """End an agent's or an orchestration's run as its terminal event says."""
    # Without a status an error that came before it counts.
    good = event.status.lower() in _GOOD_ENDS if event.status else run.error is None
    return in_turn(
        run,
        lambda now: identity.names(now, event.run_id, event.session_id),
        lambda now: answer.conclude(now, event.content),
        lambda now: tools.upgrade(now, event.tool_calls),
        lambda _: [("set", ("usage",), event.usage)] if event.usage else [],
        lambda _: (
            [("set", ("citations",), identity.citations(event.citations))]
            if event.citations
            else []
        ),
        lambda now: _forgive(now) if good else _blame(now, event),
        lambda now: _end(now, "completed" if good else "failed", at),
    )


def _forgive(run: RunState) -> list[Op]:
    """The terminal event's status counts: an error before it becomes a note."""
    if run.error is None:
        return []
    note = notice(run, "error", f"Error on the way: {run.error.message}")
    return [("set", ("error",), None), *note]


def _blame(run: RunState, event: ev.Completed) -> list[Op]:
    if not event.error and run.error is not None:
        return []
    message = (
        event.details or event.error or "The server ended the run as failed without saying why."
    )
    return [("set", ("error",), plain(explain(message, event.code)))]


def ended(run: RunState, at: float) -> list[Op]:
    """End a run whose body ended without a terminal event."""
    if run.error is not None:
        return _end(run, "failed", at)
    hint = "What came is kept. The run may still be going on at the server."
    if run.kind == "workflow":
        hint = (
            "What came is kept. The server may have stored the execution as completed all the "
            "same, with the blocks that were done."
        )
    elif run.run_id is None and run.origin == "live":
        hint = (
            "The run may have started at the server all the same; it wasn't sent again, since each "
            "one costs."
        )
    failure = Failure(
        title="The stream ended before the run was complete",
        message="The server closed the stream without its final event.",
        hint=hint,
    )
    return [("set", ("error",), plain(failure)), *_end(run, "interrupted", at)]


def interrupted(run: RunState, event: ev.Interrupted, at: float) -> list[Op]:
    """End a run whose stream broke off."""
    if run.error is not None:
        # The server said why before the connection was lost.
        return _end(run, "failed", at)
    return [_failure(event), *_end(run, "interrupted", at)]


def workflow_completed(run: RunState, event: ev.WorkflowCompleted, at: float) -> list[Op]:
    """End a workflow that came to its end."""
    is_bare = event.execution_id is None and event.result is None
    if run.kind != "workflow" and (is_bare or not identity.is_fresh(run)):
        return []  # another stream's frame of that name
    ops = [*identity.mark_workflow(run), *identity.names(run, event.execution_id, None)]
    if event.result is not None and event.result != run.output:
        ops.append(("set", ("output",), event.result))
    return [*ops, *_end(run, "completed", at)]


def workflow_failed(run: RunState, event: ev.WorkflowFailed, at: float) -> list[Op]:
    """End a workflow that the server gave up."""
    return [
        *identity.mark_workflow(run),
        *identity.names(run, event.execution_id, None),
        ("set", ("error",), plain(explain(event.details or event.message, event.code))),
        *_end(run, "failed", at),
    ]


def stopped(run: RunState, event: ev.Stopped, at: float) -> list[Op]:
    """End a run that a person stopped."""
    return [*notice(run, "stopped", event.message), *_end(run, "stopped", at)]


def refused(run: RunState, event: ev.Refused, at: float) -> list[Op]:
    """End a run that the server didn't accept."""
    return [_failure(event), *_end(run, "failed", at)]


def _failure(event: ev.Interrupted | ev.Refused) -> Op:
    failure = Failure(title=event.title, message=event.message, code=event.code, hint=event.hint)
    return ("set", ("error",), plain(failure))


def _end(run: RunState, status: RunStatus, at: float) -> list[Op]:
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
