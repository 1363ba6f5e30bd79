"""A batch's table as a file: Parquet, or CSV that no spreadsheet takes for formulas."""

import csv
import io
import math
import os
import pathlib
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any

from powawidget.batch.columns import Column, free_name
from powawidget.errors import FileError, InvalidValueError
from powawidget.protocol.plain_values import scalar
from powawidget.schema.packages import needed
from powawidget.transcript.file_names import file_named

# What a spreadsheet takes for the begin of a formula, also in full width as some languages have it;
# a tab or a line break at the begin is taken away before it looks.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*")


def export(
    path: "str | os.PathLike[str]",
    frame: Any,
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    guard: bool = True,
) -> pathlib.Path:
    """Write a table to a file, whole or not at all.

    Args:
        path: A name that ends with `.parquet` or `.csv`.
        frame: The table, of its own kind, for Parquet.
        names: The names of its columns, for CSV.
        rows: The cells of each row, for CSV.
        guard: Whether texts in CSV that a spreadsheet would run get an apostrophe before them.

    Returns:
        The path.

    Raises:
        WrongTypeError: If the path isn't the name of a file.
        InvalidValueError: If the name ends otherwise or no file can have it, or Parquet can't hold
            the table.
        FileError: If the file can't be written.
        MissingPackageError: If Parquet needs a package that isn't installed.
    """
    file = file_named(path, "export", "out.csv")
    match file.suffix.lower():
        case ".parquet":
            write = _parquet(frame)
        case ".csv":

            def write(to: IO[bytes]) -> None:
                _write_csv(to, names, rows, guard=guard)

        case _:
            raise InvalidValueError(
                "The name must end with .parquet or .csv: the end tells the form."
            )
    _replaced(file, write)
    return file


