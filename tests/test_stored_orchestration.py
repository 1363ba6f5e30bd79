"""A stored run of an orchestration, told again: sections 6 and 9 of the wire protocol."""

from typing import Any

from powawidget import events as ev
from powawidget import views
from powawidget.state import RunState
from powawidget.stored import retell
from powawidget.stored_orchestration import children_of
from tests.street import walk
from tests.test_reduce_delegations import shape


def deltas(*texts: str) -> list[dict[str, str]]:
    return [{"type": "content_delta", "delta": text} for text in texts]


def step(number: int) -> dict[str, Any]:
    return {"type": "step_started", "step": number}


def call(name: str, call_id: str = "c") -> dict[str, Any]:
    return {"type": "tool_call", "step": 1, "tool_name": name, "arguments": {}, "call_id": call_id}


def result(name: str, text: str = "r", call_id: str = "c") -> dict[str, Any]:
    return {
        "type": "tool_result",
        "step": 1,
        "tool_name": name,
        "call_id": call_id,
        "result_preview": text,
        "duration_ms": 5,
    }


def began(agent: str, child: str) -> dict[str, Any]:
    return {
        "type": "delegation_started",
        "agent": agent,
        "task": "t",
        "child_execution_id": child,
    }


def ended(agent: str, child: str) -> dict[str, Any]:
    return {"type": "delegation_completed", "agent": agent, "child_execution_id": child}


def child(run_id: str, *events: dict[str, Any], **said: Any) -> dict[str, Any]:
    text = "".join(one["delta"] for one in events if "delta" in one)
    return {
        "run_id": run_id,
        "status": "completed",
        "content": text,
        "events": list(events),
        **said,
    }


def stored(content: str | None, events: list[Any], children: list[Any], **said: Any) -> Any:
    return {
        "run_id": "orch_run_1",
        "status": "completed",
        "content": content,
        "error": None,
        "usage": {"total_tokens": 4},
        "events": events,
        "child_runs": children,
        **said,
    }


def started(strategy: str, **said: Any) -> dict[str, Any]:
    return {"type": "orchestration_started", "strategy": strategy, "name": "O", **said}


OVER = {"type": "orchestration_completed", "status": "completed"}


def again(told: Any) -> RunState:
    return walk(retell(told)).state


def test_everybodys_text_is_divided_by_what_the_agents_said() -> None:
    events = [
        *(started("supervisor"), step(1), call("delegate_to_A"), began("A", "1"), step(1)),
        *(call("t"), result("t"), ended("A", "1"), result("delegate_to_A")),
        *(step(2), call("delegate_to_B", "d"), began("B", "2"), step(1), ended("B", "2")),
        *(result("delegate_to_B", call_id="d"), step(3), OVER),
    ]
    children = [
        child("1", step(1), *deltas("a"), call("t"), result("t"), *deltas("b")),
        child("2", step(1), *deltas("no")),
    ]
    state = again(stored("I ask no one: abAnd B.noSo.", events, children))
    assert shape(state) == [
        *("I ask no one: ", "<delegate_to_A done>", "[A done]", "2/a", "2/<t done>", "2/b"),
        *("And B.", "<delegate_to_B done>", "[B done]", "8/no", "So."),
    ]
    assert (views.text_of(state), state.status, state.usage) == (
        *("So.", "completed"),
        {"total_tokens": 4},
    )


def test_where_an_agents_text_is_not_found_the_rest_is_the_answer() -> None:
    events = [started("supervisor"), call("delegate_to_A"), began("A", "1"), ended("A", "1"), OVER]
    state = again(stored("All.", events, [child("1", *deltas("other"))]))
    assert views.text_of(state) == "All."
    state = again(stored("All.", events, [child("9", *deltas("All."))]))
    assert (views.text_of(state), shape(state)[-1]) == ("All.", "All.")


def test_a_supervisors_own_tools_stand_before_its_answer() -> None:
    events = [started("supervisor"), step(1), call("t"), result("t"), step(2), OVER]
    assert shape(again(stored("Look. So.", events, []))) == ["<t done>", "Look. So."]


