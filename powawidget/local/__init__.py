"""A small Powabase-compatible server in this process, with sample agents over sample data.

The model is scripted, the rest is real: tools run SQL on SQLite and return what it returns, an
approved write really writes, a denied one doesn't.
"""

from powawidget.local.script import (
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
from powawidget.local.server import LocalServer, start

__all__ = [
    "Agent",
    "Call",
    "Calls",
    "Cut",
    "Emit",
    "Fail",
    "Hook",
    "LocalServer",
    "Pause",
    "Say",
    "Script",
    "Think",
    "Tool",
    "Turn",
    "start",
]
