"""What orchestrations do: who speaks when, how they fail, what is stored of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from powawidget.local.database import Database
from tests.counterpart import (
    Agent,
    Call,
    Calls,
    Fail,
    Hook,
    Member,
    Orchestration,
    Pause,
    Say,
    Tool,
)
from tests.local.service import of, said, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.counterpart import Script, Turn
    from tests.local.service import Frame, Service

UNKNOWN = "00000000-0000-4000-8000-000000000000"
OVERLOADED = "litellm.InternalServerError: The server had an error while processing your request."


def names(frames: list[Frame], *left_out: str) -> list[str]:
    return [frame["event"] for frame in frames if frame["event"] not in left_out]


def echo(turn: Turn) -> Script:
    """Say what was asked, after a first step that is not the answer."""
    yield Say("Wait. ")
    yield Calls(Call("look", {}))
    yield Say(f"<{turn.message}>")


LOOK = (Tool("look", lambda _: "seen"),)


def member(name: str, script: Callable[[Turn], Script] = echo, tools: tuple = LOOK) -> Member:
    return Member(Agent(name, script, tools), "does it")


def test_a_supervisor_delegates_one_after_another(service: Service) -> None:
    frames = service.orchestrated("Research desk", "Why are orders late?")
    open_, seen = None, []
    for frame in of(frames, "delegation_started", "delegation_completed"):
        if frame["event"] == "delegation_started":
            assert open_ is None
            open_ = frame["child_execution_id"]
            seen.append(frame["agent"])
        else:
            assert frame["child_execution_id"] == open_
            open_ = None
    assert seen == ["Scout", "Statistician", "Controller"]
    skipped = ("content_delta", "reasoning_delta", "reasoning")
    assert names(frames, *skipped)[:8] == [
        "start",
        "orchestration_started",
        "step_started",
        "tool_call",
        "delegation_started",
        "step_started",
        "tool_call",
        "tool_result",
    ]
    assert names(frames, *skipped)[-5:] == [
        "step_started",
        "step_completed",
        "orchestration_completed",
        "chunk",
        "complete",
    ]


def test_a_delegation_stands_between_its_call_and_its_result(service: Service) -> None:
    frames = service.orchestrated("Research desk")
    order = [
        (frame["event"], frame.get("tool_name") or frame["agent"])
        for frame in of(
            frames, "tool_call", "tool_result", "delegation_started", "delegation_completed"
        )
        if frame.get("tool_name", "delegate_to_").startswith("delegate_to_")
    ]
    assert order == [
        pair
        for name in ("Scout", "Statistician", "Controller")
        for pair in (
            ("tool_call", f"delegate_to_{name}"),
            ("delegation_started", name),
            ("delegation_completed", name),
            ("tool_result", f"delegate_to_{name}"),
        )
    ]


def test_each_child_counts_anew_and_says_nothing_of_itself(service: Service) -> None:
    children: list[list[Frame]] = []
    own: list[Frame] = []
    here = own
    for frame in service.orchestrated("Research desk"):
        if frame["event"] == "delegation_completed":
            here = own
        here.append(frame)
        if frame["event"] == "delegation_started":
            children.append([])
            here = children[-1]
    assert len(children) == 3
    for told in (own, *children):
        numbers = [frame["seq"] for frame in told if "seq" in frame]
        assert numbers == list(range(1, len(numbers) + 1))
    for child in children:
        assert child[0]["step"] == 1
        assert not any({"agent", "depth", "parent"} & frame.keys() for frame in child)


def test_the_content_is_what_everybody_said(service: Service) -> None:
    for name in ("Research desk", "Report line", "Forecast panel"):
        frames = service.orchestrated(name)
        assert frames[-1]["content"] == said(frames)
        assert frames[-2] == {"event": "chunk", "content": said(frames)}
        assert "tool_calls" not in frames[-1]
        stored = service.stored(frames)
        assert stored["content"] == said(frames)
        assert stored["status"] == frames[-1]["status"] == "completed"


def test_the_children_are_stored_with_their_own_texts(service: Service) -> None:
    frames = service.orchestrated("Research desk")
    stored = service.stored(frames)
    delegated = of(frames, "delegation_completed")
    results = [f for f in of(frames, "tool_result") if f["tool_name"].startswith("delegate_to_")]
    children = {child["run_id"]: child for child in stored["child_runs"]}
    assert sorted(children) == sorted(d["child_execution_id"] for d in delegated)
    for completed, result in zip(delegated, results, strict=True):
        child = children[completed["child_execution_id"]]
        assert (child["steps"], child["usage"]) == (completed["steps"], completed["usage"])
        assert child["content"][:200] == result["result_preview"]
        # The content is the last step's text alone; the events have all of it.
        whole = "".join(e["delta"] for e in child["events"] if e["type"] == "content_delta")
        assert whole.endswith(child["content"]) and len(whole) > len(child["content"])  # noqa: PT018  # one fact
        assert json.loads(child["tool_calls"][0]["result"])
        assert "agent" not in child
    assert not [e for e in stored["events"] if e["type"] in {"content_delta", "reasoning_delta"}]


@pytest.mark.parametrize("name", ["Research desk", "Report line", "Forecast panel"])
def test_the_numbers_of_an_answer_are_the_databases(serve: Callable, name: str) -> None:
    one, other = (serve(seed=seed).orchestrated(name)[-1] for seed in (7, 8))
    assert one["content"] != other["content"]


def test_the_checker_finds_what_the_draft_got_wrong(service: Service) -> None:
    frames = service.orchestrated("Report line")
    late = service.read("SELECT COUNT(*) AS n FROM orders WHERE shipped_at > due_at")[0]["n"]
    assert f"| {late} | **wrong** |" in frames[-1]["content"]
    assert "Borealis in North | Borealis in North | right |" in frames[-1]["content"]


def test_a_sequence_numbers_its_steps_from_0_and_hands_the_last_text_on(serve: Callable) -> None:
    line = Orchestration("Line", "sequential", (member("A"), member("B"), member("C")))
    service: Service = serve(orchestrations=[line])
    frames = service.orchestrated("Line", "m")
    steps = [(f["step"], f["agent"]) for f in of(frames, "sequential_step")]
    assert steps == [(0, "A"), (1, "B"), (2, "C")]
    assert of(frames, "orchestration_started")[0]["agent_count"] == 3
    assert frames[-1]["content"] == "Wait. <m>Wait. <<m>>Wait. <<<m>>>"
    assert frames[-1]["steps"] == 3
    children = service.stored(frames)["child_runs"]
    assert sorted(c["content"] for c in children) == ["<<<m>>>", "<<m>>", "<m>"]
    usage = [child["usage"]["total_tokens"] for child in children]
    assert frames[-1]["usage"]["total_tokens"] == sum(usage)


def test_the_members_runs_are_stored_in_an_order_that_says_nothing(serve: Callable) -> None:
    line = Orchestration("Line", "sequential", tuple(member(name) for name in "ABCDE"))
    orders = set()
    for seed in range(4):
        service: Service = serve(orchestrations=[line], seed=seed)
        children = service.stored(service.orchestrated("Line", "m"))["child_runs"]
        orders.add(tuple(len(child["content"]) for child in children))
    assert len(orders) > 1


def in_turns(words: str, spoken: list[str], place: int) -> Callable[[Turn], Script]:
    """Say a word whenever it is this one's turn of two: alone it never comes to its end."""

    def say(_turn: Turn) -> Script:
        for word in words.split():
            while len(spoken) % 2 != place:
                yield Pause(0.01)
            spoken.append(word)
            yield Say(f"{word} ")

    return say


