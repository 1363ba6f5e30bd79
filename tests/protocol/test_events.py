"""Frames of both dialects come out as one vocabulary, and nothing that comes in is fatal."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powawidget.protocol import events as ev
from powawidget.protocol.events.event import BaseEvent
from powawidget.protocol.events.reading import READERS, WITHOUT_DATA
from powawidget.state.model import plain
from tests.walk import frame, walk

ENGINE = {"seq": 3, "ts": "2026-03-01T08:00:00+00:00"}


def fields(event: ev.Event) -> dict[str, Any]:
    """All that an event says, but for the frame it was read from, and details where it has none."""
    said = {name: getattr(event, name) for name in event.__struct_fields__ if name != "raw"}
    return {name: one for name, one in said.items() if (name, one) != ("details", None)}


def call(**said: Any) -> dict[str, Any]:
    return {"step": None, "tool_name": "t", "arguments": "{}", "call_id": None, **said}


def result(**said: Any) -> dict[str, Any]:
    return {
        "step": None,
        "tool_name": None,
        "call_id": None,
        "result": "",
        "json": False,
        "full": True,
        "size": None,
        "seconds": None,
        **said,
    }


def completed(**said: Any) -> dict[str, Any]:
    return {
        "run_id": None,
        "session_id": None,
        "content": None,
        "status": "",
        "error": None,
        "code": None,
        "usage": None,
        "tool_calls": [],
        "citations": [],
        **said,
    }


def block_completed(**said: Any) -> dict[str, Any]:
    return {
        "block_id": "b",
        "block_type": "",
        "output": None,
        "error": None,
        "failed": False,
        "seconds": None,
        **said,
    }


READ: list[tuple[str, dict[str, Any], type[ev.Event], dict[str, Any]]] = [
    (
        "start",
        {"run_id": "run_1", "session_id": "sess_1", "context_handler_id": None},
        ev.Started,
        {"run_id": "run_1", "session_id": "sess_1", "citations": []},
    ),
    ("start", {}, ev.Started, {"run_id": None, "session_id": None, "citations": []}),
    ("step_started", {"step": 2, "is_last_step": True}, ev.StepStarted, {"step": 2}),
    ("step_started", {"step_number": 2}, ev.StepStarted, {"step": 2}),
    ("step_completed", {"step": 2, "has_tool_calls": []}, ev.StepCompleted, {"step": 2}),
    ("step_completed", {"step_number": 2}, ev.StepCompleted, {"step": 2}),
    ("content_delta", {"type": "content_delta", "delta": "a"}, ev.TextDelta, {"text": "a"}),
    ("chunk", {"content": "a"}, ev.Chunk, {"text": "a"}),
    ("chunk", {"type": "chunk", "content": "a", **ENGINE}, ev.PartialChunk, {"text": "a"}),
    (
        "reasoning_delta",
        {"step": 1, "source": "thinking", "delta": "a"},
        ev.ReasoningDelta,
        {"step": 1, "text": "a"},
    ),
    ("reasoning", {"delta": "a"}, ev.ReasoningDelta, {"step": None, "text": "a"}),
    ("reasoning", {"text": "a"}, ev.ReasoningDelta, {"step": None, "text": "a"}),
    ("reasoning", {"step": 1, "content": "a"}, ev.ReasoningDelta, {"step": 1, "text": "a"}),
    ("reasoning_summary", {"summary": "a"}, ev.ReasoningDelta, {"step": None, "text": "a"}),
    (
        "reasoning",
        {"step": 1, "content": "a", "source": "thinking"},
        ev.ReasoningWhole,
        {"step": 1, "text": "a"},
    ),
    (
        "tool_call",
        {"step": 1, "tool_name": "t", "arguments": {"b": 1, "a": "é"}, "call_id": "c"},
        ev.ToolCallStarted,
        call(step=1, arguments='{"b": 1, "a": "é"}', call_id="c"),
    ),
    ("tool_call", {"tool_name": "t"}, ev.ToolCallStarted, call()),
    (
        "tool_call",
        {"tool_name": "t", "arguments": '{"a": 1}'},
        ev.ToolCallStarted,
        call(arguments='{"a": 1}'),
    ),
    (
        "tool_call",
        {"tool_name": "t", "arguments": "words"},
        ev.ToolCallStarted,
        call(arguments='"words"'),
    ),
    (
        "tool_call",
        {"tool_name": "t", "arguments": '{"a": "\\ud83d\\u0000"}'},
        ev.ToolCallStarted,
        call(arguments='{"a": "\ufffd\ufffd"}'),
    ),
    (
        "tool_result",
        {
            "step": 1,
            "tool_name": "t",
            "call_id": "c",
            "result_preview": "a",
            "duration_ms": 1500,
            "result_meta": {"result_type": "text", "char_count": 900},
        },
        ev.ToolResult,
        result(step=1, tool_name="t", call_id="c", result="a", full=False, size=900, seconds=1.5),
    ),
    ("tool_result", {"result": "a"}, ev.ToolResult, result(result="a")),
    (
        "tool_result",
        {"result": [{"a": 1.5}]},
        ev.ToolResult,
        result(result='[{"a": 1.5}]', json=True),
    ),
    ("tool_result", {"result": None}, ev.ToolResult, result(result="null", json=True)),
    ("tool_result", {"result": False}, ev.ToolResult, result(result="false", json=True)),
    ("tool_result", {"result": 0}, ev.ToolResult, result(result="0", json=True)),
    (
        "approval_requested",
        {"tool_name": "t", "tool_input": {"a": 1}, "message": "Sure?"},
        ev.ApprovalRequested,
        {"tool_name": "t", "arguments": '{"a": 1}', "message": "Sure?"},
    ),
    (
        "approval_requested",
        {"tool_name": "", "tool_input": {}},
        ev.ApprovalRequested,
        {"tool_name": "", "arguments": "{}", "message": ""},
    ),
    (
        "hook_result",
        {
            "hook_id": "h",
            "position": 0,
            "hook_event": "PreResponse",
            "status": "succeeded",
            "modified": True,
            "blocked": False,
            "latency_ms": 2,
            "message": "m",
        },
        ev.HookResult,
        {
            "hook_event": "PreResponse",
            "status": "succeeded",
            "modified": True,
            "blocked": False,
            "message": "m",
            "seconds": 0.002,
        },
    ),
    ("error", {"error": "a"}, ev.Errored, {"message": "a", "code": None, "run_id": None}),
    (
        "error",
        {"error": "a", "run_id": "run_1", "provider": "p", **ENGINE},
        ev.Errored,
        {"message": "a", "code": None, "run_id": "run_1"},
    ),
    (
        "error",
        {"message": "a", "code": "rate_limited"},
        ev.Errored,
        {"message": "a", "code": "rate_limited", "run_id": None},
    ),
    (
        "error",
        {"error": {"message": "a"}},
        ev.Errored,
        {"message": "a", "code": None, "run_id": None},
    ),
    (
        "complete",
        {
            "run_id": "run_1",
            "session_id": "sess_1",
            "content": "",
            "status": "failed",
            "error": "a",
            "steps": 1,
            "tool_calls": [
                {
                    "step": 1,
                    "tool_name": "t",
                    "arguments": {"a": 1},
                    "result": "r",
                    "duration_ms": 12,
                }
            ],
            "usage": {"total_tokens": 3, "prompt_tokens_details": {"cached": 1}, "Odd-1": 2},
        },
        ev.Completed,
        completed(
            run_id="run_1",
            session_id="sess_1",
            content="",
            status="failed",
            error="a",
            usage={"total_tokens": 3},
            tool_calls=[
                ev.ReportedCall(
                    step=1,
                    tool_name="t",
                    arguments='{"a": 1}',
                    result="r",
                    json=False,
                    duration_ms=12,
                )
            ],
        ),
    ),
    (
        "complete",
        {"run_id": "r-1", "usage": {"total_tokens": 42}},
        ev.Completed,
        completed(run_id="r-1", usage={"total_tokens": 42}),
    ),
    ("step_reset", {"step": 1, "reason": "x"}, ev.StepReset, {"step": 1}),
    (
        "orchestration_started",
        {"strategy": "parallel", "name": "Panel", "agent_count": 2, **ENGINE},
        ev.OrchestrationStarted,
        {"strategy": "parallel", "name": "Panel", "agent_count": 2},
    ),
    (
        "orchestration_started",
        {"agent_count": -1},
        ev.OrchestrationStarted,
        {"strategy": "", "name": "", "agent_count": None},
    ),
    (
        "orchestration_completed",
        {"status": "completed", "steps": 2, "usage": {"total_tokens": 3}},
        ev.OrchestrationCompleted,
        {"status": "completed", "usage": {"total_tokens": 3}},
    ),
    (
        "delegation_started",
        {"agent": "A", "task": "t", "child_execution_id": "c"},
        ev.DelegationStarted,
        {"agent": "A", "task": "t", "child_id": "c"},
    ),
    (
        "delegation_start",
        {"entity": "A"},
        ev.DelegationStarted,
        {"agent": "A", "task": "", "child_id": None},
    ),
    (
        "delegation_completed",
        {"agent": "A", "child_execution_id": "c", "status": "failed", "steps": 0, "usage": None},
        ev.DelegationCompleted,
        {"agent": "A", "child_id": "c", "status": "failed", "steps": 0, "usage": None},
    ),
    ("sequential_step", {"step": 0, "agent": "A"}, ev.SequentialStep, {"agent": "A"}),
    ("entity_chunk", {"agent": "A", "content": "a"}, ev.EntityChunk, {"agent": "A", "text": "a"}),
    ("entity_chunk", {"entity": "A", "delta": "a"}, ev.EntityChunk, {"agent": "A", "text": "a"}),
    ("entity_chunk", {"entity_name": "A", "delta": ""}, ev.EntityChunk, {"agent": "A", "text": ""}),
    ("workflow_start", {"execution_id": "e"}, ev.WorkflowStarted, {"execution_id": "e"}),
    (
        "block_start",
        {"block_id": "b", "block_type": "code"},
        ev.BlockStarted,
        {"block_id": "b", "block_type": "code"},
    ),
    ("block_started", {"block_id": "b"}, ev.BlockStarted, {"block_id": "b", "block_type": ""}),
    ("block_chunk", {"block_id": "b", "chunk": "a"}, ev.BlockChunk, {"block_id": "b", "text": "a"}),
    ("block_chunk", {"block_id": "b", "delta": "a"}, ev.BlockChunk, {"block_id": "b", "text": "a"}),
    (
        "content_delta",
        {"block_id": "b", "delta": "a"},
        ev.BlockChunk,
        {"block_id": "b", "text": "a"},
    ),
    (
        "block_output",
        {"block_id": "b", "output": {"a": [1]}},
        ev.BlockOutput,
        {"block_id": "b", "output": '{"a": [1]}'},
    ),
    (
        "block_complete",
        {"block_id": "b", "block_type": "agent", "data": {"output": "x"}, "duration_ms": 2.5},
        ev.BlockCompleted,
        block_completed(block_type="agent", output='"x"', seconds=0.0025),
    ),
    (
        "block_complete",
        {"block_id": "b", "block_type": "code", "data": {"output": None, "error": "no"}},
        ev.BlockCompleted,
        block_completed(block_type="code", error="no", failed=True),
    ),
    (
        "block_complete",
        {"block_id": "b", "block_type": "orchestration", "data": {"status": ["failed"]}},
        ev.BlockCompleted,
        block_completed(block_type="orchestration", output='{"status": ["failed"]}'),
    ),
    ("block_completed", {"block_id": "b"}, ev.BlockCompleted, block_completed()),
    (
        "block_error",
        {"block_id": "b", "data": {"error": "no"}, "duration_ms": 2000},
        ev.BlockFailed,
        {"block_id": "b", "block_type": "", "error": "no", "seconds": 2.0},
    ),
    (
        "done",
        {"execution_id": "e"},
        ev.WorkflowCompleted,
        {"execution_id": "e", "result": None},
    ),
    (
        "workflow_complete",
        {"execution_id": "e", "result": None},
        ev.WorkflowCompleted,
        {"execution_id": "e", "result": "null"},
    ),
    (
        "workflow_error",
        {"execution_id": "e", "error": "no"},
        ev.WorkflowFailed,
        {"execution_id": "e", "message": "no", "code": None},
    ),
    ("on_run_complete", {"steps": 1}, ev.Housekeeping, {"name": "on_run_complete"}),
    (
        "context_handler_created",
        {"context_handler_id": "c", "tool_name": "t", "query": "q"},
        ev.Housekeeping,
        {"name": "context_handler_created"},
    ),
]


@pytest.mark.parametrize(
    ("discriminator", "name", "said", "kind", "expected"),
    [("event", *row) for row in READ] + [("type", *row) for row in READ if "type" not in row[1]],
)
def test_each_event_of_either_dialect(
    discriminator: str,
    name: str,
    said: dict[str, Any],
    kind: type[ev.Event],
    expected: dict[str, Any],
) -> None:
    payload = {discriminator: name, **said}
    event = ev.read(json.dumps(payload))
    assert type(event) is kind
    assert fields(event) == expected
    assert event.raw == payload


@pytest.mark.parametrize(
    ("name", "said", "text"),
    [
        ("output_recovery", {}, "The output limit was reached; the model was asked to go on."),
        ("model_fallback", {"from": "a", "to": "b"}, "The model a failed; b took over."),
        ("model_fallback", {}, "The model failed; another one took over."),
        ("reactive_compact", {}, "The conversation was too long: earlier turns were shortened."),
        ("reactive_truncate", {}, "The conversation was too long: its beginning was cut off."),
        ("proactive_compact", {}, "Earlier turns were shortened to make room."),
        ("compaction", {"message_count": 4}, "Earlier turns were summarised to make room."),
        (
            "reasoning_dropped_at_provider_switch",
            {"from_provider": "a", "to_provider": "b"},
            "Earlier reasoning was left out: the provider changed from a to b.",
        ),
    ],
)
def test_recoveries_are_noticed_in_a_sentence(name: str, said: dict[str, str], text: str) -> None:
    event = frame(name, step=1, **said, **ENGINE)
    assert isinstance(event, ev.Noticed)
    assert event.text == text


@pytest.mark.parametrize("name", [name for name in READERS if name not in WITHOUT_DATA])
def test_an_event_without_its_data_is_kept_and_is_no_error(name: str) -> None:
    event = frame(name, error="non-serializable event data")
    assert fields(event) == {"name": name}
    assert isinstance(event, ev.Unknown)


def test_an_error_or_an_end_without_its_data_is_still_one() -> None:
    error = frame("error", error="non-serializable event data")
    end = frame("complete", error="non-serializable event data", serialization_warning="w")
    assert isinstance(error, ev.Errored)
    assert error.message == "The server reported an error without saying what it was."
    assert isinstance(end, ev.Completed)
    assert end.error is None


@pytest.mark.parametrize(
    "payload",
    [
        {"event": "weather", "wind": 7},
        {"type": "weather"},
        {"event": ["start"]},
        {"event": None, "type": 7},
        {},
        {"event": "content_delta"},
        {"event": "content_delta", "delta": 5},
        {"event": "chunk", "content": None},
        {"event": "tool_call", "arguments": {}},
        {"event": "tool_call", "tool_name": ["t"]},
        {"event": "tool_result"},
        {"event": "tool_result", "result_preview": None},
        {"event": "reasoning", "delta": {}},
        {"event": "approval_requested", "tool_input": {}},
        {"event": "entity_chunk", "agent": "A"},
        {"type": "block_start"},
        {"type": "block_start", "block_id": 7},
        {"type": "block_chunk", "chunk": "a"},
        {"type": "block_output", "block_id": "b"},
        {"event": "content_delta", "block_id": None, "delta": "a"},
    ],
)
def test_what_is_unknown_or_lacks_what_its_name_needs_is_kept_raw(payload: object) -> None:
    event = ev.read(json.dumps(payload))
    assert isinstance(event, ev.Unknown)
    assert event.raw == payload


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"step": "1"}, None),
        ({"step": True}, None),
        ({"step": 1.0}, None),
        ({"step": None, "step_number": 4}, 4),
        ({"step": 10**30}, None),
    ],
)
def test_a_step_of_the_wrong_type_is_left_out(said: dict[str, Any], expected: int | None) -> None:
    event = frame("tool_call", tool_name="t", **said)
    assert isinstance(event, ev.ToolCallStarted)
    assert event.step == expected


@pytest.mark.parametrize("usage", [7, [], {"a": "1"}, {"a": True}, {"a": None}, {"a": 10**400}])
def test_usage_of_the_wrong_type_is_left_out(usage: object) -> None:
    event = frame("complete", usage=usage)
    assert isinstance(event, ev.Completed)
    assert event.usage is None


@pytest.mark.parametrize(
    "payload",
    [
        "",
        " ",
        "not json",
        '{"event": "start"',
        '{"event": "start"} {}',
        "[1]",
        '"start"',
        "null",
        "[" * 10_000 + "]" * 10_000,
        '{"event": ' + '{"a": ' * 10_000 + "1" + "}" * 10_001,
        "\x00\ud83d",
    ],
)
def test_a_frame_that_is_no_json_object_is_reported(payload: str) -> None:
    event = ev.read(payload)
    assert isinstance(event, ev.Malformed)
    assert event.problem
    event.raw.encode()


@pytest.mark.parametrize("depth", [400, 900, 980, 1000, 3000, 10_000])
@pytest.mark.parametrize(
    "around",
    [
        ('{"event": "tool_call", "tool_name": "t", "arguments": ', "}"),
        ('{"event": "tool_result", "result": ', "}"),
        ('{"event": "tool_call", "tool_name": "t\\u0000", "arguments": ', "}"),
        ('{"event": "complete", "tool_calls": [{"tool_name": "t", "result": ', "}]}"),
        ('{"event": "error", "error": ', "}"),
        ('{"event": ', "}"),
    ],
)
def test_deep_nesting_is_never_fatal(around: tuple[str, str], depth: int) -> None:
    for inner in ("[" * depth + "]" * depth, '{"a": ' * depth + "1" + "}" * depth):
        state = walk([ev.read(around[0] + inner + around[1])]).state
        json.dumps(plain(state), allow_nan=False, ensure_ascii=False).encode()


def test_spaces_around_a_frame_are_no_problem() -> None:
    assert isinstance(ev.read(' \t{"event": "start"} '), ev.Started)


def test_what_utf8_cannot_carry_is_replaced() -> None:
    event = ev.read('{"event": "tool_result", "result": {"\\ud83d": ["\\u0000"]}}')
    assert isinstance(event, ev.ToolResult)
    assert event.result == '{"\ufffd": ["\ufffd"]}'


NUMBERS = '[NaN, Infinity, -Infinity, 1e400, null, {"a": NaN}]'
KEPT = '[NaN, Infinity, -Infinity, Infinity, null, {"a": NaN}]'


@pytest.mark.parametrize(
    "frame",
    [
        f'{{"event": "tool_result", "result": {NUMBERS}}}',
        f'{{"event": "tool_result", "result": {NUMBERS}, "note": "\\ud83d"}}',
        f'{{"event": "complete", "tool_calls": [{{"tool_name": "t", "result": {NUMBERS}}}]}}',
        f'{{"event": "block_complete", "block_id": "b", "output": {NUMBERS}}}',
    ],
)
def test_what_a_tool_gave_keeps_its_numbers(frame: str) -> None:
    event = ev.read(frame)
    match event:
        case ev.ToolResult():
            assert event.result == KEPT
        case ev.Completed():
            assert [call.result for call in event.tool_calls] == [KEPT]
        case ev.BlockCompleted():
            assert event.output == KEPT
        case _:
            pytest.fail(f"{event}")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400"])
@pytest.mark.parametrize("name", ["duration_ms", "step", "total_tokens", "size"])
def test_no_field_of_ours_is_infinite(name: str, number: str) -> None:
    usage = f'{{"{name}": {number}}}'
    frame = f'{{"event": "tool_result", "result": "x", "usage": {usage}, "{name}": {number}}}'
    state = walk([ev.read(frame)]).state
    json.dumps(plain(state), allow_nan=False)


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert fields(ev.read('{"event": "chunk", "content": "\\ud83d\\ude42\\ude42"}')) == {
        "text": "🙂\ufffd"
    }


def test_of_a_key_that_comes_twice_the_last_counts() -> None:
    assert fields(ev.read('{"event": "chunk", "content": "a", "content": "b"}')) == {"text": "b"}


def test_a_key_called_proto_is_data() -> None:
    event = ev.read('{"event": "tool_call", "tool_name": "t", "arguments": {"__proto__": 1}}')
    assert isinstance(event, ev.ToolCallStarted)
    assert event.arguments == '{"__proto__": 1}'


@pytest.mark.parametrize("digits", [400, 5000])
def test_numbers_of_any_length_are_carried(digits: int) -> None:
    number = "1" * digits
    event = ev.read(f'{{"event": "tool_result", "duration_ms": {number}, "result": [{number}]}}')
    assert isinstance(event, ev.ToolResult)
    assert event.seconds is None
    assert number in event.result


SURROGATES = st.characters(exclude_categories=())
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**300, 10**400)
    | st.floats()
    | st.text(SURROGATES, max_size=8)
    | st.sampled_from(["non-serializable event data", '{"a": "\\ud83d"}', "[", "Error: x"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(SURROGATES, max_size=6), inner)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        *("type", "step", "step_number", "delta", "content", "text", "summary", "source"),
        *("tool_name", "name", "arguments", "tool_input", "call_id", "result", "result_preview"),
        *("result_meta", "duration_ms", "hook_event", "status", "modified", "blocked", "message"),
        *("error", "code", "run_id", "session_id", "usage", "tool_calls", "citations"),
        *("agent", "task", "child_execution_id", "strategy", "agent_count", "steps", "data"),
        *("block_id", "block_type", "chunk", "output", "execution_id", "error_code"),
        "citation_candidates",
    ]
)
NAMES = st.sampled_from([*READERS, "weather"])
FRAMES = st.builds(
    lambda name, said: {"event": name, **said}, NAMES, st.dictionaries(KEYS, VALUES, max_size=8)
)


@given(st.text(SURROGATES))
def test_any_text_is_read(payload: str) -> None:
    assert isinstance(ev.read(payload), ev.Event)


@given(VALUES)
def test_any_json_is_read(value: object) -> None:
    assert isinstance(ev.read(json.dumps(value)), ev.Event)


@given(st.lists(FRAMES, max_size=8))
def test_any_frames_fold_to_a_state_that_can_be_sent(frames: list[dict[str, Any]]) -> None:
    state = walk([ev.read(json.dumps(one)) for one in frames]).state
    json.dumps(plain(state), allow_nan=False, ensure_ascii=False).encode()
    assert state.status in {"completed", "failed", "interrupted"}


def test_every_event_is_among_those_that_the_reducer_is_checked_against() -> None:
    assert set(BaseEvent.__subclasses__()) == set(get_args(ev.Event))
