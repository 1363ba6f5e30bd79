"""Messages in pieces, each small enough for a proxy that ends a connection at a large one.

What stands between a page and its kernel may allow 64 kB a message, and closes the websocket at one
byte more. So no message of a widget is larger: one that would be is cut, and the page joins its
pieces before it reads them (`js/src/link/pieces.ts`). Its size is counted as it is at most on the
wire, since jupyter_server writes what isn't ASCII as escapes for some pages.
"""

import json
import secrets
from collections.abc import Iterator
from typing import Any

# Bytes of a message's content. What is around it, the headers and the comm's id, has about 1,000.
MOST = 60_000
_BESIDE = 200  # what a piece has beside its text


def size(content: Any) -> int:
    """Count what a message's content has on the wire, at most.

    Args:
        content: Plain JSON values.

    Returns:
        A number of bytes.

    Example:
        >>> size({"kind": "ack"})
        15
    """
    return len(json.dumps(content, default=str))


def pieces(content: Any) -> list[Any]:
    """Cut a message, where it is too large for one.

    Args:
        content: A message of `powawidget.widget.messages`, as plain JSON values.

    Returns:
        The message itself, or each `PieceMessage` of it, in order.

    Example:
        >>> [each["kind"] for each in pieces({"kind": "module", "packed": "x" * 100_000})]
        ['piece', 'piece']
    """
    text = json.dumps(content)
    if len(text) <= MOST:
        return [content]
    name = secrets.token_hex(8)
    return [
        {"kind": "piece", "id": name, "index": at, "size": len(text), "text": each}
        for at, each in _cut(text, MOST - _BESIDE)
    ]


def _cut(text: str, most: int) -> Iterator[tuple[int, str]]:
    """Cut JSON, which is ASCII, so that each piece has at most so many bytes as a JSON string."""
    start = 0
    while start < len(text):
        end = min(start + most, len(text))
        # Each character has one byte or two: half as many fewer are never too many.
        while (over := _escaped(text[start:end]) - most) > 0:
            end -= (over + 1) // 2
        yield start, text[start:end]
        start = end


def _escaped(text: str) -> int:
    return len(text) + text.count('"') + text.count("\\")
