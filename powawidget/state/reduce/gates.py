"""The rules for requests for approval: what they gate, and what proves a decision.

Rules: docs/protocol.md#gates, #decision-proof and #second-gate. A decision is only ever proved by
the stream: the gated call's result, or for the answer and the start of the run the hook's own
result.
"""

import bisect
import hashlib
import json
from collections.abc import Iterable, Iterator

from powawidget.protocol.events import (
    ApprovalRequested,
    DeadlineKnown,
    DecisionMade,
    DecisionNoted,
    HookResult,
    ToolResult,
)
from powawidget.protocol.events.bounds import SENTENCES, cut
from powawidget.state.index import OPEN_CALL, OPEN_REQUEST, index_of
from powawidget.state.model import ApprovalPart, Decision, Gate, Part, RunState, ToolPart, plain
from powawidget.state.ops import Op
from powawidget.state.reduce import tools

_EXPIRED = "Error: Blocked by hook — Approval timed out"
_WENT_ON = "The run went on to its next step without an answer."
_NOT_SHOWN = "The run went on; the stream didn't show what the server did with the decision."
_SAME_TIME = 0.05  # seconds by which frames of one moment may come apart
_PROVES = {"approved": "approve", "denied": "deny"}
_HOOK_GATES: dict[str, Gate] = {"PreResponse": "answer", "OnRunStart": "start"}


def requests(run: RunState, *key: object) -> Iterator[tuple[int, ApprovalPart]]:
    """Go through the requests under a key of the index, oldest first."""
    for index in tuple(index_of(run).at(*key)):
        part = run.parts[index]
        if isinstance(part, ApprovalPart):
            yield index, part


def pending(run: RunState) -> Iterator[ApprovalPart]:
    """Go through the requests that wait for a decision, oldest first."""
    return (part for _, part in requests(run, "requests", "pending"))


def latest(run: RunState) -> ApprovalPart | None:
    """Return the latest request that waits for a decision."""
    last = index_of(run).last("requests", "pending")
    part = None if last is None else run.parts[last]
    return part if isinstance(part, ApprovalPart) else None


def sending(run: RunState) -> Iterator[ApprovalPart]:
    """Go through the requests whose decision the stream hasn't shown yet, oldest first."""
    return (part for _, part in requests(run, "requests", "sending"))


def named(run: RunState, digests: Iterable[str]) -> Iterator[tuple[int, ApprovalPart]]:
    """Go through the requests with these digests."""
    for digest in dict.fromkeys(digests):
        yield from requests(run, "digest", digest)


def gates_before(run: RunState, part: ApprovalPart) -> int:
    """Count the earlier gates on the same call."""
    if part.call is None:
        return 0
    own = index_of(run).first("digest", part.digest)
    same = index_of(run).at("about", part.call)
    return 0 if own is None else bisect.bisect_left(same, own)


def ask(run: RunState, event: ApprovalRequested, at: float) -> list[Op]:
    """Open a request at the call it gates, or on its own where no open call fits."""
    covers, call = _gate(run, event)
    part = ApprovalPart(
        tool_name=event.tool_name,
        arguments=event.arguments,
        digest=_digest(run, event, call),
        message=event.message,
        covers=covers,
        call=call,
        asked_at=at,
    )
    ops: list[Op] = []
    if call is not None:
        # A second gate on one call proves that the first was approved.
        for index, earlier in requests(run, "requests about", call):
            ops += settle(index, earlier, "approved", at, "The server went on to ask again.")
        ops.append(("set", ("parts", call, "status"), "waiting"))
    ops.append(("set", ("parts", len(run.parts)), plain(part)))
    return ops


