"""`connect` and the agents behind it: settings, names, lists, bodies, events without a widget."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import powawidget
from powawidget.errors import ConfigurationError, ConnectionLost, ProtocolError, RequestError
from powawidget.kernel import loop
from powawidget.local.agents.script import knowledge_base_id
from powawidget.protocol import events as ev
from powawidget.resources.connect import Agent, AgentInfo
from tests.chaos import Chaos, Exchange, Script
from tests.counterpart import Agent as LocalAgent
from tests.counterpart import Say, Tool, Turn
from tests.counterpart import Script as LocalScript
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


NOTHING = {"tools": {"tools": []}, "mcp-servers": {"mcp_servers": []}}
SWITCHED_OFF = {"mcp_servers": [{"name": "stub", "enabled": False}]}


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({**NOTHING, "mcp-servers": {"mcp_servers": [{"name": "stub", "enabled": True}]}}, True),
        ({**NOTHING, "mcp-servers": {"mcp_servers": [{"name": "stub"}]}}, True),
        ({**NOTHING, "knowledge-bases": {"knowledge_bases": [{"id": "kb"}]}}, True),
        ({"knowledge-bases": {"knowledge_bases": [{"id": "kb"}]}}, True),
        ({"tools": {"tools": [{}]}}, True),
        # A list may come without its wrapping.
        ({"tools": [], "mcp-servers": [], "knowledge-bases": [{"id": "kb"}]}, True),
        ({"tools": [], "mcp-servers": [], "knowledge-bases": []}, False),
        ({**NOTHING, "knowledge-bases": {"knowledge_bases": []}}, False),
        ({**NOTHING, "mcp-servers": SWITCHED_OFF}, False),
        (NOTHING, False),  # the rest is answered 404
        ({"tools": {"tools": []}}, False),
        ({**NOTHING, "mcp-servers": 403}, None),
        ({**NOTHING, "knowledge-bases": 500}, None),
        ({**NOTHING, "knowledge-bases": {"knowledge_bases": 7}}, None),
        ({"tools": 403, "mcp-servers": {"mcp_servers": []}}, None),
        ({}, None),
    ],
)
def test_what_counts_as_a_tool(serve: Serve, lists: dict[str, Any], expected: bool | None) -> None:
    """docs/protocol.md#what-is-a-tool: it decides the limit of silence and the words on Stop."""
    others = project(*named("A"))

    async def script(exchange: Exchange) -> None:
        found = lists.get(exchange.request.path.rpartition("/")[2])
        if isinstance(found, int):
            await exchange.answer_json({"error": "no"}, f"{found} No")
        elif found is not None:
            await exchange.answer_json(found)
        elif exchange.request.path.endswith(("/tools", "-servers", "-bases")):
            await exchange.answer_json({"error": "no"}, "404 No")
        else:
            await others(exchange)

    run = serve(script).agent("A").run("hi").wait(display=False)
    words = {True: "at its next write", False: "goes on", None: "depends on the agent"}
    assert words[expected] in run._live.state.on_stop
    limits = powawidget.Timeouts()
    assert run._task.plan.source.idle == (limits.idle if expected else limits.quiet_idle)


def says(text: str) -> Callable[[Turn], LocalScript]:
    def script(_turn: Turn) -> LocalScript:
        yield Say(text)

    return script


TOOLED = (Tool("mcp__stub__look", lambda _: "seen"),)


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (LocalAgent("Remote", says("x"), TOOLED), "at its next write"),
        (
            LocalAgent("Reader", says("x"), knowledge_bases=("Handbook",)),
            "at its next write",
        ),
        (LocalAgent("Plain", says("x")), "goes on"),
    ],
)
def test_the_embedded_server_lists_what_is_attached(agent: LocalAgent, said: str) -> None:
    with (
        start_server(agents=[agent]) as server,
        powawidget.connect(server.url, api_key=server.key) as pb,
    ):
        run = pb.agent(agent.name).run("hi").wait(display=False)
        assert said in run._live.state.on_stop
        kinds = {type(event) for event in run.events}
        assert (ev.StepStarted in kinds) == (said == "at its next write")


