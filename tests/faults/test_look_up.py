"""After a cut: the stored run is looked up, visibly, for as long as it is worth it.

What the server does then differs by kind (docs/protocol.md#after-the-stream).
"""

import asyncio
import datetime as dt
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest

from powawidget.kernel import loop
from powawidget.live import alive
from powawidget.resources.lookup import stored_run
from powawidget.run import recovery
from powawidget.run.finished import of_stored
from powawidget.run.plan import Lookup, Plan
from powawidget.run.run import Run
from powawidget.run.sources import LiveSource
from powawidget.run.task import RunTask
from powawidget.state.values import text_of
from tests.chaos import WATCHDOG, Chaos, Exchange, Script, at_paths
from tests.faults.world import (
    CUT_WITH_TOOLS,
    DONE,
    HALF,
    START,
    STORED,
    World,
    act,
    came_to,
    notices,
    until,
    waits,
)

AT_WORK = {**STORED, "status": "running", "content": ""}


async def cut(exchange: Exchange) -> None:
    await exchange.stream(START, HALF, end=False)


async def unreachable(exchange: Exchange) -> None:
    exchange.reset()


async def silent(exchange: Exchange) -> None:
    await exchange.gone()


async def html(exchange: Exchange) -> None:
    await exchange.answer("502 Bad Gateway", b"<p>Bad gateway</p>")


async def no_json(exchange: Exchange) -> None:
    await exchange.answer("200 OK", b"<p>Hello</p>")


def telling(*answers: object) -> Script:
    """Answer each look with the next of these; the last one again and again."""
    left = list(answers)

    async def script(exchange: Exchange) -> None:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, dict):
            await exchange.answer_json(answer)
        else:
            await answer(exchange)  # type: ignore[operator]  # a script

    return script


def looks(server: Chaos) -> int:
    return sum(request.method == "GET" for request in server.requests)


def looking_up(world: World, look: Script, **limits: Any) -> tuple[Run, Chaos]:
    """A run whose stream was cut, and that is looked up."""
    server = world.serve(at_paths(run=cut, look=look))
    run = world.run(server, tools=False, **limits)
    until(lambda: run._live.state.wait, "a look")
    return run, server


@pytest.mark.parametrize("trouble", [unreachable, html, no_json])
def test_trouble_on_the_way_is_passed_over(world: World, trouble: Script) -> None:
    server = world.serve(at_paths(run=cut, look=telling(AT_WORK, trouble, AT_WORK, STORED)))
    run = world.run(server, tools=False)
    assert came_to(run) == ("completed", "half rest", None)
    assert looks(server) == 4
    assert server.posts == 1


@pytest.mark.parametrize("trouble", [unreachable, html, no_json, silent])
def test_a_server_that_cannot_be_asked_is_given_up(world: World, trouble: Script) -> None:
    server = world.serve(at_paths(run=cut, look=trouble))
    run = world.run(server, tools=False, look_up_unreachable=0.1)
    assert came_to(run) == ("interrupted", "half ", "connection_lost")
    later = 'pb.get_run("run_1") looks it up later.'
    assert notices(run) == [f"The server can't be asked what became of it. {later}"]
    assert server.posts == 1


REFUSALS = {
    "404 Not Found": "The server has stored no run run_1.",
    "401 Unauthorized": "The server doesn't tell what became of the run",
    "403 Forbidden": "The server doesn't tell what became of the run",
}


@pytest.mark.parametrize(("status", "said"), REFUSALS.items())
def test_a_refusal_ends_the_looks_at_once(world: World, status: str, said: str) -> None:
    async def refuse(exchange: Exchange) -> None:
        await exchange.answer_json({"error": "No."}, status)

    server = world.serve(at_paths(run=cut, look=refuse))
    run = world.run(server, tools=False)
    assert came_to(run)[0] == "interrupted"
    assert notices(run)[0].startswith(said)
    assert looks(server) == 1


