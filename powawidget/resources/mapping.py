"""Batches of an agent, an orchestration or a workflow: what is checked before anything is sent."""

import functools
import keyword
import math
import numbers
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, cast
from weakref import WeakValueDictionary

from powawidget.approvals.policy import PolicyFunction
from powawidget.batch.batch import (
    Batch,
    Kept,
    Rows,
    Told,
    again,
    begin,
    is_ending,
    is_going_on,
    is_held,
    note_change,
    note_trouble,
)
from powawidget.batch.budget import Budget, Spending
from powawidget.batch.deciding import Deciding, deciding_of
from powawidget.batch.driver import Driver, Terms, check
from powawidget.batch.files import file_limit, most_connections
from powawidget.batch.grid import grid_key, product_of, refuse_ignored
from powawidget.batch.identity import digest_of, row_digest
from powawidget.batch.journal.journal import Journal, resolved
from powawidget.batch.journal.records import BatchRecord, Changed, RowInput
from powawidget.batch.keys import keys_of, readable
from powawidget.batch.pace import Pace
from powawidget.batch.table import Table, own_table, table_of
from powawidget.batch.target import Check, Target, fits
from powawidget.batch.template import MessageFunction, columns_asked, message_of
from powawidget.errors import ConfigurationError, InvalidValueError, WrongTypeError
from powawidget.kernel import cells, loop, wait
from powawidget.resources.agent import Agent
from powawidget.resources.batching import agent_target, orchestration_target, workflow_target
from powawidget.resources.definitions import definition_of
from powawidget.resources.gates import is_gated
from powawidget.resources.orchestration import Orchestration
from powawidget.resources.request import agent_body
from powawidget.resources.variables import columns_of_variables, variables_of
from powawidget.resources.workflow import Workflow
from powawidget.schema.schema import Schema, schema_of
from powawidget.transcript.sentences import shown
from powawidget.widget import attention

