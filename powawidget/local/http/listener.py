"""The port: uvicorn, and how it is set up to live in somebody's kernel."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import uvicorn

from powawidget.local import limits
from powawidget.local.http.connections import protocol_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from powawidget.local.http.connections import Connections

_LOOPBACK = "127.0.0.1"
_PATIENCE = 5.0  # seconds for connections to end


class Listener:
    """A port of loopback. All but its start and end happens in the server's thread.

    Args:
        app: What answers there.
        connections: Where its connections are counted.
        port: The port; 0 takes a free one.

    Raises:
        OSError: The port is taken.
    """

    def __init__(self, app: ASGIApp, connections: Connections, port: int) -> None:
        self._socket = socket.create_server((_LOOPBACK, port))
        self._serving: asyncio.Task[None] | None = None
        self.port: int = self._socket.getsockname()[1]
        self.uvicorn = uvicorn.Server(
            uvicorn.Config(
                app,
                loop="asyncio",
                http=protocol_of(connections),
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

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://{_LOOPBACK}:{self.port}"

    async def listen(self) -> None:
        """Accept connections from now on."""
        self._serving = asyncio.create_task(self.uvicorn.serve(sockets=[self._socket]))
        while not (self.uvicorn.started or self._serving.done()):  # noqa: ASYNC110  # no event is set
            await asyncio.sleep(0.001)

    async def end(self) -> None:
        """Accept no more connections, and end those that there are."""
        self.uvicorn.should_exit = True
        if self._serving is not None:
            await asyncio.wait([self._serving], timeout=_PATIENCE)

    def close(self) -> None:
        """Give the port back, also where nothing listened."""
        self._socket.close()
