"""The body of a request: read within bounds, and parsed or refused.

Starlette bounds nothing but forms.
"""

from __future__ import annotations

import asyncio
import json
import math
from typing import TYPE_CHECKING, Any

from powawidget.local import limits
from powawidget.local.http.responses import refuse, refuse_page

if TYPE_CHECKING:
    from starlette.requests import Request

    from powawidget.local.http.responses import Refused


async def read(request: Request) -> bytes:
    """Read a request's body.

    Args:
        request: The request.

    Returns:
        The whole body.

    Raises:
        Refused: It is too long or too slow.
        ClientDisconnect: Its client has gone.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limits.BODY_BYTES:
        raise _too_long()
    body = bytearray()
    try:
        async with asyncio.timeout(limits.BODY_SECONDS):
            async for piece in request.stream():
                # Counted here too: a body that comes in chunks has no length in its head.
                if len(body) + len(piece) > limits.BODY_BYTES:
                    raise _too_long()
                body += piece
    except TimeoutError:
        raise refuse(408, f"The body didn't come within {limits.BODY_SECONDS:g} s.") from None
    return bytes(body)


def parsed(request: Request, raw: bytes) -> dict[str, Any]:
    """Read the JSON of a request's body.

    Args:
        request: The request.
        raw: Its body.

    Returns:
        The object; an empty one where it is another JSON value.

    Raises:
        Refused: It isn't declared as JSON, or is none that can be worked with.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise refuse_page(415)
    try:
        body = parse(raw)
    except ValueError:
        raise refuse_page(400) from None
    return body if isinstance(body, dict) else {}


def parse(raw: bytes) -> Any:
    """Parse JSON, and only what can be written as JSON again.

    Args:
        raw: The text.

    Returns:
        Its value.

    Raises:
        ValueError: It is no JSON, nested too deep, or a number in it is too long or too large.
    """
    try:
        value = json.loads(raw, parse_int=_whole, parse_float=_finite, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deep") from None
    # What just fits into the parser would be too deep for whoever copies or writes it later.
    level = [value]
    for _ in range(limits.DEPTH):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return value
    raise ValueError("nested too deep")


def _too_long() -> Refused:
    return refuse(413, f"The body is longer than {limits.BODY_BYTES} bytes.")


def _inside(value: Any) -> list[Any]:
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [one for one in held if isinstance(one, (dict, list))]


def _whole(text: str) -> int:
    if len(text) > limits.DIGITS:
        raise ValueError("a number is too long")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON")
