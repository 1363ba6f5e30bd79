"""What must stand nowhere in a journal: the key, and text that a hook withheld."""

import base64
import json
import pathlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import pytest

from powawidget.batch.journal.journal import Journal
from powawidget.batch.journal.packed import RUN_LIMIT, unpacked
from powawidget.batch.journal.records import RowInput
from powawidget.http.client import Client
from powawidget.http.secret import Secret
from powawidget.resources.agent import Agent, AgentInfo
from powawidget.resources.batching import agent_target
from powawidget.resources.request import agent_body
from tests.batch import desk as at
from tests.batch.desk import Desk, target_of
from tests.batch.driving import driver_of, finish
from tests.chaos import Chaos, Exchange
from tests.planted import KEY, MESSAGE, leaks, listening

DRAFT = "the draft that nobody may read"


def everything(path: pathlib.Path) -> Iterator[str]:
    """All that stands in a journal's files, as bytes and unpacked."""
    for file in path.parent.glob(f"{path.name}*"):
        yield file.read_bytes().decode("latin-1")
    with closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
        assert "result" in tables
        for table in ("project", "batch", "line", "attempt", "result"):
            for row in connection.execute(f"SELECT * FROM {table}").fetchall():
                yield repr(row)
        for packed in connection.execute("SELECT value, run FROM result").fetchall():
            for one in packed:
                if one is not None:
                    yield unpacked(one, RUN_LIMIT).decode()


def row(message: str, key: str = "k0", position: int = 0) -> RowInput:
    return RowInput(key=key, position=position, body=agent_body(message, None, {}), digest="d")


async def echoes(desk: Desk, exchange: Exchange, body: dict[str, Any]) -> None:
    """Repeat the key in everything that a run has."""
    desk.store(body)
    start = {"event": "start", "run_id": f"run {KEY}", "session_id": body["session_id"]}
    call = {"event": "tool_call", "step": 1, "tool_name": KEY, "arguments": {"a": KEY}}
    result = {"event": "tool_result", "step": 1, "tool_name": KEY, "result_preview": KEY}
    half = len(KEY) // 2
    deltas = [
        {"event": "content_delta", "type": "content_delta", "delta": part}
        for part in (KEY[:half], KEY[half:])
    ]
    end = {"event": "complete", "status": "completed", "content": f"it is {KEY}"}
    await exchange.stream(start, call, result, *deltas, end)


async def fails_with_it(_: Desk, exchange: Exchange, body: dict[str, Any]) -> None:
    start = {"event": "start", "run_id": "r", "session_id": body["session_id"]}
    await exchange.stream(start, {"event": "complete", "status": "failed", "error": f"no {KEY}"})


