"""A small Powabase-compatible server in this process, with samples over sample data.

The model is scripted, the rest is real: tools run SQL on SQLite and return what it returns, an
approved write really writes, a denied one doesn't, the code of a workflow's blocks really runs.
"""

from powawidget.local.agents.script import (
    Agent,
    Call,
    Calls,
    Cut,
    Emit,
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
from powawidget.local.server import LocalServer, start
from powawidget.local.workflows.definition import Block, Edge, Workflow

__all__ = [
    "Agent",
    "Block",
    "Call",
    "Calls",
    "Cut",
    "Edge",
    "Emit",
    "Fail",
    "Hook",
    "LocalServer",
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
