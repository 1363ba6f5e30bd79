"""Figures and how they differ from the baseline's.

A minus sign is written as a hyphen here.
"""

import pytest

from powawidget.comparison.figures import NONE, Figure, figures_of, percent
from powawidget.comparison.moment import Facts
from tests.comparison.moments import checked, content, facts, moment


def plain(delta: str) -> str:
    """A difference as it is typed."""
    return delta.replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


def told(name: str, *sides: Facts | list[Facts], checks: tuple[str, ...] = ()) -> list[Figure]:
    """One figure of each side."""
    names = [f"v{at}" for at in range(len(sides))]
    found = figures_of(content(*names, checks=checks), moment(*sides))
    return [next(one for one in figures if one.name == name) for figures in found]


@pytest.mark.parametrize(
    ("value", "base", "said"),
    [
        (1395, 1011, "+38 %"),
        (188, 1011, "-81 %"),
        (1002, 1000, "±0 %"),
        (1006, 1000, "+1 %"),
        (20_000, 100, "+19,900 %"),
        (0, 10, "-100 %"),
        (5, 0, ""),
    ],
)
def test_a_share_has_a_sign_and_a_unit(value: float, base: float, said: str) -> None:
    assert plain(percent(value, base)) == said


@pytest.mark.parametrize("name", ["tokens", "seconds"])
def test_less_is_better(name: str) -> None:
    base, less, more, same = told(
        name,
        facts(tokens=1000, seconds=10.0),
        facts(tokens=500, seconds=5.0),
        facts(tokens=1500, seconds=15.0),
        facts(tokens=1001, seconds=10.01),
    )
    assert (base.delta, base.verdict) == ("", "")
    assert [one.verdict for one in (less, more, same)] == ["better", "worse", ""]
    assert [plain(one.delta) for one in (less, more, same)] == [
        "-50 %",
        "+50 %",
        "±0 %",
    ]


def test_a_call_more_is_neither_better_nor_worse() -> None:
    _, more, fewer = told("calls", facts(calls="a"), facts(calls="a b c"), facts())
    assert (more.value, plain(more.delta).split(), more.verdict) == ("3", ["+2", "calls"], "")
    assert (fewer.value, plain(fewer.delta).split(), fewer.verdict) == ("0", ["-1", "call"], "")


def test_more_checks_that_hold_are_better() -> None:
    base, bad, good = told(
        "checks",
        facts(checks=checked(True, True, False)),
        facts(checks=checked(True, False, False)),
        facts(checks=checked(True, True, True)),
        checks=("a", "b", "c"),
    )
    assert (base.value, base.title) == ("2 of 3", "Not so: c")
    assert (bad.value, plain(bad.delta).split(), bad.verdict) == (
        "1 of 3",
        ["-1", "check"],
        "worse",
    )
    assert bad.title == "Not so: b, c"
    assert (good.value, plain(good.delta).split(), good.verdict) == (
        "3 of 3",
        ["+1", "check"],
        "better",
    )


def test_checks_of_sides_with_other_numbers_of_runs_differ_in_points() -> None:
    one, three = checked(True, True), [facts(checks=checked(True, False))] * 3
    _, other = told("checks", facts(checks=one), three, checks=("a", "b"))
    assert (other.value, plain(other.delta).split(), other.verdict) == (
        "3 of 6",
        ["-50", "points"],
        "worse",
    )


def test_repeats_are_told_by_their_mean_and_spread() -> None:
    runs = [facts(tokens=900), facts(tokens=1000), facts(tokens=1400)]
    (figure,) = told("tokens", runs)
    assert (figure.value, figure.title) == ("1,100", "Mean of 3 runs, 900 to 1,400")


def test_nothing_is_compared_before_all_runs_of_both_are_over() -> None:
    under_way = facts(standing="running", tokens=None, seconds=None)
    done = facts(tokens=500)
    assert [one.delta for one in told("tokens", [facts(), under_way], [done, done])] == ["", ""]
    assert [one.delta for one in told("tokens", [facts(), facts()], [done, under_way])] == ["", ""]
    assert told("tokens", [facts(), facts()], [done, done])[1].delta


def test_a_run_that_failed_makes_no_figure_look_good() -> None:
    """It is fast and cheap, since it did nothing."""
    _, figure = told("seconds", facts(), facts(standing="failed", seconds=0.1))
    assert (figure.value, figure.delta, figure.verdict) == (NONE, "", "")
    _, tokens = told("tokens", facts(), facts(tokens=None))
    assert (tokens.value, tokens.delta) == (NONE, "")
