"""What became of a run that may have begun, though no stream of ours tells.

Rules: docs/protocol.md#own-session-id and #after-the-stream. Nothing is ever sent again here.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from powawidget.batch.journal.attempts import Open
from powawidget.batch.target import Target
from powawidget.errors import (
    AnswerTooLargeError,
    ConnectionLost,
    InvalidValueError,
    PowawidgetError,
    ProtocolError,
    RequestError,
    WrongTypeError,
)
from powawidget.http.client import Client
from powawidget.http.ids import segment
from powawidget.protocol.stored.execution import is_whole, outcome_of_execution
from powawidget.protocol.stored.run import is_whole_answer
from powawidget.protocol.times import time_of

CLAIM = "_claim"
_MOST_EXECUTIONS = 100
_PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
_LAST_PAUSE = 10.0
_A_MINUTE = 60.0
_FORBIDDEN = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED})
# What each other row would be answered too, until a person has mended it.
_OF_ALL = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
    }
)


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """How long the server is asked, in seconds; tests scale it.

    Attributes:
        minute: For a run that isn't known, or hasn't begun.
        lost: After its start, a run that is still running counts as lost by the service.
        unreachable: While the server can't be reached; then the row is left as it is.
        away: The same, for a server that was reached before by who asks.
        at_once: How many rows are asked about at the same time.
    """

    minute: float = _A_MINUTE
    lost: float = 600.0
    unreachable: float = 60.0
    away: float = 600.0
    at_once: int = 16

    def pause(self, index: int) -> float:
        """Say how long to wait before asking for the so-manieth time, from 0."""
        scale = min(1.0, self.minute / _A_MINUTE)
        return scale * (_PAUSES[index] if index < len(_PAUSES) else _LAST_PAUSE)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a run.

    Attributes:
        stored: What the server has stored of it, where it is over there.
        run_id: Its id, where it is known by now.
        unknown: Why nobody knows what became of it, in words.
        left: Why it wasn't found out this time, in words: the row stays as it is.
    """

    stored: Mapping[str, Any] | None = None
    run_id: str | None = None
    unknown: str = ""
    left: str = ""


class _NotYet(msgspec.Struct, frozen=True):
    """It may be known a little later; `why` says what it is, where it stays so."""

    why: str


class _Running(msgspec.Struct, frozen=True):
    """The server has it as running, since some time of the server's clock."""

    run_id: str | None
    since: float | None


class _Unheard(msgspec.Struct, frozen=True):
    """The server didn't answer this time; `why` says what came instead."""

    why: str


Seen = Found | _NotYet | _Running
_NOT_BEGUN = (
    "The server accepted it and never began it, or never said so; it wasn't sent again, for it may "
    "have cost."
)
_NOT_ACCEPTED = (
    "The server doesn't know it: it was probably not accepted. It wasn't sent again, for that "
    "isn't sure."
)


