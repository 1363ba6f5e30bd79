"""A stored run as events again, so that it folds like a live one.

The server keeps of a run its answer, its tool calls and the engine's frames, but no deltas
(docs/protocol.md#stored-run).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from powawidget.protocol import events as ev
from powawidget.protocol.stored.execution import because, events_of_execution, outcome_of_execution
from powawidget.protocol.stored.orchestration import events_of_orchestration


def events_of_stored(stored: Mapping[str, Any]) -> Iterator[ev.Event]:
    """Turn what the server has stored of a run into events.

    Args:
        stored: The decoded answer of `GET /api/agents/runs/{id}` or
            `GET /api/orchestrations/runs/{id}`, or an execution's entry, logs and graph.

    Yields:
        Events that fold to the run; the last one ends it.
    """
    status = stored.get("status")
    if "block_logs" in stored:
        yield from events_of_execution(stored["execution"], stored, stored.get("graph"))
    elif "child_runs" in stored:
        yield from events_of_orchestration(stored)
    else:
        yield from _events_of_agent(stored)
    if status not in {"completed", "failed"}:
        stays = " One whose stream was cut stays so for ever." if "child_runs" in stored else ""
        yield ev.Interrupted(
            title="The run isn't over at the server",
            message=f"The server has it as {status or 'unknown'}.",
            hint=f"Look it up again later.{stays}",
        )


def _events_of_agent(stored: Mapping[str, Any]) -> Iterator[ev.Event]:
    content = stored.get("content")
    answer = content if isinstance(content, str) else ""
    yield ev.read_frame({"event": "start", **_picked(stored, "run_id", "session_id")})
    texts = _texts_by_step(stored, answer)
    frames = stored.get("events")
    for frame in frames if isinstance(frames, list) else []:
        if isinstance(frame, dict):
            event = ev.read_frame(dict(frame))
            yield event
            text = texts.pop(event.step, "") if isinstance(event, ev.StepStarted) else ""
            if text:
                yield ev.TextDelta(text=text)
    status = stored.get("status")
    if status in {"completed", "failed"}:
        fields = _picked(stored, "run_id", "status", "error", "tool_calls", "usage")
        # A failed run is often stored without the text that was streamed.
        yield ev.read_frame({"event": "complete", "content": answer, **fields})


def outcome_of(stored: Mapping[str, Any]) -> str | None:
    """Say what the server did with a run that is over here.

    Returns:
        A sentence; None while the server hasn't ended the run.
    """
    if "block_logs" in stored:
        return outcome_of_execution(stored)
    status, run_id = stored.get("status"), stored.get("run_id")
    if status == "completed":
        return f'The server went on and completed the run: pb.get_run("{run_id}") shows its answer.'
    if status == "failed":
        return f"The server ended the run as failed{because(stored.get('error'))}."
    return None


def question_of(stored: Mapping[str, Any]) -> str:
    """Find what a stored run was asked.

    Returns:
        The last message of the user, or an empty string.
    """
    execution = stored.get("execution")
    if isinstance(execution, Mapping) and execution.get("input"):
        return ev.as_json(execution["input"])
    messages = stored.get("input_messages")
    for message in reversed(messages if isinstance(messages, list) else []):
        if isinstance(message, dict) and message.get("role") == "user":
            content = message.get("content")
            return content if isinstance(content, str) else ""
    return ""


def _picked(stored: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: stored[name] for name in names if stored.get(name) is not None}


def _texts_by_step(stored: Mapping[str, Any], answer: str) -> dict[int, str]:
    """Divide the answer by steps where the stored steps make up exactly the answer."""
    steps = stored.get("reasoning_steps")
    texts: dict[int, str] = {}
    for step in steps if isinstance(steps, list) else []:
        number, text = (step.get("step"), step.get("content")) if isinstance(step, dict) else (0, 0)
        if isinstance(number, int) and isinstance(text, str):
            texts[number] = texts.get(number, "") + text
    return texts if "".join(texts.values()) == answer else {}
