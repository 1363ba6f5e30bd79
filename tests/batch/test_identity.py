"""What a batch is: the question and who is asked, never when or how often."""

from typing import Any

import pytest

from powawidget.batch.identity import (
    agent_definition,
    differences,
    orchestration_definition,
    row_digest,
    workflow_definition,
)

AGENT: dict[str, Any] = {
    "id": "1",
    "name": "Triage",
    "description": "Sorts tickets",
    "model": "gpt-x",
    "system_prompt": "You sort tickets.",
    "settings": {"temperature": 0.2, "max_tokens": 500},
    "created_at": "2026-01-01",
    "updated_at": "2026-01-01",
    "run_count": 7,
    "last_run": {"id": "r"},
}
ASKED = {"properties": {"version": {"type": "integer"}, "last_name": {"type": "string"}}}
TOOL = {"id": "t1", "name": "find", "config": {"limit": 5}, "schema": ASKED}
ATTACHED: dict[str, Any] = {
    "tools": [{**TOOL, "created_at": "2026-01-01"}],
    "hooks": [{"id": "h1", "hook_event": "PreToolUse", "config": {"token": "sk-secret"}}],
    "knowledge bases": [{"id": "k1", "document_count": 5, "top_k": 3}, {"id": "k2"}],
}


def _changed(**changes: Any) -> list[str]:
    attached = {name: changes.pop(name, rows) for name, rows in ATTACHED.items()}
    old = agent_definition(AGENT, ATTACHED)
    return differences(old, agent_definition({**AGENT, **changes}, attached))


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"model": "gpt-y"}, ["model"]),
        ({"system_prompt": "You sort them well."}, ["prompt"]),
        ({"settings": {"temperature": 0.3, "max_tokens": 500}}, ["settings"]),
        ({"memory": True}, ["settings"]),
        # A number of things isn't a date, whatever it is called.
        ({"last_messages": 20}, ["settings"]),
        # What a person wrote into a tool is a part of it, though the service has such names too.
        (
            {"tools": [{**TOOL, "config": {"limit": 5, "status": "open"}}]},
            ["tools"],
        ),
        ({"tools": [{**TOOL, "config": {"limit": 5, "count": 3}}]}, ["tools"]),
        *(
            (
                {"tools": [{**TOOL, "schema": {"properties": {**ASKED["properties"], name: {}}}}]},
                ["tools"],
            )
            for name in ASKED["properties"]
        ),
        ({"tools": []}, ["tools"]),
        ({"tools": [{**TOOL, "config": {"limit": 6}}]}, ["tools"]),
        ({"tools": [{**TOOL, "description": "Other words"}]}, ["tools"]),
        ({"hooks": []}, ["hooks"]),
        ({"knowledge bases": [{"id": "k2"}]}, ["knowledge bases"]),
        ({"knowledge bases": [{"id": "k1", "top_k": 4}, {"id": "k2"}]}, ["knowledge bases"]),
        ({"model": "gpt-y", "system_prompt": "New", "hooks": []}, ["model", "prompt", "hooks"]),
    ],
)
def test_a_change_is_named(changes: dict[str, Any], parts: list[str]) -> None:
    assert _changed(**changes) == parts


@pytest.mark.parametrize(
    "changes",
    [
        {"updated_at": "2026-02-02", "created_at": "2026-02-02"},
        {"run_count": 8, "last_run": None, "total_tokens": 9, "last_used_at": "now"},
        {"name": "Triage 2", "description": "The same"},
        {"settings": {"max_tokens": 500, "temperature": 0.2}},
        {"settings": {"max_tokens": 500, "temperature": 0.2, "indexed_at": "2026-02-02"}},
        {"knowledge bases": [{"id": "k2"}, {"id": "k1", "document_count": 6, "top_k": 3}]},
        {"tools": [{**TOOL, "created_at": "2026-02-02", "call_count": 4}]},
        {"tools": [{**TOOL, "config": {"limit": 5, "document_count": 7}}]},
        {"status": "idle", "version": 9, "owner_id": "me", "last_run": {"id": "r"}},
        {"tools": None},
    ],
)
def test_dates_counters_names_and_order_change_nothing(changes: dict[str, Any]) -> None:
    assert _changed(**changes) == []


def test_a_definition_holds_no_secret_of_a_hook() -> None:
    assert "sk-secret" not in str(agent_definition(AGENT, ATTACHED))


def test_an_orchestration_is_its_agents_too() -> None:
    entities = [
        {"id": "e1", "entity_ref_id": "a", "position": 0, "role_description": "Finds"},
        {"id": "e2", "entity_ref_id": "b", "position": 1, "config": {}},
    ]
    one = {"id": "1", "name": "Line", "strategy": "sequential", "entities": entities}
    agents = {"Scout": agent_definition(AGENT, ATTACHED), "Hidden": None}
    old = orchestration_definition(one, agents)
    assert differences(old, orchestration_definition({**one, "updated_at": "x"}, agents)) == []
    turned = [{**entities[0], "position": 2}, entities[1]]
    assert differences(old, orchestration_definition({**one, "entities": turned}, agents)) == [
        "agents"
    ]
    other = {"Scout": agent_definition({**AGENT, "model": "y"}, ATTACHED)}
    assert differences(old, orchestration_definition(one, other)) == ["definition of Scout"]
    assert differences(old, orchestration_definition({**one, "strategy": "parallel"}, agents)) == [
        "strategy"
    ]


def test_a_workflow_is_its_blocks_wherever_they_are_drawn() -> None:
    blocks = [
        {"id": "b1", "type": "code", "config": {"code": "1"}, "position": {"x": 1}},
        {"id": "b2", "type": "response", "enabled": True},
    ]
    edges = [{"id": "e", "source": "b1", "target": "b2"}]
    one = {"id": "1", "name": "Report", "blocks": blocks, "edges": edges, "execution_count": 4}
    old = workflow_definition(one)
    drawn = [blocks[1], {**blocks[0], "position": {"x": 2}}]
    assert differences(old, workflow_definition({**one, "blocks": drawn})) == []
    assert differences(old, workflow_definition({**one, "execution_count": 5})) == []
    ran = [{**blocks[0], "last_run_at": "2026-02-02T00:00:00Z", "status": "ok"}, blocks[1]]
    assert differences(old, workflow_definition({**one, "blocks": ran})) == []
    routed = [{**blocks[0], "config": {"code": "1", "status": "open"}}, blocks[1]]
    assert differences(old, workflow_definition({**one, "blocks": routed})) == ["blocks"]
    edited = [{**blocks[0], "config": {"code": "2"}}, blocks[1]]
    assert differences(old, workflow_definition({**one, "blocks": edited})) == ["blocks"]
    assert differences(old, workflow_definition({**one, "edges": []})) == ["connections"]


def test_a_row_is_its_message_its_options_and_its_schema() -> None:
    body = {"message": "a", "temperature": 0}
    same = row_digest({"temperature": 0, "session_id": "s", "message": "a"}, None)
    assert row_digest(body, None) == same
    others = [({**body, "message": "b"}, None), ({**body, "temperature": 1}, None), (body, {})]
    digests = {row_digest(one, schema) for one, schema in others}
    assert len(digests | {same}) == 4
