"""One row's attempt: its one POST, and its stream to the end."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from powawidget.approvals.policy import PolicyFunction
from powawidget.batch.find import CLAIM
from powawidget.batch.journal.attempts import Claim
from powawidget.batch.states import Start, after_failed_start
from powawidget.batch.target import Target
from powawidget.errors import RequestError
from powawidget.live.subscribers import Rest
from powawidget.run.plan import Lookup
from powawidget.run.run import Run
from powawidget.run.sources import Source, WatchedSource
from powawidget.run.task import RunTask
from powawidget.state.ops import Op


class Attempt:
    """One attempt at a row, on the loop thread.

    Attributes:
        marked: Whether the durable mark stands: its last byte may have been sent.
        sent_at: When it was, in seconds since the epoch.
        opened: Whether the server has answered with a stream.
        error: Why it hasn't, where that is known.

    Args:
        target: What runs.
        body: What is posted, without what finds it again.
        claim: What it was claimed with.
        mark: Writes the durable mark.
        on_open: Called once the server has answered with a stream, with the seconds it took.
        on_named: Called once the run has an id.
        on_over: Called as soon as the stream is over.

    Raises:
        ConfigurationError: If the connection was closed.
    """

    doing = "followed a row's run"

    def __init__(  # noqa: PLR0913  # what makes up an attempt
        self,
        target: Target,
        body: Mapping[str, Any],
        claim: Claim,
        *,
        mark: Callable[[], Awaitable[None]],
        on_open: Callable[[float], None],
        on_named: Callable[[], None],
        on_over: Callable[[], None],
    ) -> None:
        self.marked = False
        self.sent_at = 0.0
        self.opened = False
        self._mark = mark
        self._on_open = on_open
        self._on_named: Callable[[], None] | None = on_named
        self._on_over: Callable[[], None] | None = on_over
        self.error: BaseException | None = None
        self._ended = asyncio.Event()
        plan = target.plan(body, sent_body(body, claim), self._note_mark)
        # What became of a run whose stream was cut is found out by its claim, not by the run.
        lookup = Lookup(parts=plan.lookup.parts)
        self._task = RunTask(replace(plan, source=_Watched(plan.source, self), lookup=lookup))
        self._task.is_row = True
        self._run: Run | None = None

    @property
    def task(self) -> RunTask:
        """What is behind the run."""
        return self._task

    @property
    def run(self) -> Run:
        """The run, as a person holds it."""
        if self._run is None:
            self._run = Run(self._task)
        return self._run

    @property
    def is_asking(self) -> bool:
        """Whether it waits for a person: no policy decides, or that has left it to one."""
        task = self._task
        is_waiting = task.live.state.status == "waiting"
        return is_waiting and task.decider is not None and task.decider.asks_person

    def decide_by(self, policy: PolicyFunction | None) -> None:
        """Have a policy decide on what it asks from now on; a person, without one."""
        if self._task.decider is not None:
            self._task.decider.decide_by(policy)

    async def follow(self) -> Start | None:
        """Send it, and follow its stream to the end.

        Returns:
            What the end of its start means, where it gave no stream; None where one came, whose
            end stands in the run's state.
        """
        live = self._task.live
        with live.lock:
            live.subscribers.append(self)
        self._task.start()
        try:
            await self._ended.wait()
        except asyncio.CancelledError:
            self._task.end_recovery()
            raise
        if self.opened:
            return None
        error = self.error
        if error is None or isinstance(error, asyncio.CancelledError):
            return Start("accepted" if self.marked else "released", error="It was stopped.")
        return after_failed_start(error, marked=self.marked)

    def stop(self) -> None:
        """Stop following it."""
        self._task.stop()

    def changed(self, ops: list[Op]) -> None:
        """Note when the run gets its id, and when its stream is over; called under its lock."""
        del ops
        live = self._task.live
        if self._on_named is not None and live.state.run_id is not None:
            named, self._on_named = self._on_named, None
            named()
        if live.ended:
            self._note_over()

    def ended(self) -> Rest | None:
        """Note that all that is known of the run by its stream is there."""
        self._note_over()
        self._ended.set()
        return None

    def recovered(self) -> Rest | None:
        """Nothing is left to do."""
        return None

    def note_open(self, seconds: float) -> None:
        """Note that the server has answered with a stream."""
        self.opened = True
        self._on_open(seconds)

    def note_error(self, error: BaseException) -> None:
        """Note why there is no stream."""
        self.error = error

    def _note_over(self) -> None:
        over, self._on_over = self._on_over, None
        if over is not None and self.opened:
            over()

    async def _note_mark(self) -> None:
        self.sent_at = time.time()
        await self._mark()
        # From here on the last byte may go out, whatever happens.
        self.marked = True


class _Watched(WatchedSource):
    """A run's source, whose start is watched.

    Args:
        inner: Where the bytes come from.
        attempt: Who is told.
    """

    def __init__(self, inner: Source, attempt: Attempt) -> None:
        super().__init__(inner)
        self._attempt = attempt

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[bytes], None]:
        begun = time.monotonic()
        async with contextlib.AsyncExitStack() as stack:
            try:
                chunks = await stack.enter_async_context(self._inner.open())
            except BaseException as error:
                # Its frames hold the request; what is told of it needs none.
                self._attempt.note_error(error)
                raise
            self._attempt.note_open(time.monotonic() - begun)
            yield chunks


def sent_body(body: Mapping[str, Any], claim: Claim) -> dict[str, Any]:
    """Add to a body what finds its run again."""
    sent = dict(body)
    if claim.session_id is not None:
        sent["session_id"] = claim.session_id
    if claim.claim is not None:
        sent["variables"] = {**body.get("variables", {}), CLAIM: claim.claim}
    return sent


def refuses_own_id(error: BaseException | None) -> bool:
    """Tell whether a service takes no session id that it hasn't made (docs/protocol.md#rights)."""
    return (
        isinstance(error, RequestError)
        and error.status in {400, 403, 404, 422}
        and "session" in error.body.casefold()
    )
