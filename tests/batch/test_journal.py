"""The journal's file: for its owner alone, whole after anything, refused in a sentence."""

import contextlib
import functools
import os
import pathlib
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from powawidget import transcript
from powawidget.batch.journal import attempts, schema
from powawidget.batch.journal.attempts import Claim, Settled
from powawidget.batch.journal.journal import Journal
from powawidget.batch.journal.packed import packed, unpacked
from powawidget.batch.journal.records import BatchRecord, RowInput, RowOutcome
from powawidget.errors import ConfigurationError, FileError, InvalidValueError, WrongTypeError
from powawidget.state.model import RunState

RECORD = BatchRecord(
    name="batch",
    project="http://project.example",
    kind="agent",
    target_id="a-1",
    target_name="Triage",
    definition={"model": "m", "prompt": "sha256:1"},
    definition_digest="first",
    made_at=5.0,
)


def rows_of(count: int, digest: str = "d") -> list[RowInput]:
    return [RowInput(key=f"k{i}", position=i, body={}, digest=digest) for i in range(count)]


def claimed(journal: Journal, batch: int, *keys: str) -> list[int]:
    claims = [Claim(key=key, session_id=f"s-{key}") for key in keys]
    return journal.call(lambda connection: attempts.claim(connection, batch, claims, 1.0))


def settled(journal: Journal, number: int, **more: Any) -> None:
    outcome = RowOutcome(**{"state": "done", "text": "yes", "ended_at": 3.0, **more})
    state = outcome.state
    assert state not in {"waiting", "claimed"}
    run = transcript.to_json(RunState(name="Triage"), at=1.0)
    packing = attempts.pack(Settled(state=state, outcome=outcome, run=lambda: run))
    journal.call(lambda connection: attempts.settle(connection, number, packing))


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "batch.powa"


@pytest.fixture
def journal(path: pathlib.Path) -> Iterator[Journal]:
    with Journal.open(path) as one:
        yield one


def modes(folder: pathlib.Path) -> dict[str, int]:
    return {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}


def test_its_files_are_for_their_owner_alone(journal: Journal, tmp_path: pathlib.Path) -> None:
    before = os.umask(0)
    try:
        journal.begin(RECORD, rows_of(3))
    finally:
        os.umask(before)
    assert modes(tmp_path) == {
        "batch.powa": 0o600,
        "batch.powa-wal": 0o600,
        "batch.powa-shm": 0o600,
        "batch.powa-driver1": 0o600,
    }


