"""A target that several machines share: claims before the last byte, and one pace for all."""

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Protocol

from powawidget.batch.attempt import refuses_own_id
from powawidget.batch.claims import Claims, Ticket
from powawidget.batch.states import after_failed_start
from powawidget.batch.target import Body, Target
from powawidget.errors import ConfigurationError
from powawidget.http.held import BeforeLastByte
from powawidget.run.plan import Plan
from powawidget.run.sources import Source, WatchedSource

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_MINUTE = 60.0
_MADE = (
    "This server takes no conversation's id but its own, by which no other machine would find a "
    "row's run: use map on one machine."
)
_MARGIN = 1.02  # a server counts by a clock of its own


class Places(Protocol):
    """How many rows may be in flight at once, on all machines together."""

    async def take(self) -> None:
        """Wait for a place."""

    async def give_back(self) -> None:
        """Free it."""


class Gate:
    """When a row may start, as far as all machines share that; on the loop thread.

    Args:
        claims: Where the pause and the starts of a minute are shared.
        places: How many may be in flight; None where one machine decides that alone.
        per_minute: How many starts a minute there may be; None for any number.
    """

    def __init__(self, claims: Claims, places: Places | None, per_minute: float | None) -> None:
        self._claims = claims
        self._places = places
        self._slot = None if per_minute is None else _MARGIN * _MINUTE / per_minute
        self._in_a_row = 0
        self._ended = ""

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncGenerator[None, None]:
        """Wait until a row may start; it has its place until this is left.

        Raises:
            ConfigurationError: If nothing may start any more.
        """
        if self._places is not None:
            await self._places.take()
        try:
            await self._unpaused()
            await self._start()
            if self._ended:
                raise ConfigurationError(self._ended)
            yield
        finally:
            if self._places is not None:
                await asyncio.shield(self._places.give_back())

    async def refused(self, seconds: float | None) -> None:
        """Tell all that the server refuses for now."""
        self._in_a_row += 1
        own = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(10, self._in_a_row - 1))
        until = self._claims.now() + (own if seconds is None else seconds)
        await asyncio.to_thread(self._claims.pause, until)

    def accepted(self) -> None:
        """Note that the server accepted a start."""
        self._in_a_row = 0

    def end(self, why: str) -> None:
        """Let nothing start any more here."""
        self._ended = self._ended or why

    async def _unpaused(self) -> None:
        while not self._ended:
            left = await asyncio.to_thread(self._claims.paused_until) - self._claims.now()
            if left <= 0:
                return
            await asyncio.sleep(min(left, _LONGEST_PAUSE))

    async def _start(self) -> None:
        """Take one of the starts of a minute: each slot of time has one, on all machines."""
        while self._slot is not None and not self._ended:
            slot = math.floor(self._claims.now() / self._slot)
            if await asyncio.to_thread(self._claims.take_start, slot, self._slot):
                await self._unpaused()
                return
            await asyncio.sleep(max(0.005, (slot + 1) * self._slot - self._claims.now()))


class ClaimedRows:
    """Which attempt of which row a conversation's id means; for one task's rows.

    Args:
        claims: The claims.
        rows: The names and the digests of the rows in the claims, by their keys.
    """

    def __init__(self, claims: Claims, rows: Mapping[str, tuple[str, str]]) -> None:
        self.claims = claims
        self._rows = rows
        self._numbers: dict[str, int] = {}
        self._tickets: dict[str, Ticket] = {}

    def note(self, key: str, number: int) -> str:
        """Note which attempt of a row is the next, or was the last; gives its conversation."""
        row, digest = self._rows[key]
        self._numbers[key] = number
        session_id = self.claims.session_id(row, number)
        self._tickets[session_id] = Ticket(row, number, digest)
        return session_id

    def session_of(self, key: str) -> str:
        """Give the conversation of a row's next attempt."""
        return self.note(key, self._numbers.get(key, 0))

    def ticket(self, session_id: str) -> Ticket:
        """Give the attempt that a conversation's id means.

        Raises:
            ConfigurationError: If it is one that the server has made.
        """
        found = self._tickets.get(session_id)
        if found is None:
            raise ConfigurationError(_MADE)
        return found

    def next(self, ticket: Ticket) -> None:
        """Go on to the next attempt of a row: the last one was released."""
        for key, (row, _) in self._rows.items():
            if row == ticket.row:
                self._numbers[key] = max(self._numbers.get(key, 0), ticket.number + 1)


def shared_target(target: Target, rows: ClaimedRows, gate: Gate) -> Target:
    """Have each row of a target claimed before the last byte of its request.

    Args:
        target: What runs.
        rows: Its rows' claims.
        gate: When one may start.
    """

    def plan(body: Body, sent: Body, before_last_byte: BeforeLastByte) -> Plan:
        ticket = rows.ticket(sent["session_id"])
        taken: list[Ticket] = []

        async def claim() -> None:
            await asyncio.to_thread(rows.claims.take, ticket)
            taken.append(ticket)
            await before_last_byte()

        made = target.plan(body, sent, claim)
        source = _ClaimedSource(made.source, rows, ticket, gate, lambda: bool(taken))
        return replace(made, source=source)

    return replace(target, plan=plan, session_of=rows.session_of, makes_session=False)


class _ClaimedSource(WatchedSource):
    """A row's source: it waits at the gate, and says where the server can't have begun a run."""

    def __init__(
        self,
        inner: Source,
        rows: ClaimedRows,
        ticket: Ticket,
        gate: Gate,
        is_taken: Callable[[], bool],
    ) -> None:
        super().__init__(inner)
        self._rows = rows
        self._ticket = ticket
        self._gate = gate
        self._is_taken = is_taken

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[bytes], None]:
        async with self._gate.place(), contextlib.AsyncExitStack() as stack:
            try:
                await asyncio.to_thread(self._rows.claims.check, self._ticket)
                chunks = await stack.enter_async_context(self._inner.open())
            except Exception as error:
                await self._after(error)
                raise
            self._gate.accepted()
            yield chunks

    async def _after(self, error: Exception) -> None:
        start = after_failed_start(error, marked=self._is_taken())
        claims, ticket = self._rows.claims, self._ticket
        waits = start.state in {"released", "left"} or refuses_own_id(error)
        if waits and self._is_taken():
            # Before anything else: from here on another task may send it.
            await asyncio.to_thread(claims.release, ticket)
        if waits:
            standing = await asyncio.to_thread(claims.standing, ticket.row)
            if standing.number > ticket.number:
                self._rows.next(ticket)
        if start.cause == "refused":
            await self._gate.refused(start.retry_after)
        if start.state == "left":
            self._gate.end(start.error)
