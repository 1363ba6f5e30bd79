"""What is stored of an orchestration's agents takes the place of what was streamed."""

from typing import Any

import pytest

from powawidget.protocol import events as ev
from powawidget.state import values
from powawidget.state.model import DelegationPart, RunState
from powawidget.state.ops import Op
from powawidget.state.reduce import reduce
from tests.state.test_reduce_delegations import (
    begin,
    call,
    complete,
    delegate,
    delegated,
    delta,
    engine,
    result,
    sequential,
    shape,
    step,
)
from tests.walk import folded, walk


def child(child_id: str | None, *texts: str, **said: Any) -> ev.Child:
    given: dict[str, Any] = {
        "status": "completed",
        "thoughts": [],
        "asked": [],
        "steps": 1,
        "usage": None,
        "seconds": 2.5,
        "tool_calls": [],
        "answer": texts[-1] if texts else "",
    }
    return ev.Child(child_id=child_id, texts=list(texts), **{**given, **said})


def reported(name: str, full: str) -> ev.ReportedCall:
    return ev.ReportedCall(
        step=1, tool_name=name, arguments="{}", result=full, json=False, duration_ms=None
    )


def asked(call_id: str, result: str | None = None, **said: Any) -> ev.Asked:
    given = {"tool_name": "t", "arguments": "{}", "seconds": None, **said}
    return ev.Asked(call_id=call_id, result=result, **given)


def late(events: list[ev.Event], *children: ev.Child) -> tuple[RunState, list[Op]]:
    walked = walk(events, end=False)
    again = walk([*events, ev.StoredChildren(children=list(children))], end=False)
    assert walked.state == walk(events, end=False).state
    return again.state, again.batches[-1]


SUPERVISED = [
    *begin("supervisor"),
    call("delegate_to_A"),
    delegate("A", "1"),
    delta("a"),
    call("t"),
    engine(
        "tool_result",
        step=1,
        tool_name="t",
        call_id="c",
        result_preview="x" * 200,
        result_meta={"char_count": 300},
    ),
    delta("b"),
    delegated("A", "1"),
    engine(
        "tool_result",
        step=1,
        tool_name="delegate_to_A",
        call_id="c",
        result_preview="y" * 200,
        result_meta={"char_count": 250},
    ),
    delta("So."),
    complete(),
]


def test_previews_become_full_results_and_equal_texts_stay() -> None:
    known = child("1", "a", "b", answer="y" * 250, tool_calls=[reported("t", "x" * 300)])
    state, ops = late(SUPERVISED, known)
    assert [c.result for c in values.tool_calls_of(state)] == ["y" * 250, "x" * 300]
    assert shape(state) == shape(folded(*SUPERVISED))
    assert not [op for op in ops if op[1][-1] == "text"]
    (card,) = [part for part in state.parts if isinstance(part, DelegationPart)]
    assert card.stored
    assert late([*SUPERVISED, ev.StoredChildren(children=[known])], known)[1] == []


def test_an_answer_that_is_not_the_previews_stays_a_preview() -> None:
    state, _ = late(SUPERVISED, child("1", "a", "b", answer="z" * 250))
    assert values.tool_calls_of(state)[0].result is None


def test_a_text_that_differs_is_the_stored_one_part_by_part() -> None:
    state, _ = late(SUPERVISED, child("1", "A", "b"))
    assert shape(state)[2:6] == ["1/A", "1/<t done>", "1/b", "So."]
    state, _ = late(SUPERVISED, child("1", "all of it"))
    assert shape(state)[2:6] == ["1/all of it", "1/<t done>", "1/", "So."]


def test_where_only_the_last_text_is_stored_what_was_streamed_stays() -> None:
    state, ops = late(SUPERVISED, child("1", answer="b"))
    assert shape(state) == shape(folded(*SUPERVISED))
    assert not [op for op in ops if op[1][-1] == "text"]


def test_a_cut_delegation_that_the_server_completed_is_done_with_its_call() -> None:
    events = [*begin("supervisor"), call("delegate_to_A"), delegate("A", "1"), ev.Ended()]
    assert shape(folded(*events)) == ["<delegate_to_A interrupted>", "[A interrupted]"]
    state, _ = late(events, child("1", "a"))
    assert shape(state) == ["<delegate_to_A done>", "[A done]", "1/a"]


def test_a_child_that_nobody_knows_is_left_out() -> None:
    assert late(SUPERVISED, child("9", "other"))[1] == []


