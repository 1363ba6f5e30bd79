"""How a row ends by what the service answers: sent once, and again only where the rules say so."""

import asyncio
import contextlib
import gc
import os
import pathlib
import sqlite3
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from powawidget.batch.budget import Spending, budget
from powawidget.batch.driver import Driver
from powawidget.batch.find import Asking
from powawidget.batch.journal import attempts
from powawidget.batch.journal.journal import Journal
from powawidget.batch.pace import Pace
from powawidget.errors import FileError, InvalidValueError
from powawidget.http.timeouts import Timeouts
from powawidget.kernel import loop
from tests.batch import desk as at
from tests.batch.desk import PAGE, Desk, target_of
from tests.batch.driving import QUICK, WATCHDOG, driver_of, finish, record_of, rows_of
from tests.chaos import Chaos
from tests.planted import KEY


@pytest.fixture
def journal(tmp_path: pathlib.Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "batch.powa") as one:
        yield one


def states(driver: Driver, rows: int) -> list[str]:
    return [driver.outcome(f"k{i}").state for i in range(rows)]


GONE = {"status": "failed", "content": "", "error": "Client disconnected before LLM streaming"}
RUNNING = {"status": "running", "content": "", "started_at": "2001-01-01T00:00:00+00:00"}


@pytest.mark.parametrize(
    ("answers", "sent", "state", "said"),
    [
        # Sent again by itself: no run can have begun.
        ([at.status("429 Too Many"), at.done], 2, "done", ""),
        ([at.status("429 Too Many", None, b"retry-after: 0\r\n"), at.done], 2, "done", ""),
        ([at.status("503 Busy", {"error": "busy"}), at.done], 2, "done", ""),
        # Never again, but by a person's word.
        ([at.status("400 Bad", {"error": "message is required"})], 1, "failed", "is required"),
        ([at.status("409 Conflict")], 1, "failed", "409"),
        ([at.status("422 Odd")], 1, "failed", "422"),
        ([at.status("302 Found", None, b"location: http://else.where/\r\n")], 1, "failed", "else"),
        ([at.failed], 1, "failed", "no"),
        # It may have begun, and the service doesn't know it.
        ([at.status("500 Oops", PAGE)], 1, "unknown", "probably not accepted"),
        ([at.status("500 Oops", {"error": "oops"})], 1, "unknown", "probably not accepted"),
        ([at.status("502 Bad Gateway", PAGE)], 1, "unknown", "probably not accepted"),
        ([at.status("503 Busy", PAGE)], 1, "unknown", "probably not accepted"),
        ([at.reset], 1, "unknown", "probably not accepted"),
        ([at.closed], 1, "unknown", "probably not accepted"),
        ([at.page], 1, "unknown", "probably not accepted"),
        ([at.nothing], 1, "unknown", "probably not accepted"),
        # It has, and is found by its session.
        ([at.stored(at.reset)], 1, "done", ""),
        ([at.stored(at.page)], 1, "done", ""),
        ([at.stored(at.status("504 Gone", PAGE))], 1, "done", ""),
        ([at.stored(at.cut)], 1, "done", ""),
        ([at.stored(at.cut, status="failed", error="no model")], 1, "failed", "no model"),
        ([at.stored(at.cut, **RUNNING)], 1, "unknown", "may have lost it"),
        ([at.stored(at.reset, **RUNNING)], 1, "unknown", "may have lost it"),
    ],
)
def test_a_row_ends_by_what_the_service_answers(
    journal: Journal, answers: list[Any], sent: int, state: str, said: str
) -> None:
    desk = Desk({"row 0": answers})
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(2), concurrency=1)
        finish(driver)
        assert (desk.times("row 0"), desk.times("row 1")) == (sent, 1)
        outcome = driver.outcome("k0")
        assert (outcome.state, driver.outcome("k1").state) == (state, "done")
        assert said in outcome.error
        assert driver.reason == ""
        # As it stands here it stands in the file.
        assert journal.outcomes(1) == {key: driver.outcome(key) for key in ("k0", "k1")}


