"""What each type of block does.

Rules: docs/protocol.md#block-failure.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from powawidget.local.agents.emitter import Telling
from powawidget.local.agents.hooks import Hooks
from powawidget.local.agents.script import Calls, Turn
from powawidget.local.agents.steps import Steps
from powawidget.local.channel import Channel
from powawidget.local.endings import Failed, Stopped
from powawidget.local.orchestrations.strategies import work_out
from powawidget.local.orchestrations.work import Work
from powawidget.local.workflows.code import run_code
from powawidget.local.workflows.expression import decide

if TYPE_CHECKING:
    import random

    from powawidget.local.agents.script import Agent, Script
    from powawidget.local.database import Database
    from powawidget.local.dialects import Frame
    from powawidget.local.orchestrations.definition import Orchestration
    from powawidget.local.workflows.definition import Block
    from powawidget.local.workflows.graph import Outputs

Data: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Surroundings:
    """What blocks find around them.

    Args:
        variables: The execution's variables.
        outputs: What the blocks before gave, by their names.
        database: The sample database.
        agents: The agents by their ids.
        orchestrations: The orchestrations by their ids.
        random: The execution's generator.
        rate: Tokens a second.
        chunk: Tells a piece of an agent's text.
        gone: Tells whether the client has gone.
        new_id: Draws a run's id.
    """

    variables: Data
    outputs: Outputs
    database: Database
    agents: dict[str, Agent]
    orchestrations: dict[str, Orchestration]
    random: random.Random
    rate: float
    chunk: Callable[[str], None]
    gone: Callable[[], bool]
    new_id: Callable[[], str]


async def do(block: Block, config: Data, around: Surroundings) -> Data:
    """Do what a block does.

    Args:
        block: The block.
        config: Its configuration, with the references replaced.
        around: What it finds.

    Returns:
        What it gives: the `data` of its block_complete.

    Raises:
        Failed: The block fails.
        Stopped: The client has gone.
    """
    return await _DOING[block.type](block, config, around)


async def _start(_block: Block, config: Data, around: Surroundings) -> Data:
    # The configuration's `input` holds the defaults.
    return {"output": {**config.get("input", {}), **around.variables}}


async def _code(block: Block, _config: Data, around: Surroundings) -> Data:
    # As it stands: code reads the outputs, references in it aren't replaced.
    return run_code(str(block.config.get("code", "")), around.outputs, around.database)


async def _condition(block: Block, _config: Data, around: Surroundings) -> Data:
    return decide(block.config.get("branches", []), around.outputs)


async def _split(_block: Block, config: Data, _around: Surroundings) -> Data:
    return {"output": config.get("input")}


async def _respond(_block: Block, config: Data, _around: Surroundings) -> Data:
    return {"output": config.get("output"), "status": 200, "headers": {}}


async def _call(_block: Block, config: Data, _around: Surroundings) -> Data:
    # No request leaves this process: the configuration says what the other side answers.
    status = config.get("status_code", 200)
    headers = {"content-type": "application/json; charset=utf-8"}
    return {"output": config.get("answer"), "status_code": status, "headers": headers}


async def _write(_block: Block, config: Data, around: Surroundings) -> Data:
    agent = around.agents.get(str(config.get("agent_id")))
    if agent is None:
        raise Failed(f"Agent {config.get('agent_id')} not found")
    # A block's agent has neither tools nor hooks: where its model calls a tool, its text ends.
    bare = replace(agent, script=_without_calls(agent.script), tools=(), hooks=())

    def hear(frame: Frame, _more: Frame) -> None:
        if frame["event"] == "content_delta":
            around.chunk(frame["delta"])

    telling = Telling(hear)
    turn = Turn(str(config.get("input", "")), (), around.database, around.random)
    steps = Steps(
        bare,
        turn,
        telling,
        Channel(),
        Hooks(bare, None, telling.emit),
        rate=around.rate,
        gone=around.gone,
    )
    await steps.drive()
    return {"output": steps.text, "model": agent.model}


def _without_calls(script: Callable[[Turn], Script]) -> Callable[[Turn], Script]:
    def bare(turn: Turn) -> Script:
        for part in script(turn):
            if isinstance(part, Calls):
                return
            yield part

    return bare


async def _orchestrate(_block: Block, config: Data, around: Surroundings) -> Data:
    orchestration = around.orchestrations.get(str(config.get("orchestration_id")))
    if orchestration is None:
        raise Failed(f"Orchestration {config.get('orchestration_id')} not found")
    # Nothing of it is told, only what it comes to.
    work = Work(
        orchestration,
        Turn(str(config.get("input", "")), (), around.database, around.random),
        lambda _frame, _more: None,
        Channel(),
        rate=around.rate,
        gone=around.gone,
        new_id=around.new_id,
        keep=lambda _run: None,
    )
    try:
        outcome = await work_out(work)
    except Stopped:
        raise
    except ValueError as error:
        raise Failed(str(error)) from None
    return {"output": outcome.answer, "status": outcome.status}


_DOING: dict[str, Callable[[Block, Data, Surroundings], Awaitable[Data]]] = {
    "starter": _start,
    "code": _code,
    "condition": _condition,
    "split": _split,
    "agent": _write,
    "orchestration": _orchestrate,
    "general_api": _call,
    "response": _respond,
}
