"""JSON as it was written, as the live view reads it (`js/src/text/json.ts`).

Numbers keep their digits, and NaN and Infinity, which Python writes, are numbers; objects keep the
order of their keys and keys that come twice.
"""

import json
import re
from typing import Any, TypeGuard

_LONGEST = 2_000_000
_DATA = re.compile('"(?:data:image/[a-z]+;base64,)?[A-Za-z0-9+/]{1000,30000000}=*"')
_DEEPEST = 100
_LINE = 64


class Number(str):
    """A number, by its digits."""

    __slots__ = ()


class Object(tuple[tuple[str, Any], ...]):
    """An object: its keys with their values, as they came."""

    __slots__ = ()


class NoJson:
    """What is read where there is no JSON; not None, which is one of its values."""


NO_JSON = NoJson()
Value = str | Number | bool | None | Object | list[Any]


def read(source: str) -> Value | NoJson:
    """Read JSON text.

    Returns:
        The value; `NO_JSON` where it is none, or too deep or too long to be laid out.
    """
    # The data of a picture is one text, however long it is.
    if len(source) > _LONGEST + sum(map(len, _DATA.findall(source))):
        return NO_JSON
    try:
        value = json.loads(
            source,
            parse_int=Number,
            parse_float=Number,
            parse_constant=Number,
            object_pairs_hook=Object,
        )
    except (ValueError, RecursionError):
        return NO_JSON
    return value if _is_flat_enough(value) else NO_JSON


def _is_flat_enough(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for each in level if isinstance(each, list | Object) for inner in _in(each)]
        if not level:
            return True
    return False


def _in(value: "list[Any] | Object") -> list[Any]:
    return [each for _, each in value] if isinstance(value, Object) else value


def is_scalar(value: Any) -> bool:
    """Whether a value is neither an object nor a list."""
    return not isinstance(value, Object | list)


def is_text(value: Any) -> TypeGuard[str]:
    """Whether a value is a text, not a number."""
    return isinstance(value, str) and not isinstance(value, Number)


def bare(value: Any) -> str:
    """A value as a person reads it: text without quotes, the rest as JSON."""
    return value if is_text(value) else pretty(value)


def compact(value: Any) -> str:
    """JSON on one line."""
    if isinstance(value, Object):
        return "{" + ", ".join(f"{_quoted(k)}: {compact(each)}" for k, each in value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(compact(each) for each in value) + "]"
    return _scalar(value)


def pretty(value: Any, indent: str = "\n") -> str:
    """JSON indented, with short flat values on one line."""
    if not isinstance(value, Object | list):
        return _scalar(value)
    if all(is_scalar(each) for each in _in(value)):
        line = compact(value)
        if len(line) <= _LINE:
            return line
    deeper = f"{indent}  "
    if isinstance(value, Object):
        lines = [f"{deeper}{_quoted(key)}: {pretty(each, deeper)}" for key, each in value]
        return "{" + ",".join(lines) + indent + "}"
    return "[" + ",".join(deeper + pretty(each, deeper) for each in value) + indent + "]"


def _scalar(value: Any) -> str:
    if isinstance(value, Number):
        return str(value)
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
