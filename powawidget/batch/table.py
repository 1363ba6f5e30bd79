"""A table of rows, of whatever kind a person has: what comes back is of the same kind.

DataFrames, Series and tables are read by narwhals, imported when one is given. Lists, dictionaries
and other iterables need no package.
"""

import dataclasses
import sys
import types
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from powawidget.batch.columns import Column, free_name
from powawidget.batch.nanoseconds import cells_of
from powawidget.errors import InvalidValueError, WrongTypeError
from powawidget.schema.packages import needed

VALUE = "value"  # the column of what has no names
_FRAMES = ("pandas", "polars", "pyarrow", "modin", "cudf")


class Table(ABC):
    """Rows with named cells.

    Attributes:
        names: The names of the columns, in order, each another one.
        rows: The cells of each row by column, None where one is missing.
        labels: What the table itself calls its rows; None where they have no names.
        index: The labels of each level of its index that has a name.
    """

    names: list[str]
    rows: list[dict[str, Any]]
    labels: list[Any] | None = None
    index: Mapping[str, list[Any]] = types.MappingProxyType({})

    @abstractmethod
    def with_columns(self, columns: Sequence[Column], only: Sequence[int] | None = None) -> Any:
        """Make a table of the same kind with more columns; the rows and the index stay.

        Args:
            columns: What comes beside the table's own, none of its names among them.
            only: The numbers of the rows to give, in order; None gives all.
        """

    def named_labels(self) -> tuple[list[str], list[tuple[Any, ...]]] | None:
        """Give the labels with names of their own, where a file is to have them as columns."""
        if self.labels is None:
            return None
        return [free_name("key", self.names)], [(label,) for label in self.labels]


class Records(Table):
    """Rows without a package: lists, dictionaries, iterables.

    Args:
        rows: The rows, each with some of the columns.
        labels: What the rows are called, where they were a dictionary's.
        by_column: Whether they came as a dictionary of columns, and go back as one.
    """

    def __init__(
        self,
        rows: Sequence[Mapping[Any, Any]],
        labels: list[Any] | None = None,
        *,
        by_column: bool = False,
    ) -> None:
        names: dict[str, None] = {}
        for row in rows:
            names |= dict.fromkeys(map(str, row))
        self.names = list(names)
        self.rows = [_complete(row, self.names) for row in rows]
        self.labels = labels
        self._by_column = by_column

    def with_columns(self, columns: Sequence[Column], only: Sequence[int] | None = None) -> Any:
        """Make a list of records, or a dictionary where one came."""
        numbers = range(len(self.rows)) if only is None else only
        added = [{each.name: each.cells[number] for each in columns} for number in numbers]
        rows = [{**self.rows[number], **more} for number, more in zip(numbers, added, strict=True)]
        if self._by_column:
            names = [*self.names, *(each.name for each in columns)]
            return {name: [row[name] for row in rows] for name in names}
        if self.labels is not None:
            return {self.labels[number]: row for number, row in zip(numbers, rows, strict=True)}
        return rows


class Frame(Table):
    """A DataFrame or Series of pandas or polars, or a table of pyarrow.

    Args:
        frame: A frame of narwhals. It is copied: what a person changes later changes no row.
        is_batch: Whether it came as a RecordBatch of pyarrow, and goes back as one.
    """

    def __init__(self, frame: Any, *, is_batch: bool = False) -> None:
        import narwhals as nw  # noqa: PLC0415  # an extra, checked by `table_of`

        self._frame = frame.clone()
        self._is_batch = is_batch
        self._is_pandas = frame.implementation.is_pandas_like()
        self.names = list(map(str, frame.columns))
        _refuse_twins(self.names)
        series = [frame.get_column(name) for name in frame.columns]
        cells = [each.to_list() if self._is_pandas else cells_of(each) for each in series]
        if self._is_pandas:
            # In pandas NaN is how a number, and with categories anything, is missing.
            cells = [[None if _is_nan(cell) else cell for cell in column] for column in cells]
            index = nw.to_native(frame).index
            self.labels = index.tolist()
            self.index = {
                str(name): index.get_level_values(level).tolist()
                for level, name in enumerate(index.names)
                if name is not None
            }
        lines = zip(*cells, strict=True) if cells else ()
        self.rows = [dict(zip(self.names, map(_present, line), strict=True)) for line in lines]

    def with_columns(self, columns: Sequence[Column], only: Sequence[int] | None = None) -> Any:
        """Make a frame of the same kind; pandas' keeps its index."""
        frame = self._frame
        if only is not None:
            frame = _some(frame, only)
            columns = [_chosen(each, only) for each in columns]
        if self._is_pandas:
            return _pandas(frame.to_native(), columns)
        added = [_series(frame.implementation, each) for each in columns]
        made = frame.with_columns(*added).to_native()
        return _record_batch(made) if self._is_batch else made

    def named_labels(self) -> tuple[list[str], list[tuple[Any, ...]]] | None:
        """Give pandas' index, unless it only numbers the rows."""
        index = self._frame.to_native().index if self._is_pandas else None
        if index is None or _is_numbers(index):
            return None
        kept: list[str] = []
        cells: list[list[Any]] = []
        for level, name in enumerate(index.names):
            values = index.get_level_values(level).tolist()
            unnamed = f"level_{level}" if index.nlevels > 1 else "index"
            wanted = unnamed if name is None else str(name)
            # One that stands among the columns as well is there already.
            if wanted not in self.names or values != [row[wanted] for row in self.rows]:
                while wanted in [*self.names, *kept]:
                    wanted = f"index_{wanted}"
                kept.append(wanted)
                cells.append(values)
        return (kept, list(zip(*cells, strict=True))) if kept else None


