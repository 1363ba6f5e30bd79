"""What waits for a person in this kernel, while it changes: a read model over the runs that ask.

To a widget it is a chat, whose turns are the runs: of each only the requests that are one decision.
It holds no state of its own but what was hidden and what has ended; it decides nothing.
"""

from collections.abc import Callable
from typing import Any, cast

from powawidget.kernel import loop
from powawidget.live.clock import steady
from powawidget.live.read_model import ReadModel
from powawidget.live.subscribers import do_left
from powawidget.run import actions, asking
from powawidget.run.task import RunTask
from powawidget.state.model import ENDED, ChatState, RunState, plain
from powawidget.state.ops import Op
from powawidget.waiting.messages import WaitingMessage
from powawidget.waiting.row import Asked, Follower, Row, asked_now, changes

GAP = 0.05  # seconds between two looks
MOST = 100  # rows that are asked
MOST_TEXT = 1_000_000  # characters of their arguments; one row is listed in any case
_MOST_ENDED = 50  # rows that are kept of those that are asked no more
_KEPT = 600.0  # seconds for which they are
_AGAIN = 0.1  # seconds until a run that was still asking may be quiet
_LASTS = 1.0  # seconds from a change until it is written into the notebook
_CHANGED = "What is asked has changed since it was shown: look at it again."
_UNKNOWN = "This version can't do that."


