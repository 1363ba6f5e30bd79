"""The tables of a journal, and how a file is told to be one.

A file from elsewhere is hostile: it may hold views and triggers in place of tables, or a version
that isn't known. So it is compared, word by word, with what this module makes.
"""

import sqlite3
from typing import Final

from powawidget.errors import InvalidValueError

APPLICATION: Final = 0x706F7761  # "powa"
VERSION: Final = 1
LONGEST_KEY: Final = 10_000
# The most that one value may have; SQLite then refuses to read a longer one.
LONGEST_VALUE: Final = 72 * 1024 * 1024

TABLES: Final = (
    """CREATE TABLE project (
    url TEXT NOT NULL
)""",
    """CREATE TABLE batch (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    target_name TEXT NOT NULL,
    definition TEXT,
    definition_digest TEXT NOT NULL,
    made_at REAL NOT NULL
)""",
    """CREATE TABLE line (
    batch INTEGER NOT NULL,
    key TEXT NOT NULL,
    position INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (batch, key)
) WITHOUT ROWID""",
    # `standing` is 1 for the one attempt that tells how a row stands; where none does, it waits.
    """CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL,
    key TEXT NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    standing INTEGER NOT NULL,
    digest TEXT NOT NULL,
    definition_digest TEXT NOT NULL,
    session_id TEXT,
    claim TEXT,
    claimed_at REAL NOT NULL,
    marked_at REAL,
    ended_at REAL,
    run_id TEXT,
    error TEXT NOT NULL,
    note TEXT NOT NULL,
    tokens INTEGER,
    seconds REAL,
    calls INTEGER,
    UNIQUE (batch, key, number)
)""",
    "CREATE UNIQUE INDEX one_standing ON attempt (batch, key) WHERE standing = 1",
    """CREATE TABLE result (
    attempt INTEGER PRIMARY KEY,
    value BLOB,
    run BLOB
)""",
)


# Made with the first rating: most journals hold none.
RATINGS: Final = """CREATE TABLE rating (
    run TEXT PRIMARY KEY,
    thumb INTEGER NOT NULL,
    note TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    server TEXT NOT NULL,
    message TEXT NOT NULL,
    answer TEXT NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID"""


def create(connection: sqlite3.Connection, project: str = "") -> None:
    """Make the tables in an empty database, as a part of the caller's transaction."""
    for table in TABLES:
        connection.execute(table)
    if project:
        connection.execute("INSERT INTO project VALUES (?)", (project,))
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def check(connection: sqlite3.Connection, name: str) -> bool:
    """Check that a database is a journal, before anything else is read of it.

    Args:
        connection: The database.
        name: The file's name, for the error.

    Returns:
        Whether it is one; False where it is empty, and may become one.

    Raises:
        InvalidValueError: If it is something else, of a later version, or broken.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    found = {row[0] for row in connection.execute("SELECT sql FROM sqlite_master LIMIT 100")}
    if not found and application == 0 and version == 0:
        return False
    if application != APPLICATION:
        raise InvalidValueError(
            f"{name} is another program's database, not a journal: choose another name."
        )
    if version > VERSION:
        raise InvalidValueError(
            f"{name} can't be read: a later powawidget wrote this journal. Update powawidget."
        )
    # The indexes that SQLite makes by itself have no text.
    if version != VERSION or found - {None, RATINGS} != set(TABLES):
        raise InvalidValueError(
            f"{name} isn't a journal as powawidget makes one: its tables are others. It was left "
            "as it is."
        )
    return True


def check_whole(connection: sqlite3.Connection, name: str) -> None:
    """Check a database that is only read.

    Raises:
        InvalidValueError: If it is no journal, empty, of a later version, or broken.
    """
    if not check(connection, name):
        raise InvalidValueError(f"{name} is empty: it isn't a journal.")
    check_pages(connection, name)


def check_pages(connection: sqlite3.Connection, name: str) -> None:
    """Check the structure of the file.

    Raises:
        InvalidValueError: If it is broken.
    """
    (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        raise InvalidValueError(broken(name))


def no_journal(name: str) -> str:
    """Say that a file isn't what SQLite writes: something else, or the beginning of it is lost."""
    return (
        f"{name} isn't a journal, or it is broken, and was left as it is: choose another name, or "
        "take a copy of it from before."
    )


def broken(name: str) -> str:
    """Say that a file is broken."""
    return (
        f"{name} is broken, and was left as it is: take a copy of it from before, or another name "
        "for a new journal; the server's conversations list what was run."
    )
