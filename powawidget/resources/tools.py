"""Whether an agent runs as one with tools (docs/protocol.md#what-is-a-tool)."""

import asyncio
from http import HTTPStatus
from typing import Any

from powawidget.errors import ProtocolError, RequestError
from powawidget.http.client import Client

# What is attached to an agent, by the path and the key of its list.
_ATTACHED = {"mcp-servers": "mcp_servers", "knowledge-bases": "knowledge_bases"}
# A server that has no such list has nothing that could stand in it.
_NO_SUCH_LIST = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})


async def has_tools(client: Client, agent_id: str) -> bool | None:
    """Ask whether an agent has tools: its own, an MCP server's, a knowledge base to search.

    It decides what a stop does and whether the stream has keepalives; it isn't worth a failure.

    Returns:
        None where the server doesn't say.

    Raises:
        ConnectionLost: If the server can't be reached.
    """
    own = await _listed(client, agent_id, "tools", "tools")
    if own:
        return True
    lists = (_listed(client, agent_id, path, key) for path, key in _ATTACHED.items())
    attached = await asyncio.gather(*lists)
    if any(attached):
        return True
    return None if own is None or None in attached else False


async def _listed(client: Client, agent_id: str, path: str, key: str) -> bool | None:
    """Tell whether a list of an agent's has anything in it that is switched on."""
    try:
        answer = await client.get(f"/api/agents/{agent_id}/{path}")
    except RequestError as error:
        return False if path in _ATTACHED and error.status in _NO_SUCH_LIST else None
    except ProtocolError:
        return None
    rows = answer.get(key) if isinstance(answer, dict) else answer
    return any(map(_is_on, rows)) if isinstance(rows, list) else None


def _is_on(row: Any) -> bool:
    return not isinstance(row, dict) or row.get("enabled") is not False
