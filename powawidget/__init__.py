"""Watch and steer the live runs of Powabase agents inside a Jupyter notebook cell."""

__version__ = "0.1.0"

from powawidget.approvals.policy import Policy, policy
from powawidget.chat.chat import Chat
from powawidget.chat.history import Message
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
from powawidget.http.timeouts import Timeouts
from powawidget.resources.connect import Agent, Powabase, connect
from powawidget.resources.orchestration import Orchestration
from powawidget.resources.replay import replay
from powawidget.resources.workflow import Workflow
from powawidget.run.run import Run
from powawidget.settings import Options, options
from powawidget.state.values import Approval, Block, Delegation, Progress, RunResult, ToolCall

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
