"""The graph of a workflow: which blocks there are, and in which order they run.

Rules: docs/protocol.md#graph, #block-order and #skipped-blocks. Pure.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from powawidget.errors import ConfigurationError, InvalidValueError
from powawidget.protocol.events import GraphBlock
from powawidget.protocol.events.bounds import cut

_STARTER = "starter"
_SHOWN = 10


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One block of a graph."""

    id: str
    name: str
    type: str
    enabled: bool
    config: dict[str, Any]


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """A way from one block to another; `condition` is the route that must be taken."""

    source: str
    target: str
    condition: str | None


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """The blocks of a workflow and the edges between them, as the server lists them."""

    nodes: list[Node]
    edges: list[Edge]


def read_graph(workflow: Any) -> Graph | None:
    """Read what `GET /api/workflows/{id}` says of the graph.

    Returns:
        The graph; None where there is none in it.
    """
    listed = workflow.get("blocks") if isinstance(workflow, Mapping) else None
    if not isinstance(listed, list):
        return None
    nodes = {node.id: node for node in map(_node, listed) if node is not None}
    edges = workflow.get("edges")
    found = [_edge(one) for one in (edges if isinstance(edges, list) else [])]
    return Graph(
        nodes=list(nodes.values()),
        edges=[e for e in found if e is not None and {e.source, e.target} <= nodes.keys()],
    )


def ordered(graph: Graph) -> list[Node]:
    """Put the blocks in the order in which they run: each after all that lead to it.

    Returns:
        The blocks. Those that lie on a circle are left out.
    """
    nodes = {node.id: node for node in graph.nodes}
    waits_for = dict.fromkeys(nodes, 0)
    after: dict[str, list[str]] = {}
    for edge in graph.edges:
        waits_for[edge.target] += 1
        after.setdefault(edge.source, []).append(edge.target)
    ready = deque(name for name, count in waits_for.items() if count == 0)
    order: list[Node] = []
    while ready:
        node = nodes[ready.popleft()]
        order.append(node)
        for target in after.get(node.id, ()):
            waits_for[target] -= 1
            if waits_for[target] == 0:
                ready.append(target)
    return order


def listed(graph: Graph) -> list[GraphBlock]:
    """List the blocks in the order in which they run, for the run's state."""
    return [GraphBlock(id=node.id, name=node.name, type=node.type) for node in ordered(graph)]


def check(graph: Graph, name: str, variables: Mapping[str, Any]) -> None:
    """Check that a workflow can run with these variables.

    Raises:
        ConfigurationError: If the graph goes round in a circle, or a variable is missing.
    """
    order = {node.id for node in ordered(graph)}
    circle = [node.name or node.id for node in graph.nodes if node.id not in order]
    if circle:
        raise ConfigurationError(
            f"The blocks of the workflow {name!r} go round in a circle, so it can't run: "
            f"{_some(circle)}. Remove one of the edges between them in Powabase."
        )
    missing = [wanted for wanted in _required(graph) if wanted not in variables]
    if missing:
        example = ", ".join(f"{one}=..." for one in missing[:_SHOWN])
        raise InvalidValueError(
            f"The workflow {name!r} also needs {_some(missing)}: pass run({example})."
        )


def left_out(graph: Graph, logs: Mapping[str, Any]) -> list[str]:
    """List the blocks that should have run and have no log.

    There are some where the execution was cut off.

    Args:
        graph: The graph.
        logs: What each block gave, by the block's id; None where it failed.
    """
    return [
        node.id
        for node in ordered(graph)
        if node.enabled and node.id not in logs and _is_reached(graph, node, logs)
    ]


def _is_reached(graph: Graph, node: Node, logs: Mapping[str, Any]) -> bool:
    ways = [edge for edge in graph.edges if edge.target == node.id]
    return not ways or any(_is_open(edge, logs) for edge in ways)


def _is_open(edge: Edge, logs: Mapping[str, Any]) -> bool:
    gave = logs.get(edge.source)
    if gave is None:
        return False
    route = gave.get("route") if isinstance(gave, Mapping) else None
    return edge.condition is None or (route is not None and str(route) == edge.condition)


def variables(graph: Graph) -> list[str]:
    """List the variables that a starter names, with those that have a value of their own."""
    return _variables(graph, lambda _: True)


def _required(graph: Graph) -> list[str]:
    """List the variables that a starter names without giving them a value."""
    return _variables(graph, _is_required)


def _variables(graph: Graph, is_meant: Callable[[Any], bool]) -> list[str]:
    names: dict[str, None] = {}
    for node in graph.nodes:
        if node.type == _STARTER and node.enabled:
            for key in ("input", "inputs", "variables"):
                names |= dict.fromkeys(_named_in(node.config.get(key), is_meant))
    return list(names)


def _named_in(declared: Any, is_meant: Callable[[Any], bool]) -> Iterable[str]:
    if isinstance(declared, str):
        try:
            declared = json.loads(declared)  # the editor stores it as text
        except (ValueError, RecursionError):
            return
    if isinstance(declared, Mapping):
        # A variable with a value has a default.
        yield from (name for name, value in declared.items() if is_meant(value))
    elif isinstance(declared, list):
        for one in declared:
            name = one.get("name", one.get("id")) if isinstance(one, Mapping) else one
            if isinstance(name, str) and name and (one is name or is_meant(one)):
                yield name


def _is_required(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return value is None
    declares = value.keys() & {"type", "required", "name", "id"}
    wanted = value.get("required", True) is not False
    return bool(declares) and wanted and value.get("default", value.get("value")) is None


def _some(names: list[str]) -> str:
    more = " …" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _node(block: Any) -> Node | None:
    if not isinstance(block, Mapping) or not isinstance(block.get("id"), str):
        return None
    config = block.get("config")
    return Node(
        id=block["id"],
        name=cut(str(block.get("name") or "")),
        type=cut(str(block.get("type") or "")),
        enabled=block.get("enabled") is not False,
        config=dict(config) if isinstance(config, Mapping) else {},
    )


def _edge(edge: Any) -> Edge | None:
    if not isinstance(edge, Mapping):
        return None
    source, target = edge.get("source"), edge.get("target")
    if not isinstance(source, str) or not isinstance(target, str):
        return None
    condition = edge.get("condition")
    return Edge(
        source=source, target=target, condition=None if condition is None else str(condition)
    )
