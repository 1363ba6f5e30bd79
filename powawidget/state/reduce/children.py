"""What the server has stored of an orchestration's agents (docs/protocol.md#child-runs).

It replaces what was streamed, without removing or reordering parts; a text that is the
same doesn't change.
"""

from collections import Counter
from collections.abc import Iterator

from powawidget.protocol.events import Asked, Child, StoredChildren
from powawidget.state.index import index_of, meaning
from powawidget.state.model import (
    DelegationPart,
    ParallelPart,
    RunState,
    TextPart,
    ToolPart,
    plain,
)
from powawidget.state.ops import Op
from powawidget.state.reduce import tools
from powawidget.state.reduce.answer import new_text
from powawidget.state.reduce.delegations import work_status
from powawidget.state.reduce.draft import Phase, all_in_turn
from powawidget.state.reduce.owner import work

# How a run ended whose stream broke off: then more of the last agent is stored than was shown.
_CUT = frozenset({"interrupted", "stopped", "failed"})
_END = 200  # characters by which texts are looked up
_UNCLEAR = 2  # children that may be one delegation


def upgrade(run: RunState, event: StoredChildren) -> list[Op]:
    """Give each delegation its full results and its clean text."""
    matched = _matched(run, event.children)
    return all_in_turn(run, _phases(matched)) if matched else []


def _phases(matched: list[tuple[int | None, Child]]) -> Iterator[Phase]:
    mixed = _Mixed()
    for index, child in matched:
        if index is None:
            yield from _add(child, mixed)
        else:
            yield from _updates(index, child)


def _matched(run: RunState, children: list[Child]) -> list[tuple[int | None, Child]]:
    """Find the delegation of each child; None for a child of a group that has none yet.

    A child is matched by its id, where the stream has it. The others are matched by position, as
    long as what was streamed doesn't contradict that; then by what they said, where only one said
    it; and the last one that is left by elimination.
    """
    delegations = [(i, part) for i, part in work(run) if isinstance(part, DelegationPart)]
    group = _group(run)
    by_id = {part.child_id: i for i, part in delegations if part.child_id is not None}
    free = [i for i, part in delegations if part.child_id is None]
    found: list[tuple[int | None, Child]] = []
    rest: list[Child] = []
    for child in children:
        index = by_id.pop(child.child_id, None) if child.child_id is not None else None
        if index is None:
            rest.append(child)
        else:
            found.append((index, child))
    if group is not None and not delegations:
        return found + [(None, child) for child in rest]
    streamed = _Streamed(run)
    at = {} if group is not None else dict(enumerate(index for index, _ in delegations))
    for choose in (_by_position, _by_text, _left_over):
        pairs = choose(at, free, rest, streamed)
        found += pairs
        used = {id(child) for _, child in pairs}
        matched = {index for index, _ in pairs}
        free = [i for i in free if i not in matched]
        rest = [child for child in rest if id(child) not in used]
    return found


class _Streamed:
    """What was streamed of each delegation."""

    def __init__(self, run: RunState) -> None:
        self._texts: dict[int | None, list[str]] = {}
        self._ids: dict[int | None, set[str]] = {}
        for part in run.parts:
            if isinstance(part, TextPart):
                self._texts.setdefault(part.within, []).append(str(part.text))
            elif isinstance(part, ToolPart) and part.call_id is not None:
                self._ids.setdefault(part.within, set()).add(part.call_id)
        latest = [index for index, part in work(run) if isinstance(part, DelegationPart)]
        self._cut = latest[-1] if latest and run.status in _CUT else None

    def streamed_text(self, index: int) -> str:
        """Return the text of a delegation."""
        return "".join(self._texts.get(index, []))

    def id_of(self, index: int) -> str | None:
        """Return the id of any call of a delegation."""
        return min(self._ids.get(index, ()), default=None)

    def fit(self, index: int, child: Child) -> int:
        """Tell whether a child is a delegation.

        Returns:
            1 where it said the same, 0 where it may be it, -1 where it can't be.
        """
        asked = {one.call_id for one in child.asked}
        if (asked or child.texts) and not self._ids.get(index, set()) <= asked:
            return -1
        shown, stored = self.streamed_text(index), _stored(child)
        if not shown or not stored:
            return 0
        # Where only the last text is stored, what was streamed is more.
        if shown == stored or (not child.texts and shown.endswith(stored)):
            return 1
        return 0 if index == self._cut and stored.startswith(shown) else -1


_Pairs = list[tuple[int | None, Child]]


def _by_position(
    at: dict[int, int], free: list[int], rest: list[Child], streamed: _Streamed
) -> _Pairs:
    """Match by positions: all of them, or none where what was streamed speaks against one."""
    pairs: _Pairs = []
    left = set(free)
    for child in rest:
        index = None if child.position is None else at.get(child.position)
        if index is None or index not in left:
            continue
        if streamed.fit(index, child) < 0:
            return []
        pairs.append((index, child))
    return pairs if len({index for index, _ in pairs}) == len(pairs) else []


def _by_text(_: dict[int, int], free: list[int], rest: list[Child], streamed: _Streamed) -> _Pairs:
    """Match where only one of the delegations, and only one of the children, said just that."""
    known = _Stored(rest)
    same = [(index, child) for index in free for child in known.same(index, streamed)]
    delegations = Counter(index for index, _ in same)
    children = Counter(id(child) for _, child in same)
    return [(i, child) for i, child in same if delegations[i] == children[id(child)] == 1]


def _stored(child: Child) -> str:
    return "".join(child.texts) or child.answer


