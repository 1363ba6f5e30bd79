"""Row keys: the same text whenever a table is read again."""

import datetime as dt
import decimal
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powawidget.batch.keys import canonical, keys_of, readable
from powawidget.errors import InvalidValueError, UnknownNameError, WrongTypeError


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("T-17", '"T-17"'),
        (17, "17"),
        (17.0, "17"),
        (np.int64(17), "17"),
        (decimal.Decimal("17.00"), "17"),
        (decimal.Decimal("1.50"), "1.5"),
        (1.5, "1.5"),
        (decimal.Decimal("0.12345678901234567890"), '"0.12345678901234567890"'),
        (2**53 + 1, "9007199254740993"),
        (2**70, str(2**70)),
        (decimal.Decimal(2**53 + 1), "9007199254740993"),
        (True, "true"),
        (dt.date(2026, 3, 1), '"2026-03-01"'),
        (pd.Timestamp("2026-03-01", tz="UTC"), '"2026-03-01T00:00:00+00:00"'),
        (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (("a", 2), '["a",2]'),
        (["a", 2], '["a",2]'),
        ("größe\u202e", '"gr\\u00f6\\u00dfe\\u202e"'),
    ],
)
def test_a_key_has_one_text(key: Any, text: str) -> None:
    assert canonical(key) == text


@given(key=st.one_of(st.integers(), st.text(), st.tuples(st.integers(), st.tuples(st.text()))))
def test_a_key_is_read_back(key: Any) -> None:
    assert readable(canonical(key)) == key


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (None, "it is missing"),
        (float("nan"), "it is missing"),
        (pd.NA, "it is missing"),
        (pd.NaT, "it is missing"),
        (decimal.Decimal("NaN"), "it is missing"),
        (("a", None), "it is missing"),
        (float(2**53), "can't tell it from its neighbours"),
        (1e300, "can't tell it from its neighbours"),
        (float("inf"), "no number"),
        (b"x", "bytes"),
        ({"a": 1}, "a key is a text"),
        (object(), "neither a text"),
    ],
)
def test_what_is_no_key_is_refused_with_its_row(key: Any, why: str) -> None:
    rows = [{"id": "a"}, {"id": key}]
    with pytest.raises(InvalidValueError, match=rf"row 1.*{why}.*nothing was sent"):
        keys_of(rows, ["id"], "id", None)


def test_two_rows_with_one_key_are_refused() -> None:
    rows = [{"id": each} for each in ("a", "b", "a", "b", 1, 1.0)]
    with pytest.raises(InvalidValueError, match="'a' in rows 0, 2; 'b' in rows 1, 3; 1 in rows 4"):
        keys_of(rows, ["id"], "id", None)


def test_keys_come_from_a_column_columns_or_a_function() -> None:
    rows = [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}]
    assert keys_of(rows, ["a", "b"], "a", None) == ["1", "2"]
    assert keys_of(rows, ["a", "b"], ["b", "a"], None) == ['["x",1]', '["x",2]']
    assert keys_of(rows, ["a", "b"], lambda row: row["a"] * 2, None) == ["2", "4"]
    with pytest.raises(UnknownNameError, match="has no column 'c'"):
        keys_of(rows, ["a", "b"], "c", None)
    with pytest.raises(WrongTypeError, match="key takes"):
        keys_of(rows, ["a", "b"], 7, None)


def test_a_function_that_fails_names_its_row() -> None:
    with pytest.raises(InvalidValueError, match="row 0: ZeroDivisionError"):
        keys_of([{"a": 1}], ["a"], lambda row: row["a"] / 0, None)


def test_a_named_index_is_a_key_where_no_column_has_that_name() -> None:
    rows = [{"a": 1}, {"a": 2}]
    index = {"id": ["x", "y"], "a": ["no", "no"]}
    assert keys_of(rows, ["a"], "id", ["x", "y"], index) == ['"x"', '"y"']
    assert keys_of(rows, ["a"], ["a", "id"], None, index) == ['[1,"x"]', '[2,"y"]']
    assert keys_of(rows, ["a"], "a", None, index) == ["1", "2"]
    with pytest.raises(InvalidValueError, match=r"Index 'id' must differ.*'x' in rows 0, 1"):
        keys_of(rows, ["a"], "id", None, {"id": ["x", "x"]})
    with pytest.raises(InvalidValueError, match=r"Index 'id' can't be the key of row 1: it is mi"):
        keys_of(rows, ["a"], "id", None, {"id": ["x", None]})
    with pytest.raises(UnknownNameError, match="Did you mean 'id'"):
        keys_of(rows, ["a"], "idd", None, index)


def test_without_a_key_rows_go_by_their_labels_or_numbers() -> None:
    rows = [{"a": 1}, {"a": 2}]
    assert keys_of(rows, ["a"], None, None) == ["0", "1"]
    assert keys_of(rows, ["a"], None, ["x", ("y", 2)]) == ['"x"', '["y",2]']
    for labels in (["x", "x"], ["x", None], ["x", float("nan")]):
        assert keys_of(rows, ["a"], None, labels) == ["0", "1"]
