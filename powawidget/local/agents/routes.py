"""The routes of agents and their sessions.

Shapes, texts and the order of the checks are the real service's (docs/protocol.md#endpoints
and #refusals).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from powawidget.local.agents.approvals import Decision
from powawidget.local.agents.runtime_knowledge import wrong_knowledge
from powawidget.local.http.responses import Answer, id_in, paged, refuse, refuse_page

if TYPE_CHECKING:
    from starlette.requests import Request

    from powawidget.local.agents.records import Session
    from powawidget.local.engine import Engine
    from powawidget.local.http.stream import Stream

_CONTEXTS = ("knowledge_bases", "context_handler_id", "context_override", "context_items")
_LIMITS = {"agents": 50, "sessions": 50, "runs": 100}


def _id(engine: Engine, request: Request) -> str:
    agent_id = id_in(request, "agent_id")
    if agent_id not in engine.agents.all:
        raise refuse(404, "Agent not found")
    return agent_id


def _list(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    entries = [engine.agents.entry(agent_id) for agent_id in engine.agents.all]
    return paged(request, "agents", entries, _LIMITS["agents"])


def _get(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    return engine.agents.as_json(_id(engine, request))


def _hooks(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    return {"hooks": engine.agents.hooks_json(_id(engine, request))}


def _tools(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    return {"tools": engine.agents.tools_json(_id(engine, request))}


def _mcp_servers(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    return {"mcp_servers": engine.agents.mcp_servers_json(_id(engine, request))}


def _knowledge_bases(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    return {"knowledge_bases": engine.agents.knowledge_bases_json(_id(engine, request))}


def _sessions(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    sessions = engine.agents.sessions_of(_id(engine, request))
    return paged(
        request, "sessions", [session.summary() for session in sessions], _LIMITS["sessions"]
    )


def _new_session(engine: Engine, request: Request, body: dict[str, Any]) -> Answer:
    agent_id = _id(engine, request)
    if not body.get("user_id"):
        raise refuse(400, "user_id is required")
    if body.get("initial_messages"):
        raise refuse(400, "The embedded server begins conversations without messages.")
    return Answer(engine.agents.prepare_session(agent_id).as_json(), 201)


def _session_of(engine: Engine, request: Request) -> Session:
    session = engine.agents.sessions.get(request.path_params["session_id"])
    if session is None:
        raise refuse(404, "Session not found")
    return session


def _session(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    return _session_of(engine, request).as_json()


def _messages(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    session = _session_of(engine, request)
    return {"messages": session.messages(), "session_id": session.session_id}


def _runs(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    session = _session_of(engine, request)
    body = paged(request, "runs", [run.entry() for run in session.runs], _LIMITS["runs"])
    del body["total"]  # this list has none
    return body | {"session_id": session.session_id}


def _run(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    run = engine.agents.runs.get(request.path_params["run_id"])
    if run is None:
        raise refuse(404, "Run not found")
    return run.as_json()


def _approve(engine: Engine, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    if "approved" not in body:
        raise refuse(400, "Request body must include 'approved' (boolean)")
    if not isinstance(body["approved"], bool):
        raise refuse(400, "'approved' must be a boolean")
    run = engine.agents.runs.get(request.path_params["run_id"])
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
    error = wrong_knowledge(body, engine.agents.knowledge_bases)
    if error is not None:
        raise refuse(400, error)
    if not isinstance(body.get("session_id") or "", str):
        raise refuse_page(500)
    run, channel = engine.begin(_id(engine, request), body)
    has_tools = run is not None and run.has_tools
    return engine.stream(
        channel,
        keepalive=has_tools,
        # A run without tools goes on and completes.
        on_lost=run.lose if run is not None and has_tools else None,
    )


_ALL = "/api/agents"
_ONE = f"{_ALL}/{{agent_id}}"
_SESSION = "/api/sessions/{session_id}"

ROUTES = (
    ("GET", _ALL, _list),
    ("GET", f"{_ALL}/runs/{{run_id}}", _run),
    ("POST", f"{_ALL}/runs/{{run_id}}/approve", _approve),
    ("GET", _ONE, _get),
    ("GET", f"{_ONE}/hooks", _hooks),
    ("GET", f"{_ONE}/tools", _tools),
    ("GET", f"{_ONE}/mcp-servers", _mcp_servers),
    ("GET", f"{_ONE}/knowledge-bases", _knowledge_bases),
    ("GET", f"{_ONE}/sessions", _sessions),
    ("POST", f"{_ONE}/sessions", _new_session),
    ("POST", f"{_ONE}/run/stream", _run_stream),
    ("GET", _SESSION, _session),
    ("GET", f"{_SESSION}/messages", _messages),
    ("GET", f"{_SESSION}/runs", _runs),
)
