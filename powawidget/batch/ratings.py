"""Where ratings are kept: in a journal's file, or in this kernel."""

import asyncio
import os

from powawidget.batch import reuse
from powawidget.batch.journal import rated
from powawidget.batch.journal.journal import Journal
from powawidget.errors import PowawidgetError
from powawidget.run.rating import Rating, Thumb
from powawidget.settings import options

_IN_MEMORY = "ratings"


class InJournal:
    """Keeps ratings where `powawidget.options.ratings` says."""

    async def keep(self, rating: Rating) -> None:
        """Keep a rating.

        Raises:
            FileError: If the journal can't be used.
            InvalidValueError: If it is no journal.
        """
        loop = asyncio.get_running_loop()
        journal = await loop.run_in_executor(None, current)
        await asyncio.wrap_future(journal.submit(lambda connection: rated.keep(connection, rating)))

    def known(self, run: str) -> tuple[Thumb, str] | None:
        """Give the rating of a run; None where it has none, or the journal can't be read."""
        try:
            return current().call(lambda connection: rated.rating_of(connection, run))
        except PowawidgetError:
            return None


def current() -> Journal:
    """Give the journal in which ratings are kept now; not on the loop thread.

    Raises:
        FileError: If the file can't be used.
        InvalidValueError: If it is no journal.
    """
    chosen = options.ratings
    path = options.reuse if isinstance(chosen, bool) or not chosen else chosen
    return reuse.journal_at(path, _IN_MEMORY)


def all_of(path: "str | os.PathLike[str] | None") -> list[Rating]:
    """Read all ratings.

    Args:
        path: A journal that is only read; None reads where they are kept now.

    Raises:
        FileError: If the file can't be read.
        InvalidValueError: If it is no journal.
    """
    if path is None:
        return current().call(rated.ratings)
    with Journal.read(path) as journal:
        return journal.call(rated.ratings)
