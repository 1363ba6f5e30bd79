"""The server's inside: what it stores, what it runs, what it has been asked."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING, Any

from powawidget.local.channel import Channel
from powawidget.local.frames import DIALECTS
from powawidget.local.runs import Execution
from powawidget.local.script import Turn
from powawidget.local.store import Store

if TYPE_CHECKING:
    from starlette.requests import Request

    from powawidget.local.database import Database
    from powawidget.local.frames import DialectName
    from powawidget.local.script import Agent
    from powawidget.local.store import Run

_REMEMBERED = 10_000  # requests; a server may live as long as its notebook's kernel


class Engine:
    """Everything of a server but its socket. All of it happens in the server's thread.

    Args:
        agents: The agents.
        database: The sample database.
        key: What requests must send.
        dialect: How runs are told.
        seed: What ids and durations are drawn from.
        tokens_per_second: How fast the scripted model writes.
        keepalive_seconds: The silence after which agents with tools send a keepalive.
    """

    def __init__(  # noqa: PLR0913
        self,
        agents: list[Agent],
        database: Database,
        *,
        key: str,
        dialect: DialectName,
        seed: int,
        tokens_per_second: float,
        keepalive_seconds: float,
    ) -> None:
        self.store = Store(agents, random.Random(seed))  # noqa: S311  # ids, not secrets
        self.key = key
        self.keepalive_seconds = keepalive_seconds
        self.requests: list[tuple[str, str, Any]] = []
        self.open_streams = 0
        self._database = database
        self._encode = DIALECTS[dialect]
        self._seed = seed
        self._rate = tokens_per_second
        self._running: dict[asyncio.Task[None], Channel] = {}
        self._closed = False

    def record(self, request: Request, raw: bytes) -> None:
        """Remember a request, without its headers."""
        body: Any = None
        if raw:
            try:
                body = json.loads(raw)
            except ValueError:
                body = raw.decode("utf-8", "replace")
        self.requests.append((request.method, request.url.path, body))
        del self.requests[:-_REMEMBERED]

    def begin(self, agent_id: str, body: dict[str, Any]) -> tuple[Run, Channel]:
        """Begin a run.

        Args:
            agent_id: The agent's id.
            body: The request's body, checked.

        Returns:
            The stored run, and where its frames come from.
        """
        message = str(body["message"])
        session_id = body.get("session_id")
        run, is_new = self.store.new_run(agent_id, message, str(session_id) if session_id else None)
        turn = Turn(
            message,
            run.session.history,
            self._database,
            random.Random(f"{self._seed} {len(self.store.runs)}"),  # noqa: S311
            body,
        )
        channel = Channel()
        execution = Execution(run, turn, channel, self._encode, self._rate, is_new_session=is_new)
        if self._closed:
            channel.end()
        else:
            task = asyncio.create_task(execution.execute())
            self._running[task] = channel
            task.add_done_callback(self._running.pop)
        self.open_streams += 1
        return run, channel

    def stream_closed(self) -> None:
        """Count a stream that nobody reads any more."""
        self.open_streams -= 1

    async def close(self) -> None:
        """End all runs, those included that go on without a client."""
        self._closed = True
        running = dict(self._running)
        for task, channel in running.items():
            channel.end()
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
