"""The blocks of a workflow: when each ran, what went in and what came out."""

from collections.abc import Iterable
from typing import Literal

from powawidget.state.model import Block, RunState
from powawidget.transcript import layout, timing, words
from powawidget.transcript.context import Context
from powawidget.transcript.nodes import Details, Grid, Heading, Node, Series, Span, Spans
from powawidget.transcript.summary import one_line
from powawidget.transcript.terminal import settled

_SKIPPED = {"skipped", "not_reached", "pending"}


def tally(state: RunState) -> str:
    """How many blocks ran, failed and were skipped."""
    ended = [block.status for block in state.blocks]
    ran = ended.count("done") + ended.count("failed")
    counts = [f"{ran:,} of {len(ended):,} ran"]
    for status, word in (("failed", "failed"), ("skipped", "skipped")):
        if count := ended.count(status):  # type: ignore[arg-type]  # its own words
            counts.append(f"{count:,} {word}")
    return ", ".join(counts)


def nodes(context: Context, state: RunState) -> Iterable[Node]:
    """Write the blocks: all in a table, then what went into each and what came out."""
    if state.blocks:
        yield Heading((Span(words.BLOCKS), Span(f": {tally(state)}", "dim")))
        times = _times(state)
        rows = tuple(_row(block, times) for block in state.blocks)
        context.count(200 * len(rows))
        yield Grid(("State", "Block", "Type", "When", "Took"), rows, context.expression("blocks"))
        opened = [_opened(context, index, block) for index, block in enumerate(state.blocks)]
        yield Series(
            tuple((fold,) for fold in opened if fold), context.expression("blocks"), "block"
        )
    if state.output is not None:
        yield from layout.labelled(
            context, words.OUTPUT, state.output, context.expression("output"), settles=True
        )


def _row(block: Block, times: tuple[float, float]) -> tuple[Spans, ...]:
    quiet = block.status in _SKIPPED
    took = "" if block.seconds is None else words.duration(block.seconds)
    return (
        (Span(block.status, "glyph"), Span(f" {words.STATUS[block.status]}")),
        (Span(_name(block), "unquoted" if quiet else "title"),),
        (Span(one_line(block.type, 60), "unquoted"),),
        (Span(bar(block, *times), "bar"),),
        (Span(took),),
    )


def _name(block: Block) -> str:
    return one_line(block.name or block.type or block.id)


def _times(state: RunState) -> tuple[float, float]:
    ran = [block for block in state.blocks if block.started is not None]
    begin = min((block.started or 0.0 for block in ran), default=0.0)
    end = max(((block.started or 0.0) + (block.seconds or 0.0) for block in ran), default=0.0)
    return begin, end


def bar(block: Block, begin: float, end: float) -> str:
    """A strip of light lines, heavy where the block ran."""
    if block.started is None:
        return timing.REST * timing.WIDTH
    ran = block.started - begin
    return timing.strip(ran, ran + (block.seconds or 0.0), end - begin, timing.FILLS["block"])


def _opened(context: Context, index: int, block: Block) -> Details | None:
    where = context.expression(f"blocks[{index}]")
    body: list[Node] = []
    if block.input is not None:
        body += layout.labelled(context, words.INPUT, block.input, f"{where}.input")
    if block.text:
        body.append(layout.prose(context, str(block.text), f"{where}.text"))
    if block.output is not None:
        body += layout.labelled(
            context, words.OUTPUT, block.output, f"{where}.output", settles=True
        )
    if block.error is not None:
        body += [
            layout.label(words.ERROR),
            layout.code(context, settled(block.error), f"{where}.error", bad=True),
        ]
    if not body:
        return None
    bad = block.status == "failed"
    status = () if block.status == "done" else (Span(f" {words.STATUS[block.status]}", "strong"),)
    summary = (Span(block.status, "glyph"), Span(" "), Span(_name(block), "title"), *status)
    holds = ((words.INPUT, block.input), (words.OUTPUT, block.output), ("text", block.text))
    tail = ", ".join(name.lower() for name, value in holds if value)
    kind: Literal["card", "quiet"] = "card" if bad else "quiet"
    return Details(summary, tuple(body), kind, bad, tail=(Span(tail, "dim"),) if tail else ())
