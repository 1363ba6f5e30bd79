"""The engine: a script's parts become the frames of a run.

The order and the fields are the real service's (the wire protocol, section 3), which speaks in
two ways: agents without tools have neither steps nor hooks.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, assert_never

from powawidget.local.calls import ToolCalls
from powawidget.local.frames import event
from powawidget.local.hooks import Hooks
from powawidget.local.pace import Pace, tokens
from powawidget.local.script import Calls, Cut, Emit, Fail, Part, Pause, Say, Think
from powawidget.local.store import now

if TYPE_CHECKING:
    from powawidget.local.channel import Channel
    from powawidget.local.frames import Encode, Frame
    from powawidget.local.script import Turn
    from powawidget.local.store import Run

ABORTED = "Execution aborted"
_PROMPT_TOKENS = 40  # what an agent's instructions seem to cost in each step


class _Stopped(Exception):  # noqa: N818  # not an error: the way out of a run
    """The run ends here, without a word."""


class _Failed(Exception):  # noqa: N818  # likewise
    """The model or a hook ended the run."""


@dataclass
class _Step:
    number: int
    said: list[str] = field(default_factory=list)
    thought: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.said)

    @property
    def thinking(self) -> str:
        return "".join(self.thought)


class Execution:
    """One run at work.

    Args:
        run: The stored run.
        turn: What the script gets to know.
        channel: Where the frames go.
        encode: The dialect they are told in.
        rate: Tokens a second.
        is_new_session: Whether this is the session's first turn.
    """

    def __init__(  # noqa: PLR0913
        self,
        run: Run,
        turn: Turn,
        channel: Channel,
        encode: Encode,
        rate: float,
        *,
        is_new_session: bool,
    ) -> None:
        self._run = run
        self._turn = turn
        self._channel = channel
        self._encode = encode
        self._is_new_session = is_new_session
        self._pace = Pace(run.agent.tokens_per_second or rate)
        self._hooks = Hooks(run.agent, run.slot, self._emit)
        self._calls = ToolCalls(run.agent, self._hooks, self._emit, self._pace, turn.random)
        self._events: list[Frame] = []
        self._steps: list[_Step] = []
        self._step: _Step | None = None
        self._usage = dict.fromkeys(("prompt_tokens", "completion_tokens", "reasoning_tokens"), 0)

    async def execute(self) -> None:
        """Run it to its end, and store how it ended."""
        try:
            self._tell(
                {
                    "event": "start",
                    "run_id": self._run.run_id,
                    "session_id": self._run.session.session_id,
                    "context_handler_id": None,
                    "reasoning_requested": False,
                }
            )
            self._pace.restart()
            await (self._with_tools() if self._run.agent.tools else self._plain())
        except _Stopped:
            self._run.lose()
        except Exception as failure:  # noqa: BLE001  # a faulty script mustn't end the server
            # After an exception the real service sends an error and no `complete`.
            error = str(failure) or type(failure).__name__
            self._run.fail(error)
            self._tell(
                {
                    "event": "error",
                    "error": error,
                    "run_id": self._run.run_id,
                    "context_handler_id": None,
                }
            )
        finally:
            self._run.slot = None
            self._channel.end()

    async def _plain(self) -> None:
        self._step = _Step(1)
        self._steps.append(self._step)
        self._read()
        error = None
        try:
            await self._drive()
        except _Failed as failure:
            error = str(failure)
        text, thinking = self._step.text, self._step.thinking
        if text:
            self._tell({"event": "chunk", "content": text})
        if error is not None:
            self._tell({"event": "error", "error": error, "run_id": self._run.run_id})
        elif thinking:
            told = {"step": 1, "source": "thinking", "content": thinking}
            self._tell({"event": "reasoning", "type": "reasoning", **told})
            self._events.append({"type": "reasoning", **told})
        self._complete(
            {
                "event": "complete",
                "run_id": self._run.run_id,
                "session_id": self._run.session.session_id,
                "context_handler_id": None,
                "content": text,
                "retrieved_items": 0,
                "is_new_session": self._is_new_session,
                "status": "completed" if error is None else "failed",
                "error": error,
            }
        )

    async def _with_tools(self) -> None:
        error, steps, content = None, 0, ""
        try:
            start = await self._hooks.run(
                "OnRunStart", self._run.message, tool_input={"message": self._run.message}
            )
            if start.refusal is not None:
                raise _Failed(start.refusal)  # noqa: TRY301
            content, steps = await self._drive_steps()
        except TimeoutError:
            error, steps = ABORTED, len(self._steps)
        except _Failed as failure:
            # Steps and calls are told as none, although they ran (the wire protocol, section 3).
            error = str(failure)
        failed = error is not None
        if failed:
            content = "".join(step.text for step in self._steps)
        self._tell({"event": "chunk", "content": content})
        self._complete(
            {
                "event": "complete",
                "run_id": self._run.run_id,
                "session_id": self._run.session.session_id,
                "content": content,
                "status": "failed" if failed else "completed",
                "steps": steps,
                "tool_calls": [] if failed else self._calls.done,
                "usage": None if failed and not steps else self._total(),
                "error": error,
            }
        )

    async def _drive_steps(self) -> tuple[str, int]:
        async with asyncio.timeout(self._turn.options.get("timeout_seconds")):
            await self._drive()
        self._begin()
        self._think()
        self._emit("step_completed", step=self._number, finish_reason="stop", has_tool_calls=[])
        content = "".join(step.text for step in self._steps)
        answer = await self._hooks.run("PreResponse", content, tool_input={})
        if answer.refusal is not None:
            content = f"[Response blocked: {answer.refusal}]"
        else:
            content = answer.subject
        steps = len(self._steps)
        if self._run.agent.hooks:
            self._emit("on_run_complete", status="completed", steps=steps)
        return content, steps

    @property
    def _number(self) -> int:
        return self._steps[-1].number

    def _begin(self) -> _Step:
        if self._step is None:
            self._check()
            self._step = _Step(len(self._steps) + 1)
            self._steps.append(self._step)
            self._read()
            self._emit("step_started", step=self._step.number, is_last_step=False)
        return self._step

    def _read(self) -> None:
        # Each step reads everything that was said so far, about four characters a token.
        said = [self._turn.message, *(text for turn in self._turn.history for text in turn)]
        said += [call["result"] for call in self._calls.done]
        self._usage["prompt_tokens"] += _PROMPT_TOKENS + sum(len(text) // 4 for text in said)

    def _think(self) -> None:
        if self._step and self._step.thinking:
            told = {"content": self._step.thinking, "source": "thinking"}
            self._emit("reasoning", step=self._step.number, **told)

    async def _drive(self) -> None:
        script = self._run.agent.script(self._turn)
        try:
            answer: list[str] | None = None
            while True:
                part = script.send(answer) if answer is not None else next(script)
                answer = await self._part(part)
        except StopIteration:
            return
        finally:
            script.close()

    async def _part(self, part: Part) -> list[str] | None:
        match part:
            case Think() | Say():
                await self._speak(part)
            case Calls():
                return await self._call(part)
            case Pause():
                self._begin()
                await self._pace.pause(part.seconds)
            case Emit():
                raw = part.data if isinstance(part.data, bytes) else event({**part.data})
                self._channel.put(raw)
            case Fail():
                self._begin()
                raise _Failed(part.error)
            case Cut():
                self._channel.end(cut=part.abruptly)
                raise _Stopped
            case _:
                assert_never(part)
        return None

    async def _speak(self, part: Think | Say) -> None:
        step = self._begin()
        thinking = isinstance(part, Think)
        for token in tokens(part.text, part.size if isinstance(part, Say) else None):
            self._check()
            await self._pace.token()
            frame: Frame
            if thinking:
                step.thought.append(token)
                frame = {"step": step.number, "source": "thinking", "delta": token}
                name = "reasoning_delta"
                self._usage["reasoning_tokens"] += 1
            else:
                step.said.append(token)
                frame = {"delta": token}
                name = "content_delta"
            self._usage["completion_tokens"] += 1
            self._tell({"event": name, "type": name, **frame})

    async def _call(self, part: Calls) -> list[str]:
        if not self._run.agent.tools:
            raise TypeError(f"{self._run.agent.name} has no tools: give it some, or drop the call.")
        step = self._begin()
        self._think()
        results = await self._calls.run(step.number, part.calls, self._check)
        self._emit(
            "step_completed", step=step.number, finish_reason="tool_calls", has_tool_calls=True
        )
        self._step = None
        self._pace.restart()
        return results

    def _check(self) -> None:
        # A run with tools ends when its client is found to have gone; one without goes on.
        if self._run.over:
            raise _Stopped

    def _emit(self, name: str, *, result: str | None = None, **fields: Any) -> None:
        frame = {"event": name, "type": name, **fields, "seq": len(self._events) + 1, "ts": now()}
        self._events.append(frame)
        self._tell(frame, run_id=self._run.run_id, result=result)

    def _tell(self, frame: Frame, **more: Any) -> None:
        self._channel.put(self._encode(frame, more))

    def _total(self) -> dict[str, int]:
        used = self._usage | {"cached_tokens": 0}
        return used | {"total_tokens": used["prompt_tokens"] + used["completion_tokens"]}

    def _complete(self, frame: Frame) -> None:
        usage = frame["usage"] if "usage" in frame else self._total()
        self._run.finish(frame, self._events, [self._said(step) for step in self._steps], usage)
        self._tell(frame, usage=usage)

    def _said(self, step: _Step) -> dict[str, Any]:
        names = [call["tool_name"] for call in self._calls.done if call["step"] == step.number]
        said = {"content": step.text, "step": step.number}
        return said | ({"tool_calls": names} if names else {})
