"""Wire frames to typed events: the one place that knows the dialects.

Both the documented protocol and what the service really sends come in (wire protocol, sections
2 and 3); one vocabulary goes out. Nothing here is fatal: a frame with an unknown name, missing or
wrong-typed fields becomes an `Unknown`, one that isn't JSON a `Malformed`, and the stream goes on.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from powawidget.text import harmless

Frame = Mapping[str, Any]


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a stream said; `raw` is the frame it was read from."""

    raw: Any = None


class Started(Event, frozen=True, kw_only=True):
    """The server accepted the run and named it."""

    run_id: str | None
    session_id: str | None
    citations: list[Any] = []


class StepStarted(Event, frozen=True, kw_only=True):
    """A model call begins; the same number comes again after a recovery."""

    step: int


class TextDelta(Event, frozen=True, kw_only=True):
    """A piece of the answer."""

    text: str


class Chunk(Event, frozen=True, kw_only=True):
    """The whole answer again, or an increment where no delta came before."""

    text: str


class PartialChunk(Event, frozen=True, kw_only=True):
    """The partial text of a step that broke: it was streamed already."""

    text: str


class ReasoningDelta(Event, frozen=True, kw_only=True):
    """A piece of the model's thinking."""

    step: int | None
    text: str


class ReasoningWhole(Event, frozen=True, kw_only=True):
    """All thinking of one step; it repeats the step's deltas."""

    step: int | None
    text: str


class ToolCallStarted(Event, frozen=True, kw_only=True):
    """The model asks for a tool. `arguments` is JSON text."""

    step: int | None
    tool_name: str
    arguments: str
    call_id: str | None


class ToolResult(Event, frozen=True, kw_only=True):
    """A tool is done. `result` is text, or JSON text where `json` is true."""

    step: int | None
    tool_name: str | None
    call_id: str | None
    result: str
    json: bool
    full: bool
    size: int | None
    seconds: float | None


class ApprovalRequested(Event, frozen=True, kw_only=True):
    """A person is asked. `arguments` is JSON text."""

    tool_name: str
    arguments: str
    message: str


class HookResult(Event, frozen=True, kw_only=True):
    """A hook ran."""

    hook_event: str
    status: str
    modified: bool
    blocked: bool
    message: str | None


class StepCompleted(Event, frozen=True, kw_only=True):
    """A model call and its tools are over."""

    step: int


class Noticed(Event, frozen=True, kw_only=True):
    """Something a reader may want to know, such as a recovery."""

    code: str
    text: str


class Housekeeping(Event, frozen=True, kw_only=True):
    """A frame that changes nothing that is shown."""

    name: str


class Errored(Event, frozen=True, kw_only=True):
    """The server reports an error; it isn't terminal by itself."""

    message: str
    code: str | None
    run_id: str | None = None


class ReportedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call as the terminal event tells it, with its full result."""

    step: int | None
    tool_name: str
    arguments: str
    result: str
    json: bool
    duration_ms: float | None


class Completed(Event, frozen=True, kw_only=True):
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


class Unknown(Event, frozen=True, kw_only=True):
    """A frame of a name that this version doesn't know, or without the fields its name needs."""

    name: str


class Malformed(Event, frozen=True, kw_only=True):
    """A frame that isn't a JSON object; `raw` is its beginning."""

    problem: str


class Withheld(Event, frozen=True, kw_only=True):
    """Streamed text that a hook took back: only that there was some is kept."""

    name: str


class Interrupted(Event, frozen=True, kw_only=True):
    """The stream ended without its terminal event. Made here, never sent."""

    title: str
    message: str
    hint: str | None = None
    code: str | None = None


class Ended(Event, frozen=True, kw_only=True):
    """The body ended in an orderly way. Made here, never sent."""


class Stopped(Event, frozen=True, kw_only=True):
    """A person stopped the run. Made here, never sent."""

    message: str


class DecisionMade(Event, frozen=True, kw_only=True):
    """Somebody here decided on these requests; it is on its way. Made here, never sent."""

    digests: list[str]
    choice: Literal["approve", "deny"]
    by: str
    reason: str | None


class DecisionNoted(Event, frozen=True, kw_only=True):
    """What became of sending a decision. Made here, never sent.

    `decision` is sending, unknown, or pending where nothing was sent and it may be made again.
    """

    digests: list[str]
    decision: Literal["pending", "sending", "unknown"]
    outcome: str


