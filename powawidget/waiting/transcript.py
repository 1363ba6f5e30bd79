"""What a notebook's file holds of an inbox: what waited when it was written."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from powawidget import transcript
from powawidget.approvals.deadlines import deadline_of
from powawidget.run.asking import Asks
from powawidget.settings import file_share
from powawidget.state.model import ApprovalPart
from powawidget.transcript import nodes as nd
from powawidget.transcript import words
from powawidget.transcript.layout import line
from powawidget.transcript.summary import main_argument, one_line, tool_name
from powawidget.waiting.row import Row

NOTHING = "Nothing waits for you"
COVERS = "The runs of this kernel: the service has no list of what waits."
_COVERED = {"call": "", "answer": "the answer", "start": "the start of the run"}
_ROW = 700  # characters of markup that a row costs beside its text


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a table tells of one decision.

    Attributes:
        name: Whose run asks.
        subject: What would be called.
        arguments: The most telling of its arguments, on one line.
        asked: When it asked.
        left: How long the server still waits, in seconds.
        status: How it stands.
        cell: The number of the cell that has started the run.
    """

    name: str
    subject: str
    arguments: str
    asked: float
    left: float
    status: str
    cell: int | None

    @classmethod
    def of(cls, task: Asks, parts: Sequence[ApprovalPart], left: float, status: str) -> "Told":
        """Read what is told of a run's requests."""
        redact = task.live.redact
        return cls(
            name=one_line(redact(task.live.state.name), 120),
            subject=", ".join(map(subject_of, parts)),
            arguments=" · ".join(redact(main_argument(part.arguments)) for part in parts),
            asked=min((part.asked_at for part in parts), default=0.0),
            left=left,
            status=status,
            cell=task.place.number,
        )


def subject_of(part: ApprovalPart) -> str:
    """Say what a request is about."""
    return _COVERED[part.covers] or tool_name(part.tool_name)


def told_of(rows: Iterable[Row]) -> list[Told]:
    """Read what is told of rows that wait, the soonest deadline first."""
    told = []
    for row in rows:
        state = row.state()
        parts = (
            [] if state is None else [one for one in state.parts if isinstance(one, ApprovalPart)]
        )
        now = row.task.live.clock()
        left = min(map(deadline_of, parts), default=now) - now
        told.append(Told.of(row.task, parts, max(0.0, left), "waiting"))
    return sorted(told, key=lambda one: one.left)


def transcripts(told: Sequence[Told], now: float, mark: str) -> dict[str, str]:
    """Write by media type what waits.

    Args:
        told: What waits.
        now: The time.
        mark: By which the view finds the transcript.

    Returns:
        HTML, markdown and a line of text, which keep to `powawidget.options.file_limit`.
    """
    nodes, lengths = nodes_of(told, now)
    html = transcript.html_of(nodes, lengths, mark=mark, limit=file_share(41))
    markdown = transcript.markdown_of(nodes, lengths, limit=file_share(25))
    plain = "Transcript of what waited for a person"
    return {"text/html": html, "text/markdown": markdown, "text/plain": plain}


def nodes_of(told: Sequence[Told], now: float | None = None) -> tuple[list[nd.Node], list[int]]:
    """Turn what waits into nodes.

    Args:
        told: What waits.
        now: When that was so, where it stands in a file.

    Returns:
        The nodes, and the length of each text in them, in characters.
    """
    said = said_of(len(told))
    glyph = "waiting" if told else "done"
    nodes: list[nd.Node] = [
        nd.Title((nd.Span(glyph, "glyph"), nd.Span(f" {said}", "strong"))),
    ]
    if now is not None:
        moment = words.clock(now, None)
        nodes.append(line(nd.Span(f"As of {moment}; {words.LATER}", "strong")))
    nodes.append(line(COVERS, kind="facts"))
    if told:
        columns = ("Asks", "For", "Arguments", "Asked", "Left", "Cell")
        rows = tuple(_cells(one) for one in told)
        nodes.append(nd.Grid(columns, rows, "powawidget.pending()"))
    return nodes, [_ROW * len(told)]


def said_of(count: int) -> str:
    """Say how many wait."""
    return f"{count:,} {'waits' if count == 1 else 'wait'} for you" if count else NOTHING


def _cells(one: Told) -> tuple[nd.Spans, ...]:
    left = words.duration(math.ceil(one.left)) if one.status == "waiting" else one.status
    return (
        (nd.Span(one.name, "title"),),
        (nd.Span(one.subject, "name"),),
        (nd.Span(one.arguments, "code"),) if one.arguments else (),
        (nd.Span(words.clock(one.asked, None, day=False)),),
        (nd.Span(left),),
        (nd.Span("" if one.cell is None else str(one.cell)),),
    )
