"""The Writer: has no tools, only words; the figures in them are the database's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powawidget.local.agents.script import Agent, Say, Think
from powawidget.local.sample_data import REGIONS, YEAR
from powawidget.local.samples.late_lane import lateness
from powawidget.local.samples.prose import money, percent, query, sections, table
from powawidget.local.samples.reports import facts_in, report
from powawidget.local.samples.topics import mentions

if TYPE_CHECKING:
    from powawidget.local.agents.script import Script, Turn
    from powawidget.local.database import Database

LONG = r"\blong|everything|chapter"
WHY = r"essay|explain|why"
_REVENUE = (
    "SELECT {} AS name, COUNT(*) AS orders, SUM(amount) AS revenue FROM orders"
    " WHERE status <> 'cancelled' AND region LIKE ? GROUP BY 1 ORDER BY {}"
)
_CUSTOMERS = query(
    """
    SELECT c.name, c.segment, COUNT(*) AS orders, SUM(o.amount) AS revenue
    FROM orders o JOIN customers c ON c.id = o.customer_id
    WHERE o.region = ? AND o.status <> 'cancelled'
    GROUP BY c.id ORDER BY revenue DESC
    """
)


def writer() -> Agent:
    """Make the Writer."""
    return Agent(
        name="Writer",
        script=_write,
        system_prompt="You write about the orders. The figures of the year are in your context.",
    )


def _write(turn: Turn) -> Script:
    reported = report(facts_in(turn.message), turn.message)
    if reported is not None:
        yield from reported
    elif mentions(turn.message, LONG):
        yield Say(_report(turn.database))
    else:
        if mentions(turn.message, WHY):
            yield Think(
                "Why is one question for the figures: which lane stands out, and by how much?"
            )
        yield Say(_summary(turn.database))


def _summary(database: Database) -> str:
    found = lateness(database)
    lane, total = found.all, found.all + found.rest
    regions = database.read(_REVENUE.format("region", "revenue DESC"), ("%",))
    best = regions[0]
    return sections(
        f"## The year {YEAR} in short",
        (
            f"The shop took **{money(sum(row['revenue'] for row in regions))} EUR**. The largest"
            f" region is {best['name']} with {money(best['revenue'])} EUR from"
            f" {best['orders']:,} orders."
        ),
        table(
            ["Region", "Orders:", "Revenue, EUR:"],
            [(row["name"], f"{row['orders']:,}", money(row["revenue"])) for row in regions],
        ),
        (
            f"Of {total.all:,} shipped orders {percent(total.rate)} left late. One lane stands"
            f" out, **{found.lane}**, with {percent(lane.rate)}; without it the rate would be"
            f" $\\frac{{{total.hits} - {lane.hits}}}{{{total.all} - {lane.all}}}"
            f" = {found.rest.rate:.3f}$."
        ),
        (
            "Ask me for a **long report** to read about every month and customer, or the Analyst"
            " *Which orders are late, by region and carrier?* to see where the figures come from."
        ),
    )


def _report(database: Database) -> str:
    """Write a long report, about 20 kB."""
    return _summary(database) + "\n" + "\n".join(_chapter(database, name) for name in REGIONS)


def _chapter(database: Database, region: str) -> str:
    months = database.read(_REVENUE.format("substr(ordered_at, 1, 7)", "1"), (region,))
    customers = database.read(_CUSTOMERS, (region,))
    first = customers[0]
    return sections(
        f"## {region}",
        (
            f"{region} brought {money(sum(row['revenue'] for row in months))} EUR. Its largest"
            f" customer, {first['name']}, ordered {first['orders']} times."
        ),
        table(
            ["Month", "Orders:", "Revenue, EUR:"],
            [(row["name"], row["orders"], money(row["revenue"])) for row in months],
        ),
        table(
            ["Customer", "Segment", "Orders:", "Revenue, EUR:"],
            [(r["name"], r["segment"], r["orders"], money(r["revenue"])) for r in customers],
        ),
    )
