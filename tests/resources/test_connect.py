"""`connect` and the agents behind it: settings, names, lists, bodies, events without a widget."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import powawidget
from powawidget.errors import ConfigurationError, ConnectionLost, ProtocolError, RequestError
from powawidget.kernel import loop
from powawidget.protocol import events as ev
from powawidget.resources.connect import Agent, AgentInfo
from tests.chaos import Chaos, Exchange, Script
from tests.counterpart import start as start_server

KEY = "planted-key-5f1c9a7be2"
ID = "2692cf6d-36e4-4ca1-bb3c-0112a7cf6137"
START = {"event": "start", "run_id": "run_1", "session_id": "sess_1"}
DELTA = {"event": "content_delta", "type": "content_delta", "delta": "a"}
DONE = {"event": "complete", "status": "completed", "content": "a"}
Serve = Callable[..., powawidget.Powabase]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with contextlib.ExitStack() as stack:

        def start(script: Script, **limits: float) -> powawidget.Powabase:
            server = stack.enter_context(Chaos(script))
            limited = powawidget.Timeouts(**limits)  # type: ignore[arg-type]  # any of its fields
            return stack.enter_context(
                powawidget.connect(server.url, api_key=KEY, timeouts=limited)
            )

        yield start


def project(*agents: dict[str, Any], tools: bytes | None = b'{"tools": []}') -> Script:
    """A project with these agents, listed page by page."""

    async def script(exchange: Exchange) -> None:
        url = urlsplit(exchange.request.path)
        if url.path.endswith("/tools"):
            await exchange.answer("404 No" if tools is None else "200 OK", tools or b"{}")
        elif url.path.endswith("/run/stream"):
            await exchange.stream(START, DELTA, DONE)
        elif url.path == "/api/agents":
            query = parse_qs(url.query)
            first, most = int(query["offset"][0]), min(int(query["limit"][0]), 2)
            page = {"agents": agents[first : first + most], "total": len(agents)}
            await exchange.answer("200 OK", json.dumps(page).encode())
        else:
            found = [one for one in agents if url.path == f"/api/agents/{one['id']}"]
            status = "200 OK" if found else "404 Not Found"
            said = found[0] if found else {"error": "Agent not found"}
            await exchange.answer(status, json.dumps(said).encode())

    return script


def named(*names: str) -> list[dict[str, Any]]:
    return [{"id": f"id-{number}", "name": name} for number, name in enumerate(names)]


def test_no_url_is_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match="set POWABASE_URL"):
        powawidget.connect(api_key=KEY)


def test_no_key_is_asked_for_and_refused_where_nobody_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody(prompt: str) -> str:
        raise EOFError(prompt)

    monkeypatch.setattr("getpass.getpass", nobody)
    with pytest.raises(ConfigurationError, match="set POWABASE_API_KEY"):
        powawidget.connect("https://ref.p.powabase.ai")


def test_an_empty_key_is_refused_and_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda _: pytest.fail("asked"))
    with pytest.raises(ConfigurationError, match="The API key is empty"):
        powawidget.connect("https://ref.p.powabase.ai", api_key="  ")


def test_a_hidden_prompt_takes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda _: f" {KEY}\n")
    with powawidget.connect("https://ref.p.powabase.ai") as pb:
        assert pb._client.secret.reveal() == KEY


def test_url_and_key_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWABASE_URL", "https://ref.p.powabase.ai/")
    monkeypatch.setenv("POWABASE_API_KEY", f"{KEY}\n")
    with powawidget.connect() as pb:
        assert pb.url == "https://ref.p.powabase.ai"
        assert pb._client.secret.reveal() == KEY
        assert repr(pb) == "<Powabase at https://ref.p.powabase.ai>"


def test_a_key_over_plain_http_to_another_machine_is_refused_unless_wanted() -> None:
    with pytest.raises(ConfigurationError, match="insecure=True"):
        powawidget.connect("http://powabase.example.org", api_key=KEY)
    with powawidget.connect("http://powabase.example.org", api_key=KEY, insecure=True) as pb:
        assert pb.url == "http://powabase.example.org"


def test_agents_of_every_page_are_listed(serve: Serve) -> None:
    names = ["A", "B", "C", "D", "E"]
    assert [info.name for info in serve(project(*named(*names))).agents()] == names


def test_a_list_may_come_without_its_wrapping(serve: Serve) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b'[{"id": "1", "name": "A", "model": "m"}, 7, {"id": 2}]')

    assert serve(script).agents() == [AgentInfo(id="1", name="A", model="m")]


def test_what_cannot_be_sent_in_a_name_is_replaced(serve: Serve) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b'[{"id": "1", "name": "A\\ud83d\\u0000"}]')

    assert [info.name for info in serve(script).agents()] == ["A\ufffd\ufffd"]


def test_an_agent_is_found_by_name_and_by_id(serve: Serve) -> None:
    pb = serve(project(*named("Analyst", "Writer"), {"id": ID, "name": "Third"}))
    assert pb.agent("Writer").id == "id-1"
    assert pb.agent(" writer ").id == "id-1"
    assert pb.agent(ID).name == "Third"


def test_an_exact_name_outweighs_one_in_other_letters(serve: Serve) -> None:
    pb = serve(project(*named("writer", "Writer")))
    assert pb.agent("Writer").id == "id-1"
    with pytest.raises(
        ConfigurationError, match=r"2 agents named 'WRITER': use the id.*id-0, id-1"
    ):
        pb.agent("WRITER")


def test_an_unknown_name_lists_the_near_ones(serve: Serve) -> None:
    pb = serve(project(*named("Analyst", "Annalist", "Gardener")))
    with pytest.raises(ConfigurationError, match="Did you mean 'Annalist' or 'Analyst'"):
        pb.agent("analist")
    with pytest.raises(ConfigurationError, match="There are: Analyst, Annalist, Gardener"):
        pb.agent("zzz")


def test_an_unknown_id_and_an_empty_project_are_told(serve: Serve) -> None:
    with pytest.raises(ConfigurationError, match="no agent with the id"):
        serve(project()).agent(ID)
    with pytest.raises(ConfigurationError, match="no agents yet"):
        serve(project()).agent("A")


@pytest.mark.parametrize("tools", [None, b"<p>no</p>", b"[]", b'{"tools": 5}'])
def test_that_tools_cannot_be_listed_is_no_obstacle(serve: Serve, tools: bytes | None) -> None:
    agent = serve(project(*named("A"), tools=tools)).agent("A")
    assert agent.run("hi").wait(display=False).status == "completed"


@pytest.mark.parametrize(
    ("tools", "said"), [(b'{"tools": [{}]}', "at its next write"), (b'{"tools": []}', "goes on")]
)
def test_stop_says_what_the_server_does_then(serve: Serve, tools: bytes, said: str) -> None:
    agent = serve(project(*named("A"), tools=tools)).agent("A")
    run = agent.run("hi").wait(display=False)
    assert said in run._live.state.on_stop


def test_a_knowledge_base_in_the_request_is_no_tool(serve: Serve) -> None:
    """A preload: without keepalives, and the run goes on (docs/protocol.md#what-is-a-tool)."""
    agent = serve(project(*named("A"), tools=b'{"tools": []}')).agent("A")
    run = agent.run("hi", knowledge_bases=["kb"]).wait(display=False)
    assert "goes on" in run._live.state.on_stop
    assert run._task.plan.source.idle == powawidget.Timeouts().quiet_idle


FIELDS: dict[str, Any] = {
    "session_id": "sess_1",
    "temperature": 0.5,
    "timeout_seconds": 30,
    "response_format": {"type": "json_object"},
    "max_context_tokens": 1000,
    "citations_enabled": False,
    "reasoning_requested": True,
}
CONTEXTS: dict[str, Any] = {
    "knowledge_bases": ["kb"],
    "context_handler_id": "ch",
    "context_override": "text",
    "context_items": [{"text": "é"}],
}


@pytest.mark.parametrize("context", CONTEXTS)
def test_every_field_of_the_body_is_sent_and_no_other(context: str) -> None:
    given = {**FIELDS, context: CONTEXTS[context]}
    with Chaos(project()) as server, powawidget.connect(server.url, api_key=KEY) as pb:
        agent = Agent(pb._client, AgentInfo(id="a", name="A"), None)
        assert agent.run("hi", **given).wait(display=False).status == "completed"
        asyncio.run(read(agent, "hi", **given))
        assert [request.json for request in server.requests] == [{"message": "hi", **given}] * 2


@pytest.mark.parametrize(
    ("message", "options", "said"),
    [
        ("", {}, "message is empty"),
        (" \n", {}, "message is empty"),
        (7, {}, "message is a text, not int"),
        ("hi", dict(list(CONTEXTS.items())[:2]), "Only one of"),
        ("hi", {"context_items": [object()]}, "can't be written as JSON"),
        ("hi", {"temperature": float("nan")}, "can't be written as JSON"),
        ("half an emoji \ud83d", {}, "can't be written as JSON"),
    ],
)
def test_a_body_that_cannot_be_is_refused_before_anything_is_sent(
    message: Any, options: dict[str, Any], said: str
) -> None:
    with Chaos(project()) as server, powawidget.connect(server.url, api_key=KEY) as pb:
        agent = Agent(pb._client, AgentInfo(id="a", name="A"), None)
        with pytest.raises(ConfigurationError, match=said):
            agent.run(message, **options)
        with pytest.raises(ConfigurationError, match=said):
            asyncio.run(read(agent, message, **options))
        assert server.requests == []


def test_a_field_that_there_is_not_is_refused(serve: Serve) -> None:
    agent = serve(project(*named("A"))).agent("A")
    with pytest.raises(ConfigurationError, match="takes no temprature"):
        asyncio.run(read(agent, "hi", temprature=1))


async def read(agent: Agent, message: str, **options: Any) -> list[ev.Event]:
    return [event async for event in agent.stream(message, **options)]


def test_events_are_read_without_a_widget_on_any_loop(serve: Serve) -> None:
    agent = serve(project(*named("A"))).agent("A")
    for _ in range(2):
        kinds = [type(event) for event in asyncio.run(read(agent, "hi"))]
        assert kinds == [ev.Started, ev.TextDelta, ev.Completed]


def test_leaving_the_events_early_closes_the_stream() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, DELTA, end=False)
        await exchange.gone()

    async def first(agent: Agent) -> None:
        async with contextlib.aclosing(agent.stream("hi")) as events:  # type: ignore[type-var]  # a generator
            async for _ in events:
                break

    with Chaos(script) as server, powawidget.connect(server.url, api_key=KEY) as pb:
        asyncio.run(first(Agent(pb._client, AgentInfo(id="a", name="A"), None)))
        assert server.left.wait(60)


