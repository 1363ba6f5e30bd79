"""How the server behaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from powawidget.local.dialects import DIALECTS

if TYPE_CHECKING:
    from powawidget.local.dialects import DialectName


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

    Raises:
        ValueError: The dialect is unknown, or the rate isn't positive.
    """

    dialect: DialectName = "seen"
    seed: int = 7
    tokens_per_second: float = 60.0
    keepalive_seconds: float = 30.0
    executions_per_minute: int | None = 20

    def __post_init__(self) -> None:
        if self.dialect not in DIALECTS:
            raise ValueError(f"dialect is {self.dialect!r}; use one of {sorted(DIALECTS)}.")
        if not self.tokens_per_second > 0:
            raise ValueError(f"tokens_per_second is {self.tokens_per_second!r}; use more than 0.")