Key = str | Sequence[str] | Callable[[dict[str, Any]], Any]
Body = Callable[[Mapping[str, Any]], dict[str, Any]]
_SHOWN = 3
_LONGEST_NAME = 200
_LONGEST_LITERAL = 4_000  # characters
_ENDING = 60.0  # seconds for what runs of a batch that was stopped just now
# Batches of this process by their journals' paths and their names.
_going: WeakValueDictionary[tuple[str, str], Batch] = WeakValueDictionary()


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a batch is given beside its table and its messages; see `Agent.map`."""

    journal: "str | os.PathLike[str] | None" = None
    name: str | None = None
    schema: Any = None
    concurrency: int | Literal["auto"] = "auto"
    budget: Budget | None = None
    on_unknown: Literal["keep", "retry"] = "keep"
    changed: Changed | None = None
    start: bool = True
    confirm: bool = False

    def __post_init__(self) -> None:
        wanted = self.concurrency
        is_number = (
            isinstance(wanted, numbers.Integral) and not isinstance(wanted, bool) and wanted >= 1
        )
        if wanted != "auto" and not is_number:
            raise InvalidValueError(
                f'concurrency is "auto" or how many may run at once, not {wanted!r}.'
            )
        if self.budget is not None and not isinstance(self.budget, Budget):
            raise WrongTypeError(
                "budget takes what powawidget.budget(...) makes, such as budget(runs=100), not "
                f"{type(self.budget).__name__}."
            )
        if self.changed not in {None, "keep", "new"}:
            raise InvalidValueError(f'changed is "keep" or "new", not {self.changed!r}.')
        name = self.name
        if name is not None and (
            not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME
        ):
            raise InvalidValueError(
                f"A batch's name is a text of 1 to {_LONGEST_NAME} characters, not {shown(name)}."
            )


@dataclass(frozen=True)
class Given:
    """A table, the message of each row, and what names it."""

    data: object
    message: str | MessageFunction | None
    key: Key | None

    def python(self, variables: object = None) -> str:
        """Write the begin of the call that this was; a table and a function are only named."""
        args = ["table"]
        if self.message is not None:
            args.append(_literal(self.message, "message"))
        if variables is not None:
            args.append(f"variables={_literal(variables, 'variables')}")
        if self.key is not None:
            args.append(f"key={_literal(self.key, 'key')}")
        return f"map({', '.join(args)}"


def map_agent(
    agent: Agent,
    given: Given,
    settings: Settings,
    options: Mapping[str, Any],
    on_approval: PolicyFunction | None,
) -> Batch:
    """Make the batch of `Agent.map`."""
    schema = None if settings.schema is None else schema_of(settings.schema)
    table = table_of(given.data)
    written = message_of(given.message, table.names)
    body = agent_body_of(agent, schema, options)
    keys = keys_of(table.rows, table.names, given.key, table.labels, table.index)
    bodies = _bodies(table.rows, keys, lambda row: body(written(row)))
    asked = columns_asked(given.message, table.names)
    return _batch(
        _Made(table, keys, bodies, schema, asked, given.python(), options),
        settings,
        _Owner(agent, "agent", on_approval, _has_tools(agent, options)),
    )


def grid_agent(
    agent: Agent,
    given: Mapping[str, Any],
    settings: Settings,
    on_approval: PolicyFunction | None,
) -> Batch:
    """Make the batch of `Agent.grid`."""
    schema = None if settings.schema is None else schema_of(settings.schema)
    if given["message"] is None:
        raise WrongTypeError(
            'A grid needs a message, such as message=["Why?", "How?"], not None. Nothing was sent.'
        )
    has_tools = _has_tools(agent, given)
    refuse_ignored(
        [name for name, value in given.items() if value is not None],
        agent.name,
        has_tools=has_tools,
    )
    rows = product_of(given)
    keys = [grid_key(row) for row in rows]
    twins = len(keys) - len(set(keys))
    if twins:
        raise InvalidValueError(
            f"{twins:,} of the combinations come twice: leave out values that are the same."
        )

    def body(row: Mapping[str, Any]) -> dict[str, Any]:
        options = {name: value for name, value in row.items() if name != "message"}
        return agent_body_of(agent, schema, options)(row["message"])

    bodies = _bodies(rows, keys, body)
    return _batch(
        _Made(own_table(rows), keys, bodies, schema, list(rows[0]), "grid(", given),
        settings,
        _Owner(agent, "agent", on_approval, has_tools),
        f"{agent.name} grid",
    )


def map_orchestration(
    orchestration: Orchestration,
    given: Given,
    settings: Settings,
    options: Mapping[str, Any],
) -> Batch:
    """Make the batch of `Orchestration.map`."""
    schema = None if settings.schema is None else schema_of(settings.schema)
    table = table_of(given.data)
    written = message_of(given.message, table.names)
    keys = keys_of(table.rows, table.names, given.key, table.labels, table.index)

    def body(row: Mapping[str, Any]) -> dict[str, Any]:
        asked = written(row)
        text = asked if schema is None or not asked.strip() else schema.asked_in(asked)
        return orchestration._body(text, None, options)  # noqa: SLF001  # of this folder

    return _batch(
        _Made(
            table,
            keys,
            _bodies(table.rows, keys, body),
            schema,
            columns_asked(given.message, table.names),
            given.python(),
            options,
        ),
        settings,
        _Owner(orchestration, "orchestration"),
    )


def map_workflow(
    workflow: Workflow,
    asked: Given,
    variables: Mapping[str, str] | Callable[[dict[str, Any]], Mapping[str, Any]] | None,
    settings: Settings,
) -> Batch:
    """Make the batch of `Workflow.map`."""
    if settings.budget is not None and settings.budget.tokens is not None:
        raise InvalidValueError(
            "A budget of tokens can't be kept for workflows, whose usage the service doesn't tell: "
            "use budget(runs=...)."
        )
    schema = None if settings.schema is None else schema_of(settings.schema)
    table = table_of(asked.data)
    given = variables_of(workflow.name, workflow._graph, table, variables)  # noqa: SLF001  # of this folder
    keys = keys_of(table.rows, table.names, asked.key, table.labels, table.index)
    columns = columns_of_variables(workflow._graph, table, variables)  # noqa: SLF001  # likewise
    body = workflow._body  # noqa: SLF001  # of this folder
    bodies = _bodies(table.rows, keys, lambda row: body(given(row), {}))
    return _batch(
        _Made(table, keys, bodies, schema, columns, asked.python(variables)),
        settings,
        _Owner(workflow, "workflow"),
    )


@dataclass(frozen=True)
class _Made:
    """What came of a table: for each row a key and what is posted."""

    table: Table
    keys: Sequence[str]
    bodies: Sequence[dict[str, Any]]
    schema: Schema | None
    asked: Sequence[str]
    call: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def python(self, whose: "_Owner", settings: Settings) -> str:
        """Write the call that made the batch; a table, and what has no short text, is named.

        What it may cost, what decides and how many run at once belongs to it: without them the
        same rows would be sent otherwise. `changed` and `confirm` don't: they are a person's word
        for one time.
        """
        usual = Settings()
        more = {
            name: value
            for name, value in {
                "name": settings.name,
                "journal": settings.journal,
                "schema": settings.schema,
                "concurrency": settings.concurrency,
                "budget": settings.budget,
                "on_approval": whose.on_approval,
                "on_unknown": settings.on_unknown,
                "start": settings.start,
            }.items()
            if value is not None and value != getattr(usual, name, None)
        }
        given = {**{name: each for name, each in self.options.items() if each is not None}, **more}
        method, _, args = self.call.partition("(")
        written = [f"{name}={_literal(value, name)}" for name, value in given.items()]
        call = ", ".join(filter(None, [args, *written]))
        return f"batch = pb.{whose.kind}({whose.one.name!r}).{method}({call})\nbatch"

    @property
    def rows(self) -> Rows:
        form = None if self.schema is None else self.schema.json_schema
        inputs = [
            RowInput(key=key, position=place, body=body, digest=row_digest(body, form))
            for place, (key, body) in enumerate(zip(self.keys, self.bodies, strict=True))
        ]
        return Rows(table=self.table, keys=self.keys, inputs=inputs, schema=self.schema)


@dataclass(frozen=True)
class _Owner:
    """Whose `map` was called."""

    one: Agent | Orchestration | Workflow
    kind: Literal["agent", "orchestration", "workflow"]
    on_approval: PolicyFunction | None = None
    has_tools: bool | None = False

    def target(self, check: Check) -> Target:
        if isinstance(self.one, Agent):
            return agent_target(
                self.one, on_approval=self.on_approval, deciding=self._deciding(), check=check
            )
        if isinstance(self.one, Orchestration):
            return orchestration_target(self.one, check=check)
        return workflow_target(self.one, check=check)

    def _deciding(self) -> Deciding:
        client = self.one._client  # noqa: SLF001  # of this folder
        asks = self.has_tools is not False
        return deciding_of(
            self.one.name,
            has_tools=self.has_tools,
            is_gated=loop.run_sync(is_gated(client, self.one.id)) if asks else False,
            policy=self.on_approval,
        )


def _batch(made: _Made, settings: Settings, whose: _Owner, name: str | None = None) -> Batch:
    owner, kind = whose.one, whose.kind
    client = owner._client  # noqa: SLF001  # of this folder
    definition = loop.run_sync(definition_of(client, kind, owner.id))
    target = whose.target(fits if made.schema is None else made.schema.check)
    if kind == "agent" and definition is None:
        # A user's own token, which may send no id that the server hasn't made.
        target = replace(target, makes_session=True)
    rows = made.rows
    _check_connections(settings, len(rows.inputs))
    check(rows.inputs, target, settings.on_unknown)
    record = BatchRecord(
        name=settings.name or name or owner.name,
        project=client.url,
        kind=kind,
        target_id=owner.id,
        target_name=owner.name,
        definition=definition,
        definition_digest="" if definition is None else digest_of(definition),
        made_at=time.time(),
    )
    told = Told(asked=made.asked, python=made.python(whose, settings), redact=client.secret.redact)
    journal, place = settings.journal, None
    if journal is not None:
        place = (resolved(journal), record.name)
        earlier = _going.get(place)
        if earlier is not None and is_going_on(earlier, record, rows.inputs):
            return again(earlier, rows, _terms(settings, target), told)
        if earlier is not None and is_held(earlier):
            earlier.stop()  # nothing is sent, for want of a page: it is in nobody's way
        ending = None if earlier is None else is_ending(earlier)
        if ending is not None:
            wait.block(ending, _ENDING)  # as after an interrupt, where the cell runs again
    opened = Journal.open(journal)
    try:
        batch = _begun(opened, record, rows, settings, target, told)
    except BaseException:
        # An interrupt too: its traceback would keep the file, and who drives it, for ever.
        opened.close()
        raise
    if place is None:
        cells.adopt(batch)
        attention.begin()
    else:
        _going[place] = batch
    if settings.start:
        begin(batch, confirm=settings.confirm)
    return batch


def _begun(  # noqa: PLR0913, PLR0917  # what makes up a batch
    opened: Journal,
    record: BatchRecord,
    rows: Rows,
    settings: Settings,
    target: Target,
    told: Told,
) -> Batch:
    """Begin a batch in a journal, or go on with it."""
    number = opened.begin(record, rows.inputs, changed=settings.changed)
    held: list[Batch] = []

    def drive(inputs: Sequence[RowInput]) -> Driver:
        return Driver(
            journal=opened,
            batch=number,
            rows=inputs,
            target=target,
            pace=Pace(
                settings.concurrency,
                rows=len(inputs),
                most=most_connections(),
                is_rate=target.kind == "workflow",
            ),
            spending=Spending(settings.budget),
            on_unknown=settings.on_unknown,
            # Who drives holds the batch: nobody else may, and a cell that runs again finds it.
            on_change=functools.partial(_tell, held),
            on_note=functools.partial(_note, held),
        )

    most = None if settings.budget is None else settings.budget.runs
    batch = Batch(record, rows, Kept(opened, number), drive, most, told)
    held.append(batch)
    opened.unlock(number)  # who waits for a person's word keeps nobody else from it
    return batch


def _terms(settings: Settings, target: Target) -> Terms:
    return Terms(
        on_approval=target.on_approval,
        deciding=target.deciding,
        concurrency=settings.concurrency,
        budget=settings.budget,
        on_unknown=settings.on_unknown,
    )


def _check_connections(settings: Settings, rows: int) -> None:
    """Check that this kernel may have as many connections as a person asks for."""
    wanted, most = settings.concurrency, most_connections()
    if wanted != "auto" and most is not None and min(wanted, rows) > most:
        raise InvalidValueError(
            f"concurrency={wanted} needs more connections than this kernel may have with its limit "
            f"of {file_limit() or 0:,} open files: pass {most:,} or less, or raise that limit "
            "(ulimit -n) before the kernel starts. Nothing was sent."
        )


def _literal(value: object, name: str) -> str:
    """Write a value as Python; what can't be written so, or is long, is called by its name."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, Budget):
        limits = {one.name: getattr(value, one.name) for one in fields(value)}
        args = [f"{one}={limit!r}" for one, limit in limits.items() if limit is not None]
        return f"pw.budget({', '.join(args)})"
    if callable(value):
        own = getattr(value, "__name__", "")
        return own if own.isidentifier() and not keyword.iskeyword(own) else name
    written = repr(_as_written(value)) if _is_plain(value) else ""
    return written if 0 < len(written) <= _LONGEST_LITERAL else name


