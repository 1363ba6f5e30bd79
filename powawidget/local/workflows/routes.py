"""The routes of workflows.

Rules: docs/protocol.md#endpoints and #execution-rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from powawidget.local.http.responses import Refused, id_in, number, paged, refuse, refuse_page

if TYPE_CHECKING:
    from starlette.requests import Request

    from powawidget.local.engine import Engine
    from powawidget.local.http.stream import Stream
    from powawidget.local.workflows.definition import Workflow

_MOST = 50
_MOST_EXECUTIONS = 20
_UNREADABLE = "Balance check failed (workflow block lookup error). Retry shortly."


def _one(engine: Engine, workflow_id: str) -> Workflow:
    workflow = engine.workflows.all.get(workflow_id)
    if workflow is None:
        raise refuse(404, "Workflow not found", error_code="WORKFLOW_NOT_FOUND")
    return workflow


def _list(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    return paged(request, "workflows", engine.workflows.entries(), _MOST)


def _get(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    return engine.workflows.as_json(_one(engine, id_in(request, "workflow_id")))


def _executions(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    found = engine.workflows.executions_of(id_in(request, "workflow_id"))
    limit = max(1, min(number(request, "limit", _MOST_EXECUTIONS), 100))
    return {"executions": [execution.as_json() for execution in found[:limit]]}


def _logs(engine: Engine, request: Request, _body: None) -> dict[str, Any]:
    workflow_id, execution_id = id_in(request, "workflow_id"), id_in(request, "execution_id")
    execution = engine.workflows.executions.get(execution_id)
    if execution is None or execution.workflow.id != workflow_id:
        raise refuse(404, "Execution not found")
    return {"block_logs": execution.logs_json()}


def _execute_stream(engine: Engine, request: Request, body: dict[str, Any]) -> Stream:
    # Counted first: a wrong id uses the quota up too.
    if not engine.quota.take():
        most = engine.quota.most
        raise refuse(429, f"Rate limit exceeded. Max {most} executions per minute.")
    try:
        workflow_id = id_in(request, "workflow_id")
    except Refused:
        raise refuse_page(503, _UNREADABLE) from None
    workflow = _one(engine, workflow_id)
    variables = body.get("variables", body.get("input", {}))
    return engine.stream(engine.begin_workflow(workflow, variables), keepalive=False)


_ALL = "/api/workflows"
_ONE = f"{_ALL}/{{workflow_id}}"

ROUTES = (
    ("GET", _ALL, _list),
    ("GET", _ONE, _get),
    ("GET", f"{_ONE}/executions", _executions),
    ("GET", f"{_ONE}/executions/{{execution_id}}/logs", _logs),
    ("POST", f"{_ONE}/execute/stream", _execute_stream),
)