def read(turn: Turn) -> Script:
    yield Say(f"Read: {turn.message}")


def test_parallel_members_interleave_and_a_merge_reads_them(serve: Callable) -> None:
    spoken: list[str] = []
    members = (
        member("Alpha", in_turns("alpha beta gamma", spoken, 0), ()),
        member("Beta", in_turns("ONE TWO THREE", spoken, 1), ()),
    )
    panel = Orchestration("Panel", "parallel", members, read)
    service: Service = serve(orchestrations=[panel])
    frames = service.orchestrated("Panel")
    begun = [i for i, f in enumerate(frames) if f["event"] == "step_started" and f["step"] == 1]
    assert len(begun) == 3  # the third is the merge
    assert sorted(said(frames[: begun[2]]).split()) == sorted(spoken)
    assert spoken == ["alpha", "ONE", "beta", "TWO", "gamma", "THREE"]
    assert said(frames[begun[2] :]) == (
        "Read: --- Alpha ---\nalpha beta gamma \n\n--- Beta ---\nONE TWO THREE "
    )
    children = service.stored(frames)["child_runs"]
    assert {child["content"] for child in children} == {
        "alpha beta gamma ",
        "ONE TWO THREE ",
    }
    assert [frame["seq"] for frame in frames if frame["event"] == "step_started"] == [1, 1, 2]
    assert frames[-1]["steps"] == 3


