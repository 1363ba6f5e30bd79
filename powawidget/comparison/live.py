"""A comparison while its runs go on: a read model that is read anew a few times a second.

To a widget it is a run whose parts are the answers of the sides, so that they stream as any answer
does. It holds no state of its runs but what it told last.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from powawidget.comparison.align import Rows
from powawidget.comparison.ballot import Ballot
from powawidget.comparison.checks import Check, Expect, checked
from powawidget.comparison.columns import (
    labels_in,
    over_in,
    shown_in,
    status_of,
    title_of,
)
from powawidget.comparison.entry import Entry
from powawidget.comparison.moment import Content, Moment
from powawidget.comparison.starting import Starting
from powawidget.kernel import loop
from powawidget.kernel.worker import in_thread
from powawidget.live.read_model import RunModel
from powawidget.live.subscribers import do_left
from powawidget.run.run import Run
from powawidget.state.model import ENDED, RunState, TextPart
from powawidget.state.ops import Op, apply

GAP = 0.1  # seconds between two looks
_ON_STOP = (
    "What hasn't begun isn't sent. What goes on is stopped, and what came of it is kept; what the "
    "server does with it then depends on what runs."
)


class LiveComparison(RunModel):
    """A comparison while it changes; changed on the loop thread only.

    Attributes:
        content: What is compared.
        ballot: The blind vote.
        entries: The runs of each side.
        done: Set once all runs are over and checked.
        look: Called with each moment at which something was looked at, on the loop thread.
        watched: The rounds that pages show: the answers of those alone are told.

    Args:
        content: What is compared.
        runs: The runs of each side, and whether the comparison starts them.
        ballot: The blind vote.
        checks: What each run is checked for.
        expect: Makes of a run what a check is asked about.
    """

    def __init__(
        self,
        content: Content,
        runs: Sequence[Sequence[tuple[Run, bool]]],
        ballot: Ballot,
        checks: Mapping[str, Check],
        expect: Expect,
    ) -> None:
        kinds = [side.kind for side in content.sides]
        state = RunState(
            kind=kinds[0],
            name=f"comparison · {title_of(content)}",
            status="running",
            parts=[TextPart() for _ in range(content.rounds * len(kinds))],
        )
        # First: runs that are followed may note a change at once.
        super().__init__(state, content.redact, GAP, "a comparison")
        self.content = content
        self.ballot = ballot
        self.done = threading.Event()
        self.look: Callable[[Moment], Awaitable[None]] | None = None
        self.watched: Callable[[], set[int]] = lambda: {0}
        self._checks, self._expect = checks, expect
        self._judging: set[asyncio.Task[None]] = set()  # a loop holds its own by weak references
        self._rows: dict[int, tuple[Rows, bool]] = {}
        self._texts: dict[int, str] = {}
        self._orders: dict[int, list[int]] = {}  # in which the answers of a round were told
        self._ended_with: object = None
        self._is_left = False
        self.entries = [
            [Entry(run, is_own=is_own, changed=self.note_change) for run, is_own in side]
            for side in runs
        ]
        self._starting = Starting(
            [
                [side[turn] for side in self.entries if turn < len(side) and side[turn].is_own]
                for turn in range(content.rounds)
            ]
        )
        if self._starting.left:
            state.on_stop = _ON_STOP
            state.started = time.time()

    def start(self) -> None:
        """Start what is to be started; on any thread."""
        loop.call_soon(self._begin)

    def stop(self) -> None:
        """Start nothing more, and stop what it has started; on the loop thread only."""
        self._starting.stop()
        self._mark()

    def moment(self) -> Moment:
        """Read how all runs stand; on any thread."""
        facts = [[entry.facts() for entry in side] for side in self.entries]
        return Moment(facts=facts, now=time.time())

    def rows(self, moment: Moment, turn: int) -> Rows:
        """Give the rows of what the runs of a round called; on the loop thread only."""
        rows, is_settled = self._rows.get(turn) or (Rows(len(self.entries)), False)
        labels = labels_in(self.content, moment, turn)
        is_over = over_in(self.content, moment, turn)
        if not is_over:
            rows.update(labels)
        elif not is_settled or rows.known != labels:
            rows.settle(labels)
        self._rows[turn] = rows, is_over
        return rows

    def leave(self) -> None:
        """Follow its own runs to their end, and those that were given to it no more."""
        self._is_left = True
        for entry in self._all:
            if not entry.is_own or entry.task.live.finished:
                entry.leave()
        if not self.done.is_set():
            self.note_change()  # who waits, waits for its own runs alone

    def _begin(self) -> None:
        self._starting.go_on()
        self._mark()

    async def _look(self) -> None:
        self._starting.go_on()
        moment = await in_thread(self.moment)
        self._judge()
        with self.lock:
            self._publish(self._changed(moment))
        if self.look is not None:
            await self.look(moment)
        if self._is_left and all(one.task.live.finished for one in self._all if one.is_own):
            for entry in self._all:
                entry.leave()
            self.done.set()
            self.published.set()
        elif moment.is_over and self._is_judged:
            await self._publish_end(moment)

    def _after_failure(self) -> float | None:
        if all(entry.task.live.finished for entry in self._all):
            self.done.set()
            return None
        return super()._after_failure()

    @property
    def _all(self) -> list[Entry]:
        return [entry for side in self.entries for entry in side]

    @property
    def _is_judged(self) -> bool:
        return not self._checks or all(entry.checks is not None for entry in self._all)

    def _judge(self) -> None:
        """Have the runs checked that are over, each on a thread of its own, once."""
        if not self._checks:
            return
        for entry in self._all:
            if entry.task.live.finished and not entry.is_judged:
                entry.is_judged = True
                task = asyncio.get_running_loop().create_task(self._check(entry))
                self._judging.add(task)
                task.add_done_callback(self._judging.discard)

    async def _check(self, entry: Entry) -> None:
        try:
            entry.checks = await in_thread(checked, entry.run, self._checks, self._expect)
        except Exception as error:  # noqa: BLE001  # a task's own: nobody else would see it
            entry.checks = {}
            self.report("checked a run", error)
        self.note_change()

    def _changed(self, moment: Moment) -> list[Op]:
        ops = self._text_ops(moment)
        status = status_of(moment)
        if status in ENDED and not self._is_judged:
            status = "running"
        if status != self.state.status:
            if status in ENDED and self.state.started is not None:
                ops.append(("set", ("ended",), moment.now))
            elif self.state.ended is not None:
                ops.append(("set", ("ended",), None))
            ops.append(("set", ("status",), status))
        apply(self.state, ops)
        return ops

    def _text_ops(self, moment: Moment) -> list[Op]:
        ops: list[Op] = []
        count = len(self.content.sides)
        # Who is to vote must not find the answers of another round in the order of the sides.
        moved = {turn for turn, told in self._orders.items() if told != self.ballot.order(turn)}
        for turn in sorted(self.watched() | moved):
            shown = shown_in(self.content, moment, self.ballot, turn)
            order = self._orders[turn] = self.ballot.order(turn)
            for place, side in enumerate(order):
                part, text = turn * count + place, shown[side].markdown
                told = self._texts.get(part, "")
                if text == told:
                    continue
                self._texts[part] = text
                path = ("parts", part, "text")
                if told and text.startswith(told):
                    ops.append(("append", path, text[len(told) :]))
                else:
                    ops.append(("set", path, text))
        return ops

    async def _publish_end(self, moment: Moment) -> None:
        ended_with = (self.ballot.is_hidden, len(self.ballot.votes), moment.facts)
        if ended_with != self._ended_with:
            self._ended_with = ended_with
            self.done.set()
            with self.lock:
                left = self.subscribers.publish_end()
            await do_left(left, self.report)
        if not self._dirty.is_set():
            self.published.set()
