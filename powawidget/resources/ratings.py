"""The ratings of runs, as a table."""

import datetime as dt
import os
from typing import Any

from powawidget.batch.ratings import InJournal, all_of
from powawidget.resources.runs import table_of_rows
from powawidget.run.rating import keep_by

_NAMES = (
    *("run_id", "kind", "agent", "rating", "note"),
    *("message", "answer", "server", "rated_at"),
)

keep_by(InJournal())


def ratings(path: "str | os.PathLike[str] | None" = None) -> Any:
    """Give the ratings of runs, one a row, the oldest first.

    Its columns are run_id, kind, agent (the name of what ran), rating (up or down), note, message,
    answer, server and rated_at. An answer that a hook took back isn't in it
    (docs/protocol.md#text-edited).

    Args:
        path: A journal, which is only read; without it where `powawidget.options.ratings` keeps
            them now.

    Returns:
        A DataFrame of pandas where that is installed, else a list of dictionaries.

    Raises:
        FileError: If the file can't be read.
        InvalidValueError: If it is no journal.

    Example:
        >>> powawidget.options.ratings = "runs.powa"
        >>> powawidget.ratings()
    """
    rows = [
        {
            "run_id": one.run,
            "kind": one.kind,
            "agent": one.name,
            "rating": one.thumb,
            "note": one.note,
            "message": one.message,
            "answer": one.answer,
            "server": one.server,
            "rated_at": dt.datetime.fromtimestamp(one.at, dt.UTC).astimezone(),
        }
        for one in all_of(path)
    ]
    return table_of_rows(rows, _NAMES)
