"""What is read of a journal, and what is written of batches and rows; inside a transaction.

A journal may be anybody's: each value is checked as it is read, and is nothing but a value.
"""

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

import msgspec

from powawidget.batch.identity import differences
from powawidget.batch.journal.packed import RESULT_LIMIT, RUN_LIMIT, unpacked
from powawidget.batch.journal.records import (
    WAITING,
    BatchRecord,
    BatchSummary,
    Changed,
    RowInput,
    RowOutcome,
    RowState,
    Spent,
)
from powawidget.batch.states import OVER
from powawidget.batch.summary import day_of
from powawidget.errors import InvalidValueError
from powawidget.protocol.characters import harmless
from powawidget.state.model import Kind
from powawidget.transcript.visible import visible

_WRONG = (
    "The journal holds a value that powawidget doesn't write: it was changed by something else."
)
_KEPT = "It was asked before the message or the definition changed."
_MOST_ROWS = 5_000_000
_LONGEST_TEXT = 100_000
_STATES: frozenset[str] = frozenset(get_args(RowState)) - {"waiting"}


def batches(connection: sqlite3.Connection) -> list[BatchSummary]:
    """List the batches."""
    found = []
    for (number,) in connection.execute("SELECT id FROM batch ORDER BY id").fetchall():
        record = record_of(connection, number)
        counts: dict[RowState, int] = {}
        for state, count in connection.execute(
            """
            SELECT COALESCE(attempt.state, 'waiting'), COUNT(*)
            FROM line LEFT JOIN attempt
            ON attempt.batch = line.batch AND attempt.key = line.key AND attempt.standing = 1
            WHERE line.batch = ? GROUP BY 1
            """,
            (number,),
        ):
            counts[_state(state)] = count
        (tokens, size) = connection.execute(
            """
            SELECT COALESCE(SUM(tokens), 0),
                   COALESCE(SUM(LENGTH(result.run) + LENGTH(result.value)), 0)
            FROM attempt LEFT JOIN result ON result.attempt = attempt.id WHERE batch = ?
            """,
            (number,),
        ).fetchone()
        found.append(
            BatchSummary(
                id=number,
                record=record,
                counts=counts,
                tokens=_of(tokens, int),
                bytes=_of(size, int),
            )
        )
    return found


def record_of(connection: sqlite3.Connection, batch: int) -> BatchRecord:
    """Read what a batch runs."""
    row = connection.execute(
        """
        SELECT name, kind, target_id, target_name, definition, definition_digest, made_at
        FROM batch WHERE id = ?
        """,
        (batch,),
    ).fetchone()
    if row is None:
        raise InvalidValueError(f"The journal has no batch {batch}.")
    name, kind, target_id, target_name, definition, digest, made_at = row
    try:
        read = None if definition is None else json.loads(_text(definition))
    except (ValueError, RecursionError):
        raise InvalidValueError(_WRONG) from None
    return BatchRecord(
        name=_text(name),
        project=project_of(connection) or "",
        kind=_of(kind, Kind),
        target_id=_text(target_id),
        target_name=_text(target_name),
        definition=_of(read, dict[str, str] | None),
        definition_digest=_text(digest),
        made_at=_of(made_at, float),
    )


def project_of(connection: sqlite3.Connection) -> str | None:
    """Read the project that a journal belongs to; None where it holds nothing yet."""
    row = connection.execute("SELECT url FROM project LIMIT 1").fetchone()
    return None if row is None else _text(row[0])


def check_project(connection: sqlite3.Connection, record: BatchRecord) -> str | None:
    """Check that a journal belongs to a project, or to none yet.

    Returns:
        The project; None where it holds nothing yet.

    Raises:
        InvalidValueError: If it is another project's.
    """
    project = project_of(connection)
    if project not in {None, record.project}:
        raise InvalidValueError(
            f"This journal belongs to {(project or '')[:200]}, not to {record.project}: choose "
            "another file. Nothing was sent."
        )
    return project


def begin(connection: sqlite3.Connection, record: BatchRecord) -> int:
    """Find a batch, or make it.

    Raises:
        InvalidValueError: If the journal is another project's, or the batch runs something else.
    """
    if check_project(connection, record) is None:
        connection.execute("INSERT INTO project VALUES (?)", (record.project,))
    row = connection.execute("SELECT id FROM batch WHERE name = ?", (record.name,)).fetchone()
    if row is None:
        definition = None if record.definition is None else json.dumps(record.definition)
        cursor = connection.execute(
            "INSERT INTO batch VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.name,
                record.kind,
                record.target_id,
                record.target_name,
                definition,
                record.definition_digest,
                record.made_at,
            ),
        )
        assert cursor.lastrowid is not None  # noqa: S101  # of an INSERT
        return cursor.lastrowid
    batch: int = row[0]
    known = record_of(connection, batch)
    if (known.kind, known.target_id) != (record.kind, record.target_id):
        raise InvalidValueError(
            f"The batch {record.name!r} of this journal runs the {known.kind} "
            f"{known.target_name[:80]!r}, not the {record.kind} {record.target_name!r}: choose "
            "another name or another file. Nothing was sent."
        )
    return batch


