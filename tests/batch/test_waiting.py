"""What a batch does while a server refuses or asks to wait, and how a budget ends it."""

import asyncio
import pathlib
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import pytest

import powawidget as pw
from powawidget.batch.budget import Spending, budget
from powawidget.batch.journal.journal import Journal
from tests import counterpart
from tests.batch import desk as at
from tests.batch.desk import Desk, target_of
from tests.batch.driving import WATCHDOG, driver_of, finish, rows_of
from tests.chaos import Chaos
from tests.waiting import until


@pytest.fixture
def journal(tmp_path: pathlib.Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "batch.powa") as one:
        yield one


def states(driver: Any, rows: int) -> list[str]:
    return [driver.outcome(f"k{i}").state for i in range(rows)]


def asks(retry_after: str) -> Any:
    return at.status("429 Too Many", {"error": "later"}, f"retry-after: {retry_after}\r\n".encode())


@pytest.mark.parametrize("retry_after", ["-5", "soon", "", "1e400", "9" * 60, "0", "0.0"])
def test_what_is_no_pause_is_none(journal: Journal, retry_after: str) -> None:
    desk = Desk({"row 0": [asks(retry_after), at.done]})
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(3))
        finish(driver)
        assert states(driver, 3) == ["done"] * 3


@pytest.mark.parametrize(
    "retry_after",
    ["600", "999999999", formatdate(time.time() + 86_400, usegmt=True)],
    ids=["seconds", "an absurd number", "a date"],
)
def test_the_seconds_of_a_budget_end_a_pause(journal: Journal, retry_after: str) -> None:
    desk = Desk(otherwise=asks(retry_after))
    with Chaos(desk) as server:
        driver = driver_of(
            target_of(server), journal, rows_of(9), spending=Spending(budget(seconds=1))
        )
        finish(driver)
        assert "budget of 1 s" in driver.reason
        assert states(driver, 9) == ["waiting"] * 9


def test_the_seconds_of_a_budget_are_those_in_which_the_batch_runs(journal: Journal) -> None:
    now = 0.0
    desk = Desk(otherwise=asks("600"))
    with Chaos(desk) as server:
        spending = Spending(budget(seconds=50), clock=lambda: now)
        driver = driver_of(target_of(server), journal, rows_of(9), spending=spending)
        driver.start()
        until(lambda: driver.pause_left() > 0)
        driver.stop()
        assert driver.done.wait(WATCHDOG)
        now = 1000.0  # somebody comes back from lunch
        driver.start()
        until(lambda: driver.pause_left() > 0)
        now = 1050.0
        assert driver.done.wait(WATCHDOG)
        assert "budget of 50 s" in driver.reason


def test_a_stop_ends_a_pause_and_whoever_goes_on_asks_again(journal: Journal) -> None:
    desk = Desk(otherwise=asks("999999999"))
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(9))
        driver.start()
        until(lambda: driver.pause_left() > 0)
        assert driver.pause_left() <= 3600  # whatever it asks for, it is asked again within that
        driver.stop()
        assert driver.done.wait(WATCHDOG)
        assert "stopped" in driver.reason
        asked = len(desk.starts)
        driver.start()
        until(lambda: driver.pause_left() > 0)
        driver.stop()
        assert driver.done.wait(WATCHDOG)
        assert asked <= len(desk.starts) <= asked + 8


def test_runs_that_the_server_refused_for_now_are_none_of_the_budget(journal: Journal) -> None:
    """Those on their way as the last is started may be refused: others take their place."""
    busy = {
        f"row {i}": [at.status("429 Too Many"), at.status("429 Too Many"), at.done]
        for i in range(4)
    }
    desk = Desk(busy)
    with Chaos(desk) as server:
        driver = driver_of(
            target_of(server), journal, rows_of(20), spending=Spending(budget(runs=6))
        )
        finish(driver)
        assert sorted(states(driver, 20)) == ["done"] * 6 + ["waiting"] * 14
        assert "budget of 6 runs" in driver.reason


def test_a_run_that_starts_in_spite_of_a_pause_ends_it_for_all() -> None:
    with counterpart.start() as server:
        pb = pw.connect(server.url, api_key=server.key)
        server.refuse(429, retry_after=3000)
        first = pb.agent("Writer").run("Hello").wait(WATCHDOG, display=False)
        assert first.status == "failed"  # it asks for longer than a run waits
        assert pb._client.pause.left() > 2000
        batch = pb.agent("Writer").map(["a", "b", "c"])
        assert not batch.wait(0.3).counts.get("done")
        assert "asks to wait" in repr(batch)
        # A person's own run is sent, as the server's word may be old.
        assert pb.agent("Writer").run("Hello").wait(WATCHDOG, display=False).status == "completed"
        assert pb._client.pause.left() == 0
        assert batch.wait(WATCHDOG).counts == {"done": 3}


def test_other_projects_do_not_wait() -> None:
    with counterpart.start() as one, counterpart.start() as other:
        pb = pw.connect(one.url, api_key=one.key)
        one.refuse(429, retry_after=600)
        waiting = pb.agent("Writer").map(["a", "b"])
        until(pb._client.pause.left)
        batch = pw.connect(other.url, api_key=other.key).agent("Writer").map(["a", "b"])
        assert batch.wait(WATCHDOG).counts == {"done": 2}
        assert waiting.stop().wait(WATCHDOG).counts["waiting"] >= 1


def test_what_is_over_and_not_told_yet_counts_as_the_largest(journal: Journal) -> None:
    """The usage of a run without tools is asked for after its end; others could start meanwhile."""
    may, asked = threading.Event(), threading.Event()

    class Slow(Desk):
        async def _look(self, exchange: Any, path: str) -> None:
            if "/runs/" in path and len(self.starts) > 1:
                asked.set()
                await asyncio.to_thread(may.wait, WATCHDOG)
            await super()._look(exchange, path)

    desk = Slow()
    with Chaos(desk) as server:
        driver = driver_of(
            target_of(server),
            journal,
            rows_of(30),
            concurrency=1,
            spending=Spending(budget(tokens=14)),
        )
        driver.start()
        assert asked.wait(WATCHDOG)
        until(lambda: driver.reason or len(desk.starts) > 5)
        may.set()
        assert driver.done.wait(WATCHDOG)
        # Each has used 5: the third passes the budget.
        assert len(desk.starts) == 3
        assert "budget of 14 tokens" in driver.reason


def test_what_is_sent_again_costs_of_the_same_budget(journal: Journal) -> None:
    """Whoever drives some of the rows counts what the others have cost."""
    desk = Desk({"row 0": [at.failed, at.done], "row 1": [at.failed, at.done]})
    with Chaos(desk) as server:
        rows, target = rows_of(6), target_of(server)
        finish(driver_of(target, journal, rows))
        journal.unlock(1)
        some = driver_of(
            target, journal, rows[:2], spending=Spending(budget(runs=7)), concurrency=1
        )
        some.retry(["failed"])
        assert some.done.wait(WATCHDOG)
        assert len(desk.starts) == 7
        assert "budget of 7 runs" in some.reason
        assert sorted(states(some, 2)) == ["done", "waiting"]
