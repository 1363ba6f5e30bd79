"""A batch on many machines: what runs an agent for each row of one part of a table.

What is sent to the machines holds no key: each has its own from its environment. Tasks raise
nothing that holds a row's words, for an engine logs what they raise.
"""

import os
import threading
import uuid
from collections.abc import Sequence
from typing import Any

from powawidget.approvals.policy import PolicyFunction
from powawidget.batch.board.moment import Content
from powawidget.batch.claims import (
    FolderClaims,
    begin_claims,
    refuse_unsafe,
)
from powawidget.batch.columns import Column
from powawidget.batch.frame import result_columns
from powawidget.batch.journal.records import RowOutcome
from powawidget.batch.table import table_of
from powawidget.batch.template import MessageFunction
from powawidget.errors import (
    ConfigurationError,
    FileError,
    InvalidValueError,
    PowawidgetError,
    WrongTypeError,
)
from powawidget.kernel import loop
from powawidget.resources import dask
from powawidget.resources.agent import Agent, AgentInfo
from powawidget.resources.connect import connect
from powawidget.resources.definitions import definition_of
from powawidget.resources.gates import is_gated
from powawidget.resources.mapping import Key, agent_body_of
from powawidget.resources.part import (
    Partitions,
    Work,
    cant_be_sent,
    record_of,
    rows_of,
    tell_counts,
)
from powawidget.schema.packages import needed
from powawidget.schema.schema import Schema, schema_of

_KEY = "POWABASE_API_KEY"
_MOST = 1_000
_NO_KEY = (
    f"This worker has no {_KEY} in its environment: set it where workers are started. The key "
    "isn't sent to them."
)
_KINDS = {"integer": "Int64", "number": "Float64", "boolean": "boolean"}
_agents: dict[tuple[str, str], Agent] = {}  # of this process, by project and agent
_tried: set[str] = set()  # folders of claims, by this process
_guard = threading.Lock()


class PerPartition:
    """Runs an agent for each row of a DataFrame; made by `powawidget.per_partition`.

    Args:
        given: What it runs.
    """

    __name__ = "powawidget"  # by which engines name the tasks

    def __init__(self, given: Partitions) -> None:
        self._given = given

    def meta(self, frame: Any) -> Any:
        """Make an empty frame with the columns and types of what comes back; nothing is run.

        Args:
            frame: A DataFrame of pandas or Dask with the columns that are given.

        Returns:
            A DataFrame of pandas without rows.
        """
        empty = _of_pandas(frame).iloc[:0]
        schema = None if self._given.schema is None else schema_of(self._given.schema)
        columns = result_columns([], "agent", schema, list(map(str, empty.columns)))
        return _beside(empty, columns)

    def __call__(self, frame: Any) -> Any:
        """Run the agent for each row of a DataFrame of pandas.

        What was sent for its rows before, here or elsewhere, isn't sent again: it is read, or
        looked up.

        Args:
            frame: Some rows.

        Returns:
            The same rows and index, with what came of each, as `map` has it.

        Raises:
            ConfigurationError: If this machine has no key, or the claims can't be read.
        """
        try:
            return self._run(frame)
        except PowawidgetError:
            raise  # of the machine, not of a row
        except Exception as error:  # noqa: BLE001  # an engine logs what it says: nothing of a row
            said = f"powawidget failed with {type(error).__name__} while it ran a part of a table."
        raise ConfigurationError(said)

    def __dask_tokenize__(self) -> str:
        """Name it for Dask: by no word of what is asked."""
        return self._given.nonce

    def __repr__(self) -> str:
        return f"<PerPartition of agent {self._given.agent.name!r}>"

    def _run(self, frame: Any) -> Any:
        schema = None if self._given.schema is None else schema_of(self._given.schema)
        names = list(map(str, frame.columns))
        if not len(frame):
            tell_counts(self._given, uuid.uuid4().hex, {}, None, is_last=True)
        outcomes = self._outcomes(frame, schema) if len(frame) else []
        return _beside(frame, result_columns(outcomes, "agent", schema, names))

    def _outcomes(self, frame: Any, schema: Schema | None) -> Sequence[RowOutcome]:
        given = self._given
        agent = _agent_of(given)
        claims = _claims_at(given.claims)
        redact = agent._client.secret.redact  # noqa: SLF001  # of this folder
        try:
            rows = rows_of(agent, table_of(frame), given, schema)
        except Exception as error:  # noqa: BLE001  # a person's function may raise anything
            tell_counts(given, uuid.uuid4().hex, {"failed": len(frame)}, None, is_last=True)
            return [cant_be_sent(error, redact)] * len(frame)
        wrong = {place: cant_be_sent(error, redact) for place, error in rows.wrong.items()}
        came = iter(Work(given, agent, claims, rows.inputs, schema, {"failed": len(wrong)}).done())
        return [wrong[place] if place in wrong else next(came) for place in range(len(frame))]


