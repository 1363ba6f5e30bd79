"""The executions of a workflow that the server has stored."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from powawidget.http.client import Client
from powawidget.protocol import events as ev
from powawidget.protocol.characters import harmless
from powawidget.protocol.database_errors import without_sql
from powawidget.protocol.times import time_of
from powawidget.resources.request import at_most
from powawidget.resources.tables import table


class ExecutionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of executions (docs/protocol.md#workflow-end and #cut-workflow).

    Attributes:
        id: Pass it to `workflow.execution(id)` to see its blocks.
        status: running, completed or failed. One whose stream was cut is completed too, with no
            output.
        created: When the server took it on.
        started: When it began.
        ended: When it was over.
        input: The variables that it was given.
        output: What its response block gave.
        error: Why the whole of it failed.
    """

    id: str
    status: str = ""
    created: dt.datetime | None = None
    started: dt.datetime | None = None
    ended: dt.datetime | None = None
    input: Any = None
    output: Any = None
    error: str | None = None

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it is under way."""
        began = self.started or self.created
        if began is None or self.ended is None:
            return None
        return max(0.0, round((self.ended - began).total_seconds(), 3))


class Executions(list[ExecutionInfo]):
    """Executions, the latest first, that print as a table."""

    def __repr__(self) -> str:
        if not self:
            return "<no executions>"
        rows = [
            (
                harmless(each.id),
                f"{each.created:%Y-%m-%d %H:%M}" if each.created else "",
                harmless(each.status),
                "" if each.seconds is None else f"{each.seconds:.1f}",
                "" if each.input is None else ev.as_json(each.input),
            )
            for each in self
        ]
        columns = ("execution_id", "created", "status", "seconds", "input")
        return table(columns, rows, right="seconds")


def listed(rows: Sequence[Mapping[str, Any]]) -> Executions:
    """Read a list of executions."""
    return Executions(
        ExecutionInfo(
            id=row["id"],
            status=str(row.get("status") or ""),
            created=_time(row, "created_at"),
            started=_time(row, "started_at"),
            ended=_time(row, "completed_at"),
            input=row.get("input"),
            output=row.get("output"),
            error=without_sql(row["error"]) if isinstance(row.get("error"), str) else None,
        )
        for row in rows
    )


async def rows_at(client: Client, workflow_id: str, limit: int) -> list[Mapping[str, Any]]:
    """Fetch the list of a workflow's latest executions.

    Args:
        client: The HTTP side.
        workflow_id: The workflow's id.
        limit: How many at most; the server may give fewer.

    Returns:
        The entries that have an id, as the server orders them.

    Raises:
        RequestError: If the server refuses.
        ConnectionLost: If it can't be reached.
    """
    limit = at_most(limit)
    answer = await client.get(f"/api/workflows/{workflow_id}/executions", limit=limit)
    rows = answer.get("executions") if isinstance(answer, Mapping) else answer
    rows = rows if isinstance(rows, list) else []
    known = [row for row in rows if isinstance(row, Mapping) and isinstance(row.get("id"), str)]
    return known[:limit]


def begun_with(
    rows: Sequence[Mapping[str, Any]], variables: Any, window: tuple[float, float]
) -> list[str]:
    """Find the executions that began with some variables, in some time.

    Args:
        rows: As the server lists them.
        variables: What was sent; an execution that is listed without its input may be the one.
        window: The earliest and the latest time, in seconds since the epoch.

    Returns:
        The ids of those that may be the one.
    """
    begin, end = window
    found = []
    for row in rows:
        created = _time(row, "created_at")
        same = row.get("input") is None or row["input"] == variables
        if same and created is not None and begin <= created.timestamp() <= end:
            found.append(row["id"])
    return found


def _time(row: Mapping[str, Any], name: str) -> dt.datetime | None:
    return time_of(row.get(name))
