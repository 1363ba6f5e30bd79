"""A workflow of a project, and its runs."""

import asyncio
import functools
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from http import HTTPStatus
from typing import Any, Literal

import msgspec

from powawidget.batch.batch import Batch
from powawidget.batch.budget import Budget
from powawidget.errors import InvalidValueError, RequestError, WrongTypeError
from powawidget.http.client import Client
from powawidget.http.held import BeforeLastByte
from powawidget.http.ids import is_uuid, segment
from powawidget.http.secret import Secret
from powawidget.http.timeouts import Timeouts
from powawidget.kernel import loop
from powawidget.live.run import Live
from powawidget.protocol import events as ev
from powawidget.protocol.graph import Graph, check, listed, read_graph
from powawidget.protocol.stored.execution import logs_of
from powawidget.resources.conversing import NOT_PICKLED
from powawidget.resources.executions import Executions, begun_with, rows_at
from powawidget.resources.executions import listed as executions_of
from powawidget.resources.lookup import Row, find, got, text_of
from powawidget.resources.request import checked_json
from powawidget.run.finished import of_stored
from powawidget.run.plan import Lookup, Plan
from powawidget.run.run import Run, finished_run
from powawidget.run.sources import LiveSource
from powawidget.run.streaming import events_of
from powawidget.run.task import RunTask
from powawidget.state.about import About, host_of
from powawidget.state.model import RunState

_MOST_EXECUTIONS = 100
# Ten times as long as the service was seen to take, in seconds.
_LOG_PAUSES = (0.03, 0.06, 0.12, 0.24, 0.5)
_OVER = frozenset({"completed", "failed"})
_RAN = frozenset({"done", "failed"})
_ON_STOP = (
    "The server stores the execution as completed, without a result, with the blocks that were "
    "done, and charges for them."
)


class WorkflowInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of workflows."""

    id: str
    name: str
    description: str | None = None


class Workflow:
    """A workflow of a project: blocks that run along a graph. Get one with `pb.workflow(name)`.

    Attributes:
        id: Its id.
        name: Its name.

    Args:
        client: The HTTP side.
        info: Its id and name.
        graph: Its graph, as it was when the workflow was found; None where it can't be read.
    """

    def __init__(self, client: Client, info: WorkflowInfo, graph: Graph | None) -> None:
        self._client = client
        self._graph = graph
        self._named: set[str] = set()  # the ids of executions that other runs follow
        self.id = info.id
        self.name = info.name

    def run(self, variables: Mapping[str, Any] | None = None, **named: Any) -> Run:
        """Start an execution. It starts at once and this returns at once.

        Args:
            variables: The workflow's variables by name; for names that can't be keywords.
            **named: The same, as keywords.

        Returns:
            The run. Make it the last value of a cell to show it.

        Raises:
            InvalidValueError: If a variable is missing, given twice or can't be written as JSON;
                nothing was sent.
            ConfigurationError: If the workflow's graph has a circle; nothing was sent.

        Example:
            >>> pb.workflow("Weekly report").run(week=40).result().output
        """
        return Run(RunTask(self._plan(self._body(variables, named)))).start()

    def _plan(
        self,
        body: Mapping[str, Any],
        before_last_byte: BeforeLastByte | None = None,
        timeouts: Timeouts | None = None,
        sent: Mapping[str, Any] | None = None,
    ) -> Plan:
        """Make a plan; `sent` is posted in place of the body that is shown."""
        client = self._client.for_run()
        return Plan(
            source=self._source(client, sent or body, before_last_byte, timeouts),
            kind="workflow",
            name=self.name,
            message=_message(body["variables"]),
            on_stop=_ON_STOP,
            secret=self._client.secret,
            known=self._known(),
            observe=self._note,
            lookup=Lookup(
                stored=functools.partial(self._look_up, client),
                find=functools.partial(self._find, client, body["variables"]),
                parts=functools.partial(self._parts_of, client),
            ),
            about=About(host_of(self._client.url)),
        )

    def map(  # noqa: PLR0913  # one keyword for each thing that may be said
        self,
        data: object,
        variables: Mapping[str, str] | Callable[[dict[str, Any]], Mapping[str, Any]] | None = None,
        *,
        key: "str | Sequence[str] | Callable[[dict[str, Any]], Any] | None" = None,
        journal: "str | os.PathLike[str] | None" = None,
        name: str | None = None,
        schema: Any = None,
        concurrency: int | Literal["auto"] = "auto",
        budget: Budget | None = None,
        on_unknown: Literal["keep", "retry"] = "keep",
        changed: Literal["keep", "new"] | None = None,
        start: bool = True,
        confirm: bool = False,
    ) -> Batch:
        """Execute the workflow for each row of a table. This returns at once.

        Args:
            data: The table, as for `Agent.map`.
            variables: Which column is which variable, such as `{"week": "week_no"}`, or a function
                of a row that gives all variables. Columns named like variables need no mapping.
            key: What names a row, as for `Agent.map`.
            journal: The file that says what was sent and what came of it (docs/batches.md).
            name: What the batch is called in its journal.
            schema: The form of the outputs, which become typed columns.
            concurrency: How many may run at once; "auto" finds out what the server allows: the
                service takes 20 executions a minute (docs/protocol.md#execution-rate).
            budget: What it may cost, from `powawidget.budget`; not in tokens.
            on_unknown: "retry" sends a row again of which nobody can find out what became.
            changed: "keep" or "new", where something has changed since the batch was begun.
            start: Whether to start at once.
            confirm: Whether more runs than `powawidget.options.ask_above` are meant.

        Returns:
            The batch.

        Raises:
            UnknownNameError: As for `Agent.map`; nothing was sent.
            InvalidValueError: As for `Agent.map`, or if a variable has no column; nothing was sent.
            WrongTypeError: As for `Agent.map`; nothing was sent.
            FileError: As for `Agent.map`; nothing was sent.

        Example:
            >>> pb.workflow("Weekly report").map(weeks, variables={"week": "week_no"})
        """
        # It imports this module.
        from powawidget.resources.mapping import Given, Settings, map_workflow  # noqa: PLC0415  # it imports this

        settings = Settings(
            journal=journal,
            name=name,
            schema=schema,
            concurrency=concurrency,
            budget=budget,
            on_unknown=on_unknown,
            changed=changed,
            start=start,
            confirm=confirm,
        )
        return map_workflow(self, Given(data, None, key), variables, settings)

    async def stream(
        self, variables: Mapping[str, Any] | None = None, **named: Any
    ) -> AsyncIterator[ev.Event]:
        """Execute the workflow and read its events, without a widget.

        Args:
            variables: The workflow's variables by name; for names that can't be keywords.
            **named: The same, as keywords.

        Yields:
            The events, typed, in order, up to the terminal one.

        Raises:
            InvalidValueError: If a variable is missing, given twice or can't be written as JSON;
                nothing was sent.
            ConfigurationError: If the workflow's graph has a circle; nothing was sent.
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached, or takes longer than the total limit, or the
                stream ends without its terminal event.

        Example:
            >>> async for event in pb.workflow("Weekly report").stream(week=40):
            ...     print(event)
        """
        body = self._body(variables, named)
        source = self._source(self._client.for_run(), body)
        async with aclosing(events_of(source, ev.in_workflow)) as events:
            async for event in events:
                yield event

    def execution(self, execution_id: str) -> Run:
        """Bring back a stored execution (docs/protocol.md#cut-workflow and #block-logs).

        Args:
            execution_id: Its id: the `run_id` of the run.

        Returns:
            The run, over, marked as stored.

        Raises:
            InvalidValueError: If it can't be an id.
            RequestError: If the workflow has no such execution.
            ConnectionLost: If the server can't be reached.

        Example:
            >>> workflow.execution(workflow.executions()[0].id).blocks
        """
        wanted = segment(execution_id, "execution")
        if not is_uuid(wanted):
            raise InvalidValueError(
                f"{wanted[:80]!r} isn't the id of an execution, which is a UUID: "
                "workflow.executions() lists them."
            )
        stored = loop.run_sync(self._look_up(self._client, wanted))
        about = About(host_of(self._client.url))
        return finished_run(of_stored(stored, self.name, secret=self._client.secret, about=about))

    def executions(self, limit: int = 50) -> Executions:
        """List this workflow's executions, the latest first (docs/protocol.md#lists).

        The server lists an execution whose stream was cut as completed, without an output
        (docs/protocol.md#cut-workflow).

        Args:
            limit: How many at most; the server may list fewer.

        Returns:
            The executions. `execution(id)` brings back the blocks of one of them.

        Raises:
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached.

        Example:
            >>> pb.workflow("Weekly report").executions(limit=5)
        """
        return executions_of(loop.run_sync(rows_at(self._client, self.id, limit)))

    async def _look_up(self, client: Client, execution_id: str) -> dict[str, Any]:
        wanted = segment(execution_id)
        row = await stored_execution(client, self.id, wanted)
        is_over = row is not None and row.get("status") in _OVER
        # One that was cut at once has none.
        logs = await self._logs_of(client, wanted, 1 if is_over else 0)
        return {
            "run_id": wanted,
            "status": None if row is None else row.get("status"),
            "error": None if row is None else row.get("error"),
            "execution": row or {"id": wanted},
            "block_logs": logs.get("block_logs") if isinstance(logs, Mapping) else [],
            "graph": self._graph,
        }

    async def _parts_of(self, client: Client, run: RunState) -> list[ev.Event]:
        done = sum(block.status in _RAN for block in run.blocks)
        logs = await self._logs_of(client, run.run_id or "", done)
        return [logs_of(logs)] if isinstance(logs, Mapping) else []

    async def _logs_of(self, client: Client, execution_id: str, count: int) -> Any:
        """Fetch the logs of an execution, again while they are fewer than there will be.

        They are written a moment after the execution's end (docs/protocol.md#block-logs).

        Args:
            client: The HTTP side.
            execution_id: Its id.
            count: How many there will be at least.

        Returns:
            What the server answered last, after so many tries whatever it is.
        """
        path = f"/api/workflows/{self.id}/executions/{segment(execution_id)}/logs"
        logs = await client.get(path)
        for pause in _LOG_PAUSES:
            if not isinstance(logs, Mapping) or len(logs_of(logs).blocks) >= count:
                break
            await asyncio.sleep(pause)
            logs = await client.get(path)
        return logs

    def _source(
        self,
        client: Client,
        body: Mapping[str, Any],
        before_last_byte: BeforeLastByte | None = None,
        timeouts: Timeouts | None = None,
    ) -> LiveSource:
        return LiveSource(
            client,
            self._path,
            body,
            keepalives=False,
            timeouts=timeouts or client.timeouts.for_executions(),
            before_last_byte=before_last_byte,
        )

    async def _find(self, client: Client, variables: Any, begun: float, ended: float) -> list[str]:
        """List the ids of the executions that may be one whose stream was cut before its id came.

        Those are the executions that began in the same time, with the same variables, and belong
        to no other run of this workflow.
        """
        rows = await rows_at(client, self.id, _MOST_EXECUTIONS)
        window = self._client.clock.window(begun, ended)
        # As the server stores it: a tuple has become a list, and the key was taken out.
        sent = _redacted(self._client.secret, json.loads(json.dumps(variables)))
        return [one for one in begun_with(rows, sent, window) if one not in self._named]

    def _note(self, live: Live, _: ev.Event) -> list[ev.Event]:
        if live.state.run_id is not None:
            self._named.add(live.state.run_id)
        return []

    def _known(self) -> list[ev.Event]:
        return [] if self._graph is None else [ev.GraphKnown(blocks=listed(self._graph))]

    def _body(
        self, variables: Mapping[str, Any] | None, named: Mapping[str, Any]
    ) -> dict[str, Any]:
        if variables is not None and not isinstance(variables, Mapping):
            raise WrongTypeError(
                "`variables` takes a dictionary of all variables. For a variable of that name "
                'pass variables={"variables": ...}.'
            )
        given = {**(variables or {}), **named}
        twice = [name for name in named if name in (variables or {})]
        if twice:
            raise InvalidValueError(f"Given twice: {', '.join(twice)}.")
        if self._graph is not None:
            check(self._graph, self.name, given)
        return checked_json({"variables": given})

    @property
    def _has_starter(self) -> bool:
        """Whether the server stores the variables that an execution was given."""
        graph = self._graph
        return graph is not None and any(node.type == "starter" for node in graph.nodes)

    @property
    def _path(self) -> str:
        return f"/api/workflows/{self.id}/execute/stream"

    def __reduce__(self) -> str:
        raise TypeError(NOT_PICKLED)

    def __repr__(self) -> str:
        blocks = "" if self._graph is None else f", {len(self._graph.nodes)} blocks"
        return f"<Workflow {self.name!r}{blocks}, {self.id}>"


async def find_workflow(client: Client, name_or_id: str) -> Workflow:
    """Find a workflow, and read its graph where that is allowed.

    Raises:
        UnknownNameError: If there is none of that name.
        InvalidValueError: If there is more than one.
        RequestError: If the server refuses.
        ConnectionLost: If it can't be reached.
    """
    try:
        row = await find(client, "workflow", name_or_id)
    except RequestError as error:
        wanted = name_or_id.strip()
        if error.status != HTTPStatus.FORBIDDEN or not is_uuid(wanted):
            raise
        # A key that may run it need not be one that may read it.
        return Workflow(client, WorkflowInfo(id=wanted, name=wanted), None)
    return await workflow_of(client, row)


async def workflow_of(client: Client, row: Row) -> Workflow:
    """Make a workflow from what a list says of it, and from its graph where that can be read.

    Raises:
        ConnectionLost: If the server can't be reached.
    """
    graph = read_graph(row)
    if graph is None:
        # Without it the list of blocks grows as they begin; it isn't worth a failure.
        graph = read_graph(await got(client, f"/api/workflows/{row.get('id')}"))
    return Workflow(client, info_of(row), graph)


async def stored_execution(
    client: Client, workflow_id: str, execution_id: str
) -> Mapping[str, Any] | None:
    """Find an execution in the list of a workflow's, which holds the latest.

    Returns:
        Its line of the list, or None where it isn't there.

    Raises:
        RequestError: If the server refuses.
        ConnectionLost: If it can't be reached.
    """
    rows = await rows_at(client, workflow_id, _MOST_EXECUTIONS)
    return next((row for row in rows if row["id"] == execution_id), None)


def info_of(row: Row) -> WorkflowInfo:
    """Read one line of a list of workflows, or all of one."""
    own_id, description = str(row.get("id")), text_of(row, "description")
    return WorkflowInfo(id=own_id, name=str(row.get("name") or own_id), description=description)


def _message(variables: Mapping[str, Any]) -> str:
    return ev.as_json(variables) if variables else ""


def _redacted(secret: Secret, value: Any) -> Any:
    """Take the key out of every text of a JSON value."""
    if isinstance(value, dict):
        return {secret.redact(name): _redacted(secret, one) for name, one in value.items()}
    if isinstance(value, list):
        return [_redacted(secret, one) for one in value]
    return secret.redact(value) if isinstance(value, str) else value
