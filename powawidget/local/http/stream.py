"""The response that streams a run, with the real service's habits.

Rules: docs/protocol.md#keepalives and, where the client leaves, #after-the-stream.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from powawidget.local.dialects import KEEPALIVE

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from powawidget.local.channel import Channel
    from powawidget.local.http.connections import Address

_TYPE = [(b"content-type", b"text/event-stream; charset=utf-8")]
_UNBUFFERED = [(b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no")]


@dataclass
class Stream:
    """An ASGI response with the frames of one run.

    Not Starlette's StreamingResponse, which stops when the client leaves: here a run learns of that
    when the service would, and some go on.

    Args:
        channel: Where the frames come from.
        keepalive: Seconds of silence until a keepalive; None sends none.
        on_lost: Called when a write finds the client gone; None where that changes nothing.
        on_closed: Called once, when no client reads any more.
        abort: Breaks the connection from an address.
        unbuffered: Whether the headers ask what lies between not to hold anything back;
            orchestrations don't.
    """

    channel: Channel
    keepalive: float | None
    on_lost: Callable[[], None] | None
    on_closed: Callable[[], None]
    abort: Callable[[Address], None]
    unbuffered: bool = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        headers = [*(_UNBUFFERED if self.unbuffered else []), *_TYPE]
        watcher = asyncio.create_task(self._watch(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await self._pass_on(send)
            if self.channel.cut:
                self.abort(tuple(scope["client"]))
                await watcher
            elif not self.channel.gone:
                await send(_body(b"", more=False))
        finally:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher

    async def _pass_on(self, send: Send) -> None:
        unnoticed = False
        while (data := await self.channel.take(self.keepalive)) is not None:
            if self.channel.gone:
                # The first keepalive after the client went is written into the void, only the
                # second is found out: twice the interval.
                if not data and not unnoticed:
                    unnoticed = True
                    continue
                if self.on_lost:
                    self.on_lost()
                return
            await send(_body(data or KEEPALIVE, more=True))

    async def _watch(self, receive: Receive) -> None:
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
            self.channel.gone = True
        finally:
            self.on_closed()


def _body(data: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}