def test_a_panel_of_one_has_no_merge(serve: Callable) -> None:
    panel = Orchestration("Panel", "parallel", (member("Alone"),), read)
    service: Service = serve(orchestrations=[panel])
    frames = service.orchestrated("Panel", "m")
    assert frames[-1]["content"] == "Wait. <m>"
    assert frames[-1]["steps"] == 1
    assert of(frames, "orchestration_completed")[0].keys() == {
        "event",
        "type",
        "status",
        "seq",
        "ts",
    }


def test_the_panels_members_all_query_at_the_same_time(service: Service) -> None:
    frames = service.orchestrated("Forecast panel", "What revenue should we expect in January?")
    tools = [frame["event"] for frame in of(frames, "tool_call", "tool_result")]
    assert tools == ["tool_call"] * 3 + ["tool_result"] * 3
    assert "## January: about" in frames[-1]["content"]


def test_a_supervisor_goes_on_when_a_member_fails(service: Service) -> None:
    frames = service.orchestrated("Research desk (a member fails)")
    failed = of(frames, "delegation_completed")[1]
    assert (failed["agent"], failed["status"], failed["steps"], failed["usage"]) == (
        "Statistician",
        "failed",
        0,
        None,
    )
    result = [f for f in of(frames, "tool_result") if f["tool_name"] == "delegate_to_Statistician"]
    assert result[0]["result_preview"] == OVERLOADED
    assert frames[-1]["status"] == "completed"
    assert "nobody has tested this yet" in frames[-1]["content"]
    (child,) = [c for c in service.stored(frames)["child_runs"] if c["status"] == "failed"]
    assert child["run_id"] == failed["child_execution_id"]


def test_a_sequence_stops_where_a_member_fails(service: Service) -> None:
    frames = service.orchestrated("Report line (a member fails)")
    assert [f["agent"] for f in of(frames, "sequential_step")] == ["Analyst", "Statistician"]
    assert frames[-1]["error"] == f"Agent 'Statistician' failed: {OVERLOADED}"
    assert (frames[-1]["status"], frames[-1]["steps"], frames[-1]["usage"]) == ("failed", 0, {})
    assert names(frames)[-3:] == ["orchestration_completed", "chunk", "complete"]
    stored = service.stored(frames)
    assert (stored["status"], stored["error"]) == ("failed", frames[-1]["error"])
    statuses = [child["status"] for child in stored["child_runs"]]
    assert sorted(statuses) == ["completed", "failed"]


