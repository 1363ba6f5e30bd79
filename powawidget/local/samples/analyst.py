"""The Analyst: asks the sample database, and answers with what came back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from powawidget.local.agents.script import Agent, Call, Calls, Say, Think
from powawidget.local.samples import amounts, late_orders
from powawidget.local.samples.followups import context_of, follow
from powawidget.local.samples.prose import ask, fence, sections, table
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
    "late": r"late|delay|carrier|ship|on time|borealis|arrow|cargoline",
}
HELP = (
    "I know one small database, a year of orders of a shop for coffee and tea, and a few things"
    " to ask it. Try one of these:\n\n"
    "- *Which orders are late, by region and carrier?*, and then *And for the North only?*,"
    " *Which carrier is worst?*, *What would you do?*, *Make it shorter*\n"
    "- *Show revenue by month, with a trend*\n"
    "- *Which customers should we talk to?*\n"
    "- *Compare North and South*\n"
    "- *Break it* (a query that fails, and how I recover)\n\n"
)
BROKEN = "SELECT carrier, AVG(delay_days) AS days FROM orders GROUP BY carrier"
REPAIRED = BROKEN.replace("delay_days", "julianday(shipped_at) - julianday(due_at)").replace(
    "orders GROUP", "orders WHERE shipped_at > due_at GROUP"
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
        return watch(facts)
    scripts: dict[str | None, Callable[[Turn], Script]] = {
        "break": _break,
        "compare": amounts.compare,
        "customers": late_orders.customers,
        "revenue": amounts.revenue,
        "late": late_orders.overview,
        None: _schema,
    }
    before = context_of(turn, TOPICS)
    followed = follow(turn, before, TOPICS)
    if followed is not None:
        return followed
    topic = topic_of(turn.message, TOPICS)
    if topic is None and mentions(turn.message, "again|repeat|same"):
        topic = before.topic
    return scripts[topic](turn)


def _schema(_turn: Turn) -> Script:
    """Answer whatever else is asked: what there is, and what may be asked of it."""
    yield Say("Let me look at what is there.\n\n")
    (tables,) = yield Calls(Call("database_schema", {}))
    listed = [
        (
            f"`{entry['table']}`",
            f"{entry['rows']:,}",
            ", ".join(f"`{column.split()[0]}`" for column in entry["columns"]),
        )
        for entry in json.loads(tables)
    ]
    yield Say(HELP + table(["Table", "Rows:", "Columns"], listed) + "\n")


def _break(_turn: Turn) -> Script:
    yield Think("They want to see a failure. A column that doesn't exist will do.")
    yield Say("I ask for a column that the table doesn't have.\n\n")
    failed = yield Calls(Call("database_query", {"query": BROKEN}, 0.5))
    yield Say(f"That failed: `{failed[0]}`. I compute the delay from the dates instead.\n\n")
    rows = yield from ask(REPAIRED, 0.7)
    yield Say(
        sections(
            "## Recovered",
            table(
                ["Carrier", "Mean delay of its late orders, days:"],
                [(row["carrier"], f"{row['days']:.2f}") for row in rows],
            ),
            r"$$\bar d = \frac{1}{n} \sum_{i=1}^{n} (\text{shipped}_i - \text{due}_i)$$",
            fence("sql", REPAIRED),
        )
    )
