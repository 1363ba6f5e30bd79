"""What every event is."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, final

import msgspec

if TYPE_CHECKING:
    from powawidget.protocol.events.union import Event

Frame = Mapping[str, Any]


class BaseEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What all events share; `raw` is the frame that one was read from."""

    raw: Any = None


@final
class Housekeeping(BaseEvent, frozen=True, kw_only=True):
    """A frame that changes nothing that is shown."""

    name: str


@final
class Unknown(BaseEvent, frozen=True, kw_only=True):
    """A frame of a name that this version doesn't know, or without the fields its name needs."""

    name: str


@final
class Malformed(BaseEvent, frozen=True, kw_only=True):
    """A frame that isn't a JSON object; `raw` is its beginning."""

    problem: str


OtherEvent = Housekeeping | Unknown | Malformed


Reader = Callable[[Frame], "Event"]
