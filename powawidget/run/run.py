"""Run: the object a person holds."""

import asyncio
import concurrent.futures
import contextlib
import functools
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from typing import Any, Literal, Protocol

from powawidget import transcript
from powawidget.approvals.decider import Choice, Decider
from powawidget.errors import (
    ApprovalNeeded,
    DecisionRefused,
    PowawidgetError,
    RunFailed,
    RunInterrupted,
)
from powawidget.http.secret import Secret
from powawidget.kernel import cells, host, loop, wait
from powawidget.live.recording import Recording
from powawidget.live.run import Live
from powawidget.protocol.events import Ended, Event, Stopped
from powawidget.protocol.events.bounds import cut
from powawidget.protocol.stored.run import events_of_stored, question_of
from powawidget.run.pause import Pauses
from powawidget.run.recovery import Find, is_worth_a_look, learn
from powawidget.run.runner import Source, follow
from powawidget.run.sources import RecordedSource
from powawidget.state import values
from powawidget.state.about import About
from powawidget.state.model import (
    ENDED,
    ApprovalPart,
    Failure,
    Kind,
    RunState,
    plain,
    typed,
)
from powawidget.state.reduce import gates
from powawidget.transcript.export import Told, Transcribed
from powawidget.widget import notebook_file, page_state
from powawidget.widget.output import CellOutput

_STOPPING = 5.0
_TELLING = 5.0  # for the transcript, so that it is in the file before its cell is over
_DENYING = 0.8
_GRACE = 2.0
_GRACE_FOR_A_PAGE = 30.0
_GRACE_FOR_CODE = 30.0
_REASON_LENGTH = 2000
_NO_SOURCE = RecordedSource((), None)
_WORDS = {
    "connecting": "connecting",
    "running": "running",
    "waiting": "waiting for you",
    "reconnecting": "reconnecting",
    "completed": "done",
    "failed": "failed",
    "stopped": "stopped",
    "interrupted": "interrupted",
}


class Home(Protocol):
    """The chat that a run is a turn of: it starts the run in its turn, and shows it."""

    lock: threading.RLock

    @property
    def shown(self) -> tuple[Any, float | None]:
        """Its widget and when that was made, once there is one."""

    def show(self, *, display: bool) -> None:
        """Show the chat, where nobody has."""

    def is_stuck(self, run: "Run") -> bool:
        """Tell whether waiting for a turn would never end."""

    def check(self, run: "Run") -> None:
        """Raise where waiting for a turn would never end."""

    def emit_turn(self) -> None:
        """Show the chat in place of a turn; NotImplementedError where it is shown already."""


