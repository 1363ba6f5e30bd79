"""The messages between a comparison and its page, beside those of every widget.

`js/src/state/wire.ts` is generated from these shapes too: `python -m tests.wire`.

While names are hidden, what is told of a side hangs on where it stands alone: no name, no figure,
no tool (`powawidget.comparison.ballot`).
"""

import msgspec

from powawidget.comparison.figures import Figure
from powawidget.comparison.moment import Standing
from powawidget.comparison.steps import StepKind, StepStatus


class ComparedStep(msgspec.Struct, kw_only=True):
    """One thing that a run called, in its row."""

    row: int
    kind: StepKind
    name: str
    status: StepStatus
    seconds: float | None
    since: float | None


class ComparedCheck(msgspec.Struct, kw_only=True):
    """What a check says of the run that is shown; `holds` is None before it is asked."""

    name: str
    holds: bool | None
    why: str


class Column(msgspec.Struct, kw_only=True):
    """One side, as it stands in one round.

    `part` is the part of the widget's state that holds the answer. `status` is that of the run that
    is shown, `seconds` how long it took. `about` says what runs. `error` is why it failed.
    """

    name: str
    about: str
    part: int
    status: Standing
    since: float | None
    seconds: float | None
    error: str
    figures: list[Figure]
    steps: list[ComparedStep]
    checks: list[ComparedCheck]


class Voted(msgspec.Struct, kw_only=True):
    """A vote, once the names are shown: the letters in the order of the columns.

    `choice` is the place of the column that was better, None for a tie.
    """

    letters: list[str]
    choice: int | None


class ComparedMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="compared"):
    """Kernel to page: a comparison as it stands, for one view, in the round that it shows.

    `columns` are those that have changed, by their places as text; all of them where `whole`.
    `rows` is how many rows the steps take, `cut` how many steps are left out. `runs` counts all
    runs by how they stand. `over` are the rounds whose runs are all over, `voted` those that were
    voted on; `vote` is that of the round that is shown.
    """

    view: str
    turn: int
    rounds: int
    hidden: bool
    whole: bool
    columns: dict[str, Column]
    rows: int
    cut: int
    runs: dict[str, int]
    over: list[int]
    voted: list[int]
    vote: Voted | None
    message: str
    trouble: str


class OpenedSideMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="opened_side"):
    """Kernel to page, after a request to open a side: the widget of its run, or why there is none.

    `model` is the widget's id, by which the page finds it.
    """

    view: str
    turn: int
    place: int
    model: str | None
    why: str


class CompareRequest(msgspec.Struct, kw_only=True, tag_field="kind", tag="compare"):
    """Page to kernel: a view shows this round, and is told of it from now on."""

    id: str
    view: str
    turn: int


class LeaveCompareRequest(msgspec.Struct, kw_only=True, tag_field="kind", tag="leave_compare"):
    """Page to kernel: a view is gone."""

    id: str
    view: str


class OpenSideRequest(msgspec.Struct, kw_only=True, tag_field="kind", tag="open_side"):
    """Page to kernel: a person opens the run of a side in a round."""

    id: str
    view: str
    turn: int
    place: int


class VoteRequest(msgspec.Struct, kw_only=True, tag_field="kind", tag="vote"):
    """Page to kernel: a person votes on a round: for the side at a place, or for none of them."""

    id: str
    view: str
    turn: int
    place: int | None


class HideRequest(msgspec.Struct, kw_only=True, tag_field="kind", tag="hide"):
    """Page to kernel: a person wants the names hidden for a vote, or shown."""

    id: str
    view: str
    hidden: bool


CompareMessage = ComparedMessage | OpenedSideMessage
CompareRequests = CompareRequest | LeaveCompareRequest | OpenSideRequest | VoteRequest | HideRequest