def test_knowledge_bases_for_one_run_make_an_agent_one_with_tools() -> None:
    owner = LocalAgent("Owner", says("x"), knowledge_bases=("Handbook",))
    plain = LocalAgent("Plain", says("x"))
    given = [{"id": knowledge_base_id("Handbook"), "top_k": 3}]
    with (
        start_server(agents=[owner, plain]) as server,
        powawidget.connect(server.url, api_key=server.key) as pb,
    ):
        agent = pb.agent("Plain")
        run = agent.run("hi", runtime_knowledge_bases=given, context_override="too")
        run.wait(display=False)
        assert server.requests[-1][2]["runtime_knowledge_bases"] == given
        assert any(isinstance(event, ev.StepStarted) for event in run.events)
        assert "at its next write" in run._live.state.on_stop
        # An older server doesn't read it, and sends no keepalives.
        assert run._task.plan.source.idle == powawidget.Timeouts().quiet_idle
        unknown = agent.run("hi", runtime_knowledge_bases=[{"id": "kb"}]).wait(display=False)
        assert (unknown.status, unknown.error.code) == ("failed", "400")
        assert "unknown knowledge base" in unknown.error.message
        turn = agent.chat(runtime_knowledge_bases=given).send("hi").wait(display=False)
        assert any(isinstance(event, ev.StepStarted) for event in turn.events)
        count = len(server.requests)
        for wrong in ([], [{"id": "kb"}] * 11, ["kb"], [{}], {"id": "kb"}, "kb", 7):
            with pytest.raises(ConfigurationError, match="runtime_knowledge_bases takes"):
                agent.run("hi", runtime_knowledge_bases=wrong)
        assert len(server.requests) == count


def test_an_orchestration_takes_knowledge_bases_for_one_run_too() -> None:
    owner = LocalAgent("Owner", says("x"), knowledge_bases=("Handbook",))
    given = [{"id": knowledge_base_id("Handbook"), "top_k": 3}]
    with (
        start_server(agents=[owner], tokens_per_second=5000) as server,
        powawidget.connect(server.url, api_key=server.key) as pb,
    ):
        line = pb.orchestration("Report line")

        def sent() -> Any:
            bodies = [body for _, path, body in server.requests if path.endswith("/run/stream")]
            return bodies[-1].get("runtime_knowledge_bases")

        assert line.run("hi", runtime_knowledge_bases=given).wait(display=False).text
        assert sent() == given
        chat = line.chat(runtime_knowledge_bases=given)
        for _ in range(2):
            assert chat.send("hi").wait(display=False).status == "completed"
            assert sent() == given
        session = line.session(chat.session_id).chat(runtime_knowledge_bases=tuple(given))
        assert session.send("hi").wait(display=False).status == "completed"
        assert sent() == given
        assert asyncio.run(_events(line.stream("hi", runtime_knowledge_bases=given)))
        assert sent() == given
        assert line.run("hi").wait(display=False).text
        assert sent() is None
        unknown = line.run("hi", runtime_knowledge_bases=[{"id": "kb"}]).wait(display=False)
        assert (unknown.status, unknown.error.code) == ("failed", "400")
        count = len(server.requests)
        for begin in (line.run, lambda _, **options: line.chat(**options)):
            for wrong in ([], [{"id": "kb"}] * 11, [{}], "kb"):
                with pytest.raises(ConfigurationError, match="runtime_knowledge_bases takes"):
                    begin("hi", runtime_knowledge_bases=wrong)
            with pytest.raises(TypeError, match=r"(takes no|unexpected).* ?'?temperature"):
                begin("hi", temperature=0.5)
        assert len(server.requests) == count


async def _events(stream: AsyncIterator[ev.Event]) -> list[ev.Event]:
    return [event async for event in stream]


def test_usage_without_tools_is_that_of_the_stored_run() -> None:
    plain = LocalAgent("Plain", says("a b c"))
    with (
        start_server(agents=[plain]) as server,
        powawidget.connect(server.url, api_key=server.key) as pb,
    ):
        run = pb.agent("Plain").run("hi").wait(display=False)
        ends = [event for event in run.events if isinstance(event, ev.Completed)]
        assert [event.usage for event in ends] == [None]
        assert run.usage["completion_tokens"] == 3
        assert run.result().usage == run.usage == pb.get_run(run.run_id).usage