def test_a_panel_waits_for_all_when_a_member_fails(service: Service) -> None:
    frames = service.orchestrated("Forecast panel (a member fails)")
    assert (frames[-1]["status"], frames[-1]["error"]) == ("failed", "Agents failed: Statistician")
    statuses = [child["status"] for child in service.stored(frames)["child_runs"]]
    assert sorted(statuses) == ["completed", "completed", "failed"]
    assert len([f for f in of(frames, "step_started") if f["step"] == 1]) == 3


def test_a_supervisor_whose_own_model_fails_fails(serve: Callable) -> None:
    def fail(_turn: Turn) -> Script:
        yield Fail(OVERLOADED)

    service: Service = serve(
        orchestrations=[Orchestration("Desk", "supervisor", (member("A"),), fail)]
    )
    frames = service.orchestrated("Desk")
    assert names(frames) == [
        "start",
        "orchestration_started",
        "step_started",
        "orchestration_completed",
        "chunk",
        "complete",
    ]
    assert (frames[-1]["status"], frames[-1]["error"]) == ("failed", OVERLOADED)


def test_without_members_it_fails_and_with_an_unknown_strategy_it_says_so(service: Service) -> None:
    empty = service.orchestrated("Empty desk")
    assert names(empty) == ["start", "chunk", "complete"]
    assert empty[-1]["error"] == "No agent entities in orchestration"
    router = service.orchestrated("Router desk")
    error = "Unknown strategy: router. Available: ['supervisor', 'sequential', 'parallel']"
    assert router[1:] == [{"event": "error", "error": error}]
    assert service.stored(router)["status"] == "failed"


def test_an_unknown_orchestration_is_a_stream_with_an_error(service: Service) -> None:
    with service.post(f"/api/orchestrations/{UNKNOWN}/run/stream", {"message": "x"}) as stream:
        error = f"Orchestration {UNKNOWN} not found"
        assert list(stream) == [{"event": "error", "error": error}]


@pytest.mark.parametrize("path", ["{}", "{}/entities", "{}/run/stream"])
def test_an_id_that_is_no_uuid_is_a_page(service: Service, path: str) -> None:
    method = "POST" if "stream" in path else "GET"
    url = f"/api/orchestrations/{path.format('nope')}"
    answer = service.http.request(method, url, json={"message": "x"} if method == "POST" else None)
    assert answer.status_code == 500
    assert "<h1>Internal Server Error</h1>" in answer.text


@pytest.mark.parametrize(
    ("path", "error"),
    [
        (UNKNOWN, "Orchestration not found"),
        (f"{UNKNOWN}/entities", "Orchestration not found"),
        ("runs/orch_run_nope", "Run not found"),
        (f"{UNKNOWN}/sessions/orch_sess_nope/messages", "Session not found"),
    ],
)
def test_what_is_not_there_is_not_found(service: Service, path: str, error: str) -> None:
    answer = service.http.get(f"/api/orchestrations/{path}")
    assert (answer.status_code, answer.json()) == (404, {"error": error})


def test_a_message_is_required(service: Service) -> None:
    path = f"/api/orchestrations/{service.orchestrations['Research desk']}/run/stream"
    answer = service.http.post(path, json={})
    assert (answer.status_code, answer.json()) == (400, {"error": "message is required"})


def test_the_stream_has_no_headers_against_buffering(service: Service) -> None:
    path = f"/api/orchestrations/{service.orchestrations['Empty desk']}/run/stream"
    headers = service.http.post(path, json={"message": "x"}).headers
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert "cache-control" not in headers
    assert "x-accel-buffering" not in headers


def test_the_list_has_pages_only_where_they_are_asked_for(service: Service) -> None:
    assert list(service.get("/api/orchestrations")) == ["orchestrations"]
    page = service.get("/api/orchestrations?limit=2&offset=1")
    assert [o["name"] for o in page["orchestrations"]] == ["Report line", "Forecast panel"]
    assert (page["limit"], page["offset"], page["total"]) == (2, 1, 8)


