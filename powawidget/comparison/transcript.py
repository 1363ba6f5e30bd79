"""What a notebook's file holds of a comparison: figures, what was called, and the answers.

While names are hidden it holds letters in their place and no figures: it stands in the page too.
"""

from collections.abc import Iterable

from powawidget import transcript
from powawidget.comparison.align import aligned
from powawidget.comparison.ballot import Ballot
from powawidget.comparison.columns import (
    MOST_STEPS,
    about,
    counts_of,
    labels_in,
    over_in,
    runs_in,
    shown_in,
    status_of,
    title_of,
)
from powawidget.comparison.figures import Figure, figures_of
from powawidget.comparison.moment import Content, Facts, Moment
from powawidget.settings import file_share
from powawidget.transcript import nodes as nd
from powawidget.transcript import words
from powawidget.transcript.layout import line
from powawidget.transcript.summary import one_line, tool_name

_ROW = 120  # characters of markup that a cell costs beside its text
_NAME = 60
_LEFT = "Not begun"


def transcripts(content: Content, moment: Moment, ballot: Ballot, mark: str) -> dict[str, str]:
    """Write a comparison by media type.

    Args:
        content: What is compared.
        moment: How it stands.
        ballot: Whether the names are hidden, and the votes.
        mark: By which the view finds the transcript.

    Returns:
        HTML, markdown and a line of text, which keep to `powawidget.options.file_limit`.
    """
    nodes, lengths = nodes_of(content, moment, ballot)
    redact = content.redact
    html = transcript.html_of(nodes, lengths, mark=mark, limit=file_share(41), redact=redact)
    markdown = transcript.markdown_of(nodes, lengths, limit=file_share(25), redact=redact)
    plain = f"Transcript of a comparison of {title_of(content)}"
    return {"text/html": html, "text/markdown": markdown, "text/plain": plain}


def nodes_of(content: Content, moment: Moment, ballot: Ballot) -> tuple[list[nd.Node], list[int]]:
    """Turn a comparison into nodes.

    Returns:
        The nodes, and the length of each text in them, in characters.
    """
    lengths: list[int] = []
    nodes = [*_head(content, moment)]
    if content.message:
        text = content.redact(content.message)
        lengths.append(len(text))
        nodes += [nd.Heading((nd.Span(words.QUESTION),)), nd.Quote(nd.Piece(text, "run.message"))]
    if ballot.is_hidden:
        nodes.append(line("The names are hidden for a blind vote.", kind="note"))
    else:
        nodes += _figures(content, moment, lengths)
        nodes += _votes(content, ballot)
        nodes += _called(content, moment, lengths)
    nodes += _answers(content, moment, ballot, lengths)
    return nodes, lengths


def _head(content: Content, moment: Moment) -> list[nd.Node]:
    status = status_of(moment)
    counts = counts_of(moment)
    failed = counts.get("failed", 0) + counts.get("interrupted", 0)
    glyph, word = status, words.STATUS[status]
    if status == "completed" and failed:
        glyph, word = "mixed", f"Done, {failed:,} failed"  # type: ignore[assignment]  # a sign
    title = nd.Title(
        (
            nd.Span(glyph, "glyph"),
            nd.Span(f" {word}", "strong"),
            nd.Span(f" · comparison · {title_of(content)}"),
        )
    )
    nodes: list[nd.Node] = [title]
    begun = [one.started for runs in moment.facts for one in runs if one.started is not None]
    if begun:
        nodes.append(line(words.clock(min(begun), None), kind="facts"))
    if not moment.is_over:
        said = words.as_of(moment.now, None, status)
        nodes.append(line(nd.Span(said, "strong")))
    return nodes


def _figures(content: Content, moment: Moment, lengths: list[int]) -> list[nd.Node]:
    figures = figures_of(content, moment)
    columns = ("Side", "Runs", *(one.name.capitalize() for one in figures[0]))
    rows = []
    for at, (side, own) in enumerate(zip(content.sides, figures, strict=True)):
        name: nd.Spans = (nd.Span(_named(content, side.name), "title"),)
        if at == 0:
            name = (*name, nd.Span(" (baseline)", "dim"))
        name = (*name, nd.Span(" "), nd.Span(about(content, side), "unquoted"))
        rows.append((name, (nd.Span(_standings(moment.facts[at])),), *map(_figure, own)))
    lengths.append(sum(_ROW * len(row) for row in rows))
    return [
        nd.Heading((nd.Span("Figures"),)),
        nd.Grid(columns, tuple(rows), "comparison.frame"),
    ]


def _figure(figure: Figure) -> nd.Spans:
    if not figure.delta:
        return (nd.Span(figure.value),)
    verdict = f", {figure.verdict}" if figure.verdict else ""
    return (nd.Span(figure.value), nd.Span(f" ({figure.delta}{verdict})", "dim"))


