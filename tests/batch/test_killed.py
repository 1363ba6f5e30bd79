"""The client is killed at any point, and the batch is gone on with: no row is paid for twice.

The oracle: no message reached the server twice; each row ends done, failed or unknown; what the
server completed has its result; unknown are at most those that were in flight at a kill.
"""

import collections
import json
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import closing
from typing import Any

import pytest

from powawidget.batch.journal.journal import Journal
from powawidget.batch.journal.records import RowOutcome
from tests.batch.client_process import POINTS, Clients
from tests.batch.driving import WATCHDOG
from tests.batch.server_process import PLAIN, TOOLS, ServerProcess
from tests.seeds import PROFILE, SEED, examples

AT_ONCE = 8
KILLS = 20
BIRTH = 0.4  # seconds within which a client begins to send
BEAT = 0.05  # what it may send more, until it is killed


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess(latency_seconds=0.02) as one:
        yield one


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    with closing(Clients()) as one:
        yield one


def told(
    server: ServerProcess, journal: pathlib.Path, agent: str, rows: int, name: str
) -> dict[str, Any]:
    return {
        "url": server.url,
        "key": server.key,
        "agent": agent,
        "journal": str(journal),
        "rows": rows,
        "name": name,
        "at_once": AT_ONCE,
    }


def outcomes(journal: pathlib.Path) -> dict[str, RowOutcome]:
    with closing(Journal.read(journal)) as one:
        return dict(one.outcomes(1))


def in_flight(journal: pathlib.Path) -> set[str]:
    """The rows that a client's death leaves under way: their last byte may have been sent."""
    # Read in a copy, so that it is the next client that finds the journal as it was left.
    folder = journal.parent / "left"
    folder.mkdir()
    for one in journal.parent.glob(f"{journal.name}*"):
        shutil.copy(one, folder)
    try:
        with closing(sqlite3.connect(folder / journal.name)) as left:
            return {
                key
                for (key,) in left.execute(
                    """
                    SELECT key FROM attempt WHERE standing = 1 AND marked_at IS NOT NULL
                    AND state IN ('claimed', 'accepted')
                    """
                )
            }
    except sqlite3.OperationalError:  # it was killed before it had made a table
        return set()
    finally:
        shutil.rmtree(folder)


def check(
    server: ServerProcess, name: str, found: dict[str, RowOutcome], left: Collection[str] = ()
) -> None:
    """What must hold whatever happened.

    Args:
        server: Where it was sent.
        name: What each message begins with.
        found: How each row stands.
        left: The rows that were in flight at a kill.
    """
    posted = collections.Counter(messages(server, name))
    assert max(posted.values(), default=0) <= 1, [one for one in posted.items() if one[1] > 1]
    assert {one.state for one in found.values()} <= {"done", "failed", "unknown"}
    assert {key for key, one in found.items() if one.state == "unknown"} <= set(left)
    stored = server.stored()
    for key, one in found.items():
        message = f"{name} {key[1:]}"
        if stored.get(message) == "completed":
            assert one.state == "done", (key, one)
        if one.state == "done":
            assert one.text == f"You said: {message}" or one.note, (key, one)
        if one.state == "failed":
            assert "what they have done isn't known" in one.error, (key, one)
        if one.state != "unknown":
            assert posted[message] == 1, (key, one)


def messages(server: ServerProcess, name: str) -> list[str]:
    sent = [body["message"] for body in server.posts()]
    return [one for one in sent if one.startswith(f"{name} ")]


# Each point with one of the agents, each night with both.
EXACT = [
    (point, agent)
    for number, point in enumerate(POINTS)
    for agent in examples((PLAIN, TOOLS)[number % 2 :][:1], (PLAIN, TOOLS))
]


@pytest.mark.parametrize(("point", "agent"), EXACT)
def test_a_kill_at_an_exact_point_sends_no_row_twice(
    server: ServerProcess, clients: Clients, point: str, agent: str, tmp_path: pathlib.Path
) -> None:
    journal, rows, name = tmp_path / "batch.powa", 3 * AT_ONCE, f"{point}, {agent},"
    orders = told(server, journal, agent, rows, name)
    turn = 1 if point in {"while the journal is opened", "before the claim"} else 3
    assert clients.run({**orders, "die_at": point, "turn": turn}) is None, "it wasn't killed"
    left = in_flight(journal)
    assert clients.run(orders) == {"reason": ""}
    found = outcomes(journal)
    assert len(found) == rows
    check(server, name, found, left)


def test_two_kernels_share_a_file_and_no_batch(
    server: ServerProcess, clients: Clients, tmp_path: pathlib.Path
) -> None:
    """Each drives a batch of its own; whoever comes second to one is refused."""
    journal, name = tmp_path / "batch.powa", "two kernels,"
    orders = told(server, journal, PLAIN, 60, name)
    with closing(Clients()) as others:
        clients.start(orders)
        end = time.monotonic() + WATCHDOG
        while not messages(server, name):
            assert time.monotonic() < end
        told_second = others.run(orders)
        other = others.run({**orders, "rows": 40, "name": "the other,", "batch": "other"})
        assert clients.result() == other == {"reason": ""}
    if told_second != {"reason": ""}:  # the first wasn't over by then
        assert told_second is not None
        assert "driven already" in told_second["refused"]
    check(server, name, outcomes(journal))
    with closing(Journal.read(journal)) as both:
        assert [one.counts for one in both.batches()] == [{"done": 60}, {"done": 40}]
    assert len(messages(server, name)) == 60
    assert len(messages(server, "the other,")) == 40


