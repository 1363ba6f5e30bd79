"""The stored run takes the place of a stream that was cut (wire protocol, section 9).

Of an agent's run what is shown keeps its place: text that is the same or goes on isn't written
anew, cards become what is stored of them, and only what never came is added at the end. Of an
orchestration all parts are taken: which agent said what can only be told of the whole. Of a
workflow each block becomes what is logged of it.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from powawidget.events import (
    Completed,
    GraphKnown,
    Restored,
    StoredBlocks,
    WorkflowCompleted,
)
from powawidget.ops import Op, apply
from powawidget.reduce import answer, blocks, tools
from powawidget.state import (
    ApprovalPart,
    NoticePart,
    Part,
    RunState,
    TextPart,
    Thought,
    ToolPart,
    plain,
    typed,
)
from powawidget.text import Text

_SAID = "The connection was lost on the way. This is the run as the server has stored it."
_UNDECIDED = frozenset({"undecided", "unknown"})


def take_over(run: RunState, event: Restored, told: RunState, at: float) -> list[Op]:
    """Make an interrupted run what is stored of it.

    Args:
        run: The run as it was cut.
        event: The stored run, told again.
        told: The same events folded over an empty run.
        at: When it was found, in seconds since the epoch.

    Returns:
        Only what differs.
    """
    draft: RunState = typed(plain(run), RunState)
    apply(draft, _reopen(draft))
    if told.edited:
        draft.edited = told.edited
    if told.kind == "orchestration":
        _take_orchestration(draft, told)
    elif told.kind == "workflow":
        _take_execution(draft, event)
    else:
        _take_parts(draft, told)
        apply(draft, answer.replace(draft, _text(told)))
        for call in (one for one in event.events if isinstance(one, Completed)):
            apply(draft, tools.upgrade(draft, call.tool_calls))
    apply(draft, tools.close(draft, "done", at))
    for thought in told.reasoning.thoughts:
        _take_thought(draft, thought)
    draft.step = max(draft.step, told.step)
    draft.usage = told.usage or draft.usage
    draft.citations = told.citations or draft.citations
    draft.error, draft.wait = None, None
    draft.status, draft.restored, draft.ended = "completed", True, at
    draft.parts.append(NoticePart(code="restored", text=_SAID))
    return list(_changes(run, draft))


def _take_orchestration(run: RunState, told: RunState) -> None:
    """Take all parts as they are stored: they name one another by their places.

    Who decided isn't stored, nor is every notice: those are kept from what was shown.
    """
    shown, run.parts = run.parts, told.parts
    requests = [part for part in shown if isinstance(part, ApprovalPart)]
    for index, part in enumerate(run.parts):
        same = next((one for one in requests if _is_same_request(one, part)), None)
        if same is not None and isinstance(part, ApprovalPart):
            requests.remove(same)
            run.parts[index] = decided = msgspec.structs.replace(same, call=part.call)
            _take_decision(decided, part)
    run.parts += [msgspec.structs.replace(part, call=None) for part in requests]
    notices = {(part.code, part.text) for part in run.parts if isinstance(part, NoticePart)}
    for part in shown:
        if isinstance(part, NoticePart) and (part.code, part.text) not in notices:
            run.parts.append(msgspec.structs.replace(part, within=None))
    run.kind, run.strategy, run.answer = told.kind, told.strategy, told.answer


def _take_execution(run: RunState, event: Restored) -> None:
    """Take what is logged of each block, and the result; what has no log was skipped."""
    for one in event.events:
        if isinstance(one, GraphKnown):
            apply(run, blocks.know(run, one))
        elif isinstance(one, StoredBlocks):
            apply(run, blocks.fold_logs(run, one))
        elif isinstance(one, WorkflowCompleted) and run.output is None:
            run.output = one.result
    apply(run, blocks.skip_rest(run))
    run.kind = "workflow"


def _reopen(run: RunState) -> list[Op]:
    """Open the cards that the cut has closed, so that they can be answered."""
    return [
        ("set", ("parts", index, "status"), "running")
        for index, part in tools.calls(run)
        if part.status == "interrupted" and part.result is None
    ]


def _take_parts(run: RunState, told: RunState) -> None:
    shown = len(_text(run))
    goes_on = not run.edited and _text(told).startswith(_text(run))
    places: dict[int, int] = {}  # of a stored card: where it is shown
    for index, part in enumerate(told.parts):
        if isinstance(part, TextPart):
            new = str(part.text)[shown:]
            shown = max(0, shown - len(str(part.text)))
            if new and goes_on:
                _grow(run, new)
        elif isinstance(part, ToolPart):
            places[index] = _take_call(run, part, set(places.values()))
        elif isinstance(part, ApprovalPart):
            part.call = None if part.call is None else places.get(part.call)
            places[index] = _take_approval(run, part, set(places.values()))
        elif part not in run.parts:
            run.parts.append(part)


def _grow(run: RunState, text: str) -> None:
    """Let the answer go on where it stopped, also where a notice came after it."""
    last = next((part for part in reversed(run.parts) if not isinstance(part, NoticePart)), None)
    if isinstance(last, TextPart):
        last.text.append(text)
    else:
        run.parts.append(TextPart(text=Text(text)))


def _take_call(run: RunState, stored: ToolPart, taken: set[int]) -> int:
    for index, part in tools.calls(run):
        if index not in taken and _is_same_call(part, stored):
            run.parts[index] = msgspec.structs.replace(
                stored, started=part.started, call_id=part.call_id, asked=stored.asked or part.asked
            )
            return index
    run.parts.append(stored)
    return len(run.parts) - 1


def _is_same_call(one: ToolPart, other: ToolPart) -> bool:
    if one.call_id is not None and other.call_id is not None:
        return (one.call_id, one.step) == (other.call_id, other.step)
    asked = one.asked or one.arguments
    return one.name == other.name and tools.same_json(asked, other.asked or other.arguments)


def _take_approval(run: RunState, stored: ApprovalPart, taken: set[int]) -> int:
    for index, part in enumerate(run.parts):
        if not isinstance(part, ApprovalPart) or index in taken:
            continue
        if part.call == stored.call and _is_same_request(part, stored):
            _take_decision(part, stored)
            return index
    run.parts.append(stored)
    return len(run.parts) - 1


def _is_same_request(one: ApprovalPart, other: Part) -> bool:
    return isinstance(other, ApprovalPart) and (one.tool_name, one.covers, one.arguments) == (
        other.tool_name,
        other.covers,
        other.arguments,
    )


def _take_decision(shown: ApprovalPart, stored: ApprovalPart) -> None:
    if shown.decision in _UNDECIDED and stored.decision not in _UNDECIDED:
        shown.decision, shown.outcome = stored.decision, stored.outcome
        shown.by = shown.by or stored.by


def _take_thought(run: RunState, stored: Thought) -> None:
    """Take a step's whole thinking: what was cut is its beginning."""
    thoughts = run.reasoning.thoughts
    for index, thought in enumerate(thoughts):
        if thought.step == stored.step and str(stored.text).startswith(str(thought.text)):
            thoughts[index] = stored
            return
    thoughts.append(stored)


