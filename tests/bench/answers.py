"""Made answers, as the service would stream them."""

import json
import random

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
