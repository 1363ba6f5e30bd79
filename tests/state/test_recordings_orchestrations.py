"""The recordings of the real service's orchestrations."""

import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest

import powawidget
from powawidget.protocol import events as ev
from powawidget.protocol.stored.children import children_of
from powawidget.protocol.stored.run import events_of_stored
from powawidget.state import values
from powawidget.state.model import ParallelPart, RunState, TextPart, plain
from tests.walk import RECORDED, outcome, payloads, recordings, replayed, walk

RECORDINGS = recordings(("orch_", "disconnect_orchestration"))
# An error page stands in place of this one's stream.
STREAMS = [path for path in RECORDINGS if path.stem != "orch_bad_uuid_stream"]

SUPERVISED = [
    (
        "Researcher",
        "done",
        "Looking it up. Facts: the Moon pulls the oceans.",
        [("mcp__stub__get_weather", '{"city": "Brest", "temp_c": 15, "sky": "sunny"}')],
    ),
    ("Writer", "done", "The Moon pulls the oceans. Hence tides.", []),
]
# Status, answer, and each agent's name, state, text, tools with results.
Outcome = tuple[str, str, list[tuple[str, str, str, list[tuple[str, str]]]]]
SEQUENCE: Outcome = (
    "completed",
    "B: polished version of the draft.",
    [
        (
            "Drafter",
            "done",
            "A: first draft. A: final draft.",
            [("mcp__stub__get_weather", '{"city": "Nice", "temp_c": 15, "sky": "sunny"}')],
        ),
        ("Polisher", "done", "B: polished version of the draft.", []),
    ],
)
MAILED: Outcome = (
    "completed",
    "Mailer is done.",
    [
        (
            "Mailer",
            "done",
            "I will send the e-mail. Done with the e-mail.",
            [
                (
                    "mcp__stub__send_email",
                    'sent: {"to": "bob@example.org", "subject": "Hi", '
                    '"body": "Hello Bob <b>x</b>"}',
                )
            ],
        )
    ],
)
EXPECTED: dict[str, Outcome] = {
    "disconnect_orchestration": ("interrupted", "word0 word1 word2", []),
    "orch_keepalive_65s": ("completed", "Slow first token.", []),
    "orch_member_tool_rules_not_applied": (
        "completed",
        "ok",
        [("Ruled", "done", "ok", [("http_request", '{"city": "Rome", "temp_c": 27}')])],
    ),
    "orch_no_entities": ("failed", "", []),
    "orch_parallel": ("completed", "Merged: both agents agree.", []),
    "orch_parallel_engine061": ("completed", "Merged: both agents agree.", []),
    "orch_parallel_fail_engine061": ("failed", "", []),
    "orch_router_unknown_strategy": ("failed", "", []),
    "orch_sequential": SEQUENCE,
    "orch_sequential_engine061": SEQUENCE,
    "orch_supervisor": ("completed", "Final: tides are caused by the Moon.", SUPERVISED),
    "orch_supervisor_delegate_fails": (
        "completed",
        "Researcher failed; giving up.",
        [("Researcher", "failed", "", [])],
    ),
    "orch_supervisor_delegate_with_approval_hook_agent": MAILED,
    "orch_supervisor_engine061": ("completed", "Final: tides are caused by the Moon.", SUPERVISED),
    "orch_supervisor_llm_500": ("failed", "", []),
    "orch_supervisor_member_with_approval_engine061": MAILED,
    "orch_supervisor_reasoning": ("completed", "It is 21 °C.", []),
}


def came_to(state: RunState) -> Outcome:
    return (
        state.status,
        values.text_of(state),
        [
            (one.agent, one.status, one.text, [(c.name, str(c.result)) for c in one.tool_calls])
            for one in values.delegations_of(state)
        ],
    )


def recording(name: str) -> bytes:
    return (RECORDED / f"{name}.sse").read_bytes()


