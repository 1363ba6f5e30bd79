"""Single runs in a journal, by a digest of what was asked; inside a transaction.

They stand in a batch of their own for each target, in the tables that every journal has.
"""

import sqlite3

from powawidget.batch.journal import reading
from powawidget.batch.journal.attempts import Packed
from powawidget.batch.journal.packed import RUN_LIMIT, unpacked
from powawidget.batch.journal.records import BatchRecord


def kept(connection: sqlite3.Connection, record: BatchRecord, key: str) -> bytes | None:
    """Read a run that was kept; None where there is none.

    Raises:
        InvalidValueError: If the journal is another project's, or a value isn't one of ours.
    """
    reading.check_project(connection, record)
    row = connection.execute(
        """
        SELECT result.run FROM batch
        JOIN attempt ON attempt.batch = batch.id
        JOIN result ON result.attempt = attempt.id
        WHERE batch.name = ? AND batch.kind = ? AND batch.target_id = ?
        AND attempt.key = ? AND attempt.standing = 1 AND attempt.state = 'done'
        """,
        (record.name, record.kind, record.target_id, key),
    ).fetchone()
    return None if row is None or row[0] is None else unpacked(row[0], RUN_LIMIT)


def keep(connection: sqlite3.Connection, record: BatchRecord, key: str, packed: Packed) -> None:
    """Keep a run; one that was kept under the same key gives way to it.

    Raises:
        InvalidValueError: If the journal is another project's, or holds something else by the name.
    """
    batch = reading.begin(connection, record)
    _remove(connection, batch, key)
    connection.execute(
        """
        INSERT INTO line
        SELECT ?, ?, COALESCE(MAX(position), -1) + 1, ? FROM line WHERE batch = ?
        ON CONFLICT (batch, key) DO NOTHING
        """,
        (batch, key, key, batch),
    )
    one = packed.outcome
    cursor = connection.execute(
        """
        INSERT INTO attempt
        VALUES (NULL, ?, ?, 0, 'done', 1, ?, ?, ?, NULL, ?, ?, ?, ?, '', ?, ?, ?, ?)
        """,
        (
            batch,
            key,
            key,
            record.definition_digest,
            one.session_id,
            one.sent_at or 0.0,
            one.sent_at,
            one.ended_at,
            one.run_id,
            packed.note,
            one.tokens,
            one.seconds,
            one.calls,
        ),
    )
    connection.execute(
        "INSERT INTO result VALUES (?, ?, ?)", (cursor.lastrowid, packed.value, packed.run)
    )


def _remove(connection: sqlite3.Connection, batch: int, key: str) -> None:
    connection.execute(
        "DELETE FROM result WHERE attempt IN (SELECT id FROM attempt WHERE batch = ? AND key = ?)",
        (batch, key),
    )
    connection.execute("DELETE FROM attempt WHERE batch = ? AND key = ?", (batch, key))