class DeadlineKnown(Event, frozen=True, kw_only=True):
    """Until when a request can be decided. Made here, never sent."""

    digest: str
    deadline: float
    closes: float


class Learned(Event, frozen=True, kw_only=True):
    """What the server did with a run that is over here. Made here, never sent."""

    text: str


class Refused(Event, frozen=True, kw_only=True):
    """The run never began. Made here, never sent."""

    title: str
    message: str
    code: str | None = None
    hint: str | None = None


class Opened(Event, frozen=True, kw_only=True):
    """The server answered and the stream is open. Made here, never sent."""


# What the service sends in place of an event whose data it couldn't write: the event happened, its
# data is lost, and it isn't the run's error (wire protocol, section 2).
_LOST = "non-serializable event data"
_WITHOUT_DATA = frozenset({"error", "complete"})


class _WrongShapeError(Exception):
    """A frame hasn't what its name promises."""


def read(payload: str) -> Event:
    """Read one frame.

    Args:
        payload: The data of one server-sent event.

    Returns:
        The event; never an exception, whatever the payload is.
    """
    try:
        frame, end = _scan(payload, 0)
        if end != len(payload) and payload[end:].strip():
            return Malformed(problem="more than one JSON value in one frame", raw=payload[:500])
    except StopIteration:
        return _read_odd(payload)
    except (ValueError, RecursionError) as problem:
        return Malformed(problem=f"not JSON: {type(problem).__name__}", raw=harmless(payload[:500]))
    if type(frame) is not dict:
        return Malformed(problem="not a JSON object", raw=harmless(payload[:500]))
    if _SUSPECT(payload):
        try:
            frame = _cleaned(frame)
        except RecursionError:
            return Malformed(problem="nested too deeply", raw=harmless(payload[:500]))
    return read_frame(frame)


def decode(text: str) -> Any:
    """Decode JSON that came from outside.

    Args:
        text: JSON text.

    Returns:
        The value, free of what has no place in UTF-8 JSON: lone surrogates, NUL, NaN.

    Raises:
        ValueError: If it isn't JSON.
        RecursionError: If it is nested too deeply.
    """
    value = _decoder.decode(text)
    return _cleaned(value) if _SUSPECT(text) else value


def read_frame(frame: dict[str, Any]) -> Event:
    """Read one frame that is decoded already.

    Args:
        frame: A JSON object, free of lone surrogates and NUL.

    Returns:
        The event.
    """
    name = frame.get("event")
    reader = _READERS.get(name) if type(name) is str else None
    if reader is None:
        other = frame.get("type")
        reader = _READERS.get(other) if type(other) is str else None
        if reader is None:
            return Unknown(name=str(name or other or "")[:200], raw=frame)
        name = other
    if frame.get("error") == _LOST and name not in _WITHOUT_DATA:
        return Unknown(name=str(name)[:200], raw=frame)
    try:
        return reader(frame)
    except (_WrongShapeError, RecursionError):
        return Unknown(name=str(name)[:200], raw=frame)


def _read_odd(payload: str) -> Event:
    # The scanner works from index 0 and wants no leading white space; gateways may add some.
    stripped = payload.strip()
    if stripped == payload or not stripped:
        return Malformed(problem="not JSON", raw=harmless(payload[:500]))
    return read(stripped)


def _finite(number: str) -> float | None:
    """Read a float; one out of range (1e400) has no JSON form, so it becomes null."""
    value = float(number)
    return value if math.isfinite(value) else None


def _whole(number: str) -> int | str:
    """Read an int; one of thousands of digits stays text (Python refuses to convert it)."""
    try:
        return int(number)
    except ValueError:
        return number


