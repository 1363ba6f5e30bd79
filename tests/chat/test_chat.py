"""A chat as a person holds it, in plain Python, against the embedded server over a real socket."""

import asyncio
import gc
import itertools
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

import powawidget as pw
from powawidget.chat.chat import Chat
from powawidget.kernel import loop
from powawidget.kernel.worker import in_thread
from powawidget.live.run import NONCE
from powawidget.state.model import ChatState, plain, typed
from powawidget.state.ops import Op, apply
from powawidget.widget.widget import ChatWidget
from tests.counterpart import Agent, Call, Calls, Counterpart, Fail, Hook, Pause, Say, Tool, start
from tests.waiting import WATCHDOG, until

GO_ON = threading.Event()
"""A slow answer goes on when the test says so: a slow machine changes no order."""


def echo(turn: Any) -> Any:
    """Say what was asked and how much was said before; told so, stall, fail or ask a person."""
    if turn.message.startswith("stall"):
        yield Say("I begin")
        yield Pause(float("inf"))
    if turn.message.startswith("slow"):
        yield Say("one moment ")
        while not GO_ON.is_set():
            yield Pause(0.01)
    if "fail" in turn.message:
        yield Say("so far")
        yield Fail("litellm.RateLimitError: too many")
        return
    if turn.message.startswith("write"):
        yield Calls(Call("save", {"text": turn.message}))
    yield Say(f"{len(turn.history)}: {turn.message}")


def saved(arguments: dict[str, Any]) -> str:
    return f"saved {arguments['text']}"


@pytest.fixture
def server() -> Iterator[Counterpart]:
    gate = Hook("PreToolUse", matcher="save")
    keeper = Agent("Keeper", echo, tools=(Tool("save", saved, read_only=False),), hooks=(gate,))
    agents = [Agent("Echo", echo), keeper]
    GO_ON.clear()
    with start(tokens_per_second=5000, agents=agents) as running:
        yield running


@pytest.fixture
def pb(server: Counterpart) -> Iterator[pw.Powabase]:
    with pw.connect(server.url, api_key=server.key) as connection:
        yield connection


@pytest.fixture
def chat(pb: pw.Powabase) -> Iterator[Chat]:
    with_echo = pb.agent("Echo").chat()
    yield with_echo
    with_echo.close()


def sent(server: Counterpart) -> list[dict[str, Any]]:
    return [body for _, path, body in server.requests if path.endswith("/run/stream")]


def asked(server: Counterpart) -> list[str]:
    return [body["message"] for body in sent(server)]


# One turn after another.


def test_messages_sent_while_an_answer_comes_wait_for_their_turn(
    chat: Chat, server: Counterpart
) -> None:
    runs = [chat.send(text) for text in ("slow a", "b", "c")]
    assert [run.message for run in chat.queued] == ["b", "c"]
    until(lambda: runs[0].text)
    assert asked(server) == ["slow a"]
    GO_ON.set()
    assert chat.wait() is chat
    assert [run.text for run in runs] == ["one moment 0: slow a", "1: b", "2: c"]
    assert chat.runs == runs
    assert chat.queued == []
    assert asked(server) == ["slow a", "b", "c"]


def test_each_turn_that_began_is_a_span_and_what_goes_on_ends_now(chat: Chat) -> None:
    assert chat.spans == []
    runs = [chat.send(text) for text in ("slow a", "b", "c")]
    until(lambda: runs[0].text)
    (going_on,) = chat.spans  # the others are queued
    assert (going_on.name, going_on.status) == ("slow a", "running")
    GO_ON.set()
    chat.wait()
    spans = chat.spans
    assert [(one.name, one.status) for one in spans] == [
        ("slow a", "completed"),
        ("b", "completed"),
        ("c", "completed"),
    ]
    assert all(one.end <= later.start for one, later in itertools.pairwise(spans))
    assert spans[0].seconds >= going_on.seconds
    assert list(chat.spans.to_frame().name) == ["slow a", "b", "c"]


