"""The blocks of a workflow (docs/protocol.md#workflows)."""

from typing import Any

import pytest

from powawidget.protocol import events as ev
from powawidget.state import values
from powawidget.state.model import RunState
from tests.walk import BEGIN, folded, frame, walk

KNOWN = ev.GraphKnown(
    blocks=[
        ev.GraphBlock(id="s", name="Start", type="starter"),
        ev.GraphBlock(id="c", name="Code", type="code"),
        ev.GraphBlock(id="r", name="Answer", type="response"),
    ]
)


def said(kind: str, /, **fields: Any) -> ev.Event:
    """A frame of the service, which names it by `type` alone."""
    return ev.read_frame({"type": kind, **fields})


def start(block: str, kind: str = "code") -> ev.Event:
    return said("block_start", block_id=block, block_type=kind)


def over(block: str, kind: str = "code", ms: float = 8.0, **data: Any) -> ev.Event:
    return said("block_complete", block_id=block, block_type=kind, data=data, duration_ms=ms)


def shape(state: RunState) -> list[tuple[str, str, str | None]]:
    return [(block.id, block.status, block.output) for block in state.blocks]


DONE = said("done", execution_id="e-1")


def test_blocks_that_are_known_before_wait_and_those_that_never_ran_are_skipped() -> None:
    assert shape(folded(KNOWN)) == [(one, "pending", None) for one in "scr"]
    state = folded(KNOWN, start("s", "starter"), over("s", "starter", output={"n": 1}), start("c"))
    assert [block.status for block in state.blocks] == ["done", "running", "pending"]
    state = folded(KNOWN, start("s"), over("s", output=1), start("r"), over("r", output=None), DONE)
    assert shape(state) == [("s", "done", "1"), ("c", "skipped", None), ("r", "done", "null")]
    assert [block.name for block in state.blocks] == ["Start", "Code", "Answer"]
    assert (state.status, state.run_id, state.kind, state.graph) == (
        *("completed", "e-1", "workflow"),
        True,
    )


def test_what_was_known_before_starts_no_clock() -> None:
    state = folded(KNOWN)
    assert (state.status, state.started) == ("connecting", None)


def test_without_the_graph_the_list_grows() -> None:
    state = folded(start("a"), over("a", output=1), start("b", "agent"), DONE)
    assert shape(state) == [("a", "done", "1"), ("b", "done", None)]
    assert not state.graph


def test_a_block_that_the_graph_lacks_is_added() -> None:
    state = folded(KNOWN, start("x", "split"))
    assert [block.id for block in state.blocks] == ["s", "c", "r", "x"]


def test_times_are_the_servers_where_it_tells_them() -> None:
    walked = walk([start("a"), over("a", ms=2500.0, output=1), start("b")], end=False)
    (first, second) = walked.state.blocks
    assert (first.started, first.seconds, second.seconds) == (BEGIN, 2.5, None)
    untimed = folded(start("a"), said("block_completed", block_id="a"))
    assert untimed.blocks[0].seconds == 1.0


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (over("a", output=None, error="division by zero"), "division by zero"),
        (over("a", output=None, error={"message": "no"}), "no"),
        (over("a", "orchestration", output="", status="failed"), None),
        (said("block_error", block_id="a", data={"error": "slow down"}), "slow down"),
        (said("block_error", block_id="a", error="slow down"), "slow down"),
    ],
)
def test_a_block_may_fail_in_several_ways_and_the_run_is_done_all_the_same(
    event: ev.Event, error: str | None
) -> None:
    state = folded(start("a"), event, DONE)
    assert (state.blocks[0].status, state.blocks[0].error) == ("failed", error)
    assert state.status == "completed"
    assert values.progress_of(state) == values.Progress(done=0, failed=1, skipped=0, total=1)


@pytest.mark.parametrize(
    "data",
    [
        {"output": {"status": "failed"}},
        {"output": None, "status_code": 404, "error": None},
        {"output": "x", "status": 500},
    ],
)
def test_what_looks_like_a_failure_and_is_none(data: dict[str, Any]) -> None:
    state = folded(start("a", "general_api"), over("a", "general_api", **data))
    assert state.blocks[0].status == "done"


def test_an_agent_block_streams_its_text_in_either_dialect() -> None:
    state = folded(
        start("a", "agent"),
        said("block_chunk", block_id="a", block_type="agent", chunk="on"),
        said("block_chunk", block_id="a", delta="e "),
        frame("content_delta", block_id="a", delta="two"),
        over("a", "agent", output="one two"),
    )
    assert (str(state.blocks[0].text), state.parts) == ("one two", [])


def test_the_documented_dialect_tells_the_output_before_the_end() -> None:
    state = folded(
        frame("workflow_start", execution_id="e-1"),
        frame("block_started", block_id="r", block_type="response"),
        frame("block_output", block_id="r", output=[1]),
        frame("block_completed", block_id="r"),
    )
    assert (shape(state), state.output, state.run_id) == ([("r", "done", "[1]")], "[1]", "e-1")


def test_frames_whose_beginning_got_lost_begin_the_block() -> None:
    state = folded(KNOWN, said("block_chunk", block_id="c", chunk="a"))
    assert (state.blocks[1].status, str(state.blocks[1].text)) == ("running", "a")
    assert shape(folded(over("x", output=1))) == [("x", "done", "1")]
    assert shape(folded(said("block_error", block_id="x", error="no"))) == [("x", "failed", None)]
    assert shape(folded(said("block_output", block_id="x", output=1))) == [("x", "running", "1")]


