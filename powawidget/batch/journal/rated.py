"""Ratings in a journal: a table of their own, made with the first of them; inside a transaction."""

import sqlite3

from powawidget.batch.journal.schema import RATINGS
from powawidget.errors import InvalidValueError
from powawidget.protocol.characters import harmless
from powawidget.run.rating import Rating, Thumb

_MOST = 1_000_000
_THUMBS: dict[int, Thumb] = {1: "up", -1: "down"}
_WRONG = "The journal holds a rating that isn't one: it was changed."


def keep(connection: sqlite3.Connection, rating: Rating) -> None:
    """Keep a rating in place of an earlier one of its run; without a thumb only remove that."""
    if not has_ratings(connection):
        connection.execute(RATINGS)
    run = harmless(rating.run)
    # Of a stored run its name and what it was asked may not be known: they were, when it ran here.
    before = connection.execute("SELECT name, message FROM rating WHERE run = ?", (run,)).fetchone()
    connection.execute("DELETE FROM rating WHERE run = ?", (run,))
    if rating.thumb is None:
        return
    name, message = before or ("", "")
    connection.execute(
        "INSERT INTO rating VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run,
            1 if rating.thumb == "up" else -1,
            harmless(rating.note),
            rating.kind,
            harmless(rating.name) or name,
            harmless(rating.server),
            harmless(rating.message) or message,
            harmless(rating.answer),
            rating.at,
        ),
    )


def ratings(connection: sqlite3.Connection) -> list[Rating]:
    """Read all ratings, the oldest first.

    Raises:
        InvalidValueError: If one isn't as it was written.
    """
    if not has_ratings(connection):
        return []
    found = connection.execute(
        "SELECT run, thumb, note, kind, name, server, message, answer, at FROM rating "
        "ORDER BY at, run LIMIT ?",
        (_MOST,),
    )
    return [_rating(row) for row in found]


def rating_of(connection: sqlite3.Connection, run: str) -> tuple[Thumb, str] | None:
    """Read the rating of one run."""
    if not has_ratings(connection):
        return None
    row = connection.execute(
        "SELECT thumb, note FROM rating WHERE run = ?", (harmless(run),)
    ).fetchone()
    if row is None:
        return None
    thumb, note = row
    if thumb not in _THUMBS or not isinstance(note, str):
        raise InvalidValueError(_WRONG)
    return _THUMBS[thumb], harmless(note)


def has_ratings(connection: sqlite3.Connection) -> bool:
    """Tell whether a journal has the table."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'rating'").fetchone()
    return found is not None


def _rating(row: tuple[object, ...]) -> Rating:
    run, thumb, *texts, at = row
    is_one = thumb in _THUMBS and isinstance(at, float | int)
    if not is_one or not all(isinstance(text, str) for text in (run, *texts)):
        raise InvalidValueError(_WRONG)
    note, kind, name, server, message, answer = (harmless(str(text)) for text in texts)
    return Rating(
        run=harmless(str(run)),
        thumb=_THUMBS[int(str(thumb))],
        note=note,
        kind=kind,
        name=name,
        server=server,
        message=message,
        answer=answer,
        at=float(str(at)),
    )
