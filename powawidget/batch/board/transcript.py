"""What a notebook's file holds of a batch: figures, the first rows, and all that failed.

What stands in a table, in an answer or in an error is anybody's text: it stands in cells, which the
transcript's writers quote.
"""

from collections.abc import Sequence

from powawidget import transcript
from powawidget.batch.board.columns import Source, columns_of
from powawidget.batch.board.figures import Figures, figures_of
from powawidget.batch.board.lines import Line, line_of
from powawidget.batch.board.moment import Content, Moment, standings_of
from powawidget.batch.board.parts import AWAY
from powawidget.batch.board.spans import spans_of
from powawidget.batch.columns import free_name
from powawidget.settings import file_share
from powawidget.transcript import nodes as nd
from powawidget.transcript import words
from powawidget.transcript.layout import line, row_length
from powawidget.transcript.summary import one_line
from powawidget.transcript.timing import FILLS, strip

_FIRST = 100  # rows: a transcript's tables have no more
_ENDS = 500  # rows that failed: a transcript's lists have no more than the first and last of them
_WORDS = {
    "done": "done",
    "failed": "failed",
    "waiting": "waiting for a person",
    "running": "running",
    "unknown": "unknown",
    "left": "left",
}
_STATUS = {
    "ready": ("pending", "Not started"),
    "held": ("pending", "Not started"),
    "running": ("running", "Running"),
    "waiting": ("waiting", "Waiting for a person"),
    "stopping": ("running", "Stopping"),
    "stopped": ("stopped", "Stopped"),
    "opened": ("stopped", "Opened"),
    "done": ("completed", "Done"),
}
_BAD = ("failed", "unknown")


def transcripts(content: Content, moment: Moment, mark: str) -> dict[str, str]:
    """Write a batch by media type.

    Args:
        content: Its rows, and what it runs.
        moment: How they stand.
        mark: By which the view finds the transcript.

    Returns:
        HTML, markdown and a line of text, which keep to `powawidget.options.file_limit`.
    """
    nodes, lengths = nodes_of(content, moment)
    redact = content.redact
    html = transcript.html_of(nodes, lengths, mark=mark, limit=file_share(41), redact=redact)
    markdown = transcript.markdown_of(nodes, lengths, limit=file_share(25), redact=redact)
    name = one_line(redact(content.target), 120)
    plain = f"Transcript of a batch of {content.kind} {name}"
    return {"text/html": html, "text/markdown": markdown, "text/plain": plain}


def nodes_of(content: Content, moment: Moment) -> tuple[list[nd.Node], list[int]]:
    """Turn a batch into nodes.

    Returns:
        The nodes, and the length of each text in them, in characters.
    """
    figures = figures_of(content, moment)
    sources = columns_of(content)
    standings = standings_of(content, moment)
    bad = [place for place, standing in enumerate(standings) if standing in _BAD]
    lengths: list[int] = []
    nodes = [*_head(content, figures, moment)]
    if content.parts is not None:
        return [*nodes, line(AWAY, kind="facts")], lengths
    first = [
        line_of(content, moment, sources, place) for place in range(len(content.keys))[:_FIRST]
    ]
    nodes += _rows(sources, first, lengths, figures.rows)
    ends = [*bad[:_ENDS], *bad[_ENDS:][-_ENDS:]]
    told = [line_of(content, moment, sources, place) for place in ends]
    nodes += _failures(told, len(bad), lengths)
    nodes += _when(content, moment, lengths)
    return nodes, lengths