def test_the_session_of_the_first_start_goes_with_every_later_turn(
    chat: Chat, server: Counterpart
) -> None:
    assert chat.session_id is None
    for text in ("a", "b", "c"):
        chat.send(text)
    chat.wait()
    first, *later = sent(server)
    assert "session_id" not in first
    assert {body["session_id"] for body in later} == {chat.session_id}
    assert chat.session_id == chat.runs[0].session_id


def test_the_databases_id_of_a_session_does_not_take_the_place_of_its_own(chat: Chat) -> None:
    chat.send("a").wait()
    own = chat.session_id
    database = "54f58460-22f4-4f8b-8f89-a6e2acc7f927"
    chat._live.turn_changed(0, [("set", ("session_id",), database)])
    assert chat.session_id == own
    chat._live.turn_changed(0, [("set", ("session_id",), "sess_another")])
    assert chat.session_id == "sess_another"


def test_a_turn_can_be_waited_for_and_awaited_while_it_is_queued(chat: Chat) -> None:
    chat.send("slow a")
    second = chat.send("b")
    assert second.status == "connecting"
    GO_ON.set()
    assert second.wait().text == "1: b"

    async def main() -> pw.RunResult:
        return await chat.send("c")

    assert asyncio.run(main()).text == "2: c"


def test_every_turn_has_the_options_of_the_chat(pb: pw.Powabase, server: Counterpart) -> None:
    chat = pb.agent("Echo").chat(temperature=0.5, response_format={"type": "json_object"})
    chat.send("a")
    chat.send("b")
    chat.wait()
    assert [body["temperature"] for body in sent(server)] == [0.5, 0.5]
    assert chat._live.state.options == "temperature=0.5, response_format={'type': 'json_object'}"


def test_options_that_do_not_fit_are_refused_before_anything_is_sent(
    pb: pw.Powabase, server: Counterpart
) -> None:
    with pytest.raises(pw.ConfigurationError, match="takes no color"):
        pb.agent("Echo").chat(color="red")
    with pytest.raises(pw.ConfigurationError, match="empty"):
        pb.agent("Echo").chat().send("  ")
    assert sent(server) == []


def test_an_orchestration_chats_too(pb: pw.Powabase, server: Counterpart) -> None:
    orchestration = pb.orchestration(pb.orchestrations()[0].name)
    chat = orchestration.chat()
    chat.send("Which orders are late?")
    chat.send("Why?")
    chat.wait()
    assert [run.status for run in chat.runs] == ["completed", "completed"]
    assert sent(server)[1]["session_id"] == chat.session_id
    assert [each.id for each in orchestration.sessions()] == [chat.session_id]
    assert chat.session_id is not None
    back = orchestration.chat(session_id=chat.session_id)
    assert [message.role for message in back.messages] == ["user", "assistant"] * 2
    assert [run._live.state.kind for run in back.runs] == ["orchestration"] * 2
    assert [[each.agent for each in run.delegations] for run in back.runs] == [
        [each.agent for each in run.delegations] for run in chat.runs
    ]
    assert chat.runs[0].delegations
    read = orchestration.session(chat.session_id).messages()
    assert [message.content for message in read] == [m.content for m in back.messages]


# What comes after a failure or a stop.


@pytest.mark.parametrize("ended", ["failed", "stopped"])
def test_after_a_failure_or_a_stop_what_is_queued_waits(
    chat: Chat, server: Counterpart, ended: str
) -> None:
    first = chat.send("slow fail" if ended == "failed" else "stall")
    second, third = chat.send("b"), chat.send("c")
    if ended == "stopped":
        until(lambda: first.text)
        chat.stop()
    GO_ON.set()
    chat.wait()
    assert first.status == ended
    assert len(sent(server)) == 1
    assert chat.queued == [second, third]
    assert "paused" in repr(chat)
    for waits in (second.wait, second.result, third.wait):
        with pytest.raises(pw.ChatPaused, match=r"chat\.resume\(\)"):
            waits()
    chat.resume().wait()
    assert [run.text for run in (second, third)] == ["0: b", "1: c"]