def test_what_is_stored_is_asked_for_once_where_it_is_too_large(world: World) -> None:
    large = {**STORED, "content": "x" * (17 * 1024 * 1024)}
    server = world.serve(at_paths(run=cut, look=telling(large)))
    run = world.run(server, tools=False)
    assert came_to(run)[0] == "interrupted"
    assert "more than 16,777,216 bytes" in notices(run)[0]
    assert looks(server) == 1


def test_a_run_that_stays_at_work_is_given_up_after_a_while(world: World) -> None:
    server = world.serve(at_paths(run=cut, look=telling(AT_WORK)))
    run = world.run(server, tools=False, look_up_total=0.1)
    assert came_to(run)[0] == "interrupted"
    later = 'pb.get_run("run_1") looks it up later.'
    assert notices(run) == [f"The server still has the run as running. {later}"]
    assert looks(server) >= 1


def test_the_kernel_is_kept_alive_while_a_run_is_looked_up_and_no_longer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alive, "_current", None)  # of what other tests have left going on
    go = threading.Event()

    async def look(exchange: Exchange) -> None:
        while not go.is_set():  # noqa: ASYNC110  # the test sets it, on another thread
            await asyncio.sleep(0.01)
        await telling(STORED)(exchange)

    server = world.serve(at_paths(run=cut, look=look))
    run = world.run(server, tools=False)
    until(lambda: run.status == "interrupted" and looks(server), "a lookup")
    assert alive.is_keeping()
    go.set()
    assert came_to(run)[0] == "completed"
    until(lambda: not alive.is_keeping(), "its end")


def test_the_server_ends_a_run_with_tools_as_failed(world: World) -> None:
    server = world.serve(at_paths(run=cut, look=telling(AT_WORK, CUT_WITH_TOOLS)))
    run = world.run(server, tools=True)
    assert came_to(run) == ("interrupted", "half ", "connection_lost")
    assert notices(run) == [
        "The server ended the run as failed: Client disconnected before LLM streaming started. "
        "Of its tools nothing is stored: what they have done isn't known. Look at what they may "
        "have changed before you run it again."
    ]
    stored = world.agent(server.url)._client  # as it is when it is brought back later
    back = of_stored(loop.run_sync(stored_run(stored, "agent", "run_1")))
    assert back.live.state.error is not None
    assert "isn't known" in (back.live.state.error.hint or "")


def details(run: Run) -> list[str | None]:
    parts = run._live.snapshot()["parts"]
    return [part["details"] for part in parts if part["kind"] == "notice"]


@pytest.mark.parametrize("stored", ["half st", "halfrest and more", "alf rest", "other"])
def test_a_stored_answer_that_lacks_a_word_takes_over_with_the_streamed_one_beside_it(
    world: World, stored: str
) -> None:
    """The two are never joined: nobody can tell which word is missing where."""
    server = world.serve(at_paths(run=cut, look=telling({**STORED, "content": stored})))
    run = world.run(server, tools=False)
    assert came_to(run) == ("completed", stored, None)
    (said,) = notices(run)
    assert "as the server has stored it; a word may be missing where the connection broke" in said
    assert details(run) == ["half "]
    shown = run.to_markdown()
    assert stored in shown
    assert "Details" in shown


def test_what_was_streamed_whole_lacks_nothing(world: World) -> None:
    server = world.serve(at_paths(run=cut, look=telling({**STORED, "content": "half "})))
    run = world.run(server, tools=False)
    assert came_to(run) == ("completed", "half ", None)
    assert details(run) == [None]
    assert "missing" not in notices(run)[0]


def test_a_run_that_was_cut_before_its_first_token_has_its_answer(world: World) -> None:
    async def at_once(exchange: Exchange) -> None:
        await exchange.stream(START, end=False)

    error = "Unknown error \u2014 no output from agent"
    stored = {**STORED, "status": "failed", "error": error, "usage": {"total_tokens": 7}}
    server = world.serve(at_paths(run=at_once, look=telling(stored)))
    run = world.run(server, tools=False)
    assert came_to(run) == ("completed", "half rest", None)
    assert "its answer is whole all the same" in notices(run)[0]
    assert run.result().usage == {"total_tokens": 7}
    back = of_stored(stored).live.state
    assert (back.status, text_of(back)) == ("completed", "half rest")
    # Without an answer it has failed as the server says.
    failed = of_stored({**stored, "content": ""}).live.state
    assert failed.status == "failed"


