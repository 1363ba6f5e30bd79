"""The sample agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powawidget.local.agents.analyst import analyst
from powawidget.local.agents.operator import operators
from powawidget.local.agents.writer import writer

if TYPE_CHECKING:
    from powawidget.local.database import Database
    from powawidget.local.script import Agent


def sample_agents(database: Database) -> list[Agent]:
    """Make the sample agents.

    Args:
        database: What they read and write.

    Returns:
        The agents, in the order they are listed.
    """
    return [analyst(database), writer(), *operators(database)]
