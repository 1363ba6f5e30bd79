"""A lock of the operating system on a file: it ends with its process, however that ends."""

import sys

if sys.platform == "win32":
    import msvcrt

    def locked(descriptor: int) -> bool:
        """Take the lock on an open file.

        Returns:
            Whether it was free.

        Raises:
            OSError: If the drive knows no locks.
        """
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def locked(descriptor: int) -> bool:
        """Take the lock on an open file.

        Returns:
            Whether it was free.

        Raises:
            OSError: If the drive knows no locks.
        """
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
