"""Whether an agent asks for approvals (docs/protocol.md#deadline)."""

from collections.abc import Mapping
from typing import Any

from powawidget.http.client import Client
from powawidget.resources.lookup import got


async def is_gated(client: Client, agent_id: str) -> bool | None:
    """Ask whether any hook of an agent's asks for approvals.

    Returns:
        None where its hooks can't be read: the key may not, or the answer is none of hooks.

    Raises:
        ConnectionLost: If the server can't be reached.
    """
    return asks_by(await got(client, f"/api/agents/{agent_id}/hooks"))


def asks_by(answer: Any) -> bool | None:
    """Tell by a list of hooks whether any asks for approvals.

    One that asks is enough; that none does is known only where every one was told and can be read.

    Args:
        answer: The server's list, decoded.

    Returns:
        None where that can't be told.
    """
    rows = answer.get("hooks") if isinstance(answer, Mapping) else answer
    if not isinstance(rows, list):
        return None
    if any(_asks(row) for row in rows):
        return True
    total = answer.get("total") if isinstance(answer, Mapping) else None
    is_whole = not isinstance(total, int) or total <= len(rows)
    return False if is_whole and all(_is_read(row) for row in rows) else None


def _asks(row: Any) -> bool:
    is_approval = isinstance(row, Mapping) and row.get("type") == "approval"
    return is_approval and row.get("enabled") is not False


def _is_read(row: Any) -> bool:
    return isinstance(row, Mapping) and isinstance(row.get("type"), str)
