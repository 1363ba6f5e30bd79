"""What a batch needs of the agent, orchestration or workflow that it runs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from powawidget.approvals.policy import PolicyFunction
from powawidget.batch.deciding import UNASKED, Deciding
from powawidget.http.client import Client
from powawidget.http.held import BeforeLastByte
from powawidget.run.plan import Plan
from powawidget.state.about import About
from powawidget.state.model import Kind

Body = Mapping[str, Any]
Check = Callable[[str | None, Any], str]
# The body without what finds it again, the same with it, and what is awaited before its last byte.
MakePlan = Callable[[Body, Body, BeforeLastByte], Plan]


def fits(_text: str | None, _output: Any) -> str:
    """Check nothing of a result."""
    return ""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What runs for each row; `powawidget.resources.batching` makes it.

    Attributes:
        kind: agent, orchestration or workflow.
        id: Its id.
        name: Its name.
        client: The HTTP side.
        about: On which host and with which model it runs.
        new_session_id: Makes an id of a conversation that nobody guesses.
        session_of: Names the conversation of a row, by its key, where machines that share a batch
            have to name it alike.
        plan: Makes the plan of one row's run, which sends once and never again.
        stored: Fetches what the server has stored of a run, by its id.
        executions: Lists a workflow's latest executions.
        has_tools: Whether an agent has tools; None where that isn't known. False for others.
        makes_session: Whether the server has to make a row's conversation before its run, as for
            a user's own token (docs/protocol.md#rights).
        on_approval: Decides in place of a person on what its rows ask, where there is a policy.
        deciding: What follows from who decides.
        has_starter: Whether a workflow stores the variables that it was given.
        check: Called with the text and the output of a run that was completed; says in words what
            doesn't fit a schema, and the row is failed then, with its text kept.
    """

    kind: Kind
    id: str
    name: str
    client: Client
    about: About
    new_session_id: Callable[[], str]
    plan: MakePlan
    stored: Callable[[Client, str], Awaitable[Any]]
    executions: Callable[[Client], Awaitable[Sequence[Mapping[str, Any]]]] | None = None
    has_tools: bool | None = False
    makes_session: bool = False
    session_of: Callable[[str], str] | None = None
    has_starter: bool = False
    on_approval: PolicyFunction | None = None
    deciding: Deciding = UNASKED
    check: Check = fits
