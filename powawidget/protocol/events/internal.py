"""Events that are made here and never sent."""

from typing import Literal, final

import msgspec

from powawidget.protocol.events.agent import ReportedCall
from powawidget.protocol.events.event import BaseEvent


@final
class Withheld(BaseEvent, frozen=True, kw_only=True):
    """Streamed text that a hook took back: only that there was some is kept."""

    name: str


@final
class Interrupted(BaseEvent, frozen=True, kw_only=True):
    """The stream ended without its terminal event."""

    title: str
    message: str
    hint: str | None = None
    code: str | None = None


@final
class Ended(BaseEvent, frozen=True, kw_only=True):
    """The body ended in an orderly way."""


@final
class Stopped(BaseEvent, frozen=True, kw_only=True):
    """A person stopped the run."""

    message: str


@final
class DecisionMade(BaseEvent, frozen=True, kw_only=True):
    """Somebody here decided on these requests; it is on its way."""

    digests: list[str]
    choice: Literal["approve", "deny"]
    by: str
    reason: str | None


@final
class DecisionNoted(BaseEvent, frozen=True, kw_only=True):
    """What became of sending a decision.

    `decision` is sending, unknown, or pending where nothing was sent and it may be made again.
    `delivery` is how far it is, where that is known.
    """

    digests: list[str]
    decision: Literal["pending", "sending", "unknown"]
    outcome: str
    delivery: Literal["sending", "again", "taken"] | None = None


@final
class DeadlineKnown(BaseEvent, frozen=True, kw_only=True):
    """Until when a request can be decided."""

    digest: str
    deadline: float
    closes: float


@final
class OutcomeKnown(BaseEvent, frozen=True, kw_only=True):
    """What the server did with a run that ended here without its end: it is known only later."""

    text: str


@final
class UsageKnown(BaseEvent, frozen=True, kw_only=True):
    """How many tokens a run has cost, which its stream didn't say."""

    usage: dict[str, int] | None


@final
class Troubled(BaseEvent, frozen=True, kw_only=True):
    """Something of ours failed or ended beside the run, which goes on or is over all the same."""

    text: str


@final
class NotKept(BaseEvent, frozen=True, kw_only=True):
    """The run won't be given again in place of another, though that was asked for."""

    text: str


@final
class Rated(BaseEvent, frozen=True, kw_only=True):
    """A person has rated the run; without a thumb it can be, or the rating was taken back."""

    thumb: Literal["up", "down"] | None
    note: str


@final
class Refused(BaseEvent, frozen=True, kw_only=True):
    """The run never began."""

    title: str
    message: str
    code: str | None = None
    hint: str | None = None


@final
class Opened(BaseEvent, frozen=True, kw_only=True):
    """The server answered and the stream is open."""


@final
class AgentsKnown(BaseEvent, frozen=True, kw_only=True):
    """The names of the agents of an orchestration, which were read before its run."""

    names: list[str]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call of a stored agent; `result` is its preview, where it has come to one."""

    call_id: str
    tool_name: str
    arguments: str
    result: str | None
    seconds: float | None


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """One agent's run within an orchestration, as it is stored.

    `texts` is all that it said, a new text after each tool call, where that is stored; `answer` is
    the last of it. `asked` are its calls, `thoughts` its thinking step by step. `position` is
    which of the steps or delegations it is, from 0, where what is stored shows it.
    """

    child_id: str | None
    status: str
    texts: list[str]
    thoughts: list[str]
    asked: list[Asked]
    steps: int | None
    usage: dict[str, int] | None
    seconds: float | None
    tool_calls: list[ReportedCall]
    answer: str
    position: int | None = None


@final
class StoredChildren(BaseEvent, frozen=True, kw_only=True):
    """What the server has stored of an orchestration's agents."""

    children: list[Child]


class GraphBlock(msgspec.Struct, frozen=True, kw_only=True):
    """One block of a workflow's graph."""

    id: str
    name: str
    type: str


@final
class GraphKnown(BaseEvent, frozen=True, kw_only=True):
    """The blocks of a workflow in the order they run, which were read before its run."""

    blocks: list[GraphBlock]


class StoredBlock(msgspec.Struct, frozen=True, kw_only=True):
    """One block of an execution as it is logged; `input` and `output` are JSON text."""

    id: str
    name: str
    type: str
    failed: bool
    input: str | None
    output: str | None
    error: str | None
    seconds: float | None


@final
class StoredBlocks(BaseEvent, frozen=True, kw_only=True):
    """What the server has logged of a workflow's blocks, in the order they ran."""

    blocks: list[StoredBlock]


@final
class Waiting(BaseEvent, frozen=True, kw_only=True):
    """A pause begins: before a request is sent again, or before a run is looked up.

    `until` is in seconds since the epoch, `attempt` the number of the try that comes after it.
    """

    purpose: Literal["retry", "look_up"]
    why: str
    until: float
    attempt: int


@final
class WaitOver(BaseEvent, frozen=True, kw_only=True):
    """The pause is over: the next try begins, or there is none."""


InternalEvent = (
    Withheld
    | Interrupted
    | Ended
    | Stopped
    | DecisionMade
    | DecisionNoted
    | DeadlineKnown
    | OutcomeKnown
    | UsageKnown
    | Troubled
    | NotKept
    | Rated
    | Refused
    | Opened
    | AgentsKnown
    | StoredChildren
    | GraphKnown
    | StoredBlocks
    | Waiting
    | WaitOver
)
