"""What a widget shows of many runs: read anew a few times a second, on threads of its own.

To a widget it is one run: who runs, how it stands, since when, Stop. It decides nothing and holds
no state of its runs but what it told last.
"""

import asyncio
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from powawidget.kernel import loop
from powawidget.live.subscribers import Subscribers, Troubles
from powawidget.state.model import ENDED, ChatState, RunState, plain
from powawidget.state.ops import Op

State = TypeVar("State", RunState, ChatState)


class ReadModel(ABC, Generic[State]):
    """Many runs as one, while they change; changed on the loop thread only.

    Attributes:
        state: How they stand, as a run's or a chat's.
        lock: Guards the state.
        subscribers: Who receives its changes.
        published: Set while all that stands in the notebook is up to date with an end.

    Args:
        state: How they stand at first.
        redact: Takes the key out of a text.
        gap: Seconds between two looks.
        looked_at: What they are, as in "powawidget failed while it looked at a batch".
    """

    def __init__(
        self, state: State, redact: Callable[[str], str], gap: float, looked_at: str
    ) -> None:
        self.state: State = state
        self.lock = threading.RLock()
        self.published = threading.Event()
        self._troubles = Troubles(redact)
        self.subscribers = Subscribers(self._troubles)
        self._gap, self._looked_at = gap, looked_at
        self._trouble = ""
        self._has_looked_in_vain = False
        self._dirty = asyncio.Event()
        self._is_marked = False
        self._task: asyncio.Task[None] | None = None

    @property
    def last_sign(self) -> float:
        """When the server last gave a sign: each run tells that for itself."""
        return time.monotonic()

    @property
    def is_kept_alive(self) -> bool:
        """Whether nothing but keepalives comes; as `last_sign`."""
        return False

    @property
    @abstractmethod
    def finished(self) -> bool:
        """Whether nothing is under way."""

    @property
    def trouble(self) -> str:
        """What couldn't be done, in words."""
        return self._trouble

    def clock(self) -> float:
        """Tell the time, in seconds since the epoch."""
        return time.time()

    def snapshot(self) -> Any:
        """Return the state as plain JSON values."""
        with self.lock:
            return plain(self.state)

    def note_change(self) -> None:
        """Look again soon; on any thread."""
        self.published.clear()
        if not self._is_marked:
            self._is_marked = True
            loop.call_soon(self._mark)

    def report(self, doing: str, error: BaseException) -> None:
        """Log and show what has failed beside them; on the loop thread only."""
        with self.lock:
            self._troubles.note(doing, error)
        self._tell_troubles()

    @abstractmethod
    async def _look(self) -> float | None:
        """Look once, and tell what has changed.

        Returns:
            The seconds after which to look again though nobody noted a change; None for never.
        """

    def _publish(self, ops: list[Op]) -> None:
        """Publish changes that were applied to the state; under the lock."""
        if ops:
            self.subscribers.publish(ops)
            self._tell_troubles()

    def _tell_troubles(self) -> None:
        for text in self._troubles.pop_reports():
            self._trouble = text

    def _mark(self) -> None:
        self._is_marked = False
        self._dirty.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._go_on())

    async def _go_on(self) -> None:
        """Look until nothing is under way and nothing has changed since."""
        try:
            while True:
                self._dirty.clear()
                again = await self._look_once()
                await asyncio.sleep(self._gap)
                if self._dirty.is_set():
                    continue
                if again is None:
                    return
                try:
                    await asyncio.wait_for(self._dirty.wait(), max(0.0, again - self._gap))
                except TimeoutError:
                    continue
        finally:
            self._task = None

    async def _look_once(self) -> float | None:
        try:
            again = await self._look()
        except Exception as error:  # noqa: BLE001  # the next look may go well; runs go on
            self.report(f"looked at {self._looked_at}", error)
            self._has_looked_in_vain = True
            return self._after_failure()
        if self._has_looked_in_vain:
            self._has_looked_in_vain = False
            self._trouble = ""  # it is over
            self.note_change()
        return again

    def _after_failure(self) -> float | None:
        """Say when to look again after a look that failed; as `_look`."""
        return None if self.finished else 1.0


class RunModel(ReadModel[RunState]):
    """Many runs as one that is shown as a run is."""

    @property
    def finished(self) -> bool:
        """Whether nothing is under way."""
        return self.state.status in ENDED
