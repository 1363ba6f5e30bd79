"""A page that has all of a run isn't sent it a second time when it says hello."""

import json
from typing import Any

import comm
import pytest

import powawidget
from powawidget.live.run import NONCE
from powawidget.settings import options
from tests.bench.answers import one_paragraph, stream
from tests.joined import joined


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What comms carry to the page, as JSON."""
    carried: list[dict[str, Any]] = []

    class Noting(comm.DummyComm):
        def publish_msg(self, msg_type: str, data: Any = None, **_: object) -> None:
            carried.append(json.loads(json.dumps({"type": msg_type, **(data or {})})))

    monkeypatch.setattr(comm, "create_comm", Noting)
    return carried


def given(sent: list[dict[str, Any]]) -> dict[str, Any]:
    """The snapshot that the widget was opened with."""
    states = [each["state"] for each in sent if each["type"] == "comm_open"]
    return next(state["_state"] for state in states if "_state" in state)


def answer(widget: Any, sent: list[dict[str, Any]], **hello: Any) -> dict[str, Any]:
    """What a hello is answered with."""
    del sent[:]
    widget._requests.receive({"kind": "hello", **hello})
    answers = joined(each["content"] for each in sent if each.get("method") == "custom")
    return next(each for each in answers if each["kind"] in ("state", "current"))


def test_what_came_with_the_widget_is_not_sent_again(sent: list[dict[str, Any]]) -> None:
    run = powawidget.replay(stream(one_paragraph(5_000)))
    widget = run.widget
    first = given(sent)
    said = answer(widget, sent, have=first["seq"], made=first["now"])
    assert said.pop("now") >= first["now"]
    assert said == {"kind": "current", "seq": first["seq"], "nonce": NONCE}


def test_another_page_and_a_saved_one_are_sent_the_whole(sent: list[dict[str, Any]]) -> None:
    run = powawidget.replay(stream(one_paragraph(5_000)))
    widget = run.widget
    first = given(sent)
    for have, made in (
        (first["seq"], None),
        (first["seq"], first["now"] - 0.001),  # another kernel's, with the same number
        (first["seq"] + 1, first["now"]),
        (first["seq"] - 1, first["now"]),
        ("0", "0"),
        ({}, []),
    ):
        said = answer(widget, sent, have=have, made=made)
        assert said["kind"] == "state"
        assert said["state"]["parts"][0]["text"] == run.text
    # What it was answered with, it has from then on.
    assert answer(widget, sent, have=said["seq"], made=said["now"])["kind"] == "current"


def test_what_the_file_has_only_in_part_is_sent_whole(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "file_limit", 100_000)
    run = powawidget.replay(stream(one_paragraph(300_000)))
    widget = run.widget
    first = given(sent)
    assert len(first["state"]["parts"][0]["text"]) < len(run.text)
    said = answer(widget, sent, have=first["seq"], made=first["now"])
    assert said["state"]["parts"][0]["text"] == run.text


def test_a_sync_is_always_answered_with_the_whole(sent: list[dict[str, Any]]) -> None:
    widget = powawidget.replay(stream(["hello"])).widget
    first = given(sent)
    said = answer(widget, sent, kind="sync", have=first["seq"], made=first["now"])
    assert said["kind"] == "state"


def test_a_small_file_is_not_told_of_and_a_large_one_is(sent: list[dict[str, Any]]) -> None:
    widget = powawidget.replay(stream(["hello"])).widget

    def told(size: int) -> list[int]:
        del sent[:]
        widget.announce_settled_file(size)
        answer = [each["content"] for each in sent if each.get("method") == "custom"]
        return [each["bytes"] for each in answer if each["kind"] == "file"]

    assert told(2_800) == []
    assert told(12_000) == [12_000]
    assert told(2_800) == [2_800], "what was told before is put right"