def test_a_stopped_run_is_told_that_its_answer_is_there(world: World) -> None:
    error = "Unknown error \u2014 no output from agent"
    stored = {**STORED, "status": "failed", "error": error}

    async def hanging(exchange: Exchange) -> None:
        await exchange.stream(START, end=False)
        await exchange.gone()

    server = world.serve(at_paths(run=hanging, look=telling(stored)))
    run = world.run(server, tools=False)
    until(lambda: run.run_id, "the start")
    run.stop()
    until(lambda: len(notices(run)) > 1, "the outcome")
    assert 'pb.get_run("run_1") shows its answer.' in notices(run)[1]


@pytest.mark.parametrize("field", ["started_at", "created_at"])
def test_a_run_that_is_running_for_more_than_ten_minutes_may_be_lost(
    world: World, field: str
) -> None:
    """Running is no proof of life."""
    now = dt.datetime.now(dt.UTC)
    old, new = ({field: (now - dt.timedelta(minutes=ago)).isoformat()} for ago in (11, 9))
    execution = {**AT_WORK, "execution": {"id": "e", **AT_WORK, **old}, "block_logs": []}
    for stored in ({**AT_WORK, **old}, {**AT_WORK, **old, "child_runs": []}, execution):
        error = of_stored(stored).live.state.error
        assert error is not None
        assert error.title == "What became of the run isn't known"
        assert "the service may have lost it" in error.message
    for stored in ({**AT_WORK, **new}, AT_WORK, {**AT_WORK, field: "yesterday"}):
        error = of_stored(stored).live.state.error
        assert error is not None
        assert error.title == "The run isn't over at the server"
    server = world.serve(at_paths(run=cut, look=telling({**AT_WORK, **old})))
    run = world.run(server, tools=False, look_up_total=0.1)
    assert came_to(run)[0] == "interrupted"
    assert "the service may have lost it" in notices(run)[0]


def of_kind(world: World, server: Chaos, kind: Any) -> Run:
    """A run of another kind, as its own module makes it."""
    client = world.connect(server.url)._client
    source = LiveSource(client, "/api/x/run/stream", {"message": "hello"}, keepalives=True)
    look_up = lambda run_id: client.get(f"/api/{kind}s/runs/{run_id}")  # noqa: E731  # short
    plan = Plan(source=source, kind=kind, secret=client.secret, lookup=Lookup(stored=look_up))
    run = Run(RunTask(plan)).start()
    world.runs.append(run)
    return run


def test_an_orchestration_is_looked_at_twice_since_it_stays_running_for_ever(
    world: World,
) -> None:
    server = world.serve(at_paths(run=cut, look=telling(AT_WORK)))
    run = of_kind(world, server, "orchestration")
    assert came_to(run)[0] == "interrupted"
    assert looks(server) == 2
    assert "One whose stream was cut stays so for ever" in notices(run)[0]


def test_a_stored_orchestration_takes_over(world: World) -> None:
    begun = {"type": "orchestration_started", "strategy": "supervisor", "name": "O"}
    stored = {**STORED, "events": [begun], "child_runs": []}

    async def orchestration(exchange: Exchange) -> None:
        await exchange.stream(START, {"event": begun["type"], **begun}, HALF, end=False)

    server = world.serve(at_paths(run=orchestration, look=telling(AT_WORK, stored)))
    run = of_kind(world, server, "orchestration")
    assert came_to(run) == ("completed", "half rest", None)
    assert run._live.state.restored
    assert server.posts == 1


