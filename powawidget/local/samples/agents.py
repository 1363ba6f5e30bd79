"""The sample agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powawidget.local.samples.analyst import analyst
from powawidget.local.samples.operator import operator
from powawidget.local.samples.research_desk import specialists
from powawidget.local.samples.writer import writer

if TYPE_CHECKING:
    from powawidget.local.agents.script import Agent
    from powawidget.local.database import Database


def sample_agents(database: Database) -> dict[str, Agent]:
    """Make the sample agents.

    Args:
        database: What they read and write.

    Returns:
        The agents by their names, in the order they are listed.
    """
    agents = (analyst(database), writer(), operator(database), *specialists(database))
    return {agent.name: agent for agent in agents}
