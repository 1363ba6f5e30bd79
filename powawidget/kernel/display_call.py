"""How IPython was asked for what it is showing: as a cell's value, or by `display`, and where.

IPython tells an object to show itself and nothing of why. So its own frame is looked at: there is
no public way.
"""

import sys
from types import CodeType
from typing import Any, NamedTuple


class DisplayCall(NamedTuple):
    """How IPython was asked.

    Attributes:
        is_value: Whether it is writing the value of a cell's last line, also within `%%capture`.
        display_id: The id of the output, where `display` was given one.
        is_update: Whether what has that id is to be replaced.
    """

    is_value: bool = False
    display_id: str | None = None
    is_update: bool = False


def current() -> DisplayCall:
    """Find how IPython was asked for what it is showing right now.

    Returns:
        The call; that of a plain `display` where IPython isn't asked.
    """
    functions = sys.modules.get("IPython.core.display_functions")
    display = getattr(getattr(functions, "display", None), "__code__", None)
    hook: CodeType | None = getattr(type(sys.displayhook).__call__, "__code__", None)
    frame = sys._getframe(1)  # noqa: SLF001  # inspect.stack() reads each frame's source
    while frame is not None:
        if frame.f_code is hook:
            return DisplayCall(is_value=True)
        if frame.f_code is display:
            options: dict[str, Any] = frame.f_locals.get("kwargs") or {}
            display_id = (options.get("transient") or {}).get("display_id")
            return DisplayCall(False, display_id, bool(options.get("update")))
        frame = frame.f_back  # type: ignore[assignment]  # the last one has none
    return DisplayCall()
