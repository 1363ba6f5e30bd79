"""A run as a person holds it, in plain Python, against the embedded server over a real socket."""

import asyncio
import gc
import re
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Any, Literal

import pytest

import powawidget as pw
from powawidget.kernel import loop
from tests.counterpart import (
    Agent,
    Call,
    Calls,
    Counterpart,
    Emit,
    Hook,
    Pause,
    Say,
    Tool,
    start,
)
from tests.waiting import WATCHDOG, until

WRITE = "Raise the price of the best seller by 5%"
GO_ON = threading.Event()
"""A slow answer goes on when the test says so: a slow machine changes no order."""


@pytest.fixture
def server() -> Iterator[Counterpart]:
    def stalls(_: Any) -> Any:
        yield Say("I begin")
        yield Pause(float("inf"))

    def floods(_: Any) -> Any:
        frame = {"event": "content_delta", "type": "content_delta", "delta": "word "}
        while True:
            for _ in range(500):
                yield Emit(frame)
            yield Pause(0.001)

    def slow(_: Any) -> Any:
        yield Say("a first word ")
        while not GO_ON.is_set():
            yield Pause(0.01)
        yield Say("and a last one")

    def asks(_: Any) -> Any:
        yield Calls(Call("write", {}))
        while True:
            yield Say("word ")
            yield Pause(0.01)

    scripts = {"Staller": stalls, "Flooder": floods, "Slow": slow}
    agents = [Agent(name=name, script=script) for name, script in scripts.items()]
    writes = Tool("write", lambda _: "written", read_only=False)
    gate = Hook("PreToolUse", matcher="write")
    agents.append(Agent("Talkative", asks, (writes,), (gate,)))
    GO_ON.clear()
    # Of two open requests the older takes the decision at its deadline only.
    deadlines = {"Operator (parallel reads)": 8}
    with start(tokens_per_second=5000, agents=agents, deadlines=deadlines) as running:
        yield running


@pytest.fixture
def pb(server: Counterpart) -> Iterator[pw.Powabase]:
    with pw.connect(server.url, api_key=server.key) as connection:
        yield connection


def decisions(server: Counterpart) -> list[Any]:
    return [body for _, path, body in server.requests if path.endswith("/approve")]


def starts(server: Counterpart) -> int:
    return sum(path.endswith("/run/stream") for _, path, _ in server.requests)


def test_a_run_that_no_variable_names_is_there_until_it_is_over(pb: pw.Powabase) -> None:
    """A cell that is run again closes it; nobody else could stop it."""
    known = weakref.ref(pb.agent("Staller").run("hi"))
    gc.collect()
    run = known()
    assert run is not None
    run.close()  # after a stop what the server did is looked up, for which the run stays
    assert run.wait(display=False).status == "stopped"
    del run

    def is_gone() -> bool:
        gc.collect()
        return known() is None

    until(is_gone)


def test_a_run_starts_at_once_and_its_result_is_usable(
    pb: pw.Powabase, server: Counterpart
) -> None:
    run = pb.agent("Analyst").run("Which orders are late, by region and carrier?")
    result = run.result()
    assert run.status == "completed"
    assert result.text == run.text
    assert "Late orders by region and carrier" in run.text
    assert [call.status for call in run.tool_calls] == ["done", "done"]
    assert all(call.result for call in run.tool_calls)
    assert run.reasoning
    assert run.usage is not None
    assert run.usage["total_tokens"] > 0
    assert result.run_id == run.run_id
    assert starts(server) == 1
    assert "Analyst" in repr(run)
    assert server.key not in repr(run) + repr(pb) + repr(result)


def test_an_awaited_run_gives_its_result_in_plain_asyncio(pb: pw.Powabase) -> None:
    async def main() -> pw.RunResult:
        return await pb.agent("Writer").run("hello")

    assert asyncio.run(main()).text


def test_who_gives_up_awaiting_leaves_the_run_going(pb: pw.Powabase) -> None:
    run = pb.agent("Staller").run("hello")

    async def awaiting() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(run, 0.01)
        task = asyncio.create_task(awaited(run))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(awaiting())
    assert not run._live.stop_asked
    assert run.wait(0.01, display=False).status in {"connecting", "running"}
    assert run.stop().wait(display=False).status == "stopped"


