"""Tables of every kind: the same kind comes back, with the same rows and the same index."""

import collections
import dataclasses
import datetime as dt
import decimal
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pydantic
import pytest

from powawidget.batch.columns import Column, free_name, kind_of
from powawidget.batch.table import table_of
from powawidget.errors import InvalidValueError, MissingPackageError, WrongTypeError

ADDED = [
    Column("status", "text", ["done", None]),
    Column("tokens", "integer", [2**53 + 1, None]),
    Column("seconds", "number", [0.5, None]),
    Column("ok", "boolean", [True, None]),
    Column("more", "any", [{"a": [1]}, None]),
]
WIDE: dict[str, list[Any]] = {
    "whole": [2**53 + 1, None],
    "text": ["{braces}", None],
    "nested": [{"a": [1, None]}, None],
    "money": [decimal.Decimal("12345678901234567890.10"), None],
    "at": [dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC), None],
}


def _pandas() -> pd.DataFrame:
    frame = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in WIDE.items()})
    frame["whole"] = pd.array(WIDE["whole"], dtype="Int64")
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    frame["kind"] = pd.Categorical(["bug", None])
    return frame


INDEXES: dict[str, Any] = {
    "numbers": pd.RangeIndex(5, 7),
    "twins": pd.Index(["a", "a"], name="id"),
    "missing": pd.Index([1.0, None]),
    "times": pd.DatetimeIndex(["2026-03-01", "2026-03-02"], tz="Europe/Berlin"),
    "levels": pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["x", None]),
    "twin levels": pd.MultiIndex.from_tuples([("a", 1), ("a", 1)]),
    "categories": pd.CategoricalIndex(["b", "a"]),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_pandas_keeps_its_index_and_its_columns(index: Any) -> None:
    frame = _pandas().set_axis(index)
    table = table_of(frame)
    back = table.with_columns(ADDED)
    pd.testing.assert_frame_equal(back[list(frame.columns)], frame)
    assert list(back.columns) == [*frame.columns, "status", "tokens", "seconds", "ok", "more"]
    assert back["tokens"].tolist() == [2**53 + 1, pd.NA]
    assert back["more"].iloc[0] == {"a": [1]}
    assert table.rows[0]["whole"] == 2**53 + 1
    assert list(table.rows[1].values()) == [None] * 6


@pytest.mark.parametrize("make", [pl.DataFrame, pa.table], ids=["polars", "pyarrow"])
def test_polars_and_pyarrow_keep_every_value(make: Callable[[Any], Any]) -> None:
    frame = make(WIDE)
    table = table_of(frame)
    back = table.with_columns(ADDED)
    assert type(back) is type(frame)
    assert table.rows[0]["whole"] == 2**53 + 1
    assert table.rows[0]["money"] == decimal.Decimal("12345678901234567890.10")
    assert table.rows[0]["at"].utcoffset() == dt.timedelta(0)
    assert set(table.rows[1].values()) == {None}
    rows = back.to_dicts() if isinstance(back, pl.DataFrame) else back.to_pylist()
    assert rows[0]["status"] == "done"
    assert rows[0]["tokens"] == 2**53 + 1
    assert rows[0]["more"] == {"a": [1]}
    assert rows[0]["nested"] == WIDE["nested"][0]


def test_categories_and_dictionaries_are_their_values() -> None:
    pandas = pd.DataFrame({"c": pd.Categorical(["u", None])})
    polars = pl.DataFrame({"c": pl.Series(["u", None], dtype=pl.Categorical)})
    arrow = pa.table({"c": pa.array(["u", None]).dictionary_encode()})
    for frame in (pandas, polars, arrow):
        assert [row["c"] for row in table_of(frame).rows] == ["u", None]


