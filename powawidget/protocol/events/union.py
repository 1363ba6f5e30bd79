"""Every event there is: by this the type checker proves that the reducer answers to each."""

from typing import final

from powawidget.protocol.events.agent import AgentEvent
from powawidget.protocol.events.event import BaseEvent, OtherEvent
from powawidget.protocol.events.internal import InternalEvent
from powawidget.protocol.events.orchestration import OrchestrationEvent
from powawidget.protocol.events.workflow import WorkflowEvent


@final
class Restored(BaseEvent, frozen=True, kw_only=True):
    """The server has completed a run whose stream was cut; `events` is what it has stored."""

    events: "list[Event]"


Event = AgentEvent | OrchestrationEvent | WorkflowEvent | InternalEvent | OtherEvent | Restored
