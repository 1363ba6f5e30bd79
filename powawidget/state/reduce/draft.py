"""Several changes in a row, each computed from the run as those before it left it."""

from collections.abc import Callable, Iterable

from powawidget.state.model import RunState, plain, typed
from powawidget.state.ops import Op, apply

Phase = Callable[[RunState], list[Op]]


def in_turn(run: RunState, *phases: Phase) -> list[Op]:
    """Chain changes on a copy: the run itself isn't changed here.

    Args:
        run: The run before the first of them.
        *phases: Each says what it changes in the run as those before it left it.
    """
    return all_in_turn(run, phases)


def all_in_turn(run: RunState, phases: Iterable[Phase]) -> list[Op]:
    """Chain changes that are computed only when it is their turn: one copy for all."""
    draft: RunState = typed(plain(run), RunState)
    ops: list[Op] = []
    for phase in phases:
        changes = phase(draft)
        apply(draft, changes)
        ops += changes
    return ops
