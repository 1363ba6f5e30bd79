"""One agent at work: its script's parts become the steps of a run.

The order and the fields are the real service's (docs/protocol.md#agent-order).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, assert_never

from powawidget.local.agents.hooks import Hooks
from powawidget.local.agents.script import Act, Calls, Fail, Part, Pause, Say, Think
from powawidget.local.agents.tool_calls import ToolCalls
from powawidget.local.endings import Failed, Stopped
from powawidget.local.pace import Pace, tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from powawidget.local.agents.approvals import Slot
    from powawidget.local.agents.emitter import Emitter
    from powawidget.local.agents.script import Agent, Turn
    from powawidget.local.channel import Channel

_PROMPT_TOKENS = 40  # what an agent's instructions seem to cost in each step


@dataclass
class Step:
    """One model call.

    Args:
        number: Which one, from 1.
        written: What it wrote, token by token.
        thoughts: What it thought, likewise.
    """

    number: int
    written: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What it wrote."""
        return "".join(self.written)

    @property
    def thinking(self) -> str:
        """What it thought."""
        return "".join(self.thoughts)


@dataclass
class Steps:
    """The model calls of one agent's work.

    Args:
        agent: Who works.
        turn: What its script gets to know.
        emitter: Sends its frames.
        channel: What a script may act on.
        slot: Where decisions arrive; None where no hook asks for any.
        rate: Tokens a second.
        gone: Whether nobody needs the work any more.
        announced: Whether frames say when a step begins; agents without tools have none.
        loses_a_token: Whether what is stored lacks the token at which the client was found to have
            gone (docs/protocol.md#cut-plain).
    """

    agent: Agent
    turn: Turn
    emitter: Emitter
    channel: Channel
    slot: Slot | None = None
    rate: float = field(kw_only=True)
    gone: Callable[[], bool] = field(kw_only=True)
    announced: bool = field(default=True, kw_only=True)
    loses_a_token: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        self.done: list[Step] = []
        self.hooks = Hooks(self.agent, self.slot, self.emitter.emit)
        self._pace = Pace(self.agent.tokens_per_second or self.rate)
        self._calls = ToolCalls(
            self.agent, self.hooks, self.emitter.emit, self._pace, self.turn.random
        )
        self.lost_at_once = False  # before its first token: then none is lost
        self._has_lost = not self.loses_a_token
        self._open: Step | None = None
        self._used = dict.fromkeys(("prompt_tokens", "completion_tokens", "reasoning_tokens"), 0)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The tool calls so far, as `complete` has them."""
        return self._calls.done

    @property
    def text(self) -> str:
        """Everything that was written."""
        return "".join(step.text for step in self.done)

    @property
    def usage(self) -> dict[str, int]:
        """What it cost so far."""
        used = self._used | {"cached_tokens": 0}
        return used | {"total_tokens": used["prompt_tokens"] + used["completion_tokens"]}

    async def drive(self) -> None:
        """Run the script to its end.

        Raises:
            Failed: The script says that the model fails.
            Stopped: Nobody needs the work any more.
        """
        self._pace.restart()
        script = self.agent.script(self.turn)
        try:
            answer: list[str] | None = None
            while True:
                part = script.send(answer) if answer is not None else next(script)
                answer = await self._part(part)
        except StopIteration:
            return
        finally:
            script.close()

    def begin(self) -> Step:
        """Begin a step, where none is under way."""
        if self._open is None:
            self._check()
            self._open = Step(len(self.done) + 1)
            self.done.append(self._open)
            self._read()
            if self.announced:
                self.emitter.emit("step_started", step=self._open.number, is_last_step=False)
        return self._open

    def finish(self) -> None:
        """End the last step, which has no calls."""
        step = self.begin()
        self._think()
        self.emitter.emit(
            "step_completed",
            step=step.number,
            finish_reason="stop",
            has_tool_calls=[] if self.agent.has_tools else None,
        )

    def as_json(self) -> list[dict[str, Any]]:
        """Answer with the steps as a stored run shows them."""
        return [self._as_json(step) for step in self.done]

    def _as_json(self, step: Step) -> dict[str, Any]:
        names = [call["tool_name"] for call in self.calls if call["step"] == step.number]
        written = {"content": step.text, "step": step.number}
        return written | ({"tool_calls": names} if names else {})

    def _read(self) -> None:
        # Each step reads everything that was written so far, about four characters a token.
        written = [self.turn.message, *(text for turn in self.turn.history for text in turn)]
        written += [call["result"] for call in self.calls]
        self._used["prompt_tokens"] += _PROMPT_TOKENS + sum(len(text) // 4 for text in written)

    def _think(self) -> None:
        if self._open and self._open.thinking:
            fields = {"content": self._open.thinking, "source": "thinking"}
            self.emitter.emit("reasoning", step=self._open.number, **fields)

    async def _part(self, part: Part) -> list[str] | None:
        match part:
            case Think() | Say():
                await self._speak(part)
            case Calls():
                return await self._call(part)
            case Pause():
                self.begin()
                await self._pace.pause(part.seconds)
            case Act():
                part.act(self.channel)
            case Fail():
                self.begin()
                raise Failed(part.error)
            case _:
                assert_never(part)
        return None

    async def _speak(self, part: Think | Say) -> None:
        step = self.begin()
        thinking = isinstance(part, Think)
        for token in tokens(part.text, part.size if isinstance(part, Say) else None):
            self._check()
            await self._pace.token()
            self._used["completion_tokens"] += 1
            if thinking:
                step.thoughts.append(token)
                self._used["reasoning_tokens"] += 1
                fields = {"step": step.number, "source": "thinking", "delta": token}
                self.emitter.emit_delta("reasoning_delta", **fields)
            else:
                if self._keeps(step):
                    step.written.append(token)
                self.emitter.emit_delta("content_delta", delta=token)

    def _keeps(self, step: Step) -> bool:
        """Tell whether a token is stored, which is about to be sent."""
        if self._has_lost or not self.channel.gone:
            return True
        self._has_lost = True
        self.lost_at_once = not step.written
        return self.lost_at_once

    async def _call(self, part: Calls) -> list[str]:
        if not self.agent.tools:
            raise TypeError(f"{self.agent.name} has no tools: give it some, or drop the call.")
        step = self.begin()
        self._think()
        results = await self._calls.run(step.number, part.calls, self._check)
        self.emitter.emit(
            "step_completed", step=step.number, finish_reason="tool_calls", has_tool_calls=True
        )
        self._open = None
        self._pace.restart()
        return results

    def _check(self) -> None:
        if self.gone():
            raise Stopped
