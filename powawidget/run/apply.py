"""Applies the events of a followed stream to the run, which always ends, whatever goes wrong."""

import asyncio
import contextlib
import logging
import traceback
from collections.abc import Callable

from powawidget.approvals.deadlines import is_overdue
from powawidget.errors import ConnectionLost, PowawidgetError, ProtocolError, RequestError
from powawidget.http.advice import title_of
from powawidget.live.run import Live
from powawidget.live.subscribers import log
from powawidget.protocol import events as ev
from powawidget.protocol.sse import EventTooLargeError
from powawidget.run.follow import Following
from powawidget.run.pause import Pauses
from powawidget.run.sources import Source


async def follow(
    live: Live,
    source: Source,
    pauses: Pauses,
    is_denied: Callable[[], bool] = lambda: False,
    finds: Callable[[], bool] = lambda: False,
) -> None:
    """Follow a run to its end. Nothing is raised: what goes wrong is an event of the run.

    Args:
        live: The run.
        source: Its bytes.
        pauses: Lets a person end a pause before the next try.
        is_denied: Whether the stream has shown that the denial of a stop counted.
        finds: Whether a run that never told its id is looked for.
    """
    following: Following | None = None

    def is_asking() -> bool:
        return live.state.status == "waiting" and not is_overdue(live)

    try:
        following = Following(source, live.redact, is_asking, pauses, live.note_read)
        await _apply(live, following, is_denied)
    except asyncio.CancelledError:
        live.receive(_cancelled(live))
        raise
    except Exception as error:  # noqa: BLE001  # a card must not run for ever
        end = _end_of(live, source, error, "" if following is None else following.note)
        if finds() and getattr(error, "maybe_accepted", False) and isinstance(end, ev.Refused):
            # Whether it began isn't known, and can be: as after a cut.
            end = ev.Interrupted(title=end.title, message=end.message, code=end.code, hint=end.hint)
        live.receive(end)


async def _cancellation() -> None:
    """Wait for the cancellation with which a stop ends."""
    await asyncio.get_running_loop().create_future()


async def _apply(live: Live, following: Following, is_denied: Callable[[], bool]) -> None:
    async with contextlib.aclosing(following.read()) as reads:
        async for items in reads:
            for some in [[one] for one in items] if live.stop_asked else [items]:
                if is_denied():
                    # What the run did after its denial may have come at once with the proof.
                    await _cancellation()
                for event in live.receive_all(some):
                    following.note_event(event)
            if live.ended:
                return


def _end_of(live: Live, source: Source, error: Exception, note: str) -> ev.Event:
    """Say what an error has made of the run."""
    if isinstance(error, RequestError):
        return _refused(live, error, note)
    if isinstance(error, ConnectionLost):
        return _lost(live, source, error, note)
    if isinstance(error, ProtocolError) and error.maybe_accepted:
        hint = _where(live)  # its message says that the run may have started
        return ev.Refused(title="The run could not be read", message=str(error), hint=hint)
    if isinstance(error, PowawidgetError):
        return ev.Refused(title="The run could not be read", message=str(error))
    if isinstance(error, EventTooLargeError):
        return too_large(error, _going_on(live))
    # What was raised may hold the key.
    text = live.redact("".join(traceback.format_exception(error)))
    log(logging.ERROR, "powawidget failed while it read a run\n%s", text)
    return ev.Interrupted(
        title="powawidget failed while it read this run",
        message=f"{type(error).__name__}: {error}",
        hint="Please report it. The run may still be going on at the server.",
    )


def too_large(error: EventTooLargeError, hint: str | None = None) -> ev.Interrupted:
    """Say that the rest of a stream can't be read."""
    return ev.Interrupted(
        title="The stream was given up", message=str(error), code="event_too_large", hint=hint
    )


def _cancelled(live: Live) -> ev.Event:
    if live.stop_asked:
        return ev.Stopped(message=f"The run was stopped. {live.state.on_stop}".strip())
    return ev.Interrupted(
        title="The kernel was shut down",
        message="The run's stream was closed with it.",
        hint=live.state.on_stop or None,
        code="kernel_ended",
    )


def _refused(live: Live, error: RequestError, note: str) -> ev.Refused:
    where = _where(live) if error.maybe_accepted else ""
    return ev.Refused(
        title=title_of(error.status, error.body),
        message=error.message,
        code=error.code or str(error.status),
        hint=" ".join(part for part in (note, error.hint, where) if part) or None,
    )


def _lost(live: Live, source: Source, error: ConnectionLost, note: str) -> ev.Event:
    if error.code == "total_timeout":
        return ev.Interrupted(
            title="The run took too long",
            message=f"It wasn't complete after {source.total:g} s, the limit set for it.",
            hint=f"{_going_on(live)} Set a longer total limit, or none.",
            code=error.code,
        )
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
    else:
        hint = _going_on(live)
    silent = error.code == "idle_timeout"
    return ev.Interrupted(
        title="The stream fell silent" if silent else "The connection was lost",
        message=str(error),
        code=error.code,
        hint=hint,
    )


def _going_on(live: Live) -> str:
    """Say what may have become of a run whose stream isn't read any more."""
    run_id = live.state.run_id
    if run_id is None:
        return f"The run may have started at the server. {_UNSENT} {_where(live)}"
    return (
        "What came is kept. The run may still be going on at the server; "
        f'pb.get_run("{run_id}") looks it up.'
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
