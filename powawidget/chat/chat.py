"""Chat: a conversation of many turns, with an input box."""

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

import msgspec

from powawidget.chat.history import History, Message, why_no_history
from powawidget.chat.live import LiveChat, Turn
from powawidget.errors import (
    ChatPaused,
    ConfigurationError,
    InvalidValueError,
    PowawidgetError,
    UnknownNameError,
)
from powawidget.http.secret import Secret
from powawidget.kernel import cells, loop, wait
from powawidget.live.run import Live
from powawidget.protocol.events.bounds import cut
from powawidget.run.run import Home, Run
from powawidget.state.about import About
from powawidget.state.model import ChatState, Kind, Queued, plain, typed
from powawidget.transcript.export import Told, Transcribed
from powawidget.widget import notebook_file
from powawidget.widget.output import CellOutput

_SHOWN_FIRST = 20
_LONGEST = 1_000_000
_T = TypeVar("_T")
_WHY_PAUSED = {
    "failed": "The answer before failed.",
    "stopped": "You stopped the answer before.",
    "interrupted": "The answer before was cut off.",
}


# Makes a run that its chat starts later, in the session that there is then.
MakeTurn = Callable[[str, Callable[[], str | None], Home], Run]


class Partner(msgspec.Struct, frozen=True):
    """Whom a chat is with.

    Attributes:
        kind: agent or orchestration.
        name: Its name.
        turn: Makes the run of a message; it raises ConfigurationError where that can't be sent.
        secret: The key to keep out of everything.
    """

    kind: Kind
    name: str
    turn: MakeTurn
    secret: Secret


class _Waiting(msgspec.Struct, kw_only=True):
    """A message that isn't sent yet; `message` is exactly what will be."""

    id: str
    message: str
    run: Run
    turn: Turn
    retries: int | None = None


