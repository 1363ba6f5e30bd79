"""What became of a run at the server, once its stream is over here.

Rules: docs/protocol.md#after-the-stream.
"""

import asyncio
import itertools
import math
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from powawidget.errors import (
    AnswerTooLargeError,
    ConnectionLost,
    PowawidgetError,
    ProtocolError,
    RequestError,
)
from powawidget.http.timeouts import Timeouts
from powawidget.live import named
from powawidget.live.run import Live
from powawidget.protocol import events as ev
from powawidget.protocol.stored.execution import is_whole, logs_of
from powawidget.protocol.stored.run import age_of, events_of_stored, is_whole_answer, outcome_of
from powawidget.run.pause import GaveUp, Pauses
from powawidget.run.plan import Lookup

_WHY = "The server may still be working on it"
_LEAST = 1.0
# A lookup that hangs longer than this is given up for the next one.
_A_LOOK = 30.0
_LISTS = "workflow.executions() lists the workflow's executions."
_SESSIONS = "agent.sessions() lists the conversations, and session(id).messages() what was said."
# An orchestration whose stream was cut stays as running for ever.
_LOOKS_AT_ORCHESTRATION = 2
# An execution is listed as soon as it has begun. A conversation may get a run later: a request
# waits in a busy server process, while others don't know it; after these seconds it was most
# probably not accepted (docs/protocol.md#own-session-id).
_LOOKS_FOR_EXECUTION = 3
_UNLISTED_FOR = 60.0
_UNLISTED = "unlisted"
_AT_WORK = frozenset(
    {_UNLISTED, "running", "active", "pending", "queued", "started", "in_progress"}
)
# Nothing that the server stores tells two that are alike apart: whose it is can only be guessed.
_TAKEN = (
    "The stream broke before it told the run's id. One run of this conversation began at that time "
    "with the same message: it is taken for this one.",
    "The stream broke before it told the execution's id. One execution began at that time with the "
    "same variables: it is taken for this one.",
)
# Nothing went wrong there: the run was ended here, or the time that was set for it is over.
_MEANT = frozenset({"kernel_ended", "total_timeout"})


class _NotFoundAloneError(Exception):
    """Not exactly one of the stored runs fits: none does, or `count` do."""

    def __init__(self, count: int) -> None:
        self.count = count


def is_worth_a_look(live: Live, lookup: Lookup) -> bool:
    """Tell whether the server is asked what became of a run.

    Returns:
        Whether its stream was cut or stopped, and it can be found.
    """
    state = live.state
    if lookup.stored is None or not (state.run_id or lookup.finds):
        return False
    if state.status == "interrupted":
        return state.error is None or state.error.code not in _MEANT
    return state.status == "stopped"


async def recover(live: Live, lookup: Lookup, limits: Timeouts, pauses: Pauses) -> None:
    """Look a run up until the server has ended it, and apply what it did.

    An interrupted run that was completed at the server becomes what is stored there; a stopped run
    stays stopped. Nothing is raised but a cancellation.
    """
    found: list[ev.Event]
    try:
        found = await pauses.wait_for(_lookups(live, lookup, limits))
    except GaveUp:
        found = [ev.OutcomeKnown(text=f"The lookup was stopped. {_later(live)}")]
    finally:
        if live.state.wait is not None:
            live.receive(ev.WaitOver())
    for event in found:
        live.receive(event)


async def _lookups(live: Live, lookup: Lookup, limits: Timeouts) -> list[ev.Event]:
    begun = reached = time.monotonic()
    total = math.inf if limits.look_up_total is None else limits.look_up_total
    unreachable = math.inf if limits.look_up_unreachable is None else limits.look_up_unreachable
    status: str | None = None
    for attempt, pause in enumerate(_pauses(limits), start=1):
        left = unreachable - (time.monotonic() - reached)
        await _pause(live, pause if status is not None else min(pause, max(left, 0.0)), attempt)
        left = unreachable - (time.monotonic() - reached)
        stored = await _look(live, lookup, attempt, min(max(left, _LEAST), _A_LOOK))
        now = time.monotonic()
        if isinstance(stored, ev.OutcomeKnown):
            return [stored]
        if stored is not None:
            status, reached = str(stored.get("status"))[:40], now
            if status not in _AT_WORK:
                return _events_of(live, stored)
            most = min(total, _UNLISTED_FOR) if status == _UNLISTED else total
            if _is_enough(live, attempt) or now - begun >= most:
                return [ev.OutcomeKnown(text=_still(live, status, stored))]
        elif now - reached >= unreachable:
            text = f"The server can't be asked what became of it. {_later(live)}"
            return [ev.OutcomeKnown(text=text)]
    raise AssertionError  # the pauses never end


