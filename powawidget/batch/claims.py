"""Who may send a row, where several machines work on one table: the claims in a shared folder.

An engine may run a task again, on another machine, while the first still runs. So the right to send
a row is a file that exactly one of them can create. It is created just before the last byte of the
request, and is never taken back but by whoever knows that the server can't have begun a run. Where
it stands, a run may have begun: everybody else looks that run up, by the conversation's id, which
the claim and a secret of the folder give.
"""

import contextlib
import hashlib
import hmac
import json
import math
import os
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from powawidget.batch.identity import differences
from powawidget.batch.journal.drive import TRUSTED, drive_in_list
from powawidget.batch.journal.packed import RESULT_LIMIT
from powawidget.batch.journal.records import BatchRecord, RowOutcome
from powawidget.batch.states import AskedOtherwise, ClaimedElsewhere
from powawidget.errors import ConnectionLost, FileError, InvalidValueError
from powawidget.http.shared_pause import LONGEST_PAUSE
from powawidget.transcript.sentences import shown

# By what their mounts are called, to name them so; any other program is as little trusted.
_OBJECT_STORES = ("s3", "gcs", "blob", "goofys", "rclone", "oss", "cosfs", "swift", "dbfs", "hdfs")
_PRIVATE = 0o600
_ROUNDED = 1.0  # seconds
_MINUTE = 60.0
_KEPT = 1  # minutes before the one that goes on, whose starts are known
_NOT_SENT = "Another task has released this row meanwhile: it is claimed anew."
_ELSEWHERE = "Another task has sent this row: its run is looked up."
OTHER_MESSAGE = (
    "Another message was sent for this key before: it isn't sent again. Give the rows keys of "
    "their own, or the batch another name."
)


@dataclass(frozen=True)
class Ticket:
    """One attempt at a row.

    Attributes:
        row: The row's name in the folder.
        number: Which attempt it is, from 0.
        digest: Of what is asked.
    """

    row: str
    number: int
    digest: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a row stands in the folder.

    Attributes:
        number: Its latest attempt, or the one that may be made.
        sent_at: When that may have been sent, in seconds since the epoch; None where it wasn't.
        digest: Of what was asked, where it was sent.
        outcome: How the row ended, where that is known.
    """

    number: int = 0
    sent_at: float | None = None
    digest: str = ""
    outcome: RowOutcome | None = None


class Claims(Protocol):
    """Claims that several machines share. Each call may wait for a drive."""

    def session_id(self, row: str, number: int) -> str:
        """Give the conversation of an attempt: the same for all, and unguessable."""

    def standing(self, row: str) -> Standing:
        """Tell how a row stands."""

    def check(self, ticket: Ticket) -> None:
        """Raise as `take` does, where the claim is there already."""

    def take(self, ticket: Ticket) -> None:
        """Claim an attempt.

        Raises:
            ClaimedElsewhere: If another has it.
            AskedOtherwise: If another has it and asks something else.
            ConnectionLost: If another had it, and nothing was sent: the next number is free.
            FileError: If the drive refuses.
        """

    def release(self, ticket: Ticket) -> None:
        """Say that the server can't have begun a run: the row may be claimed anew."""

    def settle(self, row: str, digest: str, outcome: RowOutcome) -> None:
        """Keep how a row ended."""

    def now(self) -> float:
        """Tell the time, in seconds since the epoch: the same for all machines."""

    def take_start(self, slot: int, seconds: float) -> bool:
        """Take the one start that a slot of so many seconds has; False where another has it."""

    def pause(self, until: float) -> None:
        """Have everybody start nothing before a time, in seconds since the epoch."""

    def paused_until(self) -> float:
        """Tell until when nobody starts anything; 0 where nobody waits."""


class _About(msgspec.Struct, kw_only=True):
    """What a folder of claims is for."""

    name: str
    project: str
    kind: str
    target_id: str
    target_name: str
    definition: dict[str, str] | None
    secret: str


