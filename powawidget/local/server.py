"""The server: a socket on loopback, and the thread that serves it."""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import secrets
import socket
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

try:
    import starlette  # noqa: F401  # is it installed?
    import uvicorn
except ImportError as missing:
    raise ImportError(
        "The embedded server needs starlette and uvicorn."
        ' Install them with: pip install "powawidget[local]"'
    ) from missing

from powawidget.local import limits
from powawidget.local.database import Database
from powawidget.local.dialects import DIALECTS
from powawidget.local.engine import Engine
from powawidget.local.faults import Fault
from powawidget.local.http.app import make_app
from powawidget.local.http.connections import Connections, protocol_of
from powawidget.local.samples.project import samples

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.types import Scope

    from powawidget.local.agents.script import Agent
    from powawidget.local.orchestrations.definition import Orchestration
    from powawidget.local.workflows.definition import Workflow

_PATIENCE = 10.0  # seconds for the thread to begin or to end


class LocalServer:
    """A small Powabase-compatible server on loopback, in a thread of this process.

    Args:
        dialect: "seen" speaks as the real service was seen to, "documented" as its public
            documentation says.
        seed: What the sample data, ids and durations are drawn from.
        tokens_per_second: How fast the scripted model writes; tools scale with it.
        agents: Further scripted agents, after the samples.
        port: The port; 0 takes a free one.
        keepalive_seconds: The silence after which agents with tools, and orchestrations, send a
            keepalive.
        deadlines: Seconds for the approvals of agents, by the agent's name, instead of their own.
        orchestrations: Further orchestrations, after the samples.
        workflows: Further workflows, after the samples.
        executions_per_minute: How many executions of workflows are allowed in a minute, as at
            the real service; None allows any number.

    Raises:
        ValueError: The dialect is unknown, or the rate isn't positive.
        OSError: The port is taken.
    """

    def __init__(  # noqa: PLR0913  # each is told once
        self,
        dialect: Literal["seen", "documented"] = "seen",
        seed: int = 7,
        tokens_per_second: float = 60.0,
        agents: Iterable[Agent] | None = None,
        port: int = 0,
        *,
        keepalive_seconds: float = 30.0,
        deadlines: Mapping[str, float] | None = None,
        orchestrations: Iterable[Orchestration] | None = None,
        workflows: Iterable[Workflow] | None = None,
        executions_per_minute: int | None = 20,
    ) -> None:
        if dialect not in DIALECTS:
            raise ValueError(f"dialect is {dialect!r}; use one of {sorted(DIALECTS)}.")
        if not tokens_per_second > 0:
            raise ValueError(f"tokens_per_second is {tokens_per_second!r}; use more than 0.")
        self.key = secrets.token_urlsafe(24)
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self._database = Database(seed)
        bundled = samples(self._database)
        self._engine = Engine(
            [
                _with_deadline(agent, deadlines or {})
                for agent in (*bundled.agents, *(agents or ()))
            ],
            (*bundled.orchestrations, *(orchestrations or ())),
            (*bundled.workflows, *(workflows or ())),
            self._database,
            key=self.key,
            dialect=dialect,
            seed=seed,
            tokens_per_second=tokens_per_second,
            keepalive_seconds=keepalive_seconds,
            executions_per_minute=executions_per_minute,
            abort=self._abort,
        )
        self._connections = Connections()
        self._app = make_app(self._engine, self._connections)
        self._uvicorn = self._make_uvicorn()
        self._serving: list[asyncio.Task[None]] = []
        self._killed = False
        self._ready = threading.Event()
        self._stopping: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_lock = threading.Lock()
        # ipykernel 7.0 looks a context variable up in every thread that a cell starts, and fails
        # where it isn't set.
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._serve,), name="powawidget-local", daemon=True
        )
        self._thread.start()
        self._ready.wait(_PATIENCE)
        atexit.register(self.stop)

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[tuple[str, str, Any]]:
        """The latest requests that had the key, in order: method, path, body."""
        return self._engine.requests.all()

    @property
    def open_streams(self) -> int:
        """How many streams are being read now."""
        return self._engine.open_streams

    @property
    def running(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive() and not self._killed

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
            status: The HTTP status: 429, 503, 402 or any other error (docs/protocol.md#refusals).
            times: How many requests get it.
            retry_after: The Retry-After header: seconds, a date, or anything that some server
                might write there; None leaves it out.
            ending: How the paths of those requests end: "/stream" are those that start a run,
                "/approve" the decisions, "" is any request.
            html: Whether the body is an HTML page, as a gateway's, instead of JSON.

        Raises:
            ValueError: The status isn't that of an error, or times is less than 1.
        """
        self._engine.faults.order(Fault(status, times, ending, retry_after, html))

    def kill(self, *, goes_on: bool = True) -> None:
        """Break all connections at once and refuse new ones, as if the server had died.

        What was stored stays, the database too; `restart` serves it again at the same address
        and with the same key. Again does nothing.

        Args:
            goes_on: What becomes of the runs that were under way. True: only the process that
                held the connections died, and another one goes on with the work, as if the
                clients had left (docs/protocol.md#after-the-stream): an agent without tools is
                stored as completed with its whole answer, one with tools as failed, an
                orchestration as running for ever, a workflow as completed without an output. False:
                the work died too, and everything stays stored as running.

        Raises:
            RuntimeError: It was stopped.
        """
        if not self._killed:
            self._in_thread(self._break, goes_on=goes_on)
            self._killed = True

    def restart(self) -> None:
        """Serve again after `kill`; while it serves, do nothing.

        Raises:
            RuntimeError: It was stopped.
            OSError: Something else has taken the port since.
        """
        if self._killed:
            self._in_thread(self._listen_again)
            self._killed = False

    def stop(self) -> None:
        """Close the socket, end all runs and the thread; again does nothing."""
        with self._stop_lock:
            atexit.unregister(self.stop)
            if self._thread.is_alive() and self._loop and self._stopping:
                self._loop.call_soon_threadsafe(self._stopping.set)
                self._thread.join(_PATIENCE)
            self._socket.close()
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "" if self.running else ", killed" if self._thread.is_alive() else ", stopped"
        return f"LocalServer({self.url!r}{state})"

    def _make_uvicorn(self) -> uvicorn.Server:
        return uvicorn.Server(
            uvicorn.Config(
                self._app,
                loop="asyncio",
                http=protocol_of(self._connections),
                h11_max_incomplete_event_size=limits.HEAD_BYTES,
                # Whoever asks is who is connected, whatever a header says.
                proxy_headers=False,
                ws="none",
                lifespan="off",
                # Its loggers belong to the whole process, in which somebody may run a uvicorn
                # of their own: leave them as they are.
                log_config=None,
                log_level=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )

    def _in_thread(self, work: Callable[..., Coroutine[Any, Any, None]], **how: bool) -> None:
        with self._stop_lock:
            if not (self._thread.is_alive() and self._loop):
                raise RuntimeError(f"{self!r} was stopped for good: start another one.")
            asyncio.run_coroutine_threadsafe(work(**how), self._loop).result(_PATIENCE)

    def _serve(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        await self._listen()
        self._ready.set()
        await self._stopping.wait()
        await self._engine.close()
        self._uvicorn.should_exit = True
        await asyncio.wait(self._serving, timeout=_PATIENCE / 2)

    async def _listen(self) -> None:
        serving = asyncio.create_task(self._uvicorn.serve(sockets=[self._socket]))
        self._serving.append(serving)
        while not self._uvicorn.started and not serving.done():  # noqa: ASYNC110  # no event is set
            await asyncio.sleep(0.001)

    async def _listen_again(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", self.port))
        self._uvicorn = self._make_uvicorn()
        await self._listen()

    async def _break(self, *, goes_on: bool) -> None:
        # Streams go on for as long as their runs do: it is they who notice that nobody reads.
        self._uvicorn.config.timeout_graceful_shutdown = None
        self._uvicorn.should_exit = True
        for server in self._uvicorn.servers:
            server.close()
        for connection in list(self._uvicorn.server_state.connections):
            # getattr: which protocol classes there are differs between uvicorn's versions.
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        await asyncio.sleep(0)  # lets uvicorn learn that the connections are gone
        self._engine.disconnect()
        if not goes_on:
            await self._engine.abandon()

    def _abort(self, scope: Scope) -> None:
        for connection in self._uvicorn.server_state.connections:
            # getattr: which protocol classes there are differs between uvicorn's versions.
            if getattr(connection, "client", None) == tuple(scope["client"]):
                connection.transport.abort()


def start(  # noqa: PLR0913  # each is told once
    dialect: Literal["seen", "documented"] = "seen",
    seed: int = 7,
    tokens_per_second: float = 60.0,
    agents: Iterable[Agent] | None = None,
    port: int = 0,
    *,
    keepalive_seconds: float = 30.0,
    deadlines: Mapping[str, float] | None = None,
    orchestrations: Iterable[Orchestration] | None = None,
    workflows: Iterable[Workflow] | None = None,
    executions_per_minute: int | None = 20,
) -> LocalServer:
    """Start the embedded server.

    Args:
        dialect: "seen" speaks as the real service was seen to, "documented" as its public
            documentation says.
        seed: What the sample data, ids and durations are drawn from.
        tokens_per_second: How fast the scripted model writes; tools scale with it.
        agents: Further scripted agents, after the samples.
        port: The port; 0 takes a free one.
        keepalive_seconds: The silence after which agents with tools, and orchestrations, send a
            keepalive.
        deadlines: Seconds for the approvals of agents, by the agent's name, instead of their own.
        orchestrations: Further orchestrations, after the samples.
        workflows: Further workflows, after the samples.
        executions_per_minute: How many executions of workflows are allowed in a minute, as at
            the real service; None allows any number.

    Returns:
        The server, which accepts connections already.

    Raises:
        ValueError: The dialect is unknown, or the rate isn't positive.
        OSError: The port is taken.
    """
    return LocalServer(
        dialect,
        seed,
        tokens_per_second,
        agents,
        port,
        keepalive_seconds=keepalive_seconds,
        deadlines=deadlines,
        orchestrations=orchestrations,
        workflows=workflows,
        executions_per_minute=executions_per_minute,
    )


def _with_deadline(agent: Agent, deadlines: Mapping[str, float]) -> Agent:
    if agent.name not in deadlines:
        return agent
    timeout = deadlines[agent.name]
    hooks = tuple(
        replace(hook, timeout=timeout) if hook.type == "approval" else hook for hook in agent.hooks
    )
    return replace(agent, hooks=hooks)
