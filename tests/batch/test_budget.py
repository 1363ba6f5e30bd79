"""What a batch may cost: the rules of a budget, without a server."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import powawidget as pw
from powawidget.batch.budget import Spending, budget

WRONG = [
    ({}, "at least one of runs, tokens, seconds, failures"),
    ({"runs": 0}, "positive"),
    ({"tokens": -1}, "positive"),
    ({"seconds": math.inf}, "positive"),
    ({"seconds": math.nan}, "positive"),
    ({"runs": 1.5}, "whole number"),
    ({"runs": True}, "a number, not bool"),
    ({"failures": "3"}, "a number, not str"),
]


@pytest.mark.parametrize(("given", "words"), WRONG)
def test_what_is_no_budget_is_refused_in_a_sentence(given: dict[str, Any], words: str) -> None:
    with pytest.raises(pw.ConfigurationError, match=words):
        budget(**given)


def test_numbers_of_a_table_are_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    assert budget(runs=numpy.int64(3)).runs == 3


def test_a_run_that_was_released_costs_nothing() -> None:
    spending = Spending(budget(runs=1))
    spending.started()
    assert spending.refusal() == "The budget of 1 run is used up."
    spending.released()
    assert spending.refusal() is None


def test_a_run_of_unknown_usage_counts_as_the_largest_known_until_it_is_known() -> None:
    spending = Spending(budget(tokens=100))
    spending.ended(None, failed=False)
    assert spending.refusal() is None  # nothing is known yet
    spending.ended(60, failed=False)
    assert spending.tokens == 120
    said = "The budget of 100 tokens is used up; 1 run of unknown usage counted as the largest."
    assert spending.refusal() == spending.end() == said


def test_while_usage_is_asked_for_nothing_starts_beyond_it_and_nothing_is_given_up() -> None:
    spending = Spending(budget(tokens=100))
    spending.ended(60, failed=False)
    spending.over("a")
    assert spending.refusal() is not None
    assert spending.end() is None
    spending.ended(10, failed=False, key="a")
    assert (spending.tokens, spending.refusal()) == (70, None)


def test_runs_that_may_be_refused_end_no_budget() -> None:
    spending = Spending(budget(runs=2))
    spending.started()
    spending.started()
    assert spending.refusal() is not None
    assert spending.end(1) is None
    assert spending.end(0) == spending.refusal()


def test_where_nobody_tells_what_runs_use_a_budget_of_tokens_ends_soon() -> None:
    spending = Spending(budget(tokens=100))
    for _ in range(20):
        assert spending.refusal() is None
        spending.ended(None, failed=False)
    assert spending.refusal() == spending.end()
    assert "can't be kept" in str(spending.end())
    spending.ended(2, failed=False)  # one that is told of is enough
    assert spending.refusal() is None


def test_failures_and_seconds_end_it() -> None:
    now = 0.0
    spending = Spending(budget(failures=2, seconds=5), clock=lambda: now)
    assert spending.left() == 5
    spending.ended(None, failed=True)
    assert spending.refusal() is None
    now = 5.0
    assert str(spending.refusal()).startswith("The budget of 5 s is used up.")
    assert spending.left() == 0
    spending.ended(3, failed=True)
    assert str(spending.refusal()).startswith("The budget of 2 failures is used up.")


def test_the_seconds_of_a_batch_that_is_stopped_do_not_pass() -> None:
    now = 0.0
    spending = Spending(budget(seconds=5), clock=lambda: now)
    spending.go_on()
    now = 2.0
    spending.rest()
    now = 900.0
    spending.go_on()
    assert spending.left() == 3
    now = 903.0
    assert spending.refusal() is not None


@given(
    st.lists(st.tuples(st.integers(0, 500) | st.none(), st.booleans()), max_size=60),
    st.integers(1, 900),
    st.integers(1, 12),
)
def test_nothing_starts_beyond_it_and_what_runs_is_all_that_comes_on_top(
    rows: list[tuple[int | None, bool]], tokens: int, at_once: int
) -> None:
    spending = Spending(budget(tokens=tokens, runs=40, failures=9))
    waiting, running = list(rows), []
    while waiting or running:
        while waiting and len(running) < at_once and spending.refusal() is None:
            spending.started()
            running.append(waiting.pop())
        if not running:
            break
        used, failed = running.pop(0)
        before = spending.refusal()
        spending.ended(used, failed=failed)
        # What was used up stays so, whatever ends later.
        assert before is None or spending.refusal() is not None
    assert spending.runs <= 40
    assert not waiting or spending.refusal() is not None