def test_what_is_queued_can_be_taken_back(chat: Chat, server: Counterpart) -> None:
    first = chat.send("stall")
    second, third = chat.send("b"), chat.send("c")
    assert second.stop().wait(display=False).status == "stopped"
    assert chat.queued == [third]
    chat.discard()
    assert (third.wait().status, chat.queued) == ("stopped", [])
    until(lambda: first.text)
    assert first.status == "running"
    first.stop()
    assert chat._live.state.paused is None
    assert asked(server) == ["stall"]
    assert chat.send("d").result().text == "0: d"


def test_a_message_that_is_stopped_as_the_answer_before_it_ends_is_not_sent(
    chat: Chat, server: Counterpart
) -> None:
    class StopsSecond:
        doing = "stopped the next message"

        def changed(self, ops: list[Op]) -> None:
            pass

        def ended(self) -> None:
            second._task.stop()

        def recovered(self) -> None:
            pass

    first, second, third = (chat.send(text) for text in ("slow a", "b", "c"))
    # The chat has received the end by then, and takes the next message in a moment.
    first._live.subscribers.append(StopsSecond())
    GO_ON.set()
    third.wait()
    chat.wait()
    assert (second.status, third.status) == ("stopped", "completed")
    assert asked(server) == ["slow a", "c"]
    assert chat.runs == [first, third]
    assert chat._live.state.notice is None


def test_what_a_chat_has_left_to_do_at_a_turns_end_is_waited_for_and_holds_up_no_turn(
    chat: Chat,
) -> None:
    may_go_on = threading.Event()
    done: list[str] = []

    class WritesSlowly:
        doing = "wrote the transcript into the notebook"

        def changed(self, ops: list[Op]) -> None:
            pass

        async def write(self) -> None:
            await in_thread(may_go_on.wait, WATCHDOG)
            done.append("written")

        def ended(self) -> Any:
            return self.write()

        def recovered(self) -> Any:
            return self.write()

    chat._live.subscribers.append(WritesSlowly())
    first = chat.send("a")
    until(first._live.done.is_set)
    second = chat.send("b")
    until(second._live.done.is_set)
    assert (first._live.published.is_set(), done) == (False, [])
    may_go_on.set()
    chat.wait()
    assert second._live.published.is_set()
    assert done


def test_a_chat_that_no_variable_names_is_there_while_a_turn_goes_on(pb: pw.Powabase) -> None:
    """A cell that is run again closes it."""

    def begin() -> weakref.ref[Chat]:
        begun = pb.agent("Echo").chat()
        begun.send("stall")
        return weakref.ref(begun)

    known = begin()
    gc.collect()
    begun = known()
    assert begun is not None
    begun.close()


def test_a_chat_that_is_over_is_waited_for_no_more(chat: Chat) -> None:
    chat.send("fail")
    assert chat.wait().status == "failed"
    assert chat.send("b").wait().status == "completed"


def test_retry_sends_the_message_again_before_what_waits(chat: Chat, server: Counterpart) -> None:
    chat.send("a").wait()
    failed = chat.send("slow fail")
    chat.send("c")
    GO_ON.set()
    chat.wait()
    again = chat.retry()
    assert again is not failed
    chat.wait()
    assert asked(server) == ["a", "slow fail", "slow fail"]
    assert [run.status for run in chat.runs] == ["completed", "failed", "failed"]
    assert chat._live.state.retried == [1]
    chat.retry(chat.runs[0])
    chat.wait()
    assert asked(server) == ["a", "slow fail", "slow fail", "a", "c"]
    with pytest.raises(pw.ConfigurationError, match="no such turn"):
        chat.retry(chat.queued[0] if chat.queued else pw.replay(b""))


def test_closing_ends_what_is_under_way_and_what_waits(
    pb: pw.Powabase, server: Counterpart
) -> None:
    chat = pb.agent("Echo").chat()
    runs = [chat.send("stall"), chat.send("b")]
    until(lambda: runs[0].text)
    chat.close()
    assert [run.status for run in runs] == ["stopped", "stopped"]
    until(lambda: server.open_streams == 0)
    with pytest.raises(pw.ConfigurationError, match="closed"):
        chat.send("c")


# Approvals.