def settle_call(run: RunState, call: int, event: ToolResult, at: float) -> list[Op]:
    """Read from a gated call's result what the server did with the decision.

    A call that didn't run took no time of its own. One that ran by a decision from elsewhere, of
    which no hook told when, waited until now.
    """
    decision, outcome = _outcome(event.result)
    if call >= len(run.parts):
        return []  # a result without a call: nobody was asked about it
    gated = run.parts[call]
    is_known = isinstance(gated, ToolPart) and gated.waited > 0
    ops: list[Op] = []
    for index, part in requests(run, "answerable", call):
        ops += settle(index, part, decision, at, outcome)
        if decision != "approved":
            ops += _waited(run, call, max(_age(run, call, at), event.seconds or 0.0))
        elif part.decided_at is None and not is_known:
            ops += _waited(run, call, _age(run, call, at))
    return ops


def passed(run: RunState, event: HookResult, at: float) -> list[Op]:
    """Note how long a request waited, as its hook tells.

    The hook names neither the request nor the call. It is the one that is as old as that; of
    several the latest, which the server answers first.
    """
    if event.hook_event != "PreToolUse" or event.seconds is None:
        return []
    since = at - event.seconds
    waiting = [
        (abs(part.asked_at - since) > _SAME_TIME, -index, part)
        for index, part in requests(run, "unmeasured")
        if part.call is not None and _is_open(run.parts[part.call])
    ]
    if not waiting:
        return []
    _, index, part = min(waiting, key=lambda item: item[:2])
    known = [each.waited or 0.0 for _, each in requests(run, "about", part.call)]
    return [
        ("set", ("parts", -index, "waited"), event.seconds),
        *_waited(run, part.call or 0, sum(known) + event.seconds),
    ]


def supersede(run: RunState, at: float) -> list[Op]:
    """Close requests about calls that nobody waits for any more: the model is called anew.

    A frame was lost, or the step was begun again, or a call was never announced. A decision now
    would hit the next request, and one that was sent must not hold up that on the next.
    """
    ops: list[Op] = []
    for index, part in requests(run, "requests covering", "call"):
        if part.decision == "pending":
            ops += settle(index, part, "superseded", at, _WENT_ON)
        elif part.decision == "sending":
            ops += settle(index, part, "unknown", at, _NOT_SHOWN)
    return ops


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
    waiting = requests(run, "requests covering", gate)
    return [op for item in waiting for op in settle(*item, decision, at, event.message)]


def decide(run: RunState, event: DecisionMade, at: float) -> list[Op]:
    """Mark requests as decided here; only the stream can say what came of it."""
    fields: dict[str, object] = {
        "decision": "sending",
        "choice": event.choice,
        "by": event.by,
        "reason": event.reason,
        "decided_at": at,
        "outcome": None,
        "delivery": "sending",
    }
    ops = _set_all(run, event.digests, frozenset({"pending"}), fields)
    for call in _calls(run, event.digests):
        ops += _waited(run, call, _age(run, call, at))
        if event.choice == "approve":
            ops.append(("set", ("parts", call, "status"), "running"))
    return ops


def note(run: RunState, event: DecisionNoted, at: float) -> list[Op]:
    """Note what became of sending a decision."""
    fields: dict[str, object] = {
        "decision": event.decision,
        "outcome": event.outcome,
        "delivery": event.delivery,
    }
    if event.decision == "pending":
        fields |= {"choice": None, "by": None, "reason": None, "decided_at": None}
    ops = _set_all(run, event.digests, frozenset({"sending"}), fields)
    if ops and event.delivery == "taken":
        # A call that is approved runs from here on: what came before is no time of its own.
        for call in _calls(run, event.digests):
            ops += _waited(run, call, _age(run, call, at))
    if event.decision == "pending":
        ops += [
            ("set", ("parts", call, "status"), "waiting") for call in _calls(run, event.digests)
        ]
    return ops


def deadline(run: RunState, event: DeadlineKnown) -> list[Op]:
    """Note until when a request can be decided."""
    fields: dict[str, object] = {"deadline": event.deadline, "closes": event.closes}
    return _set_all(run, [event.digest], OPEN_REQUEST, fields)


