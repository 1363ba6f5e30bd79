"""The engine: an agent's run, from its first frame to its last.

The order and the fields are the real service's (docs/protocol.md#two-kinds and #agent-order), which
speaks in two ways: agents without tools have neither steps nor hooks.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from powawidget.local.agents.emitter import Emitter
from powawidget.local.agents.steps import Steps
from powawidget.local.endings import Failed, Stopped

if TYPE_CHECKING:
    from powawidget.local.agents.records import Run
    from powawidget.local.agents.script import Turn
    from powawidget.local.channel import Channel
    from powawidget.local.dialects import Encode, Frame

ABORTED = "Execution aborted"
NO_OUTPUT = "Unknown error \u2014 no output from agent"


@dataclass
class Execution:
    """One run at work.

    Args:
        run: The stored run.
        turn: What the script gets to know.
        channel: Where the frames go.
        encode: The dialect that they are sent in.
        rate: Tokens a second.
        is_new_session: Whether this is the session's first turn.
    """

    run: Run
    turn: Turn
    channel: Channel
    encode: Encode
    rate: float
    is_new_session: bool

    def __post_init__(self) -> None:
        self._emitter = Emitter(self._send)
        self._steps = Steps(
            self.run.agent,
            self.turn,
            self._emitter,
            self.channel,
            self.run.slot,
            rate=self.rate,
            # A run with tools ends when its client is found to have gone; one without goes on.
            gone=lambda: self.run.over,
            announced=self.run.has_tools,
            loses_a_token=not self.run.has_tools,
        )

    async def execute(self) -> None:
        """Run it to its end, and store how it ended."""
        try:
            self._send(
                {
                    "event": "start",
                    "run_id": self.run.run_id,
                    "session_id": self.run.session.session_id,
                    "context_handler_id": None,
                    "reasoning_requested": False,
                    **({"citation_candidates": self.run.citations} if self.run.citations else {}),
                }
            )
            await (self._with_tools() if self.run.has_tools else self._plain())
        except Stopped:
            self.run.lose()
        except Exception as failure:  # noqa: BLE001  # a faulty script mustn't end the server
            # After an exception the real service sends an error and no `complete`.
            error = str(failure) or type(failure).__name__
            self.run.fail(error)
            self._send(
                {
                    "event": "error",
                    "error": error,
                    "run_id": self.run.run_id,
                    "context_handler_id": None,
                }
            )
        finally:
            self.run.slot = None
            self.channel.end()

    async def _plain(self) -> None:
        step = self._steps.begin()
        error = None
        try:
            await self._steps.drive()
        except Failed as failure:
            error = str(failure)
        if error is None and self._steps.lost_at_once:
            error = NO_OUTPUT
        if step.text:
            self._send({"event": "chunk", "content": step.text})
        if error is not None:
            self._send({"event": "error", "error": error, "run_id": self.run.run_id})
        elif step.thinking:
            self._emitter.emit_delta("reasoning", step=1, source="thinking", content=step.thinking)
        self._complete(
            {
                "event": "complete",
                "run_id": self.run.run_id,
                "session_id": self.run.session.session_id,
                "context_handler_id": None,
                "content": step.text,
                "retrieved_items": len(self.run.citations),
                "is_new_session": self.is_new_session,
                "status": "completed" if error is None else "failed",
                "error": error,
                **self._cited(),
            }
        )

    def _cited(self) -> Frame:
        return {"citations": self.run.citations} if self.run.citations else {}

    async def _with_tools(self) -> None:
        error, steps, content = None, 0, ""
        try:
            start = await self._steps.hooks.run(
                "OnRunStart", self.run.message, tool_input={"message": self.run.message}
            )
            if start.refusal is not None:
                raise Failed(start.refusal)  # noqa: TRY301  # one way out for all failures
            content, steps = await self._drive()
        except TimeoutError:
            error, steps = ABORTED, len(self._steps.done)
        except Failed as failure:
            # No step or call is counted, although they ran (docs/protocol.md#agent-order).
            error = str(failure)
        failed = error is not None
        if failed:
            content = self._steps.text
        self._send({"event": "chunk", "content": content})
        self._complete(
            {
                "event": "complete",
                "run_id": self.run.run_id,
                "session_id": self.run.session.session_id,
                "content": content,
                "status": "failed" if failed else "completed",
                "steps": steps,
                "tool_calls": [] if failed else self._steps.calls,
                "usage": None if failed and not steps else self._steps.usage,
                "error": error,
                **self._cited(),
            }
        )

    async def _drive(self) -> tuple[str, int]:
        async with asyncio.timeout(self.turn.options.get("timeout_seconds")):
            await self._steps.drive()
        self._steps.finish()
        content = self._steps.text
        answer = await self._steps.hooks.run("PreResponse", content, tool_input={})
        if answer.refusal is not None:
            content = f"[Response blocked: {answer.refusal}]"
        else:
            content = answer.subject
        steps = len(self._steps.done)
        if self.run.agent.hooks:
            self._emitter.emit("on_run_complete", status="completed", steps=steps)
        return content, steps

    def _send(self, frame: Frame, more: Frame | None = None) -> None:
        self.channel.put(self.encode(frame, {"run_id": self.run.run_id} | (more or {})))

    def _complete(self, frame: Frame) -> None:
        usage = frame.get("usage", self._steps.usage)
        self.run.finish(frame, self._emitter.events, self._steps.as_json(), usage)
        self._send(frame, {"usage": usage})