STORED_WITH_IT = {"content": f"it was {KEY}", "error": None}
ANSWERS = {
    "echoed": [echoes],
    "failed with it": [fails_with_it],
    "refused with it": [at.status("400 Bad", {"error": f"bad key {KEY}"})],
    "refused for now": [at.status("429 Busy", {"error": f"busy {KEY}"}), at.done],
    "no money": [at.status("402 Pay", {"error": f"no credits for {KEY}"})],
    "a page": [at.status("500 Oops", f"<p>{KEY}</p>".encode())],
    "found": [at.stored(at.reset, **STORED_WITH_IT)],
    "found with its error": [at.stored(at.cut, status="failed", error=f"key {KEY} is wrong")],
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_key_stands_nowhere_in_the_journal(name: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "batch.powa"
    desk = Desk({MESSAGE: ANSWERS[name]})
    with listening() as heard, Chaos(desk) as server, Journal.open(path) as journal:
        driver = driver_of(target_of(server), journal, [row(MESSAGE)], concurrency=1)
        finish(driver)
        assert desk.starts[0]["message"] == MESSAGE, "it is sent as it is"
        assert desk.times(MESSAGE) >= 1
        texts = [*everything(path), repr(driver.outcome("k0")), driver.reason, repr(journal)]
        assert not [text[:200] for text in texts if leaks(text)]
        assert driver.outcome("k0").state != "claimed"
    assert not [text[:200] for text in everything(path) if leaks(text)]
    assert not heard.found


def test_a_key_in_the_variables_of_a_definition_or_a_digest_is_not_written_by_us(
    tmp_path: pathlib.Path,
) -> None:
    """The body is in no journal: only its digest, which a caller makes."""
    path = tmp_path / "batch.powa"
    with Chaos(Desk()) as server, Journal.open(path) as journal:
        rows = [msgspec.structs.replace(row(MESSAGE), digest="d" * 64)]
        finish(driver_of(target_of(server), journal, rows))
        texts = list(everything(path))
        assert not [text[:200] for text in texts if leaks(text)]
        assert any("answer to" in text for text in texts)


COOKIE, TOKEN, PASSWORD = "sid-cookie-4711", "gateway-token-4711", "proxy-pass-4711"


@pytest.mark.parametrize("code", ["200 OK", "400 Bad"])
def test_what_a_gateway_repeats_of_a_request_stands_nowhere_in_the_journal(
    code: str, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "batch.powa"

    async def repeats(_: Desk, exchange: Exchange, __: dict[str, Any]) -> None:
        sent = json.dumps(exchange.request.headers)
        if code == "200 OK":
            await exchange.stream({"event": "complete", "status": "completed", "content": sent})
        else:
            await exchange.answer_json({"error": sent}, code)

    with Chaos(Desk({"q": [repeats]})) as server, Journal.open(path) as journal:
        client = Client(
            "http://project.example",
            Secret(KEY),
            insecure=True,
            headers={"Cookie": f"sid={COOKIE}", "X-Token": TOKEN},
            proxy=f"http://me:{PASSWORD}@127.0.0.1:{server.port}",
        )
        target = agent_target(Agent(client, AgentInfo(id="a-1", name="A"), False))
        finish(driver_of(target, journal, [row("q")]))
        texts = list(everything(path))
        assert any("x-token" in text for text in texts), "it was repeated"
        basic = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
        for secret in (COOKIE, TOKEN, PASSWORD, basic):
            assert not [text[:200] for text in texts if secret in text]


HOOK = {
    "event": "hook_result",
    "type": "hook_result",
    "hook_id": "h",
    "position": 0,
    "hook_event": "PreResponse",
    "status": "succeeded",
    "modified": True,
    "blocked": False,
    "latency_ms": 1,
    "message": "",
    "seq": 9,
    "ts": 1.0,
}


def drafts(*, hook: bool, end: str) -> Any:
    """A run whose answer a hook takes back, if its stream comes so far."""

    async def answer(desk: Desk, exchange: Exchange, body: dict[str, Any]) -> None:
        if end != "nothing is stored":
            desk.store(body, content="what may be read", events=[HOOK])
        await exchange.head()
        start = {"event": "start", "run_id": "run_0", "session_id": body["session_id"]}
        await exchange.tell(start)
        for word in DRAFT.split(" "):
            delta = {"event": "content_delta", "type": "content_delta", "delta": f"{word} "}
            await exchange.tell(delta)
        if hook:
            await exchange.tell(HOOK)
        if end == "whole":
            done = {"event": "complete", "run_id": "run_0", "status": "completed"}
            await exchange.tell({**done, "content": "what may be read"})
            await exchange.send(b"0\r\n\r\n")
        else:
            exchange.reset()

    return answer


@pytest.mark.parametrize("tools", [True, False])
@pytest.mark.parametrize(
    ("hook", "end"),
    [
        (True, "whole"),
        (True, "cut"),
        (False, "cut"),
        (True, "nothing is stored"),
        (False, "nothing is stored"),
    ],
)
def test_text_that_a_hook_withheld_stands_nowhere_in_the_journal(
    hook: bool, end: str, tools: bool, tmp_path: pathlib.Path
) -> None:
    """Where the stream breaks before the hook has spoken, nobody knows whether it would."""
    path = tmp_path / "batch.powa"
    desk = Desk({"q": [drafts(hook=hook, end=end)]})
    with Chaos(desk) as server, Journal.open(path) as journal:
        driver = driver_of(target_of(server, tools=tools), journal, [row("q")])
        finish(driver)
        outcome = driver.outcome("k0")
        if end == "nothing is stored":
            assert (outcome.state, outcome.text) == ("unknown", None)
        else:
            assert (outcome.state, outcome.text) == ("done", "what may be read")
        for text in (*everything(path), repr(outcome)):
            assert "draft" not in text
            assert "nobody" not in text or "nobody knows" in text


def test_nothing_of_an_answer_is_written_before_its_end(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "batch.powa"
    seen: list[bool] = []

    async def looks(desk: Desk, exchange: Exchange, body: dict[str, Any]) -> None:
        run = desk.store(body)
        await exchange.head()
        await exchange.tell({"event": "start", "run_id": run["run_id"], "session_id": "s"})
        await exchange.tell({"event": "content_delta", "type": "t", "delta": DRAFT})
        for _ in range(400):
            text = "".join(everything(path))
            if run["run_id"] in text:
                break
        seen.append(run["run_id"] in text and DRAFT not in text)
        await exchange.tell({"event": "complete", "status": "completed", "content": "x"})
        await exchange.send(b"0\r\n\r\n")

    with Chaos(Desk({"q": [looks]})) as server, Journal.open(path) as journal:
        finish(driver_of(target_of(server), journal, [row("q")]))
    assert seen == [True]
