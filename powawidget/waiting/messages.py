"""The messages between an inbox and its pages, beside those that every widget has."""

import msgspec


class WaitingRow(msgspec.Struct, kw_only=True):
    """One decision: all requests that a run had open at once.

    `turn` is the turn of the widget's state that holds the requests. `name` is the agent, the
    orchestration or the workflow that asks. `cell` is the number of the cell that has started the
    run, `cell_id` its id. `hidden` says that a person wants it out of sight for now. `ended` is
    when it was asked no more, `late` that the time to answer was over then, and `moved` that what
    is still open of it stands in another row, or is somebody else's to decide.
    """

    id: str
    turn: int
    name: str
    cell: int | None
    cell_id: str | None
    hidden: bool
    ended: float | None
    late: bool
    moved: bool


class WaitingMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="waiting"):
    """Kernel to page: all rows, in the order in which they came. `more` wait and aren't listed."""

    rows: list[WaitingRow]
    more: int
    trouble: str


class WaitingRequest(msgspec.Struct, kw_only=True, tag_field="kind", tag="waiting"):
    """Page to kernel: a view shows the rows."""

    id: str
    view: str


class HideRowRequest(msgspec.Struct, kw_only=True, tag_field="kind", tag="hide_row"):
    """Page to kernel: a person wants a row out of sight; with `row` None all are shown again."""

    id: str
    view: str
    row: str | None


WaitingRequests = WaitingRequest | HideRowRequest
