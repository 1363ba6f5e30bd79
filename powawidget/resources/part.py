"""One part of a table on its way: what a task does for its rows, on whatever machine.

A driver of its own sends them by the claims that all machines share; the journal that it keeps
lives as long as the task.
"""

import collections
import contextlib
import dataclasses
import logging
import os
import queue
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from powawidget.approvals.policy import PolicyFunction, Verdict, verdict_of
from powawidget.batch.budget import Spending
from powawidget.batch.claims import (
    OTHER_MESSAGE,
    FolderClaims,
    Standing,
    name_of_row,
)
from powawidget.batch.driver import Driver
from powawidget.batch.find import Asking
from powawidget.batch.identity import digest_of, row_digest
from powawidget.batch.journal import attempts as written
from powawidget.batch.journal.attempts import Claim
from powawidget.batch.journal.journal import Journal
from powawidget.batch.journal.records import BatchRecord, RowInput, RowOutcome
from powawidget.batch.keys import keys_of
from powawidget.batch.pace import Pace
from powawidget.batch.shared import ClaimedRows, Gate, Places, shared_target
from powawidget.batch.table import Table
from powawidget.batch.target import fits
from powawidget.batch.template import MessageFunction, message_of
from powawidget.errors import (
    ConfigurationError,
    FileError,
    InvalidValueError,
)
from powawidget.resources import dask
from powawidget.resources.agent import Agent, AgentInfo
from powawidget.resources.batching import agent_target
from powawidget.resources.mapping import Key, agent_body_of
from powawidget.schema.schema import Schema
from powawidget.state.values import Approval

_KEY_IN_KEY = "The key of this row holds the API key: choose another column. It wasn't sent."
_TOLD_EVERY = 1.0  # seconds
_log = logging.getLogger("powawidget")


class Partitions(msgspec.Struct, frozen=True, kw_only=True):
    """What every machine has to know; it is pickled, and holds no key.

    Attributes:
        url: The project.
        agent: The agent's id and name.
        has_tools: Whether the agent has tools, where that is known.
        message: As for `map`.
        key: As for `map`.
        claims: The folder of the claims.
        concurrency: How many rows may be in flight at once, on all machines together.
        per_minute: How many may be started in a minute.
        schema: The form of the answers, as it was given.
        options: Those of `run`.
        on_approval: Decides on approvals.
        nonce: Of this object: no engine takes another's results for its own.
        name: What the batch is called.
        asking: How long what may have begun is looked for.
    """

    url: str
    agent: AgentInfo
    has_tools: bool | None
    message: str | MessageFunction | None
    key: Key
    claims: str
    concurrency: int
    per_minute: float | None
    schema: Any
    options: dict[str, Any]
    on_approval: PolicyFunction | None
    nonce: str
    name: str = ""
    asking: Asking = Asking()


class Work:
    """One task's rows on their way; on the task's thread."""

    def __init__(  # noqa: PLR0913, PLR0917  # what makes up a task
        self,
        given: Partitions,
        agent: Agent,
        claims: FolderClaims,
        inputs: Sequence[RowInput],
        schema: Schema | None,
        sorted_out: Mapping[str, int],
    ) -> None:
        self._sorted_out = sorted_out  # rows that can't be sent, by their state
        self._given = given
        self._agent = agent
        self._claims = claims
        self._inputs = inputs
        self._schema = schema
        self._outcomes: dict[str, RowOutcome] = {}
        self._changes: queue.SimpleQueue[Sequence[str]] = queue.SimpleQueue()

    def done(self) -> list[RowOutcome]:
        """Bring all rows to their ends, as far as that is possible; gives how each stands."""
        names = {one.key: (name_of_row(one.key), one.digest) for one in self._inputs}
        rows = ClaimedRows(self._claims, names)
        standing = {key: self._claims.standing(row) for key, (row, _) in names.items()}
        left: list[RowInput] = []
        for one in self._inputs:
            known = standing[one.key]
            if known.digest and known.digest != one.digest:
                self._outcomes[one.key] = RowOutcome(state="failed", error=OTHER_MESSAGE)
            elif known.outcome is not None:
                self._outcomes[one.key] = known.outcome
            else:
                left.append(one)
        if left:
            with dask.shared_places(self._given.claims, self._given.concurrency) as places:
                self._drive(left, rows, standing, places)
            self._read_again(left)
        self._tell(is_last=True)
        return [self._outcomes[one.key] for one in self._inputs]

    def _read_again(self, left: Sequence[RowInput]) -> None:
        """Read what another task came to meanwhile of rows that this one couldn't find."""
        for one in left:
            if self._outcomes[one.key].state != "unknown":
                continue
            known = self._claims.standing(name_of_row(one.key))
            if known.outcome is not None and known.digest == one.digest:
                self._outcomes[one.key] = known.outcome

    def _drive(
        self,
        left: Sequence[RowInput],
        rows: ClaimedRows,
        standing: Mapping[str, Standing],
        places: Places | None,
    ) -> None:
        given = self._given
        gate = Gate(self._claims, places, given.per_minute)
        plain = agent_target(
            self._agent,
            on_approval=None if given.on_approval is None else _Closed(given.on_approval),
            check=fits if self._schema is None else self._schema.check,
        )
        record = record_of(self._agent, None, "rows")
        with contextlib.closing(Journal.open(None)) as journal:
            batch = journal.begin(record, left)
            journal.unlock(batch)
            for one in left:
                known = standing[one.key]
                session_id = rows.note(one.key, known.number)
                if known.sent_at is not None:
                    _note_sent(journal, batch, Claim(key=one.key, session_id=session_id), known)
            driver = Driver(
                journal=journal,
                batch=batch,
                rows=left,
                target=shared_target(plain, rows, gate),
                pace=Pace(min(given.concurrency, len(left)), rows=len(left)),
                spending=Spending(None),
                asking=given.asking,
                on_change=self._changes.put,
            )
            self._follow(driver, {one.key: one for one in left})

    def _follow(self, driver: Driver, left: Mapping[str, RowInput]) -> None:
        kept: set[str] = set()
        told = time.monotonic() - _TOLD_EVERY
        driver.start()
        try:
            while not driver.done.is_set():
                with contextlib.suppress(queue.Empty):
                    self._keep(driver, left, self._changes.get(timeout=0.1), kept)
                if time.monotonic() - told >= _TOLD_EVERY:
                    told = time.monotonic()
                    self._tell(is_last=False)
        finally:
            driver.stop()
        self._keep(driver, left, list(left), kept)
        for key in left:
            outcome = driver.outcome(key)
            if outcome.state == "waiting" and not outcome.error:
                outcome = msgspec.structs.replace(outcome, error=driver.reason)
            self._outcomes[key] = outcome

    def _keep(
        self,
        driver: Driver,
        left: Mapping[str, RowInput],
        keys: Sequence[str],
        kept: set[str],
    ) -> None:
        for key in keys:
            outcome = self._outcomes[key] = driver.outcome(key)
            # What is unknown is asked about again by whoever comes next.
            if outcome.state in {"done", "failed"} and key not in kept:
                kept.add(key)
                with contextlib.suppress(FileError):  # then it is looked up again
                    self._claims.settle(name_of_row(key), left[key].digest, outcome)

    def _tell(self, *, is_last: bool) -> None:
        """Tell the engine how many rows stand in which state, and nothing of what they hold."""
        counts = collections.Counter(self._sorted_out)
        for one in self._inputs:
            known = self._outcomes.get(one.key)
            counts["waiting" if known is None else known.state] += 1
        tokens = [one.tokens for one in self._outcomes.values() if one.tokens is not None]
        part = self._claims.name_of_part(name_of_row(one.key) for one in self._inputs)
        tell_counts(self._given, part, counts, sum(tokens) if tokens else None, is_last=is_last)


