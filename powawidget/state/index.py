"""What the rules look up in a run, without going through all its parts for each event.

A run of thousands of calls, requests or delegations must cost each event the same (twice as many
events, twice the time). So a run carries, beside its fields and never on the wire, an index of its
parts by what the rules ask for. `ops.apply` informs it of changes; it is made anew for a run
that has none, such as a saved one.
"""

import bisect
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from powawidget.protocol.events.bounds import TASK, cut
from powawidget.state.model import (
    ApprovalPart,
    Block,
    DelegationPart,
    ParallelPart,
    Part,
    RunState,
    TextPart,
    Thought,
    ToolPart,
)
from powawidget.state.ops import PathKey

OPEN_CALL: frozenset[str] = frozenset({"running", "waiting"})
OPEN_REQUEST: frozenset[str] = frozenset({"pending", "sending", "unknown"})
ANSWERABLE = OPEN_REQUEST | {"superseded"}
DELEGATE = "delegate_to_"

_Key = tuple[Any, ...]
# Keys whose second item is the index of a call.
_POINTERS = frozenset({"about", "claim"})


class Lists:
    """Indices under keys, each list in ascending order."""

    def __init__(self, keys_of: Callable[[Any], Iterable[_Key]]) -> None:
        self._keys_of = keys_of
        self._keys: list[frozenset[_Key]] = []
        self._lists: dict[_Key, list[int]] = {}
        self._changed: set[int] = set()

    def note(self, index: int) -> None:
        """Note that a thing isn't what it was; one that is new is seen without that."""
        # A saved run that somebody made up points wherever it likes.
        if 0 <= index < len(self._keys):
            self._changed.add(index)

    def settle(self, things: Sequence[Any]) -> None:
        """Bring the lists up to what the things are now."""
        while self._changed or len(self._keys) < len(things):
            index = next(iter(self._changed), len(self._keys))
            self._settle(index, frozenset(self._keys_of((index, things[index]))))

    def _settle(self, index: int, new: frozenset[_Key]) -> None:
        is_new = index == len(self._keys)
        old = frozenset() if is_new else self._keys[index]
        for key in old - new:
            listed = self._lists[key]
            del listed[bisect.bisect_left(listed, index)]
            if not listed:
                del self._lists[key]
        for key in new - old:
            bisect.insort(self._lists.setdefault(key, []), index)
        if is_new:
            self._keys.append(new)
        else:
            self._keys[index] = new
        for key in old ^ new:
            # Whether a call has a request or a delegation of its own is among its keys.
            if key[0] in _POINTERS and key[1] is not None:
                self.note(key[1])
        self._changed.discard(index)

    def at(self, key: _Key) -> Sequence[int]:
        """List the indices under a key."""
        return self._lists.get(key, ())

    def __len__(self) -> int:
        return len(self._keys)


