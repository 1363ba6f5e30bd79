"""The two dialects of workflows.

Rules: docs/protocol.md#workflow-frames. The engine builds every frame in the dialect that was seen.
"""

from __future__ import annotations

from powawidget.local.dialects import Encode, Frame, event, seen


def documented(frame: Frame, more: Frame) -> bytes:
    """Encode a frame as the public documentation describes it.

    Args:
        frame: The frame as the real service would send it.
        more: What only the documentation puts into it: execution_id, result.

    Returns:
        The event or events.
    """
    return b"".join(event(translated) for translated in _documented(frame | more))


def _documented(frame: Frame) -> list[Frame]:
    block = {"block_id": frame.get("block_id"), "block_type": frame.get("block_type")}
    execution = {"execution_id": frame.get("execution_id")}
    match frame["type"]:
        case "block_start":
            return [{"event": "block_started", **block}]
        case "block_chunk":
            return [{"event": "block_chunk", **block, "delta": frame["chunk"]}]
        case "block_complete":
            data = frame["data"]
            if data.get("error"):
                return [{"event": "block_error", **block, "error": data["error"]}]
            output = {"event": "block_output", **block, "output": data.get("output")}
            return [output, {"event": "block_completed", **block}]
        case "block_error":
            return [{"event": "block_error", **block, "error": frame["data"]["error"]}]
        case "done":
            return [{"event": "workflow_complete", **execution, "result": frame.get("result")}]
        case "error":
            return [{"event": "workflow_error", **execution, "error": frame["error"]}]
        case _:
            return [{"event": frame["type"], **execution}]


def _seen(frame: Frame, more: Frame) -> bytes:
    # The service sends nothing when an execution begins.
    return b"" if frame["type"] == "workflow_start" else seen(frame, more)


DIALECTS: dict[str, Encode] = {"seen": _seen, "documented": documented}
