"""The reducer: which event changes what, and how a run ends."""

from collections.abc import Callable
from typing import Any

from powawidget import events as ev
from powawidget.failures import explain
from powawidget.ops import Op, apply
from powawidget.reduce import answer, gates, reasoning, tools
from powawidget.state import (
    ENDED,
    Citation,
    Failure,
    NoticePart,
    RunState,
    Status,
    ToolStatus,
    plain,
    typed,
)

_GOOD_ENDS = frozenset({"completed", "complete", "success", "succeeded", "ok"})
_MAX_CITATIONS = 1000


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
        return _late(run, event)
    handler = _HANDLERS.get(kind)
    if handler is None:
        return []
    ops = [] if kind in _QUIET else _awake(run, at)
    if kind is not ev.ReasoningDelta:
        ops += reasoning.pause(run.reasoning, at)
    return ops + handler(run, event, at)


def _awake(run: RunState, at: float) -> list[Op]:
    ops: list[Op] = []
    if run.started is None:
        ops.append(("set", ("started",), at))
    if run.status in {"connecting", "reconnecting"}:
        ops.append(("set", ("status",), "running"))
    return ops


def _late(run: RunState, event: ev.Event) -> list[Op]:
    """After the end a card that was closed without its result can still get it.

    And what the server did with a stopped run may be learned later.
    """
    if isinstance(event, ev.Learned):
        return _notice(run, "learned", event.text)
    if not isinstance(event, ev.ToolResult) or event.call_id is None:
        return []
    for index, part in tools.calls(run):
        unanswered = part.result is None and part.call_id == event.call_id
        if unanswered and event.step in (None, part.step):
            return tools.answer(index, part, event)
    return []


def _started(run: RunState, event: ev.Started, _: float) -> list[Op]:
    ops = _names(run, event.run_id, event.session_id)
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


def _step_started(run: RunState, event: ev.StepStarted, _: float) -> list[Op]:
    return [("set", ("step",), event.step), *reasoning.close_thought(run)]


def _tool_result(run: RunState, event: ev.ToolResult, at: float) -> list[Op]:
    ops = tools.finish(run, event, at)
    if not ops:
        return []
    index = ops[0][1][1]
    ops += gates.settle_call(run, int(index), event.result, at)
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
    pending = [
        part for _, part in gates.approvals(run) if part.decision == "pending" and part.call != but
    ]
    return [] if pending else [("set", ("status",), "running")]


def _noticed(run: RunState, event: ev.Noticed, _: float) -> list[Op]:
    return _notice(run, event.code, event.text)


def _malformed(run: RunState, event: ev.Malformed, _: float) -> list[Op]:
    return _notice(run, "malformed", f"A frame of the stream was skipped: {event.problem}.")


def _notice(run: RunState, code: str, text: str) -> list[Op]:
    last = len(run.parts) - 1
    before = run.parts[last] if last >= 0 else None
    if isinstance(before, NoticePart) and (before.code, before.text) == (code, text):
        return [("set", ("parts", last, "count"), before.count + 1)]
    return [("set", ("parts", last + 1), plain(NoticePart(code=code, text=text)))]


def _errored(run: RunState, event: ev.Errored, _: float) -> list[Op]:
    # Not terminal: the terminal event may still come, and then its status counts.
    return [
        *_names(run, event.run_id, None),
        ("set", ("error",), plain(explain(event.message, event.code))),
    ]


def _completed(run: RunState, event: ev.Completed, at: float) -> list[Op]:
    # Without a status an error that came before it counts.
    good = event.status.lower() in _GOOD_ENDS if event.status else run.error is None
    content = event.content
    return _in_turn(
        run,
        lambda now: _names(now, event.run_id, event.session_id),
        lambda now: [] if content is None else answer.replace(now, content),
        lambda now: tools.upgrade(now, event.tool_calls),
        lambda _: [("set", ("usage",), event.usage)] if event.usage else [],
        lambda _: [("set", ("citations",), _citations(event.citations))] if event.citations else [],
        lambda now: _forgive(now) if good else _blame(now, event),
        lambda now: _end(now, "completed" if good else "failed", at),
    )


def _in_turn(run: RunState, *phases: Callable[[RunState], list[Op]]) -> list[Op]:
    """Chain changes that build on one another, on a copy: the run itself isn't changed here."""
    draft: RunState = typed(plain(run), RunState)
    ops: list[Op] = []
    for phase in phases:
        changes = phase(draft)
        apply(draft, changes)
        ops += changes
    return ops


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
        hint="What came is kept. The run may still be going on at the server.",
    )
    return [("set", ("error",), plain(failure)), *_end(run, "interrupted", at)]


def _interrupted(run: RunState, event: ev.Interrupted, at: float) -> list[Op]:
    if run.error is not None:
        # The server had told why before the line went down.
        return _end(run, "failed", at)
    return [_failure(event), *_end(run, "interrupted", at)]


def _stopped(run: RunState, event: ev.Stopped, at: float) -> list[Op]:
    return [*_notice(run, "stopped", event.message), *_end(run, "stopped", at)]


def _refused(run: RunState, event: ev.Refused, at: float) -> list[Op]:
    return [_failure(event), *_end(run, "failed", at)]


def _failure(event: ev.Interrupted | ev.Refused) -> Op:
    failure = Failure(title=event.title, message=event.message, code=event.code, hint=event.hint)
    return ("set", ("error",), plain(failure))


def _end(run: RunState, status: Status, at: float) -> list[Op]:
    """End the run, and close whatever is still open in the sense in which it ended."""
    return [
        *tools.close(run, _CLOSED_AS[status], at),
        *gates.close(run, at),
        *reasoning.close_thought(run),
        ("set", ("status",), status),
        ("set", ("ended",), at),
    ]


def _citations(listed: list[Any]) -> list[dict[str, Any]]:
    return [
        plain(
            Citation(
                key=str(item.get("key", index + 1))[:100],
                source=str(item.get("source_name") or "")[:500],
                excerpt=str(item.get("text_excerpt") or "")[:2000],
            )
        )
        for index, item in enumerate(listed[:_MAX_CITATIONS])
        if isinstance(item, dict)
    ]


def _decision_made(run: RunState, event: ev.DecisionMade, at: float) -> list[Op]:
    ops = gates.decide(run, event, at)
    left = [
        part
        for _, part in gates.approvals(run)
        if part.decision == "pending" and part.digest not in event.digests
    ]
    if ops and not left and run.status == "waiting":
        ops.append(("set", ("status",), "running"))
    return ops


def _decision_noted(run: RunState, event: ev.DecisionNoted, _: float) -> list[Op]:
    ops = gates.note(run, event)
    if ops and event.decision == "pending":
        ops.append(("set", ("status",), "waiting"))
    return ops


_CLOSED_AS: dict[Status, ToolStatus] = {
    "completed": "done",
    "failed": "failed",
    "stopped": "interrupted",
    "interrupted": "interrupted",
}
_QUIET = frozenset({ev.Refused, ev.Stopped, ev.Interrupted, ev.Ended})
_Handler = Callable[[RunState, Any, float], list[Op]]
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
    ev.Malformed: _malformed,
    ev.Errored: _errored,
    ev.Completed: _completed,
    ev.Ended: _ended,
    ev.Interrupted: _interrupted,
    ev.Stopped: _stopped,
    ev.Refused: _refused,
}