def changed_rows(connection: sqlite3.Connection, name: str, rows: Sequence[RowInput]) -> list[str]:
    """List the keys of rows that were sent already with another digest."""
    row = connection.execute("SELECT id FROM batch WHERE name = ?", (name,)).fetchone()
    if row is None:
        return []
    sent = _sent(connection, row[0])
    return [one.key for one in rows if sent.get(one.key, one.digest) != one.digest]


def put_rows(
    connection: sqlite3.Connection,
    batch: int,
    record: BatchRecord,
    rows: Sequence[RowInput],
    changed: Changed | None,
) -> None:
    """Write the rows of a batch that begins or goes on, unless something has changed."""
    known = record_of(connection, batch)
    sent = _sent(connection, batch)
    other = [one.key for one in rows if sent.get(one.key, one.digest) != one.digest]
    parts = differences(known.definition or {}, record.definition or {}) if sent else []
    is_redefined = bool(parts)
    if changed is None and (other or is_redefined):
        what = _whats_changed(record, other, parts)
        raise InvalidValueError(
            f"{what} since this batch was begun on {day_of(known.made_at)}: pass changed='keep' to "
            "keep what came of the rows that were sent, or changed='new' to send them anew. "
            "Nothing was sent."
        )
    if changed == "new":
        again = {one.key for one in rows} if is_redefined else set(other)
        _send_anew(connection, batch, record, rows, again)
    if other or is_redefined:
        _note_kept(connection, batch, record, rows)
    connection.executemany(
        """
        INSERT INTO line VALUES (?, ?, ?, ?)
        ON CONFLICT (batch, key)
        DO UPDATE SET position = excluded.position, digest = excluded.digest
        """,
        [(batch, one.key, one.position, one.digest) for one in rows],
    )
    connection.execute("UPDATE batch SET target_name = ? WHERE id = ?", (record.target_name, batch))
    if record.definition is None:
        return  # what was read of it before is all that is known
    connection.execute(
        "UPDATE batch SET definition = ?, definition_digest = ? WHERE id = ?",
        (json.dumps(record.definition), record.definition_digest, batch),
    )


def _whats_changed(record: BatchRecord, other: Sequence[str], parts: Sequence[str]) -> str:
    is_one = len(other) == 1
    sent = f"{len(other):,} {'row that was' if is_one else 'rows that were'} sent"
    if not parts:
        return f"{sent} {'has' if is_one else 'have'} changed"
    names = [f"the {visible(part)}" for part in parts]
    named = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    of = f"{named[0].upper()}{named[1:]} of {record.target_name}"
    if other:
        return f"{of} and {sent} have changed"
    return f"{of} {'has' if len(parts) == 1 and not parts[0].endswith('s') else 'have'} changed"


def _send_anew(
    connection: sqlite3.Connection,
    batch: int,
    record: BatchRecord,
    rows: Iterable[RowInput],
    keys: set[str],
) -> None:
    digests = {one.key: one.digest for one in rows}
    for key in sorted(keys):
        connection.execute(
            """
            UPDATE attempt SET standing = 0
            WHERE batch = ? AND key = ? AND standing = 1 AND state IN ('done', 'failed')
            AND (digest <> ? OR definition_digest <> ?)
            """,
            (batch, key, digests[key], record.definition_digest),
        )


def _note_kept(
    connection: sqlite3.Connection, batch: int, record: BatchRecord, rows: Iterable[RowInput]
) -> None:
    """Note on what stands that it was asked otherwise: then nobody is asked again about it."""
    connection.executemany(
        """
        UPDATE attempt SET digest = ?, definition_digest = ?, note = TRIM(note || ' ' || ?)
        WHERE batch = ? AND key = ? AND standing = 1 AND (digest <> ? OR definition_digest <> ?)
        """,
        [
            (
                one.digest,
                record.definition_digest,
                _KEPT,
                batch,
                one.key,
                one.digest,
                record.definition_digest,
            )
            for one in rows
        ],
    )


def _sent(connection: sqlite3.Connection, batch: int) -> dict[str, str]:
    return dict(
        connection.execute(
            "SELECT key, digest FROM attempt WHERE batch = ? AND standing = 1", (batch,)
        ).fetchall()
    )


def rows(connection: sqlite3.Connection, batch: int) -> list[str]:
    """List the keys of a batch's rows, in their order."""
    found = connection.execute(
        "SELECT key FROM line WHERE batch = ? ORDER BY position, key LIMIT ?", (batch, _MOST_ROWS)
    )
    return [_text(key) for (key,) in found]


def questions(connection: sqlite3.Connection, batch: int) -> dict[str, str]:
    """Read the digest of what each row asks, by its key: the same is the same question."""
    found = connection.execute(
        "SELECT key, digest FROM line WHERE batch = ? LIMIT ?", (batch, _MOST_ROWS)
    )
    return {_text(key): _text(digest) for key, digest in found}


