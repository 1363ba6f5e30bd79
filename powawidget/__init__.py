"""Watch and steer the live runs of Powabase agents inside a Jupyter notebook cell."""

__version__ = "0.1.0"

from powawidget.chat import Chat
from powawidget.connect import Agent, Powabase, connect
from powawidget.errors import (
    ApprovalNeeded,
    ChatPaused,
    ConfigurationError,
    ConnectionLost,
    DecisionRefused,
    PowawidgetError,
    ProtocolError,
    RequestError,
    RunFailed,
    RunInterrupted,
)
from powawidget.history import Message
from powawidget.options import Options, options
from powawidget.orchestration import Orchestration
from powawidget.policy import Policy, policy
from powawidget.replay import replay
from powawidget.run import Run
from powawidget.timeouts import Timeouts
from powawidget.views import Approval, Block, Delegation, Progress, RunResult, ToolCall
from powawidget.workflow import Workflow

__all__ = [
    "Agent",
    "Approval",
    "ApprovalNeeded",
    "Block",
    "Chat",
    "ChatPaused",
    "ConfigurationError",
    "ConnectionLost",
    "DecisionRefused",
    "Delegation",
    "Message",
    "Options",
    "Orchestration",
    "Policy",
    "Powabase",
    "PowawidgetError",
    "Progress",
    "ProtocolError",
    "RequestError",
    "Run",
    "RunFailed",
    "RunInterrupted",
    "RunResult",
    "Timeouts",
    "ToolCall",
    "Workflow",
    "connect",
    "options",
    "policy",
    "replay",
]
