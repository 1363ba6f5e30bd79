"""Pairing of calls and results, and the upgrade at the end (docs/protocol.md#call-pairs)."""

from typing import Any

import pytest

from powawidget.protocol import events as ev
from powawidget.state.model import RunState, ToolPart
from powawidget.state.values import tool_calls_of
from tests.walk import folded, frame

LONG = "x" * 300


def step(number: int) -> ev.Event:
    return frame("step_started", step=number)


def call(id_: str | None = "c", name: str = "t", step: int | None = 1, **said: Any) -> ev.Event:
    known = {"call_id": id_, "step": step}
    return frame("tool_call", tool_name=name, **_given(known), **{"arguments": {}, **said})


def result(
    id_: str | None = "c", text: str = "r", name: str | None = "t", step: int | None = 1, **f: Any
) -> ev.Event:
    known = {"call_id": id_, "step": step, "tool_name": name}
    return frame("tool_result", result_preview=text[:200], **_given(known), **f)


def complete(*calls: dict[str, Any], status: str = "completed") -> ev.Event:
    return frame("complete", status=status, tool_calls=list(calls))


def reported(text: str, ms: float | None, name: str = "t", step: int = 1, **said: Any) -> Any:
    base = {"step": step, "tool_name": name, "arguments": {}, "result": text}
    return {**base, **({} if ms is None else {"duration_ms": ms}), **said}


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def cards(state: RunState) -> list[tuple[str, str, str | None]]:
    """The name, status and result (or what is known of it) of each card."""
    return [
        (part.name, part.status, part.result) for part in state.parts if isinstance(part, ToolPart)
    ]


def test_a_call_runs_until_its_result() -> None:
    assert cards(folded(call())) == [("t", "running", None)]
    assert cards(folded(call(), result())) == [("t", "done", "r")]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("fine", "done"),
        ("Error: no such table", "failed"),
        ('{"error": "no"', "failed"),
        ("An Error: inside", "done"),
        ("Error: Blocked by hook — Denied by user: no", "denied"),
        ("Error: Blocked by hook — Approval timed out", "failed"),
    ],
)
def test_a_failure_is_known_by_its_prefix(text: str, status: str) -> None:
    assert cards(folded(call(), result(text=text)))[0][1] == status


def test_a_result_finds_its_call_by_call_id() -> None:
    state = folded(call("a"), call("b"), result("b", "of b"), result("a", "of a"))
    assert cards(state) == [("t", "done", "of a"), ("t", "done", "of b")]


def test_ids_may_repeat_across_steps() -> None:
    state = folded(
        step(1),
        call("c"),
        result("c", "one"),
        step(2),
        call("c", step=2),
        result("c", "two", step=2),
    )
    assert cards(state) == [("t", "done", "one"), ("t", "done", "two")]


def test_ids_that_repeat_while_both_are_open_go_by_step() -> None:
    state = folded(call("c"), call("c", step=2), result("c", "two", step=2))
    assert cards(state) == [("t", "running", None), ("t", "done", "two")]


def test_without_ids_the_first_unfinished_call_of_that_name_gets_the_result() -> None:
    calls = [call(None, "a"), call(None, "b"), call(None, "a")]
    state = folded(*calls, result(None, "1", "b"), result(None, "2", "a"), result(None, "3", "a"))
    assert cards(state) == [("a", "done", "2"), ("b", "done", "1"), ("a", "done", "3")]


def test_without_id_and_name_the_oldest_unfinished_call_gets_the_result() -> None:
    calls = [call(None, "a"), call(None, "b")]
    state = folded(*calls, result(None, "1", None), result(None, "2", None))
    assert cards(state) == [("a", "done", "1"), ("b", "done", "2")]


def test_a_result_before_its_call_is_one_card() -> None:
    state = folded(step(1), result("c", "early"), call("c", arguments={"a": 1}))
    assert cards(state) == [("t", "done", "early")]
    assert tool_calls_of(state)[0].arguments == {"a": 1}


