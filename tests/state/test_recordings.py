"""The recordings of the real service, replayed."""

import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest

import powawidget
from powawidget.protocol import events as ev
from powawidget.protocol.stored.run import events_of_stored
from powawidget.state.model import plain
from tests.walk import RECORDED, outcome, payloads, recordings, replayed, walk

KINDS = ("agent_", "nostream_", "disconnect_during", "disconnect_plain")
RECORDINGS = recordings(KINDS)
SHORT = 20_000
# An error page stands in place of this one's stream.
NO_STREAM = "agent_model_without_key"


def frames(path: Path) -> list[dict[str, Any]]:
    found = [json.loads(payload) for payload in payloads(path.read_bytes()) if payload[0] == "{"]
    return [one for one in found if "event" in one]


def said(told: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [one for one in told if one["event"] == name]


def status_of(told: list[dict[str, Any]]) -> str:
    """How a run ends, read from the frames alone (docs/protocol.md#run-status)."""
    ends = said(told, "complete")
    if ends:
        return str(ends[-1]["status"])
    return "failed" if said(told, "error") else "interrupted"


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_comes_to_what_its_frames_say(path: Path) -> None:
    told = frames(path)
    run = powawidget.replay(path)
    ends = said(told, "complete")
    assert run.status == status_of(told)
    if ends:
        assert run.text == ends[-1]["content"]
        assert run.usage == ends[-1].get("usage")
    else:
        assert (
            run.text
            == ev.read(
                json.dumps(
                    {
                        "event": "chunk",
                        "content": "".join(one["delta"] for one in said(told, "content_delta")),
                    }
                )
            ).text
        ), "what was streamed, made harmless"  # type: ignore[attr-defined]  # a chunk has text
    if path.stem != NO_STREAM:
        (start,) = said(told, "start")
        assert (run.run_id, run.session_id) == (start["run_id"], start["session_id"])


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_each_call_has_one_card_with_its_full_result(path: Path) -> None:
    told = frames(path)
    asked, results = said(told, "tool_call"), said(told, "tool_result")
    ends = said(told, "complete")
    reported = ends[-1].get("tool_calls", []) if ends else []
    gated = {one["tool_name"] for one in said(told, "approval_requested")}
    cards = powawidget.replay(path).tool_calls
    assert [card.call_id for card in cards] == [one["call_id"] for one in asked]
    assert {card.status for card in cards} <= {"done", "failed", "denied", "interrupted"}
    for card in cards:
        frame = next((one for one in results if one["call_id"] == card.call_id), None)
        if frame is None:
            assert (card.status, card.result) == ("interrupted", None)
            continue
        assert card.preview == frame["result_preview"]
        if card.name in gated:  # each of these ran at once, after a wait that isn't its time
            assert card.seconds is not None
            assert card.seconds < 0.1 < frame["duration_ms"] / 1000
        else:
            assert card.seconds == frame["duration_ms"] / 1000
        if reported:
            full = [one["result"] for one in reported if one["duration_ms"] == frame["duration_ms"]]
            assert card.result in full
    if reported:
        assert sorted(str(card.result) for card in cards) == sorted(
            str(one["result"]) for one in reported
        )


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_nothing_is_open_at_the_end_and_all_can_be_sent(path: Path) -> None:
    state = replayed(path.read_bytes()).state
    json.dumps(plain(state), ensure_ascii=False, allow_nan=False).encode()
    assert state.reasoning.since is None
    assert {"pending", "sending"}.isdisjoint(outcome(state)["approvals"])


@pytest.mark.parametrize(
    "path",
    [path for path in RECORDINGS if path.stat().st_size <= SHORT],
    ids=lambda path: path.stem,
)
def test_one_byte_at_a_time_comes_to_the_same(path: Path) -> None:
    data = path.read_bytes()
    assert replayed(data, range(len(data))).batches == replayed(data).batches


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_random_cuts_come_to_the_same(path: Path) -> None:
    data = path.read_bytes()
    whole = replayed(data)
    chance = random.Random(path.stem)
    for _ in range(8 if len(data) <= SHORT else 1):
        cuts = [chance.randrange(len(data)) for _ in range(chance.randrange(1, 60))]
        assert replayed(data, cuts) == whole


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_no_frame_of_a_recording_is_unknown(path: Path) -> None:
    if path.stem != NO_STREAM:
        run = powawidget.replay(path)
        assert not [event for event in run.events if isinstance(event, ev.Unknown | ev.Malformed)]


@pytest.mark.parametrize("name", ["agent_preresponse_edit", "agent_preresponse_deny"])
def test_an_answer_that_a_hook_took_back_is_readable_nowhere(name: str) -> None:
    (path,) = recordings((name + ".",))
    streamed = "".join(one["delta"] for one in said(frames(path), "content_delta"))
    run = powawidget.replay(path)
    kept = " ".join([run.text, repr(list(run.events)), repr(run), repr(run._live.snapshot())])
    words = streamed.split()
    phrases = [f"{one} {two}" for one, two in itertools.pairwise(words)]
    assert phrases
    assert not [phrase for phrase in phrases if phrase in kept]
    assert "content_delta" not in kept
    assert [event for event in run.events if isinstance(event, ev.Withheld)]


def test_decisions_are_read_from_the_stream() -> None:
    shown = {
        path.stem.removeprefix("agent_approval_"): outcome(replayed(path.read_bytes()).state)[
            "approvals"
        ]
        for path in recordings(("agent_approval_",))
    }
    assert shown == {
        "approved": ["approved"],
        "approved_engine061": ["approved"],
        "denied_engine061": ["denied"],
        "denied_with_reason": ["denied"],
        "double_gate_engine061": ["approved", "approved"],
        "expired_engine061": ["expired"],
        "timeout_5s": ["expired"],
        "two_parallel_deny_then_nothing": ["denied", "denied"],
        "two_parallel_one_post": ["approved", "approved"],
        "two_sequential": ["approved", "denied"],
    }


def test_stored_runs_come_to_what_the_server_keeps_of_them() -> None:
    seen = 0
    for path in sorted((RECORDED / "http").glob("run_get_after_agent_*.json")):
        stored = json.loads(path.read_bytes())["response"]["body"]
        told = outcome(walk(events_of_stored(stored)).state)
        assert told["run_id"] == stored["run_id"]
        if stored["status"] in {"completed", "failed"}:
            assert (told["status"], told["text"]) == (stored["status"], stored["content"] or "")
        calls = stored["tool_calls"] or []
        assert sorted(str(call["result"]) for call in told["tool_calls"]) == sorted(
            str(call["result"]) for call in calls
        )
        seen += 1
    assert seen
