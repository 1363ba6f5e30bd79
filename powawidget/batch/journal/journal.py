"""A journal: a SQLite file, or a place in memory that ends with the kernel."""

import os
from collections.abc import Mapping, Sequence
from typing import Self

from powawidget.batch.journal.records import (
    BatchRecord,
    BatchSummary,
    Changed,
    RowInput,
    RowOutcome,
)


class Journal:
    """What was sent and what came of it; on any thread.

    Attributes:
        path: The file; None where it lives with the kernel.
        read_only: Whether it is only read.
    """

    path: str | None
    read_only: bool

    @classmethod
    def open(cls, path: "str | os.PathLike[str] | None") -> Self:
        """Open a journal to write, or make one; None lives in memory.

        Raises:
            FileError: If the file can't be read or written, or lies where locks can't be trusted.
            InvalidValueError: If it is no journal, one of a later version, or broken.
        """
        raise NotImplementedError

    @classmethod
    def read(cls, path: "str | os.PathLike[str]") -> Self:
        """Open a journal only to read it: no lock is taken, no server needed.

        Raises:
            FileError: If the file can't be read.
            InvalidValueError: If it is no journal, one of a later version, or broken.
        """
        raise NotImplementedError

    def batches(self) -> list[BatchSummary]:
        """List the batches, the oldest first."""
        raise NotImplementedError

    def changed_rows(self, name: str, rows: Sequence[RowInput]) -> list[str]:
        """List the keys of rows that were sent already with another digest."""
        raise NotImplementedError

    def begin(
        self, record: BatchRecord, rows: Sequence[RowInput], *, changed: Changed | None = None
    ) -> int:
        """Begin a batch, or go on with the one of that name.

        Args:
            record: What it runs.
            rows: All its rows.
            changed: What to do where the definition or rows that were sent have changed: `keep`
                what came of them, or send them anew (`new`); what is under way or unknown stays.

        Returns:
            The number of the batch in this journal.

        Raises:
            InvalidValueError: If the journal belongs to another project, the batch to another
                target, two rows have one key, or something has changed and `changed` isn't given.
            FileError: If the file can't be written.
        """
        raise NotImplementedError

    def rows(self, batch: int) -> list[str]:
        """List the keys of a batch's rows, in their order."""
        raise NotImplementedError

    def outcomes(self, batch: int) -> Mapping[str, RowOutcome]:
        """Give how each row stands, by its key, in the order of the rows."""
        raise NotImplementedError

    def saved_run(self, batch: int, key: str) -> bytes | None:
        """Give what `Run.save` would write of a row's run (`transcript.load` reads it)."""
        raise NotImplementedError

    def prune(self, batch: int | None = None) -> int:
        """Remove the runs of rows that are over; their results stay.

        Args:
            batch: Of this batch; of all, where it isn't given.

        Returns:
            How many bytes the file has become smaller.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        raise NotImplementedError