def outcomes(connection: sqlite3.Connection, batch: int) -> dict[str, RowOutcome]:
    """Read how each row stands."""
    tries = dict(
        connection.execute(
            """
            SELECT key, COUNT(*) FROM attempt
            WHERE batch = ? AND state NOT IN ('released', 'left')
            AND (marked_at IS NOT NULL OR state <> 'claimed')
            GROUP BY key
            """,
            (batch,),
        ).fetchall()
    )
    waits = dict(
        connection.execute(
            """
            SELECT key, error FROM attempt WHERE batch = ? AND state = 'left' AND standing = 0
            ORDER BY id
            """,
            (batch,),
        ).fetchall()
    )
    found: dict[str, RowOutcome] = {}
    for row in connection.execute(
        """
        SELECT line.key, attempt.state, error, note, run_id, session_id, tokens, seconds, calls,
               marked_at, ended_at, result.value
        FROM line
        LEFT JOIN attempt
        ON attempt.batch = line.batch AND attempt.key = line.key AND attempt.standing = 1
        LEFT JOIN result ON result.attempt = attempt.id
        WHERE line.batch = ? ORDER BY position, line.key
        """,
        (batch,),
    ):
        key = _text(row[0])
        if row[1] is None:
            found[key] = msgspec.structs.replace(
                WAITING, error=_text(waits.get(key, "")), tries=_of(tries.get(key, 0), int)
            )
        else:
            found[key] = _outcome(row[1:], _of(tries.get(key, 0), int))
    return found


def _outcome(row: Sequence[Any], tries: int) -> RowOutcome:
    state, error, note, run_id, session_id, tokens, seconds, calls, sent, ended, value = row
    result = {} if value is None else _json(unpacked(value, RESULT_LIMIT))
    return RowOutcome(
        state=_state(state),
        error=_text(error),
        note=_text(note).strip(),
        run_id=_maybe_text(run_id),
        session_id=_maybe_text(session_id),
        tokens=_of(tokens, int | None),
        seconds=_number(seconds),
        calls=_of(calls, int | None),
        text=_maybe_long(result.get("text")),
        output=result.get("output"),
        sent_at=_number(sent),
        ended_at=_number(ended),
        tries=tries,
    )


def spent(connection: sqlite3.Connection, batch: int) -> list[Spent]:
    """Read what all runs of a batch have cost, those included whose rows were sent again."""
    found = connection.execute(
        """
        SELECT state, standing, tokens FROM attempt
        WHERE batch = ? AND state NOT IN ('released', 'left')
        """,
        (batch,),
    )
    return [
        Spent(
            is_over=state in OVER,
            is_bad=bool(standing) and state in OVER and state != "done",
            tokens=_of(tokens, int | None),
        )
        for state, standing, tokens in found
    ]


def saved_run(connection: sqlite3.Connection, batch: int, key: str) -> bytes | None:
    """Read a row's run."""
    row = connection.execute(
        """
        SELECT run FROM result JOIN attempt ON attempt.id = result.attempt
        WHERE batch = ? AND key = ? AND standing = 1
        """,
        (batch, key),
    ).fetchone()
    return None if row is None or row[0] is None else unpacked(row[0], RUN_LIMIT)


def prune(connection: sqlite3.Connection, batch: int | None) -> None:
    """Remove the runs of attempts that are over, and what was put aside."""
    connection.execute(
        """
        UPDATE result SET run = NULL WHERE attempt IN (
            SELECT id FROM attempt WHERE (? IS NULL OR batch = ?)
        )
        """,
        (batch, batch),
    )
    connection.execute(
        """
        DELETE FROM result WHERE attempt IN (
            SELECT id FROM attempt WHERE standing = 0 AND (? IS NULL OR batch = ?)
        )
        """,
        (batch, batch),
    )


def _json(data: bytes) -> Mapping[str, Any]:
    try:
        read = json.loads(data)
    except (ValueError, RecursionError):
        raise InvalidValueError(_WRONG) from None
    if not isinstance(read, dict):
        raise InvalidValueError(_WRONG)
    return read


def _state(value: Any) -> RowState:
    if value == "waiting" or value in _STATES:
        state: RowState = value
        return state
    raise InvalidValueError(_WRONG)


def _text(value: Any) -> str:
    text = _of(value, str)
    if len(text) > _LONGEST_TEXT:
        raise InvalidValueError(_WRONG)
    return harmless(text)


def _maybe_text(value: Any) -> str | None:
    return None if value is None else _text(value)


def _maybe_long(value: Any) -> str | None:
    return None if value is None else harmless(_of(value, str))


def _number(value: Any) -> float | None:
    if value is None:
        return None
    number: float = _of(value, float)
    if not math.isfinite(number):
        raise InvalidValueError(_WRONG)
    return number


def _of(value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        raise InvalidValueError(_WRONG) from None
