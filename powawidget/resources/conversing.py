"""What agents and orchestrations have in common: their conversations by list and by id."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

from powawidget.chat.chat import Chat
from powawidget.chat.history import History
from powawidget.chat.task import ChatTask, Partner, PlanTurn
from powawidget.http.client import Client
from powawidget.http.ids import segment
from powawidget.kernel import loop
from powawidget.resources.sessions import Session, Sessions, sessions_at

NOT_PICKLED = (
    "A connection isn't pickled, since it holds the key. Connect where you need it, with "
    "POWABASE_API_KEY in that environment; for the rows of a table pickle "
    "powawidget.per_partition(agent, ...), which does so."
)


class Conversing:
    """An agent or an orchestration, as far as they are the same.

    Args:
        client: The HTTP side.
        own_id: Its id.
        name: Its name.
    """

    _kind: ClassVar[Literal["agent", "orchestration"]]
    chat: Callable[..., Chat]

    def __init__(self, client: Client, own_id: str, name: str) -> None:
        self._client = client
        self.id = own_id
        self.name = name

    def sessions(self, limit: int = 50) -> Sessions:
        """List the conversations that the server has stored, the latest first.

        Args:
            limit: How many at most.

        Returns:
            Their ids, first messages, numbers of runs and last activities.

        Raises:
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached.

        Example:
            >>> agent.sessions(limit=5)
        """
        return loop.run_sync(sessions_at(self._client, self._base, limit))

    def session(self, session_id: str) -> Session:
        """Name a stored conversation, to read it or to go on with it. Nothing is sent yet.

        Args:
            session_id: Its id, such as `sess_7eeca5833451`; `sessions()` lists them.

        Returns:
            The conversation: `messages()` fetches what was said, `chat()` goes on with it.

        Raises:
            InvalidValueError: If it can't be an id.

        Example:
            >>> agent.session("sess_7eeca5833451").messages()
        """
        named = segment(session_id, "conversation")
        return Session(
            named,
            self._kind,
            self.name,
            functools.partial(self._history, named),
            functools.partial(self.chat, named),
        )

    def _history(self, session_id: str) -> History:
        # An agent's conversations are found by their ids alone.
        path = None if self._kind == "agent" else self._base
        return History(self._client, session_id, self._kind, self.name, path)

    def _chat(self, session_id: str | None, plan: PlanTurn, options: Mapping[str, Any]) -> Chat:
        history = None if session_id is None else self._history(session_id)
        partner = Partner(self._kind, self.name, plan, self._client.secret)
        return Chat(ChatTask(partner, history, options))

    def __reduce__(self) -> str:
        raise TypeError(NOT_PICKLED)

    @property
    def _base(self) -> str:
        return f"/api/{self._kind}s/{self.id}"

    @property
    def _path(self) -> str:
        return f"{self._base}/run/stream"
