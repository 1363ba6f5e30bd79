"""The server itself: keys, error pages, start and stop."""

from __future__ import annotations

import builtins
import gc
import http.client
import importlib
import json
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import powawidget
from powawidget.local import LocalServer
from tests.counterpart import Agent, Pause, Say, start
from tests.local.service import connected, head, of, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.counterpart import Script, Turn
    from tests.local.service import Service

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, "Authorization header required"),
        ({"apikey": "KEY"}, "Authorization header required"),
        ({"apikey": "KEY", "Authorization": "Bearer "}, "Authorization header required"),
        ({"apikey": "KEY", "Authorization": "KEY"}, "Authorization header required"),
        ({"apikey": "KEY", "Authorization": "Bearer no"}, "Invalid token: Not enough segments"),
        ({"Authorization": "Bearer KEY"}, "No API key found in request"),
        ({"apikey": "no", "Authorization": "Bearer KEY"}, "Invalid authentication credentials"),
    ],
)
def test_both_headers_are_asked_for(service: Service, headers: dict, error: str) -> None:
    key = service.server.key
    sent = {name: value.replace("KEY", key) for name, value in headers.items()}
    for method, path in (("GET", "/api/agents"), ("POST", "/api/agents/runs/run_nope/approve")):
        # Not httpx, which refuses to send the empty token.
        connection = http.client.HTTPConnection("127.0.0.1", service.server.port)
        connection.request(method, path, headers=sent)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())) == (401, {"error": error})
        assert answer.headers["content-type"] == "application/json"
        connection.close()


def test_a_header_that_is_no_ascii_is_refused(service: Service) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.server.port)
    connection.request(
        "GET", "/api/agents", headers={"apikey": "\u00fc", "Authorization": "Bearer \u00fc"}
    )
    assert connection.getresponse().status == 401
    connection.close()


def test_a_client_that_leaves_before_its_request_is_whole_is_no_error(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    known = service.server.requests
    at_work = service.server.listener.uvicorn.server_state.tasks
    until(lambda: not at_work)
    with connected(service.server) as client:
        path = "POST /api/agents/runs/run_nope/approve"
        client.sendall(head(service.server, path, "Content-Length: 9") + b"{")
        until(lambda: at_work)
    until(lambda: not at_work)
    assert "ClientDisconnect" not in caplog.text
    assert service.server.requests == known


PAGE = "<!doctype html>\n<html lang=en>\n<title>{0}</title>\n<h1>{1}</h1>\n<p>{2}</p>\n"


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "text"),
    [
        (
            "POST",
            "/api/agents/{writer}/run/stream",
            {"content": b"{not json", "headers": {"content-type": "application/json"}},
            400,
            "The browser (or proxy) sent a request that this server could not understand.",
        ),
        (
            "POST",
            "/api/agents/{writer}/run/stream",
            {"content": b'{"message": "x"}', "headers": {"content-type": "text/plain"}},
            415,
            (
                "Did not attempt to load JSON data because the request Content-Type was not"
                " &#39;application/json&#39;."
            ),
        ),
        (
            "GET",
            "/api/nope",
            {},
            404,
            (
                "The requested URL was not found on the server. If you entered the URL manually"
                " please check your spelling and try again."
            ),
        ),
        (
            "GET",
            "/api/agents/{writer}/run/stream",
            {},
            405,
            "The method is not allowed for the requested URL.",
        ),
        (
            "POST",
            "/api/agents/not-a-uuid/run/stream",
            {"json": {"message": "x"}},
            500,
            (
                "The server encountered an internal error and was unable to complete your request."
                " Either the server is overloaded or there is an error in the application."
            ),
        ),
    ],
)
def test_html_errors(  # noqa: PLR0913, PLR0917  # one for each column
    service: Service, method: str, path: str, sent: dict[str, Any], status: int, text: str
) -> None:
    answer = service.http.request(method, path.format(writer=service.agents["Writer"]), **sent)
    name = {415: "Unsupported Media Type", 405: "Method Not Allowed"}.get(
        status, http.client.responses[status]
    )
    assert answer.status_code == status
    assert answer.text == PAGE.format(f"{status} {name}", name, text)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("POST", "{writer}/run/stream", {"message": ""}, 400, "message is required"),
        ("POST", "{writer}/run/stream", {}, 400, "message is required"),
        ("POST", "{writer}/run/stream", [1], 400, "message is required"),
        (
            "POST",
            "{writer}/run/stream",
            {"message": "x", "context_override": "a", "context_handler_id": "b"},
            400,
            (
                "Only one of 'knowledge_bases', 'context_handler_id', 'context_override', or"
                " 'context_items' may be provided"
            ),
        ),
        ("POST", UNKNOWN + "/run/stream", {"message": "x"}, 404, "Agent not found"),
        ("GET", UNKNOWN, None, 404, "Agent not found"),
        ("GET", UNKNOWN + "/hooks", None, 404, "Agent not found"),
        ("GET", "runs/run_nope", None, 404, "Run not found"),
        ("GET", "../sessions/sess_nope", None, 404, "Session not found"),
        ("GET", "../sessions/sess_nope/messages", None, 404, "Session not found"),
    ],
)
def test_json_errors(  # noqa: PLR0913, PLR0917  # one for each column
    service: Service, method: str, path: str, body: Any, status: int, error: str
) -> None:
    url = httpx.URL(service.server.url).join(
        "/api/agents/" + path.format(writer=service.agents["Writer"])
    )
    answer = service.http.request(method, url, json=body)
    assert (answer.status_code, answer.json()) == (status, {"error": error})
    assert answer.text == json.dumps(answer.json(), separators=(",", ":")) + "\n"


