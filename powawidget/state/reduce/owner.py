"""The owner of an event: the delegation or the parallel group that is at work.

The frames of an orchestration's agents don't name their agent (docs/protocol.md#child-frames). The
part that was added last shows it: work begins with a part of its own, and its parts are within it.
"""

from collections.abc import Iterator

from powawidget.state.index import index_of
from powawidget.state.model import ApprovalPart, DelegationPart, ParallelPart, RunState

Work = DelegationPart | ParallelPart


def work(run: RunState) -> Iterator[tuple[int, Work]]:
    """Go through the delegations and groups of a run, oldest first, each with its index."""
    return work_at(run, ("work",))


def work_at(run: RunState, key: tuple[object, ...]) -> Iterator[tuple[int, Work]]:
    """Go through the delegations and groups under a key of the index."""
    for index in index_of(run).at(*key):
        part = run.parts[index]
        if isinstance(part, DelegationPart | ParallelPart):
            yield index, part


def owner(run: RunState) -> int | None:
    """Find the work that a frame without a name belongs to.

    Returns:
        The index of a delegation or a group that is running; None is the top. In a group of named
        agents it is the group: nothing shows whose frame it is.
    """
    # Requests don't count: only an agent's own stream has any.
    last = index_of(run).last("no request")
    if last is None:
        return None
    part = run.parts[last]
    if isinstance(part, DelegationPart | ParallelPart):
        return _running(run, last)
    return None if isinstance(part, ApprovalPart) else _running(run, part.within)


def depth(run: RunState, within: int | None) -> int:
    """Count how many delegations and groups are around an index."""
    count = 0
    while within is not None:
        count += 1
        within = run.parts[within].within  # type: ignore[union-attr]  # the index names such a part
    return count


def levels(run: RunState) -> Iterator[int | None]:
    """Go from where a frame belongs outwards, up to the top."""
    within = owner(run)
    while within is not None:
        yield within
        within = _running(run, run.parts[within].within)  # type: ignore[union-attr]  # the index names such a part
    yield None


def group_at(run: RunState, within: int | None) -> ParallelPart | None:
    """Return the parallel group at an index, if it is one."""
    part = None if within is None else run.parts[within]
    return part if isinstance(part, ParallelPart) else None


def step_at(run: RunState, within: int | None) -> int:
    """Return the model call that is under way at an owner."""
    part = None if within is None else run.parts[within]
    return part.step if isinstance(part, DelegationPart) else run.step


def _running(run: RunState, within: int | None) -> int | None:
    while within is not None:
        part = run.parts[within]
        if not isinstance(part, DelegationPart | ParallelPart):
            return None
        if part.status == "running":
            around = part.within
            together = around is not None and isinstance(run.parts[around], ParallelPart)
            return around if together else within
        within = part.within
    return None
