"""Changes are gathered, merged and sent in order; nothing is lost, doubled or sent too late."""

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from powawidget.state.ops import Op, merge
from powawidget.widget import outbox
from powawidget.widget.outbox import Outbox

TEXT = ("parts", 0, "text")


def piece(text: str) -> Op:
    return ("append", TEXT, text)


def run(test: Callable[[list[list[Op]], Outbox], Coroutine[Any, Any, None]]) -> list[list[Op]]:
    """Run a test on a loop with an outbox that sends into a list, and flushes when it is time."""
    sent: list[list[Op]] = []

    async def within() -> None:
        box = Outbox(asyncio.get_running_loop(), sent.append, lambda: box.send_due())  # noqa: PLW0108  # not made yet
        await test(sent, box)
        box.close()

    asyncio.run(within())
    return sent


async def until(sent: list[list[Op]], count: int) -> None:
    while len(sent) < count:  # noqa: ASYNC110  # a list has no event
        await asyncio.sleep(0.005)


def test_changes_of_a_moment_are_one_merged_message() -> None:
    async def test(sent: list[list[Op]], box: Outbox) -> None:
        for text in "abc":
            box.push([piece(text)])
        box.push([("set", ("step",), 2), piece("d")])
        assert sent == [], "nothing is sent at once"
        await until(sent, 1)

    assert run(test) == [[piece("abc"), ("set", ("step",), 2), piece("d")]]


def test_everything_comes_in_order_and_once() -> None:
    async def test(_: list[list[Op]], box: Outbox) -> None:
        for number in range(400):
            box.push([piece(f"{number} ")])
            if number % 50 == 0:
                await asyncio.sleep(0.02)
        box.flush()

    sent = run(test)
    assert merge([op for batch in sent for op in batch]) == [
        piece("".join(f"{number} " for number in range(400)))
    ]
    assert 1 < len(sent) < 30, "gathered, and not all at the end"


def test_a_flush_sends_at_once_and_only_what_there_is() -> None:
    async def test(sent: list[list[Op]], box: Outbox) -> None:
        box.flush()
        assert sent == []
        box.push([piece("a")])
        box.flush()
        box.flush()
        assert sent == [[piece("a")]]
        box.push([])
        await asyncio.sleep(0.15)

    assert run(test) == [[piece("a")]]


def test_what_is_pending_when_it_closes_is_dropped() -> None:
    async def test(sent: list[list[Op]], box: Outbox) -> None:
        box.push([piece("a")])
        box.close()
        await asyncio.sleep(0.15)
        assert sent == []

    assert run(test) == []


def test_the_changes_that_were_pushed_are_not_touched() -> None:
    ops = [piece("a"), piece("b")]

    async def test(_: list[list[Op]], box: Outbox) -> None:
        box.push(ops)
        box.flush()

    run(test)
    assert ops == [piece("a"), piece("b")]


def test_the_interval_grows_with_the_rate_of_changes() -> None:
    async def test(_: list[list[Op]], box: Outbox) -> None:
        intervals = []
        for rate, _interval in outbox._INTERVALS:
            box._rate = rate
            intervals.append(box._interval())
        assert intervals == sorted(set(intervals))
        assert intervals[0] >= 1 / 21, "a page gets at most 20 updates a second"
        assert intervals[-1] < 0.15, "and none that is older than that"
        for _burst in range(2):
            box.push([piece("x")] * 1000)
            box.flush()
        assert box._interval() == intervals[-1]

    run(test)


def test_what_changes_just_after_the_page_was_given_all_is_gathered_too() -> None:
    """Each message costs ten times the words that are in it."""

    async def test(sent: list[list[Op]], box: Outbox) -> None:
        begin = time.monotonic()
        box.push([("set", ("status",), "running")])
        await asyncio.sleep(0)
        box.push([piece("a")])
        await until(sent, 1)
        assert time.monotonic() - begin >= outbox._INTERVALS[0][1] - outbox._EARLY

    assert run(test) == [[("set", ("status",), "running"), piece("a")]]


def test_text_counts_as_much_whether_it_comes_in_many_pieces_or_at_once() -> None:
    async def test(_: list[list[Op]], box: Outbox) -> None:
        tokens = ["token"] * 200
        rates = []
        for pieces in (tokens, ["".join(tokens[:100]), "".join(tokens[100:])]):
            box._last = time.monotonic() - 1
            box.push([piece(text) for text in pieces])
            box.flush()
            rates.append(box._rate)
        assert rates[1] == pytest.approx(rates[0], rel=0.5)

    run(test)


def test_what_is_flushed_on_another_thread_touches_no_timer_and_goes_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """asyncio's timers belong to their loop's thread."""
    cancelled: list[str] = []
    cancel = asyncio.TimerHandle.cancel

    def noted(timer: asyncio.TimerHandle) -> None:
        cancelled.append(threading.current_thread().name)
        cancel(timer)

    async def test(_: list[list[Op]], box: Outbox) -> None:
        monkeypatch.setattr(asyncio.TimerHandle, "cancel", noted)
        box.push([piece("a")])
        for name, act in (("flushes", box.flush), ("closes", box.close)):
            other = threading.Thread(target=act, name=name)
            other.start()
            other.join()
            box.push([piece("b")])
            await asyncio.sleep(0.15)
        assert not {"flushes", "closes"} & set(cancelled)
        monkeypatch.undo()

    assert run(test) == [[piece("a")], [piece("b")]]


def test_all_outboxes_of_the_process_share_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_next_free", 0.0)
    places = [outbox._reserve() for _ in range(100)]
    gaps = [b - a for a, b in itertools.pairwise(places)]
    assert min(gaps) >= 1 / 301
