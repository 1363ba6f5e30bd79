"""Waiting for a moment: together as long as one, and never where that stops an event loop."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from powawidget.kernel import loop, wait


def test_in_a_coroutine_and_on_the_loop_thread_nothing_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: object) -> bool:
        raise AssertionError("it would stop an event loop")

    monkeypatch.setattr(wait, "block", never)
    pending, over = threading.Event(), threading.Event()
    over.set()

    async def looks() -> list[bool]:
        return [wait.briefly(pending), wait.briefly(over)]

    assert asyncio.run(looks()) == [False, True]
    assert loop.run_sync(looks()) == [False, True]
    with pytest.raises(AssertionError):
        wait.briefly(pending)


def test_ten_in_a_row_take_as_long_as_one_and_the_time_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    spent: list[float] = []

    def block(_: threading.Event, seconds: float) -> bool:
        nonlocal now
        now += min(seconds, 0.8)
        spent.append(min(seconds, 0.8))
        return False

    monkeypatch.setattr(wait, "block", block)
    monkeypatch.setattr(wait.time, "monotonic", lambda: now)
    monkeypatch.setattr(wait, "_moment", wait._Moment())
    for _ in range(10):
        wait.briefly(threading.Event())
    # Two seconds in all, and for each after them what a quick end takes.
    assert sum(spent[:3]) == pytest.approx(2.0)
    assert spent[3:] == pytest.approx([0.05] * 7)
    now += 60
    wait.briefly(threading.Event())
    assert spent[-1] == 0.8


def test_each_thread_has_its_own_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    def block(_: threading.Event, seconds: float) -> bool:
        given.append(seconds)
        return False

    monkeypatch.setattr(wait, "block", block)
    look: Callable[[], bool] = lambda: wait.briefly(threading.Event())  # noqa: E731  # of two threads
    wait._moment._left = 0.0
    look()
    other = threading.Thread(target=look)
    other.start()
    other.join()
    assert given[0] < 1
    assert given[1] == wait._Moment._MOST
    wait._moment._left = wait._Moment._MOST
