"""The routes: the REST interface of the platform, as far as this project needs it.

Shapes, texts and the order of the checks are the real service's (docs/protocol.md#endpoints
and #refusals). Here are those of agents and sessions; orchestrations and workflows bring their own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from powawidget.local.agents.approvals import Decision
from powawidget.local.http import bodies
from powawidget.local.http.error_pages import page
from powawidget.local.http.gate import PUBLIC, Gate
from powawidget.local.http.responses import (
    Handler,
    Refused,
    Routes,
    answer,
    is_uuid,
    paged,
    refuse,
    refuse_page,
)
from powawidget.local.http.stream import Stream
from powawidget.local.orchestrations.routes import ROUTES as ORCHESTRATIONS
from powawidget.local.workflows.routes import ROUTES as WORKFLOWS

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from powawidget.local.agents.store import Session
    from powawidget.local.engine import Engine
    from powawidget.local.http.connections import Connections

_CONTEXTS = ("knowledge_bases", "context_handler_id", "context_override", "context_items")
_ENDPOINTS = ("/health", "/api/agents", "/api/sessions", "/api/workflows", "/api/orchestrations")
_LIMITS = {"agents": 50, "sessions": 50, "runs": 100}


def make_app(engine: Engine, connections: Connections) -> Gate:
    """Make the application.

    Args:
        engine: What answers.
        connections: Which of them are at work.

    Returns:
        The ASGI application.
    """
    agents = "/api/agents"
    one = f"{agents}/{{agent_id}}"
    routes: Routes = [
        ("GET", agents, _agents),
        ("GET", f"{agents}/runs/{{run_id}}", _run),
        ("POST", f"{agents}/runs/{{run_id}}/approve", _approve),
        ("GET", one, lambda e, r, _: e.store.agent_json(_agent_id(e, r))),
        ("GET", f"{one}/hooks", lambda e, r, _: {"hooks": e.store.hooks_json(_agent_id(e, r))}),
        ("GET", f"{one}/tools", lambda e, r, _: {"tools": e.store.tools_json(_agent_id(e, r))}),
        ("GET", f"{one}/sessions", _sessions),
        ("POST", f"{one}/run/stream", _run_stream),
        ("GET", "/api/sessions/{session_id}", lambda e, r, _: _session(e, r).as_json()),
        ("GET", "/api/sessions/{session_id}/messages", _messages),
        ("GET", "/api/sessions/{session_id}/runs", _runs),
        *ORCHESTRATIONS,
        *WORKFLOWS,
    ]
    public: list[tuple[str, dict[str, Any]]] = [
        ("/health", {"service": "project-service", "status": "healthy"}),
        (
            "/",
            {
                "endpoints": list(_ENDPOINTS),
                "service": "agentic-project-service",
                "version": "0.1.0",
            },
        ),
    ]

    async def failed(request: Request, error: Exception) -> Response:
        if request.scope["path"] not in PUBLIC:
            engine.record(request, b"")
        status: int = getattr(error, "status_code", 500)
        headers = getattr(error, "headers", None)
        return HTMLResponse(page(status), status, headers)

    app = Starlette(
        routes=[
            *(
                Route(path, _endpoint(engine, method, do), methods=[method])
                for method, path, do in routes
            ),
            *(Route(path, _public(body), methods=["GET"]) for path, body in public),
        ],
        exception_handlers={404: failed, 405: failed},
    )
    return Gate(app, engine.key, connections)


def _endpoint(engine: Engine, method: str, do: Handler) -> Callable[[Request], Awaitable[Any]]:
    async def endpoint(request: Request) -> Any:
        try:
            raw = await bodies.read(request)
            body = bodies.understand(request, raw) if method == "POST" else None
            engine.record(request, raw)
            engine.faults.meet(request.scope["path"])
            done = do(engine, request, body)
        except Refused as refused:
            return refused.response
        return answer(done) if isinstance(done, dict) else done

    return endpoint


def _public(body: dict[str, Any]) -> Callable[[Request], Awaitable[Any]]:
    async def endpoint(_request: Request) -> Response:
        # Not remembered: anybody could push out what is.
        return answer(body)

    return endpoint


def _agent_id(engine: Engine, request: Request) -> str:
    agent_id: str = request.path_params["agent_id"]
    if not is_uuid(agent_id):
        raise refuse_page(500)
    if agent_id not in engine.store.agents:
        raise refuse(404, "Agent not found")
    return agent_id


def _session(engine: Engine, request: Request) -> Session:
    session = engine.store.sessions.get(request.path_params["session_id"])
    if session is None:
        raise refuse(404, "Session not found")
    return session


def _agents(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    entries = [engine.store.agent_entry(id_) for id_ in engine.store.agents]
    return paged(request, "agents", entries, _LIMITS["agents"])


def _sessions(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    sessions = engine.store.sessions_of(_agent_id(engine, request))
    return paged(
        request, "sessions", [session.summary() for session in sessions], _LIMITS["sessions"]
    )


def _messages(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    session = _session(engine, request)
    return {"messages": session.messages(), "session_id": session.session_id}


def _runs(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    session = _session(engine, request)
    body = paged(request, "runs", [run.entry() for run in session.runs], _LIMITS["runs"])
    del body["total"]  # this list has none
    return body | {"session_id": session.session_id}


def _run(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    run = engine.store.runs.get(request.path_params["run_id"])
    if run is None:
        raise refuse(404, "Run not found")
    return run.as_json()


def _approve(engine: Engine, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    if "approved" not in body:
        raise refuse(400, "Request body must include 'approved' (boolean)")
    if not isinstance(body["approved"], bool):
        raise refuse(400, "'approved' must be a boolean")
    run = engine.store.runs.get(request.path_params["run_id"])
    if run is None or run.slot is None:
        raise refuse(404, "Run not found or not waiting for approval")
    # Everything else in the body is ignored, edited input too.
    reason = body.get("reason")
    run.slot.decide(Decision(body["approved"], str(reason) if reason else None))
    return {"status": "resumed"}


def _run_stream(engine: Engine, request: Request, body: dict[str, Any]) -> Stream:
    if not body.get("message"):
        raise refuse(400, "message is required")
    if sum(body.get(name) is not None for name in _CONTEXTS) > 1:
        raise refuse(
            400,
            "Only one of 'knowledge_bases', 'context_handler_id', 'context_override', or"
            " 'context_items' may be provided",
        )
    run, channel = engine.begin(_agent_id(engine, request), body)
    return engine.stream(
        channel,
        keepalive=bool(run.agent.tools),
        # A run without tools goes on and completes.
        on_lost=run.lose if run.agent.tools else None,
    )
