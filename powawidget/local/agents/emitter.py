"""The frames that one agent's work sends, numbered as the engine numbers them.

Rules: docs/protocol.md#frame-keys and #child-frames: engine frames have `seq` and `ts`, deltas
neither, and in an orchestration each member begins to count anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from powawidget.local.ids import now

if TYPE_CHECKING:
    from powawidget.local.dialects import Frame

Send: TypeAlias = Callable[["Frame", "Frame"], None]

DELTAS = frozenset({"content_delta", "reasoning_delta"})


class Emitter:
    """The frames of one agent's work.

    Args:
        send: Where a frame goes, with what only the documented dialect puts into it.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._numbered = 0
        self.frames: list[Frame] = []  # as they are stored: with `type` only

    @property
    def events(self) -> list[Frame]:
        """What is stored of a run: everything but the deltas."""
        return [frame for frame in self.frames if frame["type"] not in DELTAS]

    def emit(self, name: str, /, *, result: str | None = None, **fields: Any) -> None:
        """Send an engine frame.

        Args:
            name: The event.
            result: A tool's whole result, which only the documented dialect has here.
            **fields: What the frame holds.
        """
        self._numbered += 1
        numbered = {"seq": self._numbered, "ts": now()}
        self._store_and_send(name, fields | numbered, {} if result is None else {"result": result})

    def emit_delta(self, name: str, /, **fields: Any) -> None:
        """Send a frame that isn't numbered: a delta."""
        self._store_and_send(name, fields, {})

    def _store_and_send(self, name: str, fields: Frame, more: Frame) -> None:
        self.frames.append({"type": name, **fields})
        self._send({"event": name, "type": name, **fields}, more)
