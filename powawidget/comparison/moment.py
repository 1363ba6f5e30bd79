"""A comparison at one moment: what everything that is shown of it is read from. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from powawidget.comparison.steps import Step
from powawidget.state.model import ENDED, Kind, RunStatus

# How a run stands; `left` hasn't begun.
Standing = RunStatus | Literal["left"]


@dataclass(frozen=True, kw_only=True)
class Side:
    """What is compared with what stands beside it.

    Attributes:
        name: What a person calls it.
        kind: agent, orchestration or workflow.
        target: The name of what runs.
        origin: Whether its runs are live, or where they come from.
        runs: How many runs it has.
        is_given: Whether its run was there already, so that the comparison doesn't start it.
    """

    name: str
    kind: Kind
    target: str
    origin: Literal["live", "replay", "stored"] = "live"
    runs: int = 1
    is_given: bool = False


@dataclass(frozen=True, kw_only=True)
class Content:
    """What of a comparison stays as it is.

    Attributes:
        sides: What is compared; the first is the baseline.
        rounds: How often each side runs; a side with one run has the same in each.
        checks: The names of what each run is checked for.
        message: What is asked, where that is one thing for all.
        redact: Takes the key out of a text.
    """

    sides: Sequence[Side]
    rounds: int = 1
    checks: Sequence[str] = ()
    message: str = ""
    redact: Callable[[str], str] = str

    def repeat(self, side: int, turn: int) -> int:
        """Tell which of its runs a side shows in a round."""
        return min(turn, self.sides[side].runs - 1)


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Whether a check holds.

    Attributes:
        holds: Whether it does.
        why: Why not, in words.
    """

    holds: bool
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """How one run stands.

    Attributes:
        standing: connecting, running and the like; `left` where it hasn't begun.
        text: The answer so far.
        is_data: Whether that is JSON, as the output of a workflow may be, and so no markdown.
        steps: What it called so far.
        tokens: What it used, once that is known.
        started: When it was sent, in seconds since the epoch.
        seconds: How long it took, once it is over.
        error: Why it failed, in words.
        checks: By name what the checks say; empty until it was checked.
    """

    standing: Standing
    text: str = ""
    is_data: bool = False
    steps: Sequence[Step] = ()
    tokens: int | None = None
    started: float | None = None
    seconds: float | None = None
    error: str = ""
    checks: Mapping[str, Checked] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether it is over."""
        return self.standing in ENDED

    @property
    def markdown(self) -> str:
        """The answer as markdown: data stands in a block of code, where it is shown as it is."""
        if not self.is_data:
            return self.text
        longest = max(map(len, re.findall("`+", self.text)), default=0)
        fence = "`" * max(3, longest + 1)
        return f"{fence}json\n{self.text}\n{fence}"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """How all runs stand at one moment.

    Attributes:
        facts: Each side's runs.
        now: The time.
    """

    facts: Sequence[Sequence[Facts]]
    now: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether all runs are over."""
        return all(one.is_over for runs in self.facts for one in runs)
