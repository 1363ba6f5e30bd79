"""What a target is at the moment: read before a batch, so that a change of it is noticed."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from powawidget.batch.identity import (
    agent_definition,
    orchestration_definition,
    workflow_definition,
)
from powawidget.http.client import Client
from powawidget.resources.lookup import got

# What belongs to an agent, by what a person calls it: the paths and keys of its lists.
_ATTACHED = {
    "tools": (("tools", "tools"), ("mcp-servers", "mcp_servers")),
    "hooks": (("hooks", "hooks"),),
    "knowledge bases": (("knowledge-bases", "knowledge_bases"),),
}
_MOST_AGENTS = 50


async def definition_of(client: Client, kind: str, own_id: str) -> dict[str, str] | None:
    """Read the definition of an agent, an orchestration or a workflow.

    Args:
        client: The HTTP side.
        kind: agent, orchestration or workflow.
        own_id: Its id.

    Returns:
        A digest or a short text by part; None where the key may not read it.

    Raises:
        ConnectionLost: If the server can't be reached.
    """
    own = await got(client, f"/api/{kind}s/{own_id}")
    if not isinstance(own, Mapping):
        return None
    if kind == "workflow":
        return workflow_definition(own)
    if kind == "agent":
        return await _agent(client, own_id, own)
    return orchestration_definition(own, await _agents_of(client, own))


async def _agent(client: Client, own_id: str, own: Mapping[str, Any]) -> dict[str, str]:
    names = list(_ATTACHED)
    rows = await asyncio.gather(*(_attached(client, own_id, name) for name in names))
    return agent_definition(own, dict(zip(names, rows, strict=True)))


async def _attached(client: Client, own_id: str, name: str) -> Sequence[Any] | None:
    lists = [
        _rows(await got(client, f"/api/agents/{own_id}/{path}"), key)
        for path, key in _ATTACHED[name]
    ]
    known = [rows for rows in lists if rows is not None]
    # An older service has no list of MCP servers.
    return [row for rows in known for row in rows] if lists[0] is not None else None


def _rows(answer: Any, key: str) -> Sequence[Any] | None:
    rows = answer.get(key) if isinstance(answer, Mapping) else answer
    return rows if isinstance(rows, list) else None


async def _agents_of(client: Client, own: Mapping[str, Any]) -> dict[str, Mapping[str, str] | None]:
    entities = own.get("entities")
    rows = (
        [one for one in entities if isinstance(one, Mapping)] if isinstance(entities, list) else []
    )
    ids = [one.get("entity_ref_id") for one in rows if one.get("entity_type", "agent") == "agent"]
    wanted = [one for one in dict.fromkeys(ids) if isinstance(one, str)][:_MOST_AGENTS]
    agents = await asyncio.gather(*(got(client, f"/api/agents/{one}") for one in wanted))
    found: dict[str, Mapping[str, str] | None] = {}
    for own_id, agent in zip(wanted, agents, strict=True):
        if isinstance(agent, Mapping):
            name = str(agent.get("name") or own_id)
            found[name] = await _agent(client, own_id, agent)
    return found