@pytest.mark.parametrize("tools", [True, None])
def test_what_the_tools_of_a_cut_run_did_is_unknown(journal: Journal, tools: bool | None) -> None:
    desk = Desk({"row 0": [at.stored(at.cut, **GONE)]})
    with Chaos(desk) as server:
        driver = driver_of(target_of(server, tools=tools), journal, rows_of(1))
        finish(driver)
        outcome = driver.outcome("k0")
        assert outcome.state == "failed"
        assert "what they have done isn't known" in outcome.error
        assert desk.times("row 0") == 1


def test_no_money_ends_the_batch_and_leaves_its_row_to_a_person(journal: Journal) -> None:
    refusal = {
        "error": "Insufficient credits",
        "error_code": "insufficient_credits",
        "balance": 0.5,
        "estimated_cost": 2,
        "renews_at": "2031-05-01",
    }
    desk = Desk({"row 1": [at.status("402 Payment Required", refusal), at.done]})
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(3), concurrency=1)
        finish(driver)
        assert states(driver, 3) == ["done", "waiting", "waiting"]
        assert "402" in driver.reason
        assert "0.5" in driver.reason
        assert "2031-05-01" in driver.reason
        assert "402" in driver.outcome("k1").error
        assert "402" in journal.outcomes(1)["k1"].error
        assert desk.times("row 1") == 1
        # A person goes on.
        finish(driver)
        assert states(driver, 3) == ["done", "done", "done"]
        assert (desk.times("row 0"), desk.times("row 1"), desk.times("row 2")) == (1, 2, 1)


@pytest.mark.parametrize(
    ("code", "headers"),
    [
        ("401 Unauthorized", b""),
        ("403 Forbidden", b""),
        ("404 Not Found", b""),
        # A login page in front of the service.
        ("302 Found", b"location: /login\r\n"),
        ("307 Temporary Redirect", b"location: https://login.example/\r\n"),
    ],
)
def test_what_every_row_would_meet_ends_the_batch(
    journal: Journal, code: str, headers: bytes
) -> None:
    desk = Desk(otherwise=at.status(code, None, headers))
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(50), concurrency=1)
        finish(driver)
        assert (code[:3] if code[0] == "4" else "redirects") in driver.reason
        assert 2 < len(desk.starts) < 10
        assert set(states(driver, 50)) == {"failed", "waiting"}


def test_a_refusal_of_one_row_ends_no_batch(journal: Journal) -> None:
    desk = Desk({"row 1": [at.status("404 Not Found")]})
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(4), concurrency=1)
        finish(driver)
        assert states(driver, 4) == ["done", "failed", "done", "done"]


def test_a_server_that_is_not_there_ends_the_batch_and_nothing_was_sent(journal: Journal) -> None:
    with Chaos(Desk()) as server:
        target = target_of(server)
    asking = at_once(unreachable=0.2)
    driver = driver_of(target, journal, rows_of(3), asking=asking)
    finish(driver)
    assert "can't be reached" in driver.reason
    assert states(driver, 3) == ["waiting"] * 3
    assert all("reached" in driver.outcome(f"k{i}").error for i in range(1))


def test_a_redirect_to_where_nobody_listens_any_more_is_not_sent_again(journal: Journal) -> None:
    """The request was whole once, so that the row may have begun, whatever the redirect says."""
    desk = Desk()

    async def moved(_: Desk, exchange: Any, body: dict[str, Any]) -> None:
        desk.store(body)
        server._server.close()  # what comes next is refused
        await exchange.answer("307 Moved", b"", b"location: /elsewhere/stream\r\n")

    desk._answers["row 0"] = [moved]
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(1), asking=at_once(away=0.3))
        finish(driver)
        assert driver.outcome("k0").state == "accepted"
        assert "can't be asked" in driver.reason
    with Chaos(desk, server.port):
        finish(driver)
    assert driver.outcome("k0").state == "done"
    assert desk.times("row 0") == 1


def at_once(**more: Any) -> Asking:
    return Asking(**{"minute": 0.3, "lost": 1.0, "unreachable": 1.0, "away": 1.0, **more})