def _standings(runs: Iterable[Facts]) -> str:
    counts: dict[str, int] = {}
    for one in runs:
        counts[one.standing] = counts.get(one.standing, 0) + 1
    return ", ".join(
        f"{count:,} {_word(standing).lower()}" if len(counts) > 1 or count > 1 else _word(standing)
        for standing, count in counts.items()
    )


def _word(standing: str) -> str:
    return words.STATUS.get(standing, _LEFT)


def _votes(content: Content, ballot: Ballot) -> list[nd.Node]:
    nodes: list[nd.Node] = []
    for _, vote in sorted(ballot.votes.items()):
        round_ = f" of run {vote.repeat}" if content.rounds > 1 else ""
        said = (
            (nd.Span(f"Blind vote{round_}: a tie"),)
            if vote.choice is None
            else (
                nd.Span(f"Blind vote{round_}: "),
                nd.Span(_named(content, vote.choice), "title"),
                nd.Span(" was better"),
            )
        )
        nodes.append(nd.Line(said, "facts"))
    return nodes


def _called(content: Content, moment: Moment, lengths: list[int]) -> list[nd.Node]:
    nodes: list[nd.Node] = []
    columns = tuple(
        f"Side {at + 1} (baseline)" if at == 0 else f"Side {at + 1}"
        for at in range(len(content.sides))
    )
    for turn in range(content.rounds):
        shown = runs_in(content, moment, turn)
        places = aligned(labels_in(content, moment, turn))
        count = 1 + max((row for own in places for row in own), default=-1)
        if count == 0:
            continue
        grid: list[list[nd.Spans]] = [[()] * len(columns) for _ in range(count + 1)]
        for at, (one, own) in enumerate(zip(shown, places, strict=True)):
            grid[0][at] = (nd.Span(_named(content, content.sides[at].name), "title"),)
            for step, row in zip(one.steps[:MOST_STEPS], own, strict=True):
                took = "" if step.seconds is None else f" {words.duration(step.seconds)}"
                named = tool_name(step.name) if step.kind == "tool" else one_line(step.name)
                grid[row + 1][at] = (
                    nd.Span(step.status, "glyph"),
                    nd.Span(" "),
                    nd.Span(named, "name" if step.kind == "tool" else "title"),
                    nd.Span(took, "dim"),
                )
        lengths.append(_ROW * (count + 1) * len(columns))
        head = "What they called" + (f", run {turn + 1}" if content.rounds > 1 else "")
        rows = tuple(tuple(cell or (nd.Span(""),) for cell in row) for row in grid)
        nodes += [nd.Heading((nd.Span(head),)), nd.Grid(columns, rows, "run.tool_calls")]
    return nodes


def _answers(content: Content, moment: Moment, ballot: Ballot, lengths: list[int]) -> list[nd.Node]:
    nodes: list[nd.Node] = []
    for turn in range(content.rounds):
        shown = shown_in(content, moment, ballot, turn)
        for side in ballot.order(turn):
            # One that was there already has one run: while names are hidden, nothing tells which.
            has_more = content.sides[side].runs > 1 or (ballot.is_hidden and content.rounds > 1)
            if turn and not has_more:
                continue  # its one run stands in the first round
            one = shown[side]
            head = [nd.Span("Answer of "), nd.Span(_label(content, ballot, turn, side), "title")]
            if has_more:
                head.append(nd.Span(f", run {turn + 1}"))
            nodes.append(nd.Heading(tuple(head)))
            nodes += _answer(content, one, lengths, is_hidden=ballot.is_hidden)
    if ballot.is_hidden and not over_in(content, moment, 0):
        nodes.append(line("They can be voted on once they are all there.", kind="note"))
    return nodes


def _answer(content: Content, one: Facts, lengths: list[int], *, is_hidden: bool) -> list[nd.Node]:
    nodes: list[nd.Node] = []
    if one.standing != "completed":
        said = [nd.Span(_word(one.standing))]
        if one.error and not is_hidden:
            said += [nd.Span(": "), nd.Span(content.redact(one.error), "unquoted")]
        nodes.append(nd.Line(tuple(said), "note"))
    if one.text:
        text = content.redact(one.text)
        lengths.append(len(text))
        piece = nd.Piece(text.strip("\n"), "run.text")
        nodes.append(nd.Code(piece, "json") if one.is_data else nd.Prose(piece))
    elif one.standing == "completed":
        nodes.append(line(words.EMPTY_ANSWER))
    return nodes


def _label(content: Content, ballot: Ballot, turn: int, side: int) -> str:
    return _named(content, ballot.label(turn, side))


def _named(content: Content, name: str) -> str:
    return one_line(content.redact(name), _NAME)
