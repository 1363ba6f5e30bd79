"""All agents of a server, their sessions and runs.

The shapes are those the real service answers with (docs/protocol.md#endpoints).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from powawidget.local.agents.approvals import Slot
from powawidget.local.agents.records import Run, Session
from powawidget.local.ids import drawn_id, fixed_id, now, short_id
from powawidget.local.retention import Retention

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from powawidget.local.agents.script import Agent


class AgentStore:
    """All agents of one server, their sessions and runs.

    Args:
        agents: The agents, in the order they are listed.
        generator: Where the ids come from.
    """

    def __init__(self, agents: Iterable[Agent], generator: random.Random) -> None:
        self._generator = generator
        self._started_at = now()
        self.all = {agent.id: agent for agent in agents}
        self.sessions: dict[str, Session] = {}
        self.runs: dict[str, Run] = {}
        self.begun = 0  # runs, also those that aren't kept any more
        self._retention = Retention(self._drop)

    def new_run(self, agent_id: str, message: str, session_id: str | None) -> tuple[Run, bool]:
        """Begin a run.

        Args:
            agent_id: The agent's id.
            message: What was asked.
            session_id: The conversation to go on with; an unknown one begins under that id.

        Returns:
            The run, and whether its session is new.
        """
        session = self.sessions.get(session_id) if session_id else None
        is_new = session is None
        if session is None:
            session = Session(
                session_id or short_id("sess_", self._generator),
                drawn_id(self._generator),
                agent_id,
            )
            self.sessions[session.session_id] = session
        agent = self.all[agent_id]
        run = Run(
            short_id("run_", self._generator), drawn_id(self._generator), agent, session, message
        )
        if any(hook.type == "approval" for hook in agent.hooks) and agent.tools:
            run.slot = Slot()
        session.runs.append(run)
        self.runs[run.run_id] = run
        self.begun += 1
        return run, is_new

    def settle(self, run: Run) -> None:
        """Note that nothing works on a run any more: it is kept as long as there is room."""
        self._retention.add(run.run_id, run.as_json())

    def sessions_of(self, agent_id: str) -> list[Session]:
        """List an agent's sessions, the newest first."""
        return [s for s in reversed(self.sessions.values()) if s.agent_id == agent_id]

    def as_json(self, agent_id: str) -> dict[str, Any]:
        """Answer `GET /api/agents/{id}`."""
        agent = self.all[agent_id]
        return {
            "created_at": self._started_at,
            "id": agent_id,
            "model": agent.model,
            "name": agent.name,
            "settings": {},
            "system_prompt": agent.system_prompt,
            "updated_at": self._started_at,
        }

    def entry(self, agent_id: str) -> dict[str, Any]:
        """Answer one entry of `GET /api/agents`."""
        runs = [run for run in self.runs.values() if run.session.agent_id == agent_id]
        return self.as_json(agent_id) | {
            "last_run_at": runs[-1].created_at if runs else None,
            "session_count": len(self.sessions_of(agent_id)),
            "total_runs": len(runs),
        }

    def tools_json(self, agent_id: str) -> list[dict[str, Any]]:
        """Answer `GET /api/agents/{id}/tools`."""
        return [
            {
                "config_override": {},
                "id": fixed_id(f"{agent_id} tool {tool.name}"),
                "tool_id": None,
                "tool_name": tool.name,
                "tool_type": "builtin",
            }
            for tool in self.all[agent_id].tools
        ]

    def hooks_json(self, agent_id: str) -> list[dict[str, Any]]:
        """Answer `GET /api/agents/{id}/hooks`."""
        return [
            {
                "config": {"message": hook.message}
                | ({} if hook.timeout is None else {"timeout": hook.timeout}),
                "created_at": self._started_at,
                "enabled": True,
                "event": hook.event,
                "id": self.all[agent_id].hook_id(position),
                "matcher": hook.matcher,
                "position": position,
                "type": hook.type,
            }
            for position, hook in enumerate(self.all[agent_id].hooks)
        ]

    def _drop(self, run_id: str) -> None:
        session = self.runs.pop(run_id).session
        session.runs = [run for run in session.runs if run.run_id != run_id]
        if not session.runs:
            del self.sessions[session.session_id]
