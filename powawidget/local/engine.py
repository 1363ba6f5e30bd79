"""The server's inside: what it stores and what it runs."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from powawidget.local import limits
from powawidget.local.agents.runs import Execution
from powawidget.local.agents.script import Turn
from powawidget.local.agents.sql_errors import why_not
from powawidget.local.agents.store import AgentStore
from powawidget.local.channel import Channel
from powawidget.local.dialects import DIALECTS
from powawidget.local.http.responses import refuse
from powawidget.local.http.stream import Stream
from powawidget.local.load import Load
from powawidget.local.orchestrations.runs import OrchestrationExecution
from powawidget.local.orchestrations.store import OrchestrationStore
from powawidget.local.quota import Quota
from powawidget.local.workflows.blocks import Shared
from powawidget.local.workflows.dialects import DIALECTS as WORKFLOW_DIALECTS
from powawidget.local.workflows.runs import WorkflowExecution
from powawidget.local.workflows.store import WorkflowStore

if TYPE_CHECKING:
    from powawidget.local.agents.records import Run
    from powawidget.local.database import Database
    from powawidget.local.http.connections import Address
    from powawidget.local.orchestrations.records import OrchestrationRun
    from powawidget.local.project import Project
    from powawidget.local.settings import Settings
    from powawidget.local.workflows.definition import Workflow


class Engine:
    """Everything of a server but its socket. All of it happens in the server's thread.

    Args:
        project: What it offers.
        database: The sample database.
        settings: How it behaves.
        abort: Breaks the connection from an address.
    """

    def __init__(
        self,
        project: Project,
        database: Database,
        settings: Settings,
        *,
        abort: Callable[[Address], None],
    ) -> None:
        self._settings = settings
        self._database = database
        self.agents = AgentStore(project.agents, random.Random(settings.seed))  # noqa: S311  # ids, not secrets
        # Generators of their own: the ids of agents' runs don't depend on what else there is.
        self.orchestrations = OrchestrationStore(
            project.orchestrations, self._generator("orchestrations")
        )
        self.workflows = WorkflowStore(project.workflows, self._generator("workflows"))
        self.quota = Quota(settings.executions_per_minute)
        self.open_streams = 0
        self._encode = DIALECTS[settings.dialect]
        self._rate = settings.tokens_per_second
        self._abort = abort
        self._running: dict[asyncio.Task[None], Channel] = {}
        self._load = Load(settings, lambda: len(self._running))
        self._closed = False

    def begin(self, agent_id: str, body: dict[str, Any]) -> tuple[Run | None, Channel]:
        """Begin a run.

        Args:
            agent_id: The agent's id.
            body: The request's body, checked.

        Returns:
            The stored run, and where its frames come from; no run where the conversation's id
            can't be used, which the stream alone says.
        """
        self._check_room()
        self._load.check()
        channel = Channel()
        session_id = _session_id(body) or ""
        error = why_not(session_id, self.agents.sessions.get(session_id), agent_id)
        if error is not None:
            named = {"run_id": self.agents.new_run_id(), "context_handler_id": None}
            channel.put(self._encode({"event": "error", "error": error, **named}, {}))
            channel.end()
            return None, channel
        run, is_new = self.agents.new_run(agent_id, body)
        run.agent = self._load.under(run.agent, self.agents.begun)
        turn = self._turn(run.message, run.session.history, self.agents.begun, body)
        execution = Execution(run, turn, channel, self._encode, self._rate, is_new_session=is_new)
        self._start(execution.execute(), channel, lambda: self.agents.settle(run))
        return run, channel

    def begin_orchestration(
        self, orchestration_id: str, body: dict[str, Any]
    ) -> tuple[OrchestrationRun | None, Channel]:
        """Begin a run of an orchestration.

        Args:
            orchestration_id: Its id.
            body: The request's body, checked.

        Returns:
            The stored run, and where its frames come from; no run where there is no such
            orchestration, which the stream alone says.
        """
        channel = Channel()
        orchestration = self.orchestrations.all.get(orchestration_id)
        if orchestration is None:
            error = f"Orchestration {orchestration_id} not found"
            channel.put(self._encode({"event": "error", "error": error}, {}))
            channel.end()
            return None, channel
        self._check_room()
        self._load.check()
        message = str(body["message"])
        run = self.orchestrations.new_run(orchestration, message, _session_id(body))
        drawn = f"orchestration {self.orchestrations.begun}"
        turn = self._turn(message, run.session.history, drawn, body)
        execution = OrchestrationExecution(
            run, turn, channel, self._encode, self._rate, new_id=self.orchestrations.new_id
        )
        self._start(execution.execute(), channel, lambda: self.orchestrations.settle(run))
        return run, channel

    def begin_workflow(self, workflow: Workflow, variables: Any) -> Channel:
        """Begin an execution of a workflow.

        Args:
            workflow: The workflow.
            variables: What it is given.

        Returns:
            Where the execution's frames come from.
        """
        self._check_room()
        stored = self.workflows.new_execution(workflow, variables)
        shared = Shared(
            self._database,
            self.agents.all,
            self.orchestrations.all,
            WORKFLOW_DIALECTS[self._settings.dialect],
            self._rate,
            self.workflows.new_id,
        )
        channel = Channel()
        execution = WorkflowExecution(
            stored, shared, channel, self._generator(f"workflow {self.workflows.begun}")
        )
        self._start(execution.execute(), channel, lambda: self.workflows.settle(stored))
        return channel

    def stream(
        self,
        channel: Channel,
        *,
        keepalive: bool,
        on_lost: Callable[[], None] | None = None,
        unbuffered: bool = True,
    ) -> Stream:
        """Make the response that streams what a channel holds.

        Args:
            channel: The channel.
            keepalive: Whether silences are filled.
            on_lost: Called when a write finds the client gone; None where that changes nothing,
                or is noticed elsewhere.
            unbuffered: Whether the headers ask what lies between not to hold anything back.
        """
        self.open_streams += 1
        return Stream(
            channel,
            keepalive=self._settings.keepalive_seconds if keepalive else None,
            on_lost=on_lost,
            on_closed=self._stream_closed,
            abort=self._abort,
            unbuffered=unbuffered,
        )

    async def abandon(self) -> None:
        """Leave everything that runs as it is: it stays stored as running."""
        running = dict(self._running)
        for task, channel in running.items():
            channel.end()
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def close(self) -> None:
        """End all runs, those included that go on without a client."""
        self._closed = True
        await self.abandon()

    def _check_room(self) -> None:
        if len(self._running) >= limits.RUNNING:
            raise refuse(503, "The service is busy. Retry shortly.")

    def _start(
        self, work: Coroutine[Any, Any, None], channel: Channel, settle: Callable[[], None]
    ) -> None:
        if self._closed:
            work.close()
            channel.end()
            return

        def done(task: asyncio.Task[None]) -> None:
            del self._running[task]
            settle()

        task = asyncio.create_task(work)
        self._running[task] = channel
        task.add_done_callback(done)

    def _stream_closed(self) -> None:
        self.open_streams -= 1

    def _turn(
        self,
        message: str,
        history: tuple[tuple[str, str], ...],
        number: int | str,
        body: dict[str, Any],
    ) -> Turn:
        return Turn(message, history, self._database, self._generator(number), body)

    def _generator(self, number: int | str) -> random.Random:
        return random.Random(f"{self._settings.seed} {number}")  # noqa: S311  # made-up data, no secret


def _session_id(body: dict[str, Any]) -> str | None:
    session_id = body.get("session_id")
    return str(session_id) if session_id else None
