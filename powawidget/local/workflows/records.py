"""What is stored of an execution, and what each of its blocks did.

The shapes are those the real service answers with (docs/protocol.md#block-logs and #cut-workflow).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from powawidget.local.ids import now

if TYPE_CHECKING:
    from powawidget.local.workflows.definition import Block, Workflow


_LOGS_AFTER = 0.05  # seconds from an execution's end until its logs are there


@dataclass(frozen=True)
class BlockLog:
    """What a block did.

    Args:
        block: The block.
        data: What it gave, or its error.
        duration_ms: How long it took, in milliseconds.
        agent_run_id: The database's id of the run of a block's agent.
    """

    block: Block
    data: dict[str, Any]
    duration_ms: float
    agent_run_id: str | None


@dataclass
class StoredExecution:
    """An execution as it is stored.

    Args:
        id: Its id.
        workflow: What is executed.
        variables: What it was given.
    """

    id: str
    workflow: Workflow
    variables: Any
    status: str = "running"
    output: Any = None
    error: str | None = None
    logs: list[BlockLog] = field(default_factory=list)
    started_at: str = field(default_factory=now)
    created_at: str = field(default_factory=now)
    completed_at: str | None = None
    ended: float = 0.0  # by the monotonic clock

    def complete(self) -> None:
        """Store it as completed, whatever became of its blocks."""
        self.status = "completed"
        self.output = next(
            (log.data.get("output") for log in self.logs if log.block.type == "response"), None
        )
        self._close()

    def fail(self, error: str) -> None:
        """Store it as failed: only the whole of it can, not a block."""
        self.status, self.error = "failed", error
        self._close()

    def _close(self) -> None:
        self.completed_at, self.ended = now(), time.monotonic()

    def as_json(self) -> dict[str, Any]:
        """Answer one entry of `GET /api/workflows/{id}/executions`."""
        begins = any(block.type == "starter" for block in self.workflow.blocks)
        return {
            "completed_at": self.completed_at,
            "created_at": self.created_at,
            "error": self.error,
            "id": self.id,
            "input": self.variables if begins else None,
            "output": self.output,
            "started_at": self.started_at,
            "status": self.status,
        }

    def logs_json(self) -> list[dict[str, Any]]:
        """Answer `GET /api/workflows/{id}/executions/{eid}/logs`.

        They come a moment after its end (docs/protocol.md#block-logs).
        """
        if self.status == "running" or time.monotonic() - self.ended < _LOGS_AFTER:
            return []
        gave = {log.block.name: log.data for log in self.logs}
        return [self._log_json(number, log, gave) for number, log in enumerate(self.logs)]

    def _log_json(
        self, number: int, log: BlockLog, gave: dict[str, dict[str, Any]]
    ) -> dict[str, Any]:
        sources = [e.source for e in self.workflow.edges if e.target == log.block.name]
        read = {self.workflow.block_id(name): gave[name] for name in sources if name in gave}
        return {
            "agent_run_id": log.agent_run_id,
            "block_id": self.workflow.block_id(log.block.name),
            "block_name": log.block.name,
            "block_type": log.block.type,
            "config_snapshot": dict(log.block.config),
            "duration_ms": log.duration_ms,
            "error": None,  # the error of a block stands in its output
            "execution_order": number,
            "input": read if sources else None,
            "output": log.data,
            "status": "error" if log.data.get("error") else "success",
        }
