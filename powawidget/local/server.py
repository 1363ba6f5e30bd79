"""The server: what it is made of, and the thread that it lives in."""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import secrets
import threading
from typing import TYPE_CHECKING, Self

try:
    import starlette  # noqa: F401  # is it installed?
    import uvicorn  # noqa: F401  # likewise
except ImportError as missing:
    raise ImportError(
        "The embedded server needs starlette and uvicorn."
        ' Install them with: pip install "powawidget[local]"'
    ) from missing

from powawidget.local.database import Database
from powawidget.local.engine import Engine
from powawidget.local.http.app import make_app
from powawidget.local.http.connections import Connections
from powawidget.local.http.listener import Listener
from powawidget.local.samples.project import sample_project
from powawidget.local.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from powawidget.local.http.app import Intercept
    from powawidget.local.project import Project

_PATIENCE = 10.0  # seconds for the thread to begin or to end


class LocalServer:
    """A small Powabase-compatible server on loopback, in a thread of this process.

    Args:
        project: From the sample database to what the server offers.
        settings: How it behaves.
        port: The port; 0 takes a free one.
        intercept: Asked about each request that has the key, and its body, before it is answered.
            What it returns is sent instead; None leaves it.

    Raises:
        OSError: The port is taken.
    """

    def __init__(
        self,
        project: Callable[[Database], Project] = sample_project,
        settings: Settings | None = None,
        *,
        port: int = 0,
        intercept: Intercept | None = None,
    ) -> None:
        settings = settings or Settings()
        self.key = secrets.token_urlsafe(24)
        self.connections = Connections()
        self.database = Database(settings.seed)
        self.engine = Engine(
            project(self.database), self.database, settings, abort=self.connections.abort
        )
        self.app = make_app(self.engine, self.key, self.connections, intercept)
        self.listener = Listener(self.app, self.connections, port)
        self.loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._stopping: asyncio.Event | None = None
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
        return self.listener.url

    @property
    def port(self) -> int:
        """The port."""
        return self.listener.port

    @property
    def open_streams(self) -> int:
        """How many streams are being read now."""
        return self.engine.open_streams

    @property
    def running(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Close the socket, end all runs and the thread; again does nothing."""
        with self._stop_lock:
            atexit.unregister(self.stop)
            if self._thread.is_alive() and self.loop and self._stopping:
                self.loop.call_soon_threadsafe(self._stopping.set)
                self._thread.join(_PATIENCE)
            self.listener.close()
            self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r}{'' if self.running else ', stopped'})"

    def _serve(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        await self.listener.listen()
        self._ready.set()
        await self._stopping.wait()
        await self.engine.close()
        await self.listener.end()
