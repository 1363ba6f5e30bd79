"""The events of a run, read without a widget."""

import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from functools import partial

from powawidget.errors import ConnectionLost, ProtocolError
from powawidget.kernel.loop_generator import on_loop_thread
from powawidget.live import alive
from powawidget.live.subscribers import log
from powawidget.protocol import events as ev
from powawidget.protocol.sse import EventTooLargeError
from powawidget.run.follow import Following
from powawidget.run.sources import LiveSource

_ENDS = (ev.Completed, ev.WorkflowCompleted, ev.WorkflowFailed)


async def events_of(
    source: LiveSource, meaning: Callable[[ev.Event], ev.Event] = lambda event: event
) -> AsyncGenerator[ev.Event, None]:
    """Start a run and read its events.

    Args:
        source: Where its bytes come from; it is closed at the end.
        meaning: What an event means in this kind of stream.

    Yields:
        The events, typed, in order, up to the terminal one; and a `Waiting` before each pause
        after which the request is sent again.

    Raises:
        RequestError: If the server refuses.
        ConnectionLost: If it can't be reached, or takes too long, or the stream ends without its
            terminal event.
        ProtocolError: If an event is too large; the run has started.
    """
    pieces = ev.Pieces()
    try:
        following = Following(source, source.redact)
        # What interrupts the caller must find no frame of the HTTP library: it holds the key.
        async with contextlib.aclosing(on_loop_thread(partial(_kept, following))) as reads:
            async for items in reads:
                for item in items:
                    if isinstance(item, ev.Waiting):
                        yield item
                    elif isinstance(item, str):
                        event = pieces.joined(meaning(ev.read(item)))
                        following.note_event(event)
                        for left in pieces.left() if isinstance(event, _ENDS) else ():
                            yield left
                        yield event
                        if isinstance(event, _ENDS):
                            return
    except EventTooLargeError as error:
        # The cause says the same; its frames stand in the middle of the stream.
        raise ProtocolError(str(error), maybe_accepted=True) from None
    finally:
        source.close()
    for left in pieces.left():
        yield left
    if not following.has_error:  # where an error came, the terminal event may be left out
        raise ConnectionLost(
            "The stream ended without its terminal event: the run may not be complete.",
            maybe_accepted=True,
        )


async def _kept(following: Following) -> AsyncGenerator[list[str | ev.Event], None]:
    """Read a stream, and keep the kernel alive meanwhile; on the loop thread."""
    with alive.work(_say):
        async with contextlib.aclosing(following.read()) as reads:
            async for items in reads:
                yield items


def _say(text: str) -> None:
    log(logging.WARNING, "powawidget: %s", text)
