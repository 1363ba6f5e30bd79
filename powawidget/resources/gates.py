"""Whether an agent asks for approvals (docs/protocol.md#deadline)."""

from collections.abc import Mapping

from powawidget.http.client import Client
from powawidget.resources.lookup import got


async def is_gated(client: Client, agent_id: str) -> bool | None:
    """Ask whether any hook of an agent's asks for approvals.

    Returns:
        None where the key may not read its hooks.

    Raises:
        ConnectionLost: If the server can't be reached.
    """
    answer = await got(client, f"/api/agents/{agent_id}/hooks")
    rows = answer.get("hooks") if isinstance(answer, Mapping) else answer
    if not isinstance(rows, list):
        return None
    return any(
        row.get("type") == "approval" and row.get("enabled") is not False
        for row in rows
        if isinstance(row, Mapping)
    )
