"""Drives a batch: claims rows as fast as the server likes, and follows each to its end."""

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec

from powawidget.approvals.deadlines import deadline_of
from powawidget.approvals.policy import PolicyFunction
from powawidget.batch.attempt import Attempt
from powawidget.batch.budget import Budget, Spending
from powawidget.batch.course import Course, Unknown
from powawidget.batch.deciding import Deciding
from powawidget.batch.decisions import Asked, subject_of
from powawidget.batch.find import Asking
from powawidget.batch.journal import attempts as written
from powawidget.batch.journal.attempts import Settled
from powawidget.batch.journal.journal import Journal
from powawidget.batch.journal.records import WAITING, RowInput, RowOutcome, RowState
from powawidget.batch.pace import Concurrency, Pace
from powawidget.batch.target import Target
from powawidget.errors import InvalidValueError, PowawidgetError
from powawidget.kernel import loop
from powawidget.live import alive
from powawidget.live.subscribers import log
from powawidget.run.run import Run
from powawidget.state.reduce import gates

_BY_A_WORD = frozenset({"failed", "unknown"})
_STOPPED = "It was stopped."
_THINKING = 1.0  # seconds that a policy takes before a person is told of a request, too


class Terms(NamedTuple):
    """What a person may say otherwise while a batch goes on.

    Attributes:
        on_approval: Decides in place of a person, where there is such a policy.
        deciding: What follows from who decides.
        concurrency: How many may run at once.
        budget: What it may cost.
        on_unknown: Whether rows of unknown fate are sent again.
    """

    on_approval: PolicyFunction | None
    deciding: Deciding
    concurrency: Concurrency
    budget: Budget | None
    on_unknown: Unknown


class UnderWay(NamedTuple):
    """How a row stands that was sent and isn't over.

    Attributes:
        asked: What it asks a person to decide; None where it doesn't wait for one.
        sent_at: When it was sent, in seconds since the epoch; None until it is.
    """

    asked: Asked | None
    sent_at: float | None


