"""How long each thing may take, and how long it is tried again."""

import math
from typing import Any

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


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of time, in seconds; None is no limit. Pauses are tuples: () is no second try.

    Fixed is one: a stop takes 0.8 s at most for denying what the run waits for.

    Attributes:
        connect: To reach the server.
        first_byte: From the request to the server's first byte, and for an answer to be whole.
        idle: Without any byte, where the stream has keepalives (docs/protocol.md#keepalives).
        quiet_idle: Without any byte, where it has none: an agent without tools, a workflow.
        total: For the whole run.
        after_error: From an error that the stream tells to the stream's end
            (docs/protocol.md#run-status).
        refusal: For the words of a refusal, once its status is known.
        parts: For what the server tells only when the run is over (docs/protocol.md#child-runs and
            #block-logs); those who wait for the run wait for it.
        reconnect: The pauses before connecting is tried again.
        retry: The pauses before a request is sent again that the server refused for now
            (docs/protocol.md#retries).
        retry_after: The longest pause that the server may ask for.
        look_up: The pauses before each look at a run whose stream was cut; the last one repeats,
            and () is one second each time.
        look_up_total: How long a run is looked up that is still at work at the server
            (docs/protocol.md#after-the-stream).
        look_up_unreachable: How long it is looked up where the server can't be asked.

    Raises:
        InvalidValueError: If a value is neither a time nor None, or pauses are no tuple.
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
    retry: tuple[float, ...] = (3.0, 6.0, 12.0, 30.0)
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


def _is_time(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value < math.inf