def _replaced(file: pathlib.Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write beside the file, and put that in its place: what was there stays if a disk is full."""
    made = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with made.open("xb") as to:
            write(to)
            to.flush()
            os.fsync(to.fileno())
        made.replace(file)
    except OSError as error:
        # Not the name of the file beside it, which nobody asked for.
        said = error.strerror or str(error)
        raise FileError(f"{file} can't be written: {said}.") from error
    finally:
        made.unlink(missing_ok=True)


def _write_csv(
    to: IO[bytes], names: Sequence[str], rows: Iterable[Sequence[Any]], *, guard: bool
) -> None:
    text = io.TextIOWrapper(to, encoding="utf-8", errors="backslashreplace", newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([_guarded(name, guard=guard) for name in names])
    for row in rows:
        writer.writerow([_csv_cell(cell, guard=guard) for cell in row])
    text.flush()
    text.detach()


def _csv_cell(cell: Any, *, guard: bool) -> Any:
    cell = scalar(cell)
    is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
    if is_number and not (isinstance(cell, float) and not math.isfinite(cell)):
        return cell
    text = Column("", "text", [cell]).as_texts.cells[0]
    return "" if text is None else _guarded(text, guard=guard)


def _guarded(text: str, *, guard: bool) -> str:
    is_formula = guard and _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text


def _parquet(frame: Any) -> Callable[[IO[bytes]], None]:
    if hasattr(frame, "write_parquet"):  # polars' own
        return _of_polars(frame).write_parquet  # type: ignore[no-any-return]  # a frame may be any
    arrow = needed("pyarrow", "Parquet")
    parquet = needed("pyarrow.parquet", "Parquet")
    table = _arrow_of(frame, arrow)

    def write(to: IO[bytes]) -> None:
        start = to.tell()
        try:
            parquet.write_table(table, to)
        except _refusals(arrow):  # of a kind of column that the format has no place for
            to.seek(start)
            to.truncate()
            parquet.write_table(_storable(table, arrow, parquet), to)

    return write


def _refusals(arrow: Any) -> tuple[type[Exception], ...]:
    """List what says that a value, or a kind of them, has no place in Arrow or in Parquet."""
    return (arrow.ArrowException, TypeError, ValueError, OverflowError)


def _of_polars(frame: Any) -> Any:
    """Write as texts what polars holds as Python's objects: no file takes these."""
    for column in frame.get_columns():
        if str(column.dtype) == "Object":
            kind = type(column)
            frame = frame.with_columns(kind(column.name, _texts(column.to_list())))
    return frame


def _storable(table: Any, arrow: Any, parquet: Any) -> Any:
    """Write as texts the columns of which Parquet has no kind."""
    for place, name in enumerate(table.column_names):
        try:
            parquet.write_table(table.select([place]), io.BytesIO())
        except _refusals(arrow):
            texts = arrow.array(_texts(table.column(place).to_pylist()), arrow.string())
            table = table.set_column(place, name, texts)
    return table


def _arrow_of(frame: Any, arrow: Any) -> Any:
    if isinstance(frame, arrow.Table):
        return frame
    if isinstance(frame, arrow.RecordBatch):
        return arrow.Table.from_batches([frame])
    if isinstance(frame, list):
        names = list(dict.fromkeys(name for row in frame for name in row))
        return _columns_of({name: [row.get(name) for row in frame] for name in names}, arrow)
    if isinstance(frame, dict):
        rows = list(frame.values())
        if rows and isinstance(rows[0], list):
            return _columns_of(frame, arrow)
        key = free_name("key", list(dict.fromkeys(name for row in rows for name in row)))
        return _arrow_of([{key: label, **row} for label, row in frame.items()], arrow)
    # Arrow has texts as names, and warns of any others.
    named = frame.set_axis(list(map(str, frame.columns)), axis="columns")
    return arrow.Table.from_pandas(named if _is_readable(named, arrow) else _readable(named, arrow))


def _columns_of(columns: dict[str, list[Any]], arrow: Any) -> Any:
    return arrow.table({name: _array_of(values, arrow) for name, values in columns.items()})


def _array_of(values: list[Any], arrow: Any) -> Any:
    try:
        return arrow.array(values)
    except _refusals(arrow):
        return arrow.array(_texts(values), arrow.string())


def _readable(frame: Any, arrow: Any) -> Any:
    """Write as JSON what the cells of a column, or of the index, can't be together in Arrow."""
    import pandas as pd  # noqa: PLC0415  # the frame is its own

    def fitting(values: list[Any]) -> Any:
        for made in (values, _texts(values)):
            column = pd.Series(made, dtype=object)
            if _is_readable(column.to_frame("column"), arrow):
                break
        return column

    made = frame.copy()
    for name in made.columns:
        if not _is_readable(made[[name]].reset_index(drop=True), arrow):
            made[name] = fitting(made[name].tolist()).array
    if not _is_readable(made[[]], arrow):
        levels = [made.index.get_level_values(level) for level in range(made.index.nlevels)]
        fit = [pd.Index(fitting(level.tolist()), dtype=object) for level in levels]
        names = list(made.index.names)
        made.index = (
            pd.MultiIndex.from_arrays(fit, names=names) if len(fit) > 1 else fit[0].rename(names[0])
        )
    return made


def _is_readable(frame: Any, arrow: Any) -> bool:
    try:
        schema = arrow.Table.from_pandas(frame).schema
    except _refusals(arrow):
        return False
    # Categories that are intervals are written, and can't be read.
    return not any(
        arrow.types.is_dictionary(kind) and isinstance(kind.value_type, arrow.BaseExtensionType)
        for kind in schema.types
    )


def _texts(values: Sequence[Any]) -> list[str | None]:
    return _clean(Column("", "text", values).as_texts.cells)


def _clean(texts: Sequence[str | None]) -> list[str | None]:
    """Replace halves of characters, which no file in UTF-8 holds."""
    return [
        None if text is None else text.encode("utf-8", "backslashreplace").decode()
        for text in texts
    ]
