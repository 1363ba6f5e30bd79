"""The events of a run, read without a widget."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from powawidget.errors import ConnectionLost, ProtocolError, RequestError
from powawidget.http.client import Client
from powawidget.http.retries import Retries, waiting
from powawidget.kernel.loop_generator import on_loop_thread
from powawidget.protocol import events as ev
from powawidget.protocol.sse import EventTooLargeError
from powawidget.run.reading import Limit, payloads

_ENDS = (ev.Completed, ev.WorkflowCompleted, ev.WorkflowFailed)


async def events_of(
    client: Client,
    path: str,
    body: Mapping[str, Any],
    *,
    idle: float | None,
    meaning: Callable[[ev.Event], ev.Event] = lambda event: event,
) -> AsyncGenerator[ev.Event, None]:
    """Start a run and read its events, within the client's limit for a whole run.

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
        ConnectionLost: If it can't be reached, or takes too long, or the stream ends without its
            terminal event.
        ProtocolError: If an event is too large.
    """
    client = client.for_run()
    told = False
    after_error, total = client.timeouts.after_error, client.timeouts.total
    end = None if total is None else asyncio.get_running_loop().time() + total

    def limit() -> float | None:
        return after_error if told and after_error is not None else idle

    try:
        # What interrupts the caller must find no frame of the HTTP library: it holds the key.
        read = on_loop_thread(lambda: _read(client, path, body, limit))
        async with contextlib.aclosing(read):
            # The limit is never open while the caller handles an event: it would be cancelled.
            while (some := await _next(read, total, end)) is not None:
                for one in some:
                    event = meaning(one)
                    told = told or isinstance(event, ev.Errored)
                    yield event
                    if isinstance(event, _ENDS):
                        return
    except EventTooLargeError as error:
        raise ProtocolError(str(error)) from None
    except ConnectionLost:
        if not told:
            raise
    finally:
        client.leave()
    if told:
        return  # where an error was told, the terminal event may be left out
    raise ConnectionLost(
        "The stream ended without its terminal event: the run may not be complete.",
        maybe_accepted=True,
    )


async def _next(
    read: AsyncGenerator[list[ev.Event], None], total: float | None, end: float | None
) -> list[ev.Event] | None:
    """Read some events, or None at the stream's end, until the time for all of them is over."""
    scope = asyncio.timeout_at(end)
    try:
        async with scope:
            return await anext(read, None)
    except TimeoutError:
        if not scope.expired():
            raise
    raise ConnectionLost(
        f"The run took too long: it wasn't complete after {total:g} s, the limit set for it. "
        "Set a longer total limit, or none.",
        maybe_accepted=True,
        code="total_timeout",
    )


async def _read(
    client: Client, path: str, body: Mapping[str, Any], limit: Limit
) -> AsyncGenerator[list[ev.Event], None]:
    """Start a run, again where that can't start a second one, and read what each read brings."""
    retries = Retries(client.timeouts)
    while True:
        async with contextlib.AsyncExitStack() as stack:
            try:
                chunks = await stack.enter_async_context(client.stream(path, body))
            except (RequestError, ConnectionLost) as error:
                pause = retries.after(error)
                if pause is None:
                    raise
            else:
                reads = payloads(chunks, limit, client.secret.redact)
                await stack.enter_async_context(contextlib.aclosing(reads))
                async for frames in reads:
                    if frames:
                        yield [ev.read(data) for data in frames]
                return
        yield [waiting(pause)]
        await asyncio.sleep(pause.seconds)