def test_a_run_whose_id_never_came_is_not_looked_up(world: World) -> None:
    async def nameless(exchange: Exchange) -> None:
        await exchange.stream(HALF, end=False)

    server = world.serve(at_paths(run=nameless, look=telling(STORED)))
    run = world.run(server, tools=False)
    assert came_to(run)[0] == "interrupted"
    assert looks(server) == 0


@pytest.mark.parametrize("look", [telling(AT_WORK), silent], ids=["between", "during"])
@pytest.mark.parametrize("how", ["give_up", "stop", "close", "click on stop"])
def test_a_look_up_can_be_given_up_at_any_time(world: World, look: Script, how: str) -> None:
    run, server = looking_up(world, look)
    until(lambda: looks(server), "a look")
    assert run.status == "interrupted"
    if how == "give_up":
        assert act(run, "give_up") is None
        assert run._live.done.wait(WATCHDOG)
        assert notices(run)[-1].startswith("The lookup was stopped.")
    elif how == "click on stop":
        assert act(run, "stop") is None
    else:
        run.stop() if how == "stop" else run.close()
    assert came_to(run)[0] == "interrupted"
    assert act(run, "give_up") == "Nothing is waited for any more."
    assert server.posts == 1


def test_the_pauses_grow_and_say_why(world: World) -> None:
    server = world.serve(at_paths(run=cut, look=telling(AT_WORK, AT_WORK, AT_WORK, STORED)))
    run = world.run(server, tools=False, look_up=(0.0, 0.05, 0.1))
    assert came_to(run)[0] == "completed"
    told = waits(run)
    assert [wait.attempt for wait in told] == [1, 2, 3, 4]
    assert {(wait.purpose, wait.why) for wait in told} == {
        ("look_up", "The server may still be working on it")
    }


@pytest.mark.parametrize("how", ["wait", "result", "await"])
def test_whoever_waits_for_the_run_waits_for_the_look_up(world: World, how: str) -> None:
    go = threading.Event()

    async def look(exchange: Exchange) -> None:
        await asyncio.to_thread(go.wait, WATCHDOG)
        await exchange.answer_json(STORED)

    run, _ = looking_up(world, look)
    came: list[str] = []

    async def awaited() -> str:
        return (await run).text

    def wait() -> None:
        if how == "wait":
            came.append(run.wait(display=False).text)
        elif how == "result":
            came.append(run.result(display=False).text)
        else:
            came.append(asyncio.run(awaited()))

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert run.wait(0.05, display=False).status == "interrupted"
    with pytest.raises(TimeoutError, match="it is looked up"):
        run.result(0.01, display=False)
    assert came == []
    go.set()
    waiting.join(WATCHDOG)
    assert came == ["half rest"]


def test_a_stopped_run_learns_quietly_what_the_server_did(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, end=False)
        await exchange.gone()

    server = world.serve(at_paths(run=script, look=telling(AT_WORK, STORED)))
    run = world.run(server, tools=False)
    until(lambda: run.text, "the first text")
    assert run.stop().wait(display=False).status == "stopped"
    until(lambda: len(notices(run)) == 2, "what the server did")
    assert "The server went on and completed the run" in notices(run)[1]
    assert "a word may be missing where it was closed here" in notices(run)[1]
    assert came_to(run) == ("stopped", "half ", None)
    assert waits(run) == []


class Conversation:
    """A service that takes a message, while a gateway gives up or the line breaks.

    Args:
        start: What answers the start.
        unknown: How often the conversation isn't known yet.
        runs: How many runs of it began with the start.
    """

    def __init__(self, start: Script, *, unknown: int = 0, runs: int = 1) -> None:
        self._start, self._unknown, self._runs = start, unknown, runs
        self._begun = ""

    async def __call__(self, exchange: Exchange) -> None:
        """Answer a request."""
        path = urlsplit(exchange.request.path).path
        if path.endswith("/run/stream"):
            self._begun = dt.datetime.now(dt.UTC).isoformat()
            await self._start(exchange)
        elif path == "/api/sessions/sess_1" and self._unknown:
            self._unknown -= 1
            await exchange.answer_json({"error": "Session not found"}, "404 Not Found")
        elif path == "/api/sessions/sess_1":
            await exchange.answer_json({"session_id": "sess_1"})
        elif path == "/api/sessions/sess_1/runs":
            earlier = {**STORED, "run_id": "run_0", "created_at": "2026-01-01T00:00:00+00:00"}
            fresh = [
                {"run_id": f"run_{number}", "created_at": self._begun}
                for number in range(1, self._runs + 1)
            ]
            await exchange.answer_json({"runs": [earlier, *fresh]})
        elif path == "/api/agents/runs/run_1":
            await exchange.answer_json(STORED)
        else:
            await exchange.answer_json({"error": "Not found"}, "404 Not Found")


