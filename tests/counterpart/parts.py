"""Parts of scripts that no model says: bytes as they are, and the end of the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from powawidget.local.agents.script import Act
from powawidget.local.dialects import event
from powawidget.local.endings import Stopped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from powawidget.local.channel import Channel


def Emit(data: Mapping[str, Any] | bytes) -> Act:  # noqa: N802  # a part, as the others are
    """Send a frame, or bytes, exactly as given; nothing of it is stored."""
    raw = data if isinstance(data, bytes) else event(dict(data))
    return Act(lambda channel: channel.put(raw))


def Cut(*, abruptly: bool = False) -> Act:  # noqa: N802  # likewise
    """End the body without `complete`; abruptly where the connection breaks."""

    def cut(channel: Channel) -> None:
        channel.end(cut=abruptly)
        raise Stopped

    return Act(cut)
