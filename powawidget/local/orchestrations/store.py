"""All orchestrations of a server, their sessions and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from powawidget.local.ids import drawn_id, now, short_id
from powawidget.local.orchestrations.records import OrchestrationRun, OrchestrationSession
from powawidget.local.retention import Retention

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from powawidget.local.orchestrations.definition import Orchestration


class OrchestrationStore:
    """All orchestrations of one server, their sessions and runs.

    Args:
        orchestrations: The orchestrations, in the order they are listed.
        generator: Where the ids come from.
    """

    def __init__(self, orchestrations: Iterable[Orchestration], generator: random.Random) -> None:
        self._generator = generator
        self._started_at = now()
        self.all = {orchestration.id: orchestration for orchestration in orchestrations}
        self.sessions: dict[str, OrchestrationSession] = {}
        self.runs: dict[str, OrchestrationRun] = {}
        self.begun = 0  # runs, also those that aren't kept any more
        self._retention = Retention(self._drop)

    def new_run(
        self, orchestration: Orchestration, message: str, session_id: str | None
    ) -> OrchestrationRun:
        """Begin a run.

        Args:
            orchestration: What runs.
            message: What was asked.
            session_id: The conversation to go on with; an unknown one begins under that id.
        """
        session = self.sessions.get(session_id) if session_id else None
        if session is None:
            session = OrchestrationSession(
                session_id or short_id("orch_sess_", self._generator), orchestration.id
            )
            self.sessions[session.session_id] = session
        run = OrchestrationRun(
            short_id("orch_run_", self._generator), orchestration, session, message
        )
        session.runs.append(run)
        self.runs[run.run_id] = run
        self.begun += 1
        return run

    def settle(self, run: OrchestrationRun) -> None:
        """Note that nothing works on a run any more: it is kept as long as there is room."""
        self._retention.add(run.run_id, [run.message, run.as_json()])

    def new_id(self) -> str:
        """Draw the id of a member's run."""
        return drawn_id(self._generator)

    def sessions_of(self, orchestration_id: str) -> list[OrchestrationSession]:
        """List an orchestration's sessions, the newest first."""
        of = [s for s in self.sessions.values() if s.orchestration_id == orchestration_id]
        return of[::-1]

    def entries(self) -> list[dict[str, Any]]:
        """Answer the entries of `GET /api/orchestrations`."""
        return [self._entry(orchestration) for orchestration in self.all.values()]

    def _entry(self, orchestration: Orchestration) -> dict[str, Any]:
        sessions = self.sessions_of(orchestration.id)
        runs = [run for session in sessions for run in session.runs]
        return {
            "created_at": self._started_at,
            "description": orchestration.description,
            "entity_count": len(orchestration.members),
            "id": orchestration.id,
            "last_run_at": max((run.started_at for run in runs), default=None),
            "name": orchestration.name,
            "session_count": len(sessions),
            "settings": orchestration.settings,
            "strategy": orchestration.strategy,
            "updated_at": self._started_at,
        }

    def _drop(self, run_id: str) -> None:
        session = self.runs.pop(run_id).session
        session.runs = [run for run in session.runs if run.run_id != run_id]
        if not session.runs:
            del self.sessions[session.session_id]
