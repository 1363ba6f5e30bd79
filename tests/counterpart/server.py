"""The embedded server, made to refuse, to die and to come back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from powawidget.local import LocalServer, Project, Settings
from powawidget.local.http.bodies import parse
from powawidget.local.http.listener import Listener
from tests.counterpart.project import further_project
from tests.counterpart.refusals import Refusal, Refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from powawidget.local.agents.script import Agent
    from powawidget.local.database import Database
    from powawidget.local.orchestrations.definition import Orchestration
    from powawidget.local.workflows.definition import Workflow

_WATCHDOG = 60


class Counterpart(LocalServer):
    """The embedded server, with what tests do to it.

    Args:
        project: From the sample database to what it offers.
        settings: How it behaves.
        port: The port; 0 takes a free one.
    """

    def __init__(
        self, project: Callable[[Database], Project], settings: Settings, port: int = 0
    ) -> None:
        self._refusals = Refusals()
        self._killed = False
        self._requests: list[tuple[str, str, bytes]] = []
        super().__init__(project, settings, port=port, intercept=self._meet)

    @property
    def running(self) -> bool:
        return super().running and not self._killed

    @property
    def requests(self) -> list[tuple[str, str, Any]]:
        """The requests that had the key, in order: method, path, body."""
        return [(method, path, parse(raw) if raw else None) for method, path, raw in self._requests]

    def _meet(self, request: Request, raw: bytes) -> Response | None:
        self._requests.append((request.method, request.scope["path"], raw))
        return self._refusals.meet(request)

    def refuse(
        self,
        status: int = 429,
        *,
        times: int = 1,
        retry_after: float | str | None = None,
        ending: str = "/stream",
        html: bool = False,
    ) -> None:
        """Answer the next requests with an error, as a busy or broken service does.

        Several orders are met one after another. A request without the right keys is refused for
        that, and meets none.

        Args:
            status: The HTTP status.
            times: How many requests get it.
            retry_after: The Retry-After header: seconds, a date, or anything that some server
                might write there; None leaves it out.
            ending: How the paths of those requests end: "/stream" are those that start a run,
                "/approve" the decisions, "" is any request.
            html: Whether the body is an HTML page, as a gateway's, instead of JSON.
        """
        self._refusals.order(Refusal(status, times, ending, retry_after, html))

    def kill(self, *, goes_on: bool = True) -> None:
        """Break all connections at once and refuse new ones, as if the server had died.

        What was stored stays, the database too; `restart` serves it again at the same address
        and with the same key. Again does nothing.

        Args:
            goes_on: What becomes of the runs that were under way. True: only the process that
                held the connections died, and another one goes on with the work, as if the
                clients had left. False: the work died too, and everything stays stored as
                running.
        """
        if not self._killed:
            self._in_thread(self._break(goes_on=goes_on))
            self._killed = True

    def restart(self) -> None:
        """Serve again after `kill`; while it serves, do nothing."""
        if self._killed:
            self.listener = Listener(self.app, self.connections, self.port)
            self._in_thread(self.listener.listen())
            self._killed = False

    def _in_thread(self, work: Coroutine[Any, Any, None]) -> None:
        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(work, self.loop).result(_WATCHDOG)

    async def _break(self, *, goes_on: bool) -> None:
        uvicorn = self.listener.uvicorn
        # Streams go on for as long as their runs do: it is they who notice that nobody reads.
        uvicorn.config.timeout_graceful_shutdown = None
        uvicorn.should_exit = True
        for server in uvicorn.servers:
            server.close()
        for connection in list(uvicorn.server_state.connections):
            connection.transport.abort()
        # At once: in a moment the runs would notice that nobody reads, and be stored as failed.
        if not goes_on:
            await self.engine.abandon()
        await asyncio.sleep(0)  # lets uvicorn learn that the connections are gone


def start(  # noqa: PLR0913  # each is one thing that tests choose
    dialect: str = "seen",
    *,
    agents: Iterable[Agent] = (),
    orchestrations: Iterable[Orchestration] = (),
    workflows: Iterable[Workflow] = (),
    deadlines: Mapping[str, float] | None = None,
    port: int = 0,
    **settings: Any,
) -> Counterpart:
    """Start the counterpart, with the samples, those of the tests, and further ones.

    Args:
        dialect: See `Settings`.
        agents: Further agents.
        orchestrations: Further orchestrations.
        workflows: Further workflows.
        deadlines: Seconds for the approvals of agents, by the agent's name, instead of their own.
        port: The port; 0 takes a free one.
        **settings: See `Settings`.
    """

    def project(database: Database) -> Project:
        known = further_project(database)
        return Project(
            tuple(
                _with_deadline(agent, (deadlines or {}).get(agent.name))
                for agent in (*known.agents, *agents)
            ),
            (*known.orchestrations, *orchestrations),
            (*known.workflows, *workflows),
        )

    return Counterpart(project, Settings(dialect=dialect, **settings), port)


def _with_deadline(agent: Agent, seconds: float | None) -> Agent:
    if seconds is None:
        return agent
    hooks = tuple(
        replace(hook, timeout=seconds) if hook.type == "approval" else hook for hook in agent.hooks
    )
    return replace(agent, hooks=hooks)
