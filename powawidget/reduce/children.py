"""What the server has stored of an orchestration's agents (wire protocol, section 6).

It takes the place of what was streamed, without removing or reordering parts; a text that is the
same doesn't change.
"""

from collections.abc import Callable
from functools import partial

from powawidget.events import Child, StoredChildren
from powawidget.ops import Op
from powawidget.reduce import tools
from powawidget.reduce.answer import new_text
from powawidget.reduce.delegations import work_status
from powawidget.reduce.draft import in_turn
from powawidget.reduce.place import work
from powawidget.state import DelegationPart, ParallelPart, RunState, TextPart, ToolPart, plain


def fold(run: RunState, event: StoredChildren) -> list[Op]:
    """Give each delegation its full results and its clean text."""
    phases: list[Callable[[RunState], list[Op]]] = []
    for place, child in _matched(run, event.children):
        if place is None:
            phases.append(partial(_add, child=child))
        else:
            phases += _updates(place, child)
    return in_turn(run, *phases) if phases else []


def _matched(run: RunState, children: list[Child]) -> list[tuple[int | None, Child]]:
    """Find the delegation of each child; None is one of a group that has none yet.

    By its id, where the stream told it; by what it said, where only one said that; a sequence by
    its order, which is the server's too.
    """
    delegations = [(i, part) for i, part in work(run) if isinstance(part, DelegationPart)]
    by_id = {part.child_id: i for i, part in delegations if part.child_id is not None}
    free = [i for i, part in delegations if part.child_id is None]
    found: list[tuple[int | None, Child]] = []
    rest: list[Child] = []
    for child in children:
        place = by_id.get(child.child_id) if child.child_id is not None else None
        if place is None:
            rest.append(child)
        else:
            found.append((place, child))
    if run.strategy != "sequential":
        same = [(_said(run, free, child), child) for child in rest]
        known = [(place, child) for place, child in same if place is not None]
        free = [i for i in free if i not in dict(known)]
        rest = [child for place, child in same if place is None]
        found += known
        if _group(run) is not None and not delegations:
            return found + [(None, child) for child in rest]
        if len(free) != len(rest) or _group(run) is not None:
            return found
    return found + list(zip(free, rest, strict=False))


def _said(run: RunState, free: list[int], child: Child) -> int | None:
    """Find the one delegation that said just what this child said."""
    wanted = "".join(child.texts) or child.answer
    same = [i for i in free if wanted and wanted == _joined(run, i)]
    return same[0] if len(same) == 1 else None


def _joined(run: RunState, index: int) -> str:
    own = (part for part in run.parts if isinstance(part, TextPart) and part.within == index)
    return "".join(str(part.text) for part in own)


def _group(run: RunState) -> int | None:
    return next((i for i, part in work(run) if isinstance(part, ParallelPart)), None)


def _add(run: RunState, child: Child) -> list[Op]:
    """Add a delegation to the group; whose it is, only the server knows."""
    group = _group(run)
    around = None if group is None else run.parts[group]
    started = around.started if isinstance(around, ParallelPart) else 0.0
    index = len(run.parts)
    part = DelegationPart(
        child_id=child.child_id, status=work_status(child.status), started=started, within=group
    )
    first: list[Op] = [("set", ("parts", index), plain(part))]
    texts = [] if run.edited else [text for text in child.texts or [child.answer] if text]
    first += [
        ("set", ("parts", index + 1 + number), new_text(text, index))
        for number, text in enumerate(texts)
    ]
    return in_turn(
        run,
        lambda _: first,
        lambda now: _move_in(now, group, index, child),
        *_updates(index, child),
    )


def _move_in(run: RunState, group: int | None, index: int, child: Child) -> list[Op]:
    """Move the cards and the thoughts of a group that are known to be this child's."""
    ops: list[Op] = []
    asked = list(child.asked)
    for place, part in tools.calls(run):
        if part.within == group and part.call_id in asked:
            asked.remove(part.call_id)
            ops.append(("set", ("parts", place, "within"), index))
    thoughts = list(child.thoughts)
    for place, thought in enumerate(run.reasoning.thoughts):
        if thought.within == group and str(thought.text) in thoughts:
            thoughts.remove(str(thought.text))
            ops.append(("set", ("reasoning", "thoughts", place, "within"), index))
    return ops


def _updates(index: int, child: Child) -> list[Callable[[RunState], list[Op]]]:
    return [
        lambda now: _texts(now, index, child),
        lambda now: tools.upgrade(now, child.tool_calls, index),
        lambda now: _answer_call(now, index, child),
        lambda now: _fields(now, index, child),
    ]


def _texts(run: RunState, index: int, child: Child) -> list[Op]:
    """Make the text be the stored one, part by part where they can be told apart."""
    places = [
        i for i, part in enumerate(run.parts) if isinstance(part, TextPart) and part.within == index
    ]
    shown = [str(run.parts[i].text) for i in places]  # type: ignore[union-attr]  # the place holds such a part
    wanted = child.texts or [child.answer]
    before, after = "".join(shown), "".join(wanted)
    # Where only the last text is stored, what was streamed is more.
    if run.edited or not after or before == after or (not child.texts and before.endswith(after)):
        return []
    if len(places) == len(wanted):
        pairs = zip(places, shown, wanted, strict=True)
        return [("set", ("parts", i, "text"), new) for i, old, new in pairs if new != old]
    if after.startswith(before):
        if places:
            return [("append", ("parts", places[-1], "text"), after[len(before) :])]
        return [("set", ("parts", len(run.parts)), new_text(after, index))]
    first, *rest = places
    return [
        ("set", ("parts", first, "text"), after),
        *(("set", ("parts", i, "text"), "") for i in rest),
    ]


def _answer_call(run: RunState, index: int, child: Child) -> list[Op]:
    """Give the supervisor's own call its full result: it is what the agent answered."""
    part = run.parts[index]
    call = part.call if isinstance(part, DelegationPart) else None
    card = None if call is None else run.parts[call]
    if not isinstance(card, ToolPart) or card.full or not card.result or run.edited:
        return []
    if (
        call is None
        or not child.answer.startswith(card.result)
        or card.size not in (None, len(child.answer))
    ):
        return []
    return [
        ("set", ("parts", call, "result"), child.answer),
        ("set", ("parts", call, "full"), True),
    ]


def _fields(run: RunState, index: int, child: Child) -> list[Op]:
    part = run.parts[index]
    if not isinstance(part, DelegationPart):
        return []
    fields: dict[str, object] = {"stored": True}
    if part.child_id is None:
        fields["child_id"] = child.child_id
    if part.steps is None:
        fields["steps"] = child.steps
    if part.usage is None:
        fields["usage"] = child.usage
    if child.seconds is not None and (part.seconds is None or run.origin == "stored"):
        fields["seconds"] = child.seconds  # a stored run is told in an instant
    ops: list[Op] = []
    if part.status in {"running", "interrupted"} and child.status:
        fields["status"] = work_status(child.status)
        card = None if part.call is None else run.parts[part.call]
        if part.call is not None and isinstance(card, ToolPart) and card.status == "interrupted":
            ops.append(("set", ("parts", part.call, "status"), fields["status"]))
    return ops + [
        ("set", ("parts", index, name), value)
        for name, value in fields.items()
        if getattr(part, name) != value
    ]
