"""What a person does with a chat on the page."""

from typing import Any

from powawidget.chat.task import ChatTask
from powawidget.errors import ConfigurationError
from powawidget.kernel import loop
from powawidget.run import actions

_LONGEST = 1_000_000


def act(task: ChatTask, content: dict[str, Any]) -> str | None:
    """Do what a person asked for; on the loop thread only.

    Args:
        task: The chat's task.
        content: The page's message: `action`, its `id`, and what the action needs.

    Returns:
        Why it is refused, in words; None where it is done.
    """
    turn, action = content.get("turn"), content.get("action")
    if isinstance(turn, int) and action != "retry":
        run = task.turns.get(turn)
        return "There is no such turn." if run is None else actions.act(run, content)
    try:
        return _act_on_queue(task, action, content)
    except ConfigurationError as error:
        return str(error)


def _act_on_queue(task: ChatTask, action: Any, content: dict[str, Any]) -> str | None:
    action_id = str(content.get("id"))
    text, turn, item = content.get("text"), content.get("turn"), content.get("item")
    if action == "send" and isinstance(text, str):
        if len(text) > _LONGEST:
            return f"A message may have {_LONGEST:,} characters."
        task.send(text, action_id)
    elif action == "retry" and turn in task.turns:
        task.retry(turn, action_id)
    elif action == "unqueue":
        entry = next((each for each in task.queue.waiting if each.id == item), None)
        if entry is None:
            return "It has been sent already."
        task.unqueue(entry)
    elif action == "resume":
        task.resume()
    elif action == "discard":
        task.discard()
    elif action == "earlier" and task.history is not None:
        loop.submit(task.show_earlier_or_report())
    else:
        return "This version can't do that."
    return None
