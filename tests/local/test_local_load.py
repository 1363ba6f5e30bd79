"""The server under many runs: what it refuses, how long it thinks, what fails, what keeps up."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from powawidget.local import Settings
from tests.counterpart import Agent, Pause, Say

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.counterpart import Script, Turn
    from tests.local.service import Service

AT_ONCE = 500


def waits(_turn: Turn) -> Script:
    yield Say("Begun. ")
    yield Pause(float("inf"))


def says(turn: Turn) -> Script:
    yield Say(f"Done: {turn.message}")


async def started(http: httpx.AsyncClient, path: str, number: int) -> httpx.Response:
    body = {"message": f"Row {number}"}
    return await http.send(http.build_request("POST", path, json=body), stream=True)


def outcomes(service: Service, name: str, count: int) -> list[tuple[str, str]]:
    """Run an agent several times; the status and the content of each."""
    found = []
    for number in range(count):
        frames = service.run(name, f"Row {number}")
        found.append((frames[-1]["status"], frames[-1]["content"]))
    return found


def test_more_at_once_than_allowed_are_refused_and_asked_to_wait(
    serve: Callable[..., Service],
) -> None:
    service = serve(agents=[Agent("Waits", waits)], runs_at_once=3, retry_after=2.5)
    path = f"/api/agents/{service.agents['Waits']}/run/stream"

    async def four() -> tuple[list[int], httpx.Response]:
        async with httpx.AsyncClient(
            base_url=service.server.url, headers=service.http.headers
        ) as http:
            answers = [await started(http, path, number) for number in range(3)]
            refused = await http.post(path, json={"message": "One more"})
            for answer in answers:
                await answer.aclose()
            return [answer.status_code for answer in answers], refused

    statuses, refused = asyncio.run(four())
    assert statuses == [200, 200, 200]
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2.5")
    assert refused.json() == {"error": "Too many concurrent runs. Max 3 at once."}


def test_more_a_minute_than_allowed_are_refused(serve: Callable[..., Service]) -> None:
    service = serve(agents=[Agent("Says", says)], runs_per_minute=2)
    path = f"/api/agents/{service.agents['Says']}/run/stream"
    answers = [service.http.post(path, json={"message": "Hello"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "retry-after" not in answers[-1].headers


def test_the_same_runs_fail_at_each_start(serve: Callable[..., Service]) -> None:
    first, second = (
        outcomes(serve(agents=[Agent("Says", says)], failures=0.5, seed=3), "Says", 12)
        for _ in range(2)
    )
    assert first == second
    assert {status for status, _ in first} == {"completed", "failed"}
    assert outcomes(serve(agents=[Agent("Says", says)], failures=1.0), "Says", 2) == [
        ("failed", ""),
        ("failed", ""),
    ]


def test_a_model_that_thinks_longer_says_the_same(serve: Callable[..., Service]) -> None:
    service = serve(agents=[Agent("Says", says)], latency_seconds=0.01)
    assert outcomes(service, "Says", 3) == [("completed", f"Done: Row {n}") for n in range(3)]


def test_five_hundred_streams_are_served_at_once(serve: Callable[..., Service]) -> None:
    """Each has begun before any is over, and a lookup is answered meanwhile."""
    service = serve(agents=[Agent("Waits", waits)])
    path = f"/api/agents/{service.agents['Waits']}/run/stream"

    async def begin(http: httpx.AsyncClient, number: int) -> tuple[httpx.Response, str]:
        answer = await started(http, path, number)
        assert answer.status_code == 200
        async for line in answer.aiter_lines():
            if "Begun" in line:
                return answer, line
        raise AssertionError("The stream ended.")

    async def all_of_them() -> tuple[int, int, int]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            base_url=service.server.url, headers=service.http.headers, timeout=60, limits=limits
        ) as http:
            begun = await asyncio.gather(*(begin(http, number) for number in range(AT_ONCE)))
            found = await http.get("/api/agents")
            more = await http.post(path, json={"message": "One more"})
            for answer, _ in begun:
                await answer.aclose()
            return len(begun), found.status_code, more.status_code

    assert asyncio.run(all_of_them()) == (AT_ONCE, 200, 503)


@pytest.mark.parametrize(
    "wrong",
    [
        {"runs_at_once": 0},
        {"runs_per_minute": -1},
        {"failures": 1.5},
        {"latency_seconds": -1.0},
        {"retry_after": -1.0},
        {"retry_after": float("nan")},
        {"retry_after": float("inf")},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} is"):
        Settings(**wrong)


def test_a_conversation_may_begin_before_its_first_run(service: Service) -> None:
    path = f"/api/agents/{service.agents['Writer']}/sessions"
    refused = service.http.post(path, json={})
    assert (refused.status_code, refused.json()) == (400, {"error": "user_id is required"})
    made = service.http.post(path, json={"user_id": "somebody"})
    assert made.status_code == 201
    session_id = made.json()["session_id"]
    assert service.get(f"/api/sessions/{session_id}/runs")["runs"] == []
    frames = service.run("Writer", "Hello", session_id=session_id)
    assert frames[0]["session_id"] == session_id
    assert len(service.get(f"/api/sessions/{session_id}/runs")["runs"]) == 1


TICKETS = [
    ("My parcel never arrived, this is unacceptable!", "delivery", "high"),
    ("Thanks, just wondering whether you ship to Norway.", "delivery", "low"),
    ("I was charged twice for one invoice.", "billing", "normal"),
    ("The grinder is broken.", "product", "normal"),
    ("Hello", "other", "normal"),
]


@pytest.mark.parametrize(("ticket", "category", "urgency"), TICKETS)
def test_triage_sorts_tickets_in_words_or_by_a_schema(
    service: Service, ticket: str, category: str, urgency: str
) -> None:
    words = service.run("Triage", f"Triage this ticket: {ticket}")[-1]["content"]
    assert words.startswith(f"**{category.capitalize()}**, {urgency} urgency")
    schema = {
        "type": "object",
        "properties": {
            "category": {"enum": ["billing", "delivery", "product", "other"]},
            "urgency": {"$ref": "#/$defs/Urgency"},
            "priority": {"type": "integer", "minimum": 1, "maximum": 5},
            "refund": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
            "summary": {"type": "string"},
        },
        "$defs": {"Urgency": {"enum": ["low", "normal", "high"], "type": "string"}},
    }
    asked = f"Triage this ticket: {ticket}\n\nAnswer with JSON:\n{json.dumps(schema)}"
    answer = json.loads(service.run("Triage", asked)[-1]["content"])
    assert (answer["category"], answer["urgency"]) == (category, urgency)
    assert set(answer) == set(schema["properties"])
    assert answer["summary"] in ticket
    assert isinstance(answer["refund"], bool)


def test_a_message_full_of_braces_is_read_in_no_time(service: Service) -> None:
    content = service.run("Triage", '{"a":' * 20_000)[-1]["content"]
    assert content.startswith("**Other**")
