"""Runs that aren't paid again: each is kept by a digest of what was asked, and of who was asked.

Nothing is kept that can't be given again as it is: neither a run that failed nor one that did
something beside answering.
"""

import asyncio
import datetime as dt
import fnmatch
import os
import re
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from powawidget import transcript
from powawidget.batch.identity import digest_of, row_digest
from powawidget.batch.journal import attempts, reused
from powawidget.batch.journal.attempts import Open
from powawidget.batch.journal.journal import Journal, resolved
from powawidget.batch.journal.records import BatchRecord
from powawidget.batch.keys import canonical
from powawidget.batch.outcome import settled_of
from powawidget.batch.target import Target
from powawidget.errors import FileError, PowawidgetError
from powawidget.live.run import Live
from powawidget.live.subscribers import Rest
from powawidget.protocol.events import NotKept
from powawidget.settings import options
from powawidget.state.model import (
    ApprovalPart,
    DelegationPart,
    RunState,
    ToolPart,
    plain,
    typed,
)
from powawidget.state.ops import Op
from powawidget.transcript.sentences import shown

# The service's own tools that only read.
_READING = ("database_query", "database_schema", "knowledge_search", "knowledge_base_search")
# A model chooses the name of what it calls: one that isn't plain is no name that somebody knows.
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,200}").fullmatch

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_guard = threading.Lock()
_journals: dict[str, Journal] = {}  # that are open in this process, by their files
_in_memory: dict[str, Journal] = {}  # that live with it, by their projects


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, and who.

    Attributes:
        record: Who is asked, as a journal has it.
        key: What names the question there.
        message: What is asked, without the API key.
    """

    record: BatchRecord
    key: str
    message: str


def question_of(
    target: Target, definition: Mapping[str, str], body: Mapping[str, Any], now: float
) -> Question:
    """Name a question: the same message to the same definition with the same options is the same.

    Args:
        target: Who is asked.
        definition: What it is at the moment.
        body: What would be posted.
        now: Seconds since the epoch.
    """
    record = BatchRecord(
        # By its id: a batch of a table has a name that a person chose, or that of the agent.
        name=f"Runs of {target.kind} {target.id}, for reuse",
        project=target.client.project,
        kind=target.kind,
        target_id=target.id,
        target_name=target.name,
        definition=dict(definition),
        definition_digest=digest_of(dict(definition)),
        made_at=now,
    )
    client = target.client
    # Another account may be told something else. The embedded server has another key each time.
    account = client.secret.owner() if client.project == client.url else ""
    asked = [target.kind, target.id, record.definition_digest, row_digest(body, None), account]
    message = client.secret.redact(str(body.get("message", "")))
    return Question(record=record, key=canonical(digest_of(asked)), message=message)


def journal_at(path: "str | os.PathLike[str] | None", project: str) -> Journal:
    """Give the journal in which runs are kept; one that was removed is begun anew.

    Args:
        path: Its file; None for the one that lives in this process.
        project: The base URL of the project.

    Raises:
        FileError: If the file can't be used.
        InvalidValueError: If it is no journal.
        WrongTypeError: If it isn't the name of a file.
    """
    if path is None:
        with _guard:
            if project not in _in_memory:
                _in_memory[project] = Journal.open(None)
            return _in_memory[project]
    place = resolved(path)
    with _guard:
        known = _journals.get(place)
        if known is not None:
            try:
                known.check_place()
            except FileError:
                known.close()
            else:
                return known
        made = _journals[place] = Journal.open(place)
        return made


def found(journal: Journal, question: Question, target: Target) -> RunState | None:
    """Look for a run that answers a question already.

    Args:
        journal: Where; it may be anybody's.
        question: What is asked.
        target: Who.

    Returns:
        The run; None where it has to be asked.

    Raises:
        InvalidValueError: If the journal is another project's, or broken.
        FileError: If it can't be read.
    """
    saved = journal.call(lambda connection: reused.kept(connection, question.record, question.key))
    if saved is None:
        return None
    state = transcript.load(saved).run
    asked = (target.kind, question.message)
    fits = state is not None and (state.kind, state.message) == asked and is_whole(state)
    return state if state is not None and fits and not effect_of(state) else None


def is_whole(state: RunState) -> bool:
    """Tell whether a run was completed, and is known as it was streamed."""
    return state.status == "completed" and not state.restored


def effect_of(state: RunState) -> str:
    """Say in words what a run did beside answering; empty where it only read."""
    delegated = {part.call for part in state.parts if isinstance(part, DelegationPart)}
    if any(isinstance(part, ApprovalPart) for part in state.parts):
        return "it asked for an approval"
    for index, part in enumerate(state.parts):
        if isinstance(part, ToolPart) and index not in delegated and not only_reads(part.name):
            return f"it called {shown(part.name)}, which isn't known only to read"
    return ""


def only_reads(tool: str) -> bool:
    """Tell whether a tool is known only to read."""
    given = options.read_only_tools
    # A text alone is a glob, and not each of its letters: one of them may be a star.
    globs = (*_READING, *((given,) if isinstance(given, str) else given))
    return bool(_PLAIN(tool)) and any(fnmatch.fnmatchcase(tool, glob) for glob in globs)


def words_of(state: RunState, *, is_kept: bool) -> str:
    """Say that a run isn't paid again.

    Args:
        state: The run.
        is_kept: Whether its journal is a file.
    """
    said = f"From {_moment(state.started)}, not paid again."
    return said if is_kept else f"{said} It is kept in this kernel only."


def _moment(seconds: float | None) -> str:
    """Name a moment as it stands in a file for years, and is read in other zones."""
    if seconds is None:
        return "an unknown day"
    try:
        when = dt.datetime.fromtimestamp(seconds, dt.UTC).astimezone()
    except (OverflowError, ValueError, OSError):
        return "an unknown day"
    # Neither the month nor the zone in the language of the system.
    zone = when.tzname() or ""
    zone = f" {zone}" if re.fullmatch(r"[A-Z]{3,5}", zone) else f" UTC{when:%z}"
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}, {when:%H:%M}{zone}"


class Keeper:
    """Keeps a run once it is over, so that the next one who asks the same needn't pay.

    Args:
        journal: Where.
        question: What is asked.
        target: Who.
        live: The run.
        is_same: Tells whether who is asked is still what it was, where that was read long before.
        on_end: Called once the run is kept, or won't be.
    """

    doing = "kept the run for reuse"

    def __init__(  # noqa: PLR0913, PLR0917  # what is kept, and where
        self,
        journal: Journal,
        question: Question,
        target: Target,
        live: Live,
        is_same: Callable[[], Awaitable[bool]] | None = None,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._journal = journal
        self._is_same = is_same
        self._on_end = on_end
        self._question = question
        self._target = target
        self._live = live

    def changed(self, ops: Sequence[Op]) -> None:
        """Do nothing: only what is over is kept."""

    def ended(self) -> Rest | None:
        """Keep the run, where it can be given again.

        Returns:
            What does so.
        """
        if is_whole(self._live.state):
            return self._keep()
        self._on_end()
        return None

    def recovered(self) -> Rest | None:
        """Do nothing: what was looked up may lack a word."""
        return None

    async def _keep(self) -> None:
        try:
            await self._kept()
        finally:
            self._on_end()

    async def _kept(self) -> None:
        with self._live.lock:
            state = self._live.state
            effect = effect_of(state)
            if effect:
                self._tell(f"It isn't kept for reuse: {effect}. Run again it is paid again.")
                return
            copied: RunState = typed(plain(state), RunState)
        sent_at = copied.started or 0.0
        one = Open(
            id=0, key=self._question.key, session_id=None, claim=None, run_id=None, sent_at=sent_at
        )
        settled = settled_of(self._target, copied, one)
        try:
            if self._is_same is not None and not await self._is_same():
                self._tell(f"It isn't kept for reuse: {self._target.name} has changed meanwhile.")
                return
            packing = self._journal.submit(lambda _: attempts.pack(settled), alone=True)
            packed = await asyncio.wrap_future(packing)
            if packed.run is None:
                self._tell("It isn't kept for reuse: it is too large. Run again it is paid again.")
                return
            question = self._question
            await asyncio.wrap_future(
                self._journal.submit(
                    lambda connection: reused.keep(
                        connection, question.record, question.key, packed
                    )
                )
            )
        except PowawidgetError as error:
            self._tell(f"It isn't kept for reuse: {error}")

    def _tell(self, text: str) -> None:
        self._live.receive(NotKept(text=text))
