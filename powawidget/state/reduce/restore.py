"""The stored run replaces a stream that was cut (docs/protocol.md#stored-run).

What is shown of an agent's run stays where it is: text that is the same or longer isn't rewritten,
cards are updated from the store, and only what never came is added at the end. Of an
orchestration all parts are replaced: only the stored run shows which agent wrote what. Of a
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

_RESTORED = "The connection was lost on the way. This is the run as the server has stored it."
_LACKING = (
    "The connection was lost on the way. This is the answer as the server has stored it; a word "
    "may be missing where the connection broke. What had come until then stands under Details."
)
_UNDECIDED = frozenset({"undecided", "unknown"})


def restore(run: RunState, event: Restored, stored: RunState, at: float) -> list[Op]:
    """Turn an interrupted run into the stored one.

    Args:
        run: The run as it was cut.
        event: The stored run, as events.
        stored: The run that they fold to.
        at: When it was found, in seconds since the epoch.
    """
    draft: RunState = typed(plain(run), RunState)
    apply(draft, _reopen(draft))
    forget(draft)  # what follows changes it by other means
    if stored.edited:
        draft.edited = stored.edited
    if stored.kind == "orchestration":
        _restore_orchestration(draft, stored)
    elif stored.kind == "workflow":
        _restore_execution(draft, event)
    else:
        _restore_parts(draft, stored)
        forget(draft)
        apply(draft, answer.replace(draft, _text(stored)))
        for call in (one for one in event.events if isinstance(one, Completed)):
            apply(draft, tools.upgrade(draft, call.tool_calls))
    apply(draft, tools.close(draft, "done", at))
    _restore_thoughts(draft, stored.reasoning.thoughts)
    draft.step = max(draft.step, stored.step)
    draft.usage = stored.usage or draft.usage
    draft.citations = stored.citations or draft.citations
    draft.error, draft.wait = None, None
    draft.status, draft.restored, draft.ended = "completed", True, at
    draft.parts.append(_notice(run, stored))
    return list(_changes(run, draft))


def _notice(run: RunState, stored: RunState) -> NoticePart:
    """Say that the stored run took the stream's place.

    Of an agent without tools a token is missing in what is stored (docs/protocol.md#cut-plain):
    joining the two texts can't mend it, so that what was streamed is kept beside it.
    """
    is_plain = stored.kind == "agent" and not (run.step or stored.step)
    streamed = _text(run)
    if not is_plain or run.edited or stored.edited or not streamed or streamed == _text(stored):
        return NoticePart(code="restored", text=_RESTORED)
    return NoticePart(code="restored", text=_LACKING, details=streamed)


def _restore_orchestration(run: RunState, stored: RunState) -> None:
    """Use all parts as they are stored: they name one another by their indices.

    Who decided isn't stored, nor is every notice: those are kept from what was shown.
    """
    shown, run.parts = run.parts, stored.parts
    requests = [part for part in shown if isinstance(part, ApprovalPart)]
    known = Once((_request_key(part), number) for number, part in enumerate(requests))
    for index, part in enumerate(run.parts):
        same = known.pop(_request_key(part)) if isinstance(part, ApprovalPart) else None
        if same is not None and isinstance(part, ApprovalPart):
            run.parts[index] = decided = msgspec.structs.replace(requests[same], call=part.call)
            _restore_decision(decided, part)
    left = [part for number, part in enumerate(requests) if number not in known.used]
    run.parts += [msgspec.structs.replace(part, call=None) for part in left]
    notices = {(part.code, part.text) for part in run.parts if isinstance(part, NoticePart)}
    for part in shown:
        if isinstance(part, NoticePart) and (part.code, part.text) not in notices:
            run.parts.append(msgspec.structs.replace(part, within=None))
    run.kind, run.strategy, run.answer = stored.kind, stored.strategy, stored.answer


def _restore_execution(run: RunState, event: Restored) -> None:
    """Use what is logged of each block, and the result; what has no log was skipped."""
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


def _restore_parts(run: RunState, stored: RunState) -> None:
    text = _text(run)
    shown = len(text)
    goes_on = not run.edited and _text(stored).startswith(text)
    cards = _Shown(run)
    shown_at: dict[int, int] = {}  # of a stored card: where it is shown
    grown: TextPart | None = None
    for index, part in enumerate(stored.parts):
        if isinstance(part, TextPart):
            new = str(part.text)[shown:]
            shown = max(0, shown - len(str(part.text)))
            if new and goes_on:
                grown = _grow(run, new, grown)
        elif isinstance(part, ToolPart):
            shown_at[index] = cards.restore_call(part)
        elif isinstance(part, ApprovalPart):
            part.call = None if part.call is None else shown_at.get(part.call)
            shown_at[index] = cards.restore_approval(part)
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
    """The cards that are shown, each to be used once, by what is stored of it."""

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

    def restore_call(self, stored: ToolPart) -> int:
        """Let the card of a call become what is stored of it; one that never came is added.

        It is the same call by its id, where both have it, else by what was asked.
        """
        asked = ("asked", stored.name, meaning(stored.asked or stored.arguments))
        keys = [("id", stored.call_id, stored.step), ("no id", *asked)]
        index = self._calls.pop(*([asked] if stored.call_id is None else keys))
        part = None if index is None else self._run.parts[index]
        if index is None or not isinstance(part, ToolPart):
            return self._append(stored)
        self._run.parts[index] = msgspec.structs.replace(
            stored, started=part.started, call_id=part.call_id, asked=stored.asked or part.asked
        )
        return index

    def restore_approval(self, stored: ApprovalPart) -> int:
        """Let a request become what is stored of it; one that never came is added."""
        index = self._requests.pop((stored.call, *_request_key(stored)))
        part = None if index is None else self._run.parts[index]
        if index is None or not isinstance(part, ApprovalPart):
            return self._append(stored)
        _restore_decision(part, stored)
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


def _restore_decision(shown: ApprovalPart, stored: ApprovalPart) -> None:
    if shown.decision in _UNDECIDED and stored.decision not in _UNDECIDED:
        shown.decision, shown.outcome = stored.decision, stored.outcome
        shown.by = shown.by or stored.by


def _restore_thoughts(run: RunState, stored: list[Thought]) -> None:
    """Use each step's whole thinking: what was cut is its beginning."""
    thoughts = run.reasoning.thoughts
    shown: dict[int, Beginnings] = {}
    for index, thought in enumerate(thoughts):
        shown.setdefault(thought.step, Beginnings()).add(index, str(thought.text))
    used: set[int] = set()
    for one in stored:
        known = shown.get(one.step)
        known_at = None if known is None else known.first(str(one.text), used)
        if known_at is None:
            thoughts.append(one)
        else:
            used.add(known_at)
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
