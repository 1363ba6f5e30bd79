"""A project: its agents, orchestrations and workflows, by id or by name."""

from typing import Any, Self

from powawidget.agent import Agent, AgentInfo, has_tools, info_of, stored_run
from powawidget.client import Client
from powawidget.kernel import loop
from powawidget.lookup import find, rows_of
from powawidget.run import Run


class Powabase:
    """A connection to one project. Make one with `powawidget.connect`.

    Args:
        client: The HTTP side.
        local: The embedded server, where this process runs one.
    """

    def __init__(self, client: Client, local: Any = None) -> None:
        self._client = client
        self._local = local

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
        """
        return [info_of(row) for row in loop.run_sync(rows_of(self._client, "agent"))]

    def agent(self, name_or_id: str) -> Agent:
        """Find an agent.

        Args:
            name_or_id: Its name or its id.

        Returns:
            The agent, ready to run.

        Raises:
            ConfigurationError: If there is none of that name, or more than one.
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached.
        """
        return loop.run_sync(self._find_agent(name_or_id))

    def run(self, run_id: str) -> Run:
        """Bring back a stored run, for example after the kernel died.

        Args:
            run_id: The server's id of the run, such as `run_5a4c673a59cc`.

        Returns:
            The run, over, marked as stored.

        Raises:
            RequestError: If the server knows no such run.
            ConnectionLost: If it can't be reached.
        """
        stored = loop.run_sync(stored_run(self._client, run_id))
        return Run.stored(stored, secret=self._client.secret)

    def close(self) -> None:
        """Close the connections, and the embedded server where there is one."""
        loop.run_sync(self._client.close())
        if self._local is not None:
            self._local.stop()
            self._local = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Powabase at {self.url}>"

    async def _find_agent(self, name_or_id: str) -> Agent:
        info = info_of(await find(self._client, "agent", name_or_id))
        return Agent(self._client, info, await has_tools(self._client, info.id))
