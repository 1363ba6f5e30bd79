"""What a batch may cost: nothing new starts beyond it, and what runs goes on to its end."""

import math
import numbers
import time
from collections.abc import Callable
from dataclasses import dataclass, fields

from powawidget.errors import InvalidValueError, WrongTypeError

_MOST_UNTOLD = 20  # runs without a usage, before a budget of tokens is given up


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a batch may cost. Make one with `powawidget.budget(...)`; None sets no limit.

    Attributes:
        runs: How many runs may be started.
        tokens: How many tokens the runs may use, prompt and answer together. A run whose usage
            isn't known counts as the largest that is.
        seconds: For how many seconds new runs may be started, since the batch began to run here.
            While it is stopped they don't pass.
        failures: How many runs may fail, be interrupted or stay unknown.
    """

    runs: int | None = None
    tokens: int | None = None
    seconds: float | None = None
    failures: int | None = None


def budget(
    *,
    runs: int | None = None,
    tokens: int | None = None,
    seconds: float | None = None,
    failures: int | None = None,
) -> Budget:
    """Say what a batch may cost.

    Nothing new starts beyond it; what runs goes on to its end, so that what is spent goes beyond
    it by the rows in flight at most. What the batch's earlier runs cost counts too, but for the
    seconds.

    Args:
        runs: How many runs may be started.
        tokens: How many tokens the runs may use; not for workflows, whose usage nobody tells
            (docs/protocol.md#usage).
        seconds: For how many seconds new runs may be started; while the batch is stopped they
            don't pass.
        failures: How many runs may fail, be interrupted or stay unknown.

    Returns:
        The budget, for `map` and `grid`.

    Raises:
        InvalidValueError: If one of them isn't positive, or none is given.
        WrongTypeError: If one of them isn't a number.

    Example:
        >>> agent.map(tickets, "Triage: {text}", budget=powawidget.budget(runs=500, failures=20))
    """
    given = Budget(
        runs=_whole("runs", runs),
        tokens=_whole("tokens", tokens),
        seconds=_number("seconds", seconds),
        failures=_whole("failures", failures),
    )
    if given == Budget():
        names = ", ".join(field.name for field in fields(Budget))
        raise InvalidValueError(f"A budget says at least one of {names}.")
    return given


class Spending:
    """What a batch has cost so far, against its budget. It is for one thread.

    Args:
        allowed: The budget; None allows everything.
        clock: Seconds that never go back.

    Example:
        >>> spending = Spending(budget(runs=1))
        >>> spending.started()
        >>> spending.refusal()
        'The budget of 1 run is used up.'
    """

    def __init__(
        self, allowed: Budget | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.runs = 0
        self.failures = 0
        self._allowed = allowed or Budget()
        self._clock = clock
        self._began = clock()
        self._rests_since: float | None = None
        self._unknown = 0
        self._untold: set[str] = set()
        self._tokens = 0
        self._largest = 0

    @property
    def tokens(self) -> int:
        """The tokens used; a run of unknown usage counts as the largest that is known."""
        return self._tokens + self.unknown * self._largest

    @property
    def unknown(self) -> int:
        """How many runs are over whose usage isn't known."""
        return self._unknown + len(self._untold)

    def allow(self, allowed: Budget | None) -> None:
        """Hold what it has cost and will against another budget; None allows everything."""
        self._allowed = allowed or Budget()

    def started(self) -> None:
        """Note that a run is about to be started."""
        self.runs += 1

    def released(self) -> None:
        """Note that it wasn't: the server can't have accepted it."""
        self.runs -= 1

    def over(self, key: str) -> None:
        """Note that the run of a row is over, before it is known what it used."""
        self._untold.add(key)

    def ended(self, tokens: int | None, *, failed: bool, key: str = "") -> None:
        """Note that a run is over, and what came of it.

        Args:
            tokens: What it used, where that is known.
            failed: Whether it failed, was interrupted, or what became of it is unknown.
            key: Its row.
        """
        self._untold.discard(key)
        self.failures += failed
        if tokens is None:
            self._unknown += 1
        else:
            self._tokens += tokens
            self._largest = max(self._largest, tokens)

    def reopened(self) -> None:
        """Note that what became of a run, which was unknown, is asked for again."""
        self.failures -= 1
        self._unknown -= 1

    def refusal(self) -> str | None:
        """Say why no further run may start now, in words; None where one may."""
        return self._refusal(self.runs, self.unknown)

    def end(self, unanswered: int = 0) -> str | None:
        """Say why none may start any more, whatever comes of those on their way.

        Args:
            unanswered: How many of the runs that were started the server may still refuse.

        Returns:
            Why, in words; None where a run may start, or may as soon as more is known.
        """
        return self._refusal(self.runs - unanswered, self._unknown)

    def _refusal(self, runs: int, unknown: int) -> str | None:
        allowed = self._allowed
        if allowed.runs is not None and runs >= allowed.runs:
            return _used_up(_counted(allowed.runs, "run"))
        if allowed.failures is not None and self.failures >= allowed.failures:
            return _used_up(_counted(allowed.failures, "failure"))
        if allowed.tokens is not None:
            tokens = _counted(allowed.tokens, "token")
            if self._tokens + unknown * self._largest >= allowed.tokens:
                counted = f"; {_counted(unknown, 'run')} of unknown usage counted as the largest"
                return _used_up(tokens, counted if unknown else "")
            if not self._largest and unknown >= _MOST_UNTOLD:
                return (
                    f"The budget of {tokens} can't be kept: the server told of none of {unknown} "
                    "runs what it used. Use budget(runs=...)."
                )
        if allowed.seconds is not None and self._clock() - self._began >= allowed.seconds:
            return _used_up(f"{allowed.seconds:g} s")
        return None

    def rest(self) -> None:
        """Note that nothing is driven from now on, so that no seconds pass."""
        if self._rests_since is None:
            self._rests_since = self._clock()

    def go_on(self) -> None:
        """Note that the batch is driven, for the first time or again."""
        if self._rests_since is not None:
            self._began += self._clock() - self._rests_since
            self._rests_since = None

    def left(self) -> float | None:
        """Say in how many seconds no further run may start; None where time sets no limit."""
        seconds = self._allowed.seconds
        return None if seconds is None else max(0.0, self._began + seconds - self._clock())


def _used_up(what: str, why: str = "") -> str:
    return f"The budget of {what} is used up{why}."


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _whole(name: str, value: object) -> int | None:
    number = _number(name, value)
    if number is None:
        return None
    if not number.is_integer():
        raise InvalidValueError(f"{name}= takes a whole number, not {number:g}.")
    return int(number)


def _number(name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise WrongTypeError(f"{name}= takes a number, not {type(value).__name__}.")
    number = float(value)
    if not (number > 0 and math.isfinite(number)):
        raise InvalidValueError(f"{name}= takes a positive number, not {value}.")
    return number
