"""Conversations: what the Analyst remembers, and what is stored of the turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.counterpart import Agent, Fail, Pause, Say, Tool
from tests.local.service import of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.counterpart import Script, Turn
    from tests.local.service import Frame, Service

LATE = "Which orders are late, by region and carrier?"
REVENUE = "Show revenue by month, with a trend"


def chat(service: Service, *messages: str, agent: str = "Analyst") -> list[Frame]:
    """Send the messages of one conversation; its terminal frames come back."""
    session_id, ends = None, []
    for message in messages:
        more = {} if session_id is None else {"session_id": session_id}
        ends.append(service.run(agent, message, **more)[-1])
        session_id = ends[-1]["session_id"]
    return ends


def test_a_chat_of_three_turns_narrows_down_ranks_and_shortens(service: Service) -> None:
    _, north, worst, short = chat(
        service, LATE, "And for the North only?", "Which carrier is worst?", "Make it shorter"
    )
    counted = service.read(
        "SELECT carrier, COUNT(*) AS orders, SUM(shipped_at > due_at) AS late FROM orders"
        " WHERE region = 'North' AND shipped_at IS NOT NULL GROUP BY carrier"
        " ORDER BY 1.0 * SUM(shipped_at > due_at) / COUNT(*) DESC"
    )
    top = counted[0]
    rate = f"{top['late'] / top['orders']:.1%}"
    assert "## Late orders in North" in north["content"]
    assert f"**{top['carrier']}** is worst in North: {rate}" in worst["content"]
    assert [row["carrier"] in worst["content"] for row in counted] == [True] * 3
    assert short["tool_calls"] == []
    assert short["content"] == (
        f"By carrier, **{top['carrier']}** is worst in North: {rate} of the orders left late"
        f" ({top['late']} of {top['orders']}).\n"
    )


@pytest.mark.parametrize(
    ("messages", "answer"),
    [
        ((LATE, "Which month is worst?"), "By month, then."),
        ((LATE, "which region is best?"), "By region, then."),
        ((LATE, "why?"), "By month, then."),
        ((LATE, "And for the North only?", "Since when?"), "By month in North, then."),
        ((LATE, "What would you do?"), "**Move part of the lane to Arrow**"),
        ((LATE, "thanks"), "I know one small database"),
        ((LATE, "in one sentence, please"), "**Borealis in North** is late with 40%"),
        ((LATE, "the same again"), "## Late orders by region and carrier"),
        ((LATE, "and East and West?"), "## East and West"),
        ((REVENUE, "And for the South?"), "## Revenue by month in South"),
        ((REVENUE, "And for the South?", "shorter"), "EUR in South, most of it in December"),
        ((REVENUE, "Make it shorter"), "EUR, most of it in December with"),
        ((REVENUE, LATE, "Make it shorter"), "**Borealis in North** is late"),
        ((LATE, REVENUE), "## Revenue by month"),
        ((LATE, "What is the meaning of life?"), "I know one small database"),
        (("make it shorter",), "I know one small database"),
        (("which carrier is worst?",), "## Late orders by region and carrier"),
    ],
)
def test_the_analyst_answers_in_the_light_of_what_was_said(
    service: Service, messages: tuple[str, ...], answer: str
) -> None:
    end = chat(service, *messages)[-1]
    assert end["status"] == "completed"
    assert answer in end["content"]


def test_what_was_said_before_is_read_again_and_costs_more(service: Service) -> None:
    first, again = chat(service, "What data do you have?", "What data do you have?")
    assert again["usage"]["prompt_tokens"] > first["usage"]["prompt_tokens"]


def test_the_stored_steps_tell_those_of_earlier_turns_again(service: Service) -> None:
    first, second = chat(service, LATE, "And for the North only?")
    runs = service.get(f"/api/sessions/{first['session_id']}/runs")["runs"]
    before = {"content": first["content"], "step": 1, "tool_calls": ["", ""]}
    assert len(first["tool_calls"]) == 2
    assert [step["step"] for step in runs[0]["reasoning_steps"]] == [1, 2, 3]
    assert runs[1]["reasoning_steps"][0] == before
    assert [step["step"] for step in runs[1]["reasoning_steps"]] == [1, 2, 3]
    own = "".join(step["content"] for step in runs[1]["reasoning_steps"][1:])
    assert own == second["content"]


def test_a_failed_turn_is_missing_with_its_message(serve: Callable) -> None:
    def moody(turn: Turn) -> Script:
        yield Say(f"{len(turn.history)} turns before. ")
        if turn.message == "fail":
            yield Fail("litellm.RateLimitError: too many")

    service: Service = serve(agents=[Agent("Moody", moody)])
    ends = chat(service, "one", "fail", "two", agent="Moody")
    assert [end["status"] for end in ends] == ["completed", "failed", "completed"]
    assert ends[-1]["content"] == "1 turns before. "
    session = f"/api/sessions/{ends[0]['session_id']}"
    messages = service.get(f"{session}/messages")["messages"]
    assert [(m["role"], m["content"]) for m in messages] == [
        ("user", "one"),
        ("assistant", "0 turns before. "),
        ("user", "two"),
        ("assistant", "1 turns before. "),
    ]
    # The run itself is there, and its session counts it.
    runs = service.get(f"{session}/runs")["runs"]
    assert [run["status"] for run in runs] == ["completed", "failed", "completed"]
    listed = service.get(f"/api/agents/{service.agents['Moody']}/sessions")["sessions"]
    assert (listed[0]["run_count"], listed[0]["first_message"]) == (3, "one")


@pytest.mark.parametrize("tools", [(), (Tool("look", lambda _: "seen"),)])
def test_while_a_run_is_active_there_is_nothing_of_it(
    serve: Callable, tools: tuple[Tool, ...]
) -> None:
    def stall(_turn: Turn) -> Script:
        yield Say("Wait. ")
        yield Pause(float("inf"))

    service: Service = serve(agents=[Agent("Stalling", stall, tools)])
    with service.stream("Stalling", "x") as stream:
        start = next(stream)
        next(frame for frame in stream if of([frame], "content_delta"))
        run = service.get(f"/api/agents/runs/{start['run_id']}")
        messages = service.get(f"/api/sessions/{start['session_id']}/messages")["messages"]
    assert (run["status"], run["content"], run["events"]) == ("running", "", None)
    assert (run["completed_at"], run["output_messages"], run["usage"]) == (None, None, None)
    assert run["session_id"] != start["session_id"]
    assert messages == []


def test_another_agents_conversation_is_refused_by_the_database(service: Service) -> None:
    taken = service.run("Writer", "A summary")[0]["session_id"]
    (frame,) = service.run("Analyst", LATE, session_id=taken)
    assert frame["event"] == "error"
    assert list(frame) == ["event", "error", "run_id", "context_handler_id"]
    assert frame["error"].startswith("(psycopg.errors.UniqueViolation) ")
    assert "[SQL:" in frame["error"]
    (frame,) = service.run("Analyst", LATE, session_id="x" * 256)
    assert "character varying(255)" in frame["error"]
    for path in (
        f"/api/agents/{service.agents['Analyst']}/run/stream",
        f"/api/orchestrations/{service.orchestrations['Report line']}/run/stream",
    ):
        refused = service.http.post(path, json={"message": LATE, "session_id": 7})
        assert refused.status_code == 500
    assert service.run("Writer", "And shorter", session_id=taken)[-1]["status"] == "completed"


def test_citations_are_those_of_the_messages_too(service: Service) -> None:
    given = {"context_items": [{"text": "The Moon."}], "citations_enabled": True}
    frames = service.run("Writer", "A summary", **given)
    cited = frames[-1]["citations"]
    assert [one["text_excerpt"] for one in cited] == ["The Moon."]
    assert frames[0]["citation_candidates"] == cited
    path = f"/api/sessions/{frames[0]['session_id']}/messages"
    messages = service.get(path)["messages"]
    assert [one.get("citations") for one in messages] == [None, cited]
