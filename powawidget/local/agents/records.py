"""What is stored of an agent's conversations: sessions, and the runs in them.

The shapes are those the real service answers with (docs/protocol.md#endpoints and #stored-run).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from powawidget.local.ids import now

if TYPE_CHECKING:
    from powawidget.local.agents.approvals import Slot
    from powawidget.local.agents.script import Agent
    from powawidget.local.dialects import Frame

USER_ID = "11111111-1111-4111-8111-111111111111"
GONE = "Client disconnected before LLM streaming started"


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
            | ({"citations": cited} if cited else {})
            for run in self.completed
            for role, content, cited in (
                ("user", run.message, []),
                ("assistant", run.content, run.citations),
            )
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
        has_tools: Whether it runs as one with tools.
        citations: The sources of its answer.
    """

    run_id: str
    id: str
    agent: Agent
    session: Session
    message: str
    has_tools: bool
    citations: list[dict[str, Any]]
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
