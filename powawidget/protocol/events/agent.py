"""The frames of an agent's stream (docs/protocol.md#agent-frames)."""

from collections.abc import Callable
from typing import Any, final

import msgspec

from powawidget.protocol.database_errors import frame_told, without_sql
from powawidget.protocol.events import fields
from powawidget.protocol.events.event import (
    BaseEvent,
    Frame,
    Housekeeping,
    Reader,
)


@final
class Started(BaseEvent, frozen=True, kw_only=True):
    """The server accepted the run and named it."""

    run_id: str | None
    session_id: str | None
    citations: list[Any] = msgspec.field(default_factory=list)


@final
class StepStarted(BaseEvent, frozen=True, kw_only=True):
    """A model call begins; the same number comes again after a recovery."""

    step: int


@final
class TextDelta(BaseEvent, frozen=True, kw_only=True):
    """A piece of the answer."""

    text: str


@final
class Chunk(BaseEvent, frozen=True, kw_only=True):
    """The whole answer again, or an increment where no delta came before."""

    text: str


@final
class PartialChunk(BaseEvent, frozen=True, kw_only=True):
    """The partial text of a step that broke: it was streamed already."""

    text: str


@final
class ReasoningDelta(BaseEvent, frozen=True, kw_only=True):
    """A piece of the model's thinking."""

    step: int | None
    text: str


@final
class ReasoningWhole(BaseEvent, frozen=True, kw_only=True):
    """All thinking of one step; it repeats the step's deltas."""

    step: int | None
    text: str


@final
class ToolCallStarted(BaseEvent, frozen=True, kw_only=True):
    """The model asks for a tool. `arguments` is JSON text; empty where they are still to come."""

    step: int | None
    tool_name: str
    arguments: str
    call_id: str | None


@final
class ToolResult(BaseEvent, frozen=True, kw_only=True):
    """A tool is done. `result` is text, or JSON text where `json` is true."""

    step: int | None
    tool_name: str | None
    call_id: str | None
    result: str
    json: bool
    full: bool
    size: int | None
    seconds: float | None


@final
class ApprovalRequested(BaseEvent, frozen=True, kw_only=True):
    """A person is asked. `arguments` is JSON text."""

    tool_name: str
    arguments: str
    message: str


@final
class HookResult(BaseEvent, frozen=True, kw_only=True):
    """A hook ran."""

    hook_event: str
    status: str
    modified: bool
    blocked: bool
    message: str | None
    seconds: float | None = None


@final
class StepCompleted(BaseEvent, frozen=True, kw_only=True):
    """A model call and its tools are over."""

    step: int


@final
class StepReset(BaseEvent, frozen=True, kw_only=True):
    """A model call begins again.

    It never means "drop the text": what was streamed stays part of the answer.
    """

    step: int | None


@final
class Noticed(BaseEvent, frozen=True, kw_only=True):
    """Something a reader may want to know, such as a recovery."""

    code: str
    text: str


@final
class Errored(BaseEvent, frozen=True, kw_only=True):
    """The server reports an error; it isn't terminal by itself."""

    message: str
    code: str | None
    run_id: str | None = None
    details: str | None = None


class ReportedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call as the terminal event reports it, with its full result."""

    step: int | None
    tool_name: str
    arguments: str
    result: str
    json: bool
    duration_ms: float | None


@final
class Completed(BaseEvent, frozen=True, kw_only=True):
    """The terminal event. `content` is None, `status` empty where the dialect doesn't send it."""

    run_id: str | None
    session_id: str | None
    content: str | None
    status: str
    error: str | None
    code: str | None
    usage: dict[str, int] | None
    tool_calls: list[ReportedCall]
    citations: list[Any]
    details: str | None = None


AgentEvent = (
    Started
    | StepStarted
    | TextDelta
    | Chunk
    | PartialChunk
    | ReasoningDelta
    | ReasoningWhole
    | ToolCallStarted
    | ToolResult
    | ApprovalRequested
    | HookResult
    | StepCompleted
    | StepReset
    | Noticed
    | Errored
    | Completed
)


