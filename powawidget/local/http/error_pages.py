"""The HTML error pages, which the real service sends where its framework answers for it.

Rules: docs/protocol.md#refusal-html.
"""

from __future__ import annotations

import html
from http import HTTPStatus

_TEXTS = {
    400: "The browser (or proxy) sent a request that this server could not understand.",
    404: (
        "The requested URL was not found on the server. If you entered the URL manually please"
        " check your spelling and try again."
    ),
    405: "The method is not allowed for the requested URL.",
    415: (
        "Did not attempt to load JSON data because the request Content-Type was not"
        " 'application/json'."
    ),
    500: (
        "The server encountered an internal error and was unable to complete your request. Either"
        " the server is overloaded or there is an error in the application."
    ),
}


def page(status: int, text: str | None = None) -> str:
    """Write the page of an error.

    Args:
        status: The HTTP status.
        text: What to say instead of the framework's own text.

    Returns:
        The page's HTML.
    """
    title = HTTPStatus(status).phrase.title()
    sentence = html.escape(_TEXTS[status] if text is None else text).replace("&#x27;", "&#39;")
    return (
        f"<!doctype html>\n<html lang=en>\n<title>{status} {title}</title>\n"
        f"<h1>{title}</h1>\n<p>{sentence}</p>\n"
    )
