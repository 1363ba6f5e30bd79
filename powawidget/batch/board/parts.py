"""A table whose parts are run on other machines: what they tell of their rows, put together."""

import collections
import dataclasses
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, get_args

from powawidget.batch.board.moment import OVER, Elsewhere, Moment, Standing, standing_named
from powawidget.batch.journal.records import RowState

AWAY = "Its rows are on other machines: they come with what is computed."
_NOT_ALL = "Rows of parts that haven't begun aren't counted yet."
_SILENT = "No machine has told anything for a while: nothing is computed, or one was lost."
_STATES: frozenset[str] = frozenset(get_args(RowState))
_LATEST = 30.0  # seconds, by whose rows the rate is told
_LEAST = 3  # rows, before which it isn't
_QUIET = 15.0  # seconds: while a part is run something is told each second
_MOST = 10**9  # rows or tokens: what says more isn't ours
_LONGEST = 64
_SPARE = 100  # parts beyond those there are


@dataclasses.dataclass(frozen=True)
class _Part:
    counts: Mapping[Standing, int]
    tokens: int | None
    is_over: bool


class Parts:
    """What was told of each part; on any thread.

    A part that is run again tells of itself by the same name: it isn't counted twice.

    Args:
        count: How many parts there are.
        clock: Tells the time, in seconds since the epoch.
    """

    def __init__(self, count: int, clock: Callable[[], float] = time.time) -> None:
        self._count = count
        self._clock = clock
        self._lock = threading.Lock()
        self._parts: dict[str, _Part] = {}
        self._begun: float | None = None
        self._told = 0.0
        self._ends: collections.deque[tuple[float, int]] = collections.deque()  # how many, and when

    def note(self, event: object) -> bool:
        """Note what was told; gives whether it could be read: anybody of a cluster may tell."""
        read = _read(event)
        if read is None:
            return False
        name, part = read
        with self._lock:
            if name not in self._parts and len(self._parts) >= 2 * self._count + _SPARE:
                return False
            now = self._told = self._clock()
            self._begun = now if self._begun is None else self._begun
            if not self._ends:
                self._ends.append((now, self._over()))
            self._parts[name] = part
            self._ends.append((now, self._over()))
            while len(self._ends) > 1 and self._ends[1][0] < now - _LATEST:
                self._ends.popleft()
        return True

    @property
    def is_driven(self) -> bool:
        """Whether a machine runs rows, by what was told lately."""
        return self.moment().is_driven

    def moment(self) -> Moment:
        """Tell how all rows stand."""
        with self._lock:
            now = self._clock()
            parts = list(self._parts.values())
            counts: collections.Counter[Standing] = collections.Counter()
            for part in parts:
                counts.update(part.counts)
            tokens = [part.tokens for part in parts if part.tokens is not None]
            # An empty part that is run again has another name.
            ahead = max(0, self._count - len(parts))
            rows, over = sum(counts.values()), self._over()
            is_each_over = all(part.is_over for part in parts) and not ahead
            is_driven = bool(parts) and not is_each_over and now - self._told < _QUIET
            reason = _NOT_ALL if ahead and is_driven else ""
            if parts and not is_each_over and not is_driven:
                reason = _SILENT
            return Moment(
                outcomes=(),
                is_driven=is_driven,
                reason=reason,
                begun=self._begun,
                now=now,
                elsewhere=Elsewhere(
                    counts=counts,
                    tokens=sum(tokens) if tokens else None,
                    rate=self._rate(now),
                    coming=rows - over + (ahead * rows / len(parts) if parts else 0.0),
                    is_begun=bool(parts),
                    ended=self._told if parts else None,
                ),
            )

    def _over(self) -> int:
        return sum(part.counts.get(one, 0) for part in self._parts.values() for one in OVER)

    def _rate(self, now: float) -> float | None:
        if not self._ends:
            return None
        (since, before), (_, latest) = self._ends[0], self._ends[-1]
        ended = latest - before
        return ended / max(now - since, 1.0) if ended >= _LEAST else None


def _read(event: object) -> tuple[str, _Part] | None:
    if not isinstance(event, Mapping):
        return None
    name, told, tokens = event.get("part"), event.get("counts"), event.get("tokens")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST or not isinstance(told, Mapping):
        return None
    counts: collections.Counter[Standing] = collections.Counter()
    for state, count in told.items():
        if state not in _STATES or not _is_count(count):
            return None
        counts[standing_named(state)] += count
    known = tokens if _is_count(tokens) else None
    return name, _Part(counts, known, event.get("over") is True)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST
