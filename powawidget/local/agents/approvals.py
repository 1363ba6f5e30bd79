"""The one decision slot of a run.

Every oddity here is the real service's (docs/protocol.md#one-slot and #decision-proof): a decision
answers the latest request at once; an older one waits out its whole time and then takes the
decision that was stored last; a new request discards what was stored before it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True)
class Decision:
    """What a person decided.

    Args:
        approved: Whether it may run.
        reason: Why not, where it may not.
    """

    approved: bool
    reason: str | None = None

    @property
    def refusal(self) -> str:
        """What stands in the tool's result when it may not."""
        return f"Denied by user: {self.reason}" if self.reason else "Denied by user"


class Slot:
    """Where a run's decisions arrive."""

    def __init__(self) -> None:
        self._decision: Decision | None = None
        self._latest = asyncio.Event()

    def decide(self, decision: Decision) -> None:
        """Store a decision and answer the latest request with it."""
        self._decision = decision
        self._latest.set()

    def request(self) -> asyncio.Event:
        """Open a request, which discards what was decided before it."""
        self._decision = None
        self._latest = asyncio.Event()
        return self._latest

    async def wait(self, answered: asyncio.Event, seconds: float) -> Decision | None:
        """Wait for a request's answer.

        Args:
            answered: What `request` returned.
            seconds: The deadline.

        Returns:
            The decision stored last, or None where there is none: the request expired.
        """
        try:
            async with asyncio.timeout(seconds):
                await answered.wait()
        except TimeoutError:
            pass
        return self._decision
