"""After a cut of a workflow's stream: its execution is found, and what it did is told.

The server ends an execution with its stream, stores it as completed all the same, and charges for
it (docs/protocol.md#cut-workflow). Its stream tells its id at the end, or in the documented dialect
at the beginning.
"""

import datetime as dt
import email.utils
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest

from powawidget.protocol.graph import read_graph
from powawidget.resources.workflow import Workflow, WorkflowInfo
from powawidget.run.run import Run
from tests.chaos import Chaos, Exchange, Script
from tests.faults.world import World, act, came_to, notices, until, waits

OURS = "0b334a6d-9a8b-4ebb-8873-10d7793ef83f"
OTHER = "ab497360-34fb-4d99-b6e7-83a25748468e"
WANT = {"n": 2}
NAMES = {"B": ("Begin", "starter"), "C": ("Code", "code"), "R": ("Reply", "response")}
GRAPH = {
    "blocks": [
        {"id": one, "name": name, "type": kind, "config": {}, "enabled": True}
        for one, (name, kind) in NAMES.items()
    ],
    "edges": [
        {"source": "B", "target": "C", "condition": None},
        {"source": "C", "target": "R", "condition": None},
    ],
}
DATA = {"output": {"n": 4}}
SEEN: list[dict[str, Any]] = [
    {"type": "block_start", "block_id": "B", "block_type": "starter"},
    {"type": "block_complete", "block_id": "B", "block_type": "starter", "data": DATA},
    {"type": "block_start", "block_id": "C", "block_type": "code"},
]
DOCUMENTED: list[dict[str, Any]] = [
    {"event": "workflow_start", "execution_id": OURS},
    {"event": "block_started", "block_id": "B", "block_type": "starter"},
    {"event": "block_output", "block_id": "B", "output": DATA["output"]},
    {"event": "block_completed", "block_id": "B", "block_type": "starter"},
    {"event": "block_started", "block_id": "C", "block_type": "code"},
]
DIALECTS = pytest.mark.parametrize("frames", [SEEN, DOCUMENTED], ids=["seen", "documented"])
CUT = (
    "The server stopped the execution with its stream, stored it as completed, without a result "
    "and with {} done, and charged for it."
)
WHOLE = {"status": "completed", "output": {"n": 4}, "error": None}
CUT_OFF = {"status": "completed", "output": None, "error": None}
AT_WORK = {"status": "running", "output": None, "error": None}


def log(block_id: str, **fields: Any) -> dict[str, Any]:
    name, kind = NAMES[block_id]
    named = {"block_id": block_id, "block_name": name, "block_type": kind}
    return {**named, "input": None, "output": DATA, "status": "success", **fields}


class Service:
    """A server that cuts the stream, and tells what it has stored.

    Args:
        frames: What it tells before the cut.
        rows: What each look at the list finds of our execution; the last one again and again.
        logs: The blocks that have logs.
        others: Further executions that are listed: how long after ours, and with which input.
        ahead: How far its clock is ahead of ours, in seconds.
        stays: Whether the stream stays open.
        answers: Whether it answers the request at all.
        want: The input of ours.
        refusal: The status by which a gateway gives up on the request.
    """

    def __init__(  # noqa: PLR0913  # each is one thing that it does otherwise
        self,
        frames: list[dict[str, Any]],
        *rows: dict[str, Any] | None,
        logs: str = "BCR",
        others: tuple[tuple[float, Any], ...] = (),
        ahead: float = 0.0,
        stays: bool = False,
        answers: bool = True,
        want: Any = WANT,
        refusal: str | None = None,
    ) -> None:
        self.frames, self.rows, self.logs = frames, list(rows), logs
        self.others, self.ahead, self.stays = others, dt.timedelta(seconds=ahead), stays
        self.answers, self.want, self.refusal = answers, want, refusal
        self.begun = dt.datetime.now(dt.UTC)
        self.looks = 0

    async def __call__(self, exchange: Exchange) -> None:
        """Answer a request."""
        path = urlsplit(exchange.request.path).path
        now = dt.datetime.now(dt.UTC) + self.ahead
        date = f"date: {email.utils.format_datetime(now, usegmt=True)}\r\n".encode()
        if path.endswith("/execute/stream"):
            self.begun = now
            if self.refusal is not None:
                await exchange.answer(self.refusal, b"<p>No answer</p>")
                return
            if not self.answers:
                exchange.reset()
                return
            await exchange.stream(*self.frames, end=False)
            if self.stays:
                await exchange.gone()
        elif path.endswith("/executions"):
            self.looks += 1
            row = self.rows.pop(0) if len(self.rows) > 1 else self.rows[0]
            ours = [] if row is None else [self.row(OURS, 0.0, self.want, row)]
            others = [self.row(OTHER, after, given, WHOLE) for after, given in self.others]
            await exchange.answer_json({"executions": ours + others}, headers=date)
        elif path.endswith(f"/executions/{OURS}/logs"):
            await exchange.answer_json({"block_logs": [log(one) for one in self.logs]})
        else:
            await exchange.answer_json({"error": "Not found"}, "404 Not Found")

    def row(self, one: str, after: float, given: Any, told: dict[str, Any]) -> dict[str, Any]:
        at = (self.begun + dt.timedelta(seconds=after)).isoformat()
        return {"id": one, "input": given, "created_at": at, **told}


