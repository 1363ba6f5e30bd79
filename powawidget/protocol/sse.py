"""Bytes to server-sent events, by the rules of the WHATWG, without any I/O.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

import codecs
import re
from typing import NamedTuple

MAX_EVENT_BYTES = 8 * 1024 * 1024

# Only these three end a line. `str.splitlines` would also split at U+2028, VT and NEL, which may
# stand in a model's text.
_LINE_END = re.compile("\r\n|\n|\r")
_DIGITS = re.compile(r"[0-9]+", re.ASCII)


class ServerSentEvent(NamedTuple):
    """One event of a stream: `event` is its type, `data` its lines, `id` the last id seen."""

    event: str
    data: str
    id: str
    retry: int | None


class EventTooLargeError(ValueError):
    """An event, or a line without an end, is larger than the decoder holds."""


class SSEDecoder:
    """Decode a stream of bytes as it arrives (docs/protocol.md#sse).

    An event is returned by the `feed` that brings its blank line; one that the end of the
    stream cuts off is never returned, as the specification has it. After an event that is too
    large nothing can be read any more; the events before it are returned first.

    Args:
        max_event_bytes: The most that one event may hold, in bytes.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self._max = max_event_bytes
        self._line: list[str] = []
        self._after_cr = False
        self._at_start = True
        self._event = ""
        self._data: list[str] = []
        self._held = 0
        self._pending = 0
        self._id = ""
        self._retry: int | None = None
        self._failure: EventTooLargeError | None = None

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Take the bytes of one read.

        Args:
            chunk: Any cut of the stream.

        Returns:
            The events that are complete now, in order.

        Raises:
            EventTooLargeError: If one event is larger than the limit, by this read where no event
                came before it in the same read, else by the next.
        """
        if self._failure is not None:
            raise self._failure
        events: list[ServerSentEvent] = []
        try:
            self._read(self._decode(chunk), events)
        except EventTooLargeError as failure:
            self._line.clear()
            self._data.clear()
            self._failure = failure
            if not events:
                raise
        return events

    def _read(self, text: str, events: list[ServerSentEvent]) -> None:
        if self._at_start and text:
            self._at_start = False
            text = text.removeprefix("\ufeff")
        if self._after_cr and text:
            # A CRLF that two reads share is one line end.
            self._after_cr = False
            text = text.removeprefix("\n")
        if not text:
            return
        self._after_cr = text.endswith("\r")
        lines = _LINE_END.split(text) if "\r" in text else text.split("\n")
        last = lines.pop()
        for line in lines:
            if self._line:
                self._line.append(line)
                whole = "".join(self._line)
                self._line.clear()
                self._held -= self._pending
                self._pending = 0
                self._read_line(whole)
            elif line:
                self._read_line(line)
            else:
                self._dispatch(events)
        if last:
            # Pieces of an unfinished line are only joined when it ends: linear for any length.
            self._line.append(last)
            size = _size(last)
            self._pending += size
            self._hold(size)

    def _read_line(self, line: str) -> None:
        if line.startswith("data: "):
            name, value = "data", line[6:]
        else:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
            self._hold(_size(value) + 1)
        elif name == "event":
            self._event = value
        elif name == "id":
            if "\0" not in value:
                self._id = value
        elif name == "retry" and _DIGITS.fullmatch(value):
            self._retry = int(value[:18])

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        if self._data:
            data = self._data[0] if len(self._data) == 1 else "\n".join(self._data)
            events.append(ServerSentEvent(self._event or "message", data, self._id, self._retry))
            self._data.clear()
            self._retry = None
        self._event = ""
        self._held = 0

    def _hold(self, size: int) -> None:
        self._held += size
        if self._held > self._max:
            raise EventTooLargeError(
                f"One event of the stream is larger than {self._max:,} bytes; "
                "the rest of the stream can't be read."
            )


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
