"""What every event is."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

Frame = Mapping[str, Any]


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a stream said; `raw` is the frame it was read from."""

    raw: Any = None


class Housekeeping(Event, frozen=True, kw_only=True):
    """A frame that changes nothing that is shown."""

    name: str


class Unknown(Event, frozen=True, kw_only=True):
    """A frame of a name that this version doesn't know, or without the fields its name needs."""

    name: str


class Malformed(Event, frozen=True, kw_only=True):
    """A frame that isn't a JSON object; `raw` is its beginning."""

    problem: str


Reader = Callable[[Frame], Event]