def _text(run: RunState) -> str:
    return "".join(str(part.text) for part in run.parts if isinstance(part, TextPart))


def _changes(before: RunState, after: RunState) -> Iterator[Op]:
    """List what makes one run the other."""
    for name in msgspec.structs.fields(RunState):
        if name.name not in {"parts", "reasoning", "blocks"}:
            yield from _field(before, after, (), name.name)
    if len(after.parts) < len(before.parts):
        yield ("set", ("parts",), plain(after.parts))
        before = msgspec.structs.replace(before, parts=after.parts)
    for index, part in enumerate(after.parts):
        old: Part | None = before.parts[index] if index < len(before.parts) else None
        yield from _struct(old, part, ("parts", index))
    for index, block in enumerate(after.blocks):
        known = before.blocks[index] if index < len(before.blocks) else None
        yield from _struct(known, block, ("blocks", index))
    for index, thought in enumerate(after.reasoning.thoughts):
        thoughts = before.reasoning.thoughts
        earlier = thoughts[index] if index < len(thoughts) else None
        yield from _struct(earlier, thought, ("reasoning", "thoughts", index))


def _struct(before: Any, after: Any, path: tuple[str | int, ...]) -> Iterator[Op]:
    if type(before) is not type(after):
        yield ("set", path, plain(after))
        return
    for name in msgspec.structs.fields(after):
        yield from _field(before, after, path, name.name)


def _field(before: Any, after: Any, path: tuple[str | int, ...], name: str) -> Iterator[Op]:
    old, new = getattr(before, name), getattr(after, name)
    if old == new:
        return
    if isinstance(new, Text) and str(new).startswith(str(old)):
        yield ("append", (*path, name), str(new)[len(str(old)) :])
    else:
        yield ("set", (*path, name), plain(new))
