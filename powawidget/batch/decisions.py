"""What became of the requests for approval of a row's run. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from powawidget.protocol.characters import harmless
from powawidget.state.model import ApprovalPart, RunState, ToolPart
from powawidget.state.reduce import gates
from powawidget.transcript.summary import one_line

EXPIRED = "Nobody decided on "  # what the error of a row begins with, whose request expired
_PERSONS = frozenset({"click", "code", "elsewhere"})
_LONGEST = 80
_MOST = 5  # names in one sentence
_SUBJECTS = {"answer": "its answer", "start": "its start"}


class Asked(NamedTuple):
    """What a run asks a person to decide.

    Attributes:
        subject: What it is about, in words.
        deadline: Until when the server waits, in seconds since the epoch; the first, of several.
    """

    subject: str
    deadline: float


def requests_of(state: RunState) -> Iterator[ApprovalPart]:
    """Go through all requests of a run, oldest first."""
    return (part for part in state.parts if isinstance(part, ApprovalPart))


def last_decision(state: RunState) -> float:
    """Tell when a person last decided on what a run asks, in seconds since the epoch; else 0."""
    decided = (part.decided_at for part in requests_of(state) if part.by in _PERSONS)
    return max((at for at in decided if at is not None), default=0.0)


def subject_of(part: ApprovalPart) -> str:
    """Say what a request is about: the tool's name, or what else is gated."""
    return _named(part.tool_name) if part.covers == "call" else _SUBJECTS[part.covers]


def expired_in(state: RunState) -> str:
    """Say in words on what nobody decided in time; empty where nothing expired.

    What was asked for once more, and decided then, counts as decided.
    """
    latest = {(part.covers, part.tool_name): part for part in requests_of(state)}
    names = [subject_of(part) for part in latest.values() if part.decision == "expired"]
    if not latest:  # of a run that was looked up, which tells the results of its calls alone
        calls = {part.name: part for part in state.parts if isinstance(part, ToolPart)}
        results = {name: part.result for name, part in calls.items()}
        names = [
            _named(name)
            for name, result in results.items()
            if isinstance(result, str) and gates.has_expired(result)
        ]
    return f"{EXPIRED}{_listed(names)} in time: the server blocked it." if names else ""


def denied_in(state: RunState) -> str:
    """Say in words what was denied; empty where nothing was."""
    denied = dict.fromkeys(
        subject_of(part) for part in requests_of(state) if part.decision == "denied"
    )
    return f"Denied: {_listed(list(denied))}." if denied else ""


def _named(name: str) -> str:
    return repr(one_line(harmless(name), _LONGEST))


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {more} more" if more > 0 else "")
