"""What goes into the notebook's file is told to the page as its difference from the whole."""

import copy
import json
from typing import Any

import pytest
from ipywidgets import Widget

import powawidget
from powawidget.kernel import host
from powawidget.settings import _CORE
from powawidget.state.model import ChatState, plain
from powawidget.widget import file_state
from powawidget.widget.transcript_output import TranscriptOutput
from tests.bench.answers import one_paragraph, stream

LIMIT = 20_000


def made(text: str = "") -> dict[str, Any]:
    """Make the state of a run with a long answer."""
    run = powawidget.replay(stream([*one_paragraph(60_000), text]))
    state: dict[str, Any] = plain(run._live.state)
    return state


def cut(whole: Any, cuts: list[list[Any]]) -> Any:
    """Do what the page does: it counts in units of UTF-16."""
    kept = copy.deepcopy(whole)
    for path, value, *more in cuts:
        owner = kept
        for key in path[:-1]:
            owner = owner[key]
        if more:
            start = owner[path[-1]].encode("utf-16-le")[: 2 * value].decode("utf-16-le")
            owner[path[-1]] = start + more[0]
        else:
            owner[path[-1]] = value
    return kept


def test_cuts_make_the_shorter_state_of_the_whole_in_a_few_bytes() -> None:
    whole = made()
    kept = file_state.run(whole, LIMIT)
    cuts = file_state.differences(whole, kept)
    assert kept != whole
    assert cut(whole, cuts) == kept
    assert len(json.dumps(cuts)) < LIMIT / 20


def test_a_cut_counts_as_javascript_does() -> None:
    whole = {"parts": [{"text": "🚢" * 100}, {"text": "é"}]}
    kept = {"parts": [{"text": "🚢" * 10 + "\nmore"}, {"text": "é"}]}
    assert file_state.differences(whole, kept) == [[["parts", 0, "text"], 20, "\nmore"]]


def _recorded(calls: int) -> bytes:
    """A run of short calls, each after a step of the model."""
    frames: list[dict[str, Any]] = []
    for number in range(1, calls + 1):
        what = {"step": number, "tool_name": "search", "call_id": f"c{number}"}
        frames += [
            {"event": "step_started", "step": number},
            {"event": "reasoning", "step": number, "content": "I look it up."},
            {"event": "tool_call", **what, "arguments": {"query": f"tide {number}"}},
            {"event": "tool_result", **what, "result": "high", "duration_ms": 100},
            {"event": "step_completed", "step": number, "finish_reason": "tool_calls"},
        ]
    frames.append({"event": "complete", "status": "completed", "content": "Done."})
    return "".join(f"data: {json.dumps(each)}\n\n" for each in frames).encode()


@pytest.mark.parametrize("limit", [LIMIT, 48_000])
def test_a_run_of_very_many_calls_fits_and_its_times_name_the_same_calls(limit: int) -> None:
    whole = powawidget.replay(_recorded(400)).widget.snapshot()["state"]
    assert len(json.dumps(whole["spans"])) > 100_000
    kept = file_state.run(whole, limit)
    assert len(json.dumps(kept)) <= limit
    tools = [span for span in kept["spans"] if span["kind"] == "tool"]
    assert tools
    before = {json.dumps(part) for part in whole["parts"]}
    for span in tools:
        part = kept["parts"][span["of"]]
        assert json.dumps(part) in before
        (was,) = (each for each in whole["spans"] if {**each, "of": span["of"]} == span)
        assert whole["parts"][was["of"]] == part


def test_a_state_of_any_long_list_fits() -> None:
    state = plain(powawidget.replay(stream(["hello"])).widget.snapshot()["state"])
    thought = {"step": 1, "text": "I look it up.", "whole": False, "within": None}
    block = {"id": "b", "name": "Block", "type": "agent", "status": "done", "text": ""}
    span = {"kind": "block", "name": "", "within": None, "start": 1.0, "end": 2.0}
    long = {
        "reasoning": {**state["reasoning"], "thoughts": [thought] * 3_000},
        "citations": [{"key": "1", "source": "a" * 50, "excerpt": "b" * 500}] * 1_000,
        "blocks": [block] * 1_000,
        "spans": [{**span, "of": number} for number in range(1_000)],
    }
    for name, value in [*long.items(), ("all", None)]:
        kept = file_state.run({**state, **(long if value is None else {name: value})}, LIMIT)
        assert len(json.dumps(kept)) <= LIMIT, name
        blocks = [each["of"] for each in kept["spans"] if each["kind"] == "block"]
        assert all(number < len(kept["blocks"]) for number in blocks)


def test_what_fits_has_no_cuts() -> None:
    whole = made()
    assert file_state.differences(whole, file_state.run(whole, 1_000_000)) == []


def test_lists_of_another_length_are_told_whole() -> None:
    turn = made()
    whole = {**plain(ChatState()), "turns": [turn] * 5, "order": [0, 1, 2, 3, 4]}
    kept = file_state.chat(whole, LIMIT + 10_000)
    cuts = file_state.differences(whole, kept)
    assert len(kept["turns"]) < len(whole["turns"])
    assert cut(whole, cuts) == kept
    assert {path[0] for path, *_ in cuts} == {"turns", "order", "earlier"}


def test_an_end_that_comes_while_a_transcript_is_emitted_is_written_after_it() -> None:
    """An update that overtakes the output it is for changes nothing."""
    rendered: list[str] = []

    def render(_: str) -> dict[str, str]:
        rendered.append("end" if rendered else "on the way")
        if len(rendered) == 1:
            assert transcript.note_change()
            assert transcript.refresh(transcript.written()) == len("the end")
        return {"text/plain": f"the {rendered[-1]}"}

    transcript = TranscriptOutput(render)
    assert not transcript.note_change(), "it isn't shown"
    assert not transcript.begin()
    assert transcript.emit() == len("the end")
    assert rendered == ["on the way", "end", "end"]
    transcript.emit()
    assert len(rendered) == 4


def test_an_end_that_overtakes_the_second_writing_of_a_transcript_is_what_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was written first may be sent last."""
    sent: list[str] = []
    monkeypatch.setattr(host, "publish", lambda _, content, *__: sent.append(content["data"]["is"]))
    rendered: list[int] = []

    def render(_: str) -> dict[str, str]:
        rendered.append(len(rendered))
        mine = rendered[-1]
        if mine == 0:
            transcript.note_change()
        if mine == 1:
            transcript.note_change()
            transcript.refresh(transcript.written())
        return {"is": "old" if mine < 2 else "new"}

    transcript = TranscriptOutput(render)
    transcript.begin()
    transcript.emit()
    assert sent[-1] == "new"


def test_half_a_character_is_counted_too() -> None:
    whole = {"text": "a\ud83d and more"}
    assert file_state.differences(whole, {"text": "a\ud83d or less"}) == [[["text"], 3, "or less"]]


def test_what_is_reserved_in_the_file_for_the_core_is_enough() -> None:
    """A notebook with one run, saved with the state of its widgets."""
    widget = powawidget.replay(stream(["hello"])).widget
    states = Widget.get_manager_state(widgets=[widget, *widget._core])["state"]
    states[widget.model_id]["state"]["_state"] = None
    assert len(json.dumps(states)) <= _CORE
