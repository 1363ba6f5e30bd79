"""The rules for tool calls: pairing with results, and the upgrade at the end.

Wire protocol, section 5.
"""

import json
from collections.abc import Collection, Iterator

from powawidget.events import ReportedCall, ToolCallStarted, ToolResult, looks_failed
from powawidget.ops import Op
from powawidget.reduce.place import levels, place, step_at
from powawidget.state import DelegationPart, RunState, ToolPart, ToolStatus, plain

_OPEN: frozenset[str] = frozenset({"running", "waiting"})
_DENIED = "Error: Blocked by hook — Denied by user"
_PREVIEW = 200
_MULTIMODAL = "[multimodal content]"


def calls(run: RunState) -> Iterator[tuple[int, ToolPart]]:
    """Go through the tool calls of a run, oldest first, each with its place among the parts."""
    for index, part in enumerate(run.parts):
        if isinstance(part, ToolPart):
            yield index, part


def open_calls(run: RunState) -> list[tuple[int, ToolPart]]:
    """List the calls that have no result yet, oldest first."""
    return [(i, part) for i, part in calls(run) if part.status in _OPEN]


def begin(run: RunState, event: ToolCallStarted, at: float) -> list[Op]:
    """Open a card, or complete the one that its early result has opened."""
    where = place(run)
    step = step_at(run, where) if event.step is None else event.step
    for index, part in calls(run):
        if event.call_id is None or part.call_id != event.call_id or part.step != step:
            continue
        if part.within != where:
            continue
        if not part.arguments:
            return [
                ("set", ("parts", index, "arguments"), event.arguments),
                ("set", ("parts", index, "name"), event.tool_name),
            ]
        if part.status in _OPEN and (part.name, part.arguments) == (
            event.tool_name,
            event.arguments,
        ):
            return []  # the same frame twice
    part = ToolPart(
        name=event.tool_name,
        arguments=event.arguments,
        call_id=event.call_id,
        step=step,
        started=at,
        within=where,
    )
    return [("set", ("parts", len(run.parts)), plain(part))]


def finish(run: RunState, event: ToolResult, at: float) -> list[Op]:
    """Give a call its result; one without a call gets a card of its own."""
    order = sum(1 for _, part in calls(run) if part.order is not None)
    found = _call_of(run, event)
    if found is not None:
        seconds = event.seconds if event.seconds is not None else _since(found[1], at)
        ops = answer(*found, event, seconds=seconds, order=order)
        verdict = _verdict(run, found[0])
        return ops if verdict is None else [*ops, ("set", ("parts", found[0], "status"), verdict)]
    where = place(run)
    if _seen(run, event, where):
        return []
    index = len(run.parts)
    part = ToolPart(
        name=event.tool_name or "tool",
        arguments="",
        call_id=event.call_id,
        step=step_at(run, where) if event.step is None else event.step,
        started=at,
        within=where,
    )
    return [
        ("set", ("parts", index), plain(part)),
        *answer(index, part, event, seconds=event.seconds, order=order),
    ]


def answer(
    index: int,
    part: ToolPart,
    event: ToolResult,
    *,
    seconds: float | None = None,
    order: int | None = None,
) -> list[Op]:
    """Write a result into a card.

    A preview that isn't cut off is the whole result: it has as many characters as the result, or
    fewer than a preview holds.
    """
    text = event.result
    whole = len(text) < _PREVIEW if event.size is None else len(text) == event.size
    fields: dict[str, object] = {
        "status": status_of(event.result),
        "result": event.result,
        "full": event.full or (whole and text != _MULTIMODAL),
        "json": event.json,
        "size": event.size,
        "seconds": part.seconds if seconds is None else seconds,
        "order": part.order if order is None else order,
    }
    return [
        ("set", ("parts", index, name), value)
        for name, value in fields.items()
        if getattr(part, name) != value
    ]


def upgrade(run: RunState, reported: list[ReportedCall], within: int | None = None) -> list[Op]:
    """Turn the previews at one place into full results, and show the arguments that really ran.

    A reported call has no call_id. It is matched to a *result frame* by step, name, duration
    and preview, ties in the order of those frames: a hook may have changed the arguments, and
    parallel calls finish in another order than they began.
    """
    ops: list[Op] = []
    rest = sorted(
        ((i, part) for i, part in calls(run) if part.order is not None and part.within == within),
        key=lambda item: item[1].order or 0,
    )
    unmatched = reported
    for timed in (True, False):  # some servers give a duration in one of the two places only
        missed: list[ReportedCall] = []
        for call in unmatched:
            found = next((item for item in rest if _same_result(item[1], call, timed)), None)
            if found is None:
                missed.append(call)
                continue
            rest.remove(found)
            ops += _upgrade_ops(*found, call)
        unmatched = missed
    for call in unmatched:
        # A call whose result frame got lost still has its card, open.
        near = (item for item in open_calls(run) if item[1].within == within)
        still = (item for item in near if _same_request(item[1], call))
        lost = next((item for item in still if item not in rest), None)
        if lost is not None:
            rest.append(lost)
            ops += _upgrade_ops(*lost, call)
            ops.append(("set", ("parts", lost[0], "status"), status_of(call.result)))
    return ops