def run_at(
    world: World, script: Script, *, graph: bool = True, given: Any = WANT, **limits: Any
) -> tuple[Run, Chaos]:
    """Run a workflow at a server."""
    server = world.serve(script)
    client = world.connect(server.url, **limits)._client
    known = read_graph(GRAPH) if graph else None
    run = Workflow(client, WorkflowInfo(id="w-1", name="W"), known).run(given)
    world.runs.append(run)
    return run, server


# Said of an execution whose id no frame has told: it is only most probably ours.
TAKEN = (
    "The stream broke before it told the execution's id. One execution began at that time with the "
    "same variables: it is taken for this one."
)


def became(run: Run) -> list[str]:
    """What is said of what became of an execution, whose ever it was taken for."""
    return [text for text in notices(run) if text != TAKEN]


def stood(run: Run) -> list[str]:
    return [f"{block.id} {block.status}" for block in run.blocks]


@DIALECTS
def test_an_execution_that_was_completed_takes_over(world: World, frames: Any) -> None:
    service = Service(frames, AT_WORK, WHOLE)
    run, server = run_at(world, service)
    assert came_to(run) == ("completed", '{"n": 4}', None)
    assert (run.output, run.run_id) == ({"n": 4}, OURS)
    assert stood(run) == ["B done", "C done", "R done"]
    assert run._live.state.restored
    assert "as the server has stored it" in became(run)[-1]
    assert run.result().output == {"n": 4}
    assert (server.posts, service.looks) == (1, 2)


@DIALECTS
def test_an_execution_that_ended_with_its_stream_stays_interrupted(
    world: World, frames: Any
) -> None:
    run, server = run_at(world, Service(frames, CUT_OFF, logs="BC"))
    assert came_to(run) == ("interrupted", "", "connection_lost")
    assert stood(run) == ["B done", "C done", "R not_reached"]
    assert became(run) == [CUT.format("2 blocks")]
    assert (TAKEN in notices(run)) == (frames is SEEN)
    assert run.run_id == OURS
    assert run.output is None
    assert server.posts == 1


def test_how_much_was_done_is_said(world: World) -> None:
    for logs, done in (("", "no block"), ("B", "1 block")):
        run, _ = run_at(world, Service(SEEN, CUT_OFF, logs=logs))
        assert came_to(run)[0] == "interrupted"
        assert became(run) == [CUT.format(f"{done}s" if not logs else done)]
        assert stood(run) == ["B done", "C interrupted", "R not_reached"]


def test_one_that_is_at_work_is_looked_at_again_and_by_its_id(world: World) -> None:
    service = Service(SEEN, None, AT_WORK, AT_WORK, CUT_OFF, logs="B")
    run, _ = run_at(world, service, look_up=(0.0, 0.01, 0.02))
    assert came_to(run)[0] == "interrupted"
    assert became(run) == [CUT.format("1 block")]
    told = waits(run)
    assert [wait.attempt for wait in told] == list(range(1, len(told) + 1))
    assert len(told) >= 3


def test_without_a_graph_what_is_stored_without_a_result_is_told_as_it_is(world: World) -> None:
    run, _ = run_at(world, Service(SEEN, CUT_OFF, logs="B"), graph=False)
    assert came_to(run)[0] == "interrupted"
    assert "can't be told without the workflow's graph" in became(run)[0]
    assert stood(run) == ["B done", "C interrupted"]
    whole, _ = run_at(world, Service(SEEN, WHOLE), graph=False)
    assert came_to(whole)[0] == "completed"
    assert stood(whole) == ["B done", "C done", "R done"]


def test_an_execution_that_failed_says_why(world: World) -> None:
    failed = {"status": "failed", "output": None, "error": "Execution timed out after 600s"}
    run, _ = run_at(world, Service(SEEN, failed, logs="B"))
    assert came_to(run)[0] == "interrupted"
    assert became(run) == [
        "The server ended the execution as failed: Execution timed out after 600s."
    ]


def test_only_the_one_with_the_same_input_at_that_time_is_ours(world: World) -> None:
    others: tuple[tuple[float, Any], ...] = (
        (-60.0, WANT),
        (60.0, WANT),
        (0.0, {"n": 3}),
        (0.0, {}),
    )
    run, _ = run_at(world, Service(SEEN, CUT_OFF, logs="B", others=others))
    assert came_to(run)[0] == "interrupted"
    assert run.run_id == OURS
    assert became(run) == [CUT.format("1 block")]


@pytest.mark.parametrize("ahead", [-3600.0, 3600.0])
def test_the_server_may_have_another_clock(world: World, ahead: float) -> None:
    run, _ = run_at(world, Service(SEEN, CUT_OFF, logs="B", others=((-60.0, WANT),), ahead=ahead))
    assert came_to(run)[0] == "interrupted"
    assert run.run_id == OURS


