"""What a caller reads of a run: plain values, detached from the live state."""

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from powawidget.errors import ConfigurationError
from powawidget.protocol.events import decode_exactly
from powawidget.state.dataframe import dataframe_of
from powawidget.state.model import (
    ApprovalPart,
    BlockStatus,
    Decision,
    DelegationPart,
    Gate,
    ParallelPart,
    RunState,
    TextPart,
    ToolPart,
    ToolStatus,
    WorkStatus,
)
from powawidget.state.model import Block as BlockState
from powawidget.state.parts import answer_parts

if TYPE_CHECKING:
    import pandas as pd


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """One tool call of a run (docs/protocol.md#agent-frames).

    Attributes:
        name: The tool's name.
        arguments: What it ran with, decoded.
        call_id: The provider's id, where there is one.
        step: The step of the run, from 1.
        status: running, waiting, done, failed, denied or interrupted.
        preview: The first characters of the result, as the live stream sends it
            (docs/protocol.md#result-preview).
        result: The whole result: text, or a decoded value where the server sent one; None until
            it is known.
        seconds: How long it took, without the time in which it waited for a decision.
        error: The result's text where the tool failed or was denied.
        asked: The arguments the model asked for, where a hook changed them
            (docs/protocol.md#changed-arguments).
    """

    name: str
    arguments: Any
    call_id: str | None
    step: int
    status: ToolStatus
    preview: str | None
    result: Any
    seconds: float | None
    error: str | None
    asked: Any = None

    def to_frame(self) -> "pd.DataFrame":
        """Make a pandas DataFrame of a result that is a table.

        Read are what pandas writes as JSON, in each of its orients (`records`, `split`, `index`,
        `columns`, `values`, `table`); rows beside the names of their columns (`{"columns": [...],
        "rows": [...]}`); lists of one length by column; an object that holds one list of records;
        one flat record; JSON or CSV text of these; and MCP's content of one such text.

        Returns:
            A row for each record, in their order.

        Raises:
            MissingPackageError: If pandas isn't installed.
            InvalidValueError: If the result isn't a table.
            ConfigurationError: If the call has no whole result.
        """
        if self.result is None or self.error is not None:
            raise ConfigurationError(
                f"The call of {self.name!r} has no whole result ({self.status}): wait for the "
                "run's end with run.wait(), and look at the call's error."
            )
        result = self.result
        if isinstance(result, str) and result:
            result = decoded(result)
        return dataframe_of(result, self.name)


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """One request for approval, and what became of it (docs/protocol.md#gates).

    Attributes:
        tool_name: The gated tool; empty where the answer or the start of the run is gated.
        arguments: What would run, decoded. Of a key that comes twice it gives the last value, and
            both among its items.
        arguments_hash: SHA-256 over the exact arguments.
        message: What the hook says to the person.
        covers: call, answer or start.
        decision: pending, sending, approved, denied, expired, superseded, unknown or undecided.
        by: Who decided: click (a person, in the notebook); code (`run.approve()`, `run.deny()`);
            policy, or `policy: NAME` of one that has a name; stop, where it was denied because the
            run was stopped; deadline, where it expired; elsewhere, where the server did something
            else than what was sent from here, if anything was. None as long as nobody has decided,
            and where a run went on or ended without an answer.
        reason: The reason that was given.
        asked_at: When, in seconds since the epoch.
        decided_at: When, in seconds since the epoch.
        waited: How long the run waited, in seconds.
        outcome: What the server did with it.
    """

    tool_name: str
    arguments: Any
    arguments_hash: str
    message: str
    covers: Gate
    decision: Decision
    by: str | None
    reason: str | None
    asked_at: float
    decided_at: float | None
    waited: float | None
    outcome: str | None


