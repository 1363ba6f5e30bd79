"""The shapes of the real service's frames and answers: the keys in order, and their types.

`shapes.json` holds them; where the recordings lie beside the project, they are read anew from
there (run this file to write the table again).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CAPTURES = HERE.parents[2] / "shared" / "captures"
TABLE = HERE / "shapes.json"

STREAMS = {
    "tools": [
        "agent_one_tool",
        "agent_two_tools_parallel",
        "agent_tool_fails",
        "agent_empty_tools",
        "agent_error_429_tools",
        "agent_reasoning_content_unrequested_tools",
        "agent_approval_approved",
        "agent_approval_denied_with_reason",
        "agent_approval_timeout_5s",
        "agent_preresponse_deny",
        "agent_preresponse_edit",
        "agent_runstart_deny",
    ],
    "plain": [
        "agent_plain",
        "agent_empty_plain",
        "agent_multiturn_2",
        "agent_error_429_plain",
        "agent_reasoning_content_unrequested_plain",
    ],
}
ANSWERS = {
    "agent": ["http_agent_get"],
    "agents": ["http_agents_list"],
    "hooks": ["http_agent_hooks"],
    "tools": ["http_agent_tools"],
    "run": [
        "run_get_plain_completed",
        "run_get_tools_completed",
        "run_get_after_agent_approval_approved",
        "run_while_waiting_approval",
        "run_get_after_agent_error_500_tools",
        "disconnect_during_tool_run",
    ],
    "session": ["session_get"],
    "sessions": ["sessions_list_agent"],
    "messages": ["session_messages"],
    "runs": ["session_runs", "session_runs_tools"],
    "orchestrations": ["orch_list"],
    "workflows": ["workflow_list"],
    "root": ["http_root"],
    "health": ["http_health"],
}
# Whose inside is the caller's or the tool's, not the service's.
OPAQUE = {"arguments", "tool_input", "config", "settings", "metadata", "session_data"}
# Which may be empty although no recording shows it so.
NULLABLE = {"last_run_at", "matcher"}


def kind(value: Any) -> str:
    if value is None:
        return "null"
    for type_, name in ((bool, "bool"), (int, "int"), (float, "float"), (str, "str")):
        if isinstance(value, type_):
            return name
    return "list" if isinstance(value, list) else "object"


def shape(value: Any, path: str, table: dict[str, set[str]]) -> None:
    """Note what a value looks like: `path` -> its types, and the keys in their order."""
    table.setdefault(path, set()).add(kind(value))
    name = path.rpartition(".")[2]
    if isinstance(value, dict) and name not in OPAQUE:
        table.setdefault(f"{path} keys", set()).add(" ".join(value))
        for key, inner in value.items():
            shape(inner, f"{path}.{key}", table)
    if isinstance(value, list):
        for inner in value:
            # Stored events are told apart by their type, as frames are.
            sort = inner.get("type", "") if isinstance(inner, dict) else ""
            shape(inner, f"{path}[{sort if name == 'events' else ''}]", table)


def frames(body: bytes) -> list[dict[str, Any]]:
    lines = body.decode("ascii").split("\n\n")
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]


def from_captures() -> dict[str, set[str]]:
    table: dict[str, set[str]] = {}
    for family, names in STREAMS.items():
        for name in names:
            for frame in frames((CAPTURES / f"{name}.sse").read_bytes()):
                shape(frame, f"{family} {frame['event']}", table)
                if "seq" in frame:  # stored too, but for one key
                    stored = {key: frame[key] for key in sorted(frame) if key != "event"}
                    for path in ("GET run.events", "GET runs.runs[].events"):
                        shape(stored, f"{path}[{frame['type']}]", table)
    for group, names in ANSWERS.items():
        for name in names:
            pair = json.loads((CAPTURES / "http" / f"{name}.json").read_text("utf-8"))
            shape(pair["response"]["body"], f"GET {group}", table)
    return table


def expected() -> dict[str, set[str]]:
    if CAPTURES.is_dir():
        return from_captures()
    return {path: set(kinds) for path, kinds in json.loads(TABLE.read_text("utf-8")).items()}


def differences(seen: dict[str, set[str]], allowed: dict[str, set[str]]) -> list[str]:
    """List what was seen and isn't in the recordings."""
    found = []
    for path, kinds in seen.items():
        known = allowed.get(path, set())
        if path.rpartition(".")[2] in NULLABLE:
            known = known | {"null"}
        if not kinds <= known:
            found.append(f"{path}: {sorted(kinds - known)}, recorded are {sorted(known)}")
    return found


if __name__ == "__main__":
    written = {path: sorted(kinds) for path, kinds in sorted(from_captures().items())}
    TABLE.write_text(json.dumps(written, indent=1) + "\n", "utf-8")