def test_a_result_without_any_call_is_a_card_too() -> None:
    assert cards(folded(result("c", "alone", None))) == [("tool", "done", "alone")]


def test_a_result_twice_counts_once() -> None:
    assert cards(folded(call(), result(), result(text="again"))) == [("t", "done", "r")]


def test_a_call_twice_is_one_card() -> None:
    assert cards(folded(call(), call(), result())) == [("t", "done", "r")]


def test_an_id_used_again_after_its_result_is_a_new_call() -> None:
    state = folded(call(), result(), call(arguments={"n": 2}), result(text="second"))
    assert cards(state) == [("t", "done", "r"), ("t", "done", "second")]


def test_a_preview_is_no_full_result_until_the_end() -> None:
    streamed = [call(), result(text=LONG, duration_ms=5)]
    (before,) = tool_calls_of(folded(*streamed))
    assert (before.preview, before.result) == (LONG[:200], None)
    (after,) = tool_calls_of(folded(*streamed, complete(reported(LONG, 5))))
    assert (after.preview, after.result, after.seconds) == (LONG[:200], LONG, 0.005)


def test_a_short_preview_is_the_full_result() -> None:
    assert tool_calls_of(folded(call(), result(text="short")))[0].result == "short"


def test_a_preview_is_full_only_where_it_has_all_characters() -> None:
    whole = {"result_meta": {"result_type": "text", "char_count": 200}}
    cut = {"result_meta": {"result_type": "text", "char_count": 201}}
    assert tool_calls_of(folded(call(), result(text=LONG, **whole)))[0].result == LONG[:200]
    assert tool_calls_of(folded(call(), result(text=LONG, **cut)))[0].result is None


def test_full_results_are_matched_by_result_frame_and_not_by_order_of_calls() -> None:
    state = folded(
        call("a", arguments={"n": 1}),
        call("b", arguments={"n": 2}),
        result("b", LONG, duration_ms=3),
        result("a", LONG, duration_ms=9),
        complete(reported(LONG + "b", 3), reported(LONG + "a", 9)),
    )
    assert [result for *_, result in cards(state)] == [LONG + "a", LONG + "b"]


def test_durations_tell_calls_apart_whose_previews_are_the_same() -> None:
    state = folded(
        call("a"),
        call("b"),
        result("b", LONG, duration_ms=3),
        result("a", LONG, duration_ms=9),
        complete(reported(LONG + "a", 9), reported(LONG + "b", 3)),
    )
    assert [result for *_, result in cards(state)] == [LONG + "a", LONG + "b"]


def test_ties_go_in_the_order_of_the_result_frames() -> None:
    state = folded(
        call("a"),
        call("b"),
        call("c"),
        *(result(id_, LONG, duration_ms=3) for id_ in "cab"),
        complete(*(reported(LONG + id_, 3) for id_ in "cab")),
    )
    assert [result for *_, result in cards(state)] == [LONG + id_ for id_ in "abc"]


def test_a_preview_that_does_not_fit_is_another_call() -> None:
    state = folded(
        call("a"),
        call("b"),
        result("a", "p" * 300, duration_ms=3),
        result("b", "q" * 300, duration_ms=3),
        complete(reported("q" * 300, 3), reported("p" * 300, 3)),
    )
    assert [result for *_, result in cards(state)] == ["p" * 300, "q" * 300]


def test_steps_and_names_tell_calls_apart() -> None:
    state = folded(
        call("a"),
        result("a", LONG, duration_ms=3),
        call("b", step=2),
        result("b", LONG, step=2, duration_ms=3),
        call("c", name="u", step=2),
        result("c", LONG, name="u", step=2, duration_ms=3),
        complete(
            reported(LONG + "3", 3, name="u", step=2),
            reported(LONG + "2", 3, step=2),
            reported(LONG + "1", 3),
        ),
    )
    assert [result for *_, result in cards(state)] == [LONG + n for n in "123"]


