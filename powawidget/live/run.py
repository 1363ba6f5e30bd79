"""A run's state while it changes: one lock, one thread that writes, any that read."""

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from powawidget.http.secret import Secret
from powawidget.kernel import loop
from powawidget.live import named
from powawidget.live.batch import Batch
from powawidget.live.clock import steady
from powawidget.live.recording import Recorder
from powawidget.live.redaction import Guard
from powawidget.live.subscribers import Left, Subscribers, Troubles, do_left
from powawidget.protocol import events as ev
from powawidget.protocol.events.bounds import bounded
from powawidget.state.index import index_of
from powawidget.state.model import ENDED, Failure, RunState, plain
from powawidget.state.ops import Op, apply
from powawidget.state.reduce import reduce

# Proof, for the page, of the kernel that it talks to: a saved notebook holds none.
NONCE = secrets.token_hex(16)
# Seconds: between an event's bytes and the event; and until the next keepalive is overdue, which
# come every 30 s.
_SAME_READ = 1.0
_KEPT_ALIVE = 45.0


class Live:
    """The state of one run, its recording, and who subscribes to it.

    Args:
        state: The state to start from.
        secret: The key to keep out of everything that is recorded, where there is one.
        clock: Seconds since the epoch; a steady clock where it isn't given.
        lock: What guards the state; the turns of a chat share the chat's.
    """

    def __init__(
        self,
        state: RunState,
        secret: Secret | None = None,
        clock: Callable[[], float] | None = None,
        lock: "threading.RLock | None" = None,
    ) -> None:
        self.state = state
        self.lock = lock or threading.RLock()
        self.done = threading.Event()
        # Set a moment after `done`: the transcript stands in the file, as far as it can.
        self.published = threading.Event()
        self._recorder = Recorder()
        self.recording = self._recorder.recording
        self.clock = clock or steady()
        self._troubles = Troubles(self.redact)
        self.subscribers = Subscribers(self._troubles)
        self.stop_asked = False
        # The ends after which something more is fetched: who waits for the run goes on only once
        # that is applied too, at `finish`.
        self.unfinished: frozenset[str] = frozenset()
        # Called with each event once it is applied; gives the events that follow from it.
        self.observe: Callable[[ev.Event], Iterable[ev.Event]] | None = None
        self._batch: Batch | None = None
        self._last_sign = self._last_read = time.monotonic()
        self.secret = secret
        self._guard = None if secret is None else Guard(secret)
        named.note(self)

    def receive(self, frame: str | ev.Event, at: float | None = None) -> ev.Event:
        """Apply one frame, and all that follows from it; on the loop thread only.

        Args:
            frame: The data of a server-sent event, without the key: who reads the bytes takes it
                out. Or an event made here, which may hold the key.
            at: When it came, in seconds since the epoch; now, where it isn't given.
        """
        with self.lock:
            event, following = self._receive(frame, self.clock() if at is None else at)
            if following:
                self._receive_following(following)
        return event

    def receive_all(self, frames: Iterable[str | ev.Event]) -> list[ev.Event]:
        """Apply what came at once, in order, and publish its changes together.

        The state comes to the same as frame by frame; on the loop thread only.

        Args:
            frames: As for `receive`.

        Returns:
            The event of each frame.
        """
        events: list[ev.Event] = []
        with self.lock:
            at = self.clock()
            self._batch = Batch()
            try:
                for frame in frames:
                    event, following = self._receive(frame, at)
                    events.append(event)
                    if following:
                        self._receive_following(following)
            finally:
                self._end_batch()
            self._receive_following(self._reports())
        return events

    def _receive(self, frame: str | ev.Event, at: float) -> tuple[ev.Event, Sequence[ev.Event]]:
        """Apply one frame; returns its event, and what follows from it, to be applied next."""
        if isinstance(frame, str):
            event = ev.read(frame)
        else:
            # A person's or a policy's text may hold the key; and names and words of the server
            # come this way too, such as a refusal's.
            event = frame if self.secret is None else self.secret.redacted(frame)
            frame = event = bounded(event)
        if isinstance(frame, str | ev.Opened | ev.WaitOver):
            self.note_sign()
        if self._batch is not None and self._batch.is_over_with(event):
            self._apply_ops(self._batch.pop_held())
        self._recorder.add(frame, at)
        self._apply(event, at)
        if self.observe is None and not self._troubles.unreported:
            return event, ()
        # Failures first: every subscriber already has the event at which they occurred.
        return event, [*self._reports(), *self._observed(event), *self._reports()]

    def _receive_following(self, events: Iterable[ev.Event]) -> None:
        """Apply events made here, each with what follows from it before the next one."""
        waiting = deque(events)
        while waiting:
            try:
                _, following = self._receive(waiting.popleft(), self.clock())
            except Exception as error:  # noqa: BLE001  # a state that nothing applies to: it is logged
                self._troubles.note("applied what followed from an event", error)
                self._troubles.pop_reports()
            else:
                waiting.extendleft(reversed(following))

    def _observed(self, event: ev.Event) -> list[ev.Event]:
        try:
            return [] if self.observe is None else list(self.observe(event))
        except Exception as error:  # noqa: BLE001  # the stream goes on
            self._troubles.note("looked at what has come", error)
            return []

    def _reports(self) -> list[ev.Event]:
        if not self._troubles.unreported:
            return []
        return [ev.Troubled(text=text) for text in self._troubles.pop_reports()]

    def _apply(self, event: ev.Event, at: float) -> None:
        ops = reduce(self.state, event, at)
        if self._batch is not None:
            if self._batch.hold(event, ops):
                return
            self._apply_ops(self._batch.pop_held())
            if self._batch.hold(event, ops):
                return
        self._apply_ops(ops)

    def _apply_ops(self, ops: list[Op]) -> None:
        if not ops:
            return
        edited_before = self.state.edited
        if self._guard is None:
            apply(self.state, ops)
        else:
            ops, is_clean = self._guard.apply(self.state, ops)
            if not is_clean:
                self._recorder.withhold(ev.ReasoningDelta, ev.BlockChunk)
        index_of(self.state).settle()
        if self.state.edited != edited_before:
            self._recorder.withhold()
        if self._batch is None:
            self.subscribers.publish(ops)
        else:
            self._batch.ops += ops
        if self.ended and self.state.status not in self.unfinished:
            self._finish()

    def _end_batch(self) -> None:
        """Apply and publish what a batch has left, and go on one by one."""
        batch, self._batch = self._batch, None
        if batch is None:
            return
        held = batch.pop_held()
        if batch.ops:
            self.subscribers.publish(batch.ops)
        self._apply_ops(held)

    def finish(self) -> None:
        """If the run is over, release those who wait for it; on the loop thread only."""
        with self.lock:
            self.unfinished = frozenset()
            if self.ended:
                self._finish()
            self._receive_following(self._reports())

    def _finish(self) -> None:
        if self.done.is_set():
            return
        self._end_batch()  # the end comes after all changes before it
        # First, so that no failing subscriber can keep those who wait for the run.
        self.done.set()
        left = self.subscribers.publish_end()
        if left:
            loop.submit(self._do_left(left))
        else:
            self.published.set()

    async def _do_left(self, left: Sequence[Left]) -> None:
        try:
            await do_left(left, self.report)
        finally:
            self.published.set()

    def begin_anew(self, state: RunState) -> None:
        """Become another run from its beginning, in the same place; on the loop thread only.

        Those who subscribed are told by ops, as of any change, so that the fold holds.

        Args:
            state: What the run starts from.
        """
        with self.lock:
            self.done.clear()
            self.published.clear()
            self.stop_asked = False
            self._recorder = Recorder()
            self.recording = self._recorder.recording
            self.note_sign()
            ops: list[Op] = [
                ("set", (name,), plain(getattr(state, name)))
                for name in RunState.__struct_fields__
                if getattr(state, name) != getattr(self.state, name)
            ]
            self._apply_ops(ops)

    def fail(self, error: BaseException | None = None) -> None:
        """End a run that isn't over though nothing follows it any more; on the loop thread only.

        Nothing is reduced here: where the reducer fails, the state can't be relied on.
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
            self.subscribers.publish(ops)

    def report(self, doing: str, error: BaseException) -> None:
        """Log and show what has failed beside the run; on the loop thread only.

        Args:
            doing: What was done, as in "powawidget failed while it …".
            error: What was raised.
        """
        with self.lock:
            self._troubles.note(doing, error)
            self._receive_following(self._reports())

    def end_recovery(self) -> None:
        """Publish that nothing more is found out after the end; on the loop thread only."""
        with self.lock:
            left = self.subscribers.publish_recovery()
            self._receive_following(self._reports())
        if left:
            loop.submit(do_left(left, self.report))

    def redact(self, text: str) -> str:
        """Take the key out of a text, where there is one."""
        return text if self.secret is None else self.secret.redact(text)

    def note_sign(self) -> None:
        """Note a sign of the server, or that it is asked anew."""
        self._last_sign = time.monotonic()

    def note_read(self) -> None:
        """Note that bytes have come, which may be a keepalive."""
        self._last_read = time.monotonic()

    @property
    def is_kept_alive(self) -> bool:
        """Whether nothing but keepalives comes, and they do (docs/protocol.md#keepalives)."""
        is_later = self._last_read - self._last_sign > _SAME_READ
        is_fresh = time.monotonic() - self._last_read < _KEPT_ALIVE
        return is_later and is_fresh and not self.ended

    @property
    def last_sign(self) -> float:
        """When the server last gave a sign, by the monotonic clock; now, where none is due.

        While a person is asked, it is the person who is waited for.
        """
        due = not self.ended and self.state.wait is None and not self.is_waiting
        return self._last_sign if due else time.monotonic()

    @property
    def is_waiting(self) -> bool:
        """Whether a person is waited for."""
        return self.state.status == "waiting"

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return self.state.status in ENDED

    @property
    def finished(self) -> bool:
        """Whether the run is over, and those who wait for it go on."""
        return self.done.is_set()

    def snapshot(self) -> Any:
        """Return the whole state as plain JSON values."""
        with self.lock:
            return plain(self.state)
