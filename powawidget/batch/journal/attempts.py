"""What is written of attempts. Each function is one piece of work inside a transaction."""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec

from powawidget.batch.journal.packed import RESULT_LIMIT, RUN_LIMIT, packed
from powawidget.batch.journal.records import RowOutcome
from powawidget.batch.states import AttemptState, after_restart, states_before

_TOO_LARGE = "The run was too large for the journal: only its result was kept."


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """The right to send one row, once.

    Attributes:
        key: The row.
        session_id: The conversation that its run will stand in; unguessable.
        claim: What is sent beside a workflow's variables to find its execution by.
    """

    key: str
    session_id: str | None = None
    claim: str | None = None


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that was under way when its process ended.

    Attributes:
        id: Its number.
        key: Its row.
        session_id: As in `Claim`.
        claim: As in `Claim`.
        run_id: The id of its run, where its stream named it.
        sent_at: When its last byte may have been sent, in seconds since the epoch.
    """

    id: int
    key: str
    session_id: str | None
    claim: str | None
    run_id: str | None
    sent_at: float


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended.

    Attributes:
        state: `done`, `failed` or `unknown`.
        outcome: As a person reads it.
        run: Gives what `Run.save` would write; called on the journal's thread.
    """

    state: AttemptState
    outcome: RowOutcome
    run: Callable[[], str] | None = None


def claim(
    connection: sqlite3.Connection, batch: int, claims: Sequence[Claim], now: float
) -> list[int]:
    """Claim rows: each by one INSERT that must be new.

    Returns:
        The numbers of the attempts.

    Raises:
        sqlite3.IntegrityError: If a row has an attempt that stands; then none is claimed.
    """
    made = []
    for one in claims:
        cursor = connection.execute(
            """
            INSERT INTO attempt (
                batch, key, number, state, standing, digest, definition_digest, session_id, claim,
                claimed_at, error, note
            )
            SELECT
                line.batch, line.key,
                (SELECT COUNT(*) FROM attempt WHERE batch = line.batch AND key = line.key),
                'claimed', 1, line.digest, batch.definition_digest, ?, ?, ?, '', ''
            FROM line JOIN batch ON batch.id = line.batch
            WHERE line.batch = ? AND line.key = ?
            """,
            (one.session_id, one.claim, now, batch, one.key),
        )
        if cursor.rowcount != 1 or cursor.lastrowid is None:
            raise LookupError(f"No row {one.key!r} stands in the batch.")
        made.append(cursor.lastrowid)
    return made


def mark(connection: sqlite3.Connection, attempt: int, now: float) -> None:
    """Write that the last byte of the request may be sent from now on."""
    _one(
        connection.execute(
            "UPDATE attempt SET marked_at = ? WHERE id = ? AND standing = 1 AND state = 'claimed'",
            (now, attempt),
        )
    )


def accept(
    connection: sqlite3.Connection, attempt: int, run_id: str | None, session_id: str | None
) -> None:
    """Write that a run has begun, or may have: where it has no id it is looked for."""
    _one(
        connection.execute(
            """
            UPDATE attempt
            SET state = 'accepted',
                run_id = COALESCE(?, run_id),
                session_id = COALESCE(?, session_id)
            WHERE id = ? AND standing = 1 AND state IN ('claimed', 'accepted')
            """,
            (run_id, session_id, attempt),
        )
    )


def release(
    connection: sqlite3.Connection, attempt: int, state: AttemptState, error: str, now: float
) -> None:
    """Write that no run can have begun: the row waits again."""
    _one(
        connection.execute(
            f"""
            UPDATE attempt SET state = ?, standing = 0, error = ?, ended_at = ?
            WHERE id = ? AND standing = 1 AND state IN ({_from(state)})
            """,  # noqa: S608  # states are words of this package
            (state, error, now, attempt),
        )
    )


def settle(connection: sqlite3.Connection, attempt: int, settled: "Packed") -> None:
    """Write how an attempt ended, with its result and its run."""
    outcome = settled.outcome
    _one(
        connection.execute(
            f"""
            UPDATE attempt
            SET state = ?, error = ?, note = TRIM(note || ' ' || ?), ended_at = ?,
                tokens = ?, seconds = ?, calls = ?,
                run_id = COALESCE(?, run_id), session_id = COALESCE(?, session_id)
            WHERE id = ? AND standing = 1 AND state IN ({_from(settled.state)})
            """,  # noqa: S608  # states are words of this package
            (
                settled.state,
                outcome.error,
                settled.note,
                outcome.ended_at,
                outcome.tokens,
                outcome.seconds,
                outcome.calls,
                outcome.run_id,
                outcome.session_id,
                attempt,
            ),
        )
    )
    if settled.value is not None or settled.run is not None:
        connection.execute(
            "INSERT INTO result VALUES (?, ?, ?)", (attempt, settled.value, settled.run)
        )