def test_an_input_is_compared_as_it_was_sent(world: World) -> None:
    service = Service(SEEN, CUT_OFF, logs="B", want={"n": [1, 2], "3": None})
    run, _ = run_at(world, service, given={"n": (1, 2), 3: None})
    assert came_to(run)[0] == "interrupted"
    assert run.run_id == OURS


def test_of_two_that_may_be_ours_none_is(world: World) -> None:
    run, server = run_at(world, Service(SEEN, WHOLE, others=((0.0, WANT),)))
    assert came_to(run)[0] == "interrupted"
    assert run.run_id is None
    assert became(run)[0].startswith("2 executions began with the same variables at that time")
    assert "workflow.executions()" in became(run)[0]
    assert stood(run) == ["B done", "C interrupted", "R not_reached"]
    assert server.posts == 1


def test_one_that_another_run_has_named_is_not_ours(world: World) -> None:
    done = [{"type": "done", "execution_id": OTHER}]
    service = Service(done, WHOLE)
    server = world.serve(service)
    client = world.connect(server.url)._client
    workflow = Workflow(client, WorkflowInfo(id="w-1", name="W"), read_graph(GRAPH))
    first = workflow.run(WANT)
    world.runs.append(first)
    assert came_to(first)[0] == "completed"
    service.frames, service.others = SEEN, ((0.0, WANT),)
    second = workflow.run(WANT)
    world.runs.append(second)
    assert came_to(second)[0] == "completed"
    assert second.run_id == OURS


def test_one_that_is_not_listed_is_looked_for_a_little(world: World) -> None:
    service = Service(SEEN, None)
    run, _ = run_at(world, service)
    assert came_to(run)[0] == "interrupted"
    assert run.run_id is None
    assert became(run) == [
        "The server lists no execution that began with these variables at that time. "
        "workflow.executions() lists the workflow's executions."
    ]
    assert service.looks == 3


def test_the_hint_says_what_the_server_does_and_where_to_look(world: World) -> None:
    for frames, where in (
        (SEEN, "workflow.executions() lists"),
        (DOCUMENTED, f'pb.get_run("{OURS}") shows'),
    ):
        run, _ = run_at(world, Service(frames, CUT_OFF, logs="B"))
        assert came_to(run)[0] == "interrupted"
        hint = (run.error and run.error.hint) or ""
        assert "ends an execution with its stream, and charges" in hint
        assert where in hint
        assert "may have started" not in hint


@pytest.mark.parametrize("begun", [True, False])
def test_one_that_may_have_started_is_looked_for(world: World, begun: bool) -> None:
    row = CUT_OFF if begun else None
    run, server = run_at(world, Service(SEEN, row, logs="", answers=False))
    assert came_to(run)[0] == "interrupted"
    hint = (run.error and run.error.hint) or ""
    assert hint.startswith("The run may have started at the server. It wasn't sent again")
    assert hint.endswith(
        "workflow.executions() lists its executions: if it did start, it is one of them."
    )
    assert run.run_id == (OURS if begun else None)
    assert (CUT.format("no blocks") in became(run)) == begun
    assert server.posts == 1


def test_where_the_list_cannot_be_read_that_is_said(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        if exchange.request.method == "POST":
            await exchange.stream(*SEEN, end=False)
        else:
            await exchange.answer_json({"error": "No."}, "403 Forbidden")

    run, server = run_at(world, script)
    assert came_to(run)[0] == "interrupted"
    assert became(run)[0].startswith("The server doesn't tell what became of the run")
    assert (server.posts, len(server.requests)) == (1, 2)


def test_looking_for_an_execution_can_be_given_up(world: World) -> None:
    asked = threading.Event()

    async def script(exchange: Exchange) -> None:
        if exchange.request.method == "POST":
            await exchange.stream(*SEEN, end=False)
        else:
            asked.set()
            await exchange.gone()

    run, _ = run_at(world, script)
    until(asked.is_set, "a look")
    assert act(run, "give_up") is None
    assert came_to(run)[0] == "interrupted"
    assert became(run) == [
        "The lookup was stopped. workflow.executions() lists the workflow's executions."
    ]


@DIALECTS
def test_a_stopped_execution_learns_what_the_server_did(world: World, frames: Any) -> None:
    run, server = run_at(world, Service(frames, AT_WORK, CUT_OFF, logs="BC", stays=True))
    until(lambda: stood(run)[1] == "C running", "the second block")
    assert run.stop().wait(display=False).status == "stopped"
    until(lambda: len(became(run)) == 2, "what the server did")
    assert became(run)[1] == CUT.format("2 blocks")
    assert came_to(run) == ("stopped", "", None)
    assert stood(run) == ["B done", "C done", "R not_reached"]
    assert (waits(run), server.posts) == ([], 1)


@pytest.mark.parametrize("status", ["502 Bad Gateway", "504 Gateway Timeout", "500 Odd", "503 Odd"])
def test_an_execution_behind_a_gateway_that_gave_up_is_found(world: World, status: str) -> None:
    run, server = run_at(world, Service([], AT_WORK, WHOLE, refusal=status))
    assert came_to(run) == ("completed", '{"n": 4}', None)
    assert run.run_id == OURS
    assert server.posts == 1