@pytest.mark.parametrize(
    "end",
    [
        DONE,
        frame("workflow_complete", execution_id="e-1", result={"a": 1}),
        frame("complete", result={"a": 1}),
        said("complete", execution_id="e-1"),
        said("workflow_result", result={"a": 1}),
        frame("finished", result=None),
    ],
)
def test_the_last_frame_may_have_several_names(end: ev.Event) -> None:
    state = folded(start("r", "response"), over("r", "response", output={"a": 1}), end)
    assert (state.status, values.output_of(state)) == (
        "completed",
        None if '"result": null' in ev.as_json(end.raw) else {"a": 1},
    )


def test_a_result_that_belongs_to_a_block_ends_nothing() -> None:
    state = folded(start("a"), said("block_progress", block_id="a", result=1))
    assert state.status == "running"


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (said("error", error="late", error_code="EXECUTION_TIMEOUT"), "EXECUTION_TIMEOUT"),
        (frame("error", message="late"), None),
        (frame("workflow_error", execution_id="e-1", error="late"), None),
        (frame("complete", status="failed", error="late"), None),
    ],
)
def test_an_error_ends_a_workflow_and_the_rest_is_not_reached(
    end: ev.Event, code: str | None
) -> None:
    state = folded(KNOWN, start("s"), over("s", output=1), start("c"), end)
    assert state.status == "failed"
    assert [block.status for block in state.blocks] == ["done", "failed", "not_reached"]
    assert state.error is not None
    assert (state.error.message, state.error.code) == ("late", code)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (ev.Ended(), "interrupted"),
        (ev.Stopped(message="Stopped."), "stopped"),
        (ev.Interrupted(title="t", message="m"), "interrupted"),
        (ev.Refused(title="t", message="m"), "failed"),
    ],
)
def test_after_a_cut_the_rest_is_not_reached(end: ev.Event, status: str) -> None:
    state = folded(KNOWN, start("s"), end)
    assert state.status == status
    first = "failed" if status == "failed" else "interrupted"
    assert [block.status for block in state.blocks] == [first, "not_reached", "not_reached"]


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (DONE, "workflow"),
        (said("error", error="no", error_code="X"), "workflow"),
        (said("complete", result=1), "workflow"),
        (frame("error", error="no"), "agent"),
        (frame("done"), "agent"),
        (frame("complete", content="a"), "agent"),
    ],
)
def test_a_kind_is_known_by_the_only_frame(event: ev.Event, kind: str) -> None:
    assert folded(event).kind == kind


def test_an_agents_run_ends_by_its_own_frames_alone() -> None:
    begun = frame("start", run_id="run_1")
    assert folded(begun, DONE).status == "running"
    assert folded(begun, frame("complete", result=1, content="a")).status == "completed"
    assert folded(begun, said("error", error="no", error_code="X")).status == "running"


def log(block: str, **fields: Any) -> dict[str, Any]:
    return {"id": block, "name": "", "type": "code", "failed": False, **fields}


def stored(*logs: dict[str, Any]) -> ev.StoredBlocks:
    empty = {"input": None, "output": None, "error": None, "seconds": None}
    return ev.StoredBlocks(blocks=[ev.StoredBlock(**{**empty, **one}) for one in logs])


def test_the_logs_give_what_the_stream_lacks_and_change_nothing_that_is_equal() -> None:
    events = [start("a"), over("a", output={"x": 1, "y": 2}), DONE]
    logs = stored(log("a", name="A", input='{"n": 1}', output='{"y": 2, "x": 1}', seconds=9.0))
    walked = walk(events, after=[logs])
    assert walked.batches[-1] == [
        ("set", ("blocks", 0, "name"), "A"),
        ("set", ("blocks", 0, "input"), '{"n": 1}'),
    ]
    again = walk(events, after=[logs, logs])
    assert again.batches[-1] == []


def test_the_logs_settle_what_a_cut_left_open() -> None:
    events = [KNOWN, start("s"), over("s", output=1), start("c")]
    logs = stored(
        log("s", output="1"),
        log("c", failed=True, error="no", seconds=0.5),
        log("r", type="response", output='"x"'),
    )
    state = walk(events, after=[logs]).state
    assert shape(state) == [("s", "done", "1"), ("c", "failed", None), ("r", "done", '"x"')]
    assert (state.blocks[1].error, state.blocks[1].seconds, state.output) == ("no", 0.5, '"x"')


def test_logs_of_blocks_that_nobody_knew_are_added() -> None:
    assert shape(walk([DONE], after=[stored(log("a", output="1"))]).state) == [("a", "done", "1")]


@pytest.mark.parametrize(
    ("output", "text"),
    [("plain", "plain"), ({"a": 1}, '{"a": 1}'), (3, "3"), (None, ""), ("", "")],
)
def test_the_text_of_a_workflow_is_its_output(output: Any, text: str) -> None:
    state = folded(start("r", "response"), over("r", "response", output=output), DONE)
    assert values.text_of(state) == text


def test_a_streamed_token_of_a_block_is_one_append() -> None:
    events = [start("a", "agent"), *[said("block_chunk", block_id="a", chunk=c) for c in "xy"]]
    assert walk(events, end=False).batches[-2:] == [
        [("append", ("blocks", 0, "text"), "x")],
        [("append", ("blocks", 0, "text"), "y")],
    ]
