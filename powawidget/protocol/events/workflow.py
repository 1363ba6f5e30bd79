"""The frames of a workflow's stream (docs/protocol.md#workflow-frames)."""

from typing import Any, final

from powawidget.protocol.database_errors import frame_told, without_dump, without_sql
from powawidget.protocol.events import fields
from powawidget.protocol.events.decoding import as_json
from powawidget.protocol.events.event import BaseEvent, Frame, Reader

FAILED = frozenset({"failed", "error", "cancelled"})


@final
class WorkflowStarted(BaseEvent, frozen=True, kw_only=True):
    """The server named the execution."""

    execution_id: str | None


@final
class BlockStarted(BaseEvent, frozen=True, kw_only=True):
    """A block begins."""

    block_id: str
    block_type: str


@final
class BlockChunk(BaseEvent, frozen=True, kw_only=True):
    """A piece of what an agent block says."""

    block_id: str
    text: str


@final
class BlockOutput(BaseEvent, frozen=True, kw_only=True):
    """What a block gives, as JSON text; the block isn't over yet."""

    block_id: str
    output: str


@final
class BlockCompleted(BaseEvent, frozen=True, kw_only=True):
    """A block is over; it may have failed all the same.

    `output` is JSON text, or None where the dialect sends it before.
    """

    block_id: str
    block_type: str
    output: str | None
    error: str | None
    failed: bool
    seconds: float | None


@final
class BlockFailed(BaseEvent, frozen=True, kw_only=True):
    """A block is over and gave nothing."""

    block_id: str
    block_type: str
    error: str
    seconds: float | None


@final
class WorkflowCompleted(BaseEvent, frozen=True, kw_only=True):
    """The terminal event, also after blocks that failed. `result` is JSON text."""

    execution_id: str | None
    result: str | None


@final
class WorkflowFailed(BaseEvent, frozen=True, kw_only=True):
    """The terminal event of an execution that the server gave up."""

    execution_id: str | None
    message: str
    code: str | None
    details: str | None = None


WorkflowEvent = (
    WorkflowStarted
    | BlockStarted
    | BlockChunk
    | BlockOutput
    | BlockCompleted
    | BlockFailed
    | WorkflowCompleted
    | WorkflowFailed
)


def completed(frame: Frame) -> WorkflowCompleted:
    """Read the end of a workflow."""
    return WorkflowCompleted(
        execution_id=execution_id(frame),
        result=as_json(frame["result"]) if "result" in frame else None,
        raw=frame,
    )


def failed(frame: Frame) -> WorkflowFailed:
    """Read the failure of a workflow."""
    message = fields.error_of(frame)
    told = without_sql(message)
    return WorkflowFailed(
        execution_id=execution_id(frame),
        message=told,
        details=None if told == message else message,
        code=fields.maybe_text(frame, "error_code", "code"),
        raw=frame_told(frame, without_sql),
    )


def chunk(frame: Frame) -> BlockChunk:
    """Read a piece of what an agent block says."""
    return BlockChunk(
        block_id=fields.text(frame, "block_id"),
        text=fields.text(frame, "chunk", "delta", "content", "text"),
        raw=frame,
    )


def execution_id(frame: Frame) -> str | None:
    """Read the name of an execution."""
    return fields.maybe_text(frame, "execution_id", "run_id")


def _workflow_started(frame: Frame) -> WorkflowStarted:
    return WorkflowStarted(execution_id=execution_id(frame), raw=frame)


def _block_started(frame: Frame) -> BlockStarted:
    return BlockStarted(
        block_id=fields.text(frame, "block_id"), block_type=_block_type(frame), raw=frame
    )


def _block_output(frame: Frame) -> BlockOutput:
    block_id = fields.text(frame, "block_id")
    for name in ("output", "result", "data"):
        if name in frame:
            return BlockOutput(block_id=block_id, output=as_json(frame[name]), raw=frame)
    raise fields.WrongShapeError


def _block_completed(frame: Frame) -> BlockCompleted:
    block_type = _block_type(frame)
    data = frame.get("data", frame)
    error = fields.error_text(data.get("error")) if isinstance(data, dict) else None
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
        error=None if error is None else without_dump(error),
        failed=error is not None or refused,
        seconds=fields.seconds(frame),
        raw=frame if error is None else frame_told(frame, without_dump),
    )


def _block_failed(frame: Frame) -> BlockFailed:
    data = frame.get("data")
    return BlockFailed(
        block_id=fields.text(frame, "block_id"),
        block_type=_block_type(frame),
        error=without_dump(fields.error_of(data if isinstance(data, dict) else frame)),
        seconds=fields.seconds(frame),
        raw=frame_told(frame, without_dump),
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
