"""What every event is."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, final

import msgspec

if TYPE_CHECKING:
    from powawidget.protocol.events.union import Event

Frame = Mapping[str, Any]


class BaseEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What all events share; `raw` is the frame that one was read from.

    Where an error of the server's has what only few can read, such as SQL with a user's id in it,
    that is in the event's `details` and nowhere else: not in its message, not in `raw`, not in what
    is printed of it (docs/protocol.md#database-errors).
    """

    raw: Any = None

    def __repr__(self) -> str:
        printed = (name for name in self.__struct_fields__ if name != "details")
        said = ", ".join(f"{name}={getattr(self, name)!r}" for name in printed)
        return f"{type(self).__name__}({said})"


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