def looks_failed(result: str) -> bool:
    """Tell a tool's failure by its text; the wire has no flag (docs/protocol.md#tool-failure).

    Returns:
        Whether it starts as the service's failures do.
    """
    return result.startswith(("Error: ", '{"error"'))


def _started(frame: Frame) -> Started:
    listed = frame.get("citation_candidates")
    return Started(
        run_id=fields.maybe_text(frame, "run_id"),
        session_id=fields.maybe_text(frame, "session_id"),
        citations=listed if isinstance(listed, list) else [],
        raw=frame,
    )


def _step_started(frame: Frame) -> StepStarted:
    step = fields.step(frame)
    return StepStarted(step=0 if step is None else step, raw=frame)


def _step_completed(frame: Frame) -> StepCompleted:
    step = fields.step(frame)
    return StepCompleted(step=0 if step is None else step, raw=frame)


def text_delta(frame: Frame) -> TextDelta:
    """Read a piece of the answer."""
    text = frame.get("delta")
    if type(text) is not str:
        text = fields.text(frame, "content", "text")
    return TextDelta(text=text, raw=frame)


def _chunk(frame: Frame) -> PartialChunk | Chunk:
    text = fields.text(frame, "content", "delta", "text")
    # Only the engine's own frames have a type, and its chunk is the rest of a broken step.
    partial = "type" in frame and "event" in frame
    return PartialChunk(text=text, raw=frame) if partial else Chunk(text=text, raw=frame)


def _reasoning(frame: Frame) -> ReasoningWhole | ReasoningDelta:
    if frame.get("source") == "thinking" and isinstance(frame.get("content"), str):
        return ReasoningWhole(step=fields.step(frame), text=frame["content"], raw=frame)
    return ReasoningDelta(
        step=fields.step(frame),
        text=fields.text(frame, "delta", "text", "summary", "content"),
        raw=frame,
    )


def _tool_call(frame: Frame) -> ToolCallStarted:
    given = frame.get("arguments", frame.get("tool_input"))
    is_whole = "arguments" in frame or "tool_input" in frame
    call_id = fields.maybe_text(frame, "call_id", "tool_call_id")
    return ToolCallStarted(
        step=fields.step(frame),
        tool_name=fields.text(frame, "tool_name", "name", "tool"),
        arguments=fields.arguments(given) if call_id is None or is_whole else "",
        call_id=call_id,
        raw=frame,
    )


def _tool_result(frame: Frame) -> ToolResult:
    full = "result" in frame
    value = frame["result"] if full else frame.get("result_preview")
    if value is None and not full:
        raise fields.WrongShapeError
    result, is_json = fields.outcome(value)
    meta = frame.get("result_meta")
    size = fields.number(meta, "char_count") if isinstance(meta, dict) else None
    return ToolResult(
        step=fields.step(frame),
        tool_name=fields.maybe_text(frame, "tool_name", "name", "tool"),
        call_id=fields.maybe_text(frame, "call_id", "tool_call_id"),
        result=result,
        json=is_json,
        full=full,
        size=None if size is None else int(size),
        seconds=fields.seconds(frame),
        raw=frame,
    )


def _approval_requested(frame: Frame) -> ApprovalRequested:
    return ApprovalRequested(
        tool_name=fields.text(frame, "tool_name", "name"),
        arguments=fields.arguments(frame.get("tool_input", frame.get("arguments"))),
        message=fields.maybe_text(frame, "message") or "",
        raw=frame,
    )


def _hook_result(frame: Frame) -> HookResult:
    took = fields.number(frame, "latency_ms")
    return HookResult(
        hook_event=fields.maybe_text(frame, "hook_event") or "",
        status=fields.maybe_text(frame, "status") or "",
        modified=frame.get("modified") is True,
        blocked=frame.get("blocked") is True,
        message=fields.maybe_text(frame, "message"),
        seconds=None if took is None else took / 1000,
        raw=frame,
    )


def _errored(frame: Frame) -> Errored:
    message = fields.error_of(frame)
    told = without_sql(message)
    return Errored(
        message=told,
        details=None if told == message else message,
        code=fields.maybe_text(frame, "code", "error_code"),
        run_id=fields.maybe_text(frame, "run_id"),
        raw=frame_told(frame, without_sql),
    )


