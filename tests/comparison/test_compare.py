"""Comparisons against an embedded server: what is sent, what comes of it, who decides."""

import asyncio
import itertools
import json
import pathlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import powawidget as pw
from powawidget.comparison.starting import AT_ONCE
from powawidget.local.ids import fixed_id
from powawidget.resources.agent import Agent as AgentOfProject
from powawidget.resources.agent import AgentInfo
from powawidget.resources.workflow import Workflow as WorkflowOfProject
from powawidget.resources.workflow import WorkflowInfo
from tests.counterpart import (
    Agent,
    Block,
    Call,
    Calls,
    Counterpart,
    Edge,
    Fail,
    Hook,
    Member,
    Orchestration,
    Pause,
    Say,
    Tool,
    Workflow,
    start,
)
from tests.planted import KEY, MESSAGE, leaks
from tests.walk import ROOT

WATCHDOG = 60
GO_ON = threading.Event()
RECORDED = ROOT / "tests/fixtures/recordings"


def answer(words: str) -> Callable[[Any], Any]:
    """Make an agent that says these words; told so, it waits for the test, or fails."""

    def script(turn: Any) -> Any:
        while "slow" in turn.message and not GO_ON.is_set():
            yield Pause(0.01)
        if "delete" in turn.message:
            yield Calls(Call("delete", {"what": turn.message}, 0.0))
        if "fail" in turn.message:
            yield Fail("litellm.RateLimitError: too many")
            return
        yield Say(words)

    return script


def chain(name: str, *middle: str, output: Any = "<Ask.output>") -> Workflow:
    """Make a workflow that hands on what an agent says: what it is told is the agent's message."""
    told = {"Look": 'output = "two rows"', "Break": 'raise ValueError("no rows")'}
    asked = {"agent_id": fixed_id("One"), "input": "<Start.output.question>"}
    blocks = (
        Block("Start", "starter", {"input": {"question": "hello"}}),
        *(
            Block(one, "code", {"code": told[one]}) if one in told else Block(one, "agent", asked)
            for one in middle
        ),
        Block("End", "response", {"output": output}),
    )
    edges = [Edge(one.name, other.name) for one, other in itertools.pairwise(blocks)]
    return Workflow(name, blocks, tuple(edges))


@pytest.fixture(scope="module")
def running() -> Iterator[Counterpart]:
    gate = Hook("PreToolUse", matcher="delete")
    tool = Tool("delete", lambda _: "deleted", read_only=False)
    one, two = Agent("One", answer("one answer")), Agent("Two", answer("two other answers"))
    agents = [
        one,
        two,
        Agent("Keeper", answer("kept"), tools=(tool,), hooks=(gate,)),
    ]
    team = Orchestration("Team", "sequential", (Member(one, "to begin"), Member(two, "to end")))
    with start(
        tokens_per_second=5000,
        agents=agents,
        orchestrations=[team],
        workflows=[
            chain("Short", "Ask"),
            chain("Long", "Look", "Ask"),
            chain("Broken", "Break", "Ask"),
            chain("Data", "Ask", output={"star": "**a** ``` b", "answer": "<Ask.output>"}),
        ],
    ) as running:
        yield running


@pytest.fixture
def server(running: Counterpart) -> Iterator[Counterpart]:
    """The server, which was asked for nothing yet."""
    GO_ON.clear()
    running._requests.clear()
    yield running
    GO_ON.set()


@pytest.fixture
def pb(server: Counterpart) -> Iterator[pw.Powabase]:
    with pw.connect(server.url, api_key=server.key) as connection:
        yield connection
        GO_ON.set()


def is_short(answer: str, _: str) -> bool:
    return len(answer) < 12


def posted(server: Counterpart) -> list[str]:
    """The messages of the runs that were asked for."""
    return [
        body["message"]
        for method, path, body in server.requests
        if method == "POST" and path.endswith("/run/stream")
    ]


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + WATCHDOG
    while not (found := condition()):
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.01)
    return found


