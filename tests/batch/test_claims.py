"""Claims in a shared folder, and a part of a table that is run by them."""

import asyncio
import math
import os
import pathlib
import pickle
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pandas as pd
import pytest

import powawidget
from powawidget.batch import claims
from powawidget.batch.claims import (
    FolderClaims,
    Ticket,
    begin_claims,
    is_exclusive,
    name_of_row,
    object_store,
)
from powawidget.batch.identity import row_digest
from powawidget.batch.journal.records import BatchRecord, RowOutcome
from powawidget.batch.states import ClaimedElsewhere, after_failed_start
from powawidget.errors import ConfigurationError, ConnectionLost, FileError, InvalidValueError
from powawidget.resources import partitions
from powawidget.resources.agent import AgentInfo
from powawidget.resources.part import Partitions
from powawidget.resources.partitions import PerPartition
from powawidget.resources.project import Powabase
from tests.batch.desk import Desk, done, page, reset, stored
from tests.batch.desk import status as desk_status
from tests.batch.driving import QUICK
from tests.chaos import Chaos
from tests.counterpart import (
    Agent,
    Call,
    Calls,
    Counterpart,
    Fail,
    Hook,
    Say,
    Script,
    Tool,
    Turn,
    start,
)
from tests.planted import KEY

RECORD = BatchRecord(
    name="triage",
    project="https://a.example",
    kind="agent",
    target_id="a-1",
    target_name="Triage",
    definition={"model": "m", "prompt": "p"},
)


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> FolderClaims:
    return FolderClaims(begin_claims(tmp_path, RECORD))


def test_of_many_who_claim_at_once_one_has_it(folder: FolderClaims) -> None:
    ticket = Ticket(name_of_row("k"), 0, "d")
    taken: list[bool] = []
    ready = threading.Barrier(8)

    def claim() -> None:
        own = FolderClaims(folder.folder)
        ready.wait()
        try:
            own.take(ticket)
        except ClaimedElsewhere:
            taken.append(False)
        else:
            taken.append(True)

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(taken) == [False] * 7 + [True]


def test_a_claim_is_told_from_its_release_and_its_end(folder: FolderClaims) -> None:
    row = name_of_row("k")
    assert folder.standing(row).sent_at is None
    first = Ticket(row, 0, "d")
    folder.take(first)
    assert (folder.standing(row).number, folder.standing(row).digest) == (0, "d")
    folder.release(first)
    assert folder.standing(row).sent_at is None
    assert folder.standing(row).number == 1
    with pytest.raises(ConnectionLost) as moved:
        folder.take(first)
    assert after_failed_start(moved.value, marked=False).state == "released"
    folder.take(Ticket(row, 1, "d"))
    outcome = RowOutcome(state="done", text="a\u00e4", tokens=3)
    folder.settle(row, "d", outcome)
    assert folder.standing(row).outcome == outcome
    assert folder.session_id(row, 0) != folder.session_id(row, 1)
    assert folder.session_id(row, 1) == FolderClaims(folder.folder).session_id(row, 1)


def test_a_claim_whose_owner_died_while_it_wrote_is_a_claim(folder: FolderClaims) -> None:
    row = name_of_row("k")
    path = folder.folder / "rows" / row[:2] / f"{row}.0"
    path.parent.mkdir()
    path.touch()
    assert folder.standing(row).sent_at is not None
    with pytest.raises(ClaimedElsewhere) as refused:
        folder.take(Ticket(row, 0, "d"))
    assert after_failed_start(refused.value, marked=False).state == "accepted"  # it is looked up


def test_a_slot_has_one_start_and_a_pause_only_grows(folder: FolderClaims) -> None:
    other = FolderClaims(folder.folder)
    slot = math.floor(folder.now())
    taken = [
        one.take_start(slot + after, 1.0) for one, after in ((folder, 0), (other, 0), (other, 1))
    ]
    assert taken == [True, False, True]
    assert other.paused_until() == 0
    folder.pause(50.0)
    other.pause(40.0)
    assert other.paused_until() == 50.0


def test_starts_that_are_over_leave_no_files(
    folder: FolderClaims, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it goes on; and who was asleep takes none that may be another's."""
    now = folder.now()
    most, starts = 0, folder.folder / "starts"
    for second in range(0, 1200, 3):
        monkeypatch.setattr(folder, "now", lambda at=now + second: at)
        slot = math.floor(folder.now() / 3)
        assert [folder.take_start(slot, 3.0) for _ in range(2)] == [True, False]
        assert not folder.take_start(slot - 60, 3.0)
        most = max(most, sum(len(files) for _, _, files in os.walk(starts)))
    assert most <= 4 * 20
    assert len(list(starts.iterdir())) <= 4


@pytest.mark.parametrize("per_minute", [0.01, 0.5, 1, 7, 600, 100_000])
def test_at_any_rate_a_slot_is_taken_once(folder: FolderClaims, per_minute: float) -> None:
    seconds = 60 / per_minute
    slot = math.floor(folder.now() / seconds)
    other = FolderClaims(folder.folder)
    assert [folder.take_start(slot, seconds), other.take_start(slot, seconds)] == [True, False]


def test_a_pause_ends_after_an_hour_whatever_was_asked_or_stands_there(
    folder: FolderClaims,
) -> None:
    for asked in (1e12, float("inf")):
        folder.pause(folder.now() + asked)
        assert 3500 < folder.paused_until() - folder.now() <= 3600
    for written in ("1e12", "1e999", "NaN", "true", '"soon"', "[]", "{"):
        (folder.folder / "pause").write_text(f'{{"until": {written}}}')
        assert folder.paused_until() <= folder.now()
    folder.pause(folder.now() + 5)
    assert folder.paused_until() > folder.now()


def test_times_are_those_of_the_drive(
    folder: FolderClaims, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine whose clock is an hour behind."""
    row = name_of_row("k")
    folder.take(Ticket(row, 0, "d"))
    folder.pause(folder.now() + 60)
    here = time.time
    with monkeypatch.context() as patch:
        patch.setattr(claims.time, "time", lambda: here() - 3600)
        other = FolderClaims(folder.folder)
        assert abs(other.now() - here()) < 5
        assert abs((other.standing(row).sent_at or 0) - (here() - 3600)) < 5
        assert 50 < other.paused_until() - other.now() <= 61


def test_claims_that_were_half_begun_are_begun(tmp_path: pathlib.Path) -> None:
    """Their owner died before it had written what they are for."""
    own = begin_claims(tmp_path, RECORD)
    (own / "about").unlink()
    assert begin_claims(tmp_path, RECORD) == own
    assert FolderClaims(own).session_id("a", 0)
    assert not [one for one in own.iterdir() if one.name.startswith("tmp")]


MOUNTS = """\
1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 0:9 / /nfs rw - nfs4 server:/x rw
3 1 0:9 / /s3 rw - fuse.s3fs s3fs rw
4 1 0:9 / /mountpoint rw - fuse mountpoint-s3 rw
5 1 0:9 / /gcs rw - fuse.gcsfuse bucket rw
6 1 0:9 / /blob rw - fuse.blobfuse2 blobfuse2 rw
7 1 0:9 / /rclone rw - fuse.rclone remote: rw
8 1 0:9 / /dbfs rw - fuse /dbfs rw
9 1 0:9 / /gluster rw - fuse.glusterfs host:/v rw
10 1 0:9 / /nfs/my\\040s3 rw - fuse.goofys bucket rw
11 1 0:9 / /geese rw - fuse.geesefs bucket rw
12 1 0:9 / /content/drive rw - fuse.drive drive rw
13 1 0:9 / /some rw - fuse somefs rw
14 1 0:9 / /ceph rw - fuse.ceph-fuse ceph-fuse rw
15 1 8:2 / /disk rw - fuseblk /dev/sda2 rw
"""


@pytest.mark.parametrize(
    ("path", "is_store"),
    [
        ("/home/a", False),
        ("/nfs/a", False),
        ("/s3/a", True),
        ("/s3x", False),
        ("/mountpoint", True),
        ("/gcs/a/b", True),
        ("/blob", True),
        ("/rclone", True),
        ("/dbfs/tmp", True),
        ("/gluster", False),
        ("/nfs/my s3/a", True),
        ("/geese", True),
        ("/content/drive/My Drive", True),
        ("/some/a", True),
        ("/ceph/a", False),
        ("/disk/a", False),
    ],
)
def test_only_programs_known_to_be_exclusive_are_trusted(path: str, is_store: bool) -> None:
    assert bool(object_store(pathlib.Path(path), MOUNTS)) is is_store


def test_what_isnt_safe_is_refused_at_the_start(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileError, match="There is no folder"):
        begin_claims(tmp_path / "none", RECORD)
    monkeypatch.setattr(claims, "object_store", lambda _: "fuse.s3fs")
    with pytest.raises(FileError, match=r"a mount of an object store \(fuse.s3fs\)"):
        begin_claims(tmp_path, RECORD)
    monkeypatch.setattr(claims, "object_store", lambda _: "")
    monkeypatch.setattr(claims, "_created", lambda path, text: bool(path.write_bytes(text)) or True)
    assert not is_exclusive(tmp_path)
    with pytest.raises(FileError, match="lets two create one file"):
        begin_claims(tmp_path, RECORD)


def test_claims_belong_to_one_definition(tmp_path: pathlib.Path) -> None:
    own = begin_claims(tmp_path, RECORD)
    assert begin_claims(tmp_path, RECORD) == own
    assert (own / "about").stat().st_mode & 0o777 == 0o600
    changed = msgspec.structs.replace(RECORD, definition={"model": "m", "prompt": "q"})
    with pytest.raises(InvalidValueError, match=r"Triage has changed .*\(prompt\)"):
        begin_claims(tmp_path, changed)
    with pytest.raises(InvalidValueError, match="another project or agent"):
        begin_claims(tmp_path, msgspec.structs.replace(RECORD, target_id="a-2"))
    assert begin_claims(tmp_path, msgspec.structs.replace(changed, name="triage 2")) != own


# A part of a table, without an engine.


def _echo(turn: Turn) -> Script:
    if "fail" in turn.message:
        yield Fail("litellm.RateLimitError: too many")
    yield Say(f"You said: {turn.message}")


def _guarded(_: Turn) -> Script:
    (result,) = yield Calls(Call("guarded", {}, 0.0))
    yield Say(result)


def _none(_arguments: dict[str, Any]) -> str:
    return "it ran"


@pytest.fixture(scope="module")
def server() -> Iterator[Counterpart]:
    gate = Hook("PreToolUse", matcher="guarded", timeout=300)
    agents = [
        Agent("Echo", _echo, tokens_per_second=5_000),
        Agent("Guarded", _guarded, tools=(Tool("guarded", _none),), hooks=(gate,)),
    ]
    running = start(agents=agents, tokens_per_second=5_000)
    yield running
    running.stop()


@pytest.fixture
def project(server: Counterpart, monkeypatch: pytest.MonkeyPatch) -> Iterator[Powabase]:
    monkeypatch.setenv("POWABASE_API_KEY", server.key)
    with powawidget.connect(server.url) as connected:
        yield connected
    partitions._agents.clear()


FRAME = pd.DataFrame(
    {"id": [1, 2, 3], "text": ["one", "two", "fail"], "status": ["x", "y", "z"]}, index=[5, 5, 6]
)


def quick(ask: powawidget.PerPartition) -> powawidget.PerPartition:
    return powawidget.PerPartition(msgspec.structs.replace(ask._given, asking=QUICK))


def posts(server: Counterpart, since: int = 0) -> list[str]:
    sent = [body["message"] for _, path, body in server.requests if path.endswith("/run/stream")]
    return sorted(sent[since:])


def test_frame_to_frame_and_each_row_once(
    server: Counterpart, project: Powabase, tmp_path: pathlib.Path
) -> None:
    ask = powawidget.per_partition(project.agent("Echo"), "{text}", key="id", claims=tmp_path)
    meta = ask.meta(FRAME)
    since = len(posts(server))
    pickled = pickle.dumps(ask)
    assert server.key.encode() not in pickled
    again = pickle.loads(pickled)
    first = ask(FRAME)
    assert first["batch_status"].tolist() == ["done", "done", "failed"]
    assert first["answer"].tolist()[:2] == ["You said: one", "You said: two"]
    assert first.index.tolist() == [5, 5, 6]
    assert first.dtypes.equals(meta.dtypes)
    assert list(first.columns) == list(meta.columns)
    assert len(meta) == 0
    second = again(FRAME)
    pd.testing.assert_frame_equal(first, second)
    assert posts(server, since) == ["fail", "one", "two"]
    pd.testing.assert_frame_equal(ask(FRAME.iloc[:0]), meta)


def test_what_was_sent_and_isnt_known_is_looked_up_and_never_sent(
    server: Counterpart, project: Powabase, tmp_path: pathlib.Path
) -> None:
    ask = quick(
        powawidget.per_partition(project.agent("Echo"), "{text}", key="id", claims=tmp_path)
    )
    since = len(posts(server))
    frame = pd.DataFrame({"id": [1, 2], "text": ["lost one", "lost two"]})
    first = ask(frame.iloc[:1])
    for told in pathlib.Path(ask._given.claims).rglob("*.done"):
        told.unlink()  # as where a worker died before it had written it
    never = name_of_row("2")
    folder = FolderClaims(ask._given.claims)
    folder.take(Ticket(never, 0, ""))  # as where one died before the last byte
    second = ask(frame)
    assert second["status"].tolist() == ["done", "unknown"]
    assert second["answer"].tolist()[0] == "You said: lost one"
    assert second["run_id"].tolist()[0] == first["run_id"].tolist()[0]
    assert "probably not accepted" in second["error"].tolist()[1]
    assert posts(server, since) == ["lost one"]


def test_what_another_task_came_to_meanwhile_is_read(
    server: Counterpart,
    project: Powabase,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other was refused, released the row and sent it again: nobody finds its first attempt."""
    ask = quick(
        powawidget.per_partition(project.agent("Echo"), "{text}", key="id", claims=tmp_path)
    )
    since = len(posts(server))
    other, row = FolderClaims(ask._given.claims), name_of_row("1")
    frame = pd.DataFrame({"id": [1], "text": ["theirs"]})
    digest = row_digest({"message": "theirs"}, None)
    other.take(Ticket(row, 0, digest))
    standing = FolderClaims.standing

    def then(self: FolderClaims, name: str) -> Any:
        seen = standing(self, name)
        if seen.number == 0:
            other.release(Ticket(row, 0, digest))
            other.take(Ticket(row, 1, digest))
            other.settle(row, digest, RowOutcome(state="done", text="their answer"))
        return seen

    monkeypatch.setattr(FolderClaims, "standing", then)
    came = ask(frame)
    assert (came["status"].tolist(), came["answer"].tolist()) == (["done"], ["their answer"])
    assert posts(server, since) == []


def test_another_message_for_a_key_isnt_sent(
    server: Counterpart, project: Powabase, tmp_path: pathlib.Path
) -> None:
    ask = powawidget.per_partition(project.agent("Echo"), "{text}", key="id", claims=tmp_path)
    since = len(posts(server))
    ask(pd.DataFrame({"id": [1], "text": ["as it was"]}))
    other = ask(pd.DataFrame({"id": [1], "text": ["as it is"]}))
    assert other["status"].tolist() == ["failed"]
    assert other["error"].tolist()[0].startswith("Another message was sent for this key before")
    assert posts(server, since) == ["as it was"]


def test_of_two_messages_for_one_key_at_once_one_is_sent_and_the_other_told(
    server: Counterpart, project: Powabase, tmp_path: pathlib.Path
) -> None:
    """As where two parts of a table have the same key: neither gets the other's answer."""
    ask = quick(
        powawidget.per_partition(project.agent("Echo"), "{text}", key="id", claims=tmp_path)
    )
    since = len(posts(server))
    frames = [
        pd.DataFrame({"id": range(8), "text": [f"{whose} {number}" for number in range(8)]})
        for whose in ("mine", "yours")
    ]
    with ThreadPoolExecutor(2) as pool:
        came = list(pool.map(ask, frames))
    again = [ask(frame) for frame in frames]
    for both in (came, again):
        for number in range(8):
            rows = [frame.iloc[number] for frame in both]
            assert sorted(row["status"] for row in rows) == ["done", "failed"]
            for row in rows:
                if row["status"] == "done":
                    assert row["answer"] == f"You said: {row['text']}"
                else:
                    assert row["error"].startswith("Another message was sent for this key")
    assert len(posts(server, since)) == 8


def test_a_refusal_for_now_is_told_to_all_and_the_row_is_claimed_anew(
    server: Counterpart, project: Powabase, tmp_path: pathlib.Path
) -> None:
    server.refuse(429, times=1, ending="/run/stream", retry_after=1)
    ask = powawidget.per_partition(project.agent("Echo"), "{text}", key="id", claims=tmp_path)
    frame = ask(pd.DataFrame({"id": [1], "text": ["refused once"]}))
    assert frame["status"].tolist() == ["done"]
    assert FolderClaims(ask._given.claims).paused_until() > 0
    assert FolderClaims(ask._given.claims).standing(name_of_row("1")).number == 1


def test_bad_rows_are_errors_of_their_rows(project: Powabase, tmp_path: pathlib.Path) -> None:
    """An engine logs what a task raises."""
    ask = powawidget.per_partition(project.agent("Echo"), "{text}", key="id", claims=tmp_path)
    twice = ask(pd.DataFrame({"id": [1, 1], "text": ["a", "b"]}))
    assert twice["status"].tolist() == ["failed", "failed"]
    no_column = ask(pd.DataFrame({"id": [1], "other": ["a"]}))
    assert "text" in no_column["error"].tolist()[0]

    def boom(row: dict[str, Any]) -> str:
        raise RuntimeError(row["text"])

    ask = powawidget.per_partition(project.agent("Echo"), boom, key="id", claims=tmp_path)
    (error,) = ask(pd.DataFrame({"id": [1], "text": ["private"]}))["error"]
    assert "RuntimeError" in error


def test_one_bad_row_keeps_no_other_from_being_sent(
    server: Counterpart, project: Powabase, tmp_path: pathlib.Path
) -> None:
    ask = powawidget.per_partition(project.agent("Echo"), "{text}", key="id", claims=tmp_path)
    since = len(posts(server))
    keys = ["a", "b", f"it is {server.key}", "d"]
    came = ask(pd.DataFrame({"id": keys, "text": ["good", " ", "held", "fine"]}))
    assert came["status"].tolist() == ["done", "failed", "failed", "done"]
    assert came["answer"].tolist()[3] == "You said: fine"
    assert "API key" in came["error"].tolist()[2]
    assert posts(server, since) == ["fine", "good"]


def test_what_a_task_raises_holds_no_word_of_a_row(
    project: Powabase, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine logs it."""
    ask = powawidget.per_partition(project.agent("Echo"), "{text}", key="id", claims=tmp_path)

    def fail(*_: Any) -> None:
        raise ValueError("private")

    monkeypatch.setattr(FolderClaims, "standing", fail)
    with pytest.raises(ConfigurationError, match="failed with ValueError") as raised:
        ask(FRAME)
    assert "private" not in "".join(traceback.format_exception(raised.value))


def test_a_policy_that_fails_denies_and_logs_no_argument(
    project: Powabase, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is there to ask, and a request waits for five minutes."""

    def fail(approvals: Any) -> str:
        raise ValueError(f"private {approvals}")

    ask = powawidget.per_partition(
        project.agent("Guarded"), "{text}", key="id", claims=tmp_path, on_approval=fail
    )
    frame = ask(pd.DataFrame({"id": [1], "text": ["go"]}))
    assert frame["answer"].tolist()[0].startswith("Error: Blocked by hook")
    assert "failed with ValueError" in caplog.text
    assert "private" not in caplog.text


def test_an_agent_that_asks_for_approvals_needs_a_policy_that_decides(
    server: Counterpart, project: Powabase, tmp_path: pathlib.Path
) -> None:
    agent = project.agent("Guarded")
    since = len(posts(server))
    with pytest.raises(ConfigurationError, match="nobody can be asked on a worker"):
        powawidget.per_partition(agent, "{text}", key="id", claims=tmp_path)
    assert posts(server, since) == []
    for number, (policy, answer) in enumerate(
        [
            (powawidget.policy(allow=["guarded"]), "it ran"),
            (powawidget.policy(otherwise="ask"), "Error: Blocked by hook"),  # nobody to ask
        ]
    ):
        ask = powawidget.per_partition(
            agent, "{text}", key="id", claims=tmp_path, name=f"{number}", on_approval=policy
        )
        frame = ask(pd.DataFrame({"id": [number], "text": ["go"]}))
        assert frame["answer"].tolist()[0].startswith(answer)


def test_a_connection_isnt_pickled_and_says_what_to_do(project: Powabase) -> None:
    for one in (project, project.agent("Echo")):
        with pytest.raises(TypeError, match=r"isn't pickled.*per_partition"):
            pickle.dumps(one)


def test_wrong_arguments_are_told_at_once(
    project: Powabase, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = project.agent("Echo")
    for more in ({"concurrency": 0}, {"per_minute": 0}, {"concurrency": True}):
        with pytest.raises(InvalidValueError):
            powawidget.per_partition(agent, "{text}", key="id", claims=tmp_path, **more)
    nobody: Any = None  # types refuse it already
    with pytest.raises(InvalidValueError, match="Say what names a row"):
        powawidget.per_partition(agent, "{text}", key=nobody, claims=tmp_path)
    with pytest.raises(InvalidValueError, match="claims= is for a DataFrame of Dask"):
        agent.map(["a"], claims=tmp_path)
    ask = powawidget.per_partition(agent, "{text}", key="id", claims=tmp_path)
    partitions._agents.clear()
    monkeypatch.delenv("POWABASE_API_KEY")
    with pytest.raises(ConfigurationError, match="no POWABASE_API_KEY in its environment"):
        ask(FRAME)


def test_it_serves_a_thread_of_a_running_loop(project: Powabase, tmp_path: pathlib.Path) -> None:
    ask = powawidget.per_partition(project.agent("Echo"), "{text}", key="id", claims=tmp_path)

    async def main() -> Any:
        return await asyncio.to_thread(ask, FRAME)

    assert len(asyncio.run(main())) == 3


def answered(
    answer: Any, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, Desk, FolderClaims]:
    """What a part comes to whose row the service answers so."""
    monkeypatch.setenv("POWABASE_API_KEY", KEY)
    desk = Desk({"hello": answer})
    with Chaos(desk) as server:
        record = msgspec.structs.replace(RECORD, project=server.url)
        own = begin_claims(tmp_path, record)
        ask = PerPartition(
            Partitions(
                url=server.url,
                agent=AgentInfo(id="a-1", name="Triage"),
                has_tools=False,
                message="{text}",
                key="id",
                claims=str(own),
                concurrency=4,
                per_minute=None,
                schema=None,
                options={},
                on_approval=None,
                nonce="n",
                asking=QUICK,
            )
        )
        frame = ask(pd.DataFrame({"id": [1], "text": ["hello"]}))
    partitions._agents.clear()
    return frame.iloc[0], desk, FolderClaims(own)


@pytest.mark.parametrize(
    ("answer", "status", "starts", "number"),
    [
        ([desk_status("402 Payment Required")], "waiting", 1, 1),
        (
            [desk_status("503 Service Unavailable", headers=b"retry-after: 0\r\n"), done],
            "done",
            2,
            1,
        ),
        ([desk_status("400 Bad Request")], "failed", 1, 0),
        ([desk_status("403 Forbidden", {"error": "session is another's"})], "waiting", 1, 1),
        ([reset], "unknown", 1, 0),
        ([stored(reset)], "done", 1, 0),
        ([page], "unknown", 1, 0),
    ],
    ids=["no money", "busy", "refused", "no id of one's own", "reset", "found", "a login page"],
)
def test_a_row_may_be_claimed_anew_only_where_no_run_can_have_begun(  # noqa: PLR0913, PLR0917  # fixtures
    answer: Any,
    status: str,
    starts: int,
    number: int,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row, desk, folder = answered(answer, tmp_path, monkeypatch)
    assert (row["status"], len(desk.starts)) == (status, starts)
    assert folder.standing(name_of_row("1")).number == number
    assert row["error"] is not None or status == "done"
