"""A table on three workers of Dask, one of which is killed: no row is paid for twice.

The oracle is that of `tests/batch/test_killed.py`: no message reached the server twice; each row
ends done, failed or unknown; unknown are at most those that were in flight at the kill. And all
starts together keep to the limit of a minute.
"""

import collections
import logging
import os
import pathlib
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dask
import dask.dataframe as dd
import distributed
import msgspec
import pandas as pd
import pytest

import powawidget
from powawidget.batch.board.away import AwayBoard
from powawidget.errors import ConfigurationError
from powawidget.resources.partitions import map_dask
from tests.batch.client_process import ASKING
from tests.batch.server_process import PLAIN, ServerProcess
from tests.seeds import SEED, examples

WATCHDOG = 240
ROWS, PARTS, AT_ONCE, A_MINUTE = 240, 12, 12, 900
KEPT_SECRET = "please keep this to yourself"
SEEDS = range(SEED, SEED + examples(1, 20))


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess(latency_seconds=0.05) as one:
        yield one


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[distributed.Client]:
    """Three workers, each a process with the key in its environment."""
    settings = {
        "distributed.nanny.environ": {"POWABASE_API_KEY": server.key},
        "distributed.comm.timeouts.connect": "60s",
        "distributed.admin.system-monitor.gil.enabled": False,
    }
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=3,
            threads_per_worker=2,
            # Any free port: with None it is 8787 all the same, and another process may have it.
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        distributed.Client(cluster) as one,
    ):
        yield one


def table(name: str) -> Any:
    frame = pd.DataFrame(
        {"id": range(ROWS), "text": [f"{name} {number}, {KEPT_SECRET}" for number in range(ROWS)]}
    )
    return dd.from_pandas(frame, npartitions=PARTS)


def quick(ask: powawidget.PerPartition) -> powawidget.PerPartition:
    """The same, whose minute of looking again is shorter."""
    return powawidget.PerPartition(msgspec.structs.replace(ask._given, asking=ASKING))


def give_key(client: distributed.Client, key: str | None) -> None:
    """Put a key into the workers' environments, or take it out."""

    def give() -> None:
        os.environ.pop("POWABASE_API_KEY", None)
        if key is not None:
            os.environ["POWABASE_API_KEY"] = key

    client.run(give)


def posted(server: ServerProcess, name: str) -> collections.Counter[str]:
    sent = [body["message"] for body in server.posts()]
    return collections.Counter(one for one in sent if one.startswith(f"{name} "))


def assert_within_the_limit(times: Sequence[float]) -> None:
    """Each start has a slot of its own; between its slot and the server some may pile up."""
    for first, one in enumerate(times):
        for last in range(first + 1, len(times)):
            allowed = A_MINUTE / 60 * (times[last] - one) + 1 + AT_ONCE
            assert last - first + 1 <= allowed


