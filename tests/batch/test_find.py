"""What became of a run that may have begun: asked of the server, by its session or its claim."""

import datetime as dt
import json
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

import powawidget
from powawidget import transcript
from powawidget.batch.find import CLAIM, Asking, Finder, Found
from powawidget.batch.journal.attempts import Open
from powawidget.batch.journal.journal import Journal
from powawidget.batch.journal.records import RowInput
from powawidget.batch.target import Target
from powawidget.kernel import loop
from powawidget.protocol.graph import Edge, Graph, Node
from powawidget.resources.batching import orchestration_target, workflow_target
from powawidget.resources.connect import connect
from powawidget.resources.orchestration import Orchestration, OrchestrationInfo
from powawidget.resources.workflow import Workflow, WorkflowInfo
from tests.batch.driving import driver_of, finish
from tests.chaos import Chaos, Exchange
from tests.counterpart import Counterpart, start
from tests.planted import KEY

ASKING = Asking(minute=0.3, lost=1.0, unreachable=0.3)
JUST_NOW = 0.0  # when the question is asked: these stand in tables, which are made long before
EXECUTION = "3f0c0000-0000-4000-8000-000000000001"
OTHER = "3f0c0000-0000-4000-8000-000000000002"


NOW = "now"


def ago(seconds: float) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds)).isoformat()


