"""How many rows of a batch may run at once: as many as the server likes.

A server has a limit of runs at once, or of starts a minute, and names neither: it refuses. The
number of runs doubles each round until the first refusal, then falls by 15 %, goes back to what
was proved, and from there is tried one higher, seldom (docs/protocol.md#execution-rate and
#retries). Halving instead leaves a fifth of what a server allows unused.
"""

import math
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from powawidget.http.shared_pause import LONGEST_PAUSE

Concurrency = int | Literal["auto"]

_FIRST = 4  # runs at once, before anything is known
_MOST_AT_ONCE = 32  # starts on their way before the first refusal: all of them may be refused
_CUT = 0.85
_ROUNDS = 2  # of accepted starts before the first try of one more than was proved
_MOST_ROUNDS = 64
_WINDOWS = 4  # likewise, of a learned rate
_FIRST_GAP = 1 / 24  # of its window, before a rate that isn't believed yet is tried
_SELDOMER = 5
_SHORTEST = 0.05  # seconds of a pause
_LONGEST = 30.0
_LEAST_ASKED = 1.0  # a server that asks for less and refuses still is asked ever less often
_UNREACHABLE = 0.5
_TRIALS = 20  # times as long as the pause that the latest refusal cost


class Pace:
    """Says how many rows may start now. It neither waits nor sends, and is for one thread.

    Each start is told by `started`, then by one of `accepted`, `refused`, `unreachable` and
    `dropped`; one that was accepted by `ended` as well.

    Attributes:
        refusals: How many starts were refused for now.

    Args:
        concurrency: How many may run at once; "auto" finds it out.
        rows: How many rows there are: the more, the more may be tried at once.
        most: How many may run at once whatever the server allows; None sets no limit.
        is_rate: Whether a refusal is known to mean too many starts a minute, as workflows' do.
        clock: Seconds that never go back.
        window: The seconds of a limit of starts a minute.

    Example:
        >>> pace = Pace("auto", rows=2000)
        >>> pace.room()
        4
    """

    def __init__(  # noqa: PLR0913  # what is known before anything is sent
        self,
        concurrency: Concurrency = "auto",
        *,
        rows: int,
        most: int | None = None,
        is_rate: bool = False,
        clock: Callable[[], float] = time.monotonic,
        window: float = 60.0,
    ) -> None:
        self.refusals = 0
        self._fixed: int | None = None
        self.allow(concurrency)
        self._most = math.inf if most is None else most
        self._clock = clock
        self._burst = max(_FIRST, min(_MOST_AT_ONCE, rows // 40))
        self._limit = float(_FIRST)
        self._rate = _Rate(window, clock, is_known=is_rate)
        self._unanswered = 0
        self._running = 0
        self._ceiling: int | None = None  # what ran as one more was refused
        self._refused_with = 0  # what ran at the first refusal of several in a row
        self._since_refusal = 0  # starts that were accepted
        self._rounds = _ROUNDS
        self._is_trying = False  # one more than was proved
        self._answer = 0.0  # how long one takes, in seconds
        self._in_a_row = 0
        self._counted_at = -math.inf
        self._resume = -math.inf
        self._asked_until = -math.inf
        self._next_trial = -math.inf
        self._may_end_early = False

    def allow(self, concurrency: Concurrency) -> None:
        """Have so many run at once from now on; what runs isn't ended."""
        self._fixed = None if concurrency == "auto" else concurrency

    @property
    def limit(self) -> int:
        """How many may run at once, as far as that is known."""
        return int(min(self._fixed or max(1, self._limit), self._most))

    @property
    def unanswered(self) -> int:
        """How many starts are on their way: the server may still refuse them."""
        return self._unanswered

    @property
    def in_flight(self) -> int:
        """How many run, or are on their way."""
        return self._running + self._unanswered

    @property
    def pause_left(self) -> float:
        """How many seconds are left in which nothing starts, for the server refuses."""
        return max(0.0, max(self._resume, self._asked_until) - self._clock())

    @property
    def starts_a_minute(self) -> int | None:
        """How many starts a minute the server was found to allow; None where that isn't its way."""
        return self._rate.most

    def room(self) -> int:
        """Say how many rows may start now."""
        if self.pause_left:
            return 0
        room = min(self.limit - self.in_flight, self._rate.room() - self._unanswered)
        if self._in_a_row:
            room = min(room, 1 - self._unanswered)  # one is enough to see whether it still refuses
        elif self._fixed is None and self._ceiling is None:
            # Those may all be refused, before the first refusal is known.
            untried = max(_FIRST, min(self.limit // 2, self._burst))
            room = min(room, untried - self._unanswered)
        return max(0, room)

    def wait(self) -> float | None:
        """Say in how many seconds there may be room, though nothing ends; None where never."""
        if self.pause_left:
            return self.pause_left
        return self._rate.wait() if self._rate.room() <= self._unanswered else None

    def started(self) -> None:
        """Note that a row's request is on its way."""
        self._unanswered += 1

    def accepted(self, seconds: float) -> None:
        """Note that a row runs.

        Args:
            seconds: How long the server took to answer.
        """
        self._unanswered -= 1
        self._running += 1
        self._in_a_row = 0
        self._answer += (seconds - self._answer) * (0.2 if self._answer else 1.0)
        self._rate.accepted()
        self._since_refusal += 1
        self._grow()

    def refused(self, retry_after: float | None = None) -> None:
        """Note that the server refused a start for now: 429, or 503 with a JSON body.

        Args:
            retry_after: The seconds it asks to wait, where it says so.
        """
        self._unanswered -= 1
        self.refusals += 1
        now = self._clock()
        unit = max(self._answer, _SHORTEST)
        # What was on its way together is refused together, which says no more than one of them.
        if now - self._counted_at >= unit:
            self._in_a_row += 1
            self._counted_at = now
            self._learn()
        self._pause(retry_after, unit)
        self._may_end_early = retry_after is None and self._in_a_row == 1

    def unreachable(self) -> None:
        """Note that the server couldn't be reached, before a byte was sent."""
        self._unanswered -= 1
        self._in_a_row += 1
        self._may_end_early = False
        self._pause(None, _UNREACHABLE)

    def dropped(self) -> None:
        """Note that a start came to nothing that says anything of the server's limits."""
        self._unanswered -= 1

    def ended(self) -> None:
        """Note that a row that ran is over."""
        self._running -= 1
        if self._may_end_early:
            self._resume = -math.inf

    def pause_for(self, seconds: float) -> None:
        """Start nothing for as long as the server asked the project to wait, from now on.

        It takes the place of what was asked for before: who started in spite of it has shown that
        it is over.
        """
        self._asked_until = self._clock() + seconds

    def _grow(self) -> None:
        if self._ceiling is None:
            self._limit += 1  # each of a round makes room for one more: it doubles
        elif self._running > self._ceiling:
            # The server allows more than it did: it is tried at once how far that goes.
            self._ceiling = self._running
            self._limit = self._ceiling + 1.0
            self._is_trying = True
            self._rounds = _ROUNDS
        elif self._limit < self._ceiling:
            self._limit = min(self._ceiling, self._limit + 8 / self._ceiling)
        elif (
            not self._is_trying
            and self._since_refusal >= self._rounds * self._ceiling
            and self._clock() >= self._next_trial
        ):
            self._is_trying = True
            self._limit = self._ceiling + 1.0

    def _learn(self) -> None:
        """Find out what was refused: too many at once, or too many in a minute."""
        self._since_refusal = 0
        ran, ceiling = self._running, self._ceiling or 1
        if self._is_trying and ran >= ceiling:
            # One more than was proved, and no more: what was proved holds.
            self._is_trying = False
            self._limit = float(ceiling)
            self._rounds = min(2 * self._rounds, _MOST_ROUNDS)
            return
        self._is_trying = False
        is_fewer = self._in_a_row > 1 and ran <= self._refused_with * _CUT
        if self._rate.refused(is_rate=is_fewer):
            return
        if self._in_a_row == 1:
            self._refused_with = ran
            self._ceiling = max(1, ran)
        self._limit = max(1.0, ran * _CUT)

    def _pause(self, asked: float | None, unit: float) -> None:
        longer = min(_LONGEST, unit * 2 ** min(self._in_a_row - 1, 16))
        now = self._clock()
        if asked is not None:
            asked = min(asked, LONGEST_PAUSE)
            self._asked_until = max(self._asked_until, now + asked)
        if asked is None or asked < _LEAST_ASKED:
            self._resume = max(self._resume, now + longer)
        self._next_trial = now + _TRIALS * (longer if asked is None else asked)


class _Rate:
    """A limit of starts in a window of time, once there seems to be one.

    It is believed only when the starts of a later window are refused at the same number: a server
    that refused everything for a while, or that others used as well, isn't held to a rate that it
    hasn't. Until then one more is tried now and then.

    Args:
        window: The seconds of the window.
        clock: Seconds that never go back.
        is_known: Whether there is such a limit for sure, of whatever number.
    """

    def __init__(self, window: float, clock: Callable[[], float], *, is_known: bool) -> None:
        self.most: int | None = None
        self._window = window
        self._clock = clock
        self._is_known = is_known
        self._starts: deque[float] = deque()
        self._is_believed = False
        self._learned_at = -math.inf
        self._next_trial = -math.inf
        self._gap = 0.0
        self._windows = _WINDOWS

    def accepted(self) -> None:
        now = self._clock()
        self._starts.append(now)
        self._forget()
        if self.most is None or len(self._starts) <= self.most:
            return
        # One more was tried, and taken: it is tried at once how far that goes.
        if self._is_known or self._is_believed:
            self.most = len(self._starts)
            self._is_believed = False
            self._next_trial = now
        else:
            self.most = None

    def refused(self, *, is_rate: bool) -> bool:
        """Note a refusal.

        Args:
            is_rate: Whether it may be this limit's, though none was known.

        Returns:
            Whether it is this limit's.
        """
        self._forget()
        now = self._clock()
        if self.most is not None and len(self._starts) >= self.most:
            if self._is_believed:
                self._windows = min(2 * self._windows, _MOST_ROUNDS)
                self._next_trial = now + self._windows * self._window
            elif not self._starts or self._starts[0] > self._learned_at:
                self._is_believed = True
                self._windows = _WINDOWS
                self._next_trial = now + self._windows * self._window
            else:
                self._gap *= _SELDOMER
                self._next_trial = now + self._gap
        elif (is_rate or self._is_known) and self._starts:
            self.most = len(self._starts)
            self._is_believed = False
            self._learned_at = now
            self._gap = self._window * _FIRST_GAP
            self._next_trial = now + self._gap
        else:
            self.most = None
            return False
        return True

    def room(self) -> int:
        if self.most is None:
            return _ANY
        self._forget()
        room = self.most - len(self._starts)
        return 1 if not room and self._clock() >= self._next_trial else max(0, room)

    def wait(self) -> float | None:
        if self.most is None or not self._starts:
            return None
        now, earliest = self._clock(), self._starts[0] + self._window
        if self._next_trial > now:  # else it is on its way
            earliest = min(earliest, self._next_trial)
        return max(0.0, earliest - now)

    def _forget(self) -> None:
        begin = self._clock() - self._window
        while self._starts and self._starts[0] <= begin:
            self._starts.popleft()


_ANY = 1_000_000
