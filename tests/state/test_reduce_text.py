"""The text of an answer and the thinking before it (docs/protocol.md#text)."""

import pytest

from powawidget.protocol import events as ev
from powawidget.state.model import RunState, TextPart, ToolPart
from powawidget.state.values import reasoning_of, text_of
from tests.walk import folded, frame

START = frame("start", run_id="run_1", session_id="sess_1")
CALL = frame("tool_call", step=1, tool_name="t", arguments={}, call_id="c", type="tool_call")
RESULT = frame("tool_result", step=1, tool_name="t", call_id="c", result_preview="r")
EDITED = frame("hook_result", hook_event="PreResponse", status="succeeded", modified=True)
BLOCKED = frame("hook_result", hook_event="PreResponse", status="succeeded", blocked=True)


def delta(text: str) -> ev.Event:
    return frame("content_delta", type="content_delta", delta=text)


def chunk(text: str) -> ev.Event:
    return frame("chunk", content=text)


def complete(content: str | None = None, status: str | None = "completed") -> ev.Event:
    said = {} if content is None else {"content": content}
    return frame("complete", run_id="run_1", **said, **({"status": status} if status else {}))


def shape(state: RunState) -> list[str]:
    """The parts in the order they are shown: text as it is, cards in angle brackets."""
    return [
        str(part.text) if isinstance(part, TextPart) else f"<{part.name}>"
        for part in state.parts
        if isinstance(part, TextPart | ToolPart)
    ]


def test_deltas_of_every_step_append_without_a_separator() -> None:
    again = frame("step_started", step=2)
    assert shape(folded(START, delta("a "), delta("b"), again, delta("c"))) == ["a bc"]


def test_after_a_card_a_new_part_begins() -> None:
    assert shape(folded(delta("a"), CALL, RESULT, delta("b"))) == ["a", "<t>", "b"]


def test_a_chunk_after_deltas_replaces_and_never_appends() -> None:
    assert text_of(folded(delta("a"), delta("b"), chunk("ab"))) == "ab"
    assert text_of(folded(delta("a"), delta("b"), chunk("abc"))) == "abc"
    assert text_of(folded(delta("a"), delta("b"), chunk("x"))) == "x"


def test_a_chunk_with_a_type_is_ignored() -> None:
    partial = frame("chunk", type="chunk", content="ab", seq=1)
    assert text_of(folded(delta("a"), partial)) == "a"
    assert text_of(folded(partial, chunk("b"))) == "b"


def test_chunks_are_increments_where_no_delta_was_seen() -> None:
    assert text_of(folded(chunk("a"), chunk("a"), chunk("b"))) == "aab"
    assert shape(folded(chunk("a"), CALL, RESULT, chunk("b"))) == ["a", "<t>", "b"]


def test_thinking_is_no_delta() -> None:
    thinking = frame("reasoning_delta", step=1, delta="hm")
    assert text_of(folded(thinking, chunk("a"), chunk("b"))) == "ab"


def test_the_content_of_the_end_is_authoritative() -> None:
    assert text_of(folded(delta("a"), complete("b"))) == "b"
    assert text_of(folded(chunk("a"), complete("b"))) == "b"
    assert text_of(folded(complete("b"))) == "b"
    assert text_of(folded(delta("a"), complete("b", status="failed"))) == "b"


def test_the_content_of_the_end_is_authoritative_also_where_it_is_empty() -> None:
    assert text_of(folded(delta("a"), CALL, RESULT, delta("b"), complete(""))) == ""


def test_an_end_without_content_leaves_the_text() -> None:
    assert text_of(folded(chunk("a"), chunk("b"), complete())) == "ab"


def test_the_text_may_hold_anything() -> None:
    odd = 'data: {"event": "complete"}\n\n<script>alert(1)</script>'
    state = folded(delta(odd))
    assert text_of(state) == odd
    assert state.status == "running"


@pytest.mark.parametrize(
    ("pieces", "content", "expected"),
    [
        pytest.param(["a [1]. ", "b"], "a. b", ["a. ", "b"], id="removed"),
        pytest.param(["a [2] ", "b [3]"], "a [1] b [2]", ["a [1] ", "b [2]"], id="renumbered"),
        pytest.param(["a", " b [1]."], "a b.", ["a", " b."], id="after the card"),
        pytest.param(["one", "two [9]"], "onetwo", ["one", "two"], id="no space between"),
        pytest.param(["日本 [1]。", "語"], "日本。語", ["日本。", "語"], id="no words"),
    ],
)
def test_cleaned_up_citations_leave_the_text_beside_its_cards(
    pieces: list[str], content: str, expected: list[str]
) -> None:
    before, after = pieces
    state = folded(delta(before), CALL, RESULT, delta(after), complete(content))
    assert shape(state) == [expected[0], "<t>", expected[1]]
    assert text_of(state) == content


