"""A thread of its own for long work: who waits for it hears of its end, whatever that is."""

import asyncio

import pytest

from powawidget.kernel.worker import in_thread
from tests.chaos import WATCHDOG


class _OddError(BaseException):
    """What is no Exception, as the exits of some libraries."""


def _raise(error: BaseException) -> None:
    raise error


async def _awaited(error: BaseException) -> str:
    async with asyncio.timeout(WATCHDOG):
        return await in_thread(_raise, error)


@pytest.mark.parametrize(
    "error",
    [
        SystemExit(3),
        KeyboardInterrupt(),
        GeneratorExit(),
        StopIteration("done"),
        asyncio.CancelledError(),
        _OddError("odd"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_would_end_a_loop_or_passes_no_future_is_told_by_an_error(
    error: BaseException,
) -> None:
    with pytest.raises(RuntimeError, match=f"{type(error).__name__} was raised") as caught:
        asyncio.run(_awaited(error))
    assert caught.value.__cause__ is error


def test_an_error_is_raised_as_it_is() -> None:
    with pytest.raises(LookupError, match="no such"):
        asyncio.run(_awaited(LookupError("no such")))