def test_entities_are_agents_without_names(service: Service) -> None:
    desk = service.orchestrations["Research desk"]
    entities = service.get(f"/api/orchestrations/{desk}/entities")["entities"]
    named = [service.get(f"/api/agents/{e['entity_ref_id']}")["name"] for e in entities]
    assert named == ["Scout", "Statistician", "Controller", "Operator"]
    assert service.get(f"/api/orchestrations/{desk}")["entities"] == entities


def test_a_member_writes_without_the_approval_that_it_waits_for_alone(serve: Callable) -> None:
    written: list[dict] = []

    def write(arguments: dict) -> str:
        written.append(arguments)
        return "written"

    def use(_turn: Turn) -> Script:
        results = yield Calls(Call("write", {}))
        yield Say(results[0])

    tool = Tool("write", write, read_only=False)
    guarded = Agent("Guarded", use, (tool,), (Hook("PreToolUse"),))
    line = Orchestration("Line", "sequential", (Member(guarded, "writes"),))
    service: Service = serve(agents=[guarded], orchestrations=[line])
    frames = service.orchestrated("Line")
    assert of(frames, "approval_requested", "hook_result") == []
    assert (frames[-1]["content"], len(written)) == ("written", 1)
    alone = service.run("Guarded", "Go", {"approved": False, "reason": "no"})
    assert of(alone, "approval_requested")
    assert "Denied by user: no" in alone[-1]["content"]
    assert len(written) == 1


def test_a_machines_hook_of_a_member_is_not_applied_either(serve: Callable) -> None:
    def use(_turn: Turn) -> Script:
        results = yield Calls(Call("echo", {"word": "as it is"}))
        yield Say(results[0])

    hook = Hook("PreToolUse", "http", "echo", edit=lambda _: {"word": "changed"})
    agent = Agent("Hooked", use, (Tool("echo", lambda a: a["word"]),), (hook,))
    line = Orchestration("Line", "sequential", (Member(agent, "echoes"),))
    assert serve(orchestrations=[line]).orchestrated("Line")[-1]["content"] == "as it is"


def test_a_conversation_goes_on(service: Service) -> None:
    first = service.orchestrated("Research desk", "Why are orders late?")
    session_id = first[0]["session_id"]
    assert session_id.startswith("orch_sess_")
    second = service.orchestrated("Research desk", "Is that chance?", session_id=session_id)
    third = service.orchestrated("Research desk", "Make it shorter", session_id=session_id)
    for again in (second, third):
        assert of(again, "delegation_started") == []
        assert len(again[-1]["content"]) < 300
    assert {second[0]["session_id"], third[0]["session_id"]} == {session_id}

    desk = f"/api/orchestrations/{service.orchestrations['Research desk']}/sessions"
    sessions = service.get(desk)
    assert sessions["total"] == 1
    told = sessions["sessions"][0]
    # The service tells the last message as the first.
    assert (told["run_count"], told["first_message"]) == (3, "Make it shorter")
    messages = service.get(f"{desk}/{session_id}/messages")["messages"]
    assert [m["content"] for m in messages] == [
        text
        for asked, run in (
            ("Why are orders late?", first),
            ("Is that chance?", second),
            ("Make it shorter", third),
        )
        for text in (asked, run[-1]["content"])
    ]
    # Alone, without the conversation, the same words begin the whole investigation.
    assert of(service.orchestrated("Research desk", "Is that chance?"), "delegation_started")[2:]


def test_a_failed_run_stays_in_the_messages(service: Service) -> None:
    frames = service.orchestrated("Empty desk", "Anybody?")
    path = f"/api/orchestrations/{UNKNOWN}/sessions/{frames[0]['session_id']}/messages"
    assert [(m["role"], m["content"]) for m in service.get(path)["messages"]] == [
        ("user", "Anybody?"),
        ("assistant", "Error: No agent entities in orchestration"),
    ]


def stall(_turn: Turn) -> Script:
    yield Say("Wait. ")
    yield Pause(float("inf"))