@pytest.mark.parametrize(
    ("series", "name", "kind"),
    [
        (pd.Series(["a", "b"], index=["x", "y"], name="q"), "q", pd.DataFrame),
        (pd.Series(["a", "b"]), "value", pd.DataFrame),
        (pl.Series("q", ["a", "b"]), "q", pl.DataFrame),
        (pl.Series(["a", "b"]), "value", pl.DataFrame),
        (pa.chunked_array([["a", "b"]]), "value", pa.Table),
        (pa.array(["a", "b"]), "value", pa.Table),
        (pd.Series(["a", "b"], name=0), "0", pd.DataFrame),
    ],
)
def test_a_series_becomes_a_frame(series: Any, name: str, kind: type) -> None:
    table = table_of(series)
    assert table.names == [name]
    assert [row[name] for row in table.rows] == ["a", "b"]
    back: Any = table.with_columns(ADDED)
    assert issubclass(type(back), kind)
    if isinstance(series, pd.Series):
        assert back.index.tolist() == series.index.tolist()
        assert table.labels == series.index.tolist()


@dataclasses.dataclass
class Point:
    x: int


class Ticket(msgspec.Struct):
    x: int


class Model(pydantic.BaseModel):
    x: int


Pair = collections.namedtuple("Pair", ["x"])  # noqa: PYI024  # that kind is meant


@pytest.mark.parametrize(
    "row", [{"x": 1}, Point(1), Ticket(1), Model(x=1), Pair(1)], ids=lambda row: type(row).__name__
)
def test_a_list_of_records_comes_back_as_records(row: Any) -> None:
    table = table_of([row, row])
    assert table.with_columns(ADDED[:1]) == [{"x": 1, "status": "done"}, {"x": 1, "status": None}]


def test_plain_values_and_iterables_come_back_as_records() -> None:
    expected = [{"value": "a", "status": "done"}, {"value": "b", "status": None}]
    for data in (["a", "b"], ("a", "b"), iter("ab"), (each for each in "ab"), np.array(["a", "b"])):
        assert table_of(data).with_columns(ADDED[:1]) == expected
    assert table_of(range(2)).rows == [{"value": 0}, {"value": 1}]


def test_records_may_lack_cells() -> None:
    assert table_of([{"a": 1}, {"b": 2}]).rows == [{"a": 1, "b": None}, {"a": None, "b": 2}]


def test_a_dictionary_is_columns_or_rows() -> None:
    columns = table_of({"a": [1, 2], "b": ("x", "y"), "c": np.array([3, 4])})
    assert columns.rows == [{"a": 1, "b": "x", "c": 3}, {"a": 2, "b": "y", "c": 4}]
    assert columns.with_columns(ADDED[:1])["status"] == ["done", None]
    rows = table_of({"first": "a", "second": "b"})
    assert rows.labels == ["first", "second"]
    assert rows.with_columns(ADDED[:1])["second"] == {"value": "b", "status": None}
    records = table_of({1: {"q": "a"}, 2: {"q": "b"}})
    assert records.rows == [{"q": "a"}, {"q": "b"}]


def test_some_rows_can_be_given_alone() -> None:
    added = [Column("n", "integer", [10, 20])]
    frame = pd.DataFrame({"a": [1, 2]}, index=["x", "y"])
    assert table_of(frame).with_columns(added, [1]).to_dict("index") == {"y": {"a": 2, "n": 20}}
    polars = table_of(pl.DataFrame({"a": [1, 2]})).with_columns(added, [1])
    assert polars.to_dicts() == [{"a": 2, "n": 20}]
    arrow = table_of(pa.table({"a": [1, 2]})).with_columns(added, [])
    assert arrow.to_pylist() == []
    assert table_of([1, 2]).with_columns(added, [1]) == [{"value": 2, "n": 20}]


