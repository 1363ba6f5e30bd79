"""What the server remembers: sessions, and the runs in them.

The shapes are those the real service answers with (docs/protocol.md#endpoints and #stored-run).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from powawidget.local.agents.approvals import Slot
from powawidget.local.retention import Retention

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from powawidget.local.agents.script import Agent
    from powawidget.local.dialects import Frame

USER_ID = "11111111-1111-4111-8111-111111111111"
GONE = "Client disconnected before LLM streaming started"
_NAMES = uuid.UUID("6f0d7c1e-52a4-4f5b-9f0e-3f2f7a1f9b11")


def now() -> str:
    """The time, as the service writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def fixed_id(name: str) -> str:
    """Make an id that is the same at every start."""
    return str(uuid.uuid5(_NAMES, name))


def drawn_id(generator: random.Random) -> str:
    """Draw a database id."""
    return str(uuid.UUID(int=generator.getrandbits(128), version=4))


@dataclass
class Session:
    """A conversation.

    Args:
        session_id: The id clients use.
        id: The database's id.
        agent_id: Whose conversation it is.
    """

    session_id: str
    id: str
    agent_id: str
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)
    runs: list[Run] = field(default_factory=list)

    @property
    def history(self) -> tuple[tuple[str, str], ...]:
        """The completed turns; a failed run is forgotten, its message included."""
        return tuple((run.message, run.content) for run in self.completed)

    @property
    def completed(self) -> list[Run]:
        """The runs that went well."""
        return [run for run in self.runs if run.status == "completed"]

    def as_json(self) -> dict[str, Any]:
        """Answer `GET /api/sessions/{sid}`."""
        return {
            "agent_id": self.agent_id,
            "created_at": self.created_at,
            "id": self.id,
            "metadata": {},
            "session_data": {},
            "session_id": self.session_id,
            "updated_at": self.updated_at,
            "user_id": USER_ID,
        }

    def summary(self) -> dict[str, Any]:
        """Answer one entry of `GET /api/agents/{id}/sessions`."""
        return {
            "created_at": self.created_at,
            "first_message": self.runs[0].message if self.runs else None,
            "last_activity_at": self.runs[-1].created_at if self.runs else self.created_at,
            "run_count": len(self.runs),
            "session_id": self.session_id,
        }

    def messages(self) -> list[dict[str, Any]]:
        """Answer `GET /api/sessions/{sid}/messages`."""
        return [
            {"content": content, "role": role, "run_id": run.run_id, "timestamp": run.created_at}
            for run in self.completed
            for role, content in (("user", run.message), ("assistant", run.content))
        ]


@dataclass
class Run:
    """A run as it is stored.

    Args:
        run_id: The id clients use.
        id: The database's id.
        agent: Whose run it is.
        session: The conversation it belongs to.
        message: What was asked.
    """

    run_id: str
    id: str
    agent: Agent
    session: Session
    message: str
    status: str = "running"
    content: str = ""
    error: str | None = None
    steps: int | None = None
    usage: dict[str, int] | None = None
    events: list[Frame] | None = None
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    reasoning_steps: list[dict[str, Any]] | None = None
    slot: Slot | None = None  # where decisions arrive, while the engine works on the run
    created_at: str = field(default_factory=now)
    completed_at: str | None = None

    @property
    def over(self) -> bool:
        """Whether its result is stored."""
        return self.status != "running"

    def finish(
        self,
        complete: Frame,
        events: list[Frame],
        reasoning_steps: list[dict[str, Any]],
        usage: dict[str, int] | None,
    ) -> None:
        """Store how it ended, unless its client had gone and it was stored as failed."""
        if self.over:
            return
        self.content = complete["content"]
        self.error = complete["error"]
        self.steps = complete.get("steps")
        self.tool_calls = complete.get("tool_calls", [])
        self.usage = usage
        self.events = events or None
        before = self._steps_before()
        self.reasoning_steps = before + [
            step | {"step": len(before) + step["step"]} for step in reasoning_steps
        ]
        self._close(complete["status"])

    def lose(self) -> None:
        """Store it as failed because its client has gone."""
        self.fail(GONE)

    def fail(self, error: str) -> None:
        """Store it as failed, with nothing of what it did."""
        if not self.over:
            self.error = error
            self._close("failed")

    def _close(self, status: str) -> None:
        self.status = status
        self.completed_at = self.session.updated_at = now()

    def _steps_before(self) -> list[dict[str, Any]]:
        # The service reads the steps off the messages that the model was sent, so that those of
        # earlier turns come again: one each, with its calls but without their names.
        return [
            {"content": run.content, "step": number}
            | ({"tool_calls": [""] * len(run.tool_calls)} if run.tool_calls else {})
            for number, run in enumerate(self.session.completed, 1)
        ]

    def _answer(self) -> list[dict[str, Any]] | None:
        if self.reasoning_steps is None:
            return None
        answer = {"content": self.content, "reasoning_requested": False, "role": "assistant"}
        return [answer | ({"tool_calls": self.tool_calls} if self.tool_calls else {})]

    def _common(self) -> dict[str, Any]:
        return {
            "completed_at": self.completed_at,
            "content": self.content,
            "created_at": self.created_at,
            "error": self.error,
            "id": self.id,
            "input_messages": [{"content": self.message, "role": "user"}],
            "output_messages": self._answer(),
            "reasoning_steps": self.reasoning_steps,
            "run_id": self.run_id,
            "started_at": self.created_at,
            "status": self.status,
            "steps": self.steps,
            "tool_calls": self.tool_calls,
            "usage": self.usage,
        }

    def as_json(self) -> dict[str, Any]:
        """Answer `GET /api/agents/runs/{run_id}`."""
        return self._common() | {
            "events": self.events,
            "parent_orchestration_run_id": None,
            "parent_workflow_execution_id": None,
            "retrieved_context": None,
            "session_id": self.session.id,  # the database's id, not "sess_..."
        }

    def entry(self) -> dict[str, Any]:
        """Answer one entry of `GET /api/sessions/{sid}/runs`."""
        return self._common() | {
            "agent_id": self.session.agent_id,
            "context_handler_id": None,
            "events": self.events or [],
            "model": self.agent.model,
        }


class AgentStore:
    """All agents of one server, their sessions and runs.

    Args:
        agents: The agents, in the order they are listed.
        generator: Where the ids come from.
    """

    def __init__(self, agents: Iterable[Agent], generator: random.Random) -> None:
        self._generator = generator
        self._started_at = now()
        self.all = {fixed_id(agent.name): agent for agent in agents}
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
            session = Session(session_id or self._hex("sess_"), drawn_id(self._generator), agent_id)
            self.sessions[session.session_id] = session
        agent = self.all[agent_id]
        run = Run(self._hex("run_"), drawn_id(self._generator), agent, session, message)
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
                "id": hook_id(self.all[agent_id], position),
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

    def _hex(self, prefix: str) -> str:
        return f"{prefix}{self._generator.getrandbits(48):012x}"


def hook_id(agent: Agent, position: int) -> str:
    """Name the hook at that position of an agent."""
    return fixed_id(f"{fixed_id(agent.name)} hook {position}")