def test_a_server_that_cannot_be_asked_leaves_rows_as_they_are(journal: Journal) -> None:
    """Nothing is taken for unknown that was only not found out: the next course asks again."""
    desk = Desk({"row 0": [at.stored(at.reset)]})
    with Chaos(desk) as server:
        target, port = target_of(server), server.port
        desk.sessions.clear()

        async def silent(_: Desk, exchange: Any, body: dict[str, Any]) -> None:
            desk.store(body)
            server_gone.append(True)
            exchange.reset()

        server_gone: list[bool] = []
        desk._answers["row 0"] = [silent]
        desk._look = _down  # type: ignore[method-assign]  # it answers nothing else now
        driver = driver_of(target, journal, rows_of(1), asking=at_once(away=0.3))
        finish(driver)
        assert driver.outcome("k0").state == "accepted"
        assert "can't be asked" in driver.reason
        del desk._look
        finish(driver)
        assert driver.outcome("k0").state == "done"
        assert desk.times("row 0") == 1
        assert port == server.port


async def _down(exchange: Any, _: str) -> None:
    exchange.reset()


def test_retry_sends_what_failed_again_and_nothing_else(journal: Journal) -> None:
    answers = {
        "row 0": [at.status("400 Bad"), at.done],
        "row 1": [at.reset, at.done],
        "row 2": [at.failed, at.done],
    }
    desk = Desk(answers)
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(4))
        finish(driver)
        assert states(driver, 4) == ["failed", "unknown", "failed", "done"]
        with pytest.raises(InvalidValueError, match="failed or unknown"):
            driver.retry(["done"])  # type: ignore[list-item]  # what a person may type
        assert driver.retry(["failed"]) == 2
        assert driver.done.wait(WATCHDOG)
        assert states(driver, 4) == ["done", "unknown", "done", "done"]
        assert driver.retry(["unknown"]) == 1
        assert driver.done.wait(WATCHDOG)
        assert states(driver, 4) == ["done"] * 4
        assert [desk.times(f"row {i}") for i in range(4)] == [2, 2, 2, 1]
        assert [driver.outcome(f"k{i}").tries for i in range(4)] == [2, 2, 2, 1]
        assert journal.outcomes(1) == {f"k{i}": driver.outcome(f"k{i}") for i in range(4)}


@pytest.mark.parametrize("anew", [False, True], ids=["the same kernel", "another kernel"])
def test_an_unknown_row_is_asked_for_once_more_before_a_persons_word_sends_it(
    journal: Journal, anew: bool
) -> None:
    """A run that the server tells of too late isn't paid for again."""
    desk = Desk({"row 0": [at.reset], "row 1": [at.reset, at.done], "row 2": [at.failed, at.done]})
    with Chaos(desk) as server:
        spending = Spending()
        driver = driver_of(target_of(server), journal, rows_of(4), spending=spending)
        finish(driver)
        assert states(driver, 4) == ["unknown", "unknown", "failed", "done"]
        desk.store(desk.starts[[body["message"] for body in desk.starts].index("row 0")])
        if anew:
            spending = Spending()
            driver = driver_of(target_of(server), journal, rows_of(4), spending=spending)
        asked = len(desk.asked)
        assert driver.retry(["unknown"]) == 2
        assert driver.done.wait(WATCHDOG)
        assert states(driver, 4) == ["done", "done", "failed", "done"]
        assert driver.outcome("k0").text == "stored row 0"
        assert [desk.times(f"row {i}") for i in range(4)] == [1, 2, 1, 1]
        assert [driver.outcome(f"k{i}").tries for i in range(4)] == [1, 2, 1, 1]
        assert (spending.runs, spending.failures) == (5, 1)
        asked_for = [path for path in desk.asked[asked:] if "/api/sessions/" in path]
        assert len({path.split("/")[3] for path in asked_for}) == 2
        assert driver.retry(["failed", "unknown"]) == 1
        assert driver.done.wait(WATCHDOG)
        assert states(driver, 4) == ["done"] * 4
        assert journal.outcomes(1) == {f"k{i}": driver.outcome(f"k{i}") for i in range(4)}


def test_a_kill_while_an_unknown_row_is_asked_for_again_sends_nothing(journal: Journal) -> None:
    desk = Desk({"row 0": [at.reset]})
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(1))
        finish(driver)
        # As a kill leaves it: opened again, and nothing of it written since.
        assert (
            len(journal.call(lambda connection: attempts.reopen(connection, 1, ["k0"], 0.0))) == 1
        )
        later = driver_of(target_of(server), journal, rows_of(1))
        finish(later)
        assert later.outcome("k0").state == "unknown"
        assert desk.times("row 0") == 1