class FolderClaims:
    """Claims as files of a folder on a drive that all machines share.

    Args:
        folder: The folder, from `begin_claims`.

    Raises:
        FileError: If it can't be read.
    """

    def __init__(self, folder: "str | os.PathLike[str]") -> None:
        self.folder = pathlib.Path(folder)
        about = _about_of(self.folder)
        if about is None:
            raise FileError(f"There are no claims in {self.folder}: is the drive mounted here?")
        self._secret = about.secret.encode()
        self._ahead = _ahead_of(self.folder / "starts")

    def session_id(self, row: str, number: int) -> str:
        """Give the conversation of an attempt."""
        made = hmac.new(self._secret, f"{row}.{number}".encode(), hashlib.sha256)
        return f"sess_{made.hexdigest()[:32]}"

    def name_of_part(self, rows: Iterable[str]) -> str:
        """Name a part of a table by its rows, so that nobody guesses their keys by it."""
        made = hmac.new(self._secret, f"part {' '.join(rows)}".encode(), hashlib.sha256)
        return made.hexdigest()[:16]

    def standing(self, row: str) -> Standing:
        """Tell how a row stands."""
        number = 0
        while self._released(row, number).exists():
            number += 1
        claim = self._claim(row, number)
        try:
            sent_at = claim.stat().st_mtime - self._ahead
        except FileNotFoundError:
            return Standing(number=number)
        done = self._read(self._done(row))
        outcome = None
        digest = str((self._read(claim) or {}).get("digest", ""))
        if done is not None:
            digest = str(done.get("digest", ""))
            with contextlib.suppress(msgspec.ValidationError):
                outcome = msgspec.convert(done.get("outcome"), RowOutcome)
        return Standing(number=number, sent_at=sent_at, digest=digest, outcome=outcome)

    def check(self, ticket: Ticket) -> None:
        """Raise as `take` does, where the claim is there already."""
        if self._claim(ticket.row, ticket.number).exists():
            self._refuse(ticket)

    def take(self, ticket: Ticket) -> None:
        """Claim an attempt by creating its file, which only one can."""
        path = self._claim(ticket.row, ticket.number)
        with _told("claimed"):
            path.parent.mkdir(exist_ok=True)
            if not _created(path, json.dumps({"digest": ticket.digest}).encode()):
                self._refuse(ticket)

    def release(self, ticket: Ticket) -> None:
        """Say that the server can't have begun a run."""
        with _told("released"):
            _created(self._released(ticket.row, ticket.number), b"{}")

    def settle(self, row: str, digest: str, outcome: RowOutcome) -> None:
        """Keep how a row ended, where it is this question that was sent."""
        if self._asked(row) not in {"", digest}:
            return
        text = msgspec.json.encode({"digest": digest, "outcome": outcome})
        if len(text) > RESULT_LIMIT:
            return  # it is looked up again, where somebody asks
        with _told("written"):
            _replaced(self._done(row), text)

    def now(self) -> float:
        """Tell the time by the drive's clock, since those of the machines may differ."""
        return time.time() + self._ahead

    def take_start(self, slot: int, seconds: float) -> bool:
        """Take the one start that a slot of time has.

        The starts of a minute lie in a folder, which is removed when they are long over: else a
        folder would get a file for each start there ever was.
        """
        minute = math.floor((slot + 1) * seconds / _MINUTE)  # in which it ends
        oldest = self.now() // _MINUTE - _KEPT
        if minute < oldest:
            return False  # who asks was asleep: whether another had it isn't known any more
        own = self.folder / "starts" / str(minute)
        with _told("claimed"):
            is_first = _made_folder(own)
            is_taken = _created(own / str(slot), b"")
        if is_first:
            for one in list(own.parent.iterdir()):
                if one.name.isdecimal() and int(one.name) < oldest - 1:
                    shutil.rmtree(one, ignore_errors=True)  # what stays, the next one removes
        return is_taken

    def pause(self, until: float) -> None:
        """Have everybody start nothing before a time, an hour from now at the most."""
        until = min(until, self.now() + LONGEST_PAUSE)
        if until > self.paused_until():
            with _told("written"):
                _replaced(self.folder / "pause", json.dumps({"until": until}).encode())

    def paused_until(self) -> float:
        """Tell until when nobody starts anything."""
        until = (self._read(self.folder / "pause") or {}).get("until")
        if not isinstance(until, int | float) or not math.isfinite(until):
            return 0.0
        # What says more wasn't written by us, or the drive's clock was set back.
        return float(until) if until <= self.now() + LONGEST_PAUSE else 0.0

    def first(self, token: str) -> bool:
        """Tell whether nobody else has asked so by this token, on whatever machine."""
        with _told("tried"):
            return _created(self._tried(token), b"")

    def forget(self, token: str) -> None:
        """Remove what `first` has left, once all have asked."""
        with contextlib.suppress(OSError):
            self._tried(token).unlink()

    def _tried(self, token: str) -> pathlib.Path:
        return self.folder / "starts" / f"try-{token}"

    def _refuse(self, ticket: Ticket) -> None:
        if self._released(ticket.row, ticket.number).exists():
            raise ConnectionLost(_NOT_SENT, maybe_accepted=False, temporary=True)
        claimed = self._read(self._claim(ticket.row, ticket.number)) or {}
        if claimed.get("digest", "") not in {"", ticket.digest}:
            raise AskedOtherwise(OTHER_MESSAGE)
        raise ClaimedElsewhere(_ELSEWHERE)

    def _asked(self, row: str) -> str:
        """Give the digest of what was sent for a row; empty where that isn't known."""
        number = 0
        while self._released(row, number).exists():
            number += 1
        return str((self._read(self._claim(row, number)) or {}).get("digest", ""))

    def _read(self, path: pathlib.Path) -> Mapping[str, Any] | None:
        try:
            if path.stat().st_size > RESULT_LIMIT:
                return None
            read = msgspec.json.decode(path.read_bytes())
        except (OSError, msgspec.DecodeError):
            return None  # whoever created it may have died before it was written
        return read if isinstance(read, Mapping) else None

    def _claim(self, row: str, number: int) -> pathlib.Path:
        return self.folder / "rows" / row[:2] / f"{row}.{number}"

    def _released(self, row: str, number: int) -> pathlib.Path:
        return self.folder / "rows" / row[:2] / f"{row}.{number}.released"

    def _done(self, row: str) -> pathlib.Path:
        return self.folder / "rows" / row[:2] / f"{row}.done"


