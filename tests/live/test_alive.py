"""The kernel is kept alive while something is under way, for so many hours, and not otherwise."""

import math
import os
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import powawidget
from powawidget.errors import InvalidValueError
from powawidget.kernel import host
from powawidget.live import alive
from powawidget.live.alive import SECONDS, Alive
from powawidget.settings import options
from powawidget.state.model import NoticePart
from tests.counterpart import start
from tests.seeds import SEED, examples
from tests.waiting import until

HOUR = 3600.0
EPSILON = 1e-6


class Clock:
    """A clock, and what is to be called by it."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.timers: list[Timer] = []
        self.sent: list[float] = []
        self.told: list[tuple[float, str]] = []
        self.alive = Alive(lambda: self.sent.append(self.now), self.later, lambda: self.now)

    def later(self, seconds: float, call: Callable[[], None]) -> "Timer":
        assert seconds >= 0
        self.timers.append(timer := Timer(self.now + seconds, call))
        return timer

    def go(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while due := sorted(
            (one for one in self.timers if one.is_due(end)), key=lambda one: one.at
        ):
            self.now = due[0].at
            self.timers.remove(due[0])
            due[0].call()
        self.now = end

    def begin(self, is_held: Callable[[], bool] = lambda: False) -> int:
        return self.alive.begin(lambda text: self.told.append((self.now, text)), is_held)

    @property
    def pending(self) -> int:
        return sum(not one.is_cancelled for one in self.timers)


class Timer:
    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at, self.call, self.is_cancelled = at, call, False

    def cancel(self) -> None:
        self.is_cancelled = True

    def is_due(self, end: float) -> bool:
        return not self.is_cancelled and self.at <= end


@pytest.fixture(autouse=True)
def _options() -> Iterator[None]:
    kept = options.keep_alive
    yield
    options.keep_alive = kept


def test_a_message_goes_out_every_20_s_while_something_is_under_way_and_none_after_it() -> None:
    clock = Clock()
    clock.go(HOUR)
    assert (clock.sent, clock.pending) == ([], 0)
    begun = clock.now
    one = clock.begin()
    clock.go(70)
    other = clock.begin()
    clock.alive.end(one)
    clock.go(30)
    clock.alive.end(other)
    clock.alive.end(other)
    assert [at - begun for at in clock.sent] == [20, 40, 60, 80, 100]
    assert clock.pending == 0
    clock.go(HOUR)
    assert len(clock.sent) == 5
    assert clock.told == []


def test_a_thousand_runs_are_one_message() -> None:
    clock = Clock()
    for _ in range(1_000):
        clock.begin()
    clock.go(60)
    assert len(clock.sent) == 3
    assert clock.pending == 1


def test_short_runs_one_after_the_other_keep_it_alive_as_one_long_one_does() -> None:
    clock = Clock()
    begun = clock.now
    for _ in range(50):
        number = clock.begin()
        clock.go(5)
        clock.alive.end(number)
    assert [at - begun for at in clock.sent] == [20.0 * each for each in range(1, 13)]


def test_after_six_hours_nothing_is_sent_any_more_and_each_says_so_once() -> None:
    clock = Clock()
    begun = clock.now
    clock.begin()
    clock.go(HOUR)
    clock.begin()
    clock.go(4.9 * HOUR)
    assert clock.told == []
    clock.go(0.2 * HOUR)
    assert len(clock.told) == 1  # the first; the other one still counts
    assert 0 <= clock.told[0][0] - begun - 6 * HOUR <= SECONDS
    assert "6 h" in clock.told[0][1]
    assert "powawidget.options.keep_alive" in clock.told[0][1]
    assert clock.alive.is_keeping
    clock.go(20 * HOUR)
    assert len(clock.told) == 2
    assert 7 * HOUR - SECONDS <= clock.sent[-1] - begun <= 7 * HOUR
    assert not clock.alive.is_keeping


def test_a_new_run_has_its_own_six_hours_and_more_hours_hold_for_what_goes_on() -> None:
    clock = Clock()
    clock.begin()
    clock.go(7 * HOUR)
    before = len(clock.sent)
    new = clock.begin()
    clock.go(HOUR)
    assert len(clock.sent) - before == HOUR / SECONDS
    clock.alive.end(new)
    clock.go(HOUR)
    assert len(clock.sent) - before == HOUR / SECONDS
    options.keep_alive = 10
    clock.go(0.5 * HOUR)
    assert len(clock.sent) - before == 1.5 * HOUR / SECONDS
    assert len(clock.told) == 1


@pytest.mark.parametrize("off", [0, None, 0.0])
def test_switched_off_nothing_is_sent_or_said(off: float | None) -> None:
    options.keep_alive = off
    clock = Clock()
    clock.begin()
    clock.go(20 * HOUR)
    assert (clock.sent, clock.told) == ([], [])
    assert not clock.alive.is_keeping


def test_what_is_held_does_not_count_before_it_begins() -> None:
    clock = Clock()
    held = True
    clock.begin(lambda: held)
    clock.go(20 * HOUR)
    assert (clock.sent, clock.told, clock.alive.is_keeping) == ([], [], False)
    held = False
    clock.go(6 * HOUR)
    assert len(clock.sent) == pytest.approx(6 * HOUR / SECONDS, abs=1)
    clock.go(HOUR)
    assert len(clock.told) == 1


def test_what_fails_while_it_is_sent_or_said_hurts_nothing() -> None:
    clock = Clock()

    def fail(*_: object) -> None:
        clock.sent.append(clock.now)
        raise OSError("no socket")

    clock.alive = Alive(fail, clock.later, lambda: clock.now)
    clock.alive.begin(fail)
    clock.begin()
    clock.go(7 * HOUR)
    assert len(clock.sent) == 6 * HOUR / SECONDS  # the one that it said is among them
    assert len(clock.told) == 1


@pytest.mark.parametrize("wrong", ["6", True, -1, math.nan, [6], 10**400])
def test_what_is_no_number_of_hours_is_refused_at_once(wrong: Any) -> None:
    options.keep_alive = 2
    with pytest.raises(InvalidValueError, match="keep_alive is a number of hours"):
        options.keep_alive = wrong
    assert options.keep_alive == 2
    for right in (math.inf, np.int64(6), Fraction(1, 3)):
        options.keep_alive = right
        clock = Clock()
        clock.begin()
        clock.go(60)
        assert len(clock.sent) == 3


def test_messages_are_20_s_apart_and_only_sent_while_something_counts_whatever_happens() -> None:
    for seed in range(examples(100, 2_000)):
        chance = random.Random(SEED + seed)  # not a secret
        clock, numbers, spans = Clock(), list[int](), list[tuple[float, float]]()
        begun: dict[int, float] = {}
        options.keep_alive = chance.choice([0.01, 0.1, 6])
        for _ in range(chance.randrange(1, 60)):
            if numbers and chance.random() < 0.45:
                number = numbers.pop(chance.randrange(len(numbers)))
                clock.alive.end(number)
                spans.append((begun[number], clock.now))
            else:
                numbers.append(number := clock.begin())
                begun[number] = clock.now
            clock.go(chance.choice([0, 0.1, 3, 19.9, 20, 45, 400]))
        spans += [(begun[number], clock.now) for number in numbers]
        limit = options.keep_alive * HOUR
        assert all(after - before > SECONDS - EPSILON for before, after in pairwise(clock.sent))
        for at in clock.sent:
            assert any(first <= at <= end and at - first < limit + EPSILON for first, end in spans)
        for first, end in spans:  # and it is sent while something counts for long enough
            for second in range(int(first), int(min(end, first + limit) - 2 * SECONDS), 40):
                assert any(second <= at <= second + 2 * SECONDS for at in clock.sent)


# The work of this process.


def test_outside_a_kernel_nothing_goes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("there is no kernel")

    monkeypatch.setattr(alive, "SECONDS", 0.001)
    monkeypatch.setattr(host, "publish", never)
    tries = []
    real = alive._send
    monkeypatch.setattr(alive, "_current", None)
    monkeypatch.setattr(alive, "_send", lambda: tries.append(real()))
    with (
        start(tokens_per_second=2_000) as server,
        powawidget.connect(server.url, api_key=server.key) as pb,
    ):
        pb.agent("Analyst").run("Which orders are late?").wait()
    assert tries
    assert not alive.is_keeping()


def test_in_a_fork_of_a_kernel_nothing_goes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[object] = []
    kernel = SimpleNamespace(session=SimpleNamespace(pid=os.getpid()))
    monkeypatch.setattr(host, "kernel", lambda: kernel)
    monkeypatch.setattr(host, "publish", lambda *given: sent.append(given[0]))
    alive._send()
    assert sent == ["comm_msg"]
    kernel.session.pid += 1
    alive._send()
    assert sent == ["comm_msg"]


def test_a_run_that_has_gone_on_for_too_long_says_so_in_its_view_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alive, "SECONDS", 0.01)
    options.keep_alive = 0.02 / HOUR
    with powawidget.connect("local") as pb:
        run = pb.agent("Operator").run("Raise the price of the best seller by 5%")
        until(lambda: run.status == "waiting")
        until(lambda: _notices(run))
        assert run.status == "waiting"
        run.deny(reason="no")
        run.wait()
    assert run.status == "completed"
    (said,) = _notices(run)
    assert said.startswith("It has gone on for")


def _notices(run: powawidget.Run) -> list[str]:
    parts = run._live.state.parts
    return [part.text for part in parts if isinstance(part, NoticePart)]
