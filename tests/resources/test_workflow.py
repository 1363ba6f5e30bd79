"""Workflows by name and id, their executions, and what is refused before anything is sent."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

import powawidget
from powawidget.errors import ConfigurationError, ConnectionLost, RequestError
from powawidget.protocol import events as ev
from powawidget.resources.workflow import Workflow, WorkflowInfo
from powawidget.state import values
from tests.chaos import WATCHDOG, Chaos, Exchange, Script
from tests.counterpart import Block, Edge
from tests.counterpart import Workflow as LocalWorkflow
from tests.counterpart import start as start_server

KEY = "planted-key-5f1c9a7be2"
ID = "f000f198-2289-4551-8d57-07b53581c6a6"
EXECUTION = "0b334a6d-9a8b-4ebb-8873-10d7793ef83f"
OTHER = "ab497360-34fb-4d99-b6e7-83a25748468e"


def block(name: str, kind: str = "code", **config: Any) -> dict[str, Any]:
    return {"id": name[0], "name": name, "type": kind, "config": config, "enabled": True}


def edge(source: str, target: str, condition: str | None = None) -> dict[str, Any]:
    return {"source": source, "target": target, "condition": condition}


GRAPH = {
    "blocks": [block("Reply", "response"), block("Begin", "starter", input={"n": None, "m": 1})],
    "edges": [edge("B", "R")],
}
CIRCLE = {
    "blocks": [block("Begin", "starter"), block("One"), block("Two")],
    "edges": [edge("B", "O"), edge("O", "T"), edge("T", "O")],
}
DATA = {"output": {"n": 2}}
FRAMES = [
    {"type": "block_start", "block_id": "B", "block_type": "starter"},
    {"type": "block_complete", "block_id": "B", "block_type": "starter", "data": DATA},
    {"type": "block_start", "block_id": "R", "block_type": "response"},
    {"type": "block_complete", "block_id": "R", "block_type": "response", "data": DATA},
    {"type": "done", "execution_id": EXECUTION},
]
LOGS = {
    "block_logs": [
        {"block_id": "B", "block_name": "Begin", "block_type": "starter", "output": DATA},
        {
            "block_id": "R",
            "block_name": "Reply",
            "block_type": "response",
            "input": {"B": DATA},
            "output": DATA,
        },
    ]
}
ROW = {"id": EXECUTION, "status": "completed", "output": {"n": 2}, "input": {"n": 2}, "error": None}
Serve = Callable[[Script], powawidget.Powabase]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with contextlib.ExitStack() as stack:

        def start(script: Script) -> powawidget.Powabase:
            server = stack.enter_context(Chaos(script))
            timeouts = powawidget.Timeouts(look_up=(0.01,))
            connection = powawidget.connect(server.url, api_key=KEY, timeouts=timeouts)
            return stack.enter_context(connection)

        yield start


def project(
    graph: dict[str, Any] | None = GRAPH,
    *,
    refused: str = "403 Forbidden",
    logs: Any = None,
    rows: list[dict[str, Any]] | None = None,
    frames: list[dict[str, Any]] = FRAMES,
) -> Script:
    """A project with one workflow of two blocks, and one that was never executed."""
    listed = [
        {"id": OTHER, "name": "Idle", "execution_count": 0},
        {"id": ID, "name": "Double", "description": "Doubles"},
    ]

    async def script(exchange: Exchange) -> None:
        path = urlsplit(exchange.request.path).path
        if path == "/api/workflows":
            await reply(exchange, {"workflows": listed, "total": 2})
        elif path == f"/api/workflows/{ID}":
            known = None if graph is None else {"id": ID, "name": "Double", **graph}
            await reply(exchange, known, refused)
        elif path == f"/api/workflows/{ID}/execute/stream":
            await exchange.stream(*frames)
        elif path == f"/api/workflows/{ID}/executions":
            await reply(exchange, {"executions": [ROW] if rows is None else rows})
        elif path == f"/api/workflows/{ID}/executions/{EXECUTION}/logs":
            await reply(exchange, logs)
        else:
            await reply(exchange, None)

    return script


async def reply(exchange: Exchange, body: Any, refused: str = "404 Not Found") -> None:
    said = {"error": "Refused"} if body is None else body
    await exchange.answer(refused if body is None else "200 OK", json.dumps(said).encode())


async def read(one: Workflow, *given: Any, **named: Any) -> list[ev.Event]:
    return [event async for event in one.stream(*given, **named)]


def test_workflows_are_listed_and_found_by_name_and_by_id(serve: Serve) -> None:
    pb = serve(project())
    assert pb.workflows() == [
        WorkflowInfo(id=OTHER, name="Idle"),
        WorkflowInfo(id=ID, name="Double", description="Doubles"),
    ]
    for wanted in ("Double", " double ", ID):
        assert repr(pb.workflow(wanted)) == f"<Workflow 'Double', 2 blocks, {ID}>"
    with pytest.raises(ConfigurationError, match=r"no workflow named 'Trouble'\. Did you mean"):
        pb.workflow("Trouble")
    with pytest.raises(ConfigurationError, match="no workflow with the id"):
        pb.workflow(EXECUTION)


def test_a_run_knows_its_blocks_before_and_their_inputs_after(serve: Serve) -> None:
    run = serve(project(logs=LOGS)).workflow("Double").run(n=2).wait(display=False)
    assert (run.status, run.output, run.text, run.run_id) == (
        *("completed", {"n": 2}, '{"n": 2}'),
        EXECUTION,
    )
    shown = [(b.name, b.status, b.input, b.output) for b in run.blocks]
    assert shown == [
        ("Begin", "done", None, {"n": 2}),
        ("Reply", "done", {"B": DATA}, {"n": 2}),
    ]
    assert run.progress == values.Progress(done=2, failed=0, skipped=0, total=2)
    result = run.result()
    assert (result.output, result.blocks) == (run.output, run.blocks)
    assert isinstance(run.events[0], ev.GraphKnown)


def late(first: list[Any]) -> tuple[Script, list[str]]:
    """A project whose logs come later: first what is given, one after the other."""
    asked: list[str] = []
    answers, whole = iter(first), project(logs=LOGS)

    async def script(exchange: Exchange) -> None:
        if exchange.request.path.endswith("/logs"):
            asked.append(exchange.request.path)
            logs = next(answers, None)
            if logs is not None:
                await reply(exchange, {"block_logs": logs})
                return
        await whole(exchange)

    return script, asked


@pytest.mark.parametrize("first", [[[]], [[], [], []], [LOGS["block_logs"][:1]]])
def test_logs_that_come_a_moment_after_the_end_are_asked_for_again(
    serve: Serve, first: list[Any]
) -> None:
    script, asked = late(first)
    run = serve(script).workflow("Double").run(n=2).wait(display=False)
    assert [b.input for b in run.blocks] == [None, {"B": DATA}]
    assert len(asked) == len(first) + 1
    assert run.result().blocks == run.blocks


def test_logs_that_never_come_are_asked_for_a_few_times(serve: Serve) -> None:
    script, asked = late([[]] * 99)
    run = serve(script).workflow("Double").run(n=2).wait(display=False)
    assert (run.status, [b.input for b in run.blocks]) == ("completed", [None, None])
    assert len(asked) == 6


def test_an_execution_whose_logs_are_late_is_not_taken_for_cut(serve: Serve) -> None:
    script, asked = late([[], []])
    pb = serve(script)
    assert pb.workflow("Double").execution(EXECUTION).status == "completed"
    assert len(asked) == 3


def test_the_embedded_servers_runs_have_their_inputs() -> None:
    with powawidget.connect("local") as pb:
        workflow = pb.workflow("Weekly report")
        run = workflow.run(week=40).wait(display=False)
        stored = workflow.execution(run.run_id)
        assert [b.input for b in run.blocks] == [b.input for b in stored.blocks]
        assert any(b.input for b in run.blocks)


@pytest.mark.parametrize("logs", [None, [], {"block_logs": 7}, {"block_logs": [7, {}]}])
def test_that_the_logs_cannot_be_read_is_no_error(serve: Serve, logs: Any) -> None:
    run = serve(project(logs=logs)).workflow("Double").run(n=2).wait(display=False)
    assert (run.status, run.output, run.error) == ("completed", {"n": 2}, None)


@pytest.mark.parametrize("refused", ["403 Forbidden", "404 Not Found", "500 Oops"])
def test_without_its_graph_a_workflow_runs_and_the_list_grows(serve: Serve, refused: str) -> None:
    one = serve(project(None, refused=refused)).workflow("Double")
    assert repr(one) == f"<Workflow 'Double', {ID}>"
    run = one.run().wait(display=False)
    assert (run.status, [b.type for b in run.blocks]) == ("completed", ["starter", "response"])
    assert not run._live.state.graph


@pytest.mark.parametrize(
    ("graph", "given", "named", "said"),
    [
        (GRAPH, [], {}, r"'Double' also needs n: pass run\(n=...\)"),
        (GRAPH, [{"m": 2}], {}, "also needs n"),
        (
            CIRCLE,
            [],
            {},
            "go round in a circle, so it can't run: One, Two. Remove one of the edges",
        ),
        (GRAPH, [7], {}, "`variables` takes a dictionary"),
        (GRAPH, [{"n": 1}], {"n": 2}, "Given twice: n"),
        (GRAPH, [], {"n": object()}, "can't be written as JSON"),
        (GRAPH, [], {"n": float("nan")}, "can't be written as JSON"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_sent(
    graph: dict[str, Any], given: list[Any], named: dict[str, Any], said: str
) -> None:
    with Chaos(project(graph)) as server, powawidget.connect(server.url, api_key=KEY) as pb:
        one = pb.workflow("Double")
        with pytest.raises(ConfigurationError, match=said):
            one.run(*given, **named)
        with pytest.raises(ConfigurationError, match=said):
            asyncio.run(read(one, *given, **named))
        assert server.posts == 0


def test_variables_are_sent_as_keywords_or_as_a_dictionary() -> None:
    with Chaos(project()) as server, powawidget.connect(server.url, api_key=KEY) as pb:
        one = pb.workflow("Double")
        # One after another: what is started together may arrive in any order.
        assert one.run(n=1).wait(display=False).status == "completed"
        assert one.run({"n": 1, "odd name": 2}).wait(display=False).status == "completed"
        both = one.run(variables={"n": 1, "variables": 3}, m=4)
        assert both.wait(display=False).status == "completed"
        asyncio.run(read(one, n=1))
        bodies = [request.json for request in server.requests if request.method == "POST"]
        assert bodies == [
            {"variables": {"n": 1}},
            {"variables": {"n": 1, "odd name": 2}},
            {"variables": {"n": 1, "variables": 3, "m": 4}},
            {"variables": {"n": 1}},
        ]


def test_an_empty_graph_is_done_at_once(serve: Serve) -> None:
    empty = {"blocks": [], "edges": []}
    run = serve(project(empty, frames=FRAMES[-1:])).workflow("Double").run().wait(display=False)
    assert (run.status, run.blocks, run.text) == ("completed", [], "")


def test_events_are_read_without_a_widget_up_to_the_end(serve: Serve) -> None:
    one = serve(project()).workflow("Double")
    kinds = [type(event) for event in asyncio.run(read(one, n=1))]
    assert kinds == [*[ev.BlockStarted, ev.BlockCompleted] * 2, ev.WorkflowCompleted]
    failing = serve(project(frames=[FRAMES[0], {"type": "error", "error": "late"}]))
    events = asyncio.run(read(failing.workflow("Double"), n=1))
    assert isinstance(events[-1], ev.WorkflowFailed)
    cut = serve(project(frames=FRAMES[:-1])).workflow("Double")
    with pytest.raises(ConnectionLost, match="without its terminal event"):
        asyncio.run(read(cut, n=1))


def test_a_cut_leaves_nothing_open(serve: Serve) -> None:
    run = serve(project(frames=FRAMES[:1])).workflow("Double").run(n=1).wait(display=False)
    assert [(b.name, b.status) for b in run.blocks] == [
        ("Begin", "interrupted"),
        ("Reply", "not_reached"),
    ]
    assert run.status == "interrupted"


def test_stop_says_what_the_server_keeps_and_charges(serve: Serve) -> None:
    run = serve(project()).workflow("Double").run(n=1).wait(display=False)
    assert "as completed, without a result" in run._live.state.on_stop
    assert "charges" in run._live.state.on_stop


def test_an_execution_is_brought_back_by_its_workflow_and_by_its_id_alone(serve: Serve) -> None:
    pb = serve(project(logs=LOGS))
    for run in (pb.workflow("Double").execution(EXECUTION), pb.get_run(EXECUTION)):
        assert (run.status, run.output, run.run_id) == ("completed", {"n": 2}, EXECUTION)
        assert [(b.name, b.status) for b in run.blocks] == [("Begin", "done"), ("Reply", "done")]
        state = run._live.state
        assert (state.origin, state.name, state.message) == ("stored", "Double", '{"n": 2}')


def test_executions_are_listed_with_status_times_and_input(serve: Serve) -> None:
    times = {
        "created_at": "2026-11-20T12:39:31.191335+00:00",
        "started_at": "2026-11-20T12:39:31.200000+00:00",
        "completed_at": "2026-11-20T12:39:32.450000+00:00",
    }
    rows = [{**ROW, **times}, {"id": OTHER, "status": "running", "created_at": "soon"}, {"id": 7}]
    one = serve(project(rows=rows)).workflow("Double")
    first, second = executions = one.executions()
    assert (first.id, first.status, first.input, first.output, first.error) == (
        *(EXECUTION, "completed", {"n": 2}, {"n": 2}, None),
    )
    assert (first.created and first.created.isoformat(), first.seconds) == (
        *(times["created_at"], 1.25),
    )
    assert (second.id, second.created, second.input, second.seconds) == (OTHER, None, None, None)
    assert repr(executions).splitlines() == [
        "execution_id                          created           status     seconds  input",
        f'{EXECUTION}  2026-11-20 12:39  completed      1.2  {{"n": 2}}',
        f"{OTHER}                    running",
    ]
    assert one.executions(limit=1) == [first]
    assert repr(serve(project(rows=[])).workflow("Double").executions()) == "<no executions>"


def test_executions_that_cannot_be_listed_are_an_error(serve: Serve) -> None:
    with pytest.raises(RequestError, match="Refused"):
        serve(project()).workflow("Idle").executions()


def test_a_workflow_whose_graph_may_not_be_read_runs_by_its_id_too(serve: Serve) -> None:
    one = serve(project(None)).workflow(ID)
    assert repr(one) == f"<Workflow '{ID}', {ID}>"
    run = one.run(n=1).wait(display=False)
    assert (run.status, [b.type for b in run.blocks]) == ("completed", ["starter", "response"])
    with pytest.raises(RequestError, match="Refused"):
        serve(project(None, refused="500 Oops")).workflow(ID)


def test_an_execution_that_nobody_knows_is_told(serve: Serve) -> None:
    pb = serve(project(rows=[]))
    with pytest.raises(ConfigurationError, match=r"pb.workflow\(\"...\"\).execution"):
        pb.get_run(EXECUTION)
    with pytest.raises(RequestError, match="Refused"):
        pb.workflow("Double").execution(EXECUTION)


def test_an_execution_that_is_under_way_is_not_over(serve: Serve) -> None:
    pb = serve(project(rows=[{**ROW, "status": "running"}], logs={"block_logs": []}))
    run = pb.get_run(EXECUTION)
    assert (run.status, run.error and run.error.title) == (
        "interrupted",
        "The run isn't over at the server",
    )
    assert [b.status for b in run.blocks] == ["not_reached", "not_reached"]


def test_an_execution_that_failed_says_why(serve: Serve) -> None:
    row = {**ROW, "status": "failed", "error": "Execution timed out after 600s", "output": None}
    run = serve(project(rows=[row], logs=LOGS)).get_run(EXECUTION)
    assert (run.status, run.error and run.error.message) == (
        "failed",
        "Execution timed out after 600s",
    )


SAMPLES = [
    ("Weekly report", {}),
    ("Credit note", {}),
    ("Price import (code fails)", {}),
    ("Year digest (agent fails)", {}),
]


@pytest.mark.parametrize("dialect", ["seen", "documented"])
def test_executions_of_the_embedded_server_in_either_dialect(dialect: Any) -> None:
    server = start_server(dialect, tokens_per_second=5000)
    try:
        with powawidget.connect(server.url, api_key=server.key) as pb:
            for name, variables in SAMPLES:
                live = pb.workflow(name).run(variables).wait(display=False)
                assert live.status == "completed"
                assert live.run_id is not None
                kept = pb.get_run(live.run_id)
                assert kept.output == live.output
                shown = [
                    [(b.name, b.status, b.input, b.output, b.error) for b in run.blocks]
                    for run in (live, kept)
                ]
                assert shown[0] == shown[1]
                assert {"pending", "running"}.isdisjoint(b.status for b in live.blocks)
            assert pb.workflow("Weekly report").run(week=40).wait(display=False).progress == (
                values.Progress(done=7, failed=0, skipped=1, total=8)
            )
    finally:
        server.stop()


SLOW = LocalWorkflow(
    "Slow",
    (
        Block("Start", "starter", {"input": {}}),
        Block("Wait", "code", {"code": "output = 1"}, seconds=1.0),
        Block("Response", "response", {"output": "<Wait.output>"}),
    ),
    (Edge("Start", "Wait"), Edge("Wait", "Response")),
)


@pytest.mark.parametrize("dialect", ["seen", "documented"])
@pytest.mark.parametrize("how", ["cut", "stop"])
def test_what_the_embedded_server_did_after_a_cut_or_a_stop_is_learned(
    dialect: Any, how: str
) -> None:
    server = start_server(dialect, workflows=[SLOW])
    try:
        with powawidget.connect(server.url, api_key=server.key) as pb:
            workflow = pb.workflow("Slow")
            run = workflow.run()
            _until(lambda: [b.status for b in run.blocks] == ["done", "running", "pending"])
            if how == "stop":
                run.stop()
            else:
                server.kill()
                server.restart()
                run.wait(display=False)
            _until(lambda: "charged" in run.to_text())
            assert run.status == ("stopped" if how == "stop" else "interrupted")
            assert "without a result and with 2 blocks done" in run.to_text()
            # The block that was at work came to its end.
            assert [b.status for b in run.blocks] == ["done", "done", "not_reached"]
            assert [(one.id, one.status, one.output) for one in workflow.executions()] == [
                (run.run_id, "completed", None)
            ]
    finally:
        server.stop()


def _until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + WATCHDOG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_an_execution_that_takes_too_long_has_failed_and_the_rest_is_not_reached() -> None:
    slow = LocalWorkflow(
        "Slow",
        (
            Block("Start", "starter", {"input": {}}),
            Block("Wait", "code", {"code": "output = 1"}, seconds=30.0),
            Block("Response", "response", {"output": "<Wait.output>"}),
        ),
        (Edge("Start", "Wait"), Edge("Wait", "Response")),
        timeout_seconds=2.0,
    )
    server = start_server(workflows=[slow])
    try:
        with powawidget.connect(server.url, api_key=server.key) as pb:
            run = pb.workflow("Slow").run().wait(display=False)
    finally:
        server.stop()
    assert (run.status, run.error and run.error.code) == ("failed", "EXECUTION_TIMEOUT")
    assert [b.status for b in run.blocks] == ["done", "failed", "not_reached"]