def test_a_sequence_is_matched_by_its_places_and_a_cut_text_is_completed() -> None:
    events = [
        *begin("sequential", agent_count=3),
        sequential(0, "A"),
        delta("draft"),
        sequential(1, "B"),
        delta("pol"),
        ev.Ended(),
    ]
    state, _ = late(events, DRAFT, child("2", "polished", usage={"n": 1}, position=1))
    assert shape(state) == ["[A done]", "0/draft", "[B done]", "2/polished"]
    parts = [part for part in state.parts if isinstance(part, DelegationPart)]
    assert [(part.child_id, part.usage) for part in parts] == [("1", None), ("2", {"n": 1})]


DRAFT, FINAL = child("1", "draft", position=0), child("2", "final", position=1)
SEQUENCE = [
    *begin("sequential", agent_count=2),
    *(sequential(0, "A"), delta("draft"), sequential(1, "B"), delta("final"), complete()),
]


def texts(state: RunState) -> list[tuple[str, str, Any]]:
    parts = [part for part in state.parts if isinstance(part, DelegationPart)]
    shown = values.delegations_of(state)
    return [(one.agent, one.text, part.child_id) for one, part in zip(shown, parts, strict=True)]


@pytest.mark.parametrize("places", [(0, 1), (1, 0), (None, None), (0, None), (None, 0), (5, 5)])
@pytest.mark.parametrize("turned", [False, True])
def test_in_whatever_order_they_come_each_agent_keeps_its_text_and_gets_its_details(
    places: tuple[int | None, int | None], turned: bool
) -> None:
    children = [child("1", "draft", position=places[0]), child("2", "final", position=places[1])]
    state, ops = late(SEQUENCE, *(reversed(children) if turned else children))
    assert texts(state) == [("A", "draft", "1"), ("B", "final", "2")]
    assert values.text_of(state) == "final"
    assert not [op for op in ops if op[1][-1] == "text"]


@pytest.mark.parametrize("stored", ["other", "final and more", "fin", "draft", ""])
@pytest.mark.parametrize("position", [None, 0, 1])
def test_no_stored_text_replaces_the_answer_of_a_stream_that_came_to_its_end(
    stored: str, position: int | None
) -> None:
    for children in (
        [child("2", stored, position=position)],
        [DRAFT, child("2", stored, position=position)],
    ):
        state, _ = late(SEQUENCE, *children)
        assert values.text_of(state) == "final"
        assert texts(state)[0][1] == "draft"


def test_an_answer_of_nothing_stays_nothing() -> None:
    events = [*SEQUENCE[:-2], complete()]
    state, _ = late(events, DRAFT, FINAL)
    assert values.text_of(state) == ""


def test_a_cut_answer_is_completed_by_its_own_agent_alone() -> None:
    events = [*SEQUENCE[:-2], delta("fi"), ev.Ended()]
    for children in ([DRAFT, FINAL], [FINAL, DRAFT]):
        assert values.text_of(late(events, *children)[0]) == "final"
    # The next agent hadn't begun here, and nobody is given its text.
    events = [*SEQUENCE[:-3], ev.Ended()]
    state, _ = late(events, FINAL, DRAFT)
    assert texts(state) == [("A", "draft", "1")]
    assert texts(late(events, FINAL)[0]) == [("A", "draft", None)]


def test_one_agent_that_works_twice_and_says_the_same_is_told_by_its_places() -> None:
    events = [
        *begin("sequential", agent_count=2),
        *(sequential(0, "A"), delta("same"), sequential(1, "A"), delta("same"), complete()),
    ]
    twice = [child("2", "same", position=1), child("1", "same", position=0)]
    assert texts(late(events, *twice)[0]) == [("A", "same", "1"), ("A", "same", "2")]
    unplaced = [child("2", "same"), child("1", "same")]
    assert texts(late(events, *unplaced)[0]) == [("A", "same", None), ("A", "same", None)]


def test_a_lost_frame_leaves_its_agent_the_stored_text_where_all_others_are_known() -> None:
    events = [
        *begin("sequential", agent_count=2),
        *(sequential(0, "A"), delta("dr"), sequential(1, "B"), delta("final"), complete()),
    ]
    state, _ = late(events, FINAL, DRAFT)
    assert texts(state) == [("A", "draft", "1"), ("B", "final", "2")]