def test_what_a_person_said_before_sends_unknown_rows_again(journal: Journal) -> None:
    desk = Desk({"row 0": [at.reset, at.done], "row 1": [at.reset]})
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(2), on_unknown="retry")
        finish(driver)
        assert states(driver, 2) == ["done", "unknown"]
        assert (desk.times("row 0"), desk.times("row 1")) == (2, 3)


@pytest.mark.parametrize("tools", [True, None])
def test_an_agent_with_tools_is_not_run_again_unasked(journal: Journal, tools: bool | None) -> None:
    with (
        Chaos(Desk()) as server,
        pytest.raises(InvalidValueError, match="would be done twice"),
    ):
        driver_of(target_of(server, tools=tools), journal, rows_of(1), on_unknown="retry")


def test_where_the_service_takes_no_id_of_ours_it_makes_the_conversation(
    journal: Journal,
) -> None:
    class Strict(Desk):
        async def __call__(self, exchange: Any) -> None:
            request = exchange.request
            is_start = request.path.endswith("/stream")
            if is_start and request.json["session_id"] not in self.sessions:
                self.asked.append("refused")
                await exchange.answer_json({"error": "Session not found"}, "404 Not Found")
                return
            await super().__call__(exchange)

    desk = Strict()
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(6), concurrency=2)
        finish(driver)
        assert states(driver, 6) == ["done"] * 6
        assert desk.asked.count("refused") <= 2
        assert {body["session_id"][:5] for body in desk.starts} == {"made_"}
        assert sorted(body["message"] for body in desk.starts) == [f"row {i}" for i in range(6)]
        known = journal.outcomes(1)
        assert {one.session_id for one in known.values()} <= desk.sessions


def test_for_a_users_token_the_conversation_is_made_before_the_first_start(
    journal: Journal,
) -> None:
    desk = Desk()
    with Chaos(desk) as server:
        target = target_of(server, tools=None, makes_session=True)
        driver = driver_of(target, journal, rows_of(3))
        finish(driver)
        assert states(driver, 3) == ["done"] * 3
        assert {body["session_id"] for body in desk.starts} <= desk.sessions


def test_where_no_conversation_can_be_made_ids_of_ours_are_sent(journal: Journal) -> None:
    class Keyed(Desk):
        async def _look(self, exchange: Any, path: str) -> None:
            if exchange.request.method == "POST":
                await exchange.answer_json({"error": "user_id is required"}, "400 Bad Request")
            else:
                await super()._look(exchange, path)

    desk = Keyed()
    with Chaos(desk) as server:
        driver = driver_of(target_of(server, makes_session=True), journal, rows_of(5))
        finish(driver)
        assert states(driver, 5) == ["done"] * 5
        assert [desk.times(f"row {i}") for i in range(5)] == [1] * 5


def test_where_neither_goes_the_batch_ends_and_says_why(journal: Journal) -> None:
    class Shut(Desk):
        async def __call__(self, exchange: Any) -> None:
            if exchange.request.path.endswith("/stream"):
                await exchange.answer_json({"error": "Session not found"}, "404 Not Found")
            else:
                await exchange.answer_json({"error": "no user"}, "400 Bad Request")

    with Chaos(Shut()) as server:
        driver = driver_of(target_of(server), journal, rows_of(5))
        finish(driver)
        assert "no user" in driver.reason
        assert states(driver, 5) == ["waiting"] * 5


def test_each_row_has_a_conversation_that_nobody_guesses(journal: Journal) -> None:
    desk = Desk()
    with Chaos(desk) as server:
        finish(driver_of(target_of(server), journal, rows_of(20)))
        ids = {body["session_id"] for body in desk.starts}
        assert len(ids) == 20
        assert min(map(len, ids)) >= 40


def test_stop_starts_nothing_new_and_lets_what_runs_end(journal: Journal) -> None:
    driver: Driver | None = None

    async def stops(desk: Desk, exchange: Any, body: dict[str, Any]) -> None:
        assert driver is not None
        driver.stop()
        await at.done(desk, exchange, body)

    desk = Desk({"row 3": [stops]})
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(30), concurrency=2)
        finish(driver)
        assert "stopped" in driver.reason
        ended = states(driver, 30)
        assert set(ended) == {"done", "waiting"}
        assert ended.count("done") == len(desk.starts) < 10
        finish(driver)
        assert states(driver, 30) == ["done"] * 30
        assert len(desk.starts) == 30


