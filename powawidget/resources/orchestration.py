"""An orchestration of a project, and its runs."""

import functools
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal

import msgspec

from powawidget.batch.batch import Batch
from powawidget.batch.budget import Budget
from powawidget.chat.chat import Chat
from powawidget.comparison.checks import Check
from powawidget.comparison.comparison import Comparison
from powawidget.errors import ConfigurationError, ProtocolError, RequestError
from powawidget.http.client import Client
from powawidget.http.held import BeforeLastByte
from powawidget.http.timeouts import Timeouts
from powawidget.live.run import Live
from powawidget.protocol import events as ev
from powawidget.protocol.stored.children import children_of
from powawidget.resources.conversing import Conversing
from powawidget.resources.lookup import Row, got, rows_of, stored_run, text_of
from powawidget.resources.request import run_body
from powawidget.resources.reusing import Reuse, started
from powawidget.run.plan import Lookup, Plan
from powawidget.run.run import Run
from powawidget.run.sources import LiveSource
from powawidget.run.streaming import events_of
from powawidget.state.about import About, host_of
from powawidget.state.model import RunState

STRATEGIES = ("supervisor", "sequential", "parallel")
_PARALLEL = "parallel"
_KNOWLEDGE = "runtime_knowledge_bases"  # the one option (docs/protocol.md#runtime-knowledge)
_ON_STOP = (
    "The server isn't told: it keeps the run as running for ever, and its answer can't be looked "
    "up. An agent that is at work there may go on for a while."
)


class OrchestrationInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of orchestrations."""

    id: str
    name: str
    strategy: str | None = None
    agents: int | None = None


class Orchestration(Conversing):
    """Agents of a project that work together. Get one with `pb.orchestration(name)`.

    Attributes:
        id: Its id.
        name: Its name.
        strategy: supervisor, sequential or parallel, where that is known.

    Args:
        client: The HTTP side.
        info: Its id, its name, its strategy and how many agents it has.
        agent_names: The names of its agents, where they are needed and known.
    """

    _kind = "orchestration"

    def __init__(
        self, client: Client, info: OrchestrationInfo, agent_names: Sequence[str] = ()
    ) -> None:
        super().__init__(client, info.id, info.name)
        self._info = info
        self._agent_names = list(agent_names)
        self.strategy = info.strategy

    def run(
        self,
        message: str,
        *,
        session_id: str | None = None,
        runtime_knowledge_bases: Sequence[Mapping[str, Any]] | None = None,
        reuse: Reuse = None,
    ) -> Run:
        """Start a run. This returns at once.

        Args:
            message: What to ask.
            session_id: The conversation to go on with.
            runtime_knowledge_bases: Knowledge bases that the agents may search in this run, as a
                tool: 1 to 10, such as `{"id": "…", "top_k": 5}`
                (docs/protocol.md#runtime-knowledge).
            reuse: As for `Agent.run` (docs/reuse.md).

        Returns:
            The run. Make it the last value of a cell to show it.

        Raises:
            InvalidValueError: If the message is empty, or a list is too long; nothing was sent.
            WrongTypeError: If an argument is of another type; nothing was sent.
            ConfigurationError: If it has no agents or an unknown strategy; nothing was sent.
            FileError: If the journal of `reuse` can't be used; nothing was sent.

        Example:
            >>> pb.orchestration("Report line").run("How was last week?").delegations
        """
        body = self._body(message, session_id, {_KNOWLEDGE: runtime_knowledge_bases})
        # It imports this module.
        from powawidget.resources.batching import orchestration_target  # noqa: PLC0415  # it imports this

        return started(
            body,
            functools.partial(self._plan, body),
            functools.partial(orchestration_target, self),
            reuse,
        )

    def _plan(
        self,
        body: Mapping[str, Any],
        session: Callable[[], str | None] | None = None,
        before_last_byte: BeforeLastByte | None = None,
        timeouts: Timeouts | None = None,
    ) -> Plan:
        client = self._client.for_run()
        return Plan(
            source=LiveSource(
                client,
                self._path,
                body,
                keepalives=True,
                session=session,
                timeouts=timeouts,
                before_last_byte=before_last_byte,
            ),
            kind="orchestration",
            name=self.name,
            message=body["message"],
            on_stop=_ON_STOP,
            secret=self._client.secret,
            observe=self._name_agents,
            lookup=Lookup(
                stored=functools.partial(stored_run, client, "orchestration"),
                parts=functools.partial(_parts_of, client),
            ),
            about=About(host_of(self._client.url)),
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
        on_unknown: Literal["keep", "retry"] = "keep",
        changed: Literal["keep", "new"] | None = None,
        start: bool = True,
        confirm: bool = False,
        runtime_knowledge_bases: Sequence[Mapping[str, Any]] | None = None,
    ) -> Batch:
        """Run the orchestration for each row of a table, as `Agent.map` does. This returns at once.

        Args:
            data: The table, as for `Agent.map`.
            message: A template, a column or a function of a row, as for `Agent.map`.
            key: What names a row, as for `Agent.map`.
            journal: The file that says what was sent and what came of it (docs/batches.md).
            name: What the batch is called in its journal.
            schema: The form of the answers; it stands in the message, since an orchestration is
                sent no `response_format` (docs/protocol.md#run-body).
            concurrency: How many may run at once; "auto" finds out what the server allows.
            budget: What it may cost, from `powawidget.budget`.
            on_unknown: "retry" sends a row again of which nobody can find out what became.
            changed: "keep" or "new", where something has changed since the batch was begun.
            start: Whether to start at once.
            confirm: Whether more runs than `powawidget.options.ask_above` are meant.
            runtime_knowledge_bases: As for `run`, for every row.

        Returns:
            The batch.

        Raises:
            UnknownNameError: As for `Agent.map`; nothing was sent.
            InvalidValueError: As for `Agent.map`; nothing was sent.
            WrongTypeError: As for `Agent.map`; nothing was sent.
            FileError: As for `Agent.map`; nothing was sent.

        Example:
            >>> pb.orchestration("Report line").map(["last week", "this week"], "How was {value}?")
        """
        # It imports this module.
        from powawidget.resources.mapping import (  # noqa: PLC0415  # it imports this
            Given,
            Settings,
            map_orchestration,
        )

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
        options = {_KNOWLEDGE: runtime_knowledge_bases}
        return map_orchestration(self, Given(data, message, key), settings, options)

    def compare(  # noqa: PLR0913  # one keyword for each thing that may be said
        self,
        prompts: "Sequence[str] | Mapping[str, str]",
        *,
        repeat: int = 1,
        checks: "Mapping[str, Check] | None" = None,
        blind: bool = False,
        confirm: bool = False,
        runtime_knowledge_bases: Sequence[Mapping[str, Any]] | None = None,
    ) -> Comparison:
        """Run the orchestration with several prompts side by side. This returns at once.

        Args:
            prompts: The messages, the baseline first; or by the names to show them by.
            repeat: How often each is sent.
            checks: What each run is checked for, as for `powawidget.compare`.
            blind: Whether to hide which prompt an answer is to, as for `powawidget.compare`.
            confirm: Whether more runs than `powawidget.options.compare_above` are meant.
            runtime_knowledge_bases: As for `run`, for every run.

        Returns:
            The comparison. Make it the last value of a cell to show it.

        Raises:
            InvalidValueError: As for `powawidget.compare`; nothing was sent.
            WrongTypeError: If an argument is of another type; nothing was sent.

        Example:
            >>> pb.orchestration("Report line").compare(["How was last week?", "Last week?"])
        """
        # It imports this module.
        from powawidget.resources.comparing import compare_prompts  # noqa: PLC0415  # it imports this one

        options = {_KNOWLEDGE: runtime_knowledge_bases}
        return compare_prompts(
            self, prompts, repeat, checks, None, options, blind=blind, confirm=confirm
        )

    def chat(self, session_id: str | None = None, **options: Any) -> Chat:
        """Begin a conversation, or go on with one. Nothing is asked yet.

        Args:
            session_id: The conversation to go on with: its last turns are shown.
            **options: `runtime_knowledge_bases` as for `run`, for every turn. There are no others:
                an orchestration asks for no approvals (docs/protocol.md#approvals-elsewhere).

        Returns:
            The chat. Make it the last value of a cell to show it.

        Raises:
            WrongTypeError: If there is no such option.
            ConfigurationError: If it has no agents or an unknown strategy.

        Example:
            >>> chat = pb.orchestration("Report line").chat()
            >>> chat.send("How was last week?").result().text
        """
        body = self._body("?", None, options)
        given = {name: body[name] for name in options if name in body}

        def plan(message: str, session: Callable[[], str | None]) -> Plan:
            return self._plan(self._body(message, None, given), session)

        return self._chat(session_id, plan, given)

    async def stream(
        self,
        message: str,
        *,
        session_id: str | None = None,
        runtime_knowledge_bases: Sequence[Mapping[str, Any]] | None = None,
    ) -> AsyncIterator[ev.Event]:
        """Run the orchestration and read its events, without a widget.

        Args:
            message: What to ask.
            session_id: The conversation to go on with.
            runtime_knowledge_bases: As for `run`.

        Yields:
            The events, typed, in order, up to the terminal one.

        Raises:
            InvalidValueError: If the message is empty, or a list is too long; nothing was sent.
            WrongTypeError: If an argument is of another type; nothing was sent.
            ConfigurationError: If it has no agents or an unknown strategy; nothing was sent.
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached, or takes longer than the total limit, or the
                stream ends without its terminal event.

        Example:
            >>> async for event in pb.orchestration("Report line").stream("How was last week?"):
            ...     print(event)
        """
        body = self._body(message, session_id, {_KNOWLEDGE: runtime_knowledge_bases})
        source = LiveSource(self._client.for_run(), self._path, body, keepalives=True)
        async with aclosing(events_of(source)) as events:
            async for event in events:
                yield event

    def _name_agents(self, _: Live, event: ev.Event) -> list[ev.Event]:
        is_start = isinstance(event, ev.OrchestrationStarted)
        return [ev.AgentsKnown(names=self._agent_names)] if is_start and self._agent_names else []

    def _body(
        self, message: str, session_id: str | None, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        body = run_body("orchestration", message, session_id, options, (_KNOWLEDGE,))
        if self.strategy is not None and self.strategy not in STRATEGIES:
            raise ConfigurationError(
                f"The orchestration {self.name!r} has the strategy {self.strategy!r}, which no "
                f"server runs. Choose {', '.join(STRATEGIES[:-1])} or {STRATEGIES[-1]} in Powabase."
            )
        if self._info.agents == 0:
            raise ConfigurationError(
                f"The orchestration {self.name!r} has no agents: add at least one in Powabase."
            )
        return body

    def __repr__(self) -> str:
        return f"<Orchestration {self.name!r}, {self.strategy or 'of unknown strategy'}, {self.id}>"


async def orchestration_of(client: Client, row: Row) -> Orchestration:
    """Make an orchestration from what a list says of it, and from what else can be read.

    Raises:
        ConnectionLost: If the server can't be reached.
    """
    # The list says enough to run it; the rest isn't worth a failure.
    more = row if "entities" in row else await got(client, f"/api/orchestrations/{row.get('id')}")
    details = more if isinstance(more, Mapping) else {}
    info = info_of({**row, **details})
    names = await _agent_names(client, details) if info.strategy == _PARALLEL else []
    return Orchestration(client, info, names)


async def _parts_of(client: Client, run: RunState) -> list[ev.Event]:
    stored = await stored_run(client, "orchestration", run.run_id or "")
    return [children_of(stored)] if isinstance(stored, Mapping) else []


def info_of(row: Row) -> OrchestrationInfo:
    """Read one line of a list of orchestrations, or all of one."""
    own_id, count, entities = str(row.get("id")), row.get("entity_count"), row.get("entities")
    if isinstance(entities, list):
        count = len(_agents_of(entities))
    return OrchestrationInfo(
        id=own_id,
        name=str(row.get("name") or own_id),
        strategy=text_of(row, "strategy"),
        agents=count if isinstance(count, int) and not isinstance(count, bool) else None,
    )


async def _agent_names(client: Client, details: Row) -> list[str]:
    """Fetch the names of the agents: the frames of agents in parallel don't name them."""
    entities = details.get("entities")
    wanted = [one.get("entity_ref_id") for one in _agents_of(entities)]
    if not wanted:
        return []
    try:
        known = {row.get("id"): row.get("name") for row in await rows_of(client, "agent")}
    except (RequestError, ProtocolError):
        return []
    names = [known.get(one) for one in wanted]
    return [str(name) for name in names] if all(names) else []


def _agents_of(entities: Any) -> list[Mapping[str, Any]]:
    rows = [one for one in (entities if isinstance(entities, list) else []) if _is_agent(one)]
    return sorted(rows, key=lambda one: _position(one.get("position")))


def _is_agent(entity: Any) -> bool:
    # Entities of other kinds are stored, but no strategy runs them.
    return isinstance(entity, Mapping) and entity.get("entity_type", "agent") == "agent"


def _position(value: Any) -> float:
    return value if isinstance(value, int | float) else 0.0
