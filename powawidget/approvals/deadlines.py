"""Until when a request for approval can be decided.

Rules: docs/protocol.md#deadline and #late-decision.
"""

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

from powawidget.live.run import Live
from powawidget.state.model import ApprovalPart
from powawidget.state.reduce.gates import pending

DEFAULT_TIMEOUT = 300.0
_MARGIN = 5.0
_MARGIN_SHARE = 0.1
_HOOK_EVENTS = {"call": "PreToolUse", "answer": "PreResponse", "start": "OnRunStart"}


def timeout_of(hooks: Sequence[Mapping[str, Any]], part: ApprovalPart, gates_before: int) -> float:
    """Return how long the server waits for a decision.

    Args:
        hooks: The agent's hooks, as the server lists them.
        part: The request.
        gates_before: How many gates on the same call came before this one.

    Returns:
        The timeout in seconds: that of the hook, or 300 s where it says nothing.
    """
    fitting = [
        hook
        for hook in hooks
        if hook.get("type") == "approval"
        and hook.get("enabled") is not False
        and hook.get("event") == _HOOK_EVENTS[part.covers]
        and (part.covers != "call" or _matches(hook.get("matcher"), part.tool_name))
    ]
    fitting.sort(key=lambda hook: hook["position"] if isinstance(hook.get("position"), int) else 0)
    if not fitting:
        return DEFAULT_TIMEOUT
    config = fitting[min(gates_before, len(fitting) - 1)].get("config")
    timeout = config.get("timeout") if isinstance(config, dict) else None
    good = isinstance(timeout, int | float) and not isinstance(timeout, bool) and timeout > 0
    return float(timeout) if good and timeout is not None else DEFAULT_TIMEOUT


def margin_of(timeout: float) -> float:
    """Return how many seconds before the server's timeout decisions are refused.

    One that came too late would hit the next request.
    """
    return min(_MARGIN, timeout * _MARGIN_SHARE)


def is_overdue(live: Live) -> bool:
    """Tell whether the time of every pending request is over."""
    now = live.clock()
    return all(deadline_of(part) <= now for part in pending(live.state))


def deadline_of(part: ApprovalPart) -> float:
    """Return until when the server waits, in seconds since the epoch; 300 s by default."""
    return part.asked_at + DEFAULT_TIMEOUT if part.deadline is None else part.deadline


def _matches(matcher: Any, tool_name: str) -> bool:
    if not isinstance(matcher, str) or matcher in {"", "*"}:
        return True
    return any(fnmatch.fnmatchcase(tool_name, one.strip()) for one in matcher.split("|"))
