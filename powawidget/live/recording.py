"""The frames of a run's stream: kept as text, which is small, and read when somebody asks."""

from collections.abc import Iterator, Sequence
from typing import overload

from powawidget.protocol import events as ev

_ANSWER = (ev.TextDelta, ev.Chunk, ev.PartialChunk, ev.EntityChunk)


class Recording(Sequence[ev.Event]):
    """The events of a run, in order.

    Only the frames' text is kept; an event is made anew each time it is read, so that a hundred
    thousand of them cost little more than their bytes.

    Args:
        frames: The frames, which may become more.
        times: When each came.
    """

    def __init__(self, frames: "list[str | ev.Event]", times: list[float]) -> None:
        self._frames = frames
        self._times = times

    @property
    def times(self) -> Sequence[float]:
        """When each event came, in seconds since the epoch."""
        return tuple(self._times)

    def __len__(self) -> int:
        return len(self._frames)

    @overload
    def __getitem__(self, index: int) -> ev.Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[ev.Event]: ...
    def __getitem__(self, index: int | slice) -> "ev.Event | list[ev.Event]":
        if isinstance(index, slice):
            return [_event(frame) for frame in self._frames[index]]
        return _event(self._frames[index])

    def __iter__(self) -> Iterator[ev.Event]:
        return map(_event, tuple(self._frames))

    def __repr__(self) -> str:
        return f"<{len(self)} events>"


class Recorder:
    """Keeps the frames of a run.

    Attributes:
        recording: What was kept, to be read.
    """

    def __init__(self) -> None:
        self._frames: list[str | ev.Event] = []
        self._times: list[float] = []
        # Of the kinds that were taken back: how many frames have been gone through.
        self._withheld: dict[tuple[type[ev.Event], ...], int] = {}
        self.recording = Recording(self._frames, self._times)

    def add(self, frame: "str | ev.Event", at: float) -> None:
        """Keep a frame.

        Args:
            frame: The data of a server-sent event, or an event that was made here.
            at: When it came, in seconds since the epoch.
        """
        self._frames.append(frame)
        self._times.append(at)

    def withhold(self, *more: type[ev.Event]) -> None:
        """Forget the answer so far: a hook took it back (docs/protocol.md#text-edited)."""
        kinds: tuple[type[ev.Event], ...] = (*_ANSWER, *more)
        # What was gone through holds none of these kinds any more.
        for index in range(self._withheld.get(kinds, 0), len(self._frames)):
            frame = self._frames[index]
            event = ev.read(frame) if isinstance(frame, str) else frame
            if isinstance(event, kinds):
                self._frames[index] = ev.Withheld(name=type(event).__name__)
        self._withheld[kinds] = len(self._frames)


def _event(frame: str | ev.Event) -> ev.Event:
    return ev.alone(ev.read(frame)) if isinstance(frame, str) else frame
