"""Decisions on their way: to the process that streams, also while everything else is closed."""

import asyncio
import functools
import itertools
import logging
import threading
import time
import types
import urllib.request
from collections.abc import Callable
from email.message import Message
from typing import Any

import pytest

import powawidget
from powawidget.http.cookies import Jar
from powawidget.kernel import loop
from powawidget.local import LocalServer, Settings
from powawidget.protocol.events import as_json
from powawidget.resources.connect import Agent, AgentInfo
from powawidget.resources.lookup import stored_run
from powawidget.resources.orchestration import Orchestration, OrchestrationInfo
from powawidget.resources.workflow import Workflow, WorkflowInfo
from tests.chaos import WATCHDOG, Exchange, Script, at_paths, event
from tests.faults.world import (
    ASK,
    CALL,
    CUT_WITH_TOOLS,
    DONE,
    HALF,
    RESULT,
    START,
    STEP,
    STORED,
    World,
    came_to,
    until,
)
from tests.planted import rendered


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """One request at a time comes here: nobody has to wait for the next."""
    monkeypatch.setattr("powawidget.approvals.requests.Requests.QUIET", 0.01)


DENIED = {
    "event": "tool_result",
    "step": 1,
    "tool_name": "t",
    "call_id": "c",
    "result_preview": "Error: Blocked by hook — Denied by user: The run was stopped.",
}
HOOK = {"event": "hook_result", "hook_event": "PreToolUse", "status": "succeeded", "blocked": True}


def proving(seconds: float, status: str = "200 OK") -> Script:
    """A server that tells in the stream what became of a decision, some time after its answer."""
    decided = asyncio.Event()

    async def run(exchange: Exchange) -> None:
        await exchange.stream(START, STEP, CALL, ASK, end=False)
        await decided.wait()
        await asyncio.sleep(seconds)
        await exchange.tell(HOOK, DENIED)
        await exchange.gone()

    async def other(exchange: Exchange) -> None:
        if exchange.request.path.endswith("/approve"):
            assert exchange.request.json["approved"] is False
            decided.set()
        await exchange.answer_json({"status": "ok"}, status)

    return at_paths(run=run, other=other)


@pytest.mark.parametrize(
    ("seconds", "status"),
    [(0.05, "200 OK"), (0.1, "200 OK"), (0.1, "500 Oops"), (0.1, "409 Conflict")],
)
def test_a_stop_leaves_a_ledger_that_says_denied(
    world: World, seconds: float, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "powawidget.run.task._DENYING", WATCHDOG
    )  # a slow machine changes no outcome
    run = world.run(world.serve(proving(seconds, status)))
    until(lambda: run.status == "waiting", "the request")
    run.stop()
    assert came_to(run)[0] == "stopped"
    (asked,) = run.approvals
    assert (asked.decision, asked.by) == ("denied", "stop")