class Finder:
    """Finds runs again that may have begun; on the loop thread.

    Args:
        target: What was run.
        client: The HTTP side, which stays open as long as it is needed.
        asking: How long it asks.
        taken: The ids of executions that are known to be another row's.
    """

    def __init__(self, target: Target, client: Client, asking: Asking, taken: set[str]) -> None:
        self._target = target
        self._client = client
        self._asking = asking
        self._taken = taken
        self._places = asyncio.Semaphore(asking.at_once)
        self._listing: asyncio.Task[Sequence[Mapping[str, Any]]] | None = None

    async def find(
        self,
        attempt: Open,
        variables: Any = None,
        note_id: Callable[[str], Awaitable[None]] | None = None,
        *,
        is_own: bool = False,
        once: bool = False,
    ) -> Found:
        """Ask until the run is over, or nobody will know.

        Args:
            attempt: What is known of it.
            variables: What a workflow was given.
            note_id: Called once the run's id is known, while it goes on.
            is_own: Whether who asks has sent it, so that the server was reached.
            once: Whether one answer is enough, for it was asked for long enough before.

        Returns:
            What became of it. Nothing is raised but a cancellation.
        """
        begun = reached = time.monotonic()
        patience = self._asking.away if is_own else self._asking.unreachable
        index, noted = 0, attempt.run_id
        while True:
            await asyncio.sleep(self._asking.pause(index))
            index += 1
            seen = await self._try(attempt, variables)
            now = time.monotonic()
            if isinstance(seen, Found):
                return seen
            if isinstance(seen, _Unheard):
                if now - reached >= patience:
                    return Found(left=f"The server can't be asked what became of it: {seen.why}")
                continue
            reached = now
            if isinstance(seen, _NotYet):
                if once or now - begun >= self._asking.minute:
                    return Found(unknown=seen.why, run_id=noted)
                continue
            if seen.run_id is not None and noted is None:
                noted = seen.run_id
                if note_id is not None:
                    await note_id(noted)
            # The second holds though a clock was set back meanwhile.
            if self._is_lost(attempt, seen) or now - begun >= self._asking.lost:
                return Found(unknown=_lost(self._target.kind), run_id=noted)

    def _is_lost(self, attempt: Open, seen: "_Running") -> bool:
        since = attempt.sent_at if seen.since is None else self._here(seen.since)
        return time.time() - since >= self._asking.lost

    async def _try(self, attempt: Open, variables: Any) -> "Seen | _Unheard":
        try:
            async with self._places:
                return await self._look(attempt, variables)
        except (ConnectionLost, ProtocolError, RequestError) as error:
            return self._ended_by(error) or _Unheard(str(error))
        except (InvalidValueError, WrongTypeError) as error:
            # An id that the server made up: it would end each later course just as well.
            return Found(unknown=f"It can't be asked for: {error} It wasn't sent again.")
        except PowawidgetError as error:
            return Found(left=str(error))

    def _ended_by(self, error: PowawidgetError) -> Found | _NotYet | None:
        """Tell what a failed question ends with; None where it is asked again while that helps."""
        if isinstance(error, AnswerTooLargeError):
            return Found(unknown=f"What the server has stored of it can't be read: {error}")
        if not isinstance(error, RequestError) or error.temporary:
            return None
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return None
        if error.status in _FORBIDDEN:
            return Found(unknown=f"The key may not read what became of it: {error}")
        said = f"The server doesn't tell what became of it: {error}"
        if error.status in _OF_ALL or error.status < HTTPStatus.BAD_REQUEST:
            return Found(left=said)
        # It is this row that the server tells nothing of: the others are to go on.
        return _NotYet(f"{said} It wasn't sent again.")

    async def _look(self, attempt: Open, variables: Any) -> Seen:
        match self._target.kind:
            case "agent":
                return await self._agent(attempt)
            case "orchestration":
                return await self._orchestration(attempt)
            case _:
                return await self._workflow(attempt, variables)

    async def _agent(self, attempt: Open) -> Seen:
        if attempt.run_id is not None:
            stored = await self._stored(attempt.run_id)
            return _NotYet(_NOT_BEGUN) if stored is None else _seen(stored, attempt.run_id)
        if attempt.session_id is None:
            return Found(unknown=_NOT_ACCEPTED)
        session = f"/api/sessions/{segment(attempt.session_id, 'conversation')}"
        if await self._got(session) is None:
            return _NotYet(_NOT_ACCEPTED)
        runs = _rows(await self._got(f"{session}/runs"), "runs")
        own = next((run for run in runs if isinstance(run.get("run_id"), str)), None)
        if own is None:
            return _NotYet(_NOT_BEGUN)
        # The list leaves out what only the run itself has.
        stored = None if _is_running(own) else await self._stored(own["run_id"])
        return _seen(own if stored is None else stored, own["run_id"])

    async def _orchestration(self, attempt: Open) -> Seen:
        run_id = attempt.run_id
        said: list[Mapping[str, Any]] = []
        if run_id is None:
            if attempt.session_id is None:
                return Found(unknown=_NOT_ACCEPTED)
            session = segment(attempt.session_id, "conversation")
            path = f"/api/orchestrations/{self._target.id}/sessions/{session}/messages"
            answer = await self._got(path)
            if answer is None:
                return _NotYet(_NOT_ACCEPTED)
            said = _rows(answer, "messages")
            named = (row.get("run_id") for row in said if row.get("role") == "assistant")
            run_id = next((one for one in named if isinstance(one, str)), None)
        if run_id is None:
            if not said:
                return _NotYet(_NOT_BEGUN)
            return _Running(None, _time(said[0], "created_at", "timestamp"))
        stored = await self._stored(run_id)
        return _NotYet(_NOT_BEGUN) if stored is None else _seen(stored, run_id)

    async def _workflow(self, attempt: Open, variables: Any) -> Seen:
        execution_id = attempt.run_id
        if execution_id is None:
            rows = await self._executions()
            found = self._own(rows, attempt, variables)
            if len(found) != 1:
                is_full = len(rows) >= _MOST_EXECUTIONS
                return _NotYet(_which(len(found), is_full=is_full))
            execution_id = found[0]
            self._taken.add(execution_id)
        stored = await self._target.stored(self._client, execution_id)
        execution = stored.get("execution") or {}
        status = execution.get("status")
        if status is None:
            return _NotYet(_which(0, is_full=True))
        if status not in {"completed", "failed"}:
            return _Running(execution_id, _time(execution, "started_at", "created_at"))
        return Found(stored=stored, run_id=execution_id)

    def _own(self, rows: Sequence[Mapping[str, Any]], attempt: Open, variables: Any) -> list[str]:
        if attempt.claim is not None:
            claims = ((row, row.get("input")) for row in rows)
            return [
                str(row["id"])
                for row, given in claims
                if isinstance(given, Mapping) and given.get(CLAIM) == attempt.claim
            ][:1]
        # Nothing names it: what began at that time, with those variables, and is nobody else's.
        clock = self._client.clock
        begin, end = clock.window(attempt.sent_at, attempt.sent_at + self._asking.minute)
        found = []
        for row in rows:
            created = _time(row, "created_at")
            same = row.get("input") is None or row["input"] == variables
            is_then = created is not None and begin <= created <= end
            if same and is_then and row["id"] not in self._taken:
                found.append(str(row["id"]))
        return found

    async def _executions(self) -> Sequence[Mapping[str, Any]]:
        """List the executions; rows that ask at the same time share one answer."""
        if self._listing is None or self._listing.done():
            listed = self._target.executions
            assert listed is not None  # noqa: S101  # a workflow's target has it
            self._listing = asyncio.ensure_future(_rows_of(listed(self._client)))
        return await asyncio.shield(self._listing)

    async def _stored(self, run_id: str) -> Mapping[str, Any] | None:
        try:
            stored = await self._target.stored(self._client, run_id)
        except RequestError as error:
            if error.status in _FORBIDDEN | {HTTPStatus.NOT_FOUND}:
                return None
            raise
        return stored if isinstance(stored, Mapping) else None

    async def _got(self, path: str) -> Any:
        try:
            return await self._client.get(path)
        except RequestError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def _here(self, theirs: float) -> float:
        """Convert a time of the server's clock to the latest it may be by ours."""
        earliest, _ = self._client.clock.window(theirs, theirs)
        return theirs + (theirs - earliest)


