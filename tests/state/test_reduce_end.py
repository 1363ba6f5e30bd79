"""How a run ends, and that whatever is open then is closed (docs/protocol.md#run-status)."""

from typing import Any

import pytest

from powawidget.protocol import events as ev
from powawidget.state.explain import explain
from powawidget.state.model import NoticePart, RunState, ToolPart
from powawidget.state.values import text_of
from tests.walk import BEGIN, folded, frame

START = frame("start", run_id="run_1", session_id="sess_1")
DELTA = frame("content_delta", delta="half")
CALL = frame("tool_call", step=1, tool_name="t", arguments={}, call_id="c")
ERROR = frame("error", error="It broke.")


def complete(**said: Any) -> ev.Event:
    return frame("complete", run_id="run_1", **said)


def notices(state: RunState) -> list[tuple[str, str, int]]:
    return [
        (part.code, part.text, part.count) for part in state.parts if isinstance(part, NoticePart)
    ]


def card(state: RunState) -> str:
    (status,) = [part.status for part in state.parts if isinstance(part, ToolPart)]
    return status


@pytest.mark.parametrize(
    ("events", "status", "message"),
    [
        pytest.param([complete(status="completed")], "completed", None, id="completed"),
        pytest.param([complete()], "completed", None, id="complete as documented"),
        pytest.param(
            [complete(status="failed", error="No.")], "failed", "No.", id="complete as failed"
        ),
        pytest.param([complete(error="No.")], "failed", "No.", id="complete with an error"),
        pytest.param(
            [complete(status="failed")],
            "failed",
            "The server ended the run as failed without saying why.",
            id="complete as failed, nobody says why",
        ),
        pytest.param(
            [ERROR, complete(status="failed", error="It broke.")],
            "failed",
            "It broke.",
            id="error, then complete as failed",
        ),
        pytest.param(
            [ERROR, complete(status="failed")],
            "failed",
            "It broke.",
            id="error, then complete without a word",
        ),
        pytest.param(
            [ERROR, complete(status="completed")], "completed", None, id="error, then completed"
        ),
        pytest.param([ERROR, complete()], "failed", "It broke.", id="error, complete, no status"),
        pytest.param([ERROR, ev.Ended()], "failed", "It broke.", id="error, then the end"),
        pytest.param(
            [ERROR, ev.Interrupted(title="Lost", message="cut")],
            "failed",
            "It broke.",
            id="error, then cut",
        ),
        pytest.param(
            [ev.Ended()],
            "interrupted",
            "The server closed the stream without its final event.",
            id="neither",
        ),
        pytest.param([ev.Interrupted(title="Lost", message="cut")], "interrupted", "cut", id="cut"),
        pytest.param([ev.Stopped(message="Stopped by you.")], "stopped", None, id="stopped"),
    ],
)
def test_what_a_run_ends_as(events: list[ev.Event], status: str, message: str | None) -> None:
    state = folded(START, DELTA, CALL, *events)
    assert state.status == status
    assert (state.error.message if state.error else None) == message
    assert text_of(state) == "half", "what came is kept"
    assert state.ended is not None
    assert card(state) == {"completed": "done", "failed": "failed"}.get(status, "interrupted")


@pytest.mark.parametrize("word", ["completed", "complete", "COMPLETED", "success", "ok"])
def test_words_for_a_good_end(word: str) -> None:
    assert folded(START, complete(status=word)).status == "completed"


@pytest.mark.parametrize("word", ["failed", "error", "cancelled", "timed_out"])
def test_any_other_word_is_a_failure(word: str) -> None:
    assert folded(START, complete(status=word)).status == "failed"


def test_an_error_on_the_way_of_a_completed_run_becomes_a_notice() -> None:
    state = folded(START, ERROR, DELTA, complete(status="completed", content="half"))
    assert (state.error, notices(state)) == (None, [("error", "Error on the way: It broke.", 1)])


def test_a_refused_run_has_failed() -> None:
    refused = ev.Refused(title="Not found", message="no such agent", code="404", hint="h")
    state = folded(refused)
    assert state.status == "failed"
    assert state.error is not None
    assert (state.error.title, state.error.code, state.error.hint) == ("Not found", "404", "h")


def test_a_run_begins_with_its_first_event() -> None:
    assert folded().status == "connecting"
    state = folded(ev.Opened(), START)
    assert (state.status, state.run_id, state.session_id) == ("running", "run_1", "sess_1")
    assert state.started == BEGIN


