"""Errors that are the service's database's own: SQL, with the ids of users among its parameters.

Rule: docs/protocol.md#database-errors. A person is told what happened in a sentence; the rest is
for whoever asks for details.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

_DRIVERS = r"(?:psycopg2?|asyncpg|sqlalchemy|sqlite3|pymysql|MySQLdb)"
# What SQLAlchemy and the drivers put around the SQL that has failed.
_DUMP = re.compile(
    rf"\[SQL:|\[parameters:|sqlalche\.me/|\({_DRIVERS}\.[\w.]+\)|\b{_DRIVERS}\.errors\.\w|"
    r"violates [\w-]+(?: [\w-]+)? constraint|^(?:DETAIL|LINE \d+):\s",
    re.MULTILINE,
)
_DUMPED = re.compile(r"\s*(?:^DETAIL:\s|\[SQL:|\[parameters:)", re.MULTILINE)
_STATEMENT = re.compile(
    r"\b(?:INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|SELECT\s[^;]{1,2000}?\sFROM\s)"
)
_CLASS = re.compile(rf"\b{_DRIVERS}(?:\.\w+)*\.(\w+)")
_TAKEN = re.compile(r"agent_sessions_session_id_key|Key \(session_id\)")
_READ = 20_000
# Where a frame may have an error, or what holds one.
_ERRORS = frozenset({"error", "message", "detail", "data"})


class DatabaseError(NamedTuple):
    """What a database's error means: a title, a sentence, a word for code, what to do next."""

    title: str
    message: str
    code: str
    hint: str


def database_error(text: str) -> DatabaseError | None:
    """Read an error of the service as one of its database.

    Returns:
        What it means, without SQL; None where it is another error.
    """
    beginning = text[:_READ]
    if not (_DUMP.search(beginning) or _STATEMENT.search(beginning)):
        return None
    if _TAKEN.search(beginning):
        return DatabaseError(
            "This conversation belongs to another agent",
            "The service has a conversation of this id already: another agent's, or one that "
            "began at the same moment. Nothing was asked.",
            "session_taken",
            "Leave session_id out to begin a conversation of its own, or ask the agent that this "
            "one belongs to.",
        )
    found = _CLASS.search(beginning)
    named = f" ({found[1]})" if found else ""
    return DatabaseError(
        "The service's database reported an error",
        f"The service failed at its own database{named}.",
        "database_error",
        "Run the cell again; if it stays, show the details to whoever runs the service.",
    )


def without_sql(text: str) -> str:
    """Give an error as it is told: of a database's own only what it means."""
    known = database_error(text)
    return text if known is None else known.message


def frame_told(frame: Mapping[str, Any], tell: Callable[[str], str]) -> Mapping[str, Any]:
    """Give a frame as it is told: its error without what `tell` takes out of it.

    Args:
        frame: The frame, or what it holds under `data`.
        tell: Makes of an error what is told of it.

    Returns:
        The same frame where nothing is taken out.
    """
    told: dict[str, Any] = {}
    for name in _ERRORS & frame.keys():
        value = frame[name]
        new = frame_told(value, tell) if isinstance(value, dict) else value
        new = tell(value) if isinstance(value, str) else new
        if new is not value and new != value:
            told[name] = new
    return {**frame, **told} if told else frame


def without_dump(text: str) -> str:
    """Give an error of a workflow's block, which may be of a database that its author knows.

    Returns:
        The text up to where SQL and its parameters are dumped.
    """
    found = _DUMPED.search(text, 0, _READ)
    if found is None:
        return text
    return f"{text[: found.start()].strip()} (SQL and parameters aren't shown.)".strip()
