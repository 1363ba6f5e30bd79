"""What is stored of an orchestration's agents takes the place of what was streamed."""

from typing import Any

from powawidget import events as ev
from powawidget import views
from powawidget.ops import Op
from powawidget.reduce import reduce
from powawidget.state import DelegationPart, RunState
from tests.street import told, walk
from tests.test_reduce_delegations import (
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
    assert [c.result for c in views.tool_calls_of(state)] == ["y" * 250, "x" * 300]
    assert shape(state) == shape(told(*SUPERVISED))
    assert not [op for op in ops if op[1][-1] == "text"]
    (card,) = [part for part in state.parts if isinstance(part, DelegationPart)]
    assert card.stored
    assert late([*SUPERVISED, ev.StoredChildren(children=[known])], known)[1] == []


def test_an_answer_that_is_not_the_previews_stays_a_preview() -> None:
    state, _ = late(SUPERVISED, child("1", "a", "b", answer="z" * 250))
    assert views.tool_calls_of(state)[0].result is None


def test_a_text_that_differs_is_the_stored_one_part_by_part() -> None:
    state, _ = late(SUPERVISED, child("1", "A", "b"))
    assert shape(state)[2:6] == ["1/A", "1/<t done>", "1/b", "So."]
    state, _ = late(SUPERVISED, child("1", "all of it"))
    assert shape(state)[2:6] == ["1/all of it", "1/<t done>", "1/", "So."]


def test_where_only_the_last_text_is_stored_what_was_streamed_stays() -> None:
    state, ops = late(SUPERVISED, child("1", answer="b"))
    assert shape(state) == shape(told(*SUPERVISED))
    assert not [op for op in ops if op[1][-1] == "text"]


def test_a_cut_delegation_that_the_server_completed_is_done_with_its_call() -> None:
    events = [*begin("supervisor"), call("delegate_to_A"), delegate("A", "1"), ev.Ended()]
    assert shape(told(*events)) == ["<delegate_to_A interrupted>", "[A interrupted]"]
    state, _ = late(events, child("1", "a"))
    assert shape(state) == ["<delegate_to_A done>", "[A done]", "1/a"]


def test_a_child_that_nobody_knows_is_left_out() -> None:
    assert late(SUPERVISED, child("9", "other"))[1] == []


def test_a_sequence_is_matched_by_its_order_and_a_cut_text_is_completed() -> None:
    events = [
        *begin("sequential", agent_count=3),
        sequential(0, "A"),
        delta("draft"),
        sequential(1, "B"),
        delta("pol"),
        ev.Ended(),
    ]
    state, _ = late(events, child("1", "draft"), child("2", "polished", usage={"n": 1}))
    assert shape(state) == ["[A done]", "0/draft", "[B done]", "2/polished"]
    parts = [part for part in state.parts if isinstance(part, DelegationPart)]
    assert [(part.child_id, part.usage) for part in parts] == [("1", None), ("2", {"n": 1})]


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
        child("b", "c", asked=["2"], tool_calls=[reported("t", "two")]),
        child("a", "a", "b", asked=["1"], thoughts=["Hm."], status="failed"),
    )
    assert shape(state) == [
        "[2 of 2 done]",
        *("6/<t done>", "4/<t done>", "Merged."),
        *("0/[ done]", "4/c", "0/[ failed]", "6/a", "6/b"),
    ]
    assert [t.within for t in state.reasoning.thoughts] == [6]
    assert views.text_of(state) == "Merged."
    shown = [
        (d.agent, d.text, [c.result for c in d.tool_calls], d.seconds)
        for d in views.delegations_of(state)
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