def _as_written(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _is_plain(value: object) -> bool:
    """Tell whether a value's repr is Python that gives it again."""
    if isinstance(value, float):
        return math.isfinite(value)
    if type(value) in {list, tuple}:
        return all(map(_is_plain, cast("Sequence[object]", value)))
    if type(value) is dict:
        return all(_is_plain(each) for pair in value.items() for each in pair)
    return value is None or type(value) in {str, int, bool}


def _tell(batches: Sequence[Batch], _keys: Sequence[str]) -> None:
    for batch in batches:
        note_change(batch)


def _note(batches: Sequence[Batch], text: str) -> None:
    for batch in batches:
        note_trouble(batch, text)


def agent_body_of(
    agent: Agent, schema: Schema | None, options: Mapping[str, Any]
) -> Callable[[str], dict[str, Any]]:
    """Make what gives the body of a row by its message."""
    if "session_id" in options:
        raise WrongTypeError(
            "A batch takes no session_id: each row has a conversation of its own, by which its run "
            "is found again."
        )
    given = {name: value for name, value in options.items() if value is not None}
    if schema is None:
        return lambda message: agent_body(message, None, given)
    if "response_format" in given:
        raise InvalidValueError(
            "schema and response_format both say what form the answer has: pass one of them."
        )
    if _has_tools(agent, given):
        return lambda message: agent_body(
            message, None, {**given, "response_format": schema.response_format}
        )
    # The service would leave `response_format` out, without a word.
    return lambda message: agent_body(
        schema.asked_in(message) if message.strip() else message, None, given
    )


def _has_tools(agent: Agent, options: Mapping[str, Any]) -> bool | None:
    """Tell whether rows run as with tools (docs/protocol.md#runtime-knowledge)."""
    return True if options.get("runtime_knowledge_bases") else agent._has_tools  # noqa: SLF001  # of this folder


def _bodies(
    rows: Sequence[Mapping[str, Any]], keys: Sequence[str], body: Body
) -> list[dict[str, Any]]:
    """Make what is posted for each row; all that is wrong is told together, before the first."""
    made: list[dict[str, Any]] = []
    wrong: list[str] = []
    cause: Exception | None = None
    for number, (row, key) in enumerate(zip(rows, keys, strict=True)):
        try:
            made.append(body(row))
        except WrongTypeError:
            raise  # an option, which is the same for all rows
        except Exception as error:  # noqa: BLE001  # a function of the caller's may raise anything
            cause = cause or error
            said = (
                str(error) if isinstance(error, ConfigurationError | TypeError | ValueError) else ""
            )
            reason = said or f"{type(error).__name__}: {error}"
            wrong.append(f"row {number} (key {shown(readable(key))}): {reason.rstrip('.')}")
    if wrong:
        more = f"; and {len(wrong) - _SHOWN:,} more" if len(wrong) > _SHOWN else ""
        raise InvalidValueError(
            f"{len(wrong):,} of {len(rows):,} rows can't be sent: {'; '.join(wrong[:_SHOWN])}"
            f"{more}. Nothing was sent."
        ) from cause
    return made