def test_each_side_runs_as_often_as_was_asked_and_no_more(
    pb: pw.Powabase, server: Counterpart
) -> None:
    sides = {"v1": pb.agent("One"), "v2": pb.agent("Two")}
    checks = {"short": lambda e: e.says("one", similar=is_short), "breaks": lambda _: 1 / 0}
    comparison = pw.compare(sides, "hello", repeat=3, checks=checks).wait(WATCHDOG, display=False)
    assert comparison.status == "completed"
    assert posted(server) == ["hello"] * 6
    frame = comparison.frame
    assert list(frame["side"]) == ["v1", "v2"] * 3
    assert list(frame["repeat"]) == [1, 1, 2, 2, 3, 3]
    assert set(frame["status"]) == {"completed"}
    assert list(frame["short"]) == [True, False] * 3
    assert set(frame["breaks"]) == {False}
    assert list(frame["checks"]) == [1, 0] * 3
    assert frame["vote"].isna().all()
    assert frame["tokens"].notna().all()
    assert (frame["seconds"] >= 0).all()
    runs = comparison["v1"]
    assert isinstance(runs, list)
    assert [run.text for run in runs] == ["one answer"] * 3
    with pytest.raises(pw.UnknownNameError, match="no side 'v3'"):
        comparison["v3"]


def test_each_check_has_a_column_whatever_its_name(pb: pw.Powabase) -> None:
    checks = {"side": lambda _: True, "check_side": lambda _: False, "calls": lambda _: True}
    comparison = pb.agent("One").compare(["a", "b"], checks=checks).wait(WATCHDOG, display=False)
    told = comparison.frame[["check_check_side", "check_side", "check_calls"]]
    assert list(told.iloc[0]) == [True, False, True]
    assert list(comparison.frame["side"]) == ["prompt 1", "prompt 2"]


def test_a_server_is_never_asked_for_more_runs_at_once_than_fit(
    pb: pw.Powabase, server: Counterpart
) -> None:
    """Rounds start whole, and the next one once there is room for it."""
    sides = {"v1": pb.agent("One"), "v2": pb.agent("Two"), "v3": pb.agent("Two")}
    comparison = pw.compare(sides, "slow", repeat=4)
    most = AT_ONCE // 3 * 3
    until(lambda: len(posted(server)) == most)
    assert list(comparison.frame["status"]).count("left") == 12 - most
    GO_ON.set()
    comparison.wait(WATCHDOG, display=False)
    assert len(posted(server)) == 12
    assert set(comparison.frame["status"]) == {"completed"}


def test_what_has_not_begun_is_not_sent_after_a_stop(pb: pw.Powabase, server: Counterpart) -> None:
    sides = {"v1": pb.agent("One"), "v2": pb.agent("Two")}
    comparison = pw.compare(sides, "slow", repeat=6)
    until(lambda: len(posted(server)) == AT_ONCE)
    comparison.stop().wait(WATCHDOG, display=False)
    assert comparison.status == "stopped"
    GO_ON.set()
    assert len(posted(server)) == AT_ONCE
    assert set(comparison.frame["status"]) == {"stopped"}


def test_a_run_that_is_there_is_compared_as_it_is_and_never_stopped(
    pb: pw.Powabase, server: Counterpart, tmp_path: pathlib.Path
) -> None:
    saved = tmp_path / "before.json"
    pb.agent("Two").run("before").wait(WATCHDOG, display=False).save(saved)
    stored = pb.get_run(pw.replay(saved).run_id)  # type: ignore[union-attr]  # it holds a run
    own = pb.agent("One").run("slow")
    sides = {"saved": saved, "own": own, "stored": stored, "live": pb.agent("Two")}
    comparison = pw.compare(sides, "slow", repeat=2)
    until(lambda: len(posted(server)) == 4)
    comparison.stop()
    assert own.status in {"running", "connecting"}
    GO_ON.set()
    comparison.wait(WATCHDOG, display=False)
    assert own.wait(WATCHDOG, display=False).status == "completed"
    frame = comparison.frame
    assert list(frame["side"]) == ["saved", "own", "stored", "live", "live"]
    assert list(frame["status"]) == ["completed"] * 3 + ["stopped"] * 2
    assert comparison["own"] is own
    assert len(posted(server)) == 4


