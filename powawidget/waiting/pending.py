"""What waits for a person, as a list in Python."""

import math
from typing import Any

from powawidget import transcript
from powawidget.approvals.policy import Choice
from powawidget.errors import DecisionRefused
from powawidget.kernel import loop
from powawidget.run.asking import Asks
from powawidget.run.run import Run
from powawidget.run.task import RunTask
from powawidget.state.model import ApprovalPart
from powawidget.state.reduce import gates
from powawidget.state.values import Approval, approval_of
from powawidget.transcript.summary import one_line
from powawidget.waiting.row import Asked, alone, asked_now
from powawidget.waiting.transcript import Told, nodes_of, subject_of

_LONGEST = 60


class Pending:
    """One decision that waits for a person: all that one run asks at once.

    The list is as of when it was made; how a decision stands is read anew each time.

    Attributes:
        run: The run that asks.
        name: Whose run it is: the agent's name, the orchestration's or the workflow's.
        approvals: What it asks, as of when the list was made; one decision covers all of them.
        asked_at: When it asked first, in seconds since the epoch.
        deadline: Until when the server waits, in seconds since the epoch.
        cell: The number of the cell that has started the run; None where that isn't known.

    Args:
        asked: What the run asks.
    """

    def __init__(self, asked: Asked) -> None:
        self._task = asked.task
        self._digests = sorted(asked.digests)
        parts = self._parts()
        self._at_first = [alone(part) for part in parts]
        self.run = _run_of(asked.task)
        self.run._approvers.note_handed_over()  # noqa: SLF001  # as code that awaits a request
        self.name = asked.task.live.state.name
        self.approvals: list[Approval] = [approval_of(part) for part in parts]
        self.asked_at = min(part.asked_at for part in parts)
        self.deadline = asked.due
        self.cell = asked.task.place.number

    @property
    def tool(self) -> str:
        """What would be called; the names of several stand with commas between them.

        "the answer" or "the start of the run" where the run asks about that.
        """
        return ", ".join(subject_of(part) for part in self._at_first)

    @property
    def arguments(self) -> Any:
        """What would run, decoded; a list of that where several are asked at once."""
        asked = [one.arguments for one in self.approvals]
        return asked[0] if len(asked) == 1 else asked

    @property
    def seconds_left(self) -> float:
        """How long the server still waits, in seconds; 0 once it doesn't."""
        return max(0.0, round(self.deadline - self._task.live.clock(), 1))

    @property
    def status(self) -> str:
        """How it stands now.

        waiting, sending, approved, denied, expired, superseded, undecided, or unknown where its
        time is over and the stream hasn't shown what the server did. Of several that were decided
        differently the first one's.
        """
        parts = self._parts() or self._at_first
        decision = parts[0].decision
        if decision != "pending":
            return decision
        is_over = self._task.live.ended or self.seconds_left == 0
        return "unknown" if is_over else "waiting"

    def approve(self, reason: str | None = None) -> "Pending":
        """Approve what is asked, as `Run.approve` does, but only what this list has shown.

        Args:
            reason: Why; it stands in `run.approvals`.

        Returns:
            The decision itself. It is on its way; the stream shows what came of it.

        Raises:
            DecisionRefused: If it was decided already, it is too late, or something else is asked.
        """
        return self._decide("approve", reason)

    def deny(self, reason: str | None = None) -> "Pending":
        """Deny what is asked, as `Run.deny` does, but only what this list has shown.

        Args:
            reason: Why; the model reads it.

        Returns:
            The decision itself. It is on its way; the stream shows what came of it.

        Raises:
            DecisionRefused: If it was decided already, it is too late, or something else is asked.
        """
        return self._decide("deny", reason)

    def __repr__(self) -> str:
        told = self._told()
        left = f"{math.ceil(told.left)} s left" if self.status == "waiting" else self.status
        arguments = f" {told.arguments}" if told.arguments else ""
        where = "" if self.cell is None else f", cell {self.cell}"
        return f"<{self.name}: {told.subject}{arguments}, {left}{where}>"

    def _told(self) -> Told:
        return Told.of(self._task, self._at_first, self.seconds_left, self.status)

    def _parts(self) -> list[ApprovalPart]:
        live = self._task.live
        with live.lock:
            found = sorted(gates.named(live.state, self._digests), key=lambda item: item[0])
            return [part for _, part in found]

    def _decide(self, choice: Choice, reason: str | None) -> "Pending":
        refused = loop.run_sync(self._decided(choice, reason))
        if refused is not None:
            raise DecisionRefused(refused)
        return self

    async def _decided(self, choice: Choice, reason: str | None) -> str | None:
        decider = self._task.decider
        if decider is None:
            return "This run can't wait for a decision."
        return decider.decide(choice, "code", reason, self._digests)


class PendingList(list[Pending]):
    """What waits for a person, the soonest deadline first; a cell shows it as a table."""

    def __repr__(self) -> str:
        if not self:
            return "[]"
        return "\n".join(one_line(repr(one), 200) for one in self)

    def _repr_html_(self) -> str:
        told = [one._told() for one in self]  # noqa: SLF001  # its own module
        nodes, lengths = nodes_of(told)
        return transcript.html_of(nodes, lengths)


def pending() -> PendingList:
    """List what waits for a person in this kernel, the soonest deadline first.

    It covers the runs of this kernel, those of chats, batches and comparisons too: the service has
    no list of what waits (docs/protocol.md#one-slot). What a policy decides isn't among them.

    Returns:
        A decision each, with `approve()` and `deny()`; a cell shows them as a table.

    Raises:
        RuntimeError: On the loop thread, as in an approval policy.

    Example:
        >>> for each in powawidget.pending():
        ...     print(each.name, each.tool, each.arguments, each.seconds_left)
        >>> powawidget.pending()[0].deny("Wrong table")
    """
    asked = loop.run_sync(_now())
    return PendingList(sorted(asked, key=lambda one: one.deadline))


async def _now() -> list[Pending]:
    return [Pending(one) for one in asked_now() if one.digests]


def _run_of(task: Asks) -> Run:
    assert isinstance(task, RunTask)  # noqa: S101  # nothing else is started in a kernel
    held = task.holder
    return held if isinstance(held, Run) else Run(task)
