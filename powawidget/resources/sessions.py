"""Conversations that the server has stored: their list, and one of them to read."""

import datetime as dt
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

import msgspec

from powawidget.approvals.policy import PolicyFunction
from powawidget.chat.chat import Chat
from powawidget.chat.history import History, Message
from powawidget.chat.task import ChatTask
from powawidget.http.client import Client
from powawidget.kernel import loop
from powawidget.protocol.times import time_of
from powawidget.resources.request import RunOptions, at_most
from powawidget.resources.tables import table
from powawidget.state.model import Kind

_SESSIONS_AT_ONCE = 100


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of conversations (docs/protocol.md#lists).

    Attributes:
        id: Pass it to `chat(session_id=...)` to go on with the conversation.
        first_message: What it began with.
        runs: How many runs it has, failed ones too.
        created: When it began.
        last_activity: When its last run began.
    """

    id: str
    first_message: str = ""
    runs: int = 0
    created: dt.datetime | None = None
    last_activity: dt.datetime | None = None


class Sessions(list[SessionInfo]):
    """Conversations, the latest first, that print as a table."""

    def __repr__(self) -> str:
        if not self:
            return "<no conversations>"
        rows = [
            (
                each.id,
                f"{each.last_activity:%Y-%m-%d %H:%M}" if each.last_activity else "",
                str(each.runs),
                each.first_message,
            )
            for each in self
        ]
        return table(("session_id", "last activity", "runs", "first message"), rows, right="runs")


class Messages(list[Message]):
    """The messages of a conversation. As the last value of a cell they are shown as cards.

    Args:
        history: The conversation.
    """

    def __init__(self, history: History) -> None:
        self._chat = Chat(ChatTask(None, history))
        super().__init__(self._chat.messages)

    @property
    def chat(self) -> Chat:
        """The same as a chat that can only be read: its runs, its widget."""
        return self._chat

    def _ipython_display_(self) -> None:
        self._chat._ipython_display_()


class Session:
    """One stored conversation. Get one with `agent.session(id)` or `orchestration.session(id)`.

    Attributes:
        id: The server's id of it.
        kind: agent or orchestration.
        name: Who answered.

    Args:
        session_id: Its id.
        kind: agent or orchestration.
        name: Who answered.
        history: Makes the reader of what the server has stored of it.
        chat: Goes on with it, with the keyword arguments of every turn.
    """

    def __init__(
        self,
        session_id: str,
        kind: Kind,
        name: str,
        history: Callable[[], History],
        chat: Callable[..., Chat],
    ) -> None:
        self.id = session_id
        self.kind = kind
        self.name = name
        self._history = history
        self._chat = chat

    def messages(self) -> Messages:
        """Fetch the messages. The server keeps none of a run that failed.

        The rule is docs/protocol.md#session-messages.

        Returns:
            The messages, oldest first. As the last value of a cell they are shown as cards, the
            last turns first; `chat.missing` counts the runs that are left out.

        Raises:
            RequestError: If the server knows no such conversation, or can't give it.
            ConnectionLost: If it can't be reached.

        Example:
            >>> [message.content for message in agent.session("sess_7eeca5833451").messages()]

        Example:
            >>> chat = agent.session("sess_7eeca5833451").chat()
            >>> chat.send("And those of last week?").result().text
        """
        history = self._history()
        loop.run_sync(history.open())  # a chat would go on without it
        return Messages(history)

    def chat(
        self, *, on_approval: PolicyFunction | None = None, **options: Unpack[RunOptions]
    ) -> Chat:
        """Go on with the conversation, as `agent.chat(session_id)` does. Nothing is asked yet.

        Args:
            on_approval: As for the `run` of an agent, for every turn.
            **options: As for the `chat` of the agent or the orchestration, for every turn.

        Returns:
            The chat. Make it the last value of a cell to show it.

        Raises:
            WrongTypeError: If there is no such option.
            InvalidValueError: If the options don't fit together.
        """
        if on_approval is not None:
            return self._chat(on_approval=on_approval, **options)
        return self._chat(**options)

    def __repr__(self) -> str:
        return f"<Session {self.id} with {self.kind} {self.name!r}>"


def new_session_id() -> str:
    """Make the id of a conversation that begins with its first run.

    Rule: docs/protocol.md#own-session-id. The service makes ids by itself; with one of your own you
    find a run whose stream was cut before it was named. Whoever knows the id of an orchestration's
    conversation can read it, so nobody may guess it.

    Returns:
        An id of 160 random bits.

    Example:
        >>> chat = pb.agent("Analyst").chat(powawidget.new_session_id())
    """
    return f"sess_{secrets.token_hex(20)}"


def listed(rows: Sequence[Mapping[str, Any]]) -> Sessions:
    """Read a list of conversations."""
    return Sessions(
        SessionInfo(
            id=row["session_id"],
            first_message=str(row.get("first_message") or ""),
            runs=row["run_count"] if isinstance(row.get("run_count"), int) else 0,
            created=time_of(row.get("created_at")),
            last_activity=time_of(row.get("last_activity_at")),
        )
        for row in rows
        if isinstance(row.get("session_id"), str)
    )


async def sessions_at(client: Client, path: str, limit: int) -> Sessions:
    """List the conversations of an agent or an orchestration.

    Args:
        client: The HTTP side.
        path: Its path.
        limit: How many at most.
    """
    rows: list[Any] = []
    limit = at_most(limit)
    while len(rows) < limit:
        page = min(limit - len(rows), _SESSIONS_AT_ONCE)
        answer = await client.get(f"{path}/sessions", limit=page, offset=len(rows))
        found = answer.get("sessions") if isinstance(answer, dict) else answer
        found = found if isinstance(found, list) else []
        rows += found
        total = answer.get("total") if isinstance(answer, dict) else None
        if not found or not isinstance(total, int) or len(rows) >= total:
            break
    return listed([row for row in rows[:limit] if isinstance(row, dict)])
