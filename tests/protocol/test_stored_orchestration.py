"""A stored run of an orchestration, told again (docs/protocol.md#child-runs)."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powawidget.protocol import events as ev
from powawidget.protocol.stored.children import children_of
from powawidget.protocol.stored.run import events_of_stored
from powawidget.state import values
from powawidget.state.model import RunState
from tests.state.test_reduce_delegations import shape
from tests.walk import FIXTURES, kept, outcome, walk


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
    return walk(events_of_stored(told)).state


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
    assert (values.text_of(state), state.status, state.usage) == (
        *("So.", "completed"),
        {"total_tokens": 4},
    )


def test_where_an_agents_text_is_not_found_the_rest_is_the_answer() -> None:
    events = [started("supervisor"), call("delegate_to_A"), began("A", "1"), ended("A", "1"), OVER]
    state = again(stored("All.", events, [child("1", *deltas("other"))]))
    assert values.text_of(state) == "All."
    state = again(stored("All.", events, [child("9", *deltas("All."))]))
    assert (values.text_of(state), shape(state)[-1]) == ("All.", "All.")


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
    assert values.text_of(state) == "B!"


def test_a_sequence_whose_texts_were_not_streamed() -> None:
    events = [
        *(started("sequential", agent_count=1), {"type": "sequential_step", "agent": "A"}),
        *(step(1), OVER),
    ]
    state = again(stored("Done.", events, [child("1", content="Done.", events=None)]))
    assert shape(state) == ["[A done]", "0/Done."]
    assert values.text_of(state) == "Done."


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
    assert values.text_of(state) == "Merged."
    assert shape(state) == [
        *("[2 of 2 done]", "3/<t done>", "Merged.", "0/[ done]", "3/bd", "0/[ done]", "5/ac"),
    ]
    alone = [started("parallel", agent_count=1), step(1), OVER]
    state = again(stored("ab", alone, [child("1", step(1), *deltas("a", "b"))]))
    assert (shape(state), values.text_of(state)) == (["[ done]", "0/ab"], "ab")


def test_a_run_that_failed_says_why_and_has_no_answer() -> None:
    events = [
        *(started("sequential", agent_count=1), {"type": "sequential_step", "agent": "A"}),
        {"type": "orchestration_completed", "status": "failed"},
    ]
    told = stored("half", events, [child("1", *deltas("half"), status="failed")])
    state = again({**told, "status": "failed", "error": "Agent 'A' failed: no"})
    assert (state.status, values.text_of(state), shape(state)) == (
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
    assert "secret" not in repr(list(events_of_stored(told)))
    assert values.text_of(again(told)) == "clean"


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


STORED = sorted(
    path.name.removesuffix(".stored.json") for path in FIXTURES.glob("orchestration_*.stored.json")
)


def kept_stored(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((FIXTURES / f"{name}.stored.json").read_bytes())
    return told


@pytest.mark.parametrize("name", [name for name in STORED if "content" in kept_stored(name)])
def test_a_stored_run_told_again_comes_to_what_the_live_one_did(name: str) -> None:
    live = outcome(kept(FIXTURES / f"{name}.sse").state)
    told = kept_stored(name)
    for runs in itertools.permutations(told["child_runs"]):
        again_ = outcome(again({**told, "child_runs": list(runs)}))
        assert {**again_, "session_id": live["session_id"]} == live


def at(second: float, *frames: dict[str, Any]) -> list[dict[str, Any]]:
    """Frames of one moment; the deltas have no time."""
    ts = f"2026-01-05T09:00:{second:09.6f}+00:00"
    return [one if "delta" in one else {**one, "ts": ts} for one in frames]


def turn(agent: str) -> dict[str, Any]:
    return {"type": "sequential_step", "agent": agent}


def sequence(*children: dict[str, Any], texts: list[str], timed: bool = True) -> Any:
    """A stored sequence of agents A, B, C..., whose own frames are those of `at(1)`, `at(2)`..."""
    events = [started("sequential", agent_count=len(texts))]
    for number in range(len(texts)):
        mark = turn("ABCDEFG"[number])
        events += at(number + 1.0, mark) if timed else [mark]
    return stored("".join(texts), [*events, OVER], list(children))


def worked(run_id: str, second: float | None, *texts: str, **said: Any) -> dict[str, Any]:
    frames = [step(1)] if second is None else at(second, step(1))
    return child(run_id, *frames, *deltas(*texts), usage={"n": int(run_id)}, **said)


def shown(state: RunState) -> list[tuple[str, str, Any]]:
    return [(one.agent, one.text, one.usage) for one in values.delegations_of(state)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_steps_of_a_sequence_are_told_by_their_times(order: tuple[int, ...]) -> None:
    children = [worked("1", 1.5, "a"), worked("2", 2.5, "b"), worked("3", 3.5, "c")]
    for timed in (True, False):
        told = sequence(*(children[i] for i in order), texts=["a", "b", "c"], timed=timed)
        state = again(told)
        assert values.text_of(state) == "c"
        assert shown(state) == [("A", "a", {"n": 1}), ("B", "b", {"n": 2}), ("C", "c", {"n": 3})]
        # Where the text isn't what the parts come to, times alone tell.
        other = again({**told, "content": "a b c"})
        assert (shown(other), values.text_of(other)) == (shown(state), "c")


@pytest.mark.parametrize("turned", [False, True])
def test_agents_that_said_the_same_are_told_apart_by_their_times(turned: bool) -> None:
    first, second = worked("1", 1.5, "same"), worked("2", 2.5, "same")
    pair = [second, first] if turned else [first, second]
    state = again(sequence(*pair, texts=["same", "same"]))
    assert shown(state) == [("A", "same", {"n": 1}), ("B", "same", {"n": 2})]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("seconds", [(None, None), (1.5, 1.5), (1.5, None), (None, 1.5)])
def test_where_times_are_missing_or_equal_the_texts_tell(
    turned: bool, seconds: tuple[float | None, float | None]
) -> None:
    pair = [worked("1", seconds[0], "first"), worked("2", seconds[1], "second")]
    state = again(sequence(*(reversed(pair) if turned else pair), texts=["first", "second"]))
    assert shown(state) == [("A", "first", {"n": 1}), ("B", "second", {"n": 2})]
    assert values.text_of(state) == "second"


def test_the_text_counts_more_than_a_clock_that_was_set_back() -> None:
    pair = [worked("1", 2.5, "first"), worked("2", 1.5, "second")]
    state = again(sequence(*pair, texts=["first", "second"]))
    assert values.text_of(state) == "second"
    assert shown(state) == [("A", "first", {"n": 1}), ("B", "second", {"n": 2})]


@pytest.mark.parametrize("turned", [False, True])
def test_children_without_events_are_told_by_their_answers(turned: bool) -> None:
    pair = [
        child("1", content="Final.", events=None, usage={"n": 1}),
        child("2", content="Polished.", events=None, usage={"n": 2}),
    ]
    told = sequence(*(reversed(pair) if turned else pair), texts=["Draft. Final.", "Polished."])
    state = again(told)
    assert shown(state) == [("A", "Final.", {"n": 1}), ("B", "Polished.", {"n": 2})]
    assert values.text_of(state) == "Polished."


def test_where_nothing_tells_the_order_no_agent_is_given_anothers_text() -> None:
    pair = [worked("1", None, "a"), worked("2", None, "aa")]
    state = again(sequence(*pair, texts=["a", "aa"], timed=False))
    assert [text for _, text, _ in shown(state)] == ["", ""]
    assert values.text_of(state) == "aaa"


@given(st.lists(st.sampled_from(["", "a", "b", "ab", "ba", "aba"]), max_size=7), st.randoms())
def test_with_times_any_texts_in_any_order_are_their_agents(texts: list[str], chance: Any) -> None:
    children = [worked(str(i + 1), i + 1.5, text) for i, text in enumerate(texts)]
    chance.shuffle(children)
    state = again(sequence(*children, texts=texts))
    assert [(text, usage) for _, text, usage in shown(state)] == [
        (text, {"n": number}) for number, text in enumerate(texts, 1)
    ]
    assert values.text_of(state) == (texts[-1] if texts else "")


@given(st.lists(st.sampled_from(["a", "b", "ab", "ba", "aba"]), max_size=7), st.randoms())
def test_without_times_a_text_is_its_agents_or_nobodys(texts: list[str], chance: Any) -> None:
    children = [worked(str(i + 1), None, text) for i, text in enumerate(texts)]
    chance.shuffle(children)
    state = again(sequence(*children, texts=texts, timed=False))
    for (_, text, _), right in zip(shown(state), texts, strict=True):
        assert text in {right, ""}
    assert values.text_of(state) in {"".join(texts[-1:]), "".join(texts)}


@given(st.lists(st.sampled_from(["", "", "a.", "b."]), max_size=4), st.randoms())
def test_a_text_is_not_given_to_an_agent_that_said_nothing(texts: list[str], chance: Any) -> None:
    texts = [text and f"{number}{text}" for number, text in enumerate(texts)]
    for second in (None, 9.5):  # what is missing, and what is equal, tells nothing
        children = [worked(str(i + 1), second, text) for i, text in enumerate(texts)]
        chance.shuffle(children)
        state = again(sequence(*children, texts=texts, timed=second is not None))
        for (_, text, usage), right in zip(shown(state), texts, strict=True):
            assert text in {right, ""}
            assert not right or usage is None or texts[usage["n"] - 1] == right
        assert values.text_of(state) in {"".join(texts[-1:]), "".join(texts)}


def test_times_that_the_texts_contradict_do_not_tell_where_one_said_nothing() -> None:
    children = [worked("1", 0.3, "a."), worked("2", 0.2, "b."), worked("3", 0.1, "")]
    state = again(sequence(*children, texts=["a.", "b.", ""]))
    assert {text for _, text, _ in shown(state)} == {""}


def test_where_one_agents_time_is_lost_the_texts_tell_where_it_stood() -> None:
    children = [worked("1", None, "a."), worked("2", 2.5, ""), worked("3", None, "c.")]
    for order in itertools.permutations(children):
        state = again(sequence(*order, texts=["a.", "", "c."]))
        assert shown(state) == [("A", "a.", {"n": 1}), ("B", "", {"n": 2}), ("C", "c.", {"n": 3})]


def failed(agent: str, run_id: str, second: float, call_id: str) -> list[dict[str, Any]]:
    """A delegation that fails in the frames of a supervisor; nothing is stored of its text."""
    return [
        *at(second, call(f"delegate_to_{agent}", call_id), began(agent, run_id), step(1)),
        *at(second + 30, {**ended(agent, run_id), "status": "failed"}),
        *at(second + 30, result(f"delegate_to_{agent}", "no", call_id)),
    ]


LOST = {"events": None, "content": None, "status": "failed"}


@pytest.mark.parametrize(
    ("content", "took", "said"),
    [
        ("I ask. It failed.", 1.0, ["I ask. ", "It failed."]),
        ("It failed. Sorry.", 0.1, ["", "It failed. Sorry."]),  # asked without a word
        ("I ask. Then I see. It failed.", 3.0, ["I ask. Then I see. ", "It failed."]),
        (
            "I ask. It failed. Sorry. Try it again.",
            0.7,
            ["I ask. ", "It failed. Sorry. Try it again."],
        ),
        ("I ask. Wait.It failed. Sorry.", 0.5, ["I ask. Wait.", "It failed. Sorry."]),
        ("no sentence at all", 1.0, ["", "no sentence at all"]),
    ],
)
def test_the_text_around_a_failed_agent_is_divided_by_the_events(
    content: str, took: float, said: list[str]
) -> None:
    events = [
        *(started("supervisor"), *at(1.0, step(1)), *failed("A", "1", 1.0 + took, "c")),
        *(*at(40.0, step(2)), *at(42.0, {"type": "step_completed", "step": 2}), OVER),
    ]
    state = again(stored(content, events, [child("1", **LOST)]))
    assert values.text_of(state) == said[-1]
    before = [said[0]] if said[0] else []
    assert shape(state) == [*before, "<delegate_to_A failed>", "[A failed]", said[1]]


def test_without_times_the_first_sentence_is_what_was_said_before() -> None:
    events = [
        *(started("supervisor"), step(1), call("delegate_to_A"), began("A", "1")),
        *({**ended("A", "1"), "status": "failed"}, result("delegate_to_A", "no"), step(2), OVER),
    ]
    state = again(stored("I ask. It failed. Sorry.", events, [child("1", **LOST)]))
    assert shape(state)[0] == "I ask. "
    assert values.text_of(state) == "It failed. Sorry."


def test_a_failed_agent_after_one_that_answered() -> None:
    events = [
        *(started("supervisor"), *at(1.0, step(1), call("delegate_to_A"), began("A", "1"))),
        *(*at(2.0, step(1)), ended("A", "1"), result("delegate_to_A")),
        *(*at(3.0, step(2)), *failed("B", "2", 4.0, "d")),
        *(*at(40.0, step(3)), *at(42.0, {"type": "step_completed", "step": 3}), OVER),
    ]
    children = [child("2", **LOST), child("1", step(1), *deltas("Facts."))]
    state = again(stored("I ask A. Facts.Now B. B failed, A did not.", events, children))
    assert shape(state) == [
        *("I ask A. ", "<delegate_to_A done>", "[A done]", "2/Facts."),
        *("Now B. ", "<delegate_to_B failed>", "[B failed]", "B failed, A did not."),
    ]


def test_the_text_after_a_supervisors_own_tool_is_told_where_it_has_a_joint() -> None:
    events = [started("supervisor"), step(1), call("t"), result("t"), step(2), OVER]
    state = again(stored("I look.It is 21 °C. Warm.", events, []))
    assert shape(state) == ["I look.", "<t done>", "It is 21 °C. Warm."]


def test_an_agents_short_text_is_not_found_within_a_word() -> None:
    events = [started("supervisor"), step(1), call("delegate_to_A"), began("A", "1"), step(1)]
    events += [ended("A", "1"), result("delegate_to_A"), step(2), OVER]
    state = again(stored("It may be. maySo.", events, [child("1", step(1), *deltas("may"))]))
    assert values.text_of(state) == "So."
    state = again(stored("Say it: aSo.", events, [child("1", step(1), *deltas("a"))]))
    assert (shape(state)[0], values.text_of(state)) == ("Say it: ", "So.")


def test_agents_of_a_group_whose_texts_were_not_kept_are_no_part_of_the_merge() -> None:
    events = [started("parallel", agent_count=2), step(1), step(1), step(1), OVER]
    children = [child("1", content="ab", events=None), child("2", content="cd", events=None)]
    assert values.text_of(again(stored("acbdMerged.", events, children))) == "Merged."


def test_cards_with_one_id_go_to_the_agent_that_made_the_call() -> None:
    def asks(city: str, found: str) -> list[dict[str, Any]]:
        asked = {**call("t", "call_1"), "arguments": {"city": city}}
        return [asked, result("t", found, "call_1")]

    mixed = [asks("Nice", "15"), asks("Brest", "9")]
    events = [
        *(started("parallel", agent_count=2), step(1), step(1)),
        *(mixed[0][0], mixed[0][1], mixed[1][0], mixed[1][1], step(1), OVER),
    ]
    children = [
        child("2", step(1), *mixed[1], *deltas("b")),
        child("1", step(1), *mixed[0], *deltas("a")),
    ]
    state = again(stored("abSo.", events, children))
    assert [
        (one.text, [(c.arguments, c.result) for c in one.tool_calls])
        for one in values.delegations_of(state)
    ] == [("b", [({"city": "Brest"}, "9")]), ("a", [({"city": "Nice"}, "15")])]