def test_a_record_batch_comes_back_as_one() -> None:
    batch = pa.record_batch({"a": ["x", "y"]})
    table = table_of(batch)
    back = table.with_columns(ADDED)
    assert isinstance(back, pa.RecordBatch)
    assert back.to_pylist()[0]["tokens"] == 2**53 + 1
    assert table.with_columns(ADDED, []).num_rows == 0


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["x", "y"], pa.string_view()),
        pa.RunEndEncodedArray.from_arrays([1, 2], ["x", "y"]),
    ],
    ids=lambda one: str(one.type)[:12],
)
def test_rows_are_taken_of_columns_of_every_kind(column: Any) -> None:
    table = table_of(pa.table({"a": column}))
    assert table.with_columns(ADDED[:1], [1]).to_pylist() == [{"a": "y", "status": None}]
    assert table.with_columns(ADDED[:1], []).num_rows == 0


def test_a_dictionary_of_series_is_columns() -> None:
    data = {"a": pd.Series([1, 2]), "b": pl.Series(["x", "y"]), "c": pa.array([3, 4])}
    assert table_of(data).rows == [{"a": 1, "b": "x", "c": 3}, {"a": 2, "b": "y", "c": 4}]


def test_times_keep_their_nanoseconds() -> None:
    number = 1_767_225_600_000_000_001
    zoned = pl.Datetime("ns", "Europe/Berlin")
    polars = pl.DataFrame(
        {
            "at": pl.Series([number, None]).cast(pl.Datetime("ns")),
            "there": pl.Series([number, None]).cast(zoned),
            "took": pl.Series([-1, None]).cast(pl.Duration("ns")),
            "time": pl.Series([1, None]).cast(pl.Time),
            "whole": pl.Series([1_000, None]).cast(pl.Datetime("ns")),
        }
    )
    for table in (table_of(polars), table_of(polars.to_arrow())):
        first, second = table.rows
        assert first["at"] == "2026-01-01T00:00:00.000000001"
        assert first["there"] == "2026-01-01T01:00:00.000000001+01:00"
        assert first["took"] == "PT-0.000000001S"
        assert first["time"] == "00:00:00.000000001"
        assert first["whole"] == dt.datetime(1970, 1, 1, 0, 0, 0, 1)  # noqa: DTZ001  # likewise
        assert set(second.values()) == {None}


def test_pandas_keeps_what_a_person_noted_beside() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    frame.attrs["source"] = "export of March"
    assert table_of(frame).with_columns(ADDED).attrs == {"source": "export of March"}


def test_a_table_that_is_changed_later_changes_no_row() -> None:
    frame = pd.DataFrame({"a": ["before"]})
    table = table_of(frame)
    frame.loc[0, "a"] = "after"
    assert table.with_columns([])["a"].tolist() == ["before"]
    assert table.rows == [{"a": "before"}]


@pytest.mark.parametrize(
    ("data", "error", "why"),
    [
        ("one", WrongTypeError, "One message is a run"),
        (b"one", WrongTypeError, "One message is a run"),
        (7, WrongTypeError, "not int"),
        (None, WrongTypeError, "not NoneType"),
        ({"b", "a"}, WrongTypeError, "no order"),
        ([], InvalidValueError, "empty"),
        ({}, InvalidValueError, "empty"),
        ({"a": []}, InvalidValueError, "empty"),
        (pd.DataFrame({"a": []}), InvalidValueError, "empty"),
        (pl.DataFrame(), InvalidValueError, "empty"),
        (pl.DataFrame({"a": [1]}).lazy(), WrongTypeError, "collect"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), InvalidValueError, "Two columns"),
        (pd.DataFrame([[1, 2]], columns=[0, "0"]), InvalidValueError, "Two columns"),
        (pa.table([[1], [2]], names=["a", "a"]), InvalidValueError, "Two columns"),
        ([{0: 1, "0": 2}], InvalidValueError, "Two columns"),
        ({"a": [1], "b": [1, 2]}, InvalidValueError, "differ in length"),
        ({"a": [1], "b": "one"}, InvalidValueError, "lists and other values"),
        (np.array("one"), WrongTypeError, "has no rows"),
        (pa.table({"a": [1]}).to_reader(), WrongTypeError, "read_all"),
    ],
    ids=lambda case: type(case).__name__,
)
def test_bad_input_gets_a_sentence(data: Any, error: type[Exception], why: str) -> None:
    with pytest.raises(error, match=why):
        table_of(data)


