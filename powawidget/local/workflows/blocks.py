"""What each type of block does.

Rules: docs/protocol.md#block-failure.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from powawidget.local.agents.emitter import Emitter
from powawidget.local.agents.script import Calls, Turn
from powawidget.local.agents.steps import Steps
from powawidget.local.channel import Channel
from powawidget.local.endings import Failed, Stopped
from powawidget.local.orchestrations.strategies import run_strategy
from powawidget.local.orchestrations.work import Work
from powawidget.local.workflows.code import run_code
from powawidget.local.workflows.expression import decide

if TYPE_CHECKING:
    import random

    from powawidget.local.agents.script import Agent, Script
    from powawidget.local.database import Database
    from powawidget.local.dialects import Encode, Frame
    from powawidget.local.orchestrations.definition import Orchestration
    from powawidget.local.workflows.definition import Block
    from powawidget.local.workflows.graph import Outputs

Data: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Shared:
    """What all executions of a server share.

    Args:
        database: The sample database.
        agents: The agents by their ids.
        orchestrations: The orchestrations by their ids.
        encode: The dialect that executions are sent in.
        rate: Tokens a second.
        new_id: Draws an id.
    """

    database: Database
    agents: dict[str, Agent]
    orchestrations: dict[str, Orchestration]
    encode: Encode
    rate: float
    new_id: Callable[[], str]


@dataclass(frozen=True)
class BlockContext:
    """What a block may use.

    Args:
        variables: The execution's variables.
        outputs: What the blocks before gave, by their names.
        shared: What all executions share.
        random: The execution's generator.
        chunk: Sends a piece of an agent's text.
        gone: Whether the client has gone.
    """

    variables: Data
    outputs: Outputs
    shared: Shared
    random: random.Random
    chunk: Callable[[str], None]
    gone: Callable[[], bool]

    def turn(self, config: Data) -> Turn:
        """Make the turn in which an agent or an orchestration answers a block's input."""
        return Turn(str(config.get("input", "")), (), self.shared.database, self.random)


async def do(block: Block, config: Data, context: BlockContext) -> Data:
    """Do what a block does.

    Args:
        block: The block.
        config: Its configuration, with the references replaced.
        context: What it may use.

    Returns:
        What it gives: the `data` of its block_complete.

    Raises:
        Failed: The block fails.
        Stopped: The client has gone.
    """
    return await _DOING[block.type](block, config, context)


async def _start(_block: Block, config: Data, context: BlockContext) -> Data:
    # The configuration's `input` holds the defaults.
    return {"output": {**config.get("input", {}), **context.variables}}


async def _code(block: Block, _config: Data, context: BlockContext) -> Data:
    # As it stands: code reads the outputs, references in it aren't replaced.
    return run_code(str(block.config.get("code", "")), context.outputs, context.shared.database)


async def _condition(block: Block, _config: Data, context: BlockContext) -> Data:
    return decide(block.config.get("branches", []), context.outputs)


async def _split(_block: Block, config: Data, _context: BlockContext) -> Data:
    return {"output": config.get("input")}


async def _respond(_block: Block, config: Data, _context: BlockContext) -> Data:
    return {"output": config.get("output"), "status": 200, "headers": {}}


async def _call(_block: Block, config: Data, _context: BlockContext) -> Data:
    # No request leaves this process: the configuration says what the other side answers.
    status = config.get("status_code", 200)
    headers = {"content-type": "application/json; charset=utf-8"}
    return {"output": config.get("answer"), "status_code": status, "headers": headers}


async def _write(_block: Block, config: Data, context: BlockContext) -> Data:
    agent = context.shared.agents.get(str(config.get("agent_id")))
    if agent is None:
        raise Failed(f"Agent {config.get('agent_id')} not found")
    # A block's agent has neither tools nor hooks: where its model calls a tool, its text ends.
    script = _without_calls(agent.script)
    bare = replace(agent, script=script, tools=(), hooks=(), knowledge_bases=())

    def send(frame: Frame, _more: Frame) -> None:
        if frame["event"] == "content_delta":
            context.chunk(frame["delta"])

    emitter = Emitter(send)
    steps = Steps(
        bare,
        context.turn(config),
        emitter,
        Channel(),
        rate=context.shared.rate,
        gone=context.gone,
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


async def _orchestrate(_block: Block, config: Data, context: BlockContext) -> Data:
    orchestration = context.shared.orchestrations.get(str(config.get("orchestration_id")))
    if orchestration is None:
        raise Failed(f"Orchestration {config.get('orchestration_id')} not found")
    # Nothing of it is sent but what it comes to.
    work = Work(
        orchestration,
        context.turn(config),
        lambda _frame, _more: None,
        Channel(),
        rate=context.shared.rate,
        gone=context.gone,
        new_id=context.shared.new_id,
        keep=lambda _run: None,
    )
    try:
        outcome = await run_strategy(work)
    except Stopped:
        raise
    except ValueError as error:
        raise Failed(str(error)) from None
    return {"output": outcome.answer, "status": outcome.status}


_DOING: dict[str, Callable[[Block, Data, BlockContext], Awaitable[Data]]] = {
    "starter": _start,
    "code": _code,
    "condition": _condition,
    "split": _split,
    "agent": _write,
    "orchestration": _orchestrate,
    "general_api": _call,
    "response": _respond,
}
