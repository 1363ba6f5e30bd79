"""The one thing that is hidden in the sample data, counted: which lane is late, and since when."""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from powawidget.local.sample_data import YEAR
from powawidget.local.samples.prose import query
from powawidget.local.samples.statistics import Share, change_point

if TYPE_CHECKING:
    from powawidget.local.database import Database

BY_LANE = query(
    """
    SELECT region, carrier,
           COUNT(*) AS orders,
           SUM(shipped_at > due_at) AS late
    FROM orders
    WHERE shipped_at IS NOT NULL
    GROUP BY region, carrier
    ORDER BY region, carrier
    """
)
_NONE = Share(0, 0)
Lanes: TypeAlias = dict[tuple[str, str], Share]
_SURE = 1.96  # standard errors of a 95% interval


@dataclass(frozen=True)
class Lateness:
    """The worst lane, before and after the month since which it is the worst.

    Args:
        region: Where it is.
        carrier: Who drives it.
        month: The first bad month, 1 to 12.
        before: Its late orders until then.
        after: Its late orders since then.
        rest: The late orders of all other lanes, over the whole year.
    """

    region: str
    carrier: str
    month: int
    before: Share
    after: Share
    rest: Share

    @property
    def lane(self) -> str:
        """Its name."""
        return f"{self.carrier} in {self.region}"

    @property
    def month_name(self) -> str:
        """The first bad month's name."""
        return calendar.month_name[self.month]

    @property
    def first_day(self) -> str:
        """The first bad day, as the database writes days."""
        return f"{YEAR}-{self.month:02d}-01"

    @property
    def all(self) -> Share:
        """Its late orders, over the whole year."""
        return self.before + self.after

    @property
    def avoidable(self) -> int:
        """How many late orders there wouldn't have been at the old rate."""
        return round(self.after.hits - self.before.rate * self.after.all)


def by_month(region: str, carrier: str) -> str:
    """Write the query for the months of one lane."""
    return query(
        f"""
        SELECT CAST(substr(ordered_at, 6, 2) AS INTEGER) AS month,
               COUNT(*) AS orders,
               SUM(shipped_at > due_at) AS late
        FROM orders
        WHERE region = '{region}' AND carrier = '{carrier}' AND shipped_at IS NOT NULL
        GROUP BY month
        ORDER BY month
        """  # noqa: S608  # both names come from the table itself
    )


def lanes_of(rows: list[dict[str, Any]]) -> Lanes:
    """Read the rows of `BY_LANE`: late orders by region and carrier."""
    return {(row["region"], row["carrier"]): Share(row["late"], row["orders"]) for row in rows}


def months_of(rows: list[dict[str, Any]]) -> dict[int, Share]:
    """Read the rows of `by_month`: late orders by month."""
    return {row["month"]: Share(row["late"], row["orders"]) for row in rows}


def worst_of(lanes: Lanes) -> tuple[str, str]:
    """Find the region and the carrier with the highest share of late orders."""
    return max(lanes, key=lambda lane: lanes[lane].rate)


def lateness(database: Database) -> Lateness:
    """Count the late orders of the worst lane."""
    lanes = lanes_of(database.read(BY_LANE))
    region, carrier = worst_of(lanes)
    months = months_of(database.read(by_month(region, carrier)))
    return since(region, carrier, lanes, months)


def since(region: str, carrier: str, lanes: Lanes, months: dict[int, Share]) -> Lateness:
    """Find since when a lane is late, from what queries returned.

    Args:
        region: Where the lane is.
        carrier: Who drives it.
        lanes: The late orders of all lanes.
        months: Those of this lane by month.
    """
    shares = list(months.values())
    split = change_point(shares)
    return Lateness(
        region,
        carrier,
        list(months)[split],
        sum(shares[:split], _NONE),
        sum(shares[split:], _NONE),
        sum(lanes.values(), _NONE) - lanes[region, carrier],
    )


def interval(one: Share, other: Share) -> tuple[float, float]:
    """Compute the 95% interval of the difference of two shares."""
    error = math.sqrt(sum(s.rate * (1 - s.rate) / s.all for s in (one, other)))
    difference = one.rate - other.rate
    return difference - _SURE * error, difference + _SURE * error