class Book:
    """What a service answers, by the path."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers

    async def __call__(self, exchange: Exchange) -> None:
        path = exchange.request.path.split("?")[0]
        answer = self._answers.get(path)
        if isinstance(answer, list) and answer and answer[0] == "then":
            answer = answer.pop(1) if len(answer) > 2 else answer[1]
        if answer is not None:
            answer = json.loads(json.dumps(answer).replace(f'"{NOW}"', f'"{ago(0)}"'))
        if answer is None:
            await exchange.answer_json({"error": "not found"}, "404 Not Found")
        elif isinstance(answer, int):
            await exchange.answer_json({"error": "no"}, f"{answer} No")
        else:
            await exchange.answer_json(answer)


def found(answers: dict[str, Any], kind: str, attempt: Open, **more: Any) -> Found:
    """Ask a service that answers so."""
    if attempt.sent_at == JUST_NOW:
        attempt = msgspec.structs.replace(attempt, sent_at=time.time())
    with Chaos(Book(answers)) as server:
        target = target_of(server.url, kind, **more.pop("settings", {}))

        async def ask() -> Found:
            client = target.client.for_run()
            try:
                return await Finder(target, client, ASKING, set()).find(attempt, **more)
            finally:
                client.leave()

        return loop.submit(ask()).result(60)


def target_of(url: str, kind: str, **settings: Any) -> Target:
    client = connect(url, api_key=KEY)._client
    if kind == "orchestration":
        info = OrchestrationInfo(id="o-1", name="O", strategy="supervisor", agents=2)
        return orchestration_target(Orchestration(client, info))
    kind_of = settings.get("first", "starter")
    nodes = [
        Node(id="b1", name="Start", type=kind_of, enabled=True, config={}),
        Node(id="b2", name="End", type="response", enabled=True, config={}),
    ]
    graph = Graph(nodes=nodes, edges=[Edge(source="b1", target="b2", condition=None)])
    return workflow_target(Workflow(client, WorkflowInfo(id="w-1", name="W"), graph))


def opened(**more: Any) -> Open:
    known = {"id": 1, "key": "k", "session_id": "s1", "claim": None, "run_id": None}
    return Open(**{**known, "sent_at": JUST_NOW, **more})


MESSAGES = "/api/orchestrations/o-1/sessions/s1/messages"
RUN = "/api/orchestrations/runs/orch_run_1"
ASKED = {"role": "user", "content": "q"}
SAID = {"role": "assistant", "content": "a", "run_id": "orch_run_1"}
STORED = {"run_id": "orch_run_1", "status": "completed", "content": "a", "child_runs": []}


@pytest.mark.parametrize(
    ("answers", "attempt", "state", "said"),
    [
        ({}, opened(), "unknown", "probably not accepted"),
        ({MESSAGES: {"messages": []}}, opened(), "unknown", "never began it"),
        ({MESSAGES: {"messages": [ASKED]}}, opened(sent_at=1.0), "unknown", "may have lost it"),
        ({MESSAGES: {"messages": [ASKED]}}, opened(), "unknown", "may have lost it"),
        ({MESSAGES: {"messages": [ASKED, SAID]}, RUN: STORED}, opened(), "done", ""),
        (
            {MESSAGES: ["then", None, {"messages": [ASKED]}, {"messages": [ASKED, SAID]}]}
            | {RUN: STORED},
            opened(),
            "done",
            "",
        ),
        ({RUN: STORED}, opened(run_id="orch_run_1"), "done", ""),
        (
            {RUN: {**STORED, "status": "running", "started_at": ago(3600)}},
            opened(run_id="orch_run_1"),
            "unknown",
            "may have lost it",
        ),
        ({MESSAGES: 403}, opened(), "unknown", "may not read"),
        ({MESSAGES: 401}, opened(), "left", "doesn't tell"),
        # One row's own: it mustn't end each later course.
        ({MESSAGES: 400}, opened(), "unknown", "doesn't tell"),
        ({MESSAGES: 410}, opened(), "unknown", "doesn't tell"),
        ({}, opened(session_id="../../agents"), "unknown", "can't be asked for"),
        ({}, opened(session_id="s" * 100_000), "unknown", "can't be asked for"),
        ({}, opened(run_id="r" * 100_000), "unknown", "can't be asked for"),
        ({MESSAGES: 500}, opened(), "left", "can't be asked"),
        ({MESSAGES: 429}, opened(), "left", "can't be asked"),
    ],
)
def test_an_orchestration_is_found_by_its_messages(
    answers: dict[str, Any], attempt: Open, state: str, said: str
) -> None:
    check(found(answers, "orchestration", attempt), state, said)


def check(one: Found, state: str, said: str) -> None:
    if state == "done":
        assert one.stored is not None
        assert not one.unknown + one.left
    else:
        assert one.stored is None
        assert said in (one.unknown if state == "unknown" else one.left)
        assert bool(one.unknown) != bool(one.left)


LIST = "/api/workflows/w-1/executions"
LOGS = f"{LIST}/{EXECUTION}/logs"
WHOLE = {"block_logs": [{"block_id": "b1", "output": {"output": 1}}, {"block_id": "b2"}]}


def row(**more: Any) -> dict[str, Any]:
    known = {"id": EXECUTION, "status": "completed", "output": {"a": 1}, "created_at": NOW}
    return {"started_at": NOW, "input": {"n": 1}, **known, **more}


CLAIMED = {"input": {"n": 1, CLAIM: "c1"}}


@pytest.mark.parametrize(
    ("rows", "attempt", "first", "state", "said"),
    [
        ([], opened(claim="c1"), "starter", "unknown", "probably not accepted"),
        ([row()], opened(claim="c1"), "starter", "unknown", "probably not accepted"),
        ([row(**CLAIMED)], opened(claim="c1"), "starter", "done", ""),
        # The time of a claim is of no account.
        ([row(**CLAIMED, created_at=ago(9999))], opened(claim="c1"), "starter", "done", ""),
        (
            [row(**CLAIMED, status="running", started_at=ago(3600))],
            opened(claim="c1"),
            "starter",
            "unknown",
            "may have lost it",
        ),
        (
            [row(id=OTHER, input={"n": i}) for i in range(100)],
            opened(claim="c1"),
            "starter",
            "unknown",
            "isn't among the latest",
        ),
        # No starter, no input: by when it began.
        ([row(input=None)], opened(), "code", "done", ""),
        ([row(input=None, created_at=ago(3600))], opened(), "code", "unknown", "probably not"),
        (
            [row(input=None), row(input=None, id=OTHER)],
            opened(),
            "code",
            "unknown",
            "nothing tells which",
        ),
        ([row()], opened(run_id=EXECUTION), "starter", "done", ""),
    ],
)
def test_an_execution_is_found_by_its_claim_or_its_time(
    rows: list[Any], attempt: Open, first: str, state: str, said: str
) -> None:
    answers = {LIST: {"executions": rows}, LOGS: WHOLE, f"{LIST}/{OTHER}/logs": WHOLE}
    settings = {"first": first}
    one = found(answers, "workflow", attempt, variables={"n": 1}, settings=settings)
    check(one, state, said)


def test_a_run_that_goes_on_is_noted_and_waited_for() -> None:
    running = {**STORED, "status": "running", "started_at": NOW}
    noted: list[str] = []

    async def note(run_id: str) -> None:
        noted.append(run_id)

    answers = {MESSAGES: {"messages": [ASKED, SAID]}, RUN: ["then", running, running, STORED]}
    one = found(answers, "orchestration", opened(), note_id=note)
    check(one, "done", "")
    assert noted == ["orch_run_1"]


@pytest.fixture
def server() -> Iterator[Counterpart]:
    one = start(executions_per_minute=None, tokens_per_second=5_000)
    yield one
    one.stop()


@pytest.fixture
def journal(tmp_path: Any) -> Iterator[Journal]:
    with Journal.open(tmp_path / "batch.powa") as one:
        yield one


def starts(server: Counterpart) -> list[Any]:
    return [body for _, path, body in server.requests if path.endswith("/stream")]


def test_rows_of_an_orchestration_go_well_and_keep_their_runs(
    server: Counterpart, journal: Journal
) -> None:
    pb = powawidget.connect(server.url, api_key=server.key)
    orchestration = pb.orchestration("Report line")
    rows = [
        RowInput(key=f"k{i}", position=i, body={"message": f"How was week {i}?"}, digest="d")
        for i in range(2)
    ]
    driver = driver_of(orchestration_target(orchestration), journal, rows)
    finish(driver)
    for one in journal.outcomes(1).values():
        assert one.state == "done", one
        assert one.text
        assert one.tokens
    assert len(starts(server)) == 2
    assert {body["session_id"] for body in starts(server)} == {
        one.session_id for one in journal.outcomes(1).values()
    }


def test_rows_of_a_workflow_go_well_with_a_claim_beside_what_was_asked(
    server: Counterpart, journal: Journal
) -> None:
    pb = powawidget.connect(server.url, api_key=server.key)
    workflow = pb.workflow("Weekly report")
    rows = [
        RowInput(key=f"k{i}", position=i, body={"variables": {"week": 40 + i}}, digest="d")
        for i in range(2)
    ]
    driver = driver_of(workflow_target(workflow), journal, rows)
    finish(driver)
    for i, one in enumerate(journal.outcomes(1).values()):
        assert one.state == "done", one
        assert one.output is not None
        run = journal.saved_run(1, f"k{i}")
        assert run is not None
        state = transcript.load(run).run
        assert state is not None
        assert state.message == f'{{"week": {40 + i}}}'
    sent = [body["variables"] for body in starts(server)]
    assert len({variables.pop(CLAIM) for variables in sent}) == 2
    assert sorted(variables["week"] for variables in sent) == [40, 41]
    assert {len(variables) for variables in sent} == {1}


@pytest.mark.parametrize("kind", ["orchestration", "workflow"])
def test_a_cut_row_is_found_again_and_never_sent_twice(
    kind: str, server: Counterpart, journal: Journal
) -> None:
    """Its stream is closed here in the middle: the service has its own ways with each kind."""
    pb = powawidget.connect(server.url, api_key=server.key)
    if kind == "orchestration":
        target = orchestration_target(pb.orchestration("Report line"))
        body: dict[str, Any] = {"message": "How was last week?"}
    else:
        target, body = workflow_target(pb.workflow("Weekly report")), {"variables": {"week": 40}}
    server.engine._rate = 20.0
    rows = [RowInput(key="k", position=0, body=body, digest="d")]
    asking = ASKING if kind == "orchestration" else Asking(minute=5, lost=60)
    driver = driver_of(target, journal, rows, asking=asking)
    driver.start()
    end = time.monotonic() + 60
    while driver.outcome("k").state != "accepted":
        assert time.monotonic() < end
        time.sleep(0.01)
    driver.stop(streams=True)
    assert driver.done.wait(60)
    assert driver.outcome("k").state == "accepted"
    finish(driver)
    outcome = driver.outcome("k")
    if kind == "orchestration":
        assert (outcome.state, "may have lost it" in outcome.error) == ("unknown", True)
    else:
        assert outcome.state == "failed", outcome
        assert "stopped the execution with its stream" in outcome.error
    assert len(starts(server)) == 1