def test_an_approval_inside_a_chat_is_decided_for_its_turn(
    pb: pw.Powabase, server: Counterpart
) -> None:
    chat = pb.agent("Keeper").chat()
    for text in ("write a", "write b"):
        run = chat.send(text)
        until(lambda run=run: run.status == "waiting")
        run.approve()
        run.wait()
    assert [run.approvals[0].decision for run in chat.runs] == ["approved", "approved"]
    posts = [path for _, path, _ in server.requests if path.endswith("/approve")]
    assert posts == [f"/api/agents/runs/{run.run_id}/approve" for run in chat.runs]


def test_a_policy_of_the_chat_decides_in_every_turn(pb: pw.Powabase) -> None:
    chat = pb.agent("Keeper").chat(on_approval=pw.policy(allow=["save"], name="all"))
    for text in ("write a", "write b"):
        chat.send(text)
    chat.wait()
    assert [run.approvals[0].by for run in chat.runs] == ["policy: all"] * 2


def test_who_waits_behind_a_decision_that_nobody_can_make_is_told(pb: pw.Powabase) -> None:
    chat = pb.agent("Keeper").chat()
    first, second = chat.send("write a"), chat.send("b")
    for waits in (chat.wait, second.wait):
        with pytest.raises(
            pw.ApprovalNeeded, match=r"chat\(\.\.\., on_approval=.*chat\.runs\[-1\]"
        ):
            waits()
    with pytest.raises(pw.ApprovalNeeded, match=r"run\(\.\.\., on_approval="):
        first.wait()
    chat.runs[-1].deny()
    chat.wait()
    assert [run.status for run in chat.runs] == ["completed", "completed"]


# What a person does on the page.


