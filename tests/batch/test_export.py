"""A table as a file: whole or not at all, and nothing that a spreadsheet runs."""

import csv
import io
import pathlib
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powawidget.batch.export import _write_csv, export
from powawidget.errors import FileError, InvalidValueError, MissingPackageError, WrongTypeError

NAMES = ["id", "text", "nested"]
ROWS: list[list[Any]] = [[2**53 + 1, "ü=1", {"a": [1]}], [None, "=1+1", None]]
RECORDS = [dict(zip(NAMES, row, strict=True)) for row in ROWS]


def _frames() -> dict[str, Any]:
    return {
        "pandas": pd.DataFrame(RECORDS, dtype=object),
        "polars": pl.DataFrame(RECORDS),
        "pyarrow": pa.Table.from_pylist(RECORDS),
        "list": RECORDS,
        "columns": {name: [row[name] for row in RECORDS] for name in NAMES},
        "rows": {"x": RECORDS[0], "y": RECORDS[1]},
    }


@pytest.mark.parametrize("frame", _frames().values(), ids=_frames())
def test_parquet_holds_every_value(frame: Any, tmp_path: pathlib.Path) -> None:
    file = export(tmp_path / "out.parquet", frame, NAMES, ROWS)
    read = pq.read_table(file)
    assert read["id"].to_pylist() == [2**53 + 1, None]
    assert read["text"].to_pylist() == ["ü=1", "=1+1"]
    assert read["nested"].to_pylist()[0] == {"a": [1]}


def test_parquet_keeps_pandas_index(tmp_path: pathlib.Path) -> None:
    index = pd.MultiIndex.from_tuples([("a", 1), ("a", 1)], names=["x", "y"])
    frame = pd.DataFrame({"t": ["u", "v"]}, index=index)
    read = pd.read_parquet(export(tmp_path / "out.parquet", frame, ["t"], []))
    pd.testing.assert_frame_equal(read, frame)


@pytest.mark.parametrize("kind", [pd.DataFrame, list, dict])
def test_parquet_takes_what_does_not_agree_as_json(kind: Any, tmp_path: pathlib.Path) -> None:
    columns = {"out": [{"a": 1}, "text", 2**70], "half": ["\ud800", "x", None]}
    records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    frame: Any = (
        records
        if kind is list
        else columns
        if kind is dict
        else pd.DataFrame(columns, dtype=object)
    )
    read = pq.read_table(export(tmp_path / "out.parquet", frame, [], []))
    assert read["out"].to_pylist() == ['{"a": 1}', "text", str(2**70)]
    assert read["half"].to_pylist() == ["\\ud800", "x", None]


ODD: dict[str, pd.DataFrame] = {
    "index": pd.DataFrame({"a": [1, 2]}, index=[1, "x"]),
    "levels": pd.DataFrame({"a": [1, 2]}, index=[("x", 1), (2, "y")]),
    "names": pd.DataFrame([[1, 2], [3, 4]], columns=pd.Index([0, ("b", 1)], tupleize_cols=False)),
    "half": pd.DataFrame({"a": pd.Series(["\ud800", "x"], dtype=object)}),
    "huge": pd.DataFrame({"a": pd.Series([2**70, 1], dtype=object)}),
    "complex": pd.DataFrame({"a": [1j, 2]}),
    "sparse": pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])}),
    "intervals": pd.DataFrame({"a": pd.cut([1, 20], [0, 10, 30])}),
}


@pytest.mark.parametrize("frame", ODD.values(), ids=ODD)
def test_parquet_takes_odd_frames(frame: pd.DataFrame, tmp_path: pathlib.Path) -> None:
    read = pq.read_table(export(tmp_path / "out.parquet", frame, [], []))
    assert read.num_rows == 2
    assert set(map(str, frame.columns)) <= set(read.column_names)


