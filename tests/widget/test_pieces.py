"""No message to a page is larger than what a proxy lets through; what is larger comes in pieces."""

import json
import threading
from typing import Any

import comm
import ipywidgets
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import powawidget
from powawidget.kernel import host
from powawidget.settings import options
from powawidget.widget.pieces import MOST, pieces, size
from tests.bench.answers import one_paragraph, stream
from tests.joined import joined
from tests.seeds import examples

LIMIT = 64_000  # bytes of a message with all that is around it
HEADERS = 2_000  # of a message of Jupyter, and more than they have
# What takes more than one byte on the wire: escapes, characters of two to four bytes, half a one.
HOSTILE = ('"', "\\", "\n", "\x00", "é", "語", "🎉", "\ud83d", "\u2028", "a")
texts = st.lists(st.tuples(st.sampled_from(HOSTILE), st.integers(1, 40_000)), max_size=8).map(
    lambda runs: "".join(letter * count for letter, count in runs)
)


def on_the_wire(content: Any) -> int:
    """How large it is in either form that jupyter_server sends: UTF-8 by ipykernel, or ASCII."""
    utf8 = json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return max(len(utf8), len(json.dumps(content)))


@settings(max_examples=examples(60, 1_000), deadline=None)
@given(st.dictionaries(st.text(max_size=5), texts, max_size=3))
def test_a_message_is_the_same_once_its_pieces_are_joined(said: dict[str, str]) -> None:
    message = {**said, "kind": "state"}
    sent = pieces(message)
    assert joined(sent) == [message]
    assert all(on_the_wire(each) <= MOST for each in sent)
    if size(message) <= MOST:
        assert sent == [message]
    else:
        # No more of them than it takes: each but the last is full, or all but full.
        assert all(on_the_wire(each) > MOST // 2 for each in sent[:-1])


def test_two_messages_have_no_name_in_common() -> None:
    first, second = (pieces({"kind": "state", "text": "x" * 200_000}) for _ in range(2))
    assert len({each["id"] for each in first}) == 1
    assert first[0]["id"] != second[0]["id"]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What comms carry, each message as a whole."""
    carried: list[dict[str, Any]] = []

    class Noting(comm.DummyComm):
        def publish_msg(self, msg_type: str, data: Any = None, **rest: Any) -> None:
            carried.append({"type": msg_type, "data": data, **rest})

    monkeypatch.setattr(comm, "create_comm", Noting)
    return carried


def assert_small(sent: list[dict[str, Any]]) -> None:
    assert sent
    assert max(on_the_wire(each) for each in sent) + HEADERS <= LIMIT


def said(sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages of a widget."""
    return [each["data"]["content"] for each in sent if each["data"].get("method") == "custom"]


def test_a_long_run_opens_answers_and_brings_modules_in_small_messages(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "has_front_end", lambda: True)
    monkeypatch.setattr(options, "file_limit", 10_000_000)
    ipywidgets.Widget.close_all()
    run = powawidget.replay(stream(one_paragraph(300_000)))
    widget = run.widget
    opened = [each["data"]["state"] for each in sent if each["type"] == "comm_open"]
    (given_,) = (state["_state"] for state in opened if "_state" in state)
    begun = given_["state"]["parts"][0]["text"]
    assert 40_000 < len(begun) < 55_000
    assert run.text.startswith(begun.split("\n")[0])
    assert [len(state["code"]) > 30_000 for state in opened if "code" in state] == [True, True]
    widget.answer_hello()
    widget.answer_want("maths")
    widget.send_state()
    widget._send_ops([["append", ["parts", 0, "text"], one_paragraph(200_000)]])
    assert_small(sent)
    whole = joined(said(sent))
    assert [each["kind"] for each in whole] == ["state", "module", "ops"]
    assert whole[0]["state"]["parts"][0]["text"] == run.text
    assert len(whole[1]["packed"]) > LIMIT


def test_what_a_callback_of_a_page_shows_opens_in_a_small_message(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page names no cell with a click on a button."""
    monkeypatch.setattr(host, "request", lambda: {"header": {"msg_type": "comm_msg"}})
    monkeypatch.setattr(options, "file_limit", 10_000_000)
    assert powawidget.replay(stream(one_paragraph(100_000))).widget is not None
    assert_small(sent)


def test_what_nobody_sits_at_is_given_the_whole(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """nbclient saves what a widget was opened with."""
    monkeypatch.setattr(options, "file_limit", 10_000_000)
    run = powawidget.replay(stream(one_paragraph(100_000)))
    assert run.widget is not None
    states = [each["data"]["state"] for each in sent if each["type"] == "comm_open"]
    (whole,) = (state["_state"] for state in states if "_state" in state)
    assert whole["state"]["parts"][0]["text"] == run.text


@pytest.mark.parametrize("has_page", [True, False], ids=["in a page", "without one"])
def test_what_the_file_is_to_hold_is_sent_unasked_only_where_it_is_small_or_nobody_sits(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, *, has_page: bool
) -> None:
    """A run may be over before its page has said hello."""
    published: list[dict[str, Any]] = []
    monkeypatch.setattr(host, "has_front_end", lambda: has_page)
    monkeypatch.setattr(host, "publish", lambda _kind, content, _topic: published.append(content))
    monkeypatch.setattr(options, "file_limit", 10_000_000)
    widget = powawidget.replay(stream(one_paragraph(100_000))).widget
    widget.announce_settled_file(1)
    assert [size(each) > LIMIT for each in published] == ([] if has_page else [True])
    monkeypatch.setattr(options, "file_limit", 160_000)
    widget.announce_settled_file(1)
    assert len(published) == (1 if has_page else 2)
    assert size(published[-1]) < LIMIT
    assert sent


def test_pieces_of_two_threads_are_never_mixed(sent: list[dict[str, Any]]) -> None:
    widget = powawidget.replay(stream(["hello"])).widget
    together = threading.Barrier(4)

    def send(letter: str) -> None:
        together.wait()
        for _ in range(5):
            widget.send({"kind": "module", "packed": letter * 200_000})

    threads = [threading.Thread(target=send, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = [each["packed"] for each in joined(said(sent)) if each["kind"] == "module"]
    assert sorted(whole) == sorted(letter * 200_000 for letter in "abcd" * 5)


def asked_for_all(sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a page that is loaded again is told when it asks for all widgets."""
    del sent[:]
    control = comm.create_comm(target_name="jupyter.widget.control")
    ipywidgets.Widget.handle_control_comm_opened(control, {"metadata": {"version": "1.0.0"}})
    control.handle_msg({"content": {"data": {"method": "request_states"}}})
    return [each for each in sent if each["type"] != "comm_open"]


def test_a_page_loaded_again_is_told_of_all_widgets_or_told_to_ask_each(
    sent: list[dict[str, Any]],
) -> None:
    ipywidgets.Widget.close_all()
    first = powawidget.replay(stream(["hello"])).widget
    (answer,) = asked_for_all(sent)
    states = answer["data"]["states"]
    assert states[first.model_id]["state"]["_state"]["brief"] is True
    # Not even an empty one: the page whose connection comes back has it, and keeps what isn't told.
    assert [states[part.model_id]["model_name"] for part in first._core] == ["WidgetModel"] * 2
    assert not [each for each in states.values() if "code" in each["state"]]
    assert_small([answer])
    # Each half of the core is given to who asks for it.
    del sent[:]
    for part in first._core:
        part._handle_msg({"content": {"data": {"method": "request_state"}}})
    codes = [each["data"]["state"]["code"] for each in sent]
    assert codes == [part.code for part in first._core]
    assert_small(sent)

    many = [powawidget.replay(stream(["hello"])).widget for _ in range(30)]
    (answer,) = asked_for_all(sent)
    assert answer["type"] == "comm_close"
    for each in many:
        each.close()
    (answer,) = asked_for_all(sent)
    assert answer["data"]["method"] == "update_states"
