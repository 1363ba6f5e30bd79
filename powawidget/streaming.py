"""The events of a run, read without a widget."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from powawidget import events as ev
from powawidget.client import Client
from powawidget.errors import ConnectionLost, ProtocolError
from powawidget.runner import AFTER_ERROR, timed
from powawidget.sse import EventTooLargeError, SSEDecoder

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
        The events, typed, in order, up to the terminal one.

    Raises:
        RequestError: If the server refuses.
        ConnectionLost: If it can't be reached, or the stream ends without its terminal event.
        ProtocolError: If an event is too large.
    """
    decoder = SSEDecoder()
    told = False

    def limit() -> float | None:
        return AFTER_ERROR if told else idle

    try:
        async with (
            client.stream(path, body) as chunks,
            contextlib.aclosing(timed(chunks, limit)) as heard,
        ):
            async for chunk in heard:
                for frame in decoder.feed(chunk):
                    event = meaning(ev.read(client.secret.redact(frame.data)))
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
