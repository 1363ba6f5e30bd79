"""What goes into the notebook's file is told to the page as its difference from the whole."""

import copy
import json
import pathlib
from typing import Any

import powawidget
from powawidget.settings import _CORE
from powawidget.state.model import ChatState, plain
from powawidget.widget import notebook_file
from powawidget.widget.transcript_output import Document
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
    kept = notebook_file.run(whole, LIMIT)
    cuts = notebook_file.cuts(whole, kept)
    assert kept != whole
    assert cut(whole, cuts) == kept
    assert len(json.dumps(cuts)) < LIMIT / 20


def test_a_cut_counts_as_javascript_does() -> None:
    whole = {"parts": [{"text": "🚢" * 100}, {"text": "é"}]}
    kept = {"parts": [{"text": "🚢" * 10 + "\nmore"}, {"text": "é"}]}
    assert notebook_file.cuts(whole, kept) == [[["parts", 0, "text"], 20, "\nmore"]]


def test_what_fits_has_no_cuts() -> None:
    whole = made()
    assert notebook_file.cuts(whole, notebook_file.run(whole, 1_000_000)) == []


def test_lists_of_another_length_are_told_whole() -> None:
    turn = made()
    whole = {**plain(ChatState()), "turns": [turn] * 5, "order": [0, 1, 2, 3, 4]}
    kept = notebook_file.chat(whole, LIMIT + 10_000)
    cuts = notebook_file.cuts(whole, kept)
    assert len(kept["turns"]) < len(whole["turns"])
    assert cut(whole, cuts) == kept
    assert {path[0] for path, *_ in cuts} == {"turns", "order", "earlier"}


def test_an_end_that_comes_while_a_transcript_is_put_out_is_told_after_it() -> None:
    """An update that overtakes the output it is for is taken by nothing."""
    told: list[str] = []

    def render(_: str) -> dict[str, str]:
        told.append("rendered")
        if len(told) == 1:
            document.ended()
        return {"text/plain": "a transcript"}

    document = Document(render, lambda size: told.append(f"told of {size} bytes"))
    document.show()
    end = ["rendered", "told of 12 bytes"]
    assert told == ["rendered", *end, *end]
    document.show()
    assert told == ["rendered", *end, *end, "rendered"]


def test_half_a_character_is_counted_too() -> None:
    whole = {"text": "a\ud83d and more"}
    assert notebook_file.cuts(whole, {"text": "a\ud83d or less"}) == [[["text"], 3, "or less"]]


def test_what_is_reserved_in_the_file_for_the_core_is_enough() -> None:
    core = pathlib.Path(powawidget.__file__).parent / "static" / "widget.js"
    assert core.stat().st_size <= _CORE