def test_a_file_that_others_could_read_is_taken_from_them(path: pathlib.Path) -> None:
    Journal.open(path).close()
    path.chmod(0o644)
    Journal.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_closed_it_is_one_file(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with Journal.open(path) as journal:
        journal.begin(RECORD, rows_of(3))
    assert [one.name for one in tmp_path.iterdir()] == ["batch.powa"]


def test_it_is_synced_at_each_commit(journal: Journal) -> None:
    def ask(connection: sqlite3.Connection) -> list[Any]:
        names = ("synchronous", "journal_mode", "trusted_schema")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert journal.call(ask) == [2, "wal", 0]


def test_what_is_written_is_read_again(path: pathlib.Path) -> None:
    with Journal.open(path) as journal:
        batch = journal.begin(RECORD, rows_of(3))
        first, second = claimed(journal, batch, "k0", "k2")
        journal.call(lambda connection: attempts.mark(connection, first, 2.0))
        journal.call(lambda connection: attempts.accept(connection, first, "run_1", None))
        settled(journal, first, tokens=7, seconds=1.5, calls=2, text="é\u2028", output=[1, 2**70])
        journal.call(
            lambda connection: attempts.release(connection, second, "released", "busy", 2.0)
        )
    with Journal.read(path) as journal:
        assert journal.rows(batch) == ["k0", "k1", "k2"]
        outcome = journal.outcomes(batch)["k0"]
        assert outcome == RowOutcome(
            state="done",
            run_id="run_1",
            session_id="s-k0",
            tokens=7,
            seconds=1.5,
            calls=2,
            text="é\u2028",
            output=[1, 2**70],
            sent_at=2.0,
            ended_at=3.0,
            tries=1,
        )
        assert journal.outcomes(batch)["k1"] == journal.outcomes(batch)["k2"] == RowOutcome()
        run = journal.saved_run(batch, "k0")
        assert run is not None
        loaded = transcript.load(run).run
        assert loaded is not None
        assert loaded.name == "Triage"
        assert journal.saved_run(batch, "k1") is None
        (summary,) = journal.batches()
        assert summary.record == RECORD
        assert summary.counts == {"done": 1, "waiting": 2}
        assert summary.tokens == 7
        assert summary.bytes > 0


def test_a_row_has_one_attempt_that_stands(journal: Journal) -> None:
    batch = journal.begin(RECORD, rows_of(3))
    (first,) = claimed(journal, batch, "k0")
    with pytest.raises(FileError):
        claimed(journal, batch, "k1", "k0")
    # All claims of a tick, or none.
    claimed(journal, batch, "k1")
    settled(journal, first)
    with pytest.raises(FileError):
        claimed(journal, batch, "k0")


def test_two_processes_cannot_claim_one_row(path: pathlib.Path) -> None:
    """Without any lock of a driver: the INSERT must be new."""
    with Journal.open(path) as one, Journal.open(path) as other:
        batch = one.begin(RECORD, rows_of(200))
        won: list[tuple[int, str]] = []

        def take(who: int, journal: Journal) -> None:
            for i in range(200):
                with contextlib.suppress(FileError):
                    claimed(journal, batch, f"k{i}")
                    won.append((who, f"k{i}"))

        threads = [threading.Thread(target=take, args=each) for each in enumerate((one, other))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(key for _, key in won) == sorted(f"k{i}" for i in range(200))


def test_nothing_moves_a_row_that_is_over(journal: Journal) -> None:
    batch = journal.begin(RECORD, rows_of(1))
    (number,) = claimed(journal, batch, "k0")
    settled(journal, number, state="unknown")
    for work in (
        lambda connection: attempts.mark(connection, number, 9.0),
        lambda connection: attempts.accept(connection, number, "r", None),
        lambda connection: attempts.release(connection, number, "released", "", 9.0),
    ):
        with pytest.raises(RuntimeError):
            journal.call(work)
    with pytest.raises(RuntimeError):
        settled(journal, number)
    assert journal.outcomes(batch)["k0"].state == "unknown"


def test_what_fails_undoes_itself_and_nothing_beside_it(journal: Journal) -> None:
    batch = journal.begin(RECORD, rows_of(3))
    hold = threading.Event()
    journal.submit(lambda _: hold.wait(30), alone=True)

    def fails(connection: sqlite3.Connection) -> None:
        attempts.claim(connection, batch, [Claim(key="k1")], 1.0)
        raise ValueError("no")

    good = journal.submit(lambda c: attempts.claim(c, batch, [Claim(key="k0")], 1.0))
    bad = journal.submit(fails)
    also = journal.submit(lambda c: attempts.claim(c, batch, [Claim(key="k2")], 1.0))
    hold.set()
    assert len(good.result()) == len(also.result()) == 1
    with pytest.raises(ValueError, match="no"):
        bad.result()
    states = [one.state for one in journal.outcomes(batch).values()]
    assert states == ["claimed", "waiting", "claimed"]


def test_the_marks_of_many_rows_cost_few_syncs(journal: Journal) -> None:
    batch = journal.begin(RECORD, rows_of(200))
    numbers = claimed(journal, batch, *(f"k{i}" for i in range(200)))
    commits = 0

    def count(statement: str) -> None:
        nonlocal commits
        commits += statement == "COMMIT"

    journal.submit(lambda c: c.set_trace_callback(count), alone=True).result()
    hold = threading.Event()
    journal.submit(lambda _: hold.wait(30), alone=True)
    marks = [
        journal.submit(functools.partial(attempts.mark, attempt=number, now=1.0))
        for number in numbers
    ]
    hold.set()
    for mark in marks:
        mark.result()
    assert commits <= 2


def test_another_digest_refuses_until_a_person_has_chosen(path: pathlib.Path) -> None:
    with Journal.open(path) as journal:
        batch = journal.begin(RECORD, rows_of(3))
        numbers = claimed(journal, batch, "k0", "k1", "k2")
        settled(journal, numbers[0])
        settled(journal, numbers[1], state="unknown")
        settled(journal, numbers[2], state="failed")
    other = rows_of(4, "e")
    redefined = msgspec.structs.replace(
        RECORD, definition={"model": "m", "prompt": "sha256:2"}, definition_digest="second"
    )
    for record, rows, said in (
        (RECORD, other, "3 rows that were sent have changed"),
        (redefined, rows_of(3), "prompt of Triage has changed since this batch was begun"),
        (
            redefined,
            [*rows_of(2), *other[2:]],
            "prompt of Triage,? and 1 row that was sent,? have changed",
        ),
    ):
        with Journal.open(path) as journal:
            with pytest.raises(InvalidValueError, match=said) as refused:
                journal.begin(record, rows)
            assert "changed='keep'" in str(refused.value)
            assert "changed='new'" in str(refused.value)
            # Nothing was written, and nobody drives it.
            assert len(journal.rows(batch)) == 3
            assert not list(path.parent.glob("*-driver*"))
    with Journal.open(path) as journal:
        assert journal.changed_rows("batch", other) == ["k0", "k1", "k2"]
        journal.begin(redefined, other, changed="keep")
        kept = journal.outcomes(batch)
        assert [one.state for one in kept.values()] == ["done", "unknown", "failed", "waiting"]
        assert "asked before" in kept["k0"].note
    with Journal.open(path) as journal:  # now it is known
        journal.begin(redefined, other)
    third = msgspec.structs.replace(
        RECORD, definition={"model": "m", "prompt": "sha256:3"}, definition_digest="third"
    )
    with Journal.open(path) as journal:
        journal.begin(third, other, changed="new")
        anew = journal.outcomes(batch)
        # What nobody knows the fate of isn't sent again by this.
        assert [one.state for one in anew.values()] == ["waiting", "unknown", "waiting", "waiting"]


def test_rows_that_were_not_sent_may_change(path: pathlib.Path) -> None:
    with Journal.open(path) as journal:
        journal.begin(RECORD, rows_of(3))
    with Journal.open(path) as journal:
        batch = journal.begin(RECORD, list(reversed(rows_of(5, "e"))))
        assert len(journal.rows(batch)) == 5


def test_a_definition_that_cannot_be_read_is_compared_with_nothing(path: pathlib.Path) -> None:
    blind = msgspec.structs.replace(RECORD, definition=None, definition_digest="")
    for record in (RECORD, blind, RECORD):
        with Journal.open(path) as journal:
            batch = journal.begin(record, rows_of(1))
            if record is RECORD and not journal.outcomes(batch)["k0"].tries:
                with contextlib.suppress(FileError):
                    claimed(journal, batch, "k0")
    with Journal.read(path) as journal:
        assert journal.batches()[0].record.definition == RECORD.definition


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"project": "http://other.example"}, "belongs to http://project.example"),
        ({"target_id": "a-2", "target_name": "Other"}, "runs the agent 'Triage', not the agent"),
        ({"kind": "workflow"}, "not the workflow"),
    ],
)
def test_a_journal_of_something_else_is_refused(
    path: pathlib.Path, changes: dict[str, Any], said: str
) -> None:
    with Journal.open(path) as journal:
        journal.begin(RECORD, rows_of(1))
    with Journal.open(path) as journal, pytest.raises(InvalidValueError, match=said):
        journal.begin(msgspec.structs.replace(RECORD, **changes), rows_of(1))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "the table is empty"),
        ([*rows_of(2), rows_of(1)[0]], "Two rows have the key 'k0'"),
        ([RowInput(key="", position=0, body={}, digest="")], "can't be a row's key"),
        ([RowInput(key="x" * 10_001, position=0, body={}, digest="")], "can't be a row's key"),
        ([RowInput(key="a\0b", position=0, body={}, digest="")], "can't be a row's key"),
    ],
)
def test_rows_that_cannot_be_told_apart_are_refused(
    journal: Journal, rows: list[RowInput], said: str
) -> None:
    with pytest.raises(InvalidValueError, match=said):
        journal.begin(RECORD, rows)
    assert not journal.batches()


