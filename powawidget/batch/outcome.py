"""What came of a run, as it is kept of its row. Pure but for the clock."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from powawidget import transcript
from powawidget.batch.decisions import denied_in, expired_in
from powawidget.batch.find import Found, is_cut, why_cut
from powawidget.batch.journal.attempts import Open, Settled
from powawidget.batch.journal.records import RowOutcome
from powawidget.batch.target import Target
from powawidget.protocol.stored.run import CLIENT_GONE, UNKNOWN_EFFECTS
from powawidget.protocol.times import time_of
from powawidget.run.finished import of_stored
from powawidget.state import values
from powawidget.state.model import DelegationPart, RunState, ToolPart
from powawidget.state.tokens import tokens_of

_MOST = 2_000  # characters of an error
_CUT_PLAIN = "As the server stored it; a word may be missing where the connection broke."


def settled_of(target: Target, state: RunState, attempt: Open, note: str = "") -> Settled:
    """Say what came of a run whose stream told its end."""
    is_done = state.status == "completed"
    text, output = values.text_of(state), values.output_of(state)
    error = _error_of(state)
    expired = expired_in(state) if is_done else ""
    misfit = target.check(text, output) if is_done and not expired else ""
    redact = target.client.secret.redact
    notes = [note, denied_in(state)]
    outcome = RowOutcome(
        state="done" if is_done and not misfit and not expired else "failed",
        error=_cut(redact(expired or misfit or error)),
        note=redact(" ".join(filter(None, notes))),
        run_id=_redacted(redact, state.run_id) or attempt.run_id,
        session_id=attempt.session_id or _redacted(redact, state.session_id),
        tokens=tokens_of(state),
        seconds=values.seconds_of(state),
        calls=_calls(state),
        text=redact(text),
        output=_clean(redact, output),
        sent_at=attempt.sent_at,
        ended_at=time.time(),
    )
    about = target.about

    def run() -> str:
        return transcript.to_json(state, about, redact=redact)

    return Settled(state="done" if outcome.state == "done" else "failed", outcome=outcome, run=run)


def settled_of_found(target: Target, found: Found, attempt: Open) -> Settled:
    """Say what came of a run that was found again, or won't be."""
    if found.stored is None:
        outcome = RowOutcome(
            state="unknown",
            error=_cut(target.client.secret.redact(found.unknown)),
            run_id=found.run_id or attempt.run_id,
            session_id=attempt.session_id,
            sent_at=attempt.sent_at,
            ended_at=time.time(),
        )
        return Settled(state="unknown", outcome=outcome)
    stored = found.stored
    task = of_stored(stored, target.name, secret=target.client.secret, about=target.about)
    state = task.live.state
    state.started, state.ended = _times(stored)
    if state.session_id is not None:
        state.session_id = attempt.session_id or state.session_id
    is_plain = target.kind == "agent" and target.has_tools is False
    note = _CUT_PLAIN if is_plain and state.status == "completed" else ""
    settled = settled_of(target, state, attempt, note)
    why = ""
    if is_cut(stored):
        why = why_cut(stored)
    elif target.kind == "agent" and CLIENT_GONE in str(stored.get("error")):
        # Of an agent without tools this is a run that was cut before its first word.
        why = f"{settled.outcome.error} {UNKNOWN_EFFECTS}" if not is_plain else ""
    if not why:
        return settled
    return _failed(settled, why)


def _failed(settled: Settled, error: str) -> Settled:
    values_of = {name: getattr(settled.outcome, name) for name in RowOutcome.__struct_fields__}
    outcome = RowOutcome(**{**values_of, "state": "failed", "error": _cut(error.strip())})
    return Settled(state="failed", outcome=outcome, run=settled.run)


def _error_of(state: RunState) -> str:
    failure = state.error
    if failure is None:
        return "" if state.status == "completed" else f"The run is {state.status}."
    return f"{failure.title}: {failure.message}"


def _calls(state: RunState) -> int:
    # A supervisor's call of a member is the delegation itself.
    delegated = {part.call for part in state.parts if isinstance(part, DelegationPart)}
    return sum(
        isinstance(part, ToolPart) and index not in delegated
        for index, part in enumerate(state.parts)
    )


def _times(stored: Mapping[str, Any]) -> tuple[float | None, float | None]:
    row = stored.get("execution") or stored
    begun = time_of(row.get("started_at") or row.get("created_at"))
    ended = time_of(row.get("completed_at"))
    return (
        None if begun is None else begun.timestamp(),
        None if ended is None else ended.timestamp(),
    )


def _clean(redact: Callable[[str], str], value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_clean(redact, one) for one in value]
    if isinstance(value, dict):
        return {redact(name): _clean(redact, one) for name, one in value.items()}
    return value


def _redacted(redact: Callable[[str], str], text: str | None) -> str | None:
    return None if text is None else redact(text)


def _cut(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"
