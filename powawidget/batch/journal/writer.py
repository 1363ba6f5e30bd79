"""The one thread that a journal's database is used from.

Neither the loop thread nor a cell waits for a disk: what is to be done comes by a queue, and what
has come together is done in one transaction, so that a hundred marks cost one sync.
"""

import concurrent.futures
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from powawidget.errors import ConfigurationError

_T = TypeVar("_T")

Work = Callable[[sqlite3.Connection], Any]
_MOST_AT_ONCE = 512
_CLOSING = 10.0  # seconds


class _Job(NamedTuple):
    work: Work
    future: "concurrent.futures.Future[Any]"
    is_alone: bool


class Writer:
    """Does what is to be done with one database, on a thread of its own.

    Args:
        open_database: Opens it; called on that thread. What it raises is raised here.
        translate: Makes this package's error of SQLite's.
        close_database: Closes it, on that thread.
    """

    def __init__(
        self,
        open_database: Callable[[], sqlite3.Connection],
        translate: Callable[[sqlite3.Error], Exception],
        close_database: Callable[[sqlite3.Connection], None],
    ) -> None:
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._pid = os.getpid()
        self._is_closed = False
        opened: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._thread = threading.Thread(
            target=_work,
            args=(self._queue, opened, open_database, translate, close_database),
            name="powawidget-journal",
            daemon=True,
        )
        self._thread.start()
        try:
            opened.result()
        except BaseException:  # an interrupt too: nobody would close what is opened after it
            self._queue.put(None)
            raise

    def submit(
        self, work: Callable[[sqlite3.Connection], _T], *, alone: bool = False
    ) -> "concurrent.futures.Future[_T]":
        """Do a piece of work soon.

        Args:
            work: Called with the connection, inside a transaction; what it raises undoes what it
                did, and nothing else.
            alone: Whether it is done outside of any transaction, and before what has come with it.

        Returns:
            What it returns, once it is on the disk.
        """
        future: concurrent.futures.Future[_T] = concurrent.futures.Future()
        if self._is_closed or self._pid != os.getpid():
            future.set_exception(
                ConfigurationError("This journal was closed: open it again, in this process.")
            )
        else:
            self._queue.put(_Job(work, future, alone))
        return future

    def close(self) -> None:
        """Do what is still to be done, and close the database; a second call does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._pid == os.getpid():
            self._queue.put(None)
            if threading.current_thread() is not self._thread:
                self._thread.join(_CLOSING)


def _work(
    jobs: "queue.SimpleQueue[_Job | None]",
    opened: "concurrent.futures.Future[None]",
    open_database: Callable[[], sqlite3.Connection],
    translate: Callable[[sqlite3.Error], Exception],
    close_database: Callable[[sqlite3.Connection], None],
) -> None:
    try:
        connection = open_database()
    except BaseException as error:  # noqa: BLE001  # raised where it is waited for
        opened.set_exception(error)
        return
    opened.set_result(None)
    goes_on = True
    while goes_on:
        some, goes_on = _next(jobs)
        for job in some:
            if job.is_alone:
                _do_alone(connection, job, translate)
        _do_together(connection, [job for job in some if not job.is_alone], translate)
        some.clear()  # while it waits, nothing is held of what is done
    with contextlib.suppress(sqlite3.Error):
        close_database(connection)


def _next(jobs: "queue.SimpleQueue[_Job | None]") -> tuple[list[_Job], bool]:
    """Wait for a job, and take what has come beside it; then, whether more may come."""
    some: list[_Job] = []
    job = jobs.get()
    while job is not None:
        if job.future.set_running_or_notify_cancel():
            some.append(job)
        try:
            if len(some) >= _MOST_AT_ONCE:
                break
            job = jobs.get_nowait()
        except queue.Empty:
            break
    return some, job is not None


def _do_together(
    connection: sqlite3.Connection,
    jobs: list[_Job],
    translate: Callable[[sqlite3.Error], Exception],
) -> None:
    if not jobs:
        return
    results: list[tuple[_Job, Any, BaseException | None]] = []
    try:
        connection.execute("BEGIN IMMEDIATE")
        for job in jobs:
            connection.execute("SAVEPOINT job")
            try:
                results.append((job, job.work(connection), None))
            except BaseException as error:  # raised where it is waited for
                if not connection.in_transaction:  # SQLite gave up all of it
                    raise
                connection.execute("ROLLBACK TO job")
                results.append((job, None, _translated(error, translate)))
            connection.execute("RELEASE job")
        connection.execute("COMMIT")
    except BaseException as error:  # noqa: BLE001  # as above
        with contextlib.suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        made = _translated(error, translate)
        for job in jobs:
            job.future.set_exception(made)
        return
    for job, result, problem in results:
        if problem is None:
            job.future.set_result(result)
        else:
            job.future.set_exception(problem)


def _do_alone(
    connection: sqlite3.Connection, job: _Job, translate: Callable[[sqlite3.Error], Exception]
) -> None:
    try:
        result = job.work(connection)
    except BaseException as error:  # noqa: BLE001  # raised where it is waited for
        job.future.set_exception(_translated(error, translate))
    else:
        job.future.set_result(result)


def _translated(
    error: BaseException, translate: Callable[[sqlite3.Error], Exception]
) -> BaseException:
    return translate(error) if isinstance(error, sqlite3.Error) else error
