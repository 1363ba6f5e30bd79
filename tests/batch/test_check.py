"""`batch.check`: what the runs of a batch are expected to have done, as columns and rates."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

import powawidget as pw
from powawidget.checks.rates import as_html, as_markdown, as_text, rates_of
from tests.counterpart import Agent, Call, Calls, Counterpart, Fail, Say, Script, Tool, Turn, start
from tests.hostile_texts import hostile


def _look(turn: Turn) -> Script:
    asked = turn.message
    if "fail" in asked:
        yield Fail("litellm.RateLimitError: too many")
    if "EU" in asked:
        yield Calls(Call("look", {"region": "EU"}, 0.0))
    SEEN.append(asked)
    # The same question isn't answered the same each time.
    if "odd" in asked and SEEN.count(asked) % 2:
        yield Calls(Call("look", {"region": "?"}, 0.0))
    yield Say(asked)


SEEN: list[str] = []


@pytest.fixture(scope="module")
def server() -> Iterator[Counterpart]:
    tool = Tool("look", lambda _: "nothing")
    with start(agents=[Agent("Looker", _look, tools=(tool,))]) as one:
        yield one


@pytest.fixture
def pb(server: Counterpart) -> Iterator[pw.Powabase]:
    SEEN.clear()
    with pw.connect(server.url, api_key=server.key) as one:
        yield one


ASKED = ["EU now", "US now", "fail"]


def test_each_expectation_is_a_column_and_has_a_rate(pb: pw.Powabase) -> None:
    table = pd.DataFrame({"text": ASKED}, index=["a", "b", "c"])
    batch = pb.agent("Looker").map(table, "{text}").wait(display=False)
    checks = batch.check(
        lambda e: e.completed(),
        lambda e: e.completed().called("look"),
        europe=lambda e: e.called("look", region="EU"),
        short=lambda e: e.tokens_under(1_000_000),
        yes=lambda _: True,
    )
    frame = checks.frame
    assert list(frame.index) == ["a", "b", "c"]
    assert list(frame.columns) == [
        *("text", "the run is completed", "the run is completed and look was called"),
        *("europe", "short", "yes", "difference"),
    ]
    assert list(frame["europe"]) == [True, False, False]
    assert list(frame["yes"]) == [True, True, True]
    assert checks.rates["the run is completed"] == pytest.approx(2 / 3)
    assert checks.rates["europe"] == pytest.approx(1 / 3)
    assert checks.spreads["europe"] is None, "nothing was asked twice"
    assert pd.isna(frame["difference"]["a"])
    assert frame["difference"]["b"].startswith("no tool was called; expected that look")
    assert frame["difference"]["c"].startswith("failed: ")
    assert not checks
    assert "2 of 3" in repr(checks)
    assert "3 of 3 rows checked: agent 'Looker'" in repr(checks)


def test_with_repeats_the_rates_have_a_spread(pb: pw.Powabase) -> None:
    asked = ["odd EU", "odd US", "US", "odd US", "US", "alone"]
    batch = pb.agent("Looker").map(asked, concurrency=1).wait(display=False)
    checks = batch.check(odd=lambda e: e.called("look", region="?"))
    (one,) = checks.results
    assert (one.held, one.of) == (2, 6)
    assert checks.spreads == {"odd": (0.0, 0.5)}
    assert (one.groups, one.mixed) == (2, 1)
    assert "0 % to 50 % (2 questions, 1 mixed)" in repr(checks)


def test_what_is_read_from_a_journal_is_checked_the_same(pb: pw.Powabase, tmp_path: Path) -> None:
    path = tmp_path / "looked.powa"
    batch = pb.agent("Looker").map([*ASKED, "EU now"], journal=path).wait(display=False)
    first = batch.check(europe=lambda e: e.called("look", region="EU"))
    opened = pw.open_batch(path).check(europe=lambda e: e.called("look", region="EU"))
    assert opened.results == first.results
    assert opened.spreads == {"europe": (1.0, 1.0)}
    batch._journal.prune()
    pruned = pw.open_batch(path).check(europe=lambda e: e.called("look", region="EU"))
    # What was done isn't known any more; what failed still has failed.
    assert list(pruned.frame["europe"].astype(object).where(lambda one: one.notna(), None)) == [
        *(None, None, False, None)
    ]


def test_what_is_not_over_counts_neither_way(pb: pw.Powabase) -> None:
    batch = pb.agent("Looker").map(pl.DataFrame({"text": ASKED}), "{text}", start=False)
    checks = batch.check(lambda e: e.completed())
    assert isinstance(checks.frame, pl.DataFrame)
    assert checks.rates == {"check 1": None}
    assert not checks
    assert "0 of 3 rows checked" in repr(checks)


def test_a_name_that_the_table_has_gives_way(pb: pw.Powabase) -> None:
    rows = [{"text": "US", "difference": 1, "cheap": 2}]
    batch = pb.agent("Looker").map(rows, "{text}").wait(display=False)
    (row,) = batch.check(cheap=lambda e: e.completed()).frame
    assert row == {
        "text": "US",
        "difference": 1,
        "cheap": 2,
        "batch_cheap": True,
        "batch_difference": None,
    }


WRONG: list[tuple[Any, type[Exception]]] = [
    ((), pw.InvalidValueError),
    (("completed",), pw.WrongTypeError),
    ((lambda _: None,), pw.WrongTypeError),
    ((lambda _: "completed",), pw.WrongTypeError),
    ((lambda e: e,), pw.InvalidValueError),
    ((lambda e: e.ended("never"),), pw.InvalidValueError),
]


@pytest.mark.parametrize(("given", "error"), WRONG)
def test_what_cannot_be_checked_is_refused(
    pb: pw.Powabase, given: Any, error: type[Exception]
) -> None:
    batch = pb.agent("Looker").map(["US"]).wait(display=False)
    with pytest.raises(error):
        batch.check(*given)


SHARES = [((1, 1), "100 %"), ((999, 1000), "99 %"), ((1, 1000), "1 %"), ((0, 3), "0 %")]


@pytest.mark.parametrize(("counted", "said"), SHARES)
def test_neither_all_nor_none_is_said_unless_it_is(counted: tuple[int, int], said: str) -> None:
    held, of = counted
    cells = [True] * held + [False] * (of - held)
    assert said in as_text(rates_of(["it"], [cells], list(map(str, range(of)))), "")


@pytest.mark.parametrize("text", hostile())
def test_hostile_names_stay_text(text: str) -> None:
    rates = rates_of([text], [[True, False, None]], ["q", "q", "r"])
    page = as_html(rates, text.splitlines()[0] if text else "")
    tags = re.findall(r"<(/?[a-z]+)", page)
    assert {tag.strip("/") for tag in tags} <= {"div", "table", "thead", "tbody", "tr", "th", "td"}
    assert page.count("<") == len(tags)
    assert len(as_markdown(rates, "title").splitlines()) == 5
    assert len(as_text(rates, "title").splitlines()) == 2