def tell_counts(
    given: Partitions, part: str, counts: Mapping[str, int], tokens: int | None, *, is_last: bool
) -> None:
    """Tell the engine how many rows of a part stand in which state."""
    dask.tell(
        given.nonce,
        {
            "batch": os.path.basename(given.claims),  # noqa: PTH119  # a text
            "part": part,
            "rows": sum(counts.values()),
            "counts": dict(counts),
            "tokens": tokens,
            "over": is_last,
        },
    )


class _Closed:
    """A policy where there is nobody to ask: what it leaves open is denied.

    Args:
        inner: The policy.
    """

    def __init__(self, inner: PolicyFunction) -> None:
        self._inner = inner
        self.name = f"{getattr(inner, 'name', None) or 'policy'}, on a worker"

    async def __call__(self, approval: Approval) -> Verdict:
        try:
            verdict = await verdict_of(self._inner, [approval])
        except Exception as error:  # noqa: BLE001  # what it says may hold arguments
            _log.warning("An approval policy failed with %s: denied.", type(error).__name__)
            return "deny"
        return "deny" if verdict == "ask" else verdict


@dataclasses.dataclass(frozen=True)
class _Rows:
    """What can be sent of a part of a table, and what can't, by its place."""

    inputs: Sequence[RowInput]
    wrong: Mapping[int, Exception]


def rows_of(agent: Agent, table: Table, given: Partitions, schema: Schema | None) -> _Rows:
    """Make of a part of a table what is sent for its rows."""
    written_by = message_of(given.message, table.names)
    body = agent_body_of(agent, schema, given.options)
    keys = keys_of(table.rows, table.names, given.key, table.labels, table.index)
    form = None if schema is None else schema.json_schema
    redact = agent._client.secret.redact  # noqa: SLF001  # of this folder
    inputs: list[RowInput] = []
    wrong: dict[int, Exception] = {}
    for place, (key, row) in enumerate(zip(keys, table.rows, strict=True)):
        if redact(key) != key:
            wrong[place] = InvalidValueError(_KEY_IN_KEY)
            continue
        try:
            one = body(written_by(row))
        except Exception as error:  # noqa: BLE001  # a person's function may raise anything
            wrong[place] = error
        else:
            digest = row_digest(one, form)
            inputs.append(RowInput(key=key, position=place, body=one, digest=digest))
    return _Rows(inputs, wrong)


def cant_be_sent(error: Exception, redact: Callable[[str], str]) -> RowOutcome:
    """Say why a row isn't sent: of what isn't ours only which kind of error it was."""
    is_ours = isinstance(error, ConfigurationError | TypeError | ValueError)
    said = f"The message or the key can't be made: {type(error).__name__}."
    return RowOutcome(state="failed", error=redact(str(error)) if is_ours else said)


def _note_sent(journal: Journal, batch: int, claim: Claim, known: Standing) -> None:
    """Have the driver look a row up that was sent before, as after a kernel's end."""
    sent_at = known.sent_at or time.time()

    def work(connection: Any) -> None:
        (number,) = written.claim(connection, batch, [claim], sent_at)
        written.mark(connection, number, sent_at)

    journal.call(work)


def record_of(agent: Agent, definition: dict[str, str] | None, name: str) -> BatchRecord:
    """Make what claims, and a task's journal, say of who is asked."""
    return BatchRecord(
        name=name,
        project=agent._client.url,  # noqa: SLF001  # of this folder
        kind="agent",
        target_id=agent.id,
        target_name=agent.name,
        definition=definition,
        definition_digest="" if definition is None else digest_of(definition),
        made_at=time.time(),
    )
