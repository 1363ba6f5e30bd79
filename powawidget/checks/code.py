"""Values as Python code, as a formatter would write them. Pure.

Whatever a text holds, what is written is one literal: nothing of it is read as code.
"""

import math
import re
from typing import Any

from powawidget.checks.hidden import is_hidden

_WIDTH = 96
_DEEPEST = 40  # Python's parser takes some more
_LONGEST = 20_000


def code_of(value: Any, indent: int = 0, used: int = 0, depth: int = 0) -> str:
    """Write a value of JSON as Python.

    Args:
        value: The value. What was hidden of it, and what is too long or too deep to be written, is
            `...`: any value fits.
        indent: How far the line is indented that it begins on.
        used: How many characters that line has already.
        depth: How deep within others it stands.
    """
    line = _line(value, depth)
    if used + len(line) <= _WIDTH or depth > _DEEPEST or is_hidden(value):
        return line
    if isinstance(value, str):
        return _text(value, line, indent)
    if isinstance(value, dict) and value:
        pairs = [
            (f"{_key(name)}: ", ... if is_hidden(name) else one) for name, one in value.items()
        ]
        return _in_brackets("{", pairs, "}", indent, depth)
    if isinstance(value, list) and value:
        return _in_brackets("[", [("", one) for one in value], "]", indent, depth)
    return line


def is_whole(value: Any, depth: int = 0) -> bool:
    """Tell whether a value is written as it is, without a `...` in it."""
    if depth > _DEEPEST or is_hidden(value):
        return False
    if isinstance(value, dict):
        return all(is_whole(one, depth + 1) for one in (*value, *value.values()))
    if isinstance(value, list):
        return all(is_whole(one, depth + 1) for one in value)
    return not isinstance(value, str) or len(value) <= _LONGEST


def _line(value: Any, depth: int) -> str:
    """Write a value on one line."""
    if value is ... or depth > _DEEPEST or is_hidden(value):
        return "..."
    if isinstance(value, str):
        return literal(value) if len(value) <= _LONGEST else "..."
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, dict):
        pairs = [
            "...: ..." if is_hidden(name) else f"{_key(name)}: {_line(one, depth + 1)}"
            for name, one in value.items()
        ]
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_line(one, depth + 1) for one in value)}]"
    return repr(value)


def literal(text: str) -> str:
    """Write a text as a literal on one line, in double quotes where that escapes no more."""
    written = repr(text)
    if written[0] == "'" and '"' not in text:
        return f'"{written[1:-1]}"'
    return written


def _key(name: str) -> str:
    # What was hidden of a name: others may stand beside those that are known.
    return "..." if is_hidden(name) else literal(name)


def _in_brackets(
    begin: str, pairs: list[tuple[str, Any]], end: str, indent: int, depth: int
) -> str:
    inner = indent + 4
    pad = " " * inner
    lines = [
        f"{pad}{name}{code_of(one, inner, inner + len(name), depth + 1)}," for name, one in pairs
    ]
    return "\n".join([begin, *lines, f"{' ' * indent}{end}"])


def _text(text: str, line: str, indent: int) -> str:
    inner = indent + 4
    pieces = _pieces(text, _WIDTH - inner - 8) if len(text) <= _LONGEST else []
    if len(pieces) < 2:  # noqa: PLR2004 - one piece is the line
        return line
    pad = " " * inner
    return "\n".join(["(", *(f"{pad}{literal(piece)}" for piece in pieces), f"{' ' * indent})"])


def _pieces(text: str, width: int) -> list[str]:
    """Divide a text at its lines, and long ones at spaces."""
    pieces: list[str] = []
    for line in text.splitlines(keepends=True):
        piece = ""
        for word in re.findall(r"\s*\S+\s*$|\s*\S+|\s+", line):
            if piece and len(literal(piece + word)) > max(width, 24):
                pieces.append(piece)
                piece = ""
            piece += word
        pieces.append(piece)
    return pieces
