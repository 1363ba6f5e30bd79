"""The routes of orchestrations.

Rules: docs/protocol.md#endpoints and #orchestration-failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from powawidget.local.agents.runtime_knowledge import wrong_knowledge
from powawidget.local.http.responses import id_in, paged, refuse, refuse_page

if TYPE_CHECKING:
    from starlette.requests import Request

    from powawidget.local.engine import Engine
    from powawidget.local.http.stream import Stream
    from powawidget.local.orchestrations.definition import Orchestration

_MOST = 50


def _one(engine: Engine, request: Request) -> Orchestration:
    orchestration = engine.orchestrations.all.get(id_in(request, "orchestration_id"))
    if orchestration is None:
        raise refuse(404, "Orchestration not found")
    return orchestration


def _list(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    entries = engine.orchestrations.entries()
    if "limit" in request.query_params or "offset" in request.query_params:
        return paged(request, "orchestrations", entries, _MOST)
    return {"orchestrations": entries}  # whole, and without a total


def _get(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    return _one(engine, request).as_json()


def _entities(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    return {"entities": _one(engine, request).entities()}


def _sessions(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    found = engine.orchestrations.sessions_of(id_in(request, "orchestration_id"))
    return {"sessions": [session.summary() for session in found], "total": len(found)}


def _messages(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    session = engine.orchestrations.sessions.get(request.path_params["session_id"])
    if session is None:
        raise refuse(404, "Session not found")
    return session.messages()


def _run(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    run = engine.orchestrations.runs.get(request.path_params["run_id"])
    if run is None:
        raise refuse(404, "Run not found")
    return run.as_json()


def _run_stream(engine: Engine, request: Request, body: dict[str, Any]) -> Stream:
    if not body.get("message"):
        raise refuse(400, "message is required")
    error = wrong_knowledge(body, engine.agents.knowledge_bases)
    if error is not None:
        raise refuse(400, error)
    if not isinstance(body.get("session_id") or "", str):
        raise refuse_page(500)
    run, channel = engine.begin_orchestration(id_in(request, "orchestration_id"), body)
    return engine.stream(
        channel, keepalive=True, on_lost=run.lose if run else None, unbuffered=False
    )


_ALL = "/api/orchestrations"
_ONE = f"{_ALL}/{{orchestration_id}}"

ROUTES = (
    ("GET", _ALL, _list),
    ("GET", f"{_ALL}/runs/{{run_id}}", _run),
    ("GET", _ONE, _get),
    ("GET", f"{_ONE}/entities", _entities),
    ("GET", f"{_ONE}/sessions", _sessions),
    ("GET", f"{_ONE}/sessions/{{session_id}}/messages", _messages),
    ("POST", f"{_ONE}/run/stream", _run_stream),
)
