"""Drives a batch: claims rows as fast as the server likes, and follows each to its end."""

import threading
from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal

from powawidget.batch.journal.journal import Journal
from powawidget.batch.journal.records import RowInput, RowOutcome, RowState
from powawidget.batch.target import Target
from powawidget.run.run import Run


class Driver:
    """The one driver of a batch; all methods on any thread, and none raises into the loop.

    Attributes:
        done: Set when nothing is under way and nothing new starts.
        reason: Why nothing new starts, in words; empty while the batch goes on, and where it is
            over because no row waits.

    Args:
        journal: Where everything is written first.
        batch: The number of the batch, of `journal.begin`.
        rows: All its rows.
        target: What runs.
        pace: How many at once (`powawidget.batch.pace.Pace`).
        spending: What it may cost (`powawidget.batch.budget.Spending`).
        on_change: Called on the loop thread with the keys of rows that have changed; an empty
            list says that `reason` or `done` has. Whatever it raises is logged.
        on_unknown: `retry` sends a row again whose fate can't be found out; refused for agents
            with tools.

    Raises:
        InvalidValueError: If a key repeats the API key, or `on_unknown` can't be granted.
    """

    done: threading.Event
    reason: str

    def __init__(  # noqa: PLR0913  # what a batch is made of
        self,
        *,
        journal: Journal,
        batch: int,
        rows: Sequence[RowInput],
        target: Target,
        pace: Any,
        spending: Any,
        on_change: Callable[[Sequence[str]], None] = lambda _: None,
        on_unknown: Literal["keep", "retry"] = "keep",
    ) -> None:
        raise NotImplementedError

    def start(self) -> None:
        """Begin to drive: what is under way from before is found again first.

        Raises:
            FileError: If another driver has the batch; nothing was sent.
        """
        raise NotImplementedError

    def stop(self, *, streams: bool = False) -> None:
        """Start nothing new; what runs goes on to its end.

        Args:
            streams: Whether to stop what runs as well. What became of it is found out by
                whoever goes on with the batch.
        """
        raise NotImplementedError

    def retry(self, states: Collection[RowState]) -> int:
        """Send rows again that are `failed` or `unknown`, by a person's word, and go on.

        Returns:
            How many.

        Raises:
            InvalidValueError: If another state is named.
        """
        raise NotImplementedError

    def outcome(self, key: str) -> RowOutcome:
        """Tell how a row stands."""
        raise NotImplementedError

    def live_run(self, key: str) -> Run | None:
        """Give a row's run while it goes on; None before and after, see `journal.saved_run`."""
        raise NotImplementedError

    @property
    def running(self) -> int:
        """How many rows are under way."""
        raise NotImplementedError
