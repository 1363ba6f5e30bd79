"""The Research desk: a supervisor, and the specialists it asks one after another."""

from __future__ import annotations

import calendar
import json
from typing import TYPE_CHECKING

from powawidget.local.agents.script import Agent, Call, Calls, Say, Think
from powawidget.local.samples.late_lane import (
    BY_LANE,
    Lateness,
    by_month,
    interval,
    lanes_of,
    lateness,
    months_of,
    since,
    worst_of,
)
from powawidget.local.samples.prose import ask, money, percent, query, sections, table
from powawidget.local.samples.statistics import Share, p_value, two_proportions
from powawidget.local.samples.tools import reading_tools

if TYPE_CHECKING:
    from powawidget.local.agents.script import Script, Turn
    from powawidget.local.database import Database

SCOUT = "Find the region and carrier with the highest share of late orders, and since when."
TEST = "Test whether the rise in {lane} since {month} could be chance; use the other lanes."
COST = "Count what the late orders of {lane} since {month} are worth, and whom they concern."
GOODWILL = 0.02


def specialists(database: Database) -> tuple[Agent, Agent, Agent]:
    """Make the Scout, the Statistician and the Controller."""
    reading = reading_tools(database)
    return (
        Agent("Scout", _scout, reading, system_prompt="You find where and since when."),
        Agent("Statistician", _test, reading, system_prompt="You tell signal from chance."),
        Agent("Controller", _count, reading, system_prompt="You count what it is worth."),
    )


def supervise(turn: Turn) -> Script:
    """Answer as the desk's supervisor: delegate what is needed, then write the answer."""
    # A question that goes on with the conversation is answered from what was found before.
    yield from _in_short(turn) if turn.history else _investigate(turn)


def _investigate(turn: Turn) -> Script:
    yield Think(
        "Three questions in one: where and since when, whether it is more than chance, and what"
        " it is worth. Each needs what the one before it found, so I ask one after another."
    )
    yield Say("I first want to know **where** orders are late, and **since when**.\n\n")
    yield Calls(_delegate("Scout", SCOUT))
    found = lateness(turn.database)
    yield Say(f"It is one lane, {found.lane}, since {found.month_name}. Could that be chance?\n\n")
    named = {"lane": found.lane, "month": found.month_name}
    tested = yield Calls(_delegate("Statistician", TEST.format(**named)))
    yield Say("And what is it worth?\n\n")
    yield Calls(_delegate("Controller", COST.format(**named)))
    yield Think("I have what I need. The answer first, then the figures, then what to do.")
    yield Say(_report(turn.database, found, tested=not tested[0].startswith("litellm.")))


def _delegate(name: str, task: str) -> Call:
    return Call(f"delegate_to_{name}", {"task": task})


def _report(database: Database, found: Lateness, *, tested: bool) -> str:
    worth = database.read(_worth(found))[0]
    z = two_proportions(found.after, found.before)
    low, high = interval(found.after, found.before)
    sure = (
        f"It is no chance: $z = {z:.1f}$, and the rise is between {100 * low:.0f} and"
        f" {100 * high:.0f} points."
        if tested
        else "The Statistician could not answer, so **nobody has tested this yet**: take it as a"
        " strong suspicion."
    )
    return sections(
        "## One lane is late, and only since " + found.month_name,
        (
            f"**{found.lane}** left {percent(found.after.rate)} of its orders late since"
            f" {found.month_name}, against {percent(found.before.rate)} before. All other lanes"
            f" together stand at {percent(found.rest.rate)}. {sure}"
        ),
        table(
            ["", "Orders:", "Late:", "Rate:"],
            [
                (f"{found.lane}, before", *_counts(found.before)),
                (f"{found.lane}, since {found.month_name}", *_counts(found.after)),
                ("All other lanes", *_counts(found.rest)),
            ],
        ),
        (
            f"At the old rate about **{found.avoidable} late orders** would not have happened."
            f" The late ones hold {money(worth['revenue'])} EUR from {worth['customers']}"
            " customers."
        ),
        "### What I would do",
        (
            f"1. Ask {found.carrier} what changed at the {found.region} depot in"
            f" {found.month_name}.\n"
            f"2. Move part of the lane to another carrier for two weeks, and compare.\n"
            f"3. Credit the customers concerned; 2% of their late orders is"
            f" {money(GOODWILL * worth['revenue'])} EUR."
        ),
    )


def _counts(share: Share) -> tuple[str, str, str]:
    return f"{share.all:,}", f"{share.hits:,}", percent(share.rate)


def _in_short(turn: Turn) -> Script:
    found = lateness(turn.database)
    yield Say(
        f"Since {found.month_name} {found.lane} leaves {percent(found.after.rate, 0)} of its"
        f" orders late instead of {percent(found.before.rate, 0)}; everything else is as it"
        f" was. Ask {found.carrier} what changed there, and in a new conversation the desk"
        " looks into it again.\n"
    )


