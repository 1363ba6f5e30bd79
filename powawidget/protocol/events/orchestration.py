"""The frames that an orchestration's stream has beside its agents'.

Rules: docs/protocol.md#orchestration-frames.
"""

from typing import final

from powawidget.protocol.events import fields
from powawidget.protocol.events.event import BaseEvent, Frame, Reader


@final
class OrchestrationStarted(BaseEvent, frozen=True, kw_only=True):
    """The orchestration begins. A supervisor's has no `agent_count`."""

    strategy: str
    name: str
    agent_count: int | None


@final
class OrchestrationCompleted(BaseEvent, frozen=True, kw_only=True):
    """The agents are done; it isn't terminal."""

    status: str
    usage: dict[str, int] | None


@final
class DelegationStarted(BaseEvent, frozen=True, kw_only=True):
    """An agent begins to work for the orchestration."""

    agent: str
    task: str
    child_id: str | None


@final
class DelegationCompleted(BaseEvent, frozen=True, kw_only=True):
    """An agent is done. `status` is empty where the dialect doesn't send it."""

    agent: str
    child_id: str | None
    status: str
    steps: int | None
    usage: dict[str, int] | None


@final
class SequentialStep(BaseEvent, frozen=True, kw_only=True):
    """The next agent of a sequence begins, which ends the one before it."""

    agent: str


@final
class EntityChunk(BaseEvent, frozen=True, kw_only=True):
    """A piece of what one agent says, which the documented dialect names."""

    agent: str
    text: str


OrchestrationEvent = (
    OrchestrationStarted
    | OrchestrationCompleted
    | DelegationStarted
    | DelegationCompleted
    | SequentialStep
    | EntityChunk
)


def _agent(frame: Frame) -> str:
    return fields.maybe_text(frame, "agent", "entity", "entity_name", "agent_name") or ""


def _orchestration_started(frame: Frame) -> OrchestrationStarted:
    count = fields.whole(frame, "agent_count")
    return OrchestrationStarted(
        strategy=fields.maybe_text(frame, "strategy") or "",
        name=fields.maybe_text(frame, "name") or "",
        agent_count=count if count is not None and count > 0 else None,
        raw=frame,
    )


def _orchestration_completed(frame: Frame) -> OrchestrationCompleted:
    return OrchestrationCompleted(
        status=fields.maybe_text(frame, "status") or "",
        usage=fields.counts(frame.get("usage")),
        raw=frame,
    )


def _delegation_started(frame: Frame) -> DelegationStarted:
    return DelegationStarted(
        agent=_agent(frame),
        task=fields.maybe_text(frame, "task", "message", "input") or "",
        child_id=fields.maybe_text(frame, "child_execution_id"),
        raw=frame,
    )


def _delegation_completed(frame: Frame) -> DelegationCompleted:
    return DelegationCompleted(
        agent=_agent(frame),
        child_id=fields.maybe_text(frame, "child_execution_id"),
        status=fields.maybe_text(frame, "status") or "",
        steps=fields.whole(frame, "steps"),
        usage=fields.counts(frame.get("usage")),
        raw=frame,
    )


def _sequential_step(frame: Frame) -> SequentialStep:
    return SequentialStep(agent=_agent(frame), raw=frame)


def _entity_chunk(frame: Frame) -> EntityChunk:
    text = fields.text(frame, "content", "delta", "text", "chunk")
    return EntityChunk(agent=_agent(frame), text=text, raw=frame)


READERS: dict[str, Reader] = {
    "orchestration_started": _orchestration_started,
    "orchestration_completed": _orchestration_completed,
    "delegation_started": _delegation_started,
    "delegation_start": _delegation_started,
    "delegation_completed": _delegation_completed,
    "sequential_step": _sequential_step,
    "entity_chunk": _entity_chunk,
}