def name_of_row(key: str) -> str:
    """Name a row in a folder of claims; its key may hold anything."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def begin_claims(folder: "str | os.PathLike[str]", record: BatchRecord) -> pathlib.Path:
    """Begin claims in a shared folder, or go on with those of that name.

    Args:
        folder: On a drive that all machines have at this path.
        record: What runs.

    Returns:
        The folder of the claims themselves.

    Raises:
        FileError: If it isn't there, lies in an object store, or files aren't created exclusively.
        InvalidValueError: If the claims are another target's, or its definition has changed.
    """
    place = pathlib.Path(os.path.realpath(os.path.expanduser(os.fspath(folder))))  # noqa: PTH111  # as it is given
    if not place.is_dir():
        raise FileError(f"There is no folder {place}: make it first. Nothing was sent.")
    refuse_unsafe(place)
    own = place / f"{name_of_row(record.name)[:16]}.claims"
    about = _About(
        name=record.name,
        project=record.project,
        kind=record.kind,
        target_id=record.target_id,
        target_name=record.target_name,
        definition=record.definition,
        secret=secrets.token_hex(32),
    )
    with _told("written"):
        for each in (own, own / "rows", own / "starts"):
            each.mkdir(mode=0o700, exist_ok=True)
        if _about_of(own) is None:
            _created_whole(own / "about", msgspec.json.encode(about))
    known = _about_of(own)
    if known is None:
        raise FileError(f"The claims in {place} can't be read: take another folder.")
    _check_same(known, record)
    return own


def _check_same(known: _About, record: BatchRecord) -> None:
    if (known.project, known.kind, known.target_id) != (
        record.project,
        record.kind,
        record.target_id,
    ):
        raise InvalidValueError(
            f"The claims of {shown(record.name)} in this folder are those of another project or "
            "agent: choose another name or folder. Nothing was sent."
        )
    parts = differences(known.definition or {}, record.definition or {})
    if parts:
        raise InvalidValueError(
            f"{record.target_name} has changed since these claims were begun "
            f"({', '.join(parts)}): choose another name, as in name='{record.name} 2', to send all "
            "rows anew. Nothing was sent."
        )


def _about_of(own: pathlib.Path) -> _About | None:
    try:
        return msgspec.json.decode((own / "about").read_bytes(), type=_About)
    except (OSError, msgspec.DecodeError):
        return None


def refuse_unsafe(folder: pathlib.Path) -> None:
    """Check that of several who create one file in a folder exactly one does.

    Raises:
        FileError: If it lies in an object store or the like, or a file can be created twice.
    """
    store = object_store(folder)
    if store or not is_exclusive(folder):
        why = f"is a mount of an object store ({store})" if store else "lets two create one file"
        if store and not any(one in store.lower() for one in _OBJECT_STORES):
            why = f"lies on a drive that a program provides ({store}), as object stores are"
        raise FileError(
            f"{folder} {why}, so two tasks might send the same row: put the claims on a shared "
            "drive, such as NFS. Nothing was sent."
        )


def object_store(folder: pathlib.Path, table: str | None = None) -> str:
    """Name the program that provides a folder, as of an object store; empty where none does.

    Only of a few programs it is known that they let one alone create a file.

    Args:
        folder: The folder.
        table: Linux's table of mounts (proc(5), mountinfo), where it isn't this machine's.
    """
    if table is None:
        if sys.platform == "darwin":
            listed = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=False)
            return "fuse" if drive_in_list(listed.stdout, folder) == "alone" else ""
        if not sys.platform.startswith("linux"):
            return ""
        with contextlib.suppress(OSError):
            table = pathlib.Path("/proc/self/mountinfo").read_text("utf-8", errors="replace")
    kind, source, longest = "", "", -1
    for line in (table or "").splitlines():
        before, _, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if len(fields) < 5:  # noqa: PLR2004  # as many as are read
            continue
        point = fields[4].replace("\\040", " ")
        if folder.is_relative_to(point) and len(point) >= longest:
            kind, source, longest = rest[0], "".join(rest[1:2]), len(point)
    is_programs = kind == "fuse" or kind.startswith("fuse.") or "dbfs" in kind
    if not is_programs or kind in TRUSTED:
        return ""
    # Of FUSE the source tells which program it is, where the kind doesn't.
    return kind if kind != "fuse" else f"{kind} {source}"


def is_exclusive(folder: pathlib.Path) -> bool:
    """Try whether a file that is there can't be created again."""
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".powawidget-") as made:
            path = pathlib.Path(made) / "try"
            return _created(path, b"1") and not _created(path, b"2") and path.read_bytes() == b"1"
    except OSError:
        return False