def test_any_other_difference_is_shown_as_it_was_completed() -> None:
    state = folded(delta("alpha beta"), CALL, RESULT, delta("gamma"), complete("wholly other"))
    assert text_of(state) == "wholly other"


def test_a_long_answer_is_divided_again_without_comparing_all_with_all() -> None:
    """A text of 600 kB; a fifth of it took a difference algorithm a minute and a half."""
    words = " ".join(f"word{n % 500} [{n % 9}]" for n in range(60_000))
    content = words.replace(" [3]", "")
    state = folded(delta(words[:300_000]), CALL, RESULT, delta(words[300_000:]), complete(content))
    assert text_of(state) == content
    assert abs(len(shape(state)[0]) - len(words[:300_000].replace(" [3]", ""))) < 5


@pytest.mark.parametrize("hook", [EDITED, BLOCKED])
def test_an_answer_that_a_hook_took_back_is_withheld_at_once(hook: ev.Event) -> None:
    state = folded(START, delta("secret "), CALL, RESULT, delta("words"), hook)
    assert text_of(state) == ""
    assert "secret" not in repr(state)
    assert state.edited == ("blocked" if hook is BLOCKED else "modified")


@pytest.mark.parametrize("hook", [EDITED, BLOCKED])
def test_the_answer_of_a_hook_stands_after_everything_that_led_to_it(hook: ev.Event) -> None:
    state = folded(
        delta("secret"), CALL, RESULT, delta("words"), hook, chunk("vetted"), complete("vetted")
    )
    assert text_of(state) == "vetted"
    assert shape(state)[-1] == "vetted"


def test_a_hook_that_changed_nothing_withholds_nothing() -> None:
    hook = frame("hook_result", hook_event="PreResponse", status="succeeded", modified=False)
    state = folded(delta("fine"), hook)
    assert (text_of(state), state.edited) == ("fine", None)


def test_a_hook_at_another_place_withholds_nothing() -> None:
    hook = frame("hook_result", hook_event="PreToolUse", status="succeeded", modified=True)
    assert text_of(folded(delta("fine"), hook)) == "fine"


def test_an_edited_answer_stays_withheld_where_the_stream_breaks_off() -> None:
    state = folded(delta("secret"), EDITED, end=True)
    assert (state.status, text_of(state)) == ("interrupted", "")


def test_thinking_comes_in_pieces_and_its_whole_repeats_it() -> None:
    pieces = [frame("reasoning_delta", step=1, source="thinking", delta=piece) for piece in "ab"]
    whole = frame("reasoning", step=1, source="thinking", content="ab")
    assert reasoning_of(folded(*pieces, whole)) == "ab"
    assert reasoning_of(folded(whole)) == "ab"
    assert reasoning_of(folded(*pieces, delta("x"), chunk("x"), whole)) == "ab"


def test_prose_beside_tool_calls_comes_in_addition() -> None:
    whole = frame("reasoning", step=1, source="thinking", content="ab")
    prose = frame("reasoning", step=1, content="I look it up.")
    state = folded(whole, prose)
    assert reasoning_of(state) == "ab\n\nI look it up."
    assert text_of(state) == ""


def test_each_step_has_its_own_thought() -> None:
    one, two = frame("step_started", step=1), frame("step_started", step=2)
    state = folded(one, frame("reasoning", delta="a"), two, frame("reasoning", delta="b"), one)
    assert [(thought.step, str(thought.text)) for thought in state.reasoning.thoughts] == [
        (1, "a"),
        (2, "b"),
    ]


def test_the_clock_of_thinking_runs_until_something_else_comes() -> None:
    thinking = folded(frame("reasoning", delta="a"), frame("reasoning", delta="b"))
    assert thinking.reasoning.since is not None
    answered = folded(frame("reasoning", delta="a"), frame("reasoning", delta="b"), delta("x"))
    assert (answered.reasoning.since, answered.reasoning.seconds) == (None, 2.0)
