"""Everything a server has from the start: the sample agents and what is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from powawidget.local.samples.agents import sample_agents
from powawidget.local.samples.orchestrations import sample_orchestrations
from powawidget.local.samples.workflows import sample_workflows

if TYPE_CHECKING:
    from powawidget.local.agents.script import Agent
    from powawidget.local.database import Database
    from powawidget.local.orchestrations.definition import Orchestration
    from powawidget.local.workflows.definition import Workflow


class Samples(NamedTuple):
    """The samples.

    Args:
        agents: In the order they are listed: first those to talk to, then the members of
            orchestrations and the writers of workflows.
        orchestrations: In the order they are listed.
        workflows: Likewise.
    """

    agents: list[Agent]
    orchestrations: list[Orchestration]
    workflows: list[Workflow]


def samples(database: Database) -> Samples:
    """Make the samples.

    Args:
        database: What they read and write.
    """
    orchestrations = sample_orchestrations(database)
    workflows, writers = sample_workflows()
    agents = sample_agents(database)
    known = {agent.name for agent in agents}
    for agent in [m.agent for o in orchestrations for m in o.members] + writers:
        if agent.name not in known:
            known.add(agent.name)
            agents.append(agent)
    return Samples(agents, orchestrations, workflows)
