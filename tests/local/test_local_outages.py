"""The server refuses, dies and comes back, when it is told to."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from powawidget.local.pace import tokens
from tests.counterpart import Agent, Member, Orchestration, Pause, Say, Tool, start
from tests.local.service import Service, of, said, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.counterpart import Script, Turn


def stream_of(service: Service, agent: str = "Writer") -> httpx.Response:
    path = f"/api/agents/{service.agents[agent]}/run/stream"
    return service.http.post(path, json={"message": "haiku"})


@pytest.mark.parametrize("retry_after", [None, 2, 0.5, "Wed, 21 Oct 2026 07:28:00 GMT", "soon"])
def test_the_next_runs_are_refused_and_then_begin(service: Service, retry_after: Any) -> None:
    service.server.refuse(times=2, retry_after=retry_after)
    assert service.get("/api/agents")  # only what starts a run is refused
    for _ in range(2):
        answer = stream_of(service)
        assert (answer.status_code, list(answer.json())) == (429, ["error"])
        told = None if retry_after is None else str(retry_after)
        assert answer.headers.get("retry-after") == told
    assert stream_of(service).status_code == 200
    sessions = service.get(f"/api/agents/{service.agents['Writer']}/sessions")
    assert sessions["total"] == 1  # a refused request began nothing


def test_refusals_are_met_in_their_order_and_by_path(service: Service) -> None:
    service.server.refuse(503)
    service.server.refuse(402)
    service.server.refuse(500, ending="/approve", html=True)
    service.server.refuse(404, ending="", times=1)
    statuses = [stream_of(service).status_code for _ in range(2)]
    assert statuses == [503, 402]
    page = service.decide("run_nope", approved=True)
    assert (page.status_code, page.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert "<h1>Internal Server Error</h1>" in page.text
    assert service.http.get("/api/agents").json() == {"error": "Not Found"}
    assert service.http.get("/api/agents").status_code == 200


def test_what_is_refused_with_402_says_what_is_missing(service: Service) -> None:
    service.server.refuse(402)
    body = stream_of(service).json()
    assert body["error_code"] == "insufficient_credits"
    assert body["balance"] < body["estimated_cost"]
    assert "renews_at" in body


def test_orchestrations_and_workflows_are_refused_too(service: Service) -> None:
    service.server.refuse(429, times=2)
    desk, credit = service.orchestrations["Empty desk"], service.workflows["Credit note"]
    paths = (f"/api/orchestrations/{desk}/run/stream", f"/api/workflows/{credit}/execute/stream")
    for status in (429, 200):
        for path in paths:
            assert service.http.post(path, json={"message": "x"}).status_code == status


def test_a_wrong_key_meets_no_refusal(service: Service) -> None:
    service.server.refuse(ending="")
    assert httpx.get(f"{service.server.url}/api/agents").status_code == 401
    assert service.http.get("/api/agents").status_code == 429


WORDS = [f"word{n} " for n in range(60)]
LOOK = (Tool("look", lambda _: "seen"),)


def count(_turn: Turn) -> Script:
    for word in WORDS:
        yield Say(word)


def stall(_turn: Turn) -> Script:
    yield Say("Wait. ")
    yield Pause(float("inf"))


@contextmanager
def broken() -> Iterator[None]:
    """Expect that the connection breaks."""
    try:
        yield
    except httpx.TransportError:
        return
    pytest.fail("the stream ended as if nothing had happened")


def cut_short(service: Service, path: str, **kill: Any) -> dict[str, Any]:
    """Start a run, kill the server in the middle of it; the first frame comes back."""
    first = None
    with broken(), service.post(path, {"message": "x", "variables": {}}) as stream:
        for number, frame in enumerate(stream):
            first = first or frame
            if number == 6:
                service.server.kill(**kill)
    assert first is not None
    return first


def refused(service: Service) -> bool:
    try:
        service.http.get("/health")
    except httpx.ConnectError:
        return True
    return False


@pytest.fixture
def worker(serve: Callable) -> Service:
    members = (Member(Agent("Teller", count), "tells"),)
    return serve(
        agents=[
            Agent("Plain", count),
            Agent("Tooled", count, LOOK),
            Agent("Stalling", stall, LOOK),
        ],
        orchestrations=[Orchestration("Line", "sequential", members)],
        tokens_per_second=200,
        keepalive_seconds=0.05,
    )


def test_a_plain_run_goes_on_and_is_there_when_the_server_is_back(worker: Service) -> None:
    path = f"/api/agents/{worker.agents['Plain']}/run/stream"
    first = cut_short(worker, path)
    assert refused(worker)
    assert not worker.server.running
    worker.server.restart()
    assert worker.server.running
    run = until(lambda: worker.stored_agent(first["run_id"], "completed"))
    # It lacks the word at which the server found nobody reading any more.
    written = [token for word in WORDS for token in tokens(word)]
    lacking = ["".join(written[:at] + written[at + 1 :]) for at in range(len(written))]
    assert run["content"] in lacking
    assert worker.get(f"/api/sessions/{first['session_id']}/messages")["messages"]
    again = worker.run("Plain", "x", session_id=first["session_id"])
    assert again[-1]["is_new_session"] is False


def test_others_end_as_they_do_without_a_client(worker: Service) -> None:
    tooled = cut_short(worker, f"/api/agents/{worker.agents['Tooled']}/run/stream")
    worker.server.restart()
    run = until(lambda: worker.stored_agent(tooled["run_id"], "failed"))
    assert run["error"] == "Client disconnected before LLM streaming started"
    assert (run["content"], run["events"]) == ("", None)

    line = cut_short(worker, f"/api/orchestrations/{worker.orchestrations['Line']}/run/stream")
    worker.server.restart()
    lost = worker.server.engine.orchestrations.runs[line["run_id"]]
    until(lambda: lost.lost)
    assert worker.stored([line])["status"] == "running"

    report = worker.workflows["Weekly report"]
    cut_short(worker, f"/api/workflows/{report}/execute/stream")
    worker.server.restart()
    path = f"/api/workflows/{report}/executions"
    until(lambda: worker.get(path)["executions"][0]["status"] == "completed")
    assert worker.get(path)["executions"][0]["output"] is None


@pytest.mark.parametrize("agent", ["Plain", "Tooled"])
def test_where_the_work_dies_too_it_is_stored_as_running_for_ever(
    worker: Service, agent: str
) -> None:
    path = f"/api/agents/{worker.agents[agent]}/run/stream"
    first = cut_short(worker, path, goes_on=False)
    assert worker.server.engine._running == {}
    worker.server.restart()
    run = worker.get(f"/api/agents/runs/{first['run_id']}")
    assert (run["status"], run["content"], run["completed_at"]) == ("running", "", None)


def test_key_port_store_and_database_survive(service: Service) -> None:
    key, port = service.server.key, service.server.port
    prices = service.read("SELECT * FROM products")
    service.run("Operator", "Raise the price", {"approved": True})
    raised = service.read("SELECT * FROM products")
    before = service.get("/api/agents?limit=99")
    for _ in range(2):
        service.server.kill()
        service.server.kill()
        service.server.restart()
        service.server.restart()
    assert (service.server.key, service.server.port) == (key, port)
    assert service.get("/api/agents?limit=99") == before
    assert service.read("SELECT * FROM products") == raised != prices
    assert said(service.run("Writer", "haiku"))


def test_a_stalled_run_with_tools_is_found_lost_after_a_kill(worker: Service) -> None:
    path = f"/api/agents/{worker.agents['Stalling']}/run/stream"
    with broken(), worker.post(path, {"message": "x"}) as stream:
        first = next(stream)
        next(frame for frame in stream if of([frame], "content_delta"))
        worker.server.kill()
        list(stream)
    worker.server.restart()
    assert until(lambda: worker.stored_agent(first["run_id"], "failed"))


def test_a_killed_server_can_be_stopped() -> None:
    before = set(threading.enumerate())
    server = start(tokens_per_second=5000)
    server.kill()
    server.stop()
    assert set(threading.enumerate()) == before


def test_a_stop_after_a_kill_ends_what_goes_on() -> None:
    before = set(threading.enumerate())
    server = start(tokens_per_second=5000, agents=[Agent("Stalling", stall)])
    service = Service(server)
    path = f"/api/agents/{service.agents['Stalling']}/run/stream"
    with broken(), service.post(path, {"message": "x"}) as stream:
        next(stream)
        server.kill()
        list(stream)
    service.http.close()
    server.stop()
    assert set(threading.enumerate()) == before
    assert server.open_streams == 0
