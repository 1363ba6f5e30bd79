"""The rules for requests for approval: what they gate, and what proves a decision.

Wire protocol, section 5. A decision is only ever proved by the stream: the gated call's result,
or for the answer and the start of the run the hook's own result.
"""

import hashlib
import json
from collections.abc import Iterator

from powawidget.events import ApprovalRequested, HookResult
from powawidget.ops import Op
from powawidget.reduce import tools
from powawidget.state import ApprovalPart, Decision, Gate, RunState, plain

OPEN: frozenset[str] = frozenset({"pending", "sending", "unknown"})
_EXPIRED = "Error: Blocked by hook — Approval timed out"
_HOOK_GATES: dict[str, Gate] = {"PreResponse": "answer", "OnRunStart": "start"}


def approvals(run: RunState) -> Iterator[tuple[int, ApprovalPart]]:
    """Go through the requests of a run, oldest first, each with its place among the parts."""
    for index, part in enumerate(run.parts):
        if isinstance(part, ApprovalPart):
            yield index, part


def open_approvals(run: RunState) -> list[tuple[int, ApprovalPart]]:
    """List the requests whose outcome the stream hasn't shown yet."""
    return [(i, part) for i, part in approvals(run) if part.decision in OPEN]


def ask(run: RunState, event: ApprovalRequested, at: float) -> list[Op]:
    """Open a request at the call it gates, or on its own where no open call fits."""
    covers, call = _gate(run, event)
    part = ApprovalPart(
        tool_name=event.tool_name,
        arguments=event.arguments,
        digest=hashlib.sha256(event.arguments.encode()).hexdigest(),
        message=event.message,
        covers=covers,
        call=call,
        asked_at=at,
    )
    ops: list[Op] = []
    if call is not None:
        # A second gate on one call proves that the first was approved.
        for index, earlier in open_approvals(run):
            if earlier.call == call:
                ops += settle(index, earlier, "approved", at, "The server went on to ask again.")
        ops.append(("set", ("parts", call, "status"), "waiting"))
    ops.append(("set", ("parts", len(run.parts)), plain(part)))
    return ops


def settle_call(run: RunState, call: int, result: str, at: float) -> list[Op]:
    """Read from a gated call's result what the server did with the decision."""
    decision, outcome = _outcome(result)
    return [
        op
        for index, part in open_approvals(run)
        if part.call == call
        for op in settle(index, part, decision, at, outcome)
    ]


def settle_hook(run: RunState, event: HookResult, at: float) -> list[Op]:
    """Read from a hook's result what became of a request about the answer or the start."""
    gate = _HOOK_GATES.get(event.hook_event)
    if gate is None:
        return []
    decision: Decision = "approved"
    if event.status == "timed_out":
        decision = "expired"
    elif event.blocked:
        decision = "denied"
    waiting = [item for item in open_approvals(run) if item[1].covers == gate]
    return [op for item in waiting for op in settle(*item, decision, at, event.message)]


def settle(
    index: int, part: ApprovalPart, decision: Decision, at: float, outcome: str | None
) -> list[Op]:
    """Close a request."""
    fields: dict[str, object] = {"decision": decision, "outcome": outcome}
    if part.decided_at is None:
        fields["decided_at"] = at
    if part.by is None and decision == "expired":
        fields["by"] = "deadline"
    return [("set", ("parts", index, name), value) for name, value in fields.items()]


def close(run: RunState, at: float) -> list[Op]:
    """Close what is open when the run is over: nobody will ever know."""
    return [
        op
        for index, part in open_approvals(run)
        for op in settle(
            index,
            part,
            "unknown" if part.decision in {"sending", "unknown"} else "undecided",
            at,
            "The run ended before the server answered.",
        )
    ]


def _gate(run: RunState, event: ApprovalRequested) -> tuple[Gate, int | None]:
    if not event.tool_name:
        try:
            asked = json.loads(event.arguments)
        except (ValueError, RecursionError):
            asked = None
        starting = isinstance(asked, dict) and "message" in asked and run.step == 0
        return ("start" if starting else "answer"), None
    fitting = [
        index
        for index, part in tools.open_calls(run)
        if part.name == event.tool_name and tools.same_json(part.arguments, event.arguments)
    ]
    asked_about = {part.call for _, part in approvals(run)}
    fresh = [index for index in fitting if index not in asked_about]
    chosen = fresh or fitting
    return "call", (chosen[-1] if chosen else None)


def _outcome(result: str) -> tuple[Decision, str | None]:
    status = tools.status_of(result)
    if status == "denied":
        return "denied", result.removeprefix("Error: ")
    if result.startswith(_EXPIRED):
        return "expired", result.removeprefix("Error: ")
    return "approved", "The tool ran." if status == "done" else "The tool ran and failed."