def test_parquet_writes_what_can_be_as_what_it_is(tmp_path: pathlib.Path) -> None:
    def read(name: str, column: str = "a") -> list[Any]:
        table = pq.read_table(export(tmp_path / "x.parquet", ODD[name], [], []))
        return list(table[column].to_pylist())

    assert read("sparse") == [0, 1]
    assert read("intervals") == ["(0, 10]", "(10, 30]"]
    assert read("huge") == [str(2**70), "1"]
    assert read("index", "__index_level_0__") == ["1", "x"]


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"a": pl.Series([{1}, None], dtype=pl.Object)}),
        pa.table({"a": pa.array([(1, 2, 3), None], pa.month_day_nano_interval())}),
        pa.table({"a": pa.RunEndEncodedArray.from_arrays([1, 2], ["x", None])}),
        pa.record_batch({"a": ["x", None]}),
    ],
    ids=["object", "interval", "run-end", "batch"],
)
def test_parquet_takes_columns_that_it_has_no_kind_for(frame: Any, tmp_path: pathlib.Path) -> None:
    cells = pq.read_table(export(tmp_path / "out.parquet", frame, [], []))["a"].to_pylist()
    assert isinstance(cells[0], str)
    assert cells[1] is None


def test_parquet_keeps_the_keys_of_rows_that_have_a_key(tmp_path: pathlib.Path) -> None:
    read = pq.read_table(export(tmp_path / "out.parquet", {"x": {"key": 1}}, [], []))
    assert read.to_pylist() == [{"batch_key": "x", "key": 1}]


def _csv(names: list[str], rows: list[list[Any]], *, guard: bool = True) -> list[list[str]]:
    made = io.BytesIO()
    _write_csv(made, names, rows, guard=guard)
    return list(csv.reader(io.StringIO(made.getvalue().decode(), newline="")))


def test_csv_holds_every_value() -> None:
    rows = [*ROWS, [1.5, True, np.int64(3)], [-5, "-5", "+49 30"], [float("nan"), b"x", "a\nb"]]
    rows.append([pd.NaT, np.datetime64("NaT"), np.float64(0.5)])
    assert _csv(NAMES, rows) == [
        NAMES,
        ["9007199254740993", "ü=1", '{"a": [1]}'],
        ["", "'=1+1", ""],
        ["1.5", "true", "3"],
        ["-5", "-5", "'+49 30"],
        ["NaN", "b'x'", "a\nb"],
        ["", "", "0.5"],
    ]


@pytest.mark.parametrize("begin", [*"=+-@\t\r\n\uff1d\uff0b\uff0d\uff20", " =", "\u00a0="])
def test_csv_begins_no_cell_and_no_name_with_a_formula(begin: str) -> None:
    text = f"{begin}HYPERLINK(1)"
    assert _csv([text], [[text]]) == [[f"'{text}"], [f"'{text}"]]
    assert _csv([text], [[text]], guard=False) == [[text], [text]]


@given(text=st.text())
def test_csv_gives_each_text_back(text: str) -> None:
    ((_,), (cell,)) = _csv(["t"], [[text]])
    assert cell.removeprefix("'") == text.removeprefix("'")
    assert cell[:1] not in {*"=+-@\t\r\n"} or cell.lstrip("+-").replace(".", "").isnumeric()


def test_the_end_of_the_name_tells_the_form(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InvalidValueError, match=r"\.parquet or \.csv"):
        export(tmp_path / "out.xlsx", RECORDS, NAMES, ROWS)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: pathlib.Path) -> None:
    def broken() -> Any:
        yield ROWS[0]
        raise OSError("No space left on device")

    file = tmp_path / "out.csv"
    file.write_text("old", encoding="utf-8")
    with pytest.raises(FileError, match="No space left"):
        export(file, RECORDS, NAMES, broken())
    assert [each.read_text(encoding="utf-8") for each in tmp_path.iterdir()] == ["old"]
    with pytest.raises(FileError, match=r"none.out\.csv can't be written: No such file"):
        export(tmp_path / "none" / "out.csv", RECORDS, NAMES, ROWS)
    with pytest.raises(WrongTypeError, match="export takes the name of a file"):
        export(3, RECORDS, NAMES, ROWS)  # type: ignore[arg-type]  # what is refused
    for name in ("a\0.csv", "half \ud83d.csv"):
        with pytest.raises(InvalidValueError, match="No file can have the name"):
            export(tmp_path / name, RECORDS, NAMES, ROWS)


def test_without_pyarrow_it_says_what_to_install(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingPackageError, match="Parquet needs pyarrow"):
        export(tmp_path / "out.parquet", RECORDS, NAMES, ROWS)
