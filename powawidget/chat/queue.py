"""Which message of a chat is sent next. Pure: nothing here starts a run or publishes."""

from dataclasses import dataclass

from powawidget.live.run import Live
from powawidget.run.task import RunTask
from powawidget.state.model import RunStatus

_WHY_PAUSED: dict[RunStatus, str] = {
    "failed": "The answer before failed.",
    "stopped": "The answer before was stopped.",
    "interrupted": "The answer before was cut off.",
}


@dataclass(frozen=True, eq=False)
class Entry:
    """A message, from when it is queued.

    Attributes:
        id: The id of the action that sent it.
        message: What is sent, exactly: what is shown of it may lack the key.
        task: The task of its run.
        retries: The index of the turn whose message it repeats, where it does.
    """

    id: str
    message: str
    task: RunTask
    retries: int | None = None


class Queue:
    """The messages that wait, and the one that is being answered.

    Attributes:
        waiting: What waits, the next first.
        current: What is being answered.
        paused: Why nothing is sent though something waits; None where it goes on by itself.
    """

    def __init__(self) -> None:
        self.waiting: list[Entry] = []
        self.current: Entry | None = None
        self.paused: str | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being answered, and nothing will be by itself."""
        return self.current is None and (self.paused is not None or not self.waiting)

    def add(self, entry: Entry) -> None:
        """Add a message: at the end, or where it is a retry before all others, ending a pause."""
        if entry.retries is None:
            self.waiting.append(entry)
        else:
            self.waiting.insert(0, entry)
            self.paused = None

    def pop(self) -> Entry | None:
        """Remove and return the next message, where its turn has come; `begin` makes it current."""
        if self.current is not None or self.paused is not None:
            return None
        # One that was just stopped is still here until its end is noted: it is sent no more.
        following = [entry for entry in self.waiting if not entry.task.live.ended]
        if not following:
            return None
        self.waiting.remove(following[0])
        return following[0]

    def begin(self, entry: Entry) -> None:
        """Note that a message is being answered."""
        self.current = entry

    def end(self, live: Live) -> None:
        """Note that a run is over: that of the current message, or one that left the queue.

        Args:
            live: The run; after any end but completed the queue pauses.
        """
        if self.current is not None and self.current.task.live is live:
            self.current = None
            if self.waiting and live.state.status != "completed":
                self.paused = _WHY_PAUSED.get(live.state.status, "")
            return
        for entry in [each for each in self.waiting if each.task.live is live]:
            self.remove(entry)

    def remove(self, entry: Entry) -> None:
        """Remove a message that waits."""
        self.waiting.remove(entry)
        if not self.waiting:
            self.paused = None

    def resume(self) -> None:
        """End a pause."""
        self.paused = None
