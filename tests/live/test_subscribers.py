"""The end of a run is the end, whichever subscriber fails; and what failed is shown."""

import asyncio
import dataclasses
import json
import logging
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq
from jupyter_client.session import Session

import powawidget as pw
from powawidget.chat.chat import Chat
from powawidget.chat.task import ChatTask, Partner
from powawidget.errors import RequestError
from powawidget.http.secret import Secret
from powawidget.kernel import cells, host, loop
from powawidget.live.run import Live
from powawidget.protocol import events as ev
from powawidget.run.plan import Lookup, Plan
from powawidget.run.run import Run
from powawidget.run.sources import RecordedSource
from powawidget.run.task import RunTask
from powawidget.state.model import ApprovalPart, NoticePart, RunState, plain, typed
from powawidget.state.ops import Op, apply
from tests.chaos import WATCHDOG
from tests.gates import GatedRun, virtual
from tests.planted import KEY, Listening, leaks
from tests.waiting import until

START = {"event": "start", "run_id": "run_1", "session_id": "sess_1"}
HALF = {"event": "content_delta", "delta": "half "}
DONE = {"event": "complete", "run_id": "run_1", "status": "completed", "content": "half"}
LOGS = "The kernel's log says more."


class Slowly(RecordedSource):
    """Plays when it is told to."""

    def __init__(self, *frames: object) -> None:
        data = [f"data: {json.dumps(frame)}\n\n".encode() for frame in frames]
        super().__init__([(0.0, one) for one in data], None)
        self.go_on = threading.Event()

    async def _play(self) -> Any:
        while not self.go_on.is_set():  # noqa: ASYNC110  # the test sets it in another thread
            await asyncio.sleep(0.001)
        async for data in super()._play():
            yield data


class Subscriber:
    """Hears everything, and fails where it is told to."""

    doing = "sang"

    def __init__(self, *fails: str, kind: type[BaseException] = ValueError) -> None:
        self.fails = fails
        self.kind = kind
        self.received: list[str] = []
        self.ops: list[Op] = []

    def changed(self, ops: list[Op]) -> None:
        self.ops += ops
        self.receive("changed")

    def ended(self) -> None:
        self.receive("ended")

    def recovered(self) -> None:
        self.receive("recovered")

    def receive(self, what: str) -> None:
        self.received.append(what)
        if what in self.fails:
            raise self.kind(f"{what}: {KEY}")


@pytest.fixture(autouse=True)
def log() -> Iterator[Listening]:
    """What is logged; the key stands in none of it."""
    received = Listening()
    logger = logging.getLogger("powawidget")
    logger.addHandler(received)
    yield received
    logger.removeHandler(received)
    assert not received.found


def plan(source: RecordedSource, **shown: Any) -> Plan:
    return Plan(source=source, secret=Secret(KEY), **shown)


def made(source: RecordedSource, **shown: Any) -> Run:
    return Run(RunTask(plan(source, **shown)))


def notices(run: Run) -> list[str]:
    return [part.text for part in run._live.state.parts if isinstance(part, NoticePart)]


async def awaited(run: Run) -> Any:
    return await run


async def failing(*_: object) -> Any:
    raise ValueError(KEY)


# Each makes something raise for real, and says how that is told.
Break = Callable[[Run, pytest.MonkeyPatch], str]


def a_subscriber(*fails: str) -> Break:
    def broken(run: Run, _: pytest.MonkeyPatch) -> str:
        run._live.subscribers.append(Subscriber(*fails))
        return "sang"

    return broken


def the_observer(run: Run, _: pytest.MonkeyPatch) -> str:
    def observe(_: ev.Event) -> None:
        raise ValueError(KEY)

    run._live.observe = observe
    return "looked at what has come"