@pytest.mark.parametrize("is_last", [True, False], ids=["before the stop", "after the stop"])
def test_a_word_to_send_again_undoes_no_stop(journal: Journal, is_last: bool) -> None:
    """What waits costs: whoever stops a batch has stopped all of it."""
    driver: Driver | None = None

    async def stops(desk: Desk, exchange: Any, body: dict[str, Any]) -> None:
        assert driver is not None
        if not is_last:
            driver.stop()
        assert await asyncio.to_thread(driver.retry, ["failed"]) == 1
        if is_last:
            driver.stop()
        await at.done(desk, exchange, body)

    desk = Desk({"row 0": [at.failed, at.done], "row 3": [stops]})
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(30), concurrency=1)
        finish(driver)
        assert "stopped" in driver.reason
        assert len(desk.starts) == 4
        assert states(driver, 5) == ["waiting", "done", "done", "done", "waiting"]
        finish(driver)
        assert states(driver, 30) == ["done"] * 30
        assert len(desk.starts) == 31


def test_what_was_claimed_before_a_stop_is_released_and_not_sent(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver: Driver | None = None
    inner = attempts.claim

    def stops(*args: Any) -> Any:
        assert driver is not None
        driver.stop()
        time.sleep(0.2)  # the loop thread hears of it while this is written
        return inner(*args)

    monkeypatch.setattr(attempts, "claim", stops)
    desk = Desk()
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(6))
        finish(driver)
        assert not desk.starts
        assert states(driver, 6) == ["waiting"] * 6
        assert {one.state for one in journal.outcomes(1).values()} == {"waiting"}
        monkeypatch.undo()
        finish(driver)
        assert [desk.times(f"row {i}") for i in range(6)] == [1] * 6


def test_a_connection_that_was_closed_starts_nothing_new_and_lets_what_runs_end(
    journal: Journal,
) -> None:
    target: Any = None

    async def closes(desk: Desk, exchange: Any, body: dict[str, Any]) -> None:
        loop.submit(target.client.close()).result(10)
        await at.done(desk, exchange, body)

    desk = Desk({"row 2": [closes]})
    with Chaos(desk) as server:
        target = target_of(server)
        driver = driver_of(target, journal, rows_of(9), concurrency=1)
        finish(driver)
        assert "connection was closed" in driver.reason
        assert states(driver, 9) == ["done"] * 3 + ["waiting"] * 6
        assert len(desk.starts) == 3


def test_a_sample_finds_the_other_rows_again_and_sends_its_own(journal: Journal) -> None:
    desk = Desk()
    with Chaos(desk) as server:
        target, rows = target_of(server), rows_of(6)
        batch = journal.begin(record_of(target), rows)
        claims = [attempts.Claim(key="k5", session_id="s5")]
        (number,) = journal.call(lambda c: attempts.claim(c, batch, claims, 1.0))
        journal.call(lambda c: attempts.mark(c, number, time.time()))
        desk.store({"session_id": "s5", "message": "row 5"})
        sample = Driver(
            journal=journal,
            batch=batch,
            rows=rows[:2],
            target=target,
            pace=Pace(4, rows=2),
            spending=Spending(),
            asking=QUICK,
        )
        finish(sample)
        assert sample.reason == ""
        ended = [one.state for one in journal.outcomes(batch).values()]
        assert ended == ["done", "done", "waiting", "waiting", "waiting", "done"]
        assert sorted(body["message"] for body in desk.starts) == ["row 0", "row 1"]


def test_stopped_streams_are_found_again_by_whoever_goes_on(journal: Journal) -> None:
    driver: Driver | None = None

    async def stops(desk: Desk, exchange: Any, body: dict[str, Any]) -> None:
        assert driver is not None
        run = desk.store(body)
        await exchange.head()
        await exchange.tell({"event": "start", "run_id": run["run_id"], "session_id": "s"})
        driver.stop(streams=True)
        await exchange.gone()

    desk = Desk({"row 0": [stops]})
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(3), concurrency=1)
        finish(driver)
        assert states(driver, 3) == ["accepted", "waiting", "waiting"]
        finish(driver)
        assert states(driver, 3) == ["done"] * 3
        assert len(desk.starts) == 3
        assert driver.outcome("k0").text == "stored row 0"


