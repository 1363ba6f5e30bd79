"""All agents of a server, their sessions and runs.

The shapes are those the real service answers with (docs/protocol.md#endpoints).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from powawidget.local import limits
from powawidget.local.agents.approvals import Slot
from powawidget.local.agents.records import Run, Session
from powawidget.local.agents.script import KNOWLEDGE_SEARCH, MCP, knowledge_base_id
from powawidget.local.ids import drawn_id, fixed_id, now, short_id
from powawidget.local.retention import Retention

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Mapping

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

    def new_run(self, agent_id: str, body: Mapping[str, Any]) -> tuple[Run, bool]:
        """Begin a run.

        Args:
            agent_id: The agent's id.
            body: The request's body, checked. An unknown conversation begins under its id.

        Returns:
            The run, and whether its session is new.
        """
        session_id = body.get("session_id")
        session = self.sessions.get(session_id) if session_id else None
        is_new = session is None
        if session is None:
            session = self.new_session(agent_id, session_id)
        agent = self.all[agent_id]
        run = Run(
            self.new_run_id(),
            drawn_id(self._generator),
            agent,
            session,
            str(body["message"]),
            has_tools=agent.has_tools or bool(body.get("runtime_knowledge_bases")),
            citations=_citations(body),
        )
        if any(hook.type == "approval" for hook in agent.hooks) and run.has_tools:
            run.slot = Slot()
        session.runs.append(run)
        self.runs[run.run_id] = run
        self.begun += 1
        return run, is_new

    def new_session(self, agent_id: str, session_id: str | None = None) -> Session:
        """Begin a conversation.

        Args:
            agent_id: The agent's id.
            session_id: The conversation's; one is drawn where it isn't given.
        """
        chosen = session_id or short_id("sess_", self._generator)
        session = Session(chosen, drawn_id(self._generator), agent_id)
        self.sessions[chosen] = session
        return session

    def prepare_session(self, agent_id: str) -> Session:
        """Begin a conversation before its first run; the oldest that got none makes room."""
        empty = [one.session_id for one in self.sessions.values() if not one.runs]
        if len(empty) >= limits.KEPT:
            del self.sessions[empty[0]]
        return self.new_session(agent_id)

    def new_run_id(self) -> str:
        """Draw the id of a run."""
        return short_id("run_", self._generator)

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
            if not tool.name.startswith(MCP) and tool.name != KNOWLEDGE_SEARCH
        ]

    def mcp_servers_json(self, agent_id: str) -> list[dict[str, Any]]:
        """Answer `GET /api/agents/{id}/mcp-servers`."""
        return [
            {
                "config": {},
                "created_at": self._started_at,
                "enabled": True,
                "headers": {},
                "id": fixed_id(f"{agent_id} mcp server {name}"),
                "name": name,
                "transport": "http",
                "updated_at": self._started_at,
                "url": f"https://{name}.example/mcp",
            }
            for name in self.all[agent_id].mcp_servers
        ]

    def knowledge_bases_json(self, agent_id: str) -> list[dict[str, Any]]:
        """Answer `GET /api/agents/{id}/knowledge-bases`."""
        return [
            {
                "config": {},
                "id": fixed_id(f"{agent_id} knowledge base {name}"),
                "knowledge_base_id": knowledge_base_id(name),
            }
            for name in self.all[agent_id].knowledge_bases
        ]

    @property
    def knowledge_bases(self) -> frozenset[str]:
        """The ids of all knowledge bases there are."""
        names = (name for agent in self.all.values() for name in agent.knowledge_bases)
        return frozenset(map(knowledge_base_id, names))

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


def _citations(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    items = body.get("context_items")
    if not isinstance(items, list) or not body.get("citations_enabled"):
        return []
    return [
        {
            "item_id": None,
            "key": str(number),
            "meta": item.get("meta") or {},
            "source_id": None,
            "source_name": "",
            "text_excerpt": str(item.get("text") or ""),
        }
        for number, item in enumerate(items, 1)
        if isinstance(item, dict)
    ]