def test_a_kernel_that_ends_by_itself_leaves_no_word_and_no_row_twice(
    server: ServerProcess, clients: Clients, tmp_path: pathlib.Path
) -> None:
    journal, name = tmp_path / "batch.powa", "it ends,"
    orders = told(server, journal, PLAIN, 60, name)
    program = """
import json, sys, time
from powawidget.batch.journal.journal import Journal
from tests.batch.driving import driver_of, rows_of, target_at
told = json.loads(sys.argv[1])
target = target_at(told["url"], told["key"], told["agent"])
driver = driver_of(target, Journal.open(told["journal"]), rows_of(told["rows"], told["name"]))
driver.start()
while driver.outcome("k3").state != "done":
    time.sleep(0.005)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(orders)],
        capture_output=True,
        text=True,
        check=False,
        timeout=WATCHDOG,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    # What was closed is one file.
    assert [one.name for one in tmp_path.iterdir()] == ["batch.powa"]
    left = in_flight(journal)
    assert clients.run(orders) == {"reason": ""}
    found = outcomes(journal)
    assert len(found) == 60
    check(server, name, found, left)


@pytest.mark.parametrize("seed", range(SEED, SEED + examples(1, 20)))
def test_kills_at_random_moments_send_no_row_twice(
    server: ServerProcess, clients: Clients, seed: int, tmp_path: pathlib.Path
) -> None:
    chance = random.Random(seed)
    rows = 1_000 if PROFILE == "nightly" else 300
    journal, name = tmp_path / "batch.powa", f"seed {seed},"
    orders = told(server, journal, (PLAIN, TOOLS)[seed % 2], rows, name)
    left: set[str] = set()
    kills, before = 0, server.count()
    # Wherever the batch is, so that a quick machine isn't through with it before the last kill.
    for point in sorted(chance.sample(range(rows * 9 // 10), KILLS)):
        clients.start(orders)
        if server.count() - before >= point:
            time.sleep(chance.uniform(0.0, BIRTH))
        end = time.monotonic() + WATCHDOG
        while server.count() - before < point:
            assert time.monotonic() < end
            time.sleep(0.002)
        time.sleep(chance.uniform(0.0, BEAT))
        clients.kill()
        if clients.result() is None:
            left |= in_flight(journal)
            kills += 1
    assert kills >= KILLS // 2
    assert clients.run(orders) == {"reason": ""}
    found = outcomes(journal)
    assert len(found) == rows
    check(server, name, found, left)
    assert {one.state for one in found.values()} & {"done", "failed"}
    unknown = {key for key, one in found.items() if one.state == "unknown"}
    assert clients.run({**orders, "retry": "unknown"}) == {"reason": ""}
    again = outcomes(journal)
    assert "unknown" not in {one.state for one in again.values()}
    assert {key for key, one in again.items() if one.tries > 1} == unknown


@pytest.mark.parametrize("kind", ["orchestration", "workflow"])
def test_kills_send_no_row_of_an_orchestration_or_a_workflow_twice(
    server: ServerProcess, clients: Clients, kind: str, tmp_path: pathlib.Path
) -> None:
    """An orchestration is found by its messages, a workflow's execution by its claim."""
    chance = random.Random(SEED)
    rows = examples(5, 12)  # fewer than the workflows that the service starts in a minute
    journal, name = tmp_path / "batch.powa", f"{kind},"
    noun = {"orchestration": "Report line", "workflow": "Weekly report"}[kind]
    # An orchestration that was cut has no end at the server, ever.
    orders = {**told(server, journal, noun, rows, name), "kind": kind, "at_once": 4, "lost": 3.0}

    def sent() -> collections.Counter[str]:
        asked = [body.get("message") or body["variables"]["week"] for body in server.posts()]
        return collections.Counter(one for one in asked if one.startswith(f"{name} "))

    left: set[str] = set()
    for _ in range(examples(1, 3)):
        clients.start(orders)
        before, end = sent().total(), time.monotonic() + WATCHDOG
        while sent().total() == before < rows:
            assert time.monotonic() < end
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, BIRTH))
        clients.kill()
        if clients.result() is None:
            left |= in_flight(journal)
    assert clients.run(orders) == {"reason": ""}
    found = outcomes(journal)
    assert max(sent().values()) == 1
    assert len(found) == rows
    assert {one.state for one in found.values()} <= {"done", "failed", "unknown"}
    assert {key for key, one in found.items() if one.state != "done"} <= left
    unknown = {key for key, one in found.items() if one.state == "unknown"}
    assert clients.run({**orders, "retry": "unknown"}) == {"reason": ""}
    again = outcomes(journal)
    assert "unknown" not in {one.state for one in again.values()}
    assert {key for key, one in again.items() if one.tries > 1} == unknown
