"""Span and Spans: what filled the time of a run, or of a batch."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

import msgspec

from powawidget.errors import MissingPackageError
from powawidget.state.model import SpanClock, SpanKind

if TYPE_CHECKING:
    import pandas as pd

KINDS: tuple[SpanKind, ...] = get_args(SpanKind)


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a run's time, and what filled it (docs/waterfall.md).

    Attributes:
        kind: model, tool, hook, human, wait, delegate or block.
        name: The step, the tool, the hook's event, the agent or the block. Of a human one what was
            asked about; of a wait what for: another try, a lookup, or the service, of which
            nothing was told.
        start: In seconds since the epoch, by the server's clock where the stream tells its times.
        end: Likewise; of a span that goes on, now.
        parent: The number of the span around it; None at the top.
        status: running, done, failed, interrupted, or the word of its card: denied, skipped,
            approved and the like.
        clock: Who told both ends. `server`: the service's own times. `here`: as seen here, the
            delay of the network in it. `placed`: as long as the service says, where it was seen
            here.
        usage: Counts of tokens by name, where the service tells them for this span.
    """

    kind: SpanKind
    name: str
    start: float
    end: float
    parent: int | None = None
    status: str = "done"
    clock: SpanClock = "here"
    usage: dict[str, int] | None = None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max(0.0, self.end - self.start)

    @property
    def tokens(self) -> int | None:
        """How many tokens it used, where the service tells that for this span alone."""
        return None if self.usage is None else self.usage.get("total_tokens")


class Spans(list[Span]):
    """The spans of a run, in the order in which they began.

    Example: `run.spans.to_frame()`.
    """

    def to_frame(self) -> "pd.DataFrame":
        """Make a pandas DataFrame.

        Returns:
            A row for each span: kind, name, start, end, seconds, parent, status, tokens and clock.
            Times are seconds since the epoch; `pandas.to_datetime(frame.start, unit="s")` makes
            dates of them.

        Raises:
            MissingPackageError: If pandas isn't installed.

        Example:
            >>> run.spans.to_frame().groupby("kind").seconds.max()
        """
        try:
            import pandas as pd  # noqa: PLC0415  # only who asks for a frame needs it
        except ImportError as error:
            raise MissingPackageError("A frame needs pandas: pip install pandas.") from error
        columns = {
            "kind": pd.Series([one.kind for one in self], dtype="object"),
            "name": pd.Series([one.name for one in self], dtype="object"),
            "start": pd.Series([one.start for one in self], dtype="float64"),
            "end": pd.Series([one.end for one in self], dtype="float64"),
            "seconds": pd.Series([one.seconds for one in self], dtype="float64"),
            "parent": pd.Series([one.parent for one in self], dtype="Int64"),
            "status": pd.Series([one.status for one in self], dtype="object"),
            "tokens": pd.Series([one.tokens for one in self], dtype="Int64"),
            "clock": pd.Series([one.clock for one in self], dtype="object"),
        }
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        told = (f"{kind} {seconds:.1f} s" for kind, seconds in timing_of(self).items() if seconds)
        return f"<{len(self)} spans: {', '.join(told)}>" if self else "<no spans>"


def timing_of(spans: list[Span]) -> dict[str, float]:
    """Sum up seconds by kind; what goes on at the same time counts once.

    Returns:
        Seconds by each kind; 0 of one that didn't occur.
    """
    return {
        kind: round(covered((one.start, one.end) for one in spans if one.kind == kind), 6)
        for kind in KINDS
    }


def covered(stretches: Iterable[tuple[float, float]]) -> float:
    """Sum up how long stretches of time are together, without what lies in several."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(stretches):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
