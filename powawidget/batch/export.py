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

from powawidget.batch.columns import Column
from powawidget.batch.table import needed
from powawidget.errors import FileError, InvalidValueError, WrongTypeError

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
        InvalidValueError: If the name ends otherwise, or Parquet can't hold the table.
        FileError: If the file can't be written.
        MissingPackageError: If Parquet needs a package that isn't installed.
    """
    try:
        file = pathlib.Path(path)
    except TypeError:
        raise WrongTypeError(
            f"export takes the name of a file, such as 'out.csv', not {type(path).__name__}."
        ) from None
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
        return frame.write_parquet  # type: ignore[no-any-return]  # a frame may be any
    arrow = needed("pyarrow", "Parquet")
    parquet = needed("pyarrow.parquet", "Parquet")
    table = _arrow_of(frame, arrow)

    def write(to: IO[bytes]) -> None:
        parquet.write_table(table, to)

    return write


def _arrow_of(frame: Any, arrow: Any) -> Any:
    if isinstance(frame, arrow.Table):
        return frame
    if isinstance(frame, list):
        names = list(dict.fromkeys(name for row in frame for name in row))
        return _columns_of({name: [row.get(name) for row in frame] for name in names}, arrow)
    if isinstance(frame, dict):
        rows = list(frame.values())
        if rows and isinstance(rows[0], list):
            return _columns_of(frame, arrow)
        labelled = [{"key": key, **row} if "key" not in row else row for key, row in frame.items()]
        return _arrow_of(labelled, arrow)
    try:
        return arrow.Table.from_pandas(frame)
    except (arrow.ArrowInvalid, arrow.ArrowTypeError, arrow.ArrowNotImplementedError):
        return arrow.Table.from_pandas(_readable(frame, arrow))


def _columns_of(columns: dict[str, list[Any]], arrow: Any) -> Any:
    return arrow.table({name: _array_of(values, arrow) for name, values in columns.items()})


def _array_of(values: list[Any], arrow: Any) -> Any:
    try:
        return arrow.array(values)
    except (arrow.ArrowException, OverflowError, UnicodeError):
        return arrow.array(_clean(Column("", "text", values).as_texts.cells), arrow.string())


def _readable(frame: Any, arrow: Any) -> Any:
    """Write as JSON what the cells of one column can't be together in Arrow."""
    made = frame.copy()
    for place, name in enumerate(made.columns):
        column = made.iloc[:, place]
        if column.dtype != object:
            continue
        try:
            arrow.array(column, from_pandas=True)
        except (arrow.ArrowException, OverflowError, UnicodeError):
            texts = Column("", "text", column.tolist()).as_texts.cells
            made[name] = _clean(texts)
    return made


def _clean(texts: Sequence[str | None]) -> list[str | None]:
    """Replace halves of characters, which no file in UTF-8 holds."""
    return [
        None if text is None else text.encode("utf-8", "backslashreplace").decode()
        for text in texts
    ]
