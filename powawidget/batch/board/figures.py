"""The figures of a batch: how many rows stand where, how fast it goes, what it will take. Pure."""

import collections
import heapq
from collections.abc import Sequence
from typing import Literal

import msgspec

from powawidget.batch.board.moment import (
    OVER,
    STANDINGS,
    Content,
    Elsewhere,
    Moment,
    standing_of,
    standings_of,
)
from powawidget.batch.journal.records import RowOutcome

# `ready` waits for a word, `held` for a page; `stopping` starts nothing new while rows run on;
# `opened` is only read, and nobody here knows whether another kernel drives it.
BatchStatus = Literal[
    "ready", "held", "running", "waiting", "stopping", "stopped", "opened", "done"
]

_LATEST = 30.0  # seconds, by whose rows the rate is told
_ENOUGH = 50  # rows; where fewer ended in that time, the rate is that of the last so many
_LEAST = 3  # rows, before which neither rate nor time is told
_MOST_WAITING = 20  # that are told one by one
_SHORTEST = 1.0  # seconds, of which less tells nothing


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A row that waits for a person.

    Attributes:
        place: Its place in the table, from 0.
        deadline: Until when the server waits, in seconds since the epoch.
    """

    place: int
    deadline: float


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a batch as a whole.

    Attributes:
        status: How the batch stands.
        rows: How many rows there are.
        counts: How many stand where, in the order in which they are told; those that are none
            aren't there.
        rate: Rows that end in a second; None where nothing is under way, or too little has ended.
        left: Seconds until the last row has ended, at that rate.
        tokens: What the rows have used, as far as that is known; None where nothing is.
        tokens_in_all: What all rows will have used if the others use as many as those that ended.
        begun: When this kernel started it, in seconds since the epoch.
        ended: When the last row ended, once nothing is under way.
        first: When the first row was sent since this kernel started it, or of all where it didn't.
        reason: Why nothing new starts, in words.
        paused_until: Until when nothing new starts since the server asks to wait, in seconds since
            the epoch.
        waiting: The rows that wait for a person, the soonest deadline first; the first of many.
    """

    status: BatchStatus
    rows: int
    counts: dict[str, int]
    rate: float | None = None
    left: float | None = None
    tokens: int | None = None
    tokens_in_all: int | None = None
    begun: float | None = None
    ended: float | None = None
    first: float | None = None
    reason: str = ""
    paused_until: float | None = None
    waiting: list[Waiting] = []


def figures_of(content: Content, moment: Moment) -> Figures:
    """Count what there is to say of a batch."""
    if moment.elsewhere is not None:
        return _told(content, moment, moment.elsewhere)
    outcomes = moment.outcomes
    counted: collections.Counter[str] = collections.Counter(standings_of(content, moment))
    counts: dict[str, int] = {one: counted[one] for one in STANDINGS if counted[one]}
    under_way = counted["running"] + counted["waiting"]
    # What waits isn't started any more once there is a reason why.
    coming = under_way + (0 if moment.reason else counted["left"] - moment.left_out)
    rate = _rate(moment) if moment.is_driven and coming else None
    known = [one.tokens for one in outcomes if one.tokens is not None]
    tokens = sum(known) if known else None
    unknown_yet = sum(counted[one] for one in STANDINGS if one not in OVER)
    in_all = None
    if known and unknown_yet and moment.is_driven:
        in_all = sum(known) + round(sum(known) / len(known) * unknown_yet)
    return Figures(
        status=_status(content, counted, moment),
        rows=len(outcomes),
        counts=counts,
        rate=None if rate is None else round(rate, 2),
        left=None if not rate else round(coming / rate),
        tokens=tokens,
        tokens_in_all=in_all,
        begun=moment.begun,
        ended=None if moment.is_driven else _last_end(outcomes),
        first=_first_sent(moment),
        reason=content.redact(moment.reason),
        paused_until=moment.paused_until if moment.is_driven and not moment.reason else None,
        waiting=_waiting(content, moment),
    )


def _told(content: Content, moment: Moment, elsewhere: Elsewhere) -> Figures:
    """Say what other machines have told."""
    counts: dict[str, int] = {
        one: elsewhere.counts[one] for one in STANDINGS if elsewhere.counts.get(one)
    }
    rows = sum(counts.values())
    over = sum(counts.get(one, 0) for one in OVER)
    is_over = elsewhere.is_begun and over == rows and not elsewhere.coming
    status: BatchStatus = "ready"
    if elsewhere.is_begun:
        status = "running" if moment.is_driven else "done" if is_over else "stopped"
    rate = elsewhere.rate if moment.is_driven and elsewhere.coming else None
    in_all = None
    if elsewhere.tokens is not None and over and elsewhere.coming and moment.is_driven:
        in_all = elsewhere.tokens + round(elsewhere.tokens / over * elsewhere.coming)
    return Figures(
        status=status,
        rows=rows,
        counts=counts,
        rate=None if rate is None else round(rate, 2),
        left=None if not rate else round(elsewhere.coming / rate),
        tokens=elsewhere.tokens,
        tokens_in_all=in_all,
        begun=moment.begun,
        ended=None if moment.is_driven else elsewhere.ended,
        reason=content.redact(moment.reason),
    )


def _waiting(content: Content, moment: Moment) -> list[Waiting]:
    asking = moment.asking
    if not asking:
        return []
    waiting = [
        Waiting(place=place, deadline=asking[key].deadline)
        for place, key in enumerate(content.keys)
        if key in asking and standing_of(moment.outcomes[place], is_asking=True) == "waiting"
    ]
    return sorted(waiting, key=lambda one: (one.deadline, one.place))[:_MOST_WAITING]


def _status(content: Content, counted: collections.Counter[str], moment: Moment) -> BatchStatus:
    if moment.is_held:
        return "held"
    if moment.is_driven:
        if counted["waiting"] and not counted["running"]:
            return "waiting"
        return "stopping" if moment.reason else "running"
    if not counted["left"] + counted["running"] + counted["waiting"]:
        return "done"
    if not content.can_start:
        return "opened"
    is_untouched = counted["left"] == len(moment.outcomes)
    return "ready" if is_untouched and moment.begun is None else "stopped"


def _rate(moment: Moment) -> float | None:
    since = moment.begun or 0.0
    ended = [one.ended_at for one in moment.outcomes if one.ended_at and one.ended_at >= since]
    if len(ended) < _LEAST:
        return None
    newest = [at for at in ended if at > moment.now - _LATEST]
    if len(newest) >= _ENOUGH or len(newest) == len(ended):
        return len(newest) / max(min(_LATEST, moment.now - since), _SHORTEST)
    last = heapq.nlargest(_ENOUGH, ended)
    first = since if len(ended) <= _ENOUGH else last[-1]
    return len(last) / max(moment.now - first, _SHORTEST)


def _last_end(outcomes: Sequence[RowOutcome]) -> float | None:
    return max((one.ended_at for one in outcomes if one.ended_at), default=None)


def _first_sent(moment: Moment) -> float | None:
    since = moment.begun or 0.0
    sent = [*(one.sent_at for one in moment.outcomes if one.sent_at), *moment.sent.values()]
    return min((at for at in sent if at >= since), default=None)
