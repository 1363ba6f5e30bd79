"""One batch has one driver: a lock of the operating system on a file beside the journal.

It dies with its process, and is no number of a process, which another one may have by then. The
file holds nothing, and is removed by whoever ends to drive.
"""

import contextlib
import os
import pathlib
import weakref

from powawidget.batch.journal.locks import locked
from powawidget.errors import FileError

DRIVEN = (
    "This batch is driven already, by another kernel or by a cell of this one: wait until it is "
    "over, or stop it there. Nothing was sent."
)
_OPEN: "weakref.WeakSet[DriverLock]" = weakref.WeakSet()
_MODE = 0o600


class DriverLock:
    """The right to drive one batch; on any thread.

    Args:
        journal: The journal's file.
        batch: The number of the batch in it.

    Raises:
        FileError: If another driver has it, or no lock can be taken there.
    """

    def __init__(self, journal: str, batch: int) -> None:
        self._path = pathlib.Path(f"{journal}-driver{batch}")
        self._descriptor: int | None = None
        while self._descriptor is None:
            self._descriptor = self._taken()
        _OPEN.add(self)

    def release(self) -> None:
        """Give it up; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        # While it is held, so that nobody can hold a file that is removed.
        with contextlib.suppress(OSError):
            self._path.unlink()
        os.close(descriptor)

    def forget(self) -> None:
        """Close the file in a process that was forked: the lock stays with who has it."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _taken(self) -> int | None:
        """Open the file and take the lock; None where the file was removed in between."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, _MODE)
        except OSError as error:
            raise _no_lock(self._path, error) from error
        try:
            is_free = locked(descriptor)
            is_there = is_free and os.path.samestat(os.fstat(descriptor), os.stat(self._path))  # noqa: PTH116  # by name
        except FileNotFoundError:
            is_free, is_there = True, False
        except OSError as error:
            os.close(descriptor)
            raise _no_lock(self._path, error) from error
        if is_there:
            return descriptor
        os.close(descriptor)
        if not is_free:
            raise FileError(DRIVEN)
        return None


def _no_lock(path: pathlib.Path, error: OSError) -> FileError:
    reason = error.strerror or type(error).__name__
    return FileError(
        f"No lock can be taken on {path.name} beside the journal ({reason}), so two kernels might "
        "send the same rows: put the journal on another drive. Nothing was sent."
    )


def _forget_all() -> None:
    for lock in tuple(_OPEN):
        lock.forget()


if hasattr(os, "register_at_fork"):
    # A child that outlives its parent would keep the lock.
    os.register_at_fork(after_in_child=_forget_all)