def test_a_duration_that_only_the_end_tells_is_no_obstacle() -> None:
    state = folded(call(), result(text=LONG), complete(reported(LONG, 7)))
    assert cards(state) == [("t", "done", LONG)]


def test_arguments_that_a_hook_changed_are_those_that_ran() -> None:
    state = folded(
        call(arguments={"to": "all"}),
        result(duration_ms=3),
        complete(reported("r", 3, arguments={"to": "one"})),
    )
    (shown,) = tool_calls_of(state)
    assert (shown.arguments, shown.asked) == ({"to": "one"}, {"to": "all"})


def test_arguments_in_another_order_were_not_changed() -> None:
    state = folded(
        call(arguments={"a": 1, "b": 2}),
        result(duration_ms=3),
        complete(reported("r", 3, arguments={"b": 2, "a": 1})),
    )
    assert tool_calls_of(state)[0].asked is None


def test_a_multimodal_result_becomes_its_list() -> None:
    blocks = [{"type": "text", "text": "a"}, {"type": "image", "url": "u"}]
    meta = {"result_meta": {"result_type": "multimodal", "block_count": 2}}
    streamed = [call(), result(text="[multimodal content]", duration_ms=3, **meta)]
    assert tool_calls_of(folded(*streamed))[0].result is None
    assert tool_calls_of(folded(*streamed, complete(reported(blocks, 3))))[0].result == blocks


def test_a_call_whose_result_frame_got_lost_learns_it_at_the_end() -> None:
    state = folded(call(arguments={"n": 1}), complete(reported("r", 3, arguments={"n": 1})))
    assert cards(state) == [("t", "done", "r")]
    (shown,) = tool_calls_of(state)
    assert (shown.result, shown.seconds) == ("r", 0.003)


def test_an_end_that_lists_no_calls_leaves_what_was_streamed() -> None:
    state = folded(call(), result(), complete(status="failed"))
    assert cards(state) == [("t", "done", "r")]


def test_a_result_after_the_end_still_reaches_its_card() -> None:
    state = folded(call(), complete(), result(text="late"))
    assert cards(state) == [("t", "done", "late")]
    assert state.status == "completed"


@pytest.mark.parametrize(
    "late",
    [
        call("new"),
        result("unknown"),
        frame("content_delta", delta="late"),
        frame("chunk", content="late"),
        frame("error", error="late"),
        frame("complete", status="failed", content="late"),
        frame("approval_requested", tool_name="t", tool_input={}),
        frame("reasoning", delta="late"),
    ],
)
def test_nothing_else_changes_a_run_that_is_over(late: ev.Event) -> None:
    before = [call(), result(), frame("content_delta", delta="a"), complete()]
    assert folded(*before, late) == folded(*before)


def test_a_card_knows_how_long_it_took_by_our_clock_where_nobody_said() -> None:
    (shown,) = tool_calls_of(folded(call(), frame("content_delta", delta="a"), result()))
    assert shown.seconds == 2.0


def test_a_call_that_is_only_named_runs_once_its_arguments_are_there() -> None:
    """docs/protocol.md#named-call."""
    named = frame("tool_call", step=1, tool_name="t", call_id="c")
    whole = frame("tool_call", step=1, tool_name="t", call_id="c", arguments={"n": 1})
    (before,) = [part for part in folded(named).parts if isinstance(part, ToolPart)]
    assert (before.status, before.arguments) == ("running", "")
    (after,) = [part for part in folded(named, whole).parts if isinstance(part, ToolPart)]
    assert (after.arguments, after.started) == ('{"n": 1}', before.started + 1)
    bare = frame("tool_call", step=1, tool_name="t")
    (alone,) = [part for part in folded(bare).parts if isinstance(part, ToolPart)]
    assert alone.arguments == "{}", "nothing could complete it"
