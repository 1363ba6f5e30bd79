"""How the server behaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from powawidget.local.dialects import DIALECTS

if TYPE_CHECKING:
    from powawidget.local.dialects import DialectName

_LONGEST = 3600.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the server behaves.

    Args:
        dialect: "seen" speaks as the real service was seen to, "documented" as its public
            documentation says.
        seed: What the sample data, ids and durations are drawn from.
        tokens_per_second: How fast the scripted model writes; tools scale with it.
        keepalive_seconds: The silence after which agents with tools, and orchestrations, send a
            keepalive.
        executions_per_minute: How many executions of workflows are allowed in a minute, as at
            the real service; None allows any number.
        runs_at_once: How many runs of agents and orchestrations may be at work; a further one is
            refused with 429. None allows as many as the server can hold.
        runs_per_minute: How many of them may be started in a minute; likewise.
        retry_after: The seconds that such a refusal asks to wait; None says nothing of it.
        latency_seconds: How long an agent's model thinks before its first token, on average.
        failures: The share of agents' runs whose model fails, from 0 to 1.

    Raises:
        ValueError: The dialect is unknown, or a number is out of its range.
    """

    dialect: DialectName = "seen"
    seed: int = 7
    tokens_per_second: float = 60.0
    keepalive_seconds: float = 30.0
    executions_per_minute: int | None = 20
    runs_at_once: int | None = None
    runs_per_minute: int | None = None
    retry_after: float | None = None
    latency_seconds: float = 0.0
    failures: float = 0.0

    def __post_init__(self) -> None:
        if self.dialect not in DIALECTS:
            raise ValueError(f"dialect is {self.dialect!r}; use one of {sorted(DIALECTS)}.")
        if not self.tokens_per_second > 0:
            raise ValueError(f"tokens_per_second is {self.tokens_per_second!r}; use more than 0.")
        for name in ("executions_per_minute", "runs_at_once", "runs_per_minute"):
            most = getattr(self, name)
            if most is not None and most < 1:
                raise ValueError(f"{name} is {most!r}; use 1 or more.")
        if not 0 <= self.failures <= 1:
            raise ValueError(f"failures is {self.failures!r}; use a share from 0 to 1.")
        if not 0 <= self.latency_seconds <= _LONGEST:
            raise ValueError(
                f"latency_seconds is {self.latency_seconds!r}; use 0 to {_LONGEST:.0f}."
            )
        if self.retry_after is not None and not 0 <= self.retry_after <= _LONGEST:
            raise ValueError(f"retry_after is {self.retry_after!r}; use 0 to {_LONGEST:.0f}.")
