"""The rule for ratings: a run has one notice of them, which says what it was rated last."""

from powawidget.protocol import events as ev
from powawidget.state.model import NoticePart, RunState, plain
from powawidget.state.ops import Op

CODE = "rating"
_WORDS = {"up": "Rated good", "down": "Rated bad", None: ""}


def rate(run: RunState, event: ev.Rated) -> list[Op]:
    """Say what a person has rated a run; without a thumb it can be rated, and isn't yet."""
    said = _WORDS[event.thumb]
    text = f"{said}: {event.note}" if said and event.note else said
    for index in range(len(run.parts) - 1, -1, -1):
        part = run.parts[index]
        if isinstance(part, NoticePart) and part.code == CODE:
            return [("set", ("parts", index, "text"), text)]
    return [("set", ("parts", len(run.parts)), plain(NoticePart(code=CODE, text=text)))]
