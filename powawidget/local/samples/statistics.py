"""The statistics the sample agents compute from what their queries return."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Share(NamedTuple):
    """So many of so many.

    Args:
        hits: The ones that count.
        all: All of them.
    """

    hits: int
    all: int

    @property
    def rate(self) -> float:
        """The share, 0 where there is nothing."""
        return self.hits / self.all if self.all else 0.0

    def __add__(self, other: object) -> Share:
        if not isinstance(other, Share):
            return NotImplemented
        return Share(self.hits + other.hits, self.all + other.all)

    def __sub__(self, other: Share) -> Share:
        return Share(self.hits - other.hits, self.all - other.all)


class Sample(NamedTuple):
    """A sample by its size, mean and mean of squares.

    Args:
        size: How many values.
        mean: Their mean.
        square: The mean of their squares.
    """

    size: int
    mean: float
    square: float

    @property
    def variance(self) -> float:
        """The sample variance."""
        return (self.square - self.mean**2) * self.size / (self.size - 1)


class Line(NamedTuple):
    """A straight line through points.

    Args:
        slope: Its slope a step.
        intercept: Its height at 0.
        fit: The share of the variance it explains.
    """

    slope: float
    intercept: float
    fit: float


def two_proportions(one: Share, other: Share) -> float:
    """Compute the z value of the difference of two shares, with the pooled variance."""
    pooled = (one + other).rate
    error = math.sqrt(pooled * (1 - pooled) * (1 / one.all + 1 / other.all))
    return (one.rate - other.rate) / error if error else 0.0


def welch(one: Sample, other: Sample) -> float:
    """Compute Welch's t value of the difference of two means."""
    error = math.sqrt(one.variance / one.size + other.variance / other.size)
    return (one.mean - other.mean) / error if error else 0.0


def p_value(z: float) -> float:
    """Compute the two-sided p value in the normal approximation."""
    return math.erfc(abs(z) / math.sqrt(2))


def least_squares(heights: Sequence[float]) -> Line:
    """Fit a line to heights at 0, 1, 2, ..."""
    places = range(len(heights))
    slope, intercept = statistics.linear_regression(places, heights)
    return Line(slope, intercept, statistics.correlation(places, heights) ** 2)


def change_point(shares: Sequence[Share]) -> int:
    """Find where two rates explain a series of shares best.

    Args:
        shares: The series, with at least two entries.

    Returns:
        The index of the first share of the second part.
    """

    def likelihood(part: Sequence[Share]) -> float:
        total = sum(part, Share(0, 0))
        return sum(
            count * math.log(count / total.all)
            for count in (total.hits, total.all - total.hits)
            if count
        )

    return max(
        range(1, len(shares)), key=lambda at: likelihood(shares[:at]) + likelihood(shares[at:])
    )
