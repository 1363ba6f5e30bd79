"""A line of progress where no page shows a batch: in a script, in papermill, in a log.

Its habits are tqdm's: on stderr; on a terminal one line that is written over; elsewhere a new line
now and then, since a log keeps each; nothing of what is over at once.
"""

import sys
import time
from collections.abc import Callable
from typing import TextIO

from powawidget.batch.board.figures import Figures
from powawidget.transcript.summary import one_line

_ON_TERMINAL = 0.2  # seconds between two lines
_FIRST = 10.0  # seconds before the first line of a log
_MOST = 60.0  # seconds between two lines of a log, which come the more seldom the longer it takes
_WIDER = 1.5
_MINUTE = 60
_ERASE = "\r\x1b[K"


class ProgressLine:
    """Writes how a batch stands; on one thread.

    Args:
        name: The batch's name.
        figures: Tells how it stands.
        stream: Where to write; stderr where it isn't given.
        clock: Tells the time, in seconds.
    """

    def __init__(
        self,
        name: str,
        figures: Callable[[], Figures],
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = one_line(name, 40)
        self._figures = figures
        self._stream = stream if stream is not None else sys.stderr
        self._clock = clock
        self._is_terminal = _is_terminal(self._stream)
        self._gap = _ON_TERMINAL if self._is_terminal else _FIRST
        self._begun = clock()
        self._next = self._begun + self._gap
        self._is_written = False

    def look(self) -> None:
        """Write a line if it is time."""
        now = self._clock()
        if now < self._next:
            return
        self._write()
        if not self._is_terminal:
            self._gap = min(self._gap * _WIDER, _MOST)
        self._next = now + self._gap

    def end(self) -> None:
        """Write how it stands in the end, if anything was written before."""
        if self._is_written:
            self._write()
            if self._is_terminal:
                self._put("\n")

    def _write(self) -> None:
        self._is_written = True
        line = line_of(self._name, self._figures(), self._clock() - self._begun)
        self._put(f"{_ERASE}{line}" if self._is_terminal else f"{line}\n")

    def _put(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):  # closed: nobody reads it, and the batch goes on
            self._next = float("inf")


def line_of(name: str, figures: Figures, seconds: float) -> str:
    """Write how a batch stands in one line.

    Args:
        name: The batch's name.
        figures: How it stands.
        seconds: How long it was waited for.
    """
    counts = dict(figures.counts)
    left, running = counts.pop("left", 0), counts.pop("running", 0)
    over = figures.rows - left - running - counts.get("waiting", 0)
    share = 100 * over // max(figures.rows, 1)
    times = _clock(seconds) if figures.left is None else f"{_clock(seconds)}<{_clock(figures.left)}"
    facts = [times]
    if figures.rate:
        facts.append(f"{figures.rate:,.2f} rows/s")
    facts += [f"{one} {counts[one]:,}" for one in ("failed", "unknown", "waiting") if one in counts]
    if figures.tokens is not None:
        facts.append(f"{figures.tokens:,} tokens")
    line = f"{name}: {share:3}% {over:,}/{figures.rows:,} [{', '.join(facts)}]"
    return f"{line} {one_line(figures.reason)}" if figures.reason else line


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False
