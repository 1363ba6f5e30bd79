"""Tools of several runs in rows that line up: what stands in one row has one name. Pure.

While runs go on, a row that stands never moves, so that who reads isn't disturbed: what comes later
goes into a row below what its run had before. Once all are over the rows are aligned by the longest
common subsequences.
"""

from collections.abc import Sequence

# The most that two lists are compared in full: names of one times names of the other. Of longer
# ones the rest isn't aligned; a table of so many rows is read by nobody.
_MOST_COMPARED = 250_000


def aligned(sequences: Sequence[Sequence[str]]) -> list[list[int]]:
    """Place the names of several lists in rows, so that as many as possible share theirs.

    One list after the other is aligned with the rows of those before it, by the longest common
    subsequence: earlier lists count for more where several ways are as good.

    Args:
        sequences: The names of each list, in their order.

    Returns:
        For each list the row of each of its names; rows are numbered from 0 without a gap, and
        those of one list increase.

    Example:
        >>> aligned([["query", "write"], ["query", "check", "write"]])
        [[0, 2], [0, 1, 2]]
    """
    rows: list[str] = []
    places: list[list[int]] = []
    for names in sequences:
        pairs = [*_common(rows, names), (len(rows), len(names))]
        merged: list[str] = []
        moved: list[int] = []
        own: list[int] = []
        row = name = 0
        for next_row, next_name in pairs:
            while row < next_row:
                moved.append(len(merged))
                merged.append(rows[row])
                row += 1
            while name < next_name:
                own.append(len(merged))
                merged.append(names[name])
                name += 1
            if row < len(rows):
                moved.append(len(merged))
                own.append(len(merged))
                merged.append(rows[row])
                row += 1
                name += 1
        places = [[moved[at] for at in each] for each in places]
        places.append(own)
        rows = merged
    return places


class Rows:
    """Rows of lists that grow: what stands in one stays there.

    Attributes:
        names: The name of each row.
        places: For each list the row of each of its names.
        known: The lists as they were placed last.

    Args:
        lists: How many lists there are.
    """

    def __init__(self, lists: int) -> None:
        self.names: list[str] = []
        self.places: list[list[int]] = [[] for _ in range(lists)]
        self.known: list[list[str]] = [[] for _ in range(lists)]

    def update(self, sequences: Sequence[Sequence[str]]) -> None:
        """Place what is new in the lists, which may only have grown; else all is placed anew."""
        known = zip(self.known, sequences, strict=True)
        if any(list(now[: len(before)]) != before for before, now in known):
            self.__init__(len(sequences))  # type: ignore[misc]  # it begins anew, with nothing kept
        for at, names in enumerate(sequences):
            own = self.places[at]
            for name in names[len(own) :]:
                own.append(self._row_for(name, own[-1] + 1 if own else 0))
            self.known[at] = list(names)

    def settle(self, sequences: Sequence[Sequence[str]]) -> None:
        """Align lists that don't grow any more."""
        places = aligned(sequences)
        names = [""] * (1 + max((row for each in places for row in each), default=-1))
        for own, each in zip(places, sequences, strict=True):
            for row, name in zip(own, each, strict=True):
                names[row] = name
        self.names, self.places = names, places
        self.known = [list(each) for each in sequences]

    def _row_for(self, name: str, first: int) -> int:
        for row in range(first, len(self.names)):
            if self.names[row] == name:
                return row
        self.names.append(name)
        return len(self.names) - 1


def _common(one: Sequence[str], other: Sequence[str]) -> list[tuple[int, int]]:
    """Find a longest common subsequence, as pairs of places in both lists."""
    shortest = min(len(one), len(other))
    begin = 0
    while begin < shortest and one[begin] == other[begin]:
        begin += 1
    end = 0
    while end < shortest - begin and one[-1 - end] == other[-1 - end]:
        end += 1
    middle = one[begin : len(one) - end], other[begin : len(other) - end]
    return [
        *((at, at) for at in range(begin)),
        *((begin + at, begin + to) for at, to in _longest(*middle)),
        *((len(one) - at, len(other) - at) for at in range(end, 0, -1)),
    ]


def _longest(one: Sequence[str], other: Sequence[str]) -> list[tuple[int, int]]:
    if not one or not other:
        return []
    # Beyond the limit the lists are compared as far as their beginnings reach.
    one = one[: max(1, _MOST_COMPARED // len(other))]
    other = other[: max(1, _MOST_COMPARED // len(one))]
    # How long the common subsequence of what follows two places is.
    lengths = [[0] * (len(other) + 1)]
    for name in reversed(one):
        below, row = lengths[-1], [0] * (len(other) + 1)
        for at in range(len(other) - 1, -1, -1):
            row[at] = below[at + 1] + 1 if name == other[at] else max(below[at], row[at + 1])
        lengths.append(row)
    lengths.reverse()
    pairs = []
    at = to = 0
    while at < len(one) and to < len(other):
        if one[at] == other[to]:
            pairs.append((at, to))
            at += 1
            to += 1
        elif lengths[at + 1][to] > lengths[at][to + 1]:
            at += 1
        else:
            to += 1
    return pairs
