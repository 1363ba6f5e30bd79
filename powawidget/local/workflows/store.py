"""All workflows of a server and their executions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from powawidget.local.ids import drawn_id, now
from powawidget.local.retention import Retention
from powawidget.local.workflows.records import StoredExecution

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from powawidget.local.workflows.definition import Workflow

_VERSION = 2


class WorkflowStore:
    """All workflows of one server and their executions.

    Args:
        workflows: The workflows, in the order they are listed.
        generator: Where the ids come from.
    """

    def __init__(self, workflows: Iterable[Workflow], generator: random.Random) -> None:
        self._generator = generator
        self._started_at = now()
        self.all = {workflow.id: workflow for workflow in workflows}
        self.executions: dict[str, StoredExecution] = {}
        self.begun = 0  # executions, also those that aren't kept any more
        self._retention = Retention(self.executions.pop)

    def new_execution(self, workflow: Workflow, variables: Any) -> StoredExecution:
        """Begin an execution."""
        execution = StoredExecution(self.new_id(), workflow, variables)
        self.executions[execution.id] = execution
        self.begun += 1
        return execution

    def settle(self, execution: StoredExecution) -> None:
        """Note that nothing works on an execution any more: it is kept as long as there is room."""
        logs = [[log.data, dict(log.block.config)] for log in execution.logs]
        self._retention.add(execution.id, [execution.variables, execution.output, logs])

    def new_id(self) -> str:
        """Draw an id."""
        return drawn_id(self._generator)

    def executions_of(self, workflow_id: str) -> list[StoredExecution]:
        """List a workflow's executions, the newest first."""
        return [e for e in self.executions.values() if e.workflow.id == workflow_id][::-1]

    def entries(self) -> list[dict[str, Any]]:
        """Answer the entries of `GET /api/workflows`."""
        return [self._entry(workflow) for workflow in self.all.values()]

    def as_json(self, workflow: Workflow) -> dict[str, Any]:
        """Answer `GET /api/workflows/{id}`."""
        return self._common(workflow) | workflow.as_json()

    def _entry(self, workflow: Workflow) -> dict[str, Any]:
        executions = self.executions_of(workflow.id)
        return self._common(workflow) | {
            "execution_count": len(executions),
            "last_execution_at": executions[0].created_at if executions else None,
        }

    def _common(self, workflow: Workflow) -> dict[str, Any]:
        return {
            "color": None,
            "created_at": self._started_at,
            "description": workflow.description,
            "id": workflow.id,
            "name": workflow.name,
            "schedule_config": None,
            "state": "internal",
            "updated_at": self._started_at,
            "variables": {},  # the defaults stand in the starter's configuration
            "version": _VERSION,
        }
