"""The Writer's texts. Every figure is computed from the database when it is written."""

from __future__ import annotations

import calendar
from typing import TYPE_CHECKING

from powawidget.local.sample_data import REGIONS, YEAR
from powawidget.local.samples.late_orders import BY_LANE, by_month, lanes_of, months_of
from powawidget.local.samples.prose import money, percent, query, sections, table
from powawidget.local.samples.statistics import Share

if TYPE_CHECKING:
    from powawidget.local.database import Database

Lanes = dict[tuple[str, str], Share]
_NONE = Share(0, 0)


def sentence(database: Database) -> str:
    """Write the year in one sentence."""
    lanes = lanes_of(database.read(BY_LANE))
    where, carrier = _worst(lanes)
    rest = sum(lanes.values(), _NONE) - lanes[where, carrier]
    return (
        f"In {YEAR} the shop took {money(_revenue(database))} EUR, and"
        f" {percent(lanes[where, carrier].rate)} of what {carrier} carried in {where} left late,"
        f" against {percent(rest.rate)} of all the rest.\n"
    )


def haiku(database: Database) -> str:
    """Write three lines."""
    where, carrier = _worst(lanes_of(database.read(BY_LANE)))
    lines = f"{where}: the parcels wait.", f"{carrier} counts the long days,", "the tea goes cold."
    return "  \n".join(f"*{line}*" for line in lines) + "\n"


def summary(database: Database) -> str:
    """Write a summary of the year."""
    lanes = lanes_of(database.read(BY_LANE))
    where, carrier = _worst(lanes)
    total = sum(lanes.values(), _NONE)
    regions = _by_region(database)
    best = regions[0]
    return sections(
        f"## The year {YEAR} in short",
        (
            f"The shop took **{money(_revenue(database))} EUR**. The largest region is"
            f" {best[0]} with {best[2]} EUR from {best[1]} orders."
        ),
        table(["Region", "Orders:", "Revenue, EUR:"], regions),
        (
            f"Of {total.all:,} shipped orders {percent(total.rate)} left late. One lane stands"
            f" out, **{carrier} in {where}**, with {percent(lanes[where, carrier].rate)}; without"
            f" it the rate would be"
            f" $\\frac{{{total.hits} - {lanes[where, carrier].hits}}}"
            f"{{{total.all} - {lanes[where, carrier].all}}}"
            f" = {(total - lanes[where, carrier]).rate:.3f}$."
        ),
        (
            "Ask the Analyst *Which orders are late, by region and carrier?* to see where the"
            " figures come from."
        ),
    )


def essay(database: Database) -> str:
    """Write an essay on what averages hide."""
    lanes = lanes_of(database.read(BY_LANE))
    where, carrier = _worst(lanes)
    worst = lanes[where, carrier]
    here = _sum(lanes, region=where)
    elsewhere = sum(lanes.values(), _NONE) - here
    with_carrier = _sum(lanes, carrier=carrier)
    months = months_of(database.read(by_month(where, carrier)))
    latest = list(months)[-1]
    return sections(
        "## What an average hides",
        (
            f"A number for a whole region is a comfortable thing. {where} ships"
            f" {percent(here.rate)} of its orders late, the others {percent(elsewhere.rate)}:"
            " somebody will conclude that the people there work badly, and send them a letter."
        ),
        (
            f"A number for a whole carrier is just as comfortable. {carrier} is late with"
            f" {percent(with_carrier.rate)} of its orders; so {carrier} must go, everywhere."
        ),
        (
            "Both are averages, and both are wrong in the same way. An average is a sum with"
            " weights,"
        ),
        r"$$\bar p = \sum_i w_i\,p_i, \qquad w_i = \frac{n_i}{\sum_j n_j},$$",
        (
            "and it can't say which of its terms is large. Cut the same orders by both, and one"
            f" cell carries it all: {carrier} in {where}, with {worst.hits} late orders of"
            f" {worst.all}, that is {percent(worst.rate)}. Take that cell out, and {where} stands"
            f" at {percent((here - worst).rate)} and {carrier} at"
            f" {percent((with_carrier - worst).rate)}."
        ),
        table(
            ["Cut by", "Looks guilty", "With the cell:", "Without:"],
            [
                ("Region", where, percent(here.rate), percent((here - worst).rate)),
                (
                    "Carrier",
                    carrier,
                    percent(with_carrier.rate),
                    percent((with_carrier - worst).rate),
                ),
            ],
        ),
        (
            "Even the cell is an average, over time. By month it wasn't bad all year: in"
            f" {calendar.month_name[next(iter(months))]} it was"
            f" {percent(months[next(iter(months))].rate)}, in {calendar.month_name[latest]}"
            f" {percent(months[latest].rate)}."
        ),
        (
            "So before a letter is written: cut by everything that could matter, look at the"
            " counts beside the rates, and ask *since when*. It costs three queries."
        ),
        "```sql\n" + BY_LANE + "\n```",
    )


def report(database: Database) -> str:
    """Write a long report, about 20 kB."""
    lanes = lanes_of(database.read(BY_LANE))
    parts = [
        f"# A field guide to {YEAR}",
        sentence(database).strip(),
        (
            "The chapters follow the regions, then the months. Every figure is counted from the"
            " tables when this text is written."
        ),
    ]
    for number, name in enumerate(REGIONS, 1):
        parts += _chapter(database, lanes, number, name)
    parts.append(f"## {len(REGIONS) + 1}. Month by month")
    for month in range(1, 13):
        parts += _month(database, month)
    parts += [
        f"## {len(REGIONS) + 2}. What averages hide",
        essay(database).partition("\n\n")[2],
    ]
    return "\n\n".join(parts) + "\n"


