"""A batch at a glance: one line, and the same as markdown."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from powawidget.batch.journal.records import RowState
from powawidget.state.model import Kind
from powawidget.transcript.visible import visible

STATES: tuple[RowState, ...] = ("done", "failed", "unknown", "accepted", "claimed", "waiting")
_LONGEST = 80


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What there is to say of a batch.

    Attributes:
        name: Its name.
        kind: agent, orchestration or workflow.
        target: The name of what runs.
        counts: How many rows stand in which state.
        tokens: What the rows used, as far as that is known; None where nothing is known.
        notes: Sentences: why nothing new starts, where the journal is.
    """

    name: str
    kind: Kind
    target: str
    counts: Mapping[RowState, int]
    tokens: int | None
    notes: Sequence[str]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(self.counts.values())

    def text(self) -> str:
        """Write it in a line, and a line for each note."""
        facts = [f"{count:,} {state}" for state, count in self._there()]
        if self.tokens is not None:
            facts.append(f"{self.tokens:,} tokens")
        head = f"<Batch {_named(self.name)} of {self._target()}, {self._rows()}"
        return "\n".join([f"{head}: {', '.join(facts)}>", *(visible(note) for note in self.notes)])

    def markdown(self) -> str:
        """Write it as a line and a table of figures. Names may be anybody's: they are escaped."""
        from powawidget.transcript.markdown_escape import (  # noqa: PLC0415  # an import shouldn't wait for it
            code_span,
            escape,
        )

        head = (
            f"**Batch** {code_span(_cut(self.name))} of {self.kind} "
            f"{code_span(_cut(self.target))}, {self._rows()}"
        )
        there = self._there()
        names: list[str] = [state for state, _ in there]
        figures = [f"{count:,}" for _, count in there]
        if self.tokens is not None:
            names.append("tokens")
            figures.append(f"{self.tokens:,}")
        table = [_line(names), _line(["--:"] * len(names)), _line(figures)]
        notes = [escape(visible(note), at_start=True) for note in self.notes]
        return "\n\n".join([head, "\n".join(table), *notes])

    def _there(self) -> list[tuple[RowState, int]]:
        return [(state, self.counts[state]) for state in STATES if self.counts.get(state)]

    def _target(self) -> str:
        return f"{self.kind} {_named(self.target)}"

    def _rows(self) -> str:
        return f"{self.rows:,} {'row' if self.rows == 1 else 'rows'}"


def day_of(moment: float) -> str:
    """Write a moment in the time of this machine; it may be anybody's number."""
    try:
        day = time.strftime("%d %B %Y, %H:%M", time.localtime(moment))
    except (OverflowError, ValueError, OSError):
        return "an unknown day"
    return day.removeprefix("0")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _named(text: str) -> str:
    return f"'{_cut(text)}'"


def _cut(text: str) -> str:
    line = visible(" ".join(text.split()))
    return f"{line[:_LONGEST]}…" if len(line) > _LONGEST else line
