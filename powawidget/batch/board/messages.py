"""The messages between a board and its page, beside those of every widget.

`js/src/state/wire.ts` is generated from these shapes too: `python -m tests.wire`.
"""

import msgspec

from powawidget.batch.board.columns import BoardColumn
from powawidget.batch.board.figures import Figures
from powawidget.batch.board.lines import Line


class BoardAbout(msgspec.Struct, kw_only=True):
    """What of a board stays as it is.

    `python` is code that goes on with the batch; `journal` the name of its file, None where it
    lives in the kernel alone; `starts` says whether anything can be sent; `away` where the rows
    are, empty where they are here and can be listed.
    """

    target: str
    columns: list[BoardColumn]
    python: str
    journal: str | None
    starts: bool
    away: str


class FiguresMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="figures"):
    """Kernel to page, at most three times a second while something changes: all figures.

    `trouble` says in words what couldn't be done of what a person asked for.
    """

    figures: Figures
    trouble: str = ""


class RowsMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="rows"):
    """Kernel to page, after a request for rows: those in view, of `total` that were chosen.

    `view` and `asked` are those of the request.
    """

    view: str
    asked: str
    total: int
    first: int
    rows: list[Line]
    stale: bool
    about: BoardAbout | None = None


class ChangedMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="changed"):
    """Kernel to page: rows in sight of a view that have changed, each in its place.

    `stale` says that other rows would be chosen now, or in another order.
    """

    view: str
    rows: list[Line]
    stale: bool


class OpenedMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="opened"):
    """Kernel to page, after a request to open a row: the widget of its run, or why there is none.

    `model` is the widget's id, by which the page finds it.
    """

    view: str
    place: int
    model: str | None
    why: str = ""


class RowsRequest(msgspec.Struct, kw_only=True, tag_field="kind", tag="rows"):
    """Page to kernel: the rows that a view has in sight are wanted.

    Where `again` isn't said, the order stays that in which the same was asked before. `about` asks
    for what stays as it is, too.
    """

    id: str
    view: str
    standing: str
    search: str
    sort: str
    descending: bool
    first: int
    count: int
    again: bool
    about: bool


class LeaveRequest(msgspec.Struct, kw_only=True, tag_field="kind", tag="leave"):
    """Page to kernel: a view is gone."""

    id: str
    view: str


class OpenRequest(msgspec.Struct, kw_only=True, tag_field="kind", tag="open"):
    """Page to kernel: a person opens the row with this place in the table."""

    id: str
    view: str
    place: int


BoardMessage = FiguresMessage | RowsMessage | ChangedMessage | OpenedMessage
BoardRequest = RowsRequest | LeaveRequest | OpenRequest
