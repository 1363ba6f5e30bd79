"""The Analyst: asks the sample database, and answers with what came back."""

from __future__ import annotations

import calendar
import json
from typing import TYPE_CHECKING

from powawidget.local.agents.script import Agent, Call, Calls, Say, Think
from powawidget.local.samples import amounts, late_orders
from powawidget.local.samples.amounts import BY_MONTH
from powawidget.local.samples.followups import context_of, follow
from powawidget.local.samples.prose import ask, fence, query, sections, table
from powawidget.local.samples.reports import facts_in, watch
from powawidget.local.samples.tools import reading_tools
from powawidget.local.samples.topics import mentions, topic_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from powawidget.local.agents.script import Script, Turn
    from powawidget.local.database import Database

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
    "- *Which orders are late, by region and carrier?*, and then *And for the North only?*,"
    " *Which carrier is worst?*, *Why?*, *What would you do?*, *Make it shorter*\n"
    "- *Show revenue by month, with a trend*\n"
    "- *Which customers should we talk to?*\n"
    "- *Compare North and South*\n"
    "- *What does the distribution of order amounts look like?*\n"
    "- *What data do you have?*\n"
    "- *Break it* (a query that fails, and how I recover)\n"
)
BROKEN = "SELECT carrier, AVG(delay_days) AS days FROM orders GROUP BY carrier"
REPAIRED = query(
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


def analyst(database: Database) -> Agent:
    """Make the Analyst."""
    return Agent(
        name="Analyst",
        script=_answer,
        tools=reading_tools(database),
        system_prompt="You answer questions about the orders with SQL, and show your work.",
    )


def _answer(turn: Turn) -> Script:
    facts = facts_in(turn.message)
    if facts.get("kind") == "week":
        yield from watch(facts)
        return
    scripts: dict[str, Callable[[Turn], Script]] = {
        "break": _break,
        "compare": amounts.compare,
        "customers": late_orders.customers,
        "revenue": amounts.revenue,
        "distribution": amounts.distribution,
        "schema": _schema,
        "late": late_orders.overview,
    }
    before = context_of(turn, TOPICS)
    followed = follow(turn, before, TOPICS)
    if followed is not None:
        yield from followed
        return
    topic = topic_of(turn.message, TOPICS)
    if topic is None and mentions(turn.message, "again|repeat|same"):
        topic = before.topic
    if topic is None:
        yield Say(HELP)
        return
    yield from scripts[topic](turn)


def _schema(_turn: Turn) -> Script:
    yield Think("I look at the tables, and at the column most questions will be about.")
    yield Say("Let me look at what is there.\n\n")
    tables, amount = yield Calls(
        Call("database_schema", {}),
        Call("describe_column", {"table": "orders", "column": "amount"}),
    )
    rows = yield from ask(BY_MONTH, 0.5)
    described = json.loads(amount)
    orders = sum(row["orders"] for row in rows)
    busiest = max(rows, key=lambda row: row["orders"])
    listed = [
        (
            f"`{entry['table']}`",
            f"{entry['rows']:,}",
            ", ".join(f"`{column.split()[0]}`" for column in entry["columns"]),
        )
        for entry in json.loads(tables)
    ]
    yield Say(
        sections(
            "## The sample database",
            table(["Table", "Rows:", "Columns"], listed),
            (
                f"An order has a median of {described['median']:.2f} EUR. The busiest month is"
                f" **{calendar.month_name[busiest['month']]}** with {busiest['orders']:,} of"
                f" {orders:,} orders that weren't cancelled, a share of"
                f" $\\frac{{{busiest['orders']}}}{{{orders}}} ="
                f" {busiest['orders'] / orders:.3f}$; even months would have"
                f" $\\frac{{1}}{{12}} = {1 / 12:.3f}$."
            ),
            fence("sql", BY_MONTH),
        )
    )


def _break(_turn: Turn) -> Script:
    yield Think("They want to see a failure. A column that doesn't exist will do.")
    yield Say("I ask for a column that the table doesn't have.\n\n")
    failed = yield Calls(Call("database_query", {"query": BROKEN}, 0.5))
    yield Think(f"The tool says: {failed[0]}. The delay has to be computed from the two dates.")
    yield Say(f"That failed: `{failed[0]}`. I compute the delay from the dates instead.\n\n")
    rows = yield from ask(REPAIRED, 0.7)
    yield Say(
        sections(
            "## Recovered",
            table(
                ["Carrier", "Late orders:", "Mean delay, days:"],
                [(row["carrier"], row["late"], f"{row['days']:.2f}") for row in rows],
            ),
            "For each carrier the mean delay over its $n$ late orders is",
            (
                r"$$\bar d = \frac{1}{n} \sum_{i=1}^{n}"
                r" (\text{shipped}_i - \text{due}_i)$$"
            ),
            f"It is longest with **{rows[0]['carrier']}**.",
            fence("sql", REPAIRED),
        )
    )
