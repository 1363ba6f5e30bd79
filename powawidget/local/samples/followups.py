"""What the Analyst makes of a message that goes on with the conversation."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from powawidget.local.agents.script import Say, Think
from powawidget.local.samples import amounts, late_orders
from powawidget.local.samples.late_lane import BY_LANE, lanes_of, lateness, worst_of
from powawidget.local.samples.prose import ask, fence, money, percent, query, sections, table
from powawidget.local.samples.statistics import Share
from powawidget.local.samples.topics import mentions, regions_in, topic_of

if TYPE_CHECKING:
    from powawidget.local.agents.script import Script, Turn
    from powawidget.local.database import Database

SHORTER = r"\bshort|\bbrief|one (sentence|line)|sum .*up|tl;?dr|in a nutshell"
RANKED = r"\b(worst|best|slowest|fastest|most|least|highest|lowest|largest|why|since when)\b"
BY = {
    "carrier": r"carrier|courier|shipp",
    "region": r"region|where",
    "month": r"month|when|why",
}
ADVICE = r"what (should|would|can|could) (we|you|i)\b|recommend|advice|what now|next step|to do"
_COLUMNS = {
    "carrier": "carrier",
    "region": "region",
    "month": "CAST(substr(ordered_at, 6, 2) AS INTEGER) AS month",
}


class Context(NamedTuple):
    """What a conversation is about.

    Args:
        topic: The Analyst's topic, or None.
        region: The region it was narrowed down to, or None.
        ranked: By what lateness was ranked last, or None.
    """

    topic: str | None = None
    region: str | None = None
    ranked: str | None = None

    def after(self, message: str, topics: Mapping[str, str]) -> Context:
        """Tell what it is about after another message."""
        named = regions_in(message)
        region = named[0] if len(named) == 1 else None
        dimension = ranking(message)
        if self.topic and dimension:
            return Context(self.topic, region or self.region, dimension)
        topic = topic_of(message, topics)
        if topic:
            return Context(topic, region)
        return Context(self.topic, region) if region else self


def context_of(turn: Turn, topics: Mapping[str, str]) -> Context:
    """Read what the conversation before a turn was about."""
    context = Context()
    for message, _ in turn.history:
        context = context.after(message, topics)
    return context


def ranking(message: str) -> str | None:
    """Find by what a message wants something ranked: "which carrier is worst?"."""
    return topic_of(message, BY) if mentions(message, RANKED) else None


def follow(turn: Turn, before: Context, topics: Mapping[str, str]) -> Script | None:
    """Choose the script for a message that goes on with what was said.

    Args:
        turn: The turn.
        before: What the conversation was about.
        topics: The Analyst's topics.

    Returns:
        The script, or None where the message begins something new.
    """
    message, named = turn.message, regions_in(turn.message)
    if before.topic is None:
        return None
    if mentions(message, SHORTER):
        return _shorter(turn, before)
    if ranking(message):
        return _rank(before.after(message, topics))
    if topic_of(message, topics) not in {None, before.topic}:
        return None
    if mentions(message, ADVICE):
        return _advise()
    if len(named) > 1:
        return amounts.compare(turn)
    if named and before.topic == "revenue":
        return amounts.revenue(turn, named[0])
    return late_orders.region(turn, named[0]) if named else None


def _shorter(turn: Turn, before: Context) -> Script:
    yield Think("They want the last answer again, in a sentence. I have the figures; no query.")
    yield Say(_gist(turn.database, before))


def _gist(database: Database, before: Context) -> str:
    where = f" in {before.region}" if before.region else ""
    if before.topic == "revenue":
        rows = database.read(amounts.monthly(before.region))
        best = max(rows, key=lambda row: row["revenue"])
        year = sum(row["revenue"] for row in rows)
        return (
            f"The year brought {money(year)} EUR{where}, most of it in"
            f" {calendar.month_name[best['month']]} with {money(best['revenue'])} EUR.\n"
        )
    if before.ranked or before.region:
        by = before.ranked or "carrier"
        worst, *_ = _ranked(database.read(_late_by(by, before.region)))
        return (
            f"By {by}, **{worst[0]}** is worst{where}: {percent(worst[1].rate)} of the orders left"
            f" late ({worst[1].hits} of {worst[1].all}).\n"
        )
    found = lateness(database)
    return (
        f"**{found.lane}** is late with {percent(found.after.rate, 0)} of its orders since"
        f" {found.month_name}; everything else stands at {percent(found.rest.rate, 0)}.\n"
    )


def _late_by(dimension: str, region: str | None) -> str:
    narrowed = f" AND region = '{region}'" if region else ""
    return query(
        f"""
        SELECT {_COLUMNS[dimension]}, COUNT(*) AS orders,
               SUM(shipped_at > due_at) AS late
        FROM orders
        WHERE shipped_at IS NOT NULL{narrowed}
        GROUP BY 1 ORDER BY 1
        """  # noqa: S608  # one of three columns, one of four regions
    )


def _ranked(rows: list[dict[str, Any]]) -> list[tuple[str, Share]]:
    shares = []
    for name, orders, hits in (row.values() for row in rows):
        shown = calendar.month_name[name] if isinstance(name, int) else name
        shares.append((shown, Share(hits, orders)))
    return sorted(shares, key=lambda pair: -pair[1].rate)


def _rank(context: Context) -> Script:
    by, region = context.ranked or "carrier", context.region
    where = f" in {region}" if region else ""
    yield Think(f"Ranked by {by}{where}, with the same definition of late as before.")
    yield Say(f"By {by}{where}, then.\n\n")
    sql = _late_by(by, region)
    ranked = _ranked((yield from ask(sql, 0.7)))
    (worst, share), (best, least) = ranked[0], ranked[-1]
    times = f", {share.rate / least.rate:.1f} times as often as {best}" if least.rate else ""
    yield Say(
        sections(
            (f"**{worst}** is worst{where}: {percent(share.rate)} of the orders left late{times}."),
            table(
                [by.capitalize(), "Orders:", "Late:", "Rate:"],
                [(name, s.all, s.hits, percent(s.rate)) for name, s in ranked],
            ),
            fence("sql", sql),
        )
    )


def _advise() -> Script:
    yield Think("Advice needs one more figure: how much of the lane could move to others.")
    yield Say("One more count, then I say what I would do.\n\n")
    lanes = lanes_of((yield from ask(BY_LANE, 0.8)))
    region, carrier = worst_of(lanes)
    there = {c: share for (where, c), share in lanes.items() if where == region and c != carrier}
    better = min(there, key=lambda name: there[name].rate)
    moved = lanes[region, carrier]
    saved = moved.hits - moved.all * there[better].rate
    yield Say(
        sections(
            "## What I would do",
            (
                f"1. **Ask {carrier}** what changed at the {region} depot; the data only says"
                " when.\n"
                f"2. **Move part of the lane to {better}**, which is late with"
                f" {percent(there[better].rate)} there. All of it would have spared about"
                f" {saved:.0f} late orders this year, if {better} keeps its rate with more to"
                " carry.\n"
                "3. **Measure it**: half of the lane for four weeks, by chance, and compare."
            ),
            "The third is the one people leave out, and the only one that proves anything.",
        )
    )
