"""Runs of agents and orchestrations that may be given again instead of being paid again."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from powawidget.batch import reuse as kept
from powawidget.batch.target import Target
from powawidget.errors import ConnectionLost, InvalidValueError, WrongTypeError
from powawidget.kernel import loop
from powawidget.protocol.events import NotKept
from powawidget.resources.definitions import definition_of
from powawidget.run.finished import NO_SOURCE, of_reused
from powawidget.run.plan import Plan
from powawidget.run.run import Run, finished_run
from powawidget.run.task import RunTask
from powawidget.settings import options

# Of an agent all of them have to be read: what isn't may have changed.
_PARTS = {"tools", "hooks", "knowledge bases"}

Reuse = bool | str | os.PathLike[str] | None


def started(
    body: Mapping[str, Any],
    plan: Callable[[], Plan],
    target: Callable[[], Target],
    reuse: Reuse,
) -> Run:
    """Start a run, or give the one that answers the same already.

    Args:
        body: What is posted.
        plan: Makes the plan of the run.
        target: Makes what names and keeps it.
        reuse: As a person gave it.

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
    return _reused(body, plan, target(), path, is_looked_up=reuse is not False)


def _reused(
    body: Mapping[str, Any],
    plan: Callable[[], Plan],
    target: Target,
    path: str | os.PathLike[str] | None,
    *,
    is_looked_up: bool,
) -> Run:
    journal = kept.journal_at(path, target.client.project)
    try:
        definition = loop.run_sync(definition_of(target.client, target.kind, target.id))
    except ConnectionLost:
        return Run(RunTask(plan())).start()  # which says so where a person looks
    if definition is None or (target.kind == "agent" and not definition.keys() >= _PARTS):
        task = RunTask(plan())
        task.live.receive(
            NotKept(text=f"It isn't reused: this key can't read whether {target.name} has changed.")
        )
        return Run(task).start()
    question = kept.question_of(target, definition, body, time.time())
    state = kept.found(journal, question, target) if is_looked_up else None
    if state is None:
        task = RunTask(plan())
    else:
        said = kept.words_of(state, is_kept=journal.path is not None)
        known = Plan(
            source=NO_SOURCE,
            kind=target.kind,
            name=target.name,
            secret=target.client.secret,
            about=target.about,
        )
        task = of_reused(state, plan, known, said)
    task.live.subscribers.append(kept.Keeper(journal, question, target, task.live))
    return Run(task).start() if state is None else finished_run(task)
