"""What tests need beside the samples: further gates, and one of each way to fail."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent
from typing import TYPE_CHECKING

from powawidget.local import Project
from powawidget.local.agents.script import Agent, Call, Calls, Fail, Hook, Say
from powawidget.local.ids import fixed_id
from powawidget.local.orchestrations.definition import Orchestration
from powawidget.local.samples.amounts import BY_MONTH
from powawidget.local.samples.late_orders import BY_LANE
from powawidget.local.samples.operator import OVERDUE, compare
from powawidget.local.samples.project import sample_project
from powawidget.local.samples.prose import ask, table
from powawidget.local.samples.report_line import OVERLOADED
from powawidget.local.workflows.definition import Block, Edge, Workflow
from tests.counterpart.workflows import board_memo, credit_note

if TYPE_CHECKING:
    from collections.abc import Callable

    from powawidget.local.agents.script import Script, Turn
    from powawidget.local.database import Database


def further_project(database: Database) -> Project:
    """The samples, and what tests need beside them."""
    samples = sample_project(database)
    operator = next(agent for agent in samples.agents if agent.name == "Operator")
    research, report, forecast, _ = samples.orchestrations
    weekly, regional, price = samples.workflows
    return Project(
        (*samples.agents, *operators(operator), Agent("Reporter (fails)", reports_and_fails)),
        (
            research,
            report,
            forecast,
            fails(research, queries_and_fails),
            *samples.orchestrations[3:],
            fails(forecast, forecasts_and_fails),
            Orchestration("Empty desk", "supervisor", description="It has no members."),
            replace(research, name="Router desk", strategy="router"),
        ),
        (weekly, regional, credit_note(), board_memo(), price, year_digest(), slow_export()),
    )


def operators(operator: Agent) -> list[Agent]:
    """The Operator's variants, each with another way to ask for a person."""
    gate = next(hook for hook in operator.hooks if hook.matcher == "database_write")
    second = replace(gate, message="A second person confirms writes.")
    reads = Hook(
        "PreToolUse", matcher="export_orders", message="Reading orders needs a person.", timeout=20
    )
    answers = Hook("PreResponse", message="The answer needs a person.", timeout=300)
    begins = Hook("OnRunStart", message="The run needs a person.", timeout=300)
    return [
        replace(operator, name="Operator (short deadline)", hooks=(replace(gate, timeout=8),)),
        replace(operator, name="Operator (parallel reads)", script=compare, hooks=(reads,)),
        replace(operator, name="Operator (two gates)", hooks=(gate, second)),
        replace(operator, name="Operator (reviewed answers)", script=review, hooks=(answers,)),
        replace(operator, name="Operator (reviewed runs)", script=review, hooks=(begins,)),
    ]


def review(_turn: Turn) -> Script:
    yield Say("I look for open orders that are past their due date.\n\n")
    rows = yield from ask(OVERDUE, 0.8)
    shown = [(row["id"], row["name"], row["due_at"]) for row in rows]
    yield Say(f"## Overdue orders\n\n{table(['Order', 'Customer', 'Due'], shown)}\n")


def fails(orchestration: Orchestration, script: Callable[[Turn], Script]) -> Orchestration:
    """The same orchestration, but the model of its second member fails."""
    first, second, *others = orchestration.members
    return replace(
        orchestration,
        name=f"{orchestration.name} (a member fails)",
        members=(first, replace(second, script=script), *others),
    )


def queries_and_fails(_turn: Turn) -> Script:
    yield Say("I take the lane and the rest at the same time.\n\n")
    yield Calls(
        Call("database_query", {"query": BY_LANE}, 0.9),
        Call("database_query", {"query": BY_MONTH}, 0.6),
    )
    yield Say("The lane rose by")
    yield Fail(OVERLOADED)


def forecasts_and_fails(_turn: Turn) -> Script:
    yield Say("A straight line through the year.\n\n")
    yield from ask(BY_MONTH, 1.8)
    yield Say("The line rises")
    yield Fail(OVERLOADED)


def reports_and_fails(_turn: Turn) -> Script:
    yield Say("## The year\n\nMost orders came in the last two months. The largest region")
    yield Fail(OVERLOADED)


def year_digest() -> Workflow:
    """A workflow whose agent's model fails, so that what follows is never reached."""
    return Workflow(
        name="Year digest (agent fails)",
        description="Counts the year; the agent that should write about it fails.",
        blocks=(
            Block("Start", "starter", at=(0, 0)),
            Block("Year", "code", {"code": YEAR}, seconds=1.1, at=(200, 0)),
            Block(
                "Digest",
                "agent",
                {
                    "agent_id": fixed_id("Reporter (fails)"),
                    "input": "Write a digest of <Year.output>.",
                },
                seconds=0.5,
                at=(400, 0),
            ),
            Block("Response", "response", {"output": "<Digest.output>"}, at=(600, 0)),
        ),
        edges=(Edge("Start", "Year"), Edge("Year", "Digest"), Edge("Digest", "Response")),
    )


YEAR = dedent("""
    output = query(
        "SELECT COUNT(*) AS orders, ROUND(SUM(amount), 2) AS revenue"
        " FROM orders WHERE status <> 'cancelled'"
    )[0]
""").strip()


def slow_export() -> Workflow:
    """A workflow one block of which says nothing for a long time."""
    return Workflow(
        name="Slow export",
        description="Waits for another server, by default for 40 seconds; nothing is sent then.",
        blocks=(
            Block("Start", "starter", {"input": {"seconds": 40}}, at=(0, 0)),
            Block(
                "Export",
                "general_api",
                {
                    "method": "POST",
                    "url": "https://archive.example/export?seconds=<Start.output.seconds>",
                    "answer": {"archived": True, "seconds": "<Start.output.seconds>"},
                },
                seconds="<Start.output.seconds>",
                at=(200, 0),
            ),
            Block("Response", "response", {"output": "<Export.output>"}, at=(400, 0)),
        ),
        edges=(Edge("Start", "Export"), Edge("Export", "Response")),
    )