def test_events_without_the_terminal_one_end_in_an_error(serve: Serve) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, DELTA)

    pb = serve(script)
    with pytest.raises(ConnectionLost, match="without its terminal event"):
        asyncio.run(read(Agent(pb._client, AgentInfo(id="a", name="A"), None), "hi"))


@pytest.mark.parametrize("lingers", [True, False])
def test_events_may_end_with_an_error_event(serve: Serve, lingers: bool) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, {"event": "error", "message": "No."}, end=False)
        if lingers:
            await exchange.gone()

    pb = serve(script, after_error=0.2)
    events = asyncio.run(read(Agent(pb._client, AgentInfo(id="a", name="A"), None), "hi"))
    assert [type(event) for event in events] == [ev.Started, ev.Errored]


def test_events_that_take_longer_than_the_total_limit_end_in_an_error(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, DELTA, end=False)
        await exchange.gone()

    agent = Agent(serve(script, total=900.0)._client, AgentInfo(id="a", name="A"), None)
    handled: list[type[ev.Event]] = []
    reads = loop.loop_thread().loop  # the stream is read there, and its time is limited there
    time_there = reads.time

    async def reading() -> None:
        async for event in agent.stream("hi"):
            if isinstance(event, ev.TextDelta):
                monkeypatch.setattr(reads, "time", lambda: time_there() + 1000.0)
                reads.call_soon_threadsafe(lambda: None)
            for _ in range(5):
                await asyncio.sleep(0)  # who handles an event isn't cancelled
            handled.append(type(event))

    with pytest.raises(ConnectionLost, match=r"wasn't complete after 900 s") as caught:
        asyncio.run(reading())
    assert caught.value.code == "total_timeout"
    assert caught.value.maybe_accepted
    assert handled == [ev.Started, ev.TextDelta]


