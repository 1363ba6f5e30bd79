"""The order of a workflow's blocks, and which of them run.

Rules: docs/protocol.md#graph and #block-order.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from powawidget.local.workflows.definition import Block, Workflow

Outputs: TypeAlias = dict[str, dict[str, Any]]  # what each block gave, by its name


def order(workflow: Workflow) -> list[Block]:
    """Put the blocks into a topological order.

    Args:
        workflow: The workflow.

    Returns:
        All its blocks, each after those that lead to it.

    Raises:
        ValueError: The edges go round in a circle.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for block in workflow.blocks:
        sorter.add(block.name)
    for edge in workflow.edges:
        sorter.add(edge.target, edge.source)
    try:
        names = list(sorter.static_order())
    except CycleError:
        raise ValueError("Workflow graph contains a cycle") from None
    blocks = {block.name: block for block in workflow.blocks}
    return [blocks[name] for name in names]


def runs(workflow: Workflow, block: Block, outputs: Outputs) -> bool:
    """Whether a block runs when its turn in the order has come.

    Args:
        workflow: The workflow.
        block: The block.
        outputs: What the blocks before it gave; those that failed gave nothing.

    Returns:
        Whether it is enabled, and begins the graph or is led to by a block that gave something
        on a route that was taken.
    """
    if not block.enabled:
        return False
    ways = [edge for edge in workflow.edges if edge.target == block.name]
    return not ways or any(
        edge.source in outputs
        and (edge.condition is None or edge.condition == outputs[edge.source].get("route"))
        for edge in ways
    )
