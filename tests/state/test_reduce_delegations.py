"""Whose each frame is, and what the answer is (docs/protocol.md#child-frames)."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powawidget.protocol import events as ev
from powawidget.state import values
from powawidget.state.model import (
    DelegationPart,
    NoticePart,
    ParallelPart,
    RunState,
    TextPart,
    ToolPart,
)
from tests.walk import folded, frame, walk

START = frame("start", run_id="orch_run_1", session_id="orch_sess_1")


def engine(name: str, /, **said: Any) -> ev.Event:
    return frame(name, type=name, seq=1, **said)


def begin(strategy: str, **said: Any) -> list[ev.Event]:
    return [START, engine("orchestration_started", strategy=strategy, name="O", **said)]


def delta(text: str) -> ev.Event:
    return frame("content_delta", type="content_delta", delta=text)


def step(number: int) -> ev.Event:
    return engine("step_started", step=number)


def call(name: str, call_id: str | None = "c", number: int = 1, **arguments: Any) -> ev.Event:
    return engine(
        "tool_call", step=number, tool_name=name, arguments=arguments, call_id=call_id or ""
    )


def result(name: str, text: str = "r", call_id: str | None = "c", number: int = 1) -> ev.Event:
    return engine(
        "tool_result", step=number, tool_name=name, call_id=call_id or "", result_preview=text
    )


def delegate(agent: str, child: str | None = None, task: str = "t") -> ev.Event:
    return engine("delegation_started", agent=agent, task=task, child_execution_id=child)


def delegated(agent: str, child: str | None = None, status: str = "completed") -> ev.Event:
    return engine(
        "delegation_completed", agent=agent, child_execution_id=child, status=status, steps=1
    )


def sequential(number: int, agent: str) -> ev.Event:
    return engine("sequential_step", step=number, agent=agent)


def complete(status: str = "completed", content: str | None = None, **said: Any) -> ev.Event:
    given = {} if content is None else {"content": content}
    return frame("complete", run_id="orch_run_1", status=status, **given, **said)


def shape(state: RunState) -> list[str]:
    """The parts in order, each after the place it is within."""
    said: list[str] = []
    for part in state.parts:
        within = getattr(part, "within", None)
        where = "" if within is None else f"{within}/"
        if isinstance(part, TextPart):
            said.append(f"{where}{part.text}")
        elif isinstance(part, ToolPart):
            said.append(f"{where}<{part.name} {part.status}>")
        elif isinstance(part, DelegationPart):
            said.append(f"{where}[{part.agent} {part.status}]")
        elif isinstance(part, ParallelPart):
            said.append(f"{where}[{part.begun} of {part.count} {part.status}]")
        elif isinstance(part, NoticePart):
            said.append(f"{where}({part.code})")
    return said


def test_what_an_agent_says_and_calls_belongs_to_its_delegation() -> None:
    state = folded(
        *begin("supervisor"),
        step(1),
        delta("I ask. "),
        call("delegate_to_A"),
        delegate("A", "1"),
        step(1),
        delta("a"),
        call("t", "d"),
        result("t", call_id="d"),
        delta("b"),
        delegated("A", "1"),
        result("delegate_to_A"),
        step(2),
        delta("So."),
        complete(),
    )
    assert shape(state) == [
        "I ask. ",
        "<delegate_to_A done>",
        "[A done]",
        *("2/a", "2/<t done>", "2/b"),
        "So.",
    ]
    assert values.text_of(state) == "So."
    (card,) = [part for part in state.parts if isinstance(part, DelegationPart)]
    assert (card.call, card.child_id, card.step, card.steps) == (1, "1", 1, 1)
    assert (state.kind, state.strategy, state.name, state.step) == (
        *("orchestration", "supervisor", "O"),
        2,
    )


def test_delegations_within_delegations_are_a_stack() -> None:
    state = folded(
        *begin("supervisor"),
        delegate("A", "1"),
        delta("a"),
        call("delegate_to_B"),
        delegate("B", "2"),
        delta("b"),
        delegated("B", "2"),
        result("delegate_to_B"),
        delta("c"),
        delegated("A", "1"),
        delta("d"),
    )
    assert shape(state) == [
        "[A done]",
        *("0/a", "0/<delegate_to_B done>", "0/[B done]"),
        *("3/b", "0/c", "d"),
    ]
    (outer,) = values.delegations_of(state)
    assert (outer.text, [inner.text for inner in outer.delegations]) == ("ac", ["b"])


def test_ids_and_steps_of_calls_begin_again_in_each_child() -> None:
    state = folded(
        *begin("supervisor"),
        call("delegate_to_A"),
        delegate("A", "1"),
        call("t"),
        result("t", "inner"),
        delegated("A", "1"),
        result("delegate_to_A", "outer"),
        call("delegate_to_A", number=2),
        delegate("A", "2"),
        call("t"),
        result("t", "second"),
    )
    results = [part.result for part in state.parts if isinstance(part, ToolPart)]
    assert results == ["outer", "inner", None, "second"]
    calls = [part.call for part in state.parts if isinstance(part, DelegationPart)]
    assert calls == [0, 3]


def test_a_delegation_finds_its_call_by_name_then_by_task() -> None:
    calls = [
        call("delegate_to_Quay_Master", "1", task="x"),
        call("delegate_to_Pilot", "2", task="x"),
        call("delegate_to_Pilot", "3", task="y"),
    ]
    state = folded(*begin("supervisor"), *calls, delegate("Pilot", "a", "y"))
    assert state.parts[-1].call == 2  # type: ignore[union-attr]  # a call
    state = folded(*begin("supervisor"), *calls, delegate("Quay Master", "a", "x"))
    assert state.parts[-1].call == 0  # type: ignore[union-attr]  # a call
    state = folded(*begin("supervisor"), *calls, delegate("Nobody", "a", "z"))
    assert state.parts[-1].call is None  # type: ignore[union-attr]  # a call


def test_a_failed_delegation_is_told_by_its_own_end_and_not_by_the_text() -> None:
    state = folded(
        *begin("supervisor"),
        call("delegate_to_A"),
        delegate("A", "1"),
        call("t", "d"),
        delegated("A", "1", "failed"),
        result("delegate_to_A", "litellm.Timeout: no answer"),
    )
    assert shape(state) == ["<delegate_to_A failed>", "[A failed]", "1/<t failed>"]


def test_a_result_ends_a_delegation_whose_own_end_got_lost() -> None:
    lost = [*begin("supervisor"), call("delegate_to_A"), delegate("A", "1"), delta("a")]
    assert shape(folded(*lost, result("delegate_to_A"), delta("b"))) == [
        "<delegate_to_A done>",
        "[A done]",
        "1/a",
        "b",
    ]
    failed = folded(*lost, result("delegate_to_A", "Error: no"))
    assert shape(failed)[:2] == ["<delegate_to_A failed>", "[A failed]"]


def test_the_same_end_twice_and_one_without_a_beginning() -> None:
    once = folded(*begin("supervisor"), delegate("A", "1"), delegated("A", "1"))
    twice = folded(*begin("supervisor"), delegate("A", "1"), *[delegated("A", "1")] * 2)
    assert once == twice
    state = folded(*begin("supervisor"), delegated("B", "2", "failed"))
    assert shape(state) == ["[B failed]"]


def test_each_step_of_a_sequence_ends_the_one_before_and_the_last_text_is_the_answer() -> None:
    events = [
        *begin("sequential", agent_count=2),
        sequential(0, "A"),
        step(1),
        delta("draft"),
        sequential(1, "B"),
        step(1),
        delta("pol"),
        call("t"),
        result("t"),
        delta("ished"),
    ]
    assert shape(folded(*events)) == [
        "[A done]",
        "0/draft",
        "[B running]",
        *("2/pol", "2/<t done>", "2/ished"),
    ]
    assert values.text_of(folded(*events[:5])) == "draft"
    assert values.text_of(folded(*events[:6])) == ""
    for ended in ([], [engine("orchestration_completed", status="completed")]):
        state = folded(*events, *ended, complete(content="draftpolished"))
        assert (state.answer, values.text_of(state)) == (2, "polished")
        assert shape(state)[2] == "[B done]"


def test_a_sequence_that_fails_has_no_answer_and_its_last_agent_failed() -> None:
    for told_before in ([], [engine("orchestration_completed", status="failed")]):
        state = folded(
            *begin("sequential", agent_count=2),
            sequential(0, "A"),
            delta("draft"),
            sequential(1, "B"),
            delta("half"),
            *told_before,
            complete("failed", "drafthalf", error="Agent 'B' failed: no"),
        )
        assert shape(state) == ["[A done]", "0/draft", "[B failed]", "2/half"]
        assert (state.status, values.text_of(state)) == ("failed", "")


@pytest.mark.parametrize("content", [None, "everybody", ""])
def test_the_content_of_the_end_never_replaces_streamed_text(content: str | None) -> None:
    events = [
        *begin("supervisor"),
        delta("I ask. "),
        call("delegate_to_A"),
        delegate("A"),
        delta("a"),
        delegated("A"),
        result("delegate_to_A"),
        delta("So."),
    ]
    after = [frame("chunk", content=content)] if content else []
    state = folded(*events, *after, complete(content=content))
    assert values.text_of(state) == "So."
    assert shape(state) == shape(folded(*events))


@pytest.mark.parametrize("strategy", ["supervisor", "sequential"])
def test_without_a_delta_the_content_of_the_end_is_the_answer(strategy: str) -> None:
    agent = sequential(0, "A") if strategy == "sequential" else delegate("A")
    silent = [*begin(strategy), agent, delegated("A")]
    assert values.text_of(folded(*silent, complete(content="All."))) == "All."
    chunked = folded(*silent, frame("chunk", content="All."), complete(content="All."))
    assert values.text_of(chunked) == "All."
    assert values.text_of(folded(*silent, frame("chunk", content="All."), complete())) == "All."
    assert values.text_of(folded(*silent, complete(content=""))) == ""


def test_without_any_marker_the_answer_is_all_that_was_said() -> None:
    state = folded(START, delta("a "), call("t"), result("t"), delta("b"), complete(content="a b"))
    assert (state.kind, values.text_of(state)) == ("orchestration", "a b")


def test_an_answer_that_a_hook_edited_is_the_content_and_stands_nowhere_else() -> None:
    hook = engine("hook_result", hook_event="PreResponse", status="succeeded", modified=True)
    for events in (
        [*begin("supervisor"), delegate("A"), delta("secret"), delegated("A"), delta("secret")],
        [*begin("sequential", agent_count=1), sequential(0, "A"), delta("secret")],
    ):
        state = folded(*events, hook, complete(content="clean"))
        assert values.text_of(state) == "clean"
        assert "secret" not in repr(state)


def test_after_a_top_level_tool_only_what_follows_is_the_answer() -> None:
    state = folded(*begin("supervisor"), delta("a"), call("t"), result("t"), delta("b"))
    assert values.text_of(state) == "b"


def test_thoughts_and_notices_belong_to_the_agent() -> None:
    def think(text: str, number: int = 1) -> ev.Event:
        return frame(
            "reasoning_delta", type="reasoning_delta", step=number, source="thinking", delta=text
        )

    state = folded(
        *begin("supervisor"),
        think("top"),
        delegate("A"),
        think("in"),
        think("ner"),
        engine("reasoning", step=1, content="inner", source="thinking"),
        engine("model_fallback", step=1),
        delegated("A"),
        think("after", 2),
    )
    shown = [(str(t.text), t.step, t.within, t.whole) for t in state.reasoning.thoughts]
    assert shown == [("top", 1, None, False), ("inner", 1, 0, True), ("after", 2, None, False)]
    assert shape(state) == ["[A done]", "0/(model_fallback)"]


@pytest.mark.parametrize("names", [("agent", "content"), ("entity", "delta")])
def test_frames_that_name_their_agent_are_believed(names: tuple[str, str]) -> None:
    def says(agent: str, text: str) -> ev.Event:
        return frame("entity_chunk", **{names[0]: agent, names[1]: text})

    state = folded(
        START,
        frame("delegation_start", agent="A", task="t"),
        says("A", "a"),
        says("B", "b"),
        says("A", "c"),
        frame("delegation_completed", agent="A"),
        frame("chunk", content="So"),
        frame("chunk", content="."),
        complete(),
    )
    assert shape(state) == ["[A done]", "0/ac", "[B done]", "2/b", "So."]
    assert values.text_of(state) == "So."


def test_agents_that_overlap_share_a_group_for_what_names_nobody() -> None:
    state = folded(
        START,
        frame("delegation_start", agent="A"),
        frame("entity_chunk", agent="A", content="a"),
        frame("delegation_start", agent="B"),
        frame("delegation_start", agent="C"),
        frame("tool_call", tool_name="t", arguments={}),
        frame("entity_chunk", agent="A", content="b"),
        frame("tool_result", tool_name="t", result="r"),
        frame("delegation_completed", agent="B"),
        frame("delegation_completed", agent="A"),
        frame("delegation_completed", agent="C"),
        delta("So."),
    )
    assert shape(state) == [
        *("2/[A done]", "0/ab", "[0 of None done]", "2/[B done]", "2/[C done]"),
        *("2/<t done>", "So."),
    ]
    (group,) = [part for part in state.parts if isinstance(part, ParallelPart)]
    assert group.agents == ["A", "B", "C"]


def test_a_coordinator_speaks_although_an_agent_was_never_ended() -> None:
    state = folded(
        START,
        frame("delegation_start", agent="A"),
        frame("entity_chunk", agent="A", content="a"),
        frame("content_delta", delta="So"),
        frame("content_delta", delta="."),
        complete(),
    )
    assert shape(state) == ["[A done]", "0/a", "So."]


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (ev.Ended(), "interrupted"),
        (ev.Stopped(message="Stopped."), "interrupted"),
        (ev.Interrupted(title="t", message="m"), "interrupted"),
        (complete("failed", error="no"), "failed"),
        (complete(), "done"),
    ],
)
def test_whatever_is_open_at_the_end_is_closed_in_its_sense(end: ev.Event, status: str) -> None:
    state = folded(
        *begin("supervisor"),
        call("delegate_to_A"),
        delegate("A"),
        call("t", "d"),
        delegate("B"),
        end,
    )
    assert shape(state)[:4] == [
        f"<delegate_to_A {status}>",
        f"[A {status}]",
        f"1/<t {status}>",
        f"1/[B {status}]",
    ]


def test_a_kind_is_known_by_the_run_id_where_nothing_else_comes() -> None:
    assert folded(START).kind == "orchestration"
    assert folded(frame("start", run_id="run_1")).kind == "agent"
    assert folded(delegate("A")).kind == "orchestration"
    assert folded(sequential(0, "A")).strategy == "sequential"


def test_usage_is_that_of_the_end_and_before_it_that_of_the_orchestration() -> None:
    over = engine("orchestration_completed", status="completed", usage={"total_tokens": 3})
    assert folded(*begin("supervisor"), over).usage == {"total_tokens": 3}
    state = folded(*begin("supervisor"), over, complete(usage={"total_tokens": 4}))
    assert state.usage == {"total_tokens": 4}


def test_a_streamed_token_of_an_agent_is_one_append() -> None:
    events = [*begin("supervisor"), delegate("A"), delta("a"), delta("b"), delta("c")]
    assert walk(events, end=False).batches[-2:] == [
        [("append", ("parts", 1, "text"), "b")],
        [("append", ("parts", 1, "text"), "c")],
    ]


ANY = st.sampled_from(
    [
        *(begin("supervisor")[1], begin("sequential")[1], begin("parallel", agent_count=2)[1]),
        *(step(1), step(2), delta("a"), delta("b"), frame("chunk", content="c")),
        *(call("delegate_to_A"), call("delegate_to_B", "d"), call("t", "e")),
        *(result("delegate_to_A"), result("delegate_to_B", call_id="d"), result("t", call_id="e")),
        *(delegate("A", "1"), delegate("B", "2"), delegate("A"), delegate("B")),
        *(delegated("A", "1"), delegated("B", "2", "failed"), delegated("A"), delegated("B")),
        *(sequential(0, "A"), sequential(1, "B")),
        *(ev.EntityChunk(agent="A", text="e"), ev.EntityChunk(agent="", text="f")),
        engine("step_reset", step=1),
        engine("orchestration_completed", status="completed"),
        engine("reasoning", step=1, source="thinking", content="Hm."),
        engine("output_recovery", step=1),
        ev.AgentsKnown(names=["A", "B"]),
    ]
)
CHILD = ev.Child(
    child_id="1",
    status="completed",
    texts=["x"],
    thoughts=["Hm."],
    asked=[ev.Asked(call_id="e", tool_name="t", arguments="{}", result=None, seconds=None)],
    steps=1,
    usage=None,
    seconds=1.0,
    tool_calls=[],
    answer="x",
)
LATE = st.lists(st.sampled_from([CHILD, msgspec.structs.replace(CHILD, child_id=None)]), max_size=3)


@given(st.lists(ANY, max_size=14), LATE)
def test_in_whatever_order_frames_come_all_is_closed_and_the_parts_are_a_tree(
    events: list[ev.Event], children: list[ev.Child]
) -> None:
    state = walk(events, after=[ev.StoredChildren(children=children)]).state
    assert "running" not in {getattr(part, "status", "") for part in state.parts}
    for part in [*state.parts, *state.reasoning.thoughts]:
        above, passed = getattr(part, "within", None), set()
        while above is not None:
            assert above not in passed
            passed.add(above)
            around = state.parts[above]
            assert isinstance(around, DelegationPart | ParallelPart)
            above = around.within