class Run(Transcribed):
    """A run of an agent, an orchestration or a workflow, live or over.

    It goes on while other cells compute. Show it by making it the last value of a cell or by
    `display(run)`; wait for it with `run.wait()`, `run.result()` or `await run`.

    Args:
        source: Where its bytes come from.
        kind: agent, orchestration or workflow.
        name: What is running.
        message: What it was asked.
        origin: live, replay or stored.
        on_stop: What the server does when the run is stopped.
        secret: The key to keep out of everything.
        decider: Makes what decides on the run's requests for approval, where there can be any.
        look_up: Fetches what the server has stored of a run, by its id.
        find: Finds the ids of what may be the run, where its stream didn't tell it.
        known: What was known before the run, as events.
        observe: Called with each event, after it was folded in.
        complete: Fetches by the run's id what the server tells only when the run is over.
        home: The chat that it is a turn of, where it is one.
        about: On which host and with which model it runs, for its transcript.
    """

    def __init__(  # noqa: PLR0913  # what a run is told once
        self,
        source: Source,
        *,
        kind: Kind = "agent",
        name: str = "",
        message: str = "",
        origin: Literal["live", "replay", "stored"] = "live",
        on_stop: str = "",
        secret: Secret | None = None,
        decider: Callable[[Live], Decider] | None = None,
        look_up: Callable[[str], Awaitable[Any]] | None = None,
        find: Find | None = None,
        known: Iterable[Event] = (),
        observe: Callable[[Live, Event], None] | None = None,
        complete: Callable[[str], Awaitable[Iterable[Event]]] | None = None,
        home: Home | None = None,
        about: About | None = None,
    ) -> None:
        # What is sent is the source's affair, and exact; what is kept and shown is without the key.
        shown = message if secret is None else secret.redact(message)
        state = RunState(kind=kind, name=cut(name), message=shown, origin=origin, on_stop=on_stop)
        self._live = Live(state, secret, lock=None if home is None else home.lock)
        self._home = home
        self._source = source
        self._task: asyncio.Task[None] | None = None
        self._future: concurrent.futures.Future[None] | None = None
        self._look_up = look_up
        self._find = find
        self._complete = complete
        self._pauses = Pauses()
        self._denying: asyncio.Future[None] | None = None
        # Who waits in `next_approval`, and when it last gave a request.
        self._deciders = 0
        self._handed_over = float("-inf")
        self._decider = None if decider is None else decider(self._live)
        if self._decider is not None:
            self._live.observe = self._decider.notice
        elif observe is not None:
            self._live.observe = functools.partial(observe, self._live)
        self._secret = secret
        self._about = about or About()
        self._output = CellOutput(self._make_widget, self._transcripts, self.__repr__)
        for event in known:
            self._live.receive(event)

    @classmethod
    def stored(
        cls,
        told: Mapping[str, Any],
        name: str = "",
        *,
        secret: Secret | None = None,
        about: About | None = None,
    ) -> "Run":
        """Make a run from what the server has stored of it.

        Args:
            told: The server's answer, decoded.
            name: What ran.
            secret: The key to keep out of everything.
            about: On which host it ran, for its transcript.

        Returns:
            The run, over.
        """
        run = cls.of_events(
            events_of_stored(told),
            name=name,
            message=question_of(told),
            origin="stored",
            secret=secret,
            about=about,
        )
        cells.adopt(run)
        return run

    @classmethod
    def saved(cls, state: RunState, about: About | None = None) -> "Run":
        """Make a run that is over from a state that was saved; nothing of it acts.

        Args:
            state: The run as it was when it was saved, checked.
            about: On which host it ran, for its transcript.

        Returns:
            The run, over: what was under way when it was saved is interrupted.
        """
        run = cls(_NO_SOURCE, origin="replay", about=about)
        run._live.state = state
        state.origin = "replay"
        if state.status not in ENDED:
            run._live.receive(Ended())
        run._live.settle()
        return run

    @classmethod
    def of_events(  # noqa: PLR0913  # what a run is told once
        cls,
        frames: Iterable[str | Event],
        *,
        kind: Kind = "agent",
        name: str,
        message: str = "",
        origin: Literal["replay", "stored"],
        secret: Secret | None = None,
        times: tuple[float | None, float | None] | None = None,
        about: About | None = None,
    ) -> "Run":
        """Make a run that is over from all its frames.

        Args:
            frames: The data of server-sent events, or events.
            name: What ran.
            message: What it was asked.
            origin: replay or stored.
            secret: The key to keep out of everything.
            kind: agent, orchestration or workflow.
            times: When it began and ended, in seconds since the epoch; the times of its frames
                where they aren't given.
            about: On which host it ran, for its transcript.

        Returns:
            The run, over.
        """
        run = cls(
            _NO_SOURCE,
            kind=kind,
            name=name,
            message=message,
            origin=origin,
            secret=secret,
            about=about,
        )
        for frame in frames:
            run._live.receive(frame)
        run._live.receive(Ended())
        if times is not None:
            run._live.state.started, run._live.state.ended = times
        return run

    def __copy__(self) -> "Run":
        return self

    def __deepcopy__(self, memo: object) -> "Run":
        return self  # what an error or a list is copied for stays the run that is going on

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross to another process as what `save` writes: without connection, key and task."""
        return _restored, (self.to_json(),)

    def start(self) -> "Run":
        """Start the run on the loop thread; does nothing where it has been started.

        A turn of a chat is started by its chat, once its turn has come.

        Returns:
            The run itself.
        """
        if self._future is None and self._home is None:
            cells.adopt(self)
            self._begin()
        return self

    def _begin(self) -> None:
        if self._live.state.started is None and self._live.state.origin == "live":
            self._live.state.started = self._live.clock()
        cut = set() if self._look_up is None else {"interrupted"}
        incomplete = set() if self._complete is None else {"completed", "failed"}
        self._live.held = frozenset(cut | incomplete)
        self._future = loop.submit(self._follow())

    async def _follow(self) -> None:
        self._task = asyncio.current_task()
        if self._live.stop_asked and self._task is not None:
            self._task.cancel()
        try:
            await self._follow_to_the_end()
            if self.status == "stopped":
                with contextlib.suppress(asyncio.CancelledError):
                    await self._or_tell("looked the run up", self._recover())
                    self._live.end_recovery()
        finally:
            self._source.close()

    async def _follow_to_the_end(self) -> None:
        """Follow the run, and let those go on who wait for it, whatever happens."""
        problem: Exception | None = None
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await follow(self._live, self._source, self._pauses)
            if self._decider is not None:
                await self._decider.close()
            with contextlib.suppress(asyncio.CancelledError):
                await self._or_tell("fetched the run's parts", self._fetch_parts())
                if self.status == "interrupted":
                    await self._or_tell("looked the run up", self._recover())
        except Exception as error:  # noqa: BLE001  # told below: nothing of it may vanish
            problem = error
        finally:
            self._live.give_up(problem)
            self._live.settle()

    async def _or_tell(self, doing: str, work: Awaitable[None]) -> None:
        """Do what a run can do without: where it fails that is logged and told."""
        try:
            await work
        except Exception as error:  # noqa: BLE001  # whatever it is, the run is what it was
            self._live.trouble(doing, error)

    async def _fetch_parts(self) -> None:
        """Fetch what the server tells only when a run is over; without it the run is as it is."""
        state = self._live.state
        if self._complete is None or state.status not in {"completed", "failed"}:
            return
        if not state.run_id or self._live.stop_asked or state.edited:
            return  # what a hook took back stands in the parts as well
        with contextlib.suppress(PowawidgetError, TimeoutError):
            async with asyncio.timeout(self._source.timeouts.parts):
                parts = await self._complete(state.run_id)
            for event in parts:
                self._live.receive(event)

    async def _recover(self) -> None:
        """Find out what the server did, for as long as the run isn't closed."""
        if (
            self._look_up is not None
            and not self._output.is_closed
            and is_worth_a_look(self._live, self._find)
        ):
            limits = self._source.timeouts
            await learn(self._live, self._look_up, limits, self._pauses, self._find)

    @property
    def status(self) -> str:
        """connecting, running, waiting, reconnecting, completed, failed, stopped or interrupted."""
        return self._live.state.status

    @property
    def message(self) -> str:
        """What was asked."""
        return self._live.state.message

    @property
    def text(self) -> str:
        """The answer so far."""
        with self._live.lock:
            return values.text_of(self._live.state)

    @property
    def reasoning(self) -> str:
        """The model's thinking so far."""
        with self._live.lock:
            return values.reasoning_of(self._live.state)

    @property
    def tool_calls(self) -> list[values.ToolCall]:
        """The tool calls so far, in order."""
        with self._live.lock:
            return values.tool_calls_of(self._live.state)

    @property
    def approvals(self) -> list[values.Approval]:
        """The requests for approval so far, and what became of each."""
        with self._live.lock:
            return values.approvals_of(self._live.state)

    @property
    def delegations(self) -> list[values.Delegation]:
        """What each agent of an orchestration did so far, in the order in which they began."""
        with self._live.lock:
            return values.delegations_of(self._live.state)

    @property
    def blocks(self) -> list[values.Block]:
        """The blocks of a workflow, in the order of its graph."""
        with self._live.lock:
            return values.blocks_of(self._live.state)

    @property
    def output(self) -> Any:
        """What a workflow gave, decoded; None until its response block is done."""
        with self._live.lock:
            return values.output_of(self._live.state)

    @property
    def progress(self) -> values.Progress | None:
        """How many blocks of a workflow are done, failed and skipped, and how many there are."""
        with self._live.lock:
            return values.progress_of(self._live.state)

    @property
    def usage(self) -> dict[str, int] | None:
        """Counts of tokens by name, once the server has told them."""
        usage = self._live.state.usage
        return None if usage is None else dict(usage)

    @property
    def error(self) -> Failure | None:
        """Why the run failed or was interrupted: title, message, code and hint."""
        return self._live.state.error

    @property
    def run_id(self) -> str | None:
        """The server's id of the run."""
        return self._live.state.run_id

    @property
    def session_id(self) -> str | None:
        """The conversation: pass it as `session_id` to go on with it."""
        return self._live.state.session_id

    @property
    def seconds(self) -> float | None:
        """How long the run took; None while it is live."""
        return values.seconds_of(self._live.state)

    @property
    def events(self) -> Recording:
        """Every event of the stream, in order, with its raw frame."""
        return self._live.recording

    @property
    def widget(self) -> Any:
        """The widget that shows the run, made when it is first asked for; for layouts."""
        return self._output.widget

    def _make_widget(self, mark: str) -> Any:
        from powawidget.widget.widget import RunWidget  # noqa: PLC0415  # a batch needs none

        widget = RunWidget(self._live, self._act, self.close, mark)
        with self._live.lock:
            self._live.subscribers.append(self._output.document)
        return widget

    def _transcripts(self, mark: str) -> dict[str, str]:
        with self._live.lock:
            return notebook_file.transcripts(self._live.state, mark, self._secret, self._about)

    def _told(self) -> Told:
        with self._live.lock:
            state: RunState = typed(plain(self._live.state), RunState)
        return Told(state, self._about, self._secret)

    def wait(
        self,
        timeout: float | None = None,
        *,
        display: bool = True,
        on_interrupt: Literal["stop", "detach"] = "stop",
    ) -> "Run":
        """Block the cell until the run ends; buttons stay live, and other runs go on.

        Args:
            timeout: How long to wait at most, in seconds; None waits until the end.
            display: Whether to show the run first, where nobody has.
            on_interrupt: What an interrupt of the kernel does to the run: stop it, or only stop
                waiting (detach).

        Returns:
            The run itself, over or, after the timeout, not.

        Raises:
            KeyboardInterrupt: If the kernel is interrupted.
            ApprovalNeeded: If the run waits for a decision where nobody can click.
        """
        self._output.wait()
        try:
            self._show(display=display)
            if wait.block(self._live.done, timeout, self._check):
                self._live.published.wait(_TELLING)
        except KeyboardInterrupt:
            if on_interrupt == "stop":
                self.stop()
            raise
        return self

    def result(self, timeout: float | None = None, *, display: bool = True) -> values.RunResult:
        """Wait for the run and return what it came to.

        Args:
            timeout: How long to wait at most, in seconds; None waits until the end.
            display: Whether to show the run first, where nobody has.

        Returns:
            The answer, the tool calls and the rest.

        Raises:
            RunFailed: If the run failed.
            RunInterrupted: If it was stopped, or its stream broke off.
            TimeoutError: If it isn't over in time; it goes on.
        """
        self.wait(timeout, display=display)
        return self._outcome(timeout)

    def __await__(self) -> Generator[Any, None, values.RunResult]:
        """Wait for the run in async code, as `run.result()` does elsewhere.

        Whoever cancels the waiting stops the run: so does `asyncio.wait_for(run, 60)` when its
        time is over, though `run.wait(60)` and `run.result(60)` only stop waiting. To leave the
        run going on, wait for `asyncio.shield(run)`.

        Returns:
            The answer, the tool calls and the rest.

        Raises:
            RunFailed: If the run failed.
            RunInterrupted: If it was stopped, or its stream broke off.
            ApprovalNeeded: If the run waits for a decision where nobody can click.
        """
        return self._awaited().__await__()

    async def _awaited(self) -> values.RunResult:
        try:
            self._show(display=True)
            while not self._live.done.is_set():
                await wait.until(self._over_or_stuck)
                self._check()
            await wait.until(self._live.published.is_set, _TELLING)
        except (asyncio.CancelledError, KeyboardInterrupt):
            self.stop()
            raise
        return self._outcome(None)

    def approve(self, reason: str | None = None) -> "Run":
        """Approve what the run waits for, as a click on Approve does.

        Rules: docs/protocol.md#one-slot and #decision-proof.

        Args:
            reason: Why; it stands in `run.approvals`.

        Returns:
            The run itself. The decision is on its way; the stream shows what came of it.

        Raises:
            DecisionRefused: If nothing waits, it is too late, or it was decided already.
        """
        return self._decide("approve", reason)

    def deny(self, reason: str | None = None) -> "Run":
        """Deny what the run waits for, as a click on Deny does. The run goes on.

        Rules: docs/protocol.md#one-slot and #denied.

        Args:
            reason: Why; the model is told.

        Returns:
            The run itself. The decision is on its way; the stream shows what came of it.

        Raises:
            DecisionRefused: If nothing waits, it is too late, or it was decided already.
        """
        return self._decide("deny", reason)

    async def next_approval(self) -> values.Approval | None:
        """Wait until the run asks for a decision, and for no further one (docs/protocol.md#quiet).

        Returns:
            The latest request that is pending, with all that is asked; None once the run is over.
        """
        self._deciders += 1
        try:
            await wait.until(lambda: self._live.ended or self._is_asking())
        finally:
            self._deciders -= 1
        with self._live.lock:
            latest = gates.latest(self._live.state)
            asked = None if latest is None else values.approval_of(latest)
        if asked is not None:
            self._handed_over = time.monotonic()
        return asked

    def stop(self) -> "Run":
        """Stop the run: deny what it waits for, then close its stream. What came is kept.

        What the server does then depends on the kind of run; the Stop button and the run's notice
        say it (docs/protocol.md#stop-denies and #after-the-stream).

        Returns:
            The run itself, over.
        """
        if not self._live.settled and (self._future is not None or self._home is not None):
            loop.call_soon(self._cancel)
            if not loop.loop_thread().is_current:
                self._live.published.wait(_STOPPING)
        return self

    def close(self) -> None:
        """Stop the run and close its widget; nothing of it stays but its state."""
        self._output.is_closed = True
        try:
            self.stop()
            if self._task is not None and not self._task.done():
                # What is still being learned about a stopped run isn't wanted any more. Where
                # nothing is, the loop isn't asked for: at the interpreter's end no thread starts.
                loop.call_soon(self._task.cancel)
        finally:
            self._output.close()

    def _cancel(self) -> None:
        if self._live.stop_asked:
            return
        self._live.stop_asked = True
        if self._future is None:
            self._live.receive(Stopped(message="It was taken back before it was sent."))
            self._source.close()
        elif self._decider is not None and self._decider.is_open:
            self._denying = asyncio.ensure_future(self._deny_and_cancel(self._decider))
        elif self._task is not None:
            self._task.cancel()

    async def _deny_and_cancel(self, decider: Decider) -> None:
        # After the stream is closed an approval still counts, and the tool would really run.
        try:
            await self._or_tell("denied what the run waits for", decider.deny_to_stop(_DENYING))
        finally:
            if self._task is not None:
                self._task.cancel()

    def _decide(self, choice: Choice, reason: str | None) -> "Run":
        refused = loop.run_sync(self._decide_on_loop(choice, reason))
        if refused is not None:
            raise DecisionRefused(refused)
        return self

    async def _decide_on_loop(self, choice: Choice, reason: str | None) -> str | None:
        if self._decider is None:
            return "This run can't wait for a decision."
        return self._decider.decide(choice, "code", reason)

    def _is_asking(self) -> bool:
        with self._live.lock:
            decider = self._decider
            return decider is not None and decider.quiet and decider.is_asking

    def _over_or_stuck(self) -> bool:
        stuck = self._nobody_can_decide()
        over = self._live.done.is_set()
        return over or stuck or (self._home is not None and self._home.is_stuck(self))

    def _nobody_can_decide(self) -> bool:
        decider = self._decider
        if decider is None or not self._is_asking() or not decider.asks_person:
            return False
        if self._deciders or time.monotonic() - self._handed_over < _GRACE_FOR_CODE:
            return False  # code that asked for the request may decide on it
        if host.kernel() is None:
            return True
        shown = [(self._output.made, self._output.shown_at)]
        if self._home is not None:
            shown.append(self._home.shown)
        shown = [(widget, at) for widget, at in shown if widget is not None]
        if not shown or any(widget.greeted for widget, _ in shown):
            return not shown
        # A page says hello when it has the module; where the cell was sent by no front end
        # there is none to wait for.
        grace = _GRACE_FOR_A_PAGE if host.has_front_end() else _GRACE
        now = time.monotonic()
        return all(at is not None and now - at > grace for _, at in shown)

    def _check(self) -> None:
        """Raise where waiting would never end."""
        if self._home is not None:
            self._home.check(self)
        if self._nobody_can_decide() and self._decider is not None:
            with self._live.lock:
                latest = self._decider.latest
            raise ApprovalNeeded(self, "something" if latest is None else _asked(latest))

    def _act(self, content: dict[str, Any]) -> str | None:
        """Do what a person asked for on the page; on the loop thread."""
        action = content.get("action")
        if action == "give_up":
            return None if self._pauses.give_up() else "Nothing is waited for any more."
        if self._live.settled:
            return "The run is over already."
        if action == "stop":
            self._cancel()
            return None
        digests, reason = content.get("digests"), content.get("reason")
        known = isinstance(digests, list) and all(isinstance(one, str) for one in digests)
        if self._decider is None or not known or action not in ("approve", "deny"):
            return "This version can't do that."
        if action == "approve" and any(
            map(page_state.is_withheld, gates.pending(self._live.state))
        ):
            return page_state.REFUSED
        # First the key, then the length: half a key must not stay either.
        said = self._live.redact(reason)[:_REASON_LENGTH] if isinstance(reason, str) else ""
        return self._decider.decide(action, "click", said if said.strip() else None, digests)

    def _outcome(self, timeout: float | None) -> values.RunResult:
        with self._live.lock:
            state = self._live.state
            if not self._live.settled:
                still = "it is looked up" if state.status == "interrupted" else "it goes on"
                raise TimeoutError(f"The run isn't over after {timeout:g} s; {still}.")
            if state.status == "failed":
                raise RunFailed(self)
            if state.status != "completed":
                raise RunInterrupted(self)
            return values.RunResult(
                text=values.text_of(state),
                tool_calls=values.tool_calls_of(state),
                reasoning=values.reasoning_of(state),
                usage=self.usage,
                run_id=state.run_id,
                session_id=state.session_id,
                seconds=values.seconds_of(state),
                output=values.output_of(state),
                delegations=values.delegations_of(state),
                blocks=values.blocks_of(state),
            )

    def _show(self, *, display: bool) -> None:
        if self._home is not None:
            self._home.show(display=display)
        elif display:
            self._output.show(self)

    def _ipython_display_(self) -> None:
        if self._home is not None and host.is_showing_value():
            # The chat shows it: a cell that ends with `chat.send(...)` doesn't repeat it.
            self._home.emit_turn()
        else:
            self._output.emit()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        if self._home is not None and host.is_showing_value():
            return {"text/plain": repr(self)}, {}
        return self._output.bundle(include, exclude)

    def _display_(self) -> Any:
        """Give marimo what it shows."""
        return self.widget

    def __repr__(self) -> str:
        state = self._live.state
        words = [state.kind, repr(state.name)] if state.name else [state.kind]
        said = " ".join(self.text.split())
        shown = f": {said[:60]}…" if len(said) > 60 else (f": {said}" if said else "")  # noqa: PLR2004  # said once, here
        run_id = f", {state.run_id}" if state.run_id else ""
        return f"<Run of {' '.join(words)}, {_WORDS[state.status]}{run_id}{shown}>"


def _restored(saved: str) -> Run:
    """Make the run that another process has sent; nothing of it acts."""
    read = transcript.load(saved.encode())
    if read.run is None:
        raise ValueError("Another thing than a run was sent.")
    return Run.saved(read.run, About(read.server, read.model))


def _asked(request: ApprovalPart) -> str:
    """Say what a request is about."""
    gates = {"call": repr(request.tool_name), "answer": "its answer", "start": "its start"}
    return gates[request.covers]
