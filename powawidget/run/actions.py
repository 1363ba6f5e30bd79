"""What a person does with a run on the page."""

import asyncio
from typing import Any

from powawidget.run import rating
from powawidget.run.task import RunTask
from powawidget.state.reduce import gates
from powawidget.widget import page_state

_REASON_LENGTH = 2000
_UNKNOWN = "This version can't do that."


_ratings: set[asyncio.Task[None]] = set()  # that are on their way to a disk


def act(task: RunTask, content: dict[str, Any]) -> str | None:
    """Do what a person asked for; on the loop thread only.

    Args:
        task: The run's task.
        content: The page's message: `action`, and for a decision the `digests` of the requests
            that were shown and a `reason`.

    Returns:
        Why it is refused, in words; None where it is done.
    """
    action, live = content.get("action"), task.live
    if action == "give_up":
        return None if task.pauses.give_up() else "Nothing is waited for any more."
    if action == "anew":
        return task.run_anew()
    if action == "rate":
        return _rate(task, content)
    if live.finished:
        return "The run is over already."
    if action == "stop":
        task.stop()
        return None
    digests, reason = content.get("digests"), content.get("reason")
    is_known = isinstance(digests, list) and all(isinstance(one, str) for one in digests)
    if task.decider is None or not is_known or action not in ("approve", "deny"):
        return _UNKNOWN
    if action == "approve" and any(map(page_state.is_withheld, gates.pending(live.state))):
        return page_state.REFUSED
    # First the key, then the length: half a key must not stay either.
    text = live.redact(reason)[:_REASON_LENGTH] if isinstance(reason, str) else ""
    return task.decider.decide(action, "click", text if text.strip() else None, digests)


def _rate(task: RunTask, content: dict[str, Any]) -> str | None:
    thumb, note = content.get("text") or None, content.get("reason") or ""
    if not rating.is_on():
        return "Ratings are off."
    if not rating.is_thumb(thumb) or not isinstance(note, str):
        return _UNKNOWN
    rated = asyncio.ensure_future(rating.rate_or_tell(task, thumb, note))
    _ratings.add(rated)
    rated.add_done_callback(_ratings.discard)
    return None
