"""A key that a server echoes, or a person types, wherever they can is found nowhere.

Each run of this folder asks about the key, and is looked through when its test is over, as is every
log of the libraries at their loudest; here are the servers that try, and the persons.
"""

import asyncio
import base64
import html
import json
import logging
import threading
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

import powawidget
from powawidget.kernel import loop
from powawidget.protocol import events as ev
from powawidget.resources.connect import Agent, AgentInfo
from powawidget.resources.workflow import Workflow, WorkflowInfo
from tests.chaos import WATCHDOG, Exchange, Script, at_paths
from tests.faults.world import (
    ASK,
    CALL,
    DONE,
    HALF,
    RESULT,
    START,
    STEP,
    STORED,
    World,
    came_to,
    notices,
    until,
)
from tests.planted import KEY, leaks, listening, rendered, shown, synced


def unicode_escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in text)


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent-encoded": lambda key: quote(key, safe=""),
    "base64": lambda key: base64.b64encode(f"Bearer {key}".encode()).decode(),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(f"x{key}y".encode()).decode(),
    "HTML": lambda key: "".join(f"&#{ord(character)};" for character in key),
}


def everything(echo: str) -> list[object]:
    """Frames that hold a text wherever a frame can."""
    return [
        {"event": "start", "run_id": echo, "session_id": echo},
        {"event": "content_delta", "delta": echo},
        {"event": "reasoning", "text": echo},
        {"event": "tool_call", "tool_name": echo, "arguments": {echo: echo}, "call_id": "c"},
        {"event": "approval_requested", "tool_name": echo, "tool_input": {echo: echo}},
        {"event": "tool_result", "call_id": "c", "result": [echo]},
        {"event": "hook_result", "hook_event": "x", "status": "failed", "message": echo},
        {"event": echo, "wind": echo},
        f"data: {echo}\n\n".encode(),
        {"event": "error", "error": echo, "code": echo},
        {"event": "complete", "status": "failed", "error": echo, "usage": {echo: 1}},
    ]


def the_key(exchange: Exchange) -> str:
    return exchange.request.headers["apikey"]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_an_echo_in_every_field_of_every_event(world: World, form: Callable[[str], str]) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(*everything(form(the_key(exchange))))

    with listening() as logs:
        run = world.run(world.serve(at_paths(run=script)))
        assert came_to(run)[0] == "failed"
    assert logs.heard
    assert "[key]" in run.text
    raw = [
        json.dumps(one, ensure_ascii=False)
        for one in (*shown(run), json.dumps(run.widget.snapshot()))
    ]
    assert not [text for text in raw if form(KEY) in text or KEY in html.unescape(text)]


