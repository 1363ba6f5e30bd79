"""How the routes answer: JSON as the service writes it, refusals, pages of a list.

Rules: docs/protocol.md#refusal-json.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from powawidget.local.http.error_pages import page

if TYPE_CHECKING:
    from starlette.requests import Request

_DIGITS = 18  # of a number in a query: nothing here is counted further
_UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


class Answer(JSONResponse):
    """JSON as the service writes it: keys sorted, no spaces, ASCII, a newline at the end."""

    def render(self, content: Any) -> bytes:
        """Write the body."""
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return f"{text}\n".encode("ascii")


class Refused(Exception):  # noqa: N818  # an answer, raised to where responses are sent
    """A request that is answered with an error.

    Args:
        response: The answer.
    """

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def refuse(status: int, error: str, **more: Any) -> Refused:
    """Refuse with a JSON error.

    Args:
        status: The HTTP status.
        error: What is wrong.
        **more: What else the body holds, such as an error_code.
    """
    return Refused(Answer({"error": error, **more}, status))


def refuse_page(status: int, text: str | None = None) -> Refused:
    """Refuse with an HTML page.

    Args:
        status: The HTTP status.
        text: What to say instead of the framework's own text.
    """
    return Refused(HTMLResponse(page(status, text), status))


def id_in(request: Request, name: str) -> str:
    """Read an id of the database from the path.

    Args:
        request: The request.
        name: What the id is called in the route.

    Raises:
        Refused: It is none that the database understands.
    """
    text: str = request.path_params[name]
    if _UUID.fullmatch(text) is None:
        raise refuse_page(500)
    return text


def number(request: Request, name: str, default: int) -> int:
    """Read a number from the query.

    Args:
        request: The request.
        name: What the number is called.
        default: What stands for it where it is missing or no number.

    Raises:
        Refused: It is too large for any use.
    """
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdigit()):
        return default
    if len(text) > _DIGITS:
        raise refuse(400, f"{name} is too large: use a smaller number.")
    return int(text)


def paged(request: Request, name: str, entries: list[Any], most: int) -> dict[str, Any]:
    """Answer one page of a list.

    Args:
        request: The request, whose query may have `limit` and `offset`.
        name: What the list is called in the body.
        entries: The whole list.
        most: The limit where the query has none.
    """
    limit, offset = number(request, "limit", most), number(request, "offset", 0)
    shown = entries[offset : offset + limit]
    return {name: shown, "limit": limit, "offset": offset, "total": len(entries)}
