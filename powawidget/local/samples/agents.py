"""The sample agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powawidget.local.samples.analyst import analyst
from powawidget.local.samples.operator import operators
from powawidget.local.samples.writer import writer

if TYPE_CHECKING:
    from powawidget.local.agents.script import Agent
    from powawidget.local.database import Database


def sample_agents(database: Database) -> list[Agent]:
    """Make the sample agents.

    Args:
        database: What they read and write.

    Returns:
        The agents, in the order they are listed.
    """
    return [analyst(database), writer(), *operators(database)]
