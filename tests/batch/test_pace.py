"""How many rows run at once: against servers whose limits nobody tells, on a clock of its own."""

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable
from typing import Any, Self

import pytest

from powawidget.batch.pace import Pace


class Server:
    """A server with a limit of runs at once or of starts a minute, and a client that keeps to it.

    Everything that happens has its moment; nothing is waited for.
    """

    def __init__(  # noqa: PLR0913  # what makes up a server
        self,
        rows: int,
        *,
        at_once: int | None = None,
        a_minute: int | None = None,
        answer: float = 0.05,
        run: tuple[float, float] = (0.5, 1.5),
        retry_after: float | None = None,
        concurrency: Any = "auto",
        **more: Any,
    ) -> None:
        self.random = random.Random(7)
        self.now = 0.0
        self.at_once, self.a_minute, self.answer, self.run = at_once, a_minute, answer, run
        self.retry_after = retry_after
        self.pace = Pace(concurrency, rows=rows, clock=lambda: self.now, **more)
        self.left = self.rows = rows
        self.running = self.most = self.finished = 0
        self.starts: deque[float] = deque()
        self.accepted_after = 0
        self.first_refusal: float | None = None
        self.last_start = 0.0
        self.busy = 0.0  # the seconds of all runs since the first refusal
        self._happens: list[tuple[float, int, Callable[[float], object], float]] = []
        self._order = itertools.count()

    def go(self) -> Self:
        self._pump()
        before = 0.0
        while self._happens and self.finished < self.rows:
            self.now, _, what, sent = heapq.heappop(self._happens)
            if self.first_refusal is not None and self.left:
                self.busy += self.running * (self.now - before)
            before = self.now
            what(sent)
            self._pump()
        assert self.finished == self.rows
        return self

    @property
    def used(self) -> float:
        """The share of what the server allowed that was used, from the first refusal on."""
        assert self.first_refusal is not None
        seconds = self.last_start - self.first_refusal
        if self.at_once is not None:
            return self.busy / seconds / self.at_once
        assert self.a_minute is not None
        return self.accepted_after / (seconds / 60) / self.a_minute

    def at(self, seconds: float, what: Callable[[float], object], sent: float = 0.0) -> None:
        """Let something happen later."""
        heapq.heappush(self._happens, (self.now + seconds, next(self._order), what, sent))

    def _pump(self) -> None:
        for _ in range(min(self.pace.room(), self.left)):
            self.pace.started()
            self.left -= 1
            self.at(self.answer * self.random.uniform(0.25, 0.75), self._arrive, self.now)
        pause = self.pace.wait()
        if self.left and pause is not None:
            self.at(pause + 1e-6, lambda _: None)

    def _arrive(self, sent: float) -> None:
        while self.starts and self.starts[0] <= self.now - 60:
            self.starts.popleft()
        too_many = self.at_once is not None and self.running >= self.at_once
        if too_many or (self.a_minute is not None and len(self.starts) >= self.a_minute):
            if self.first_refusal is None:
                self.first_refusal = self.now
            self.at(self.answer / 2, self._refused)
            return
        self.accepted_after += self.first_refusal is not None
        self.last_start = self.now
        self.running += 1
        self.most = max(self.most, self.running)
        self.starts.append(self.now)
        seconds = self.random.uniform(*self.run)
        self.at(self.answer / 2, self._accepted, sent)
        self.at(seconds, self._over)
        self.at(max(seconds, self.answer / 2) + self.answer / 4, self._ended)

    def _accepted(self, sent: float) -> None:
        self.pace.accepted(self.now - sent)

    def _refused(self, _: float) -> None:
        self.left += 1
        self.pace.refused(self.retry_after)

    def _over(self, _: float) -> None:
        self.running -= 1

    def _ended(self, _: float) -> None:
        self.finished += 1
        self.pace.ended()


