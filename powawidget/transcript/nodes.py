"""What a transcript is made of, before it is HTML, markdown or text.

Everything here that is a model's, a tool's or the server's is a `Piece`, a cell, a key or a span
of another kind than `plain`, `strong` and `dim`: a writer escapes and quotes those, so that
they can't pass for the transcript's own words.
"""

from dataclasses import dataclass
from typing import Any, Literal

from powawidget.transcript.pictures import Picture

Tone = Literal[
    "plain",  # our words
    "strong",
    "dim",
    "name",  # the name of a tool
    "title",  # the name of a run, an agent or a block
    "code",  # an argument, an id
    "quoted",  # a few words of somebody else, in quotation marks
    "unquoted",  # the same without them, where nothing else stands
    "bar",  # when something ran: a strip of light and heavy lines
    "glyph",  # the sign of a state, by its word
]


@dataclass(frozen=True, slots=True)
class Span:
    """A few words in a line."""

    text: str
    tone: Tone = "plain"


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A text that may be long; `where` is the expression that has all of it."""

    text: str
    where: str


@dataclass(frozen=True, slots=True)
class Title:
    """The line at the head."""

    spans: Spans


@dataclass(frozen=True, slots=True)
class Heading:
    """The line over a turn of a chat (level 1), or over a section."""

    spans: Spans
    level: int = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One line."""

    spans: Spans
    kind: Literal["facts", "note", "notice", "label"] = "note"


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown of a model, quoted."""

    piece: Piece
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """A text of somebody else as it is, quoted."""

    piece: Piece


@dataclass(frozen=True, slots=True)
class Code:
    """A text in a box, line breaks kept.

    `exact` is what a person decided on: every hidden character in it is marked.
    """

    piece: Piece
    language: str = ""
    bad: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that a tool returned; `where` is the expression that has it."""

    picture: Picture
    where: str


@dataclass(frozen=True, slots=True)
class Records:
    """Records as a table: cells are JSON values."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    where: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Entries:
    """Short values by their keys."""

    entries: tuple[tuple[str, str], ...]
    where: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of ours; each cell is a line."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Spans, ...], ...]
    where: str


@dataclass(frozen=True, slots=True)
class Details:
    """A line that opens, and what it opens: a card, a delegation (`nest`), or something quiet.

    `brief` gives way first where the line is narrow, `tail` stands at its end.
    """

    summary: Spans
    body: "tuple[Node, ...]"
    kind: Literal["card", "nest", "quiet"] = "card"
    open: bool = False
    brief: Span | None = None
    tail: Spans = ()

    def line(self) -> Spans:
        """All of its line, for a writer that doesn't align."""
        brief: Spans = ()
        if self.brief is not None:
            brief = (Span(" " if self.brief.tone == "code" else ": "), self.brief)
        tail = [one for span in self.tail for one in (Span(" · ", "dim"), span)]
        return (*self.summary, *brief, *tail)


@dataclass(frozen=True, slots=True)
class Box:
    """What stands out: why a run failed."""

    body: "tuple[Node, ...]"
    bad: bool = True


@dataclass(frozen=True, slots=True)
class Series:
    """Many of a kind, of which the middle may be left out."""

    items: "tuple[tuple[Node, ...], ...]"
    where: str
    what: str = "part"


Node = (
    Title
    | Heading
    | Line
    | Prose
    | Quote
    | Code
    | Image
    | Records
    | Entries
    | Grid
    | Details
    | Box
    | Series
)