def test_an_interrupt_while_a_batch_begins_leaves_it_to_whoever_comes_next(
    journal: Journal, path: pathlib.Path
) -> None:
    """The journal's thread goes on, and would take the driver's lock for nobody."""
    goes_on = threading.Event()
    journal.submit(lambda _: goes_on.wait(60))

    main = threading.main_thread().ident
    assert main is not None
    threading.Timer(0.1, signal.pthread_kill, (main, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt) as kept:
        journal.begin(RECORD, rows_of(3))
    goes_on.set()
    journal.batches()  # after what was interrupted
    with Journal.open(path) as second:
        assert second.begin(RECORD, rows_of(3)) == 1
    assert kept.tb  # held by a notebook until the next traceback


def test_several_batches_share_a_file(journal: Journal) -> None:
    one = journal.begin(RECORD, rows_of(2))
    two = journal.begin(msgspec.structs.replace(RECORD, name="other"), rows_of(3))
    claimed(journal, one, "k0")
    assert [summary.counts for summary in journal.batches()] == [
        {"claimed": 1, "waiting": 1},
        {"waiting": 3},
    ]
    assert len(journal.rows(two)) == 3


def not_a_database(path: pathlib.Path) -> None:
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)


def another_database(path: pathlib.Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (a)")
        connection.commit()


def a_later_version(path: pathlib.Path) -> None:
    Journal.open(path).close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
        connection.commit()


def cut_short(path: pathlib.Path) -> None:
    with Journal.open(path) as journal:
        journal.begin(RECORD, rows_of(5000))
    os.truncate(path, path.stat().st_size // 2)


def scribbled_over(path: pathlib.Path) -> None:
    with Journal.open(path) as journal:
        journal.begin(RECORD, rows_of(5000))
    data = bytearray(path.read_bytes())
    for at in range(4096 * 3, len(data), 4096):
        data[at : at + 64] = os.urandom(64)
    path.write_bytes(data)


def with_a_trigger(path: pathlib.Path) -> None:
    Journal.open(path).close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TRIGGER t AFTER INSERT ON attempt BEGIN UPDATE attempt SET standing = 0; END"
        )
        connection.commit()


def with_a_view(path: pathlib.Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION}")
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")
        connection.execute("CREATE VIEW attempt AS SELECT 1")
        connection.commit()


def a_folder(path: pathlib.Path) -> None:
    path.mkdir()


def a_second_name(path: pathlib.Path) -> None:
    Journal.open(path).close()
    os.link(path, path.with_name("second.powa"))


BROKEN: list[tuple[Callable[[pathlib.Path], None], str]] = [
    (not_a_database, "isn't a journal, or it is broken"),
    (another_database, "another program's database"),
    (a_later_version, "a later powawidget wrote this journal"),
    (cut_short, "is broken"),
    (scribbled_over, "is broken"),
    (with_a_trigger, "its tables are others"),
    (with_a_view, "its tables are others"),
    (a_folder, "isn't a file"),
    (a_second_name, "has a second name"),
]


@pytest.mark.parametrize("how", [Journal.open, Journal.read])
@pytest.mark.parametrize(("make", "said"), BROKEN, ids=[one.__name__ for one, _ in BROKEN])
def test_what_is_no_whole_journal_is_refused_in_a_sentence_and_left_as_it_is(
    path: pathlib.Path, make: Callable[[pathlib.Path], None], said: str, how: Any
) -> None:
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(ConfigurationError, match=said) as refused:
        how(path)
    assert str(refused.value).count(". ") <= 2
    assert path.name in str(refused.value)
    if before is not None:
        assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["", "  ", "a\0b"])