class Delegation(msgspec.Struct, frozen=True, kw_only=True):
    """What one agent did for an orchestration (docs/protocol.md#child-frames).

    Attributes:
        agent: Its name; empty where the server sends none, for agents that work in parallel.
        task: What it was asked.
        status: running, done, failed or interrupted.
        text: What it said.
        tool_calls: Its tool calls, in order.
        usage: Counts of tokens, by name.
        seconds: How long it took.
        delegations: What other agents did for it.
    """

    agent: str
    task: str
    status: WorkStatus
    text: str
    tool_calls: list[ToolCall]
    usage: dict[str, int] | None
    seconds: float | None
    delegations: list["Delegation"]


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One block of a workflow (docs/protocol.md#block-failure).

    Attributes:
        id: Its id in the graph.
        name: Its name.
        type: starter, agent, code, condition, response and the like.
        status: pending, running, done, failed, skipped, not_reached or interrupted.
        input: What went in, decoded; None until the server has sent it.
        output: What came out, decoded.
        error: Why it failed, where the server says so.
        text: What an agent block has said so far.
        seconds: How long it took.
    """

    id: str
    name: str
    type: str
    status: BlockStatus
    input: Any
    output: Any
    error: str | None
    text: str
    seconds: float | None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a workflow is, in blocks (docs/protocol.md#skipped-blocks).

    Attributes:
        done: Blocks that ran and gave something.
        failed: Blocks that ran and failed; the workflow goes on without them.
        skipped: Blocks that weren't to run: a branch not taken, after a failure, or disabled.
        total: All blocks; those that have begun, where the graph isn't known.
    """

    done: int
    failed: int
    skipped: int
    total: int


class RunResult(msgspec.Struct, frozen=True, kw_only=True, weakref=True):
    """What a completed run came to.

    Attributes:
        text: The answer (docs/protocol.md#text-content and #orchestration-answer).
        tool_calls: The tool calls, in order.
        reasoning: The model's thinking.
        usage: Counts of tokens, by name.
        run_id: The server's id of the run.
        session_id: The conversation; pass it to the next run to go on with it.
        seconds: How long the run took.
        output: What a workflow gave, decoded.
        delegations: What each agent did, of an orchestration.
        blocks: The blocks, of a workflow.
    """

    text: str
    tool_calls: list[ToolCall]
    reasoning: str
    usage: dict[str, int] | None
    run_id: str | None
    session_id: str | None
    seconds: float | None
    output: Any = None
    delegations: list[Delegation] = msgspec.field(default_factory=list)
    blocks: list[Block] = msgspec.field(default_factory=list)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        facts = [f"{len(self.text):,} characters", f"{len(self.tool_calls)} tool calls"]
        if self.usage and "total_tokens" in self.usage:
            facts.append(f"{self.usage['total_tokens']:,} tokens")
        if self.seconds is not None:
            facts.append(f"{self.seconds:.1f} s")
        return f"<RunResult: {', '.join(facts)}>"


def text_of(state: RunState) -> str:
    """Join the parts of the answer.

    A workflow's is its output: as it is where it is text, else as JSON text; nothing for null.
    """
    if state.kind != "workflow" or state.output is None:
        return _joined(state, answer_parts(state))
    output = decoded(state.output)
    if output is None:
        return ""
    return output if isinstance(output, str) else state.output


def reasoning_of(state: RunState) -> str:
    """Join the thoughts of a run, a blank line between two."""
    return "\n\n".join(str(thought.text) for thought in state.reasoning.thoughts)


def tool_calls_of(state: RunState) -> list[ToolCall]:
    """List the tool calls of a run."""
    return [_tool_call(part) for part in state.parts if isinstance(part, ToolPart)]


def delegations_of(state: RunState) -> list[Delegation]:
    """List what each agent did for an orchestration, in the order in which they began."""
    inside: dict[int | None, list[int]] = {}
    for index, part in enumerate(state.parts):
        if not isinstance(part, ApprovalPart):
            inside.setdefault(part.within, []).append(index)
    tops = [
        index
        for index, part in enumerate(state.parts)
        if isinstance(part, DelegationPart)
        and (part.within is None or isinstance(state.parts[part.within], ParallelPart))
    ]
    return _delegations(state, tops, inside)


def blocks_of(state: RunState) -> list[Block]:
    """List the blocks of a workflow, in the order of its graph."""
    return [_block(block) for block in state.blocks]


def output_of(state: RunState) -> Any:
    """Return what a workflow gave, decoded."""
    return None if state.output is None else decoded(state.output)


def progress_of(state: RunState) -> Progress | None:
    """Count the blocks of a workflow by how they ended."""
    if state.kind != "workflow":
        return None
    ended = [block.status for block in state.blocks]
    return Progress(
        done=ended.count("done"),
        failed=ended.count("failed"),
        skipped=ended.count("skipped"),
        total=len(ended),
    )


def approvals_of(state: RunState) -> list[Approval]:
    """List the requests for approval of a run."""
    return [approval_of(part) for part in state.parts if isinstance(part, ApprovalPart)]


def approval_of(part: ApprovalPart) -> Approval:
    """Tell of one request what a caller reads of it."""
    decided = part.decided_at
    return Approval(
        tool_name=part.tool_name,
        arguments=decoded(part.arguments, decode_exactly),
        arguments_hash=hashlib.sha256(part.arguments.encode()).hexdigest(),
        message=part.message,
        covers=part.covers,
        decision=part.decision,
        by=part.by,
        reason=part.reason,
        asked_at=part.asked_at,
        decided_at=decided,
        waited=None if decided is None else max(0.0, round(decided - part.asked_at, 3)),
        outcome=part.outcome,
    )


def seconds_of(state: RunState) -> float | None:
    """Tell how long a run took, or None while it is live."""
    if state.started is None or state.ended is None:
        return None
    return max(0.0, round(state.ended - state.started, 3))


def _joined(state: RunState, indices: list[int]) -> str:
    texts = [state.parts[index] for index in indices]
    return "".join(str(part.text) for part in texts if isinstance(part, TextPart))


def _delegations(
    state: RunState, indices: list[int], inside: dict[int | None, list[int]]
) -> list[Delegation]:
    parts = ((index, state.parts[index]) for index in indices)
    return [
        _delegation(state, inside.get(index, []), inside, part)
        for index, part in parts
        if isinstance(part, DelegationPart)
    ]


def _delegation(
    state: RunState,
    own: list[int],
    inside: dict[int | None, list[int]],
    part: DelegationPart,
) -> Delegation:
    cards = [state.parts[i] for i in own]
    return Delegation(
        agent=part.agent,
        task=part.task,
        status=part.status,
        text=_joined(state, own),
        tool_calls=[_tool_call(card) for card in cards if isinstance(card, ToolPart)],
        usage=None if part.usage is None else dict(part.usage),
        seconds=part.seconds,
        delegations=_delegations(state, own, inside),
    )


def _block(block: BlockState) -> Block:
    return Block(
        id=block.id,
        name=block.name,
        type=block.type,
        status=block.status,
        input=None if block.input is None else decoded(block.input),
        output=None if block.output is None else decoded(block.output),
        error=block.error,
        text=str(block.text),
        seconds=block.seconds,
    )


def own_seconds(part: ToolPart) -> float | None:
    """Tell how long a call took without its wait for a decision, or None where nobody knows."""
    return None if part.seconds is None else round(max(0.0, part.seconds - part.waited), 3)


def _tool_call(part: ToolPart) -> ToolCall:
    bad = part.status in {"failed", "denied"}
    preview = part.result if part.result is None else part.result[:200]
    result = None
    if part.full and part.result is not None:
        result = decoded(part.result) if part.json else part.result
    return ToolCall(
        name=part.name,
        arguments=decoded(part.arguments),
        call_id=part.call_id,
        step=part.step,
        status=part.status,
        preview=preview,
        result=result,
        seconds=own_seconds(part),
        error=part.result if bad else None,
        asked=None if part.asked is None else decoded(part.asked),
    )


def decoded(text: str, decode: Callable[[str], Any] = json.loads) -> Any:
    """Decode JSON text of the state; text that isn't JSON stays as it is."""
    if not text:
        return {}
    try:
        return decode(text)
    except (ValueError, RecursionError):
        return text
