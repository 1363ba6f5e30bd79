"""A line of progress where no page shows a batch: in a script, in papermill, in a log.

Its habits are tqdm's: on stderr; on a terminal one line that is written over, no wider than the
terminal, where it would break and leave its first half behind; elsewhere a new line now and then,
since a log keeps each; nothing of what is over at once.
"""

import os
import shutil
import sys
import time
import unicodedata
from collections.abc import Callable
from typing import TextIO

from powawidget.batch.board.figures import Figures
from powawidget.transcript import words
from powawidget.transcript.summary import one_line

_ON_TERMINAL = 0.2  # seconds between two lines
_FIRST = 10.0  # seconds before the first line of a log
_MOST = 60.0  # seconds between two lines of a log, which come the more seldom the longer it takes
_WIDER = 1.5
_MINUTE = 60
_WIDE = frozenset("WF")  # characters of two columns


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
        self._width = 0  # of what stands on the terminal's line

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
        if not self._is_terminal:
            self._put(f"{line}\n")
            return
        line, width = _fitted(line, _columns(self._stream) - 1)
        # Blanks, not a terminal's own way to erase: some know none, and show it as text.
        self._put(f"\r{line}{' ' * (self._width - width)}")
        self._width = width

    def _put(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (AttributeError, OSError, ValueError):  # none, or closed: the batch goes on
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
    if figures.reason:
        return f"{line} {one_line(figures.reason)}"
    if figures.paused_until is None:
        return line
    return f"{line} paused by the server until {words.clock(figures.paused_until, None, day=False)}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def _fitted(line: str, columns: int) -> tuple[str, int]:
    """Cut a line to so many columns of a terminal; gives its width too."""
    width = 0
    for at, each in enumerate(line):
        wide = 2 if unicodedata.east_asian_width(each) in _WIDE else 1
        wide = 0 if unicodedata.combining(each) else wide
        # Before the last column there must be room for the mark, unless the line ends there.
        if width + wide > columns - (at + 1 < len(line)):
            return f"{line[:at]}…", width + 1
        width += wide
    return line, width


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or shutil.get_terminal_size().columns
    except (AttributeError, OSError, ValueError):
        return shutil.get_terminal_size().columns


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False
