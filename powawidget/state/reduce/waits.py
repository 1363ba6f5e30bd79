"""The rules for pauses that are a run's own: before it is tried again, or looked up."""

from powawidget.protocol.events import Waiting
from powawidget.state.model import ENDED, RunState, Wait, plain
from powawidget.state.ops import Op


def begin(run: RunState, event: Waiting) -> list[Op]:
    """Show a pause; a run that hasn't begun is reconnecting meanwhile."""
    wait = Wait(purpose=event.purpose, why=event.why, until=event.until, attempt=event.attempt)
    ops: list[Op] = [("set", ("wait",), plain(wait))]
    if run.status not in ENDED and run.status != "reconnecting":
        ops.append(("set", ("status",), "reconnecting"))
    return ops


def end(run: RunState) -> list[Op]:
    """End a pause: the next try begins, or there is none."""
    ops = clear(run)
    if run.status == "reconnecting":
        ops.append(("set", ("status",), "connecting"))
    return ops


def clear(run: RunState) -> list[Op]:
    """Remove what is shown of a pause."""
    return [] if run.wait is None else [("set", ("wait",), None)]
