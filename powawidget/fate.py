"""What became of a run at the server, once its stream is over here (wire protocol, section 9)."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import Any

from powawidget import events as ev
from powawidget.errors import ConnectionLost, PowawidgetError, ProtocolError, RequestError
from powawidget.live import Live
from powawidget.patience import GaveUp, Patience
from powawidget.stored import fate_of, retell
from powawidget.timeouts import Timeouts

Fetch = Callable[[str], Awaitable[Any]]

_WHY = "The server may still be working on it"
_LEAST = 1.0
# An orchestration whose stream was cut stays as running for ever.
_LOOKS_AT_ORCHESTRATION = 2
_AT_WORK = frozenset({"running", "active", "pending", "queued", "started", "in_progress"})
# Nothing went wrong there: the run was ended here, or the time that was set for it is over.
_MEANT = frozenset({"kernel_ended", "total_timeout"})


def is_worth_a_look(live: Live) -> bool:
    """Tell whether the server is asked what became of a run.

    Args:
        live: The run, over.

    Returns:
        Whether its stream was cut or stopped, and its id is known.
    """
    state = live.state
    if state.kind == "workflow" or not state.run_id:
        return False  # a workflow's id comes with its end
    if state.status == "interrupted":
        return state.error is None or state.error.code not in _MEANT
    return state.status == "stopped"


async def learn(live: Live, fetch: Fetch, limits: Timeouts, patience: Patience) -> None:
    """Look a run up until the server has ended it, and tell what it did.

    An interrupted run becomes what is stored, where it was completed there; a stopped one stays
    stopped. Nothing is raised but a cancellation.

    Args:
        live: The run, over here.
        fetch: Fetches what is stored of it.
        limits: How long and how often.
        patience: Lets a person end it.
    """
    try:
        found = await patience.wait_for(_looks(live, fetch, limits))
    except GaveUp:
        found = ev.Learned(text=f"You stopped looking. {_later(live)}")
    finally:
        if live.state.wait is not None:
            live.take(ev.WaitOver())
    live.take(found)


async def _looks(live: Live, fetch: Fetch, limits: Timeouts) -> ev.Event:
    begun = reached = time.monotonic()
    answer: str | None = None
    for attempt, pause in enumerate(_pauses(limits), start=1):
        left = limits.look_up_unreachable - (time.monotonic() - reached)
        await _pause(live, pause if answer is not None else min(pause, max(left, 0.0)), attempt)
        left = limits.look_up_unreachable - (time.monotonic() - reached)
        try:
            async with asyncio.timeout(max(left, _LEAST)):
                stored = await fetch(str(live.state.run_id))
        except (ConnectionLost, ProtocolError, TimeoutError):
            stored = None
        except RequestError as error:
            if not _may_pass(error):
                return ev.Learned(text=_refused(live, error))
            stored = None
        except PowawidgetError as error:
            return ev.Learned(text=f"{error} {_later(live)}")
        now = time.monotonic()
        if isinstance(stored, dict):
            answer, reached = str(stored.get("status"))[:40], now
            if answer not in _AT_WORK:
                return _told(live, stored)
            if _is_enough(live, attempt) or now - begun >= limits.look_up_total:
                return ev.Learned(text=_still(live, answer))
        elif now - reached >= limits.look_up_unreachable:
            return ev.Learned(text=f"The server can't be asked what became of it. {_later(live)}")
    raise AssertionError  # the pauses never end


def _pauses(limits: Timeouts) -> Iterator[float]:
    yield from limits.look_up
    yield from itertools.repeat(limits.look_up[-1] if limits.look_up else _LEAST)


async def _pause(live: Live, seconds: float, attempt: int) -> None:
    if live.state.status == "interrupted":
        until = live.clock() + seconds
        live.take(ev.Waiting(purpose="look_up", why=_WHY, until=until, attempt=attempt))
    await asyncio.sleep(seconds)


def _told(live: Live, stored: dict[str, Any]) -> ev.Event:
    if live.state.status == "interrupted" and stored.get("status") == "completed":
        return ev.Restored(events=list(retell(stored)))
    fate = fate_of(stored)
    return ev.Learned(text=fate or f"The server has the run as {stored.get('status')}.")


def _may_pass(error: RequestError) -> bool:
    return error.temporary or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _is_enough(live: Live, attempt: int) -> bool:
    return live.state.kind == "orchestration" and attempt >= _LOOKS_AT_ORCHESTRATION


def _still(live: Live, status: str) -> str:
    if live.state.kind == "orchestration":
        return (
            f"The server has the orchestration as {status}. One whose stream was cut stays so "
            f"for ever: start it again if you need its answer."
        )
    return f"The server still has the run as {status}. {_later(live)}"


def _refused(live: Live, error: RequestError) -> str:
    if error.status == HTTPStatus.NOT_FOUND:
        return f"The server has stored no run {live.state.run_id}."
    return f"The server doesn't tell what became of the run: {error}"


def _later(live: Live) -> str:
    return f'pb.run("{live.state.run_id}") looks it up later.'
