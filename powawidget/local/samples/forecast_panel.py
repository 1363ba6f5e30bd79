"""The Forecast panel: three ways to carry a series on, side by side, and what they come to."""

from __future__ import annotations

import calendar
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from powawidget.local.agents.script import Say, Think
from powawidget.local.samples.amounts import BY_MONTH
from powawidget.local.samples.prose import ask, money, sections, table
from powawidget.local.samples.statistics import least_squares

if TYPE_CHECKING:
    from powawidget.local.agents.script import Script, Turn

Method = Callable[[Sequence[float]], float]

_TRIED = 6  # of the last months, each forecast from those before it
_WEIGHTS = tuple(n / 10 for n in range(1, 10))


@dataclass(frozen=True)
class Forecast:
    """What a method says of the next month.

    Args:
        name: The method.
        value: What it expects, in EUR.
        error: How far it was off on average in the last months, in EUR.
    """

    name: str
    value: float
    error: float


def naive(series: Sequence[float]) -> float:
    """Carry the last value on."""
    return series[-1]


def trend(series: Sequence[float]) -> float:
    """Carry a straight line on."""
    line = least_squares(series)
    return line.intercept + line.slope * len(series)


def smooth(series: Sequence[float]) -> float:
    """Carry an exponentially weighted mean on, with the weight that served best so far."""
    return _level(series, best_weight(series))


def best_weight(series: Sequence[float]) -> float:
    """Find the weight of the newest value with the smallest error one step ahead."""
    return min(
        _WEIGHTS,
        key=lambda weight: sum(
            abs(_level(series[:end], weight) - series[end]) for end in range(1, len(series))
        ),
    )


def _level(series: Sequence[float], weight: float) -> float:
    level = series[0]
    for value in series[1:]:
        level += weight * (value - level)
    return level


METHODS: dict[str, Method] = {"Naive": naive, "Trend": trend, "Smoother": smooth}


def forecast(name: str, series: Sequence[float]) -> Forecast:
    """Forecast with a method, and try it on the last months."""
    method = METHODS[name]
    errors = [
        abs(method(series[:end]) - series[end]) for end in range(len(series) - _TRIED, len(series))
    ]
    return Forecast(name, method(series), statistics.fmean(errors))


_IDEAS = {
    "Naive": "Next month as this month: no model at all, and hard to beat.",
    "Trend": "A straight line through the year. The peak at its end pulls it up.",
    "Smoother": "A weighted mean that forgets; how fast, the data may choose.",
}
_SECONDS = {"Naive": 1.2, "Trend": 1.8, "Smoother": 2.4}


def answer(name: str, _turn: Turn) -> Script:
    """Answer with the forecast of a method."""
    yield Say(f"{_IDEAS[name]}\n\n")
    rows = yield from ask(BY_MONTH, _SECONDS[name])
    series = [row["revenue"] for row in rows]
    made = forecast(name, series)
    yield Say(
        sections(
            f"**{name}: {money(made.value)} EUR** for January.",
            _how(name, series),
            f"Tried on the last {_TRIED} months, each from those before it:",
            table(["Month", "Forecast, EUR:", "Was, EUR:", "Off by:"], _trials(name, series)),
            f"On average it was off by **{money(made.error)} EUR**.",
        )
    )


def _trials(name: str, series: Sequence[float]) -> list[tuple[str, ...]]:
    method = METHODS[name]
    return [
        (
            calendar.month_abbr[end + 1],
            money(method(series[:end])),
            money(series[end]),
            money(abs(method(series[:end]) - series[end])),
        )
        for end in range(len(series) - _TRIED, len(series))
    ]


def _how(name: str, series: Sequence[float]) -> str:
    if name == "Trend":
        line = least_squares(series)
        return (
            f"The line rises by {money(line.slope)} EUR a month and explains"
            f" {line.fit:.0%} of the variance."
        )
    if name == "Smoother":
        weight = best_weight(series)
        return f"$\\alpha = {weight}$: the newest month counts {weight:.0%}."
    last = calendar.month_name[len(series)]
    return f"{last} brought {money(series[-1])} EUR, so January does too."


def merge(turn: Turn) -> Script:
    """Write the panel's answer from the members' forecasts."""
    series = [row["revenue"] for row in turn.database.read(BY_MONTH)]
    made = [forecast(name, series) for name in METHODS]
    weights = [1 / one.error for one in made]
    mean = sum(w * one.value for w, one in zip(weights, made, strict=True)) / sum(weights)
    best = min(made, key=lambda one: one.error)
    rows = [
        (one.name, money(one.value), money(one.error), f"{weight / sum(weights):.0%}")
        for one, weight in zip(made, weights, strict=True)
    ]
    low, high = (choose(one.value for one in made) for choose in (min, max))
    yield Think("Three forecasts. I weigh them by how they did lately, and say what none can know.")
    yield Say(
        sections(
            f"## January: about {round(mean, -2):,.0f} EUR",
            table(["Method", "January, EUR:", "Mean error, EUR:", "Weight:"], rows),
            (
                f"The three lie between {money(low)} and {money(high)} EUR. Weighted with"
                f" $w_i \\propto 1/\\text{{error}}_i$ they come to **{money(mean)} EUR**;"
                f" {best.name} was closest lately."
            ),
            (
                f"**Take it as an upper bound.** All three carry the peak of December on, and none"
                f" can know the season from one year: last January brought {money(series[0])} EUR,"
                f" {series[0] / series[-1]:.0%} of this December. With a second year of data I"
                " would fit the season first."
            ),
        )
    )
