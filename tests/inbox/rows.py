"""An inbox over runs on a virtual clock, and a page that is told of it."""

import functools
import itertools
from typing import Any

from powawidget.run import asking
from powawidget.state.model import ApprovalPart, ChatState, plain, typed
from powawidget.state.ops import Op, apply
from powawidget.waiting.live import LiveInbox
from powawidget.waiting.messages import WaitingRow
from tests.gates import GatedRun


class Inbox(LiveInbox):
    """An inbox that looks when a test says so; not on the thread of its own."""

    def note_change(self) -> None:
        """Do nothing."""


class Page:
    """What a page knows of an inbox: it folds the changes, and sees the rows when it looks."""

    doing = "followed the inbox"

    def __init__(self, inbox: LiveInbox) -> None:
        self.inbox = inbox
        self.state: ChatState = typed(inbox.snapshot(), ChatState)
        self.rows: list[WaitingRow] = []
        inbox.subscribers.append(self)

    def changed(self, ops: list[Op]) -> None:
        apply(self.state, typed(plain(ops), list[Any]))

    def ended(self) -> None:
        """Nothing ends."""

    def recovered(self) -> None:
        """Nothing is found out."""

    def look(self) -> None:
        """Be told of the rows as they are now."""
        self.inbox.refresh()
        assert plain(self.state) == self.inbox.snapshot()
        self.rows = self.inbox.message().rows

    def parts(self, row: WaitingRow) -> list[ApprovalPart]:
        """What a row shows."""
        parts = self.state.turns[row.turn].parts
        return [part for part in parts if isinstance(part, ApprovalPart)]

    def asked(self) -> list[WaitingRow]:
        """The rows that have buttons."""
        return [row for row in self.rows if row.ended is None and not row.hidden]

    def click(self, row: WaitingRow, action: str, reason: str | None = None) -> str | None:
        """Press a button of a row; returns why it is refused."""
        digests = [part.digest for part in self.parts(row) if part.decision == "pending"]
        return self.inbox.act(
            {"action": action, "turn": row.turn, "digests": digests, "reason": reason}
        )


_number = itertools.count()


def asking_run(policy: Any = None) -> GatedRun:
    """A run that asks, as the list of them knows it."""
    gated = GatedRun(policy, f"run_{next(_number)}")
    gated.decider.changed = functools.partial(asking.look, gated)
    return gated
