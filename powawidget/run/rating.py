"""Ratings: a thumb and a note of a person on a run that is over.

Where they are kept is the business of who knows journals (`powawidget.batch.ratings`), which says
so once, by `keep_by`.
"""

import secrets
import time
from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from powawidget.errors import ConfigurationError, InvalidValueError, PowawidgetError, WrongTypeError
from powawidget.live.run import Live
from powawidget.live.subscribers import Rest
from powawidget.protocol.characters import harmless
from powawidget.protocol.events import NotKept, Rated
from powawidget.run.task import RunTask
from powawidget.settings import options
from powawidget.state import values
from powawidget.state.model import RunState
from powawidget.state.ops import Op

Thumb = Literal["up", "down"]

_LONGEST_NOTE = 2_000  # characters
_LONGEST_TEXT = 20_000
_OFF = (
    "Ratings are off: powawidget.options.ratings = True keeps them in this kernel, the name of a "
    "journal keeps them there."
)


class Rating(NamedTuple):
    """What is kept of one.

    Attributes:
        run: The run's id, or what stands for it.
        thumb: Up or down; None takes an earlier one back.
        note: What the person says beside it.
        kind: What ran.
        name: Its name.
        server: The host that it ran on.
        message: What was asked.
        answer: The answer, after withholding (docs/protocol.md#text-edited).
        at: When it was rated, in seconds since the epoch.
    """

    run: str
    thumb: Thumb | None
    note: str
    kind: str
    name: str
    server: str
    message: str
    answer: str
    at: float


class Keeping(Protocol):
    """What keeps ratings."""

    async def keep(self, rating: Rating) -> None:
        """Keep one, in place of an earlier one of its run; raises a PowawidgetError."""

    def known(self, run: str) -> tuple[Thumb, str] | None:
        """Give the thumb and the note of a run; None where it has none."""


_keeping: list[Keeping] = []


def keep_by(keeping: Keeping) -> None:
    """Say what keeps ratings."""
    _keeping[:] = [keeping]


def is_on() -> bool:
    """Tell whether a person wants to rate."""
    return bool(options.ratings) and bool(_keeping)


def is_thumb(given: object) -> bool:
    """Tell whether something is a thumb, or None, which takes one back."""
    return given is None or (isinstance(given, str) and given in {"up", "down"})


class Offer:
    """Lets a run be rated once it is over, where a person wants that.

    Args:
        live: The run.
    """

    doing = "offered to rate the run"

    def __init__(self, live: Live) -> None:
        self._live = live

    def changed(self, ops: Sequence[Op]) -> None:
        """Do nothing: only what is over is rated."""

    def ended(self) -> Rest | None:
        """Offer it.

        Returns:
            What does so.
        """
        return self._offer() if is_on() else None

    def recovered(self) -> Rest | None:
        """Do nothing: it was offered at the end.

        Returns:
            Nothing is left to do.
        """
        return None

    async def _offer(self) -> None:
        self._live.receive(Rated(thumb=None, note=""))


def offer_at_end(task: RunTask) -> None:
    """Let a run be rated once it is over."""
    with task.live.lock:
        task.live.subscribers.append(Offer(task.live))


def offer_to_rate(task: RunTask) -> None:
    """Let a run be rated that was over when it came here; as it was rated, if it was.

    Args:
        task: Its task; nobody else knows it yet.
    """
    if task.anew is not None:
        offer_at_end(task)  # of what is run anew in its place
    state = task.live.state
    if not is_on():
        return
    rated = None if state.run_id is None else _keeping[0].known(state.run_id)
    thumb, note = rated or (None, "")
    task.live.receive(Rated(thumb=thumb, note=note))


async def rate(task: RunTask, thumb: Thumb | None, note: str) -> None:
    """Rate a run, in place of an earlier rating; on the loop thread.

    Args:
        task: The run's task.
        thumb: Up or down; None takes the rating back.
        note: What the person says beside it.

    Raises:
        ConfigurationError: If ratings are off, or the run isn't over.
        InvalidValueError: If the thumb is something else.
        WrongTypeError: If the note is no text.
        FileError: If it can't be kept.
    """
    live = task.live
    if not is_on():
        raise ConfigurationError(_OFF)
    if not is_thumb(thumb):
        raise InvalidValueError('A rating is "up", "down" or None, which takes it back.')
    if not isinstance(note, str):
        raise WrongTypeError(f"The note of a rating is a text, not {type(note).__name__}.")
    if not live.finished:
        raise ConfigurationError("A run is rated once it is over: run.wait() waits for its end.")
    # First the key, then the length: half a key must not stay either.
    said = " ".join(harmless(live.redact(note)).split())[:_LONGEST_NOTE] if thumb else ""
    async with task.rating:
        with live.lock:
            rating = _rating(task, live.state, thumb, said)
        await _keeping[0].keep(rating)
        live.receive(Rated(thumb=thumb, note=said))
    live.end_recovery()  # what stands in the notebook's file is written anew


async def rate_or_tell(task: RunTask, thumb: Thumb | None, note: str) -> None:
    """Rate a run, and show in it why that didn't work; on the loop thread."""
    try:
        await rate(task, thumb, note)
    except PowawidgetError as error:
        task.live.receive(NotKept(text=f"The rating isn't kept: {error}"))


def _rating(task: RunTask, state: RunState, thumb: Thumb | None, note: str) -> Rating:
    if task.own_id is None:
        task.own_id = state.run_id or f"local_{secrets.token_hex(8)}"
    redact = task.live.redact
    return Rating(
        run=task.own_id,
        thumb=thumb,
        note=note,
        kind=state.kind,
        name=redact(state.name),
        server=task.plan.about.server,
        message=redact(state.message)[:_LONGEST_TEXT],
        answer=redact(values.text_of(state))[:_LONGEST_TEXT],
        at=time.time(),
    )