class Driver:
    """The one driver of a batch; all methods on any thread but the loop's, none raises into it.

    Attributes:
        done: Set when nothing is under way and nothing new starts.

    Args:
        journal: Where everything is written first.
        batch: The number of the batch, of `journal.begin`.
        rows: All its rows.
        target: What runs.
        pace: How many at once.
        spending: What it may cost.
        on_change: Called on the loop thread with the keys of rows that have changed; an empty
            list says that `reason` or `done` has. Whatever it raises is logged.
        on_note: Called on the loop thread with what a person should know of the batch.
        on_unknown: `retry` sends a row again whose fate can't be found out, at most twice more;
            refused for agents with tools.
        asking: How long what may have begun is looked for.

    Raises:
        InvalidValueError: If a key repeats the API key, or `on_unknown` can't be granted.
    """

    def __init__(  # noqa: PLR0913  # what a batch is made of
        self,
        *,
        journal: Journal,
        batch: int,
        rows: Sequence[RowInput],
        target: Target,
        pace: Pace,
        spending: Spending,
        on_change: Callable[[Sequence[str]], None] = lambda _: None,
        on_note: Callable[[str], object] = lambda _: None,
        on_unknown: Unknown = "keep",
        asking: Asking | None = None,
    ) -> None:
        check(rows, target, on_unknown)
        self.done = threading.Event()
        self.done.set()
        self._journal = journal
        self._batch = batch
        self._rows = {row.key: row for row in rows}
        self._target = target
        self._pace = pace
        self._spending = spending
        self._on_change = on_change
        self._on_note = on_note
        self._on_unknown: Unknown = on_unknown
        self._asking = asking or Asking()
        self._guard = threading.Lock()
        self._course: Course | None = None
        self._reason = ""
        self._again = False
        self._has_page = False
        self._is_first = True
        self._by_word: set[str] = set()
        self._outcomes = {row.key: WAITING for row in rows}
        known = journal.outcomes(batch)
        self._outcomes.update({key: known[key] for key in self._rows if key in known})
        self._unsaved: dict[int, Settled] = {}

    @property
    def reason(self) -> str:
        """Why nothing new starts, in words; empty while it goes on, and where no row waits."""
        course = self._course
        return self._reason if course is None else course.reason

    @property
    def running(self) -> int:
        """How many rows are under way."""
        course = self._course
        return 0 if course is None else len(course.attempts)

    def pause_left(self) -> float:
        """Say for how many seconds nothing new starts, for the server refuses or asks to wait."""
        course = self._course
        goes_on = course is not None and not course.reason and course.is_waiting
        return self._pace.pause_left if goes_on else 0.0

    @property
    def is_spent(self) -> bool:
        """Whether its budget allows no further run."""
        return self._spending.refusal() is not None

    def start(self) -> None:
        """Begin to drive: what is under way from before is found again first.

        Where it drives already, nothing happens.

        Raises:
            FileError: If another driver has the batch; nothing was sent.
        """
        with self._guard:
            if not self.done.is_set():
                return
            self._journal.lock(self._batch)
            self._reason = ""
            self._spending.go_on()
            self.done.clear()
        loop.submit(self._drive())

    def take(self, terms: Terms) -> None:
        """Go on by other terms, which were checked; what is under way is decided on by them too."""
        loop.run_sync(self._take(terms))

    async def _take(self, terms: Terms) -> None:
        self._target = replace(self._target, on_approval=terms.on_approval, deciding=terms.deciding)
        self._on_unknown = terms.on_unknown
        self._pace.allow(terms.concurrency)
        self._spending.allow(terms.budget)
        if self._course is not None:
            self._course.take(self._target, terms.on_unknown)

    def stop(self, *, streams: bool = False) -> None:
        """Start nothing new; what runs goes on to its end.

        Args:
            streams: Whether to stop what runs as well. What became of it is found out by whoever
                goes on with the batch.
        """
        loop.call_soon(self._stop, streams)

    def retry(self, states: Collection[RowState]) -> int:
        """Send rows again that are `failed` or `unknown`, by a person's word, and go on.

        Where nothing new starts any more and something still runs, those rows wait with the others.

        The server is asked once more for each unknown one before it is sent: what came of it is
        kept where it can be found by now.

        Returns:
            How many.

        Raises:
            InvalidValueError: If another state is named.
            FileError: If another driver has the batch, or the journal can't be written.
        """
        wrong = [state for state in states if state not in _BY_A_WORD]
        if wrong or not states:
            raise InvalidValueError("Only rows that are failed or unknown are sent again.")
        with self._guard:
            self._journal.lock(self._batch)
        known = tuple(self._outcomes.items())
        failed = [key for key, one in known if one.state == "failed" and "failed" in states]
        unknown = [key for key, one in known if one.state == "unknown" and "unknown" in states]

        def write(connection: sqlite3.Connection) -> tuple[list[str], list[written.Open]]:
            aside = written.put_aside(connection, self._batch, ["failed"], failed)
            return aside, written.reopen(connection, self._batch, unknown, time.time())

        try:
            aside, reopened = self._journal.call(write)
        except PowawidgetError:
            with self._guard:
                if self.done.is_set():
                    self._journal.unlock(self._batch)
            raise
        with self._guard:
            goes_on = not self.done.is_set()
            self._again = goes_on and bool(aside or reopened)
        if goes_on:
            loop.call_soon(self._add, aside, reopened)
        else:
            self._note_again(aside, reopened)
            self._spending.failures -= 0 if self._is_first else len(aside)
            self.start()
        return len(aside) + len(reopened)

    def outcome(self, key: str) -> RowOutcome:
        """Tell how a row stands.

        Raises:
            KeyError: If there is no such row.
        """
        return self._outcomes[key]

    def live_run(self, key: str) -> Run | None:
        """Give a row's run while it goes on; None before and after, see `journal.saved_run`."""
        course = self._course
        attempt = None if course is None else course.attempts.get(key)
        if attempt is None:
            return None
        with self._guard:
            return attempt.run

    def under_way(self) -> dict[str, UnderWay]:
        """Tell of the rows that were sent and aren't over, by their keys."""
        course = self._course
        # A copy is made in one step. Going through the items isn't: Python may collect garbage
        # meanwhile, and the loop thread go on.
        attempts = {} if course is None else course.attempts.copy()
        return {
            key: UnderWay(
                asked=_asked(attempt),
                sent_at=attempt.sent_at or None,
            )
            for key, attempt in attempts.items()
        }

    @property
    def needs_page(self) -> bool:
        """Whether a person has to decide on what its rows ask, for there is no policy."""
        return self._target.deciding.needs_page

    @property
    def is_held(self) -> bool:
        """Whether nothing is sent before a page shows the batch, where a person can click."""
        return not self.done.is_set() and not self.reason and self._lacks_page()

    def note_page(self) -> None:
        """Note that a page shows the batch: what it asks can be decided there; on any thread."""
        loop.call_soon(self._note_page)

    def _note_page(self) -> None:
        self._has_page = True
        if self._course is not None:
            self._course.wake()

    def _lacks_page(self) -> bool:
        return self.needs_page and not self._has_page

    async def _drive(self) -> None:
        try:
            while True:
                with alive.work(self._on_note, self._lacks_page):
                    await self._drive_once()
                with self._guard:
                    # In one step: a `retry` comes before it, and is seen, or starts anew.
                    if not self._again or self.reason:
                        self._again = False
                        self._end()
                        return
                    self._again = False
        finally:
            with self._guard:
                self._end()
            asyncio.get_running_loop().call_soon(self._on_change_safely)

    def _end(self) -> None:
        """Note that nothing is driven any more; again does nothing. Under the guard."""
        if self.done.is_set():
            return
        if self._course is not None:
            self._reason = self._course.reason
        self._course = None
        self._spending.rest()
        self._journal.unlock(self._batch)
        self.done.set()

    async def _drive_once(self) -> None:
        course = self._course = Course(
            journal=self._journal,
            batch=self._batch,
            rows=self._rows,
            target=self._target,
            pace=self._pace,
            spending=self._spending,
            asking=self._asking,
            on_change=self._on_change,
            on_unknown=self._on_unknown,
            outcomes=self._outcomes,
            unsaved=self._unsaved,
            is_first=self._is_first,
            by_word=self._by_word,
            is_held=self._lacks_page,
        )
        await course.run()
        self._is_first = False

    def _add(self, keys: Sequence[str], reopened: Sequence[written.Open]) -> None:
        course = self._course
        self._note_again(keys, reopened)
        if course is not None:
            course.add(keys, reopened)

    def _note_again(self, keys: Sequence[str], reopened: Sequence[written.Open]) -> None:
        """Note that failed rows wait again, and that unknown ones are asked for first."""
        for key in keys:
            self._outcomes[key] = RowOutcome(tries=self._outcomes[key].tries)
        for one in reopened:
            self._by_word.add(one.key)
            known = self._outcomes[one.key]
            self._outcomes[one.key] = msgspec.structs.replace(known, state="accepted", error="")
            if not self._is_first:
                self._spending.reopened()

    def _stop(self, streams: bool) -> None:
        course = self._course
        if course is None:
            return
        course.end(_STOPPED)
        if streams:
            course.stop_streams()

    def _on_change_safely(self) -> None:
        try:
            self._on_change([])
        except Exception as error:  # noqa: BLE001  # a subscriber's own
            log(logging.ERROR, "powawidget failed while it told of a batch's end: %r", error)