def _head(content: Content, figures: Figures, moment: Moment) -> list[nd.Node]:
    glyph, status = _STATUS[figures.status]
    failed = figures.counts.get("failed", 0)
    if figures.status == "done" and failed:
        glyph, status = "mixed", f"Done, {failed:,} failed"
    target = one_line(content.redact(content.target), 120)
    title = nd.Title(
        (
            nd.Span(glyph, "glyph"),
            nd.Span(f" {status}", "strong"),
            nd.Span(f" · {content.kind} "),
            nd.Span(target or "without a name", "title" if target else "dim"),
            nd.Span(f" · {words.rows(figures.rows)}"),
        )
    )
    counts = [f"{count:,} {_WORDS[standing]}" for standing, count in figures.counts.items()]
    took = None
    if figures.begun is not None:
        took = (moment.now if figures.ended is None else figures.ended) - figures.begun
    facts = [
        words.clock(figures.begun, None),
        "" if took is None or took < 0 else f"took {words.duration(took)}",
        "" if figures.tokens is None else words.plural(figures.tokens, "token"),
    ]
    nodes: list[nd.Node] = [title, line(" · ".join(counts), kind="facts")]
    if any(facts):
        nodes.append(line(" · ".join(filter(None, facts)), kind="facts"))
    if moment.is_driven and not moment.is_held:
        nodes.append(line(nd.Span(words.as_of(moment.now, None, "running"), "strong")))
    if figures.paused_until is not None:
        until = words.clock(figures.paused_until, None, day=False)
        nodes.append(line(f"Paused by the server until {until}"))
    if figures.reason:
        nodes.append(line(nd.Span(one_line(figures.reason, 400), "unquoted")))
    kept = content.journal
    if kept is not None:
        name = one_line(content.redact(kept), 120)
        nodes.append(line("Kept in ", nd.Span(name, "code"), kind="facts"))
    return nodes


def _rows(
    sources: Sequence[Source], lines: Sequence[Line], lengths: list[int], count: int
) -> list[nd.Node]:
    taken: list[str] = []
    for name in [*(source.shown.name for source in sources), "status", "seconds"]:
        taken.append(free_name(name, taken))
    rows: tuple[dict[str, str], ...] = tuple(
        dict(zip(taken, [*each.cells, _status_of(each), _seconds(each)], strict=True))
        for each in lines
    )
    lengths.append(sum(map(row_length, rows)))
    # A table is cut to fewer rows than these; how many are left out is told by their number.
    rows += ({},) * (count - len(rows))
    return [nd.Heading((nd.Span("Rows"),)), nd.Records(tuple(taken), rows, "batch.frame")]


def _failures(lines: Sequence[Line], count: int, lengths: list[int]) -> list[nd.Node]:
    """List what failed; of very many `lines` are the first and the last."""
    if not lines:
        return []
    rows: tuple[tuple[nd.Spans, ...], ...] = tuple(
        (
            (nd.Span(each.key, "unquoted"),),
            (nd.Span(_WORDS[each.standing]),),
            (nd.Span(each.why, "unquoted"),),
        )
        for each in lines
    )
    lengths.append(sum(len(each.key) + len(each.why) + 200 for each in lines))
    # What stands in the middle of so many isn't written, only counted.
    rows = (*rows[:_ENDS], *((),) * (count - len(rows)), *rows[_ENDS:])
    head = f"{words.rows(count)} that failed, or of which nobody knows what became"
    return [
        nd.Heading((nd.Span(head),)),
        nd.Grid(("Row", "Status", "Why"), rows, "batch.errors"),
    ]


def _when(content: Content, moment: Moment, lengths: list[int]) -> list[nd.Node]:
    """Say when each of the first rows ran."""
    spans = spans_of(content, moment)
    if len(spans) <= 1:
        return []
    begin = spans[0].start
    length = max(one.end for one in spans) - begin
    rows = tuple(
        (
            (nd.Span(one.name, "unquoted"),),
            (nd.Span(strip(one.start - begin, one.end - begin, length, FILLS["block"]), "bar"),),
            (nd.Span(words.duration(one.seconds)),),
        )
        for one in spans[:_FIRST]
    )
    lengths.append(200 * len(rows))
    more = f", the first {_FIRST} rows" if len(spans) > _FIRST else ""
    return [
        nd.Details(
            (nd.Span(words.TIME), nd.Span(f": {words.duration(length)}{more}", "dim")),
            (nd.Grid(("Row", "When", "Took"), rows, "batch.spans"),),
            "quiet",
        )
    ]


def _status_of(each: Line) -> str:
    if each.standing == "waiting":
        return f"{_WORDS[each.standing]}: {each.why}" if each.why else _WORDS[each.standing]
    return f"{_WORDS[each.standing]}: {each.chip}" if each.chip else _WORDS[each.standing]


def _seconds(each: Line) -> str:
    return "" if each.seconds is None else words.duration(each.seconds)
