"""Made answers, as the service would stream them."""

import json
import random
import re
from collections.abc import Callable

TEXT = """
the late orders of carrier region share month value shows model trend data table query average
customer delivery because while only more than half result check again
"""
WORDS = tuple(TEXT.split())


def prose(size: int, seed: int = 7) -> list[str]:
    """Make the tokens of a markdown answer of about `size` characters."""
    chance = random.Random(seed)
    tokens: list[str] = []
    length = 0
    since = 0
    while length < size:
        token = chance.choice(WORDS) + " "
        since += 1
        if since > 60:
            token, since = f"ends **here**.\n\n{'## Part' if chance.random() < 0.2 else 'And'} ", 0
        tokens.append(token)
        length += len(token)
    return tokens


def _lines(size: int, line: Callable[[int, str], str], seed: int = 7) -> list[str]:
    """Make tokens of many lines, each of some words."""
    chance = random.Random(seed)
    tokens: list[str] = []
    length = number = 0
    while length < size:
        number += 1
        said = " ".join(chance.choice(WORDS) for _ in range(10))
        for token in re.findall(r"\S*\s*", line(number, said)):
            tokens.append(token)
            length += len(token)
    return [token for token in tokens if token]


def one_list(size: int) -> list[str]:
    """Make the tokens of a single list."""
    return _lines(size, lambda number, said: f"- **{number}** {said}\n")


def one_table(size: int) -> list[str]:
    """Make the tokens of a single table."""
    head = ["| number | what | more |\n", "| ---: | --- | --- |\n"]
    return head + _lines(size, lambda number, said: f"| {number} | {said} | `{number % 7}` |\n")


def one_fence(size: int) -> list[str]:
    """Make the tokens of a single listing."""
    body = _lines(size, lambda number, said: f"value_{number} = lookup('{said}')  # {number}\n")
    return ["```python\n", *body, "```\n"]


def one_paragraph(size: int) -> list[str]:
    """Make the tokens of a single paragraph without a line end."""
    return _lines(size, lambda number, said: f"{said} **{number}** ")


KINDS: dict[str, Callable[[int], list[str]]] = {
    "prose": prose,
    "one list": one_list,
    "one table": one_table,
    "one fence": one_fence,
    "one paragraph": one_paragraph,
}


def stream(tokens: list[str]) -> bytes:
    """Write the stream of an agent without tools that says these tokens."""
    text = "".join(tokens)
    frames: list[dict[str, object]] = [
        {
            "event": "start",
            "run_id": "run_0123456789ab",
            "session_id": "sess_0123456789ab",
            "context_handler_id": None,
            "reasoning_requested": False,
        }
    ]
    frames += [{"event": "content_delta", "type": "content_delta", "delta": t} for t in tokens]
    frames += [
        {"event": "chunk", "content": text},
        {
            "event": "complete",
            "run_id": "run_0123456789ab",
            "session_id": "sess_0123456789ab",
            "content": text,
            "status": "completed",
            "error": None,
        },
    ]
    return b"".join(b"data: %b\n\n" % json.dumps(frame).encode() for frame in frames)
