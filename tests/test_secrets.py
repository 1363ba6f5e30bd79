"""The key is nowhere but in the headers of a request."""

import copy
import json
import logging
import pickle
import traceback
from typing import TYPE_CHECKING

import pytest

import powawidget
from powawidget.client import Client
from powawidget.connect import Agent, AgentInfo
from powawidget.errors import PowawidgetError
from powawidget.kernel import loop
from powawidget.secret import Secret
from tests.chaos import Chaos, Exchange, Script

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = f"planted-key-{0x7D1E0C:x}"  # no line of this file, which a traceback shows, holds it


def rendered(error: BaseException) -> str:
    """All that a verbose traceback prints: chained errors and the local variables of each frame."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


async def echoing(exchange: Exchange) -> None:
    """A server that repeats the key wherever it can."""
    echo = f"you sent {exchange.request.headers['apikey']}"
    if "stream" not in exchange.request.path:
        await exchange.answer("418 Teapot", json.dumps({"error": echo, "code": echo}).encode())
        return
    await exchange.stream(
        {"event": "start", "run_id": echo, "session_id": echo},
        {"event": "content_delta", "delta": echo},
        {"event": "reasoning", "text": echo},
        {"event": "tool_call", "tool_name": echo, "arguments": {echo: echo}, "call_id": "c"},
        {"event": "tool_result", "call_id": "c", "result": [echo]},
        {"event": "weather", "wind": echo},
        f"data: {echo}\n\n".encode(),
        {"event": "error", "error": echo, "code": echo},
        {"event": "complete", "status": "failed", "error": echo},
    )


def refusing(status: str, headers: bytes = b"") -> Script:
    async def script(exchange: Exchange) -> None:
        key = exchange.request.headers["apikey"]
        echo = f"<p>{key}</p>".encode()
        await exchange.answer(f"{status} Odd", echo, headers.replace(b"KEY", key.encode()))

    return script


async def resetting(exchange: Exchange) -> None:
    exchange.reset()


async def garbage(exchange: Exchange) -> None:
    await exchange.send(b"NONSENSE " + exchange.request.headers["apikey"].encode() + b"\r\n\r\n")


def run_at(url: str) -> powawidget.Run:
    with powawidget.connect(url, api_key=KEY) as pb:
        return Agent(pb._client, AgentInfo(id="a", name="A"), None).run("hi").wait(display=False)


def test_a_server_that_echoes_the_key_does_not_get_it_into_a_run() -> None:
    with Chaos(echoing) as server:
        run = run_at(server.url)
    assert run.status == "failed"
    everything = [
        repr(run),
        repr(list(run.events)),
        repr(run.tool_calls),
        repr(run.error),
        json.dumps(run._live.snapshot()),
        run.text,
        run.reasoning,
    ]
    assert "you sent [key]" in run.text
    assert not [told for told in everything if KEY in told]
    with pytest.raises(powawidget.RunFailed) as caught:
        run.result(display=False)
    assert KEY not in rendered(caught.value)


FAULTS: dict[str, Script] = {
    "401": refusing("401"),
    "500": refusing("500"),
    "429": refusing("429", b"retry-after: KEY\r\n"),
    "no stream": refusing("200", b"content-type: text/KEY\r\n"),
    "compressed": refusing("200", b"content-type: text/event-stream\r\ncontent-encoding: KEY\r\n"),
    "redirected": refusing("307", b"location: http://KEY.invalid/KEY\r\n"),
    "odd redirect": refusing("307", b"location: http://[KEY\r\n"),
    "reset": resetting,
    "garbage": garbage,
    "echo": echoing,
}


@pytest.mark.parametrize("script", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("how", ["run", "get", "stream"])
def test_no_fault_puts_the_key_into_an_error_or_a_log(
    script: Script, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "powawidget", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    with Chaos(script) as server, powawidget.connect(server.url, api_key=KEY) as pb:
        agent = Agent(pb._client, AgentInfo(id="a", name="A"), None)
        doing: dict[str, Callable[[], object]] = {
            "run": lambda: agent.run("hi").result(display=False),
            "get": pb.agents,
            "stream": lambda: loop.run_sync(read_all(agent)),
        }
        if how == "stream" and script is echoing:
            doing["stream"]()
        else:
            with pytest.raises(PowawidgetError) as caught:
                doing[how]()
            assert KEY not in rendered(caught.value)
            assert KEY not in repr(caught.value) + repr(vars(caught.value))
    assert server.requests[0].headers["apikey"] == KEY
    # httpcore logs the headers of answers as they came; what this server echoes there is its own.
    ours = [
        record
        for record in caplog.records
        if not (record.name.startswith("http") and "receive_response" in record.getMessage())
    ]
    assert not [record.getMessage() for record in ours if KEY in record.getMessage()]


async def read_all(agent: Agent) -> list[object]:
    return [event async for event in agent.stream("hi")]


@pytest.mark.parametrize("wrong", ["", " ", "é"])
def test_a_refused_key_stands_in_no_traceback(wrong: str) -> None:
    key = KEY[:7] + wrong + KEY[7:] if wrong else ""
    try:
        Client("https://ref.p.powabase.ai", Secret(key))
    except PowawidgetError as error:
        told = rendered(error.with_traceback(error.__traceback__.tb_next))  # type: ignore[union-attr]
        assert KEY[7:] not in told
    else:
        pytest.fail("the key was taken")


def test_a_refused_url_leaves_the_key_out_of_the_traceback() -> None:
    with pytest.raises(PowawidgetError) as caught:
        powawidget.connect("http://powabase.example.org", api_key=KEY)
    assert KEY not in rendered(caught.value)


def test_nothing_shows_the_key() -> None:
    secret = Secret(KEY)
    with powawidget.connect("http://127.0.0.1:9", api_key=KEY) as pb:
        agent = Agent(pb._client, AgentInfo(id="a", name="A"), None)
        shown = [secret, pb, pb._client, agent, vars(pb), vars(pb._client), vars(agent)]
        assert not [one for one in shown if KEY in repr(one) + str(one)]


def test_a_key_is_neither_pickled_nor_copied() -> None:
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="isn't pickled"):
            take(Secret(KEY))  # type: ignore[operator]


def test_an_empty_key_takes_nothing_out() -> None:
    assert Secret("").redact("text") == "text"
    assert Secret(KEY).redact(f"a {KEY} b {KEY}") == "a [key] b [key]"
