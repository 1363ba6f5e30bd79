"""What a workflow is: blocks, and the edges between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from powawidget.local.ids import fixed_id

Kind: TypeAlias = Literal[
    "starter", "code", "condition", "split", "agent", "orchestration", "general_api", "response"
]


@dataclass(frozen=True)
class Block:
    """One step of a workflow.

    Args:
        name: Its name, by which other blocks refer to it: `<Name.output>`.
        type: What it does (see `workflows.blocks`).
        config: Its configuration; texts in it may refer to other blocks' outputs.
        enabled: Whether it runs at all.
        seconds: How long it seems to take at 60 tokens a second, beside what it does; a text
            refers to another block's output.
        at: Where it stands on the drawing board.
    """

    name: str
    type: Kind
    config: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True
    seconds: float | str = 0.0
    at: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Edge:
    """A way from one block to another.

    Args:
        source: The name of the block it leaves.
        target: The name of the block it leads to.
        condition: The route that must be taken; None is always open.
    """

    source: str
    target: str
    condition: str | None = None


@dataclass(frozen=True)
class Workflow:
    """A graph of blocks.

    Args:
        name: Its name; its ids are made from it.
        blocks: The blocks.
        edges: The edges; their order decides which of several branches comes first.
        description: What `GET /api/workflows` shows.
        timeout_seconds: How long an execution may take.
    """

    name: str
    blocks: tuple[Block, ...] = ()
    edges: tuple[Edge, ...] = ()
    description: str = ""
    timeout_seconds: float = 600.0

    @property
    def id(self) -> str:
        """Its id, the same at every start."""
        return fixed_id(f"workflow {self.name}")

    def block_id(self, name: str) -> str:
        """Name a block's id, the same at every start."""
        return fixed_id(f"{self.id} block {name}")

    def as_json(self) -> dict[str, Any]:
        """Answer the graph of `GET /api/workflows/{id}`: its blocks in no order."""
        blocks = [
            {
                "config": dict(block.config),
                "enabled": block.enabled,
                "id": self.block_id(block.name),
                "name": block.name,
                "position": {"x": float(block.at[0]), "y": float(block.at[1])},
                "type": block.type,
            }
            for block in self.blocks
        ]
        edges = [
            {
                "condition": edge.condition,
                "id": fixed_id(f"{self.id} edge {number}"),
                "source": self.block_id(edge.source),
                "sourceHandle": edge.condition or "output",
                "target": self.block_id(edge.target),
                "targetHandle": "input",
            }
            for number, edge in enumerate(self.edges)
        ]
        return {"blocks": sorted(blocks, key=lambda block: str(block["id"])), "edges": edges}