class Chat(Transcribed):
    """A conversation: one widget for all its turns, with a box to type in.

    A message that is sent while an answer is coming waits for its turn. Show the chat by making it
    the last value of a cell; it goes on while other cells compute.

    Args:
        partner: Whom it is with; None where it can only be read.
        history: The conversation to go on with, where there is one.
        options: The keyword arguments of every turn.
    """

    def __init__(
        self,
        partner: Partner | None,
        history: History | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        asked = partner or history
        secret = None if partner is None else partner.secret
        named = "" if history is None else history.session_id
        if secret is not None and secret.redact(named) != named:
            raise InvalidValueError(
                "This session_id holds the API key: pass the id of a conversation; sessions() "
                "lists them."
            )
        self._live = LiveChat(
            ChatState(
                id=_new_id(),
                kind="agent" if asked is None else asked.kind,
                name="" if asked is None else cut(asked.name),
                session_id=None if history is None else history.session_id,
                options=_python(options or {}, secret),
                writable=partner is not None,
            ),
            lambda live: loop.call_soon(self._over, live),
            str if secret is None else secret.redact,
        )
        self.lock = self._live.lock
        self._partner = partner
        self._history = history
        self._runs: dict[int, Run] = {}
        self._sent: dict[int, str] = {}  # exactly, where what is shown may lack the key
        self._current: Run | None = None
        self._waiting: list[_Waiting] = []
        self._idle = threading.Event()
        self._idle.set()
        self._output = CellOutput(self._make_widget, self._transcripts, self.__repr__)
        if history is not None:
            loop.run_sync(self._open(history))
        cells.adopt(self)

    @classmethod
    def saved(cls, state: ChatState, about: About | None = None) -> "Chat":
        """Make a chat that can only be read from one that was saved; nothing of it acts.

        Args:
            state: The chat as it was when it was saved, checked.
            about: On which host it ran, for its transcript.

        Returns:
            The chat, with all its turns.
        """
        chat = cls(None)
        runs = [Run.saved(turn, about) for turn in state.turns]
        chat._runs = dict(enumerate(runs))
        chat._live.bring([run._live.state for run in runs])
        chat._live.put(
            kind=state.kind,
            name=state.name,
            session_id=state.session_id,
            options=state.options,
            order=state.order,
            retried=state.retried,
            missing=state.missing + state.earlier,
        )
        return chat

    # What a person does.

    def send(self, message: str) -> Run:
        """Send a message; where an answer is coming, once that is over.

        Args:
            message: What to say.

        Returns:
            The run of its turn: wait for it with `run.wait()`, `run.result()` or `await run`.

        Raises:
            ConfigurationError: If the message is empty, or the chat was closed.
        """
        return _on_loop(lambda: self._send(message, _new_id()))

    def retry(self, run: Run | None = None) -> Run:
        """Send a turn's message again, as a new turn before all that waits.

        Args:
            run: The turn; the last one where it isn't given.

        Returns:
            The run of the new turn.

        Raises:
            ConfigurationError: If there is no such turn, or the chat was closed.
        """

        def retry() -> Run:
            order = self._live.state.order
            places = [place for place in order if run is None or self._runs[place] is run]
            if not places:
                raise UnknownNameError("There is no such turn in this chat.")
            return self._retry(places[-1], _new_id())

        return _on_loop(retry)

    def stop(self) -> "Chat":
        """Stop the answer that is coming. What is queued waits until `resume` or `discard`.

        Returns:
            The chat.
        """
        if self._current is not None:
            self._current.stop()
        return self

    def resume(self) -> "Chat":
        """Send what is queued after all, though the answer before failed or was stopped.

        Returns:
            The chat.
        """
        _on_loop(self._resume)
        return self

    def discard(self) -> "Chat":
        """Take back all messages that are queued.

        Returns:
            The chat.
        """
        _on_loop(self._discard)
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
            KeyboardInterrupt: If the kernel is interrupted.
            ApprovalNeeded: If the answer waits for a decision where nobody can click.
        """
        self._output.wait()
        try:
            self.show(display=display)
            wait.block(self._idle, timeout, self._check)
        except KeyboardInterrupt:
            if on_interrupt == "stop":
                self.stop()
            raise
        return self

    def earlier(self, turns: int = _SHOWN_FIRST) -> "Chat":
        """Bring in turns of the stored conversation before those that are shown.

        Args:
            turns: How many at most.

        Returns:
            The chat.
        """
        if self._history is not None:
            loop.run_sync(self._bring(self._history, turns))
        return self

    def close(self) -> None:
        """Stop what is under way, take back what waits, and close the widget."""
        self._output.is_closed = True
        try:
            if self._waiting:
                self.discard()
        finally:
            try:
                if self._current is not None:
                    self._current.close()
            finally:
                self._output.close()

    # What there is.

    @property
    def runs(self) -> list[Run]:
        """The runs of the turns, in their order: stored ones that were brought in, then live ones.

        What is queued has no turn yet.
        """
        with self._live.lock:
            return [self._runs[place] for place in self._live.state.order]

    @property
    def queued(self) -> list[Run]:
        """The runs of the messages that wait for their turn."""
        # One that was stopped leaves the queue a moment later.
        runs = [waiting.run for waiting in tuple(self._waiting)]
        return [run for run in runs if not run._live.settled]

    @property
    def session_id(self) -> str | None:
        """The conversation, once the server has named it."""
        return self._live.state.session_id

    @property
    def status(self) -> str:
        """How the last turn stands, as `run.status` says it; ready before the first."""
        runs = self.runs
        return runs[-1].status if runs else "ready"

    @property
    def messages(self) -> list[Message]:
        """All that was said, in order: of a stored conversation also what isn't shown yet."""
        stored = [] if self._history is None else self._history.messages()
        live = [run for run in self.runs if run._live.state.origin == "live"]
        return stored + [message for run in live for message in _said(run)]

    @property
    def missing(self) -> int:
        """How many runs of the stored conversation its history leaves out: those that failed.

        Rule: docs/protocol.md#session-messages.
        """
        return self._live.state.missing

    # How it is shown.

    @property
    def widget(self) -> Any:
        """The widget that shows the chat, made when it is first asked for; for layouts."""
        return self._output.widget

    def _make_widget(self, mark: str) -> Any:
        from powawidget.widget.widget import ChatWidget  # noqa: PLC0415  # Python alone needs none

        widget = ChatWidget(self._live, self._act, self.close, mark)
        with self._live.lock:
            self._live.subscribers.append(self._output.document)
        return widget

    def _transcripts(self, mark: str) -> dict[str, str]:
        with self._live.lock:
            secret, about = self._kept()
            return notebook_file.transcripts(self._live.state, mark, secret, about)

    def _told(self) -> Told:
        with self._live.lock:
            state: ChatState = typed(plain(self._live.state), ChatState)
        secret, about = self._kept()
        return Told(state, about, secret)

    def _kept(self) -> tuple[Secret | None, About]:
        """The key to keep out, and where and with what the turns ran: those of the last one."""
        runs = self.runs
        if not runs:
            return None if self._partner is None else self._partner.secret, About()
        return runs[-1]._secret, runs[-1]._about

    @property
    def shown(self) -> tuple[Any, float | None]:
        """The widget and when it was made, once there is one."""
        return self._output.made, self._output.shown_at

    def show(self, *, display: bool = True) -> None:
        """Show the chat where nobody has yet, and where there is a notebook to show it in.

        Args:
            display: Whether to.
        """
        if display:
            self._output.show(self)

    def emit_turn(self) -> None:
        """Show the chat in place of a turn, where nobody has.

        Raises:
            NotImplementedError: Where it is shown already: the turn is told in words then.
        """
        if self._output.made is not None:
            raise NotImplementedError
        self._output.emit()

    def is_stuck(self, run: Run) -> bool:
        """Tell whether waiting for a turn would never end.

        Args:
            run: The turn's run.

        Returns:
            Whether it is queued in a queue that is paused, or behind a run that waits for a
            decision where nobody can click.
        """
        current = self._current
        if run is current or run not in self.queued:
            return False
        is_paused = self._live.state.paused is not None
        return is_paused or (current is not None and current._nobody_can_decide())

    def check(self, run: Run) -> None:
        """Raise where waiting for a turn would never end.

        Args:
            run: The turn's run.

        Raises:
            ChatPaused: If it is queued, and the queue is paused.
            ApprovalNeeded: If it is queued behind a run that waits for a decision where nobody
                can click.
        """
        if self.is_stuck(run):
            if self._current is not None:
                self._current._check()
            raise ChatPaused

    def _ipython_display_(self) -> None:
        self._output.emit()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self._output.bundle(include, exclude)

    def _display_(self) -> Any:
        """Give marimo what it shows."""
        return self.widget

    def __repr__(self) -> str:
        state = self._live.state
        turns = len(state.order)
        words = [f"{turns} turn{'' if turns == 1 else 's'}", self.status]
        if self._waiting:
            words.append(f"{len(self._waiting)} queued{', paused' if state.paused else ''}")
        if state.session_id:
            words.append(state.session_id)
        return f"<Chat with {state.kind} {state.name!r}, {', '.join(words)}>"

    # What happens on the loop thread.

    def _send(self, message: str, action: str, retries: int | None = None) -> Run:
        if self._partner is None or self._output.is_closed:
            raise ConfigurationError(
                "This chat was closed."
                if self._output.is_closed
                else "This conversation can only be read."
            )
        run = self._partner.turn(message, lambda: self._live.state.session_id, self)
        turn = self._live.expect(run._live)
        waiting = _Waiting(id=action, message=message, run=run, turn=turn, retries=retries)
        self._waiting.insert(len(self._waiting) if retries is None else 0, waiting)
        self._idle.clear()
        if retries is not None:
            self._live.put(paused=None)
        self._advance()
        return run

    def _retry(self, place: int, action: str) -> Run:
        return self._send(self._sent.get(place, self._runs[place].message), action, place)

    def _advance(self) -> None:
        """Let the next message in, if its turn has come; and tell how the queue stands."""
        if self._current is None and self._waiting and self._live.state.paused is None:
            following = self._waiting.pop(0)
            # Before it is let in: from then on each change is told.
            following.run._begin()
            self._current = following.run
            self._tell_queue()
            self._live.put(notice=None)
            place = len(self._live.state.turns)
            self._runs[place], self._sent[place] = following.run, following.message
            self._live.let_in(following.turn)
            if following.retries is not None:
                retried = self._live.state.retried
                self._live.put(retried=[*retried, following.retries])
        self._tell_queue()
        is_paused = self._live.state.paused is not None
        if self._current is None and (is_paused or not self._waiting):
            self._idle.set()

    def _tell_queue(self) -> None:
        queued = [Queued(id=each.id, text=each.run.message) for each in self._waiting]
        self._live.put(queued=queued, paused=self._live.state.paused if queued else None)

    def _over(self, live: Live) -> None:
        """A turn is over, or a message was taken back."""
        try:
            self._go_on(live)
        except Exception as error:  # noqa: BLE001  # who waits for the chat must not wait for ever
            self._live.trouble("let the next message in", error)
            self._idle.set()

    def _go_on(self, live: Live) -> None:
        current = self._current
        if current is not None and current._live is live:
            self._current = None
            if self._waiting and current.status != "completed":
                self._live.put(paused=_WHY_PAUSED.get(current.status, ""))
        else:
            self._waiting = [each for each in self._waiting if each.run._live is not live]
        self._advance()

    def _resume(self) -> None:
        self._live.put(paused=None)
        if self._waiting:
            self._idle.clear()
        self._advance()

    def _discard(self) -> None:
        for waiting in tuple(self._waiting):
            self._take_back(waiting)

    def _take_back(self, waiting: _Waiting) -> None:
        self._waiting.remove(waiting)
        waiting.run._cancel()
        self._advance()

    def _act(self, content: dict[str, Any]) -> str | None:
        """Do what a person asked for on the page; on the loop thread."""
        turn, action = content.get("turn"), content.get("action")
        if isinstance(turn, int) and action != "retry":
            run = self._runs.get(turn)
            return "There is no such turn." if run is None else run._act(content)
        try:
            return self._do(action, content)
        except ConfigurationError as error:
            return str(error)

    def _do(self, action: Any, content: dict[str, Any]) -> str | None:
        action_id = str(content.get("id"))
        text, turn, item = content.get("text"), content.get("turn"), content.get("item")
        if action == "send" and isinstance(text, str):
            if len(text) > _LONGEST:
                return f"A message may have {_LONGEST:,} characters."
            self._send(text, action_id)
        elif action == "retry" and turn in self._runs:
            self._retry(turn, action_id)
        elif action == "unqueue":
            waiting = next((each for each in self._waiting if each.id == item), None)
            if waiting is None:
                return "It has been sent already."
            self._take_back(waiting)
        elif action == "resume":
            self._resume()
        elif action == "discard":
            self._discard()
        elif action == "earlier" and self._history is not None:
            loop.submit(self._bring_or_tell(self._history))
        else:
            return "This version can't do that."
        return None

    async def _open(self, history: History) -> None:
        try:
            await history.open()
        except PowawidgetError as error:
            self._live.put(notice=why_no_history(error))
            return
        await self._bring(history, _SHOWN_FIRST)

    async def _bring_or_tell(self, history: History) -> None:
        try:
            await self._bring(history, _SHOWN_FIRST)
        except PowawidgetError as error:
            self._live.put(notice=why_no_history(error))
        except Exception as error:  # noqa: BLE001  # nobody awaits it: the page must hear of it
            self._live.trouble("read earlier turns", error)

    async def _bring(self, history: History, turns: int) -> None:
        if self._live.state.loading:
            return
        self._live.put(loading=True)
        try:
            runs = await history.more(turns)
            with self._live.lock:
                places = self._live.bring([run._live.state for run in runs])
                self._runs |= dict(zip(places, runs, strict=True))
            self._live.put(missing=history.missing, notice=history.trouble)
        finally:
            self._live.put(loading=False, earlier=history.earlier)

    def _check(self) -> None:
        """Raise where waiting would never end."""
        if self._current is not None:
            self._current._check()


def _said(run: Run) -> list[Message]:
    asked = Message(role="user", content=run.message, run_id=run.run_id, status=run.status)
    text = run.text
    if not text:
        return [asked]
    return [
        asked,
        Message(role="assistant", content=text, run_id=run.run_id, status=run.status),
    ]


def _new_id() -> str:
    return secrets.token_hex(16)


def _on_loop(work: Callable[[], _T]) -> _T:
    if loop.loop_thread().is_current:
        return work()

    async def working() -> _T:
        return work()

    return loop.run_sync(working())


def _python(options: Mapping[str, Any], secret: Secret | None) -> str:
    """Write keyword arguments as Python, without the key; they can all be written as JSON."""
    plain = json.loads(json.dumps(options))
    told = ", ".join(f"{name}={value!r}" for name, value in plain.items() if value is not None)
    return told if secret is None else secret.redact(told)