def test_a_recorded_stream_has_no_time_to_compare(tmp_path: pathlib.Path) -> None:
    """It is read at another pace than it came at."""
    names = ("agent_one_tool.sse", "agent_two_tools_parallel.sse")
    one, other = (RECORDED / name for name in names)
    comparison = pw.compare({"one": one, "other": other}).wait(WATCHDOG, display=False)
    assert comparison.frame["seconds"].isna().all()
    assert comparison.frame["tokens"].notna().all()
    run = pw.replay(one)
    assert isinstance(run, pw.Run)
    saved = tmp_path / "saved.json"
    run._live.state.started, run._live.state.ended = 100.0, 107.5
    run.save(saved)
    comparison = pw.compare({"one": saved, "other": other}).wait(WATCHDOG, display=False)
    assert list(comparison.frame["seconds"].fillna(-1)) == [7.5, -1]


def test_prompts_are_compared_by_their_names(pb: pw.Powabase, server: Counterpart) -> None:
    comparison = pb.agent("One").compare(prompts=["first", "second"]).wait(WATCHDOG, display=False)
    assert comparison.sides == ["prompt 1", "prompt 2"]
    assert sorted(posted(server)) == ["first", "second"]
    named = pb.agent("One").compare({"old": "first", "new": "second"}, repeat=2)
    named.wait(WATCHDOG, display=False)
    assert named.sides == ["old", "new"]
    assert len(posted(server)) == 6


def test_orchestrations_are_compared_with_agents(pb: pw.Powabase, server: Counterpart) -> None:
    sides = {"team": pb.orchestration("Team"), "one": pb.agent("One")}
    comparison = pw.compare(sides, "hello").wait(WATCHDOG, display=False)
    assert comparison.status == "completed"
    assert len(posted(server)) == 2
    assert list(comparison.frame["calls"]) == [2, 0]
    prompts = pb.orchestration("Team").compare(["a", "b"]).wait(WATCHDOG, display=False)
    assert prompts.status == "completed"


def executed(server: Counterpart) -> list[Any]:
    """The variables of the executions that were asked for."""
    return [
        body["variables"]
        for method, path, body in server.requests
        if method == "POST" and path.endswith("/execute/stream")
    ]


def test_workflows_are_compared_by_their_variables(pb: pw.Powabase, server: Counterpart) -> None:
    sides = {name.lower(): pb.workflow(name) for name in ("Short", "Long", "Broken")}
    checks = {"looks": lambda e: e.ran("Start", "Look", "Ask", "End")}
    variables = {"question": "hello you"}
    comparison = pw.compare(sides, variables, repeat=2, checks=checks)
    comparison.wait(WATCHDOG, display=False)
    assert comparison.status == "completed"
    assert executed(server) == [variables] * 6
    assert posted(server) == []
    frame = comparison.frame
    assert list(frame["side"]) == ["short", "long", "broken"] * 2
    assert list(frame["calls"]) == [3, 4, 4] * 2  # the blocks that ran
    assert list(frame["looks"]) == [False, True, False] * 2
    assert set(frame["answer"]) == {"one answer"}
    assert (frame["seconds"] >= 0).all()
    assert frame["tokens"].isna().all()  # an execution tells none
    # Blocks stand in rows that line up; one that failed is told so.
    grid = comparison._transcripts("m")["text/markdown"].split("##### What they called, run 2")[1]
    rows = [[cell.split()[:2] for cell in row.split("|")[1:-1]] for row in grid.splitlines()[4:10]]
    named = [[" ".join(cell).replace("*", "") for cell in row] for row in rows if row]
    assert named == [
        ["short", "long", "broken"],
        ["✓ Start"] * 3,
        ["", "✓ Look", ""],
        ["", "", "✗ Break"],
        ["✓ Ask"] * 3,
        ["✓ End"] * 3,
    ]


