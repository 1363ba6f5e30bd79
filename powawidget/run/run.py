"""Run: the object a person holds."""

import asyncio
import os
import pathlib
from collections.abc import Callable, Generator
from typing import Any, Literal

from powawidget import transcript
from powawidget.approvals.policy import Choice
from powawidget.errors import ApprovalNeeded, DecisionRefused, RunFailed, RunInterrupted
from powawidget.kernel import cells, interrupts, loop, wait
from powawidget.run import known, rating
from powawidget.run.actions import act
from powawidget.run.approvers import Approvers
from powawidget.run.finished import of_saved
from powawidget.run.hooks import Hooks
from powawidget.run.on_interrupt import checked_choice, interrupted
from powawidget.run.properties import RunProperties
from powawidget.run.rating import Thumb
from powawidget.run.sources import LiveSource
from powawidget.run.task import RunTask
from powawidget.state import values
from powawidget.state.about import About
from powawidget.state.model import RunState
from powawidget.state.reduce import gates
from powawidget.widget import attention
from powawidget.widget.file_transcripts import transcripts
from powawidget.widget.output import CellOutput

_STOPPING = 2.0
PUBLISHING = 5.0  # for the transcript, so that it is in the file before its cell is over


class Run(RunProperties):
    """A run of an agent, an orchestration or a workflow, live or over.

    It goes on while other cells compute. Show it by making it the last value of a cell or by
    `display(run)`; wait for it with `run.wait()`, `run.result()` or `await run`.

    Example: `run = pb.agent("Analyst").run("Which orders are late?")`.

    Args:
        task: What is behind it.
        approvers: Who can decide on its requests, where others than it know of that.
    """

    def __init__(self, task: RunTask, approvers: Approvers | None = None) -> None:
        super().__init__(task)
        task.holder = self
        self._output = CellOutput(self._make_widget, self._transcripts, self.__repr__, self._live)
        self._approvers = approvers or Approvers(task)
        self._approvers.outputs.append(self._output)
        self._hooks: Hooks | None = None

    def __copy__(self) -> "Run":
        return self

    def __deepcopy__(self, memo: object) -> "Run":
        return self  # what an error or a list is copied for stays the run that is going on

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross to another process as what `save` writes: without connection, key and task."""
        return _restored, (self.to_json(),)

    def start(self) -> "Run":
        """Start the run; does nothing where it has been started.

        A turn of a chat is started by its chat, once its turn has come.

        Returns:
            The run itself.
        """
        if not self._task.is_started:
            cells.adopt(self, Run._begin_close)
            attention.begin()
            rating.offer_at_end(self._task)
            self._task.start()
        return self

    @property
    def widget(self) -> Any:
        """The widget that shows the run, made when it is first asked for; for layouts."""
        return self._output.widget

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
            KeyboardInterrupt: If the kernel is interrupted; it says what becomes of the run.
            ApprovalNeeded: If the run waits for a decision where nobody can click.
            InvalidValueError: If `on_interrupt` is something else.
        """
        checked_choice(on_interrupt)
        self._output.note_call()
        try:
            if display:
                self._show()
            if wait.block(self._live.done, timeout, self._check):
                wait.block(self._live.published, PUBLISHING)
        except KeyboardInterrupt:
            if on_interrupt == "stop":
                self.stop()
            raise interrupted("run", on_interrupt, "run.wait()") from None
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

        Whoever cancels the waiting only stops waiting, as with `run.wait(60)`: after
        `asyncio.wait_for(run, 60)` the run goes on. `run.stop()` stops it, and so does an
        interrupt of the cell that waits.

        Returns:
            The answer, the tool calls and the rest.

        Raises:
            RunFailed: If the run failed.
            RunInterrupted: If it was stopped, or its stream broke off.
            ApprovalNeeded: If the run waits for a decision where nobody can click.
        """
        return self._awaited().__await__()

    async def _awaited(self) -> values.RunResult:
        with interrupts.calling(self._tell_to_stop) as is_interrupted:
            try:
                self._show()
                while not self._live.done.is_set():
                    await wait.until(self._is_over_or_stuck)
                    self._check()
                await wait.until(self._live.published.is_set, PUBLISHING)
            except asyncio.CancelledError:
                if is_interrupted():
                    self._tell_to_stop()
                    await wait.until(self._live.published.is_set, _STOPPING)
                raise
        result = self._outcome(None)
        self._note_awaited(result)
        return result

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
            reason: Why; the model reads it.

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
        asked: values.Approval | None = None
        while asked is None:
            with self._approvers.listening():
                await wait.until(lambda: self._live.ended or self._task.is_asking())
            with self._live.lock:
                # A click or a policy may have decided just now: then the next request counts.
                latest = gates.latest(self._live.state)
                if latest is None and self._live.ended:
                    return None
                asked = None if latest is None else values.approval_of(latest)
        self._approvers.note_handed_over()
        return asked

    def on(self, event: str, function: Callable[[Any], Any]) -> Callable[[], None]:
        """Have a function of your own called for what the run does, without a chance to hurt it.

        It is called on a thread of its own, in the order of the events. It is told what came before
        as well, first of all, so that nothing is missed between `agent.run()` and here, and of a
        run that is over all of it. From then on several are called event by event, in the order in
        which they were given; the end comes after all events. What one raises is logged and shown
        as a notice. While it takes long, the run and whoever waits for it go on, and only this
        run's other functions wait. An async function runs to its end before the next is called, on
        a loop of that thread.

        What a hook of the service takes back later may be in an event by then
        (docs/protocol.md#text-edited).

        Args:
            event: `"end"`, once the run is over: the function is given the run. Or a word of the
                protocol (docs/protocol.md#agent-frames), such as `"tool_call"`, `"tool_result"` or
                `"approval_requested"`; a class of `powawidget.events` in small letters, such as
                `"hook_result"`; or `"event"` for each: it is given the event.
            function: A function of one argument, sync or async.

        Returns:
            A function that ends it.

        Raises:
            UnknownNameError: If there is no such event.
            WrongTypeError: If it is no such function.

        Example:
            >>> run.on("tool_result", lambda result: print(result.tool_name))
            >>> run.on("end", lambda run: print(run.status, run.seconds))
        """
        with self._live.lock:
            if self._hooks is None:
                self._hooks = Hooks(self._live, self)
        return self._hooks.on(event, function)

    def stop(self) -> "Run":
        """Stop the run: deny what it waits for, then close its stream. What came is kept.

        What the server does then depends on the kind of run; the Stop button and the run's notice
        say which (docs/protocol.md#stop-denies and #after-the-stream).

        It waits a moment for the end. A server that is slow to take a denial may need longer; of
        several stops in a row all together wait a moment; and in a coroutine nothing is waited
        for, since that would stop the event loop. `run.wait()` or `await run` waits for the end.

        Returns:
            The run itself; `run.status` tells whether it is over.

        Example:
            >>> run.stop().status
            'stopped'
        """
        self._output.note_call()
        self._tell_to_stop()
        wait.briefly(self._live.published)
        return self

    def show(self, *, max_height: int | None) -> None:
        """Show the run with a height of its own, in place of `powawidget.options.max_height`.

        Args:
            max_height: How tall its box may be, in pixels, before it scrolls; None lets it grow.

        Raises:
            InvalidValueError: If it isn't a height.

        Example:
            >>> run.show(max_height=300)
        """
        self._output.show_at(self, max_height)

    def rate(self, thumb: Thumb | None, note: str = "") -> "Run":
        """Rate the run, in place of an earlier rating, as a click on a thumb does.

        Args:
            thumb: `"up"` or `"down"`; None takes the rating back.
            note: What there is to say beside it.

        Returns:
            The run itself. `powawidget.ratings()` lists what was rated.

        Raises:
            ConfigurationError: If `powawidget.options.ratings` is off, or the run isn't over.
            InvalidValueError: If the thumb is something else.
            WrongTypeError: If the note is no text.
            FileError: If the journal can't be used.

        Example:
            >>> powawidget.options.ratings = "runs.powa"
            >>> run.rate("down", "It counted cancelled orders too")
        """
        loop.run_sync(rating.rate(self._task, thumb, note))
        return self

    def to_test(self, path: "str | os.PathLike[str]", *, overwrite: bool = False) -> pathlib.Path:
        """Make a test of what the run did: a file for pytest, and a recording beside it.

        The test holds the run's status, its tool calls with their arguments, in order, its
        approvals and its tokens. It passes without a server, by `powawidget.replay`; with
        `pytest --powabase-live` it asks anew. The recording, in the folder `recordings`, is slim:
        without what tools returned, ids and hosts. Secrets are in neither file, nor anything that
        a hook took back (docs/protocol.md#text-edited).

        Args:
            path: The test's file, such as `tests/test_late_orders.py`.
            overwrite: Whether files that are there are written over; what was changed in them by
                hand is lost.

        Returns:
            The test's path.

        Raises:
            ConfigurationError: If the run isn't over.
            InvalidValueError: If pytest wouldn't find a file of that name.
            WrongTypeError: If it is no name of a file.
            FileError: If a file is there already, or can't be written.

        Example:
            >>> run.to_test("tests/test_late_orders.py")
        """
        from powawidget.checks.to_test import write_test  # noqa: PLC0415 - few runs become one

        state, _, redact, is_settled = self._snapshot()
        source = self._task.plan.source
        assert isinstance(state, RunState)  # noqa: S101  # a run's snapshot is one
        return write_test(
            state,
            path,
            is_settled=is_settled,
            redact=source.redact_all if isinstance(source, LiveSource) else redact or str,
            options=source.options if isinstance(source, LiveSource) else {},
            overwrite=overwrite,
        )

    def close(self) -> None:
        """Stop the run and close its widget; nothing of it stays but its state."""
        self._begin_close()
        try:
            wait.briefly(self._live.published)
            self._task.end_recovery()
        finally:
            self._output.close()

    def _tell_to_stop(self) -> None:
        if not self._live.finished:
            loop.call_soon(self._task.stop)

    def _begin_close(self) -> None:
        """Tell the run to stop, and wait for nothing."""
        self._output.is_closed = self._task.is_closed = True
        self._tell_to_stop()

    def _decide(self, choice: Choice, reason: str | None) -> "Run":
        self._output.note_call()
        refused = loop.run_sync(self._task.decide(choice, reason))
        if refused is not None:
            raise DecisionRefused(refused)
        return self

    def _act(self, content: dict[str, Any]) -> str | None:
        return act(self._task, content)

    def _is_over_or_stuck(self) -> bool:
        return self._live.done.is_set() or self._approvers.are_missing()

    def _check(self) -> None:
        """Raise where waiting would never end."""
        missing = self._approvers.missing()
        if missing is not None:
            raise ApprovalNeeded(self, missing)

    def _outcome(self, timeout: float | None) -> values.RunResult:
        with self._live.lock:
            state = self._live.state
            if not self._live.finished:
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

    def _show(self) -> None:
        """Show the run where nobody has."""
        self._output.show(self)

    def _note_awaited(self, result: values.RunResult) -> None:
        self._output.note_awaited(result)

    def _make_widget(self, mark: str) -> Any:
        from powawidget.widget.widget import RunWidget  # noqa: PLC0415  # a batch needs none

        widget = RunWidget(self._live, self._act, self.close, mark)
        with self._live.lock:
            self._live.subscribers.append(self._output)
        return widget

    def _transcripts(self, mark: str) -> dict[str, str]:
        state, about, redact, _ = self._snapshot()
        return transcripts(state, mark, redact, about)

    def _ipython_display_(self) -> None:
        self._output.emit()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self._output.bundle(include, exclude)

    def _display_(self) -> Any:
        """Give marimo what it shows."""
        return self.widget


def finished_run(task: RunTask, *, is_known: bool = False) -> Run:
    """Give a person a run that is over: it belongs to the running cell, as one that is started.

    Args:
        task: What is behind it, from `powawidget.run.finished`.
        is_known: Whether it is one of this kernel's runs already, which is shown once more.
    """
    run = Run(task)
    cells.adopt(run, Run._begin_close)  # noqa: SLF001  # its own module
    if not is_known:
        known.note(task.live)
    rating.offer_to_rate(task)
    return run


def _restored(saved: str) -> Run:
    """Make the run that another process has sent; nothing of it acts."""
    read = transcript.load(saved.encode())
    if read.run is None:
        raise ValueError("Another thing than a run was sent.")
    return Run(of_saved(read.run, About(read.server, read.model)))
