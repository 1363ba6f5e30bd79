"""A row as a line of the board. Pure."""

import re
from collections.abc import Sequence

import msgspec

from powawidget.batch.board.columns import Source, cell_of, value_at
from powawidget.batch.board.moment import OVER, Content, Moment, Standing, standing_of
from powawidget.batch.decisions import EXPIRED, Asked
from powawidget.batch.journal.records import RowOutcome
from powawidget.transcript.summary import one_line

_LONGEST_CHIP = 60
_LONGEST_WHY = 400
_MISFIT = "The answer doesn't fit the schema: "
# The field that msgspec, pydantic and jsonschema say doesn't fit.
_FIELD = re.compile(r"at `\$\.([^`]+)`|field `([^`]+)`|^'([^']+)' is a required|^([\w.]+): ")
_UNKNOWN = "It may have run: nobody could find out what became of it."


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A row as the board shows it.

    Attributes:
        place: Its place in the table, from 0.
        key: Its key as text, by which it is told.
        cells: The texts of the cells, in the order of the columns.
        standing: How it stands.
        chip: In a few words what its standing alone doesn't say, such as why it failed.
        why: The same in full.
        seconds: How long it took; None while it isn't over.
        since: When it was sent, of a row that runs.
        deadline: Until when the server waits for a decision, of a row that waits for one.
        sent: When it was sent, of a row that is over.
        tokens: What it used.
        opens: Whether it has a run to be opened.
    """

    place: int
    key: str
    cells: list[str]
    standing: Standing
    chip: str = ""
    why: str = ""
    seconds: float | None = None
    since: float | None = None
    deadline: float | None = None
    sent: float | None = None
    tokens: int | None = None
    opens: bool = False


def line_of(content: Content, moment: Moment, columns: Sequence[Source], place: int) -> Line:
    """Write a row.

    Args:
        content: The batch's rows.
        moment: How they stand.
        columns: The columns of the board.
        place: The row's place in the table, from 0.
    """
    outcome = moment.outcomes[place]
    key = content.keys[place]
    standing = standing_of(outcome, is_asking=key in moment.asking)
    cells = [cell_of(content, value_at(content, place, outcome, one)) for one in columns]
    asked = moment.asking.get(key)
    why = one_line(content.redact(_why(outcome, standing, asked)), _LONGEST_WHY)
    return Line(
        place=place,
        key=cells[0],
        cells=cells,
        standing=standing,
        chip=_chip(why, standing),
        why=why,
        seconds=outcome.seconds if standing in OVER else None,
        since=moment.sent.get(key) if standing not in OVER else None,
        deadline=asked.deadline if standing == "waiting" and asked is not None else None,
        sent=outcome.sent_at if standing in OVER else None,
        tokens=outcome.tokens,
        opens=standing in {"done", "running", "waiting"} or outcome.run_id is not None,
    )


def _why(outcome: RowOutcome, standing: Standing, asked: Asked | None) -> str:
    if standing == "waiting" and asked is not None:
        return f"It asks for approval of {asked.subject}."
    if standing == "unknown":
        return outcome.error or _UNKNOWN
    return outcome.error or (outcome.note if standing == "done" else "")


def _chip(why: str, standing: Standing) -> str:
    if standing == "waiting":
        return "waiting for you"
    if standing == "failed" and why.startswith(_MISFIT):
        said = why.removeprefix(_MISFIT)
        field = _FIELD.search(said)
        named = said if field is None else next(filter(None, field.groups()))
        return one_line(f"answer doesn't fit: {named}".rstrip("."), _LONGEST_CHIP)
    if standing == "failed" and why.startswith(EXPIRED):
        return "approval expired"
    if standing == "failed":
        # There is room for a few words, of which an article says nothing.
        return one_line(why.rstrip(".").removeprefix("The "), _LONGEST_CHIP) or "failed"
    if standing == "unknown":
        return "unknown: it may have run"
    return one_line(why.rstrip("."), _LONGEST_CHIP) if why else ""