class _Stored:
    """Children by what is stored of each, so that not every one is compared with every agent."""

    def __init__(self, children: list[Child]) -> None:
        self._by: dict[tuple[str, str | None], list[Child]] = {}
        self._lengths: set[int] = set()
        for child in children:
            end = _stored(child)[-_END:]
            self._lengths.add(len(end))
            for call_id in {None, *(one.call_id for one in child.asked)}:
                self._by.setdefault((end, call_id), []).append(child)

    def same(self, index: int, streamed: _Streamed) -> list[Child]:
        """List the children that said what a delegation did, or enough to see that it's unclear."""
        found: dict[int, Child] = {}
        shown = streamed.streamed_text(index)
        for length in self._lengths:
            end = shown[len(shown) - length :] if 0 < length <= len(shown) else ""
            for call_id in dict.fromkeys((streamed.id_of(index), None)) if end else ():
                for child in self._by.get((end, call_id), ()):
                    if streamed.fit(index, child) > 0:
                        found[id(child)] = child
                    if len(found) > _UNCLEAR:
                        return list(found.values())
        return list(found.values())


def _left_over(
    at: dict[int, int], free: list[int], rest: list[Child], streamed: _Streamed
) -> _Pairs:
    """Match the only one that is left, also where a frame of it got lost in the stream."""
    if not at or len(free) != 1 or len(rest) != 1:
        return []
    index, child = free[0], rest[0]
    if child.position is None:
        return [(index, child)] if streamed.fit(index, child) >= 0 else []
    return [(index, child)] if at.get(child.position) == index else []


def _group(run: RunState) -> int | None:
    return index_of(run).first("group")


def _add(child: Child, mixed: "_Mixed") -> Iterator[Phase]:
    """Add a delegation to the group; whose it is, only the server knows."""
    made: list[int] = []

    def open_part(run: RunState) -> list[Op]:
        group = _group(run)
        around = None if group is None else run.parts[group]
        started = around.started if isinstance(around, ParallelPart) else 0.0
        index = len(run.parts)
        made.append(index)
        part = DelegationPart(
            child_id=child.child_id, status=work_status(child.status), started=started, within=group
        )
        texts = [] if run.edited else [text for text in child.texts or [child.answer] if text]
        return [
            ("set", ("parts", index), plain(part)),
            *(
                ("set", ("parts", index + 1 + number), new_text(text, index))
                for number, text in enumerate(texts)
            ),
        ]

    yield open_part
    (index,) = made
    yield lambda run: mixed.move(run, index, child)
    yield from _updates(index, child)


class _Mixed:
    """The cards and thoughts of a group, of which it isn't known whose they are."""

    def __init__(self) -> None:
        self._cards: dict[tuple[object, ...], list[int]] | None = None

    def move(self, run: RunState, index: int, child: Child) -> list[Op]:
        """Move within a delegation what is known to be this child's."""
        group = _group(run)
        calls = (self._pop(run, group, one) for one in child.asked)
        thoughts = [
            moved
            for text, count in Counter(child.thoughts).items()
            for moved in index_of(run).thoughts_at("whole in", group, text)[:count]
        ]
        return [
            *(("set", ("parts", moved, "within"), index) for moved in calls if moved is not None),
            *(("set", ("reasoning", "thoughts", moved, "within"), index) for moved in thoughts),
        ]

    def _pop(self, run: RunState, group: int | None, call: Asked) -> int | None:
        if self._cards is None:
            self._cards = {}
            for index, part in tools.calls(run):
                if part.within == group:
                    meant = meaning(part.asked or part.arguments)
                    key = (part.call_id, part.name, meant)
                    self._cards.setdefault(key, []).append(index)
        key = (call.call_id, call.tool_name, meaning(call.arguments))
        same = self._cards.get(key, [])
        for number, index in enumerate(same):
            card = run.parts[index]
            if isinstance(card, ToolPart) and _has_result(card, call):
                del same[number]
                return index
        return None


def _has_result(part: ToolPart, call: Asked) -> bool:
    """Tell whether a card has a call's result: two agents may have used the same id."""
    if part.result is None or call.result is None:
        return True
    timed = part.seconds is not None and call.seconds is not None
    return part.result == call.result and (not timed or part.seconds == call.seconds)


def _updates(index: int, child: Child) -> list[Phase]:
    return [
        lambda now: _texts(now, index, child),
        lambda now: tools.upgrade(now, child.tool_calls, index),
        lambda now: _answer_call(now, index, child),
        lambda now: _fields(now, index, child),
    ]


def _texts(run: RunState, index: int, child: Child) -> list[Op]:
    """Make the text be the stored one, part by part where they can be matched.

    The answer of a stream that came to its end stays as it was streamed.
    """
    if run.streamed and index == run.answer and run.status == "completed":
        return []
    texts = index_of(run).at("text", index)
    shown = [str(run.parts[i].text) for i in texts]  # type: ignore[union-attr]  # the index names such a part
    wanted = child.texts or [child.answer]
    before, after = "".join(shown), "".join(wanted)
    # Where only the last text is stored, what was streamed is more.
    if run.edited or not after or before == after or (not child.texts and before.endswith(after)):
        return []
    if len(texts) == len(wanted):
        pairs = zip(texts, shown, wanted, strict=True)
        return [("set", ("parts", i, "text"), new) for i, old, new in pairs if new != old]
    if after.startswith(before):
        if texts:
            return [("append", ("parts", texts[-1], "text"), after[len(before) :])]
        return [("set", ("parts", len(run.parts)), new_text(after, index))]
    first, *rest = texts
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
        fields["seconds"] = child.seconds  # the events of a stored run come all at once
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
