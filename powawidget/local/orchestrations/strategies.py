"""The three strategies: which agent works when, and what the orchestration itself sends.

Orders, fields and the ways to fail are the real service's (docs/protocol.md#child-frames and
#orchestration-failure).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from powawidget.local.agents.script import Agent, Tool, Turn
from powawidget.local.orchestrations.work import Outcome, run_agent, total

if TYPE_CHECKING:
    from powawidget.local.orchestrations.definition import Member
    from powawidget.local.orchestrations.work import Work

Strategy: TypeAlias = Callable[["Work"], Awaitable[Outcome]]

NOBODY = "No agent entities in orchestration"


async def supervise(work: Work) -> Outcome:
    """Let a supervisor delegate to the members, one after another."""
    orchestration = work.orchestration
    work.emitter.emit("orchestration_started", strategy="supervisor", name=orchestration.name)
    supervisor = Agent(
        name=f"{orchestration.name} (supervisor)",
        script=orchestration.script,
        tools=tuple(_delegate(work, member) for member in orchestration.members),
        model=orchestration.model,
    )
    steps = work.steps(supervisor, work.turn)
    error = await run_agent(steps)
    if error is None:
        # Its own tokens only: those of a member come with its delegation.
        outcome = Outcome(steps.done[-1].text, len(steps.done), steps.usage)
    else:
        outcome = Outcome(error=error)
    _complete(work, outcome)
    return outcome


def _delegate(work: Work, member: Member) -> Tool:
    name = member.agent.name

    async def run(arguments: dict[str, Any]) -> str:
        named = {"agent": name, "child_execution_id": work.new_id()}
        task = str(arguments.get("task", ""))
        work.emitter.emit(
            "delegation_started",
            agent=name,
            task=task,
            child_execution_id=named["child_execution_id"],
        )
        child = await work.member(member, task, run_id=named["child_execution_id"])
        work.emitter.emit(
            "delegation_completed",
            **named,
            status=child.status,
            steps=child.steps,
            usage=child.usage,
        )
        return child.content if child.error is None else child.error

    return Tool(member.tool_name, run, read_only=False, seconds=(0, 0))


async def in_sequence(work: Work) -> Outcome:
    """Let each member go on with what the one before it wrote last."""
    _start(work)
    message, history = work.turn.message, work.turn.history
    usages: list[dict[str, int] | None] = []
    for position, member in enumerate(work.orchestration.members):
        name = member.agent.name
        work.emitter.emit("sequential_step", step=position, agent=name)
        work.emit_documented("delegation_start", agent=name)
        child = await work.member(member, message, history)
        work.emit_documented("delegation_completed", agent=name, status=child.status)
        if child.error is not None:
            work.emitter.emit("orchestration_completed", status="failed")
            return Outcome(error=f"Agent '{name}' failed: {child.error}")
        usages.append(child.usage)
        message, history = child.content, ()
    work.emit_documented("chunk", content=message)
    outcome = Outcome(message, len(usages), total(usages))
    _complete(work, outcome)
    return outcome


async def side_by_side(work: Work) -> Outcome:
    """Let all members work at once, then merge what they wrote."""
    _start(work)
    members = work.orchestration.members
    drawn = [(work.new_id(), work.draw()) for _ in members]

    async def one(member: Member, run_id: str, generator: Any) -> Any:
        work.emit_documented("delegation_start", agent=member.agent.name)
        child = await work.member(
            member, work.turn.message, work.turn.history, run_id=run_id, generator=generator
        )
        work.emit_documented("delegation_completed", agent=child.agent, status=child.status)
        return child

    children = await asyncio.gather(
        *(one(member, *own) for member, own in zip(members, drawn, strict=True))
    )
    usages = [child.usage for child in children]
    failed = [child.agent for child in children if child.error is not None]
    if failed:
        work.emitter.emit("orchestration_completed", status="failed")
        return Outcome(usage=total(usages), error=f"Agents failed: {', '.join(failed)}")
    if len(children) == 1:
        work.emit_documented("chunk", content=children[0].content)
        work.emitter.emit("orchestration_completed", status="completed")
        return Outcome(children[0].content, 1, total(usages))
    merge = Agent(
        name=f"{work.orchestration.name} (merge)",
        script=work.orchestration.script,
        model=work.orchestration.model,
    )
    read = "\n\n".join(f"--- {child.agent} ---\n{child.content}" for child in children)
    steps = work.steps(merge, Turn(read, (), work.turn.database, work.draw(), work.turn.options))
    # A merge that fails leaves the run completed: only the members count.
    error = await run_agent(steps)
    answer = "" if error else steps.done[-1].text
    usage = total([*usages, None if error else steps.usage])
    outcome = Outcome(answer, len(members) + 1, usage)
    _complete(work, outcome)
    return outcome


def _start(work: Work) -> None:
    work.emitter.emit(
        "orchestration_started",
        strategy=work.orchestration.strategy,
        name=work.orchestration.name,
        agent_count=len(work.orchestration.members),
    )


def _complete(work: Work, outcome: Outcome) -> None:
    work.emitter.emit(
        "orchestration_completed",
        status=outcome.status,
        steps=outcome.steps,
        usage=outcome.usage,
    )


STRATEGIES: dict[str, Strategy] = {
    "supervisor": supervise,
    "sequential": in_sequence,
    "parallel": side_by_side,
}


async def run_strategy(work: Work) -> Outcome:
    """Run an orchestration by its strategy.

    Raises:
        ValueError: There is no such strategy.
        Stopped: Nobody needs the work any more.
    """
    strategy = STRATEGIES.get(work.orchestration.strategy)
    if strategy is None:
        raise ValueError(
            f"Unknown strategy: {work.orchestration.strategy}. Available: {list(STRATEGIES)}"
        )
    if not work.orchestration.members:
        return Outcome(error=NOBODY)
    return await strategy(work)
