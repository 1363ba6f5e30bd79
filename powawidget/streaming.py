"""The events of a run, read without a widget."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from powawidget import events as ev
from powawidget.client import Client
from powawidget.errors import ConnectionLost, ProtocolError, RequestError
from powawidget.reading import payloads
from powawidget.retries import Retries, waiting
from powawidget.runner import AFTER_ERROR
from powawidget.sse import EventTooLargeError

_ENDS = (ev.Completed, ev.WorkflowCompleted, ev.WorkflowFailed)


async def events_of(
    client: Client,
    path: str,
    body: Mapping[str, Any],
    *,
    idle: float | None,
    meaning: Callable[[ev.Event], ev.Event] = lambda event: event,
) -> AsyncIterator[ev.Event]:
    """Start a run and read its events.

    Args:
        client: The HTTP side.
        path: The path to post to.
        body: The request.
        idle: How long the stream may be silent, in seconds.
        meaning: What an event means in this kind of stream.

    Yields:
        The events, typed, in order, up to the terminal one; and a `Waiting` before each pause
        after which the request is sent again.

    Raises:
        RequestError: If the server refuses.
        ConnectionLost: If it can't be reached, or the stream ends without its terminal event.
        ProtocolError: If an event is too large.
    """
    told = False
    retries = Retries(client.timeouts)

    def limit() -> float | None:
        return AFTER_ERROR if told else idle

    try:
        async with contextlib.AsyncExitStack() as stack:
            while True:
                try:
                    chunks = await stack.enter_async_context(client.stream(path, body))
                    break
                except (RequestError, ConnectionLost) as error:
                    pause = retries.after(error)
                    if pause is None:
                        raise
                yield waiting(pause)
                await asyncio.sleep(pause.seconds)
            reads = payloads(chunks, limit, client.secret.redact)
            await stack.enter_async_context(contextlib.aclosing(reads))
            async for events in reads:
                for data in events:
                    event = meaning(ev.read(data))
                    told = told or isinstance(event, ev.Errored)
                    yield event
                    if isinstance(event, _ENDS):
                        return
    except EventTooLargeError as error:
        raise ProtocolError(str(error)) from None
    except ConnectionLost:
        if not told:
            raise
    if told:
        return  # where an error was told, the terminal event may be left out
    raise ConnectionLost(
        "The stream ended without its terminal event: the run may not be complete.",
        maybe_accepted=True,
    )
