"""What workflows do: which block runs when, what it gives, what is stored of it."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powawidget.local.ids import fixed_id
from powawidget.local.workflows import records
from powawidget.local.workflows.expression import decide, evaluate
from powawidget.local.workflows.references import resolve
from tests.counterpart import Agent, Block, Call, Calls, Edge, Pause, Say, Tool, Workflow
from tests.local.service import of, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.counterpart import Script, Turn
    from tests.local.service import Frame, Service

UNKNOWN = "00000000-0000-4000-8000-000000000000"
OVERLOADED = "litellm.InternalServerError: The server had an error while processing your request."


def order(service: Service, name: str, frames: list[Frame]) -> list[str]:
    """Name the blocks in the order they started, having checked that they never overlap."""
    blocks = service.blocks(name)
    started = []
    running = None
    for frame in frames[:-1]:
        if frame["type"] == "block_start":
            assert running is None
            running = frame["block_id"]
            started.append(blocks[running])
        else:
            assert frame["block_id"] == running
            if frame["type"] != "block_chunk":
                running = None
    assert running is None
    return started


def chain(*blocks: Block, name: str = "Chain", **options: Any) -> Workflow:
    edges = (Edge(one.name, other.name) for one, other in itertools.pairwise(blocks))
    return Workflow(name, blocks, tuple(edges), **options)


def code(name: str, text: str) -> Block:
    return Block(name, "code", {"code": text})


def test_the_weekly_report_runs_one_block_after_another(service: Service) -> None:
    frames = service.executed("Weekly report")
    assert order(service, "Weekly report", frames) == [
        "Start",
        "Orders",
        "Rates",
        "Alarm",
        "Investigate",
        "Report",
        "Response",
    ]
    assert frames[-1].keys() == {"type", "execution_id"}
    assert frames[-1]["type"] == "done"
    by_name = dict(
        zip(order(service, "Weekly report", frames), of(frames, "block_complete"), strict=True)
    )
    chunks = [
        f["chunk"]
        for f in of(frames, "block_chunk")
        if f["block_id"] == by_name["Report"]["block_id"]
    ]
    report = "".join(chunks)
    assert by_name["Report"]["data"] == {"output": report, "model": "scripted"}
    assert by_name["Response"]["data"] == {"output": report, "status": 200, "headers": {}}
    assert by_name["Start"]["data"]["output"] == {"week": 40, "region": "all", "alert_above": 0.15}
    assert by_name["Alarm"]["data"]["route"] == "if"
    assert all(isinstance(f["duration_ms"], float) for f in by_name.values())


def test_the_reports_figures_are_the_databases(service: Service) -> None:
    output = of(service.executed("Weekly report"), "block_complete")[-1]["data"]["output"]
    week = service.read(
        "SELECT COUNT(*) AS orders, SUM(amount) AS revenue, SUM(shipped_at > due_at) AS late,"
        " COUNT(shipped_at) AS shipped FROM orders WHERE status <> 'cancelled'"
        " AND ordered_at BETWEEN '2025-09-29' AND '2025-10-05'"
    )[0]
    assert f"**{week['orders']} orders** brought **{week['revenue']:,.2f} EUR**" in output
    assert f"**{week['late'] / week['shipped']:.1%} late is above the limit" in output


def test_a_quiet_week_takes_the_other_branch(service: Service) -> None:
    frames = service.executed("Weekly report", region="South", week=40)
    started = order(service, "Weekly report", frames)
    assert "All clear" in started
    assert "Investigate" not in started
    output = of(frames, "block_complete")[-1]["data"]["output"]
    assert "Week 40, South" in output
    assert "<" not in output


@pytest.mark.parametrize("seed", range(3))
def test_the_report_holds_whatever_the_seed_and_the_week(serve: Callable, seed: int) -> None:
    service: Service = serve(seed=seed, executions_per_minute=None)
    for week in (2, 10, 31, 52):
        for region in ("all", "West"):
            frames = service.executed("Weekly report", week=week, region=region)
            assert of(frames, "block_error") == []
            assert "## Week" in of(frames, "block_complete")[-1]["data"]["output"]


def test_variables_may_come_as_input(service: Service) -> None:
    path = f"/api/workflows/{service.workflows['Regional briefing']}/execute/stream"
    for body, month in (({"input": {"month": 3}}, 3), ({}, 11)):
        with service.post(path, body) as stream:
            assert of(list(stream), "block_complete")[0]["data"] == {"output": {"month": month}}


def test_a_split_goes_branch_by_branch_and_joins(service: Service) -> None:
    frames = service.executed("Regional briefing")
    assert order(service, "Regional briefing", frames) == [
        "Start",
        "Split",
        "North",
        "South",
        "East",
        "West",
        "Join",
        "Briefing",
        "Response",
    ]
    output = of(frames, "block_complete")[-1]["data"]["output"]
    assert [r["region"] for r in output["regions"]] == ["North", "South", "East", "West"]
    orders = service.read(
        "SELECT COUNT(*) AS n FROM orders"
        " WHERE ordered_at LIKE '2025-11-%' AND status <> 'cancelled'"
    )[0]["n"]
    assert sum(r["orders"] for r in output["regions"]) == orders
    assert "## November by region" in output["briefing"]


def test_failing_code_is_an_output_with_an_error_and_the_rest_goes_on(service: Service) -> None:
    name = "Price import (code fails)"
    before = service.read("SELECT price FROM products WHERE id = 1")
    frames = service.executed(name)
    assert of(frames, "block_complete")[1]["data"] == {
        "output": None,
        "error": "could not convert string to float: '12,50'",
    }
    assert order(service, name, frames) == ["Start", "Parse", "Store", "Response"]
    logs = service.logs(name, frames)
    assert [log["status"] for log in logs] == [
        "success",
        "error",
        "success",
        "success",
    ]
    assert service.read("SELECT price FROM products WHERE id = 1") == before
    execution = service.get(f"/api/workflows/{service.workflows[name]}/executions")["executions"][0]
    assert (execution["status"], execution["error"]) == ("completed", None)


def test_the_same_code_writes_where_it_can(service: Service) -> None:
    service.executed("Price import (code fails)", price="12.50")
    assert service.read("SELECT price FROM products WHERE name = 'House Espresso'") == [
        {"price": 12.5}
    ]


def test_a_failing_agent_ends_its_branch_and_done_follows(service: Service) -> None:
    name = "Year digest (agent fails)"
    frames = service.executed(name)
    assert order(service, name, frames) == ["Start", "Year", "Digest"]
    assert of(frames, "block_chunk")
    assert of(frames, "block_error")[0]["data"] == {"error": OVERLOADED}
    assert frames[-1]["type"] == "done"
    execution = service.get(f"/api/workflows/{service.workflows[name]}/executions")["executions"][0]
    assert (execution["status"], execution["error"], execution["output"]) == (
        "completed",
        None,
        None,
    )
    log = service.logs(name, frames)[-1]
    assert (log["status"], log["error"], log["output"]) == ("error", None, {"error": OVERLOADED})
    assert log["agent_run_id"]


def test_a_small_credit_is_booked_and_a_large_one_is_not(service: Service) -> None:
    frames = service.executed("Credit note")
    started = order(service, "Credit note", frames)
    assert started == ["Start", "Customer", "Within limit", "Book", "Response"]
    booked = service.read("SELECT amount FROM credits")
    assert booked == [{"amount": 25.0}]
    large = service.executed("Credit note", amount=80)
    started = order(service, "Credit note", large)
    assert started == ["Start", "Customer", "Within limit", "Ask", "Response"]
    assert service.read("SELECT amount FROM credits") == booked


def test_a_disabled_block_never_runs(service: Service) -> None:
    graph = service.get(f"/api/workflows/{service.workflows['Credit note']}")
    disabled = [block["name"] for block in graph["blocks"] if not block["enabled"]]
    assert disabled == ["E-mail"]
    assert "E-mail" not in order(service, "Credit note", service.executed("Credit note"))


def test_an_orchestration_in_a_block_tells_only_its_answer(service: Service) -> None:
    frames = service.executed("Board memo")
    assert {f["type"] for f in frames} == {"block_start", "block_complete", "done"}
    data = of(frames, "block_complete")[1]["data"]
    assert data["status"] == "completed"
    assert data["output"].startswith("## One lane is late")


def test_an_orchestration_that_fails_in_a_block_has_no_error_text(serve: Callable) -> None:
    config = {
        "orchestration_id": fixed_id("orchestration Report line (a member fails)"),
        "input": "x",
    }
    workflow = chain(Block("Start", "starter"), Block("Line", "orchestration", config))
    frames = serve(workflows=[workflow]).executed("Chain")
    assert of(frames, "block_complete")[1]["data"] == {"output": "", "status": "failed"}


def test_a_slow_block_is_a_silence(serve: Callable) -> None:
    service: Service = serve(keepalive_seconds=0.01)
    path = f"/api/workflows/{service.workflows['Slow export']}/execute/stream"
    body = service.http.post(path, json={"variables": {"seconds": 20}}).text
    assert "keepalive" not in body
    assert '"output": {"archived": true, "seconds": 20}, "status_code": 200' in body


def test_the_graph_is_told_in_no_order_and_the_logs_in_theirs(service: Service) -> None:
    frames = service.executed("Weekly report", week=41)
    graph = service.get(f"/api/workflows/{service.workflows['Weekly report']}")
    ids = [block["id"] for block in graph["blocks"]]
    assert ids == sorted(ids)
    assert [block["name"] for block in graph["blocks"]] != order(service, "Weekly report", frames)
    edges = {(e["source"], e["target"], e["condition"], e["sourceHandle"]) for e in graph["edges"]}
    names = service.blocks("Weekly report")
    assert {(names[s], names[t], c, h) for s, t, c, h in edges} >= {
        ("Start", "Orders", None, "output"),
        ("Alarm", "Investigate", "if", "if"),
        ("Alarm", "All clear", "else", "else"),
    }
    logs = service.logs("Weekly report", frames)
    assert [log["block_name"] for log in logs] == order(service, "Weekly report", frames)
    assert [log["execution_order"] for log in logs] == list(range(len(logs)))
    assert logs[0]["input"] is None
    start = logs[0]["block_id"]
    assert logs[1]["input"] == {start: logs[0]["output"]}
    completed = of(frames, "block_complete")
    assert [log["output"] for log in logs] == [frame["data"] for frame in completed]
    assert [log["duration_ms"] for log in logs] == [frame["duration_ms"] for frame in completed]
    # The configuration as it was written, not as it was resolved.
    assert logs[-1]["config_snapshot"] == {"output": "<Report.output>"}
    assert {log["agent_run_id"] is not None for log in logs if log["block_type"] == "agent"} == {
        True
    }


def test_a_list_counts_executions(service: Service) -> None:
    service.executed("Regional briefing")
    service.executed("Regional briefing", month=3)
    page = service.get("/api/workflows?limit=2&offset=1")
    assert [w["name"] for w in page["workflows"]] == ["Regional briefing", "Credit note"]
    assert page["workflows"][0]["execution_count"] == 2
    assert (page["limit"], page["offset"], page["total"]) == (2, 1, 7)
    path = f"/api/workflows/{service.workflows['Regional briefing']}/executions"
    newest = service.get(path)["executions"]
    assert [e["input"] for e in newest] == [{"month": 3}, {}]
    assert service.get(f"{path}?limit=1")["executions"] == newest[:1]


def test_21_executions_a_minute_are_one_too_many(service: Service) -> None:
    path = f"/api/workflows/{service.workflows['Credit note']}/execute/stream"
    answers = [service.http.post(path, json={}) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    error = {"error": "Rate limit exceeded. Max 20 executions per minute."}
    assert answers[-1].json() == error
    assert "retry-after" not in answers[-1].headers


def test_the_limit_can_be_set_and_a_wrong_id_uses_it_up(serve: Callable) -> None:
    service: Service = serve(executions_per_minute=1)
    assert service.http.post(f"/api/workflows/{UNKNOWN}/execute/stream", json={}).status_code == 404
    path = f"/api/workflows/{service.workflows['Credit note']}/execute/stream"
    answer = service.http.post(path, json={})
    assert answer.json() == {"error": "Rate limit exceeded. Max 1 executions per minute."}


def test_what_is_not_there_is_not_found(service: Service) -> None:
    missing = {"error": "Workflow not found", "error_code": "WORKFLOW_NOT_FOUND"}
    path = f"/api/workflows/{UNKNOWN}"
    for answer in (service.http.get(path), service.http.post(f"{path}/execute/stream", json={})):
        assert (answer.status_code, answer.json()) == (404, missing)
    assert service.get(f"{path}/executions") == {"executions": []}
    answer = service.http.get(f"{path}/executions/{UNKNOWN}/logs")
    assert (answer.status_code, answer.json()) == (404, {"error": "Execution not found"})
    frames = service.executed("Credit note")
    of_another = f"{service.workflows['Board memo']}/executions/{frames[-1]['execution_id']}/logs"
    assert service.http.get(f"/api/workflows/{of_another}").status_code == 404


def test_an_id_that_is_no_uuid_is_a_page(service: Service) -> None:
    answer = service.http.post("/api/workflows/nope/execute/stream", json={})
    assert answer.status_code == 503
    assert answer.text == (
        "<!doctype html>\n<html lang=en>\n<title>503 Service Unavailable</title>\n"
        "<h1>Service Unavailable</h1>\n"
        "<p>Balance check failed (workflow block lookup error). Retry shortly.</p>\n"
    )
    assert service.http.get("/api/workflows/nope").status_code == 500


def stall(_turn: Turn) -> Script:
    yield Say("Half a sentence ")
    yield Pause(float("inf"))


def write_on(_turn: Turn) -> Script:
    yield Say("word " * 100_000)


def asks(agent: str) -> Block:
    return Block("Agent", "agent", {"agent_id": fixed_id(agent), "input": "Write"})


def test_without_its_client_it_is_stored_as_completed_without_an_output(serve: Callable) -> None:
    workflow = chain(
        Block("Start", "starter"),
        code("Two", "output = 2"),
        asks("Endless"),
        code("Three", "output = 3"),
    )
    service: Service = serve(agents=[Agent("Endless", write_on)], workflows=[workflow])
    path = f"/api/workflows/{service.workflows['Chain']}/executions"
    with service.execute("Chain", n=1) as stream:
        next(frame for frame in stream if frame["type"] == "block_chunk")
        active = service.get(path)["executions"][0]
        assert service.get(f"{path}/{active['id']}/logs") == {"block_logs": []}
    assert (active["status"], active["completed_at"], active["output"]) == ("running", None, None)
    until(lambda: service.get(path)["executions"][0]["status"] != "running")
    execution = service.get(path)["executions"][0]
    assert (execution["status"], execution["output"], execution["error"]) == (
        "completed",
        None,
        None,
    )
    logs = service.get(f"{path}/{execution['id']}/logs")["block_logs"]
    assert [log["block_name"] for log in logs] == ["Start", "Two"]


def test_it_is_noticed_at_the_next_write_after_a_running_block_has_ended(serve: Callable) -> None:
    slow = Block(
        "Slow", "code", {"code": "output = write('credits', 'delete', None, {'id': 1})"}, seconds=10
    )
    service: Service = serve(
        workflows=[chain(Block("Start", "starter"), slow, code("Never", "output = 3"))],
        tokens_per_second=600,
    )
    path = f"/api/workflows/{service.workflows['Chain']}/executions"
    with service.execute("Chain") as stream:
        next(f for f in stream if f["type"] == "block_start" and f["block_type"] == "code")
    until(lambda: service.get(path)["executions"][0]["status"] != "running")
    execution = service.get(path)["executions"][0]
    logs = service.get(f"{path}/{execution['id']}/logs")["block_logs"]
    assert [log["block_name"] for log in logs] == ["Start", "Slow"]


def test_an_agents_tools_and_hooks_are_not_there(serve: Callable) -> None:
    def use(_turn: Turn) -> Script:
        yield Say("I look. ")
        yield Calls(Call("look", {}))
        yield Say("I have looked.")

    called = []
    agent = Agent("Tooled", use, (Tool("look", lambda _: called.append(1) or "seen"),))
    frames = serve(agents=[agent], workflows=[chain(asks("Tooled"))]).executed("Chain")
    assert of(frames, "block_complete")[0]["data"]["output"] == "I look. "
    assert called == []


def test_code_reads_what_blocks_gave_and_may_fail_in_its_own_way(serve: Callable) -> None:
    workflow = chain(
        Block("Start", "starter", {"input": {"n": 2}}),
        code("Double", "import math\noutput = math.prod([input_data['Start']['output']['n'], 2])"),
        code("Forbidden", "import os\noutput = 1"),
        code("Unwritable", "output = {1, 2}"),
        code("Reads", "output = query('DELETE FROM orders')"),
        code("Nothing", "x = 1"),
    )
    service: Service = serve(workflows=[workflow])
    data = [frame["data"] for frame in of(service.executed("Chain", n=21), "block_complete")]
    assert data[1] == {"output": 42}
    assert data[2]["error"].startswith("Import of 'os' is not allowed")
    assert data[3]["error"] == "Object of type set is not JSON serializable"
    assert data[4]["error"] == "not authorized"
    assert data[5] == {"output": None}
    assert service.read("SELECT COUNT(*) AS n FROM orders") == [{"n": 5000}]


def test_a_circle_and_too_much_time_are_errors_of_the_whole(serve: Callable) -> None:
    one, other = code("One", "output = 1"), code("Other", "output = 2")
    circle = Workflow("Circle", (one, other), (Edge("One", "Other"), Edge("Other", "One")))
    slow = chain(Block("Start", "starter"), asks("Stalling"), name="Slow", timeout_seconds=1.0)
    service: Service = serve(agents=[Agent("Stalling", stall)], workflows=[circle, slow])
    assert service.executed("Circle") == [
        {"type": "error", "error": "Workflow graph contains a cycle"}
    ]
    frames = service.executed("Slow")
    error = "Execution timed out after 1s"
    assert frames[-1] == {"type": "error", "error": error, "error_code": "EXECUTION_TIMEOUT"}
    path = f"/api/workflows/{service.workflows['Slow']}/executions"
    execution = service.get(path)["executions"][0]
    assert (execution["status"], execution["error"]) == ("failed", error)
    assert [log["block_name"] for log in logs_of(service, path, execution)] == ["Start"]


def test_logs_are_there_a_moment_after_the_end(
    serve: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    service: Service = serve()
    monkeypatch.setattr(records, "_LOGS_AFTER", 3600.0)
    frames = service.executed("Weekly report")
    path = f"/api/workflows/{service.workflows['Weekly report']}/executions"
    assert service.get(f"{path}/{frames[-1]['execution_id']}/logs") == {"block_logs": []}
    monkeypatch.setattr(records, "_LOGS_AFTER", 0.0)
    assert service.get(f"{path}/{frames[-1]['execution_id']}/logs")["block_logs"]


def logs_of(service: Service, path: str, execution: Any) -> Any:
    return until(lambda: service.get(f"{path}/{execution['id']}/logs")["block_logs"])


def test_an_empty_graph_is_done_at_once(serve: Callable) -> None:
    service: Service = serve(workflows=[Workflow("Empty")])
    assert [frame["type"] for frame in service.executed("Empty", n=1)] == ["done"]
    path = f"/api/workflows/{service.workflows['Empty']}/executions"
    assert service.get(path)["executions"][0]["input"] is None  # no starter takes it


def test_the_documented_dialect_says_what_the_documentation_says(serve: Callable) -> None:
    service: Service = serve(dialect="documented")
    frames = service.executed("Weekly report")
    keys = {frame["event"]: list(frame) for frame in frames}
    assert keys == {
        "workflow_start": ["event", "execution_id"],
        "block_started": ["event", "block_id", "block_type"],
        "block_chunk": ["event", "block_id", "block_type", "delta"],
        "block_output": ["event", "block_id", "block_type", "output"],
        "block_completed": ["event", "block_id", "block_type"],
        "workflow_complete": ["event", "execution_id", "result"],
    }
    assert frames[0]["event"] == "workflow_start"
    assert frames[-1]["result"].startswith("## Week 40")
    failed = of(service.executed("Price import (code fails)"), "block_error")
    assert failed[0]["error"].startswith("could not convert")
    assert (
        of(service.executed("Year digest (agent fails)"), "block_error")[0]["error"] == OVERLOADED
    )


OUTPUTS: dict[str, dict[str, Any]] = {
    "Code": {"output": 14, "list": [1, 2]},
    "All clear": {"output": {"text": "yes"}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<Code.output>", 14),
        ("<Code.list>", [1, 2]),
        ("Big <Code.output>.", "Big 14."),
        ("<All clear.output.text>!", "yes!"),
        ("<All clear.output.text>", "yes"),
        ("<Nobody.output> <Code.nothing> <Code.output.deeper>", None),
        ("a < b and c > d", None),
        ({"x": ["<Code.output>", 1]}, {"x": [14, 1]}),
    ],
)
def test_references_are_resolved_and_others_stay(text: Any, value: Any) -> None:
    assert resolve(text, OUTPUTS) == (text if value is None else value)


@pytest.mark.parametrize(
    ("expressions", "route"),
    [
        (["<Code.output> > 10"], "if"),
        (["<Code.output> > 100"], "else"),
        (["<Code.output> > 100", "<Code.output> == 14"], "elif_1"),
        (["<Nobody.output> > 1"], "else"),
        (["'yes' in <All clear.output.text> and not <Code.output> < -1"], "if"),
        (["__import__('os').system('true')"], "else"),
        (["<Code.output> * 2 - 8 >= 20 / 1 + 0"], "if"),
        ([], "else"),
    ],
)
def test_conditions_take_the_first_branch_that_holds(expressions: list[str], route: str) -> None:
    data = decide([{"expression": text} for text in expressions], OUTPUTS)
    assert (data["route"], data["result"], data["output"]) == (route, route, route != "else")
    tried = expressions[: expressions.index(expressions[-1]) + 1] if expressions else []
    assert [entry["raw"] for entry in data["_debug"]] == tried


def test_a_condition_tells_how_it_was_decided() -> None:
    assert decide([{"expression": "<Code.output> > 10"}], OUTPUTS)["_debug"] == [
        {
            "branch": "if",
            "raw": "<Code.output> > 10",
            "resolved": "_ref_0 > 10",
            "variables": {"_ref_0": 14},
            "result": True,
        }
    ]


@given(st.integers(), st.integers(), st.sampled_from(["<", "<=", "==", "!=", ">", ">="]))
def test_comparisons_are_pythons(one: int, other: int, sign: str) -> None:
    assert evaluate(f"a {sign} b", {"a": one, "b": other}) == eval(f"{one} {sign} {other}")


def test_the_same_seed_gives_the_same_ids(serve: Callable) -> None:
    one, other = (serve(seed=3).executed("Credit note") for _ in range(2))
    assert [f.get("block_id") for f in one] == [f.get("block_id") for f in other]
    assert one[-1] == other[-1]
    assert json.dumps(one[-2]["data"]) == json.dumps(other[-2]["data"])
