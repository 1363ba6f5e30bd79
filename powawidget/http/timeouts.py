"""How long each thing may take, and how often it is tried again."""

import math
import numbers
from typing import Any, Self

import msgspec

from powawidget.errors import InvalidValueError

_ABOVE_ZERO = ("connect", "first_byte", "idle", "quiet_idle", "total")
_FROM_ZERO = (
    "after_error",
    "refusal",
    "parts",
    "retry_after",
    "look_up_total",
    "look_up_unreachable",
)
_PAUSES = ("reconnect", "retry", "look_up")
_RETRY = (3.0, 6.0, 12.0, 30.0)
# A minute's executions are counted: with these pauses all that were started together get through.
_RETRY_EXECUTION = (*_RETRY, 30.0, 30.0)


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """How long each thing may take, in seconds; None sets no limit.

    Pauses are tuples: one pause before each further try, `()` for no further try. One limit can't
    be set: `run.stop()` waits at most 0.8 s for its denial of an open request for approval.

    Attributes:
        connect: Until a connection to the server stands.
        first_byte: From a request to the first byte of its answer; also for the whole of an answer
            that is no stream.
        idle: Without any byte in a stream that has keepalives, which come every 30 s
            (docs/protocol.md#keepalives).
        quiet_idle: Without any byte in a stream that has none: of an agent without tools, of a
            workflow.
        total: For the whole run.
        after_error: From an error in the stream to the stream's end.
        refusal: For the text of a refusal, once its status has come.
        parts: For the details that the server has only when a run is over, such as the inputs of a
            workflow's blocks; `run.wait()` and `run.result()` wait for them.
        reconnect: Pauses before connecting is tried again.
        retry: Pauses before a request is sent again that the server refused for now
            (docs/protocol.md#retries). Where they aren't set, a workflow has two of 30 s more
            (docs/protocol.md#execution-rate).
        retry_after: The longest pause that the server may ask for; a longer one ends the tries.
        look_up: Pauses before each lookup of a run whose stream was cut. The last one repeats; ()
            is one second each time.
        look_up_total: For looking up a run that still goes on at the server.
        look_up_unreachable: For looking up a run while the server can't be reached.

    Raises:
        InvalidValueError: If a value is neither a number of seconds nor None, or pauses are no
            tuple.

    Example:
        >>> pb = powawidget.connect(url, timeouts=powawidget.Timeouts(connect=5, total=600))
    """

    connect: float | None = 10.0
    first_byte: float | None = 120.0
    idle: float | None = 90.0
    quiet_idle: float | None = 600.0
    total: float | None = None
    after_error: float | None = 5.0
    refusal: float | None = 5.0
    parts: float | None = 5.0
    reconnect: tuple[float, ...] = (0.5, 1.0, 2.0)
    retry: tuple[float, ...] = _RETRY
    retry_after: float | None = 60.0
    look_up: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
    look_up_total: float | None = 600.0
    look_up_unreachable: float | None = 20.0

    def __post_init__(self) -> None:
        """Check each value, so that none fails in the middle of a run."""
        for name in (*_ABOVE_ZERO, *_FROM_ZERO):
            value, is_above = getattr(self, name), name in _ABOVE_ZERO
            if value is not None and not (_is_time(value) and (value > 0 or not is_above)):
                raise InvalidValueError(
                    f"Timeouts: {name} takes seconds {'above' if is_above else 'from'} 0, or None "
                    f"for no limit, not {value!r}."
                )
        for name in _PAUSES:
            pauses = getattr(self, name)
            if not isinstance(pauses, tuple) or not all(map(_is_time, pauses)):
                raise InvalidValueError(
                    f"Timeouts: {name} takes a tuple of pauses in seconds, such as (0.5, 2.0), "
                    f"not {pauses!r}."
                )

    def for_executions(self) -> Self:
        """Change the pauses into those of workflows, where nobody has set others."""
        if self.retry != _RETRY:
            return self
        return msgspec.structs.replace(self, retry=_RETRY_EXECUTION)


def _is_time(value: Any) -> bool:
    # numpy's numbers are such too, and its truth values aren't.
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return is_number and bool(0 <= value < math.inf)
