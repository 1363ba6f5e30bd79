"""The rules for agents that work at the same time (docs/protocol.md#parallel).

Nothing shows which frame is whose. The answer's begin is found by counting: after one first
step for each agent, the next first step is the merge.
"""

from powawidget.protocol.events import AgentsKnown, StepReset, StepStarted
from powawidget.protocol.events.bounds import LISTED
from powawidget.state.index import index_of
from powawidget.state.model import DelegationPart, ParallelPart, RunState, plain
from powawidget.state.ops import Op
from powawidget.state.reduce.owner import group_at


def open_group(run: RunState, count: int | None, at: float) -> list[Op]:
    """Open the group; a single agent's frames are all its own, and its text is the answer."""
    index = len(run.parts)
    if count == 1:
        alone = plain(DelegationPart(started=at))
        return [("set", ("parts", index), alone), ("set", ("answer",), index)]
    return [("set", ("parts", index), plain(ParallelPart(count=count, started=at)))]


def name_agents(run: RunState, event: AgentsKnown) -> list[Op]:
    """Name the agents of the group, or the one that works alone."""
    index = index_of(run).last("group")
    group = group_at(run, index)
    if index is not None and group is not None:
        listed = event.names[:LISTED]
        if len(event.names) > LISTED:
            listed = [*listed, f"… {len(event.names) - LISTED:,} more"]
        ops: list[Op] = [("set", ("parts", index, "agents"), listed)]
        if group.count is None and event.names:
            ops.append(("set", ("parts", index, "count"), len(event.names)))
        return ops
    if run.strategy != "parallel" or run.answer is None or len(event.names) != 1:
        return []
    return [("set", ("parts", run.answer, "agent"), event.names[0])]


def step_started(group: ParallelPart, within: int, event: StepStarted, at: float) -> list[Op]:
    """Count the agents that have begun; after the last of them the merge begins."""
    if event.step != 1:
        return []
    if group.count is not None and group.begun >= group.count:
        return [*close(group, within, at), ("set", ("step",), event.step)]
    return [("set", ("parts", within, "begun"), group.begun + 1)]


def step_reset(group: ParallelPart, within: int, event: StepReset) -> list[Op]:
    """Uncount a first step that will come again."""
    if event.step != 1 or group.begun == 0:
        return []
    return [("set", ("parts", within, "begun"), group.begun - 1)]


def close(group: ParallelPart, within: int, at: float, status: str = "done") -> list[Op]:
    """End the group."""
    return [
        ("set", ("parts", within, "status"), status),
        ("set", ("parts", within, "seconds"), round(max(0.0, at - group.started), 3)),
    ]
