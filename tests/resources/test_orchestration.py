"""Orchestrations by name and id, their runs, and what is refused before anything is sent."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

import powawidget
from powawidget.errors import ConfigurationError, ConnectionLost, RequestError
from powawidget.protocol import events as ev
from powawidget.resources.orchestration import Orchestration, OrchestrationInfo
from powawidget.state.model import DelegationPart, ParallelPart
from tests.chaos import Chaos, Exchange, Script
from tests.counterpart import start as start_server
from tests.walk import FIXTURES, payloads

KEY = "planted-key-5f1c9a7be2"
ID = "be97cabf-431c-400e-8c41-c86c580366f3"
AGENTS = ["a4122d5a-e890-4601-b671-399d6e8c4151", "9c245136-2597-43ca-8f77-f72ae3799c69"]
START = {"event": "start", "run_id": "orch_run_1", "session_id": "orch_sess_1"}
TWO = {"event": "orchestration_started", "strategy": "parallel", "agent_count": 2, "seq": 1}
STEP = {"event": "step_started", "type": "step_started", "step": 1, "seq": 1}
DONE = {"event": "complete", "run_id": "orch_run_1", "status": "completed", "content": "abM"}


def delta(text: str) -> dict[str, str]:
    return {"event": "content_delta", "type": "content_delta", "delta": text}


PARALLEL = [START, TWO, STEP, STEP, delta("a"), delta("b"), STEP, delta("M"), DONE]
CHILDREN = {
    "run_id": "orch_run_1",
    "status": "completed",
    "content": "abM",
    "child_runs": [
        {"run_id": "c1", "status": "completed", "content": "a", "events": None, "steps": 1},
        {"run_id": "c2", "status": "completed", "content": "b", "events": None, "steps": 1},
    ],
}
Serve = Callable[[Script], powawidget.Powabase]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with contextlib.ExitStack() as stack:

        def start(script: Script) -> powawidget.Powabase:
            server = stack.enter_context(Chaos(script))
            return stack.enter_context(powawidget.connect(server.url, api_key=KEY))

        yield start


@pytest.fixture(scope="module")
def local() -> Iterator[powawidget.Powabase]:
    server = start_server(tokens_per_second=5000)
    with powawidget.connect(server.url, api_key=server.key) as pb:
        yield pb
    server.stop()


def entities(*ids: str) -> list[dict[str, Any]]:
    return [
        {"entity_type": "agent", "entity_ref_id": one, "position": number}
        for number, one in enumerate(ids)
    ]


def project(  # noqa: PLR0913  # what the project says
    *,
    strategy: str = "parallel",
    members: list[dict[str, Any]] | None = None,
    agents: bytes | None = None,
    details: bool = True,
    stored: Any = None,
    frames: list[dict[str, Any]] = PARALLEL,
) -> Script:
    """A project with one orchestration of two agents."""
    members = entities(*AGENTS) if members is None else members
    row = {"id": ID, "name": "Panel", "strategy": strategy, "entity_count": len(members)}
    named = [{"id": one, "name": f"Agent {n}"} for n, one in enumerate(AGENTS)]

    async def script(exchange: Exchange) -> None:
        path = urlsplit(exchange.request.path).path
        if path == "/api/orchestrations":
            await reply(exchange, {"orchestrations": [row]})
        elif path == f"/api/orchestrations/{ID}":
            await reply(exchange, {**row, "entities": members} if details else None)
        elif path == "/api/agents":
            known = json.dumps({"agents": named, "total": 2}).encode()
            await exchange.answer("200 OK", known if agents is None else agents)
        elif path == f"/api/orchestrations/{ID}/run/stream":
            await exchange.stream(*frames)
        elif path == "/api/orchestrations/runs/orch_run_1":
            await reply(exchange, stored)
        else:
            await reply(exchange, None)

    return script


async def reply(exchange: Exchange, body: Any) -> None:
    status = "404 Not Found" if body is None else "200 OK"
    said = {"error": "Not found"} if body is None else body
    await exchange.answer(status, json.dumps(said).encode())


async def read(one: Orchestration, message: str, **options: Any) -> list[ev.Event]:
    return [event async for event in one.stream(message, **options)]


def test_orchestrations_are_listed_and_found_by_name_and_by_id(serve: Serve) -> None:
    pb = serve(project())
    info = OrchestrationInfo(id=ID, name="Panel", strategy="parallel", agents=2)
    assert pb.orchestrations() == [info]
    for wanted in ("Panel", " panel ", ID):
        assert repr(pb.orchestration(wanted)) == f"<Orchestration 'Panel', parallel, {ID}>"
    with pytest.raises(ConfigurationError, match=r"no orchestration named 'Pannel'\. Did you mean"):
        pb.orchestration("Pannel")
    with pytest.raises(ConfigurationError, match="no orchestration with the id"):
        pb.orchestration(AGENTS[0])


def test_agents_in_parallel_are_named_while_they_work_and_their_texts_come_at_the_end(
    serve: Serve,
) -> None:
    run = serve(project(stored=CHILDREN)).orchestration("Panel").run("Go").wait(display=False)
    assert (run.status, run.text, run.run_id) == ("completed", "M", "orch_run_1")
    (group,) = [part for part in run._live.state.parts if isinstance(part, ParallelPart)]
    assert (group.agents, group.characters) == (["Agent 0", "Agent 1"], 2)
    shown = [(one.agent, one.text, one.status) for one in run.delegations]
    assert shown == [("", "a", "done"), ("", "b", "done")]
    assert run.result().delegations == run.delegations


@pytest.mark.parametrize("stored", [None, [], {"child_runs": 7}, {"child_runs": [7, {}]}])
def test_that_the_stored_run_cannot_be_read_is_no_error(serve: Serve, stored: Any) -> None:
    run = serve(project(stored=stored)).orchestration("Panel").run("Go").wait(display=False)
    assert (run.status, run.text, run.error) == ("completed", "M", None)


def test_what_a_hook_took_back_is_readable_nowhere(serve: Serve) -> None:
    hook = {"event": "hook_result", "hook_event": "PreResponse", "status": "ok", "modified": True}
    named = {"event": "entity_chunk", "agent": "A", "content": "secret one"}
    end = {**DONE, "content": "clean"}
    frames = [START, named, delta("secret two"), hook, end]
    stored = json.loads(json.dumps(CHILDREN).replace('"content": "a"', '"content": "secret"'))
    run = serve(project(stored=stored, frames=frames)).orchestration("Panel").run("Go")
    run.wait(display=False)
    assert run.text == "clean"
    kept = " ".join([repr(list(run.events)), repr(run), repr(run._live.snapshot())])
    assert "secret" not in kept
    assert [event for event in run.events if isinstance(event, ev.Withheld)]


@pytest.mark.parametrize("agents", [b'{"agents": [], "total": 0}', b"<p>no</p>"])
def test_that_the_agents_cannot_be_named_is_no_obstacle(serve: Serve, agents: bytes) -> None:
    run = serve(project(agents=agents)).orchestration("Panel").run("Go").wait(display=False)
    (group,) = [part for part in run._live.state.parts if isinstance(part, ParallelPart)]
    assert (run.text, group.agents) == ("M", [])


def test_that_its_details_cannot_be_read_is_no_obstacle(serve: Serve) -> None:
    run = serve(project(details=False)).orchestration("Panel").run("Go").wait(display=False)
    assert run.status == "completed"


@pytest.mark.parametrize(
    ("script", "message", "said"),
    [
        (project(), "", "message is empty: say what the orchestration should do"),
        (project(), 7, "message is a text, not int"),
        (project(), "half an emoji \ud83d", "can't be written as JSON"),
        (project(members=[]), "Go", "'Panel' has no agents: add at least one"),
        (project(members=[], details=False), "Go", "has no agents"),
        (project(members=[{"entity_type": "tool"}]), "Go", "has no agents"),
        (project(strategy="router"), "Go", "strategy 'router', which no server runs"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_sent(
    script: Script, message: Any, said: str
) -> None:
    with Chaos(script) as server, powawidget.connect(server.url, api_key=KEY) as pb:
        one = pb.orchestration("Panel")
        with pytest.raises(ConfigurationError, match=said):
            one.run(message)
        with pytest.raises(ConfigurationError, match=said):
            asyncio.run(read(one, message))
        assert server.posts == 0


def test_the_body_holds_the_message_and_the_conversation() -> None:
    with Chaos(project()) as server, powawidget.connect(server.url, api_key=KEY) as pb:
        one = pb.orchestration("Panel")
        one.run("Go").wait(display=False)
        one.run("On", session_id="orch_sess_1").wait(display=False)
        asyncio.run(read(one, "On", session_id="orch_sess_1"))
        bodies = [request.json for request in server.requests if request.method == "POST"]
        again = {"message": "On", "session_id": "orch_sess_1"}
        assert bodies == [{"message": "Go"}, again, again]


def test_events_are_read_without_a_widget(serve: Serve) -> None:
    one = serve(project()).orchestration("Panel")
    kinds = [type(event) for event in asyncio.run(read(one, "Go"))]
    assert kinds[:2] == [ev.Started, ev.OrchestrationStarted]
    assert kinds[-1] is ev.Completed
    cut = serve(project(frames=PARALLEL[:-1])).orchestration("Panel")
    with pytest.raises(ConnectionLost, match="without its terminal event"):
        asyncio.run(read(cut, "Go"))


def test_stop_says_that_the_server_keeps_it_as_running(serve: Serve) -> None:
    run = serve(project()).orchestration("Panel").run("Go").wait(display=False)
    assert "keeps the run as running for ever" in run._live.state.on_stop
    assert run._live.state.kind == "orchestration"


def test_a_stored_run_is_brought_back_by_its_id(serve: Serve) -> None:
    pb = serve(project(stored=CHILDREN))
    run = pb.get_run("orch_run_1")
    assert (run.status, run.run_id, run._live.state.origin) == ("completed", "orch_run_1", "stored")
    with pytest.raises(RequestError, match="Not found"):
        pb.get_run("orch_run_2")


SEQUENCE = FIXTURES / "orchestration_sequential_unordered.sse"


def test_each_agent_keeps_its_own_text_live_and_brought_back_whatever_the_order(
    serve: Serve,
) -> None:
    frames = [json.loads(payload) for payload in payloads(SEQUENCE.read_bytes())]
    stored = json.loads(SEQUENCE.with_suffix(".stored.json").read_bytes())
    frames = [{**one, "run_id": "orch_run_1"} if "run_id" in one else one for one in frames]
    for runs in (stored["child_runs"], stored["child_runs"][::-1]):
        told = {**stored, "run_id": "orch_run_1", "child_runs": runs}
        pb = serve(project(strategy="sequential", stored=told, frames=frames))
        live = pb.orchestration("Panel").run("Go").wait(display=False)
        for run in (live, pb.get_run("orch_run_1")):
            assert run.text == "Sail at noon, when the water is high."
            assert [(one.agent, one.text[:4], len(one.tool_calls)) for one in run.delegations] == [
                ("Reader", "Read", 1),
                ("Writer", "Sail", 0),
            ]
            parts = [p for p in run._live.state.parts if isinstance(p, DelegationPart)]
            assert [part.child_id for part in parts] == [
                stored["child_runs"][1]["run_id"],
                stored["child_runs"][0]["run_id"],
            ]


NAMES = ["Research desk", "Report line", "Forecast panel"]
FAILING = [f"{name} (a member fails)" for name in NAMES]


@pytest.mark.parametrize("name", [*NAMES, *FAILING])
def test_a_run_of_the_embedded_server_is_the_same_when_it_is_brought_back(
    local: powawidget.Powabase, name: str
) -> None:
    live = local.orchestration(name).run("How did we do?").wait(display=False)
    assert live.run_id is not None
    kept = local.get_run(live.run_id)
    assert live.status == kept.status == ("failed" if name in FAILING[1:] else "completed")
    assert live.text == kept.text
    assert bool(live.text) == (live.status == "completed")
    assert [type(p) for p in live._live.state.parts if isinstance(p, DelegationPart)]
    untimed = [
        [
            # Of one that failed the server keeps neither what it said nor its results.
            (one.agent, one.task, one.status, [call.name for call in one.tool_calls])
            if one.status == "failed"
            else (one.agent, one.task, one.status, one.text, one.tool_calls, one.usage)
            for one in run.delegations
        ]
        for run in (live, kept)
    ]
    assert untimed[0] == untimed[1]
    done = [one for one in live.delegations if one.status == "done"]
    assert all(call.result is not None for one in done for call in one.tool_calls)


@pytest.mark.parametrize("name", NAMES)
def test_the_documented_dialect_comes_to_the_same_answer(name: str) -> None:
    texts = []
    for dialect in ("seen", "documented"):
        server = start_server(dialect, tokens_per_second=5000)  # type: ignore[arg-type]  # either
        try:
            with powawidget.connect(server.url, api_key=server.key) as pb:
                run = pb.orchestration(name).run("How did we do?").wait(display=False)
                said = sorted(one.text for one in run.delegations)
                texts.append((run.status, run.text, said))
        finally:
            server.stop()
    assert texts[0] == texts[1]
