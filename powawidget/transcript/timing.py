"""Where the time of a run went: a line of figures, which opens to a row for each span."""

import math
from collections.abc import Iterable, Sequence

from powawidget.spans.reading import spans_of
from powawidget.spans.span import Span as TimeSpan
from powawidget.spans.span import timing_of
from powawidget.state.model import RunState, SpanKind
from powawidget.state.reduce.spans import SERVICE
from powawidget.transcript import words
from powawidget.transcript.context import Context
from powawidget.transcript.nodes import Details, Grid, Node, Span, Spans
from powawidget.transcript.summary import one_line

WIDTH = 24
REST = "─"
# By fill and by word: what is told by colour alone isn't told in markdown, in text and to all.
FILLS: dict[SpanKind, str] = {
    "model": "━",
    "tool": "═",
    "hook": "═",
    "human": "╍",
    "wait": "┄",
    "delegate": "━",
    "block": "━",
}
_DEEPEST = 4
_MOMENT = 1.0  # seconds of which nothing was told that nobody would look for


def nodes(context: Context, state: RunState) -> Iterable[Node]:
    """Write where the time went; nothing where one line at the head has said it.

    Blocks of a workflow have their table, with the same strips.
    """
    spans = spans_of(state, context.about.written)
    told = [one for one in spans if not _is_untold(one)]
    if len(told) <= 1 or all(one.kind == "block" for one in told):
        return
    begin = min(one.start for one in spans)
    end = max(one.end for one in spans)
    shown = [one for one in spans if not _is_untold(one) or one.seconds >= _MOMENT]
    rows = tuple(_row(one, spans, begin, end) for one in shown)
    context.count(220 * len(rows))
    seconds = timing_of(spans)
    sums = [
        f"{words.KINDS[kind]} {words.duration(took)}"
        for kind, took in seconds.items()
        if took >= words.LEAST and kind != "delegate"
    ]
    summary = (Span(words.TIME), *((Span(f": {', '.join(sums)}", "dim"),) if sums else ()))
    grid = Grid(("What", "Name", "When", "Took", ""), rows, context.expression("spans"))
    yield Details(summary, (grid,), "quiet")


def _is_untold(one: TimeSpan) -> bool:
    return one.kind == "wait" and one.name == SERVICE


def _row(one: TimeSpan, spans: Sequence[TimeSpan], begin: float, end: float) -> tuple[Spans, ...]:
    left, right = one.start - begin, one.end - begin
    return (
        (Span(words.KIND[one.kind]),),
        (Span("· " * _depth(one, spans), "dim"), Span(one_line(one.name, 80), "unquoted")),
        (Span(strip(left, right, end - begin, FILLS[one.kind]), "bar"),),
        (Span(words.duration(one.seconds)),),
        (Span(words.SEEN_HERE if one.clock == "here" else "", "dim"),),
    )


def _depth(one: TimeSpan, spans: Sequence[TimeSpan]) -> int:
    depth, parent = 0, one.parent
    while parent is not None and depth < _DEEPEST:
        depth, parent = depth + 1, spans[parent].parent
    return depth


def strip(start: float, end: float, length: float, fill: str) -> str:
    """A strip of light lines, filled where something ran.

    Args:
        start: When it began, in seconds since the strip's begin.
        end: When it ended.
        length: How many seconds the strip stands for.
        fill: One character.
    """
    if not math.isfinite(length) or length <= 0:
        return REST * WIDTH
    share = WIDTH / length
    left, right = start * share, end * share
    if not (math.isfinite(left) and math.isfinite(right)):
        return REST * WIDTH
    first = min(WIDTH - 1, max(0, int(left)))
    last = min(WIDTH, max(first + 1, math.ceil(right)))
    return REST * first + fill * (last - first) + REST * (WIDTH - last)
