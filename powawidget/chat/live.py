"""A chat's state while it changes: one lock for it and all its turns, one thread that writes.

The turns share the chat's lock, so two locks can't be taken in the wrong order: under
it a turn changes, the chat publishes that as its own change, and the widget gathers what to send.
"""

import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from powawidget.live.run import Live
from powawidget.live.subscribers import Rest, Subscribers, Troubles, do_left
from powawidget.state.model import ChatState, RunState, plain
from powawidget.state.ops import Op

_DATABASE_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class LiveChat:
    """The state of one chat, and who watches it. Changed on the loop thread only.

    Args:
        state: The state to start from.
        on_end: Called under the lock when a turn, or a run that waits for its turn, has ended.
        redact: Takes the key out of a text.
    """

    def __init__(
        self,
        state: ChatState,
        on_end: Callable[[Live], object],
        redact: Callable[[str], str] = str,
    ) -> None:
        self.state = state
        self.lock = threading.RLock()
        self._troubles = Troubles(redact)
        self.subscribers = Subscribers(self._troubles)
        self._on_end = on_end
        self._latest: Live | None = None
        # The runs that may become turns; one that leaves the queue is forgotten at its end.
        self._turns: dict[Live, TurnSubscriber] = {}

    @property
    def last_sign(self) -> float:
        """When bytes last came from the server, by the monotonic clock."""
        return time.monotonic() if self._latest is None else self._latest.last_sign

    def clock(self) -> float:
        """Tell the time by the clock of the turn that is under way, in seconds since the epoch."""
        return time.time() if self._latest is None else self._latest.clock()

    @property
    def is_kept_alive(self) -> bool:
        """Whether nothing but keepalives comes, and they do."""
        return self._latest is not None and self._latest.is_kept_alive

    @property
    def is_waiting(self) -> bool:
        """Whether a person is waited for."""
        return self._latest is not None and self._latest.is_waiting

    @property
    def finished(self) -> bool:
        """Whether no turn is under way."""
        return self._latest is None or self._latest.finished

    def snapshot(self) -> Any:
        """Return the whole state as plain JSON values."""
        with self.lock:
            return plain(self.state)

    def set(self, **fields: Any) -> None:
        """Set fields of the chat; a value that is as it was is published to nobody."""
        with self.lock:
            ops: list[Op] = []
            for name, value in fields.items():
                if getattr(self.state, name) != value:
                    setattr(self.state, name, value)
                    ops.append(("set", (name,), plain(value)))
            self._publish(ops)

    def watch(self, live: Live) -> None:
        """Subscribe to a run that may become a turn; it shares the chat's lock."""
        with self.lock:
            turn = self._turns[live] = TurnSubscriber(self, live)
            live.subscribers.append(turn)

    def add_turn(self, live: Live) -> None:
        """Make a watched run the latest turn."""
        with self.lock:
            run, turns, order = live.state, self.state.turns, self.state.order
            index = self._turns.pop(live).index = len(turns)
            turns.append(run)
            order.append(index)
            self._latest = live
            self._publish(
                [
                    ("set", ("turns", index), plain(run)),
                    ("set", ("order", len(order) - 1), index),
                ]
            )

    def add_earlier(self, runs: Sequence[RunState]) -> list[int]:
        """Put stored turns, oldest first, before all others."""
        with self.lock:
            first = len(self.state.turns)
            indices = list(range(first, first + len(runs)))
            self.state.turns += runs
            ops: list[Op] = [
                ("set", ("turns", index), plain(run))
                for index, run in zip(indices, runs, strict=True)
            ]
            self.state.order[:0] = indices
            self._publish([*ops, ("set", ("order",), list(self.state.order))])
            return indices

    def _publish(self, ops: list[Op]) -> None:
        if ops:
            self.subscribers.publish(ops)
            self._report_failures()

    def report(self, doing: str, error: BaseException) -> None:
        """Log and show what has failed beside the chat; on the loop thread only.

        Args:
            doing: What was done, as in "powawidget failed while it …".
            error: What was raised.
        """
        with self.lock:
            self._troubles.note(doing, error)
            self._report_failures()

    def _report_failures(self) -> None:
        for text in self._troubles.pop_reports():
            self.set(notice=text)

    def turn_changed(self, index: int, ops: list[Op]) -> None:
        """Publish a turn's changes as the chat's; called under the lock."""
        self._publish([(verb, ("turns", index, *path), value) for verb, path, value in ops])
        for _, path, value in ops:
            if tuple(path) == ("session_id",) and self._is_session(value):
                self.set(session_id=value)

    def turn_ended(self, live: Live) -> Rest | None:
        """Handle the end of a turn; called under the lock.

        Returns:
            What is left to do, as a subscriber of the turn.
        """
        self._turns.pop(live, None)
        left = self.subscribers.publish_end() if live is self._latest else []
        self._report_failures()
        self._on_end(live)
        return do_left(left, self.report) if left else None

    def turn_recovered(self, live: Live) -> Rest | None:
        """Publish what was found out of a turn after its end; called under the lock.

        Returns:
            As `turn_ended`.
        """
        # Else the end of the turn after it will do.
        left = self.subscribers.publish_recovery() if live is self._latest else []
        self._report_failures()
        return do_left(left, self.report) if left else None

    def _is_session(self, named: str) -> bool:
        # A stored run names its session by the database's id, which starts another conversation.
        return self.state.session_id is None or not _DATABASE_ID.fullmatch(named)


class TurnSubscriber:
    """Publishes the changes of one run as those of its chat, once the run is a turn."""

    doing = "published a turn's change as the chat's"

    def __init__(self, chat: LiveChat, live: Live) -> None:
        self.live = live
        self.index: int | None = None
        self._chat = chat

    def changed(self, ops: list[Op]) -> None:
        """Receive changes of the run; called under the lock."""
        if self.index is not None:
            self._chat.turn_changed(self.index, ops)

    def ended(self) -> Rest | None:
        """Learn that the run is over; called under the lock."""
        return self._chat.turn_ended(self.live)

    def recovered(self) -> Rest | None:
        """Learn what came after the end; called under the lock."""
        return self._chat.turn_recovered(self.live)
