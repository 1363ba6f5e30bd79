"""Figures of a side, and how they differ from the baseline's. Pure.

A figure is the mean over the runs of a side that are done. It is compared once all runs of both
sides are over: before, it would be told of some of them.
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from powawidget.comparison.moment import Content, Facts, Moment
from powawidget.transcript import words

Verdict = Literal["better", "worse", ""]
_MINUS = "\N{MINUS SIGN}"
_SPACE = "\N{NO-BREAK SPACE}"
NONE = "\N{EN DASH}"  # a figure that isn't known


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of one side.

    `value` is what it is, `delta` how it differs from the baseline's, with sign and unit; `verdict`
    says whether that is better or worse, empty where it is neither. `title` says what it is made
    of.
    """

    name: str
    value: str = NONE
    delta: str = ""
    verdict: Verdict = ""
    title: str = ""


def figures_of(content: Content, moment: Moment) -> list[list[Figure]]:
    """Tell the figures of each side, each with the same names in the same order."""
    base = moment.facts[0]
    made = []
    for at, runs in enumerate(moment.facts):
        is_compared = at > 0 and all(one.is_over for one in [*base, *runs])
        against = base if is_compared else None
        figures = [
            _relative("tokens", _tokens, _count, runs, against),
            _relative("seconds", _seconds, words.duration, runs, against),
            _calls(runs, against),
        ]
        if content.checks:
            figures.append(_checks(content, runs, against))
        made.append(figures)
    return made


def percent(value: float, base: float) -> str:
    """Tell a difference as a share of the baseline, with sign and unit; empty where it has none."""
    if base <= 0:
        return ""
    share = (value - base) / base * 100
    return _signed(round(share), f"{_SPACE}%")


def _relative(
    name: str,
    read: Callable[[Facts], float | None],
    write: Callable[[float], str],
    runs: Sequence[Facts],
    base: Sequence[Facts] | None,
) -> Figure:
    known, mean = _mean(read, runs)
    if mean is None:
        return Figure(name=name)
    _, against = (0, None) if base is None else _mean(read, base)
    delta = "" if against is None else percent(mean, against)
    verdict: Verdict = ""
    if delta and against is not None and not delta.startswith("±"):
        verdict = "better" if mean < against else "worse"
    title = ""
    if len(known) > 1:
        title = f"Mean of {len(known)} runs, {write(min(known))} to {write(max(known))}"
    return Figure(name=name, value=write(mean), delta=delta, verdict=verdict, title=title)


def _calls(runs: Sequence[Facts], base: Sequence[Facts] | None) -> Figure:
    """Count calls: more of them are neither better nor worse by themselves, and have no verdict."""
    known, mean = _mean(_steps, runs)
    if mean is None:
        return Figure(name="calls")
    _, against = (0, None) if base is None else _mean(_steps, base)
    delta = ""
    if against is not None:
        much = round(mean - against, 1)
        delta = _signed(much, f"{_SPACE}{'call' if abs(much) == 1 else 'calls'}")
    title = ""
    if len(known) > 1:
        title = f"Mean of {len(known)} runs, {_count(min(known))} to {_count(max(known))}"
    return Figure(name="calls", value=_short(mean), delta=delta, title=title)


def _checks(content: Content, runs: Sequence[Facts], base: Sequence[Facts] | None) -> Figure:
    held, of = _held(runs)
    if of == 0:
        return Figure(name="checks")
    failed = sorted(
        {name for one in runs for name, check in one.checks.items() if not check.holds},
        key=list(content.checks).index,
    )
    delta, verdict = "", ""
    if base is not None:
        base_held, base_of = _held(base)
        if base_of:
            # Sides may have different numbers of runs.
            much = round(held / of * 100) - round(base_held / base_of * 100)
            if of == base_of:
                unit = "check" if abs(held - base_held) == 1 else "checks"
                delta = _signed(held - base_held, f"{_SPACE}{unit}")
            else:
                delta = _signed(much, f"{_SPACE}points")
            verdict = "" if much == 0 else "better" if much > 0 else "worse"
    return Figure(
        name="checks",
        value=f"{held} of {of}",
        delta=delta,
        verdict=verdict,  # type: ignore[arg-type]  # one of three
        title=f"Not so: {', '.join(failed)}" if failed else "",
    )


def _held(runs: Sequence[Facts]) -> tuple[int, int]:
    checks = [check for one in runs for check in one.checks.values()]
    return sum(check.holds for check in checks), len(checks)


def _mean(
    read: Callable[[Facts], float | None], runs: Sequence[Facts]
) -> tuple[list[float], float | None]:
    done = [read(one) for one in runs if one.standing == "completed"]
    known = [value for value in done if value is not None and math.isfinite(value)]
    return known, sum(known) / len(known) if known else None


def _tokens(one: Facts) -> float | None:
    return one.tokens


def _seconds(one: Facts) -> float | None:
    return one.seconds


def _steps(one: Facts) -> float | None:
    return len(one.steps)


def _count(value: float) -> str:
    return f"{round(value):,}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _signed(value: float, unit: str) -> str:
    if value == 0:
        return f"±0{unit}"
    sign = "+" if value > 0 else _MINUS
    return f"{sign}{_short(abs(value))}{unit}"
