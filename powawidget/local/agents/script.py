"""What a scripted model may do: the parts its script yields, one after another.

A script is a generator. It yields parts (`Think`, `Say`, `Calls`, ...) and gets back, for
`Calls`, the list of the tools' results as text, in the order of the calls. So an answer can be
computed from what a tool really returned.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from powawidget.local.ids import fixed_id

if TYPE_CHECKING:
    import random

    from powawidget.local.channel import Channel
    from powawidget.local.database import Database


MCP = "mcp__"
KNOWLEDGE_SEARCH = "knowledge_search"


def knowledge_base_id(name: str) -> str:
    """The id of a knowledge base, the same at every start."""
    return fixed_id(f"knowledge base {name}")


@dataclass(frozen=True)
class Think:
    """Thinking text, streamed as reasoning.

    Args:
        text: The text; several in one step are one reasoning.
    """

    text: str


@dataclass(frozen=True)
class Say:
    """Answer text, streamed token by token.

    Args:
        text: The text.
        size: Characters a token; None splits at the spaces between words.
    """

    text: str
    size: int | None = None


@dataclass(frozen=True)
class Call:
    """One tool call.

    Args:
        tool: The tool's name.
        arguments: Its arguments.
        seconds: How long it seems to take at 60 tokens a second; None takes the tool's own.
    """

    tool: str
    arguments: dict[str, Any]
    seconds: float | None = None


@dataclass(frozen=True, init=False)
class Calls:
    """The tool calls that end a step; yields back their results in this order.

    Read-only tools run at the same time, all others one after another
    (docs/protocol.md#call-order).

    Args:
        calls: The calls.
    """

    calls: tuple[Call, ...]

    def __init__(self, *calls: Call) -> None:
        object.__setattr__(self, "calls", calls)


@dataclass(frozen=True)
class Pause:
    """A silence.

    Args:
        seconds: How long; infinity stalls until the client or the server goes.
    """

    seconds: float


@dataclass(frozen=True)
class Act:
    """Anything else: what no model says, but a server may do.

    Args:
        act: Does it to the run's channel; raising `Stopped` ends the run.
    """

    act: Callable[[Channel], None]


@dataclass(frozen=True)
class Fail:
    """The model's failure, as an error of the run (docs/protocol.md#model-errors).

    Args:
        error: The error's text.
    """

    error: str


Part: TypeAlias = Think | Say | Calls | Pause | Act | Fail
Script: TypeAlias = Generator[Part, list[str], None]


@dataclass(frozen=True)
class Turn:
    """What a script knows about the turn it answers.

    Args:
        message: The person's message.
        history: The session's completed turns before this one, as (message, answer).
        database: The sample database.
        random: The run's own generator, seeded.
        options: The request's body.
    """

    message: str
    history: tuple[tuple[str, str], ...]
    database: Database
    random: random.Random
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Tool:
    """A tool an agent may call.

    Args:
        name: Its name.
        run: From the arguments to the result as text, at once or awaited; what it raises
            becomes a result that starts with "Error: ".
        read_only: Whether several calls may run at the same time.
        seconds: The shortest and longest time it seems to take at 60 tokens a second.
    """

    name: str
    run: Callable[[dict[str, Any]], str | Awaitable[str]]
    read_only: bool = True
    seconds: tuple[float, float] = (0.4, 1.5)


@dataclass(frozen=True)
class Hook:
    """A hook of an agent: an approval by a person, or an edit by a machine.

    Args:
        event: When it runs.
        type: "approval" waits for a person, "http" applies `edit`.
        matcher: The tool it guards; None guards all.
        message: What the person is asked.
        timeout: Seconds until an approval expires; None is the service's default of 300 and
            stays out of the hook's configuration.
        edit: For "http": from the arguments (PreToolUse) or the answer (PreResponse) to the
            changed ones.
    """

    event: Literal["PreToolUse", "PreResponse", "OnRunStart"]
    type: Literal["approval", "http"] = "approval"
    matcher: str | None = None
    message: str = "Please approve this call"
    timeout: float | None = None
    edit: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Agent:
    """A scripted agent.

    Args:
        name: Its name; its id is made from it.
        script: From a turn to its parts.
        tools: Its tools. One whose name begins `mcp__SERVER__` comes from an MCP server, and
            `knowledge_search` from its knowledge bases. With none it streams as an agent without
            tools does, which has no steps, hooks or keepalives (docs/protocol.md#two-kinds).
        hooks: Its hooks, in the order they run.
        system_prompt: What `GET /api/agents` shows.
        model: Likewise.
        tokens_per_second: Its own rate; None takes the server's.
        knowledge_bases: The names of those that are attached to it.
    """

    name: str
    script: Callable[[Turn], Script]
    tools: tuple[Tool, ...] = ()
    hooks: tuple[Hook, ...] = ()
    system_prompt: str = "You are a helpful assistant."
    model: str = "scripted"
    tokens_per_second: float | None = None
    knowledge_bases: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its id, the same at every start."""
        return fixed_id(self.name)

    @property
    def has_tools(self) -> bool:
        """Whether it streams as an agent with tools (docs/protocol.md#what-is-a-tool)."""
        return bool(self.tools or self.knowledge_bases)

    @property
    def mcp_servers(self) -> tuple[str, ...]:
        """The names of the MCP servers that its tools come from."""
        named = (tool.name.split("__") for tool in self.tools if tool.name.startswith(MCP))
        return tuple(dict.fromkeys(parts[1] for parts in named))

    def hook_id(self, position: int) -> str:
        """The id of the hook at that position."""
        return fixed_id(f"{self.id} hook {position}")
