"""What a batch is, so that one that is resumed is the same: the question, and who is asked.

Of a definition each part is kept as a digest, since hooks and tools may hold what is secret.
Neither dates nor counters belong to a definition: they change while nothing does.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from powawidget.protocol.events.bounds import cut
from powawidget.protocol.times import time_of

# What tells of a thing without being it: when it was made, by whom, how often it ran.
_DATE = re.compile(r"(?i).*_at|(?:created|updated|deleted|modified|last)(?:_.*)?")
_COUNTER = re.compile(r"(?i)(?!max_|min_|retry_).+_counts?|total_.*")
_BESIDE = re.compile(
    r"(?i)counts?|owner(?:_id)?|(?:user|project|tenant|organization)_id"
    r"|version|status|stats|statistics|usage"
)
_FIRST_TIME = 1e9  # seconds since the epoch; what is less is no time: `last_messages: 10`
_PROMPT = re.compile(r"(?i)(?:system_)?(?:prompt|instructions?|message)")
_NAMES = frozenset({"id", "name", "description"})
_LONGEST_MODEL = 200


def digest_of(value: Any) -> str:
    """Make a digest of a JSON value; the order of an object's names doesn't count."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def row_digest(body: Mapping[str, Any], schema: Mapping[str, Any] | None) -> str:
    """Make the digest of a row: its message or variables, its options, the form of its answer.

    Args:
        body: What is posted, without `session_id`.
        schema: The JSON schema that the answer is checked by.
    """
    return digest_of([{name: body[name] for name in body if name != "session_id"}, schema])


def agent_definition(
    agent: Mapping[str, Any], attached: Mapping[str, Sequence[Any] | None]
) -> dict[str, str]:
    """Take an agent's definition apart, as a person names its parts.

    Args:
        agent: What `GET /api/agents/{id}` says.
        attached: Its tools, hooks and knowledge bases, by what a person calls them; None for what
            can't be read.

    Returns:
        A short text or a digest by part; a part that can't be read isn't there.
    """
    own = {name: value for name, value in agent.items() if name not in _NAMES}
    prompt = {name: own.pop(name) for name in list(own) if _PROMPT.fullmatch(name)}
    model = own.pop("model", None)
    parts = {
        "model": cut(str(model or ""))[:_LONGEST_MODEL],
        "prompt": digest_of(prompt),
        "settings": digest_of(_lasting(own)),
    }
    for name, rows in attached.items():
        if rows is not None:
            # The service lists them in no order of their own.
            parts[name] = digest_of(sorted((_lasting(row) for row in rows), key=digest_of))
    return parts


def orchestration_definition(
    orchestration: Mapping[str, Any], agents: Mapping[str, Mapping[str, str] | None]
) -> dict[str, str]:
    """Take an orchestration's definition apart.

    Args:
        orchestration: What `GET /api/orchestrations/{id}` says.
        agents: The definition of each of its agents by name; None for one that can't be read.

    Returns:
        A digest by part.
    """
    own = {name: value for name, value in orchestration.items() if name not in _NAMES}
    entities = own.pop("entities", None)
    strategy = own.pop("strategy", None)
    parts = {
        "strategy": cut(str(strategy or ""))[:_LONGEST_MODEL],
        "settings": digest_of(_lasting(own)),
        # Their order is their place in a sequence.
        "agents": digest_of(_placed(entities)),
    }
    for name, definition in agents.items():
        if definition is not None:
            parts[f"definition of {name}"] = digest_of(dict(definition))
    return parts


def workflow_definition(workflow: Mapping[str, Any]) -> dict[str, str]:
    """Take a workflow's definition apart; where its blocks are drawn doesn't count.

    Args:
        workflow: What `GET /api/workflows/{id}` says.

    Returns:
        A digest by part.
    """
    known = _NAMES | {"blocks", "edges"}
    own = {name: value for name, value in workflow.items() if name not in known}
    return {
        "blocks": digest_of(_unordered(workflow.get("blocks"), "position")),
        "connections": digest_of(_unordered(workflow.get("edges"))),
        "settings": digest_of(_lasting(own)),
    }


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """List the parts that differ, as a person names them.

    A part that only one of the two could read tells nothing.

    Args:
        old: A definition.
        new: Another of the same kind.
    """
    return [name for name in old if name in new and old[name] != new[name]]


def _lasting(value: Any, *, is_thing: bool = True) -> Any:
    """Leave out what changes while the thing itself stays.

    Args:
        value: What the service tells.
        is_thing: Whether it is a thing of the service's (an agent, a tool, a block), and not
            something that a person wrote into one: a tool may well have an argument `status`.
    """
    if isinstance(value, Mapping):
        is_thing = is_thing or ("id" in value and any(str(name).endswith("_at") for name in value))
        return {
            name: _lasting(each, is_thing=False)
            for name, each in value.items()
            if not _beside(str(name), each, is_thing=is_thing)
        }
    if isinstance(value, list):
        return [_lasting(each, is_thing=is_thing) for each in value]
    return value


def _beside(name: str, value: Any, *, is_thing: bool) -> bool:
    if _DATE.fullmatch(name):
        return value is None or _is_time(value) or (is_thing and not _is_number(value))
    if _COUNTER.fullmatch(name):
        return is_thing or value is None or _is_number(value)
    return is_thing and _BESIDE.fullmatch(name) is not None


def _is_time(value: Any) -> bool:
    return value >= _FIRST_TIME if _is_number(value) else time_of(value) is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unordered(rows: Any, without: str = "") -> Any:
    if not isinstance(rows, list):
        return None
    kept = [row for row in rows if isinstance(row, Mapping)]
    lasting = [{name: row[name] for name in row if name != without} for row in kept]
    return sorted(map(_lasting, lasting), key=digest_of)


def _placed(entities: Any) -> Any:
    if not isinstance(entities, list):
        return None
    rows = [one for one in entities if isinstance(one, Mapping)]

    def place(row: Mapping[str, Any]) -> tuple[float, str]:
        position = row.get("position")
        return (position if isinstance(position, int | float) else 0, str(row.get("id")))

    return [
        _lasting({name: each for name, each in row.items() if name not in {"id", "position"}})
        for row in sorted(rows, key=place)
    ]