def test_a_stop_stops_a_run_whose_end_comes_at_once_with_what_proves_the_denial(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("powawidget.run.task._DENYING", WATCHDOG)
    decided = asyncio.Event()

    async def asks(exchange: Exchange) -> None:
        await exchange.stream(START, STEP, CALL, ASK, end=False)
        await decided.wait()
        await exchange.chunk(b"".join(map(event, (HOOK, DENIED, DONE))))
        await exchange.gone()

    async def other(exchange: Exchange) -> None:
        if exchange.request.path.endswith("/approve"):
            decided.set()
        await exchange.answer_json({"status": "ok"})

    run = world.run(world.serve(at_paths(run=asks, other=other)))
    until(lambda: run.status == "waiting", "the request")
    run.stop().wait(WATCHDOG, display=False)
    assert came_to(run)[0] == "stopped"
    (asked,) = run.approvals
    assert (asked.decision, asked.by) == ("denied", "stop")


# A balancer that keeps clients at a server process by a cookie.


class Balancer:
    """Server processes in turn; each knows the runs that it streams, and no other's.

    A request without a cookie goes to the next process, which sets one.
    """

    def __init__(self, world: World) -> None:
        self.turn = itertools.count()
        self.decided: dict[str, asyncio.Event] = {}
        self.heard: list[tuple[str, str]] = []
        self.server = world.serve(self.script)

    async def script(self, exchange: Exchange) -> None:
        request = exchange.request
        kept = request.headers.get("cookie", "").partition("WORKER=")[2]
        worker = kept or str(next(self.turn))
        headers = b"" if kept else f"set-cookie: WORKER={worker}; Path=/\r\n".encode()
        path = request.path
        self.heard.append((path, kept))
        if path.endswith("/run/stream"):
            await self.stream(exchange, worker, headers)
        elif not path.endswith("/approve"):
            await exchange.answer_json({"hooks": [], "agents": []}, headers=headers)
        elif path.endswith(f"/runs/run_{worker}/approve"):
            self.decided[worker].set()
            await exchange.answer_json({}, headers=headers)
        else:
            await exchange.answer_json({"error": "not waiting"}, "404 Not Found", headers)

    async def stream(self, exchange: Exchange, worker: str, headers: bytes) -> None:
        self.decided[worker] = asyncio.Event()
        await exchange.head(headers + b"content-type: text/event-stream\r\n")
        for frame in ({**START, "run_id": f"run_{worker}"}, STEP, CALL, ASK):
            await exchange.send(f"data: {as_json(frame)}\n\n".encode())
        await self.decided[worker].wait()
        for frame in (RESULT, DONE):
            await exchange.send(f"data: {as_json(frame)}\n\n".encode())


def test_each_decision_reaches_the_process_of_its_own_run(world: World) -> None:
    balancer = Balancer(world)
    agent = world.agent(balancer.server.url)
    world._connections[-1].agents()
    runs = [agent.run("go") for _ in range(4)]
    world.runs += runs
    for run in reversed(runs):
        until(run._task.is_asking, "the request")
        world._connections[-1].agents()
        run.approve()
        assert came_to(run)[0] == "completed"
    assert [run.approvals[0].decision for run in runs] == ["approved"] * 4
    posted = [(path, kept) for path, kept in balancer.heard if path.endswith("/approve")]
    assert len(posted) == 4, "none went astray"
    assert all(path.endswith(f"run_{kept}/approve") for path, kept in posted)
    elsewhere = {kept for path, kept in balancer.heard if path.startswith("/api/agents?")}
    assert elsewhere == {""}, "a list is nobody's run"


def setting(*lines: str, then: Script | None = None) -> tuple[Script, list[tuple[str, str]]]:
    """A server whose answer to a run's start sets cookies, and what it is sent afterwards."""
    heard: list[tuple[str, str]] = []
    decided = asyncio.Event()
    headers = "".join(f"set-cookie: {line}\r\n" for line in lines).encode()

    async def run(exchange: Exchange) -> None:
        await exchange.head(headers + b"content-type: text/event-stream\r\n")
        for frame in (START, STEP, CALL, ASK):
            await exchange.send(f"data: {as_json(frame)}\n\n".encode())
        await decided.wait()
        if then is not None:
            await then(exchange)
            return
        for frame in (RESULT, DONE):
            await exchange.send(f"data: {as_json(frame)}\n\n".encode())

    async def other(exchange: Exchange) -> None:
        last = exchange.request.path.rpartition("/")[2]
        heard.append((last, exchange.request.headers.get("cookie", "")))
        if last == "approve":
            decided.set()
        await exchange.answer_json({}, headers=b"set-cookie: WORKER=other; Path=/\r\n")

    return at_paths(run=run, other=other, look=other), heard


NEVER = "Thu, 01 Jan 1970 00:00:00 GMT"
MANY = [f"c{number}={number}; Path=/" for number in range(60)]
SET: dict[str, tuple[list[str], str]] = {
    "one": (["W=a; Path=/"], "W=a"),
    "some": (["W=a; Path=/; HttpOnly; SameSite=Lax", "V=b; Path=/"], "W=a; V=b"),
    "a path above": (["W=a; Path=/api"], "W=a"),
    "another path": (["W=a; Path=/other", "V=b; Path=/"], "V=b"),
    "the path of the start alone": (["W=a"], ""),
    "this domain": (["W=a; Path=/; Domain=127.0.0.1"], "W=a"),
    "no domain": (["W=a; Path=/; Domain=", "V=b; Domain; Path=/"], "W=a; V=b"),
    "a port": (['W=a; Path=/; Port="1"', "V=b; Port; Path=/"], "W=a; V=b"),
    "for longer than anybody counts": ([f"W=a; Path=/; Max-Age={'9' * 5000}"], "W=a"),
    "another domain": (["W=a; Path=/; Domain=example.org"], ""),
    "for TLS alone": (["W=a; Path=/; Secure"], ""),
    "for an hour": (["W=a; Path=/; Max-Age=3600"], "W=a"),
    "for no time": (["W=a; Path=/; Max-Age=0"], ""),
    "until long ago": ([f"W=a; Path=/; Expires={NEVER}"], ""),
    "taken back": (["W=a; Path=/", "W=a; Path=/; Max-Age=0"], ""),
    "in quotes": (['W="a b"; Path=/'], 'W="a b"'),
    "not ASCII": (["W=\u00e9; Path=/", "V=b; Path=/"], "V=b"),
    "too long": ([f"W={'a' * 5000}; Path=/", "V=b; Path=/"], "V=b"),
    "too many": (MANY, "; ".join(line.partition(";")[0] for line in MANY[:50])),
    "nonsense": (["; ;=; Path", "", "V=b; Path=/; Max-Age=soon; Expires=never"], "V=b"),
}


@pytest.mark.parametrize(("lines", "sent"), SET.values(), ids=SET)
def test_a_decision_carries_what_its_runs_own_answer_has_set(
    world: World, lines: list[str], sent: str
) -> None:
    script, heard = setting(*lines)
    run = world.run(world.serve(script))
    until(run._task.is_asking, "the request")
    run.approve()
    assert came_to(run)[0] == "completed"
    assert heard == [("hooks", sent), ("approve", sent)]


def test_the_denial_before_a_stop_and_the_look_after_it_carry_them(world: World) -> None:
    async def then(exchange: Exchange) -> None:
        await exchange.send(f"data: {as_json(DENIED)}\n\n".encode())
        await exchange.gone()

    script, heard = setting("W=a; Path=/", then=then)
    run = world.run(world.serve(script))
    until(run._task.is_asking, "the request")
    run.stop()
    until(lambda: heard[-1][0] == "run_1", "the look at what is stored")
    assert {sent for _, sent in heard} == {"W=a"}, "not what other answers set"
    assert [what for what, _ in heard] == ["hooks", "approve", "run_1"]


def test_a_cookie_that_expires_while_a_person_thinks_is_not_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, heard = setting("W=a; Path=/; Max-Age=3600", "V=b; Path=/")
    run = world.run(world.serve(script))
    until(run._task.is_asking, "the request")
    until(lambda: heard, "the hooks")
    later = types.SimpleNamespace(time=lambda: time.time() + 4000)
    monkeypatch.setattr("http.cookiejar.time", later)
    run.approve()
    came_to(run)
    assert heard == [("hooks", "W=a; V=b"), ("approve", "V=b")]


def test_those_of_a_redirect_are_kept_and_those_of_a_refusal_are_not(world: World) -> None:
    script, heard = setting("W=a; Path=/")
    starts: list[str] = []

    async def first(exchange: Exchange) -> None:
        path = exchange.request.path
        if path == "/api/agents/a-1/run/stream":
            starts.append(exchange.request.headers.get("cookie", ""))
            cookie = f"set-cookie: TRY{len(starts)}={len(starts)}; Path=/\r\n".encode()
            if len(starts) == 1:
                await exchange.answer_json({"error": "later"}, "503 Busy", cookie)
            else:
                there = b"location: /there/run/stream\r\n"
                await exchange.answer("307 There", b"", cookie + there)
        else:
            await script(exchange)

    run = world.run(world.serve(first))
    until(run._task.is_asking, "the request")
    run.approve()
    assert came_to(run)[0] == "completed"
    assert starts == ["", ""]
    assert {sent for _, sent in heard} == {"TRY2=2; W=a"}


def test_they_stand_beside_the_cookies_that_a_person_sends(world: World) -> None:
    script, heard = setting("W=a; Path=/", "V=b; Path=/")
    server = world.serve(script)
    headers = {"COOKIE": "W=mine; team=x"}
    with powawidget.connect(server.url, api_key="k" * 20, headers=headers) as pb:
        run = Agent(pb._client, AgentInfo(id="a-1", name="A"), True).run("go")
    world.runs.append(run)
    until(run._task.is_asking, "the request")
    run.approve()
    assert came_to(run)[0] == "completed"
    assert server.requests[0].headers["cookie"] == "W=mine; team=x"
    assert {sent for _, sent in heard} == {"W=a; V=b; team=x"}


def test_a_cookie_is_told_nowhere(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    planted = f"planted-cookie-{0x7B3:x}"  # no line of this file, which a traceback shows, holds it
    quoted = f'it\'s "{planted}"'

    async def then(exchange: Exchange) -> None:
        await exchange.send(b"data: {")

    script, heard = setting(f"W={planted}; Path=/", f"V={quoted}; Path=/", then=then)
    run = world.run(world.serve(script), look_up_total=0.0)
    until(run._task.is_asking, "the request")
    client = run._task.plan.source._client  # type: ignore[attr-defined]  # a live one
    said = [repr(client), str(client._jar), repr(vars(client)), repr(run), run.to_json()]
    run.approve()
    came_to(run)
    with pytest.raises(powawidget.RunInterrupted) as caught:
        run.result(display=False)
    ours = caught.value.__traceback__
    assert ours is not None
    said += [
        rendered(caught.value.with_traceback(ours.tb_next)),
        *(repr(event) for event in run.events),
        caplog.text,
    ]
    assert {sent for _, sent in heard} == {f"W={planted}; V={quoted}"}
    assert "[cookie]" in caplog.text
    assert not [text for text in said if planted in text]


@pytest.mark.parametrize(
    ("host", "domain", "kept"),
    [
        ("localhost", "localhost", True),
        ("powa", "POWA", True),
        ("powa", ".powa", True),
        ("app.example.com", "example.com", True),
        ("app.example.com", "com", False),
        ("app.example.com", "other.example.com", False),
        ("powa", "owa", False),
    ],
)
def test_a_domain_is_the_hosts_or_one_above_it(host: str, domain: str, kept: bool) -> None:
    jar, answer = Jar(), Message()
    answer["Set-Cookie"] = f"W=a; Path=/; Domain={domain}"
    request = urllib.request.Request(f"http://{host}:8000/a")
    jar.extract_cookies(types.SimpleNamespace(info=lambda: answer), request)
    jar.add_cookie_header(request)
    assert request.get_header("Cookie") == ("W=a" if kept else None)


def test_a_jar_tells_nothing_of_itself() -> None:
    assert (repr(Jar()), str(Jar())) == ("<cookies>", "<cookies>")


# The connection is closed while runs are open.


CLOSED = "This connection was closed: connect again."


def gated(then: Script | None = None) -> Script:
    """A server with a run that waits for a decision, and the rest of what its end needs."""
    decided = asyncio.Event()

    async def run(exchange: Exchange) -> None:
        await exchange.stream(START, STEP, CALL, ASK, end=False)
        await decided.wait()
        if then is not None:
            await then(exchange)
        else:
            await exchange.tell(RESULT, DONE)

    async def other(exchange: Exchange) -> None:
        if exchange.request.path.endswith("/approve"):
            decided.set()
        await exchange.answer_json({"hooks": []})

    async def look(exchange: Exchange) -> None:
        await exchange.answer_json(STORED)

    return at_paths(run=run, other=other, look=look)


def decide(run: powawidget.Run) -> None:
    until(run._task.is_asking, "the request")
    run.approve()


def test_a_decision_is_sent_after_the_connection_was_closed(world: World) -> None:
    server = world.serve(gated())
    with world.connect(server.url) as pb:
        run = Agent(pb._client, AgentInfo(id="a-1", name="A"), True).run("go")
        until(lambda: run.status == "waiting", "the request")
    decide(run)
    assert came_to(run)[0] == "completed"
    assert run.approvals[0].decision == "approved"
    server.wait_until_left()
    pb.close()


def test_a_policy_and_the_deadline_go_on_after_the_connection_was_closed(world: World) -> None:
    go_on = threading.Event()
    script = gated()

    async def slow(exchange: Exchange) -> None:
        while exchange.request.path.endswith("/hooks") and not go_on.is_set():  # noqa: ASYNC110  # set in another thread
            await asyncio.sleep(0.003)
        await script(exchange)

    def allow(_: powawidget.Approval) -> bool:
        return go_on.wait(WATCHDOG)

    with world.connect(world.serve(slow).url) as pb:
        agent = Agent(pb._client, AgentInfo(id="a-1", name="A"), True)
        run = agent.run("go", on_approval=allow)
        until(lambda: run.status == "waiting", "the request")
    go_on.set()
    assert came_to(run)[0] == "completed"
    assert run.approvals[0].decision == "approved"
    assert run.approvals[0].by == "policy: allow"


def test_the_denial_before_a_stop_is_sent_after_the_connection_was_closed(world: World) -> None:
    async def then(exchange: Exchange) -> None:
        await exchange.tell(DENIED)
        await exchange.gone()

    server = world.serve(gated(then))
    with world.connect(server.url) as pb:
        run = Agent(pb._client, AgentInfo(id="a-1", name="A"), True).run("go")
        until(lambda: run.status == "waiting", "the request")
    run.stop()
    came_to(run)
    (denial,) = [one.json for one in server.requests if one.path.endswith("/approve")]
    assert denial["approved"] is False
    until(lambda: server.requests[-1].path.endswith("/runs/run_1"), "the look after the stop")


def test_a_run_that_is_cut_is_looked_up_after_the_connection_was_closed(world: World) -> None:
    async def cut(_: Exchange) -> None:
        pass

    with world.connect(world.serve(gated(cut)).url) as pb:
        run = Agent(pb._client, AgentInfo(id="a-1", name="A"), True).run("go")
        until(lambda: run.status == "waiting", "the request")
    decide(run)
    assert came_to(run) == ("completed", "half rest", None)


def test_the_parts_of_a_run_are_fetched_after_the_connection_was_closed(world: World) -> None:
    go_on = threading.Event()
    asked: list[str] = []

    async def script(exchange: Exchange) -> None:
        path = exchange.request.path
        if not path.endswith("/stream"):
            asked.append(path)
            await exchange.answer_json({**CUT_WITH_TOOLS, "block_logs": []})
            return
        await exchange.head()
        await exchange.tell({"event": "start", "run_id": "run_1"})
        while not go_on.is_set():  # noqa: ASYNC110  # set in another thread
            await asyncio.sleep(0.003)
        last = {"event": "complete", "run_id": "run_1", "status": "completed", "content": ""}
        await exchange.tell(last if "/orch" in path else {"type": "done", "execution_id": "e-1"})

    server = world.serve(script)
    with world.connect(server.url) as pb:
        orchestration = Orchestration(pb._client, OrchestrationInfo(id="o-1", name="O"))
        runs = [
            orchestration.run("go"),
            Workflow(pb._client, WorkflowInfo(id="w", name="W"), None).run(),
        ]
    world.runs += runs
    go_on.set()
    for run in runs:
        assert came_to(run)[0] == "completed"
    assert set(asked) == {"/api/orchestrations/runs/run_1", "/api/workflows/w/executions/e-1/logs"}


def test_the_queued_turns_of_a_chat_are_sent_after_the_connection_was_closed(world: World) -> None:
    go_on = threading.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, STEP, HALF, end=False)
        while not go_on.is_set():  # noqa: ASYNC110  # set in another thread
            await asyncio.sleep(0.003)
        await exchange.tell(DONE)

    server = world.serve(script)
    with world.connect(server.url) as pb:
        chat = Agent(pb._client, AgentInfo(id="a-1", name="A"), True).chat()
        for text in ("a", "b", "c"):
            chat.send(text)
        until(lambda: server.posts, "the first turn")
    with pytest.raises(powawidget.ConfigurationError, match=CLOSED):
        chat.send("d")
    last = chat.queued[-1]
    last.stop()
    go_on.set()
    chat.wait(WATCHDOG, display=False)
    assert [run.status for run in chat.runs] == ["completed"] * 2
    assert [one.json["message"] for one in server.requests] == ["a", "b"]
    assert last.status == "stopped"
    until(lambda: not pb._client._open_runs._count, "that all have left")
    chat.close()


async def read_all(agent: Agent) -> None:
    async for _ in agent.stream("hi"):
        pass


def test_nothing_new_starts_at_a_connection_that_was_closed(world: World) -> None:
    server = world.serve(gated())
    with world.connect(server.url) as pb:
        agent = Agent(pb._client, AgentInfo(id="a-1", name="A"), True)
        run = agent.run("go")
        until(lambda: len(server.requests) == 2, "the hooks")
    before = len(server.requests)
    new: list[Callable[[], Any]] = [
        pb.agents,
        lambda: pb.agent("A"),
        lambda: pb.get_run("run_1"),
        lambda: pb.session("sess_1"),
        lambda: agent.run("again"),
        lambda: agent.chat().send("again"),
        lambda: agent.chat("sess_1").send("again"),
        agent.sessions,
        lambda: asyncio.run(read_all(agent)),
        lambda: loop.run_sync(stored_run(agent._client, "agent", "run_1")),
        Orchestration(pb._client, OrchestrationInfo(id="o-1", name="O")).sessions,
        lambda: Orchestration(pb._client, OrchestrationInfo(id="o-1", name="O")).run("go"),
        lambda: Workflow(pb._client, WorkflowInfo(id="w", name="W"), None).run(),
    ]
    for ask in new:
        with pytest.raises(powawidget.ConfigurationError, match=CLOSED):
            ask()
    decide(run)
    assert came_to(run)[0] == "completed"
    assert [one.path for one in server.requests[before:]] == ["/api/agents/runs/run_1/approve"]


@pytest.fixture
def _quick_words(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = functools.partial(LocalServer, settings=Settings(tokens_per_second=5000))
    monkeypatch.setattr("powawidget.local.LocalServer", quick)


@pytest.mark.usefixtures("_quick_words")
def test_the_embedded_server_stays_until_the_last_run_is_over() -> None:
    with powawidget.connect("local") as pb:
        local: LocalServer = pb._local
        runs = [pb.agent("Operator").run("Raise the price by 5%") for _ in range(2)]
    assert local.running
    for run in runs:
        assert local.running
        decide(run)
        assert run.wait(WATCHDOG, display=False).status == "completed"
        assert run.approvals[0].decision == "approved"
    until(lambda: not local.running, "that it stops")


@pytest.mark.usefixtures("_quick_words")
def test_the_embedded_server_stops_at_once_where_no_run_is_open() -> None:
    with powawidget.connect("local") as pb:
        local: LocalServer = pb._local
        pb.agent("Writer").run("hello").wait(WATCHDOG, display=False)
        until(lambda: not pb._client._open_runs._count, "that nothing is looked up")
    assert not local.running
