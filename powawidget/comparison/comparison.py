"""Comparison: the object a person holds of runs side by side."""

import asyncio
from collections.abc import Generator, Mapping, Sequence
from typing import Any, Literal

from powawidget.comparison.ballot import Ballot, Vote
from powawidget.comparison.checks import Check, Expect
from powawidget.comparison.columns import counts_of, status_of, title_of
from powawidget.comparison.frame import frame_of, rows_of
from powawidget.comparison.live import LiveComparison
from powawidget.comparison.moment import Content
from powawidget.errors import UnknownNameError
from powawidget.kernel import cells, interrupts, loop, wait
from powawidget.run.on_interrupt import checked_choice, interrupted
from powawidget.run.properties import STATUS_WORDS
from powawidget.run.run import PUBLISHING, Run
from powawidget.state.model import RunStatus
from powawidget.widget.output import CellOutput


class Comparison:
    """Runs side by side: figures against a baseline, what they called, their answers.

    Make one with `powawidget.compare` or `agent.compare`, and show it by making it the last value
    of a cell. Each side opens to its run, where a person decides on what it asks for.

    Args:
        content: What is compared.
        runs: The runs of each side, and whether the comparison starts them.
        checks: What each run is checked for.
        expect: Makes of a run what a check is asked about.
        blind: Whether the names are hidden from the beginning.
    """

    def __init__(
        self,
        content: Content,
        runs: Sequence[Sequence[tuple[Run, bool]]],
        checks: Mapping[str, Check],
        expect: Expect,
        *,
        blind: bool = False,
    ) -> None:
        names = [side.name for side in content.sides]
        self._content = content
        self._ballot = Ballot(names, content.rounds, is_hidden=blind)
        self._live = LiveComparison(content, runs, self._ballot, checks, expect)
        self._output = CellOutput(self._make_widget, self._transcripts, self.__repr__)
        for side in self._live.entries:
            for entry in side:
                # Who sees the comparison can open the run, and decide there.
                entry.run._approvers.outputs.append(self._output)  # noqa: SLF001  # as a chat's
        cells.adopt(self, Comparison._begin_close)
        with cells.started_by(cells.place()):
            self._live.start()

    @property
    def sides(self) -> list[str]:
        """The names of what is compared; the first is the baseline."""
        return [side.name for side in self._content.sides]

    @property
    def status(self) -> RunStatus:
        """running, waiting, completed, failed (all of them) or stopped."""
        return status_of(self._live.moment())

    @property
    def frame(self) -> Any:
        """A row for each run, as a DataFrame of pandas; without pandas a list of dictionaries.

        Its columns: `side`, `repeat` (from 1), `status`, `tokens`, `seconds`, `calls`, `checks`
        (how many hold), a column for each check, `vote` (won, lost or tie), `shown_as` (the letter
        by which it was known to who voted) and `answer`. It has the names also while a page hides
        them.
        """
        rows = rows_of(self._content, self._live.moment(), self._ballot)
        return frame_of(rows, len(self._content.checks))

    @property
    def votes(self) -> list[Vote]:
        """What a person chose without knowing the names, with the order that was shown."""
        return [vote for _, vote in sorted(self._ballot.votes.items())]

    def reveal(self) -> "Comparison":
        """Show the names that are hidden for a vote. A person may hide them again for the rest.

        Returns:
            The comparison itself.
        """
        self._output.note_call()
        loop.call_soon(self._reveal)
        return self

    def wait(
        self,
        timeout: float | None = None,
        *,
        display: bool = True,
        on_interrupt: Literal["stop", "detach"] = "stop",
    ) -> "Comparison":
        """Block the cell until all runs are over and checked.

        Args:
            timeout: How long to wait at most, in seconds; None waits until the end.
            display: Whether to show the comparison first, where nobody has.
            on_interrupt: What an interrupt of the kernel does to the runs that the comparison has
                started: stop them, or only stop waiting (detach).

        Returns:
            The comparison itself, over or, after the timeout, not.

        Raises:
            KeyboardInterrupt: If the kernel is interrupted; it says what becomes of the runs.
            ApprovalNeeded: If a run waits for a decision where nobody can click.
            InvalidValueError: If `on_interrupt` is something else.
        """
        checked_choice(on_interrupt)
        self._output.note_call()
        try:
            if display:
                self._output.show(self)
            if wait.block(self._live.done, timeout, self._check):
                wait.block(self._live.published, PUBLISHING)
        except KeyboardInterrupt:
            if on_interrupt == "stop":
                self._tell_to_stop()
            raise interrupted("comparison", on_interrupt, "comparison.wait()") from None
        return self

    def __await__(self) -> Generator[Any, None, "Comparison"]:
        """Wait for the comparison in async code, as `wait()` does elsewhere.

        Whoever cancels the waiting only stops waiting; an interrupt of the cell that waits stops
        what the comparison has started.

        Returns:
            The comparison itself.

        Raises:
            ApprovalNeeded: If a run waits for a decision where nobody can click.
        """
        return self._awaited().__await__()

    async def _awaited(self) -> "Comparison":
        with interrupts.calling(self._tell_to_stop) as is_interrupted:
            try:
                self._output.show(self)
                while not await wait.until(self._live.done.is_set, 1.0):
                    self._check()
                await wait.until(self._live.published.is_set, PUBLISHING)
            except asyncio.CancelledError:
                if is_interrupted():
                    self._tell_to_stop()
                raise
        self._output.note_awaited(self)
        return self

    def stop(self) -> "Comparison":
        """Start nothing more, and stop the runs that the comparison has started.

        Runs that were given to it go on. What came is kept.

        Returns:
            The comparison itself.
        """
        self._output.note_call()
        self._tell_to_stop()
        wait.briefly(self._live.done)
        return self

    def show(self, *, max_height: int | None) -> None:
        """Show the comparison, as `Run.show` does.

        Args:
            max_height: How tall the box of a run that is opened may be, in pixels; None lets it
                grow.

        Raises:
            InvalidValueError: If it isn't a height.
        """
        self._output.show_at(self, max_height)

    def close(self) -> None:
        """Stop what the comparison has started, and close its widget."""
        self._begin_close()
        try:
            wait.briefly(self._live.done)
        finally:
            self._output.close()
            self._live.leave()
            for side in self._live.entries:
                for entry in side:
                    outputs = entry.run._approvers.outputs  # noqa: SLF001  # as above
                    if self._output in outputs:
                        outputs.remove(self._output)

    def __getitem__(self, name: str) -> "Run | list[Run]":
        """Give the run of a side, or its runs where it has several.

        Args:
            name: The side's name.

        Raises:
            UnknownNameError: If there is no such side.
        """
        if name not in self.sides:
            raise UnknownNameError(
                f"The comparison has no side {name!r}. It has {', '.join(map(repr, self.sides))}."
            )
        runs = [entry.run for entry in self._live.entries[self.sides.index(name)]]
        return runs[0] if len(runs) == 1 else runs

    def __len__(self) -> int:
        return len(self._content.sides)

    def __repr__(self) -> str:
        counts = counts_of(self._live.moment())
        told = ", ".join(
            f"{count} {STATUS_WORDS.get(standing, 'not begun')}"  # type: ignore[call-overload]  # left isn't one
            for standing, count in counts.items()
        )
        if self._ballot.is_hidden:
            return f"<Comparison of {title_of(self._content)}: {told}>"
        return f"<Comparison of {', '.join(self.sides)}: {told}>"

    @property
    def widget(self) -> Any:
        """The widget that shows the comparison, made when it is first asked for; for layouts."""
        return self._output.widget

    def _ipython_display_(self) -> None:
        self._output.emit()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self._output.bundle(include, exclude)

    def _display_(self) -> Any:
        """Give marimo what it shows."""
        return self.widget

    def _make_widget(self, mark: str) -> Any:
        from powawidget.comparison.widget import CompareWidget  # noqa: PLC0415  # most need none

        widget = CompareWidget(self._live, self._act, self._output.close, mark)
        with self._live.lock:
            self._live.subscribers.append(self._output)
        self._live.note_change()  # of what has changed while it was made
        return widget

    def _transcripts(self, mark: str) -> dict[str, str]:
        from powawidget.comparison.transcript import transcripts  # noqa: PLC0415  # as above

        return transcripts(self._content, self._live.moment(), self._ballot, mark)

    def _act(self, content: dict[str, Any]) -> str | None:
        """Do what a person asked for; on the loop thread only.

        Returns:
            Why it is refused, in words; None where it is done.
        """
        if content.get("action") != "stop":
            return "This version can't do that."
        self._live.stop()
        return None

    def _reveal(self) -> None:
        if self._ballot.reveal():
            self._live.note_change()

    def _begin_close(self) -> None:
        self._output.is_closed = True
        self._tell_to_stop()

    def _tell_to_stop(self) -> None:
        if not self._live.done.is_set():
            loop.call_soon(self._live.stop)

    def _check(self) -> None:
        """Raise where waiting would never end."""
        for side in self._live.entries:
            for entry in side:
                entry.run._check()  # noqa: SLF001  # as the run's own wait
