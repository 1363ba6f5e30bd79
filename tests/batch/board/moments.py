"""Batches at one moment, as a test says."""

from collections.abc import Sequence
from typing import Any

from powawidget.batch.board.moment import Content, Moment
from powawidget.batch.decisions import Asked
from powawidget.batch.journal.records import RowOutcome
from powawidget.batch.keys import canonical

NOW = 1_000_000.0


def content(rows: Sequence[dict[str, Any]], **more: Any) -> Content:
    """A batch of an agent over these rows, whose keys are their column `id`."""
    given = {
        "name": "Triage",
        "kind": "agent",
        "target": "Triage",
        "keys": [canonical(row["id"]) for row in rows],
        "rows": rows,
        "asked": ("text",),
    }
    return Content(**{**given, **more})


def tickets(count: int) -> list[dict[str, Any]]:
    """So many rows."""
    return [{"id": f"T-{number}", "text": f"text {number}"} for number in range(count)]


def done(text: str = "fine", **more: Any) -> RowOutcome:
    """A row that went well."""
    given: dict[str, Any] = {"text": text, "tokens": 10, "seconds": 2.0, "run_id": "r"}
    return RowOutcome(state="done", **{**given, "ended_at": NOW - 5, **more})


def failed(error: str, **more: Any) -> RowOutcome:
    """A row that failed."""
    return RowOutcome(state="failed", error=error, **more)


def asked(key: str, deadline: float = NOW + 60) -> dict[str, Asked]:
    """A row that asks a person for approval."""
    return {canonical(key): Asked(subject="'delete'", deadline=deadline)}


RUNNING = RowOutcome(state="accepted", run_id="r", sent_at=NOW - 3)
LEFT = RowOutcome()


def moment(outcomes: Sequence[RowOutcome], **more: Any) -> Moment:
    """How rows stand, while they are driven."""
    return Moment(outcomes=outcomes, **{"is_driven": True, "begun": NOW - 60, "now": NOW, **more})
