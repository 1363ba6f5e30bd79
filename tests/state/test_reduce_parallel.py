"""Agents at work at the same time (docs/protocol.md#parallel)."""

import pytest

from powawidget.protocol import events as ev
from powawidget.state import values
from powawidget.state.model import ParallelPart, RunState
from tests.state.test_reduce_delegations import (
    begin,
    call,
    complete,
    delta,
    engine,
    result,
    shape,
    step,
)
from tests.walk import folded

TWO = begin("parallel", agent_count=2)
RESET = engine("step_reset", step=1, reason="output_recovery")
OVER = engine("orchestration_completed", status="completed", steps=3)


def group(state: RunState) -> ParallelPart:
    (found,) = [part for part in state.parts if isinstance(part, ParallelPart)]
    return found


def test_the_merge_begins_with_one_more_first_step_than_there_are_agents() -> None:
    state = folded(
        *[*TWO, step(1), delta("al"), step(1), delta("BE"), delta("pha"), delta("TA")],
        *[step(2), delta("!"), step(1), delta("Mer"), delta("ged."), OVER],
        complete(content="alBEphaTA!Merged."),
    )
    assert shape(state) == ["[2 of 2 done]", "Merged."]
    assert (group(state).characters, values.text_of(state), state.step) == (10, "Merged.", 1)


def test_first_steps_that_come_again_after_a_reset_are_not_counted() -> None:
    state = folded(
        *[*TWO, step(1), step(1), delta("a"), RESET, delta("B"), step(1), delta("c")],
        *[RESET, RESET, step(1), step(1), delta("d"), step(1), delta("Merged.")],
    )
    assert shape(state) == ["[2 of 2 done]", "Merged."]
    assert group(state).characters == 4


def test_a_reset_of_another_step_takes_nothing_back() -> None:
    again = engine("step_reset", step=2, reason="model_error")
    state = folded(*TWO, step(1), step(1), step(2), again, step(2), step(1), delta("Merged."))
    assert values.text_of(state) == "Merged."


def test_a_reset_in_the_merge_is_the_merges_own() -> None:
    state = folded(*TWO, step(1), step(1), step(1), delta("Mer"), RESET, step(1), delta("ged."))
    assert values.text_of(state) == "Merged."


def test_cards_and_whole_thoughts_are_kept_in_the_group_and_nothing_is_guessed() -> None:
    piece = engine("reasoning_delta", step=1, source="thinking", delta="mixed")
    whole = engine("reasoning", step=1, source="thinking", content="Thought.")
    state = folded(
        *[*TWO, step(1), step(1), call("t", "1"), call("u", "2"), piece, result("u", "2", "2")],
        *[whole, result("t", "1", "1"), engine("output_recovery", step=1), piece],
    )
    assert shape(state) == [
        *("[2 of 2 running]", "0/<t done>", "0/<u done>", "0/(output_recovery)"),
    ]
    results = [call.result for call in values.tool_calls_of(state)]
    assert results == ["1", "2"]
    assert [(str(t.text), t.within) for t in state.reasoning.thoughts] == [("Thought.", 0)]
    assert state.reasoning.since is None


@pytest.mark.parametrize("ended", [[], [engine("orchestration_completed", status="failed")]])
def test_a_parallel_run_that_failed_has_no_answer(ended: list[ev.Event]) -> None:
    state = folded(*TWO, step(1), delta("a"), *ended, complete("failed", "a", error="no"))
    assert shape(state) == ["[1 of 2 failed]"]
    assert values.text_of(state) == ""


def test_one_agent_has_no_merge_and_its_text_is_the_answer() -> None:
    alone = begin("parallel", agent_count=1)
    events = [*alone, step(1), delta("a"), call("t"), result("t"), step(2), delta("b"), OVER]
    state = folded(*events, ev.AgentsKnown(names=["Alone"]), complete(content="ab"))
    assert shape(state) == ["[Alone done]", "0/a", "0/<t done>", "0/b"]
    assert (values.text_of(state), state.answer) == ("ab", 0)


def test_without_a_count_nobody_can_tell_the_merge_until_the_names_are_known() -> None:
    unknown = begin("parallel")
    events = [step(1), step(1), delta("a"), step(1), delta("Merged.")]
    state = folded(*unknown, *events, complete())
    assert (values.text_of(state), group(state).characters) == ("", 8)
    state = folded(*unknown, ev.AgentsKnown(names=["A", "B"]), *events, complete())
    assert (values.text_of(state), group(state).agents) == ("Merged.", ["A", "B"])


def test_names_that_are_known_change_nothing_else() -> None:
    state = folded(*TWO, ev.AgentsKnown(names=["A", "B"]))
    assert (group(state).agents, group(state).count) == (["A", "B"], 2)
    assert folded(*begin("supervisor"), ev.AgentsKnown(names=["A"])) == folded(*begin("supervisor"))


def test_without_deltas_the_content_of_the_end_is_the_answer() -> None:
    state = folded(*TWO, step(1), step(1), OVER, complete(content="Merged."))
    assert values.text_of(state) == "Merged."


def test_a_cut_closes_the_group() -> None:
    state = folded(*TWO, step(1), delta("a"), call("t"), end=True)
    assert shape(state) == ["[1 of 2 interrupted]", "0/<t interrupted>"]
    assert values.text_of(state) == ""