def test_what_names_no_file_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="isn't the name of a file"):
        Journal.open(text)


@pytest.mark.parametrize("other", [3, True, ["t.powa"]])
def test_what_is_no_name_at_all_is_refused(other: Any) -> None:
    for how in (Journal.open, Journal.read):
        with pytest.raises(WrongTypeError, match="takes the name of a file"):
            how(other)


def test_a_folder_that_is_not_there_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileError, match="make it first"):
        Journal.open(tmp_path / "no" / "batch.powa")
    with pytest.raises(FileError, match="There is no file"):
        Journal.read(tmp_path / "batch.powa")
    assert not list(tmp_path.iterdir())


def test_an_empty_file_becomes_one_and_is_not_read_as_one(path: pathlib.Path) -> None:
    path.touch()
    with pytest.raises(InvalidValueError, match="is empty"):
        Journal.read(path)
    with Journal.open(path) as journal:
        assert journal.begin(RECORD, rows_of(1)) == 1


def in_a_process(program: str, *arguments: str) -> str:
    """Run a program in a process of its own, and give what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    return done.stdout


def test_a_full_drive_is_told_before_anything_is_sent(path: pathlib.Path) -> None:
    """The limit of a file's size stops each write there, as a full drive does."""
    with Journal.open(path) as journal:
        journal.begin(RECORD, rows_of(1))
    said = in_a_process(
        """
import resource, sys
from powawidget.batch.journal.journal import Journal
from powawidget.errors import FileError
from tests.batch.test_journal import RECORD, rows_of
journal = Journal.open(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    journal.begin(RECORD, rows_of(5000))
except FileError as error:
    print(error)
""",
        str(path),
    )
    assert "can't be" in said
    assert said.startswith("The journal batch.powa")
    with Journal.read(path) as journal:
        assert journal.rows(1) == ["k0"]


