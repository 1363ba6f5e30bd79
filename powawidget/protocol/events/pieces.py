"""Pieces of a text: two may divide a character between them (docs/protocol.md#surrogates)."""

from collections.abc import Iterator

import msgspec

from powawidget.protocol.characters import harmless, joined
from powawidget.protocol.events import agent, orchestration, workflow
from powawidget.protocol.events.union import Event

PIECES = (
    agent.TextDelta,
    agent.Chunk,
    agent.ReasoningDelta,
    workflow.BlockChunk,
    orchestration.EntityChunk,
)


class Pieces:
    """Joins the halves of characters in the events of one stream, for who reads only the events."""

    def __init__(self) -> None:
        # The half that waits in each text, and the event that it ended.
        self._halves: dict[tuple[object, ...], tuple[int, Event]] = {}

    def joined(self, event: Event) -> Event:
        """Put a half that waits before the next piece of the same text.

        Returns:
            The event, without the half at its end, which waits for the next piece.
        """
        if not isinstance(event, PIECES):
            return event
        place = (type(event), *(getattr(event, name, None) for name in ("block_id", "agent")))
        before, _ = self._halves.pop(place, (None, None))
        text, half = joined(before, event.text)
        if half is not None:
            self._halves[place] = (half, event)
        return event if text == event.text else msgspec.structs.replace(event, text=text)

    def left(self) -> Iterator[Event]:
        """Give up waiting: a piece of U+FFFD for each half whose other half hasn't come."""
        for _, event in self._halves.values():
            yield msgspec.structs.replace(event, text="�")
        self._halves.clear()


def alone(event: Event) -> Event:
    """The event as it is read without those around it: half of a character is U+FFFD."""
    if not isinstance(event, PIECES):
        return event
    text = harmless(event.text)
    return event if text == event.text else msgspec.structs.replace(event, text=text)
