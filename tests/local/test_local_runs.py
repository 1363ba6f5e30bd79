"""What runs do: the order of their frames, parallel calls, sessions, failures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.counterpart import Agent, Call, Calls, Cut, Fail, Hook, Pause, Say, Think, Tool
from tests.local.service import of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.counterpart import Script, Turn
    from tests.local.service import Service

QUESTIONS = [
    "Which orders are late, by region and carrier?",
    "Show revenue by month, with a trend",
    "Which customers should we talk to?",
    "Compare North and South",
    "Break it",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_analyst_thinks_asks_and_answers_in_markdown(service: Service, question: str) -> None:
    frames = service.run("Analyst", question)
    text = "".join(frame["delta"] for frame in of(frames, "content_delta"))
    complete = frames[-1]
    assert complete["event"] == "complete"
    assert complete["status"] == "completed"
    assert frames[-2] == {"event": "chunk", "content": text}
    assert complete["content"] == text
    for part in ("\n## ", "| ---", "```", "$"):
        assert part in text
    assert "```sql" in text or "```python" in text
    assert of(frames, "reasoning_delta")
    assert complete["tool_calls"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_numbers_of_an_answer_are_the_databases(serve: Callable, question: str) -> None:
    one = serve(seed=7).run("Analyst", question)[-1]
    other = serve(seed=8).run("Analyst", question)[-1]
    assert one["content"] != other["content"]
    for query in (call["arguments"].get("query") for call in one["tool_calls"]):
        assert query is None or query.startswith("SELECT")


def test_an_answer_counts_what_the_query_returned(service: Service) -> None:
    complete = service.run("Analyst", "late orders")[-1]
    lanes = json.loads(complete["tool_calls"][0]["result"])
    late, orders = (sum(lane[name] for lane in lanes) for name in ("late", "orders"))
    assert f"**{late:,} of {orders:,}** shipped orders ({late / orders:.1%})" in complete["content"]


def test_reasoning_is_streamed_and_then_told_whole(service: Service) -> None:
    frames = service.run("Analyst", "Compare North and South")
    for whole in of(frames, "reasoning"):
        deltas = [f for f in of(frames, "reasoning_delta") if f["step"] == whole["step"]]
        assert "".join(f["delta"] for f in deltas) == whole["content"]
        assert whole["source"] == "thinking"
        assert {f["source"] for f in deltas} == {"thinking"}
    writer = service.run("Writer", "An essay")
    assert [frame["event"] for frame in writer[-3:]] == ["chunk", "reasoning", "complete"]


def test_two_reads_run_at_once_and_end_in_another_order(service: Service) -> None:
    frames = service.run("Analyst", "Compare North and South")
    tools = of(frames, "tool_call", "tool_result")
    assert [frame["event"] for frame in tools] == ["tool_call"] * 2 + ["tool_result"] * 2
    first, second, ended, last = (frame["call_id"] for frame in tools)
    assert (ended, last) == (second, first)
    calls = frames[-1]["tool_calls"]
    assert ["South" in call["arguments"]["query"] for call in calls] == [True, False]
    assert all("call_id" not in call for call in calls)


def test_engine_frames_are_numbered_and_deltas_are_not(service: Service) -> None:
    frames = service.run("Analyst", "Show revenue by month")
    numbered = [frame["seq"] for frame in frames if "seq" in frame]
    assert numbered == list(range(1, len(numbered) + 1))
    stored = service.get(f"/api/agents/runs/{frames[0]['run_id']}")["events"]
    engine = [frame for frame in frames if "seq" in frame]
    assert stored == [{k: v for k, v in f.items() if k != "event"} for f in engine]


def test_a_failing_query_is_a_result_and_the_agent_goes_on(service: Service) -> None:
    frames = service.run("Analyst", "Break it")
    previews = [frame["result_preview"] for frame in of(frames, "tool_result")]
    assert previews[0] == "Error: no such column: delay_days"
    assert json.loads(frames[-1]["tool_calls"][1]["result"])[0]["days"] > 0


def test_an_unknown_question_gets_the_tables_and_examples(service: Service) -> None:
    frames = service.run("Analyst", "What is the meaning of life?")
    assert [call["tool_name"] for call in frames[-1]["tool_calls"]] == ["database_schema"]
    assert "| `orders` | 5,000 |" in frames[-1]["content"]
    assert "Compare North and South" in frames[-1]["content"]


def test_previews_have_200_characters_and_results_50000(serve: Callable) -> None:
    def read(_turn: Turn) -> Script:
        yield Calls(Call("big", {}))

    service: Service = serve(agents=[Agent("Big", read, (Tool("big", lambda _: "x" * 60_000),))])
    frames = service.run("Big", "x")
    result = of(frames, "tool_result")[0]
    assert result["result_preview"] == "x" * 200
    assert result["result_meta"] == {"result_type": "text", "char_count": 50_032}
    full = frames[-1]["tool_calls"][0]["result"]
    assert full == "x" * 50_000 + "\n\n[Truncated: 60000 chars total]"


def test_tools_may_be_awaited_unknown_or_raise(serve: Callable) -> None:
    async def later(arguments: dict) -> str:
        return arguments["word"]

    def bad(_arguments: dict) -> str:
        raise RuntimeError("tool exploded")

    def use(_turn: Turn) -> Script:
        results = yield Calls(Call("later", {"word": "yes"}), Call("bad", {}), Call("none", {}))
        yield Say(repr(results))

    tools = (Tool("later", later), Tool("bad", bad))
    content = serve(agents=[Agent("Tools", use, tools)]).run("Tools", "x")[-1]["content"]
    assert content == repr(["yes", "Error: tool exploded", "Error: Unknown tool 'none'"])


def test_the_writer_has_no_steps_and_writes_long_texts(service: Service) -> None:
    frames = service.run("Writer", "A long report, please")
    assert {frame["event"] for frame in frames} == {"start", "content_delta", "chunk", "complete"}
    assert 15_000 < len(frames[-1]["content"]) < 25_000


def test_sessions_remember_and_later_turns_refer_to_earlier_ones(service: Service) -> None:
    first = service.run("Analyst", "Which orders are late?")
    session_id = first[0]["session_id"]
    assert session_id.startswith("sess_")
    why = service.run("Analyst", "Why?", session_id=session_id)
    assert why[0]["session_id"] == session_id
    assert "By month, then." in why[-1]["content"]
    south = service.run("Analyst", "And what about South?", session_id=session_id)
    assert "Late orders in South" in south[-1]["content"]
    assert "By month, then." not in service.run("Analyst", "Why?")[-1]["content"]

    messages = service.get(f"/api/sessions/{session_id}/messages")["messages"]
    assert [m["content"] for m in messages] == [
        text
        for asked, run in (
            ("Which orders are late?", first),
            ("Why?", why),
            ("And what about South?", south),
        )
        for text in (asked, run[-1]["content"])
    ]
    assert [m["role"] for m in messages] == ["user", "assistant"] * 3
    runs = service.get(f"/api/sessions/{session_id}/runs")["runs"]
    assert [run["run_id"] for run in runs] == [r[0]["run_id"] for r in (first, why, south)]
    sessions = service.get(f"/api/agents/{service.agents['Analyst']}/sessions?limit=1")
    assert (sessions["total"], sessions["limit"], len(sessions["sessions"])) == (2, 1, 1)


def test_a_session_id_of_the_clients_own_begins_a_session(service: Service) -> None:
    first = service.run("Writer", "haiku", session_id="mine")
    second = service.run("Writer", "haiku", session_id="mine")
    assert (first[0]["session_id"], first[-1]["is_new_session"]) == ("mine", True)
    assert second[-1]["is_new_session"] is False


def test_a_stored_run_names_its_session_by_the_databases_id(service: Service) -> None:
    start = service.run("Writer", "haiku")[0]
    stored = service.get(f"/api/agents/runs/{start['run_id']}")
    session = service.get(f"/api/sessions/{start['session_id']}")
    assert stored["session_id"] == session["id"] != start["session_id"]
    assert stored["events"] is None


def test_the_same_seed_gives_the_same_ids(serve: Callable) -> None:
    one, other = (serve(seed=3).run("Analyst", "Compare North and South") for _ in range(2))
    assert one[0] == other[0]
    ids = [[f["call_id"] for f in of(frames, "tool_call")] for frames in (one, other)]
    assert ids[0] == ids[1]


def test_agents_have_the_same_ids_at_every_start(serve: Callable) -> None:
    assert serve(seed=1).agents == serve(seed=2).agents


def fail_late(_turn: Turn) -> Script:
    yield Say("So far. ")
    yield Calls(Call("look", {}))
    yield Fail("litellm.InternalServerError: broken")


LOOK = (Tool("look", lambda _: "seen"),)


def test_a_model_failure_after_a_tool_is_told_without_steps_and_calls(serve: Callable) -> None:
    service: Service = serve(agents=[Agent("Failing", fail_late, LOOK)])
    frames = service.run("Failing", "x")
    complete = frames[-1]
    assert of(frames, "error") == []
    assert of(frames, "tool_result")
    assert (complete["status"], complete["steps"], complete["tool_calls"], complete["usage"]) == (
        "failed",
        0,
        [],
        None,
    )
    assert complete["content"] == "So far. "
    messages = service.get(f"/api/sessions/{complete['session_id']}/messages")["messages"]
    assert messages == []


def test_a_script_that_raises_ends_with_an_error_and_no_complete(serve: Callable) -> None:
    def broken(_turn: Turn) -> Script:
        yield Say("Hm. ")
        raise RuntimeError("script broke")

    service: Service = serve(agents=[Agent("Broken", broken)])
    frames = service.run("Broken", "x")
    assert frames[-1]["event"] == "error"
    assert frames[-1]["error"] == "script broke"
    assert service.get(f"/api/agents/runs/{frames[0]['run_id']}")["status"] == "failed"


def test_the_timeout_of_a_request_aborts_an_agent_with_tools(serve: Callable) -> None:
    def slow(_turn: Turn) -> Script:
        yield Say("One moment. ")
        yield Pause(float("inf"))

    frames = serve(agents=[Agent("Slow", slow, LOOK)]).run("Slow", "x", timeout_seconds=1.0)
    complete = frames[-1]
    assert (complete["status"], complete["error"]) == ("failed", "Execution aborted")
    assert complete["content"] == "One moment. "


@pytest.mark.parametrize("abruptly", [False, True])
def test_a_cut_ends_the_body_without_complete(serve: Callable, *, abruptly: bool) -> None:
    def cut(_turn: Turn) -> Script:
        yield Say("Half a")
        yield Cut(abruptly=abruptly)

    service: Service = serve(agents=[Agent("Cut", cut)])
    events = []
    broke = False
    try:
        with service.stream("Cut", "x") as stream:
            events += [frame["event"] for frame in stream]
    except httpx.TransportError:
        broke = True
    assert broke is abruptly
    assert "complete" not in events


def test_keepalives_fill_the_silence_of_agents_with_tools_only(serve: Callable) -> None:
    def quiet(_turn: Turn) -> Script:
        yield Think("Hm.")
        yield Pause(10)
        yield Say("Yes.")

    service: Service = serve(
        agents=[Agent("Quiet", quiet), Agent("Quiet with tools", quiet, LOOK)],
        keepalive_seconds=0.02,
    )
    assert b": keepalive\n\n" in service.raw("Quiet with tools", "x")
    assert b"keepalive" not in service.raw("Quiet", "x")


def test_a_machines_hook_changes_arguments_and_answers(serve: Callable) -> None:
    def use(_turn: Turn) -> Script:
        results = yield Calls(Call("echo", {"word": "no"}))
        yield Say(results[0])

    hooks = (
        Hook("PreToolUse", "http", "echo", edit=lambda _: {"word": "yes"}),
        Hook("PreResponse", "http", edit=str.upper),
    )
    tools = (Tool("echo", lambda arguments: arguments["word"]),)
    frames = serve(agents=[Agent("Edited", use, tools, hooks)]).run("Edited", "x")
    assert of(frames, "tool_call")[0]["arguments"] == {"word": "no"}
    assert frames[-1]["tool_calls"][0]["arguments"] == {"word": "yes"}
    assert [f["modified"] for f in of(frames, "hook_result")] == [True, True]
    assert frames[-1]["content"] == "YES"


def test_tokens_can_be_given_by_size(serve: Callable) -> None:
    def many(_turn: Turn) -> Script:
        yield Say("abcdefg" * 1000, size=70)

    frames = serve(agents=[Agent("Many", many, tokens_per_second=1e9)]).run("Many", "x")
    assert {len(frame["delta"]) for frame in of(frames, "content_delta")} == {70}
    assert frames[-1]["content"] == "abcdefg" * 1000
