"""The sample orchestrations: one of each strategy, and one that fails."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from powawidget.local.orchestrations.definition import Member, Orchestration
from powawidget.local.samples import forecast_panel, report_line, research_desk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from powawidget.local.agents.script import Agent


def sample_orchestrations(agents: Mapping[str, Agent]) -> tuple[Orchestration, ...]:
    """Make the sample orchestrations.

    Args:
        agents: Their members, by name.

    Returns:
        The orchestrations, in the order they are listed.
    """
    research = Orchestration(
        name="Research desk",
        strategy="supervisor",
        members=(
            Member(agents["Scout"], "Finds where and since when"),
            Member(agents["Statistician"], "Tells signal from chance"),
            Member(agents["Controller"], "Counts what it is worth"),
            Member(agents["Operator"], "Books credits"),
        ),
        script=research_desk.supervise,
        description="A supervisor asks specialists, one after another, and writes the answer.",
    )
    drafts = Member(agents["Analyst"], "Writes a first version", report_line.draft)
    checks = Member(agents["Statistician"], "Checks every figure", report_line.check)
    polishes = Member(agents["Writer"], "Writes it well", report_line.polish)
    report = Orchestration(
        name="Report line",
        strategy="sequential",
        members=(drafts, checks, polishes),
        description="One drafts, one checks the figures, one polishes.",
    )
    forecast = Orchestration(
        name="Forecast panel",
        strategy="parallel",
        members=(
            Member(
                agents["Analyst"], "The last month again", partial(forecast_panel.answer, "Naive")
            ),
            Member(
                agents["Statistician"], "A straight line", partial(forecast_panel.answer, "Trend")
            ),
            Member(
                agents["Controller"],
                "Exponential smoothing",
                partial(forecast_panel.answer, "Smoother"),
            ),
        ),
        script=forecast_panel.merge,
        description="Three methods forecast at once; then they are weighed.",
    )
    fails = replace(
        report,
        name="Report line (a member fails)",
        members=(drafts, replace(checks, script=report_line.check_and_fail), polishes),
        description="The same, but the model of one member fails.",
    )
    return research, report, forecast, fails