class Index:
    """The parts, thoughts and blocks of one run, by what is asked of them. See `keys` below."""

    def __init__(self, run: RunState) -> None:
        self.parts = run.parts
        self.thoughts = run.reasoning.thoughts
        self.blocks = run.blocks
        # The text parts that say nothing: one more piece changes what they are found by.
        self.empty: set[int] = set()
        # Of each text of arguments: what is the same for all that mean the same.
        self._meanings: dict[str, bytes] = {}
        self._of_parts = Lists(self._keys_of_part)
        self._of_thoughts = Lists(_keys_of_thought)
        self._of_blocks = Lists(_keys_of_block)
        # Of each group: the names that its agents are known by.
        self._names: dict[int, set[str]] = {}

    def fits(self, run: RunState) -> bool:
        """Tell whether these are still the lists that the run has."""
        return (
            self.parts is run.parts
            and self.thoughts is run.reasoning.thoughts
            and self.blocks is run.blocks
            and len(self._of_parts) <= len(self.parts)
            and len(self._of_thoughts) <= len(self.thoughts)
            and len(self._of_blocks) <= len(self.blocks)
        )

    def note(self, path: Sequence[PathKey]) -> None:
        """Note which field of the run was set."""
        top, *rest = path
        if top == "parts" and rest:
            index, *field = rest
            if len(field) > 1:  # one name of a group's agents
                self._add_name(int(index), int(field[1]))
                return
            if not field or field[0] == "agents":
                self._names.pop(int(index), None)
            self._of_parts.note(int(index))
        elif top == "reasoning" and len(rest) > 1:
            self._of_thoughts.note(int(rest[1]))
        elif top == "blocks" and rest:
            self._of_blocks.note(int(rest[0]))

    def settle(self) -> None:
        """Bring all lists up to date, so that looking something up changes nothing.

        Whoever changes a run does this before others read it: they may be other threads.
        """
        self._of_parts.settle(self.parts)
        self._of_thoughts.settle(self.thoughts)
        self._of_blocks.settle(self.blocks)

    def _add_name(self, index: int, number: int) -> None:
        group = self.parts[index]
        if isinstance(group, ParallelPart) and index in self._names:
            self._names[index].add(group.agents[number])

    def at(self, *key: Any) -> Sequence[int]:
        """List the indices of the parts under a key, in ascending order."""
        self._of_parts.settle(self.parts)
        return self._of_parts.at(key)

    def first(self, *key: Any) -> int | None:
        """Return the index of the first part under a key."""
        found = self.at(*key)
        return found[0] if found else None

    def last(self, *key: Any) -> int | None:
        """Return the index of the last part under a key."""
        found = self.at(*key)
        return found[-1] if found else None

    def thoughts_at(self, *key: Any) -> Sequence[int]:
        """List the indices of the thoughts under a key, in ascending order."""
        self._of_thoughts.settle(self.thoughts)
        return self._of_thoughts.at(key)

    def block(self, block_id: str) -> int | None:
        """Return the index of the first block with this id."""
        self._of_blocks.settle(self.blocks)
        found = self._of_blocks.at((block_id,))
        return found[0] if found else None

    def names(self, group: int) -> set[str]:
        """Return the names by which the agents of a group are known."""
        if group not in self._names:
            part = self.parts[group]
            self._names[group] = set(part.agents if isinstance(part, ParallelPart) else ())
        return self._names[group]

    def meant(self, name: str, arguments: str) -> bytes:
        """Read what arguments mean, and those of the open calls of a tool: each text once."""
        for index in tuple(self.at("unread", name)):
            part = self.parts[index]
            if isinstance(part, ToolPart):
                self._meaning(part.arguments)
                self._of_parts.note(index)
        return self._meaning(arguments)

    def _meaning(self, arguments: str) -> bytes:
        known = self._meanings.get(arguments)
        if known is None:
            known = self._meanings[arguments] = meaning(arguments)
        return known

    def _keys_of_part(self, item: tuple[int, Part]) -> Iterable[_Key]:
        index, part = item
        if isinstance(part, ApprovalPart):
            yield from _keys_of_request(part)
            return
        yield ("no request",)
        yield ("in", part.within)
        if isinstance(part, ToolPart):
            yield from self._keys_of_call(index, part)
        elif isinstance(part, TextPart):
            yield ("text", part.within)
            self.empty.discard(index)
            if part.text:
                yield ("text shown",)
                yield ("text shown", part.within)
            else:
                self.empty.add(index)
        elif isinstance(part, DelegationPart):
            yield from _keys_of_delegation(part)
        elif isinstance(part, ParallelPart):
            yield ("work",)
            yield ("work", part.within)
            yield ("group",)
            if part.status == "running":
                yield ("running",)
                yield ("running group", part.within)

    def _keys_of_call(self, index: int, part: ToolPart) -> Iterable[_Key]:
        within, name = part.within, part.name
        if part.order is not None:
            yield ("answered",)
            yield ("answered", within)
        if part.call_id is not None:
            yield ("id", part.call_id, within)
            yield ("id", part.call_id, within, part.step)
            if not part.arguments:
                yield ("early", part.call_id, within, part.step)
            if part.result is None:
                yield ("unanswered", part.call_id)
                yield ("unanswered", part.call_id, part.step)
        if part.status not in OPEN_CALL:
            return
        yield ("open",)
        yield ("open", within)
        yield ("open name", within, name)
        if part.call_id is None:
            yield ("anonymous", within)
            yield ("anonymous", within, name)
        else:
            yield ("open id", within, part.call_id)
            yield ("open id", within, part.call_id, part.step)
            yield ("same", part.call_id, within, part.step, name, part.arguments)
        yield ("open called", name)
        known = self._meanings.get(part.arguments)
        if known is None:
            yield ("unread", name)
        else:
            yield ("fitting", name, known)
            if not self._of_parts.at(("about", index)):
                yield ("fresh", name, known)
        if name.startswith(DELEGATE) and not self._of_parts.at(("claim", index)):
            yield ("delegate", within)
            yield ("delegate", within, plain_name(name))
            yield ("delegate", within, plain_name(name), argument(part, "task"))