def _asked(attempt: Attempt) -> Asked | None:
    """Tell what a run asks a person; on any thread.

    Where a policy takes its time, a person may come first.
    """
    live = attempt.task.live
    if live.state.status != "waiting":
        return None
    with live.lock:
        asked = list(gates.pending(live.state))
    if not asked:
        return None
    is_thought_about = live.clock() - asked[-1].asked_at < _THINKING
    if is_thought_about and not attempt.is_asking:
        return None
    return Asked(subject=subject_of(asked[-1]), deadline=min(map(deadline_of, asked)))


def check(rows: Sequence[RowInput], target: Target, on_unknown: Unknown) -> None:
    """Check what is asked for, before anything is written.

    Raises:
        InvalidValueError: If a key repeats the API key, or `on_unknown` can't be granted.
    """
    redact = target.client.secret.redact
    if any(redact(row.key) != row.key for row in rows):
        raise InvalidValueError(
            "The key of a row holds the API key: choose another column. Nothing was sent."
        )
    if on_unknown not in {"keep", "retry"}:
        raise InvalidValueError(f"on_unknown takes 'keep' or 'retry', not {on_unknown!r}.")
    if on_unknown == "retry" and target.has_tools is not False:
        raise InvalidValueError(
            f"on_unknown='retry' isn't for an agent with tools: what the tools of {target.name!r} "
            "did in a run of unknown fate would be done twice. Nothing was sent."
        )
