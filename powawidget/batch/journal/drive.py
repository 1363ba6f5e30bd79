"""Where a journal lies: whether its drive is this machine's, and whether locks hold there.

SQLite's write-ahead log keeps an index in shared memory, which two machines don't share. And a
drive that grants each lock to everybody would let two kernels send the same rows.
"""

import contextlib
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import Literal

from powawidget.batch.journal.locks import locked

# `alone`: locks may hold on this machine, and keep no other machine out.
Drive = Literal["local", "other", "alone"]

# What the kernel of an operating system keeps by itself; what isn't here may be another machine's.
_LOCAL = frozenset(
    {"apfs", "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "hfs", "hfsplus", "jfs"}
    | {"msdos", "nilfs2", "ntfs", "ntfs3", "overlay", "ramfs", "reiserfs", "tmpfs", "ufs", "vfat"}
    | {"xfs", "zfs"}
)
# Options by which locks stay on one machine (nfs(5), mount.cifs(8), mount.lustre(8), gfs2, ocfs2).
_ALONE = re.compile(r"nolock|local_lock=(?!none$).*|nobrl|localflocks?")
# Drives that a program provides, and that lie on a drive of this machine or share their locks. For
# any other, as for a cloud's folders, the kernel grants locks without asking anybody.
TRUSTED = frozenset(
    f"fuse.{name}"
    for name in (
        *("bindfs", "ceph-fuse", "cryfs", "encfs", "fuse-overlayfs", "glusterfs", "gocryptfs"),
        *("juicefs", "mergerfs", "overlayfs"),
    )
)
_ALONE_ON_MACOS = frozenset({"ftp", "fuse", "macfuse", "osxfuse", "webdav"})
_REMOTE_DRIVE = 4  # of Windows
_PROBE = 30.0  # seconds
# The other process, of the standard library alone: it answers 0 where both locks kept it out.
_TRY = """
import os, sqlite3, sys
database, side = sys.argv[1:]
try:
    sqlite3.connect(database, timeout=0, isolation_level=None).execute("BEGIN EXCLUSIVE")
    sys.exit(3)
except sqlite3.OperationalError as error:
    if "locked" not in str(error):
        sys.exit(4)
descriptor = os.open(side, os.O_RDWR)
try:
    if sys.platform == "win32":
        import msvcrt
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
except (BlockingIOError, PermissionError):
    sys.exit(0)
sys.exit(5)
"""


def drive_of(folder: pathlib.Path) -> Drive:
    """Tell whether a folder lies on a drive of this machine."""
    if sys.platform == "win32":
        return _windows_drive(folder)
    if sys.platform == "darwin":
        text = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=False).stdout
        return drive_in_list(text, folder)
    try:
        table = pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "other"
    return drive_in_table(table, os.stat(folder).st_dev, folder)  # noqa: PTH116  # its device


def drive_in_table(table: str, device: int, folder: pathlib.Path) -> Drive:
    """Read Linux's table of mounts (proc(5), mountinfo).

    Args:
        table: The table.
        device: The number of the folder's device.
        folder: The folder; some drives have another number in the table.
    """
    number = f"{os.major(device)}:{os.minor(device)}"
    found: Drive = "other"
    longest = -1
    for line in table.splitlines():
        before, _, after = line.partition(" - ")
        fields, (kind, _, rest) = before.split(" "), after.partition(" ")
        if len(fields) < 5 or not kind:  # noqa: PLR2004  # as many as are read
            continue
        drive = _of_kind(kind, ",".join([*fields[5:6], rest.rpartition(" ")[2]]).split(","))
        if fields[2] == number:
            return drive
        point = fields[4].replace("\\040", " ")
        if folder.is_relative_to(point) and len(point) > longest:
            found, longest = drive, len(point)
    return found


def _of_kind(kind: str, settings: Sequence[str]) -> Drive:
    if kind in _LOCAL:
        return "local"
    is_programs = kind == "fuse" or kind.startswith("fuse.")
    if (is_programs and kind not in TRUSTED) or any(map(_ALONE.fullmatch, settings)):
        return "alone"
    return "other"


def drive_in_list(text: str, folder: pathlib.Path) -> Drive:
    """Read what macOS's `mount` prints: `/dev/disk3s5 on /System/Volumes/Data (apfs, local, …)`."""
    options, longest = "", -1
    for line in text.splitlines():
        place, _, rest = line.partition(" on ")[2].rpartition(" (")
        if place and folder.is_relative_to(place) and len(place) > longest:
            options, longest = rest.rstrip(")"), len(place)
    kind, *settings = options.split(", ")
    if "local" in settings:
        return "local"
    return "alone" if kind in _ALONE_ON_MACOS else "other"


def locks_hold(folder: pathlib.Path, lock: Callable[[int], bool] = locked) -> bool:
    """Try whether the locks that this process holds keep another process out.

    Both are tried that a journal relies on: SQLite's own, and the one of the batch's driver.

    Args:
        folder: Where.
        lock: Takes the driver's lock.

    Returns:
        Whether they do; False as well where it can't be tried.
    """
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".powawidget-") as made:
            database, side = (os.path.join(made, name) for name in ("try", "lock"))  # noqa: PTH118  # texts
            with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as held:
                held.execute("BEGIN EXCLUSIVE")
                descriptor = os.open(side, os.O_RDWR | os.O_CREAT, 0o600)
                try:
                    return lock(descriptor) and _is_kept_out(database, side)
                finally:
                    os.close(descriptor)
    except (OSError, sqlite3.Error, subprocess.SubprocessError):
        return False


def _is_kept_out(database: str, side: str) -> bool:
    arguments = [sys.executable, "-I", "-c", _TRY, database, side]
    done = subprocess.run(  # noqa: S603  # this interpreter, with text of this module
        arguments, timeout=_PROBE, check=False, capture_output=True
    )
    return done.returncode == 0


def _windows_drive(folder: pathlib.Path) -> Drive:
    import ctypes  # noqa: PLC0415  # for this system alone

    anchor = folder.resolve().anchor
    if anchor.startswith("\\\\"):
        return "other"
    windows = getattr(ctypes, "windll", None)
    if windows is None:
        return "other"
    return "other" if windows.kernel32.GetDriveTypeW(anchor) == _REMOTE_DRIVE else "local"