def test_thinking_that_is_open_ends_with_the_run() -> None:
    state = folded(START, frame("reasoning", delta="hm"), ev.Ended())
    assert state.reasoning.since is None
    assert [thought.whole for thought in state.reasoning.thoughts] == [True]


def test_the_end_brings_usage_and_names() -> None:
    state = folded(frame("start"), complete(session_id="s", usage={"total_tokens": 5}))
    assert (state.run_id, state.session_id, state.usage) == ("run_1", "s", {"total_tokens": 5})


def test_the_first_citations_are_replaced_by_the_last() -> None:
    candidates = [{"key": "1", "source_name": "a", "text_excerpt": "b"}, "odd"]
    state = folded(frame("start", citation_candidates=candidates))
    assert [(one.key, one.source, one.excerpt) for one in state.citations] == [("1", "a", "b")]
    cited = folded(
        frame("start", citation_candidates=candidates), complete(citations=[{"key": "2"}])
    )
    assert [one.key for one in cited.citations] == ["2"]


def test_a_source_without_a_key_has_its_number() -> None:
    listed = [{"key": None}, {"source_name": "b"}, {"key": ""}, {"key": 7}]
    cited = folded(frame("start"), complete(citations=listed))
    assert [one.key for one in cited.citations] == ["1", "2", "3", "7"]


def test_recoveries_are_quiet_notices_and_repeat_as_a_count() -> None:
    again = frame("output_recovery", step=1)
    state = folded(START, DELTA, again, again, frame("model_fallback", **{"from": "a", "to": "b"}))
    assert [(code, count) for code, _, count in notices(state)] == [
        ("output_recovery", 2),
        ("model_fallback", 1),
    ]
    assert state.status == "running"


def test_a_step_that_begins_again_drops_no_text() -> None:
    reset = frame("step_reset", step=1, reason="output_recovery")
    state = folded(
        frame("step_started", step=1), DELTA, reset, frame("step_started", step=1), DELTA
    )
    assert text_of(state) == "halfhalf"


def test_a_frame_that_cannot_be_read_is_told_and_skipped() -> None:
    state = folded(START, ev.read("{"), ev.read("{"), DELTA)
    assert [(code, count) for code, _, count in notices(state)] == [("malformed", 2)]
    assert text_of(state) == "half"


def test_a_hook_that_failed_is_told() -> None:
    state = folded(
        START, frame("hook_result", hook_event="PreToolUse", status="failed", message="x")
    )
    assert notices(state) == [("hook_failed", "A hook failed: x.", 1)]


@pytest.mark.parametrize(
    "silent",
    [
        frame("weather"),
        frame("on_run_complete", status="failed"),
        frame("step_completed", step=1),
        frame("context_handler_created", context_handler_id="c"),
        frame("content_delta", error="non-serializable event data"),
    ],
)
def test_what_shows_nothing_changes_nothing(silent: ev.Event) -> None:
    assert folded(START, DELTA, silent) == folded(START, DELTA)


@pytest.mark.parametrize(
    ("message", "code", "title", "known"),
    [
        (
            "litellm.RateLimitError: x",
            None,
            "The model provider's rate limit was reached",
            "rate_limited",
        ),
        (
            "litellm.AuthenticationError: x",
            None,
            "The model provider refused its key",
            "model_key_refused",
        ),
        (
            "litellm.ContextWindowExceededError: x",
            None,
            "The conversation is too long for the model",
            "context_length_exceeded",
        ),
        (
            "litellm.InternalServerError: x",
            None,
            "The model provider had an internal error",
            "model_error",
        ),
        (
            "litellm.MidStreamFallbackError: litellm.RateLimitError: x",
            None,
            "The model's stream broke off",
            "model_stream_broke",
        ),
        ("x", "rate_limited", "The model provider's rate limit was reached", "rate_limited"),
        (
            "x",
            "context_length_exceeded",
            "The conversation is too long for the model",
            "context_length_exceeded",
        ),
        ("x", "other", "The run failed", "other"),
        ("litellm.SomethingNewError: x", None, "The run failed", None),
    ],
)
def test_errors_are_told_in_plain_words_beside_the_servers_own(
    message: str, code: str | None, title: str, known: str | None
) -> None:
    failure = explain(message, code)
    assert (failure.title, failure.message, failure.code) == (title, message, known)
