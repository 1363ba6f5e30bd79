"""A turn of a chat as a span: from when it was sent until its answer was there. Pure."""

from collections.abc import Callable

from powawidget.spans.span import Span
from powawidget.state.model import ENDED, RunState
from powawidget.transcript.summary import one_line

_LONGEST = 80  # letters of a message


def span_of(turn: RunState, redact: Callable[[str], str], now: float) -> Span | None:
    """Tell when a turn ran.

    Args:
        turn: Its state.
        redact: Takes the key out of a text.
        now: What time it is, by the turn's clock: one that goes on ends now.

    Returns:
        None where it is queued, or nothing tells when it was.
    """
    # A wait before another try comes before the server has begun anything.
    seen = [span.seen for span in turn.spans if span.seen]
    begun = min([*seen, *([] if turn.started is None else [turn.started])], default=None)
    if begun is None:
        return None
    end = (turn.ended or begun) if turn.status in ENDED else now
    return Span(
        kind="delegate",
        name=one_line(redact(turn.message), _LONGEST),
        start=begun,
        end=max(begun, end),
        status=turn.status,
        usage=None if turn.usage is None else dict(turn.usage),
    )
