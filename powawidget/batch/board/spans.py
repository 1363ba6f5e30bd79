"""The rows of a batch as spans: a row each, from when it was sent until its run was over. Pure."""

from powawidget.batch.board.moment import OVER, Content, Moment, standings_of
from powawidget.spans.span import Span, Spans
from powawidget.transcript.summary import one_line


def spans_of(content: Content, moment: Moment) -> Spans:
    """Tell when each row ran, in the order in which they were sent.

    Args:
        content: The batch's rows.
        moment: How they stand: what goes on ends now.
    """
    standings = standings_of(content, moment)
    spans = []
    for key, outcome, standing in zip(content.keys, moment.outcomes, standings, strict=True):
        is_over = standing in OVER
        sent = outcome.sent_at if is_over else moment.sent.get(key, outcome.sent_at)
        if sent is None or standing == "left":
            continue
        end = (outcome.ended_at or sent) if is_over else moment.now
        spans.append(
            Span(
                kind="delegate",
                name=one_line(content.redact(key)),
                start=sent,
                end=max(sent, end),
                status=standing,
                usage=None if outcome.tokens is None else {"total_tokens": outcome.tokens},
            )
        )
    return Spans(sorted(spans, key=lambda span: span.start))
