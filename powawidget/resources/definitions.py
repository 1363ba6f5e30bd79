"""What a target is at the moment: read before a batch, so that a change of it is noticed."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

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


class Definition(NamedTuple):
    """What a target is.

    Attributes:
        parts: A digest or a short text by part; None where the key may not read it.
        is_whole: Whether all of it could be read: what couldn't may change unnoticed.
    """

    parts: dict[str, str] | None
    is_whole: bool


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
    return (await read_definition(client, kind, own_id)).parts


async def read_definition(client: Client, kind: str, own_id: str) -> Definition:
    """Read a definition, and tell whether all of it could be read; as `definition_of`."""
    own = await got(client, f"/api/{kind}s/{own_id}")
    if not isinstance(own, Mapping):
        return Definition(None, is_whole=False)
    if kind == "workflow":
        return Definition(workflow_definition(own), is_whole=False)
    if kind == "agent":
        return await _agent(client, own_id, own)
    agents = await _agents_of(client, own)
    parts = orchestration_definition(own, {name: one.parts for name, one in agents.items()})
    return Definition(parts, _are_whole(own, agents))


def _are_whole(own: Mapping[str, Any], agents: Mapping[str, Definition]) -> bool:
    """Tell whether each member is an agent that could be read, with all that it has."""
    entities = own.get("entities")
    if not isinstance(entities, list):
        return False
    ids = {
        one.get("entity_ref_id")
        if isinstance(one, Mapping) and one.get("entity_type", "agent") == "agent"
        else None
        for one in entities
    }
    is_each_read = all(one.is_whole for one in agents.values())
    return None not in ids and len(ids) == len(agents) and is_each_read


async def _agent(client: Client, own_id: str, own: Mapping[str, Any]) -> Definition:
    names = list(_ATTACHED)
    rows = await asyncio.gather(*(_attached(client, own_id, name) for name in names))
    attached = dict(zip(names, rows, strict=True))
    ids = {one.get("tool_id") for one in attached["tools"] or () if isinstance(one, Mapping)}
    if ids - {None}:
        attached["definitions of tools"] = await _tools(client, ids - {None})
    is_whole = None not in attached.values()
    return Definition(agent_definition(own, attached), is_whole)


async def _tools(client: Client, ids: Collection[Any]) -> Sequence[Any] | None:
    """Read what tools are that are the project's own: an agent names them by their ids alone."""
    rows = _rows(await got(client, "/api/tools"), "tools")
    found = [one for one in rows or () if isinstance(one, Mapping) and one.get("id") in ids]
    return found if len(found) == len(ids) else None


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


async def _agents_of(client: Client, own: Mapping[str, Any]) -> dict[str, Definition]:
    entities = own.get("entities")
    rows = (
        [one for one in entities if isinstance(one, Mapping)] if isinstance(entities, list) else []
    )
    ids = [one.get("entity_ref_id") for one in rows if one.get("entity_type", "agent") == "agent"]
    wanted = [one for one in dict.fromkeys(ids) if isinstance(one, str)][:_MOST_AGENTS]
    agents = await asyncio.gather(*(got(client, f"/api/agents/{one}") for one in wanted))
    found: dict[str, Definition] = {}
    for own_id, agent in zip(wanted, agents, strict=True):
        if isinstance(agent, Mapping):
            name = str(agent.get("name") or own_id)
            # Two may have one name: each counts.
            name = f"{name} ({own_id})" if name in found else name
            found[name] = await _agent(client, own_id, agent)
    return found