def test_code_is_told_of_no_end_while_the_run_goes_on(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request may be decided between its being seen and its being read."""
    run = pb.agent("Staller").run("hello")
    looks: list[bool] = []
    asking = run._task.is_asking

    def is_asking() -> bool:
        looks.append(len(looks) < 2 or asking())
        return looks[-1]

    monkeypatch.setattr(run._task, "is_asking", is_asking)

    async def ask() -> None:
        task = asyncio.ensure_future(run.next_approval())
        while len(looks) < 4:  # a list has no event
            assert not task.done()
            await asyncio.sleep(0.01)
        run.stop()
        assert await task is None
        assert run.status == "stopped"

    asyncio.run(ask())


async def awaited(run: pw.Run) -> pw.RunResult:
    return await run


@pytest.mark.parametrize(
    ("on_interrupt", "said"),
    [("stop", "The {} was told to stop."), ("detach", "The {} goes on: {}.wait() waits for it ag")],
)
@pytest.mark.parametrize(("kind", "what"), [("run", "run"), ("chat", "answer")])
def test_who_interrupts_a_wait_reads_what_becomes_of_it(
    pb: pw.Powabase, kind: str, what: str, on_interrupt: Literal["stop", "detach"], said: str
) -> None:
    agent = pb.agent("Staller")
    waited = agent.run("hello") if kind == "run" else agent.chat()
    if isinstance(waited, pw.Chat):
        waited.send("hello")
    threading.Timer(0.2, signal.raise_signal, (signal.SIGINT,)).start()
    with pytest.raises(KeyboardInterrupt, match=re.escape(said.format(what, kind))) as interrupted:
        waited.wait(WATCHDOG, on_interrupt=on_interrupt)
    assert interrupted.value.__suppress_context__  # no frames of the loops that it waited in
    waited.close()


AWAITED = """
import asyncio, os, powawidget, signal, sys, threading

async def main():
    run = powawidget.connect(sys.argv[1], api_key=sys.argv[2]).agent("Staller").run("hello")
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        await {waiting}
    finally:
        print(run.status, run._live.stop_asked, flush=True)

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("interrupted", signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


@pytest.mark.parametrize("waiting", ["run", "asyncio.wait_for(run, 60)", "asyncio.gather(run)"])
def test_an_interrupt_of_who_awaits_a_run_stops_it(
    pb: pw.Powabase, server: Counterpart, waiting: str
) -> None:
    assert pb.url == server.url
    program = AWAITED.format(waiting=waiting)
    ended = subprocess.run(
        [sys.executable, "-c", program, server.url, server.key],
        capture_output=True,
        check=False,
        text=True,
        timeout=WATCHDOG,
    )
    assert ended.stdout.split() == ["stopped", "True", "interrupted", "True"], ended.stderr


def test_tab_completion_offers_of_a_run_and_a_chat_what_a_person_uses(pb: pw.Powabase) -> None:
    chat = pb.agent("Writer").chat()
    documents = ["save", "to_html", "to_json", "to_markdown", "to_text"]
    asked = ["approvals", "approve", "deny", "next_approval"]
    read = ["blocks", "delegations", "error", "events", "message", "output", "progress"]
    read += [
        "reasoning",
        "reused",
        "run_id",
        "seconds",
        "session_id",
        "status",
        "text",
        "tool_calls",
    ]
    does = [
        "close",
        "on",
        "rate",
        "result",
        "to_test",
        "show",
        "start",
        "stop",
        "usage",
        "wait",
        "widget",
    ]
    does += ["spans", "timing", "to_otel"]
    for run in (pb.agent("Writer").run("hello"), chat.send("hello")):
        assert offered(run) == sorted(documents + asked + read + does)
    acts = [
        "close",
        "discard",
        "earlier",
        "resume",
        "retry",
        "send",
        "show",
        "stop",
        "wait",
        "widget",
    ]
    state = ["messages", "missing", "queued", "runs", "session_id", "spans", "status"]
    assert offered(chat) == sorted(documents + acts + state)


def offered(thing: object) -> list[str]:
    return [name for name in dir(thing) if not name.startswith("_")]


def test_a_session_goes_on_with_a_conversation(pb: pw.Powabase, server: Counterpart) -> None:
    analyst = pb.agent("Analyst")
    first = analyst.run("Which orders are late, by region and carrier?").wait()
    second = analyst.run("Why?", session_id=first.session_id).wait()
    assert second.session_id == first.session_id
    bodies = [body for _, path, body in server.requests if path.endswith("/run/stream")]
    assert bodies[1]["session_id"] == first.session_id


def test_runs_go_on_side_by_side(pb: pw.Powabase) -> None:
    runs = [pb.agent("Writer").run("hello") for _ in range(5)]
    assert [run.wait().status for run in runs] == ["completed"] * 5


def test_a_stored_run_comes_back_as_it_was(pb: pw.Powabase) -> None:
    run = pb.agent("Analyst").run("Which orders are late, by region and carrier?").wait()
    assert run.run_id is not None
    stored = pb.get_run(run.run_id)
    assert (stored.status, stored.text) == ("completed", run.text)
    assert [(c.name, c.result) for c in stored.tool_calls] == [
        (c.name, c.result) for c in run.tool_calls
    ]
    assert stored.usage == run.usage


@pytest.mark.parametrize("agent", ["Staller", "Flooder", "Operator"])
def test_stop_ends_a_stalled_a_flooding_and_a_waiting_run(
    pb: pw.Powabase, server: Counterpart, agent: str
) -> None:
    run = pb.agent(agent).run(WRITE)
    until(lambda: run.text)
    assert run.stop().wait(display=False).status == "stopped"
    with pytest.raises(pw.RunInterrupted):
        run.result()
    until(lambda: server.open_streams == 0)


def notices(run: pw.Run) -> str:
    parts = run._live.snapshot()["parts"]
    return "\n".join(part["text"] for part in parts if part["kind"] == "notice")


def test_after_a_stop_the_run_says_what_the_server_did(server: Counterpart) -> None:
    with pw.connect(server.url, api_key=server.key) as pb:
        # The Operator would be done soon after the denial, maybe before its stream is closed.
        waits = pb.agent("Talkative").run(WRITE)
        until(lambda: waits.status == "waiting")
        waits.stop().wait(display=False)
        writes = pb.agent("Slow").run("hello")
        until(lambda: writes.text)
        writes.stop().wait(display=False)
        GO_ON.set()
        assert "The server isn't told: it goes on" in notices(writes)
        assert "The server ends the run at its next write" in notices(waits)
        until(lambda: "The server went on and completed the run" in notices(writes))
        until(lambda: "The server ended the run as failed" in notices(waits))
        assert writes.run_id is not None
        assert pb.get_run(writes.run_id).text.startswith(writes.text)


def test_stop_right_after_the_start_ends_the_run(pb: pw.Powabase) -> None:
    run = pb.agent("Staller").run("hello").stop()
    assert run.wait(display=False).status == "stopped"


def test_a_timeout_leaves_the_run_going(pb: pw.Powabase) -> None:
    run = pb.agent("Staller").run("hello")
    assert run.wait(timeout=0.05) is run
    assert run.status in {"connecting", "running"}
    with pytest.raises(TimeoutError, match="goes on"):
        run.result(timeout=0.05)
    run.close()
    assert run.wait(display=False).status == "stopped"


def test_stop_denies_an_open_approval_first(pb: pw.Powabase, server: Counterpart) -> None:
    run = pb.agent("Operator").run(WRITE)
    until(lambda: run.status == "waiting")
    run.stop().wait(display=False)
    assert [body["approved"] for body in decisions(server)] == [False]
    assert run.status == "stopped"
    assert run.approvals[0].by == "stop"


def test_approve_by_code_lets_the_write_happen_once(pb: pw.Powabase, server: Counterpart) -> None:
    run = pb.agent("Operator").run(WRITE)
    until(lambda: run.status == "waiting")
    run.approve(reason="agreed")
    with pytest.raises(pw.DecisionRefused):
        run.approve()
    run.wait()
    approval = run.approvals[0]
    assert (approval.decision, approval.by, approval.reason) == ("approved", "code", "agreed")
    assert approval.waited is not None
    assert decisions(server) == [{"approved": True}]
    with pytest.raises(pw.DecisionRefused, match="over"):
        run.deny()


def test_threads_that_decide_at_once_make_one_decision(
    pb: pw.Powabase, server: Counterpart
) -> None:
    run = pb.agent("Operator").run(WRITE)
    until(lambda: run.status == "waiting")
    outcomes: list[str] = []

    def decide(*, approve: bool) -> None:
        try:
            (run.approve if approve else run.deny)()
            outcomes.append("taken")
        except pw.DecisionRefused:
            outcomes.append("refused")

    threads = [threading.Thread(target=decide, kwargs={"approve": i % 2 == 0}) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.wait()
    assert outcomes.count("taken") == 1
    assert len(decisions(server)) == 1


def test_next_approval_waits_for_each_request_and_ends_with_the_run(pb: pw.Powabase) -> None:
    async def main() -> None:
        run = pb.agent("Operator").run(WRITE)
        approval = await run.next_approval()
        assert approval is not None
        assert approval.tool_name == "database_write"
        run.deny("not today")
        await run
        assert await run.next_approval() is None
        assert run.tool_calls[1].status == "denied"
        assert "not today" in str(run.tool_calls[1].error)

    asyncio.run(main())


def test_code_decides_beside_whoever_awaits_the_run(pb: pw.Powabase) -> None:
    async def decide(run: pw.Run) -> None:
        while (approval := await run.next_approval()) is not None:
            assert approval.tool_name == "database_write"
            await asyncio.sleep(0.2)  # as one does who asks somewhere else
            run.approve()

    async def main() -> None:
        run = pb.agent("Operator").run(WRITE)
        result, _ = await asyncio.gather(run, decide(run))
        assert result.tool_calls[1].status == "done"
        assert [(a.decision, a.by) for a in run.approvals] == [("approved", "code")]

    asyncio.run(main())


def test_a_hook_that_changes_the_arguments_first_hinders_no_approval() -> None:
    def script(_: Any) -> Any:
        for n in (1, 2):
            yield Calls(Call("write", {"n": n}))
        yield Say("Written.")

    tools = (Tool("write", lambda a: f"wrote {a['n']} {a['audited']}", read_only=False),)
    edits = Hook("PreToolUse", "http", "write", edit=lambda a: {**a, "audited": True})
    gate = Hook("PreToolUse", matcher="write")
    agents = [
        Agent("Audited", script, tools, (edits, gate)),
        Agent("Audited twice", script, tools, (edits, gate, gate)),
    ]
    with (
        start(tokens_per_second=5000, agents=agents) as server,
        pw.connect(server.url, api_key=server.key) as pb,
    ):
        for name, gates in (("Audited", 1), ("Audited twice", 2)):
            run = pb.agent(name).run("go", on_approval=pw.policy(allow=["write"])).wait()
            assert [call.result for call in run.tool_calls] == ["wrote 1 True", "wrote 2 True"]
            assert [(a.decision, a.arguments) for a in run.approvals] == [
                ("approved", {"n": n, "audited": True}) for n in (1, 2) for _ in range(gates)
            ]


def test_a_stop_right_after_an_approval_denies_what_has_not_left(
    pb: pw.Powabase, server: Counterpart
) -> None:
    run = pb.agent("Operator").run(WRITE)
    until(lambda: run.status == "waiting")
    run._live.observe = None  # no further event moves the moment on
    decider = run._task.decider
    assert decider is not None
    decider.requests._latest_call = decider._monotonic() + 60  # a quiet that doesn't come by itself
    run.approve()
    until(lambda: run.approvals[-1].decision == "sending")
    decider.requests._latest_call = decider._monotonic()
    run.stop().wait(display=False)
    assert [body["approved"] for body in decisions(server)] == [False]
    assert run.approvals[-1].by == "stop"


def test_a_policy_that_exits_leaves_every_run_going(pb: pw.Powabase) -> None:
    def leaves(_: pw.Approval) -> bool:
        sys.exit("no")

    run = pb.agent("Operator").run(WRITE, on_approval=leaves)
    with pytest.raises(pw.ApprovalNeeded):
        run.wait()
    run.deny()
    assert run.wait().status == "completed"


def test_where_nobody_can_click_waiting_says_which_policy_to_pass(pb: pw.Powabase) -> None:
    run = pb.agent("Operator").run(WRITE)
    with pytest.raises(pw.ApprovalNeeded, match=r"on_approval=powawidget\.policy"):
        run.wait()
    run.deny()
    assert run.wait().status == "completed"


def test_a_policy_decides_and_the_ledger_names_it(pb: pw.Powabase) -> None:
    rules = pw.policy(allow=["database_*"], name="all of it")
    run = pb.agent("Operator").run(WRITE, on_approval=rules).wait()
    assert [(a.decision, a.by) for a in run.approvals] == [("approved", "policy: all of it")]


def test_a_policy_approves_parallel_requests_only_if_it_allows_each(
    pb: pw.Powabase, server: Counterpart
) -> None:
    def north(arguments: Any) -> bool:
        return "North" in arguments["query"]

    rules = pw.policy(allow=[("database_query", north)])
    run = pb.agent("Operator (parallel reads)").run("Compare North and South", on_approval=rules)
    with pytest.raises(pw.ApprovalNeeded):
        run.wait()
    assert decisions(server) == []
    assert [approval.decision for approval in run.approvals] == ["pending", "pending"]
    run.approve()
    run.wait()
    assert [approval.decision for approval in run.approvals] == ["approved", "approved"]
    assert len(decisions(server)) == 1


def test_a_policy_that_fails_leaves_the_decision_to_a_person(pb: pw.Powabase) -> None:
    def broken(approval: pw.Approval) -> bool:
        raise LookupError(approval.tool_name)

    run = pb.agent("Operator").run(WRITE, on_approval=broken)
    with pytest.raises(pw.ApprovalNeeded):
        run.wait()
    run.deny()
    run.wait()


def test_two_gates_on_one_call_need_two_decisions(pb: pw.Powabase, server: Counterpart) -> None:
    run = pb.agent("Operator (two gates)").run("Escalate the overdue orders")
    for count in (1, 2):
        until(lambda count=count: len(run.approvals) == count and run.status == "waiting")
        run.approve()
    run.wait()
    assert [approval.decision for approval in run.approvals] == ["approved", "approved"]
    assert len(decisions(server)) == 2


def test_an_answer_that_waits_for_review_can_be_denied(pb: pw.Powabase) -> None:
    run = pb.agent("Operator (reviewed answers)").run("Escalate the overdue orders")
    until(lambda: run.status == "waiting")
    with pytest.raises(pw.ApprovalNeeded, match="approval of its answer"):
        run.wait()
    streamed = run.text
    run.deny("too early")
    run.wait()
    assert run.approvals[0].covers == "answer"
    assert run.approvals[0].decision == "denied"
    assert streamed not in run.text
    assert streamed not in str(list(run.events))


def test_closing_many_runs_leaves_no_thread_no_task_and_no_stream(
    pb: pw.Powabase, server: Counterpart
) -> None:
    pb.agent("Writer").run("hello").wait()
    threads = set(threading.enumerate())
    agent = pb.agent("Staller")

    async def tasks() -> int:
        return len(asyncio.all_tasks()) - 1

    before = loop.run_sync(tasks())
    runs = [agent.run("hello") for _ in range(100)]
    until(lambda: all(run.text for run in runs))
    for run in runs:
        run.close()
    until(lambda: server.open_streams == 0)
    until(lambda: loop.run_sync(tasks()) <= before)
    gc.collect()
    assert {t for t in threading.enumerate() if t.name == "powawidget"} <= threads


def test_a_sync_call_on_our_own_thread_is_refused_rather_than_stuck(pb: pw.Powabase) -> None:
    async def inside() -> str:
        try:
            pb.agents()
        except RuntimeError as error:
            return str(error)
        return "not refused"

    assert "powawidget's own thread" in loop.run_sync(inside())


def test_a_replay_at_a_pace_can_be_stopped() -> None:
    frames = b'data: {"event": "start", "run_id": "r"}\n\n' + b"".join(
        b'data: {"event": "content_delta", "delta": "x"}\n\n' for _ in range(1000)
    )
    run = pw.replay(frames, speed=0.1)
    until(lambda: run.text)
    assert run.stop().wait(display=False).status == "stopped"
