"""The Analyst: asks the sample database, and answers with what came back."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from typing import TYPE_CHECKING

from powawidget.local.agents import amounts, late
from powawidget.local.agents.prose import fence, percent, query, table
from powawidget.local.agents.questions import last_topic, regions_in, topic_of
from powawidget.local.script import Agent, Call, Calls, Say, Think
from powawidget.local.tools import reading_tools

if TYPE_CHECKING:
    from powawidget.local.database import Database
    from powawidget.local.script import Script, Turn

TOPICS = {
    "break": r"break it|fail|wrong column",
    "compare": r"compare|versus|\bvs\b|difference between",
    "customers": r"customer|talk to|churn|who should",
    "revenue": r"revenue|sales|turnover|by month|trend",
    "distribution": r"distribut|outlier|order size|amounts?\b|describe",
    "schema": r"schema|tables?\b|what data|which data|columns",
    "late": r"late|delay|carrier|ship|on time|borealis|arrow|cargoline",
}
HELP = (
    "I know one small database, a year of orders of a shop for coffee and tea, and a few things"
    " to ask it. Try one of these:\n\n"
    "- *Which orders are late, by region and carrier?*, and then *Why?*\n"
    "- *Show revenue by month, with a trend*\n"
    "- *Which customers should we talk to?*\n"
    "- *Compare North and South*\n"
    "- *What does the distribution of order amounts look like?*\n"
    "- *What data do you have?*\n"
    "- *Break it* (a query that fails, and how I recover)\n"
)
BROKEN = "SELECT carrier, AVG(delay_days) AS days FROM orders GROUP BY carrier"


def analyst(database: Database) -> Agent:
    """Make the Analyst."""
    return Agent(
        name="Analyst",
        script=_answer,
        tools=reading_tools(database),
        system_prompt="You answer questions about the orders with SQL, and show your work.",
    )


def _answer(turn: Turn) -> Script:
    scripts: dict[str, Callable[[Turn], Script]] = {
        "break": _break,
        "compare": amounts.compare,
        "customers": late.customers,
        "revenue": amounts.revenue,
        "distribution": amounts.distribution,
        "schema": _schema,
        "late": late.overview,
    }
    topic = topic_of(turn.message, TOPICS)
    if topic is None and turn.history:
        # "Why?" and "What about South?" go on with what the session was about.
        before = last_topic(turn.history, TOPICS)
        named = regions_in(turn.message)
        if before in {"late", "customers", "compare"} and topic_of(turn.message, {"": "why|since"}):
            yield from late.cause(turn)
            return
        if before and named:
            yield from amounts.compare(turn) if len(named) > 1 else late.region(turn, named[0])
            return
        if before and topic_of(turn.message, {"": r"again|repeat|once more|same"}):
            topic = before
    if topic is None:
        yield Say(HELP)
        return
    yield from scripts[topic](turn)


def _schema(_turn: Turn) -> Script:
    yield Think("I look at the tables first, and at the column most questions will be about.")
    yield Say("Let me look at what is there.\n\n")
    yield Calls(
        Call("database_schema", {}),
        Call("describe_column", {"table": "orders", "column": "amount"}),
    )
    months = "SELECT substr(ordered_at, 6, 2) AS month, COUNT(*) AS orders FROM orders GROUP BY 1"
    described = yield Calls(Call("database_query", {"query": months}))
    yield Say(_describe_tables(_turn.database, described[0]))


def _describe_tables(database: Database, months: str) -> str:
    import json

    schema = database.schema()
    counts = {row["month"]: row["orders"] for row in json.loads(months)}
    busiest = max(counts, key=lambda month: counts[month])
    total = sum(counts.values())
    rows = [
        (f"`{entry['table']}`", f"{entry['rows']:,}", ", ".join(c.split()[0] for c in entry["columns"]))
        for entry in schema
    ]
    return "\n\n".join(
        [
            "## The sample database",
            table(["Table", "Rows:", "Columns"], rows),
            f"The busiest month is **{calendar.month_name[int(busiest)]}**"
            f" with {counts[busiest]:,} orders, {percent(counts[busiest] / total)} of the year."
            f" If orders came evenly, it would be $1/12 = {percent(1 / 12)}$.".replace("%$", "\\%$"),
            fence("sql", "SELECT * FROM orders LIMIT 5"),
        ]
    )


def _break(_turn: Turn) -> Script:
    yield Think("They want to see a failure. A column that doesn't exist will do.")
    yield Say("I ask for a column that the table doesn't have.\n\n")
    failed = yield Calls(Call("database_query", {"query": BROKEN}, 0.5))
    yield Think(f"The tool says: {failed[0]}. The delay has to be computed from the two dates.")
    yield Say(f"That failed: `{failed[0]}`. I compute the delay from the dates instead.\n\n")
    repaired = query(
        """
        SELECT carrier,
               COUNT(*) AS late,
               ROUND(AVG(julianday(shipped_at) - julianday(due_at)), 2) AS days
        FROM orders
        WHERE shipped_at > due_at
        GROUP BY carrier
        ORDER BY days DESC
        """
    )
    from powawidget.local.agents.prose import ask

    rows = yield from ask(repaired, 0.7)
    yield Say(
        "\n\n".join(
            [
                "## Recovered",
                table(
                    ["Carrier", "Late orders:", "Mean delay, days:"],
                    [(row["carrier"], row["late"], f"{row['days']:.2f}") for row in rows],
                ),
                "For each carrier the mean delay over its $n$ late orders is"
                " $\\bar d = \\frac{1}{n}\\sum_i (\\text{shipped}_i - \\text{due}_i)$."
                f" It is longest with **{rows[0]['carrier']}**.",
                fence("sql", repaired),
            ]
        )
    )
