"""What is over is sent whole to a page that asks; a page loaded again gets a name and a status."""

import json
import threading
import time
from typing import Any

import comm
import pytest
from ipywidgets import Widget
from ipywidgets.embed import embed_data

import powawidget
from powawidget.widget import saving
from tests.bench.answers import one_paragraph, stream
from tests.counterpart import Agent, Pause, Say, start


def over() -> Any:
    """Make a run that is over."""
    return powawidget.replay(stream(one_paragraph(5_000)))


def test_a_page_that_is_there_gets_the_whole_with_the_widget(monkeypatch: Any) -> None:
    opened: list[Any] = []

    class Noting(comm.DummyComm):
        def publish_msg(self, msg_type: str, data: Any = None, **_: object) -> None:
            opened.append({"is_open": msg_type == "comm_open", **(data or {})})

    monkeypatch.setattr(comm, "create_comm", Noting)
    run = over()
    run.widget.answer_hello()
    states = [each["state"] for each in opened if each["is_open"]]
    given = [state["_state"] for state in states if "_state" in state]
    answered = [each["content"] for each in opened if each.get("method") == "custom"]
    assert len(given) == len(answered) == 1
    for whole in (*given, *answered):
        assert "brief" not in whole
        assert whole["state"]["parts"][0]["text"] == run.text


def test_a_page_that_is_loaded_again_gets_a_few_words() -> None:
    state = over().widget.get_state()["_state"]
    assert state["brief"] is True
    assert state["state"] == {"kind": "agent", "name": "recording", "status": "completed"}
    assert len(json.dumps(state)) < 200


def test_a_document_gets_the_whole() -> None:
    run = over()
    views = [run.widget]
    for states in (
        embed_data(views=views)["manager_state"]["state"],
        Widget.get_manager_state(widgets=views)["state"],
    ):
        kept = states[run.widget.model_id]["state"]["_state"]
        assert "brief" not in kept
        assert kept["state"]["parts"][0]["text"] == run.text


def test_what_is_under_way_is_sent_as_it_is() -> None:
    def halves(_: object) -> Any:
        yield Say("The first half. ")
        while not released:
            yield Pause(0.01)
        yield Say("The second half.")

    released: list[bool] = []
    with start(agents=[Agent(name="Halves", script=halves)]) as server:
        pb = powawidget.connect(server.url, api_key=server.key)
        chat = pb.agent("Halves").chat()
        run, turn = pb.agent("Halves").run("hello"), chat.send("hello")
        views = [run.widget, chat.widget]
        while not (run.text and turn.text):
            time.sleep(0.01)
        state = views[0].get_state()["_state"]
        assert "brief" not in state
        assert state["state"]["parts"][0]["text"].startswith("The")
        assert "brief" not in views[1].get_state()["_state"]
        released.append(True)
        run.wait(display=False)
        chat.wait(display=False)
        assert [each.get_state()["_state"]["brief"] for each in views] == [True, True]
        assert views[1].get_state()["_state"]["chat"] == {
            "kind": "agent",
            "name": "Halves",
            "turns": [],
            "order": [],
        }


def test_once_a_page_saves_the_state_of_widgets_one_that_is_loaded_again_gets_the_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It saves what it has at that moment: the file would have a few words in place of the run."""
    monkeypatch.setattr(saving, "noted", threading.Event())
    first, second = over(), over()
    hello = {"kind": "hello", "id": "1", "have": 0, "made": None}
    for odd in (False, None, 1, "yes"):
        first.widget._requests.receive({**hello, "id": f"{odd}", "saves": odd})
        assert second.widget.get_state()["_state"]["brief"] is True
    first.widget._requests.receive({**hello, "saves": True})
    for run in (first, second, over()):
        state = run.widget.get_state()["_state"]
        assert "brief" not in state
        assert state["state"]["parts"][0]["text"] == run.text
