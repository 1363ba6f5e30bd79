"""The way from a run to the client that reads it."""

from __future__ import annotations

import asyncio


class Channel:
    """Bytes of a run that the client hasn't been sent yet.

    A run never waits for its reader, and goes on when the reader has gone.
    """

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._news = asyncio.Event()
        self._ended = False
        self.cut = False
        self.gone = False

    def put(self, data: bytes) -> None:
        """Add bytes; empty ones change nothing."""
        if data and not self._ended:
            self._waiting.append(data)
            self._news.set()

    def end(self, *, cut: bool = False) -> None:
        """End it: what is added later is dropped.

        Args:
            cut: Whether the connection breaks instead of ending well.
        """
        self._ended = True
        self.cut = self.cut or cut
        self._news.set()

    async def take(self, seconds: float | None) -> bytes | None:
        """Wait for what was added since the last time.

        Args:
            seconds: The longest silence; None waits for ever.

        Returns:
            All of it as one, empty after a silence, or None at the end.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return b""
        data = b"".join(self._waiting)
        self._waiting.clear()
        if not self._ended:
            self._news.clear()
        return data or None
