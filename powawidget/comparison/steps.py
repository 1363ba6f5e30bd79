"""What a run called, in order: tools, agents, blocks. Pure."""

from dataclasses import dataclass
from typing import Literal

from powawidget.state.model import DelegationPart, RunState, ToolPart
from powawidget.state.values import own_seconds

StepKind = Literal["tool", "agent", "block"]
StepStatus = Literal["running", "waiting", "done", "failed", "denied", "interrupted"]
_RAN: frozenset[str] = frozenset({"running", "done", "failed", "interrupted"})


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that a run called.

    Attributes:
        kind: tool, agent or block.
        name: Its name.
        status: How it stands.
        seconds: How long it took, without the wait for a person.
        since: When it began, in seconds since the epoch, while it goes on.
    """

    kind: StepKind
    name: str
    status: StepStatus
    seconds: float | None = None
    since: float | None = None

    @property
    def label(self) -> str:
        """What it has in common with a step of another run that stands beside it."""
        return f"{self.kind} {self.name}"


def steps_of(state: RunState) -> list[Step]:
    """List what a run called, in order.

    Of a supervisor's call that stands for an agent only the agent is told. A block that didn't run
    isn't.
    """
    if state.kind == "workflow":
        return [
            Step(
                kind="block",
                name=block.name or block.id,
                status=block.status,  # type: ignore[arg-type]  # as the condition says
                seconds=block.seconds,
                since=block.started if block.status == "running" else None,
            )
            for block in state.blocks
            if block.status in _RAN
        ]
    agents = {part.call for part in state.parts if isinstance(part, DelegationPart)}
    steps = []
    for index, part in enumerate(state.parts):
        is_live = isinstance(part, ToolPart | DelegationPart) and part.status == "running"
        if isinstance(part, ToolPart) and index not in agents:
            steps.append(
                Step(
                    kind="tool",
                    name=part.name,
                    status=part.status,
                    seconds=own_seconds(part),
                    since=(part.started or None) if is_live else None,
                )
            )
        elif isinstance(part, DelegationPart):
            steps.append(
                Step(
                    kind="agent",
                    name=part.agent,
                    status=part.status,
                    seconds=part.seconds,
                    since=(part.started or None) if is_live else None,
                )
            )
    return steps