@pytest.mark.parametrize("wrong", [True, "deny", 5, powawidget.policy])
def test_what_cannot_decide_is_refused_before_anything_is_sent(serve: Serve, wrong: Any) -> None:
    agent = serve(project(*named("A"))).agent("A")
    for begin in (agent.run, agent.chat):
        with pytest.raises(ConfigurationError, match=r"on_approval takes what powawidget\.policy"):
            begin(*(["hi"] if begin == agent.run else []), on_approval=wrong)


def test_nobody_decides_on_events_that_are_read_without_a_widget(serve: Serve) -> None:
    agent = serve(project(*named("A"))).agent("A")
    with pytest.raises(ConfigurationError, match=r"use run\(\.\.\., on_approval="):
        asyncio.run(read(agent, "hi", on_approval=powawidget.policy(allow=["*"])))


def test_an_event_that_is_too_large_ends_the_events_in_an_error(serve: Serve) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, end=False)
        await exchange.chunk(b"data: ", *[b"x" * 65536] * 200)

    pb = serve(script)
    with pytest.raises(ProtocolError, match="larger than"):
        asyncio.run(read(Agent(pb._client, AgentInfo(id="a", name="A"), None), "hi"))


def test_a_stored_run_is_brought_back(serve: Serve) -> None:
    stored = {
        "run_id": "run_1",
        "status": "completed",
        "content": "Kept.",
        "input_messages": [{"role": "user", "content": "Ask"}],
    }

    async def script(exchange: Exchange) -> None:
        known = exchange.request.path == "/api/agents/runs/run_1"
        said = stored if known else {"error": "Run not found"}
        await exchange.answer("200 OK" if known else "404 No", json.dumps(said).encode())

    pb = serve(script)
    run = pb.get_run(" run_1 ")
    assert (run.status, run.text, run.run_id) == ("completed", "Kept.", "run_1")
    with pytest.raises(RequestError, match="Run not found"):
        pb.get_run("run_2")
    with pytest.warns(DeprecationWarning, match=r"pb\.get_run\(id\)") as told:
        assert pb.run("run_1").text == "Kept."
    assert told[0].filename == __file__, "the cell that calls it is shown the warning"


@pytest.mark.parametrize("run_id", ["", "../../agents", "run 1", "run_1?x", "run/1"])
def test_what_is_no_id_of_a_run_is_refused(serve: Serve, run_id: str) -> None:
    with pytest.raises(ConfigurationError, match="isn't the id of a run"):
        serve(project()).get_run(run_id)


def test_a_run_of_the_embedded_server_is_the_same_when_it_is_brought_back() -> None:
    server = start_server(tokens_per_second=2000)
    try:
        with powawidget.connect(server.url, api_key=server.key) as pb:
            live = pb.agent("Analyst").run("How much did we sell by month?").wait(display=False)
            assert live.run_id is not None
            kept = pb.get_run(live.run_id)
    finally:
        server.stop()
    assert live.status == kept.status == "completed"
    assert live.text == kept.text != ""
    assert live.tool_calls == kept.tool_calls != []
    assert live.usage == kept.usage