def write_on(_turn: Turn) -> Script:
    yield Say("word " * 100_000)


def test_silence_is_filled(serve: Callable) -> None:
    line = Orchestration("Line", "sequential", (member("Stalling", stall, ()),))
    service: Service = serve(orchestrations=[line], keepalive_seconds=0.02)
    path = f"/api/orchestrations/{service.orchestrations['Line']}/run/stream"
    with service.http.stream("POST", path, json={"message": "x"}) as answer:
        assert next(line for line in answer.iter_lines() if line[:1] == ":") == ": keepalive"


@pytest.mark.parametrize("script", [stall, write_on])
def test_without_its_client_it_is_stored_as_running_for_ever(
    serve: Callable, script: Callable[[Turn], Script]
) -> None:
    members = (member("First"), member("Second", script, ()))
    service: Service = serve(
        orchestrations=[Orchestration("Line", "sequential", members)], keepalive_seconds=0.02
    )
    with service.orchestrate("Line", "m") as stream:
        start = next(stream)
        next(f for f in stream if f["event"] == "sequential_step" and f["step"] == 1)
        active = service.stored([start])
    run = service.server.engine.orchestrations.runs[start["run_id"]]
    until(lambda: run.lost)
    for stored in (active, service.stored([start])):
        assert (stored["status"], stored["content"], stored["events"]) == ("running", None, [])
        assert (stored["completed_at"], stored["model"], stored["usage"]) == (None, None, None)
        # What the members ended before is stored.
        assert [child["content"] for child in stored["child_runs"]] == ["<m>"]
    desk = f"/api/orchestrations/{service.orchestrations['Line']}/sessions"
    messages = service.get(f"{desk}/{start['session_id']}/messages")["messages"]
    assert messages == [{"role": "user", "content": "m"}]


def test_the_same_seed_gives_the_same_ids(serve: Callable) -> None:
    one, other = (serve(seed=3).orchestrated("Forecast panel") for _ in range(2))
    assert one[0] == other[0]
    ids = [{f["call_id"] for f in of(frames, "tool_call")} for frames in (one, other)]
    assert ids[0] == ids[1]


def test_the_documented_dialect_names_the_agents(serve: Callable) -> None:
    service: Service = serve(dialect="documented")
    for name, agents in (
        ("Research desk", ["Scout", "Statistician", "Controller"]),
        ("Report line", ["Analyst", "Statistician", "Writer"]),
        ("Forecast panel", ["Analyst", "Statistician", "Controller"]),
    ):
        frames = service.orchestrated(name)
        assert [f["agent"] for f in of(frames, "delegation_start")] == agents
        assert {f["agent"] for f in of(frames, "delegation_completed")} == set(agents)
        assert {f["agent"] for f in of(frames, "entity_chunk")} == set(agents)
        assert {f["event"] for f in frames} <= {
            "start",
            "step_started",
            "step_completed",
            "reasoning",
            "chunk",
            "tool_call",
            "tool_result",
            "delegation_start",
            "entity_chunk",
            "delegation_completed",
            "complete",
        }
        assert frames[-1]["event"] == "complete"
        assert "## " in "".join(f["content"] for f in of(frames, "chunk"))
    error = {"event": "error", "message": "No agent entities in orchestration"}
    assert service.orchestrated("Empty desk")[1:] == [error]
    assert service.orchestrated("Router desk")[1]["message"].startswith("Unknown strategy")


def test_the_samples_hold_whatever_the_seed(serve: Callable) -> None:
    for seed in range(3):
        service: Service = serve(seed=seed)
        database = Database(seed)
        late = database.value("SELECT COUNT(*) FROM orders WHERE shipped_at > due_at")
        database.close()
        assert f"| {late} | **wrong** |" in service.orchestrated("Report line")[-1]["content"]
        assert service.orchestrated("Research desk")[-1]["status"] == "completed"
        assert service.orchestrated("Forecast panel")[-1]["status"] == "completed"
