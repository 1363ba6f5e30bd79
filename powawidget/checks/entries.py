"""What is expected in a row: tool calls, agents or blocks, by name, arguments and status. Pure."""

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from powawidget.checks.fitting import difference, fits, plain, written
from powawidget.errors import InvalidValueError, WrongTypeError

_MOST_WRITTEN = 4


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that is expected.

    Attributes:
        name: A glob over its name, as it is written.
        arguments: Its arguments; None for any.
        status: How it ended; None for any.
    """

    name: str
    arguments: Any = None
    status: str | None = None

    def __str__(self) -> str:
        inside = _in_brackets(self.arguments)
        ended = "" if self.status is None else f", {self.status}"
        return f"{plain(self.name) or 'one without a name'}{inside}{ended}"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One thing that there was.

    Attributes:
        names: What it is called: its name, and its id where it has one of a person's.
        status: How it stands.
        arguments: Its arguments, decoded; None where there are none.
    """

    names: Sequence[str]
    status: str
    arguments: Any = None

    def __str__(self) -> str:
        name = plain(self.names[0]) or "one without a name"
        return f"{name}{_in_brackets(self.arguments)}, {self.status}"


def entry_of(given: object, statuses: frozenset[str], *, has_arguments: bool) -> Entry:
    """Read what a person expects.

    Args:
        given: A name or a glob; a pair of it and the arguments, or the status; or all three. The
            arguments of three may be any value, and None for any.
        statuses: The words that a status may be.
        has_arguments: Whether such a thing has arguments.

    Raises:
        WrongTypeError: If it has another form.
        InvalidValueError: If the status is none.
    """
    if isinstance(given, str):
        return Entry(name=given)
    form = '("name", {"argument": value}, "done")' if has_arguments else '("name", "done")'
    if not (isinstance(given, tuple) and given and isinstance(given[0], str)):
        raise WrongTypeError(f"Expected are names, or tuples such as {form}, not {plain(given)}.")
    name, *rest = given
    arguments: Any = None
    if has_arguments and (len(rest) == 2 or (rest and isinstance(rest[0], Mapping | list))):  # noqa: PLR2004  # with the status
        arguments = rest.pop(0)
    status = rest.pop(0) if rest else None
    if rest or not (status is None or isinstance(status, str)):
        raise WrongTypeError(f"Expected are names, or tuples such as {form}, not {plain(given)}.")
    return Entry(name=name, arguments=arguments, status=checked_status(status, statuses))


def checked_status(status: str | None, statuses: frozenset[str]) -> str | None:
    """Check the word of a status.

    Raises:
        InvalidValueError: If it is none.
    """
    if status is not None and not (isinstance(status, str) and status in statuses):
        known = ", ".join(sorted(statuses))
        raise InvalidValueError(f"There is no status {plain(status)!r}: it is one of {known}.")
    return status


def is_named(entry: Entry, seen: Seen) -> bool:
    """Tell whether a thing has the name that was expected."""
    return any(fnmatch.fnmatchcase(name, entry.name) for name in seen.names)


def is_it(entry: Entry, seen: Seen) -> bool:
    """Tell whether a thing is the one that was expected."""
    return (
        is_named(entry, seen)
        and entry.status in {None, seen.status}
        and (entry.arguments is None or fits(entry.arguments, seen.arguments))
    )


def apart(entry: Entry, seen: Seen) -> str:
    """Say how a thing differs from the one that was expected."""
    if not is_named(entry, seen):
        return f"{seen}, not {entry}"
    told = [] if entry.arguments is None else difference(entry.arguments, seen.arguments)
    if entry.status not in {None, seen.status}:
        told.append(f"{seen.status}, not {entry.status}")
    return f"{plain(seen.names[0])} has {'; '.join(told)}"


def difference_of_all(entries: Sequence[Entry], seen: Sequence[Seen], noun: str) -> str:
    """Say how a row of things differs from exactly those that were expected; empty where not.

    Args:
        entries: What is expected, in order, and nothing else.
        seen: What there was.
        noun: What one of them is.
    """
    for place, (entry, one) in enumerate(zip(entries, seen, strict=False)):
        if not is_it(entry, one):
            return f"{noun} {place + 1} of {len(seen)}: {apart(entry, one)}"
    if len(seen) > len(entries):
        more = len(seen) - len(entries)
        return f"{_count(more, noun)} more: {listed(seen[len(entries) :])}"
    if len(seen) < len(entries):
        return f"{noun} {len(seen) + 1} of {len(entries)} is missing: {entries[len(seen)]}"
    return ""


def difference_of_order(entries: Sequence[Entry], seen: Sequence[Seen]) -> str:
    """Say what doesn't come in its order, whatever comes between; empty where all do."""
    at = 0
    for place, entry in enumerate(entries):
        found = next((i for i in range(at, len(seen)) if is_it(entry, seen[i])), None)
        if found is not None:
            at = found + 1
            continue
        before = next((i for i in range(at) if is_it(entry, seen[i])), None)
        after = "" if place == 0 else f" after {entries[place - 1]}"
        if before is not None:
            return f"{entry} doesn't come{after}: there were {listed(seen)}"
        nearest = [one for one in seen[at:] if is_named(entry, one)]
        if nearest:
            return f"{apart(entry, nearest[0])}"
        return f"no {entry}{after}: there were {listed(seen)}"
    return ""


def listed(seen: Sequence[Seen], *, whole: bool = False) -> str:
    """Write a row of things in a line."""
    if not seen:
        return "none"
    words = [str(one) if whole else plain(one.names[0]) or "one without a name" for one in seen]
    more = len(words) - _MOST_WRITTEN
    return ", ".join(words[:_MOST_WRITTEN]) + (f" and {more} more" if more > 0 else "")


def _in_brackets(arguments: Any) -> str:
    if isinstance(arguments, Mapping):
        return f"({_in_words(arguments)})"
    return "" if arguments is None else f"({written(arguments)})"


def _in_words(arguments: Mapping[Any, Any]) -> str:
    words = [
        "…" if name is ... else f"{plain(name)}={written(value)}"
        for name, value in arguments.items()
    ]
    more = len(words) - _MOST_WRITTEN
    return ", ".join(words[:_MOST_WRITTEN]) + (f" and {more} more" if more > 0 else "")


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"
