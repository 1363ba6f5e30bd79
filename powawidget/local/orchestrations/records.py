"""What is stored of an orchestration's conversations: sessions, runs, and the members' runs.

The shapes are those the real service answers with (docs/protocol.md#child-runs and
#session-messages).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from powawidget.local.ids import now

if TYPE_CHECKING:
    from collections.abc import Iterable

    from powawidget.local.dialects import Frame
    from powawidget.local.orchestrations.definition import Orchestration


@dataclass(frozen=True)
class ChildRun:
    """A member's run, which is stored when it is over.

    Args:
        run_id: The child_execution_id of the stream.
        agent: Who ran; in no answer.
        model: Its model.
        content: What it wrote in its last step.
        error: Why it failed, or None; in no answer.
        steps: How many steps it took; 0 where it failed.
        usage: What it cost; None where it failed.
        tool_calls: Its calls, with their whole results.
        events: Its frames, the deltas included.
    """

    run_id: str
    agent: str
    model: str
    content: str
    error: str | None
    steps: int
    usage: dict[str, int] | None
    tool_calls: list[dict[str, Any]]
    events: list[Frame]

    @property
    def status(self) -> str:
        """How it ended."""
        return "completed" if self.error is None else "failed"

    def as_json(self) -> dict[str, Any]:
        """Answer one entry of a run's child_runs: without a name, nor what a failed one said."""
        is_failed = self.error is not None
        return {
            "content": None if is_failed else self.content,
            "events": None if is_failed else self.events,
            "model": self.model,
            "run_id": self.run_id,
            "status": self.status,
            "steps": self.steps,
            "tool_calls": self.tool_calls,
            "usage": self.usage,
        }


@dataclass
class OrchestrationSession:
    """A conversation with an orchestration.

    Args:
        session_id: The id clients use.
        orchestration_id: Whose conversation it is.
    """

    session_id: str
    orchestration_id: str
    created_at: str = field(default_factory=now)
    runs: list[OrchestrationRun] = field(default_factory=list)

    @property
    def history(self) -> tuple[tuple[str, str], ...]:
        """The completed turns, with what everybody wrote as the answer."""
        return tuple(
            (run.message, run.content or "") for run in self.runs if run.status == "completed"
        )

    def summary(self) -> dict[str, Any]:
        """Answer one entry of `GET /api/orchestrations/{id}/sessions`."""
        last = self.runs[-1]
        return {
            "created_at": self.created_at,
            # Of a conversation of two turns the service answers with the second as the first.
            "first_message": last.message,
            "last_activity_at": last.completed_at or last.started_at,
            "run_count": len(self.runs),
            "session_id": self.session_id,
        }

    def messages(self) -> dict[str, Any]:
        """Answer `GET /api/orchestrations/{id}/sessions/{sid}/messages`."""
        messages = [message for run in self.runs for message in run.messages()]
        return {
            "events": [event for m in messages for event in m.get("events", [])],
            "messages": messages,
            "session_id": self.session_id,
            "tool_calls": [call for m in messages for call in m.get("tool_calls", [])],
        }


@dataclass
class OrchestrationRun:
    """A run as it is stored: as running until its end, for ever if its client goes before.

    Args:
        run_id: The id clients use.
        orchestration: What runs.
        session: The conversation it belongs to.
        message: What was asked.
    """

    run_id: str
    orchestration: Orchestration
    session: OrchestrationSession
    message: str
    lost: bool = False  # whether the client was found to have gone
    status: str = "running"
    content: str | None = None
    error: str | None = None
    model: str | None = None
    usage: dict[str, int] | None = None
    events: list[Frame] = field(default_factory=list)
    children: list[ChildRun] = field(default_factory=list)
    started_at: str = field(default_factory=now)
    completed_at: str | None = None

    def lose(self) -> None:
        """Note that its client has gone: nothing of its end will be stored."""
        self.lost = True

    def finish(
        self, complete: Frame, events: Iterable[Frame], usage: dict[str, int] | None
    ) -> None:
        """Store how it ended."""
        if self.lost:
            return
        self.status = complete["status"]
        self.content = complete["content"]
        self.error = complete["error"]
        self.usage = usage
        self.events = list(events)
        self.model = self.orchestration.model
        self.completed_at = now()

    def fail(self, error: str, events: Iterable[Frame]) -> None:
        """Store that it failed before it could say how."""
        if self.lost:
            return
        self.status, self.error = "failed", error
        self.events = list(events)
        self.completed_at = now()

    def messages(self) -> list[dict[str, Any]]:
        """List its messages; unlike an agent's, a failed run is among them."""
        asked = {"content": self.message, "role": "user"}
        content = self.content or (f"Error: {self.error}" if self.error else None)
        if content is None:
            return [asked]
        calls = [call for child in self.children for call in child.tool_calls]
        answer: dict[str, Any] = {"content": content, "role": "assistant", "run_id": self.run_id}
        if self.events:
            answer["events"] = self.events
        if calls:
            answer["tool_calls"] = calls
        return [asked, answer]

    def as_json(self) -> dict[str, Any]:
        """Answer `GET /api/orchestrations/runs/{run_id}`.

        The service reads the members' runs unordered (docs/protocol.md#child-order): so here they
        come by their ids, which say nothing of when they ran.
        """
        children = sorted(self.children, key=lambda child: child.run_id)
        return {
            "child_runs": [child.as_json() for child in children],
            "completed_at": self.completed_at,
            "content": self.content,
            "error": self.error,
            "events": self.events,
            "model": self.model,
            "orchestration_id": self.orchestration.id,
            "run_id": self.run_id,
            "started_at": self.started_at,
            "status": self.status,
            "usage": self.usage,
        }