class Packed(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended, as it is stored."""

    state: AttemptState
    outcome: RowOutcome
    value: bytes | None
    run: bytes | None
    note: str


def pack(settled: Settled) -> Packed:
    """Compress a result and a run, before the transaction."""
    outcome, note = settled.outcome, settled.outcome.note
    value = run = None
    if outcome.text is not None or outcome.output is not None:
        written = json.dumps({"text": outcome.text, "output": outcome.output}).encode()
        if len(written) <= RESULT_LIMIT:
            value = packed(written)
        else:
            note += " The result was too large for the journal."
    if settled.run is not None:
        written = settled.run().encode()
        if len(written) <= RUN_LIMIT:
            run = packed(written)
        else:
            note += f" {_TOO_LARGE}"
    return Packed(state=settled.state, outcome=outcome, value=value, run=run, note=note.strip())


def open_attempts(connection: sqlite3.Connection, batch: int, now: float) -> list[Open]:
    """Release the claims that were never sent, and list what else was under way."""
    found: list[Open] = []
    rows = connection.execute(
        """
        SELECT id, key, state, marked_at, session_id, claim, run_id FROM attempt
        WHERE batch = ? AND standing = 1 AND state IN ('claimed', 'accepted')
        ORDER BY id
        """,
        (batch,),
    ).fetchall()
    for number, key, state, marked_at, session_id, claim_text, run_id in rows:
        stands = after_restart(marked=marked_at is not None, state=state)
        if stands == "released":
            release(connection, number, "released", "The kernel ended before it was sent.", now)
            continue
        if state == "claimed":
            accept(connection, number, None, None)
        found.append(_open(number, key, marked_at, session_id, claim_text, run_id, now))
    return found


def reopen(
    connection: sqlite3.Connection, batch: int, keys: Iterable[str], now: float
) -> list[Open]:
    """Let rows of unknown fate be found again, before a person's word sends them once more.

    Args:
        connection: The journal.
        batch: The batch.
        keys: Which rows; those that aren't unknown stay as they are.
        now: The time, in seconds since 1970.

    Returns:
        The attempts that are under way again.
    """
    found = []
    for key in keys:
        row = connection.execute(
            """
            SELECT id, marked_at, session_id, claim, run_id FROM attempt
            WHERE batch = ? AND key = ? AND standing = 1 AND state = 'unknown'
            """,
            (batch, key),
        ).fetchone()
        if row is None:
            continue
        number, marked_at, session_id, claim_text, run_id = row
        connection.execute("UPDATE attempt SET state = 'accepted' WHERE id = ?", (number,))
        connection.execute("DELETE FROM result WHERE attempt = ?", (number,))
        found.append(_open(number, key, marked_at, session_id, claim_text, run_id, now))
    return found


def put_aside(
    connection: sqlite3.Connection, batch: int, states: Collection[str], keys: Iterable[str]
) -> list[str]:
    """Let rows wait again whose attempts are over, by a person's word.

    Args:
        connection: The journal.
        batch: The batch.
        states: Which attempts: of `failed`, `unknown` and `done`.
        keys: Which rows.

    Returns:
        The keys of those that wait now.
    """
    aside = []
    for key in keys:
        marks = ", ".join("?" * len(states))
        cursor = connection.execute(
            f"""
            UPDATE attempt SET standing = 0
            WHERE batch = ? AND key = ? AND standing = 1 AND state IN ({marks})
            """,  # noqa: S608  # only question marks
            (batch, key, *states),
        )
        if cursor.rowcount:
            aside.append(key)
    return aside


def _open(  # noqa: PLR0913, PLR0917  # the columns of an attempt
    number: int,
    key: str,
    marked_at: float | None,
    session_id: str | None,
    claim: str | None,
    run_id: str | None,
    now: float,
) -> Open:
    return Open(
        id=number,
        key=key,
        session_id=session_id,
        claim=claim,
        run_id=run_id,
        sent_at=now if marked_at is None else marked_at,
    )


def _from(state: AttemptState) -> str:
    return ", ".join(f"'{one}'" for one in states_before(state))


def _one(cursor: sqlite3.Cursor) -> None:
    # Another process has written what this one has the right to: nothing is taken for granted.
    if cursor.rowcount != 1:
        raise RuntimeError("The journal was changed by somebody who doesn't drive this batch.")
