"""One decision that waits, or has: all requests that one run had open at once."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from powawidget.approvals.deadlines import deadline_of
from powawidget.run import asking
from powawidget.run.asking import Asks
from powawidget.state.model import ApprovalPart, RunState, RunStatus, plain
from powawidget.state.ops import Op
from powawidget.state.reduce import gates
from powawidget.waiting.messages import WaitingRow

# Of these more may become known.
_OPEN = frozenset({"pending", "sending", "unknown"})
# What changes of a request once it is there.
_TOLD = frozenset({"decision", "delivery", "outcome", "deadline", "closes", "by", "reason"})
_TIMES = ("asked_at", "deadline", "closes")
_SET = 1.0  # seconds by which clocks differ where one was set


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What one run asks a person now.

    Attributes:
        task: The run.
        digests: Its open requests; none once the time to answer is over.
        due: Until when the server waits, in seconds since the epoch.
        left: How long that is, in seconds.
        is_quiet: Whether no further request is about to come.
        size: How long the arguments are, in characters.
    """

    task: Asks
    digests: frozenset[str]
    due: float
    left: float
    is_quiet: bool
    size: int


def asked_now() -> list[Asked]:
    """Read what the runs of this kernel ask; on the loop thread only."""
    return [one for task in asking.now() if (one := asked_by(task)) is not None]


def asked_by(task: Asks) -> Asked | None:
    """Read what a run asks; None where that is nothing."""
    decider = task.decider
    with task.live.lock:
        pending = [] if decider is None else decider.requests.pending()
        if decider is None or not pending:
            return None
        due = min(map(deadline_of, pending))
        left = due - task.live.clock()
        return Asked(
            task=task,
            digests=frozenset(part.digest for part in pending) if left > 0 else frozenset(),
            due=due,
            left=left,
            is_quiet=decider.requests.is_quiet,
            size=sum(len(part.arguments) for part in pending),
        )


class Follower:
    """Tells of what becomes of a run's requests. A subscriber of the run; it changes nothing."""

    doing = "followed a request"

    def __init__(self, task: Asks, changed: Callable[[], object]) -> None:
        self._live = task.live
        self._changed = changed
        with self._live.lock:
            self._live.subscribers.append(self)

    def changed(self, ops: list[Op]) -> None:
        """Note a change of a request."""
        for _, path, _ in ops:
            is_whole = len(path) < 3 and path[:1] in {(), ("parts",)}  # noqa: PLR2004  # a field of a part
            if is_whole or (path[0] == "parts" and len(path) > 2 and path[2] in _TOLD):  # noqa: PLR2004  # likewise
                self._changed()
                return

    def ended(self) -> None:
        """Note the end."""
        self._changed()

    def recovered(self) -> None:
        """Note what became known after the end."""
        self._changed()

    def leave(self) -> None:
        """Follow it no more."""
        with self._live.lock:
            if self in self._live.subscribers:
                self._live.subscribers.remove(self)


@dataclass(eq=False, kw_only=True)
class Row:
    """One decision, from when it was asked for until nobody wants to know any more.

    Attributes:
        task: The run that asks.
        digests: The requests.
        turn: The turn of the state that holds them.
        follower: Tells of what becomes of them.
        id: Names it.
        is_hidden: Whether a person wants it out of sight for now.
        ended: When it was asked no more, in seconds since the epoch.
        is_late: Whether the time to answer was over then.
        is_moved: Whether what is still open of it stands in another row, or is a policy's.
        is_settled: Whether nothing more will be known of it.
        ahead: Seconds by which the clock of those who show it is ahead of its run's.
    """

    task: Asks
    digests: frozenset[str]
    turn: int
    follower: Follower
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    is_hidden: bool = False
    ended: float | None = None
    is_late: bool = False
    is_moved: bool = False
    is_settled: bool = False
    ahead: float = 0.0

    def note_clock(self, now: float) -> None:
        """Note by which clock it is shown: the machine's was perhaps set since its run began."""
        ahead = now - self.task.live.clock()
        self.ahead = ahead if abs(ahead) >= _SET else 0.0

    def is_about(self, digests: list[object]) -> bool:
        """Tell whether these are its requests, all of them."""
        are_known = all(isinstance(one, str) and one in self.digests for one in digests)
        return are_known and len(digests) == len(self.digests)

    def told(self) -> WaitingRow:
        """Tell a page of it."""
        place = self.task.place
        return WaitingRow(
            id=self.id,
            turn=self.turn,
            name=self.task.live.state.name,
            cell=place.number,
            cell_id=place.cell_id,
            hidden=self.is_hidden,
            ended=self.ended,
            late=self.is_late,
            moved=self.is_moved,
        )

    def state(self) -> RunState | None:
        """Read the run with these requests alone, on any thread; it changes nothing.

        Returns:
            None where the run has begun anew meanwhile. It is completed once nothing more will be
            known of the requests.
        """
        live = self.task.live
        with live.lock:
            run = live.state
            parts = [part for _, part in sorted(gates.named(run, self.digests), key=_first)]
            if not parts:
                return None
            is_settled = live.ended or all(part.decision not in _OPEN for part in parts)
            status: RunStatus = "completed" if is_settled else "running"
            # By themselves: the calls that they gate stand elsewhere.
            copies: list[Any] = [alone(part) for part in parts]
            return RunState(
                kind=run.kind,
                name=run.name,
                status=status if self.ended is not None else "waiting",
                run_id=run.run_id,
                parts=copies,
            )

    def shown(self) -> RunState | None:
        """Read what a page is to know of the run, by the page's clock."""
        state = self.state()
        for part in () if state is None else state.parts:
            if isinstance(part, ApprovalPart):
                if part.decision not in _OPEN:
                    part.arguments = part.message = ""  # these are shown where it is asked alone
                # What is decided tells the time of day by its run's clock: an inbox's is older.
                for name in _TIMES if self.ahead and part.decision == "pending" else ():
                    at = getattr(part, name)
                    setattr(part, name, None if at is None else at + self.ahead)
        return state


def alone(part: ApprovalPart) -> ApprovalPart:
    """Copy a request, without the place of its call among the parts of its run."""
    return ApprovalPart(**{**_fields(part), "call": None})


def _fields(part: ApprovalPart) -> dict[str, Any]:
    return {name: getattr(part, name) for name in part.__struct_fields__}


def _first(item: tuple[int, ApprovalPart]) -> int:
    return item[0]


def _frame(run: RunState) -> tuple[object, ...]:
    """What of a turn stays as it is as a rule."""
    return run.kind, run.name, run.run_id, len(run.parts)


def changes(turn: int, before: RunState | None, now: RunState) -> list[Op]:
    """List the ops that make one state of a turn the next.

    The status stands by itself: it is what tells a cell's output that a person is waited for.
    """
    if before is None or _frame(before) != _frame(now):
        return [
            ("set", ("turns", turn), plain(now)),
            ("set", ("turns", turn, "status"), now.status),
        ]
    ops: list[Op] = []
    for index, (old, new) in enumerate(zip(before.parts, now.parts, strict=True)):
        if old != new:
            ops += [
                ("set", ("turns", turn, "parts", index, name), plain(getattr(new, name)))
                for name in new.__struct_fields__
                if getattr(old, name) != getattr(new, name)
            ]
    if before.status != now.status:
        ops.append(("set", ("turns", turn, "status"), now.status))
    return ops
