"""The tool calls of one step: through the hooks, into the tool, back as a result."""

from __future__ import annotations

import asyncio
import inspect
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from powawidget.local.dialects import LONGEST_RESULT, PREVIEW
from powawidget.local.endings import Stopped

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from powawidget.local.agents.hooks import Hooks
    from powawidget.local.agents.script import Agent, Call, Tool
    from powawidget.local.pace import Pace


@dataclass
class ToolCalls:
    """Runs the calls of a run and keeps what `complete` says of them.

    Args:
        agent: Whose tools they are.
        hooks: The hooks they pass.
        emit: Sends an engine frame, by its name and fields.
        pace: How fast tools seem to be.
        generator: Draws call ids and durations.
    """

    agent: Agent
    hooks: Hooks
    emit: Callable[..., None]
    pace: Pace
    generator: random.Random
    done: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._tools = {tool.name: tool for tool in self.agent.tools}

    async def run(
        self, step: int, calls: tuple[Call, ...], before_each: Callable[[], None]
    ) -> list[str]:
        """Run the calls of a step.

        Args:
            step: The step's number.
            calls: The calls.
            before_each: Raises where the run must not go on.

        Returns:
            The results in the order of the calls.
        """
        prepared = [self._prepare(call) for call in calls]
        if len(calls) > 1 and all(tool is None or tool.read_only for tool, _, _ in prepared):
            before_each()
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._one(step, call, *drawn))
                    for call, drawn in zip(calls, prepared, strict=True)
                ]
            return [task.result() for task in tasks]
        results = []
        for call, drawn in zip(calls, prepared, strict=True):
            before_each()
            results.append(await self._one(step, call, *drawn))
        return results

    def _prepare(self, call: Call) -> tuple[Tool | None, str, float]:
        # Drawn before anything waits, so that the ids don't depend on who finishes first.
        tool = self._tools.get(call.tool)
        call_id = f"call_{self.generator.getrandbits(96):024x}"
        drawn = self.generator.uniform(*tool.seconds) if tool else 0.0
        return tool, call_id, drawn if call.seconds is None else call.seconds

    async def _one(
        self, step: int, call: Call, tool: Tool | None, call_id: str, seconds: float
    ) -> str:
        named = {"step": step, "tool_name": call.tool}
        self.emit("tool_call", **named, arguments=call.arguments, call_id=call_id)
        began = time.monotonic()
        checked = await self.hooks.run("PreToolUse", call.arguments, tool_name=call.tool)
        meta: dict[str, Any] = {}
        if checked.refusal is None:
            result = await self._result(call.tool, tool, checked.subject, seconds)
            meta = {"result_meta": {"result_type": "text", "char_count": len(result)}}
        else:
            result = f"Error: Blocked by hook \u2014 {checked.refusal}"
        duration = {"duration_ms": round((time.monotonic() - began) * 1000)}
        self.emit(
            "tool_result",
            **named,
            call_id=call_id,
            result_preview=result[:PREVIEW],
            **meta,
            **duration,
            result=result,
        )
        done = {"arguments": checked.subject, "result": result}
        self.done.append(named | done | duration)
        return result

    async def _result(
        self, name: str, tool: Tool | None, arguments: dict[str, Any], seconds: float
    ) -> str:
        await self.pace.pause(seconds)
        if tool is None:
            return f"Error: Unknown tool '{name}'"
        try:
            returned = tool.run(arguments)
            result = await returned if inspect.isawaitable(returned) else returned
        except Stopped:
            raise  # a delegation's work ends with the run
        except Exception as error:  # noqa: BLE001  # whatever a tool raises is its result
            result = f"Error: {error}"
        if len(result) <= LONGEST_RESULT:
            return result
        return f"{result[:LONGEST_RESULT]}\n\n[Truncated: {len(result)} chars total]"