@pytest.mark.parametrize(
    "columns", [[0, 1], [("a", 1), ("a", 2)], ["x", 1.5], ["\u202e", "=1+1"]], ids=ascii
)
def test_odd_names_of_columns_are_texts(columns: list[Any]) -> None:
    frame = pd.DataFrame([[1, 2]], columns=pd.Index(columns, tupleize_cols=False, dtype=object))
    table = table_of(frame)
    assert table.names == list(map(str, columns))
    assert list(table.with_columns([]).columns) == columns


def test_columns_with_levels_are_tuples() -> None:
    levels = pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])
    table = table_of(pd.DataFrame([[1, 2]], columns=levels))
    assert table.rows == [{"('a', 1)": 1, "('a', 2)": 2}]
    back = table.with_columns([Column("status", "text", ["done"])])
    assert back["status"].tolist() == ["done"]


def test_values_that_do_not_agree_become_texts_where_a_package_needs_it() -> None:
    mixed = Column("out", "any", [{"a": 1}, [2]])
    huge = Column("out", "integer", [2**70, 1])
    for frame in (pl.DataFrame({"a": [1, 2]}), pa.table({"a": [1, 2]})):
        for column, texts in ((mixed, ['{"a": 1}', "[2]"]), (huge, [str(2**70), "1"])):
            back = table_of(frame).with_columns([column])
            cells = back["out"].to_pylist() if isinstance(back, pa.Table) else back["out"]
            assert list(map(str, cells)) == texts
    back = table_of(pd.DataFrame({"a": [1, 2]})).with_columns([huge])
    assert back["out"].tolist() == [2**70, 1]


def test_without_narwhals_a_frame_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "narwhals", None)
    with pytest.raises(MissingPackageError, match=r"powawidget\[tables\]"):
        table_of(pd.DataFrame({"a": [1]}))
    assert table_of(["a"]).rows == [{"value": "a"}]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None], "integer"),
        ([1, 2.5], "number"),
        ([True], "boolean"),
        ([True, 1], "any"),
        (["a"], "text"),
        ([2**70], "any"),
        ([dt.datetime(2026, 1, 1)], "time"),  # noqa: DTZ001  # such values come too
        ([dt.date(2026, 1, 1)], "date"),
        ([decimal.Decimal(1)], "decimal"),
        ([[1]], "any"),
        ([None], "any"),
    ],
)
def test_values_tell_their_kind(values: list[Any], kind: str) -> None:
    assert kind_of(values) == kind


def test_a_name_that_is_taken_gets_another() -> None:
    assert free_name("status", ["status", "batch_status"]) == "batch_batch_status"
    assert free_name("status", ["a"]) == "status"


def test_an_index_has_names_for_a_file() -> None:
    def named(index: Any) -> Any:
        return table_of(pd.DataFrame({"id": ["a", "b"]}, index=index)).named_labels()

    assert named(None) is None
    assert named(pd.RangeIndex(1, 3)) == (["index"], [(1,), (2,)])
    assert named(pd.Index(["x", "y"], name="who")) == (["who"], [("x",), ("y",)])
    assert named(pd.Index(["a", "b"], name="id")) is None
    # What stands beside a column of its name, and says something else, is lost in no file.
    assert named(pd.Index([1, 2], name="id")) == (["index_id"], [(1,), (2,)])
    assert table_of({1: {"key": "x"}}).named_labels() == (["batch_key"], [(1,)])
    levels = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["id", None])
    assert named(levels) == (["level_1"], [(1,), (2,)])
    assert table_of({"x": "a"}).named_labels() == (["key"], [("x",)])
    assert table_of(pl.DataFrame({"a": [1]})).named_labels() is None
    assert table_of(["a"]).named_labels() is None
