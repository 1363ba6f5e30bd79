"""What there is to check of a run. Pure: it is read from the run's state, after withholding."""

from dataclasses import dataclass
from typing import Any

from powawidget.state import values
from powawidget.state.model import ENDED, Kind, RunState, RunStatus
from powawidget.state.tokens import tokens_of


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a run has done so far.

    Attributes:
        kind: agent, orchestration or workflow.
        name: What ran.
        status: How it stands.
        failure: Why it failed, in a line; empty where it didn't.
        calls: Its tool calls, those of an orchestration's agents too, in order.
        approvals: Its requests for approval, in order.
        delegations: The agents of an orchestration, in the order in which they began.
        blocks: The blocks of a workflow.
        tokens: How many it used; None where nobody knows.
        seconds: How long it took; None while it goes on.
        text: The answer.
        output: What a workflow gave, decoded.
        is_over: Whether nothing more will come.
    """

    kind: Kind
    name: str
    status: RunStatus
    failure: str
    calls: list[values.ToolCall]
    approvals: list[values.Approval]
    delegations: list[values.Delegation]
    blocks: list[values.Block]
    tokens: int | None
    seconds: float | None
    text: str
    output: Any
    is_over: bool


def facts_of(state: RunState, *, is_settled: bool = True) -> Facts:
    """Read what there is to check of a run.

    Args:
        state: The run, over or not.
        is_settled: Whether nothing of it is still looked up, if it is over.
    """
    failure = state.error
    return Facts(
        kind=state.kind,
        name=state.name,
        status=state.status,
        failure="" if failure is None else f"{failure.title}: {failure.message}",
        calls=values.tool_calls_of(state),
        approvals=values.approvals_of(state),
        delegations=list(_all(values.delegations_of(state))),
        blocks=values.blocks_of(state),
        tokens=tokens_of(state),
        seconds=values.seconds_of(state),
        text=values.text_of(state),
        output=values.output_of(state),
        is_over=is_settled and state.status in ENDED,
    )


def _all(delegations: list[values.Delegation]) -> list[values.Delegation]:
    every: list[values.Delegation] = []
    for one in delegations:
        every += [one, *_all(one.delegations)]
    return every
