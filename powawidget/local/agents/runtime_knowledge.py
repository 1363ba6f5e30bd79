"""Knowledge bases for one run, of an agent or of an orchestration's agents, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 10


def wrong_knowledge(body: Mapping[str, Any], known: frozenset[str]) -> str | None:
    """Say what is wrong with `runtime_knowledge_bases` (docs/protocol.md#runtime-knowledge).

    Args:
        body: The body that starts a run.
        known: The ids of all knowledge bases.

    Returns:
        The service's words; None where nothing is wrong.
    """
    name, given = "'runtime_knowledge_bases'", body.get("runtime_knowledge_bases")
    if given is None:
        return None
    if not isinstance(given, list) or not given:
        return f"{name} must be a non-empty list of objects"
    if len(given) > _MOST:
        return f"{name} accepts at most {_MOST} entries"
    ids = [str(one.get("id") or "") if isinstance(one, dict) else "" for one in given]
    if not all(ids):
        return f"each entry of {name} must be an object with an 'id'"
    unknown = [one for one in ids if one not in known]
    if unknown:
        return f"unknown knowledge base id(s): {', '.join(unknown)}"
    return "duplicate knowledge base id" if len({*ids}) < len(ids) else None
