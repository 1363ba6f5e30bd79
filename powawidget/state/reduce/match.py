"""Which of many cards a stored thing is: each found at once, not by going through them all."""

from collections import deque
from collections.abc import Iterable

from powawidget.protocol.events import ReportedCall
from powawidget.state.index import meaning
from powawidget.state.model import ToolPart

MULTIMODAL = "[multimodal content]"
# A preview's length: longer ones are compared by their first characters, then one by one.
_HEAD = 200

_Card = tuple[int, ToolPart]


class Beginnings:
    """Texts in order, to be found by a whole text that begins with one of them."""

    def __init__(self) -> None:
        self._lengths: set[int] = set()
        self._heads: dict[str, deque[tuple[int, str]]] = {}

    def add(self, number: int, text: str) -> None:
        """Add a text under a number; numbers only grow."""
        head = text[:_HEAD]
        self._lengths.add(len(head))
        self._heads.setdefault(head, deque()).append((number, text))

    def first(self, whole: str, used: set[int]) -> int | None:
        """Return the least number that isn't used and whose text this one begins with."""
        found: list[int] = []
        for length in self._lengths:
            listed = self._heads.get(whole[:length]) if length <= len(whole) else None
            if not listed:
                continue
            while listed and listed[0][0] in used:
                listed.popleft()
            same = (n for n, text in listed if n not in used and whole.startswith(text))
            found += [next(same, -1)]
        return min((number for number in found if number >= 0), default=None)


class Cards:
    """Calls with a result, by what a reported call tells of them."""

    def __init__(self, answered: list[_Card]) -> None:
        self._cards = answered
        self._taken: set[int] = set()
        self._by: dict[tuple[object, ...], Beginnings] = {}
        for number, (_, part) in enumerate(answered):
            for step in (part.step, None):
                for seconds in ((part.seconds,), ()):
                    key = (part.name, step, *seconds)
                    self._by.setdefault(key, Beginnings()).add(number, part.result or "")
                    if part.result == MULTIMODAL:
                        many = self._by.setdefault((*key, MULTIMODAL), Beginnings())
                        many.add(number, MULTIMODAL)

    def pop(self, call: ReportedCall, *, timed: bool) -> _Card | None:
        """Pop the first card whose name, step, preview and, where it counts, duration fit."""
        is_timed = timed and call.duration_ms is not None
        seconds = ((call.duration_ms or 0.0) / 1000,) if is_timed else ()
        key = (call.tool_name, call.step, *seconds)
        sought = [(key, call.result), *([((*key, MULTIMODAL), MULTIMODAL)] if call.json else [])]
        numbers = (
            self._by[each].first(text, self._taken) for each, text in sought if each in self._by
        )
        found = min((number for number in numbers if number is not None), default=None)
        if found is None:
            return None
        self._taken.add(found)
        return self._cards[found]


class Requests:
    """Calls by their name, step and arguments, each to be used once."""

    def __init__(self, calls: Iterable[_Card]) -> None:
        self._cards = list(calls)
        self._known = Once(
            ((part.name, step, meant), number)
            for number, (_, part) in enumerate(self._cards)
            for meant in (meaning(part.arguments),)
            for step in (part.step, None)
        )

    def pop(self, call: ReportedCall) -> _Card | None:
        """Pop the first call with what a reported one was asked."""
        found = self._known.pop((call.tool_name, call.step, meaning(call.arguments)))
        return None if found is None else self._cards[found]


class Once:
    """Numbers under keys, each to be used once, the least first."""

    def __init__(self, items: Iterable[tuple[object, int]]) -> None:
        self.used: set[int] = set()
        self._by: dict[object, deque[int]] = {}
        for key, number in items:
            self._by.setdefault(key, deque()).append(number)

    def pop(self, *keys: object) -> int | None:
        """Take the least number that is under one of these keys."""
        first: list[int] = []
        for key in keys:
            listed = self._by.get(key)
            while listed and listed[0] in self.used:
                listed.popleft()
            first += [listed[0]] if listed else []
        if not first:
            return None
        self.used.add(min(first))
        return min(first)