def test_a_visitor_sees_seven_agents() -> None:
    with LocalServer() as server, powawidget.connect(server.url, api_key=server.key) as pb:
        agents = [agent.name for agent in pb.agents()]
        desk = ["Scout", "Statistician", "Controller"]
        assert agents == ["Analyst", "Writer", "Operator", "Triage", *desk]
        shown = [*pb.orchestrations(), *pb.workflows()]
        assert [one.name for one in shown if "fails" in one.name] == [
            "Report line (a member fails)",
            "Price import (code fails)",
        ]


def test_the_operators_exports_are_asked_about_together(serve: Callable) -> None:
    frames = serve(deadlines={"Operator": 1.0}).run(
        "Operator", "Export North and South", None, {"approved": True}
    )
    asked = of(frames, "approval_requested")
    assert [frame["tool_input"] for frame in asked] == [{"region": "North"}, {"region": "South"}]
    assert of(frames, "tool_result")[-1]["result_preview"].startswith('[{"region": "North"')


def test_lists_have_pages(service: Service) -> None:
    page = service.get("/api/agents?limit=2&offset=1")
    assert [agent["name"] for agent in page["agents"]] == ["Writer", "Operator"]
    assert (page["limit"], page["offset"]) == (2, 1)
    assert page["total"] == len(service.agents)


def test_requests_are_remembered_without_keys(service: Service) -> None:
    service.run("Writer", "haiku")
    path = f"/api/agents/{service.agents['Writer']}/run/stream"
    assert service.server.requests == [
        ("GET", "/api/agents", None),
        ("POST", path, {"message": "haiku"}),
    ]
    assert service.server.key not in repr(service.server.requests)


def test_the_key_is_random_and_not_shown(serve: Callable) -> None:
    one, other = serve().server, serve().server
    assert one.key != other.key
    assert one.key not in repr(one)
    assert one.url in repr(one)


def stall(_turn: Turn) -> Script:
    yield Say("Wait. ")
    yield Pause(float("inf"))


def test_open_streams_are_counted(serve: Callable) -> None:
    service: Service = serve(agents=[Agent("Stalling", stall)])
    with service.stream("Stalling", "x") as stream:
        next(stream)
        assert service.server.open_streams == 1
    until(lambda: service.server.open_streams == 0)
    service.run("Writer", "haiku")
    until(lambda: service.server.open_streams == 0)


def test_stop_ends_streams_thread_and_socket(recwarn: pytest.WarningsRecorder) -> None:
    before = set(threading.enumerate())
    server = start(tokens_per_second=5000, agents=[Agent("Stalling", stall)])
    headers = {"apikey": server.key, "Authorization": f"Bearer {server.key}"}
    with httpx.Client(base_url=server.url, headers=headers) as client:
        agents = {a["name"]: a["id"] for a in client.get("/api/agents").json()["agents"]}
        path = f"/api/agents/{agents['Stalling']}/run/stream"
        with client.stream("POST", path, json={"message": "x"}) as answer:
            lines = answer.iter_lines()
            next(lines)
            server.stop()
            assert "complete" not in "".join(lines)
    server.stop()
    assert set(threading.enumerate()) == before
    assert not server.running
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port))
    gc.collect()
    assert [str(warning.message) for warning in recwarn] == []


def test_a_run_that_goes_on_without_a_client_ends_with_the_server() -> None:
    before = set(threading.enumerate())
    with start(tokens_per_second=5000, agents=[Agent("Stalling", stall)]) as server:
        headers = {"apikey": server.key, "Authorization": f"Bearer {server.key}"}
        with httpx.Client(base_url=server.url, headers=headers) as client:
            agents = {a["name"]: a["id"] for a in client.get("/api/agents").json()["agents"]}
            path = f"/api/agents/{agents['Stalling']}/run/stream"
            with client.stream("POST", path, json={"message": "x"}) as answer:
                next(answer.iter_lines())
        until(lambda: server.open_streams == 0)
    assert set(threading.enumerate()) == before


def test_many_streams_run_at_once(service: Service) -> None:
    results: list[str] = []

    def one() -> None:
        with httpx.Client(
            base_url=service.server.url, headers=service.http.headers, timeout=30
        ) as client:
            path = f"/api/agents/{service.agents['Analyst']}/run/stream"
            results.append(client.post(path, json={"message": "compare"}).text)

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 20
    assert all('"status": "completed"' in text for text in results)


def test_wrong_options_are_named() -> None:
    with pytest.raises(ValueError, match="dialect is 'klingon'; use one of"):
        start(dialect="klingon")  # type: ignore[arg-type]  # that is the test
    with pytest.raises(ValueError, match="use more than 0"):
        start(tokens_per_second=0)


def test_a_port_can_be_chosen_and_a_taken_one_is_an_error(service: Service) -> None:
    with pytest.raises(OSError, match="in use"):
        start(port=service.server.port)
    port = service.server.port
    service.http.close()
    service.server.stop()
    with start(port=port) as again:
        assert again.port == port


def test_a_missing_uvicorn_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def importing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "uvicorn":
            raise ImportError("No module named 'uvicorn'")
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "powawidget.local.server")
    monkeypatch.setattr(builtins, "__import__", importing)
    with pytest.raises(ImportError, match=r'pip install "powawidget\[local\]"'):
        importlib.import_module("powawidget.local.server")
