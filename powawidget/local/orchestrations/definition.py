"""What an orchestration is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from powawidget.local.ids import fixed_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from powawidget.local.agents.script import Agent, Script, Turn

_NO_TOOL_NAME = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True)
class Member:
    """An agent's place in an orchestration.

    Args:
        agent: The agent. Its hooks aren't applied here (docs/protocol.md#approvals-elsewhere).
        role: What it is there for.
        script: What its model does there; None is what it does alone.
    """

    agent: Agent
    role: str
    script: Callable[[Turn], Script] | None = None

    @property
    def tool_name(self) -> str:
        """The tool by which a supervisor delegates to it."""
        return f"delegate_to_{_NO_TOOL_NAME.sub('_', self.agent.name)}"


def _silent(_turn: Turn) -> Script:
    yield from ()


@dataclass(frozen=True)
class Orchestration:
    """Several agents at work on one message.

    Args:
        name: Its name; its id is made from it.
        strategy: supervisor, sequential or parallel. Any other fails when it is run.
        members: The agents, in their order.
        script: What the supervisor writes and delegates, or what the merge after parallel agents
            writes: there the turn's message is what the agents wrote. A sequential one has none.
        description: What `GET /api/orchestrations` shows.
        model: Likewise.
    """

    name: str
    strategy: str
    members: tuple[Member, ...] = ()
    script: Callable[[Turn], Script] = _silent
    description: str = ""
    model: str = "scripted"

    @property
    def id(self) -> str:
        """Its id, the same at every start."""
        return fixed_id(f"orchestration {self.name}")

    @property
    def settings(self) -> dict[str, Any]:
        """What the service keeps beside it."""
        return {"model": self.model}

    def entities(self) -> list[dict[str, Any]]:
        """Answer `GET /api/orchestrations/{id}/entities`: ids of agents, without their names."""
        return [
            {
                "config": {},
                "entity_ref_id": member.agent.id,
                "entity_type": "agent",
                "id": fixed_id(f"{self.id} entity {position}"),
                "position": position,
                "role_description": member.role,
            }
            for position, member in enumerate(self.members)
        ]

    def as_json(self) -> dict[str, Any]:
        """Answer `GET /api/orchestrations/{id}`."""
        return {
            "description": self.description,
            "entities": self.entities(),
            "id": self.id,
            "name": self.name,
            "orchestrator_config": self.settings,
            "settings": self.settings,
            "strategy": self.strategy,
        }
