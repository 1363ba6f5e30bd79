"""What a batch needs of the agent, orchestration or workflow that it runs."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from powawidget.http.client import Client
from powawidget.run.plan import Plan
from powawidget.state.model import Kind

Mark = Callable[[], Awaitable[None]]
Check = Callable[[str | None, Any], str]


class MakePlan(Protocol):
    """Makes the plan of one row's run."""

    def __call__(self, client: Client, body: Mapping[str, Any], *, message: str) -> Plan:
        """Make a plan; its source is given by the attempt."""


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
        has_tools: Whether an agent has tools; None where that isn't known. False for others.
        check: Called with the text and the output of a run that was completed; says in words what
            doesn't fit a schema, and the row is failed then, with its text kept.
    """

    kind: Kind
    id: str
    name: str
    client: Client
    has_tools: bool | None = False
    check: Check = fits
