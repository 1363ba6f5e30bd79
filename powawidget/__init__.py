"""Watch and steer the live runs of Powabase agents inside a Jupyter notebook cell.

What is public is exported here, by `powawidget.errors`, by `powawidget.events` and by
`powawidget.sse`; docs/reference.md lists it. Every other module may change in any version.

Example:
    >>> import powawidget as pw
    >>> pb = pw.connect("local")
    >>> pb.agent("Analyst").run("Which orders are late?")
"""

__version__ = "0.1.0"

from powawidget import errors as errors
from powawidget import events as events
from powawidget import sse as sse
from powawidget.approvals.policy import Policy, PolicyFunction, Verdict, policy
from powawidget.batch.batch import Batch
from powawidget.batch.budget import Budget, budget
from powawidget.batch.checked import Checks
from powawidget.chat.chat import Chat
from powawidget.chat.history import Message
from powawidget.checks.expectation import Expectation, expect
from powawidget.checks.rates import Rate
from powawidget.comparison.ballot import Vote
from powawidget.comparison.comparison import Comparison
from powawidget.errors import (
    AnswerTooLargeError,
    ApprovalNeeded,
    ChatPaused,
    ConfigurationError,
    ConnectionLost,
    DecisionRefused,
    ExpectationFailed,
    FileError,
    InvalidValueError,
    MissingPackageError,
    PowawidgetError,
    ProtocolError,
    RequestError,
    RunFailed,
    RunInterrupted,
    UnknownNameError,
    WrongTypeError,
)
from powawidget.http.timeouts import Timeouts
from powawidget.live.recording import Recording
from powawidget.resources.agent import Agent, AgentInfo
from powawidget.resources.comparing import compare
from powawidget.resources.connect import connect
from powawidget.resources.executions import ExecutionInfo, Executions
from powawidget.resources.notices import notices
from powawidget.resources.opening import open_batch
from powawidget.resources.orchestration import Orchestration, OrchestrationInfo
from powawidget.resources.partitions import PerPartition, per_partition
from powawidget.resources.project import Powabase
from powawidget.resources.ratings import ratings
from powawidget.resources.replay import replay
from powawidget.resources.request import RunOptions
from powawidget.resources.runs import runs
from powawidget.resources.sessions import (
    Messages,
    Session,
    SessionInfo,
    Sessions,
    new_session_id,
)
from powawidget.resources.workflow import Workflow, WorkflowInfo
from powawidget.run.run import Run
from powawidget.settings import Options, options
from powawidget.spans.span import Span, Spans
from powawidget.state.model import (
    BlockStatus,
    Decision,
    Failure,
    Gate,
    Kind,
    RunStatus,
    ToolStatus,
    WorkStatus,
)
from powawidget.state.values import Approval, Block, Delegation, Progress, RunResult, ToolCall
from powawidget.waiting.inbox import Inbox, inbox
from powawidget.waiting.pending import Pending, PendingList, pending

__all__ = [
    "Agent",
    "AgentInfo",
    "AnswerTooLargeError",
    "Approval",
    "ApprovalNeeded",
    "Batch",
    "Block",
    "BlockStatus",
    "Budget",
    "Chat",
    "ChatPaused",
    "Checks",
    "Comparison",
    "ConfigurationError",
    "ConnectionLost",
    "Decision",
    "DecisionRefused",
    "Delegation",
    "ExecutionInfo",
    "Executions",
    "Expectation",
    "ExpectationFailed",
    "Failure",
    "FileError",
    "Gate",
    "Inbox",
    "InvalidValueError",
    "Kind",
    "Message",
    "Messages",
    "MissingPackageError",
    "Options",
    "Orchestration",
    "OrchestrationInfo",
    "Pending",
    "PendingList",
    "PerPartition",
    "Policy",
    "PolicyFunction",
    "Powabase",
    "PowawidgetError",
    "Progress",
    "ProtocolError",
    "Rate",
    "Recording",
    "RequestError",
    "Run",
    "RunFailed",
    "RunInterrupted",
    "RunOptions",
    "RunResult",
    "RunStatus",
    "Session",
    "SessionInfo",
    "Sessions",
    "Span",
    "Spans",
    "Timeouts",
    "ToolCall",
    "ToolStatus",
    "UnknownNameError",
    "Verdict",
    "Vote",
    "WorkStatus",
    "Workflow",
    "WorkflowInfo",
    "WrongTypeError",
    "budget",
    "compare",
    "connect",
    "expect",
    "inbox",
    "new_session_id",
    "notices",
    "open_batch",
    "options",
    "pending",
    "per_partition",
    "policy",
    "ratings",
    "replay",
    "runs",
]


def __dir__() -> list[str]:
    # The folders are modules too, and none of what is public.
    return [*__all__, "errors", "events", "sse", "__version__"]
