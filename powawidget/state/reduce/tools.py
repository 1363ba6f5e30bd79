"""The rules for tool calls: pairing with results, and the upgrade at the end.

Rules: docs/protocol.md#call-pairs, #named-call, #full-results and #changed-arguments.
"""

from collections.abc import Collection, Iterator

from powawidget.protocol.events import ReportedCall, ToolCallStarted, ToolResult, looks_failed
from powawidget.state.index import Index, index_of, meaning
from powawidget.state.model import DelegationPart, RunState, ToolPart, ToolStatus, plain
from powawidget.state.ops import Op
from powawidget.state.reduce.match import MULTIMODAL, Cards, Requests
from powawidget.state.reduce.owner import levels, owner, step_at

_DENIED = "Error: Blocked by hook — Denied by user"
_PREVIEW = 200


def calls(run: RunState) -> Iterator[tuple[int, ToolPart]]:
    """Go through the tool calls of a run, oldest first, each with its index among the parts."""
    for index, part in enumerate(run.parts):
        if isinstance(part, ToolPart):
            yield index, part


def calls_at(run: RunState, *key: object) -> Iterator[tuple[int, ToolPart]]:
    """Go through the calls under a key of the index, oldest first."""
    for index in tuple(index_of(run).at(*key)):
        part = run.parts[index]
        if isinstance(part, ToolPart):
            yield index, part


def begin(run: RunState, event: ToolCallStarted, at: float) -> list[Op]:
    """Open a card, or complete the one that its name or its early result has opened.

    A call that was only named runs from when its arguments are there.
    """
    within = owner(run)
    step = step_at(run, within) if event.step is None else event.step
    if event.call_id is not None:
        named = (event.call_id, within, step)
        index = index_of(run)
        early = index.first("early", *named)
        again = index.first("same", *named, event.tool_name, event.arguments)
        if early is not None and (again is None or early <= again):
            ops: list[Op] = [
                ("set", ("parts", early, "arguments"), event.arguments),
                ("set", ("parts", early, "name"), event.tool_name),
            ]
            named_only = index_of(run).first("open id", within, event.call_id, step) == early
            return [*ops, ("set", ("parts", early, "started"), at)] if named_only else ops
        if again is not None:
            return []  # the same frame twice
    part = ToolPart(
        name=event.tool_name,
        arguments=event.arguments,
        call_id=event.call_id,
        step=step,
        started=at,
        within=within,
    )
    return [("set", ("parts", len(run.parts)), plain(part))]


def finish(run: RunState, event: ToolResult, at: float) -> list[Op]:
    """Give a call its result; one without a call gets a card of its own."""
    order = len(index_of(run).at("answered"))
    found = _call_of(run, event)
    if found is not None:
        seconds = event.seconds if event.seconds is not None else _since(found[1], at)
        ops = answer(*found, event, seconds=seconds, order=order)
        verdict = _verdict(run, found[0])
        return ops if verdict is None else [*ops, ("set", ("parts", found[0], "status"), verdict)]
    within = owner(run)
    if _seen(run, event, within):
        return []
    index = len(run.parts)
    part = ToolPart(
        name=event.tool_name or "tool",
        arguments="",
        call_id=event.call_id,
        step=step_at(run, within) if event.step is None else event.step,
        started=at,
        within=within,
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
        "full": event.full or (whole and text != MULTIMODAL),
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
    """Turn the previews of one owner into full results, and show the arguments that really ran.

    A reported call has no call_id. It is matched to a *result frame* by step, name, duration
    and preview, ties in the order of those frames: a hook may have changed the arguments, and
    parallel calls finish in another order than they began.
    """
    ops: list[Op] = []
    answered = sorted(
        calls_at(run, "answered", within),
        key=lambda item: item[1].order or 0,
    )
    cards = Cards(answered)
    unmatched = reported
    for timed in (True, False):  # some servers give a duration in one of the two only
        missed: list[ReportedCall] = []
        for call in unmatched:
            found = cards.pop(call, timed=timed)
            if found is None:
                missed.append(call)
            else:
                ops += _upgrade_ops(*found, call)
        unmatched = missed
    if not unmatched:
        return ops
    # A call whose result frame got lost still has its card, open.
    lost = Requests(item for item in calls_at(run, "open", within) if item[1].order is None)
    for call in unmatched:
        near = lost.pop(call)
        if near is not None:
            ops += _upgrade_ops(*near, call)
            ops.append(("set", ("parts", near[0], "status"), status_of(call.result)))
    return ops


def close(
    run: RunState, status: ToolStatus, at: float, inside: Collection[int] | None = None
) -> list[Op]:
    """Close what is still open, in the sense in which the run or the work around it ended."""
    ops: list[Op] = []
    if inside is None:
        unfinished = list(calls_at(run, "open"))
    else:
        near = (item for within in inside for item in calls_at(run, "open", within))
        unfinished = sorted(near, key=lambda item: item[0])
    for index, part in unfinished:
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
    return one == other or meaning(one) == meaning(other)


def _verdict(run: RunState, call: int) -> ToolStatus | None:
    """Return the status of a delegation's call: that of the delegation, once it is over.

    The result's text doesn't show it: an agent's answer isn't marked where the agent failed.
    """
    over = index_of(run).first("over", call)
    part = None if over is None else run.parts[over]
    if isinstance(part, DelegationPart) and part.status != "running":
        return part.status
    return None


def _call_of(run: RunState, event: ToolResult) -> tuple[int, ToolPart] | None:
    """Find the call that a result is of: where the frame belongs, or in the work around it."""
    for level in levels(run):
        found = _match(index_of(run), event, level)
        part = None if found is None else run.parts[found]
        if found is not None and isinstance(part, ToolPart):
            return found, part
    return None


def _match(index: Index, event: ToolResult, level: int | None) -> int | None:
    if event.call_id is not None:
        step = () if event.step is None else (event.step,)
        named = index.first("open id", level, event.call_id, *step)
        if named is not None:
            return named
        name = () if event.tool_name is None else (event.tool_name,)
        return index.first("anonymous", level, *name)
    same = index.first("open name", level, event.tool_name)
    return index.first("open", level) if same is None else same


def _seen(run: RunState, event: ToolResult, within: int | None) -> bool:
    """Tell a result that came twice from one that came before its call."""
    if event.call_id is None:
        return False
    step = () if event.step is None else (event.step,)
    return index_of(run).first("id", event.call_id, within, *step) is not None


def _since(part: ToolPart, at: float) -> float:
    return round(max(0.0, at - part.started), 3)


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