def test_data_that_a_workflow_gives_is_shown_as_it_is(pb: pw.Powabase) -> None:
    """It is no markdown, whatever stands in it; and the frame has it as it came."""
    sides = {"text": pb.workflow("Short"), "data": pb.workflow("Data")}
    comparison = pw.compare(sides, {"question": "x"}).wait(WATCHDOG, display=False)
    data = '{"star": "**a** ``` b", "answer": "one answer"}'
    assert list(comparison.frame["answer"]) == ["one answer", data]
    shown = comparison._live.snapshot()["parts"]
    assert [one["text"] for one in shown] == ["one answer", f"````json\n{data}\n````"]
    html = comparison._transcripts("m")["text/html"]
    assert "**a** ``` b" in html


def test_a_workflow_is_stopped_beside_one_that_was_given(
    pb: pw.Powabase, server: Counterpart
) -> None:
    given = pb.workflow("Short").run(question="slow")
    comparison = pw.compare({"given": given, "own": pb.workflow("Long")}, {"question": "slow"})
    until(lambda: len(executed(server)) == 2)
    assert comparison.status == "running"
    comparison.stop().stop()
    until(lambda: comparison["own"].status == "stopped")  # type: ignore[union-attr]  # one run
    assert given.status == "running"
    GO_ON.set()
    comparison.wait(WATCHDOG, display=False)
    assert len(executed(server)) == 2
    assert list(comparison.frame["status"]) == ["completed", "stopped"]
    assert list(comparison.frame["answer"]) == ["one answer", ""]


def test_a_workflow_is_compared_with_its_stored_and_saved_executions(
    pb: pw.Powabase, server: Counterpart, tmp_path: pathlib.Path
) -> None:
    workflow = pb.workflow("Long")
    run = workflow.run(question="before").wait(WATCHDOG, display=False)
    run.save(tmp_path / "before.json")
    stored = workflow.execution(run.run_id or "")
    sides = {"saved": tmp_path / "before.json", "stored": stored, "now": workflow}
    comparison = pw.compare(sides, {"question": "now"}).wait(WATCHDOG, display=False)
    assert [one["question"] for one in executed(server)] == ["before", "now"]
    assert list(comparison.frame["answer"]) == ["one answer"] * 3
    assert list(comparison.frame["calls"]) == [4] * 3


@pytest.mark.parametrize(
    ("sides", "message", "options", "error", "said"),
    [
        (("Short", "Long"), "hello", {}, pw.WrongTypeError, "asked by its variables"),
        (("Short", "Long"), {"question": {1, 2}}, {}, pw.InvalidValueError, "written as JSON"),
        (("Short", "Long"), {}, {"temperature": 0.5}, pw.WrongTypeError, "takes no temperature"),
        (("Short", "Long"), {}, {"on_approval": pw.policy}, pw.InvalidValueError, "for agents"),
        (("Short", "One"), {}, {}, pw.WrongTypeError, "message is a text, not dict"),
        (("Short", "One"), "hello", {}, pw.WrongTypeError, "asked by its variables"),
    ],
)
def test_what_a_workflow_cannot_be_asked_is_refused_before_anything_is_sent(  # noqa: PLR0913, PLR0917  # one column each
    pb: pw.Powabase,
    server: Counterpart,
    sides: tuple[str, str],
    message: Any,
    options: dict[str, Any],
    error: type[Exception],
    said: str,
) -> None:
    found = {name: pb.agent(name) if name == "One" else pb.workflow(name) for name in sides}
    with pytest.raises(error, match=said):
        pw.compare(found, message, **options)
    assert (posted(server), executed(server)) == ([], [])