def _scout(_turn: Turn) -> Script:
    yield Think("By region and carrier together: an average over either alone hides the other.")
    yield Say("I count by region and carrier.\n\n")
    lanes = lanes_of((yield from ask(BY_LANE, 0.9)))
    region, carrier = worst_of(lanes)
    worst = lanes[region, carrier]
    yield Say(f"{carrier} in {region} has {percent(worst.rate)}. Now that lane by month.\n\n")
    months = months_of((yield from ask(by_month(region, carrier), 0.7)))
    found = since(region, carrier, lanes, months)
    shown = [
        (calendar.month_abbr[month], share.all, share.hits, percent(share.rate, 0))
        for month, share in list(months.items())[-6:]
    ]
    yield Say(
        sections(
            (
                f"**{found.lane}**: {worst.hits} of {worst.all} orders late"
                f" ({percent(worst.rate)}), against {percent(found.rest.rate)} in all other"
                f" lanes. It began in **{found.month_name}**: {percent(found.before.rate)} before,"
                f" {percent(found.after.rate)} since."
            ),
            table(["Month", "Orders:", "Late:", "Rate:"], shown),
        )
    )


def _before_after(found: Lateness, which: str) -> str:
    return query(
        f"""
        SELECT ordered_at >= '{found.first_day}' AS after,
               COUNT(*) AS orders, SUM(shipped_at > due_at) AS late
        FROM orders
        WHERE {which}
          AND shipped_at IS NOT NULL
        GROUP BY after ORDER BY after
        """  # noqa: S608  # all of it comes from the table itself
    )


def _test(turn: Turn) -> Script:
    found = lateness(turn.database)
    yield Think(
        "Before and after in the lane, and the same in all other lanes as the control: if those"
        " rose too, it isn't the lane."
    )
    yield Say("I take the lane and the rest at the same time.\n\n")
    lane = f"region = '{found.region}' AND carrier = '{found.carrier}'"
    results = yield Calls(
        Call("database_query", {"query": _before_after(found, lane)}, 0.9),
        Call("database_query", {"query": _before_after(found, f"NOT ({lane})")}, 0.6),
    )
    before, after, calm, later = (
        Share(row["late"], row["orders"]) for result in results for row in json.loads(result)
    )
    z = two_proportions(after, before)
    low, high = interval(after, before)
    drift = later.rate - calm.rate
    rise = after.rate - before.rate
    yield Say(
        sections(
            (
                f"The lane rose by **{100 * rise:.1f} points** (95% interval {100 * low:.1f} to"
                f" {100 * high:.1f}), $z = {z:.1f}$. All other lanes moved by"
                f" {100 * drift:.1f} points, $z = {two_proportions(later, calm):.1f}$"
                f" ($p = {p_value(two_proportions(later, calm)):.2f}$)."
            ),
            (
                r"$$\Delta = (\hat p_1 - \hat p_0)_{\text{lane}} - (\hat p_1 - \hat"
                r" p_0)_{\text{rest}}"
                f" = {rise:.3f} - {drift:.3f} = {rise - drift:.3f}$$"
            ),
            (
                "So it is the lane, and not the season. The month was chosen by the data, which"
                f" flatters $z$; at {z:.1f} that doesn't matter."
            ),
        )
    )


def _worth(found: Lateness) -> str:
    return query(
        f"""
        SELECT COUNT(*) AS orders, ROUND(SUM(amount), 2) AS revenue,
               COUNT(DISTINCT customer_id) AS customers
        FROM orders
        WHERE region = '{found.region}' AND carrier = '{found.carrier}'
          AND ordered_at >= '{found.first_day}' AND shipped_at > due_at
        """  # noqa: S608  # all of it comes from the table itself
    )


def _concerned(found: Lateness) -> str:
    return query(
        f"""
        SELECT c.id, c.name, c.segment, COUNT(*) AS late, ROUND(SUM(o.amount), 2) AS revenue
        FROM orders o JOIN customers c ON c.id = o.customer_id
        WHERE o.region = '{found.region}' AND o.carrier = '{found.carrier}'
          AND o.ordered_at >= '{found.first_day}' AND o.shipped_at > o.due_at
        GROUP BY c.id ORDER BY late DESC, revenue DESC LIMIT 5
        """  # noqa: S608  # all of it comes from the table itself
    )


def _count(turn: Turn) -> Script:
    found = lateness(turn.database)
    yield Say(f"I add up the late orders of {found.lane} since {found.month_name}.\n\n")
    results = yield Calls(
        Call("database_query", {"query": _worth(found)}, 0.5),
        Call("database_query", {"query": _concerned(found)}, 0.8),
    )
    worth = json.loads(results[0])[0]
    rows = [
        (row["name"], row["segment"], row["late"], money(row["revenue"]))
        for row in json.loads(results[1])
    ]
    yield Say(
        sections(
            (
                f"**{worth['orders']} late orders** worth **{money(worth['revenue'])} EUR**, from"
                f" {worth['customers']} customers. A goodwill credit of 2% would cost"
                f" {money(GOODWILL * worth['revenue'])} EUR."
            ),
            table(["Customer", "Segment", "Late:", "Revenue, EUR:"], rows),
        )
    )
