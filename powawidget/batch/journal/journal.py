"""A journal: a SQLite file, or a place in memory that ends with the kernel."""

import atexit
import concurrent.futures
import contextlib
import os
import pathlib
import sqlite3
import stat
import threading
import urllib.parse
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Self, TypeVar

from powawidget.batch.journal import reading, schema
from powawidget.batch.journal.drive import drive_of, locks_hold
from powawidget.batch.journal.driver_lock import DRIVEN, DriverLock
from powawidget.batch.journal.records import (
    BatchRecord,
    BatchSummary,
    Changed,
    RowInput,
    RowOutcome,
)
from powawidget.batch.journal.writer import Writer
from powawidget.errors import FileError, InvalidValueError, PowawidgetError, WrongTypeError
from powawidget.kernel.file_names import can_be_named

_T = TypeVar("_T")
_BUSY = 15.0  # seconds that another kernel may take for its short transaction
_MODE = 0o600
_DEFAULTS: "weakref.WeakSet[Journal]" = weakref.WeakSet()


class Journal:
    """What was sent and what came of it; on any thread, but that its calls wait for a disk.

    Any number of kernels may have one file open. Make one with `Journal.open` or `Journal.read`.

    Attributes:
        path: The file; None where it lives with the kernel.
        read_only: Whether it is only read.
    """

    def __init__(self, path: str | None, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._locks: dict[int, DriverLock | None] = {}
        self._guard = threading.Lock()
        self._translate = _Translator(path)
        self._writer = Writer(self._opener(), self._translate, _close)
        self._inode = (0, 0)
        if path is not None:
            about = os.stat(path)  # noqa: PTH116  # a text
            self._inode = (about.st_dev, about.st_ino)
        self._finalizer = weakref.finalize(self, _end, self._writer, self._locks)
        self._finalizer.atexit = False  # `_close_all` does it, in time
        _DEFAULTS.add(self)

    @classmethod
    def open(cls, path: "str | os.PathLike[str] | None") -> Self:
        """Open a journal to write, or make one; None lives in memory.

        Raises:
            FileError: If the file can't be read or written, or lies where locks can't be trusted.
            InvalidValueError: If it is no journal, one of a later version, or broken.
        """
        return cls(None if path is None else resolved(path), read_only=False)

    @classmethod
    def read(cls, path: "str | os.PathLike[str]") -> Self:
        """Open a journal only to read it: no lock is taken, no server needed.

        Raises:
            FileError: If the file can't be read.
            InvalidValueError: If it is no journal, one of a later version, or broken.
        """
        return cls(resolved(path), read_only=True)

    def batches(self) -> list[BatchSummary]:
        """List the batches, the oldest first."""
        return self.call(reading.batches)

    def changed_rows(self, name: str, rows: Sequence[RowInput]) -> list[str]:
        """List the keys of rows that were sent already with another digest."""
        return self.call(lambda connection: reading.changed_rows(connection, name, rows))

    def begin(
        self, record: BatchRecord, rows: Sequence[RowInput], *, changed: Changed | None = None
    ) -> int:
        """Begin a batch, or go on with the one of that name. Its driver's lock is taken with it.

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
            FileError: If the file can't be written, or the batch is driven already.
        """
        self._check_writable()
        check_rows(rows)
        locked: list[int] = []

        def work(connection: sqlite3.Connection) -> int:
            batch = reading.begin(connection, record)
            # Before anything is written: whoever drives it relies on what stands there.
            self.lock(batch, again=False)
            locked.append(batch)
            reading.put_rows(connection, batch, record, rows, changed)
            return batch

        def give_up(_: object) -> None:
            for batch in locked:
                self.unlock(batch)

        beginning = self.submit(work)
        try:
            return beginning.result()
        except BaseException:
            # After an interrupt it may still be under way, and take the lock later.
            beginning.cancel()
            beginning.add_done_callback(give_up)
            raise

    def rows(self, batch: int) -> list[str]:
        """List the keys of a batch's rows, in their order."""
        return self.call(lambda connection: reading.rows(connection, batch))

    def questions(self, batch: int) -> Mapping[str, str]:
        """Give the digest of what each row asks, by its key."""
        return self.call(lambda connection: reading.questions(connection, batch))

    def outcomes(self, batch: int) -> Mapping[str, RowOutcome]:
        """Give how each row stands, by its key, in the order of the rows."""
        return self.call(lambda connection: reading.outcomes(connection, batch))

    def saved_run(self, batch: int, key: str) -> bytes | None:
        """Give what `Run.save` would write of a row's run (`transcript.load` reads it)."""
        return self.call(lambda connection: reading.saved_run(connection, batch, key))

    def prune(self, batch: int | None = None) -> int:
        """Remove the runs of rows that are over; their results stay.

        Args:
            batch: Of this batch; of all, where it isn't given.

        Returns:
            How many bytes the file has become smaller.
        """
        self._check_writable()
        before = self.call(_size)
        self.call(lambda connection: reading.prune(connection, batch))
        self._writer.submit(_shrink, alone=True).result()
        return max(0, before - self.call(_size))

    def check_place(self) -> None:
        """Check that the file is still where it was: what is written elsewhere nobody finds again.

        Raises:
            FileError: If it was removed, moved or replaced.
        """
        if self.path is None:
            return
        name = pathlib.Path(self.path).name
        try:
            now = os.stat(self.path)  # noqa: PTH116  # a text
        except OSError:
            now = None
        if now is None or (now.st_dev, now.st_ino) != self._inode:
            raise FileError(
                f"The journal {name} was moved, removed or replaced while it was in use: nothing "
                "more is sent. Put it back, and go on with the batch in a new kernel."
            )

    def lock(self, batch: int, *, again: bool = True) -> None:
        """Take the right to drive a batch.

        Args:
            batch: The batch.
            again: Whether this journal may have it already.

        Raises:
            FileError: If another driver has it.
        """
        with self._guard:
            if batch in self._locks:
                if not again:
                    raise FileError(DRIVEN)
            else:
                self._locks[batch] = None if self.path is None else DriverLock(self.path, batch)

    def unlock(self, batch: int) -> None:
        """Give the right to drive a batch up; does nothing where it isn't held."""
        with self._guard:
            lock = self._locks.pop(batch, None)
        if lock is not None:
            lock.release()

    def submit(
        self, work: Callable[[sqlite3.Connection], _T], *, alone: bool = False
    ) -> "concurrent.futures.Future[_T]":
        """Do a piece of work on the journal's thread, inside a transaction.

        Args:
            work: Called with the connection.
            alone: Whether it needs none, and may come before what was submitted earlier.

        Returns:
            What it returns, once it is on the disk.
        """
        return self._writer.submit(work, alone=alone or self.read_only)

    def call(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do a piece of work, and wait for it; not on the loop thread."""
        return self.submit(work).result()

    def close(self) -> None:
        """Close the file, and give up what is driven; a second call does nothing."""
        # Not by the finalizer, which does nothing any more at the interpreter's end.
        self._finalizer.detach()
        _end(self._writer, self._locks)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Journal {self.path or 'in memory'}>"

    def _opener(self) -> Callable[[], sqlite3.Connection]:
        path, translate = self.path, self._translate
        if path is None:
            return _open_memory
        if self.read_only:
            return lambda: _open_to_read(path, translate)
        return lambda: _open_to_write(path, translate)

    def _check_writable(self) -> None:
        if self.read_only:
            raise FileError("This journal was opened to be read: Journal.open opens it to write.")


class _Translator:
    """Makes one sentence of what SQLite and the system say of a file."""

    def __init__(self, path: str | None) -> None:
        self._name = "The journal" if path is None else f"The journal {pathlib.Path(path).name}"

    def __call__(self, error: sqlite3.Error | OSError) -> PowawidgetError:
        code = getattr(error, "sqlite_errorcode", None)
        primary = None if code is None else code & 0xFF
        made: PowawidgetError
        if primary == sqlite3.SQLITE_NOTADB:
            made = InvalidValueError(schema.no_journal(self._name))
        elif primary == sqlite3.SQLITE_CORRUPT:
            made = InvalidValueError(schema.broken(self._name))
        elif primary == sqlite3.SQLITE_FULL:
            made = FileError(f"{self._name} can't be written: its drive is full. Make room there.")
        elif primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            made = FileError(
                f"{self._name} can't be written: another program holds it. Close what has it open."
            )
        elif primary in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
            made = FileError(
                f"{self._name} can't be written: it may only be read here. "
                "powawidget.open_batch reads it."
            )
        elif primary == sqlite3.SQLITE_TOOBIG:
            made = InvalidValueError(f"{self._name} holds a value that is too large to be read.")
        elif str(error).startswith("Could not decode"):
            # SQLite repeats the text, which may be anybody's.
            made = InvalidValueError(f"{self._name} holds a text that isn't one (UTF-8).")
        else:
            said = getattr(error, "strerror", None) or str(error)
            made = FileError(f"{self._name} can't be used: {said}.")
        made.__cause__ = error
        return made


def check_rows(rows: Sequence[RowInput]) -> None:
    """Check the keys of rows.

    Raises:
        InvalidValueError: If there are none, two have one key, or one can't be a key.
    """
    if not rows:
        raise InvalidValueError("There are no rows: the table is empty. Nothing was sent.")
    seen: set[str] = set()
    for row in rows:
        if row.key in seen:
            raise InvalidValueError(
                f"Two rows have the key {row.key[:80]!r}: choose a column whose values differ. "
                "Nothing was sent."
            )
        if not row.key or len(row.key) > schema.LONGEST_KEY or "\0" in row.key:
            raise InvalidValueError(
                f"{row.key[:80]!r} can't be a row's key: it has 1 to {schema.LONGEST_KEY:,} "
                "characters. Nothing was sent."
            )
        seen.add(row.key)


def resolved(path: "str | os.PathLike[str]") -> str:
    """Name a journal's file, by whatever link it is opened: one file has one lock.

    Raises:
        WrongTypeError: If it isn't the name of a file.
        InvalidValueError: If no file can have that name.
    """
    try:
        text = os.fspath(path)
    except TypeError:
        raise WrongTypeError(
            f"journal= takes the name of a file, such as 'triage.powa', not {type(path).__name__}."
        ) from None
    if not isinstance(text, str) or not text.strip() or not can_be_named(text):
        raise InvalidValueError(f"{text!r} isn't the name of a file: journal= takes one.")
    # pathlib's own raises where it doesn't know the user of a "~user".
    return os.path.realpath(os.path.expanduser(text))  # noqa: PTH111  # as above


def _open_memory() -> sqlite3.Connection:
    connection = _connected(":memory:")
    schema.create(connection)
    return connection


def _open_to_write(path: str, translate: _Translator) -> sqlite3.Connection:
    file = pathlib.Path(path)
    try:
        is_local = _drive_is_local(file)
        is_new = _made(file)
        _check_file(file)
        if not is_new:
            os.chmod(path, _MODE)  # noqa: PTH101  # a text
    except FileError:  # one of ours is an OSError too
        raise
    except OSError as error:
        raise translate(error) from error
    connection: sqlite3.Connection | None = None
    try:
        connection = _connected(f"{_uri(path)}?mode=rw")
        _prepare(connection, file.name, is_local=is_local)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if is_new:
            with contextlib.suppress(OSError):
                file.unlink()
        if isinstance(error, sqlite3.Error):
            raise translate(error) from error
        raise
    return connection


def _prepare(connection: sqlite3.Connection, name: str, *, is_local: bool) -> None:
    if schema.check(connection, name):
        schema.check_pages(connection, name)
    # Where another kernel has it open, it keeps the mode that it has.
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute(f"PRAGMA journal_mode = {'WAL' if is_local else 'DELETE'}").fetchone()
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode == "wal" and not is_local:
        raise FileError(
            f"The journal {name} is open in another kernel, in a way that isn't safe on this "
            "drive: close it there first."
        )
    connection.execute("BEGIN IMMEDIATE")
    if not schema.check(connection, name):
        schema.create(connection)
    connection.execute("COMMIT")


def _open_to_read(path: str, translate: _Translator) -> sqlite3.Connection:
    file = pathlib.Path(path)
    try:
        _check_file(file)
        # A journal that was closed is one file, and is read without making others beside it.
        is_closed = not any(
            file.with_name(file.name + end).exists() for end in ("-wal", "-journal")
        )
        how = (
            "mode=ro&immutable=1"
            if is_closed and not os.access(file.parent, os.W_OK)
            else "mode=ro"
        )
        connection = _connected(f"{_uri(path)}?{how}")
    except FileError:  # one of ours is an OSError too
        raise
    except (sqlite3.Error, OSError) as error:
        raise translate(error) from error
    try:
        schema.check_whole(connection, file.name)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise translate(error) from error
        raise
    return connection


def _connected(where: str) -> sqlite3.Connection:
    connection = sqlite3.connect(where, timeout=_BUSY, isolation_level=None, uri=True)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, schema.LONGEST_VALUE)
    for setting in (
        "trusted_schema = OFF",  # nothing that a foreign file's tables name is called
        "cell_size_check = ON",
        "synchronous = FULL",
        "fullfsync = ON",  # on macOS a sync leaves what it wrote in the drive's own memory
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {setting}")
    return connection


def _uri(path: str) -> str:
    return "file:" + urllib.parse.quote(path)


def _drive_is_local(file: pathlib.Path) -> bool:
    folder = file.parent
    if not folder.is_dir():
        raise FileError(f"There is no folder {folder}: make it first.")
    drive = drive_of(folder)
    if drive == "local":
        return True
    if drive == "alone" or not locks_hold(folder):
        raise FileError(
            f"Locks don't hold in {folder}, so two kernels might send the same rows: put the "
            "journal on a drive of this machine. Nothing was sent."
        )
    return False


def _made(file: pathlib.Path) -> bool:
    """Make the file, for its owner alone; False where it is there."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, _MODE))
        return True
    return False


def _check_file(file: pathlib.Path) -> None:
    try:
        about = file.stat()
    except FileNotFoundError:
        raise FileError(f"There is no file {file.name}.") from None
    if not stat.S_ISREG(about.st_mode):
        raise InvalidValueError(f"{file.name} isn't a file: journal= takes the name of one.")
    if about.st_nlink > 1:
        raise FileError(
            f"{file.name} has a second name (a hard link), by which another kernel may have it "
            "open unseen: remove one of them."
        )


def _size(connection: sqlite3.Connection) -> int:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (each,) = connection.execute("PRAGMA page_size").fetchone()
    return int(pages) * int(each)


def _shrink(connection: sqlite3.Connection) -> None:
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _close(connection: sqlite3.Connection) -> None:
    # Then it is one file, which can be copied and read anywhere; while others have it open it
    # stays as it is.
    with contextlib.suppress(sqlite3.Error):
        connection.execute("PRAGMA busy_timeout = 0")
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    connection.close()


def _end(writer: Writer, locks: dict[int, DriverLock | None]) -> None:
    writer.close()
    while locks:
        _, lock = locks.popitem()
        if lock is not None:
            lock.release()


def _close_all() -> None:
    for journal in tuple(_DEFAULTS):
        journal.close()


atexit.register(_close_all)