@pytest.mark.parametrize("stored", [None, {"status": "completed"}, {"status": "running"}, []])
def test_that_usage_cannot_be_read_is_no_error(serve: Serve, stored: Any) -> None:
    others, asked = project(*named("A"), tools=b'{"tools": []}'), []

    async def script(exchange: Exchange) -> None:
        if "/runs/" in exchange.request.path:
            asked.append(stored)
            refused = "200 OK" if stored is not None else "404 No"
            await exchange.answer_json(stored, refused)
        else:
            await others(exchange)

    run = serve(script).agent("A").run("hi").wait(display=False)
    assert (run.status, run.usage) == ("completed", None)
    assert len(asked) == (4 if stored == {"status": "running"} else 1)


def test_a_conversation_of_another_agent_is_told_in_a_sentence() -> None:
    with powawidget.connect("local") as pb:
        taken = pb.agent("Writer").run("A summary").wait(display=False).session_id
        run = pb.agent("Analyst").run("Which orders are late?", session_id=taken)
        with pytest.raises(powawidget.RunFailed, match="belongs to another agent") as caught:
            run.result(display=False)
        for told in (str(caught.value), run.error.message, run.error.hint, repr(run)):
            assert "SQL" not in told
        assert "[SQL:" in run.error.details
        assert run.to_html().partition("[SQL:")[0].count("<details") > 0


def test_an_id_of_ones_own_is_taken_as_it_is_and_nobody_guesses_it() -> None:
    chosen = {powawidget.new_session_id() for _ in range(100)}
    assert len(chosen) == 100
    assert {len(one) for one in chosen} == {45}
    with powawidget.connect("local") as pb:
        (own, *_) = chosen
        run = pb.agent("Writer").run("A summary", session_id=own).wait(display=False)
        assert run.session_id == own
        assert pb.session(own).messages()[-1].run_id == run.run_id


def test_citations_are_there_when_a_conversation_is_opened_again() -> None:
    items = [{"text": "The Moon causes tides."}, {"text": "The Sun too."}]
    with powawidget.connect("local") as pb:
        agent = pb.agent("Writer")
        run = agent.run("A summary", context_items=items, citations_enabled=True)
        run.wait(display=False)
        live = run._live.state.citations
        assert [one.excerpt for one in live] == ["The Moon causes tides.", "The Sun too."]
        (again,) = pb.session(run.session_id).messages().chat.runs
        assert again._live.state.citations == live


@pytest.mark.parametrize("wrong", ["", " ", "x" * 256, "a/b", "a\0b"])
def test_what_cannot_be_a_conversations_id_is_refused(serve: Serve, wrong: str) -> None:
    """The service answers it with SQL, or with a session that nobody can ask for."""
    agent = serve(project(*named("A"))).agent("A")
    with pytest.raises(ConfigurationError, match="can't be the id of a conversation"):
        agent.run("hi", session_id=wrong)


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
    "runtime_knowledge_bases": [{"id": "kb", "top_k": 5}],
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
    with pytest.raises(ProtocolError, match="larger than") as caught:
        asyncio.run(read(Agent(pb._client, AgentInfo(id="a", name="A"), None), "hi"))
    assert caught.value.maybe_accepted


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


BEGAN, ENDED = "2026-07-14T12:00:00+00:00", "2026-07-14T12:00:07.500000+00:00"


@pytest.mark.parametrize(
    ("status", "times", "seconds", "told"),
    [
        ("completed", {"started_at": BEGAN, "completed_at": ENDED}, 7.5, "12:00:00 UTC · took 7.5"),
        ("running", {"started_at": BEGAN, "completed_at": None}, None, "12:00:00 UTC · stored run"),
        ("failed", {"started_at": ENDED, "completed_at": BEGAN}, 0.0, "12:00:07 UTC · took"),
        ("running", {"created_at": BEGAN}, None, "12:00:00 UTC · stored run"),
        ("completed", {}, None, "stored run"),
    ],
)
def test_a_stored_run_has_the_times_of_the_server_not_of_the_question(
    serve: Serve, status: str, times: dict[str, Any], seconds: float | None, told: str
) -> None:
    stored = {"run_id": "run_1", "status": status, "content": "Kept.", **times}

    async def script(exchange: Exchange) -> None:
        await exchange.answer("200 OK", json.dumps(stored).encode())

    run = serve(script).get_run("run_1")
    assert run.seconds == seconds
    facts = run.to_markdown().split("\n")[2]
    assert told in facts
    assert ("took" in facts) == (seconds is not None)


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
