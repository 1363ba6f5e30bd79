"""The shapes of the real service's frames and answers: the keys in order, and their types.

They are read from the recordings.
"""

from __future__ import annotations

import json
from typing import Any

from tests.walk import RECORDED

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
    "orchestration": [
        "orch_supervisor",
        "orch_supervisor_delegate_fails",
        "orch_supervisor_llm_500",
        "orch_supervisor_reasoning",
        "orch_sequential",
        "orch_member_tool_rules_not_applied",
        "orch_parallel",
        "orch_no_entities",
        "orch_router_unknown_strategy",
    ],
    "workflow": [
        "workflow_full_success",
        "workflow_full_input_key",
        "workflow_split",
        "workflow_failing_code_block",
        "workflow_failing_agent_500",
        "workflow_orchestration_block",
        "workflow_slow_block_40s",
    ],
}
ANSWERS = {
    "agent": ["http_agent_get"],
    "agents": ["http_agents_list"],
    "hooks": ["http_agent_hooks"],
    "tools": ["http_agent_tools"],
    "mcp servers": ["http_agent_mcp_servers"],
    "knowledge bases": ["http_agent_knowledge_bases"],
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
    "messages": ["session_messages", "session_messages_with_citations"],
    "runs": ["session_runs", "session_runs_tools"],
    "orchestrations": ["orch_list"],
    "orchestration": ["orch_get"],
    "entities": ["orch_entities"],
    "orchestration run": [
        "orch_run_get_after_orch_supervisor",
        "orch_run_get_after_orch_parallel",
        "orch_run_get_after_delegate_fails",
        "disconnect_orchestration_run",
    ],
    "orchestration sessions": ["orch_sessions"],
    "orchestration messages": ["orch_session_messages"],
    "workflows": ["workflow_list"],
    "workflow": ["workflow_get", "workflow_get_split"],
    "executions": [
        "workflow_executions",
        "workflow_executions_failing_code",
        "disconnect_workflow_executions",
    ],
    "logs": [
        "workflow_execution_logs",
        "workflow_execution_logs_failing_agent",
        "workflow_execution_logs_failing_code",
        "workflow_execution_logs_orch",
        "disconnect_workflow_logs",
    ],
    "root": ["http_root"],
    "health": ["http_health"],
}
# Whose inside is the caller's or the tool's, not the service's.
OPAQUE = {
    "arguments",
    "tool_input",
    "config",
    "config_snapshot",
    "settings",
    "orchestrator_config",
    "metadata",
    "session_data",
    "headers",
}
# What a workflow's blocks give and read is of any type.
ANYTHING = {"output", "input", "variables"}
# Where the stored frames of an orchestration stand; those of its members hold the deltas too.
STORED = (
    "GET orchestration run.events",
    "GET orchestration run.child_runs[].events",
    "GET orchestration messages.events",
    "GET orchestration messages.messages[].events",
)
# Which may be empty although no recording shows it so.
NULLABLE = {"last_run_at", "last_execution_at", "matcher", "usage"}
# After a failure of a sequential or parallel one there is no more
# (docs/protocol.md#orchestration-failure).
UNRECORDED = {
    "orchestration orchestration_completed keys": "event type status seq ts",
    **{f"{path}[orchestration_completed] keys": "seq status ts type" for path in STORED},
    "GET orchestration run.error": "str",
}


def kind(value: Any) -> str:
    if value is None:
        return "null"
    for type_, name in ((bool, "bool"), (int, "int"), (float, "float"), (str, "str")):
        if isinstance(value, type_):
            return name
    return "list" if isinstance(value, list) else "object"


def shape(value: Any, path: str, table: dict[str, set[str]]) -> None:
    """Note what a value looks like: `path` -> its types, and the keys in their order."""
    name = path.rpartition(".")[2]
    if name in ANYTHING:
        table.setdefault(path, set()).add("anything")
        return
    table.setdefault(path, set()).add(kind(value))
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


def told(frame: dict[str, Any], family: str, table: dict[str, set[str]]) -> None:
    """Note what a frame looks like; those of a workflow differ by the type of their block."""
    name = frame.get("event") or f"{frame['type']} {frame.get('block_type', '')}".strip()
    shape(frame, f"{family} {name}", table)


def expected() -> dict[str, set[str]]:
    table: dict[str, set[str]] = {}
    for family, names in STREAMS.items():
        for name in names:
            for frame in frames((RECORDED / f"{name}.sse").read_bytes()):
                told(frame, family, table)
                agents = ("GET run.events", "GET runs.runs[].events")
                stored_at = STORED if family == "orchestration" else agents
                if "seq" in frame:  # stored too, but for one key
                    stored = {key: frame[key] for key in sorted(frame) if key != "event"}
                    for path in stored_at:
                        shape(stored, f"{path}[{frame['type']}]", table)
    # A member's deltas are stored, of the answer as of the thinking.
    child = "GET orchestration run.child_runs[].events"
    delta = {"delta": "", "source": "", "step": 1, "type": ""}
    shape(delta, f"{child}[reasoning_delta]", table)
    for group, names in ANSWERS.items():
        for name in names:
            pair = json.loads((RECORDED / "http" / f"{name}.json").read_text("utf-8"))
            shape(pair["response"]["body"], f"GET {group}", table)
    for path, unrecorded in UNRECORDED.items():
        table[path].add(unrecorded)
    return table


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
