"""What a run is made from."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from powawidget.approvals.decider import Decider
from powawidget.http.secret import Secret
from powawidget.live.run import Live
from powawidget.protocol.events import Event
from powawidget.protocol.events.bounds import cut
from powawidget.run.sources import Source
from powawidget.state.about import About
from powawidget.state.model import Kind, RunState

Fetch = Callable[[str], Awaitable[Any]]
Find = Callable[[float, float], Awaitable[Sequence[str]]]


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """What the server is asked about a run once its stream is over.

    Attributes:
        stored: Fetches what the server has stored of a run, by its id.
        find: Finds the ids of what may be the run, where its stream didn't name its id: by when
            it began and ended here, in seconds since the epoch.
        can_find: Whether there is anything to find it by; asked once the stream is over.
        parts: Fetches what the server gives only of a run that is over, by the run as it ended
            here.
    """

    stored: Fetch | None = None
    find: Find | None = None
    can_find: Callable[[], bool] = lambda: True
    parts: Callable[[RunState], Awaitable[Iterable[Event]]] | None = None

    @property
    def finds(self) -> bool:
        """Whether a run is found that never told its id."""
        return self.stored is not None and self.find is not None and self.can_find()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that is known of a run before it starts.

    Attributes:
        source: Where its bytes come from.
        kind: agent, orchestration or workflow.
        name: What runs.
        message: What it is asked.
        origin: live, replay or stored.
        on_stop: What the server does when the run is stopped.
        about: On which host and with which model it runs, for its transcript.
        secret: The key to keep out of everything.
        known: What is known before the stream begins, as events.
        decider: Makes what decides on the run's requests for approval, where there can be any.
        observe: Called with each event once it is applied, where there is no decider; gives the
            events that follow from it.
        lookup: What the server is asked once the stream is over.
    """

    source: Source
    kind: Kind = "agent"
    name: str = ""
    message: str = ""
    origin: Literal["live", "replay", "stored"] = "live"
    on_stop: str = ""
    about: About = field(default_factory=About)
    secret: Secret | None = None
    known: Iterable[Event] = ()
    decider: Callable[[Live], Decider] | None = None
    observe: Callable[[Live, Event], Iterable[Event]] | None = None
    lookup: Lookup = field(default_factory=Lookup)

    @property
    def redact(self) -> Callable[[str], str] | None:
        """What takes the key out of a text, where there is one."""
        return None if self.secret is None else self.secret.redact

    def state(self) -> RunState:
        """Make the state that the run starts from.

        The source sends the message exactly as it is; the state, which is shown and saved, holds
        it without the key.
        """
        message = self.message if self.secret is None else self.secret.redact(self.message)
        return RunState(
            kind=self.kind,
            name=cut(self.name),
            message=message,
            origin=self.origin,
            on_stop=self.on_stop,
        )
