"""The sample orchestrations: one of each strategy, and one for each way to fail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from powawidget.local.orchestrations.definition import Member, Orchestration
from powawidget.local.samples import desk, line, panel

if TYPE_CHECKING:
    from powawidget.local.agents.script import Agent
    from powawidget.local.database import Database

_DESK = ("Finds where and since when", "Tells signal from chance", "Counts what it is worth",
         "Books credits")  # fmt: skip
_LINE = ("Writes a first version", "Checks every figure", "Writes it well")
_PANEL = ("The last month again", "A straight line", "Exponential smoothing")


def sample_orchestrations(database: Database) -> list[Orchestration]:
    """Make the sample orchestrations.

    Args:
        database: What their members read and write.

    Returns:
        The orchestrations, in the order they are listed.
    """
    specialists = desk.specialists(database)
    writers = line.writers(database)
    forecasters = panel.forecasters(database)
    research = Orchestration(
        name="Research desk",
        strategy="supervisor",
        members=_members(specialists, _DESK),
        script=desk.supervise,
        description="A supervisor asks specialists, one after another, and writes the answer.",
    )
    report = Orchestration(
        name="Report line",
        strategy="sequential",
        members=_members(writers, _LINE),
        description="One drafts, one checks the figures, one polishes.",
    )
    forecast = Orchestration(
        name="Forecast panel",
        strategy="parallel",
        members=_members(forecasters, _PANEL),
        script=panel.merge,
        description="Three methods forecast at once; then they are weighed.",
    )
    scout, statistician, *others = specialists
    drafter, checker, polisher = writers
    naive, trend, smoother = forecasters
    return [
        research,
        report,
        forecast,
        _failing(research, (scout, desk.failing(statistician), *others), _DESK),
        _failing(report, (drafter, line.failing(checker), polisher), _LINE),
        _failing(forecast, (naive, panel.failing(trend), smoother), _PANEL),
        Orchestration("Empty desk", "supervisor", description="It has no members, so it fails."),
        replace(
            research,
            name="Router desk",
            strategy="router",
            description="Its strategy is unknown to the service, so it fails.",
        ),
    ]


def _members(agents: tuple[Agent, ...], roles: tuple[str, ...]) -> tuple[Member, ...]:
    return tuple(Member(agent, role) for agent, role in zip(agents, roles, strict=True))


def _failing(
    orchestration: Orchestration, agents: tuple[Agent, ...], roles: tuple[str, ...]
) -> Orchestration:
    return replace(
        orchestration,
        name=f"{orchestration.name} (a member fails)",
        members=_members(agents, roles),
        description="The same, but the model of one member fails.",
    )