def test_a_side_that_fails_leaves_the_other_as_it_is(pb: pw.Powabase) -> None:
    prompts = {"good": "hello", "bad": "fail"}
    comparison = pb.agent("One").compare(prompts).wait(WATCHDOG, display=False)
    assert comparison.status == "completed"
    assert list(comparison.frame["status"]) == ["completed", "failed"]
    assert (
        pb.agent("One").compare(["fail", "fail"]).wait(WATCHDOG, display=False).status == "failed"
    )


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"sides": {"v1": "One"}}, pw.InvalidValueError, "2 to 8 sides, not 1"),
        ({"sides": ["One", "Two"]}, pw.WrongTypeError, "sides by name"),
        ({"sides": {"v1": "One", "v2": 3}}, pw.WrongTypeError, "not int"),
        ({"sides": {"": "One", "v2": "Two"}}, pw.WrongTypeError, "name of a side"),
        ({"message": None}, pw.InvalidValueError, "Say what to ask"),
        ({"message": " "}, pw.InvalidValueError, "message is empty"),
        ({"repeat": 0}, pw.InvalidValueError, "repeat is 1 or more"),
        ({"repeat": True}, pw.WrongTypeError, "whole number"),
        ({"repeat": 13}, pw.InvalidValueError, "starts 26 runs.*confirm=True"),
        ({"checks": ["short"]}, pw.WrongTypeError, "functions by name"),
        ({"checks": {"short": "short"}}, pw.WrongTypeError, "isn't a function"),
        ({"on_approval": pw.policy}, pw.WrongTypeError, "on_approval"),
        ({"temperature": "hot"}, pw.WrongTypeError, "temperature"),
        ({"sides": {"v1": "One", "v2": pathlib.Path("none.json")}}, pw.FileError, "can't be read"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_sent(
    pb: pw.Powabase,
    server: Counterpart,
    given: dict[str, Any],
    error: type[Exception],
    said: str,
) -> None:
    call: dict[str, Any] = {"sides": {"v1": "One", "v2": "Two"}, "message": "hello"} | given
    sides, message = call.pop("sides"), call.pop("message")
    if isinstance(sides, dict):
        agents = {"One": pb.agent("One"), "Two": pb.agent("Two")}
        sides = {name: agents.get(side, side) for name, side in sides.items()}
    with pytest.raises(error, match=said):
        pw.compare(sides, message, **call)
    assert posted(server) == []


def test_many_runs_are_started_once_that_is_said(
    pb: pw.Powabase, server: Counterpart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pw.options, "compare_above", 3)
    sides = {"v1": pb.agent("One"), "v2": pb.agent("Two")}
    with pytest.raises(pw.InvalidValueError, match="Nothing was sent"):
        pw.compare(sides, "hello", repeat=2)
    pw.compare(sides, "hello", repeat=2, confirm=True).wait(WATCHDOG, display=False)
    assert len(posted(server)) == 4


def test_runs_alone_are_not_repeated(pb: pw.Powabase) -> None:
    run = pb.agent("One").run("hello").wait(WATCHDOG, display=False)
    with pytest.raises(pw.InvalidValueError, match="compared once"):
        pw.compare({"a": run, "b": run}, repeat=2)


def test_runs_alone_take_no_message(pb: pw.Powabase) -> None:
    run = pb.agent("One").run("hello").wait(WATCHDOG, display=False)
    with pytest.raises(pw.InvalidValueError, match="runs already"):
        pw.compare({"a": run, "b": run}, "hello")


def test_a_policy_decides_for_every_run(pb: pw.Powabase) -> None:
    asked: list[str] = []

    def decide(approval: pw.Approval) -> bool:
        asked.append(approval.tool_name)
        return True

    keeper = pb.agent("Keeper")
    comparison = pw.compare({"a": keeper, "b": keeper}, "delete", on_approval=decide, repeat=2)
    comparison.wait(WATCHDOG, display=False)
    assert asked == ["delete"] * 4
    assert set(comparison.frame["status"]) == {"completed"}


def test_nobody_is_waited_for_where_nobody_can_decide(pb: pw.Powabase) -> None:
    comparison = pw.compare({"a": pb.agent("Keeper"), "b": pb.agent("One")}, "delete")
    with pytest.raises(pw.ApprovalNeeded):
        comparison.wait(WATCHDOG, display=False)
    run = comparison["a"]
    assert isinstance(run, pw.Run)
    assert comparison.status == "waiting" or run.status == "waiting"
    run.deny("no")
    assert comparison.wait(WATCHDOG, display=False).status == "completed"


def test_a_comparison_is_awaited(pb: pw.Powabase) -> None:
    async def cell() -> pw.Comparison:
        return await pw.compare({"a": pb.agent("One"), "b": pb.agent("Two")}, "hello")

    assert asyncio.run(cell()).status == "completed"


@pytest.mark.parametrize("name", ["agent_preresponse_edit", "agent_preresponse_deny"])
def test_what_a_hook_took_back_is_in_nothing(name: str) -> None:
    path = RECORDED / f"{name}.sse"
    frames = [
        json.loads(line[6:]) for line in path.read_text().splitlines() if line[:6] == "data: "
    ]
    words = "".join(one["delta"] for one in frames if one.get("event") == "content_delta").split()
    phrases = [f"{one} {two}" for one, two in itertools.pairwise(words)]
    assert phrases
    other = RECORDED / "agent_one_tool.sse"
    comparison = pw.compare({"a": path, "b": other}).wait(WATCHDOG, display=False)
    kept = " ".join(
        [
            json.dumps(comparison.widget.get_state()["_state"]),
            *comparison._transcripts("m").values(),
            comparison.frame.to_json(),
            repr(comparison),
        ]
    )
    assert not [phrase for phrase in phrases if phrase in kept]


class Together:
    """A server that answers no POST before so many are there, whole; on a real socket.

    Args:
        posts: How many.
        said: The stream that it answers each with.
    """

    def __init__(self, posts: int, said: bytes) -> None:
        self.posts: list[bytes] = []
        self._said = said
        self._posts = posts
        self._there = threading.Event()
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._pool = ThreadPoolExecutor(8)
        self._pool.submit(self._serve)

    def close(self) -> None:
        self._there.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._pool.shutdown()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._pool.submit(self._answer, connection)

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as stream:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = stream.readline()
                if not line:
                    return
                head += line
            if not head.startswith(b"POST"):
                stream.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                return
            (length,) = [
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            ]
            body = stream.read(length)
            with self._lock:
                self.posts.append(body)
                if len(self.posts) == self._posts:
                    self._there.set()
            assert self._there.wait(WATCHDOG)
            stream.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                + f"Content-Length: {len(self._said)}\r\n\r\n".encode()
                + self._said
            )


