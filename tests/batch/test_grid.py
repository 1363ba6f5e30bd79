"""Grids: every combination, each known by its values."""

from typing import Any

import pandas as pd
import pytest

from powawidget.batch.grid import grid_key, product_of, refuse_ignored
from powawidget.errors import InvalidValueError, WrongTypeError


def test_each_value_meets_each() -> None:
    rows = product_of({"message": ["a", "b"], "temperature": (0, 0.5), "timeout_seconds": None})
    assert rows == [
        {"message": "a", "temperature": 0},
        {"message": "a", "temperature": 0.5},
        {"message": "b", "temperature": 0},
        {"message": "b", "temperature": 0.5},
    ]
    assert [grid_key(row) for row in rows][1] == '["a",0.5]'


def test_one_value_is_the_same_for_all() -> None:
    rows = product_of({"message": "a", "response_format": {"type": "text"}})
    assert rows == [{"message": "a", "response_format": {"type": "text"}}]
    assert grid_key(rows[0]) == '["a","{\\"type\\": \\"text\\"}"]'


def test_a_grid_that_grows_keeps_its_keys() -> None:
    few = {grid_key(row) for row in product_of({"message": ["a"], "temperature": [0]})}
    more = {grid_key(row) for row in product_of({"message": ["a"], "temperature": [0, 1]})}
    assert few < more


@pytest.mark.parametrize(
    ("given", "error", "why"),
    [
        ({"message": []}, InvalidValueError, "message has no values"),
        ({"message": {"a"}}, WrongTypeError, "no order"),
        ({"a": range(1_000), "b": range(1_000)}, InvalidValueError, "1,000,000 combinations"),
    ],
)
def test_what_is_no_grid_is_refused(given: Any, error: type[Exception], why: str) -> None:
    with pytest.raises(error, match=why):
        product_of(given)


@pytest.mark.parametrize(
    ("name", "has_tools", "is_refused"),
    [
        ("temperature", False, True),
        ("response_format", False, True),
        ("timeout_seconds", False, True),
        ("temperature", True, False),
        ("temperature", None, False),
        ("reasoning_requested", True, True),
        ("reasoning_requested", None, True),
        ("context_override", False, False),
        ("message", False, False),
    ],
)
def test_an_option_that_is_ignored_is_refused(
    name: str, has_tools: bool | None, is_refused: bool
) -> None:
    if not is_refused:
        refuse_ignored(["message", name], "Writer", has_tools=has_tools)
        return
    with pytest.raises(InvalidValueError, match=f"Writer ignores {name}: the service"):
        refuse_ignored(["message", name], "Writer", has_tools=has_tools)


def test_a_table_is_no_list_of_values() -> None:
    with pytest.raises(WrongTypeError, match="pass a column of it"):
        product_of({"message": pd.DataFrame({"q": ["a"]})})
    assert product_of({"message": pd.Series(["a", "b"])}) == [{"message": "a"}, {"message": "b"}]
