"""Runs of agents and orchestrations that may be given again instead of being paid again."""

import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from powawidget.batch import reuse as kept
from powawidget.batch.journal.journal import Journal
from powawidget.batch.target import Target
from powawidget.errors import (
    ConfigurationError,
    ConnectionLost,
    FileError,
    InvalidValueError,
    WrongTypeError,
)
from powawidget.kernel import cells, loop
from powawidget.protocol.events import NotKept
from powawidget.resources.definitions import read_definition
from powawidget.run.finished import NO_SOURCE, of_reused
from powawidget.run.plan import Plan
from powawidget.run.run import Run, finished_run
from powawidget.run.sources import Source, WatchedSource
from powawidget.run.task import RunTask
from powawidget.settings import options
from powawidget.state.model import ENDED

Reuse = bool | str | os.PathLike[str] | None

_ASKED_AGAIN = "The same was asked again while it ran: this is that run too, not paid again."
_ANEW_ELSEWHERE = (
    "The same runs anew in another place already: run this cell again to have it here."
)
_KEPT = "kept for reuse"
_Place = tuple[str, str]  # the journal, and the question's key there
_guard = threading.Lock()
_under_way: "WeakValueDictionary[_Place, Run]" = WeakValueDictionary()


def started(
    body: Mapping[str, Any],
    plan: Callable[[], Plan],
    target: Callable[[], Target],
    reuse: Reuse,
    decides: object = None,
) -> Run:
    """Start a run, or give the one that answers the same already.

    Args:
        body: What is posted.
        plan: Makes the plan of the run.
        target: Makes what names and keeps it.
        reuse: As a person gave it.
        decides: Who decides on its approvals: a run that goes on is given to nobody who says
            otherwise.

    Raises:
        InvalidValueError: If a run of a conversation is to be reused, or the journal can't be read.
        FileError: If the journal can't be used.
        WrongTypeError: If `reuse` is something else.
    """
    if not isinstance(reuse, bool | str | os.PathLike | None):
        raise WrongTypeError(
            f"reuse takes True, False or the name of a journal, not {type(reuse).__name__}."
        )
    if reuse is None or reuse is False:
        is_wanted, path = options.reuse is not None, options.reuse
    else:
        is_wanted, path = True, options.reuse if reuse is True else reuse
    if not is_wanted:
        return Run(RunTask(plan())).start()
    if "session_id" in body:
        if reuse:
            raise InvalidValueError(
                "A run that goes on with a conversation isn't reused, since what was said before "
                "counts too: leave out reuse or session_id. Nothing was sent."
            )
        return Run(RunTask(plan())).start()
    asked = _Asked(plan, target(), decides)
    if reuse is not False:
        return _given_again(body, asked, path)
    try:
        return _anew(body, asked, path)
    except (FileError, InvalidValueError) as error:
        return _unkept(asked, str(error), _KEPT)  # whatever is wrong with the journal


class _Asked(NamedTuple):
    plan: Callable[[], Plan]
    target: Target
    decides: object