def test_rows_may_begin_and_end_while_another_thread_reads_how_they_stand(
    journal: Journal,
) -> None:
    """Python collects garbage at any allocation, and other threads go on meanwhile."""
    state = SimpleNamespace(status="running")
    attempts = {
        f"k{n}": SimpleNamespace(
            sent_at=n + 1.0,
            is_asking=False,
            task=SimpleNamespace(live=SimpleNamespace(state=state)),
        )
        for n in range(50)
    }

    def go_on(phase: str, _: Any) -> None:
        if phase == "start" and attempts.pop("more", None) is None:
            attempts["more"] = attempts["k0"]

    with Chaos(Desk({})) as server:
        driver = driver_of(target_of(server), journal, rows_of(1))
    driver._course = SimpleNamespace(attempts=attempts)  # type: ignore[assignment]  # all that is read of it
    before = gc.get_threshold()
    gc.callbacks.append(go_on)
    gc.set_threshold(1)
    try:
        told = driver.under_way()
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(go_on)
    assert {f"k{n}" for n in range(50)} <= set(told)


def test_a_live_run_is_there_while_it_goes_on(journal: Journal) -> None:
    seen: list[Any] = []
    driver: Driver | None = None

    async def looks(desk: Desk, exchange: Any, body: dict[str, Any]) -> None:
        run = desk.store(body)
        await exchange.head()
        await exchange.tell({"event": "start", "run_id": run["run_id"], "session_id": "s"})
        assert driver is not None
        for _ in range(1000):
            live = driver.live_run("k0")
            if live is not None and live.run_id:
                break
            await asyncio.sleep(0.01)
        seen.append((live, None if live is None else live.status, driver.running))
        await exchange.tell({"event": "complete", "status": "completed", "content": "x"})
        await exchange.send(b"0\r\n\r\n")

    desk = Desk({"row 0": [looks]})
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(1))
        finish(driver)
        ((live, status, running),) = seen
        assert (status, running) == ("running", 1)
        assert live.text == "x"
        assert driver.live_run("k0") is None


def test_changes_are_told_and_what_hears_of_them_may_raise(journal: Journal) -> None:
    told: list[list[str]] = []

    def hear(keys: Any) -> None:
        told.append(list(keys))
        raise RuntimeError("a subscriber's own")

    with Chaos(Desk()) as server:
        finish(driver_of(target_of(server), journal, rows_of(3), on_change=hear))
        assert {"k0", "k1", "k2"} <= {key for keys in told for key in keys}


def test_the_budget_is_asked_before_each_claim(journal: Journal) -> None:
    desk = Desk()
    with Chaos(desk) as server:
        rows, target = rows_of(9), target_of(server)
        driver = driver_of(target, journal, rows, spending=Spending(budget(runs=4)))
        finish(driver)
        assert len(desk.starts) == 4
        assert "budget of 4 runs" in driver.reason
        journal.unlock(1)
        # What came before counts, by whoever it was driven.
        again = driver_of(target, journal, rows, spending=Spending(budget(runs=6)))
        finish(again)
        assert len(desk.starts) == 6


def test_a_second_driver_is_refused_before_anything_is_sent(
    journal: Journal, tmp_path: pathlib.Path
) -> None:
    desk = Desk()
    with Chaos(desk) as server, Journal.open(tmp_path / "batch.powa") as other:
        target = target_of(server)
        driver = driver_of(target, journal, rows_of(2))
        with pytest.raises(FileError, match="driven already"):
            driver_of(target, other, rows_of(2))
        finish(driver)
        assert len(desk.starts) == 2
        # Now nobody drives it: another goes on, and nothing is left to send.
        finish(driver_of(target, other, rows_of(2)))
        assert len(desk.starts) == 2