def compared_at(server: Together, key: str, message: str, **names: str) -> pw.Comparison:
    """Compare agents of a server that tells nothing of them."""
    with pw.connect(server.url, api_key=key) as pb:
        agents = {
            name: AgentOfProject(pb._client, AgentInfo(id=f"agent-{at}", name=at), True)
            for at, name in names.items()
        }
        return pw.compare(agents, message).wait(WATCHDOG, display=False)


def test_both_requests_are_sent_before_the_first_byte_of_either_is_awaited() -> None:
    server = Together(2, (RECORDED / "agent_plain.sse").read_bytes())
    try:
        comparison = compared_at(server, "k" * 20, "hello", one="v1", two="v2")
        assert len(server.posts) == 2
        assert set(comparison.frame["status"]) == {"completed"}
        assert comparison.frame["answer"].str.len().gt(0).all()
    finally:
        server.close()


def test_executions_are_sent_before_the_first_byte_of_either_is_awaited() -> None:
    server = Together(2, (RECORDED / "workflow_full_success.sse").read_bytes())
    try:
        with pw.connect(server.url, api_key="k" * 20) as pb:
            workflows = {
                name: WorkflowOfProject(pb._client, WorkflowInfo(id=name, name=name), None)
                for name in ("v1", "v2")
            }
            comparison = pw.compare(workflows, {}).wait(WATCHDOG, display=False)
        assert len(server.posts) == 2
        assert set(comparison.frame["status"]) == {"completed"}
    finally:
        server.close()


