"""What the spans of a run are called and tell, by OpenTelemetry's conventions for generative AI.

Those of 1.41.0, the last release of the conventions that holds them
(https://github.com/open-telemetry/semantic-conventions/blob/v1.41.0/docs/gen-ai/README.md). What
they have no word for is named `powawidget.…`. Names, times and counts of tokens alone, no id: by a
session's id its conversation can be read (docs/protocol.md#own-session-id). Texts only where they
are asked for.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import msgspec

from powawidget.spans.reading import Told, told_of
from powawidget.state import values
from powawidget.state.about import About
from powawidget.state.model import (
    DelegationPart,
    RunState,
    ToolPart,
)

SCHEMA = "https://opentelemetry.io/schemas/1.41.0"
PROVIDER = "powabase"

Redact = Callable[[str], str]
Attributes = dict[str, str | int | float | bool]

_USAGE = {
    "prompt_tokens": "gen_ai.usage.input_tokens",
    "completion_tokens": "gen_ai.usage.output_tokens",
    "cached_tokens": "gen_ai.usage.cache_read.input_tokens",
    "cache_creation_tokens": "gen_ai.usage.cache_creation.input_tokens",
    "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
}
_BAD = frozenset({"failed", "denied", "expired", "interrupted", "stopped"})
# What another service does, rather than something within a process.
_REMOTE = frozenset({"model"})


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A span of OpenTelemetry, as plain values.

    Attributes:
        name: Its name.
        start: In nanoseconds since the epoch.
        end: Likewise.
        parent: The number of the span around it; None of the first, which is the run.
        attributes: What it tells.
        error: How it failed; None where it didn't.
        is_remote: Whether another service did it.
    """

    name: str
    start: int
    end: int
    parent: int | None
    attributes: Attributes
    error: str | None = None
    is_remote: bool = False


def lines_of(
    state: RunState, about: About, redact: Redact | None, *, content: Redact | None = None
) -> list[Line]:
    """Tell a run that is over as spans of OpenTelemetry.

    Args:
        state: The run.
        about: With which model it ran.
        redact: Takes the key out of a text, where there is one.
        content: Takes other people's secrets out of a text. Where it is given, what was asked,
            called, given back and answered is added.

    Returns:
        The run itself, then what its time went to, each after the one around it.
    """
    return _Telling(state, about, redact, content=content).lines()


def trace_of(state: RunState) -> bytes:
    """Name the trace of a run: the same each time, so that it isn't there twice."""
    first = state.spans[0].start if state.spans else state.started
    told = json.dumps([state.run_id, state.session_id, state.name, first])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()


