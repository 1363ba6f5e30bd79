"""What ends a workflow's stream: frames that mean something else in other streams.

Rules: docs/protocol.md#workflow-frames.
"""

import msgspec

from powawidget.protocol.events.agent import Completed, Errored
from powawidget.protocol.events.bounds import bounded
from powawidget.protocol.events.event import Unknown
from powawidget.protocol.events.union import Event
from powawidget.protocol.events.workflow import (
    FAILED,
    WorkflowFailed,
    completed,
    execution_id,
    failed,
)


def in_workflow(event: Event) -> Event:
    """Say what an event means in a workflow's stream.

    An error ends a workflow, and so does `complete`, or any frame that carries the result: the
    documentation doesn't name the last one.

    Returns:
        The same event, or the end that it is for a workflow.
    """
    meant = _meant(event)
    return event if meant is event else bounded(meant)


def _meant(event: Event) -> Event:
    frame = event.raw if isinstance(event.raw, dict) else {}
    if isinstance(event, Errored):
        return WorkflowFailed(
            execution_id=execution_id(frame) or event.run_id,
            message=event.message,
            details=event.details,
            code=event.code,
            raw=event.raw,
        )
    if isinstance(event, Completed):
        if event.status.lower() in FAILED:
            return msgspec.structs.replace(failed(frame), details=event.details)
        return completed(frame)
    if isinstance(event, Unknown) and "result" in frame and "block_id" not in frame:
        return completed(frame)
    return event


def ends_workflow(event: Event) -> bool:
    """Tell a workflow's `complete` or `error` from those of other streams.

    Returns:
        Whether only a workflow says it so.
    """
    frame = event.raw
    if not isinstance(event, Errored | Completed) or not isinstance(frame, dict):
        return False
    if isinstance(frame.get("execution_id"), str):
        return True
    return "event" not in frame and ("error_code" in frame or "result" in frame)
