"""The task behind a run: it follows the stream, looks the run up, decides and stops."""

import asyncio
import concurrent.futures
import contextlib
import functools
import threading
from collections.abc import Awaitable, Callable

from powawidget.approvals.decider import Decider
from powawidget.approvals.policy import Choice
from powawidget.errors import PowawidgetError
from powawidget.kernel import cells, loop
from powawidget.live import alive
from powawidget.live.run import Live
from powawidget.protocol.events import Stopped, Troubled
from powawidget.run import asking, known, notices
from powawidget.run.apply import follow
from powawidget.run.pause import Pauses
from powawidget.run.plan import Plan
from powawidget.run.recovery import is_worth_a_look, recover
from powawidget.state.model import RunState

_DENYING = 0.8


class RunTask:
    """What happens to one run, on the loop thread; it knows nothing of cells and widgets.

    Attributes:
        plan: What the run is made from.
        live: Its state while it changes.
        decider: What decides on its requests for approval, where there can be any.
        pauses: Lets a person end a pause.
        is_closed: Whether nobody wants to know any more what became of the run at the server.
        is_row: Whether it is part of a batch, which keeps the kernel alive as a whole.
        anew: Makes the plan by which a run that was reused is run anew; None for any other.
        place: The cell that has started it, or its chat.
        decides: Who was given to decide on its approvals, where that was noted.
        own_id: By what its rating is known, once it has one.
        rating: Held while it is rated: of two ratings the later one counts.
        holder: What a person has of it. It lives for as long as the run goes on, though no
            variable may name it: a cell that is run again closes it (`powawidget.kernel.cells`).

    Args:
        plan: What the run is made from.
        state: The state to start from, where it isn't the plan's.
        lock: What guards the state, where that is shared with others.
    """

    def __init__(
        self, plan: Plan, state: RunState | None = None, lock: "threading.RLock | None" = None
    ) -> None:
        self.plan = plan
        self.live = Live(plan.state() if state is None else state, plan.secret, lock=lock)
        self.pauses = Pauses()
        self.is_closed = False
        self.is_row = False
        self.anew: Callable[[], Plan] | None = None
        self.place = cells.Place()
        self.decides: object = None
        self.own_id: str | None = None
        self.rating = asyncio.Lock()
        self.holder: object = None
        self._future: concurrent.futures.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._denying: asyncio.Future[None] | None = None
        self.decider: Decider | None = None
        self._take_up(plan)

    def _take_up(self, plan: Plan) -> None:
        self.decider = None if plan.decider is None else plan.decider(self.live)
        if self.decider is not None:
            self.live.observe = self.decider.note_event
            self.decider.changed = functools.partial(asking.look, self)
        elif plan.observe is not None:
            self.live.observe = functools.partial(plan.observe, self.live)
        for event in plan.known:
            self.live.receive(event)

    @property
    def is_started(self) -> bool:
        """Whether the run was started; one that is over from the beginning never is."""
        return self._future is not None

    def start(self) -> None:
        """Start the run; on any thread."""
        live, lookup = self.live, self.plan.lookup
        if live.state.started is None and live.state.origin == "live":
            live.state.started = live.clock()
        is_cut = set() if lookup.stored is None else {"interrupted"}
        is_incomplete = set() if lookup.parts is None else {"completed", "failed"}
        live.unfinished = frozenset(is_cut | is_incomplete)
        known.note(live)
        place = cells.place()
        self.place = self.place if place.number is None else place
        self._future = loop.submit(self._run())

    def stop(self) -> None:
        """Stop the run, or take it back where it hasn't started; on the loop thread only."""
        live = self.live
        if live.stop_asked or live.finished:
            return
        live.stop_asked = True
        if self._future is None:
            live.receive(Stopped(message="It was taken back before it was sent."))
            self.plan.source.close()
        elif self.decider is not None and self.decider.has_to_deny:
            self._denying = asyncio.ensure_future(self._deny_and_cancel(self.decider))
        elif self._task is not None:
            self._task.cancel()

    def run_anew(self) -> str | None:
        """Run anew, in the same place, what was reused; on the loop thread only.

        Returns:
            Why it is refused, in words; None where it is on its way.
        """
        make, live = self.anew, self.live
        if make is None:
            return "There is nothing to run anew: that was done already."
        try:
            self.plan = make()
        except PowawidgetError as error:
            return str(error)
        self.anew = None
        self.own_id = None  # it is another run: it doesn't take the place of the first one's rating
        state = self.plan.state()
        state.started = live.clock()
        live.begin_anew(state)
        self._take_up(self.plan)
        self.start()
        return None

    def end_recovery(self) -> None:
        """Give up what is still being found out about a run that is over; on any thread."""
        # Where nothing is, the loop isn't asked for: at the interpreter's end no thread starts.
        if self._task is not None and not self._task.done():
            loop.call_soon(self._task.cancel)

    async def decide(self, choice: Choice, reason: str | None) -> str | None:
        """Decide by code on all requests that are open; on the loop thread only.

        Returns:
            Why it is refused, in words; None where the decision is on its way.
        """
        if self.decider is None:
            return "This run can't wait for a decision."
        return self.decider.decide(choice, "code", reason)

    def is_asking(self) -> bool:
        """Tell whether the run waits for a decision, and no further request is about to come."""
        with self.live.lock:
            decider = self.decider
            return decider is not None and decider.requests.is_quiet and decider.requests.is_asking

    async def _run(self) -> None:
        self._task = asyncio.current_task()
        if self.live.stop_asked and self._task is not None:
            self._task.cancel()
        try:
            with self._keeps_alive():
                await self._follow()
                if self._is_alone:
                    notices.note_end(self.live)
                if self.live.state.status == "stopped":
                    with contextlib.suppress(asyncio.CancelledError):
                        await self._or_report("looked the run up", self._recover())
                        self.live.end_recovery()
        finally:
            self.plan.source.close()

    @property
    def _is_alone(self) -> bool:
        """Whether a person has started it: no row of a batch, and no replay."""
        return not self.is_row and self.live.state.origin == "live"

    def _keeps_alive(self) -> contextlib.AbstractContextManager[None]:
        if not self._is_alone:
            return contextlib.nullcontext()
        return alive.work(lambda text: self.live.receive(Troubled(text=text)))

    async def _follow(self) -> None:
        """Follow the run to its end, then release those who wait for it, whatever happens."""
        problem: Exception | None = None
        live = self.live
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await follow(live, self.plan.source, self.pauses, self._is_denied, self._finds)
            if self.decider is not None:
                await self.decider.close()
            with contextlib.suppress(asyncio.CancelledError):
                await self._or_report("fetched the run's parts", self._fetch_parts())
                if live.state.status == "interrupted":
                    await self._or_report("looked the run up", self._recover())
        except Exception as error:  # noqa: BLE001  # reported below: nothing of it may vanish
            problem = error
        finally:
            live.fail(problem)
            asking.look(self)
            live.finish()

    def _is_denied(self) -> bool:
        return self.decider is not None and self.decider.is_stop_proved

    def _finds(self) -> bool:
        return self.plan.lookup.finds

    async def _or_report(self, doing: str, work: Awaitable[None]) -> None:
        """Do what a run can do without: a failure is logged and shown, and changes nothing else."""
        try:
            await work
        except Exception as error:  # noqa: BLE001  # whatever it is, the run is what it was
            self.live.report(doing, error)

    async def _fetch_parts(self) -> None:
        """Fetch what the server gives only once a run is over; the run is complete without it."""
        state, fetch = self.live.state, self.plan.lookup.parts
        if fetch is None or state.status not in {"completed", "failed"}:
            return
        if not state.run_id or self.live.stop_asked or state.edited:
            return  # what a hook took back stands in the parts as well
        with contextlib.suppress(PowawidgetError, TimeoutError):
            async with asyncio.timeout(self.plan.source.timeouts.parts):
                parts = await fetch(state)
            for event in parts:
                self.live.receive(event)

    async def _recover(self) -> None:
        """Find out what the server did, for as long as the run isn't closed."""
        lookup = self.plan.lookup
        if not self.is_closed and is_worth_a_look(self.live, lookup):
            await recover(self.live, lookup, self.plan.source.timeouts, self.pauses)

    async def _deny_and_cancel(self, decider: Decider) -> None:
        # After the stream is closed an approval still counts, and the tool would really run.
        try:
            await self._or_report("denied what the run waits for", decider.deny_to_stop(_DENYING))
        finally:
            if self._task is not None:
                self._task.cancel()
