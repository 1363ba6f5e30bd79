"""A run's state while it changes: one lock, one thread that writes, any that read."""

import secrets
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from powawidget.http.secret import Secret
from powawidget.live.recording import Recorder
from powawidget.live.redaction import Guard
from powawidget.live.subscribers import Troubles, doing_of
from powawidget.protocol import events as ev
from powawidget.protocol.events.bounds import bounded
from powawidget.state.index import index_of
from powawidget.state.model import ENDED, Failure, RunState, plain
from powawidget.state.ops import Op, apply
from powawidget.state.reduce import reduce

# Proof, for the page, of the kernel that it talks to: a saved notebook holds none.
NONCE = secrets.token_hex(16)


class Subscriber(Protocol):
    """Who wants to hear of changes: a widget, or the chat whose turn a run is.

    What one raises is logged and told in the view, and keeps nobody else from hearing.

    Attributes:
        doing: What is done when it hears something, as in "powawidget failed while it …".
    """

    doing: str

    def changed(self, ops: list[Op]) -> None:
        """Take changes that have just been folded in; called under the lock."""

    def ended(self) -> None:
        """Learn that the run is over; called under the lock."""

    def recovered(self) -> None:
        """Learn that what came after the end is known as well; called under the lock."""


class Live:
    """The state of one run, its recording, and who watches it.

    Args:
        state: The state to start from.
        secret: The key to keep out of everything that is recorded, where there is one.
        clock: Seconds since the epoch.
        lock: What guards the state; the turns of a chat share the chat's.
    """

    def __init__(
        self,
        state: RunState,
        secret: Secret | None = None,
        clock: Callable[[], float] = time.time,
        lock: "threading.RLock | None" = None,
    ) -> None:
        self.state = state
        self.lock = lock or threading.RLock()
        self.done = threading.Event()
        # Set a moment after `done`: the transcript stands in the file, as far as it can.
        self.published = threading.Event()
        self._recorder = Recorder()
        self.recording = self._recorder.recording
        self.clock = clock
        self.subscribers: list[Subscriber] = []
        # The engine's own errors (they have a seq) may be followed by more: it may recover.
        self.engine_error = False
        self.stop_asked = False
        # The ends after which more may come: the server tells parts of some runs only when they
        # are over, and looks after others whose stream was cut. Until `settle` nobody who waits
        # for the run goes on.
        self.held: frozenset[str] = frozenset()
        self.observe: Callable[[ev.Event], None] | None = None
        self._heard = time.monotonic()
        self._secret = secret
        self._guard = None if secret is None else Guard(secret)
        self._troubles = Troubles(self.redact)

    def receive(self, frame: str | ev.Event, at: float | None = None) -> None:
        """Fold one frame in; on the loop thread only.

        Args:
            frame: The data of a server-sent event, or an event made here.
            at: When it came, in seconds since the epoch; now, where it isn't given.
        """
        at = self.clock() if at is None else at
        if isinstance(frame, str):
            # A server that echoes the key must not carry it into the page and the file.
            frame = self.redact(frame)
            event = ev.read(frame)
            self.note_sign()
        else:
            # What a person or a policy said may hold it as well.
            event = frame if self._secret is None else self._secret.redacted(frame)
            # Names and words of the server come this way too, such as a refusal's.
            frame = event = bounded(event)
        with self.lock:
            self._recorder.add(frame, at)
            if isinstance(event, ev.Errored):
                self.engine_error = isinstance(event.raw, dict) and "seq" in event.raw
            self._fold(event, at)
            self._report_failures()
        if self.observe is not None:
            try:
                self.observe(event)
            except Exception as error:  # noqa: BLE001  # the stream goes on
                self.trouble("looked at what has come", error)

    def _fold(self, event: ev.Event, at: float) -> None:
        ops = reduce(self.state, event, at)
        if not ops:
            return
        edited_before = self.state.edited
        if self._guard is None:
            apply(self.state, ops)
        else:
            ops, is_clean = self._guard.fold(self.state, ops)
            if not is_clean:
                self._recorder.withhold(ev.ReasoningDelta)
        index_of(self.state).settle()
        if self.state.edited != edited_before:
            self._recorder.withhold()
        self._publish(ops)
        if self.ended and self.state.status not in self.held:
            self._settle()

    def settle(self) -> None:
        """Let those go on who wait for the run, where it is over; on the loop thread only."""
        with self.lock:
            self.held = frozenset()
            if self.ended:
                self._settle()
            self._report_failures()

    def _settle(self) -> None:
        if self.done.is_set():
            return
        # First: who waits for the run depends on nobody else who hears of its end.
        self.done.set()
        try:
            for subscriber in tuple(self.subscribers):
                self._troubles.call(doing_of(subscriber), subscriber.ended)
        finally:
            self.published.set()

    def give_up(self, error: BaseException | None = None) -> None:
        """End a run that isn't over though nothing follows it any more; on the loop thread only.

        Its state can't be relied on where folding fails: nothing is folded here.

        Args:
            error: What ended the following.
        """
        with self.lock:
            if error is not None:
                self._troubles.note("read this run", error)
            if self.ended:
                return
            why = "" if error is None else f"{type(error).__name__}. The kernel's log says more."
            failure = Failure(
                title="powawidget failed while it read this run",
                message=why,
                hint="Please report it. The run may still be going on at the server.",
            )
            values = {"wait": None, "error": failure, "ended": self.clock()}
            ops: list[Op] = []
            for name, value in (*values.items(), ("status", "interrupted")):
                setattr(self.state, name, value)
                ops.append(("set", (name,), plain(value)))
            self._publish(ops)

    def trouble(self, doing: str, error: BaseException) -> None:
        """Log and tell what has failed beside the run; on the loop thread only.

        Args:
            doing: What was done, as in "powawidget failed while it …".
            error: What was raised.
        """
        with self.lock:
            self._troubles.note(doing, error)
            self._report_failures()

    def _publish(self, ops: list[Op]) -> None:
        for subscriber in tuple(self.subscribers):
            self._troubles.call(doing_of(subscriber), subscriber.changed, ops)

    def _report_failures(self) -> None:
        """Tell them when everybody has heard of what came before, so that all hear the same."""
        for text in self._troubles.untold():
            try:
                self.receive(ev.Troubled(text=text))
            except Exception as error:  # noqa: BLE001  # a state that can't be folded: it is logged
                self._troubles.note("told of a failure", error)
                self._troubles.untold()

    def end_recovery(self) -> None:
        """Say that what was learned after the end is all there is; on the loop thread only."""
        with self.lock:
            for subscriber in tuple(self.subscribers):
                self._troubles.call(doing_of(subscriber), subscriber.recovered)
            self._report_failures()

    def redact(self, text: str) -> str:
        """Take the key out of a text, where there is one."""
        return text if self._secret is None else self._secret.redact(text)

    def note_sign(self) -> None:
        """Note that the server has said something, or is asked anew."""
        self._heard = time.monotonic()

    @property
    def heard(self) -> float:
        """When the server last said something, by the monotonic clock; now, where none is due.

        While a person is asked, it is the person who is waited for.
        """
        due = not self.ended and self.state.wait is None and self.state.status != "waiting"
        return self._heard if due else time.monotonic()

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return self.state.status in ENDED

    @property
    def settled(self) -> bool:
        """Whether the run is over, and those who wait for it go on."""
        return self.done.is_set()

    def snapshot(self) -> Any:
        """Return the whole state as plain JSON values."""
        with self.lock:
            return plain(self.state)
