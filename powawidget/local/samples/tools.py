"""The tools of the sample agents: they run on the sample database and return what it returns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from powawidget.local.agents.script import Tool

if TYPE_CHECKING:
    from powawidget.local.database import Database


def reading_tools(database: Database) -> tuple[Tool, ...]:
    """Make the tools that only read: database_query and database_schema."""

    def query(arguments: dict[str, Any]) -> str:
        return json.dumps(database.read(arguments["query"]))

    def schema(_arguments: dict[str, Any]) -> str:
        return json.dumps(database.schema())

    return (
        Tool("database_query", query),
        Tool("database_schema", schema, seconds=(0.4, 0.6)),
    )


def writing_tool(database: Database) -> Tool:
    """Make database_write, which changes rows as the platform's own does: no raw SQL."""

    def write(arguments: dict[str, Any]) -> str:
        changed = database.write(
            arguments["table"],
            arguments["operation"],
            arguments.get("data"),
            arguments.get("where"),
        )
        done = {"operation": arguments["operation"], "table": arguments["table"]}
        return json.dumps(done | {"affected_rows": changed})

    return Tool("database_write", write, read_only=False, seconds=(0.6, 1.0))


def exporting_tool(database: Database) -> Tool:
    """Make export_orders, which only reads, but takes a region's orders out of the database."""

    def export(arguments: dict[str, Any]) -> str:
        rows = database.read(
            "SELECT region, COUNT(*) AS orders, ROUND(SUM(amount), 2) AS revenue"
            " FROM orders WHERE region = ? AND status <> 'cancelled'",
            (arguments["region"],),
        )
        return json.dumps(rows)

    return Tool("export_orders", export)
