"""The frames of a workflow's stream (docs/protocol.md#workflow-frames)."""

from typing import Any

from powawidget.protocol.events import fields
from powawidget.protocol.events.agent import Completed, Errored
from powawidget.protocol.events.bounds import bounded
from powawidget.protocol.events.decoding import as_json
from powawidget.protocol.events.event import Event, Frame, Reader, Unknown

FAILED = frozenset({"failed", "error", "cancelled"})


class WorkflowStarted(Event, frozen=True, kw_only=True):
    """The server named the execution."""

    execution_id: str | None


class BlockStarted(Event, frozen=True, kw_only=True):
    """A block begins."""

    block_id: str
    block_type: str


class BlockChunk(Event, frozen=True, kw_only=True):
    """A piece of what an agent block says."""

    block_id: str
    text: str


class BlockOutput(Event, frozen=True, kw_only=True):
    """What a block gives, as JSON text; the block isn't over yet."""

    block_id: str
    output: str


class BlockCompleted(Event, frozen=True, kw_only=True):
    """A block is over; it may have failed all the same.

    `output` is JSON text, or None where the dialect tells it before.
    """

    block_id: str
    block_type: str
    output: str | None
    error: str | None
    failed: bool
    seconds: float | None


class BlockFailed(Event, frozen=True, kw_only=True):
    """A block is over and gave nothing."""

    block_id: str
    block_type: str
    error: str
    seconds: float | None


class WorkflowCompleted(Event, frozen=True, kw_only=True):
    """The terminal event, also after blocks that failed. `result` is JSON text."""

    execution_id: str | None
    result: str | None


class WorkflowFailed(Event, frozen=True, kw_only=True):
    """The terminal event of an execution that the server gave up."""

    execution_id: str | None
    message: str
    code: str | None


def in_workflow(event: Event) -> Event:
    """Say what an event means in a workflow's stream.

    An error ends a workflow, and so does `complete`, or any frame that carries the result: the
    documentation doesn't name the last one.

    Args:
        event: What was read.

    Returns:
        The same event, or the end that it is for a workflow.
    """
    return bounded(_meant(event))


def _meant(event: Event) -> Event:
    frame = event.raw if isinstance(event.raw, dict) else {}
    if isinstance(event, Errored):
        return WorkflowFailed(
            execution_id=_execution_id(frame) or event.run_id,
            message=event.message,
            code=event.code,
            raw=event.raw,
        )
    if isinstance(event, Completed):
        if event.status.lower() in FAILED:
            return failed(frame)
        return completed(frame)
    if isinstance(event, Unknown) and "result" in frame and "block_id" not in frame:
        return completed(frame)
    return event


def ends_workflow(event: Event) -> bool:
    """Tell a workflow's `complete` or `error` from those of other streams.

    Args:
        event: The first thing that a stream said.

    Returns:
        Whether only a workflow says it so.
    """
    frame = event.raw
    if not isinstance(event, Errored | Completed) or not isinstance(frame, dict):
        return False
    if isinstance(frame.get("execution_id"), str):
        return True
    return "event" not in frame and ("error_code" in frame or "result" in frame)


def completed(frame: Frame) -> Event:
    """Read the end of a workflow."""
    return WorkflowCompleted(
        execution_id=_execution_id(frame),
        result=as_json(frame["result"]) if "result" in frame else None,
        raw=frame,
    )


def failed(frame: Frame) -> Event:
    """Read the failure of a workflow."""
    return WorkflowFailed(
        execution_id=_execution_id(frame),
        message=fields.error_of(frame),
        code=fields.maybe_text(frame, "error_code", "code"),
        raw=frame,
    )


def chunk(frame: Frame) -> Event:
    """Read a piece of what an agent block says."""
    return BlockChunk(
        block_id=fields.text(frame, "block_id"),
        text=fields.text(frame, "chunk", "delta", "content", "text"),
        raw=frame,
    )


def _execution_id(frame: Frame) -> str | None:
    return fields.maybe_text(frame, "execution_id", "run_id")


def _workflow_started(frame: Frame) -> Event:
    return WorkflowStarted(execution_id=_execution_id(frame), raw=frame)


def _block_started(frame: Frame) -> Event:
    return BlockStarted(
        block_id=fields.text(frame, "block_id"), block_type=_block_type(frame), raw=frame
    )


def _block_output(frame: Frame) -> Event:
    block_id = fields.text(frame, "block_id")
    for name in ("output", "result", "data"):
        if name in frame:
            return BlockOutput(block_id=block_id, output=as_json(frame[name]), raw=frame)
    raise fields.WrongShapeError


def _block_completed(frame: Frame) -> Event:
    block_type = _block_type(frame)
    data = frame.get("data", frame)
    error = fields.said(data.get("error")) if isinstance(data, dict) else None
    # A failed orchestration says so only here, and without its error.
    refused = (
        block_type == "orchestration"
        and isinstance(data, dict)
        and fields.maybe_text(data, "status") in FAILED
    )
    return BlockCompleted(
        block_id=fields.text(frame, "block_id"),
        block_type=block_type,
        output=None if data is frame and "output" not in frame else output_of(data),
        error=error,
        failed=error is not None or refused,
        seconds=fields.seconds(frame),
        raw=frame,
    )


def _block_failed(frame: Frame) -> Event:
    data = frame.get("data")
    return BlockFailed(
        block_id=fields.text(frame, "block_id"),
        block_type=_block_type(frame),
        error=fields.error_of(data if isinstance(data, dict) else frame),
        seconds=fields.seconds(frame),
        raw=frame,
    )


def _block_type(frame: Frame) -> str:
    return fields.maybe_text(frame, "block_type") or ""


def output_of(data: Any) -> str | None:
    """Read what a block gives, as JSON text; a block that failed gives nothing."""
    if not isinstance(data, dict):
        return as_json(data)
    if "output" in data:
        empty = data["output"] is None and data.get("error") is not None
        return None if empty else as_json(data["output"])
    rest = {name: value for name, value in data.items() if name != "error"}
    return as_json(rest) if rest else None


READERS: dict[str, Reader] = {
    "workflow_start": _workflow_started,
    "block_start": _block_started,
    "block_started": _block_started,
    "block_chunk": chunk,
    "block_output": _block_output,
    "block_complete": _block_completed,
    "block_completed": _block_completed,
    "block_error": _block_failed,
    "done": completed,
    "workflow_complete": completed,
    "workflow_error": failed,
}
