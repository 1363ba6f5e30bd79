"""What each part of a run is within. A saved file may lie: circles in it are cut."""

from powawidget.state.model import ApprovalPart, DelegationPart, ParallelPart, RunState

WORK = (DelegationPart, ParallelPart)


def parents(state: RunState) -> list[int | None]:
    """The delegation or the group that each part is within; None is the top.

    Returns:
        One index for each part; following them always leads to the top.
    """
    found = [_parent(state, index) for index in range(len(state.parts))]
    known: set[int] = set()
    for start, part in enumerate(state.parts):
        if isinstance(part, WORK):
            _cut_circle(found, start, known)
    return found


def _parent(state: RunState, index: int) -> int | None:
    part = state.parts[index]
    within = None if isinstance(part, ApprovalPart) else part.within
    if within is None or not 0 <= within < len(state.parts):
        return None
    return within if isinstance(state.parts[within], WORK) else None


def _cut_circle(found: list[int | None], start: int, known: set[int]) -> None:
    """Go from a part to the top; where that leads back to it, it stands at the top itself."""
    way: list[int] = []
    at: int | None = start
    while at is not None and at not in known:
        known.add(at)
        way.append(at)
        at = found[at]
    if at is not None and at in way:
        found[way[-1]] = None


def depths(found: list[int | None]) -> list[int]:
    """How deep each part is: 0 at the top."""
    known: dict[int | None, int] = {None: -1}
    for start in range(len(found)):
        way: list[int] = []
        at: int | None = start
        while at not in known:
            way.append(at)  # type: ignore[arg-type]  # None is known
            at = found[at]  # type: ignore[index]  # a path of the state leads
        for index in reversed(way):
            known[index] = known[found[index]] + 1
    return [known[index] for index in range(len(found))]


def shallow(found: list[int | None], deepest: int) -> list[int | None]:
    """The same, but nothing deeper than this: what is deeper stands beside what it is within."""
    depth = depths(found)
    near: list[int | None] = list(found)
    for index in sorted(range(len(found)), key=depth.__getitem__):
        around = found[index]
        if around is not None and depth[around] >= deepest:
            near[index] = near[around]
    return near


def expressions(state: RunState, variable: str, longest: int = 160) -> dict[int, str]:
    """The Python expression that has each delegation; of a group, that of what it is within.

    Args:
        state: The run.
        variable: The expression that has the run.
        longest: From this length on what is within something is found in that.
    """
    found = parents(state)
    depth = depths(found)
    # What agents do in parallel stands in the run's own list, as `run.delegations` has it.
    owners = {
        index: found[index] if isinstance(_part(state, found[index]), DelegationPart) else None
        for index, part in enumerate(state.parts)
        if isinstance(part, WORK)
    }
    numbers = _numbers(state, owners)
    paths: dict[int, str] = {}
    for index in sorted(owners, key=depth.__getitem__):
        owner = owners[index]
        outer = variable if owner is None else paths[owner]
        is_named = index in numbers and len(outer) < longest
        paths[index] = f"{outer}.delegations[{numbers[index]}]" if is_named else outer
    return paths


def _part(state: RunState, index: int | None) -> object:
    return None if index is None else state.parts[index]


def _numbers(state: RunState, owners: dict[int, int | None]) -> dict[int, int]:
    """Which of its owner's delegations each is."""
    counts: dict[int | None, int] = {}
    numbers: dict[int, int] = {}
    for index, owner in owners.items():
        if isinstance(state.parts[index], DelegationPart):
            numbers[index] = counts.get(owner, 0)
            counts[owner] = numbers[index] + 1
    return numbers