def test_each_agent_of_a_sequence_says_its_own() -> None:
    events = [
        *(started("sequential", agent_count=2), {"type": "sequential_step", "agent": "A"}),
        *(step(1), {"type": "sequential_step", "agent": "B"}, step(1), call("t"), result("t")),
        OVER,
    ]
    children = [child("1", step(1), *deltas("dra", "ft")), child("2", step(1), *deltas("B"))]
    children[1]["events"] += [call("t"), result("t"), *deltas("!")]
    state = again(stored("draftB!", events, children))
    assert shape(state) == ["[A done]", "0/draft", "[B done]", "2/B", "2/<t done>", "2/!"]
    assert views.text_of(state) == "B!"


def test_a_sequence_whose_texts_were_not_streamed() -> None:
    events = [
        *(started("sequential", agent_count=1), {"type": "sequential_step", "agent": "A"}),
        *(step(1), OVER),
    ]
    state = again(stored("Done.", events, [child("1", content="Done.", events=None)]))
    assert shape(state) == ["[A done]", "0/Done."]
    assert views.text_of(state) == "Done."


def test_the_merge_of_a_parallel_run_is_what_comes_after_everybodys_text() -> None:
    events = [
        *(started("parallel", agent_count=2), step(1), step(1)),
        *({"type": "step_reset", "step": 1}, step(1), call("t"), result("t"), step(1), OVER),
    ]
    children = [
        child("2", step(1), *deltas("b", "d"), call("t"), result("t")),
        child("1", *deltas("ac")),
    ]
    state = again(stored("abcdMerged.", events, children))
    assert views.text_of(state) == "Merged."
    assert shape(state) == [
        *("[2 of 2 done]", "3/<t done>", "Merged.", "0/[ done]", "3/bd", "0/[ done]", "5/ac"),
    ]
    alone = [started("parallel", agent_count=1), step(1), OVER]
    state = again(stored("ab", alone, [child("1", step(1), *deltas("a", "b"))]))
    assert (shape(state), views.text_of(state)) == (["[ done]", "0/ab"], "ab")


def test_a_run_that_failed_says_why_and_has_no_answer() -> None:
    events = [
        *(started("sequential", agent_count=1), {"type": "sequential_step", "agent": "A"}),
        {"type": "orchestration_completed", "status": "failed"},
    ]
    told = stored("half", events, [child("1", *deltas("half"), status="failed")])
    state = again({**told, "status": "failed", "error": "Agent 'A' failed: no"})
    assert (state.status, views.text_of(state), shape(state)) == (
        *("failed", ""),
        ["[A failed]", "0/half"],
    )
    assert state.error is not None
    assert state.error.message == "Agent 'A' failed: no"


def test_a_run_that_is_not_over_is_interrupted_and_what_is_known_is_kept() -> None:
    events = [started("supervisor"), call("delegate_to_A"), began("A", "1")]
    state = again({**stored(None, events, [child("1", *deltas("a"))]), "status": "running"})
    assert (state.status, shape(state)) == (
        "interrupted",
        ["<delegate_to_A done>", "[A done]", "1/a"],
    )


def test_what_a_hook_took_back_is_not_told_again() -> None:
    hook = {"type": "hook_result", "hook_event": "PreResponse", "status": "succeeded"}
    events = [
        *(started("sequential", agent_count=1), {"type": "sequential_step", "agent": "A"}),
        *(step(1), {**hook, "modified": True, "blocked": False}, OVER),
    ]
    told = stored("clean", events, [child("1", *deltas("secret"))])
    assert "secret" not in repr(list(retell(told)))
    assert views.text_of(again(told)) == "clean"


def test_the_parts_of_a_child_may_be_anything() -> None:
    odd = {
        "child_runs": [7, None, {}, {"run_id": 7, "events": "x", "tool_calls": 5, "steps": True}]
    }
    assert [(one.child_id, one.texts, one.steps) for one in children_of(odd).children] == [
        (None, [], None),
        (None, [], None),
    ]
    assert children_of({}) == ev.StoredChildren(children=[])
    assert again(stored(None, [7, {"type": "weather"}], [])).kind == "orchestration"


def test_a_child_took_as_long_as_its_frames() -> None:
    times = ["2026-01-05T09:00:01.500000+00:00", "2026-01-05T09:00:03+00:00"]
    (one,) = children_of({"child_runs": [child("1", *[{"ts": at} for at in times])]}).children
    assert one.seconds == 1.5
    (one,) = children_of({"child_runs": [child("1", {"ts": "yesterday"}, {"ts": 7})]}).children
    assert one.seconds is None