def test_a_key_that_repeats_the_api_key_is_refused(journal: Journal) -> None:
    desk = Desk()
    rows = [msgspec.structs.replace(row, key=f"x{KEY}") for row in rows_of(1)]
    with Chaos(desk) as server, pytest.raises(InvalidValueError, match="another column"):
        driver_of(target_of(server), journal, rows)
    assert not desk.starts


def test_a_first_byte_that_does_not_come_is_looked_for_and_not_sent_again(
    journal: Journal,
) -> None:
    async def hangs(desk: Desk, exchange: Any, body: dict[str, Any]) -> None:
        desk.store(body)
        await exchange.gone()

    desk = Desk({"row 0": [hangs]})
    with Chaos(desk) as server:
        target = target_of(server, timeouts=Timeouts(first_byte=0.5))
        driver = driver_of(target, journal, rows_of(1))
        finish(driver)
        assert states(driver, 1) == ["done"]
        assert desk.times("row 0") == 1


def test_a_drive_that_fills_up_loses_nothing_and_sends_nothing_twice(journal: Journal) -> None:
    def limit(pages: int) -> None:
        """Let the file have no more pages, as a full drive does; 0 lets it have any number."""

        def work(connection: Any) -> None:
            (now,) = connection.execute("PRAGMA page_count").fetchone()
            most = now if pages else 2**30
            connection.execute(f"PRAGMA max_page_count = {most}")

        journal.submit(work, alone=True).result()

    async def fills(desk: Desk, exchange: Any, body: dict[str, Any]) -> None:
        await asyncio.to_thread(limit, 1)
        run = desk.store(body)
        text = os.urandom(20_000).hex()
        end = {"event": "complete", "run_id": run["run_id"], "status": "completed"}
        start = {"event": "start", "run_id": run["run_id"], "session_id": body["session_id"]}
        await exchange.stream(start, {**end, "content": text})

    desk = Desk({"row 2": [fills]})
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(8), concurrency=1)
        finish(driver)
        assert "its drive is full" in driver.reason
        # It is known here, though it isn't written yet.
        assert driver.outcome("k2").state == "done"
        assert journal.outcomes(1)["k2"].state == "accepted"
        limit(0)
        finish(driver)
        assert states(driver, 8) == ["done"] * 8
        assert [desk.times(f"row {i}") for i in range(8)] == [1] * 8
        assert journal.outcomes(1) == {f"k{i}": driver.outcome(f"k{i}") for i in range(8)}


@pytest.mark.parametrize("way", ["removed", "replaced"])
def test_a_journal_that_is_gone_ends_the_batch(
    journal: Journal, tmp_path: pathlib.Path, way: str
) -> None:
    """What would be written then, nobody would find again."""
    file = tmp_path / "batch.powa"

    async def takes(desk: Desk, exchange: Any, body: dict[str, Any]) -> None:
        file.rename(tmp_path / "elsewhere")
        if way == "replaced":
            file.touch()
        await at.done(desk, exchange, body)

    desk = Desk({"row 2": [takes]})
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(9), concurrency=1)
        finish(driver)
        assert "moved, removed or replaced" in driver.reason
        assert len(desk.starts) == 3


@pytest.mark.parametrize("moment", ["claim", "mark"])
def test_what_cannot_be_written_down_is_not_sent(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Another program holds the file: no row is sent without its claim, none without its mark."""
    inner = getattr(attempts, moment)

    def fails(*_: Any, **__: Any) -> Any:
        raise sqlite3.OperationalError("database is locked")

    desk = Desk()
    with Chaos(desk) as server:
        driver = driver_of(target_of(server), journal, rows_of(3))
        monkeypatch.setattr(attempts, moment, fails)
        finish(driver)
        assert not desk.starts
        assert "can't be used: database is locked" in driver.reason
        monkeypatch.setattr(attempts, moment, inner)
        finish(driver)
        assert states(driver, 3) == ["done"] * 3
        assert len(desk.starts) == 3


def test_in_memory_it_is_the_same(tmp_path: pathlib.Path) -> None:
    desk = Desk({"row 0": [at.status("429 Too Many"), at.done]})
    with Chaos(desk) as server, contextlib.closing(Journal.open(None)) as journal:
        driver = driver_of(target_of(server), journal, rows_of(3))
        finish(driver)
        assert states(driver, 3) == ["done"] * 3
        assert not list(tmp_path.iterdir())
