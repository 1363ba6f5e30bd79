"""An agent of a project, and its runs."""

import asyncio
import functools
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal, Unpack

import msgspec

from powawidget.approvals.decider import Decider
from powawidget.approvals.policy import PolicyFunction, policy
from powawidget.batch.batch import Batch
from powawidget.batch.budget import Budget
from powawidget.chat.chat import Chat
from powawidget.comparison.checks import Check
from powawidget.comparison.comparison import Comparison
from powawidget.errors import InvalidValueError, WrongTypeError
from powawidget.http.client import Client
from powawidget.http.held import BeforeLastByte
from powawidget.http.timeouts import Timeouts
from powawidget.protocol import events as ev
from powawidget.protocol.events.bounds import cut
from powawidget.protocol.events.fields import counts
from powawidget.resources.conversing import Conversing
from powawidget.resources.lookup import Row, runs_begun_in, stored_run, text_of
from powawidget.resources.request import RunOptions, agent_body
from powawidget.resources.reusing import Reuse, started
from powawidget.run.plan import Lookup, Plan
from powawidget.run.run import Run
from powawidget.run.sources import LiveSource
from powawidget.run.streaming import events_of
from powawidget.state.about import About, host_of
from powawidget.state.model import RunState

_USAGE_PAUSES = (0.05, 0.1, 0.2, 0.4)  # the run may be stored a moment after its end
_ON_STOP = {
    True: "The server ends the run at its next write: a tool that is running finishes first.",
    False: "The server isn't told: it goes on, and stores its answer.",
    None: "What the server does then depends on the agent: it may go on.",
}


class AgentInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of agents."""

    id: str
    name: str
    model: str | None = None


class Agent(Conversing):
    """An agent of a project. Get one with `pb.agent(name)`.

    Attributes:
        id: Its id.
        name: Its name.
        model: The model that it asks, where that is known.

    Args:
        client: The HTTP side.
        info: Its id and name.
        has_tools: Whether it has tools, where that is known.
    """

    _kind = "agent"

    def __init__(self, client: Client, info: AgentInfo, has_tools: bool | None) -> None:
        super().__init__(client, info.id, info.name)
        self.model = info.model
        self._has_tools = has_tools

    def run(  # noqa: PLR0913  # one keyword for each field of the request
        self,
        message: str,
        *,
        session_id: str | None = None,
        temperature: float | None = None,
        timeout_seconds: float | None = None,
        response_format: Mapping[str, Any] | None = None,
        max_context_tokens: int | None = None,
        citations_enabled: bool | None = None,
        reasoning_requested: bool | None = None,
        runtime_knowledge_bases: Sequence[Mapping[str, Any]] | None = None,
        knowledge_bases: Sequence[Any] | None = None,
        context_handler_id: str | None = None,
        context_override: str | None = None,
        context_items: Sequence[Any] | None = None,
        on_approval: PolicyFunction | None = None,
        reuse: Reuse = None,
    ) -> Run:
        """Start a run. This returns at once.

        The arguments are the fields of the request (docs/protocol.md#run-body); of the last four at
        most one.

        Args:
            message: What to ask.
            session_id: The conversation to go on with.
            temperature: The model's temperature.
            timeout_seconds: The server's limit for the run, in seconds; for agents with tools.
            response_format: The form the answer must have.
            max_context_tokens: The most tokens of context.
            citations_enabled: Whether the answer cites its sources.
            reasoning_requested: Whether to ask for the model's thinking.
            runtime_knowledge_bases: Knowledge bases that the agent may search in this run, as a
                tool: 1 to 10, such as `{"id": "…", "top_k": 5}`.
            knowledge_bases: Knowledge bases to search before the run.
            context_handler_id: An earlier search to use.
            context_override: Text to use as the context.
            context_items: Items to use as the context.
            on_approval: Decides in place of a person: what `powawidget.policy` makes, or a
                function of an `Approval` that answers True, False or None (ask). A sync one runs
                in a thread of its own; an async one runs on the loop that reads every stream, so
                it must not block.
            reuse: True gives the run that answers the same message to the same definition with the
                same options already, if there is one, and it isn't paid again; else the run is kept
                for the next time (docs/reuse.md). The agent's definition is asked for first. A
                name is that of the journal, in place of `powawidget.options.reuse`; without either
                runs are kept in this kernel only. False runs anew.

        Returns:
            The run. Make it the last value of a cell to show it.

        Raises:
            InvalidValueError: If the arguments don't fit together; nothing was sent.
            WrongTypeError: If `on_approval` isn't a policy; nothing was sent.
            FileError: If the journal can't be used; nothing was sent.

        Example:
            >>> run = pb.agent("Analyst").run("Which orders are late?")
            >>> run.result().text
        """
        options: RunOptions = {
            "temperature": temperature,
            "timeout_seconds": timeout_seconds,
            "response_format": response_format,
            "max_context_tokens": max_context_tokens,
            "citations_enabled": citations_enabled,
            "reasoning_requested": reasoning_requested,
            "runtime_knowledge_bases": runtime_knowledge_bases,
            "knowledge_bases": knowledge_bases,
            "context_handler_id": context_handler_id,
            "context_override": context_override,
            "context_items": context_items,
        }
        check_policy(on_approval)
        body = agent_body(message, session_id, options)
        # It imports this module.
        from powawidget.resources.batching import agent_target  # noqa: PLC0415  # it imports this

        return started(
            body,
            functools.partial(self._plan, body, on_approval),
            functools.partial(agent_target, self),
            reuse,
            on_approval,
        )

    def _plan(
        self,
        body: Mapping[str, Any],
        on_approval: PolicyFunction | None,
        session: Callable[[], str | None] | None = None,
        before_last_byte: BeforeLastByte | None = None,
        timeouts: Timeouts | None = None,
    ) -> Plan:
        # Where it isn't known, a silence isn't taken for a fault too early.
        keepalives = self._has_tools is True
        # With these an agent has a tool; an old server doesn't read them, and sends no keepalives.
        has_tools = True if body.get("runtime_knowledge_bases") else self._has_tools
        client = self._client.for_run()
        post = functools.partial(_post_decision, client)
        hooks = functools.partial(_hooks_of, client, self.id)

        def session_id() -> str | None:
            return body.get("session_id") if session is None else session()

        async def find_in_session(begun: float, ended: float) -> list[str]:
            return await runs_begun_in(client, session_id() or "", body["message"], begun, ended)

        return Plan(
            source=LiveSource(
                client,
                self._path,
                body,
                keepalives=keepalives,
                session=session,
                timeouts=timeouts,
                before_last_byte=before_last_byte,
            ),
            name=self.name,
            message=body["message"],
            on_stop=_ON_STOP[has_tools],
            secret=self._client.secret,
            decider=lambda live: Decider(live, post, hooks, on_approval),
            lookup=Lookup(
                stored=functools.partial(stored_run, client, "agent"),
                find=find_in_session,
                can_find=lambda: session_id() is not None,
                parts=None if has_tools else functools.partial(_usage_of, client),
            ),
            about=About(host_of(self._client.url), cut(self.model or "")),
        )

    def map(  # noqa: PLR0913  # one keyword for each thing that may be said
        self,
        data: object,
        message: "str | Callable[[dict[str, Any]], str] | None" = None,
        *,
        key: "str | Sequence[str] | Callable[[dict[str, Any]], Any] | None" = None,
        journal: "str | os.PathLike[str] | None" = None,
        name: str | None = None,
        schema: Any = None,
        concurrency: int | Literal["auto"] = "auto",
        budget: Budget | None = None,
        on_approval: PolicyFunction | None = None,
        on_unknown: Literal["keep", "retry"] = "keep",
        changed: Literal["keep", "new"] | None = None,
        start: bool = True,
        confirm: bool = False,
        claims: "str | os.PathLike[str] | None" = None,
        per_minute: float | None = None,
        meta: Any = None,
        **options: Unpack[RunOptions],
    ) -> Batch:
        """Run the agent for each row of a table. This returns at once.

        Where the journal holds the batch already, it goes on: what was sent is never sent again.
        While it runs, the latest call says who decides, its budget and how many run at once.

        Args:
            data: A DataFrame or Series of pandas or polars, a table of pyarrow; a list or another
                iterable of records or texts; a dictionary of columns, or of rows by their keys.
            message: A template such as `"Triage this: {text}"`, where a column's name stands in
                braces and `{{` and `}}` stand for braces; the name of a column; or a function of a
                row. It may be left out where there is one column.
            key: What names a row: a column, a list of columns, or a function of a row. Without
                it the table's index where its labels differ, else the rows' numbers.
            journal: The file that says what was sent and what came of it (docs/batches.md);
                without it the batch lives in this kernel only, and the same call sends every
                row again.
            name: What the batch is called in its journal; the agent's name where it isn't given.
            schema: The form of the answers, which become typed columns: a pydantic model, a
                msgspec Struct, a dataclass or a JSON schema. An agent with tools is sent it as
                `response_format`; without tools the service ignores that
                (docs/protocol.md#two-kinds), and the schema stands in the message.
            concurrency: How many may run at once; "auto" finds out what the server allows.
            budget: What it may cost, from `powawidget.budget`.
            on_approval: As for `run`, for every row. Without it the rows of an agent that asks for
                approvals are decided on by a person, and nothing is sent before a page shows the
                batch; where it may ask, too, at most three are in flight
                (docs/batches.md#approvals). It must be given where the key can't read the hooks.
            on_unknown: "retry" sends a row again of which nobody can find out what became;
                refused for agents with tools.
            changed: What to do where the agent or rows that were sent have changed since the batch
                was begun: "keep" what came of them, or send them anew ("new").
            start: Whether to start at once; without it `batch.start()` or `batch.sample(20)` does.
            confirm: Whether more runs than `powawidget.options.ask_above` are meant; else such a
                batch waits for `batch.start(confirm=True)`.
            claims: Of a DataFrame of Dask the folder, on a drive that all workers share, in which
                each row is claimed, in place of a journal (docs/batches.md#beyond-one-machine).
            per_minute: Of a DataFrame of Dask how many rows may be started in a minute.
            meta: Of a DataFrame of Dask an empty frame as what comes back, where it isn't to be
                made of the columns and the schema.
            **options: As for `run`, for every row.

        Returns:
            The batch: `batch.wait()` waits for it, `batch.frame` is the same table with what came
            of each row, `batch[key]` the run of one. Of a DataFrame of Dask another one, with the
            same columns beside it; its rows run where and when it is computed.

        Raises:
            UnknownNameError: If a template or a key names no column; nothing was sent.
            InvalidValueError: If the table is empty, a key is missing or comes twice, a row can't
                be sent, or something has changed and `changed` isn't given; nothing was sent.
            WrongTypeError: If an argument is of another type; nothing was sent.
            FileError: If the journal can't be used, or is driven by another kernel; nothing was
                sent.
            MissingPackageError: If a package that reads the table isn't installed.
            ConfigurationError: If nobody can tell whether the agent asks for approvals, and
                `on_approval` isn't given; nothing was sent.
            RequestError: If the server refuses to say what the agent is.
            ConnectionLost: If it can't be reached.

        Example:
            >>> batch = agent.map(tickets, "Triage this ticket: {text}", key="id")
            >>> batch.wait().frame
        """
        # They import this module.
        from powawidget.resources.mapping import Given, Settings, map_agent  # noqa: PLC0415  # it imports this
        from powawidget.resources.partitions import is_dask, map_dask, per_partition  # noqa: PLC0415  # it imports this

        check_policy(on_approval)
        one_machine = {
            "journal": journal,
            "budget": budget,
            "changed": changed,
            "start": None if start else start,
            "on_unknown": None if on_unknown == "keep" else on_unknown,
        }
        many_machines = {"claims": claims, "per_minute": per_minute, "meta": meta}
        if is_dask(data):
            _refuse_given(one_machine, "isn't for a DataFrame of Dask")
            if claims is None:
                raise InvalidValueError(
                    "A DataFrame of Dask needs claims=, a folder on a drive that all workers "
                    "share: there each row is claimed, so that none is sent twice."
                )
            made = per_partition(
                self,
                message,
                key=key,  # type: ignore[arg-type]  # it refuses None, in words
                claims=claims,
                name=name,
                concurrency=16 if concurrency == "auto" else concurrency,
                per_minute=per_minute,
                schema=schema,
                on_approval=on_approval,
                **options,
            )
            return map_dask(data, made, meta)  # type: ignore[no-any-return]  # as documented
        _refuse_given(many_machines, "is for a DataFrame of Dask")
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
        return map_agent(self, Given(data, message, key), settings, options, on_approval)

    def grid(  # noqa: PLR0913  # one keyword for each thing that may be said
        self,
        *,
        message: "str | Sequence[str]",
        journal: "str | os.PathLike[str] | None" = None,
        name: str | None = None,
        schema: Any = None,
        concurrency: int | Literal["auto"] = "auto",
        budget: Budget | None = None,
        on_approval: PolicyFunction | None = None,
        on_unknown: Literal["keep", "retry"] = "keep",
        changed: Literal["keep", "new"] | None = None,
        start: bool = True,
        confirm: bool = False,
        **options: Any,
    ) -> Batch:
        """Run the agent for each combination of messages and options. This returns at once.

        It is `map` over a product. A row's key is its values, as in `batch["Why?", 0.5]`.

        Args:
            message: The messages.
            journal: As for `map`.
            name: As for `map`; the agent's name and "grid" where it isn't given.
            schema: As for `map`.
            concurrency: As for `map`.
            budget: As for `map`.
            on_approval: As for `run`, for every row.
            on_unknown: As for `map`.
            changed: As for `map`.
            start: As for `map`.
            confirm: As for `map`.
            **options: Those of `run`, each a list of values or one value for all.

        Returns:
            The batch. Its frame has a column for the message and for each option.

        Raises:
            InvalidValueError: If the service ignores an option for this agent
                (docs/protocol.md#two-kinds), a list is empty, or as for `map`; nothing was sent.
            WrongTypeError: If there is no such option; nothing was sent.
            FileError: As for `map`.

        Example:
            >>> agent.grid(message=["Why?", "How?"], temperature=[0, 0.5, 1]).wait().frame
        """
        # It imports this module.
        from powawidget.resources.mapping import Settings, grid_agent  # noqa: PLC0415  # it imports this

        check_policy(on_approval)
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
        return grid_agent(self, {"message": message, **options}, settings, on_approval)

    def compare(  # noqa: PLR0913  # one keyword for each thing that may be said
        self,
        prompts: "Sequence[str] | Mapping[str, str]",
        *,
        repeat: int = 1,
        checks: "Mapping[str, Check] | None" = None,
        blind: bool = False,
        on_approval: PolicyFunction | None = None,
        confirm: bool = False,
        **options: Unpack[RunOptions],
    ) -> Comparison:
        """Run the agent with several prompts side by side. This returns at once.

        Args:
            prompts: The messages, the baseline first; or by the names to show them by.
            repeat: How often each is sent.
            checks: What each run is checked for, as for `powawidget.compare`.
            blind: Whether to hide which prompt an answer is to, as for `powawidget.compare`.
            on_approval: As for `run`, for every run.
            confirm: Whether more runs than `powawidget.options.compare_above` are meant.
            **options: As for `run`, for every run.

        Returns:
            The comparison. Make it the last value of a cell to show it.

        Raises:
            InvalidValueError: As for `powawidget.compare`; nothing was sent.
            WrongTypeError: If an argument is of another type; nothing was sent.

        Example:
            >>> agent.compare(prompts=["Which orders are late?", "List late orders."], repeat=3)
        """
        # It imports this module.
        from powawidget.resources.comparing import compare_prompts  # noqa: PLC0415  # it imports this one

        return compare_prompts(
            self, prompts, repeat, checks, on_approval, options, blind=blind, confirm=confirm
        )

    def chat(
        self,
        session_id: str | None = None,
        *,
        on_approval: PolicyFunction | None = None,
        **options: Unpack[RunOptions],
    ) -> Chat:
        """Begin a conversation, or go on with one. Nothing is asked yet.

        Args:
            session_id: The conversation to go on with: its last turns are shown.
            on_approval: As for `run`, for every turn.
            **options: As for `run`, for every turn.

        Returns:
            The chat. Make it the last value of a cell to show it.

        Raises:
            WrongTypeError: If there is no such option.
            InvalidValueError: If the options don't fit together.

        Example:
            >>> chat = pb.agent("Analyst").chat(temperature=0)
            >>> chat.send("Which orders are late?").result().text
        """
        body = agent_body("?", None, options)
        given = {name: body[name] for name in options if name in body}
        check_policy(on_approval)

        def plan(message: str, session: Callable[[], str | None]) -> Plan:
            return self._plan(agent_body(message, None, given), on_approval, session)

        return self._chat(session_id, plan, given)

    async def stream(
        self, message: str, *, session_id: str | None = None, **options: Unpack[RunOptions]
    ) -> AsyncIterator[ev.Event]:
        """Run the agent and read its events, without a widget.

        Nobody can decide here: a request for approval expires, and the server blocks its call.
        Where an agent has such requests, use `run` with `on_approval=`.

        Args:
            message: What to ask.
            session_id: The conversation to go on with.
            **options: As for `run`, but for `on_approval`.

        Yields:
            The events, typed, in order, up to the terminal one.

        Raises:
            WrongTypeError: If there is no such option; nothing was sent.
            InvalidValueError: If the arguments don't fit together; nothing was sent.
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached, or takes longer than the total limit, or the
                stream ends without its terminal event.

        Example:
            >>> async for event in pb.agent("Analyst").stream("Which orders are late?"):
            ...     print(event)
        """
        if "on_approval" in options:
            raise WrongTypeError(
                "stream() has nobody who decides: use run(..., on_approval=...), whose events are "
                "run.events."
            )
        body = agent_body(message, session_id, options)
        source = LiveSource(self._client.for_run(), self._path, body, keepalives=False)
        async with aclosing(events_of(source)) as events:
            async for event in events:
                yield event

    def __repr__(self) -> str:
        return f"<Agent {self.name!r}, {self.id}>"


def _refuse_given(given: Mapping[str, object], why: str) -> None:
    named = [name for name, value in given.items() if value is not None]
    if named:
        raise InvalidValueError(f"{named[0]}= {why}: leave it out. Nothing was sent.")


def check_policy(chosen: object) -> None:
    """Check what is to decide in place of a person.

    Raises:
        WrongTypeError: If it isn't a policy.
    """
    # `policy` itself, not called, is a slip that would show only at the first request.
    if chosen is not None and (not callable(chosen) or chosen is policy):
        given = "policy itself" if chosen is policy else type(chosen).__name__
        raise WrongTypeError(
            "on_approval takes what powawidget.policy(...) makes, such as "
            'policy(allow=["*_read"]) or policy(otherwise="deny"), or a function of an approval, '
            f"not {given}."
        )


async def _post_decision(
    client: Client, run_id: str, body: Mapping[str, Any], limit: float
) -> None:
    await client.post(f"/api/agents/runs/{run_id}/approve", body, limit)


async def _usage_of(client: Client, run: RunState) -> list[ev.Event]:
    """Fetch what a run without tools has cost: its stream doesn't say (docs/protocol.md#usage)."""
    if run.usage is not None:
        return []
    for pause in _USAGE_PAUSES:
        stored = await stored_run(client, "agent", run.run_id or "")
        usage = counts(stored.get("usage")) if isinstance(stored, Mapping) else None
        is_stored = not isinstance(stored, Mapping) or stored.get("status") != "running"
        if usage or is_stored:
            return [ev.UsageKnown(usage=usage)] if usage else []
        await asyncio.sleep(pause)
    return []


async def _hooks_of(client: Client, agent_id: str) -> Any:
    return await client.get(f"/api/agents/{agent_id}/hooks")


def info_of(row: Row) -> AgentInfo:
    """Read one line of a list of agents."""
    own_id = str(row.get("id"))
    return AgentInfo(id=own_id, name=str(row.get("name") or own_id), model=text_of(row, "model"))
