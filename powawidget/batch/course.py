"""One course of a batch, on the loop thread: rows are claimed, sent, followed and settled."""

import asyncio
import logging
import sqlite3
import time
import traceback
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Literal, TypeVar

import msgspec

from powawidget.batch.attempt import Attempt, refuses_own_id
from powawidget.batch.budget import Spending
from powawidget.batch.deciding import MOST_ASKING
from powawidget.batch.decisions import last_decision, requests_of
from powawidget.batch.find import Asking, Finder, Found
from powawidget.batch.journal import attempts as written
from powawidget.batch.journal import reading
from powawidget.batch.journal.attempts import Claim, Open, Settled
from powawidget.batch.journal.journal import Journal
from powawidget.batch.journal.records import WAITING, RowInput, RowOutcome, Spent
from powawidget.batch.outcome import settled_of, settled_of_found
from powawidget.batch.pace import Pace
from powawidget.batch.states import Start, after_failed_start, after_stream
from powawidget.batch.target import Target
from powawidget.errors import ConfigurationError, PowawidgetError, ProtocolError, RequestError
from powawidget.http.client import Client
from powawidget.live.subscribers import log
from powawidget.state.model import RunState

_T = TypeVar("_T")
Unknown = Literal["keep", "retry"]

_MOST_A_TICK = 256  # claims in one transaction
_HEAD_START = 5.0  # seconds for what is found again, before anything new starts
_NOT_ALLOWED = 5  # refusals in a row that any row would meet
_MOST_TRIES = 3  # of a row that may be sent again though it is unknown
_SAVING = (0.5, 1.0, 2.0, 4.0)  # pauses before what couldn't be written is tried again
_LOOK = 1.0  # seconds: others may end a pause of the project
_STOPPED = "It was stopped here; its run may go on at the server."
_NOBODY_DECIDED = (
    "A request for approval expired, and nobody decided on any row meanwhile: nothing new starts."
)
_PRESENT = 60.0  # seconds for which somebody is taken to be there who has decided on a row