def _created(path: pathlib.Path, text: bytes) -> bool:
    """Create a file, durably; False where it is there."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags, _PRIVATE)
    except FileExistsError:
        return False
    _written(descriptor, text)
    _sync(path.parent)
    return True


def _made_folder(path: pathlib.Path) -> bool:
    """Make a folder; False where it is there."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return False
    return True


def _written(descriptor: int, text: bytes) -> None:
    """Write and close an open file; it is on the drive then, whatever happens to this machine."""
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _replaced(path: pathlib.Path, text: bytes) -> None:
    """Write a file that others read whole or not at all."""
    descriptor, made = tempfile.mkstemp(dir=path.parent)
    try:
        _written(descriptor, text)
        pathlib.Path(made).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            pathlib.Path(made).unlink()
        raise


def _created_whole(path: pathlib.Path, text: bytes) -> None:
    """Create a file that others read whole or not at all, unless it is there."""
    descriptor, made = tempfile.mkstemp(dir=path.parent)
    try:
        _written(descriptor, text)
        os.link(made, path)  # as below
    except FileExistsError:
        return
    except OSError:  # a drive without links: whoever dies while this is written leaves it broken
        _created(path, text)
    finally:
        with contextlib.suppress(OSError):
            pathlib.Path(made).unlink()
    end = time.monotonic() + 10  # another may be writing it at this moment
    while _about_of(path.parent) is None and time.monotonic() < end:
        time.sleep(0.05)


def _ahead_of(folder: pathlib.Path) -> float:
    """Tell by how many seconds a drive's clock is ahead of this machine's."""
    with contextlib.suppress(OSError):
        before = time.time()
        descriptor, made = tempfile.mkstemp(dir=folder, prefix="clock-")
        try:
            os.write(descriptor, b"1")
            written = os.fstat(descriptor).st_mtime
        finally:
            os.close(descriptor)
            pathlib.Path(made).unlink()
        after = time.time()
        # Within the time that it took, and what drives round to, the clocks agree.
        if not before - _ROUNDED <= written <= after + _ROUNDED:
            return written - (before + after) / 2
    return 0.0


def _sync(folder: pathlib.Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network drives have nothing to sync
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _told(what: str) -> Any:
    """Make one sentence of what the system says of a drive."""
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        raise FileError(
            f"A row can't be {what}: the folder of the claims says {error.strerror or error}."
        ) from error
