"""Who may ask at all: checked before anything of a request is read or kept."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers

from powawidget.http.address import is_this_machine
from powawidget.local import limits
from powawidget.local.http.responses import Refused, refuse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from powawidget.local.http.connections import Connections

_RESOURCES = ("/health", "/api/agents", "/api/sessions", "/api/workflows", "/api/orchestrations")
# What anybody may ask, and the answer, which holds nothing that matters.
PUBLIC: dict[str, dict[str, Any]] = {
    "/health": {"service": "project-service", "status": "healthy"},
    "/": {
        "endpoints": list(_RESOURCES),
        "service": "agentic-project-service",
        "version": "0.1.0",
    },
}

_HOST = re.compile(r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[0-9a-z.-]+))(?::[0-9]*)?", re.IGNORECASE)


class Access:
    """The middleware that refuses whoever may not ask.

    A web page can send requests to any port of its reader's machine. Without the key they get
    an answer, and nothing else comes of them; and no answer allows a page to read it.

    Args:
        app: What answers the requests that may ask.
        key: What requests must send.
        connections: Which of them are at work.
    """

    def __init__(self, app: ASGIApp, key: str, connections: Connections) -> None:
        self._app = app
        self._key = key
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on."""
        headers = Headers(scope=scope)
        try:
            _check_length(scope)
            _check_host(headers, scope)
            if scope["path"] not in PUBLIC:
                _authorize(headers, self._key)
        except Refused as refused:
            await refused.response(scope, receive, send)
            return
        if scope["path"] in PUBLIC:
            await self._app(scope, receive, send)
            return
        with self._connections.at_work(tuple(scope["client"])):
            await self._app(scope, receive, send)


def _check_length(scope: Scope) -> None:
    # One that comes in one piece is read whole, whatever its length.
    parts = [
        scope["raw_path"],
        scope["query_string"],
        *(p for pair in scope["headers"] for p in pair),
    ]
    if sum(map(len, parts)) > limits.HEAD_BYTES:
        raise refuse(431, f"The request's head is longer than {limits.HEAD_BYTES} bytes.")


def _check_host(headers: Headers, scope: Scope) -> None:
    # A name of somebody else's that resolves to this machine would make their page one of ours.
    # Not Starlette's TrustedHostMiddleware: it knows no ranges of addresses, and doesn't say which
    # address to use instead.
    host = _HOST.fullmatch(headers.get("host", ""))
    if host is None or not is_this_machine((host["six"] or host["name"]).lower()):
        raise refuse(
            403,
            "This server answers only where the header Host names its own machine, so that no page "
            f"of another site can ask it: use http://127.0.0.1:{scope['server'][1]}.",
        )


def _authorize(headers: Headers, key: str) -> None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise refuse(401, "Authorization header required")
    if not secrets.compare_digest(token.strip().encode(), key.encode()):
        raise refuse(401, "Invalid token: Not enough segments")
    # The gateway in front of the service asks for the second header.
    apikey = headers.get("apikey")
    if not apikey:
        raise refuse(401, "No API key found in request")
    if not secrets.compare_digest(apikey.encode(), key.encode()):
        raise refuse(401, "Invalid authentication credentials")
