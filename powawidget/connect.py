"""`connect()` and what it gives: a project's agents, by id or by name."""

import contextlib
import difflib
import getpass
import json
import os
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Self

import msgspec

from powawidget import events as ev
from powawidget.client import Client, Timeouts
from powawidget.decider import Decider
from powawidget.errors import ConfigurationError, ConnectionLost, ProtocolError, RequestError
from powawidget.kernel import cells, loop
from powawidget.policy import PolicyFunction
from powawidget.run import Run
from powawidget.runner import AFTER_ERROR, timed
from powawidget.secret import Secret
from powawidget.sources import LiveSource
from powawidget.sse import EventTooLargeError, SSEDecoder

_PAGE = 100
_CONTEXTS = ("knowledge_bases", "context_handler_id", "context_override", "context_items")
_FIELDS = (
    "message",
    "session_id",
    "temperature",
    "timeout_seconds",
    "response_format",
    "max_context_tokens",
    "citations_enabled",
    "reasoning_requested",
    *_CONTEXTS,
)
_NOT_SENT = frozenset({"self", "on_approval"})
_LOCAL = "local"
_LISTED = 20
_ON_STOP = {
    True: "The server ends the run at its next write: a tool that is running finishes first.",
    False: "The server isn't told: it goes on, and stores the whole answer.",
    None: "What the server does then depends on the agent: it may go on.",
}


class AgentInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of agents."""

    id: str
    name: str
    model: str | None = None


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
        rows = loop.run_sync(self._list("/api/agents", "agents"))
        return [_info(row) for row in rows if isinstance(row.get("id"), str)]

    def agent(self, name_or_id: str) -> "Agent":
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
        stored = loop.run_sync(self._client.get(f"/api/agents/runs/{_segment(run_id)}"))
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

    async def _list(self, path: str, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while True:
            answer = await self._client.get(path, limit=_PAGE, offset=len(rows))
            page = answer.get(name) if isinstance(answer, dict) else answer
            page = [row for row in page if isinstance(row, dict)] if isinstance(page, list) else []
            rows += page
            total = answer.get("total") if isinstance(answer, dict) else None
            if not page or not isinstance(total, int) or len(rows) >= total:
                return rows

    async def _find_agent(self, name_or_id: str) -> "Agent":
        wanted = name_or_id.strip()
        if _is_uuid(wanted):
            try:
                row = await self._client.get(f"/api/agents/{wanted}")
            except RequestError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                row = None
            if row is None:
                raise ConfigurationError(f"There is no agent with the id {wanted}.")
        else:
            row = _named(await self._list("/api/agents", "agents"), wanted)
        info = _info(row)
        return Agent(self._client, info, await self._has_tools(info.id))

    async def _has_tools(self, agent_id: str) -> bool | None:
        # It decides what a stop does and whether the stream has keepalives; not worth a failure.
        try:
            answer = await self._client.get(f"/api/agents/{agent_id}/tools")
        except (RequestError, ProtocolError):
            return None
        tools = answer.get("tools") if isinstance(answer, dict) else None
        return bool(tools) if isinstance(tools, list) else None


class Agent:
    """An agent of a project.

    Args:
        client: The HTTP side.
        info: Its id and name.
        has_tools: Whether it has tools, where that is known.
    """

    def __init__(self, client: Client, info: AgentInfo, has_tools: bool | None) -> None:
        self._client = client
        self.id = info.id
        self.name = info.name
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
        knowledge_bases: Sequence[Any] | None = None,
        context_handler_id: str | None = None,
        context_override: str | None = None,
        context_items: Sequence[Any] | None = None,
        on_approval: PolicyFunction | None = None,
    ) -> Run:
        """Start a run. It starts at once and this returns at once.

        The request is that of the wire protocol, section 1; of the last four at most one.

        Args:
            message: What to ask.
            session_id: The conversation to go on with.
            temperature: The model's temperature.
            timeout_seconds: The server's limit for the run, in seconds; for agents with tools.
            response_format: The form the answer must have.
            max_context_tokens: The most tokens of context.
            citations_enabled: Whether the answer cites its sources.
            reasoning_requested: Whether to ask for the model's thinking.
            knowledge_bases: Knowledge bases to search.
            context_handler_id: An earlier search to use.
            context_override: Text to use as the context.
            context_items: Items to use as the context.
            on_approval: Decides in place of a person: what `powawidget.policy` makes, or a
                function of an `Approval`, sync or async, that answers True, False or None (ask).

        Returns:
            The run. Make it the last value of a cell to show it.

        Raises:
            ConfigurationError: If the arguments don't fit together; nothing was sent.
        """
        given = {name: value for name, value in locals().items() if name not in _NOT_SENT}
        # A knowledge base makes an agent one with tools (wire protocol, section 3).
        has_tools = True if knowledge_bases else self._has_tools
        source = LiveSource(
            self._client, self._path, _body(given), keepalives=has_tools is not False
        )
        return Run(
            source,
            name=self.name,
            message=message,
            on_stop=_ON_STOP[has_tools],
            secret=self._client.secret,
            decider=lambda live: Decider(live, self._post_decision, self._hooks, on_approval),
            look_up=lambda run_id: self._client.get(f"/api/agents/runs/{_segment(run_id)}"),
        ).start()

    async def _post_decision(self, run_id: str, body: Mapping[str, Any], limit: float) -> None:
        await self._client.post(f"/api/agents/runs/{run_id}/approve", body, limit)

    async def _hooks(self) -> Any:
        return await self._client.get(f"/api/agents/{self.id}/hooks")

    async def stream(self, message: str, **options: Any) -> AsyncIterator[ev.Event]:
        """Run the agent and read its events, without a widget.

        Args:
            message: What to ask.
            **options: As for `run`.

        Yields:
            The events, typed, in order, up to the terminal one.

        Raises:
            ConfigurationError: If the arguments don't fit together; nothing was sent.
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached, or the stream ends without its terminal event.
        """
        body = _body({"message": message, **options})
        async for event in _events(self._client, self._path, body):
            yield event

    @property
    def _path(self) -> str:
        return f"/api/agents/{self.id}/run/stream"

    def __repr__(self) -> str:
        return f"<Agent {self.name!r}, {self.id}>"


def connect(  # noqa: PLR0913  # each is one setting of a connection
    url: str | None = None,
    *,
    api_key: str | None = None,
    verify: bool | str = True,
    proxy: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeouts: Timeouts | None = None,
    insecure: bool = False,
) -> Powabase:
    """Connect to a project. Nothing is sent yet.

    Args:
        url: The project's base URL, such as `https://ref.p.powabase.ai`, or `"local"` for the
            embedded server; `POWABASE_URL` where it isn't given.
        api_key: The key; `POWABASE_API_KEY` where it isn't given, else a hidden prompt, so that
            it needn't stand in a notebook.
        verify: Whether to check certificates, or the path of a CA bundle.
        proxy: The URL of a proxy; the environment's is used where it isn't given.
        headers: Further headers for each request.
        timeouts: Limits of time.
        insecure: Whether the key may go over plain HTTP to another machine.

    Returns:
        The connection.

    Raises:
        ConfigurationError: If the URL or the key is missing or can't be used.
    """
    # From here on no frame holds the key as text: a verbose traceback prints local variables.
    secret = Secret("" if api_key is None else api_key.strip())
    given = api_key is not None
    api_key = None
    local = None
    if url is None:
        url = os.environ.get("POWABASE_URL", "")
    if not url.strip():
        raise ConfigurationError(
            'No server: pass connect("https://ref.p.powabase.ai"), set POWABASE_URL, or try '
            'connect("local") for the embedded server.'
        )
    if url == _LOCAL:
        from powawidget.local import start  # noqa: PLC0415  # an extra

        local = start()
        url, secret, given = local.url, Secret(local.key), True
    if not given:
        secret = _asked_key()
    client = Client(
        url,
        secret,
        verify=verify,
        proxy=proxy,
        headers=headers,
        timeouts=timeouts,
        insecure=insecure,
    )
    connection = Powabase(client, local)
    if local is not None:
        # A cell that is run again gets a fresh server; its earlier one isn't left running.
        cells.adopt(connection)
    return connection


def _asked_key() -> Secret:
    key = Secret(os.environ.get("POWABASE_API_KEY", "").strip())
    if key:
        return key
    try:
        return Secret(getpass.getpass("Powabase API key: ").strip())
    except (EOFError, NotImplementedError, OSError):
        pass
    except Exception as error:
        # ipykernel's own error where no front end can be asked; it has no public base.
        if type(error).__name__ != "StdinNotImplementedError":
            raise
    raise ConfigurationError(
        "No API key, and nobody can be asked for it here: set POWABASE_API_KEY, or pass api_key=..."
    )


async def _events(client: Client, path: str, body: Mapping[str, Any]) -> AsyncIterator[ev.Event]:
    decoder = SSEDecoder()
    told = False

    def limit() -> float | None:
        return AFTER_ERROR if told else client.timeouts.quiet_idle

    try:
        async with (
            client.stream(path, body) as chunks,
            contextlib.aclosing(timed(chunks, limit)) as heard,
        ):
            async for chunk in heard:
                for frame in decoder.feed(chunk):
                    event = ev.read(client.secret.redact(frame.data))
                    told = told or isinstance(event, ev.Errored)
                    yield event
                    if isinstance(event, ev.Completed):
                        return
    except EventTooLargeError as error:
        raise ProtocolError(str(error)) from None
    except ConnectionLost:
        if not told:
            raise
    if told:
        return  # where an error was told, the terminal event may be left out
    raise ConnectionLost(
        "The stream ended without its terminal event: the run may not be complete.",
        maybe_accepted=True,
    )


def _body(given: Mapping[str, Any]) -> dict[str, Any]:
    body = {name: value for name, value in given.items() if value is not None}
    message = body.get("message")
    if not isinstance(message, str) or not message.strip():
        raise ConfigurationError("The message is empty: say what the agent should do.")
    contexts = [name for name in _CONTEXTS if name in body]
    if len(contexts) > 1:
        raise ConfigurationError(
            f"Only one of {', '.join(_CONTEXTS)} may be given, not {' and '.join(contexts)}."
        )
    unknown = [name for name in body if name not in _FIELDS]
    if unknown:
        raise ConfigurationError(
            f"A run takes no {', '.join(unknown)}. It takes {', '.join(_FIELDS)}."
        )
    try:
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"The request can't be written as JSON: {error}.") from None
    return body


def _named(rows: Sequence[Mapping[str, Any]], wanted: str) -> Mapping[str, Any]:
    same = [row for row in rows if row.get("name") == wanted]
    if not same:
        same = [row for row in rows if str(row.get("name")).casefold() == wanted.casefold()]
    if len(same) == 1:
        return same[0]
    if same:
        ids = ", ".join(str(row.get("id")) for row in same)
        raise ConfigurationError(
            f"There are {len(same)} agents named {wanted!r}: use the id of the one you mean: {ids}."
        )
    names = sorted(str(row.get("name")) for row in rows if row.get("name"))
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(wanted.casefold(), folded, n=5, cutoff=0.5)
    if near:
        said = f"Did you mean {' or '.join(repr(folded[name]) for name in near)}?"
    elif names:
        said = f"There are: {', '.join(names[:_LISTED])}{' …' if len(names) > _LISTED else ''}."
    else:
        said = "The project has no agents yet, or the key may not see them."
    raise ConfigurationError(f"There is no agent named {wanted!r}. {said}")


def _info(row: Mapping[str, Any]) -> AgentInfo:
    model = row.get("model")
    return AgentInfo(
        id=str(row.get("id")),
        name=str(row.get("name") or row.get("id")),
        model=model if isinstance(model, str) else None,
    )


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _segment(text: str) -> str:
    trimmed = text.strip()
    if not trimmed or not all(char.isalnum() or char in "_-" for char in trimmed):
        raise ConfigurationError(f"{trimmed[:80]!r} isn't the id of a run.")
    return trimmed
