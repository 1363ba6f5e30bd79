"""What the Analyst says about money: by month, by region, and how orders are spread."""

from __future__ import annotations

import calendar
import itertools
import json
from typing import TYPE_CHECKING, Any

from powawidget.local.agents.script import Call, Calls, Say, Think
from powawidget.local.sample_data import REGIONS
from powawidget.local.samples.prose import (
    ask,
    fence,
    money,
    percent,
    query,
    sections,
    signed,
    table,
)
from powawidget.local.samples.statistics import Sample, Share, least_squares, p_value, welch
from powawidget.local.samples.topics import regions_in

if TYPE_CHECKING:
    from powawidget.local.agents.script import Script, Turn

BY_MONTH = query(
    """
    SELECT CAST(substr(ordered_at, 6, 2) AS INTEGER) AS month,
           COUNT(*) AS orders,
           ROUND(SUM(amount), 2) AS revenue
    FROM orders
    WHERE status <> 'cancelled'
    GROUP BY month
    ORDER BY month
    """
)
_PEAK = 2  # the last months of the year


def monthly(region: str | None = None) -> str:
    """Write the query for the revenue by month, of one region or of all."""
    where = f"WHERE region = '{region}' AND" if region else "WHERE"
    return BY_MONTH.replace("WHERE", where)


def of_region(name: str) -> str:
    """Write the query for one region."""
    return query(
        f"""
        SELECT region, COUNT(*) AS orders,
               AVG(amount) AS mean, AVG(amount * amount) AS square,
               SUM(amount) AS revenue,
               COUNT(shipped_at) AS shipped, SUM(shipped_at > due_at) AS late
        FROM orders
        WHERE region = '{name}' AND status <> 'cancelled'
        """  # noqa: S608  # one of four known names
    )


def revenue(_turn: Turn, region: str | None = None) -> Script:
    """Answer what the revenue is by month, and how it moves."""
    where, sql = f" in {region}" if region else "", monthly(region)
    yield Think(
        "Revenue by month, without cancelled orders. For the trend I fit a line, and again"
        " without the last two months: a peak at the end of the year pulls any line up."
    )
    yield Say(f"I add up the revenue by month{where}.\n\n")
    rows = yield from ask(sql, 0.9)
    amounts = [row["revenue"] for row in rows]
    line, calm = least_squares(amounts), least_squares(amounts[:-_PEAK])
    best = max(rows, key=lambda row: row["revenue"])
    top = best["revenue"]
    changes = ["", *(signed((b / a - 1) * 100) for a, b in itertools.pairwise(amounts))]
    shown = [
        (
            calendar.month_abbr[row["month"]],
            row["orders"],
            money(row["revenue"]),
            change,
            "\u2588" * round(row["revenue"] / top * 16),
        )
        for row, change in zip(rows, changes, strict=True)
    ]
    code = query(
        f"""
        import numpy as np

        months = np.arange(len(df))
        slope, start = np.polyfit(months, df["revenue"], 1)            # {line.slope:,.0f}
        calm, _ = np.polyfit(months[:-{_PEAK}], df["revenue"][:-{_PEAK}], 1)  # {calm.slope:,.0f}
        """
    )
    yield Say(
        sections(
            f"## Revenue by month{where}",
            (
                f"The year brought **{money(sum(amounts))} EUR** with"
                f" {sum(row['orders'] for row in rows):,} orders. The best month is"
                f" {calendar.month_name[best['month']]} with {money(top)} EUR."
            ),
            table(["Month", "Orders:", "Revenue, EUR:", "Change, %:", ""], shown),
            "### The trend",
            (
                f"A straight line rises by **{signed(line.slope, 0)} EUR a month**"
                f" ($R^2 = {line.fit:.2f}$):"
            ),
            r"$$\hat\beta = \frac{\sum_t (t-\bar t)(y_t-\bar y)}{\sum_t (t-\bar t)^2}"
            f" = {line.slope:,.0f}$$".replace(",", "{,}"),
            (
                f"Without {calendar.month_name[rows[-_PEAK]['month']]} and"
                f" {calendar.month_name[rows[-1]['month']]} it is"
                f" {signed(calm.slope, 0)} EUR a month ($R^2 = {calm.fit:.2f}$). One year"
                " can't tell growth from the season: for that a second year is needed."
            ),
            fence("python", code),
            fence("sql", sql),
        )
    )


def compare(turn: Turn) -> Script:
    """Answer how two regions differ, with two queries at the same time."""
    named = regions_in(turn.message)
    one, other = [*named, *(name for name in REGIONS if name not in named)][:2]
    yield Think(
        f"Two regions, {one} and {other}: the same query for each. They don't depend on each"
        " other, so I send both at once."
    )
    yield Say(f"I ask for {one} and {other} at the same time.\n\n")
    results = yield Calls(
        Call("database_query", {"query": of_region(one)}, 1.4),
        Call("database_query", {"query": of_region(other)}, 0.5),
    )
    left, right = (json.loads(result)[0] for result in results)
    yield Think("Both are there. Amounts are skewed, but there are many: Welch's test will do.")
    t = welch(_sample(left), _sample(right))
    low, high = sorted((left, right), key=lambda row: float(row["mean"]))
    code = query(
        f"""
        from scipy import stats

        a = df.loc[df["region"] == "{one}", "amount"]
        b = df.loc[df["region"] == "{other}", "amount"]
        stats.ttest_ind(a, b, equal_var=False)
        """
    )
    yield Say(
        sections(
            f"## {one} and {other}",
            table(
                ["", f"{one}:", f"{other}:"],
                [
                    ("Orders", f"{left['orders']:,}", f"{right['orders']:,}"),
                    ("Revenue, EUR", money(left["revenue"]), money(right["revenue"])),
                    ("Mean order, EUR", money(left["mean"]), money(right["mean"])),
                    ("Late", _late(left), _late(right)),
                ],
            ),
            (
                f"An order in {high['region']} is {money(high['mean'] - low['mean'])} EUR larger"
                f" on average than one in {low['region']}."
            ),
            (r"$$t = \frac{\bar x_1 - \bar x_2}{\sqrt{s_1^2/n_1 + s_2^2/n_2}}" f" = {t:.2f}$$"),
            f"With samples this large $t$ is nearly normal: $p \\approx {p_value(t):.2f}$."
            + (
                " The amounts don't differ by more than chance would make them."
                if p_value(t) >= 0.05  # noqa: PLR2004  # the customary level
                else " The amounts differ by more than chance would make them."
            ),
            fence("python", code),
        )
    )


def _sample(row: dict[str, Any]) -> Sample:
    return Sample(row["orders"], row["mean"], row["square"])


def _late(row: dict[str, Any]) -> str:
    share = Share(row["late"], row["shipped"])
    return f"{percent(share.rate)} ({share.hits}/{share.all})"
