"""Runs that are over from the beginning: stored, saved, or recorded as a whole."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from powawidget.http.secret import Secret
from powawidget.protocol.events import Ended, Event
from powawidget.protocol.stored.run import events_of_stored, question_of, times_of
from powawidget.run.plan import Plan
from powawidget.run.sources import RecordedSource
from powawidget.run.task import RunTask
from powawidget.state.about import About
from powawidget.state.model import (
    ENDED,
    ApprovalPart,
    DelegationPart,
    NoticePart,
    Part,
    RunState,
)

NO_SOURCE = RecordedSource((), None)


def of_events(
    frames: Iterable[str | Event],
    plan: Plan,
    times: tuple[float | None, float | None] | None = None,
) -> RunTask:
    """Make a run that is over from all its frames.

    Args:
        frames: The data of server-sent events, or events.
        plan: What else is known of the run.
        times: When it began and ended, in seconds since the epoch; the times of its frames where
            they aren't given.
    """
    task = RunTask(plan)
    for frame in frames:
        task.live.receive(task.live.redact(frame) if isinstance(frame, str) else frame)
    task.live.receive(Ended())
    if times is not None:
        task.live.state.started, task.live.state.ended = times
    return task


def of_stored(
    stored: Mapping[str, Any],
    name: str = "",
    *,
    secret: Secret | None = None,
    about: About | None = None,
) -> RunTask:
    """Make a run that is over from what the server has stored of it."""
    plan = Plan(
        source=NO_SOURCE,
        name=name,
        message=question_of(stored),
        origin="stored",
        secret=secret,
        about=about or About(),
    )
    return of_events(events_of_stored(stored, time.time()), plan, times_of(stored))


def of_reused(state: RunState, anew: Callable[[], Plan], plan: Plan, said: str) -> RunTask:
    """Make a run that is over from one that was kept, so that it isn't paid again.

    Args:
        state: The run as it was kept, checked: it is over.
        anew: Makes the plan by which it is run anew.
        plan: What is known of it beside its state; it has no source.
        said: What is told of that, above all that came of it.
    """
    state.origin = "stored"
    _put_first(state, NoticePart(code="reused", text=said))
    task = RunTask(plan, state)
    task.anew = anew
    task.live.finish()
    return task


def _put_first(state: RunState, part: Part) -> None:
    """Put a part before all others; what names one of them by its index still does."""

    def after(index: int | None) -> int | None:
        return None if index is None else index + 1

    for one in state.parts:
        if not isinstance(one, ApprovalPart):
            one.within = after(one.within)
        if isinstance(one, ApprovalPart | DelegationPart):
            one.call = after(one.call)
    for thought in state.reasoning.thoughts:
        thought.within = after(thought.within)
    for span in state.spans:
        span.within = after(span.within)
        if span.kind != "block":
            span.of = after(span.of)
    state.answer = after(state.answer)
    state.halves = {}
    state.parts.insert(0, part)


def of_saved(
    state: RunState, about: About | None = None, origin: Literal["replay", "stored"] = "replay"
) -> RunTask:
    """Make a run that is over from a state that was saved.

    Args:
        state: The run as it was when it was saved, checked.
        about: On which host it ran, for its transcript.
        origin: Whether a person has saved it, or a batch's journal has stored it.

    Returns:
        The run's task; nothing of it acts. What was under way when it was saved is interrupted.
    """
    state.origin = origin
    task = RunTask(Plan(source=NO_SOURCE, about=about or About()), state)
    if state.status not in ENDED:
        task.live.receive(Ended())
    task.live.finish()
    return task
