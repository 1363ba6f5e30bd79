"""How much of each text a transcript shows, so that the whole stays under a limit."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from powawidget.errors import InvalidValueError
from powawidget.transcript import layout, words
from powawidget.transcript.nodes import Entries, Piece, Records
from powawidget.transcript.pictures import Picture

T = TypeVar("T")

LEAST = 10_000
_ROWS = 100
_COLUMNS = 40
_CELL = 300
_MOST = 1000
# Texts aren't cut below this before the middle of long lists is left out.
_SHORT = 400
# Of a limit: what texts may have in the first try, and what of that after each further one; what
# lists are meant to fill, and what is enough.
_TEXT = 0.85
_STEP = 0.9
_FULL = 0.95
_ENOUGH = 0.85
# How many items of each list are written to learn how long one is, and how often at most.
_SOME = 16
_TRIES = 4


@dataclass(frozen=True)
class Limits:
    """What is shown of each text and list; None shows all.

    Attributes:
        text: The most characters of one text.
        items: The most items of one list.
    """

    text: int | None = None
    items: int | None = None

    def piece(self, piece: Piece) -> tuple[str, str]:
        """Cut a text.

        Returns:
            What is shown, and the note on what isn't; an empty one where all is shown.
        """
        if self.text is None or len(piece.text) <= self.text:
            return piece.text, ""
        shown = _whole_lines(piece.text[: self.text])
        left = len(piece.text[len(shown) :].encode(errors="replace"))
        return shown, words.more(words.size(left), piece.where)

    def shows(self, picture: Picture) -> bool:
        """Whether a picture, which can't be cut, is shown."""
        fits = self.text is None or len(picture.address) <= self.text
        return fits and picture.is_safe

    def records(self, node: Records) -> tuple[Sequence[str], Sequence[dict[str, Any]], list[str]]:
        """Cut a table: its columns, its rows, and the notes on what is left out."""
        columns = node.columns if self.text is None else node.columns[:_COLUMNS]
        rows = self._rows(node.rows, lambda row: layout.row_length(row, self.text))
        left = {"row": len(node.rows) - len(rows), "column": len(node.columns) - len(columns)}
        return columns, rows, _notes(left, node.where)

    def entries(self, node: Entries) -> tuple[Sequence[tuple[str, str]], list[str]]:
        """Cut values by their keys: those that are shown, and the note on what is left out."""
        shown = self._rows(node.entries, lambda entry: len(entry[0]) + len(entry[1]) + 100)
        return shown, _notes({"value": len(node.entries) - len(shown)}, node.where)

    def ends(
        self, items: Sequence[T], what: str, where: str
    ) -> tuple[Sequence[T], str, Sequence[T]]:
        """Leave out the middle of a list: its first items, a note on the middle, its last."""
        first, left, last = self.some(items)
        return first, "".join(_notes({what: left}, where)), last

    def _rows(self, rows: Sequence[T], length: Callable[[T], int]) -> Sequence[T]:
        """The first rows, as many as a text of the same length may have."""
        if self.text is None:
            return rows
        # A row of many short cells costs its markup as well.
        sums = itertools.accumulate(length(row) for row in rows[:_ROWS])
        return rows[: sum(total <= self.text for total in sums)]

    def cell(self, text: str) -> str:
        """Cut a cell of a table."""
        if self.text is None or len(text) <= _CELL:
            return text
        return f"{text[:_CELL]}… {words.size(len(text[_CELL:].encode(errors='replace')))} more"

    def some(self, items: Sequence[T]) -> tuple[Sequence[T], int, Sequence[T]]:
        """Leave out the middle of a list: its first items, how many are left out, its last."""
        if self.items is None or len(items) <= self.items:
            return items, 0, ()
        first = self.items // 2
        last = self.items - first
        return items[:first], len(items) - self.items, items[len(items) - last :]


def _notes(left: dict[str, int], where: str) -> list[str]:
    return [words.more(words.plural(count, what), where) for what, count in left.items() if count]


def _whole_lines(text: str) -> str:
    """End a cut text at a line's end where one is near."""
    end = text.rfind("\n", len(text) * 4 // 5)
    return text if end < 0 else text[: end + 1]


def fit(write: Callable[[Limits], str], lengths: Sequence[int], limit: int | None) -> str:
    """Write with the mildest cut that stays under a limit: the longest texts give first.

    Args:
        write: Writes the transcript with a cut.
        lengths: How long each of its texts is, in characters.
        limit: The most bytes of UTF-8; None for no limit.

    Raises:
        InvalidValueError: If the limit is below 10,000 bytes.
    """
    if limit is None:
        return write(Limits())
    if limit < LEAST:
        raise InvalidValueError(f"limit must be at least {LEAST:,} bytes, or None for no limit.")
    for attempt in (_cut_texts(write, lengths, limit), _cut_lists(write, limit)):
        if attempt is not None:
            return attempt
    for limits in (Limits(_SHORT, 1), Limits(0, 1), Limits(0, 0)):
        written = write(limits)
        if len(written.encode()) <= limit:
            return written
    raise AssertionError("A transcript without any part of the run is short.")


def _cut_texts(write: Callable[[Limits], str], lengths: Sequence[int], limit: int) -> str | None:
    """Write with texts cut, each time by as much more as the last was over; None if it's too long.

    Writing takes long, so nothing is written of which the texts alone are too long.
    """
    if sum(min(length, _SHORT) for length in lengths) > limit:
        return None
    room = float(limit) if sum(lengths) <= limit else limit * _TEXT
    while True:
        level = max(_level(lengths, int(room)), _SHORT)
        written = write(Limits(level, _MOST))
        size = len(written.encode())
        if size <= limit:
            return written
        if level == _SHORT:
            return None
        room *= min(_STEP, limit / size)


def _cut_lists(write: Callable[[Limits], str], limit: int) -> str | None:
    """Write with short texts and the middle of long lists left out; None where that is too long.

    How long it becomes grows by about as much for each item, so that two sizes tell a third.
    """
    best: str | None = None
    items, fits, over = _SOME, (0, 0), (_MOST + 1, 0)
    for _ in range(_TRIES):
        written = write(Limits(_SHORT, items))
        size = len(written.encode())
        if size <= limit:
            best, fits = written, (items, size)
        else:
            over = (items, size)
        if size <= limit and size >= limit * _ENOUGH:
            break
        each = (over[1] - fits[1]) / (over[0] - fits[0]) if over[1] else size / items
        further = fits[0] + int((limit * _FULL - fits[1]) / max(each, 1))
        items = min(further, over[0] - 1)
        if items <= fits[0]:
            break
    return best


def _level(lengths: Sequence[int], room: int) -> int:
    """The length at which to cut, so that the shorter texts stay whole and all fit the room."""
    rest = sorted(lengths)
    for index, length in enumerate(rest):
        level = room // (len(rest) - index)
        if length > level:
            return level
        room -= length
    return rest[-1] if rest else room
