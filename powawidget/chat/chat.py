"""Chat: a conversation of many turns, with an input box."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeVar

from powawidget.chat.actions import act
from powawidget.chat.history import Message
from powawidget.chat.spans import span_of
from powawidget.chat.task import SHOWN_FIRST, ChatTask, new_id
from powawidget.chat.turn import ChatView, Turn
from powawidget.errors import ApprovalNeeded, ChatPaused, UnknownNameError
from powawidget.kernel import cells, loop, wait
from powawidget.run.approvers import Approvers
from powawidget.run.finished import of_saved
from powawidget.run.on_interrupt import checked_choice, interrupted
from powawidget.run.properties import STATUS_WORDS
from powawidget.run.run import PUBLISHING, Run
from powawidget.run.task import RunTask
from powawidget.spans.span import Spans
from powawidget.state.about import About
from powawidget.state.model import ChatState, RunStatus, typed
from powawidget.transcript.export import Snapshot, Transcribed
from powawidget.transcript.texts import Redact
from powawidget.widget import attention
from powawidget.widget.file_transcripts import transcripts
from powawidget.widget.output import CellOutput

_T = TypeVar("_T")


class _Held(NamedTuple):
    """A turn as a person holds it, and who can decide in it."""

    turn: Turn
    approvers: Approvers


class Chat(Transcribed):
    """A conversation: one widget for all its turns, with a box to type in.

    A message that is sent while an answer is coming waits for its turn. Show the chat by making it
    the last value of a cell; it goes on while other cells compute.

    Example: `chat = pb.agent("Analyst").chat()`.

    Args:
        task: What is behind it.
    """

    def __init__(self, task: ChatTask) -> None:
        self._task = task
        task.holder = self
        self._live = task.live
        self._output = CellOutput(self._make_widget, self._transcripts, self.__repr__, self._live)
        self._view = ChatView(self._output, self._show, self._is_stuck, self._check_turn)
        self._held: dict[RunTask, _Held] = {}
        if task.history is not None:
            loop.run_sync(task.open())
        cells.adopt(self, Chat._begin_close)
        attention.begin()

    # What a person does.

    def send(self, message: str) -> Run:
        """Send a message; while an answer is coming, the message waits until that is over.

        Args:
            message: What to say.

        Returns:
            The run of its turn: wait for it with `run.wait()`, `run.result()` or `await run`.

        Raises:
            ConfigurationError: If the message is empty, or the chat was closed.
        """
        return self._hold(_on_loop(lambda: self._task.send(message, new_id()))).turn

    def retry(self, run: Run | None = None) -> Run:
        """Send a turn's message again, as a new turn before all that waits.

        Args:
            run: The turn; the last one where it isn't given.

        Returns:
            The run of the new turn.

        Raises:
            UnknownNameError: If there is no such turn.
            ConfigurationError: If the chat was closed.
        """

        def retry() -> RunTask:
            turns, order = self._task.turns, self._live.state.order
            indices = [one for one in order if run is None or self._hold(turns[one]).turn is run]
            if not indices:
                raise UnknownNameError("There is no such turn in this chat.")
            return self._task.retry(indices[-1], new_id())

        return self._hold(_on_loop(retry)).turn

    def stop(self) -> "Chat":
        """Stop the answer that is coming. What is queued waits until `resume` or `discard`.

        Returns:
            The chat.
        """
        self._output.note_call()
        current = self._current()
        if current is not None:
            current.turn.stop()
        return self

    def resume(self) -> "Chat":
        """Send what is queued after all, though the answer before failed or was stopped.

        Returns:
            The chat.
        """
        self._output.note_call()
        _on_loop(self._task.resume)
        return self

    def discard(self) -> "Chat":
        """Remove all messages from the queue.

        Returns:
            The chat.
        """
        self._output.note_call()
        _on_loop(self._task.discard)
        return self

    def wait(
        self,
        timeout: float | None = None,
        *,
        display: bool = True,
        on_interrupt: Literal["stop", "detach"] = "stop",
    ) -> "Chat":
        """Block the cell until every message has its answer; buttons and the box stay live.

        It ends too where an answer failed or was stopped: what is queued waits then.

        Args:
            timeout: How long to wait at most, in seconds; None waits until the end.
            display: Whether to show the chat first, where nobody has.
            on_interrupt: What an interrupt of the kernel does to the answer that is coming: stop
                it, or only stop waiting (detach).

        Returns:
            The chat.

        Raises:
            KeyboardInterrupt: If the kernel is interrupted; it says what becomes of the answer.
            ApprovalNeeded: If the answer waits for a decision where nobody can click.
            InvalidValueError: If `on_interrupt` is something else.
        """
        checked_choice(on_interrupt)
        self._output.note_call()
        try:
            if display:
                self._show()
            if wait.block(self._task.idle, timeout, self._check):
                for task in self._task.in_order()[-1:]:
                    if task.live.finished:
                        wait.block(task.live.published, PUBLISHING)
        except KeyboardInterrupt:
            if on_interrupt == "stop":
                self.stop()
            raise interrupted("answer", on_interrupt, "chat.wait()") from None
        return self

    def earlier(self, turns: int = SHOWN_FIRST) -> "Chat":
        """Show turns of the stored conversation before those that are shown.

        Args:
            turns: How many at most.

        Returns:
            The chat.
        """
        self._output.note_call()
        loop.run_sync(self._task.show_earlier(turns))
        return self

    def show(self, *, max_height: int | None) -> None:
        """Show the chat with a height of its own, in place of `powawidget.options.max_height`.

        Args:
            max_height: How tall its box may be, in pixels, before it scrolls; None lets it grow.

        Raises:
            InvalidValueError: If it isn't a height.

        Example:
            >>> chat.show(max_height=300)
        """
        self._output.show_at(self, max_height)

    def close(self) -> None:
        """Stop what is under way, empty the queue, and close the widget."""
        try:
            self._begin_close()
        finally:
            try:
                current = self._current()
                if current is not None:
                    current.turn.close()
            finally:
                self._output.close()

    def _begin_close(self) -> None:
        """Empty the queue and tell what is under way to stop, and wait for nothing."""
        self._output.is_closed = self._task.is_closed = True
        if self._task.queue.waiting:
            self.discard()
        if self._task.queue.current is not None:
            loop.call_soon(self._task.stop_current)

    # What there is.

    @property
    def runs(self) -> list[Run]:
        """The runs of the turns, in their order: earlier ones that are shown, then live ones.

        What is queued has no turn yet.
        """
        return [self._hold(task).turn for task in self._task.in_order()]

    @property
    def queued(self) -> list[Run]:
        """The runs of the messages that wait for their turn."""
        # One that was stopped leaves the queue a moment later.
        tasks = [entry.task for entry in tuple(self._task.queue.waiting)]
        return [self._hold(task).turn for task in tasks if not task.live.finished]

    @property
    def session_id(self) -> str | None:
        """The conversation, once the server has named it."""
        return self._live.state.session_id

    @property
    def status(self) -> RunStatus | Literal["ready"]:
        """How the last turn stands, as `run.status` says it; ready before the first."""
        turns = self._task.in_order()
        return turns[-1].live.state.status if turns else "ready"

    @property
    def messages(self) -> list[Message]:
        """All messages, in order: of a stored conversation also those not shown yet."""
        return self._task.messages()

    @property
    def spans(self) -> Spans:
        """When each turn ran: a span for each that began; what goes on ends now.

        Its name is the message, its status the run's. What filled a turn's own time is in its
        `run.spans`. Rules: docs/waterfall.md.

        Example:
            >>> chat.spans.to_frame()[["name", "seconds", "tokens"]]
        """
        redact = self._origin()[0] or str
        spans = []
        for task in self._task.in_order():
            with task.live.lock:
                spans.append(span_of(task.live.state, redact, task.live.clock()))
        known = (span for span in spans if span is not None)
        return Spans(sorted(known, key=lambda span: span.start))

    @property
    def missing(self) -> int:
        """How many runs of the stored conversation its history leaves out: those that failed.

        Rule: docs/protocol.md#session-messages.
        """
        return self._live.state.missing

    @property
    def widget(self) -> Any:
        """The widget that shows the chat, made at first use; for layouts."""
        return self._output.widget

    # The turns.

    def _hold(self, task: RunTask) -> _Held:
        """Give the run of a task as a person holds it: the same each time."""
        with self._live.lock:
            if task not in self._held:
                approvers = Approvers(task)
                self._held[task] = _Held(Turn(task, approvers, self._view), approvers)
            return self._held[task]

    def _current(self) -> _Held | None:
        """Give the turn that is being answered."""
        entry = self._task.queue.current
        return None if entry is None else self._hold(entry.task)

    def _is_stuck(self, task: RunTask) -> bool:
        """Tell whether a run is queued in a queue that is paused, or behind one that is stuck."""
        queue = self._task.queue
        if task.live.finished or not any(entry.task is task for entry in tuple(queue.waiting)):
            return False
        current = self._current()
        return queue.paused is not None or (current is not None and current.approvers.are_missing())

    def _check_turn(self, task: RunTask) -> None:
        if self._is_stuck(task):
            self._check()
            raise ChatPaused

    def _check(self) -> None:
        """Raise where waiting for the answer that is coming would never end."""
        current = self._current()
        missing = None if current is None else current.approvers.missing()
        if current is not None and missing is not None:
            raise ApprovalNeeded(current.turn, missing, call="chat", name="chat.runs[-1]")

    # How it is shown.

    def _show(self) -> None:
        """Show the chat where nobody has, and where there is a notebook to show it in."""
        self._output.show(self)

    def _act(self, content: dict[str, Any]) -> str | None:
        return act(self._task, content)

    def _make_widget(self, mark: str) -> Any:
        from powawidget.widget.widget import ChatWidget  # noqa: PLC0415  # Python alone needs none

        widget = ChatWidget(self._live, self._act, self.close, mark)
        with self._live.lock:
            self._live.subscribers.append(self._output)
        return widget

    def _transcripts(self, mark: str) -> dict[str, str]:
        state, about, redact, _ = self._snapshot()
        return transcripts(state, mark, redact, about)

    def _snapshot(self) -> Snapshot:
        state: ChatState = typed(self._live.snapshot(), ChatState)
        redact, about = self._origin()
        return Snapshot(state, about, redact)

    def _origin(self) -> tuple[Redact | None, About]:
        """What takes the key out, and where and with what the turns ran: those of the last one."""
        turns = self._task.in_order()
        if not turns:
            secret = self._task.secret
            return None if secret is None else secret.redact, About()
        return turns[-1].plan.redact, turns[-1].plan.about

    def _ipython_display_(self) -> None:
        self._output.emit()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self._output.bundle(include, exclude)

    def _display_(self) -> Any:
        """Give marimo what it shows."""
        return self.widget

    def __repr__(self) -> str:
        state, waiting = self._live.state, self._task.queue.waiting
        turns = len(state.order)
        status = "ready" if self.status == "ready" else STATUS_WORDS[self.status]
        words = [f"{turns} turn{'' if turns == 1 else 's'}", status]
        if waiting:
            words.append(f"{len(waiting)} queued{', paused' if state.paused else ''}")
        if state.session_id:
            words.append(state.session_id)
        return f"<Chat with {state.kind} {state.name!r}, {', '.join(words)}>"


def saved_chat(state: ChatState, about: About | None = None) -> Chat:
    """Make a chat that can only be read from one that was saved; nothing of it acts.

    Args:
        state: The chat as it was when it was saved, checked.
        about: On which host it ran, for its transcript.
    """
    task = ChatTask(None)
    task.add_earlier([of_saved(turn, about) for turn in state.turns])
    task.live.set(
        kind=state.kind,
        name=state.name,
        session_id=state.session_id,
        options=state.options,
        order=state.order,
        retried=state.retried,
        missing=state.missing + state.earlier,
    )
    return Chat(task)


def _on_loop(work: Callable[[], _T]) -> _T:
    if loop.loop_thread().is_current:
        return work()

    async def working() -> _T:
        return work()

    return loop.run_sync(working())
