"""When runs start: all sides of a round together, and not too many rounds at once."""

from collections.abc import Sequence

from powawidget.comparison.entry import Entry

AT_ONCE = 8  # runs under way: more would slow each other down, and be refused


class Starting:
    """Starts the rounds of a comparison, in order; on the loop thread once it has begun.

    No run is started twice, since a round leaves the list as it is started; and none after a stop.

    Args:
        rounds: What each round starts.
    """

    def __init__(self, rounds: Sequence[Sequence[Entry]]) -> None:
        self._left = [list(each) for each in rounds if each]
        self._under_way: list[Entry] = []

    @property
    def left(self) -> int:
        """How many runs haven't begun."""
        return sum(map(len, self._left))

    def go_on(self) -> None:
        """Start the rounds that may start now."""
        self._under_way = [one for one in self._under_way if not one.task.live.finished]
        while self._left:
            under_way = len(self._under_way)
            if under_way and under_way + len(self._left[0]) > AT_ONCE:
                return
            for entry in self._left.pop(0):
                self._under_way.append(entry)
                entry.task.start()

    def stop(self) -> None:
        """Start nothing more, and stop what goes on; on the loop thread."""
        left, self._left = self._left, []
        for entry in [one for each in left for one in each] + self._under_way:
            entry.task.stop()