# strict=False: a raw control character inside a string isn't legal JSON, but it isn't a reason to
# lose a frame either. NaN and the infinities have no JSON form: null.
_decoder = json.JSONDecoder(
    strict=False, parse_constant=lambda _: None, parse_float=_finite, parse_int=_whole
)
# The scanner itself: `loads` costs more than twice as much on a short frame.
_scan: Callable[[str, int], tuple[Any, int]] = vars(_decoder)["scan_once"]
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|[\x00\ud800-\udfff]").search


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, dict):
        return {harmless(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    return value


def as_json(value: Any) -> str:
    """Write a wire value as JSON text.

    Args:
        value: What `read` decoded.

    Returns:
        JSON text in the order the server sent, readable rather than escaped.
    """
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _text(frame: Frame, *names: str) -> str:
    for name in names:
        value = frame.get(name)
        if isinstance(value, str):
            return value
    raise _WrongShapeError


def _maybe_text(frame: Frame, *names: str) -> str | None:
    for name in names:
        value = frame.get(name)
        if isinstance(value, str) and value:
            return value
    return None


def _said(value: Any) -> str | None:
    """Read an error, which is text, or rarely an object with a message."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, dict):
        return _maybe_text(value, "message", "error", "detail") or as_json(value)
    return None if value is None or value is False else as_json(value)


def _step(frame: Frame) -> int | None:
    for name in ("step", "step_number"):
        value = frame.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _EXACT:
            return value
    return None


def _number(frame: Frame, name: str) -> float | None:
    value = frame.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= _EXACT else None


def _arguments(value: Any) -> str:
    # Some models give the arguments as the JSON text they wrote: show what it says.
    if isinstance(value, str):
        try:
            # Its own escapes are read only now: they may hold a lone surrogate again.
            return as_json(decode(value)) if value.strip()[:1] in "{[" else as_json(value)
        except (ValueError, RecursionError):
            return as_json(value)
    return "{}" if value is None else as_json(value)


def _outcome(value: Any) -> tuple[str, bool]:
    """Carry a result as text: as it is where it is text, else as JSON text."""
    return (value, False) if isinstance(value, str) else (as_json(value), True)


def looks_failed(result: str) -> bool:
    """Tell a tool's failure by its text; the wire has no flag (wire protocol, section 3).

    Args:
        result: The result, or the first characters of it.

    Returns:
        Whether it starts as the service's failures do.
    """
    return result.startswith(("Error: ", '{"error"'))


def _started(frame: Frame) -> Event:
    listed = frame.get("citation_candidates")
    return Started(
        run_id=_maybe_text(frame, "run_id"),
        session_id=_maybe_text(frame, "session_id"),
        citations=listed if isinstance(listed, list) else [],
        raw=frame,
    )


def _step_started(frame: Frame) -> Event:
    step = _step(frame)
    return StepStarted(step=0 if step is None else step, raw=frame)


def _step_completed(frame: Frame) -> Event:
    step = _step(frame)
    return StepCompleted(step=0 if step is None else step, raw=frame)


def _text_delta(frame: Frame) -> Event:
    text = frame.get("delta")
    if type(text) is not str:
        text = _text(frame, "content", "text")
    return TextDelta(text=text, raw=frame)


def _chunk(frame: Frame) -> Event:
    text = _text(frame, "content", "delta", "text")
    # Only the engine's own frames have a type, and its chunk is the rest of a broken step.
    partial = "type" in frame and "event" in frame
    return PartialChunk(text=text, raw=frame) if partial else Chunk(text=text, raw=frame)


def _reasoning(frame: Frame) -> Event:
    if frame.get("source") == "thinking" and isinstance(frame.get("content"), str):
        return ReasoningWhole(step=_step(frame), text=frame["content"], raw=frame)
    return ReasoningDelta(
        step=_step(frame), text=_text(frame, "delta", "text", "summary", "content"), raw=frame
    )


def _tool_call(frame: Frame) -> Event:
    return ToolCallStarted(
        step=_step(frame),
        tool_name=_text(frame, "tool_name", "name", "tool"),
        arguments=_arguments(frame.get("arguments", frame.get("tool_input"))),
        call_id=_maybe_text(frame, "call_id", "tool_call_id"),
        raw=frame,
    )


def _tool_result(frame: Frame) -> Event:
    full = "result" in frame
    value = frame["result"] if full else frame.get("result_preview")
    if value is None and not full:
        raise _WrongShapeError
    result, is_json = _outcome(value)
    meta = frame.get("result_meta")
    milliseconds = _number(frame, "duration_ms")
    size = _number(meta, "char_count") if isinstance(meta, dict) else None
    return ToolResult(
        step=_step(frame),
        tool_name=_maybe_text(frame, "tool_name", "name", "tool"),
        call_id=_maybe_text(frame, "call_id", "tool_call_id"),
        result=result,
        json=is_json,
        full=full,
        size=None if size is None else int(size),
        seconds=None if milliseconds is None else milliseconds / 1000,
        raw=frame,
    )


def _approval_requested(frame: Frame) -> Event:
    return ApprovalRequested(
        tool_name=_text(frame, "tool_name", "name"),
        arguments=_arguments(frame.get("tool_input", frame.get("arguments"))),
        message=_maybe_text(frame, "message") or "",
        raw=frame,
    )


def _hook_result(frame: Frame) -> Event:
    return HookResult(
        hook_event=_maybe_text(frame, "hook_event") or "",
        status=_maybe_text(frame, "status") or "",
        modified=frame.get("modified") is True,
        blocked=frame.get("blocked") is True,
        message=_maybe_text(frame, "message"),
        raw=frame,
    )


def _errored(frame: Frame) -> Event:
    error = frame.get("error")
    message = _said(None if error == _LOST else error) or _said(frame.get("message"))
    return Errored(
        message=message or "The server reported an error without saying what it was.",
        code=_maybe_text(frame, "code", "error_code"),
        run_id=_maybe_text(frame, "run_id"),
        raw=frame,
    )


def _reported_call(value: Any) -> ReportedCall | None:
    if not isinstance(value, dict) or "result" not in value:
        return None
    name = _maybe_text(value, "tool_name", "name")
    if name is None:
        return None
    result, is_json = _outcome(value["result"])
    return ReportedCall(
        step=_step(value),
        tool_name=name,
        arguments=_arguments(value.get("arguments")),
        result=result,
        json=is_json,
        duration_ms=_number(value, "duration_ms"),
    )


def _counts(value: Any) -> dict[str, int] | None:
    if not isinstance(value, dict):
        return None
    numbers = {
        key: int(count)
        for key, count in list(value.items())[:50]
        if _COUNT_NAME(key) and _number(value, key) is not None
    }
    return numbers or None


# Beyond it the page's numbers aren't exact, and a longer int overflows where it is divided.
_EXACT = 2**53
_COUNT_NAME = re.compile(r"[a-z][a-z_]{0,60}").fullmatch


def _completed(frame: Frame) -> Event:
    error = _said(None if frame.get("error") == _LOST else frame.get("error"))
    content = frame.get("content")
    listed = frame.get("tool_calls")
    cited = frame.get("citations")
    status = _maybe_text(frame, "status") or ("failed" if error else "")
    return Completed(
        run_id=_maybe_text(frame, "run_id"),
        session_id=_maybe_text(frame, "session_id"),
        content=content if isinstance(content, str) else None,
        status=status,
        error=error,
        code=_maybe_text(frame, "code", "error_code"),
        usage=_counts(frame.get("usage")),
        tool_calls=[
            call
            for call in map(_reported_call, listed if isinstance(listed, list) else [])
            if call is not None
        ],
        citations=cited if isinstance(cited, list) else [],
        raw=frame,
    )


def _context_created(frame: Frame) -> Event:
    return Housekeeping(name="context_handler_created", raw=frame)


def _on_run_complete(frame: Frame) -> Event:
    return Housekeeping(name="on_run_complete", raw=frame)


def _step_reset(frame: Frame) -> Event:
    # It never means "drop the text": what was streamed stays part of the answer.
    return Housekeeping(name="step_reset", raw=frame)


def _noticed(code: str, say: Callable[[Frame], str]) -> Callable[[Frame], Event]:
    return lambda frame: Noticed(code=code, text=say(frame), raw=frame)


def _fallback(frame: Frame) -> str:
    old, new = _maybe_text(frame, "from"), _maybe_text(frame, "to")
    if old and new:
        return f"The model {old} failed; {new} took over."
    return "The model failed; another one took over."


def _dropped(frame: Frame) -> str:
    old, new = _maybe_text(frame, "from_provider"), _maybe_text(frame, "to_provider")
    between = f" from {old} to {new}" if old and new else ""
    return f"Earlier reasoning was left out: the provider changed{between}."


_READERS: dict[str, Callable[[Frame], Event]] = {
    "content_delta": _text_delta,
    "reasoning_delta": lambda frame: ReasoningDelta(
        step=_step(frame), text=_text(frame, "delta", "text", "content"), raw=frame
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