def _reported_call(value: Any) -> ReportedCall | None:
    if not isinstance(value, dict) or "result" not in value:
        return None
    name = fields.maybe_text(value, "tool_name", "name")
    if name is None:
        return None
    result, is_json = fields.outcome(value["result"])
    return ReportedCall(
        step=fields.step(value),
        tool_name=name,
        arguments=fields.arguments(value.get("arguments")),
        result=result,
        json=is_json,
        duration_ms=fields.number(value, "duration_ms"),
    )


def _completed(frame: Frame) -> Completed:
    error = fields.error_text(None if frame.get("error") == fields.LOST else frame.get("error"))
    told = None if error is None else without_sql(error)
    content = frame.get("content")
    listed = frame.get("tool_calls")
    cited = frame.get("citations")
    status = fields.maybe_text(frame, "status") or ("failed" if error else "")
    return Completed(
        run_id=fields.maybe_text(frame, "run_id"),
        session_id=fields.maybe_text(frame, "session_id"),
        content=content if isinstance(content, str) else None,
        status=status,
        error=told,
        details=None if told == error else error,
        code=fields.maybe_text(frame, "code", "error_code"),
        usage=fields.counts(frame.get("usage")),
        tool_calls=[
            call
            for call in map(_reported_call, listed if isinstance(listed, list) else [])
            if call is not None
        ],
        citations=cited if isinstance(cited, list) else [],
        raw=frame if told == error else frame_told(frame, without_sql),
    )


def _context_created(frame: Frame) -> Housekeeping:
    return Housekeeping(name="context_handler_created", raw=frame)


def _on_run_complete(frame: Frame) -> Housekeeping:
    return Housekeeping(name="on_run_complete", raw=frame)


def _step_reset(frame: Frame) -> StepReset:
    return StepReset(step=fields.step(frame), raw=frame)


def _noticed(code: str, say: Callable[[Frame], str]) -> Reader:
    return lambda frame: Noticed(code=code, text=say(frame), raw=frame)


def _fallback(frame: Frame) -> str:
    old, new = fields.maybe_text(frame, "from"), fields.maybe_text(frame, "to")
    if old and new:
        return f"The model {old} failed; {new} took over."
    return "The model failed; another one took over."


def _dropped(frame: Frame) -> str:
    old, new = fields.maybe_text(frame, "from_provider"), fields.maybe_text(frame, "to_provider")
    between = f" from {old} to {new}" if old and new else ""
    return f"Earlier reasoning was left out: the provider changed{between}."


READERS: dict[str, Reader] = {
    "content_delta": text_delta,
    "reasoning_delta": lambda frame: ReasoningDelta(
        step=fields.step(frame), text=fields.text(frame, "delta", "text", "content"), raw=frame
    ),
    "chunk": _chunk,
    "start": _started,
    "step_started": _step_started,
    "step_completed": _step_completed,
    "reasoning": _reasoning,
    "reasoning_summary": _reasoning,
    "tool_call": _tool_call,
    "tool_result": _tool_result,
    "approval_requested": _approval_requested,
    "hook_result": _hook_result,
    "error": _errored,
    "complete": _completed,
    "on_run_complete": _on_run_complete,
    "context_handler_created": _context_created,
    "step_reset": _step_reset,
    "output_recovery": _noticed(
        "output_recovery", lambda _: "The output limit was reached; the model was asked to go on."
    ),
    "model_fallback": _noticed("model_fallback", _fallback),
    "reasoning_dropped_at_provider_switch": _noticed("reasoning_dropped", _dropped),
    "reactive_compact": _noticed(
        "reactive_compact", lambda _: "The conversation was too long: earlier turns were shortened."
    ),
    "reactive_truncate": _noticed(
        "reactive_truncate", lambda _: "The conversation was too long: its beginning was cut off."
    ),
    "proactive_compact": _noticed(
        "proactive_compact", lambda _: "Earlier turns were shortened to make room."
    ),
    "compaction": _noticed("compaction", lambda _: "Earlier turns were summarised to make room."),
}