def test_calls_tell_agents_apart_that_said_nothing() -> None:
    events = [
        *(*begin("sequential", agent_count=2), sequential(0, "A"), call("t", "x")),
        *(result("t", "rx" * 150, "x"), sequential(1, "B"), call("t", "y")),
        *(result("t", "ry", "y"), delta("final"), complete()),
    ]
    children = [
        child("2", "final", asked=[asked("y", "ry")]),
        child("1", asked=[asked("x", "rx" * 100)], tool_calls=[reported("t", "rx" * 150)]),
    ]
    state, _ = late(events, *children)
    assert texts(state) == [("A", "", "1"), ("B", "final", "2")]
    wrong = [child("2", asked=[asked("z")], position=0), child("1", "final", position=1)]
    assert texts(late(events, *wrong)[0])[0] == ("A", "", None)


def test_a_supervisors_agents_without_ids_are_told_by_their_places_and_texts() -> None:
    events = [
        *(*begin("supervisor"), call("delegate_to_A"), delegate("A"), delta("a"), delegated("A")),
        *(delegate("B"), delta("b"), delegated("B"), delta("So."), complete()),
    ]
    for one, two in ((0, 1), (None, None)):
        children = [child("2", "b", position=two), child("1", "a", position=one)]
        state, _ = late(events, *children)
        assert texts(state) == [("A", "a", "1"), ("B", "b", "2")]
        assert values.text_of(state) == "So."


def test_agents_that_streamed_nothing_get_their_text() -> None:
    events = [*begin("sequential", agent_count=1), sequential(0, "A"), complete(content="All.")]
    state, _ = late(events, child("1", answer="All."))
    assert shape(state) == ["[A done]", "All.", "0/All."]


PARALLEL = [
    *begin("parallel", agent_count=2),
    *(step(1), step(1), delta("abc")),
    *(call("t", "1"), call("t", "2"), result("t", "two", "2"), result("t", "one", "1")),
    engine("reasoning", step=1, source="thinking", content="Hm."),
    *(step(1), delta("Merged.")),
    complete(),
]


def test_each_child_of_a_group_gets_a_delegation_with_its_text_its_cards_and_its_thoughts() -> None:
    state, _ = late(
        PARALLEL,
        child("b", "c", asked=[asked("2", "two")], tool_calls=[reported("t", "two")]),
        child("a", "a", "b", asked=[asked("1", "one")], thoughts=["Hm."], status="failed"),
    )
    assert shape(state) == [
        "[2 of 2 done]",
        *("6/<t done>", "4/<t done>", "Merged."),
        *("0/[ done]", "4/c", "0/[ failed]", "6/a", "6/b"),
    ]
    assert [t.within for t in state.reasoning.thoughts] == [6]
    assert values.text_of(state) == "Merged."
    shown = [
        (d.agent, d.text, [c.result for c in d.tool_calls], d.seconds)
        for d in values.delegations_of(state)
    ]
    assert shown == [("", "c", ["two"], 2.5), ("", "ab", ["one"], 2.5)]


def test_the_children_of_a_group_come_once() -> None:
    children = [child("a", "a"), child("b", "c")]
    once = ev.StoredChildren(children=children)
    state, ops = late([*PARALLEL, once], *children)
    assert ops == []
    assert shape(state)[4:] == ["0/[ done]", "4/a", "0/[ done]", "6/c"]


def test_named_agents_of_a_group_are_known_by_what_they_said() -> None:
    events = [
        *(delegate("A"), ev.EntityChunk(agent="A", text="a"), delegate("B")),
        *(ev.EntityChunk(agent="B", text="b"), delegated("A"), delegated("B"), complete()),
    ]
    state, _ = late(events, child("2", "b"), child("1", "a"), child("3", "nobody's"))
    parts = [part for part in state.parts if isinstance(part, DelegationPart)]
    assert [(part.agent, part.child_id, part.stored) for part in parts] == [
        ("A", "1", True),
        ("B", "2", True),
    ]


def test_what_a_hook_took_back_is_not_brought_in_again() -> None:
    hook = engine("hook_result", hook_event="PreResponse", status="succeeded", blocked=True)
    events = [*begin("sequential", agent_count=1), sequential(0, "A"), delta("secret"), hook]
    state, _ = late([*events, complete(content="No.")], child("1", "secret", answer="secret"))
    assert "secret" not in repr(state)
    group = [*PARALLEL[:-1], hook, complete(content="No.")]
    assert "secret" not in repr(late(group, child("1", "secret"))[0])


def test_a_stored_run_takes_the_servers_times() -> None:
    events = [*begin("sequential"), sequential(0, "A"), delta("a"), complete()]
    walked = walk(events, end=False)
    walked.state.origin = "stored"
    ops = reduce(walked.state, ev.StoredChildren(children=[child("1", "a")]), 1.0)
    assert ("set", ("parts", 0, "seconds"), 2.5) in ops