def test_an_echo_in_json_escapes(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        echo = unicode_escaped(the_key(exchange))
        frames = [json.dumps(one).replace("ECHO", echo) for one in everything("ECHO")[:8]]
        await exchange.stream(*(f"data: {frame}\n\n".encode() for frame in frames))
        await exchange.tell({"event": "complete"})

    run = world.run(world.serve(at_paths(run=script)))
    came_to(run)
    assert "[key]" in run.text


@pytest.mark.parametrize("size", [1, 3, 9])
@pytest.mark.parametrize("field", ["content_delta", "reasoning_delta"])
def test_an_echo_that_is_split_over_events(world: World, field: str, size: int) -> None:
    """No frame holds the key; put together in the state they would."""

    async def script(exchange: Exchange) -> None:
        echo = f"you sent {the_key(exchange)}, thank you"
        pieces = [echo[at : at + size] for at in range(0, len(echo), size)]
        await exchange.stream(
            {"event": "start", "run_id": "run_1"},
            *({"event": field, "step": 1, "delta": piece} for piece in pieces),
            {"event": "complete", "status": "completed"},
        )

    run = world.run(world.serve(at_paths(run=script)))
    assert came_to(run)[0] == "completed"
    assert run.text + run.reasoning == "you sent [key], thank you"


def test_an_echo_that_is_split_over_the_chunks_of_a_block(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        echo = f"you sent {the_key(exchange)}, thank you"
        chunks = [{"event": "block_chunk", "block_id": "b", "chunk": letter} for letter in echo]
        await exchange.stream(*chunks, {"event": "workflow_complete", "execution_id": "e"})

    client = world.connect(world.serve(at_paths(other=script)).url)._client
    run = Workflow(client, WorkflowInfo(id="w", name="W"), None).run()
    world.runs.append(run)
    assert came_to(run)[0] == "completed"
    assert run._live.snapshot()["blocks"][0]["text"] == "you sent [key], thank you"
    chunks = [event.text for event in run.events if isinstance(event, ev.BlockChunk)]
    assert not leaks("".join(chunks))


@pytest.mark.parametrize("size", [1, 5])
def test_an_echo_that_is_split_over_reads(world: World, size: int) -> None:
    async def script(exchange: Exchange) -> None:
        sent = b"".join(
            frame if isinstance(frame, bytes) else f"data: {json.dumps(frame)}\n\n".encode()
            for frame in everything(the_key(exchange))
        )
        await exchange.head()
        await exchange.chunk(*(sent[at : at + size] for at in range(0, len(sent), size)))

    run = world.run(world.serve(at_paths(run=script)))
    assert came_to(run)[0] == "failed"
    assert "[key]" in run.text


def test_an_echo_in_what_is_stored_of_a_run(world: World) -> None:
    async def cut(exchange: Exchange) -> None:
        await exchange.stream({"event": "start", "run_id": "run_1"}, end=False)

    async def look(exchange: Exchange) -> None:
        key = the_key(exchange)
        frames = [{"type": "reasoning", "step": 1, "source": "thinking", "content": key}]
        await exchange.answer_json({**STORED, "content": key, "events": frames})

    run = world.run(world.serve(at_paths(run=cut, look=look)), tools=False)
    assert came_to(run) == ("completed", "[key]", None)


def refusing(status: str, headers: bytes = b"", *, cut: bool = False) -> Script:
    async def script(exchange: Exchange) -> None:
        key = the_key(exchange).encode()
        body = b"<p>you sent " + key + b"</p>"
        sent = headers.replace(b"KEY", key)
        line = f"{status} Odd".replace("KEY", key.decode())
        if cut:
            await exchange.head(sent + b"content-length: 5000\r\n", line)
            await exchange.send(body)
        else:
            await exchange.answer(line, body, sent)

    return script


async def resetting(exchange: Exchange) -> None:
    exchange.reset()


async def garbage(exchange: Exchange) -> None:
    await exchange.send(b"NONSENSE " + the_key(exchange).encode() + b"\r\n\r\n")


async def cut_stream(exchange: Exchange) -> None:
    await exchange.head()
    await exchange.chunk(b"data: " + the_key(exchange).encode())


async def endless(exchange: Exchange) -> None:
    await exchange.head()
    await exchange.chunk(b"data: ", *[the_key(exchange).encode() * 100_000] * 8)
    await exchange.gone()


STREAM = b"content-type: text/event-stream\r\n"
FAULTS: dict[str, Script] = {
    "400": refusing("400"),
    "401": refusing("401"),
    "401 with words": refusing("401 KEY"),
    "402": refusing("402"),
    "403": refusing("403"),
    "500": refusing("500"),
    "429 and a date": refusing("429", b"retry-after: KEY\r\n"),
    "no stream": refusing("200", b"content-type: text/KEY\r\n"),
    "compressed": refusing("200", STREAM + b"content-encoding: KEY\r\n"),
    "redirected": refusing("307", b"location: http://KEY.invalid/KEY\r\n"),
    "redirected here": refusing("307", b"location: /KEY\r\n"),
    "odd redirect": refusing("307", b"location: http://[KEY\r\n"),
    "odd header": refusing("401", b"x-echo: KEY\r\nset-cookie: key=KEY\r\n"),
    "cut answer": refusing("200", cut=True),
    "cut refusal": refusing("401", cut=True),
    "reset": resetting,
    "garbage": garbage,
    "cut stream": cut_stream,
    "endless": endless,
}


async def read_all(agent: Agent) -> None:
    async for _ in agent.stream("hi"):
        pass


@pytest.mark.parametrize("how", ["run", "get", "stream"])
@pytest.mark.parametrize("script", FAULTS.values(), ids=FAULTS)
def test_no_fault_puts_the_key_into_an_error_or_a_traceback(
    world: World, script: Script, how: str
) -> None:
    server = world.serve(script)
    agent = world.agent(server.url, look_up_unreachable=0.05, first_byte=5.0, retry=())
    doing: dict[str, Callable[[], object]] = {
        "run": lambda: agent.run("hi").result(display=False),
        "get": lambda: loop.run_sync(agent._client.get("/thing")),
        "stream": lambda: loop.run_sync(read_all(agent)),
    }
    with pytest.raises(powawidget.PowawidgetError) as caught:
        doing[how]()
    error = caught.value
    assert server.requests[0].headers["apikey"] == KEY
    assert not leaks(rendered(error) + repr(error) + repr(vars(error)) + str(error.args))
    # The system's own words may be the cause, without anything that hangs on them.
    cause = error.__cause__
    assert cause is None or (isinstance(cause, OSError) and not leaks(repr(cause)))
    assert cause is None or (cause.__traceback__, cause.__context__) == (None, None)
    assert error.__context__ is None or not leaks(rendered(error.__context__))
    assert not leaks(repr(agent) + repr(agent._client) + repr(vars(agent._client)))


def asking(posted: list[object]) -> Script:
    """A run that goes on when it is decided on."""
    decided = asyncio.Event()

    async def run(exchange: Exchange) -> None:
        await exchange.stream(START, STEP, CALL, ASK, end=False)
        await decided.wait()
        await exchange.tell(RESULT, DONE)

    async def other(exchange: Exchange) -> None:
        if exchange.request.path.endswith("/approve"):
            posted.append(exchange.request.json)
            decided.set()
        await exchange.answer_json({"status": "resumed"})

    return at_paths(run=run, other=other)


def test_a_reason_goes_to_the_server_as_it_is_and_is_kept_without_the_key(world: World) -> None:
    posted: list[object] = []
    run = world.run(world.serve(asking(posted)))
    until(run._task.is_asking, "the request")
    run.deny(f"not with {KEY}")
    came_to(run)
    assert posted == [{"approved": False, "reason": f"not with {KEY}"}]
    assert [asked.reason for asked in run.approvals if asked.reason] in ([], ["not with [key]"])
    made = [event for event in run.events if isinstance(event, ev.DecisionMade)]
    assert [event.reason for event in made] == ["not with [key]"]


def test_what_a_policy_raises_is_told_without_the_key(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: powawidget.Approval) -> bool:
        raise LookupError(KEY)

    agent = world.agent(world.serve(asking([])).url)
    run = agent.run("hello", on_approval=broken)
    world.runs.append(run)
    until(lambda: notices(run), "that the policy failed")
    assert notices(run) == ["The approval policy failed: LookupError: [key]"]
    until(lambda: "so a person is asked" in caplog.text, "the log")
    assert "LookupError: [key]" in caplog.text
    until(run._task.is_asking, "the request")
    run.deny()
    came_to(run)


def test_variables_go_to_the_server_as_they_are_and_are_kept_without_the_key(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream({"event": "workflow_completed", "execution_id": "e", "output": {}})

    server = world.serve(at_paths(run=script))
    client = world.connect(server.url)._client
    run = Workflow(client, WorkflowInfo(id="w", name="W"), None).run(token=KEY)
    world.runs.append(run)
    came_to(run)
    assert json.loads(run.message) == {"token": "[key]"}
    assert server.requests[0].json == {"variables": {"token": KEY}}


def test_what_is_typed_in_a_chat_is_sent_as_it_is_and_kept_without_the_key(world: World) -> None:
    go_on = threading.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, STEP, HALF, end=False)
        while not go_on.is_set():  # noqa: ASYNC110  # the test sets it in another thread
            await asyncio.sleep(0.003)
        await exchange.tell(DONE)

    async def type_in(text: str) -> None:
        assert chat._act({"action": "send", "id": text[:1], "text": text}) is None

    server = world.serve(at_paths(run=script))
    chat = world.agent(server.url).chat(context_override=f"It begins with {KEY}")
    try:
        loop.run_sync(type_in(f"a {KEY}"))
        loop.run_sync(type_in(f"b {KEY}"))
        assert [run.message for run in chat.queued] == ["b [key]"]
        for text in (repr(chat), *synced(chat)):
            assert not leaks(text)
        go_on.set()
        chat.wait(WATCHDOG, display=False)
        chat.retry(chat.runs[0]).wait(WATCHDOG, display=False)
        asked = ["a", "b", "a"]
        assert [run.message for run in chat.runs] == [f"{text} [key]" for text in asked]
        assert [one.json["message"] for one in server.requests] == [f"{one} {KEY}" for one in asked]
        assert {one.json["context_override"] for one in server.requests} == {
            f"It begins with {KEY}"
        }
        for text in (repr(chat), str(chat.messages), *synced(chat)):
            assert not leaks(text)
    finally:
        go_on.set()
        chat.close()


def test_the_key_is_refused_where_a_conversation_should_stand() -> None:
    connection = powawidget.connect("http://127.0.0.1:9", api_key="k" * 20)
    agent = Agent(connection._client, AgentInfo(id="a", name="A"), None)
    with pytest.raises(powawidget.ConfigurationError, match="holds the API key") as caught:
        agent.chat("k" * 20)
    assert "k" * 20 not in str(caught.value)
    connection.close()


@pytest.fixture
def debugging() -> Iterator[None]:
    """asyncio tells of every callback, with its arguments."""

    def switch(debug: bool, slow: float) -> None:
        async def switched() -> None:
            running = asyncio.get_running_loop()
            running.set_debug(debug)
            running.slow_callback_duration = slow  # type: ignore[attr-defined]  # asyncio has it

        loop.run_sync(switched())

    switch(debug=True, slow=0.0)
    yield
    switch(debug=False, slow=0.1)


@pytest.mark.usefixtures("debugging")
def test_asyncio_at_its_most_talkative_does_not_tell_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="asyncio")

    async def script(exchange: Exchange) -> None:
        await exchange.stream(*everything(the_key(exchange)))

    run = world.run(world.serve(at_paths(run=script)))
    came_to(run)
    until(lambda: "Executing <" in caplog.text, "what asyncio tells")
    assert not leaks(caplog.text)