class Course:
    """Drives a batch until no row waits and none is under way, or nothing new may start.

    Attributes:
        outcomes: How each row stands, by its key.
        attempts: What is under way, by its row.
        reason: Why nothing new starts, in words; empty while it goes on.

    Args:
        journal: Where everything is written first.
        batch: The number of the batch in it.
        rows: All its rows, by their keys.
        target: What runs.
        pace: How many at once.
        spending: What it may cost.
        asking: How long what may have begun is looked for.
        on_change: Called with the keys of rows that have changed.
        on_unknown: Whether rows of unknown fate are sent again.
        outcomes: How each row stands, by its key, as the caller knows it.
        unsaved: What couldn't be written yet, by the numbers of the attempts.
        is_first: Whether what earlier drivers spent is still to be counted.
        by_word: The keys of rows that a person has said to send again where what became of them
            stays unknown.
        is_held: Tells whether nothing may be sent yet, for no page shows the batch to a person.
    """

    def __init__(  # noqa: PLR0913  # what makes up a batch
        self,
        *,
        journal: Journal,
        batch: int,
        rows: Mapping[str, RowInput],
        target: Target,
        pace: Pace,
        spending: Spending,
        asking: Asking,
        on_change: Callable[[Sequence[str]], None],
        on_unknown: Unknown,
        outcomes: dict[str, RowOutcome],
        unsaved: dict[int, Settled],
        is_first: bool,
        by_word: set[str],
        is_held: Callable[[], bool],
    ) -> None:
        self.outcomes = outcomes
        self.attempts: dict[str, Attempt] = {}
        self.reason = ""
        self._journal = journal
        self._batch = batch
        self._rows = rows
        self._target = target
        self._pace = pace
        self._spending = spending
        self._asking = asking
        self._on_change = on_change
        self._on_unknown = on_unknown
        self._unsaved = unsaved
        self._is_first = is_first
        self._by_word = by_word
        self._is_held = is_held
        self._decided_at = 0.0  # when a person last decided, of runs that are over
        self._waiting: deque[str] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._client: Client | None = None
        self._finder: Finder | None = None
        self._makes_session = target.makes_session
        self._refuses_own_ids = False
        self._made: set[str] = set()  # the conversations that the server made for this course
        self._tries: dict[str, int] = {}  # of rows that this course has sent
        self._finds: set[asyncio.Task[Found]] = set()
        self._looked_for: set[int] = set()  # the numbers of attempts
        self._is_called_off = self._streams_stopped = False
        self._reached = False
        self._unreached_since: float | None = None
        self._not_allowed = 0

    async def run(self) -> None:
        """Drive the batch; raises nothing but a cancellation."""
        try:
            self._client = self._target.client.for_run()
            self._finder = Finder(self._target, self._client, self._asking, set())
            await self._save_again()
            await self._find_again()
            self._wait(key for key in self._rows if self.outcomes[key].state == "waiting")
            await self._go_on()
            for pause in _SAVING if self._unsaved else ():
                await asyncio.sleep(pause)
                await self._save_again()
                if not self._unsaved:
                    break
        except PowawidgetError as error:
            self.end(str(error))
        except Exception as error:  # noqa: BLE001  # told as the reason; the loop goes on
            self._report("drove a batch", error)
        finally:
            for task in self._under_way:
                task.cancel()
            if self._client is not None:
                self._client.leave()

    @property
    def is_waiting(self) -> bool:
        """Whether rows wait to be sent."""
        return bool(self._waiting)

    def add(self, keys: Sequence[str], reopened: Sequence[Open]) -> None:
        """Go on with rows by a person's word: failed ones wait, unknown ones are asked for.

        Where nothing new starts any more, that stays so: whoever stops has the last word.
        """
        self._spending.failures -= len(keys)
        self._wait(keys)
        self._find_all(reopened)
        self._wake.set()

    def _wait(self, keys: Iterable[str]) -> None:
        """Let rows wait to be sent; a word that comes while this course begins names some twice."""
        there = set(self._waiting)
        self._waiting.extend(key for key in keys if key not in there)

    def _find_all(self, opened: Iterable[Open]) -> list[asyncio.Task[None]]:
        """Find out what became of runs, each once: a word may name what is looked for already."""
        new = [one for one in opened if one.id not in self._looked_for]
        self._looked_for.update(one.id for one in new)
        return [self._begin(self._look(one)) for one in new]

    def end(self, reason: str, *, call_off: bool = True) -> None:
        """Start nothing new from now on; the first reason stays.

        Args:
            reason: Why, in words.
            call_off: Whether what is claimed and isn't sent yet is released.
        """
        self._is_called_off = self._is_called_off or call_off
        if not self.reason:
            self.reason = self._target.client.secret.redact(reason)
            self._tell([])
        self._wake.set()

    def take(self, target: Target, on_unknown: Unknown) -> None:
        """Go on by what the person says by now: who decides, on rows under way too."""
        self._target, self._on_unknown = target, on_unknown
        for attempt in self.attempts.values():
            attempt.decide_by(target.on_approval)
        self._wake.set()

    def wake(self) -> None:
        """Look again whether anything may start."""
        self._wake.set()

    def stop_streams(self) -> None:
        """Stop following what runs; it is found again by whoever goes on."""
        self._streams_stopped = True
        for attempt in tuple(self.attempts.values()):
            attempt.stop()
        for task in tuple(self._finds):
            task.cancel()
        self._wake.set()

    async def _go_on(self) -> None:
        while True:
            self._wake.clear()
            if not self.reason:
                await self._start_some()
            is_idle = not self._under_way
            if is_idle and (self.reason or not self._waiting):
                return
            await self._sleep()

    async def _sleep(self) -> None:
        """Wait until something ends, or there may be room."""
        waits: list[float | None] = []
        if self._waiting and not self.reason and not self._is_held():
            waits = [self._spending.left(), self._pace.wait()]
            if self._target.client.pause.left():
                waits.append(_LOOK)
        known = [one for one in waits if one is not None]
        try:
            async with asyncio.timeout(max(0.01, min(known)) if known else None):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _start_some(self) -> None:
        """Claim as many rows as there is room for, in one transaction, and send them."""
        if self._is_held():
            self._spending.rest()
            return
        self._spending.go_on()
        self._pace.pause_for(self._target.client.pause.left())
        used_up = self._spending.end(self._pace.unanswered) if self._waiting else None
        if used_up is not None:  # also while there is no room
            self.end(used_up, call_off=False)  # what is claimed is within the budget
            return
        room = min(self._pace.room(), len(self._waiting), _MOST_A_TICK)
        room = min(room, self._most_to_ask()) if room else 0
        keys: list[str] = []
        for _ in range(room):
            if self._spending.refusal() is not None:
                break
            keys.append(self._waiting.popleft())
            self._spending.started()
            self._pace.started()
        claims = await self._claims_of(keys)
        if not claims:
            return
        try:
            now = time.time()
            numbers = await self._do(lambda connection: self._claim(connection, claims, now))
        except PowawidgetError as error:
            for one in reversed(claims):
                self._give_back(one.key)
            self.end(str(error))
            return
        for number, one in zip(numbers, claims, strict=True):
            before = self._before(one.key)
            self._tries[one.key] = before.tries + 1
            self._set(one.key, msgspec.structs.replace(before, state="claimed"))
            opened = Open(
                id=number,
                key=one.key,
                session_id=one.session_id,
                claim=one.claim,
                run_id=None,
                sent_at=now,
            )
            self._begin(self._send(opened, one))

    def _most_to_ask(self) -> int:
        """Say how many may start beside what is under way, of which each may wait for a person.

        What is only looked for counts too, after a lost stream or a killed kernel: the server may
        keep it waiting still. Where a policy was to decide, rows that wait for a person all the
        same set the same limit: a policy leaves to one what it can't read, and a gate may be new.
        """
        target = self._target
        most = target.deciding.most
        if most is None and target.kind == "agent" and target.has_tools is not False:
            is_asking = any(attempt.is_asking for attempt in self.attempts.values())
            most = MOST_ASKING if is_asking else None
        return _MOST_A_TICK if most is None else max(0, most - len(self._under_way))

    def _end_where_nobody_decides(self, over: RunState) -> None:
        """Start nothing new where a request has expired, and nobody seems to be there.

        Each further row would cost as much, and wait as long for nobody. Called with the run that
        is over, whose attempt is still under way.
        """
        self._decided_at = max(self._decided_at, last_decision(over))
        expired = [part.asked_at for part in requests_of(over) if part.decision == "expired"]
        if not expired or not self._waiting:
            return  # as almost always: the runs of others needn't be gone through
        states = [attempt.task.live.state for attempt in self.attempts.values()]
        since = min(*expired, time.time() - _PRESENT)
        if max([self._decided_at, *map(last_decision, states)]) < since:
            self.end(_NOBODY_DECIDED, call_off=False)

    def _claim(self, connection: sqlite3.Connection, claims: Sequence[Claim], now: float) -> Any:
        """Claim rows; on the journal's thread, where its file is still what it was."""
        self._journal.check_place()
        return written.claim(connection, self._batch, claims, now)

    async def _claims_of(self, keys: Sequence[str]) -> list[Claim]:
        """Name what each row will be found again by; rows that can't be sent now wait again."""
        target = self._target
        if target.kind == "workflow":
            claims = [target.new_session_id() if target.has_starter else None for _ in keys]
            return [Claim(key=key, claim=one) for key, one in zip(keys, claims, strict=True)]
        if not self._makes_session:
            named = target.session_of or (lambda _: target.new_session_id())
            return [Claim(key=key, session_id=named(key)) for key in keys]
        made = await asyncio.gather(*(self._made_session() for _ in keys), return_exceptions=True)
        claims_made = []
        for key, session_id in zip(keys, made, strict=True):
            if isinstance(session_id, str):
                self._made.add(session_id)
                claims_made.append(Claim(key=key, session_id=session_id))
            elif isinstance(session_id, PowawidgetError):
                self._spending.released()
                self._waiting.append(key)
                self._after_no_session(session_id)
            else:
                raise session_id
        return claims_made

    def _after_no_session(self, error: PowawidgetError) -> None:
        """Wait, or send ids of our own: a service key may have to name a user for a session."""
        start = after_failed_start(error, marked=False)
        if isinstance(error, RequestError) and start.retry_after is not None:
            self._target.client.pause.note(start.retry_after, error.status)
        if self._note_refused(start):
            return
        if start.state == "failed" and not self._made and not self._refuses_own_ids:
            self._makes_session = False
            self._wake.set()
        else:
            self.end(str(error))

    async def _made_session(self) -> str:
        client = self._client
        assert client is not None  # noqa: S101  # set before anything is sent
        answer = await client.post(f"/api/agents/{self._target.id}/sessions", {})
        made = answer.get("session_id") if isinstance(answer, Mapping) else None
        if not isinstance(made, str) or not made:
            raise ProtocolError("The server made a conversation without an id.")
        return made

    async def _send(self, opened: Open, claim: Claim) -> None:
        """Send a row once, and bring it to its end."""
        key = opened.key
        try:
            if self._is_called_off:  # while this was claimed
                raise ConfigurationError(self.reason)  # as a closed connection does
            attempt = self._attempt(opened, claim)
        except PowawidgetError as error:
            self.end(str(error))
            self._pace.dropped()
            await self._release(opened, Start("released", error=str(error)))
            return
        self.attempts[key] = attempt
        try:
            start = await attempt.follow()
            state = attempt.task.live.state
            named = msgspec.structs.replace(
                opened, run_id=state.run_id, sent_at=attempt.sent_at or opened.sent_at
            )
            if start is not None:
                await self._after_failed_start(named, start, attempt)
            elif after_stream(state.status) == "accepted":
                await self._look(named)
            else:
                await self._settle(named, settled_of(self._target, state, named))
        finally:
            self.attempts.pop(key, None)

    def _attempt(self, opened: Open, claim: Claim) -> Attempt:
        async def mark() -> None:
            try:
                await self._do(
                    lambda connection: written.mark(connection, opened.id, attempt.sent_at)
                )
            except PowawidgetError as error:
                self.end(str(error))
                raise

        def named() -> None:
            state = attempt.task.live.state
            self._note_accepted(opened, state.run_id)

        def is_open(seconds: float) -> None:
            self._reached, self._unreached_since, self._not_allowed = True, None, 0
            self._pace.accepted(seconds)
            self._set(
                opened.key, msgspec.structs.replace(self._before(opened.key), state="accepted")
            )
            self._wake.set()

        def is_over() -> None:
            self._pace.ended()
            self._spending.over(opened.key)
            self._end_where_nobody_decides(attempt.task.live.state)
            self._wake.set()

        attempt = Attempt(
            self._target,
            self._rows[opened.key].body,
            claim,
            mark=mark,
            on_open=is_open,
            on_named=named,
            on_over=is_over,
        )
        attempt.decide_by(self._target.on_approval)  # the plan has the policy of the batch's begin
        return attempt

    def _note_accepted(self, opened: Open, run_id: str | None) -> None:
        """Write a run's id; it isn't waited for: a kill before that leaves a run to be found."""
        redact = self._target.client.secret.redact
        named = None if run_id is None else redact(run_id)
        known = self.outcomes.get(opened.key, WAITING)  # a sample drives some of the rows
        self._set(
            opened.key,
            msgspec.structs.replace(
                known, state="accepted", run_id=named, session_id=opened.session_id
            ),
        )
        writing = self._journal.submit(
            lambda connection: written.accept(connection, opened.id, named, None)
        )
        writing.add_done_callback(lambda done: done.exception())

    async def _after_failed_start(self, opened: Open, start: Start, attempt: Attempt) -> None:
        if self._streams_stopped and start.state == "released":
            self._pace.dropped()
            await self._release(opened, start)
            return
        if refuses_own_id(attempt.error) and self._may_make_session(opened):
            self._makes_session = self._refuses_own_ids = True
            self._pace.dropped()
            await self._release(opened, Start("released", error=start.error))
            return
        if not self._note_refused(start) and start.state == "failed":
            await self._note_not_allowed(start)
        match start.state:
            case "released" | "left":
                await self._release(opened, start)
            case "failed":
                outcome = RowOutcome(
                    state="failed",
                    error=start.error,
                    session_id=opened.session_id,
                    tokens=0,
                    sent_at=opened.sent_at,
                    ended_at=time.time(),
                )
                await self._settle(opened, Settled(state="failed", outcome=outcome))
            case _:
                await self._look(opened)

    def _may_make_session(self, opened: Open) -> bool:
        return self._target.kind == "agent" and opened.session_id not in self._made

    def _note_refused(self, start: Start) -> bool:
        """Tell the pace of a start that gave no stream; gives whether it may pass by itself."""
        if start.cause == "refused":
            self._pace.refused(start.retry_after)
            self._unreached_since = None
            return True
        if start.cause in {"unreachable", "hopeless"}:
            self._pace.unreachable()
            self._note_unreachable(start)
            return True
        self._pace.dropped()
        return False

    def _note_unreachable(self, start: Start) -> None:
        now = time.monotonic()
        since = self._unreached_since = self._unreached_since or now
        most = self._asking.away if self._reached else self._asking.unreachable
        if now - since >= most or (start.cause == "hopeless" and not self._reached):
            self.end(start.error)

    async def _note_not_allowed(self, start: Start) -> None:
        self._not_allowed = self._not_allowed + 1 if start.cause == "not_allowed" else 0
        if self._not_allowed >= _NOT_ALLOWED:
            self.end(start.error)

    async def _release(self, opened: Open, start: Start) -> None:
        """Write, before anything else, that no run can have begun."""
        now, key = time.time(), opened.key
        self._spending.released()  # first: what is refused has used nothing up
        if start.state == "left":
            self.end(start.error)  # first: nothing starts while this is written
        error = self._target.client.secret.redact(start.error)
        try:
            await self._do(
                lambda connection: written.release(connection, opened.id, start.state, error, now)
            )
        except PowawidgetError as problem:
            # It stays claimed, without the mark: whoever goes on releases it.
            self.end(str(problem))
            return
        self._set(key, msgspec.structs.replace(self._before(key), error=error))
        if start.state != "left":
            self._waiting.appendleft(key)
            self._wake.set()

    async def _look(self, opened: Open) -> None:
        """Find out what became of a run that may have begun."""
        self._note_accepted(opened, opened.run_id)
        if self._streams_stopped:
            self._leave(opened, _STOPPED)
            return
        finder = self._finder
        assert finder is not None  # noqa: S101  # set before anything is sent
        row = self._rows.get(opened.key)
        is_own = opened.key in self._tries

        async def note_id(run_id: str) -> None:
            self._note_accepted(opened, run_id)

        variables = None if row is None else row.body.get("variables")
        once = opened.key in self._by_word
        finding = asyncio.ensure_future(
            finder.find(opened, variables, note_id, is_own=is_own, once=once)
        )
        self._finds.add(finding)
        try:
            found = await finding
        except asyncio.CancelledError:
            if not self._streams_stopped:
                raise
            found = Found(left=_STOPPED)
        finally:
            self._finds.discard(finding)
            finding.cancel()
        if found.left:
            self._leave(opened, found.left)
            self.end(found.left)
            return
        await self._settle(opened, settled_of_found(self._target, found, opened))

    def _leave(self, opened: Open, why: str) -> None:
        """Leave a row as it is: whoever goes on asks again."""
        redact = self._target.client.secret.redact
        if opened.key in self.outcomes:
            known = self.outcomes[opened.key]
            self._set(opened.key, msgspec.structs.replace(known, error=redact(why)))

    async def _settle(self, opened: Open, settled: Settled) -> None:
        """Write how a row ended; what can't be written is kept, and tried again."""
        key, outcome = opened.key, settled.outcome
        tries = self._tries.pop(key, self._before(key).tries)
        outcome = msgspec.structs.replace(outcome, tries=tries)
        try:
            await self._write(opened.id, settled)
        except PowawidgetError as error:
            self._unsaved[opened.id] = settled
            self.end(f"{error} What came of {key[:80]!r} isn't written yet.")
        is_unknown = settled.state == "unknown"
        is_by_word = is_unknown and key in self._by_word
        self._by_word.discard(key)
        is_bad = settled.state != "done" and not is_by_word
        self._spending.ended(outcome.tokens, failed=is_bad, key=key)
        self._set(key, outcome)
        is_said_before = is_unknown and self._on_unknown == "retry" and tries < _MOST_TRIES
        if is_by_word or is_said_before:
            await self._send_again(key)

    async def _send_again(self, key: str) -> None:
        """Let a row wait again whose fate nobody knows, as the person has said."""
        try:
            aside = await self._do(
                lambda connection: written.put_aside(connection, self._batch, ["unknown"], [key])
            )
        except PowawidgetError as error:
            self.end(str(error))
            return
        if aside and key in self._rows:
            self._set(key, msgspec.structs.replace(WAITING, tries=self._before(key).tries))
            self._waiting.append(key)
            self._wake.set()

    async def _write(self, number: int, settled: Settled) -> None:
        # Compressed on the journal's thread, outside of the transaction.
        packing = self._journal.submit(lambda _: written.pack(settled), alone=True)
        packed = await asyncio.wrap_future(packing)
        await self._do(lambda connection: written.settle(connection, number, packed))

    async def _save_again(self) -> None:
        for number, settled in tuple(self._unsaved.items()):
            try:
                await self._write(number, settled)
            except PowawidgetError:
                return
            except RuntimeError:
                pass  # somebody else has found it again
            self._unsaved.pop(number)

    async def _find_again(self) -> None:
        """Find again what was under way when the last driver ended, before anything new starts."""
        now = time.time()
        opened = await self._do(
            lambda connection: written.open_attempts(connection, self._batch, now)
        )
        known = await self._do(lambda connection: reading.outcomes(connection, self._batch))
        changed = [key for key in self._rows if known.get(key) != self.outcomes.get(key)]
        self.outcomes.update({key: known[key] for key in self._rows})
        self._tell(changed)
        if self._is_first:
            self._count_earlier(
                await self._do(lambda connection: reading.spent(connection, self._batch))
            )
        finds = self._find_all(opened)
        if finds:
            scale = min(1.0, self._asking.minute / 60)
            await asyncio.wait(finds, timeout=_HEAD_START * scale)

    def _count_earlier(self, runs: Iterable[Spent]) -> None:
        """Count what the whole batch has cost before, and not only the rows of this course."""
        for run in runs:
            self._spending.started()
            if run.is_over:
                self._spending.ended(run.tokens, failed=run.is_bad)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        async def guarded() -> None:
            try:
                await work
            except PowawidgetError as error:
                self.end(str(error))
            except Exception as error:  # noqa: BLE001  # one row's: the others go on
                self._report("followed a row", error)

        task = asyncio.ensure_future(guarded())
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._wake.set()

    def _give_back(self, key: str) -> None:
        self._spending.released()
        self._pace.dropped()
        self._waiting.appendleft(key)

    def _before(self, key: str) -> RowOutcome:
        """A row as it stands without what this attempt has brought."""
        return msgspec.structs.replace(WAITING, tries=self.outcomes.get(key, WAITING).tries)

    def _set(self, key: str, outcome: RowOutcome) -> None:
        if key in self._rows:
            self.outcomes[key] = outcome
            self._tell([key])

    def _tell(self, keys: Sequence[str]) -> None:
        try:
            self._on_change(keys)
        except Exception as error:  # noqa: BLE001  # a subscriber's own
            self._log("told of a change", error)

    def _report(self, doing: str, error: BaseException) -> None:
        self._log(doing, error)
        self.end(
            f"powawidget failed while it {doing}: {type(error).__name__}. The kernel's log says "
            "more; nothing is lost, so go on with the batch later."
        )

    def _log(self, doing: str, error: BaseException) -> None:
        redact = self._target.client.secret.redact
        text = redact("".join(traceback.format_exception(error)))
        log(logging.ERROR, "powawidget failed while it %s\n%s", doing, text)

    async def _do(self, work: Callable[[Any], _T]) -> _T:
        return await asyncio.wrap_future(self._journal.submit(work))
