"""What the Analyst says about late orders: where, why, and whom it concerns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from powawidget.local.agents.script import Say, Think
from powawidget.local.samples.late_lane import (
    BY_LANE,
    by_month,
    lanes_of,
    months_of,
    since,
    worst_of,
)
from powawidget.local.samples.prose import ask, fence, money, percent, query, sections, table
from powawidget.local.samples.statistics import Share, p_value, two_proportions

if TYPE_CHECKING:
    from powawidget.local.agents.script import Script, Turn

BY_CUSTOMER = query(
    """
    SELECT c.name, c.segment, o.region,
           COUNT(*) AS orders,
           SUM(o.shipped_at > o.due_at) AS late,
           ROUND(SUM(o.amount), 2) AS revenue,
           MAX(o.ordered_at) AS last_order
    FROM orders o JOIN customers c ON c.id = o.customer_id
    WHERE o.shipped_at IS NOT NULL
    GROUP BY c.id
    HAVING COUNT(*) >= 8
    """
)
Z_FORMULA = (
    r"z = \frac{\hat p_1 - \hat p_2}"
    r"{\sqrt{\hat p(1-\hat p)\left(\frac{1}{n_1}+\frac{1}{n_2}\right)}}"
)
WEIGHT = 10  # orders at the usual rate that each customer is given beforehand


def overview(_turn: Turn) -> Script:
    """Answer which orders are late, by region and carrier."""
    yield Think(
        "Late means shipped after the due date. I count by region and carrier, since an average"
        " over either alone could hide the other. Open and cancelled orders have no shipping date"
        " and stay out."
    )
    yield Say("I count the late orders by region and carrier.\n\n")
    lanes = lanes_of((yield from ask(BY_LANE, 1.1)))
    region_name, carrier = worst_of(lanes)
    worst = lanes[region_name, carrier]
    yield Think(
        f"{carrier} in {region_name} stands out: {worst.hits} of {worst.all} late."
        " Was it always so, or since some month? I look at that lane by month."
    )
    yield Say(f"**{carrier} in {region_name}** stands out. I look at it by month.\n\n")
    monthly = by_month(region_name, carrier)
    found = since(region_name, carrier, lanes, months_of((yield from ask(monthly, 0.8))))
    before, after, all_of_it = found.before, found.after, found.all + found.rest
    z = two_proportions(after, before)
    yield Say(
        sections(
            "## Late orders by region and carrier",
            (
                f"**{all_of_it.hits:,} of {all_of_it.all:,}** shipped orders"
                f" ({percent(all_of_it.rate)}) left after their due date."
            ),
            _lane_table(lanes),
            (
                f"That one lane has {percent(worst.all / all_of_it.all)} of the orders and"
                f" {percent(worst.hits / all_of_it.hits)} of the late ones."
            ),
            _without_worst(lanes, region_name, carrier),
            "### Since when",
            (
                f"The months split best before **{found.month_name}**: until"
                f" then {percent(before.rate)} were late ({before.hits} of {before.all}), from"
                f" then on {percent(after.rate)} ({after.hits} of {after.all})."
            ),
            f"$${Z_FORMULA} = {z:.1f}$$",
            (
                f"With $n_1 = {after.all}$ and $n_2 = {before.all}$ that is"
                f" {_unlikely(z)}. The split was chosen by the data, so take $z$ as a guide and"
                " not as a test."
            ),
            fence("sql", monthly),
        )
    )


def region(turn: Turn, name: str) -> Script:
    """Answer the same about one region."""
    yield Think(f"The same question for {name} only. I keep the definition of late.")
    yield Say(f"The same for {name}.\n\n")
    sql = query(
        f"""
        SELECT carrier, COUNT(*) AS orders, SUM(shipped_at > due_at) AS late
        FROM orders
        WHERE region = '{name}' AND shipped_at IS NOT NULL
        GROUP BY carrier
        ORDER BY carrier
        """  # noqa: S608  # one of four known names
    )
    found = yield from ask(sql, 0.7)
    shares = {row["carrier"]: Share(row["late"], row["orders"]) for row in found}
    lanes = lanes_of(turn.database.read(BY_LANE))
    here = sum(shares.values(), Share(0, 0))
    elsewhere = sum((s for (where, _), s in lanes.items() if where != name), Share(0, 0))
    z = two_proportions(here, elsewhere)
    rows = [
        (carrier, share.all, share.hits, percent(share.rate)) for carrier, share in shares.items()
    ]
    yield Say(
        sections(
            f"## Late orders in {name}",
            table(["Carrier", "Orders:", "Late:", "Rate:"], rows),
            (
                f"Together {percent(here.rate)} against {percent(elsewhere.rate)} elsewhere,"
                f" $z = {z:.1f}$: {_unlikely(z)}."
            ),
            fence("sql", sql),
        )
    )


def customers(_turn: Turn) -> Script:
    """Answer whom to talk to: revenue that late orders put at risk."""
    yield Think(
        "A customer with two late orders of two isn't worse off than one with thirty of a"
        " hundred. I shrink each customer's rate towards the usual one before I weigh it with"
        " the revenue."
    )
    yield Say("I look for customers with much revenue and many late orders.\n\n")
    found = yield from ask(BY_CUSTOMER, 1.2)
    usual = Share(sum(row["late"] for row in found), sum(row["orders"] for row in found)).rate
    ranked = sorted(((_risk(row, usual), row) for row in found), key=lambda pair: -pair[0])
    top = ranked[:6]
    rows = [
        (
            row["name"],
            row["segment"],
            row["region"],
            f"{row['late']} of {row['orders']}",
            money(row["revenue"]),
            money(risk),
        )
        for risk, row in top
    ]
    first = top[0][1]
    at_risk = sum(risk for risk, _ in top) / sum(risk for risk, _ in ranked)
    code = query(
        f"""
        usual = df["late"].sum() / df["orders"].sum()
        df["rate"] = (df["late"] + {WEIGHT} * usual) / (df["orders"] + {WEIGHT})
        df["risk"] = df["revenue"] * df["rate"]
        df.nlargest(6, "risk")
        """
    )
    yield Say(
        sections(
            "## Customers to talk to",
            table(["Customer", "Segment", "Region", "Late", "Revenue, EUR:", "Risk, EUR:"], rows),
            (
                f"Begin with **{first['name']}**: {first['late']} of {first['orders']} orders late,"
                f" last order on {first['last_order']}. The six hold {percent(at_risk)} of the risk"
                f" of the {len(found)} customers with eight orders or more."
            ),
            "The risk of customer $i$ is its revenue $R_i$ times its shrunken late rate:",
            (
                f"$$r_i = R_i \\cdot \\frac{{L_i + k\\,\\bar p}}{{N_i + k}},"
                f" \\qquad k = {WEIGHT},\\ \\bar p = {usual:.3f}$$"
            ),
            fence("python", code),
        )
    )


def _risk(row: dict[str, Any], usual: float) -> float:
    rate = (row["late"] + WEIGHT * usual) / (row["orders"] + WEIGHT)
    risk: float = row["revenue"] * rate
    return risk


def _lane_table(lanes: dict[tuple[str, str], Share]) -> str:
    regions = list(dict.fromkeys(name for name, _ in lanes))
    carriers = list(dict.fromkeys(carrier for _, carrier in lanes))
    worst = worst_of(lanes)

    def cell(lane: tuple[str, str]) -> str:
        share = lanes.get(lane, Share(0, 0))
        text = f"{percent(share.rate)} ({share.hits}/{share.all})"
        return f"**{text}**" if lane == worst else text

    rows = [
        (
            name,
            *(cell((name, carrier)) for carrier in carriers),
            percent(sum((s for (where, _), s in lanes.items() if where == name), Share(0, 0)).rate),
        )
        for name in regions
    ]
    return table(["Region", *(f"{carrier}:" for carrier in carriers), "All:"], rows)


def _without_worst(lanes: dict[tuple[str, str], Share], name: str, carrier: str) -> str:
    here = sum((s for (where, _), s in lanes.items() if where == name), Share(0, 0))
    rest = here - lanes[name, carrier]
    elsewhere = sum((s for (where, _), s in lanes.items() if where != name), Share(0, 0))
    stands = (
        f"Without it {name} stands at {percent(rest.rate)}, against {percent(elsewhere.rate)} in"
        " the other regions"
    )
    near = abs(rest.rate - elsewhere.rate) < 0.02  # noqa: PLR2004  # two points
    return stands + (": look at the lane, not at the region." if near else ".")


def _unlikely(z: float) -> str:
    chance = p_value(z)
    if chance >= 0.05:  # noqa: PLR2004  # the customary level
        return f"well within chance ($p = {chance:.2f}$)"
    exponent = math.floor(math.log10(chance)) if chance > 0 else -300
    return f"hard to explain by chance ($p < 10^{{{exponent + 1}}}$)"
