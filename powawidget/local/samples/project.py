"""Everything that the server offers from the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powawidget.local.project import Project
from powawidget.local.samples.agents import sample_agents
from powawidget.local.samples.orchestrations import sample_orchestrations
from powawidget.local.samples.workflows import sample_workflows

if TYPE_CHECKING:
    from powawidget.local.database import Database


def sample_project(database: Database) -> Project:
    """Make the samples.

    Args:
        database: What they read and write.
    """
    agents = sample_agents(database)
    return Project(tuple(agents.values()), sample_orchestrations(agents), sample_workflows())
