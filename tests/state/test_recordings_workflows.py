"""The recordings of the real service's workflows."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

import powawidget
from powawidget.protocol import events as ev
from powawidget.protocol.graph import Graph, left_out, listed, ordered, read_graph
from powawidget.protocol.stored.execution import logs_of
from powawidget.protocol.stored.run import events_of_stored
from powawidget.run.finished import of_stored
from powawidget.state import values
from powawidget.state.model import RunState, plain
from tests.walk import RECORDED, Walk, payloads, recordings, replayed, walk

RECORDINGS = recordings(("workflow_",))
TIDES = "Final: tides are caused by the Moon."
HELLO = "Hello! This is a plain streamed answer from the stub model, one token at a time."
A, B = (
    "alpha says one two three four five six seven eight.",
    "BETA SAYS NINE TEN ELEVEN TWELVE THIRTEEN FOURTEEN.",
)
# The blocks by type, state and error; the output; done, failed, skipped, total.
EXPECTED: dict[str, tuple[list[str], Any, tuple[int, int, int, int]]] = {
    "workflow_branch_big_engine061": (
        ["starter done", "code done", "condition done", "agent done", "response done"],
        f"Result: {HELLO} / <SmallAgent.output>",
        (5, 0, 0, 5),
    ),
    "workflow_empty_graph": ([], None, (0, 0, 0, 0)),
    "workflow_failing_agent_500": (["starter done", "agent failed"], None, (1, 1, 0, 2)),
    "workflow_failing_code_block": (
        ["starter done", "code failed", "response done"],
        None,
        (2, 1, 0, 3),
    ),
    "workflow_full_input_key": (
        ["starter done", "code done", "condition done", "agent done", "response done"],
        f"Result: <BigAgent.output> / {HELLO}",
        (5, 0, 0, 5),
    ),
    "workflow_full_success": (
        ["starter done", "code done", "condition done", "agent done", "response done"],
        f"Result: {HELLO} / <SmallAgent.output>",
        (5, 0, 0, 5),
    ),
    "workflow_nested_agent_with_approval_hook": (
        ["starter done", "agent done", "response done"],
        "I will send the e-mail. ",
        (3, 0, 0, 3),
    ),
    "workflow_nested_approval_engine061": (
        ["starter done", "agent done", "response done"],
        "I will send the e-mail. ",
        (3, 0, 0, 3),
    ),
    "workflow_no_response_block": (["starter done", "code done"], None, (2, 0, 0, 2)),
    "workflow_orchestration_block": (
        ["starter done", "orchestration done", "response done"],
        TIDES,
        (3, 0, 0, 3),
    ),
    "workflow_slow_block_40s": (
        ["starter done", "general_api done", "response done"],
        {"slept": "40"},
        (3, 0, 0, 3),
    ),
    "workflow_split": (
        ["starter done", "split done", "agent done", "agent done", "response done"],
        {"a": A, "b": B},
        (5, 0, 0, 5),
    ),
}


def body(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((RECORDED / "http" / f"{name}.json").read_bytes())[
        "response"
    ]["body"]
    return told


def graph_of(name: str) -> Graph:
    graph = read_graph(body(name))
    assert graph is not None
    return graph


def with_graph(name: str, graph: Graph, end: int | None = None) -> Walk:
    data = (RECORDED / f"{name}.sse").read_bytes()[:end]
    return walk([ev.GraphKnown(blocks=listed(graph)), *map(ev.read, payloads(data))])


def states(state: RunState) -> list[str]:
    return [f"{block.name}: {block.status}" for block in state.blocks]


def test_every_recording_has_its_expectation() -> None:
    assert {path.stem for path in RECORDINGS} == EXPECTED.keys()


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_comes_to_its_blocks_and_its_output(path: Path) -> None:
    blocks, output, counts = EXPECTED[path.stem]
    run = powawidget.replay(path)
    assert run.status == "completed", "also where blocks failed"
    assert [f"{block.type} {block.status}" for block in run.blocks] == blocks
    assert run.output == output
    assert run.progress == values.Progress(
        done=counts[0], failed=counts[1], skipped=counts[2], total=counts[3]
    )
    text = "" if output is None else output if isinstance(output, str) else json.dumps(output)
    assert (run.text, run._live.state.kind) == (text, "workflow")
    done = [e for e in run.events if isinstance(e, ev.WorkflowCompleted)]
    assert [event.execution_id for event in done] == [run.run_id]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_one_byte_at_a_time_comes_to_the_same(path: Path) -> None:
    data = path.read_bytes()
    assert replayed(data, range(len(data))).batches == replayed(data).batches


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_random_cuts_come_to_the_same(path: Path) -> None:
    data = path.read_bytes()
    whole = replayed(data)
    chance = random.Random(path.stem)
    for _ in range(8):
        cuts = [chance.randrange(len(data)) for _ in range(chance.randrange(1, 60))]
        assert replayed(data, cuts) == whole


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_no_frame_of_a_recording_is_unknown(path: Path) -> None:
    run = powawidget.replay(path)
    assert not [event for event in run.events if isinstance(event, ev.Unknown | ev.Malformed)]


@pytest.mark.parametrize(
    ("name", "not_taken"),
    [("workflow_full_success", "SmallAgent"), ("workflow_full_input_key", "BigAgent")],
)
def test_the_branch_that_is_not_taken_is_skipped_and_known_by_name(
    name: str, not_taken: str
) -> None:
    graph = graph_of("workflow_get")
    names = [node.name for node in ordered(graph)]
    assert names == ["Start", "Code", "Cond", "BigAgent", "SmallAgent", "Response"]
    state = with_graph(name, graph).state
    assert states(state) == [
        f"{name}: {'skipped' if name == not_taken else 'done'}" for name in names
    ]
    assert state.graph
    assert values.progress_of(state) == values.Progress(done=5, failed=0, skipped=1, total=6)


def test_after_a_split_one_branch_runs_after_the_other() -> None:
    graph = graph_of("workflow_get_split")
    names = [node.name for node in ordered(graph)]
    assert names == ["Start", "Split", "BranchA", "BranchB", "Response"]
    state = with_graph("workflow_split", graph).state
    assert states(state) == [f"{name}: done" for name in names]
    assert [str(block.text) for block in state.blocks] == ["", "", A, B, ""]


def test_wherever_it_is_cut_the_rest_is_not_reached_and_nothing_is_open() -> None:
    graph = graph_of("workflow_get")
    data = (RECORDED / "workflow_full_success.sse").read_bytes()
    seen = set()
    for end in range(0, data.rindex(b"data: "), 97):
        state = with_graph("workflow_full_success", graph, end).state
        json.dumps(plain(state), ensure_ascii=False, allow_nan=False).encode()
        assert state.status == "interrupted"
        kinds = {block.status for block in state.blocks}
        assert kinds <= {"done", "interrupted", "not_reached"}
        seen |= kinds
    assert seen == {"done", "interrupted", "not_reached"}


LOGS = {
    "workflow_full_success": "workflow_execution_logs",
    "workflow_failing_agent_500": "workflow_execution_logs_failing_agent",
    "workflow_failing_code_block": "workflow_execution_logs_failing_code",
    "workflow_nested_agent_with_approval_hook": "workflow_execution_logs_nested_approval",
    "workflow_orchestration_block": "workflow_execution_logs_orch",
}


@pytest.mark.parametrize("name", LOGS)
def test_the_logs_add_inputs_and_names_and_change_nothing_else(name: str) -> None:
    data = (RECORDED / f"{name}.sse").read_bytes()
    logs = body(LOGS[name])
    state = walk(map(ev.read, payloads(data)), after=[logs_of(logs)])
    assert {op[1][-1] for op in state.batches[-1]} <= {"name", "input"}
    told = {log["block_id"]: log for log in logs["block_logs"]}
    for block in values.blocks_of(state.state):
        assert block.name == told[block.id]["block_name"]
        assert block.input == told[block.id]["input"]


@pytest.mark.parametrize(
    ("name", "executions"),
    [
        ("workflow_full_success", "workflow_executions"),
        ("workflow_failing_agent_500", "workflow_executions_failing_agent"),
        ("workflow_failing_code_block", "workflow_executions_failing_code"),
        ("workflow_nested_agent_with_approval_hook", "workflow_executions_nested_approval"),
        ("workflow_orchestration_block", "workflow_executions_orch"),
    ],
)
def test_a_stored_execution_told_again_is_the_live_run(name: str, executions: str) -> None:
    run = powawidget.replay(RECORDED / f"{name}.sse")
    (row,) = [one for one in body(executions)["executions"] if one["id"] == run.run_id]
    told = {**body(LOGS[name]), "execution": row, "status": row["status"], "graph": None}
    again = powawidget.Run(of_stored(told))
    assert (again.status, again.output, again.run_id) == (run.status, run.output, run.run_id)
    shown = [(block.id, block.status, block.output, block.error) for block in run.blocks]
    assert [(b.id, b.status, b.output, b.error) for b in again.blocks] == shown


def test_an_execution_that_was_cut_is_told_from_one_that_is_complete() -> None:
    graph = graph_of("workflow_get")
    logs = body("workflow_execution_logs")
    gave = {log["block_id"]: log["output"] for log in logs["block_logs"]}
    assert left_out(graph, gave) == []
    cut = {**logs, "block_logs": logs["block_logs"][:3]}
    told = {**cut, "execution": {"id": "e", "status": "completed"}, "status": "completed"}
    state = walk(events_of_stored({**told, "graph": graph})).state
    assert (state.status, state.error and state.error.code) == ("interrupted", "execution_cut")
    assert states(state) == [
        *("Start: done", "Code: done", "Cond: done"),
        *("BigAgent: not_reached", "SmallAgent: not_reached", "Response: not_reached"),
    ]


def test_what_the_server_keeps_of_a_workflow_whose_client_left() -> None:
    (row,) = body("disconnect_workflow_executions")["executions"]
    told = {**body("disconnect_workflow_logs"), "execution": row, "status": row["status"]}
    state = walk(events_of_stored(told)).state
    assert (state.status, state.output, states(state)) == ("completed", None, ["Start: done"])
