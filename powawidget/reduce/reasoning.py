"""The rules for a model's thinking (wire protocol, section 3)."""

from powawidget.events import ReasoningDelta, ReasoningWhole
from powawidget.ops import Op
from powawidget.state import Reasoning, RunState


def delta(run: RunState, event: ReasoningDelta, at: float) -> list[Op]:
    """Append thinking to the thought of its step; a new step begins a new thought."""
    if not event.text:
        return []
    thoughts = run.reasoning.thoughts
    last = len(thoughts) - 1
    ops: list[Op] = [] if run.reasoning.since else [("set", ("reasoning", "since"), at)]
    if last >= 0 and not thoughts[last].whole and event.step in (None, thoughts[last].step):
        return [*ops, ("append", ("reasoning", "thoughts", last, "text"), event.text)]
    return [*ops, _thought(last + 1, _step(run, event.step), event.text, whole=False)]


def whole(run: RunState, event: ReasoningWhole) -> list[Op]:
    """Take the whole thinking of a step, which repeats the deltas that came before it."""
    step = _step(run, event.step)
    thoughts = run.reasoning.thoughts
    for i in range(len(thoughts) - 1, -1, -1):
        thought = thoughts[i]
        if thought.step != step:
            continue
        if str(thought.text) == event.text:
            return [] if thought.whole else [("set", ("reasoning", "thoughts", i, "whole"), True)]
        if not thought.whole:
            path = ("reasoning", "thoughts", i)
            return [("set", (*path, "text"), event.text), ("set", (*path, "whole"), True)]
    return [_thought(len(thoughts), step, event.text, whole=True)] if event.text else []


def pause(reasoning: Reasoning, at: float) -> list[Op]:
    """Stop the clock of thinking: something else came."""
    if reasoning.since is None:
        return []
    seconds = reasoning.seconds + max(0.0, at - reasoning.since)
    return [
        ("set", ("reasoning", "seconds"), round(seconds, 3)),
        ("set", ("reasoning", "since"), None),
    ]


def close_thought(run: RunState) -> list[Op]:
    """End the last thought: what comes after belongs to another model call."""
    last = len(run.reasoning.thoughts) - 1
    if last < 0 or run.reasoning.thoughts[last].whole:
        return []
    return [("set", ("reasoning", "thoughts", last, "whole"), True)]


def _thought(index: int, step: int, text: str, *, whole: bool) -> Op:
    return (
        "set",
        ("reasoning", "thoughts", index),
        {"step": step, "text": text, "whole": whole},
    )


def _step(run: RunState, step: int | None) -> int:
    return run.step if step is None else step