def the_transcript(run: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    def to_html(*_: object, **__: object) -> str:
        raise ValueError(KEY)

    assert run.widget is not None
    run._output._transcript.is_shown = True
    monkeypatch.setattr("powawidget.transcript.to_html", to_html)
    return "wrote the transcript into the notebook"


def what_publishes(run: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    def publish(*_: object) -> None:
        raise ValueError(KEY)

    assert run.widget is not None
    run._output._transcript.is_shown = True
    monkeypatch.setattr(host, "publish", publish)
    return "wrote the transcript into the notebook"


def the_view(run: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    def send(*_: object, **__: object) -> None:
        raise ValueError(KEY)

    monkeypatch.setattr(run.widget, "send", send)
    return "brought the view up to date"


def the_parts(run: Run, _: pytest.MonkeyPatch) -> str:
    parts = dataclasses.replace(run._task.plan, lookup=Lookup(parts=failing))
    run._task.plan = parts
    return "fetched the run's parts"


BROKEN: dict[str, Break] = {
    "receives changes": a_subscriber("changed"),
    "receives the end": a_subscriber("ended"),
    "receives all": a_subscriber("changed", "ended", "recovered"),
    "observes": the_observer,
    "writes the transcript": the_transcript,
    "publishes": what_publishes,
    "shows": the_view,
    "fetches the parts": the_parts,
}
WAITING: dict[str, Callable[[Run], object]] = {
    "wait": lambda run: run.wait(WATCHDOG, display=False),
    "result": lambda run: run.result(WATCHDOG, display=False),
    "await": lambda run: asyncio.run(awaited(run)),
    "next_approval": lambda run: asyncio.run(asyncio.wait_for(run.next_approval(), WATCHDOG)),
}


@pytest.mark.parametrize("wait", WAITING.values(), ids=WAITING)
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_whoever_fails_a_run_ends_and_says_so(
    broken: Break,
    wait: Callable[[Run], object],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = Slowly(START, HALF, DONE)
    run = made(source)
    doing = broken(run, monkeypatch)
    run._live.subscribers.append(well := Subscriber())
    run.start()
    source.go_on.set()
    wait(run)
    assert run._live.published.wait(WATCHDOG)
    run.close()
    assert (run.status, run.text) == ("completed", "half")
    assert notices(run) == [f"powawidget failed while it {doing}: ValueError. {LOGS}"]
    assert f"powawidget failed while it {doing}" in caplog.text
    assert "[key]" in caplog.text
    assert not leaks(caplog.text + json.dumps(run._live.snapshot()))
    assert well.received.count("ended") == 1
    folded = RunState()
    apply(folded, well.ops)
    shown = {**run._live.snapshot(), "message": "", "name": ""}
    assert {**plain(folded), "started": shown["started"], "on_stop": shown["on_stop"]} == shown


# What a plain `except Exception` lets through.
EXITS = [SystemExit, KeyboardInterrupt, asyncio.CancelledError, GeneratorExit]


@pytest.mark.parametrize("kind", EXITS)
def test_whoever_leaves_by_an_exit_ends_neither_run_nor_thread(
    kind: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    thread = loop.loop_thread()
    source = Slowly(START, HALF, DONE)
    run = made(source)
    run._live.subscribers += [
        Subscriber("changed", "ended", "recovered", kind=kind),
        well := Subscriber(),
    ]
    run.start()
    source.go_on.set()
    assert run.wait(WATCHDOG, display=False).status == "completed"
    assert run._live.published.wait(WATCHDOG)
    assert loop.loop_thread() is thread
    assert notices(run) == [f"powawidget failed while it sang: {kind.__name__}. {LOGS}"]
    assert "failed while it sang" in caplog.text
    assert well.received.count("ended") == 1


@pytest.mark.parametrize("fails", ["changed", "ended", "recovered"])
def test_a_log_that_fails_ends_no_run(fails: str) -> None:
    class Broken(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            raise ValueError(KEY)

    source = Slowly(START, HALF, DONE)
    run = made(source)
    run._live.subscribers += [Subscriber(fails), well := Subscriber()]
    logger, handler = logging.getLogger("powawidget"), Broken()
    logger.addHandler(handler)
    try:
        run.start()
        source.go_on.set()
        assert run.wait(WATCHDOG, display=False).status == "completed"
        run.close()
        assert run._live.published.wait(WATCHDOG)
    finally:
        logger.removeHandler(handler)
    assert well.received.count("ended") == 1
    assert not leaks(json.dumps(run._live.snapshot()))


def test_who_fails_often_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    source = Slowly(START, *[HALF] * 50, DONE)
    run = made(source)
    run._live.subscribers.append(Subscriber("changed"))
    run.start()
    source.go_on.set()
    run.wait(WATCHDOG, display=False)
    assert len(notices(run)) == 1
    assert len([one for one in caplog.records if one.levelno >= logging.ERROR]) == 1


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_whoever_fails_a_run_stops_and_closes(
    broken: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(Slowly(START, HALF, DONE))
    broken(run, monkeypatch)
    run.start()
    assert run.stop().wait(display=False).status == "stopped"
    run.close()
    assert run._live.done.is_set()


def test_who_hangs_when_the_run_ends_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("powawidget.run.run.PUBLISHING", 0.01)
    go_on = threading.Event()

    class Hangs(Subscriber):
        def ended(self) -> None:
            assert go_on.wait(WATCHDOG)

    source = Slowly(START, HALF, DONE)
    run = made(source)
    run._live.subscribers.append(Hangs())
    run.start()
    source.go_on.set()
    try:
        assert run.wait(WATCHDOG, display=False).status == "completed"
    finally:
        go_on.set()


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_a_state_that_cannot_be_folded_any_more_ends_the_run(
    after: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from powawidget.state.reduce import reduce  # noqa: PLC0415  # before it is replaced

    folded: list[ev.Event] = []

    def breaks(run: RunState, event: ev.Event, at: float) -> list[Op]:
        if len(folded) >= after:
            raise ValueError(KEY)
        folded.append(event)
        return reduce(run, event, at)

    source = Slowly(START, HALF, DONE)
    run = made(source)
    monkeypatch.setattr("powawidget.live.run.reduce", breaks)
    run.start()
    source.go_on.set()
    assert run.wait(WATCHDOG, display=False).status == "interrupted"
    assert run.error is not None
    assert run.error.title == "powawidget failed while it read this run"
    assert "ValueError" in run.error.message
    assert "failed while it read" in caplog.text
    typed(run._live.snapshot(), RunState)
    with pytest.raises(pw.RunInterrupted):
        run.result(display=False)


def test_what_follows_from_an_event_is_applied_before_what_came_with_it() -> None:
    def notice(text: str) -> ev.Event:
        return ev.Noticed(code="test", text=text)

    follows = {"a": [notice("a1"), notice("a2")], "a1": [notice("a1x")]}
    calls: list[str] = []
    live = Live(RunState())

    def observe(event: ev.Event) -> list[ev.Event]:
        text = event.text if isinstance(event, ev.Noticed) else ""
        assert not calls or calls[-1] != "(", "one event is looked at after the other"
        calls.extend(["(", text, ")"])
        return follows.get(text, [])

    live.observe = observe
    assert live.receive(notice("a")).text == "a"  # type: ignore[attr-defined]  # what was given
    texts = [part.text for part in live.state.parts if isinstance(part, NoticePart)]
    assert texts == ["a", "a1", "a1x", "a2"]
    assert [one for one in calls if one not in "()"] == texts


@pytest.mark.parametrize("status", ["interrupted", "stopped"])
def test_a_look_up_that_fails_is_told(status: str, caplog: pytest.LogCaptureFixture) -> None:
    source = Slowly(START, HALF)
    run = made(source, lookup=Lookup(stored=failing))
    run._live.subscribers.append(well := Subscriber())
    run.start()
    if status == "stopped":
        until(lambda: run._task._task is not None)
        run._live.state.run_id = "run_1"
        run.stop()
    else:
        source.go_on.set()
    assert run.wait(WATCHDOG, display=False).status == status
    until(lambda: "looked the run up" in caplog.text)
    until(lambda: status == "interrupted" or "recovered" in well.received)
    assert notices(run)[-1] == f"powawidget failed while it looked the run up: ValueError. {LOGS}"
    assert run._live.state.wait is None


# What waits for a decision.


@virtual
async def test_a_decision_that_fails_here_does_not_stay_on_its_way() -> None:
    for fault in (UnicodeEncodeError("utf-8", "", 0, 1, "no"), ValueError("no")):
        gated = GatedRun()
        gated.server.request("a")
        await asyncio.sleep(1)
        gated.server.fault = lambda fault=fault: fault
        assert gated.click("approve") is None
        await asyncio.sleep(1)
        assert gated.ledger() == [("unknown", "click")]
        shown = [part.text for part in gated.live.state.parts if isinstance(part, NoticePart)]
        assert shown == [
            f"powawidget failed while it sent a decision: {type(fault).__name__}. {LOGS}"
        ]


@pytest.mark.parametrize("rows", ["odd", "raised"])
@virtual
async def test_a_deadline_that_cannot_be_read_is_the_usual_one(rows: str) -> None:
    def hook(position: object) -> Any:
        return {"type": "approval", "event": "PreToolUse", "position": position, "config": {}}

    async def hooks() -> Any:
        if rows == "raised":
            raise ValueError("no")
        return {"hooks": [hook("first"), hook(1), hook({})]}

    gated = GatedRun()
    gated.decider._hooks = hooks
    gated.server.request("a")
    await asyncio.sleep(1)
    (part,) = [part for part in gated.live.state.parts if isinstance(part, ApprovalPart)]
    assert part.deadline == part.asked_at + 300
    assert gated.click("approve") is None


@virtual
async def test_where_asking_the_policy_fails_a_person_is_asked() -> None:
    class Policy:
        @property
        def __name__(self) -> str:
            raise ValueError("no")

        def __call__(self, _: pw.Approval) -> bool:
            return True

    gated = GatedRun(Policy())
    gated.server.request("a")
    await asyncio.sleep(2)
    assert gated.decider.asks_person
    assert gated.server.posts == []
    assert gated.click("approve") is None
    await gated.approved(1)


@virtual
async def test_half_an_emoji_in_a_reason_is_sent_and_shown_as_what_can_be() -> None:
    gated = GatedRun()
    bodies: list[Any] = []

    async def post(_: str, body: Any, __: float) -> None:
        bodies.append(body)
        raise RequestError("no", status=500)

    gated.decider._delivery._post = post
    gated.server.request("a")
    assert gated.decider.decide("deny", "code", "no \ud83d\0") is None
    await asyncio.sleep(1)
    assert bodies == [{"approved": False, "reason": "no \ufffd\ufffd"}]
    json.dumps(plain(gated.live.state), ensure_ascii=False).encode()


# Chats.


def chatting(*sources: RecordedSource) -> pw.Chat:
    left = list(sources)

    def planned(message: str, _: object) -> Plan:
        return plan(left.pop(0), message=message)

    return Chat(ChatTask(Partner("agent", "A", planned, Secret(KEY))))


@pytest.mark.parametrize("fails", [["changed"], ["ended"], ["changed", "ended", "recovered"]])
@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt])
def test_whoever_fails_a_chat_goes_on_and_says_so(
    kind: type[BaseException], fails: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    sources = [Slowly(START, HALF, DONE) for _ in range(3)]
    chat = chatting(*sources)
    chat._live.subscribers += [Subscriber(*fails, kind=kind), well := Subscriber()]
    for text in "abc":
        chat.send(text)
    for source in sources:
        source.go_on.set()
    chat.wait(WATCHDOG, display=False)
    assert [run.status for run in chat.runs] == ["completed"] * 3
    assert well.received.count("ended") == 3
    assert f"powawidget failed while it sang: {kind.__name__}. {LOGS}" in str(well.ops)
    assert "failed while it sang" in caplog.text
    chat.close()


def test_a_queue_that_fails_lets_those_go_who_wait(caplog: pytest.LogCaptureFixture) -> None:
    chat = chatting(Slowly(START, DONE), Slowly(START, DONE))
    first, second = chat.send("a"), chat.send("b")

    def begin() -> None:
        raise ValueError(KEY)

    second._task.start = begin  # type: ignore[method-assign]  # it fails
    first._task.plan.source.go_on.set()  # type: ignore[attr-defined]  # it is told when to play
    chat.wait(WATCHDOG, display=False)
    assert chat._live.state.notice is not None
    assert "let the next message in: ValueError" in chat._live.state.notice
    assert "[key]" in caplog.text
    chat.close()


def test_earlier_turns_that_cannot_be_read_are_told_on_the_page() -> None:
    chat = chatting()
    chat._task.history = types.SimpleNamespace(  # type: ignore[assignment]  # what is used of one
        more=failing, missing=0, problem=None, earlier=3, messages=list
    )

    async def click() -> str | None:
        return chat._act({"id": "1", "action": "earlier"})

    assert loop.run_sync(click()) is None
    until(lambda: chat._live.state.notice)
    said = f"powawidget failed while it read earlier turns: ValueError. {LOGS}"
    assert chat._live.state.notice == said
    assert not chat._live.state.loading
    chat.close()


# What a cell and a kernel have.


def test_what_fails_to_close_hinders_no_cell_that_is_run_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Thing:
        def __init__(self) -> None:
            self.closed = 0

        def close(self) -> None:
            self.closed += 1
            raise ValueError("no")

    executions = iter(["1", "1", "2"])
    monkeypatch.setattr(host, "cell", lambda: ("the cell", next(executions)))
    things = [Thing(), Thing(), Thing()]
    for thing in things:
        cells.adopt(thing)
    assert [thing.closed for thing in things] == [1, 1, 0]
    assert "closed what a cell had started" in caplog.text


@pytest.mark.parametrize(
    ("content", "is_open", "raised"),
    [({}, True, None), ({}, False, None), ({"odd": object()}, True, Exception)],
)
def test_a_message_that_cannot_be_written_is_no_secret_and_a_socket_that_is_gone_is_none(
    content: dict[str, Any],
    is_open: bool,  # a case's value
    raised: type[Exception] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = zmq.Context()
    socket = context.socket(zmq.PUB)
    if not is_open:
        socket.close()
    kernel = types.SimpleNamespace(session=Session(key=b"k"), iopub_socket=socket)
    monkeypatch.setattr(host, "kernel", lambda: kernel)
    try:
        if raised is None:
            host.publish("kind", content, b"topic")
        else:
            with pytest.raises(raised):
                host.publish("kind", content, b"topic")
    finally:
        socket.close()
        context.term()
