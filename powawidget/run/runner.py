"""One task for each run: read the stream, fold it in, and end the run whatever happens."""

import asyncio
import contextlib
import logging
import time
import traceback
from collections.abc import AsyncIterator

from powawidget.approvals.deadlines import is_overdue
from powawidget.errors import ConnectionLost, PowawidgetError, RequestError
from powawidget.http.advice import title_of
from powawidget.http.retries import Pause, Retries, waiting
from powawidget.live.run import Live
from powawidget.live.subscribers import log
from powawidget.protocol import events as ev
from powawidget.protocol.sse import EventTooLargeError
from powawidget.run.pause import GaveUp, Pauses
from powawidget.run.reading import payloads
from powawidget.run.sources import Source


async def follow(live: Live, source: Source, pauses: Pauses) -> None:
    """Follow a run to its end. Nothing is raised: what goes wrong is told in the run's state.

    Args:
        live: The run.
        source: Its bytes.
        pauses: Lets a person end a pause before the next try.
    """
    try:
        start = _Start(live, source, pauses)
        async with asyncio.timeout(source.total):
            await _read(live, source, start)
    except asyncio.CancelledError:
        live.receive(_cancelled(live))
        raise
    except RequestError as error:
        live.receive(_refused(error, start.note))
    except ConnectionLost as error:
        live.receive(_lost(live, error, start.note))
    except PowawidgetError as error:
        live.receive(ev.Refused(title="The run could not be read", message=str(error)))
    except EventTooLargeError as error:
        live.receive(too_large(error))
    except TimeoutError:
        live.receive(
            ev.Interrupted(
                title="The run took too long",
                message=f"It wasn't complete after {source.total:g} s, the limit set for it.",
                hint="Set a longer total limit, or none.",
                code="total_timeout",
            )
        )
    except Exception as error:  # noqa: BLE001  # a card must not run for ever
        # A fault of ours must not leave a card running for ever. What was raised may hold the key.
        told = live.redact(traceback.format_exc())
        log(logging.ERROR, "powawidget failed while it read a run\n%s", told)
        live.receive(
            ev.Interrupted(
                title="powawidget failed while it read this run",
                message=f"{type(error).__name__}: {error}",
                hint="Please report it. The run may still be going on at the server.",
            )
        )


class _Start:
    """The tries to start a run, until one of them may have started it."""

    def __init__(self, live: Live, source: Source, pauses: Pauses) -> None:
        self._live = live
        self._source = source
        self._pauses = pauses
        self._retries = Retries(source.timeouts)
        self._gave_up = False

    @property
    def note(self) -> str:
        """What there is to say of the tries, where there were several."""
        tries = f"It was tried {self._retries.tries} times." if self._retries.tries > 1 else ""
        if self._gave_up:
            return "You gave up waiting: nothing was started."
        return tries

    async def open(self, stack: contextlib.AsyncExitStack) -> AsyncIterator[bytes]:
        """Open the source, again where that can't start a second run."""
        while True:
            try:
                return await stack.enter_async_context(self._source.open())
            except (RequestError, ConnectionLost) as error:
                problem = error
            pause = self._retries.after(problem)
            if pause is None:
                raise problem
            await self._pause(pause, problem)

    async def _pause(self, pause: Pause, problem: Exception) -> None:
        live = self._live
        live.receive(waiting(pause, live.clock))
        try:
            await self._pauses.wait_for(asyncio.sleep(pause.seconds))
        except GaveUp:
            self._gave_up = True
        finally:
            live.note_sign()
            live.receive(ev.WaitOver())
        if self._gave_up:
            raise problem


async def _read(live: Live, source: Source, start: _Start) -> None:
    told = time.monotonic()

    def limit() -> float | None:
        after = source.timeouts.after_error
        if after is not None and live.state.error is not None and not live.engine_error:
            # Readers of the documented dialect stop at `error`; the service sends `complete` right
            # after it, or ends the body. A server that does neither isn't waited for much longer,
            # and keepalives don't count: it may go on with them for ever.
            return max(0.0, told + after - time.monotonic())
        if live.state.status == "waiting" and not is_overdue(live):
            return None  # a person may take time
        return source.idle

    async with contextlib.AsyncExitStack() as stack:
        reads = payloads(await start.open(stack), limit, live.redact)
        await stack.enter_async_context(contextlib.aclosing(reads))
        live.note_sign()
        live.receive(ev.Opened())
        async for events in reads:
            for data in events:
                told = time.monotonic()
                live.receive(data)
            if live.ended:
                return
    live.receive(ev.Ended())


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


def _refused(error: RequestError, note: str) -> ev.Refused:
    return ev.Refused(
        title=title_of(error.status, error.body),
        message=error.said,
        code=error.code or str(error.status),
        hint=" ".join(part for part in (note, error.hint) if part) or None,
    )


def _lost(live: Live, error: ConnectionLost, note: str) -> ev.Event:
    if not error.maybe_accepted:
        title = "The server can't be reached"
        return ev.Refused(title=title, message=str(error), code=error.code, hint=note or None)
    if error.code == "first_byte_timeout":
        return ev.Refused(
            title="The server didn't answer",
            message=str(error),
            code=error.code,
            hint=f"The run may have started there. {_UNSENT} {_where(live)}",
        )
    if live.state.kind == "workflow" and live.state.status != "connecting":
        run_id = live.state.run_id
        where = f'pb.get_run("{run_id}") shows' if run_id else "workflow.executions() lists"
        hint = (
            "What came is kept. The server ends an execution with its stream, and charges for what "
            f"was done until then: {where} what it has stored."
        )
    elif live.state.run_id is None:
        hint = f"The run may have started at the server. {_UNSENT} {_where(live)}"
    else:
        hint = (
            "What came is kept. The run may still be going on at the server; "
            f'pb.get_run("{live.state.run_id}") looks it up.'
        )
    silent = error.code == "idle_timeout"
    return ev.Interrupted(
        title="The stream fell silent" if silent else "The connection was lost",
        message=str(error),
        code=error.code,
        hint=hint,
    )


_UNSENT = "It wasn't sent again: each one costs."
_SESSIONS = {
    "agent": "agent.sessions() lists its conversations: if it did start, it is in one of them.",
    "orchestration": "orchestration.sessions() lists its conversations: if it did start, it is in "
    "one of them.",
    "workflow": "workflow.executions() lists its executions: if it did start, it is one of them.",
}


def _where(live: Live) -> str:
    """Say where a run is found whose id never came."""
    return _SESSIONS[live.state.kind]
