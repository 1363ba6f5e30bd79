"""How fast the scripted models of this process write, which a test changes while they do."""

import asyncio

import pytest

from powawidget.local.pace import Pace

AS_REAL = 60.0  # tokens a second
STEP = 0.02  # seconds


class Tempo:
    """The rate of every model and tool here; fast at the beginning of a test.

    What a test does while a run is under way is no race against its end where the models are slow
    at first and, once what it waits for is seen, held.
    """

    def __init__(self) -> None:
        self._rate = 0.0
        self.fast()

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Have the servers of this process keep to it."""
        rate = property(lambda _: self._rate, lambda *_: None)
        patch.setattr(Pace, "_rate", rate, raising=False)

        async def pause(pace: Pace, seconds: float) -> None:
            while seconds > 0:
                await asyncio.sleep(STEP)
                seconds -= STEP * self._rate / AS_REAL
            pace.restart()

        patch.setattr(Pace, "pause", pause)

    def fast(self) -> None:
        """A run is over soon, and still comes in many pieces."""
        self._rate = 4 * AS_REAL

    def slow(self) -> None:
        """As at a real service."""
        self._rate = AS_REAL

    def hold(self) -> None:
        """A run is under way until it is `fast` again."""
        self._rate = 1.0
