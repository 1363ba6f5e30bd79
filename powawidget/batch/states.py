"""What a row's attempt may become, and which end of a start leads where. Pure.

An attempt is claimed before a byte is sent. It is *released*, so that the row is sent again by
itself, only where the server can't have begun a run: where a connection failed before a byte, where
the request was never sent in full, and where the server refused for now (docs/protocol.md#retries).
Everything else that may have begun is never sent again but by a person's word
(docs/protocol.md#no-repeat).
"""

from collections.abc import Collection
from http import HTTPStatus
from typing import Literal, NamedTuple

from powawidget.errors import ConnectionLost, PowawidgetError, ProtocolError, RequestError

AttemptState = Literal["claimed", "released", "left", "accepted", "done", "failed", "unknown"]
Cause = Literal["", "refused", "unreachable", "hopeless", "no_money", "not_allowed"]

OVER: frozenset[AttemptState] = frozenset({"done", "failed", "unknown"})
# The row waits again; of these `left` waits for a person.
WAITING: frozenset[AttemptState] = frozenset({"released", "left"})

FOLLOWING: dict[AttemptState, frozenset[AttemptState]] = {
    "claimed": frozenset({"released", "left", "accepted", "done", "failed", "unknown"}),
    "accepted": OVER,
    "released": frozenset(),
    "left": frozenset(),
    "done": frozenset(),
    "failed": frozenset(),
    # Only a person's word leads on: the server is asked once more before the row is sent again.
    "unknown": frozenset({"accepted"}),
}

# Refusals that the next row meets too: the key, the rights, the address; a redirect that isn't
# followed as well, as to a login page.
_OF_ALL = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
    }
)


class ClaimedElsewhere(PowawidgetError):  # noqa: N818  # it is no fault
    """Another task has sent this row, or is about to: here it wasn't, and its run is looked up."""


class AskedOtherwise(PowawidgetError):  # noqa: N818  # it is the caller's
    """Another task has sent something else under this row's key: here nothing is sent."""


class Start(NamedTuple):
    """What the end of a start means, where it gave no stream.

    Attributes:
        state: What becomes of the attempt. `accepted` is a run that may have begun: it has no id
            yet, and is looked for.
        cause: Why it didn't begin: `refused` for now; `unreachable`, which may pass; `hopeless`,
            which won't; `no_money`, which ends the batch; `not_allowed`, as any row would be.
        error: What happened, in words.
        retry_after: How long the server asks to wait, in seconds.
    """

    state: AttemptState
    cause: Cause = ""
    error: str = ""
    retry_after: float | None = None


def after_failed_start(error: BaseException, *, marked: bool) -> Start:
    """Tell what becomes of an attempt whose start gave no stream.

    Args:
        error: What was raised.
        marked: Whether the last byte may have been handed to the socket: the durable mark stands.

    Returns:
        The attempt's new state, and why.
    """
    said = _said(error)
    if isinstance(error, ClaimedElsewhere):
        return Start("accepted", error=said)
    if isinstance(error, AskedOtherwise):
        return Start("failed", error=said)
    if isinstance(error, RequestError):
        return _refused(error, said)
    if isinstance(error, ConnectionLost) and not error.maybe_accepted and not marked:
        return Start("released", "unreachable" if error.temporary else "hopeless", said)
    if isinstance(error, ProtocolError) and error.maybe_accepted:
        return Start("accepted", error=said)
    # Whatever it was: without the mark the request was never whole. With it, it may have been at
    # one place at least, though a redirect led on to another that can't be reached.
    if marked:
        return Start("accepted", error=said)
    return Start("released", "unreachable", said)


def after_stream(status: str) -> AttemptState:
    """Tell what becomes of an attempt whose stream is over.

    Args:
        status: The run's.

    Returns:
        `accepted` where the stream doesn't tell: what became of the run is looked up.
    """
    if status == "completed":
        return "done"
    return "failed" if status == "failed" else "accepted"


def after_restart(*, marked: bool, state: AttemptState) -> AttemptState:
    """Tell how an attempt stands whose process has died.

    Args:
        marked: Whether the mark stands that its last byte may have been sent.
        state: Its state in the journal.
    """
    if state == "claimed":
        return "accepted" if marked else "released"
    return state


def may_follow(before: AttemptState, after: AttemptState) -> bool:
    """Tell whether an attempt may go from one state to another."""
    return after in FOLLOWING[before]


def states_before(after: AttemptState) -> Collection[AttemptState]:
    """List the states from which an attempt may come to one."""
    return sorted(before for before in FOLLOWING if may_follow(before, after))


def _refused(error: RequestError, said: str) -> Start:
    if error.temporary:
        return Start("released", "refused", said, error.retry_after)
    if error.status == HTTPStatus.PAYMENT_REQUIRED:
        return Start("left", "no_money", said)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # A gateway's page says nothing of what the service behind it has begun.
        return Start("accepted", error=said)
    is_of_all = error.status in _OF_ALL or error.status < HTTPStatus.BAD_REQUEST
    return Start("failed", "not_allowed" if is_of_all else "", said)


def _said(error: BaseException) -> str:
    return str(error) if isinstance(error, PowawidgetError) else type(error).__name__
