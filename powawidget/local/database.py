"""The sample database: SQLite in memory, which `write` alone changes."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, TypeAlias

from powawidget.local.sample_data import fill

if TYPE_CHECKING:
    from collections.abc import Mapping

Row: TypeAlias = dict[str, Any]

_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}


def _only_reading(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


class Database:
    """The sample database. It is used by one thread at a time.

    Args:
        seed: What its rows are drawn from.
    """

    def __init__(self, seed: int = 7) -> None:
        self._connection = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        fill(self._connection, seed)

    def read(self, query: str, parameters: tuple[Any, ...] = ()) -> list[Row]:
        """Run a query that may only read.

        Args:
            query: The SQL.
            parameters: Values for its question marks.

        Returns:
            The rows.

        Raises:
            sqlite3.Error: The query is wrong, or would write.
        """
        self._connection.set_authorizer(_only_reading)
        try:
            return [dict(row) for row in self._connection.execute(query, parameters)]
        finally:
            self._connection.set_authorizer(None)

    def value(self, query: str, parameters: tuple[Any, ...] = ()) -> Any:
        """Run a query that gives one value."""
        return next(iter(self.read(query, parameters)[0].values()))

    def schema(self) -> list[Row]:
        """Describe the tables: name, columns and number of rows."""
        return [
            {
                "table": table,
                "columns": [
                    f"{column['name']} {column['type']}" for column in self._columns(table)
                ],
                "rows": self.value(f'SELECT COUNT(*) FROM "{table}"'),  # noqa: S608  # names of our own tables
            }
            for table in self._tables()
        ]

    def write(
        self,
        table: str,
        operation: str,
        data: Mapping[str, Any] | list[Mapping[str, Any]] | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> int:
        """Insert, update or delete rows, structured as the platform's tool takes them.

        Args:
            table: The table.
            operation: insert, update or delete.
            data: The values to insert (one row or several) or to update.
            where: What the rows to update or delete must equal; a list means any of it.

        Returns:
            How many rows were changed.

        Raises:
            ValueError: The operation can't be done as it was given.
            sqlite3.Error: The database refuses it.
        """
        rows = data if isinstance(data, list) else [data] if data else []
        self._check(table, [*(where or {}), *(name for row in rows for name in row)])
        match operation:
            case "insert" if rows:
                return sum(self._insert(table, row) for row in rows)
            case "update" if len(rows) == 1 and where:
                columns = ", ".join(f'"{name}" = ?' for name in rows[0])
                condition, values = _condition(where)
                return self._change(
                    f'UPDATE "{table}" SET {columns} WHERE {condition}',  # noqa: S608  # names of our own tables
                    [*rows[0].values(), *values],
                )
            case "delete" if where:
                condition, values = _condition(where)
                return self._change(f'DELETE FROM "{table}" WHERE {condition}', values)  # noqa: S608  # names of our own tables
            case "insert" | "update" | "delete":
                raise ValueError(f"{operation} lacks its data or where")
        raise ValueError(f"unknown operation '{operation}'; expected insert, update or delete")

    def close(self) -> None:
        """Close it; again does nothing."""
        self._connection.close()

    def _tables(self) -> list[str]:
        rows = self._connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid"
        )
        return [row["name"] for row in rows]

    def _columns(self, table: str) -> list[Row]:
        return [dict(row) for row in self._connection.execute(f'PRAGMA table_info("{table}")')]

    def _check(self, table: str, columns: list[str]) -> None:
        # Names go into SQL as they are, so only known ones do.
        if table not in self._tables():
            raise ValueError(f"no such table: {table}")
        known = {column["name"] for column in self._columns(table)}
        for column in columns:
            if column not in known:
                raise ValueError(f"no such column: {column}")

    def _insert(self, table: str, row: Mapping[str, Any]) -> int:
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" for _ in row)
        return self._change(
            f'INSERT INTO "{table}" ({names}) VALUES ({marks})',  # noqa: S608  # names of our own tables
            list(row.values()),
        )

    def _change(self, statement: str, values: list[Any]) -> int:
        return self._connection.execute(statement, values).rowcount


def _condition(where: Mapping[str, Any]) -> tuple[str, list[Any]]:
    terms, values = [], []
    for name, wanted in where.items():
        options = wanted if isinstance(wanted, list) else [wanted]
        terms.append(f'"{name}" IN ({", ".join("?" for _ in options)})')
        values += options
    return " AND ".join(terms), values
