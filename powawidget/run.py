"""Run: the object a person holds."""

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Generator, Iterable, Mapping
from typing import Any, Literal

from powawidget import views
from powawidget.errors import RunFailed, RunInterrupted
from powawidget.events import Ended, Event
from powawidget.kernel import cells, host, loop, wait
from powawidget.live import Live
from powawidget.recording import Recording
from powawidget.runner import Source, follow
from powawidget.secret import Secret
from powawidget.sources import RecordedSource
from powawidget.state import ENDED, Failure, Kind, RunState
from powawidget.stored import question_of, retell

_STOPPING = 5.0
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


class Run:
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
    """

    def __init__(
        self,
        source: Source,
        *,
        kind: Kind = "agent",
        name: str = "",
        message: str = "",
        origin: Literal["live", "replay", "stored"] = "live",
        on_stop: str = "",
        secret: Secret | None = None,
    ) -> None:
        state = RunState(kind=kind, name=name, message=message, origin=origin, on_stop=on_stop)
        self._live = Live(state, secret)
        self._source = source
        self._task: asyncio.Task[None] | None = None
        self._future: concurrent.futures.Future[None] | None = None
        self._widget: Any = None
        self._making = threading.Lock()
        self._closed = False
        self._stop_asked = False

    @classmethod
    def stored(
        cls, told: Mapping[str, Any], *, name: str = "", secret: Secret | None = None
    ) -> "Run":
        """Make a run from what the server has stored of it.

        Args:
            told: The server's answer, decoded.
            name: What ran.
            secret: The key to keep out of everything.

        Returns:
            The run, over.
        """
        return cls.told(
            retell(told), name=name, message=question_of(told), origin="stored", secret=secret
        )

    @classmethod
    def told(
        cls,
        frames: Iterable[str | Event],
        *,
        name: str,
        message: str = "",
        origin: Literal["replay", "stored"],
        secret: Secret | None = None,
    ) -> "Run":
        """Make a run that is over from all its frames.

        Args:
            frames: The data of server-sent events, or events.
            name: What ran.
            message: What it was asked.
            origin: replay or stored.
            secret: The key to keep out of everything.

        Returns:
            The run, over.
        """
        run = cls(_NO_SOURCE, name=name, message=message, origin=origin, secret=secret)
        for frame in frames:
            run._live.take(frame)
        run._live.take(Ended())
        return run

    def start(self) -> "Run":
        """Start the run on the loop thread; does nothing where it has been started.

        Returns:
            The run itself.
        """
        if self._future is None:
            if self._live.state.started is None and self._live.state.origin == "live":
                self._live.state.started = self._live.clock()
            cells.adopt(self)
            self._future = loop.submit(self._follow())
        return self

    async def _follow(self) -> None:
        self._task = asyncio.current_task()
        if self._stop_asked and self._task is not None:
            self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await follow(self._live, self._source)

    @property
    def status(self) -> str:
        """connecting, running, waiting, reconnecting, completed, failed, stopped or interrupted."""
        return self._live.state.status

    @property
    def text(self) -> str:
        """The answer so far."""
        with self._live.lock:
            return views.text_of(self._live.state)

    @property
    def reasoning(self) -> str:
        """The model's thinking so far."""
        with self._live.lock:
            return views.reasoning_of(self._live.state)

    @property
    def tool_calls(self) -> list[views.ToolCall]:
        """The tool calls so far, in order."""
        with self._live.lock:
            return views.tool_calls_of(self._live.state)

    @property
    def approvals(self) -> list[views.Approval]:
        """The requests for approval so far, and what became of each."""
        with self._live.lock:
            return views.approvals_of(self._live.state)

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
        return views.seconds_of(self._live.state)

    @property
    def events(self) -> Recording:
        """Every event of the stream, in order, with its raw frame."""
        return self._live.recording

    @property
    def widget(self) -> Any:
        """The widget that shows the run, made when it is first asked for; for layouts."""
        with self._making:
            if self._widget is None:
                from powawidget.widget import RunWidget  # noqa: PLC0415  # a batch needs none

                self._widget = RunWidget(self._live, self._act)
            return self._widget

    def wait(self, timeout: float | None = None, *, display: bool = True) -> "Run":
        """Block the cell until the run ends; buttons stay live, and other runs go on.

        Args:
            timeout: How long to wait at most, in seconds; None waits until the end.
            display: Whether to show the run first, where nobody has.

        Returns:
            The run itself, over or, after the timeout, not.

        Raises:
            KeyboardInterrupt: If the kernel is interrupted; the run is stopped then.
        """
        self._show(display=display)
        try:
            wait.block(self._live.done, timeout)
        except KeyboardInterrupt:
            self.stop()
            raise
        return self

    def result(self, timeout: float | None = None, *, display: bool = True) -> views.RunResult:
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

    def __await__(self) -> Generator[Any, None, views.RunResult]:
        return self._awaited().__await__()

    async def _awaited(self) -> views.RunResult:
        self._show(display=True)
        try:
            await wait.until(self._live.done)
        except (asyncio.CancelledError, KeyboardInterrupt):
            self.stop()
            raise
        return self._outcome(None)

    def stop(self) -> "Run":
        """Stop the run: close its stream. What came is kept.

        What the server does then depends on the kind of run; the Stop button and the run's notice
        say it.

        Returns:
            The run itself, over.
        """
        if self._future is not None and not self._live.ended:
            loop.call_soon(self._cancel)
            if not loop.loop_thread().is_current:
                self._live.done.wait(_STOPPING)
        return self

    def close(self) -> None:
        """Stop the run and close its widget; nothing of it stays but its state."""
        self._closed = True
        self.stop()
        with self._making:
            if self._widget is not None:
                self._widget.close()
                self._widget = None

    def _cancel(self) -> None:
        self._stop_asked = True
        if self._task is not None:
            self._task.cancel()

    def _act(self, content: dict[str, Any]) -> str | None:
        """Do what a person asked for on the page; on the loop thread."""
        if content.get("action") != "stop":
            return "This version can't do that."
        if self._live.ended:
            return "The run is over already."
        self._cancel()
        return None

    def _outcome(self, timeout: float | None) -> views.RunResult:
        with self._live.lock:
            state = self._live.state
            if state.status not in ENDED:
                raise TimeoutError(f"The run isn't over after {timeout:g} s; it goes on.")
            if state.status == "failed":
                raise RunFailed(self)
            if state.status != "completed":
                raise RunInterrupted(self)
            return views.RunResult(
                text=views.text_of(state),
                tool_calls=views.tool_calls_of(state),
                reasoning=views.reasoning_of(state),
                usage=self.usage,
                run_id=state.run_id,
                session_id=state.session_id,
                seconds=views.seconds_of(state),
            )

    def _show(self, *, display: bool) -> None:
        if display and self._widget is None and not self._closed and host.kernel() is not None:
            from IPython.display import display as show  # noqa: PLC0415  # there is a kernel

            show(self)  # type: ignore[no-untyped-call]  # IPython has no types

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        text = {"text/plain": repr(self)}
        if host.kernel() is None or self._closed:
            return text
        bundle = self.widget._repr_mimebundle_(include=include, exclude=exclude)  # noqa: SLF001
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**(data or {}), **text}, metadata

    def __repr__(self) -> str:
        state = self._live.state
        words = [state.kind, repr(state.name)] if state.name else [state.kind]
        said = " ".join(self.text.split())
        shown = f": {said[:60]}…" if len(said) > 60 else (f": {said}" if said else "")  # noqa: PLR2004
        run_id = f", {state.run_id}" if state.run_id else ""
        return f"<Run of {' '.join(words)}, {_WORDS[state.status]}{run_id}{shown}>"
