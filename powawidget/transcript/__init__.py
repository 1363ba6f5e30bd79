"""A run, or a chat, as a document: HTML, markdown, plain text, or JSON that can be read back.

The document stands on its own: it makes no request, runs nothing and needs no kernel. What a
model, a tool or the server wrote is quoted in it, and can't pass for the document's own words.
"""

from powawidget.state.about import About
from powawidget.transcript.render import to_html, to_markdown, to_page, to_text
from powawidget.transcript.saved import Saved, load, to_json

__all__ = [
    "About",
    "Saved",
    "load",
    "to_html",
    "to_json",
    "to_markdown",
    "to_page",
    "to_text",
]