class _Telling:
    def __init__(
        self, state: RunState, about: About, redact: Redact | None, *, content: Redact | None
    ) -> None:
        self._state = state
        self._about = about
        self._redact = redact or (lambda text: text)
        self._content_of = content
        self._told = told_of(state)

    def lines(self) -> list[Line]:
        inner = [self._line(told) for told in self._told]
        starts = [line.start for line in inner]
        ends = [line.end for line in inner]
        begun, over = self._state.started, self._state.ended
        skew = 0.0 if self._state.clocks is None else self._state.clocks.skew
        if begun is not None and over is not None and not inner:
            starts, ends = [_nanoseconds(begun - skew)], [_nanoseconds(over - skew)]
        start = min(starts, default=0)
        return [self._run(start, max(ends, default=start)), *inner]

    def _run(self, start: int, end: int) -> Line:
        state = self._state
        is_workflow = state.kind == "workflow"
        operation = "invoke_workflow" if is_workflow else "invoke_agent"
        name = self._kept(state.name)
        attributes: Attributes = {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": PROVIDER,
            "powawidget.kind": state.kind,
            "powawidget.status": state.status,
        }
        if name:
            attributes["gen_ai.workflow.name" if is_workflow else "gen_ai.agent.name"] = name
        if self._about.model:
            attributes["gen_ai.request.model"] = self._kept(self._about.model)
        attributes |= _usage(state.usage)
        error = None
        if state.status != "completed":
            error = self._kept((state.error and state.error.code) or state.status)
            attributes["error.type"] = error
        if self._content_of is not None:
            attributes["gen_ai.input.messages"] = self._message("user", state.message)
            attributes["gen_ai.output.messages"] = self._message(
                "assistant", values.text_of(state), "error" if error else "stop"
            )
        said = f"{operation} {name}".strip()
        return Line(
            name=said,
            start=start,
            end=end,
            parent=None,
            attributes=attributes,
            error=error,
            is_remote=True,
        )

    def _line(self, told: Told) -> Line:
        span = told.span
        name = self._kept(span.name)
        attributes: Attributes = {
            "powawidget.kind": span.kind,
            "powawidget.status": span.status,
            "powawidget.clock": span.clock,
        }
        said = f"{span.kind} {name}"
        if span.kind == "model":
            model = self._kept(self._about.model)
            said = f"chat {model}".strip()
            attributes |= {"gen_ai.operation.name": "chat", "gen_ai.provider.name": PROVIDER}
            attributes["powawidget.name"] = name
            if model:
                attributes["gen_ai.request.model"] = model
        elif span.kind == "tool":
            said = f"execute_tool {name}"
            attributes |= {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}
        elif span.kind == "delegate":
            said = f"invoke_agent {name}"
            attributes |= {
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.provider.name": PROVIDER,
                "gen_ai.agent.name": name,
            }
        attributes |= _usage(span.usage)
        error = span.status if span.status in _BAD else None
        if error is not None:
            attributes["error.type"] = error
        if self._content_of is not None:
            attributes |= self._content(told)
        start = _nanoseconds(span.start)
        return Line(
            name=said,
            start=start,
            end=max(start, _nanoseconds(span.end)),
            # The run itself is the first line.
            parent=0 if span.parent is None else span.parent + 1,
            attributes=attributes,
            error=error,
            is_remote=span.kind in _REMOTE,
        )

    def _content(self, told: Told) -> Attributes:
        state = self._state
        part = None if told.part is None else state.parts[told.part]
        if told.span.kind == "tool" and isinstance(part, ToolPart):
            given = {"gen_ai.tool.call.arguments": part.arguments}
            if part.result is not None:
                given["gen_ai.tool.call.result"] = part.result
            return {name: self._text(text) for name, text in given.items()}
        if isinstance(part, DelegationPart):
            said = next(
                (one.text for one in _flat(values.delegations_of(state)) if one.task == part.task),
                "",
            )
            return {
                "gen_ai.input.messages": self._message("user", part.task),
                "gen_ai.output.messages": self._message("assistant", said, "stop"),
            }
        if told.block is not None and told.block < len(state.blocks):
            block = state.blocks[told.block]
            texts = {"powawidget.input": block.input, "powawidget.output": block.output}
            return {name: self._text(text) for name, text in texts.items() if text is not None}
        return {}

    def _message(self, role: str, text: str, reason: str | None = None) -> str:
        """Write a message as the conventions' schema of messages has it."""
        message: dict[str, Any] = {
            "role": role,
            "parts": [{"type": "text", "content": self._text(text)}],
        }
        if reason is not None:
            message["finish_reason"] = reason
        return json.dumps([message], ensure_ascii=False)

    def _kept(self, text: str) -> str:
        return self._redact(text)

    def _text(self, text: str) -> str:
        text = self._redact(text)
        return text if self._content_of is None else self._content_of(text)


def _flat(delegations: list[values.Delegation]) -> list[values.Delegation]:
    return [each for one in delegations for each in (one, *_flat(one.delegations))]


def _usage(usage: dict[str, int] | None) -> Attributes:
    known = usage or {}
    return {name: known[given] for given, name in _USAGE.items() if given in known}


def _nanoseconds(seconds: float) -> int:
    # Of a saved run that somebody made up; a span's time is a positive number of 64 bits.
    return min(max(0, round(seconds * 1e9)), 2**63 - 1)
