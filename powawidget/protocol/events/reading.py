"""Frames to events: the dialects end here."""

from typing import Any

import msgspec

from powawidget.protocol.characters import harmless, harmless_piece
from powawidget.protocol.events import agent, orchestration, workflow
from powawidget.protocol.events.agent import TextDelta
from powawidget.protocol.events.bounds import bounded, cut
from powawidget.protocol.events.decoding import (
    cleaned,
    decode_exactly,
    repeats,
    scan,
    suspect,
    unbounded,
)
from powawidget.protocol.events.event import Frame, Malformed, Reader, Unknown
from powawidget.protocol.events.fields import LOST, WrongShapeError
from powawidget.protocol.events.pieces import PIECES
from powawidget.protocol.events.union import Event


def _content_delta(frame: Frame) -> Event:
    text = frame.get("delta")
    if type(text) is str and "block_id" not in frame:
        return TextDelta(text=text, raw=frame)
    return workflow.chunk(frame) if "block_id" in frame else agent.text_delta(frame)


READERS: dict[str, Reader] = {
    **agent.READERS,
    **orchestration.READERS,
    **workflow.READERS,
    "content_delta": _content_delta,
}
# What a person, code or a policy decides on, and what it is held against: read more slowly, without
# losing anything.
_EXACT = frozenset({agent.ApprovalRequested, agent.ToolCallStarted, agent.Completed})
# An error and an end count also where their data was lost.
WITHOUT_DATA = frozenset({"error", "complete", "done", "workflow_complete", "workflow_error"})


def read(payload: str) -> Event:
    """Read one frame.

    Returns:
        The event; never an exception, whatever the payload is.
    """
    try:
        frame, end = scan(payload, 0)
        if end != len(payload) and payload[end:].strip():
            return Malformed(problem="more than one JSON value in one frame", raw=payload[:500])
    except StopIteration:
        return _read_odd(payload)
    except (ValueError, RecursionError) as problem:
        return Malformed(problem=f"not JSON: {type(problem).__name__}", raw=harmless(payload[:500]))
    if type(frame) is not dict:
        return Malformed(problem="not a JSON object", raw=harmless(payload[:500]))
    if suspect(payload):
        return _read_suspect(frame, payload)
    event = read_frame(frame)
    return _exact(event, payload) if type(event) in _EXACT else event


def _read_suspect(frame: dict[str, Any], payload: str) -> Event:
    """Read a frame that may hold what can't travel."""
    try:
        event = read_frame(cleaned(frame))
    except RecursionError:
        return Malformed(problem="nested too deeply", raw=harmless(payload[:500]))
    if isinstance(event, PIECES):
        piece = read_frame(frame)
        if isinstance(piece, PIECES):
            return msgspec.structs.replace(event, text=harmless_piece(piece.text))
    return _exact(event, payload) if type(event) in _EXACT else event


def read_frame(frame: dict[str, Any]) -> Event:
    """Read one frame that is decoded already, free of lone surrogates and NUL.

    `event` or `type` names it, whichever is a name that is known.
    """
    name = frame.get("event")
    reader = READERS.get(name) if type(name) is str else None
    if reader is None:
        other = frame.get("type")
        reader = READERS.get(other) if type(other) is str else None
        if reader is None:
            return Unknown(name=cut(str(name or other or "")), raw=frame)
        name = other
    if frame.get("error") == LOST and name not in WITHOUT_DATA:
        return Unknown(name=cut(str(name)), raw=frame)
    try:
        return bounded(reader(frame))
    except (WrongShapeError, RecursionError):
        return Unknown(name=cut(str(name)), raw=frame)


def _exact(event: Event, payload: str) -> Event:
    """Read arguments anew where a key comes twice or a number has no JSON form: nothing is lost."""
    try:
        frame = decode_exactly(payload)
    except (ValueError, RecursionError):
        # Close to the depth at which nothing is read: who decides mustn't see a part of it.
        return Malformed(problem="nested too deeply", raw=harmless(payload[:500]))
    if not (repeats(frame) or unbounded(payload)):
        return event
    exact = read_frame(frame)
    if not isinstance(event, agent.Completed) or not isinstance(exact, agent.Completed):
        return exact
    # What ran is held against what was asked for; results stay as they are read everywhere else.
    pairs = zip(event.tool_calls, exact.tool_calls, strict=True)
    calls = [
        msgspec.structs.replace(one, arguments=read_exactly.arguments)
        for one, read_exactly in pairs
    ]
    return msgspec.structs.replace(event, tool_calls=calls)


def _read_odd(payload: str) -> Event:
    # The scanner works from index 0 and wants no leading white space; gateways may add some.
    stripped = payload.strip()
    if stripped == payload or not stripped:
        return Malformed(problem="not JSON", raw=harmless(payload[:500]))
    return read(stripped)
