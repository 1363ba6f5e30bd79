"""What a server offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from powawidget.local.agents.script import Agent
    from powawidget.local.orchestrations.definition import Orchestration
    from powawidget.local.workflows.definition import Workflow


@dataclass(frozen=True)
class Project:
    """What a server offers, each in the order it is listed.

    Args:
        agents: The agents, the members of orchestrations and those of workflows' blocks included.
        orchestrations: The orchestrations.
        workflows: The workflows.
    """

    agents: tuple[Agent, ...] = ()
    orchestrations: tuple[Orchestration, ...] = ()
    workflows: tuple[Workflow, ...] = ()
