"""The stored run takes the place of a stream that was cut (docs/protocol.md#stored-run).

Of an agent's run what is shown keeps its place: text that is the same or goes on isn't written
anew, cards become what is stored of them, and only what never came is added at the end. Of an
orchestration all parts are taken: which agent said what can only be told of the whole. Of a
workflow each block becomes what is logged of it.
"""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from powawidget.protocol.events import (
    Completed,
    GraphKnown,
    Restored,
    StoredBlocks,
    WorkflowCompleted,
)
from powawidget.state.index import forget, meaning
from powawidget.state.model import (
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
from powawidget.state.ops import Op, apply
from powawidget.state.reduce import answer, blocks, tools
from powawidget.state.reduce.match import Beginnings, Once
from powawidget.state.text import Text

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
    forget(draft)  # what follows changes it by other means
    if told.edited:
        draft.edited = told.edited
    if told.kind == "orchestration":
        _take_orchestration(draft, told)
    elif told.kind == "workflow":
        _take_execution(draft, event)
    else:
        _take_parts(draft, told)
        forget(draft)
        apply(draft, answer.replace(draft, _text(told)))
        for call in (one for one in event.events if isinstance(one, Completed)):
            apply(draft, tools.upgrade(draft, call.tool_calls))
    apply(draft, tools.close(draft, "done", at))
    _take_thoughts(draft, told.reasoning.thoughts)
    draft.step = max(draft.step, told.step)
    draft.usage = told.usage or draft.usage
    draft.citations = told.citations or draft.citations
    draft.error, draft.wait = None, None
    draft.status, draft.restored, draft.ended = "completed", True, at
    draft.parts.append(NoticePart(code="restored", text=_SAID))
    return list(_changes(run, draft))


def _take_orchestration(run: RunState, told: RunState) -> None:
    """Take all parts as they are stored: they name one another by their indices.

    Who decided isn't stored, nor is every notice: those are kept from what was shown.
    """
    shown, run.parts = run.parts, told.parts
    requests = [part for part in shown if isinstance(part, ApprovalPart)]
    known = Once((_request_key(part), number) for number, part in enumerate(requests))
    for index, part in enumerate(run.parts):
        same = known.take(_request_key(part)) if isinstance(part, ApprovalPart) else None
        if same is not None and isinstance(part, ApprovalPart):
            run.parts[index] = decided = msgspec.structs.replace(requests[same], call=part.call)
            _take_decision(decided, part)
    left = [part for number, part in enumerate(requests) if number not in known.taken]
    run.parts += [msgspec.structs.replace(part, call=None) for part in left]
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
            apply(run, blocks.upgrade(run, one))
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
    text = _text(run)
    shown = len(text)
    goes_on = not run.edited and _text(told).startswith(text)
    cards = _Shown(run)
    shown_at: dict[int, int] = {}  # of a stored card: where it is shown
    grown: TextPart | None = None
    for index, part in enumerate(told.parts):
        if isinstance(part, TextPart):
            new = str(part.text)[shown:]
            shown = max(0, shown - len(str(part.text)))
            if new and goes_on:
                grown = _grow(run, new, grown)
        elif isinstance(part, ToolPart):
            shown_at[index] = cards.take_call(part)
        elif isinstance(part, ApprovalPart):
            part.call = None if part.call is None else shown_at.get(part.call)
            shown_at[index] = cards.take_approval(part)
        else:
            cards.add(part)
        if run.parts and not isinstance(run.parts[-1], NoticePart | TextPart):
            grown = None


def _grow(run: RunState, text: str, grown: TextPart | None) -> TextPart:
    """Let the answer go on where it stopped, also where a notice came after it.

    `grown` is the part that went on last, where nothing came after it.
    """
    last: Part | None = grown or next(
        (part for part in reversed(run.parts) if not isinstance(part, NoticePart)), None
    )
    if isinstance(last, TextPart):
        last.text.append(text)
        return last
    run.parts.append(fresh := TextPart(text=Text(text)))
    return fresh


class _Shown:
    """The cards that are shown, each to be taken once by what is stored of it.

    Args:
        run: The run as it was cut.
    """

    def __init__(self, run: RunState) -> None:
        self._run = run
        self._others: set[str] = set()
        calls: list[tuple[object, int]] = []
        requests: list[tuple[object, int]] = []
        for index, part in enumerate(run.parts):
            if isinstance(part, ToolPart):
                asked = ("asked", part.name, meaning(part.asked or part.arguments))
                calls.append((asked, index))
                named = ("id", part.call_id, part.step)
                calls.append((named if part.call_id is not None else ("no id", *asked), index))
            elif isinstance(part, ApprovalPart):
                requests.append(((part.call, *_request_key(part)), index))
            else:
                self._others.add(_written(part))
        self._calls = Once(calls)
        self._requests = Once(requests)

    def take_call(self, stored: ToolPart) -> int:
        """Let the card of a call become what is stored of it; one that never came is added.

        It is the same call by its id, where both tell it, else by what was asked.
        """
        asked = ("asked", stored.name, meaning(stored.asked or stored.arguments))
        keys = [("id", stored.call_id, stored.step), ("no id", *asked)]
        index = self._calls.take(*([asked] if stored.call_id is None else keys))
        part = None if index is None else self._run.parts[index]
        if index is None or not isinstance(part, ToolPart):
            return self._append(stored)
        self._run.parts[index] = msgspec.structs.replace(
            stored, started=part.started, call_id=part.call_id, asked=stored.asked or part.asked
        )
        return index

    def take_approval(self, stored: ApprovalPart) -> int:
        """Let a request become what is stored of it; one that never came is added."""
        index = self._requests.take((stored.call, *_request_key(stored)))
        part = None if index is None else self._run.parts[index]
        if index is None or not isinstance(part, ApprovalPart):
            return self._append(stored)
        _take_decision(part, stored)
        return index

    def add(self, stored: Part) -> None:
        """Add a notice, or whatever else isn't shown yet."""
        written = _written(stored)
        if written not in self._others:
            self._others.add(written)
            self._append(stored)

    def _append(self, part: Part) -> int:
        self._run.parts.append(part)
        return len(self._run.parts) - 1


def _written(part: Part) -> str:
    return json.dumps(plain(part), sort_keys=True)


def _request_key(part: ApprovalPart) -> tuple[str, str, str]:
    return part.tool_name, part.covers, part.arguments


def _take_decision(shown: ApprovalPart, stored: ApprovalPart) -> None:
    if shown.decision in _UNDECIDED and stored.decision not in _UNDECIDED:
        shown.decision, shown.outcome = stored.decision, stored.outcome
        shown.by = shown.by or stored.by


def _take_thoughts(run: RunState, stored: list[Thought]) -> None:
    """Take each step's whole thinking: what was cut is its beginning."""
    thoughts = run.reasoning.thoughts
    shown: dict[int, Beginnings] = {}
    for index, thought in enumerate(thoughts):
        shown.setdefault(thought.step, Beginnings()).add(index, str(thought.text))
    taken: set[int] = set()
    for one in stored:
        known = shown.get(one.step)
        known_at = None if known is None else known.first(str(one.text), taken)
        if known_at is None:
            thoughts.append(one)
        else:
            taken.add(known_at)
            thoughts[known_at] = one


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
