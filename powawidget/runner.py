"""One task for each run: read the stream, fold it in, and end the run whatever happens."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from powawidget import events as ev
from powawidget.errors import ConnectionLost, PowawidgetError, RequestError
from powawidget.live import Live
from powawidget.sse import EventTooLargeError, SSEDecoder

_log = logging.getLogger("powawidget")

# Readers of the documented dialect stop at `error`; the service sends `complete` right after it,
# or ends the body. A server that does neither isn't waited for longer than this.
AFTER_ERROR = 5.0


class Source(Protocol):
    """Where a run's bytes come from."""

    def open(self) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Start the run and give its bytes; raises a PowawidgetError where it can't start."""

    @property
    def idle(self) -> float | None:
        """How long the stream may be silent, in seconds."""

    @property
    def total(self) -> float | None:
        """How long the run may take, in seconds."""


async def follow(live: Live, source: Source) -> None:
    """Follow a run to its end. Nothing is raised: what goes wrong is told in the run's state.

    Args:
        live: The run.
        source: Its bytes.
    """
    try:
        async with asyncio.timeout(source.total):
            await _read(live, source)
    except asyncio.CancelledError:
        live.take(_cancelled(live))
        raise
    except RequestError as error:
        live.take(_refused(error))
    except ConnectionLost as error:
        live.take(_lost(live, error))
    except PowawidgetError as error:
        live.take(ev.Refused(title="The run could not be read", message=str(error)))
    except EventTooLargeError as error:
        live.take(too_large(error))
    except TimeoutError:
        live.take(
            ev.Interrupted(
                title="The run took too long",
                message=f"It wasn't complete after {source.total:g} s, the limit set for it.",
                hint="Set a longer total limit, or none.",
                code="total_timeout",
            )
        )
    except Exception as error:  # noqa: BLE001
        # A fault of ours must not leave a card running for ever.
        _log.exception("powawidget failed while it read a run")
        live.take(
            ev.Interrupted(
                title="powawidget failed while it read this run",
                message=f"{type(error).__name__}: {error}",
                hint="Please report it. The run may still be going on at the server.",
            )
        )


async def _read(live: Live, source: Source) -> None:
    decoder = SSEDecoder()
    told = time.monotonic()

    def limit() -> float | None:
        if live.state.error is not None and not live.engine_error:
            # Keepalives don't count: the server may go on with them for ever.
            return max(0.0, told + AFTER_ERROR - time.monotonic())
        return None if live.state.status == "waiting" else source.idle  # a person may take time

    async with source.open() as chunks, contextlib.aclosing(timed(chunks, limit)) as heard:
        live.hear()
        live.take(ev.Opened())
        async for chunk in heard:
            live.hear()
            for frame in decoder.feed(chunk):
                told = time.monotonic()
                live.take(frame.data)
            if live.ended:
                return
    live.take(ev.Ended())


async def timed(
    chunks: AsyncIterator[bytes], limit: Callable[[], float | None]
) -> AsyncGenerator[bytes, None]:
    """Pass chunks on, and raise when none has come for too long.

    Args:
        chunks: The bytes of a stream.
        limit: How long the next may take, in seconds; None for ever.

    Yields:
        The chunks.

    Raises:
        ConnectionLost: If the stream falls silent.
    """
    while True:
        seconds = limit()
        try:
            async with asyncio.timeout(seconds):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise ConnectionLost(
                f"No data for {seconds:g} s.", maybe_accepted=True, code="idle_timeout"
            ) from None
        yield chunk


def too_large(error: EventTooLargeError) -> ev.Interrupted:
    """Tell that a stream can't be read on."""
    return ev.Interrupted(
        title="The stream was given up", message=str(error), code="event_too_large"
    )


def _cancelled(live: Live) -> ev.Event:
    if live.stop_asked:
        return ev.Stopped(message=f"Stopped by you. {live.state.on_stop}".strip())
    return ev.Interrupted(
        title="The kernel was shut down",
        message="The run's stream was closed with it.",
        hint=live.state.on_stop or None,
        code="kernel_ended",
    )


def _refused(error: RequestError) -> ev.Refused:
    titles = {
        401: "The API key was refused",
        402: "Not enough credits",
        403: "The API key isn't allowed to do this",
        404: "Not found",
        429: "Too many requests",
    }
    title = titles.get(error.status, "The server refused the run")
    return ev.Refused(title=title, message=str(error), code=error.code or str(error.status))


def _lost(live: Live, error: ConnectionLost) -> ev.Event:
    if not error.maybe_accepted:
        return ev.Refused(title="The server can't be reached", message=str(error), code=error.code)
    if error.code == "first_byte_timeout":
        return ev.Refused(
            title="The server didn't answer",
            message=str(error),
            code=error.code,
            hint="The run may have started there. It wasn't sent again: each one costs.",
        )
    begun = live.state.run_id is not None
    kept = "What came is kept. The run may still be going on at the server"
    unsure = "The run may have started at the server. It wasn't sent again: each one costs."
    look = f'; pb.run("{live.state.run_id}") looks it up.'
    return ev.Interrupted(
        title="The connection was lost"
        if error.code != "idle_timeout"
        else "The stream fell silent",
        message=str(error),
        code=error.code,
        hint=kept + look if begun else unsure,
    )