def test_a_full_database_is_told_and_what_stood_there_stays(journal: Journal) -> None:
    batch = journal.begin(RECORD, rows_of(1))

    def limit(connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    journal.submit(limit, alone=True).result()
    journal.unlock(batch)
    with pytest.raises(FileError, match="its drive is full"):
        journal.begin(RECORD, rows_of(5000))
    assert journal.rows(batch) == ["k0"]


def test_a_journal_that_another_program_holds_is_told(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("powawidget.batch.journal.journal._BUSY", 0.1)
    with Journal.open(path) as journal:
        journal.begin(RECORD, rows_of(1))
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(FileError, match="another program holds it"):
                claimed(journal, 1, "k0")
            other.execute("ROLLBACK")
        claimed(journal, 1, "k0")


@pytest.fixture
def public() -> Iterator[pathlib.Path]:
    """A folder that another user may enter, unlike those of the other tests."""
    with tempfile.TemporaryDirectory() as folder:
        yield pathlib.Path(folder)


def test_one_that_may_only_be_read_is_told_and_can_be_read(public: pathlib.Path) -> None:
    path = public / "batch.powa"
    with Journal.open(path) as journal:
        batch = journal.begin(RECORD, rows_of(2))
        (number,) = claimed(journal, batch, "k0")
        settled(journal, number)
    said = in_a_process(
        """
import os, sys, pathlib
from powawidget.batch.journal.journal import Journal
from powawidget.errors import FileError
path = pathlib.Path(sys.argv[1])
path.chmod(0o444); path.parent.chmod(0o555)
if os.getuid() == 0:
    os.chown(path, 65534, 65534); os.chown(path.parent, 65534, 65534)
    os.setgroups([]); os.setgid(65533); os.setuid(65533)
try:
    Journal.open(path).begin(None, [])
except FileError as error:
    print(error)
with Journal.read(path) as journal:
    print(journal.batches()[0].counts)
""",
        str(path),
    )
    path.parent.chmod(0o755)
    assert "can't be" in said
    assert "{'done': 1, 'waiting': 1}" in said
    assert [one.name for one in path.parent.iterdir()] == ["batch.powa"]


def test_reading_takes_no_lock_and_writes_nothing(path: pathlib.Path) -> None:
    with Journal.open(path) as journal:
        journal.begin(RECORD, rows_of(2))
        before = sorted(path.parent.iterdir())
        with Journal.read(path) as reader:
            assert len(reader.rows(1)) == 2
            with pytest.raises(FileError, match="opened to be read"):
                reader.begin(RECORD, rows_of(9))
            claimed(journal, 1, "k0")
            assert reader.outcomes(1)["k0"].state == "claimed"
        assert sorted(path.parent.iterdir()) == before


def test_a_driver_that_was_killed_leaves_no_lock(path: pathlib.Path) -> None:
    said = in_a_process(
        """
import os, subprocess, sys
program = '''
import os, signal, sys
from powawidget.batch.journal.journal import Journal
from tests.batch.test_journal import RECORD, rows_of
journal = Journal.open(sys.argv[1])
journal.begin(RECORD, rows_of(2))
child = os.fork()
if child == 0:
    import time
    time.sleep(30)  # it outlives its parent
print(child, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
'''
arguments = [sys.executable, "-c", program, sys.argv[1]]
done = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
print(done.stdout.readline().decode().strip())
done.wait()
""",
        str(path),
    )
    child = int(said)
    try:
        assert (path.parent / "batch.powa-driver1").exists()
        with Journal.open(path) as journal:
            assert journal.begin(RECORD, rows_of(2)) == 1
            with Journal.open(path) as other, pytest.raises(FileError, match="driven already"):
                other.begin(RECORD, rows_of(2))
        assert not (path.parent / "batch.powa-driver1").exists()
    finally:
        os.kill(child, 9)


def test_a_forked_process_does_not_write_here(journal: Journal) -> None:
    journal.begin(RECORD, rows_of(1))
    child = os.fork() if sys.version_info < (3, 12) else None
    if child == 0:
        try:
            journal.rows(1)
        except ConfigurationError:
            os._exit(0)
        os._exit(1)
    if child is not None:
        assert os.waitpid(child, 0)[1] == 0
    journal.close()
    with pytest.raises(ConfigurationError, match="open it again"):
        journal.rows(1)


def test_links_lead_to_one_lock(path: pathlib.Path) -> None:
    with Journal.open(path) as journal:
        journal.begin(RECORD, rows_of(1))
        link = path.with_name("link.powa")
        link.symlink_to(path)
        with Journal.open(link) as other, pytest.raises(FileError, match="driven already"):
            other.begin(RECORD, rows_of(1))


def test_pruning_keeps_the_results_and_gives_the_space_back(path: pathlib.Path) -> None:
    with Journal.open(path) as journal:
        batch = journal.begin(RECORD, rows_of(50))
        for number in claimed(journal, batch, *(f"k{i}" for i in range(50))):
            outcome = RowOutcome(state="done", text="yes")
            noise = functools.partial(str, os.urandom(5_000).hex())
            packing = attempts.pack(Settled(state="done", outcome=outcome, run=noise))
            journal.call(functools.partial(settle_all, numbers=[number], packing=packing))
        before = journal.batches()[0].bytes
        assert journal.prune(batch) > 100_000
        assert journal.batches()[0].bytes < before / 10
        assert {one.text for one in journal.outcomes(batch).values()} == {"yes"}
        assert journal.saved_run(batch, "k0") is None


# What another program may have written into the columns.
HOSTILE = [
    "UPDATE attempt SET state = 'sent'",
    "UPDATE attempt SET state = 5",
    "UPDATE attempt SET tokens = 'many'",
    "UPDATE attempt SET seconds = 9e999",
    "UPDATE attempt SET run_id = x'00ff'",
    "UPDATE attempt SET error = CAST(zeroblob(1000000) AS TEXT)",
    "UPDATE attempt SET error = printf('%.*c', 200000, 'x')",
    "UPDATE line SET key = x'00'",
    # No text at all; what SQLite says of it repeats a terminal's escape.
    "UPDATE line SET key = CAST(x'1b5b33316dff80' AS TEXT)",
    "UPDATE attempt SET note = CAST(x'1b5b33316dff80' AS TEXT)",
    "UPDATE result SET value = 'text'",
    "UPDATE result SET value = x''",
    "UPDATE result SET value = x'0200'",
    "UPDATE result SET value = x'015b5d'",
    "UPDATE result SET value = x'005b5d'",
    "UPDATE result SET value = x'00' || zeroblob(20000000)",
]


@pytest.mark.parametrize("statement", HOSTILE)
def test_hostile_values_are_refused_in_a_sentence(path: pathlib.Path, statement: str) -> None:
    with Journal.open(path) as journal:
        batch = journal.begin(RECORD, rows_of(1))
        (number,) = claimed(journal, batch, "k0")
        settled(journal, number)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()
    with Journal.read(path) as journal:
        with pytest.raises(InvalidValueError, match="journal") as refused:
            journal.outcomes(batch)
        assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE batch SET name = x'00'",
        "UPDATE batch SET kind = 'teapot'",
        "UPDATE batch SET definition = '[]'",
        "UPDATE batch SET definition = '{'",
        "UPDATE batch SET made_at = 'x'",
        "UPDATE project SET url = x'00'",
    ],
)
def test_hostile_batches_are_refused_in_a_sentence(path: pathlib.Path, statement: str) -> None:
    with Journal.open(path) as journal:
        journal.begin(RECORD, rows_of(1))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()
    with Journal.read(path) as journal, pytest.raises(InvalidValueError, match="changed by"):
        journal.batches()


