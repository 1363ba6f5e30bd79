"""Everything that the server offers from the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powawidget.local.project import Project
from powawidget.local.samples.analyst import analyst
from powawidget.local.samples.operator import operator
from powawidget.local.samples.orchestrations import sample_orchestrations
from powawidget.local.samples.research_desk import specialists
from powawidget.local.samples.triage import triage
from powawidget.local.samples.workflows import sample_workflows
from powawidget.local.samples.writer import writer

if TYPE_CHECKING:
    from powawidget.local.database import Database


def sample_project(database: Database) -> Project:
    """Make the samples.

    Args:
        database: What they read and write.
    """
    agents = (
        analyst(database),
        writer(),
        operator(database),
        triage(),
        *specialists(database),
    )
    by_name = {agent.name: agent for agent in agents}
    return Project(agents, sample_orchestrations(by_name), sample_workflows())