@pytest.mark.parametrize("retry_after", [None, 1.0])
@pytest.mark.parametrize("run", [(0.5, 1.5), (5, 20)])
@pytest.mark.parametrize("answer", [0.005, 0.05])
@pytest.mark.parametrize("limit", [10, 40, 200])
def test_a_limit_of_runs_at_once_is_used_and_hardly_ever_hit(
    limit: int, answer: float, run: tuple[float, float], retry_after: float | None
) -> None:
    rows = max(1000, 20 * limit)
    server = Server(rows, at_once=limit, answer=answer, run=run, retry_after=retry_after).go()
    assert server.used >= 0.9
    assert server.pace.refusals <= max(10, rows // 20)


@pytest.mark.parametrize("retry_after", [None, 3.0])
@pytest.mark.parametrize("is_rate", [True, False])
@pytest.mark.parametrize("run", [(0.2, 0.5), (3, 10), (30, 90)])
def test_a_limit_of_starts_a_minute_is_learned_as_a_rate(
    run: tuple[float, float], is_rate: bool, retry_after: float | None
) -> None:
    server = Server(200, a_minute=20, run=run, is_rate=is_rate, retry_after=retry_after).go()
    assert server.pace.starts_a_minute == 20
    assert server.used >= 0.9
    assert server.pace.refusals <= 10


def test_a_server_without_a_limit_is_used_more_each_round() -> None:
    server = Server(1000, run=(5, 5)).go()
    assert server.pace.refusals == 0
    assert server.most > 500


def test_a_number_fixes_it() -> None:
    server = Server(300, concurrency=8).go()
    assert server.most == 8


def test_a_server_without_a_limit_leaves_the_kernel_some_files() -> None:
    server = Server(1000, run=(5, 5), most=70).go()
    assert server.pace.refusals == 0
    assert server.most == 70


def test_a_server_that_allows_more_later_is_found_out() -> None:
    server = Server(3000, at_once=10)
    server.at(60.0, lambda _: setattr(server, "at_once", 40))
    assert server.go().most == 40


def test_a_server_that_allows_less_later_is_kept_to() -> None:
    server = Server(2000, at_once=40)
    server.at(10.0, lambda _: setattr(server, "at_once", 10))
    server.go()
    assert server.pace.limit <= 11
    assert server.pace.refusals <= 100


def test_retry_after_is_a_pause_for_all() -> None:
    now = 0.0
    pace = Pace("auto", rows=100, clock=lambda: now)
    pace.started()
    pace.started()
    pace.accepted(0.1)
    pace.refused(7.0)
    assert (pace.room(), pace.wait()) == (0, 7.0)
    pace.ended()  # what ends makes no room earlier
    assert pace.room() == 0
    now = 7.0
    assert pace.room() == 1  # one shows whether it refuses still


def test_a_server_that_cannot_be_reached_is_tried_seldom_and_for_ever() -> None:
    now = 0.0
    pace = Pace("auto", rows=100, clock=lambda: now)
    pauses = []
    for _ in range(12):
        assert pace.room() >= 1
        pace.started()
        pace.unreachable()
        pauses.append(pace.wait())
        now += pauses[-1]
    assert pauses[:4] == [0.5, 1.0, 2.0, 4.0]
    assert pauses[-1] == 30.0


@pytest.mark.parametrize("begin", [0.05, 10.0])
@pytest.mark.parametrize("seconds", [1.0, 10.0, 30.0])
def test_a_server_that_refuses_everything_for_a_while_is_held_to_no_rate(
    begin: float, seconds: float
) -> None:
    """What it took in before is no limit of starts a minute: it is used in full soon after."""
    undisturbed = Server(2000, at_once=40).go().now
    server = Server(2000, at_once=40)
    server.at(begin, lambda _: setattr(server, "at_once", 0))
    server.at(begin + seconds, lambda _: setattr(server, "at_once", 40))
    server.go()
    assert server.pace.starts_a_minute is None
    assert server.now <= undisturbed + max(10.0, 3 * seconds)
    assert server.pace.refusals <= 40


@pytest.mark.parametrize("is_rate", [True, False])
def test_starts_that_others_have_used_up_are_found_when_they_are_free_again(is_rate: bool) -> None:
    server = Server(200, a_minute=20, is_rate=is_rate)
    server.starts.extend([0.0] * 17)
    server.go()
    assert server.pace.starts_a_minute == 20
    assert server.now <= 11 * 60  # ten minutes' worth, and what it takes to find that out
    assert server.pace.refusals <= 20


@pytest.mark.parametrize("asked", [0.0, 0.2])
def test_a_server_that_asks_for_hardly_a_pause_is_asked_ever_less_often(asked: float) -> None:
    now = 0.0
    pace = Pace("auto", rows=100, clock=lambda: now)
    pauses = []
    for _ in range(14):
        pace.started()
        now += 0.01
        pace.refused(asked)
        pauses.append(pace.wait() or 0.0)
        now += pauses[-1]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 30.0


def test_no_server_has_everything_wait_for_longer_than_an_hour() -> None:
    now = 0.0
    pace = Pace("auto", rows=100, clock=lambda: now)
    pace.started()
    pace.refused(1e9)
    assert pace.wait() == 3600.0
    pace.pause_for(0.0)  # others of the project were taken in meanwhile
    assert pace.room() == 1
