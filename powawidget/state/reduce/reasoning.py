"""The rules for a model's thinking (docs/protocol.md#reasoning)."""

from powawidget.protocol.events import ReasoningDelta, ReasoningWhole
from powawidget.state.index import index_of
from powawidget.state.model import Reasoning, RunState
from powawidget.state.ops import Op
from powawidget.state.reduce.owner import group_at, owner, step_at


def delta(run: RunState, event: ReasoningDelta, at: float) -> list[Op]:
    """Append thinking to the thought of its step; a new step begins a new thought.

    Of agents that work at the same time only whole thoughts are kept: their pieces are mixed.
    """
    within = owner(run)
    if not event.text or group_at(run, within) is not None:
        return []
    thoughts = run.reasoning.thoughts
    last = len(thoughts) - 1
    ops: list[Op] = [] if run.reasoning.since else [("set", ("reasoning", "since"), at)]
    if (
        last >= 0
        and not thoughts[last].whole
        and thoughts[last].within == within
        and event.step in (None, thoughts[last].step)
    ):
        return [*ops, ("append", ("reasoning", "thoughts", last, "text"), event.text)]
    step = step_at(run, within) if event.step is None else event.step
    return [*ops, _thought(last + 1, step, event.text, within, whole=False)]


def whole(run: RunState, event: ReasoningWhole) -> list[Op]:
    """Set the whole thinking of a step; it repeats the deltas that came before it."""
    within = owner(run)
    step = step_at(run, within) if event.step is None else event.step
    index = index_of(run)
    if group_at(run, within) is None:
        same = index.thoughts_at("whole", step, within, event.text)
        partly = index.thoughts_at("partly", step, within)
        if partly and (not same or partly[-1] > same[-1]):
            path = ("reasoning", "thoughts", partly[-1])
            shown = str(run.reasoning.thoughts[partly[-1]].text)
            ops: list[Op] = [] if shown == event.text else [("set", (*path, "text"), event.text)]
            return [*ops, ("set", (*path, "whole"), True)]
        if same:
            return []
    if not event.text:
        return []
    return [_thought(len(run.reasoning.thoughts), step, event.text, within, whole=True)]


def pause(reasoning: Reasoning, since: float, at: float) -> list[Op]:
    """Stop the clock of thinking: something else came."""
    seconds = reasoning.seconds + max(0.0, at - since)
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


def _thought(index: int, step: int, text: str, within: int | None, *, whole: bool) -> Op:
    thought: dict[str, object] = {"step": step, "text": text, "whole": whole}
    if within is not None:
        thought["within"] = within
    return ("set", ("reasoning", "thoughts", index), thought)