def per_partition(  # noqa: PLR0913  # one keyword for each thing that may be said
    agent: Agent,
    message: "str | MessageFunction | None" = None,
    *,
    key: Key,
    claims: "str | os.PathLike[str]",
    name: str | None = None,
    concurrency: int = 16,
    per_minute: float | None = None,
    schema: Any = None,
    on_approval: PolicyFunction | None = None,
    **options: Any,
) -> PerPartition:
    """Make what runs an agent for each row of one part of a table, on any machine.

    It is called with a DataFrame of pandas, and gives the same with what came of each row. It can
    be pickled, and holds no key: each machine has POWABASE_API_KEY in its environment. Before a
    row is sent a file is created in a folder that all machines share, so that no row is sent twice,
    though an engine runs a task again (docs/batches.md#beyond-one-machine).

    Args:
        agent: The agent.
        message: As for `Agent.map`.
        key: What names a row: a column, a list of columns, or a function of a row. No two rows of
            the whole table may have the same.
        claims: A folder on a drive that all machines have at this path.
        name: What the batch is called in that folder; the agent's name where it isn't given.
        concurrency: How many rows may be in flight at once, on all machines together.
        per_minute: How many may be started in a minute, on all machines together.
        schema: As for `Agent.map`.
        on_approval: Decides on approvals; what it leaves open is denied, since nobody can be asked.
        **options: As for `run`.

    Returns:
        The function; its `meta(frame)` says which columns it gives.

    Raises:
        ConfigurationError: If the agent asks for approvals, or may, and `on_approval` isn't given.
        FileError: If the folder isn't there, or lies in an object store.
        InvalidValueError: If an argument can't be used, or the agent has changed since the claims
            were begun.
        WrongTypeError: If one is of another type.

    Example:
        >>> ask = powawidget.per_partition(
        ...     agent, "Triage: {text}", key="id", claims="/shared/triage"
        ... )
        >>> ddf.map_partitions(ask, meta=ask.meta(ddf)).compute()
    """
    if not isinstance(agent, Agent):
        raise WrongTypeError(f"per_partition takes an agent, not {type(agent).__name__}.")
    _check_numbers(concurrency, per_minute)
    if key is None:
        raise InvalidValueError(
            "Say what names a row: key= takes a column. The index of a part is no name, since "
            "another part may have the same."
        )
    form = None if schema is None else schema_of(schema)
    agent_body_of(agent, form, options)("?")
    client = agent._client  # noqa: SLF001  # of this folder
    if on_approval is None:
        _refuse_gated(loop.run_sync(is_gated(client, agent.id)), agent.name)
    definition = loop.run_sync(definition_of(client, "agent", agent.id))
    if definition is None:
        raise ConfigurationError(
            f"This key can't read what {agent.name} is, so the server would have to make each "
            "row's conversation: use map on one machine. Nothing was sent."
        )
    own = begin_claims(claims, record_of(agent, definition, name or agent.name))
    return PerPartition(
        Partitions(
            url=client.url,
            agent=AgentInfo(id=agent.id, name=agent.name, model=agent.model),
            has_tools=agent._has_tools,  # noqa: SLF001  # likewise
            message=message,
            key=key,
            claims=str(own),
            concurrency=concurrency,
            per_minute=per_minute,
            schema=schema,
            options={name: value for name, value in options.items() if value is not None},
            on_approval=on_approval,
            nonce=uuid.uuid4().hex,
            name=name or agent.name,
        )
    )


def is_dask(data: object) -> bool:
    """Tell whether a table is a DataFrame of Dask; Dask isn't imported for that."""
    kinds = {one.__module__.partition(".")[0] for one in type(data).__mro__}
    return "dask" in kinds and hasattr(data, "map_partitions")