def stored(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((RECORDED / "http" / f"{name}.json").read_bytes())[
        "response"
    ]["body"]
    return body


def test_every_recording_has_its_expectation() -> None:
    assert {path.stem for path in STREAMS} == EXPECTED.keys()


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_a_recording_comes_to_its_answer_and_to_each_agents_own_part(path: Path) -> None:
    run = powawidget.replay(path)
    assert came_to(run._live.state) == EXPECTED[path.stem]
    assert (run.text, run._live.state.kind) == (EXPECTED[path.stem][1], "orchestration")


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_one_byte_at_a_time_comes_to_the_same(path: Path) -> None:
    data = path.read_bytes()
    assert replayed(data, range(len(data))).batches == replayed(data).batches


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_random_cuts_come_to_the_same(path: Path) -> None:
    data = path.read_bytes()
    whole = replayed(data)
    chance = random.Random(path.stem)
    for _ in range(8):
        cuts = [chance.randrange(len(data)) for _ in range(chance.randrange(1, 60))]
        assert replayed(data, cuts) == whole


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_wherever_it_is_cut_nothing_is_open_and_no_text_is_in_a_wrong_place(path: Path) -> None:
    data = path.read_bytes()
    whole = texts_by_place(replayed(data).state)
    ends = [place for place, byte in enumerate(data) if byte == ord("\n")]
    for end in ends[::3]:
        state = replayed(data[:end]).state
        json.dumps(plain(state), ensure_ascii=False, allow_nan=False).encode()
        assert "running" not in {getattr(part, "status", "") for part in state.parts}
        for place, text in texts_by_place(state).items():
            assert whole[place].startswith(text)


def texts_by_place(state: RunState) -> dict[tuple[int, int | None], str]:
    return {
        (index, part.within): str(part.text)
        for index, part in enumerate(state.parts)
        if isinstance(part, TextPart)
    }


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_no_frame_of_a_recording_is_unknown(path: Path) -> None:
    run = powawidget.replay(path)
    assert not [event for event in run.events if isinstance(event, ev.Unknown | ev.Malformed)]


def test_of_agents_in_parallel_no_text_is_shown_but_how_much_came() -> None:
    state = replayed(recording("orch_parallel")).state
    (group,) = [part for part in state.parts if isinstance(part, ParallelPart)]
    deltas = [
        event.text
        for event in map(ev.read, payloads(recording("orch_parallel")))
        if isinstance(event, ev.TextDelta)
    ]
    merged = "Merged: both agents agree."
    assert "".join(deltas).endswith(merged)
    assert group.characters == len("".join(deltas)) - len(merged)
    assert [str(part.text) for part in state.parts if isinstance(part, TextPart)] == [merged]


def test_the_stored_children_of_a_parallel_run_have_their_clean_texts() -> None:
    told = stored("orch_run_get_after_orch_parallel")
    stream = map(ev.read, payloads(recording("orch_parallel")))
    state = walk(stream, after=[children_of(told)]).state
    assert came_to(state) == (
        "completed",
        "Merged: both agents agree.",
        [
            ("", "done", "BETA SAYS NINE TEN ELEVEN TWELVE THIRTEEN FOURTEEN.", []),
            ("", "done", "alpha says one two three four five six seven eight.", []),
        ],
    )


def test_the_stored_children_of_a_supervisor_change_no_text_and_no_order() -> None:
    told = stored("orch_run_get_after_orch_supervisor")
    stream = list(map(ev.read, payloads(recording("orch_supervisor"))))
    live, late = walk(stream), walk(stream, after=[children_of(told)])
    ops = late.batches[-1]
    assert {(op[1][-1], op[2]) for op in ops} == {("stored", True)}
    assert came_to(late.state) == came_to(live.state)


def test_a_stored_supervisor_told_again_is_the_live_run() -> None:
    told = stored("orch_run_get_after_orch_supervisor")
    again = walk(events_of_stored(told)).state
    live = walk(
        map(ev.read, payloads(recording("orch_supervisor"))), after=[children_of(told)]
    ).state
    assert came_to(again) == came_to(live) == EXPECTED["orch_supervisor"]
    kinds = [[type(part).__name__ for part in state.parts] for state in (again, live)]
    assert kinds[0] == kinds[1]
    assert outcome(again)["tool_calls"] == outcome(live)["tool_calls"]


def test_a_stored_parallel_run_told_again_has_its_answer_from_the_scrambled_text() -> None:
    again = walk(events_of_stored(stored("orch_run_get_after_orch_parallel"))).state
    assert came_to(again)[:2] == EXPECTED["orch_parallel"][:2]
    assert [one.text[:5] for one in values.delegations_of(again)] == ["BETA ", "alpha"]


def test_an_orchestration_that_was_cut_stays_unfinished_at_the_server() -> None:
    again = walk(events_of_stored(stored("disconnect_orchestration_run"))).state
    assert (again.kind, again.status) == ("orchestration", "interrupted")
    assert again.error is not None
    assert again.error.title == "The run isn't over at the server"


def test_what_a_child_thinks_and_calls_is_within_it() -> None:
    state = replayed(recording("orch_supervisor")).state
    places = [getattr(part, "within", None) for part in state.parts]
    assert places == [None, None, None, 2, 2, 2, None, None, None, 8, None]
    calls = [part.call for part in state.parts if part.__class__.__name__ == "DelegationPart"]
    assert calls == [1, 7]
    assert not [a for a, b in itertools.pairwise(calls) if a == b]
