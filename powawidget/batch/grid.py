"""Every combination of some values: a map over a product."""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from powawidget.batch.cells import written
from powawidget.batch.keys import canonical
from powawidget.errors import InvalidValueError, WrongTypeError

_MOST = 100_000
# What an agent without tools doesn't hand on to its model (docs/protocol.md#two-kinds).
_WITH_TOOLS_ONLY = frozenset({"temperature", "timeout_seconds", "response_format"})
_NEVER = frozenset({"reasoning_requested"})


def product_of(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Combine each value with each.

    Args:
        given: The values by name: a list or another iterable of several, or one.

    Returns:
        A row for each combination, the last name changing first.

    Raises:
        InvalidValueError: If a list is empty, or there are too many combinations.
        WrongTypeError: If values have no order.
    """
    lists = {name: _values(name, value) for name, value in given.items() if value is not None}
    count = 1
    for values in lists.values():
        count *= len(values)
    if count > _MOST:
        raise InvalidValueError(
            f"That is {count:,} combinations; a grid has {_MOST:,} at most. Leave some out."
        )
    return [dict(zip(lists, each, strict=True)) for each in itertools.product(*lists.values())]


def grid_key(row: Mapping[str, Any]) -> str:
    """Name a combination by its values: a grid that grows keeps the keys that it had."""
    try:
        return canonical(tuple(row.values()))
    except (TypeError, ValueError):
        return canonical(tuple(map(written, row.values())))


def refuse_ignored(names: Iterable[str], agent: str, *, has_tools: bool | None) -> None:
    """Refuse an option that would change nothing: each of its values would cost the same again.

    Args:
        names: The options that are given.
        agent: The agent's name.
        has_tools: Whether it has tools; None where that isn't known.

    Raises:
        InvalidValueError: If the service ignores one of them.
    """
    ignored = _NEVER if has_tools is not False else _NEVER | _WITH_TOOLS_ONLY
    found = [name for name in names if name in ignored]
    if not found:
        return
    why = "the service reads it for no agent"
    if not set(found) & _NEVER:
        why = "the service hands it on only for agents with tools"
    raise InvalidValueError(
        f"{agent} ignores {' and '.join(found)}: {why}, so that each value would cost as much and "
        "change nothing. Nothing was sent."
    )


def _values(name: str, value: Any) -> list[Any]:
    if hasattr(value, "columns"):  # going through a table gives its columns' names
        raise WrongTypeError(f"{name} takes a list of values, not a table: pass a column of it.")
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        return [value]
    if isinstance(value, set | frozenset):
        raise WrongTypeError(f"{name} is a set, which has no order: pass sorted(...) of it.")
    values = list(value)
    if not values:
        raise InvalidValueError(f"{name} has no values: pass at least one, or leave it out.")
    return values