async def _rows_of(
    listing: Awaitable[Sequence[Mapping[str, Any]]],
) -> Sequence[Mapping[str, Any]]:
    return await listing


def _rows(answer: Any, name: str) -> list[Mapping[str, Any]]:
    rows = answer.get(name) if isinstance(answer, Mapping) else answer
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _seen(stored: Mapping[str, Any], run_id: str) -> Seen:
    if _is_running(stored):
        return _Running(run_id, _time(stored, "started_at", "created_at"))
    return Found(stored=stored, run_id=run_id)


def _is_running(stored: Mapping[str, Any]) -> bool:
    return stored.get("status") not in {"completed", "failed"} and not is_whole_answer(stored)


def _time(row: Mapping[str, Any], *names: str) -> float | None:
    for name in names:
        read = time_of(row.get(name))
        if read is not None:
            return read.timestamp()
    return None


def _lost(kind: str) -> str:
    began = "The server has it as running" if kind != "orchestration" else "It has no end there"
    return (
        f"{began}, long after it began, and no stream of this batch is open: the service may have "
        "lost it. It wasn't sent again, for it may have cost."
    )


def _which(count: int, *, is_full: bool) -> str:
    if count:
        return (
            f"{count} executions began with the same variables at that time, and nothing tells "
            "which is this one. It wasn't sent again."
        )
    if is_full:
        return "It isn't among the latest executions that the server lists. It wasn't sent again."
    return _NOT_ACCEPTED


def is_cut(stored: Mapping[str, Any]) -> bool:
    """Tell an execution that ended with its stream, though it is stored as completed."""
    if "block_logs" not in stored or stored["execution"].get("status") != "completed":
        return False
    whole = is_whole(stored)
    return whole is False or (whole is None and stored["execution"].get("output") is None)


def why_cut(stored: Mapping[str, Any]) -> str:
    """Say what the server did with it."""
    return outcome_of_execution(stored)
