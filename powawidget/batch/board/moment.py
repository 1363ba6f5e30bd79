"""A batch at one moment: what everything on the board is read from. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from powawidget.batch.decisions import Asked
from powawidget.batch.journal.records import RowOutcome, RowState
from powawidget.schema.schema import Schema
from powawidget.state.model import Kind

# How a row stands, as a person calls it. `waiting` is for a decision; `left` hasn't begun.
Standing = Literal["done", "failed", "waiting", "running", "unknown", "left"]
STANDINGS: tuple[Standing, ...] = ("done", "failed", "waiting", "running", "unknown", "left")
OVER: frozenset[Standing] = frozenset({"done", "failed", "unknown"})
_STANDINGS: Mapping[RowState, Standing] = {
    "done": "done",
    "failed": "failed",
    "unknown": "unknown",
    "claimed": "running",
    "accepted": "running",
    "waiting": "left",
}


@dataclass(frozen=True, kw_only=True)
class Content:
    """What of a batch stays as it is: its rows, and what it runs.

    Attributes:
        name: The batch's name.
        kind: agent, orchestration or workflow.
        target: The name of what runs.
        keys: The key of each row, as the journal has it, in the order of the table.
        rows: The table's cells by column, in that order.
        asked: The columns that the messages are made of.
        schema: The form of the answers, where one was given.
        journal: The journal's file, without its folder; None where it lives in memory.
        python: The code that goes on with the batch.
        can_start: Whether anything can be sent; a batch that was opened is only read.
        parts: Of a table on other machines how many parts it has; its rows aren't here then. None
            for any other.
        redact: Takes the key out of a text.
    """

    name: str
    kind: Kind
    target: str
    keys: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    asked: Sequence[str] = ()
    schema: Schema | None = None
    journal: str | None = None
    python: str = ""
    can_start: bool = True
    parts: int | None = None
    redact: Callable[[str], str] = str

    @property
    def size(self) -> str:
        """How many rows there are, or parts, in words."""
        count, noun = (len(self.keys), "row") if self.parts is None else (self.parts, "part")
        return f"{count:,} {noun}{'' if count == 1 else 's'}"


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """What other machines tell of their rows.

    Attributes:
        counts: How many stand where.
        tokens: What they have used, as far as that is known.
        rate: Rows that end in a second; None where too little has ended.
        coming: How many are still to end, those of parts that haven't begun guessed.
        is_begun: Whether any part has begun.
        ended: When something was told last.
    """

    counts: Mapping[Standing, int]
    tokens: int | None = None
    rate: float | None = None
    coming: float = 0.0
    is_begun: bool = False
    ended: float | None = None


@dataclass(frozen=True, kw_only=True)
class Moment:
    """How all rows stand at one moment.

    Attributes:
        outcomes: Each row's, in the order of the table.
        asking: What rows ask a person to decide, by their keys.
        sent: When rows that are under way were sent, by their keys.
        is_driven: Whether rows are sent and followed.
        is_held: Whether nothing is sent yet, for no page shows the batch to a person.
        reason: Why nothing new starts, in words; empty while it goes on.
        left_out: How many rows wait though others are driven, as those beside a sample.
        paused_until: Until when nothing new starts since the server asks to wait, in seconds since
            the epoch.
        begun: When it was started by this kernel, in seconds since the epoch.
        now: The time.
        elsewhere: What other machines tell; None where the rows are here.
    """

    outcomes: Sequence[RowOutcome]
    asking: Mapping[str, Asked] = field(default_factory=dict)
    sent: Mapping[str, float] = field(default_factory=dict)
    is_driven: bool = False
    is_held: bool = False
    reason: str = ""
    left_out: int = 0
    paused_until: float | None = None
    begun: float | None = None
    now: float = 0.0
    elsewhere: Elsewhere | None = None


def standing_named(state: RowState) -> Standing:
    """Name how a row stands that asks nobody."""
    return _STANDINGS[state]


def standing_of(outcome: RowOutcome, *, is_asking: bool) -> Standing:
    """Tell how a row stands."""
    standing = _STANDINGS[outcome.state]
    return "waiting" if is_asking and standing == "running" else standing


def standings_of(content: Content, moment: Moment) -> list[Standing]:
    """Tell how each row stands, in the order of the table."""
    asking = moment.asking
    if not asking:
        return [_STANDINGS[outcome.state] for outcome in moment.outcomes]
    return [
        standing_of(outcome, is_asking=key in asking)
        for key, outcome in zip(content.keys, moment.outcomes, strict=True)
    ]
