"""What the server takes and keeps: from whom, how much, for how long."""

from __future__ import annotations

import contextlib
import json
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

import powawidget
from powawidget.local import limits
from powawidget.resources import agent as agents
from tests.counterpart import (
    Agent,
    Block,
    Edge,
    Orchestration,
    Pause,
    Say,
    Workflow,
    start,
)
from tests.local.service import Service, answered, connected, head, is_closed, of, until

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from tests.counterpart import Counterpart, Script, Turn

JSON = "Content-Type: application/json"
APPROVE = "POST /api/agents/runs/run_nope/approve"
PIECE = b"x" * 65536
ENDLESS = "Transfer-Encoding: chunked"
HUGE = "Content-Length: 1000000000000"


@pytest.fixture(scope="module")
def shared() -> Iterator[Service]:
    """A server for all tests that leave it as it was."""
    with start(tokens_per_second=5000) as server:
        service = Service(server)
        yield service
        service.http.close()


@pytest.fixture
def server(shared: Service) -> Counterpart:
    """The same, by sockets."""
    return shared.server


@pytest.fixture
def peak() -> Iterator[Callable[[], int]]:
    """How many bytes of memory were in use at most, since the test began."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    yield lambda: tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()


def pour(client: socket.socket, pieces: int, *, chunked: bool) -> None:
    """Send pieces of a body, also where the server has closed meanwhile."""
    piece = b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if chunked else PIECE
    with contextlib.suppress(ConnectionError):
        for _ in range(pieces):
            client.sendall(piece)


def waits(_turn: Turn) -> Script:
    yield Say("Wait. ")
    yield Pause(float("inf"))


def says_a_little(_turn: Turn) -> Script:
    yield Say("A little.")


# The key first.


@pytest.mark.parametrize("length", ["Content-Length: 9", HUGE, ENDLESS])
@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (APPROVE, 401),
        ("POST /api/agents/not-a-uuid/run/stream", 401),
        ("GET /api/agents", 401),
        ("DELETE /api/agents", 401),
        ("POST /nowhere", 401),
        ("POST /health", 405),
        ("GET /health", 200),
        ("POST /", 405),
    ],
)
def test_without_the_key_an_answer_comes_before_the_body(
    server: Counterpart, request_line: str, status: int, length: str
) -> None:
    known = server.requests
    with connected(server) as client:
        client.sendall(head(server, request_line, JSON, length, key=False))
        assert answered(client)[0] == status
    assert server.requests == known


@pytest.mark.parametrize("chunked", [True, False])
def test_the_body_of_a_refused_request_goes_nowhere(
    server: Counterpart, peak: Callable[[], int], *, chunked: bool
) -> None:
    known = server.requests
    pieces = 160
    length = ENDLESS if chunked else f"Content-Length: {pieces * len(PIECE)}"
    with connected(server) as client:
        client.sendall(head(server, "POST /x", length, key=False))
        pour(client, pieces, chunked=chunked)
        client.sendall(b"0\r\n\r\n" if chunked else b"")
        assert answered(client)[0] == 401
        # It was read and thrown away: the connection is good for the next request.
        client.sendall(head(server, "GET /api/agents"))
        assert answered(client)[0] == 200
    assert peak() < 48 * len(PIECE)
    assert server.requests == [*known, ("GET", "/api/agents", None)]


# Bodies.


@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_has_a_greatest_length(
    server: Counterpart, peak: Callable[[], int], *, chunked: bool
) -> None:
    known = server.requests
    pieces = 4 * limits.BODY_BYTES // len(PIECE)
    length = ENDLESS if chunked else f"Content-Length: {pieces * len(PIECE)}"
    with connected(server) as client:
        client.sendall(head(server, APPROVE, JSON, length))
        pour(client, pieces, chunked=chunked)
        status, headers, body = answered(client)
    assert (status, headers["content-type"]) == (413, "application/json")
    assert str(limits.BODY_BYTES) in json.loads(body)["error"]
    assert peak() < 3 * limits.BODY_BYTES
    assert server.requests == known


def test_a_length_that_is_too_great_is_refused_before_the_body(server: Counterpart) -> None:
    for length in (limits.BODY_BYTES + 1, 10**19):
        with connected(server) as client:
            client.sendall(head(server, APPROVE, JSON, f"Content-Length: {length}"))
            assert answered(client)[0] == 413


def test_the_longest_body_is_taken(shared: Service) -> None:
    body = json.dumps({"approved": False, "reason": ""})
    body = body.replace('""', f'"{"x" * (limits.BODY_BYTES - len(body))}"')
    assert len(body) == limits.BODY_BYTES
    answer = shared.http.post(
        "/api/agents/runs/run_nope/approve",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    assert answer.json() == {"error": "Run not found or not waiting for approval"}


@pytest.mark.parametrize("length", ["Content-Length: 9", ENDLESS])
def test_a_body_that_does_not_come_has_an_end(
    server: Counterpart, monkeypatch: pytest.MonkeyPatch, length: str
) -> None:
    known = server.requests
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.05)
    with connected(server) as client:
        client.sendall(head(server, APPROVE, JSON, length))
        status, _, body = answered(client)
    assert (status, json.loads(body)) == (408, {"error": "The body didn't come within 0.05 s."})
    assert server.requests == known


@pytest.mark.parametrize("size", [limits.HEAD_BYTES, 2**20])
def test_a_head_has_a_greatest_length(
    server: Counterpart, caplog: pytest.LogCaptureFixture, size: int
) -> None:
    for path, cookie in (("x" * size, ""), ("health?" + "x" * size, ""), ("health", "x" * size)):
        # One that is cut while it is being sent may lose its answer.
        with connected(server) as client, contextlib.suppress(ConnectionError):
            client.sendall(head(server, f"GET /{path}", f"Cookie: {cookie}"))
            assert answered(client)[0] in (400, 431)
    assert caplog.records == []  # nothing of it stands in a cell's output


# What is no JSON, or can't be worked with.

DEEP = 100_000
NO_JSON = {
    "lists in lists": b"[" * DEEP + b"]" * DEEP,
    "lists without an end": b"[" * DEEP,
    "objects in objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "both in one another": b'[{"a":' * DEEP + b"1" + b"}]" * DEEP,
    "a little too deep": b'{"a":' + b"[" * limits.DEPTH + b"]" * limits.DEPTH + b"}",
    "5,000 digits": b'{"message":' + b"9" * 5000 + b"}",
    "5,000 digits below zero": b"-" + b"9" * 5000,
    "a digit too many": b"9" * (limits.DIGITS + 1),
    "a million digits": b"[" + b"9" * 1_000_000 + b"]",
    "5,000 digits and a fraction": b"[" + b"9" * 5000 + b".5]",
    "an infinite number": b'{"a":1e999}',
    "an infinity": b'{"a":-Infinity}',
    "no number": b'{"a":NaN}',
    "no UTF-8": b'{"message":"\xff"}',
    "half an object": b'{"message":"x"',
    "two values": b"{}{}",
    "nothing": b"",
    "a NUL": b"\x00",
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_usable_json_is_a_bad_request(
    shared: Service, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    agent = shared.agents["Writer"]
    orchestration = next(iter(shared.orchestrations.values()))
    workflow = next(iter(shared.workflows.values()))
    known = shared.server.requests
    for path in (
        f"/api/agents/{agent}/run/stream",
        "/api/agents/runs/run_nope/approve",
        f"/api/orchestrations/{orchestration}/run/stream",
        f"/api/workflows/{workflow}/execute/stream",
    ):
        headers = {"Content-Type": "application/json"}
        answer = shared.http.post(path, content=body, headers=headers)
        assert answer.status_code == 400, path
        assert "The browser (or proxy) sent a request" in answer.text
    assert caplog.records == []
    assert shared.server.requests == known


@pytest.mark.parametrize("digits", ["9" * 5000, "9" * 19])
@pytest.mark.parametrize("name", ["limit", "offset"])
@pytest.mark.parametrize("path", ["agents", "orchestrations", "workflows"])
def test_a_number_in_a_query_has_a_greatest_length(
    shared: Service, path: str, name: str, digits: str
) -> None:
    answer = shared.http.get(f"/api/{path}?{name}={digits}")
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": f"{name} is too large: use a smaller number."},
    )
    assert shared.get(f"/api/{path}?{name}={'9' * 18}")[path] is not None


def test_whatever_json_is_taken_can_be_told_again(serve: Callable[..., Service]) -> None:
    flow = Workflow(
        "Echo",
        (Block("Start", "starter"), Block("Out", "response", {"output": "<Start.output>"})),
        (Edge("Start", "Out"),),
    )
    service = serve(workflows=[flow])
    deep: Any = []
    for _ in range(limits.DEPTH - 3):
        deep = [deep]
    variables = {"deep": deep, "long": int("9" * limits.DIGITS), "odd": "\ud83d\x00", "most": 1e308}
    path = f"/api/workflows/{flow.id}/execute/stream"
    written = json.dumps({"variables": variables})  # not httpx, which can't write a lone surrogate
    told = service.http.post(path, content=written, headers={"Content-Type": "application/json"})
    done = json.loads(told.text.split("data: ")[-1])
    (stored,) = service.get(f"/api/workflows/{flow.id}/executions")["executions"]
    assert stored["id"] == done["execution_id"]
    assert stored["input"] == stored["output"] == variables
    assert service.server.requests[-2][2] == {"variables": variables}


# Whose page asks.


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1:9", "127.8.8.8:80", "localhost", "LocalHost:8888", "[::1]:9"),
        "[::1]",
    ],
)
def test_a_name_of_this_machine_is_answered(server: Counterpart, host: str) -> None:
    for path in ("/", "/health", "/api/agents"):
        with connected(server) as client:
            client.sendall(head(server, f"GET {path}", f"Host: {host}"))
            assert answered(client)[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        *(
            "evil.test",
            "evil.test:PORT",
            "127.0.0.1.evil.test",
            "localhost.evil.test",
            "evil.localhost",
            "10.0.0.1",
        ),
        *("0.0.0.0", "[::]", "[::2]:PORT", "127.0.0.1@evil.test", "evil.test@127.0.0.1", "", ":80"),
        *(
            "127.0.0.1:80:80",
            "127.0.0.1 evil.test",
            "127.0.0.1/evil.test",
            "localhos\u0165",
            "127.1",
        ),
    ],
)
def test_any_other_name_is_refused_with_the_key_too(server: Counterpart, host: str) -> None:
    known = server.requests
    # A page of evil.test whose name has come to mean 127.0.0.1 is of one origin with the server.
    host = host.replace("PORT", str(server.port))
    for request_line in ("GET /", "GET /health", "GET /api/agents", APPROVE):
        with connected(server) as client:
            client.sendall(head(server, request_line, f"Host: {host}", JSON, "Content-Length: 9"))
            status, _, body = answered(client)
            assert (status, b"127.0.0.1" in body) == (403, True)
    assert server.requests == known


def test_a_name_that_a_proxy_left_is_told_from_a_key_and_can_be_mended(
    server: Counterpart,
) -> None:
    with powawidget.connect(server.url, api_key=server.key) as pb:
        writer = pb.agent("Writer").id
    for host, status in ((f"hub.example:{server.port}", "failed"), ("127.0.0.1", "completed")):
        headers = {"Host": host}
        with powawidget.connect(server.url, api_key=server.key, headers=headers) as pb:
            agent = agents.Agent(pb._client, agents.AgentInfo(id=writer, name="W"), has_tools=False)
            run = agent.run("hi").wait(display=False)
        assert run.status == status
        if run.error is not None:
            assert run.error.title == "The server doesn't answer to this name"
            assert f"use {server.url}" in run.error.message
            assert 'headers={"Host": "..."}' in str(run.error.hint)
            assert "service-role" not in str(run.error)


def test_no_page_is_allowed_to_read(server: Counterpart) -> None:
    asks = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: apikey")
    for key in (True, False):
        for method in ("OPTIONS", "GET"):
            for path in ("/", "/health", "/api/agents", "/nowhere"):
                with connected(server) as client:
                    client.sendall(
                        head(server, f"{method} {path}", "Origin: http://evil.test", *asks, key=key)
                    )
                    status, headers, _ = answered(client)
                    assert method == "GET" or status >= 400
                    assert not any(name.startswith("access-control") for name in headers)


def test_a_web_socket_is_asked_for_in_vain_and_in_silence(
    server: Counterpart, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(server) as client:
        wants = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
        client.sendall(head(server, "GET /api/agents", *wants, key=False))
        assert answered(client)[0] == 401
    with connected(server) as client:
        client.sendall(b"\x16\x03\x01 no HTTP at all\r\n\r\n")
        assert answered(client)[0] == 400
    assert caplog.records == []


# Connections.


def test_those_who_say_nothing_make_room(
    serve: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS", 12)
    monkeypatch.setattr(limits, "WAITING_SECONDS", 3600)  # nobody goes for another reason
    service = serve(agents=[Agent("Waiting", waits)])
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(service.stream("Waiting", "x"))
        next(stream)
        opened = [stack.enter_context(connected(service.server)) for _ in range(40)]
        # Those who came first had to go, and who has the key is served.
        assert all(is_closed(client) for client in opened[:25])
        assert service.get("/api/agents?limit=99")["agents"]
        assert len(service.server.connections) <= 12
        assert service.server.open_streams == 1
        service.server.stop()
        assert "complete" not in json.dumps(list(stream))


def test_where_everybody_is_at_work_the_next_is_turned_away(
    serve: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = serve(agents=[Agent("Waiting", waits)])
    service.http.close()
    until(lambda: len(service.server.connections) == 0)
    monkeypatch.setattr(limits, "CONNECTIONS", 3)
    monkeypatch.setattr(limits, "WAITING_SECONDS", 3600)
    path = f"POST /api/agents/{service.agents['Waiting']}/run/stream"
    body = b'{"message": "x"}'
    asked = head(service.server, path, JSON, f"Content-Length: {len(body)}") + body
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            client = stack.enter_context(connected(service.server))
            client.sendall(asked)
            assert client.recv(1) == b"H"
        assert is_closed(stack.enter_context(connected(service.server)))
        assert service.server.open_streams == 3
    until(lambda: len(service.server.connections) == 0)


@pytest.mark.parametrize("said", ["nothing", "half a head", "a refused body", "a late body"])
def test_a_connection_that_brings_no_request_is_closed(
    server: Counterpart, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(limits, "WAITING_SECONDS", 0.2)
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.05)
    begins = {
        "nothing": b"",
        "half a head": head(server, "GET /api/agents")[:-2],
        "a refused body": head(server, "POST /x", HUGE, key=False),
        "a late body": head(server, APPROVE, JSON, "Content-Length: 9"),
    }
    with connected(server) as client:
        client.sendall(begins[said])
        if "body" in said:
            assert answered(client)[0] in (401, 408)
        over = threading.Event()

        def trickle() -> None:
            with contextlib.suppress(OSError):
                while not over.wait(0.01):
                    client.sendall(b"x")

        # One that says a little now and then is no better than a silent one.
        thread = threading.Thread(target=trickle if said != "nothing" else over.wait)
        thread.start()
        try:
            assert is_closed(client)
        finally:
            over.set()
            thread.join()


def test_a_stream_may_be_silent_for_longer_than_one_who_waits(
    serve: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def script(_turn: Turn) -> Script:
        yield Say("Wait. ")
        while not go_on.is_set():
            yield Pause(1)  # at this speed a moment
        yield Say("Done.")

    service = serve(agents=[Agent("Slow", script)])
    monkeypatch.setattr(limits, "WAITING_SECONDS", 0.05)
    with service.stream("Slow", "x") as stream:
        next(stream)
        with connected(service.server) as silent:
            assert is_closed(silent)
        go_on.set()
        assert list(stream)[-1]["event"] == "complete"


# What is remembered.


def small(serve: Callable[..., Service]) -> Service:
    return serve(
        agents=[Agent("Small", says_a_little), Agent("Waiting", waits)],
        orchestrations=[Orchestration("None", "supervisor")],
        workflows=[Workflow("Echo", (Block("Start", "starter"),), ())],
        executions_per_minute=None,
    )


@pytest.mark.parametrize("bound", ["KEPT", "KEPT_BYTES"])
def test_the_latest_runs_are_kept(
    serve: Callable[..., Service], monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    service = small(serve)
    monkeypatch.setattr(limits, bound, {"KEPT": 3, "KEPT_BYTES": 30_000}[bound])
    message = "x" * (10 if bound == "KEPT" else 10_000)
    with service.stream("Waiting", "x", session_id="sess_open") as stream:
        waiting = next(stream)["run_id"]
        asked: dict[str, list[str]] = {"agents": [], "orchestrations": []}
        executed = []
        for _ in range(6):
            asked["agents"].append(service.run("Small", message)[0]["run_id"])
            asked["orchestrations"].append(service.orchestrated("None", message)[0]["run_id"])
            executed.append(service.executed("Echo", x=message)[-1]["execution_id"])
        for kind, runs in asked.items():
            found = [service.http.get(f"/api/{kind}/runs/{run}").status_code for run in runs]
            assert (found[0], found[-1], sorted(found, reverse=True)) == (404, 200, found)
            assert found.count(200) <= 3
        kept = service.get(f"/api/workflows/{service.workflows['Echo']}/executions")["executions"]
        assert [one["id"] for one in kept] == executed[::-1][: len(kept)]
        assert 1 <= len(kept) <= 3
        # One that is under way stays, however long ago it began.
        assert service.get(f"/api/agents/runs/{waiting}")["status"] == "running"
    engine = service.server.engine
    assert len(engine.agents.sessions) == len(engine.agents.runs)
    assert len(engine.orchestrations.sessions) == len(engine.orchestrations.runs)


def test_a_conversation_is_kept_by_its_latest_runs(
    serve: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = small(serve)
    monkeypatch.setattr(limits, "KEPT", 2)
    for number in range(5):
        service.run("Small", f"question {number}", session_id="sess_long")
    session = service.get("/api/sessions/sess_long/messages")["messages"]
    assert [said["content"] for said in session[::2]] == ["question 3", "question 4"]
    service.run("Small", "elsewhere")
    service.run("Small", "elsewhere")
    assert service.http.get("/api/sessions/sess_long").status_code == 404


def test_what_is_dropped_changes_nothing_that_is_drawn_later(
    serve: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn() -> list[Any]:
        service = small(serve)
        told = [service.run("Small", "x")[0]["run_id"] for _ in range(4)]
        return [*told, of(service.run("Analyst", "compare"), "tool_call")[0]["call_id"]]

    whole = drawn()
    monkeypatch.setattr(limits, "KEPT", 1)
    assert drawn() == whole


def test_a_run_too_many_is_told_to_come_later(
    serve: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = small(serve)
    monkeypatch.setattr(limits, "RUNNING", 1)
    busy = {"error": "The service is busy. Retry shortly."}
    with service.stream("Waiting", "x") as stream:
        next(stream)
        for path in (
            f"/api/agents/{service.agents['Small']}/run/stream",
            f"/api/orchestrations/{service.orchestrations['None']}/run/stream",
            f"/api/workflows/{service.workflows['Echo']}/execute/stream",
        ):
            answer = service.http.post(path, json={"message": "x"})
            assert (answer.status_code, answer.json()) == (503, busy)
    assert len(service.server.engine.agents.runs) == 1
