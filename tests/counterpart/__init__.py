"""The embedded server as tests need it: with further agents, and made to refuse, die, come back."""

from powawidget.local.agents.script import (
    Agent,
    Call,
    Calls,
    Fail,
    Hook,
    Pause,
    Say,
    Script,
    Think,
    Tool,
    Turn,
)
from powawidget.local.orchestrations.definition import Member, Orchestration
from powawidget.local.workflows.definition import Block, Edge, Workflow
from tests.counterpart.parts import Cut, Emit
from tests.counterpart.server import Counterpart, start

__all__ = [
    "Agent",
    "Block",
    "Call",
    "Calls",
    "Counterpart",
    "Cut",
    "Edge",
    "Emit",
    "Fail",
    "Hook",
    "Member",
    "Orchestration",
    "Pause",
    "Say",
    "Script",
    "Think",
    "Tool",
    "Turn",
    "Workflow",
    "start",
]