def _chapter(database: Database, lanes: Lanes, number: int, name: str) -> list[str]:
    here = _sum(lanes, region=name)
    categories = database.read(
        query(
            """
            SELECT p.category, p.name, COUNT(*) AS orders, SUM(o.quantity) AS pieces,
                   ROUND(SUM(o.amount), 2) AS revenue
            FROM orders o JOIN products p ON p.id = o.product_id
            WHERE o.region = ? AND o.status <> 'cancelled'
            GROUP BY p.id ORDER BY revenue DESC
            """
        ),
        (name,),
    )
    customers = database.read(
        query(
            """
            SELECT c.name, c.segment, COUNT(*) AS orders, ROUND(SUM(o.amount), 2) AS revenue,
                   SUM(COALESCE(o.shipped_at > o.due_at, 0)) AS late
            FROM orders o JOIN customers c ON c.id = o.customer_id
            WHERE o.region = ? AND o.status <> 'cancelled'
            GROUP BY c.id ORDER BY revenue DESC LIMIT 40
            """
        ),
        (name,),
    )
    revenue = sum(row["revenue"] for row in categories)
    first, last = categories[0], categories[-1]
    carriers = [(carrier, share) for (where, carrier), share in lanes.items() if where == name]
    best = min(carriers, key=lambda pair: pair[1].rate)
    return [
        f"## {number}. {name}",
        (
            f"{name} brought {money(revenue)} EUR, {percent(revenue / _revenue(database))} of the"
            f" year. {here.all:,} orders were shipped from here, {here.hits} of them late"
            f" ({percent(here.rate)}). The steadiest carrier is {best[0]} with"
            f" {percent(best[1].rate)} late."
        ),
        "### Carriers",
        table(
            ["Carrier", "Shipped:", "Late:", "Rate:"],
            [(carrier, s.all, s.hits, percent(s.rate)) for carrier, s in carriers],
        ),
        "### Products",
        (
            f"{first['name']} leads with {money(first['revenue'])} EUR from {first['orders']}"
            f" orders; {last['name']} closes the list with {money(last['revenue'])} EUR."
        ),
        table(
            ["Product", "Category", "Orders:", "Pieces:", "Revenue, EUR:"],
            [
                (r["name"], r["category"], r["orders"], r["pieces"], money(r["revenue"]))
                for r in categories
            ],
        ),
        "### Customers",
        (
            f"The 40 largest customers hold"
            f" {percent(sum(row['revenue'] for row in customers) / revenue)} of that revenue."
        ),
        table(
            ["Customer", "Segment", "Orders:", "Late:", "Revenue, EUR:"],
            [
                (r["name"], r["segment"], r["orders"], r["late"], money(r["revenue"]))
                for r in customers
            ],
        ),
    ]


def _month(database: Database, month: int) -> list[str]:
    rows = database.read(
        query(
            """
            SELECT region, COUNT(*) AS orders, ROUND(SUM(amount), 2) AS revenue,
                   MAX(amount) AS largest, COUNT(shipped_at) AS shipped,
                   COALESCE(SUM(shipped_at > due_at), 0) AS late
            FROM orders
            WHERE CAST(substr(ordered_at, 6, 2) AS INTEGER) = ? AND status <> 'cancelled'
            GROUP BY region ORDER BY revenue DESC
            """
        ),
        (month,),
    )
    late = Share(sum(row["late"] for row in rows), sum(row["shipped"] for row in rows))
    top = rows[0]
    return [
        f"### {calendar.month_name[month]}",
        (
            f"{sum(row['orders'] for row in rows)} orders and"
            f" {money(sum(row['revenue'] for row in rows))} EUR. {top['region']} was first with"
            f" {money(top['revenue'])} EUR; the largest single order was worth"
            f" {money(max(row['largest'] for row in rows))} EUR. Of the {late.all} orders shipped,"
            f" {late.hits} were late, $\\hat p = {late.rate:.3f}$."
        ),
        table(
            ["Region", "Orders:", "Revenue, EUR:", "Late:"],
            [(r["region"], r["orders"], money(r["revenue"]), r["late"]) for r in rows],
        ),
    ]


def _worst(lanes: Lanes) -> tuple[str, str]:
    return max(lanes, key=lambda lane: lanes[lane].rate)


def _sum(lanes: Lanes, region: str | None = None, carrier: str | None = None) -> Share:
    return sum(
        (s for (r, c), s in lanes.items() if region in (None, r) and carrier in (None, c)), _NONE
    )


def _revenue(database: Database) -> float:
    total: float = database.value("SELECT SUM(amount) FROM orders WHERE status <> 'cancelled'")
    return total


def _by_region(database: Database) -> list[tuple[str, str, str]]:
    rows = database.read(
        "SELECT region, COUNT(*) AS orders, SUM(amount) AS revenue FROM orders"
        " WHERE status <> 'cancelled' GROUP BY region ORDER BY revenue DESC"
    )
    return [(row["region"], f"{row['orders']:,}", money(row["revenue"])) for row in rows]
