"""The speed of the scripted model."""

from __future__ import annotations

import asyncio
import math
import re

_WORD = re.compile(r"\s*\S+|\s+\Z")
_SLACK = 0.001  # sleeping for less costs more than it waits
_BURST = 64  # tokens without a pause, after which others get their turn


def tokens(text: str, size: int | None = None) -> list[str]:
    """Split a text into tokens that add up to it.

    Args:
        text: The text.
        size: Characters a token; None splits between words, the space going with the word.

    Returns:
        The tokens.
    """
    if size is None:
        return _WORD.findall(text)
    return [text[start : start + size] for start in range(0, len(text), size)]


class Pace:
    """Waits between tokens so that on average the rate is kept.

    Args:
        rate: Tokens a second.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._due = 0.0
        self._burst = 0

    def restart(self) -> None:
        """Forget the time that a tool or a person took: nothing is to be caught up."""
        self._due = asyncio.get_running_loop().time()

    async def token(self) -> None:
        """Wait for the next token."""
        self._due += 1 / self._rate
        wait = self._due - asyncio.get_running_loop().time()
        self._burst += 1
        if wait > _SLACK:
            self._burst = 0
            await asyncio.sleep(wait)
        elif self._burst >= _BURST:
            self._burst = 0
            await asyncio.sleep(0)

    async def pause(self, seconds: float) -> None:
        """Wait as long as something of that many seconds takes at 60 tokens a second.

        Args:
            seconds: How long; infinity never ends.
        """
        await asyncio.sleep(seconds if math.isinf(seconds) else seconds * 60 / self._rate)
        self.restart()