def map_dask(data: Any, made: PerPartition, meta: Any = None) -> Any:
    """Run an agent for each row of a DataFrame of Dask; nothing starts before it is computed.

    Args:
        data: The DataFrame.
        made: What runs it.
        meta: An empty frame as what comes back, where it isn't to be made of the columns.

    Returns:
        A DataFrame of Dask.

    Raises:
        MissingPackageError: If distributed isn't installed.
        ConfigurationError: If there is no cluster, or its workers can't do it.
    """
    distributed = needed("distributed", "A DataFrame of Dask")
    try:
        client = distributed.default_client()
    except ValueError:
        raise ConfigurationError(
            "There is no Dask cluster here: make a Client first, as in "
            "dask.distributed.Client(). Nothing was sent."
        ) from None
    token = uuid.uuid4().hex
    folder = made._given.claims  # noqa: SLF001  # its own module
    answers = client.run(_try_worker, folder, token)
    FolderClaims(folder).forget(token)
    wrong = sorted({one for one in answers.values() if one not in {"first", "later"}})
    if wrong:
        raise ConfigurationError(f"{wrong[0]} Nothing was sent.")
    if answers and sum(one == "first" for one in answers.values()) != 1:
        raise FileError(
            "The workers don't see the same folder of claims: it has to lie on a drive that all of "
            "them share. Nothing was sent."
        )
    empty = made.meta(data) if meta is None else _of_pandas(meta)
    _watch(client, made._given, data.npartitions)  # noqa: SLF001  # its own module
    return data.map_partitions(made, meta=empty)


def _watch(client: Any, given: Partitions, parts: int) -> None:
    """Show the board of what will be computed."""
    content = Content(
        name=given.name or given.agent.name,
        kind="agent",
        target=given.agent.name,
        keys=(),
        rows=(),
        journal=os.path.basename(os.path.dirname(given.claims)),  # noqa: PTH119, PTH120  # a text
        can_start=False,
        parts=parts,
    )
    dask.watch(client, given.nonce, content)


def _try_worker(folder: str, token: str) -> str:
    """Try on a worker what it needs; says what is wrong, in words.

    Of all workers exactly one is the first to create a file.
    """
    if not os.environ.get(_KEY, "").strip():
        return _NO_KEY
    try:
        claims = FolderClaims(folder)
        refuse_unsafe(claims.folder)
        return "first" if claims.first(token) else "later"
    except PowawidgetError as error:
        return str(error)


def _agent_of(given: Partitions) -> Agent:
    """Give the agent, by this machine's own key; one connection serves all tasks of a process."""
    if not os.environ.get(_KEY, "").strip():
        raise ConfigurationError(_NO_KEY)
    place = (given.url, given.agent.id)
    with _guard:
        if place not in _agents:
            # It takes the key from the environment by itself.
            client = connect(given.url)._client  # noqa: SLF001  # of this folder
            _agents[place] = Agent(client, given.agent, given.has_tools)
        return _agents[place]


def _claims_at(folder: str) -> FolderClaims:
    """Open the claims; a machine that joined later is tried as those were that were there."""
    claims = FolderClaims(folder)
    with _guard:
        if folder not in _tried:
            refuse_unsafe(claims.folder)
            _tried.add(folder)
    return claims


def _refuse_gated(gated: bool | None, name: str) -> None:
    if gated is None:
        raise ConfigurationError(
            f"This key can't read whether {name} asks for approvals, and nobody can be asked on a "
            'worker: pass on_approval=powawidget.policy(otherwise="deny"), for one. Nothing was '
            "sent."
        )
    if gated:
        raise ConfigurationError(
            f"{name} asks for approvals, and nobody can be asked on a worker: pass on_approval=, "
            "a policy that decides. Nothing was sent."
        )


def _check_numbers(concurrency: object, per_minute: object) -> None:
    is_whole = isinstance(concurrency, int) and not isinstance(concurrency, bool)
    if not is_whole or not 1 <= int(str(concurrency)) <= _MOST:
        raise InvalidValueError(
            f"concurrency says how many rows may be in flight: 1 to {_MOST:,}, not {concurrency!r}."
        )
    if per_minute is None:
        return
    is_number = isinstance(per_minute, int | float) and not isinstance(per_minute, bool)
    if not is_number or not float(str(per_minute)) > 0:
        raise InvalidValueError(
            f"per_minute says how many rows may be started in a minute, not {per_minute!r}."
        )


def _of_pandas(frame: Any) -> Any:
    return getattr(frame, "_meta", frame)


def _beside(frame: Any, columns: Sequence[Column]) -> Any:
    """Put columns beside a frame; their types never depend on what is in them."""
    pd = needed("pandas", "A part of a table")
    kinds = {**_KINDS, "text": pd.Series([""]).dtype}
    added = {}
    for one in columns:
        kind = kinds.get(one.kind, "object")
        try:
            series = pd.Series(list(one.cells), index=frame.index, dtype=kind)
        except (TypeError, ValueError, OverflowError):
            # The whole answer stands in its own column.
            series = pd.Series([None] * len(one.cells), index=frame.index, dtype=kind)
        added[one.name] = series
    return pd.concat([frame, pd.DataFrame(added, index=frame.index)], axis=1)