def told_in_the_end(board: AwayBoard) -> dict[str, int]:
    """What the board says once all is over; the last word may be on its way."""
    end = time.monotonic() + WATCHDOG
    while (seen := board._figures()).status != "done":
        assert time.monotonic() < end, seen
        time.sleep(0.1)
    return dict(seen.counts)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_worker_pays_no_row_twice(  # noqa: PLR0913, PLR0917  # pytest's fixtures
    server: ServerProcess,
    client: distributed.Client,
    seed: int,
    tmp_path: pathlib.Path,
    record_property: Callable[[str, object], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = f"seed {seed}:"
    with powawidget.connect(server.url, api_key=server.key) as pb:
        agent = pb.agent(PLAIN)
        ask = powawidget.per_partition(
            agent,
            "{text}",
            key="id",
            claims=tmp_path,
            name=name,
            concurrency=AT_ONCE,
            per_minute=A_MINUTE,
        )
    made: list[AwayBoard] = []

    def note(board: AwayBoard) -> None:
        made.append(board)

    with monkeypatch.context() as patch:
        patch.setattr(AwayBoard, "show", note)
        done = map_dask(table(name), quick(ask))
    (board,) = made
    events: list[Any] = []
    client.subscribe_topic("powawidget", events.append)
    before, begun = server.count(), len(server.starts())
    workers = client.run(os.getpid)
    (future,) = client.compute([done])
    kill_at = random.Random(seed).randrange(ROWS // 10, ROWS // 2)
    end = time.monotonic() + WATCHDOG
    while (sent := server.count() - before) < kill_at:
        assert time.monotonic() < end
        assert future.status != "error", future.exception()
        time.sleep(0.1)  # the server has other things to do than to count
    assert sent < ROWS, "it was over before the kill"
    os.kill(random.Random(seed).choice(sorted(workers.values())), signal.SIGKILL)
    frame = future.result(WATCHDOG)
    client.unsubscribe_topic("powawidget")

    times, sent_for = server.starts()[begun:], posted(server, name)
    states = collections.Counter(frame["status"])
    record_property("posted", sum(sent_for.values()))
    record_property("posted twice", sum(count > 1 for count in sent_for.values()))
    record_property("states", dict(states))
    record_property("sent when one was killed", sent)
    record_property("starts a minute", round(60 * (len(times) - 1) / (times[-1] - times[0])))
    assert max(sent_for.values()) == 1
    assert_within_the_limit(times)
    assert len(frame) == ROWS
    assert frame["id"].tolist() == list(range(ROWS))
    assert set(states) <= {"done", "unknown"}, frame[~frame["status"].isin(["done"])]
    assert states["unknown"] <= AT_ONCE
    for text, status, answer in zip(frame["text"], frame["status"], frame["answer"], strict=True):
        if status == "done":
            assert answer == f"You said: {text}"
    # The board has read it, of the part that ran twice too.
    assert told_in_the_end(board) == dict(states)
    # What is told of it holds nothing of what was asked or answered.
    told = repr([events, client.get_worker_logs(), [*client.story(future.key)]])
    assert "counts" in told
    assert KEPT_SECRET not in told
    assert server.key not in told
    counts = [one[1]["counts"] for one in events]
    assert any("done" in one for one in counts)


@pytest.mark.usefixtures("client")
def test_whatever_the_table_is_like_its_rows_come_back_and_are_sent_once(
    server: ServerProcess, tmp_path: pathlib.Path
) -> None:
    """Parts without rows, texts of Arrow, categories, no divisions; computed and kept twice."""
    kinds = pd.CategoricalDtype(["calm", "cross"])
    frame = pd.DataFrame(
        {
            "id": range(20),
            "text": pd.array([f"kind {n}, {KEPT_SECRET}" for n in range(20)], "string[pyarrow]"),
            "mood": pd.Categorical(["calm", "cross"] * 10, dtype=kinds),
        },
        index=pd.Index([f"r{n}" for n in range(20)], name="label"),
    )
    data = dd.from_pandas(frame, npartitions=5, sort=False).clear_divisions()
    data = data[data["id"] >= 8]  # its first parts are empty
    assert not data.known_divisions
    with powawidget.connect(server.url, api_key=server.key) as pb:
        done, other = (
            pb.agent(PLAIN).map(
                data,
                "{mood}: {text}",
                key=["label", "mood"],
                claims=tmp_path,
                schema={"type": "object", "properties": {"is_late": {"type": "boolean"}}},
            )
            for _ in range(2)
        )
    assert dict(done.dtypes)["is_late"] == "boolean"
    assert dict(done.dtypes)["mood"] == kinds
    kept, again = done.persist(), done.persist()
    first, second, third = kept.compute(), again.compute(retries=2), done.compute()
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(first, third)
    pd.testing.assert_frame_equal(first[["id", "text", "mood"]], data.compute())
    assert first.dtypes.equals(done.dtypes)
    assert set(first["status"]) == {"failed"}  # it answers no JSON
    sent = [one["message"] for one in server.posts() if ": kind 8," in one["message"]]
    assert len(sent) == 1
    # Another call, as of another scheduler: what was sent is read, and nothing is sent again.
    before = server.count()
    pd.testing.assert_frame_equal(other.compute(), first)
    assert server.count() == before


@pytest.mark.usefixtures("client")
def test_the_starts_of_all_workers_together_are_within_the_limit(
    server: ServerProcess, tmp_path: pathlib.Path
) -> None:
    rows = pd.DataFrame({"id": range(24), "text": [f"rate {n}" for n in range(24)]})
    with powawidget.connect(server.url, api_key=server.key) as pb:
        done = pb.agent(PLAIN).map(
            dd.from_pandas(rows, npartitions=6),
            "{text}",
            key="id",
            claims=tmp_path,
            per_minute=240,
        )
    assert not list(tmp_path.glob("*.claims/starts/*"))  # what the workers were tried with is gone
    begun = time.monotonic()
    frame = done.compute()
    took = time.monotonic() - begun
    assert set(frame["status"]) == {"done"}
    # 24 starts, a quarter of a second apart: no two machines share one.
    assert took > 22 * 60 / 240


def test_workers_without_a_key_are_told_before_anything_is_sent(
    server: ServerProcess, client: distributed.Client, tmp_path: pathlib.Path
) -> None:
    before = server.count()
    give_key(client, None)
    try:
        with (
            powawidget.connect(server.url, api_key=server.key) as pb,
            pytest.raises(ConfigurationError, match="has no POWABASE_API_KEY in its environment"),
        ):
            pb.agent(PLAIN).map(table("none"), "{text}", key="id", claims=tmp_path)
    finally:
        give_key(client, server.key)
    assert server.count() == before


def test_two_tasks_of_the_same_rows_at_once_send_each_once(
    server: ServerProcess, client: distributed.Client, tmp_path: pathlib.Path
) -> None:
    """As where an engine takes a worker for dead that isn't."""
    frame = pd.DataFrame(
        {"id": range(30), "text": [f"twice {n}, {KEPT_SECRET}" for n in range(30)]}
    )
    with powawidget.connect(server.url, api_key=server.key) as pb:
        ask = powawidget.per_partition(pb.agent(PLAIN), "{text}", key="id", claims=tmp_path)
    ask = quick(ask)
    futures = [client.submit(ask, frame, pure=False) for _ in range(3)]
    for one in client.gather(futures):
        assert set(one["status"]) == {"done"}
        assert one["answer"].tolist() == [f"You said: {text}" for text in frame["text"]]
    assert set(posted(server, "twice").values()) == {1}
    assert len(posted(server, "twice")) == 30