def said(status: str, body: bytes, kind: bytes = b"text/html") -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.answer(status, body, b"content-type: " + kind + b"\r\n")

    return script


async def unnamed(exchange: Exchange) -> None:
    await exchange.stream(b": keepalive\n\n", end=False)


# What hides a run that may have begun: its start was answered by somebody else than the service.
HIDDEN: dict[str, Script] = {
    "502 with a page": said("502 Bad Gateway", b"<h1>Bad Gateway</h1>"),
    "502 with JSON": said("502 Bad Gateway", b'{"message": "upstream"}', b"application/json"),
    "504 with nothing": said("504 Gateway Timeout", b""),
    "500 with a page": said("500 Internal Server Error", b"<p>Error</p>"),
    "503 with a page": said("503 Service Unavailable", b"<p>Try later</p>"),
    "524 with a page": said("524 A Timeout Occurred", b"<p>Origin timed out</p>"),
    "a login page": said("200 OK", b"<p>Please log in</p>"),
    "a reset": unreachable,
    "a cut before the name": unnamed,
}


@pytest.mark.parametrize("start", HIDDEN.values(), ids=HIDDEN)
def test_a_start_that_may_have_been_accepted_is_looked_up_in_its_conversation(
    world: World, start: Script
) -> None:
    server = world.serve(Conversation(start, unknown=2))
    run = world.agent(server.url, tools=False).run("Hello", session_id="sess_1")
    world.runs.append(run)
    assert came_to(run) == ("completed", "half rest", None)
    assert run.run_id == "run_1"
    assert waits(run)[0].purpose == "look_up"
    assert server.posts == 1


@pytest.mark.parametrize("start", HIDDEN.values(), ids=HIDDEN)
def test_where_there_is_no_conversation_a_start_that_may_have_been_accepted_says_so(
    world: World, start: Script
) -> None:
    server = world.serve(Conversation(start))
    run = world.agent(server.url, tools=False).run("Hello")
    world.runs.append(run)
    assert came_to(run)[0] in {"failed", "interrupted"}
    assert "may have started" in f"{run.error.message} {run.error.hint}"
    assert "agent.sessions()" in run.error.hint
    assert server.posts == 1