def index_of(run: RunState) -> Index:
    """Return the index of a run, made where it has none that fits.

    Returns:
        The index, up to date with all that `ops.apply` has changed.
    """
    found: Index | None = vars(run).get("_index")
    if found is None or not found.fits(run):
        found = Index(run)
        found.settle()
        vars(run)["_index"] = found
    return found


def forget(run: RunState) -> None:
    """Drop the index of a run whose parts were changed by other means than `ops.apply`."""
    vars(run).pop("_index", None)


def meaning(text: str) -> bytes:
    """Return the same for JSON texts of the same value, whatever their order of keys."""
    try:
        value = json.loads(text, parse_float=_number)
        written = json.dumps(value, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        written = f"not JSON: {text}"
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).digest()


def plain_name(name: str) -> str:
    """Make an agent's name and that of its tool comparable: a tool's has no odd characters."""
    return "".join(
        char if char.isascii() and (char.isalnum() or char in "-_") else "_"
        for char in name.removeprefix(DELEGATE)
    ).casefold()


def argument(part: ToolPart, name: str) -> str | None:
    """Read one argument of a call, where it is a text, cut as the same text in an event is."""
    try:
        arguments = json.loads(part.arguments)
    except (ValueError, RecursionError):
        return None
    value = arguments.get(name) if isinstance(arguments, dict) else None
    return cut(value, TASK) if isinstance(value, str) else None


def _number(text: str) -> float:
    """Read a number so that 1.0 is written as 1 is: JSON knows one kind."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _keys_of_request(part: ApprovalPart) -> Iterable[_Key]:
    yield ("request",)
    yield ("digest", part.digest)
    yield ("about", part.call)
    if part.waited is None:
        yield ("unmeasured",)
    if part.decision in ANSWERABLE:
        yield ("answerable", part.call)
    if part.decision in OPEN_REQUEST:
        yield ("requests",)
        yield ("requests", part.decision)
        yield ("requests about", part.call)
        yield ("requests covering", part.covers)
        if part.decision == "pending":
            yield ("pending about", part.call)


def _keys_of_delegation(part: DelegationPart) -> Iterable[_Key]:
    yield ("work",)
    yield ("work", part.within)
    yield ("claim", part.call)
    is_running = part.status == "running"
    if not is_running:
        yield ("over", part.call)
    for state in ("agent", "agent running") if is_running else ("agent",):
        yield (state,)
        yield (state, "name", part.agent)
        yield (state, "id", part.child_id)
        if part.child_id is None:
            yield (state, "unknown", part.agent)
    if is_running:
        yield ("running",)
        yield ("running agent", part.within)
        yield ("running for", part.call)


def _keys_of_thought(item: tuple[int, Thought]) -> Iterable[_Key]:
    thought = item[1]
    if thought.whole:
        yield ("whole", thought.step, thought.within, str(thought.text))
        yield ("whole in", thought.within, str(thought.text))
    else:
        yield ("partly", thought.step, thought.within)


def _keys_of_block(item: tuple[int, Block]) -> Iterable[_Key]:
    yield (item[1].id,)