class LiveInbox(ReadModel[ChatState]):
    """What waits, while it changes; changed on the loop thread only.

    Attributes:
        rows: The decisions that are asked for, or were, in the order in which they came.
        more: How many wait that aren't listed.
        look: Called after each look, on the loop thread.
    """

    def __init__(self) -> None:
        super().__init__(ChatState(name="inbox", writable=False), self._redact, GAP, "what waits")
        self.rows: list[Row] = []
        self.more = 0
        self.look: Callable[[], None] | None = None
        self._free: list[int] = []  # turns that hold nothing
        self._shown: frozenset[str] = frozenset()  # what waited when the file was written
        self._changed_at: float | None = None
        self._has_left = False
        self._steady = steady()
        self._end_hearing = asking.hear(self.note_change)

    @property
    def finished(self) -> bool:
        """Whether nothing is asked, and all that was decided is settled."""
        return all(run.status in ENDED for run in self.state.turns)

    def leave(self) -> None:
        """Follow no run any more; on any thread."""
        self._end_hearing()
        loop.call_soon(self._leave)

    def _leave(self) -> None:
        self._has_left = True
        for row in self.rows:
            row.follower.leave()
        self.rows.clear()

    def clock(self) -> float:
        """Tell the time by which a page counts down: it doesn't jump, as that of the runs."""
        return self._steady()

    def _redact(self, text: str) -> str:
        for task in (*asking.now(), *(row.task for row in self.rows)):
            text = task.live.redact(text)
        return text

    def message(self) -> WaitingMessage:
        """Tell a page of all rows."""
        told = [row.told() for row in self.rows]
        return WaitingMessage(rows=told, more=self.more, trouble=self.trouble)

    def waiting(self) -> list[Row]:
        """List the rows that are asked now."""
        return [row for row in self.rows if row.ended is None]

    def hide(self, name: object) -> None:
        """Take a row out of sight, by its id, or show all again; on the loop thread only."""
        for row in self.rows:
            row.is_hidden = name is not None and (row.is_hidden or row.id == name)

    def act(self, content: dict[str, Any]) -> str | None:
        """Do what a person asked for, as the run's own card does; on the loop thread only.

        Returns:
            Why it is refused, in words; None where it is done.
        """
        if content.get("action") not in {"approve", "deny"}:
            return _UNKNOWN
        turn, digests = content.get("turn"), content.get("digests")
        if isinstance(turn, bool):  # it would be a number
            return _UNKNOWN
        self.refresh()
        for row in self.waiting():
            if row.turn == turn and isinstance(digests, list) and row.is_about(digests):
                return actions.act(cast("RunTask", row.task), content)
        return _CHANGED

    def refresh(self) -> float | None:
        """Bring the rows up to date with their runs; on the loop thread only.

        Returns:
            The seconds after which to look again though nobody noted a change; None for never.
        """
        if self._has_left:
            return None
        now, ops = self.clock(), list[Op]()
        asked = {id(one.task): one for one in asked_now()}
        for row in self.waiting():
            self._see(row, asked.get(id(row.task)), now)
        with self.lock:
            self._list(asked, ops)
            for row in self.rows:
                if not row.is_settled:
                    self._read(row, ops)
            self._drop(now, ops)
            self._publish(ops)
        return self._due(asked, now)

    def _see(self, row: Row, asked: Asked | None, now: float) -> None:
        """End a row whose requests aren't open any more, or aren't all that is."""
        if asked is None or asked.digests != row.digests:
            row.ended = now
            row.is_late = asked is not None and asked.left <= 0
            row.is_moved = not row.is_late

    def _list(self, asked: dict[int, Asked], ops: list[Op]) -> None:
        """Add a row for each run that asks and has none."""
        known = {id(row.task) for row in self.waiting()}
        size = sum(one.size for key, one in asked.items() if key in known)
        self.more = 0
        for key, one in asked.items():
            if key in known or not one.digests or not one.is_quiet:
                continue
            if known and (len(known) >= MOST or size + one.size > MOST_TEXT):
                self.more += 1
                continue
            known.add(key)
            size += one.size
            turn = self._free.pop() if self._free else len(self.state.turns)
            follower = Follower(one.task, self.note_change)
            row = Row(task=one.task, digests=one.digests, turn=turn, follower=follower)
            row.note_clock(self.clock())
            self.rows.append(row)
            if turn == len(self.state.turns):
                self._set_turn(turn, RunState(status="completed"), ops)

    def _read(self, row: Row, ops: list[Op]) -> None:
        state = row.shown()
        before = self.state.turns[row.turn]
        if state is None:  # it has begun anew: what was asked before is over
            row.is_settled = True
            ops.append(("set", ("turns", row.turn, "status"), "completed"))
            before.status = "completed"
            return
        ops += changes(row.turn, before if before.parts else None, state)
        self.state.turns[row.turn] = state
        row.is_settled = state.status in ENDED
        if row.is_settled:
            row.follower.leave()

    def _drop(self, now: float, ops: list[Op]) -> None:
        """Forget the rows that ended long ago, or before many others."""
        ended = [row for row in self.rows if row.ended is not None]
        old = [row for row in ended if now - (row.ended or now) > _KEPT]
        for row in {*old, *ended[: max(0, len(ended) - _MOST_ENDED)]}:
            row.follower.leave()
            self.rows.remove(row)
            self._free.append(row.turn)
            self._set_turn(row.turn, RunState(status="completed"), ops)

    def _set_turn(self, turn: int, state: RunState, ops: list[Op]) -> None:
        self.state.turns[turn : turn + 1] = [state]
        ops.append(("set", ("turns", turn), plain(state)))
        if turn == len(self.state.order):
            self.state.order.append(turn)
            ops.append(("set", ("order", turn), turn))

    def _due(self, asked: dict[int, Asked], now: float) -> float | None:
        due = [one.left for one in asked.values() if one.left > 0]
        due += [_AGAIN for one in asked.values() if not one.is_quiet]
        ended = [row.ended for row in self.rows if row.ended is not None]
        due += [max(_AGAIN, at + _KEPT - now + 1) for at in ended[:1]]
        return min(due, default=None)

    async def _look(self) -> float | None:
        again = self.refresh()
        if self.look is not None:
            self.look()
        return await self._write(again)

    async def _write(self, again: float | None) -> float | None:
        """Have the notebook say what waits, once that has been the same for a moment."""
        waiting = frozenset(row.id for row in self.waiting())
        now = self.clock()
        if waiting == self._shown:
            self._changed_at = None
            self.published.set()
            return again
        if self._changed_at is None:
            self._changed_at = now
        left = self._changed_at + _LASTS - now
        if left > 0:
            return min(left, again or left)
        self._shown, self._changed_at = waiting, None
        with self.lock:
            rest = self.subscribers.publish_end()
        await do_left(rest, self.report)
        return again
