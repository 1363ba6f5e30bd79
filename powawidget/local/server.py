"""The server: a socket on loopback, and the thread that serves it."""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import secrets
import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

try:
    import starlette  # noqa: F401
    import uvicorn
except ImportError as missing:
    raise ImportError(
        "The embedded server needs starlette and uvicorn."
        ' Install them with: pip install "powawidget[local]"'
    ) from missing

from powawidget.local.agents import sample_agents
from powawidget.local.app import make_app
from powawidget.local.database import Database
from powawidget.local.engine import Engine
from powawidget.local.frames import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.types import Scope

    from powawidget.local.script import Agent

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
        keepalive_seconds: The silence after which agents with tools send a keepalive.
        deadlines: Seconds for the approvals of agents, by the agent's name, instead of their own.

    Raises:
        ValueError: The dialect is unknown, or the rate isn't positive.
        OSError: The port is taken.
    """

    def __init__(  # noqa: PLR0913
        self,
        dialect: Literal["seen", "documented"] = "seen",
        seed: int = 7,
        tokens_per_second: float = 60.0,
        agents: Iterable[Agent] | None = None,
        port: int = 0,
        *,
        keepalive_seconds: float = 30.0,
        deadlines: Mapping[str, float] | None = None,
    ) -> None:
        if dialect not in DIALECTS:
            raise ValueError(f"dialect is {dialect!r}; use one of {sorted(DIALECTS)}.")
        if not tokens_per_second > 0:
            raise ValueError(f"tokens_per_second is {tokens_per_second!r}; use more than 0.")
        self.key = secrets.token_urlsafe(24)
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self._database = Database(seed)
        self._engine = Engine(
            [
                _with_deadline(agent, deadlines or {})
                for agent in (*sample_agents(self._database), *(agents or ()))
            ],
            self._database,
            key=self.key,
            dialect=dialect,
            seed=seed,
            tokens_per_second=tokens_per_second,
            keepalive_seconds=keepalive_seconds,
        )
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                make_app(self._engine, self._abort),
                loop="asyncio",
                http="h11",
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
        """The requests so far, in order: method, path, body."""
        return list(self._engine.requests)

    @property
    def open_streams(self) -> int:
        """How many streams are being read now."""
        return self._engine.open_streams

    @property
    def running(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive()

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
        state = "" if self.running else ", stopped"
        return f"LocalServer({self.url!r}{state})"

    def _serve(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        serving = asyncio.create_task(self._uvicorn.serve(sockets=[self._socket]))
        while not self._uvicorn.started and not serving.done():  # noqa: ASYNC110  # no event is set
            await asyncio.sleep(0.001)
        self._ready.set()
        await self._stopping.wait()
        await self._engine.close()
        self._uvicorn.should_exit = True
        await serving

    def _abort(self, scope: Scope) -> None:
        for connection in self._uvicorn.server_state.connections:
            # getattr: which protocol classes there are differs between uvicorn's versions.
            if getattr(connection, "client", None) == tuple(scope["client"]):
                connection.transport.abort()


def start(  # noqa: PLR0913
    dialect: Literal["seen", "documented"] = "seen",
    seed: int = 7,
    tokens_per_second: float = 60.0,
    agents: Iterable[Agent] | None = None,
    port: int = 0,
    *,
    keepalive_seconds: float = 30.0,
    deadlines: Mapping[str, float] | None = None,
) -> LocalServer:
    """Start the embedded server.

    Args:
        dialect: "seen" speaks as the real service was seen to, "documented" as its public
            documentation says.
        seed: What the sample data, ids and durations are drawn from.
        tokens_per_second: How fast the scripted model writes; tools scale with it.
        agents: Further scripted agents, after the samples.
        port: The port; 0 takes a free one.
        keepalive_seconds: The silence after which agents with tools send a keepalive.
        deadlines: Seconds for the approvals of agents, by the agent's name, instead of their own.

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
    )


def _with_deadline(agent: Agent, deadlines: Mapping[str, float]) -> Agent:
    if agent.name not in deadlines:
        return agent
    timeout = deadlines[agent.name]
    hooks = tuple(
        replace(hook, timeout=timeout) if hook.type == "approval" else hook for hook in agent.hooks
    )
    return replace(agent, hooks=hooks)
