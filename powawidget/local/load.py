"""How a server behaves under many runs: what it refuses, how long it thinks, what goes wrong.

All of it is drawn from the server's seed, so that the same runs fail at each start.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from powawidget.local.agents.script import Fail, Pause
from powawidget.local.http.responses import refuse
from powawidget.local.quota import Quota

if TYPE_CHECKING:
    from collections.abc import Callable

    from powawidget.local.agents.script import Agent, Script, Turn
    from powawidget.local.settings import Settings

_FAILURE = "litellm.InternalServerError: The model is overloaded. Try again later."
_LONGEST = 8.0  # times the mean: nothing waits for ever


class Load:
    """What is allowed at once and a minute, and what is drawn for each run.

    Args:
        settings: How the server behaves.
        running: How many runs are at work.
    """

    def __init__(self, settings: Settings, running: Callable[[], int]) -> None:
        self._settings = settings
        self._running = running
        self._starts = Quota(settings.runs_per_minute)

    def check(self) -> None:
        """Take a start in.

        Raises:
            Refused: Too many run at once, or were started in a minute.
        """
        most = self._settings.runs_at_once
        if most is not None and self._running() >= most:
            raise self._refusal(f"Too many concurrent runs. Max {most} at once.")
        if not self._starts.take():
            raise self._refusal(f"Rate limit exceeded. Max {self._starts.most} runs per minute.")

    def under(self, agent: Agent, number: int) -> Agent:
        """Make the agent as it is in one run: it may think longer, and its model may fail.

        Args:
            agent: The agent.
            number: Which run of the server it is.
        """
        latency, failures = self._settings.latency_seconds, self._settings.failures
        if not latency and not failures:
            return agent
        drawn = random.Random(f"{self._settings.seed} load {number}")  # noqa: S311  # no secret
        fails = drawn.random() < failures
        seconds = min(drawn.expovariate(1 / latency), _LONGEST * latency) if latency else 0.0
        # What a part takes is told at 60 tokens a second.
        rate = agent.tokens_per_second or self._settings.tokens_per_second
        paused = Pause(seconds * rate / 60)

        def script(turn: Turn) -> Script:
            if seconds:
                yield paused
            if fails:
                yield Fail(_FAILURE)
            else:
                yield from agent.script(turn)

        return replace(agent, script=script)

    def _refusal(self, error: str) -> Exception:
        after = self._settings.retry_after
        refused = refuse(429, error)
        if after is not None:
            refused.response.headers["Retry-After"] = f"{after:g}"
        return refused
