"""The requests for approval of one run, as they stand now, and what is noted of them."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from typing import ClassVar, Literal

from powawidget.approvals.deadlines import deadline_of
from powawidget.live.run import Live
from powawidget.protocol import events as ev
from powawidget.state.model import ApprovalPart
from powawidget.state.reduce import gates

# A wait this short is a rounding error; the clock wouldn't move in it.
_LEAST_SLEEP = 0.001

_ON_ITS_WAY = {
    "sending": "It is on its way to the server.",
    "again": "The server doesn't wait for it yet: it is sent again.",
    "taken": "The server has it; the stream will show what it did.",
}


class Requests:
    """The requests of one run. Everything is called on the loop thread.

    Attributes:
        QUIET: Parallel calls are requested a few milliseconds apart: before this time without
            another one, in seconds, nobody knows what a decision would cover.
    """

    QUIET: ClassVar[float] = 0.3

    def __init__(self, live: Live, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._live = live
        self._monotonic = monotonic
        self._latest_call = float("-inf")

    def note_event(self, event: ev.Event) -> None:
        """Note an event of the run: each call or request starts the quiet time anew."""
        if isinstance(event, ev.ToolCallStarted | ev.ApprovalRequested):
            self._latest_call = self._monotonic()

    def pending(self) -> list[ApprovalPart]:
        """List the requests that wait for a decision, oldest first."""
        return list(gates.pending(self._live.state))

    @property
    def latest(self) -> ApprovalPart | None:
        """The latest request that waits for a decision."""
        return gates.latest(self._live.state)

    @property
    def is_asking(self) -> bool:
        """Whether any request waits for a decision."""
        return self.latest is not None

    @property
    def is_quiet(self) -> bool:
        """Whether long enough no call or request has come."""
        return self._monotonic() - self._latest_call >= self.QUIET

    async def until_quiet(self) -> None:
        """Wait until long enough no call or request has come."""
        # No asyncio.Event: each further request starts the quiet time anew.
        while (left := self.QUIET - (self._monotonic() - self._latest_call)) > 0:  # noqa: ASYNC110  # the time moves
            await asyncio.sleep(max(left, _LEAST_SLEEP))

    def sending(self, digests: Collection[str]) -> list[ApprovalPart]:
        """List those of these requests that are decided here, and not answered by the stream."""
        if self._live.ended:
            return []
        named = gates.named(self._live.state, digests)
        return [part for _, part in named if part.decision == "sending"]

    def is_sending(self, digests: frozenset[str]) -> bool:
        """Tell whether any of these requests is decided here, and not answered by the stream."""
        return not self._live.ended and any(
            part.digest in digests for part in gates.sending(self._live.state)
        )

    def is_unproved(self, digests: Collection[str]) -> bool:
        """Tell whether the stream doesn't show yet what became of decisions that were sent."""
        named = gates.named(self._live.state, digests)
        return not self._live.ended and any(
            part.decision in {"sending", "unknown"} for _, part in named
        )

    def time_left(self, digests: Sequence[str]) -> float:
        """Tell how long the server still waits for a decision, in seconds."""
        now = self._live.clock()
        return min(map(deadline_of, self.sending(digests)), default=now) - now

    def note(
        self, digests: list[str], decision: Literal["pending", "unknown"], outcome: str
    ) -> None:
        """Note what became of sending a decision."""
        self.receive(ev.DecisionNoted(digests=digests, decision=decision, outcome=outcome))

    def note_delivery(
        self, digests: list[str], delivery: Literal["sending", "again", "taken"]
    ) -> None:
        """Note how far a decision is on its way to the server."""
        self.receive(
            ev.DecisionNoted(
                digests=digests,
                decision="sending",
                outcome=_ON_ITS_WAY[delivery],
                delivery=delivery,
            )
        )

    def receive(self, event: ev.Event) -> None:
        """Apply an event of a decision to the run; not once that is over."""
        if not self._live.ended:
            self._live.receive(event)
