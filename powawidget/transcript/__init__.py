"""A run, or a chat, as a document: HTML, markdown, plain text, or JSON that can be read back.

The document stands on its own: it makes no request, runs nothing and needs no kernel. What a
model, a tool or the server wrote is quoted in it, and can't pass for the document's own words.
"""

import importlib
from typing import TYPE_CHECKING, Any

from powawidget.state.about import About

if TYPE_CHECKING:
    from powawidget.transcript.render import (
        html_of,
        markdown_of,
        to_html,
        to_markdown,
        to_page,
        to_text,
    )
    from powawidget.transcript.saved import Saved, load, to_json

__all__ = [
    "About",
    "Saved",
    "html_of",
    "load",
    "markdown_of",
    "to_html",
    "to_json",
    "to_markdown",
    "to_page",
    "to_text",
]

_SAVED = {"Saved", "load", "to_json"}


def __getattr__(name: str) -> Any:
    """Load what reads and writes documents when it is first used: `import` shouldn't wait for it.

    Args:
        name: One of `__all__`.

    Raises:
        AttributeError: If nothing has.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "saved" if name in _SAVED else "render"
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
