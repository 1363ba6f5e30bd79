"""The application: the routes of all kinds of resources, and what happens around each.

Texts and the order of the checks are the real service's (docs/protocol.md#endpoints and
#refusals).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from powawidget.local.agents.routes import ROUTES as AGENTS
from powawidget.local.http import bodies
from powawidget.local.http.access import PUBLIC, Access
from powawidget.local.http.error_pages import page
from powawidget.local.http.responses import Answer, Refused
from powawidget.local.orchestrations.routes import ROUTES as ORCHESTRATIONS
from powawidget.local.workflows.routes import ROUTES as WORKFLOWS

if TYPE_CHECKING:
    from powawidget.local.engine import Engine
    from powawidget.local.http.connections import Connections

Handler: TypeAlias = Callable[["Engine", Request, Any], Any]
Intercept: TypeAlias = Callable[[Request, bytes], Response | None]


def make_app(
    engine: Engine,
    key: str,
    connections: Connections,
    intercept: Intercept | None = None,
) -> Starlette:
    """Make the application.

    Args:
        engine: What answers.
        key: What requests must send.
        connections: Which of them are at work.
        intercept: Asked about each request and its body before it is answered; what it returns is
            sent instead.

    Returns:
        The ASGI application.
    """

    def route(method: str, path: str, handler: Handler) -> Route:
        async def endpoint(request: Request) -> Any:
            raw = await bodies.read(request)
            body = bodies.parsed(request, raw) if method == "POST" else None
            instead = intercept(request, raw) if intercept else None
            answer = instead or handler(engine, request, body)
            return Answer(answer) if isinstance(answer, dict) else answer

        return Route(path, endpoint, methods=[method])

    def public(path: str, body: dict[str, Any]) -> Route:
        async def endpoint(_request: Request) -> Response:
            return Answer(body)

        return Route(path, endpoint, methods=["GET"])

    async def no_route(_request: Request, error: Any) -> Response:
        return HTMLResponse(page(error.status_code), error.status_code, error.headers)

    return Starlette(
        routes=[
            *(route(*each) for each in (*AGENTS, *ORCHESTRATIONS, *WORKFLOWS)),
            *(public(path, body) for path, body in PUBLIC.items()),
        ],
        middleware=[Middleware(Access, key=key, connections=connections)],
        exception_handlers={
            HTTPException: no_route,
            Refused: _refused,
            ClientDisconnect: _disconnected,
        },
    )


async def _refused(_request: Request, error: Any) -> Any:
    return error.response


async def _disconnected(_request: Request, _error: Exception) -> Response:
    # As when a run is stopped while it connects: nobody reads this answer.
    return Response(status_code=400)