def close(
    run: RunState, status: ToolStatus, at: float, inside: Collection[int] | None = None
) -> list[Op]:
    """Close what is still open, in the sense in which the run or the work around it ended."""
    ops: list[Op] = []
    for index, part in open_calls(run):
        if inside is not None and part.within not in inside:
            continue
        ops.append(("set", ("parts", index, "status"), _verdict(run, index) or status))
        if part.seconds is None:
            ops.append(("set", ("parts", index, "seconds"), _since(part, at)))
    return ops


def status_of(result: str) -> ToolStatus:
    """Tell a tool's state by the text of its result; the wire has no flag."""
    if result.startswith(_DENIED):
        return "denied"
    return "failed" if looks_failed(result) else "done"


def same_json(one: str, other: str) -> bool:
    """Compare two JSON texts by value."""
    if one == other:
        return True
    try:
        return bool(json.loads(one) == json.loads(other))
    except (ValueError, RecursionError):
        return False


def has_argument(part: ToolPart, name: str, value: str) -> bool:
    """Tell whether a call was made with this argument."""
    try:
        arguments = json.loads(part.arguments)
    except (ValueError, RecursionError):
        return False
    return isinstance(arguments, dict) and arguments.get(name) == value


def _verdict(run: RunState, call: int) -> ToolStatus | None:
    """Return how a call ended that stands for a delegation: its text has no mark of a failure."""
    for part in run.parts:
        if isinstance(part, DelegationPart) and part.call == call and part.status != "running":
            return part.status
    return None


def _call_of(run: RunState, event: ToolResult) -> tuple[int, ToolPart] | None:
    """Find the call that a result is of: where the frame belongs, or in the work around it."""
    unfinished = open_calls(run)
    for level in levels(run):
        near = [item for item in unfinished if item[1].within == level]
        found = _match(near, event)
        if found is not None:
            return found
    return None


def _match(
    unfinished: list[tuple[int, ToolPart]], event: ToolResult
) -> tuple[int, ToolPart] | None:
    if event.call_id is not None:
        named = [item for item in unfinished if item[1].call_id == event.call_id]
        if event.step is not None:
            named = [item for item in named if item[1].step == event.step]
        if named:
            return named[0]
        unfinished = [item for item in unfinished if item[1].call_id is None]
        unfinished = [item for item in unfinished if event.tool_name in (None, item[1].name)]
        return unfinished[0] if unfinished else None
    same = [item for item in unfinished if item[1].name == event.tool_name]
    return next(iter(same or unfinished), None)


def _seen(run: RunState, event: ToolResult, where: int | None) -> bool:
    """Tell a result that came twice from one that came before its call."""
    return event.call_id is not None and any(
        part.call_id == event.call_id and part.within == where and event.step in (None, part.step)
        for _, part in calls(run)
    )


def _since(part: ToolPart, at: float) -> float:
    return round(max(0.0, at - part.started), 3)


def _same_result(part: ToolPart, call: ReportedCall, timed: bool) -> bool:
    if part.name != call.tool_name or (call.step is not None and part.step != call.step):
        return False
    if timed and call.duration_ms is not None and part.seconds != call.duration_ms / 1000:
        return False
    preview = part.result or ""
    return call.result.startswith(preview) or (call.json and preview == _MULTIMODAL)


def _same_request(part: ToolPart, call: ReportedCall) -> bool:
    return (
        part.name == call.tool_name
        and call.step in (None, part.step)
        and same_json(part.arguments, call.arguments)
    )


def _upgrade_ops(index: int, part: ToolPart, call: ReportedCall) -> list[Op]:
    fields: dict[str, object] = {"full": True, "json": call.json}
    if part.result != call.result:
        fields["result"] = call.result
    if not part.arguments:
        fields["arguments"] = call.arguments
    elif not same_json(part.arguments, call.arguments):
        fields["asked"] = part.arguments
        fields["arguments"] = call.arguments
    if part.seconds is None and call.duration_ms is not None:
        fields["seconds"] = call.duration_ms / 1000
    return [
        ("set", ("parts", index, name), value)
        for name, value in fields.items()
        if getattr(part, name) != value
    ]