async def _look(
    live: Live, lookup: Lookup, attempt: int, seconds: float
) -> dict[str, Any] | ev.OutcomeKnown | None:
    """Do one lookup.

    Returns:
        The stored run. An `OutcomeKnown` says why no lookup can help. None says that the server
        didn't answer this time, and may answer the next.
    """
    try:
        async with asyncio.timeout(seconds):
            run_id = await _id(live, lookup)
            stored = None if lookup.stored is None else await lookup.stored(run_id)
    except _NotFoundAloneError as problem:
        is_over = live.state.kind == "workflow" and attempt >= _LOOKS_FOR_EXECUTION
        if problem.count or is_over:
            return ev.OutcomeKnown(text=_which(live, problem.count))
        return {"status": _UNLISTED}  # it may be listed in a moment
    except AnswerTooLargeError as error:
        return ev.OutcomeKnown(text=f"What the server has stored of the run can't be read: {error}")
    except (ConnectionLost, ProtocolError, TimeoutError):
        return None
    except RequestError as error:
        return None if _may_pass(error) else ev.OutcomeKnown(text=_refused(live, error))
    except PowawidgetError as error:
        return ev.OutcomeKnown(text=f"{error} {_later(live)}")
    return stored if isinstance(stored, dict) else None


async def _id(live: Live, lookup: Lookup) -> str:
    """Tell the id of a run; where its stream didn't, that of the one stored run that fits."""
    state = live.state
    if not state.run_id and lookup.find is not None:
        now = live.clock()
        found = await lookup.find(state.started or now, state.ended or now)
        ids = named.unnamed(found, live)
        if len(ids) != 1:
            raise _NotFoundAloneError(len(ids))
        live.receive(
            ev.WorkflowStarted(execution_id=ids[0])
            if state.kind == "workflow"
            else ev.Started(run_id=ids[0], session_id=None)
        )
        live.receive(ev.OutcomeKnown(text=_TAKEN[state.kind == "workflow"]))
    return str(state.run_id)


def _pauses(limits: Timeouts) -> Iterator[float]:
    yield from limits.look_up
    yield from itertools.repeat(limits.look_up[-1] if limits.look_up else _LEAST)


async def _pause(live: Live, seconds: float, attempt: int) -> None:
    if live.state.status == "interrupted":
        until = live.clock() + seconds
        live.receive(ev.Waiting(purpose="look_up", why=_WHY, until=until, attempt=attempt))
    await asyncio.sleep(seconds)


def _events_of(live: Live, stored: dict[str, Any]) -> list[ev.Event]:
    is_execution = "block_logs" in stored
    whole = is_whole_answer(stored) or (
        stored.get("status") == "completed" and (not is_execution or is_whole(stored))
    )
    if whole and live.state.status == "interrupted":
        return [ev.Restored(events=list(events_of_stored(stored)))]
    outcome = outcome_of(stored) or f"The server has the run as {stored.get('status')}."
    # What a block did is so, whatever became of the rest.
    return [*([logs_of(stored)] if is_execution else []), ev.OutcomeKnown(text=outcome)]


def _may_pass(error: RequestError) -> bool:
    return error.temporary or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _is_enough(live: Live, attempt: int) -> bool:
    return live.state.kind == "orchestration" and attempt >= _LOOKS_AT_ORCHESTRATION


def _still(live: Live, status: str, stored: dict[str, Any]) -> str:
    if live.state.kind == "orchestration":
        return (
            f"The server has the orchestration as {status}. One whose stream was cut stays so "
            f"for ever: start it again if you need its answer."
        )
    if status == _UNLISTED:
        return _which(live, 0)
    age = age_of(stored, live.clock())
    if age:
        return f"The server still has the run as {status}. {age} {_later(live)}"
    return f"The server still has the run as {status}. {_later(live)}"


def _which(live: Live, count: int) -> str:
    if live.state.kind != "workflow":
        if count:
            return (
                f"{count} runs of this conversation began at that time, and nothing tells which is "
                "this one. agent.session(id).messages() lists what was said."
            )
        return (
            "The server lists no run of this conversation that began at that time: it was most "
            "probably not accepted."
        )
    if count:
        return (
            f"{count} executions began with the same variables at that time, and nothing tells "
            f"which is this one. {_LISTS}"
        )
    return f"The server lists no execution that began with these variables at that time. {_LISTS}"


def _refused(live: Live, error: RequestError) -> str:
    if error.status == HTTPStatus.NOT_FOUND:
        which = f"no run {live.state.run_id}" if live.state.run_id else "nothing of the run"
        return f"The server has stored {which}."
    return f"The server doesn't tell what became of the run: {error}"


def _later(live: Live) -> str:
    if not live.state.run_id:
        return _LISTS if live.state.kind == "workflow" else _SESSIONS
    return f'pb.get_run("{live.state.run_id}") looks it up later.'