def _given_again(
    body: Mapping[str, Any], asked: _Asked, path: str | os.PathLike[str] | None
) -> Run:
    """Give the run that answers the same already, or the one that is about to; else start one."""
    target = asked.target
    journal = kept.journal_at(path, target.client.project)
    try:
        question = _question(body, target)
    except ConnectionLost as error:
        # It isn't sent: it may have been paid already. The view says why, where a person looks.
        plan = asked.plan()
        return Run(RunTask(replace(plan, source=_Unasked(plan.source, error)))).start()
    if question is None:
        return _unkept(asked, f"this key can't read whether {target.name} has changed.")
    with _guard:  # of two cells that ask the same at once, one sends it
        going = _under_way.get(_place(journal, question))
        if going is not None and _is_the_same(going, asked):
            going._task.live.receive(NotKept(text=_ASKED_AGAIN))  # noqa: SLF001  # of this package
            cells.release(going)  # else the cell that runs again would close it
            return going
        state = _found(journal, question, target)
        if state is None:
            return _kept(journal, question, asked)
    said = kept.words_of(state, is_kept=journal.path is not None)
    known = Plan(
        source=NO_SOURCE,
        kind=target.kind,
        name=target.name,
        secret=target.client.secret,
        about=target.about,
    )
    place = _place(journal, question)

    def anew() -> Plan:
        """Have who asks the same meanwhile, by a cell or a click, get this run."""
        going = _under_way.setdefault(place, run)
        if going is not run and _is_the_same(going, asked):
            raise ConfigurationError(_ANEW_ELSEWHERE)
        _under_way[place] = run
        try:
            return asked.plan()
        except BaseException:
            _forget(place, run)
            raise

    task = of_reused(state, anew, known, said)
    task.decides = asked.decides

    async def is_same() -> bool:
        now = await read_definition(target.client, target.kind, target.id)
        return now.is_whole and now.parts == question.record.definition

    run = finished_run(task)
    task.live.subscribers.append(
        kept.Keeper(journal, question, target, task.live, is_same, lambda: _forget(place, run))
    )
    return run


def _anew(body: Mapping[str, Any], asked: _Asked, path: str | os.PathLike[str] | None) -> Run:
    """Start a run that takes the place of the one that was kept."""
    journal = kept.journal_at(path, asked.target.client.project)
    try:
        question = _question(body, asked.target)
    except ConnectionLost:
        return _unkept(asked, f"the server doesn't say what {asked.target.name} is.", _KEPT)
    if question is None:
        return _unkept(asked, f"this key can't read what {asked.target.name} is.", _KEPT)
    with _guard:
        return _kept(journal, question, asked)


def _question(body: Mapping[str, Any], target: Target) -> kept.Question | None:
    known = loop.run_sync(read_definition(target.client, target.kind, target.id))
    if not known.is_whole or known.parts is None:
        return None
    return kept.question_of(target, known.parts, body, time.time())


def _found(journal: Journal, question: kept.Question, target: Target) -> Any:
    try:
        return kept.found(journal, question, target)
    except InvalidValueError as error:
        raise InvalidValueError(
            f"The run that was kept can't be read: {error} Pass reuse=False to send it anew, or "
            "take another journal. Nothing was sent."
        ) from error


def _kept(journal: Journal, question: kept.Question, asked: _Asked) -> Run:
    """Start a run that is kept once it is over."""
    task, place = RunTask(asked.plan()), _place(journal, question)
    run = Run(task)
    task.decides = asked.decides
    keeper = kept.Keeper(
        journal, question, asked.target, task.live, on_end=lambda: _forget(place, run)
    )
    task.live.subscribers.append(keeper)
    _under_way[place] = run
    return run.start()


def _unkept(asked: _Asked, why: str, what: str = "reused") -> Run:
    task = RunTask(asked.plan())
    task.live.receive(NotKept(text=f"It isn't {what}: {why}"))
    return Run(task).start()


def _forget(place: _Place, run: Run) -> None:
    if _under_way.get(place) is run:
        del _under_way[place]


def _place(journal: Journal, question: kept.Question) -> _Place:
    return str(journal.path or question.record.project), question.key


def _is_the_same(going: Run, asked: _Asked) -> bool:
    """Tell whether a run may be given to who asks the same before it is kept."""
    task = going._task  # noqa: SLF001  # of this package
    with task.live.lock:
        state = task.live.state
        is_good = not task.live.stop_asked and not task.is_closed
        is_good = is_good and (state.status not in ENDED or kept.is_whole(state))
        return is_good and task.decides is asked.decides and not kept.effect_of(state)


class _Unasked(WatchedSource):
    """A source that is never opened: who is asked couldn't be read.

    Args:
        inner: The source that would have been opened.
        error: Why not.
    """

    def __init__(self, inner: Source, error: ConnectionLost) -> None:
        super().__init__(inner)
        self._error = error

    def open(self) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        raise self._error