class Page:
    """A chat's widget and its messages, without a browser: what a page sends, and what it hears."""

    def __init__(self, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
        self.heard: list[dict[str, Any]] = []
        self._acts = 0
        monkeypatch.setattr(
            ChatWidget, "send", lambda _, content, __=None: self.heard.append(content)
        )
        self.widget = chat.widget

    def act(self, action: str, **given: Any) -> str | None:
        """Do something and wait for the kernel's answer; returns why it was refused."""
        self._acts += 1
        message_id = given.pop("id", f"act-{self._acts}")
        content = {"kind": "act", "id": message_id, "nonce": NONCE, "action": action, **given}
        before = len(self.acks(message_id))
        # By two ways, as a page does: it may arrive twice and on any thread.
        self.widget._from_comm(None, content, [])
        self.widget._from_bridge({"method": "custom", "content": dict(content)})
        answer: str | None = until(lambda: self.acks(message_id)[before + 1 :])[-1]["refused"]
        return answer

    def acks(self, message_id: str) -> list[dict[str, Any]]:
        return [each for each in self.heard if each.get("id") == message_id]


@pytest.fixture
def page(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(chat, monkeypatch)


def test_a_message_from_the_page_is_sent_once_however_often_it_comes(
    chat: Chat, page: Page, server: Counterpart
) -> None:
    for _ in range(5):
        assert page.act("send", id="one", text="a") is None
    chat.wait()
    assert asked(server) == ["a"]


def test_the_page_sends_queues_edits_and_stops(chat: Chat, page: Page, server: Counterpart) -> None:
    page.act("send", id="m1", text="stall")
    page.act("send", id="m2", text="b")
    page.act("send", id="m3", text="c")
    assert [(each.id, each.text) for each in chat._live.state.queued] == [("m2", "b"), ("m3", "c")]
    assert page.act("unqueue", item="m2") is None
    assert page.act("unqueue", item="m2") == "It has been sent already."
    until(lambda: chat.runs[0].text)
    assert page.act("stop", turn=0) is None
    until(lambda: chat._live.state.paused)
    assert asked(server) == ["stall"]
    assert page.act("resume") is None
    chat.wait()
    assert asked(server) == ["stall", "c"]
    assert page.act("retry", turn=1) is None
    chat.wait()
    assert asked(server) == ["stall", "c", "c"]
    page.act("send", text="stall")
    page.act("send", text="never")
    assert page.act("discard") is None
    assert chat.queued == []


@pytest.mark.parametrize(
    ("act", "why"),
    [
        ({"action": "send", "text": "  "}, "empty"),
        ({"action": "send", "text": None}, "can't do that"),
        ({"action": "send", "text": "x" * 1_000_001}, "characters"),
        ({"action": "retry", "turn": 7}, "can't do that"),
        ({"action": "stop", "turn": 7}, "no such turn"),
        ({"action": "approve", "turn": 0, "digests": []}, "over already"),
        ({"action": "send", "text": "a", "nonce": "another"}, "another kernel"),
        ({"action": "launch"}, "can't do that"),
    ],
)
def test_what_the_page_may_not_do_is_refused_in_words(
    chat: Chat, page: Page, server: Counterpart, act: dict[str, Any], why: str
) -> None:
    chat.send("a").wait()
    assert why in str(page.act(**act))
    assert asked(server) == ["a"]


def test_what_breaks_halfway_is_not_done_again(
    chat: Chat, page: Page, server: Counterpart, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = chat._task.send

    def sends_and_breaks(*given: Any) -> pw.Run:
        send(*given)
        raise LookupError("something of ours")

    monkeypatch.setattr(chat._task, "send", sends_and_breaks)
    assert "LookupError" in str(page.act("send", id="one", text="a"))
    assert "LookupError" in str(page.act("send", id="one", text="a"))
    chat.wait()
    assert asked(server) == ["a"]


def test_a_decision_on_the_page_is_for_its_own_turn(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = pb.agent("Keeper").chat()
    page = Page(chat, monkeypatch)
    first = chat.send("write a")
    until(first._task.is_asking)
    parts = first._live.snapshot()["parts"]
    (request,) = [part for part in parts if part["kind"] == "approval"]
    page.act("approve", turn=0, digests=[request["digest"]])
    first.wait()
    second = chat.send("write a")
    until(second._task.is_asking)
    assert "has changed" in str(page.act("approve", turn=1, digests=[request["digest"]]))
    assert "over" in str(page.act("approve", turn=0, digests=[request["digest"]]))
    assert second.status == "waiting"
    second.deny()
    chat.wait()


# The state, and what is told of it.


class Ledger:
    """Folds what it is told into a state of its own, as a page does."""

    def __init__(self, chat: Chat) -> None:
        with chat._live.lock:
            self.state = typed(chat._live.snapshot(), ChatState)
            chat._live.subscribers.append(self)

    def changed(self, ops: list[Op]) -> None:
        told = [(verb, tuple(path), value) for verb, path, value in ops]
        apply(self.state, told)  # type: ignore[arg-type]  # the same fold for both kinds of state

    def ended(self) -> None:
        pass


def test_folding_the_ops_over_an_empty_chat_gives_the_chat(
    pb: pw.Powabase, server: Counterpart
) -> None:
    earlier = pb.agent("Keeper").chat()
    for index in range(23):
        earlier.send(f"a{index}")
    earlier.wait()
    chat = pb.agent("Keeper").chat(session_id=earlier.session_id)
    ledger = Ledger(chat)
    chat.send("write a")
    chat.send("fail")
    chat.send("b")
    chat.earlier()
    until(lambda: chat.status == "waiting")
    chat.runs[-1].approve()
    chat.wait()
    chat.retry()
    chat.wait()
    chat.discard()
    assert plain(ledger.state) == chat._live.snapshot()
    assert [run.message for run in chat.runs][:4] == ["a0", "a1", "a2", "a3"]
    assert len(sent(server)) == 26


def test_reading_from_many_threads_while_turns_stream_locks_nothing_up(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(chat, monkeypatch)
    stop = threading.Event()
    read = [0] * 4

    def reads(index: int) -> None:
        while not stop.is_set():
            page.widget.snapshot()
            assert len(chat.messages) >= len(chat.runs) - 1
            read[index] += 1
            time.sleep(0.001)  # a lock is not fair: who never lets go starves the others

    threads = [threading.Thread(target=reads, args=(i,)) for i in range(len(read))]
    for thread in threads:
        thread.start()
    for index in range(30):
        chat.send(f"message {index}")
    chat.wait(timeout=WATCHDOG)
    stop.set()
    for thread in threads:
        thread.join(WATCHDOG)
        assert not thread.is_alive()
    assert [run.text for run in chat.runs] == [f"{i}: message {i}" for i in range(30)]
    assert all(read)
    ops = [message for message in page.heard if message["kind"] == "ops"]
    assert [message["seq"] for message in ops] == list(range(1, len(ops) + 1))


def test_sending_from_a_policy_and_from_our_own_thread_does_not_lock_up(pb: pw.Powabase) -> None:
    chat = pb.agent("Keeper").chat(on_approval=lambda _: bool(chat.send("from the policy")))
    chat.send("write a")

    async def inside() -> pw.Run:
        return chat.send("from the loop")

    loop.run_sync(inside())
    until(lambda: len(chat.runs) == 3)
    chat.wait()
    assert sorted(run.message for run in chat.runs) == [
        "from the loop",
        "from the policy",
        "write a",
    ]


# Stored conversations.


@pytest.fixture
def told(pb: pw.Powabase) -> Chat:
    """A conversation with a tool call, a failure and an answer."""
    chat = pb.agent("Keeper").chat(on_approval=pw.policy(allow=["save"]))
    for text in ("write a", "fail"):
        chat.send(text).wait()
    chat.send("b").wait()
    return chat


def test_a_conversation_comes_back_with_its_tools_and_says_what_is_missing(
    pb: pw.Powabase, told: Chat, server: Counterpart
) -> None:
    chat = pb.agent("Keeper").chat(session_id=told.session_id)
    assert [(m.role, m.content, m.stored) for m in chat.messages] == [
        ("user", "write a", True),
        ("assistant", "0: write a", True),
        ("user", "b", True),
        ("assistant", "1: b", True),
    ]
    assert [run.run_id for run in chat.runs] == [told.runs[0].run_id, told.runs[2].run_id]
    assert chat.runs[0].tool_calls[0].result == "saved write a"
    assert {run._live.state.origin for run in chat.runs} == {"stored"}
    assert chat.missing == 1
    assert chat.send("c").result().text == "2: c"
    assert sent(server)[-1]["session_id"] == told.session_id
    assert [m.content for m in chat.messages][-2:] == ["c", "2: c"]
    assert [m.stored for m in chat.messages][-2:] == [False, False]


def test_a_stored_conversation_can_be_read_without_going_on(pb: pw.Powabase, told: Chat) -> None:
    assert told.session_id is not None
    session = pb.session(told.session_id)
    assert session.name == "Keeper"
    messages = session.messages()
    assert [message.content for message in messages] == ["write a", "0: write a", "b", "1: b"]
    assert messages.chat.missing == 1
    with pytest.raises(pw.ConfigurationError, match="only be read"):
        messages.chat.send("c")
    with pytest.raises(pw.RequestError):
        pb.session("sess_nobody")


@pytest.mark.parametrize("by", ["the project", "its agent"])
def test_a_session_goes_on_with_the_options_of_each_turn(
    pb: pw.Powabase, server: Counterpart, told: Chat, by: str
) -> None:
    assert told.session_id is not None
    session = (pb if by == "the project" else pb.agent("Keeper")).session(told.session_id)
    assert (session.id, session.kind, session.name) == (told.session_id, "agent", "Keeper")
    assert len(session.messages()) == 4
    with pytest.raises(TypeError, match="takes no color"):
        session.chat(color="red")
    chat = session.chat(temperature=0.5)
    assert chat.send("c").result().text == "2: c"
    assert (sent(server)[-1]["session_id"], sent(server)[-1]["temperature"]) == (session.id, 0.5)


def test_a_session_of_an_orchestration_goes_on_without_a_policy(pb: pw.Powabase) -> None:
    orchestration = pb.orchestration(pb.orchestrations()[0].name)
    first = orchestration.chat()
    first.send("a").wait(display=False)
    assert first.session_id is not None
    session = orchestration.session(first.session_id)
    with pytest.raises(TypeError, match="takes no on_approval: beside a message and"):
        session.chat(on_approval=pw.policy())
    chat = session.chat()
    assert chat.send("b").wait(display=False).session_id == first.session_id


def test_what_is_no_id_of_a_conversation_is_refused_at_once(pb: pw.Powabase) -> None:
    with pytest.raises(ValueError, match="isn't the id of a conversation"):
        pb.agent("Keeper").session("../agents")


@pytest.mark.parametrize("status", [404, 500])
def test_messages_that_cannot_be_read_are_an_error_but_a_chat_goes_on(
    pb: pw.Powabase, server: Counterpart, told: Chat, status: int
) -> None:
    assert told.session_id is not None
    session = pb.session(told.session_id)
    server.refuse(status, ending="/messages")
    with pytest.raises(pw.RequestError, match=str(status)):
        session.messages()
    assert len(session.messages()) == 4
    server.refuse(status, ending="/messages")
    chat = pb.agent("Keeper").chat(session_id=told.session_id)
    assert chat._live.state.notice
    assert chat.send("c").result().text == "2: c"


def test_an_orchestrations_conversation_that_nobody_knows_has_no_messages(pb: pw.Powabase) -> None:
    orchestration = pb.orchestration(pb.orchestrations()[0].name)
    with pytest.raises(pw.RequestError, match="404"):
        orchestration.session("orch_sess_nobody").messages()


def test_conversations_are_listed_with_first_message_runs_and_last_activity(
    pb: pw.Powabase, told: Chat
) -> None:
    pb.agent("Keeper").chat().send("another").wait()
    sessions = pb.agent("Keeper").sessions()
    assert [(each.first_message, each.runs) for each in sessions] == [
        ("another", 1),
        ("write a", 3),
    ]
    assert sessions[1].id == told.session_id
    assert sessions[1].last_activity is not None
    assert repr(sessions).splitlines()[2].endswith("3  write a")
    assert len(pb.agent("Keeper").sessions(limit=1)) == 1


def test_a_long_conversation_brings_its_last_turns_and_more_when_asked(
    pb: pw.Powabase, server: Counterpart
) -> None:
    long = pb.agent("Keeper").chat()
    for index in range(45):
        long.send("fail" if index % 9 == 4 else f"m{index}").wait()
    chat = pb.agent("Keeper").chat(session_id=long.session_id)
    good = [f"m{index}" for index in range(45) if index % 9 != 4]
    assert [run.message for run in chat.runs] == good[-20:]
    assert chat._live.state.earlier == 20
    assert [m.content for m in chat.messages if m.role == "user"] == good
    chat.earlier(15)
    assert [run.message for run in chat.runs] == good[-35:]
    chat.earlier(100).earlier()
    assert [run.message for run in chat.runs] == good
    assert [run.run_id for run in chat.runs] == [
        run.run_id for run in long.runs if run.status == "completed"
    ]
    assert (chat._live.state.earlier, chat.missing) == (0, 5)
    assert all(run.seconds is not None for run in chat.runs)
    fetched = [path for verb, path, _ in server.requests if verb == "GET" and "/sessions/" in path]
    assert len(fetched) <= 6


def test_a_conversation_that_nobody_knows_begins_under_its_id(
    pb: pw.Powabase, server: Counterpart
) -> None:
    chat = pb.agent("Echo").chat(session_id="my-own-id")
    assert "the first message begins it" in str(chat._live.state.notice)
    assert chat.send("a").wait().session_id == "my-own-id"
    assert sent(server)[0]["session_id"] == "my-own-id"
    assert chat._live.state.notice is None


def test_a_history_that_can_not_be_fetched_is_not_fatal(
    pb: pw.Powabase, server: Counterpart
) -> None:
    agent = pb.agent("Echo")
    server.stop()
    chat = agent.chat(session_id="sess_1")
    assert "could not be read" in str(chat._live.state.notice)
    assert (chat.runs, chat.messages) == ([], [])


@pytest.mark.parametrize("wrong", ["", "..", "a/b", "a?b", "ü b"])
def test_an_id_that_can_not_be_one_is_refused_before_anything_is_sent(
    pb: pw.Powabase, server: Counterpart, wrong: str
) -> None:
    agent = pb.agent("Echo")
    before = len(server.requests)
    with pytest.raises(pw.ConfigurationError, match="conversation"):
        agent.chat(session_id=wrong)
    with pytest.raises(pw.ConfigurationError, match="conversation"):
        pb.session(wrong)
    assert len(server.requests) == before