def test_a_bomb_is_not_unfolded() -> None:
    bomb = b"\x01" + zlib.compress(b"a" * 100_000_000, 9)
    assert len(bomb) < 200_000
    with pytest.raises(InvalidValueError, match="larger than what is read"):
        unpacked(bomb, 64 * 1024 * 1024)
    # What is so by itself is stored as it is.
    plain = b"a" * 1_000_000
    assert unpacked(packed(plain), len(plain)) == plain
    with pytest.raises(InvalidValueError, match="larger"):
        unpacked(packed(plain), len(plain) - 1)


def settle_all(
    connection: sqlite3.Connection, numbers: list[int], packing: attempts.Packed
) -> None:
    for number in numbers:
        attempts.settle(connection, number, packing)


def test_it_grows_by_its_rows(tmp_path: pathlib.Path) -> None:
    """Twice the rows take twice the room, whatever they are called."""
    sizes = []
    for count in (500, 1_000, 2_000):
        path = tmp_path / f"{count}.powa"
        with Journal.open(path) as journal:
            batch = journal.begin(RECORD, rows_of(count))
            numbers = claimed(journal, batch, *(f"k{i}" for i in range(count)))
            packing = attempts.pack(
                Settled(state="done", outcome=RowOutcome(state="done", text="yes"))
            )
            journal.call(functools.partial(settle_all, numbers=numbers, packing=packing))
        sizes.append(path.stat().st_size)
    assert sizes[1] - sizes[0] < 0.6 * (sizes[2] - sizes[1])
    assert sizes[2] < 2_000 * 600


def test_a_copy_of_an_open_journal_is_read(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    with Journal.open(path) as journal:
        journal.begin(RECORD, rows_of(2))
        for one in tmp_path.glob("batch.powa*"):
            shutil.copy(one, copy)
    with Journal.read(copy / "batch.powa") as journal:
        assert len(journal.rows(1)) == 2


def test_the_loop_thread_waits_for_no_disk(journal: Journal) -> None:
    """A disk that hangs holds up the journal's own thread, and nobody else."""
    hold = threading.Event()
    journal.submit(lambda _: hold.wait(30), alone=True)
    begun = time.monotonic()
    waiting = journal.submit(lambda _: None)
    assert time.monotonic() - begun < 5
    assert not waiting.done()
    hold.set()
    waiting.result()
