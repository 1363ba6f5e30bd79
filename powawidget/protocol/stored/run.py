"""A stored run as events again, so that it folds like a live one.

The server keeps of a run its answer, its tool calls and the engine's frames, but no deltas
(docs/protocol.md#stored-run).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from powawidget.protocol import events as ev
from powawidget.protocol.stored.execution import because, events_of_execution, outcome_of_execution
from powawidget.protocol.stored.orchestration import events_of_orchestration
from powawidget.protocol.times import time_of

# What the service writes as the error of a run whose client has gone.
_NO_OUTPUT = "no output from agent"
CLIENT_GONE = "Client disconnected"
_CUT_AT_ONCE = (
    "The server stored this run as failed, since its stream was closed before the first word; its "
    "answer is whole all the same."
)
UNKNOWN_EFFECTS = (
    "Of its tools nothing is stored: what they have done isn't known. Look at what they may have "
    "changed before you run it again."
)
_TOO_OLD = 600.0
_NOT_OVER = "The run isn't over at the server"


def events_of_stored(stored: Mapping[str, Any], now: float | None = None) -> Iterator[ev.Event]:
    """Turn what the server has stored of a run into events.

    Args:
        stored: The decoded answer of `GET /api/agents/runs/{id}` or
            `GET /api/orchestrations/runs/{id}`, or an execution's entry, logs and graph.
        now: The time, in seconds since the epoch; a run that isn't over may be lost by then.

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
        age = "" if now is None else age_of(stored, now)
        yield ev.Interrupted(
            title="What became of the run isn't known" if age else _NOT_OVER,
            message=f"The server has it as {status or 'unknown'}. {age}".rstrip(),
            hint=f"Look it up again later.{stays}",
            code="maybe_lost" if age else None,
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
    if is_whole_answer(stored):
        fields = _picked(stored, "run_id", "usage", "citations")
        yield ev.Noticed(code="stored_as_failed", text=_CUT_AT_ONCE)
        end = {"event": "complete", "content": answer, "status": "completed", "error": None}
        yield ev.read_frame({**end, **fields})
    elif status in {"completed", "failed"}:
        fields = _picked(stored, "run_id", "status", "error", "tool_calls", "usage", "citations")
        # A failed run is often stored without the text that was streamed.
        yield ev.read_frame({"event": "complete", "content": answer, **fields})


def is_whole_answer(stored: Mapping[str, Any]) -> bool:
    """Tell a run that has its whole answer, though it is stored as failed.

    Rule: docs/protocol.md#cut-plain. Its stream was closed before its first token.
    """
    error, content = stored.get("error"), stored.get("content")
    is_failed = stored.get("status") == "failed" and isinstance(error, str)
    return is_failed and _NO_OUTPUT in str(error) and isinstance(content, str) and bool(content)


def outcome_of(stored: Mapping[str, Any]) -> str | None:
    """Say what the server did with a run that is over here.

    Returns:
        A sentence; None while the server hasn't ended the run.
    """
    if "block_logs" in stored:
        return outcome_of_execution(stored)
    status, run_id = stored.get("status"), stored.get("run_id")
    if status == "completed":
        # Of agents only one without tools goes on (docs/protocol.md#cut-plain).
        lacks = "" if "child_runs" in stored else "; a word may be missing where it was closed here"
        return (
            f'The server went on and completed the run: pb.get_run("{run_id}") shows its '
            f"answer{lacks}."
        )
    if is_whole_answer(stored):
        return f'{_CUT_AT_ONCE} pb.get_run("{run_id}") shows its answer.'
    if status == "failed":
        outcome = f"The server ended the run as failed{because(stored.get('error'))}."
        is_cut = CLIENT_GONE in str(stored.get("error"))
        return f"{outcome} {UNKNOWN_EFFECTS}" if is_cut else outcome
    return None


def age_of(stored: Mapping[str, Any], now: float) -> str:
    """Say that a run which isn't over may be lost, where it is older than runs are.

    Rule: docs/protocol.md#cut-orchestration: running is no proof of life.

    Args:
        stored: What the server has stored of it.
        now: The time, in seconds since the epoch.

    Returns:
        A sentence; empty where it began not so long ago, or at a time that isn't known.
    """
    execution = stored.get("execution")
    row = execution if isinstance(execution, Mapping) else stored
    begun = time_of(row.get("started_at") or row.get("created_at"))
    if begun is None or now - begun.timestamp() < _TOO_OLD:
        return ""
    return (
        f"It began at {begun:%Y-%m-%d %H:%M} UTC. Unless its stream is still open somewhere, what "
        "became of it isn't known: the service may have lost it."
    )


def times_of(stored: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Read when a stored run began and ended, in seconds since the epoch; None where not told."""
    execution = stored.get("execution")
    row = execution if isinstance(execution, Mapping) else stored
    begun = time_of(row.get("started_at") or row.get("created_at"))
    ended = time_of(row.get("completed_at"))
    first, last = (None if time is None else time.timestamp() for time in (begun, ended))
    # A clock that was set meanwhile makes no run that took less than nothing.
    return first, last if first is None or last is None else max(first, last)


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