def test_the_key_is_in_nothing_that_is_shown() -> None:
    frames: list[dict[str, Any]] = [
        {"event": "start", "run_id": f"run {KEY}"},
        {"event": "tool_call", "step": 1, "tool_name": KEY, "arguments": {"a": KEY}},
        {"event": "tool_result", "step": 1, "tool_name": KEY, "result_preview": KEY},
        {"event": "content_delta", "delta": f"it is {KEY[:9]}"},
        {"event": "content_delta", "delta": KEY[9:]},
        {"event": "complete", "status": "failed", "content": "", "error": f"no {KEY}"},
    ]
    said = "".join(f"data: {json.dumps(frame)}\n\n" for frame in frames)
    server = Together(2, said.encode())
    try:
        comparison = compared_at(server, KEY, MESSAGE, one=f"v1 {KEY}", two="v2")
        heard: list[str] = []
        widget = comparison.widget
        widget.send = lambda content, _=None: heard.append(json.dumps(content))
        widget._from_comm(None, {"kind": "compare", "id": "m1", "view": "v", "turn": 0}, [])
        until(lambda: any('"compared"' in each for each in heard))
        shown = [
            *heard,
            json.dumps(widget.get_state()["_state"]),
            json.dumps(widget.file_copy().snapshot),
            *comparison._transcripts("m").values(),
        ]
        assert "it is" in "".join(shown)
        assert not leaks("".join(shown))
        assert not leaks(json.dumps(comparison["v2"].to_json()))  # type: ignore[union-attr]  # one run
    finally:
        server.close()


def test_a_check_says_why_it_does_not_hold(pb: pw.Powabase) -> None:
    checks = {"calls": lambda e: e.completed().called("database_query")}
    comparison = pb.agent("One").compare(["a", "b"], checks=checks).wait(WATCHDOG, display=False)
    assert list(comparison.frame["calls"]) == [0, 0]
    assert list(comparison.frame["check_calls"]) == [False, False]
    (told, _) = comparison._live.moment().facts
    assert "database_query" in told[0].checks["calls"].why


COUNTED = {"start": {}, "content_delta": {"delta": "hi"}}


def test_tokens_are_those_of_the_runs_own_header(tmp_path: pathlib.Path) -> None:
    """Where the server tells no total they are added up, as everywhere else."""
    usage = {"prompt_tokens": 700, "completion_tokens": 53}
    ended = {"status": "completed", "content": "hi", "usage": usage}
    frames = [{"event": name, **more} for name, more in [*COUNTED.items(), ("complete", ended)]]
    path = tmp_path / "counted.sse"
    path.write_text("".join(f"data: {json.dumps(frame)}\n\n" for frame in frames))
    sides = {"one": path, "two": RECORDED / "agent_plain.sse"}
    comparison = pw.compare(sides).wait(WATCHDOG, display=False)
    assert comparison.frame["tokens"][0] == 753


def test_what_was_closed_holds_nothing_of_a_run_that_goes_on(pb: pw.Powabase) -> None:
    """A cell that is run again closes what it has compared, and the run lives on."""
    run = pb.agent("One").run("slow")
    before = len(run._live.subscribers), len(run._approvers.outputs)
    for _ in range(3):
        comparison = pw.compare({"given": run, "own": pb.agent("Two")}, "slow")
        comparison.close()
        # Who waits isn't left alone with what never comes.
        assert comparison.wait(WATCHDOG, display=False) is comparison
        assert comparison["own"].status == "stopped"  # type: ignore[union-attr]  # one run
        until(lambda: len(run._live.subscribers) == before[0])
        assert len(run._approvers.outputs) == before[1]
    assert run.status in {"connecting", "running"}