def settle(
    index: int, part: ApprovalPart, decision: Decision, at: float, outcome: str | None
) -> list[Op]:
    """Close a request with what the stream has proved."""
    fields: dict[str, object] = {"decision": decision, "outcome": outcome}
    if part.decided_at is None:
        fields["decided_at"] = at
    if decision == "expired":
        fields["by"] = "deadline"
    elif decision in _PROVES and part.choice != _PROVES[decision]:
        # A decision sent from here, if any, wasn't the one that counted.
        fields |= {"by": "elsewhere", "reason": None, "decided_at": at}
    return [("set", ("parts", index, name), value) for name, value in fields.items()]


def _set_all(
    run: RunState, digests: list[str], states: frozenset[str], fields: dict[str, object]
) -> list[Op]:
    return [
        ("set", ("parts", index, name), value)
        for index, part in sorted(named(run, digests), key=lambda item: item[0])
        if part.decision in states
        for name, value in fields.items()
    ]


def _calls(run: RunState, digests: Iterable[str]) -> list[int]:
    """List the open calls that these requests stand at, each once."""
    calls = dict.fromkeys(part.call for _, part in named(run, digests))
    return [call for call in calls if call is not None and _is_open(run.parts[call])]


def _is_open(part: Part) -> bool:
    return isinstance(part, ToolPart) and part.status in OPEN_CALL


def _age(run: RunState, call: int, at: float) -> float:
    """Tell how long ago a call was first asked about."""
    first = next(requests(run, "about", call), None)
    return 0.0 if first is None else max(0.0, at - first[1].asked_at)


def _waited(run: RunState, call: int, seconds: float) -> list[Op]:
    """Note how long a call has waited, where that is longer than was known."""
    part = run.parts[call]
    longer = isinstance(part, ToolPart) and seconds > part.waited
    return [("set", ("parts", call, "waited"), round(seconds, 3))] if longer else []


def close(run: RunState, at: float) -> list[Op]:
    """Close what is open when the run is over: its outcome stays unknown."""
    ops: list[Op] = []
    for index, part in requests(run, "requests"):
        if part.decision == "unknown" and part.outcome is not None:
            continue  # why is known already
        if part.decision == "sending" and part.outcome is None:
            # Nothing is noted of it, so it was still waiting for the quiet.
            ops += settle(index, part, "undecided", at, "The run ended before it was sent.")
            continue
        sent = {"approve": "Approval was sent. ", "deny": "Denial was sent. ", None: ""}[
            part.choice
        ]
        decision: Decision = "unknown" if part.choice else "undecided"
        ops += settle(index, part, decision, at, f"{sent}The run ended before the server answered.")
    return ops


def _digest(run: RunState, event: ApprovalRequested, call: int | None) -> str:
    """Name a request by all that a decision on it is bound to."""
    part = run.parts[call] if call is not None else None
    call_id = part.call_id if isinstance(part, ToolPart) else None
    bound = [run.run_id, call, call_id, len(run.parts), event.tool_name, event.arguments]
    return hashlib.sha256(json.dumps(bound).encode()).hexdigest()


def _gate(run: RunState, event: ApprovalRequested) -> tuple[Gate, int | None]:
    if not event.tool_name:
        try:
            asked = json.loads(event.arguments)
        except (ValueError, RecursionError):
            asked = None
        starting = isinstance(asked, dict) and "message" in asked and run.step == 0
        return ("start" if starting else "answer"), None
    index = index_of(run)
    meant = index.meant(event.tool_name, event.arguments)
    for fresh in ("fresh", "fitting"):
        chosen = index.last(fresh, event.tool_name, meant)
        if chosen is not None:
            return "call", chosen
    called = index.at("open called", event.tool_name)
    # A hook before the approval has changed the arguments: it can be about no other call.
    return "call", (called[0] if len(called) == 1 else None)


def has_expired(result: str) -> bool:
    """Tell whether a call's result says that nobody decided on it in time."""
    return result.startswith(_EXPIRED)


def _outcome(result: str) -> tuple[Decision, str | None]:
    status = tools.status_of(result)
    if status == "denied":
        return "denied", cut(result.removeprefix("Error: "), SENTENCES)
    if has_expired(result):
        return "expired", cut(result.removeprefix("Error: "), SENTENCES)
    return "approved", "The tool ran." if status == "done" else "The tool ran and failed."
