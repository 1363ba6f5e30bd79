"""Frames and answers look like those of the real service: same keys, same order, same types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.counterpart import Agent, Emit, Fail, Say, Tool
from tests.local import shapes
from tests.local.service import of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.counterpart import Script, Turn
    from tests.local.service import Service

YES = {"approved": True}
NO = {"approved": False, "reason": "not today"}


def failing(_turn: Turn) -> Script:
    yield Fail("litellm.RateLimitError: too many")


def silent(_turn: Turn) -> Script:
    yield from ()


TOOL = Tool("look", lambda _: "seen")
KNOWING = tuple(Tool(name, lambda _: "seen") for name in ("mcp__stub__look", "knowledge_search"))
EXTRA = [
    Agent("Failing", failing),
    Agent("Failing with tools", failing, (TOOL,)),
    Agent("Silent", silent),
    Agent("Silent with tools", silent, (TOOL,)),
]


def test_every_frame_of_agents_with_tools_has_a_recorded_shape(serve: Callable) -> None:
    service: Service = serve(
        agents=EXTRA, deadlines={"Operator (short deadline)": 0.1, "Operator (parallel reads)": 0.2}
    )
    runs = [
        service.run("Analyst", "Which orders are late, by region and carrier?"),
        service.run("Analyst", "Compare North and South"),
        service.run("Analyst", "Break it"),
        service.run("Operator", "Raise the price", YES),
        service.run("Operator", "Raise the price", NO),
        service.run("Operator (short deadline)", "Raise the price"),
        service.run("Operator (parallel reads)", "North and South", None, YES),
        service.run("Operator (two gates)", "Raise the price", YES, YES),
        service.run("Operator (reviewed answers)", "Overdue?", NO),
        service.run("Operator (reviewed runs)", "Overdue?", NO),
        service.run("Failing with tools", "x"),
        service.run("Silent with tools", "x"),
    ]
    assert_recorded("tools", runs)
    told = {frame["event"] for run in runs for frame in run}
    known = {path.split()[1].partition(".")[0] for path in shapes.expected() if path[:5] == "tools"}
    assert told == known


def test_every_frame_of_agents_without_tools_has_a_recorded_shape(serve: Callable) -> None:
    service: Service = serve(agents=EXTRA)
    runs = [
        service.run("Writer", "A summary, please"),
        service.run("Writer", "An essay"),
        service.run("Failing", "x"),
        service.run("Silent", "x"),
    ]
    assert_recorded("plain", runs)
    told = {frame["event"] for run in runs for frame in run}
    known = {path.split()[1].partition(".")[0] for path in shapes.expected() if path[:5] == "plain"}
    assert told == known


def test_every_frame_of_orchestrations_has_a_recorded_shape(service: Service) -> None:
    runs = [service.orchestrated(name) for name in service.orchestrations]
    assert_recorded("orchestration", runs)
    told = {frame["event"] for run in runs for frame in run}
    table = shapes.expected()
    assert told == {p.split()[1].partition(".")[0] for p in table if p[:13] == "orchestration"}


def test_every_frame_of_workflows_has_a_recorded_shape(service: Service) -> None:
    runs = [service.executed(name) for name in service.workflows]
    runs.append(service.executed("Weekly report", region="South"))
    assert_recorded("workflow", runs)


def assert_recorded(family: str, runs: list[list[dict]]) -> None:
    seen: dict[str, set[str]] = {}
    for run in runs:
        for frame in run:
            shapes.told(frame, family, seen)
    assert shapes.differences(seen, shapes.expected()) == []


def test_every_answer_has_a_recorded_shape(serve: Callable) -> None:
    searching = Agent("Searching", EXTRA[0].script, KNOWING, knowledge_bases=("Handbook",))
    service: Service = serve(agents=[searching])
    knows = f"/api/agents/{service.agents['Searching']}"
    analyst = service.agents["Analyst"]
    done = service.run("Analyst", "Show revenue by month")[0]
    plain = service.run("Writer", "A summary")[0]
    items = {"context_items": [{"text": "The Moon."}], "citations_enabled": True}
    cited = service.run("Writer", "A summary", **items)[0]
    asked = service.run("Operator", "Raise the price", NO)[0]
    session = f"/api/sessions/{done['session_id']}"
    desk, report = service.orchestrations["Research desk"], service.workflows["Weekly report"]
    desks = [
        service.orchestrated("Research desk"),
        service.orchestrated("Report line"),
        service.orchestrated("Forecast panel (a member fails)"),
    ]
    turns = f"/api/orchestrations/{desk}/sessions/{desks[0][0]['session_id']}/messages"
    names = ("Weekly report", "Price import (code fails)", "Year digest (agent fails)")
    done_by = {name: service.executed(name)[-1]["execution_id"] for name in names}
    executions = {name: f"/api/workflows/{service.workflows[name]}/executions" for name in names}
    answers = {
        "agent": [f"/api/agents/{analyst}"],
        "agents": ["/api/agents?limit=3"],
        "hooks": [f"/api/agents/{service.agents['Operator']}/hooks"],
        "tools": [f"/api/agents/{analyst}/tools"],
        "mcp servers": [f"{knows}/mcp-servers"],
        "knowledge bases": [f"{knows}/knowledge-bases"],
        "run": [f"/api/agents/runs/{run['run_id']}" for run in (done, plain, asked)],
        "session": [session],
        "sessions": [f"/api/agents/{analyst}/sessions"],
        "messages": [f"{session}/messages", f"/api/sessions/{cited['session_id']}/messages"],
        "runs": [f"{session}/runs", f"/api/sessions/{plain['session_id']}/runs"],
        "orchestrations": ["/api/orchestrations"],
        "orchestration": [f"/api/orchestrations/{desk}"],
        "entities": [f"/api/orchestrations/{desk}/entities"],
        "orchestration run": [f"/api/orchestrations/runs/{run[0]['run_id']}" for run in desks],
        "orchestration sessions": [f"/api/orchestrations/{desk}/sessions"],
        "orchestration messages": [turns],
        "workflows": ["/api/workflows"],
        "workflow": [f"/api/workflows/{report}"],
        "executions": list(executions.values()),
        "logs": [f"{executions[name]}/{done_by[name]}/logs" for name in names],
        "root": ["/"],
        "health": ["/health"],
    }
    seen: dict[str, set[str]] = {}
    for group, paths in answers.items():
        for path in paths:
            shapes.shape(service.get(path), f"GET {group}", seen)
    assert shapes.differences(seen, shapes.expected()) == []


def test_the_body_is_ascii_json_with_the_services_separators(serve: Callable) -> None:
    def speak(_turn: Turn) -> Script:
        yield Say("d\u00e9j\u00e0 vu \u2028 \U0001f600 \ud83d \x00")

    body = serve(agents=[Agent("Unicode", speak)]).raw("Unicode", "x")
    assert body.isascii()
    for event in body.decode().removesuffix("\n\n").split("\n\n"):
        assert event == "data: " + json.dumps(json.loads(event[6:]))
    assert b"\\ud83d \\u0000" in body


def test_the_headers_are_the_services(service: Service) -> None:
    path = f"/api/agents/{service.agents['Writer']}/run/stream"
    headers = service.http.post(path, json={"message": "haiku"}).headers
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-cache"
    assert headers["x-accel-buffering"] == "no"
    assert headers["transfer-encoding"] == "chunked"


def test_given_frames_and_bytes_are_sent_as_they_are(serve: Callable) -> None:
    def raw(_turn: Turn) -> Script:
        yield Emit({"event": "compaction", "step": 1})
        yield Emit(b": hello\n\ndata: not json\n\n")

    body = serve(agents=[Agent("Raw", raw)]).raw("Raw", "x")
    assert b'data: {"event": "compaction", "step": 1}\n\n: hello\n\ndata: not json\n\n' in body


def test_the_documented_dialect_says_what_the_documentation_says(serve: Callable) -> None:
    service: Service = serve(dialect="documented")
    frames = service.run("Operator", "Raise the price", YES)
    keys = {frame["event"]: list(frame) for frame in frames}
    assert keys == {
        "start": ["event", "run_id", "session_id"],
        "step_started": ["event", "step_number"],
        "chunk": ["event", "content"],
        "tool_call": ["event", "tool_name", "arguments"],
        "tool_result": ["event", "result"],
        "reasoning": ["event", "delta"],
        "step_completed": ["event", "step_number"],
        "approval_requested": ["event", "tool_name", "tool_input", "run_id"],
        "complete": ["event", "run_id", "usage"],
    }
    assert isinstance(of(frames, "tool_result")[0]["result"], list)
    text = "".join(frame["content"] for frame in of(frames, "chunk"))
    assert service.get(f"/api/agents/runs/{frames[0]['run_id']}")["content"] == text


def test_an_error_ends_a_documented_stream(serve: Callable) -> None:
    frames = serve(dialect="documented", agents=EXTRA).run("Failing", "x")
    assert frames[1:] == [
        {
            "event": "error",
            "message": "litellm.RateLimitError: too many",
            "code": "rate_limited",
        }
    ]