def test_a_turn_of_a_chat_is_looked_up_by_the_chats_conversation(world: World) -> None:
    answered: list[str] = []

    async def first_then_502(exchange: Exchange) -> None:
        if answered:
            await HIDDEN["502 with a page"](exchange)
            return
        answered.append("Hello")
        await exchange.stream({**START, "run_id": "run_0"}, HALF, {**DONE, "run_id": "run_0"})

    server = world.serve(Conversation(first_then_502))
    chat = world.agent(server.url, tools=False).chat()
    chat.send("Hello").wait(display=False)
    run = chat.send("And now?")
    assert came_to(run) == ("completed", "half rest", None)
    chat.close()
    assert (run.run_id, server.posts) == ("run_1", 2)


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ({"runs": 2}, "2 runs of this conversation began at that time, and nothing tells which"),
        ({"runs": 0}, "lists no run of this conversation that began at that time: it was most"),
        ({"unknown": 1000}, "probably not accepted"),
    ],
)
def test_a_run_that_is_not_found_in_its_conversation_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, service: dict[str, int], told: str
) -> None:
    monkeypatch.setattr(recovery, "_UNLISTED_FOR", 0.1)
    server = world.serve(Conversation(HIDDEN["502 with a page"], **service))
    run = world.agent(server.url, tools=False).run("Hello", session_id="sess_1")
    world.runs.append(run)
    assert came_to(run) == ("interrupted", "", "502")
    assert told in notices(run)[0]
    assert run.error.title == "A gateway got no answer from the service"
    assert "may have started" in run.error.hint
    assert server.posts == 1


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_run_of_the_same_conversation_that_was_asked_something_else_is_not_taken_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch, is_listed: bool
) -> None:
    monkeypatch.setattr(recovery, "_UNLISTED_FOR", 0.1)
    begun = dt.datetime.now(dt.UTC).isoformat()

    def asked(run_id: str, message: str) -> dict[str, Any]:
        said = [{"role": "user", "content": message}]
        return {"run_id": run_id, "created_at": begun, "input_messages": said}

    ours = [asked("run_1", "Hello")] if is_listed else []

    async def service(exchange: Exchange) -> None:
        path = urlsplit(exchange.request.path).path
        if path.endswith("/run/stream"):
            await HIDDEN["502 with a page"](exchange)
        elif path == "/api/sessions/sess_1/runs":
            await exchange.answer_json({"runs": [asked("run_2", "Another notebook's"), *ours]})
        elif path.startswith("/api/agents/runs/"):
            await exchange.answer_json({**STORED, "run_id": path.rpartition("/")[2]})
        else:
            await exchange.answer_json({"session_id": "sess_1"})

    server = world.serve(service)
    run = world.agent(server.url, tools=False).run("Hello", session_id="sess_1")
    world.runs.append(run)
    status = came_to(run)[0]
    assert (status, run.run_id) == (("completed", "run_1") if is_listed else ("interrupted", None))
    assert server.posts == 1


def test_a_turn_that_asks_the_same_again_is_not_taken_for_the_one_before(world: World) -> None:
    """Nothing but its id tells the two apart, and the stream of the first has told that."""
    begun = dt.datetime.now(dt.UTC).isoformat()
    said = [{"role": "user", "content": "Go on"}]
    listed = [
        {"run_id": run_id, "created_at": begun, "input_messages": said}
        for run_id in ("run_0", "run_1")
    ]
    answered: list[str] = []

    async def service(exchange: Exchange) -> None:
        path = urlsplit(exchange.request.path).path
        if path.endswith("/run/stream") and answered:
            await HIDDEN["502 with a page"](exchange)
        elif path.endswith("/run/stream"):
            answered.append(path)
            await exchange.stream({**START, "run_id": "run_0"}, HALF, {**DONE, "run_id": "run_0"})
        elif path.endswith("/runs"):
            await exchange.answer_json({"runs": listed})
        elif path.startswith("/api/agents/runs/"):
            await exchange.answer_json({**STORED, "run_id": path.rpartition("/")[2]})
        else:
            await exchange.answer_json({"session_id": "sess_1"})

    server = world.serve(service)
    chat = world.agent(server.url, tools=False).chat()
    chat.send("Go on").wait(display=False)
    run = chat.send("Go on")
    assert came_to(run) == ("completed", "half rest", None)
    chat.close()
    assert (run.run_id, server.posts) == ("run_1", 2)
    # Somebody else may have asked the same at that time: that it was guessed is said.
    assert (
        "One run of this conversation began at that time with the same message" in notices(run)[0]
    )


def test_what_the_service_itself_refuses_is_not_looked_up(world: World) -> None:
    server = world.serve(
        Conversation(said("500 Internal Server Error", b'{"error": "No."}', b"application/json"))
    )
    run = world.agent(server.url, tools=False).run("Hello", session_id="sess_1")
    world.runs.append(run)
    assert came_to(run) == ("failed", "", "500")
    assert waits(run) == []
    assert "may have started" not in (run.error.hint or "")