def own_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Make a table of rows that came in none: a DataFrame of pandas, where that is installed."""
    try:
        import pandas as pd  # noqa: PLC0415  # only where it is there

        needed("narwhals", "A DataFrame")
    except ImportError:
        return Records(rows)
    columns = list(rows[0]) if rows else []
    made = {name: pd.Series([row[name] for row in rows], dtype=object) for name in columns}
    return table_of(pd.DataFrame(made).infer_objects())


def table_of(data: object) -> Table:
    """Read a table of any kind.

    Args:
        data: A DataFrame or Series of pandas or polars, a table of pyarrow; a list or another
            iterable of records or of values; a dictionary of columns, or of rows by their keys.

    Returns:
        The table; it has at least one row.

    Raises:
        WrongTypeError: If it is no table.
        InvalidValueError: If it is empty, or two columns have one name.
        MissingPackageError: If narwhals is needed and isn't installed.
    """
    table = _read(data)
    if not table.rows:
        raise InvalidValueError("The table is empty: there is nothing to send.")
    return table


def _read(data: object) -> Table:
    if isinstance(data, str | bytes | bytearray):
        raise WrongTypeError(
            "One message is a run, not a batch: use run(...), or pass a list of messages."
        )
    if isinstance(data, Mapping):
        return _of_mapping(data)
    frame = None if isinstance(data, list | tuple | range) else _framed(data)
    if frame is not None:
        return frame
    if isinstance(data, set | frozenset):
        raise WrongTypeError(
            "A set has no order to find its rows again by: pass sorted(...) of it."
        )
    if not isinstance(data, Iterable):
        raise WrongTypeError(
            "A batch takes a DataFrame, a Series, a table, a list, a dictionary or another "
            f"iterable, not {type(data).__name__}."
        )
    try:
        rows = iter(data)
    except TypeError as error:  # an array of numpy without a dimension
        raise WrongTypeError(f"{type(data).__name__} has no rows: {error}.") from error
    return Records([_record(row) for row in rows])


def _of_mapping(data: Mapping[Any, Any]) -> Table:
    columns = {name: _listed(each) for name, each in data.items()}
    lengths = {None if each is None else len(each) for each in columns.values()}
    if columns and None not in lengths:
        if len(lengths) > 1:
            raise InvalidValueError(
                "The columns differ in length: "
                + ", ".join(f"{name!s:.60} has {len(each or ())}" for name, each in columns.items())
                + "."
            )
        names = list(map(str, columns))
        _refuse_twins(names)
        lines = zip(*(each or () for each in columns.values()), strict=True)
        return Records([dict(zip(names, line, strict=True)) for line in lines], by_column=True)
    if lengths - {None}:
        raise InvalidValueError(
            "The dictionary holds lists and other values: pass columns, which are lists of one "
            "length, or rows by their keys."
        )
    return Records([_record(row) for row in data.values()], labels=list(data))


def _listed(column: Any) -> list[Any] | None:
    """Read a column of a dictionary of columns; None where it is no list."""
    if isinstance(column, list | tuple | range):
        return list(column)
    if isinstance(column, str | bytes | Mapping) or not hasattr(column, "__len__"):
        return None
    for read in ("to_list", "tolist"):  # polars' and pandas', numpy's and pyarrow's
        if hasattr(column, read):
            return list(getattr(column, read)())
    return None


def _record(row: Any) -> Mapping[Any, Any]:
    """Read one element of an iterable: what has names by its names, else one value."""
    if isinstance(row, Mapping):
        return row
    if isinstance(row, msgspec.Struct):
        return {name: getattr(row, name) for name in row.__struct_fields__}
    if dataclasses.is_dataclass(row) and not isinstance(row, type):
        return {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
    if isinstance(row, tuple) and hasattr(row, "_fields"):
        return dict(zip(row._fields, row, strict=True))
    if hasattr(row, "model_dump"):  # pydantic's
        return dict(row.model_dump())
    return {VALUE: row}


def _complete(row: Mapping[Any, Any], names: Sequence[str]) -> dict[str, Any]:
    by_text = {str(name): value for name, value in row.items()}
    if len(by_text) < len(row):
        _refuse_twins(list(map(str, row)))
    return {name: _present(by_text.get(name)) for name in names}


def _framed(data: Any) -> Frame | None:
    """Read what narwhals reads; None for anything else."""
    kinds = {one.__module__.partition(".")[0] for one in type(data).__mro__}
    is_frame = any(name in kinds for name in _FRAMES) or hasattr(data, "__narwhals_dataframe__")
    is_lazy = hasattr(data, "__narwhals_lazyframe__") or bool(kinds & {"dask", "duckdb", "pyspark"})
    if not is_frame and not is_lazy and "narwhals" not in kinds:
        return None
    nw = needed("narwhals", "A batch of a DataFrame")
    is_batch = "pyarrow" in kinds and type(data).__name__ == "RecordBatch"
    if "pyarrow" in kinds:
        data = _arrow(data)
    if "polars" not in kinds and not is_lazy:  # those of polars differ
        # A table of pyarrow has arrays as its columns.
        names = data.column_names if hasattr(data, "column_names") else _names(data)
        _refuse_twins(list(map(str, names)))
    read = nw.from_native(data, pass_through=True, allow_series=True)
    if isinstance(read, nw.LazyFrame):
        raise WrongTypeError(
            f"{type(data).__name__} has no rows yet: collect it first, as .collect(), .compute() "
            "or .df() does."
        )
    if isinstance(read, nw.Series):
        return Frame(read.to_frame() if _is_named(read) else read.alias(VALUE).to_frame())
    return Frame(read, is_batch=is_batch) if isinstance(read, nw.DataFrame) else None


def _arrow(data: Any) -> Any:
    """Make of what pyarrow has beside tables what narwhals reads."""
    import pyarrow as pa  # noqa: PLC0415  # the data is its own

    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data])
    if isinstance(data, pa.Array):
        return pa.chunked_array([data])
    if isinstance(data, pa.RecordBatchReader):
        raise WrongTypeError("A RecordBatchReader has no rows yet: pass .read_all() of it.")
    return data


def _record_batch(table: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415  # the data is its own

    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def _some(frame: Any, only: Sequence[int]) -> Any:
    """Take some rows of a frame."""
    import narwhals as nw  # noqa: PLC0415  # an extra, checked by `table_of`

    try:
        return frame[list(only), :]
    except Exception as error:
        # Of some kinds of columns pyarrow takes no rows, but slices.
        if not frame.implementation.is_pyarrow() or type(error).__module__ != "pyarrow.lib":
            raise
        import pyarrow as pa  # noqa: PLC0415  # the frame is its own

        table = frame.to_native()
        parts = [table.slice(number, 1) for number in only] or [table.slice(0, 0)]
        return nw.from_native(pa.concat_tables(parts), eager_only=True)


def _names(frame: Any) -> Sequence[Any]:
    return list(frame.columns) if hasattr(frame, "columns") else ()


def _is_named(series: Any) -> bool:
    return series.name is not None and series.name != ""


def _refuse_twins(names: Sequence[str]) -> None:
    twins = list(dict.fromkeys(name for name in names if names.count(name) > 1))
    if twins:
        raise InvalidValueError(
            f"Two columns have the name {twins[0]!r:.60}: rename one of them, so that a message "
            "says what it says."
        )


def _is_numbers(index: Any) -> bool:
    is_range = hasattr(index, "start") and hasattr(index, "step")
    return is_range and index.name is None and (index.start, index.step) == (0, 1)


def _present(cell: Any) -> Any:
    pandas = sys.modules.get("pandas")
    is_missing = pandas is not None and (cell is pandas.NA or cell is pandas.NaT)
    return None if is_missing else cell


def _is_nan(cell: Any) -> bool:
    return isinstance(cell, float) and cell != cell  # noqa: PLR0124  # only NaN differs from itself


def _chosen(column: Column, only: Sequence[int]) -> Column:
    return Column(column.name, column.kind, [column.cells[number] for number in only])


_PANDAS_KINDS = {"integer": "Int64", "number": "Float64", "boolean": "boolean"}


def _pandas(frame: Any, columns: Sequence[Column]) -> Any:
    import pandas as pd  # noqa: PLC0415  # the table is pandas' own

    # Text is as this version of pandas has it by itself.
    kinds = {**_PANDAS_KINDS, "text": pd.Series([""]).dtype}
    added = {}
    for each in (column.fitting for column in columns):
        kind = kinds.get(each.kind, "object")
        added[each.name] = pd.Series(list(each.cells), index=frame.index, dtype=kind)
    made = pd.concat([frame, pd.DataFrame(added, index=frame.index)], axis=1)
    made.attrs = dict(frame.attrs)
    return made


def _series(implementation: Any, column: Column) -> Any:
    import narwhals as nw  # noqa: PLC0415  # an extra, checked by `table_of`

    kinds = {"integer": nw.Int64, "number": nw.Float64, "boolean": nw.Boolean, "text": nw.String}
    each = column.fitting
    values = list(each.cells)
    if each.kind == "number":
        values = [None if value is None else float(value) for value in values]
    if each.kind in kinds:
        return nw.new_series(each.name, values, kinds[each.kind](), backend=implementation)
    try:
        made = nw.new_series(each.name, values, backend=implementation)
    except Exception:  # noqa: BLE001  # each package has its own errors for values that don't agree
        made = None
    if made is None or made.dtype in {nw.Object, nw.Unknown} or made.to_list() != values:
        texts = [*column.as_texts.cells]
        return nw.new_series(each.name, texts, nw.String(), backend=implementation)
    return made
