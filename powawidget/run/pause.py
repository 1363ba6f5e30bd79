"""Waiting that a person may end before its time."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


class GaveUp(Exception):  # noqa: N818  # not an error: a person's wish
    """A person has ended the wait."""


class Pauses:
    """What a run waits for on its own account: one thing at a time, on the loop thread."""

    def __init__(self) -> None:
        self._scope: asyncio.Timeout | None = None

    def give_up(self) -> bool:
        """End the waiting at once.

        Returns:
            Whether there was any.
        """
        scope, self._scope = self._scope, None
        if scope is None:
            return False
        scope.reschedule(asyncio.get_running_loop().time())
        return True

    async def wait_for(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Wait for something that may be given up.

        Args:
            work: What is waited for; it is cancelled when it is given up.

        Raises:
            GaveUp: If a person ended it.
        """
        scope = self._scope = asyncio.timeout(None)
        try:
            async with scope:
                return await work
        except TimeoutError:
            if not scope.expired():
                raise
        finally:
            self._scope = None
        raise GaveUp
