"""The two dialects: what a run sends, as bytes.

The engine builds every frame in the dialect that was seen on the real service; a dialect encodes
it, or leaves it out. The shapes: docs/protocol.md#agent-frames and #orchestration-frames.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

Frame: TypeAlias = dict[str, Any]
DialectName: TypeAlias = Literal["seen", "documented"]
Encode: TypeAlias = Callable[[Frame, Frame], bytes]

KEEPALIVE = b": keepalive\n\n"
PREVIEW = 200
LONGEST_RESULT = 50_000


def event(frame: Frame) -> bytes:
    """Encode one frame as one server-sent event, in pure ASCII."""
    return b"data: " + json.dumps(frame).encode("ascii") + b"\n\n"


def seen(frame: Frame, _more: Frame) -> bytes:
    """Encode a frame as the real service does; an empty one is the documentation's alone."""
    return event(frame) if frame else b""


def documented(frame: Frame, more: Frame) -> bytes:
    """Encode a frame as the public documentation describes it.

    Args:
        frame: The frame as the real service would send it.
        more: What only the documentation puts into it: result, run_id, usage, the agent that
            works for an orchestration; or a whole frame, where the service sends none.

    Returns:
        The event, or nothing where the documentation knows none.
    """
    translated: Frame | None
    if not frame:
        translated = more
    elif "agent" in more:
        translated = _of_member(frame, more)
    else:
        translated = _documented(frame | more)
    return b"" if translated is None else event(translated)


def _of_member(frame: Frame, more: Frame) -> Frame | None:
    match frame["event"]:
        case "content_delta":
            return {"event": "entity_chunk", "agent": more["agent"], "content": frame["delta"]}
        case "tool_call" | "tool_result":
            return _documented(frame | more)
        case _:
            return None


def _documented(frame: Frame) -> Frame | None:  # noqa: C901, PLR0912  # one case a frame
    name = frame["event"]
    match name:
        case "start":
            return _only(frame, "event", "run_id", "session_id")
        case "step_started" | "step_completed":
            return {"event": name, "step_number": frame["step"]}
        case "content_delta":
            return {"event": "chunk", "content": frame["delta"]}
        case "reasoning_delta":
            return {"event": "reasoning", "delta": frame["delta"]}
        case "tool_call":
            return _only(frame, "event", "tool_name", "arguments")
        case "tool_result":
            return {"event": name, "result": _as_json(frame["result"])}
        case "approval_requested":
            return _only(frame, "event", "tool_name", "tool_input", "run_id")
        case "delegation_started":
            return {"event": "delegation_start", "agent": frame["agent"], "task": frame["task"]}
        case "delegation_completed":
            return _only(frame, "event", "agent", "status")
        case "complete" if frame["status"] == "completed":
            return _only(frame, "event", "run_id", "usage")
        case "complete":
            return {"event": "error", "message": frame["error"]} | _code(frame["error"])
        case "error" if "context_handler_id" in frame or "run_id" not in frame:
            # No `complete` follows: of an agent after an exception, or of an orchestration.
            return {"event": name, "message": frame["error"]}
        case _:
            # `chunk` repeats the deltas and `error` comes again as the failed `complete`; the
            # rest the documentation doesn't know.
            return None


def _only(frame: Frame, *names: str) -> Frame:
    return {name: frame[name] for name in names if name in frame}


def _as_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _code(error: str) -> Frame:
    codes = {
        "litellm.RateLimitError": "rate_limited",
        "litellm.ContextWindowExceededError": "context_length_exceeded",
    }
    code = codes.get(error.partition(":")[0])
    return {"code": code} if code else {}


DIALECTS: dict[str, Encode] = {"seen": seen, "documented": documented}
