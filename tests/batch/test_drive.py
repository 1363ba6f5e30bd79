"""Where a journal may lie: on this machine's drives, or where locks are seen to hold."""

import os
import pathlib
import sqlite3
from contextlib import closing

import pytest

from powawidget.batch.journal import drive, journal
from powawidget.batch.journal.drive import drive_in_list, drive_in_table, drive_of, locks_hold
from powawidget.batch.journal.journal import Journal
from powawidget.errors import FileError

TABLE = """\
21 26 0:20 / /proc rw,nosuid - proc proc rw
26 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 26 0:35 / /home/a\\040b rw,relatime - nfs4 server:/home rw,vers=4.2
41 26 0:36 / /mnt/share rw - cifs //server/share rw
42 26 0:37 / /mnt/share/inner rw - xfs /dev/vdb rw
43 26 0:38 / /mnt/box rw - fuse.sshfs me@server:/ rw
44 26 0:39 / /mnt/host rw - virtiofs host rw
45 26 0:40 / /mnt/nine rw - 9p host rw
46 26 0:41 / /scratch rw - lustre mgs:/s rw
47 26 0:42 / /merged rw - overlay overlay rw
48 26 0:43 / /shm rw - tmpfs tmpfs rw
49 26 0:44 / /nfs/off rw - nfs server:/x rw,vers=3,nolock,addr=10.0.0.1
50 26 0:45 / /nfs/own rw - nfs4 server:/x rw,vers=4.2,local_lock=all
51 26 0:46 / /nfs/fine rw - nfs server:/x rw,vers=3,local_lock=none
52 26 0:47 / /smb/off rw - cifs //server/x rw,vers=3.1.1,nobrl
53 26 0:48 / /lustre/off rw - lustre mgs:/s rw,localflock
54 26 0:49 / /content/drive rw - fuse.drive drive rw,user_id=0
55 26 0:50 / /s3 rw - fuse mountpoint-s3 rw
56 26 0:51 / /pool rw - fuse.mergerfs a:b rw
short line
"""


@pytest.mark.parametrize(
    ("device", "folder", "kind"),
    [
        ((254, 0), "/work", "local"),
        ((0, 35), "/home/a b/x", "other"),
        ((0, 36), "/mnt/share", "other"),
        ((0, 37), "/mnt/share/inner", "local"),
        # What holds here and keeps no other machine out isn't found out by trying.
        ((0, 38), "/mnt/box", "alone"),
        ((0, 44), "/nfs/off", "alone"),
        ((0, 45), "/nfs/own", "alone"),
        ((0, 46), "/nfs/fine", "other"),
        ((0, 47), "/smb/off", "alone"),
        ((0, 48), "/lustre/off", "alone"),
        ((0, 49), "/content/drive/MyDrive", "alone"),
        ((0, 50), "/s3", "alone"),
        ((0, 51), "/pool", "other"),
        ((0, 39), "/mnt/host", "other"),
        ((0, 40), "/mnt/nine", "other"),
        ((0, 41), "/scratch/me", "other"),
        ((0, 42), "/merged", "local"),
        ((0, 43), "/shm", "local"),
        # The number isn't in the table, as with btrfs: the place decides.
        ((0, 99), "/mnt/share/inner/deep", "local"),
        ((0, 99), "/mnt/shared", "local"),
        ((0, 99), "/home/a b", "other"),
    ],
)
def test_the_table_of_mounts_tells_whose_drive_it_is(
    device: tuple[int, int], folder: str, kind: str
) -> None:
    assert drive_in_table(TABLE, os.makedev(*device), pathlib.Path(folder)) == kind


def test_a_drive_that_no_table_has_is_not_trusted() -> None:
    assert drive_in_table("", os.makedev(1, 1), pathlib.Path("/x")) == "other"


MACOS = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse)
//me@server/share on /Volumes/share (smbfs, nodev, nosuid, mounted by me)
https://cloud.example/dav on /Volumes/dav (webdav, nodev, noexec, nosuid, mounted by me)
me@server:/ on /Volumes/box (macfuse, nodev, nosuid, synchronous, mounted by me)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/Users/me", "local"),
        ("/System/Volumes/Data/x", "local"),
        ("/Volumes/share/x", "other"),
        ("/Volumes/dav/x", "alone"),
        ("/Volumes/box", "alone"),
        ("/System/Volumes/Data/home/me", "other"),
    ],
)
def test_the_list_of_mounts_of_macos_tells_it_too(folder: str, kind: str) -> None:
    assert drive_in_list(MACOS, pathlib.Path(folder)) == kind


def test_the_folder_of_tests_is_local_and_its_locks_hold(tmp_path: pathlib.Path) -> None:
    assert drive_of(tmp_path) == "local"
    assert locks_hold(tmp_path)
    assert not list(tmp_path.iterdir())


def grants_all(_: int) -> bool:
    """Take no lock, and say that it was taken, as some drives do."""
    return True


def knows_none(_: int) -> bool:
    """Be a drive that knows no locks."""
    raise OSError(95, "Operation not supported")


@pytest.mark.parametrize("lock", [grants_all, knows_none, lambda _: False])
def test_locks_that_keep_nobody_out_are_seen(lock: object, tmp_path: pathlib.Path) -> None:
    """The other process really tries: it gets what this one says to have."""
    assert not locks_hold(tmp_path, lock)  # type: ignore[arg-type]  # each is one
    assert not list(tmp_path.iterdir())


def test_where_locks_cannot_be_tried_they_are_not_trusted(tmp_path: pathlib.Path) -> None:
    assert not locks_hold(tmp_path / "no")


def test_elsewhere_there_is_no_write_ahead_log(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "drive_of", lambda _: "other")
    with Journal.open(tmp_path / "a.powa") as one:
        mode = one.call(lambda c: c.execute("PRAGMA journal_mode").fetchone()[0])
        sync = one.call(lambda c: c.execute("PRAGMA synchronous").fetchone()[0])
        assert (mode, sync) == ("delete", 2)


def test_a_log_that_was_left_is_folded_in_elsewhere(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.powa"
    Journal.open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    monkeypatch.setattr(journal, "drive_of", lambda _: "other")
    with Journal.open(path) as one:
        assert one.call(lambda c: c.execute("PRAGMA journal_mode").fetchone()[0]) == "delete"


def test_where_locks_keep_no_other_machine_out_it_is_refused_without_a_try(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "drive_of", lambda _: "alone")
    with pytest.raises(FileError, match="on a drive of this machine"):
        Journal.open(tmp_path / "a.powa")
    assert not list(tmp_path.iterdir())


def test_where_locks_do_not_hold_it_is_refused_before_a_file_is_made(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "drive_of", lambda _: "other")
    monkeypatch.setattr(journal, "locks_hold", lambda folder: drive.locks_hold(folder, grants_all))
    with pytest.raises(FileError, match="on a drive of this machine"):
        Journal.open(tmp_path / "a.powa")
    assert not list(tmp_path.iterdir())
