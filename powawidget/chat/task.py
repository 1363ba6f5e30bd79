"""The task behind a chat: it sends one message after another, and fetches earlier turns."""

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from powawidget.chat.history import History, Message, why_no_history
from powawidget.chat.live import LiveChat
from powawidget.chat.queue import Entry, Queue
from powawidget.errors import ConfigurationError, InvalidValueError, PowawidgetError
from powawidget.http.secret import Secret
from powawidget.kernel import cells, loop
from powawidget.live.run import Live
from powawidget.protocol.events.bounds import cut
from powawidget.run import rating
from powawidget.run.plan import Plan
from powawidget.run.task import RunTask
from powawidget.state import values
from powawidget.state.model import ChatState, Kind, Queued

SHOWN_FIRST = 20

# Plans the run of a message, in the session that there is when it starts; it raises
# ConfigurationError where the message can't be sent.
PlanTurn = Callable[[str, Callable[[], str | None]], Plan]


class Partner(msgspec.Struct, frozen=True):
    """Whom a chat is with.

    Attributes:
        kind: agent or orchestration.
        name: Its name.
        plan: Plans the run of a message.
        secret: The key to keep out of everything.
    """

    kind: Kind
    name: str
    plan: PlanTurn
    secret: Secret


class ChatTask:
    """What happens to one chat; it knows nothing of cells and widgets.

    What changes it is called on the loop thread only.

    Attributes:
        live: Its state while it changes.
        queue: The messages that wait.
        turns: The runs of its turns, by their indices.
        history: The stored conversation that it goes on with, where there is one.
        idle: Set while every message has its answer, or the queue is paused.
        is_closed: Whether nothing is sent any more.
        holder: What a person has of it, which lives for as long as a turn goes on: as `RunTask` has
            it.

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
        self.secret = None if partner is None else partner.secret
        named = "" if history is None else history.session_id
        if self.secret is not None and self.secret.redact(named) != named:
            raise InvalidValueError(
                "This session_id holds the API key: pass the id of a conversation; sessions() "
                "lists them."
            )
        state = ChatState(
            id=new_id(),
            kind="agent" if asked is None else asked.kind,
            name="" if asked is None else cut(asked.name),
            session_id=None if history is None else history.session_id,
            options=_python(options or {}, self.secret),
            writable=partner is not None,
        )
        redact = str if self.secret is None else self.secret.redact
        self.live = LiveChat(state, lambda live: loop.call_soon(self._on_over, live), redact)
        self.queue = Queue()
        self.turns: dict[int, RunTask] = {}
        self.history = history
        self.idle = threading.Event()
        self.idle.set()
        self.is_closed = False
        self.holder: object = None
        self._partner = partner
        self._place = cells.place()
        self._sent: dict[int, str] = {}

    # What is sent.

    def send(self, message: str, action: str, retries: int | None = None) -> RunTask:
        """Queue a message, and send it where nothing is before it.

        Args:
            message: What to say.
            action: The id of the action that sends it.
            retries: The index of the turn whose message it repeats, where it does.

        Raises:
            ConfigurationError: If the message can't be sent, or the chat was closed.
        """
        if self._partner is None or self.is_closed:
            raise ConfigurationError(
                "This chat was closed." if self.is_closed else "This conversation can only be read."
            )
        plan = self._partner.plan(message, lambda: self.live.state.session_id)
        task = RunTask(plan, lock=self.live.lock)
        task.place = self._place
        self.live.watch(task.live)
        self.queue.add(Entry(action, message, task, retries))
        self.idle.clear()
        self._advance()
        return task

    def retry(self, index: int, action: str) -> RunTask:
        """Send the message of a turn again, before all that waits."""
        message = self._sent.get(index, self.turns[index].live.state.message)
        return self.send(message, action, index)

    def resume(self) -> None:
        """Send what is queued after all, though the answer before failed or was stopped."""
        self.queue.resume()
        if self.queue.waiting:
            self.idle.clear()
        self._advance()

    def discard(self) -> None:
        """Remove all messages from the queue."""
        for entry in tuple(self.queue.waiting):
            self.unqueue(entry)

    def stop_current(self) -> None:
        """Stop the answer that is coming, where one is."""
        if self.queue.current is not None:
            self.queue.current.task.stop()

    def unqueue(self, entry: Entry) -> None:
        """Remove a message from the queue."""
        self.queue.remove(entry)
        entry.task.stop()
        self._advance()

    def _advance(self) -> None:
        """Send the next message, if its turn has come; and publish how the queue stands."""
        entry = self.queue.pop()
        if entry is not None:
            # Before it is added to the turns: from then on each of its changes is published.
            rating.offer_at_end(entry.task)
            entry.task.start()
            self.queue.begin(entry)
            self._publish_queue()
            self.live.set(notice=None)
            index = len(self.live.state.turns)
            self.turns[index], self._sent[index] = entry.task, entry.message
            self.live.add_turn(entry.task.live)
            if entry.retries is not None:
                self.live.set(retried=[*self.live.state.retried, entry.retries])
        self._publish_queue()
        if self.queue.is_idle:
            self.idle.set()

    def _publish_queue(self) -> None:
        waiting = self.queue.waiting
        queued = [Queued(id=one.id, text=one.task.live.state.message) for one in waiting]
        self.live.set(queued=queued, paused=self.queue.paused)

    def _on_over(self, live: Live) -> None:
        """Go on where a turn is over, or a message left the queue."""
        try:
            self.queue.end(live)
            self._advance()
        except Exception as error:  # noqa: BLE001  # who waits for the chat must not wait for ever
            self.live.report("let the next message in", error)
            self.idle.set()

    # What was said before.

    async def open(self) -> None:
        """Fetch the stored conversation, and show its last turns; what fails is shown."""
        if self.history is None:
            return
        try:
            await self.history.open()
        except PowawidgetError as error:
            self.live.set(notice=why_no_history(error))
            return
        await self.show_earlier(SHOWN_FIRST)

    async def show_earlier_or_report(self) -> None:
        """Show some earlier turns, for a page: what fails is shown there."""
        try:
            await self.show_earlier(SHOWN_FIRST)
        except PowawidgetError as error:
            self.live.set(notice=why_no_history(error))
        except Exception as error:  # noqa: BLE001  # nobody awaits it: the page must show it
            self.live.report("read earlier turns", error)

    async def show_earlier(self, turns: int) -> None:
        """Fetch the turns before those that are shown, and add them; not twice at once."""
        if self.history is None or self.live.state.loading:
            return
        self.live.set(loading=True)
        try:
            self.add_earlier(await self.history.more(turns))
            self.live.set(missing=self.history.missing, notice=self.history.problem)
        finally:
            self.live.set(loading=False, earlier=self.history.earlier)

    def add_earlier(self, tasks: list[RunTask]) -> None:
        """Put turns that are over before all others, oldest first."""
        with self.live.lock:
            indices = self.live.add_earlier([task.live.state for task in tasks])
            self.turns |= dict(zip(indices, tasks, strict=True))

    # What there is.

    def in_order(self) -> list[RunTask]:
        """The tasks of the turns, in their order."""
        with self.live.lock:
            return [self.turns[index] for index in self.live.state.order]

    def messages(self) -> list[Message]:
        """All that was said, in order: of a stored conversation also what isn't shown yet."""
        stored = [] if self.history is None else self.history.messages()
        live = [task for task in self.in_order() if task.live.state.origin == "live"]
        return stored + [message for task in live for message in _messages_of(task.live)]


def _messages_of(live: Live) -> list[Message]:
    with live.lock:
        state, text = live.state, values.text_of(live.state)
    more: dict[str, Any] = {"run_id": state.run_id, "status": state.status}
    asked = Message(role="user", content=state.message, **more)
    return [asked, Message(role="assistant", content=text, **more)] if text else [asked]


def new_id() -> str:
    """Make an id that nobody guesses."""
    return secrets.token_hex(16)


def _python(options: Mapping[str, Any], secret: Secret | None) -> str:
    """Write keyword arguments as Python, without the key; they can all be written as JSON."""
    plain = json.loads(json.dumps(options))
    text = ", ".join(f"{name}={value!r}" for name, value in plain.items() if value is not None)
    return text if secret is None else secret.redact(text)
