"""Whether a value is the one that was expected, as JSON has values. Pure."""

import inspect
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from powawidget.errors import WrongTypeError
from powawidget.protocol.plain_values import plain as as_plain
from powawidget.protocol.plain_values import scalar
from powawidget.schema.patterns import finds
from powawidget.transcript.visible import visible

_LONGEST = 120
_BEFORE, _AHEAD = 25, 60  # characters around the place where two long values differ
_DEEPEST = 100
_MOST = 1_000_000


def fits(expected: Any, found: Any, depth: int = 0) -> bool:
    """Tell whether a value is the one that was expected.

    Args:
        expected: A value of JSON; `...` for any, a compiled pattern that is searched in a text, or
            a function of the value that answers True or False. An object that has `...` among its
            names may have others beside.
        found: What came, decoded.
        depth: How deep within others both stand.
    """
    if expected is ...:
        return True
    if depth > _DEEPEST:
        return _equal(expected, found)
    if isinstance(expected, re.Pattern):
        return _found_in(expected, found) is True
    if callable(expected):
        return _answers(expected, found)
    if isinstance(expected, Mapping):
        return isinstance(found, Mapping) and _objects_fit(expected, found, depth + 1)
    expected = _plain(expected)
    if isinstance(expected, str | bytes) or not isinstance(expected, Sequence):
        return _equal(expected, found)
    return (
        isinstance(found, list | tuple)
        and len(found) == len(expected)
        and all(fits(one, other, depth + 1) for one, other in zip(expected, found, strict=True))
    )


def difference(expected: Any, found: Any) -> list[str]:
    """Say where arguments aren't those that were expected, a phrase for each name of an object."""
    if not isinstance(found, Mapping) or not isinstance(expected, Mapping):
        if fits(expected, found):
            return []
        if isinstance(expected, Mapping):
            return [f"{written(found)} as its arguments, which is no object"]
        is_it, was_to_be = beside(found, expected)
        return [f"{is_it} as its arguments, not {was_to_be}{_raised(expected, found)}"]
    told = []
    for name, value in expected.items():
        if name is ...:
            continue
        if name not in found:
            told.append(f"no {plain(name)}")
        elif not fits(value, found[name], 1):
            is_it, was_to_be = beside(found[name], value)
            apart = f"{plain(name)}={is_it}, not {was_to_be}"
            told.append(apart + _raised(value, found[name]))
    if ... not in expected:
        told += [
            f"{plain(name)}={written(value)} beside"
            for name, value in found.items()
            if name not in expected
        ]
    return told


def written(value: Any) -> str:
    """Write a value in a line, as Python has it; what is long is cut."""
    return plain(_in_full(value))


def _alike(value: Any) -> str:
    """Write a value so that equal ones begin alike: Python chooses its quotes by what comes."""
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, dict | list):
        try:
            return json.dumps(value, ensure_ascii=False, default=_in_full)[:_MOST]
        except (TypeError, ValueError, RecursionError):
            return _in_full(value)
    return _in_full(value)


def _in_full(value: Any) -> str:
    if value is ...:
        return "…"
    if isinstance(value, re.Pattern):
        return f"/{value.pattern}/"
    if callable(value):
        return f"what {getattr(value, '__name__', 'the function')} takes"
    return _literal(value)[:_MOST]


def beside(found: Any, expected: Any) -> tuple[str, str]:
    """Write two values that differ, each in a line; where they are long, from where they differ.

    Long texts may well begin alike: cut at their ends they would look the same.
    """
    one, other = _alike(found), _alike(expected)
    begin = next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(other)),
    )
    if begin < _LONGEST - _AHEAD:
        return written(found), written(expected)
    begin -= _BEFORE
    return f"…{plain(one[begin:], _AHEAD)}", f"…{plain(other[begin:], _AHEAD)}"


def plain(text: object, longest: int = _LONGEST) -> str:
    """Write any text in a line: nothing in it is hidden, what is long is cut."""
    line = visible(" ".join(str(text)[: 4 * longest].split()))
    return f"{line[:longest]}…" if len(line) > longest else line


def in_words(error: BaseException) -> str:
    """Write what a person's function has raised in a line."""
    try:
        said = str(error)
    except Exception:  # noqa: BLE001  # a person's own class
        said = ""
    return plain(f"{type(error).__name__}: {said}".removesuffix(": "))


def _raised(expected: Any, found: Any) -> str:
    """Say what a person's function raised: else it would only seem not to fit."""
    if isinstance(expected, re.Pattern):
        return " (it takes too long to search)" if _found_in(expected, found) is None else ""
    if not callable(expected):
        return ""
    try:
        expected(found)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is told
        return f" (it raised {in_words(error)})"
    return ""


def _found_in(pattern: "re.Pattern[Any]", found: Any) -> bool | None:
    """Search a pattern in a text; None where that takes too long."""
    if not isinstance(found, str) or not isinstance(pattern.pattern, str):
        return False
    try:
        return finds(pattern, found)
    except ValueError:
        return None


def _plain(value: Any) -> Any:
    """Make of a notebook's value, such as an array or a date, what JSON has for it."""
    value = scalar(value)
    if value is None or isinstance(value, str | bytes | int | float | Sequence):
        return value
    try:
        return as_plain(value)
    except (TypeError, ValueError):
        return value


def _literal(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001  # a person's own value
        return type(value).__name__


def _objects_fit(expected: Mapping[Any, Any], found: Mapping[Any, Any], depth: int) -> bool:
    names = {name for name in expected if name is not ...}
    if ... not in expected and names != set(found):
        return False
    return all(name in found and fits(expected[name], found[name], depth) for name in names)


def _answers(expected: Any, found: Any) -> bool:
    try:
        return truth(expected(found))
    except WrongTypeError:
        raise
    except Exception:  # noqa: BLE001  # a function of a person's own that doesn't know such a value
        return False


def truth(answer: Any) -> bool:
    """Read what a person's function answers: what still has to be computed would count as true.

    Raises:
        WrongTypeError: If it answers neither True nor False.
    """
    if inspect.iscoroutine(answer):
        answer.close()
    if inspect.isawaitable(answer) or isinstance(answer, Iterator):
        raise WrongTypeError(
            "A function that checks a value answers True or False: write it with def, not async "
            "def, and without yield."
        )
    return bool(scalar(answer))


def _equal(expected: Any, found: Any) -> bool:
    # To Python True is 1, to JSON it isn't.
    if isinstance(expected, bool) or isinstance(found, bool):
        return isinstance(expected, bool) and isinstance(found, bool) and expected == found
    if isinstance(expected, float) and isinstance(found, float) and math.isnan(expected):
        return math.isnan(found)
    try:
        return bool(expected == found)
    except Exception:  # noqa: BLE001  # as of a table, whose == is another table
        return _in_full(expected) == _in_full(found)
