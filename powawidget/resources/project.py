"""A project: its agents, orchestrations and workflows, by id or by name."""

import contextlib
import functools
import threading
import warnings
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Self

from powawidget.chat.chat import Chat
from powawidget.chat.history import History
from powawidget.errors import PowawidgetError, RequestError, UnknownNameError
from powawidget.http.client import Client
from powawidget.http.ids import is_uuid, segment
from powawidget.kernel import loop
from powawidget.resources import orchestration, workflow
from powawidget.resources.agent import Agent, AgentInfo, info_of
from powawidget.resources.conversing import NOT_PICKLED
from powawidget.resources.lookup import Row, find, rows_of, stored_run, text_of
from powawidget.resources.orchestration import Orchestration, OrchestrationInfo, orchestration_of
from powawidget.resources.sessions import Session
from powawidget.resources.tools import has_tools
from powawidget.resources.workflow import Workflow, WorkflowInfo, find_workflow, workflow_of
from powawidget.run.finished import of_stored
from powawidget.run.run import Run, finished_run
from powawidget.state.about import About, host_of

_MOST_WORKFLOWS = 100


class Powabase:
    """A connection to one project. Make one with `powawidget.connect`.

    Args:
        client: The HTTP side.
        local: The embedded server, where this process runs one.
    """

    def __init__(self, client: Client, local: Any = None) -> None:
        self._client = client
        self._local = local
        if local is not None:
            client.project = "local"

    @property
    def url(self) -> str:
        """The base URL."""
        return self._client.url

    def agents(self) -> list[AgentInfo]:
        """List the project's agents.

        Returns:
            Their ids, names and models.

        Raises:
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached.

        Example:
            >>> [agent.name for agent in pb.agents()]
        """
        return [info_of(row) for row in loop.run_sync(rows_of(self._client, "agent"))]

    def agent(self, name_or_id: str) -> Agent:
        """Find an agent.

        Args:
            name_or_id: Its name or its id.

        Returns:
            The agent, ready to run.

        Raises:
            UnknownNameError: If there is none of that name.
            InvalidValueError: If there is more than one.
            WrongTypeError: If it isn't a text.
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached.

        Example:
            >>> run = pb.agent("Analyst").run("Which orders are late?")
        """
        return loop.run_sync(self._find_agent(name_or_id))

    def orchestrations(self) -> list[OrchestrationInfo]:
        """List the project's orchestrations.

        Returns:
            Their ids, names, strategies and how many agents they have.

        Raises:
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached.

        Example:
            >>> [one.strategy for one in pb.orchestrations()]
        """
        rows = loop.run_sync(rows_of(self._client, "orchestration"))
        return [orchestration.info_of(row) for row in rows]

    def orchestration(self, name_or_id: str) -> Orchestration:
        """Find an orchestration.

        Args:
            name_or_id: Its name or its id.

        Returns:
            The orchestration, ready to run.

        Raises:
            UnknownNameError: If there is none of that name.
            InvalidValueError: If there is more than one.
            WrongTypeError: If it isn't a text.
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached.

        Example:
            >>> run = pb.orchestration("Report line").run("How was last week?")
        """
        return loop.run_sync(self._find_orchestration(name_or_id))

    def workflows(self) -> list[WorkflowInfo]:
        """List the project's workflows.

        Returns:
            Their ids, names and descriptions.

        Raises:
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached.

        Example:
            >>> [one.description for one in pb.workflows()]
        """
        return [workflow.info_of(row) for row in loop.run_sync(rows_of(self._client, "workflow"))]

    def workflow(self, name_or_id: str) -> Workflow:
        """Find a workflow, and read its graph.

        Args:
            name_or_id: Its name or its id.

        Returns:
            The workflow, ready to run.

        Raises:
            UnknownNameError: If there is none of that name.
            InvalidValueError: If there is more than one.
            WrongTypeError: If it isn't a text.
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached.

        Example:
            >>> run = pb.workflow("Weekly report").run(week=40)
        """
        return loop.run_sync(find_workflow(self._client, name_or_id))

    def get_run(self, run_id: str) -> Run:
        """Bring back a stored run, for example after the kernel died.

        Args:
            run_id: The server's id of the run: `run_…` of an agent's, `orch_run_…` of an
                orchestration's, or the id of a workflow's execution, which is looked for among
                the latest of each workflow: `pb.workflow(...).execution(run_id)` is faster.

        Returns:
            The run, over, marked as stored.

        Raises:
            InvalidValueError: If it can't be an id.
            WrongTypeError: If it isn't a text.
            UnknownNameError: If no workflow has such an execution.
            RequestError: If the server knows no such run.
            ConnectionLost: If it can't be reached.

        Example:
            >>> pb.get_run("run_5a4c673a59cc").text
        """
        wanted = segment(run_id)
        if is_uuid(wanted):
            return loop.run_sync(self._workflow_of(wanted)).execution(wanted)
        noun = "orchestration" if wanted.startswith("orch_") else "agent"
        stored = loop.run_sync(stored_run(self._client, noun, wanted))
        about = About(host_of(self.url))
        return finished_run(of_stored(stored, secret=self._client.secret, about=about))

    def run(self, run_id: str) -> Run:
        """Bring back a stored run: the old name of `get_run`.

        Args:
            run_id: As for `get_run`.

        Returns:
            The run, over, marked as stored.
        """
        # Shown in the cell that calls it; not to those who use a library that does.
        warnings.warn(
            "pb.run(id) is pb.get_run(id) now: agent.run(...) starts a run, this fetches one.",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.get_run(run_id)

    def session(self, session_id: str) -> Session:
        """Find a stored conversation with an agent.

        Args:
            session_id: Its id, such as `sess_7eeca5833451`; `agent.sessions()` lists them.

        Returns:
            The conversation: `messages()` fetches what was said, `chat()` goes on with it.

        Raises:
            RequestError: If the server knows no such conversation. It doesn't know one of an
                orchestration by its id alone: use `pb.orchestration(name).session(id)`.
            ConnectionLost: If it can't be reached.

        Example:
            >>> pb.session("sess_7eeca5833451").messages()
        """
        return loop.run_sync(self._find_session(session_id))

    def close(self) -> None:
        """Close the connection, and the embedded server where there is one.

        Nothing new starts. Runs that are open, and queued turns of a chat, go on to their ends with
        all that they need: their decisions, what is looked up about them, the embedded server.

        Example:
            >>> with powawidget.connect(url) as pb:
            ...     run = pb.agent("Analyst").run("Which orders are late?")
        """
        local, self._local = self._local, None
        is_left = loop.run_sync(self._client.close(None if local is None else _stopping(local)))
        if local is not None and is_left:
            local.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> str:
        raise TypeError(NOT_PICKLED)

    def __repr__(self) -> str:
        return f"<Powabase at {self.url}>"

    async def _find_agent(self, name_or_id: str) -> Agent:
        row = await self._row_of("agent", name_or_id)
        if row is None:
            named = name_or_id.strip()
            return Agent(self._client, AgentInfo(id=named, name=named), None)
        info = info_of(row)
        return Agent(self._client, info, await has_tools(self._client, info.id))

    async def _find_orchestration(self, name_or_id: str) -> Orchestration:
        row = await self._row_of("orchestration", name_or_id)
        if row is None:
            named = name_or_id.strip()
            return Orchestration(self._client, OrchestrationInfo(id=named, name=named))
        return await orchestration_of(self._client, row)

    async def _row_of(self, noun: str, name_or_id: str) -> Row | None:
        """Find one of a kind; None where a key may run it by its id, and may not read it.

        A user's token is such a key (docs/protocol.md#rights).
        """
        try:
            return await find(self._client, noun, name_or_id)
        except RequestError as error:
            if error.status != HTTPStatus.FORBIDDEN or not is_uuid(name_or_id.strip()):
                raise
            return None

    async def _find_session(self, session_id: str) -> Session:
        named = segment(session_id, "conversation")
        found = await self._client.get(f"/api/sessions/{named}")
        agent_id = (text_of(found, "agent_id") if isinstance(found, Mapping) else None) or ""
        name = await self._name_of(agent_id) if agent_id else ""

        def chat(**options: Any) -> Chat:
            return self.agent(agent_id).chat(named, **options)

        history = functools.partial(History, self._client, named, "agent", name)
        return Session(named, "agent", name, history, chat)

    async def _name_of(self, agent_id: str) -> str:
        # The name is a help to the reader, and no more.
        with contextlib.suppress(PowawidgetError):
            row = await self._client.get(f"/api/agents/{segment(agent_id, 'agent')}")
            return str(row.get("name") or "") if isinstance(row, Mapping) else ""
        return ""

    async def _workflow_of(self, execution_id: str) -> Workflow:
        """Find the workflow of an execution: the id doesn't name it."""
        rows = await rows_of(self._client, "workflow")
        rows = [row for row in rows if row.get("execution_count") != 0]
        rows.sort(key=lambda row: str(row.get("last_execution_at") or ""), reverse=True)
        for row in rows[:_MOST_WORKFLOWS]:
            if await workflow.stored_execution(self._client, row["id"], execution_id) is not None:
                return await workflow_of(self._client, row)
        raise UnknownNameError(
            f"No workflow has {execution_id} among its latest executions. If you know whose it "
            f'is, pb.workflow("...").execution("{execution_id}") reads it.'
        )


def _stopping(local: Any) -> Callable[[], None]:
    """Make what stops the embedded server from the loop thread, which mustn't wait for it."""

    def stop() -> None:
        # At the interpreter's end there are no threads any more; the server stops by itself.
        with contextlib.suppress(RuntimeError):
            threading.Thread(target=local.stop, name="powawidget-local-stop").start()

    return stop
