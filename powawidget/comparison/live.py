"""A comparison while its runs go on: a read model that is read anew a few times a second.

To a widget it is a run whose parts are the answers of the sides, so that they stream as any answer
does. It holds no state of its runs but what it told last.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from powawidget.comparison.align import Rows
from powawidget.comparison.ballot import Ballot
from powawidget.comparison.checks import Check, Expect, checked
from powawidget.comparison.columns import (
    labels_in,
    over_in,
    runs_in,
    status_of,
    title_of,
)
from powawidget.comparison.entry import Entry
from powawidget.comparison.moment import Content, Moment
from powawidget.comparison.starting import Starting
from powawidget.kernel import loop
from powawidget.kernel.worker import in_thread
from powawidget.live.subscribers import Subscribers, Troubles, do_left
from powawidget.run.run import Run
from powawidget.state.model import ENDED, RunState, TextPart, plain
from powawidget.state.ops import Op, apply

GAP = 0.1  # seconds between two looks
_ON_STOP = (
    "What hasn't begun isn't sent. What goes on is stopped, and what came of it is kept; what the "
    "server does with it then depends on what runs."
)


class LiveComparison:
    """A comparison while it changes; changed on the loop thread only.

    Attributes:
        content: What is compared.
        ballot: The blind vote.
        entries: The runs of each side.
        state: How it stands, as a run's; its parts are the answers.
        lock: Guards the state.
        subscribers: Who receives its changes.
        done: Set once all runs are over and checked.
        published: Set while all that stands in the notebook is up to date with an end.
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
        self.content = content
        self.ballot = ballot
        self.lock = threading.RLock()
        self.done = threading.Event()
        self.published = threading.Event()
        self.look: Callable[[Moment], Awaitable[None]] | None = None
        self.watched: Callable[[], set[int]] = lambda: {0}
        self._troubles = Troubles(content.redact)
        self.subscribers = Subscribers(self._troubles)
        self.trouble = ""
        self._checks, self._expect = checks, expect
        self._dirty = asyncio.Event()
        self._is_marked = False
        self._task: asyncio.Task[None] | None = None
        self._judging: set[asyncio.Task[None]] = set()  # a loop holds its own by weak references
        self._rows: dict[int, tuple[Rows, bool]] = {}
        self._texts: dict[int, str] = {}
        self._ended_with: object = None
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
        kinds = [side.kind for side in content.sides]
        self.state = RunState(
            kind=kinds[0],
            name=f"comparison · {title_of(content)}",
            status="running",
            on_stop=_ON_STOP if self._starting.left else "",
            parts=[TextPart() for _ in range(content.rounds * len(kinds))],
        )
        if self._starting.left:
            self.state.started = time.time()

    def start(self) -> None:
        """Start what is to be started; on any thread."""
        loop.call_soon(self._begin)

    def stop(self) -> None:
        """Start nothing more, and stop what it has started; on the loop thread only."""
        self._starting.stop()
        self._mark()

    @property
    def last_sign(self) -> float:
        """When the server last gave a sign: each run tells that for itself."""
        return time.monotonic()

    @property
    def is_kept_alive(self) -> bool:
        """Whether nothing but keepalives comes; as `last_sign`."""
        return False

    @property
    def finished(self) -> bool:
        """Whether nothing is under way."""
        return self.state.status in ENDED

    def clock(self) -> float:
        """Tell the time, in seconds since the epoch."""
        return time.time()

    def snapshot(self) -> Any:
        """Return the state as plain JSON values."""
        with self.lock:
            return plain(self.state)

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

    def note_change(self) -> None:
        """Look again soon; on any thread."""
        self.published.clear()
        if not self._is_marked:
            self._is_marked = True
            loop.call_soon(self._mark)

    def report(self, doing: str, error: BaseException) -> None:
        """Log and show what has failed beside the comparison; on the loop thread only."""
        with self.lock:
            self._troubles.note(doing, error)
        for text in self._troubles.pop_reports():
            self.trouble = text

    def leave(self) -> None:
        """Follow the runs no more."""
        for side in self.entries:
            for entry in side:
                entry.leave()

    def _begin(self) -> None:
        self._starting.go_on()
        self._mark()

    def _mark(self) -> None:
        self._is_marked = False
        self._dirty.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._go_on())

    async def _go_on(self) -> None:
        """Look until nothing has changed since."""
        try:
            while self._dirty.is_set():
                self._dirty.clear()
                await self._look_once()
                await asyncio.sleep(GAP)
        finally:
            self._task = None

    async def _look_once(self) -> None:
        try:
            self._starting.go_on()
            moment = await in_thread(self.moment)
            self._judge()
            with self.lock:
                self._publish(moment)
            if self.look is not None:
                await self.look(moment)
            if moment.is_over and self._is_judged:
                await self._publish_end(moment)
        except Exception as error:  # noqa: BLE001  # the next look may go well; runs go on
            self.report("looked at a comparison", error)
            if all(entry.task.live.finished for side in self.entries for entry in side):
                self.done.set()

    @property
    def _is_judged(self) -> bool:
        entries = [entry for side in self.entries for entry in side]
        return not self._checks or all(entry.checks is not None for entry in entries)

    def _judge(self) -> None:
        """Have the runs checked that are over, each on a thread of its own, once."""
        if not self._checks:
            return
        for side in self.entries:
            for entry in side:
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

    def _publish(self, moment: Moment) -> None:
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
        if ops:
            apply(self.state, ops)
            self.subscribers.publish(ops)
            for text in self._troubles.pop_reports():
                self.trouble = text

    def _text_ops(self, moment: Moment) -> list[Op]:
        ops: list[Op] = []
        count = len(self.content.sides)
        for turn in sorted(self.watched()):
            shown = runs_in(self.content, moment, turn)
            for place, side in enumerate(self.ballot.order(turn)):
                part, text = turn * count + place, shown[side].text
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
