"""What the server has stored of a conversation, as messages and as runs.

A session's messages name the completed runs only: one that failed, and what was asked in it, is
left out of them, though it is counted among the session's runs (docs/protocol.md#session-messages).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

import msgspec

from powawidget.errors import PowawidgetError, RequestError
from powawidget.http.client import Client
from powawidget.http.ids import segment
from powawidget.http.secret import Secret
from powawidget.protocol.stored.run import events_of_stored, times_of
from powawidget.run.finished import NO_SOURCE, of_events
from powawidget.run.plan import Plan
from powawidget.run.task import RunTask
from powawidget.state.model import Kind

_RUNS_AT_ONCE = 100

Get = Callable[..., Awaitable[Any]]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a conversation.

    Attributes:
        role: user or assistant.
        content: What was said.
        run_id: The server's id of the run that it belongs to.
        stored: Whether it came from what the server has stored.
        status: How the run stands.
    """

    role: Literal["user", "assistant"]
    content: str
    run_id: str | None = None
    stored: bool = False
    status: str = "completed"


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked and answered in one completed run.

    `events` are the engine's frames, which only the messages of orchestrations hold; `citations`
    are the sources of the answer, which only the messages hold.
    """

    question: str = ""
    answer: str = ""
    run_id: str | None = None
    events: list[Any] = []
    citations: list[Any] = []


class History:
    """What the server has stored of one conversation. Its coroutines run on the loop thread."""

    def __init__(
        self, client: Client, session_id: str, kind: Kind, name: str, path: str | None = None
    ) -> None:
        self.session_id = session_id
        self.kind = kind
        self.name = name
        self.missing = 0
        self.problem: str | None = None
        self._get: Get = client.get
        self._secret: Secret = client.secret
        self._base = f"{path or '/api'}/sessions/{segment(session_id, 'conversation')}"
        self._has_runs = path is None
        self._exchanges: list[Exchange] = []
        self._shown = 0
        self._known: dict[str, Mapping[str, Any]] = {}
        self._is_open = False

    @property
    def earlier(self) -> int:
        """How many turns haven't been given yet."""
        return len(self._exchanges) - self._shown

    async def open(self) -> None:
        """Fetch what was said; does nothing where it has been fetched.

        Raises:
            RequestError: If the server refuses; 404 where it knows no such conversation.
            ConnectionLost: If it can't be reached.
        """
        if self._is_open:
            return
        answer = await self._get(f"{self._base}/messages")
        rows = answer.get("messages") if isinstance(answer, dict) else answer
        self._exchanges = exchanges(rows if isinstance(rows, list) else [])
        self._is_open = True

    async def more(self, count: int) -> list[RunTask]:
        """Give the turns before those that were given.

        Args:
            count: How many at most.

        Returns:
            The tasks of runs that are over, oldest first. `problem` then says what is missing in
            them.
        """
        end = self.earlier
        start = max(0, end - count)
        chosen = self._exchanges[start:end]
        self.problem = None
        if self._has_runs:
            # Without them the turns can still be read, but for what the tools did.
            try:
                await self._look_up(start, len(chosen))
            except PowawidgetError as error:
                self.problem = f"What the tools did in these turns could not be read. {error}"
        runs = [self._run(exchange) for exchange in chosen]
        self._shown += len(chosen)
        return runs

    def messages(self) -> list[Message]:
        """List all that was said, oldest first."""
        return [
            Message(role=role, content=content, run_id=each.run_id, stored=True)
            for each in self._exchanges
            for role, content in _texts(each)
        ]

    async def _look_up(self, start: int, count: int) -> None:
        """Fetch the runs of some exchanges: they have the tool calls.

        Among a session's runs an exchange stands where it does among the completed ones, or later
        by as many as were left out before it.
        """
        last = start + count >= len(self._exchanges)
        limit = _RUNS_AT_ONCE if last else min(count + self.missing, _RUNS_AT_ONCE)
        offset = start
        while True:
            answer = await self._get(f"{self._base}/runs", limit=limit, offset=offset)
            rows = answer.get("runs") if isinstance(answer, dict) else None
            rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
            self._known |= {str(row.get("run_id")): row for row in rows}
            offset += len(rows)
            if len(rows) < limit or not last:
                break
        if last:
            self.missing = max(0, offset - len(self._exchanges))

    def _run(self, exchange: Exchange) -> RunTask:
        known = self._known.get(exchange.run_id or "")
        answer = {"content": exchange.answer, "run_id": exchange.run_id, "events": exchange.events}
        stored = {
            **(known or {**answer, "status": "completed"}),
            **({"citations": exchange.citations} if exchange.citations else {}),
            "session_id": self.session_id,
        }
        plan = Plan(
            source=NO_SOURCE,
            kind=self.kind,
            name=self.name,
            message=exchange.question,
            origin="stored",
            secret=self._secret,
        )
        return of_events(events_of_stored(stored), plan, times_of(stored))


def exchanges(rows: Sequence[Any]) -> list[Exchange]:
    """Pair what was asked with what was answered.

    Returns:
        One exchange for each question; an answer without one stands by itself.
    """
    found: list[Exchange] = []
    is_open = False
    for row in rows:
        content = row.get("content") if isinstance(row, dict) else None
        if not isinstance(content, str):
            continue
        run_id = row.get("run_id")
        run_id = run_id if isinstance(run_id, str) else None
        if row.get("role") == "user":
            found.append(Exchange(question=content, run_id=run_id))
            is_open = True
        elif row.get("role") == "assistant":
            asked = found.pop() if is_open else Exchange()
            events, cited = row.get("events"), row.get("citations")
            found.append(
                Exchange(
                    question=asked.question,
                    answer=content,
                    run_id=run_id or asked.run_id,
                    events=events if isinstance(events, list) else [],
                    citations=cited if isinstance(cited, list) else [],
                )
            )
            is_open = False
    return found


def why_no_history(error: PowawidgetError) -> str:
    """Say why a conversation's history isn't there; it can be gone on with all the same."""
    if isinstance(error, RequestError) and error.status == HTTPStatus.NOT_FOUND:
        return "The server knows no conversation of this id: the first message begins it."
    return f"The earlier turns could not be read, so they aren't shown. {error}"


def _texts(exchange: Exchange) -> list[tuple[Literal["user", "assistant"], str]]:
    texts: list[tuple[Literal["user", "assistant"], str]] = []
    if exchange.question:
        texts.append(("user", exchange.question))
    if exchange.answer:
        texts.append(("assistant", exchange.answer))
    return texts
