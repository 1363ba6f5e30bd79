"""Runs that aren't paid again: what is given again, what never is, and how it runs anew."""

import asyncio
import pathlib
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

import powawidget
from powawidget.batch import reuse as kept
from powawidget.batch.journal.journal import Journal
from powawidget.errors import InvalidValueError, WrongTypeError
from powawidget.kernel import loop
from powawidget.resources.project import Powabase
from powawidget.run.run import Run
from powawidget.state.model import NoticePart, RunState, plain
from powawidget.state.ops import Op, apply
from tests.counterpart import (
    Agent,
    Call,
    Calls,
    Counterpart,
    Fail,
    Hook,
    Member,
    Orchestration,
    Say,
    Script,
    Tool,
    Turn,
    start,
)

WATCHDOG = 60


def _echo(turn: Turn) -> Script:
    if "fail" in turn.message:
        yield Fail("litellm.RateLimitError: too many")
    yield Say(f"You said: {turn.message}")


def _call(turn: Turn) -> Script:
    yield Calls(Call(turn.message, {}, 0.0))
    yield Say("called")


def _none(_arguments: dict[str, Any]) -> str:
    return "nothing"


TOOLS = tuple(
    Tool(name, _none) for name in ("database_query", "mcp__docs__find", "send_email", "guarded")
)


@pytest.fixture
def server() -> Iterator[Counterpart]:
    gate = Hook("PreToolUse", matcher="guarded", timeout=300)
    agents = [
        Agent("Echo", _echo, tokens_per_second=5_000),
        Agent("Caller", _call, tools=TOOLS, hooks=(gate,), tokens_per_second=5_000),
    ]
    line = Orchestration("Line", "sequential", (Member(agents[0], "answers"),))
    running = start(agents=agents, orchestrations=[line], tokens_per_second=5_000)
    yield running
    running.stop()


@pytest.fixture
def project(server: Counterpart) -> Iterator[Powabase]:
    with powawidget.connect(server.url, api_key=server.key) as connected:
        yield connected


@pytest.fixture
def journal(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    path = str(tmp_path / "runs.powa")
    monkeypatch.setattr(powawidget.options, "reuse", path)
    yield path
    for opened in tuple(kept._journals.values()):
        opened.close()
    kept._journals.clear()


def posts(server: Counterpart) -> list[str]:
    return [body["message"] for _, path, body in server.requests if path.endswith("/run/stream")]


def notices(run: Run) -> list[str]:
    parts = run._task.live.state.parts
    return [part.text for part in parts if isinstance(part, NoticePart)]


@pytest.mark.usefixtures("journal")
def test_the_same_question_is_asked_once(server: Counterpart, project: Powabase) -> None:
    agent = project.agent("Echo")
    first = agent.run("hello", temperature=0.5)
    assert first.result(WATCHDOG).text == "You said: hello"
    assert not first.reused
    again = agent.run("hello", temperature=0.5)
    assert again.status == "completed"  # at once
    assert again.result(WATCHDOG).text == "You said: hello"
    assert (again.reused, again.run_id, again.usage) == (True, first.run_id, first.usage)
    (said,) = notices(again)
    assert said.startswith("From ")
    assert said.endswith(", not paid again.")
    assert "not paid again" in again.to_markdown()
    assert posts(server) == ["hello"]
    assert not agent.run("hello", temperature=0.6).wait(WATCHDOG).reused
    assert not agent.run("hello").wait(WATCHDOG).reused
    assert not agent.run("hello!").wait(WATCHDOG).reused
    assert posts(server) == ["hello", "hello", "hello", "hello!"]


@pytest.mark.usefixtures("journal")
def test_another_kernel_finds_it_in_the_file(server: Counterpart, project: Powabase) -> None:
    project.agent("Echo").run("hello").wait(WATCHDOG)
    for opened in tuple(kept._journals.values()):  # as a kernel's end does
        opened.close()
    kept._journals.clear()
    with powawidget.connect(server.url, api_key=server.key) as other:
        assert other.agent("Echo").run("hello").reused
    assert posts(server) == ["hello"]


def test_another_definition_is_another_question(
    server: Counterpart, project: Powabase, journal: str
) -> None:
    agent = project.agent("Echo")
    agent.run("hello").wait(WATCHDOG)
    row = server.engine.agents.as_json(agent.id)
    before = server.engine.agents.as_json
    server.engine.agents.as_json = lambda one: {  # type: ignore[method-assign]  # its prompt is edited
        **before(one),
        "system_prompt": "Be brief.",
    }
    assert row is not None
    assert not agent.run("hello").wait(WATCHDOG).reused
    assert agent.run("hello").reused
    server.engine.agents.as_json = before  # type: ignore[method-assign]  # and put back
    assert agent.run("hello").reused
    assert posts(server) == ["hello", "hello"]
    assert pathlib.Path(journal).stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("journal")
def test_a_failed_run_is_asked_again(server: Counterpart, project: Powabase) -> None:
    agent = project.agent("Echo")
    assert agent.run("fail").wait(WATCHDOG).status == "failed"
    assert agent.run("fail").wait(WATCHDOG).status == "failed"
    stopped = agent.run("hello").stop().wait(WATCHDOG)
    if stopped.status == "stopped":
        assert not agent.run("hello").wait(WATCHDOG).reused
    assert posts(server)[:2] == ["fail", "fail"]


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize(
    ("tool", "why"),
    [
        ("database_query", ""),
        ("mcp__docs__find", ""),
        ("send_email", "it called 'send_email', which isn't known only to read"),
        ("Database_Query", "it called 'Database_Query', which isn't known only to read"),
        ("guarded", "it asked for an approval"),
    ],
)
def test_a_run_that_did_more_than_read_is_paid_again_and_says_why(
    project: Powabase, tool: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(powawidget.options, "read_only_tools", ["mcp__docs__*"])
    agent = project.agent("Caller")
    approve = powawidget.policy(otherwise="approve")
    first = agent.run(tool, on_approval=approve).wait(WATCHDOG)
    assert first.status == "completed"
    assert notices(first) == (
        [f"It isn't kept for reuse: {why}. Run again it is paid again."] if why else []
    )
    assert agent.run(tool, on_approval=approve).wait(WATCHDOG).reused is not bool(why)


@pytest.mark.usefixtures("journal")
def test_a_tool_that_isnt_trusted_any_more_is_called_again(
    project: Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(powawidget.options, "read_only_tools", ["send_*"])
    agent = project.agent("Caller")
    agent.run("send_email").wait(WATCHDOG)
    assert agent.run("send_email").reused
    monkeypatch.setattr(powawidget.options, "read_only_tools", [])
    assert not agent.run("send_email").wait(WATCHDOG).reused


@pytest.mark.usefixtures("journal")
def test_a_conversation_is_never_reused(server: Counterpart, project: Powabase) -> None:
    agent = project.agent("Echo")
    for _ in range(2):
        assert not agent.run("hello", session_id="s-1").wait(WATCHDOG).reused
    assert posts(server) == ["hello", "hello"]
    with pytest.raises(InvalidValueError, match="goes on with a conversation isn't reused"):
        agent.run("hello", session_id="s-1", reuse=True)
    assert posts(server) == ["hello", "hello"]


def test_by_code_it_runs_anew_and_the_new_one_counts(
    server: Counterpart, project: Powabase, journal: str
) -> None:
    agent = project.agent("Echo")
    first = agent.run("hello").wait(WATCHDOG)
    anew = agent.run("hello", reuse=False).wait(WATCHDOG)
    assert anew.run_id != first.run_id
    assert agent.run("hello").run_id == anew.run_id
    assert posts(server) == ["hello", "hello"]
    with sqlite3.connect(journal) as read:
        assert read.execute("SELECT COUNT(*) FROM result").fetchone() == (1,)


def test_without_a_journal_it_lives_in_the_kernel_and_says_so(project: Powabase) -> None:
    agent = project.agent("Echo")
    agent.run("hello", reuse=True).wait(WATCHDOG)
    again = agent.run("hello", reuse=True)
    assert again.reused
    assert notices(again)[0].endswith("not paid again. It is kept in this kernel only.")
    assert not agent.run("hello").wait(WATCHDOG).reused
    with pytest.raises(WrongTypeError, match="reuse takes True, False or the name of a journal"):
        agent.run("hello", reuse=3)  # type: ignore[arg-type]  # as a slip does


@pytest.mark.usefixtures("journal")
def test_an_orchestration_is_reused_too(project: Powabase) -> None:
    line = project.orchestration("Line")
    first = line.run("hello").wait(WATCHDOG)
    assert first.status == "completed"
    again = line.run("hello")
    assert again.reused
    assert again.text == first.text
    assert again.delegations == first.delegations


@pytest.mark.usefixtures("journal")
def test_run_anew_is_the_same_run_live_again(server: Counterpart, project: Powabase) -> None:
    """All its ops, folded over an empty run, give the run: those of the new beginning too."""
    agent = project.agent("Caller")
    agent.run("database_query").wait(WATCHDOG)
    run = agent.run("database_query")
    assert run.reused
    live = run._task.live
    folded = RunState()
    apply(folded, [("set", (name,), value) for name, value in plain(live.state).items()])

    class Watcher:
        doing = "watched"

        def changed(self, ops: list[Op]) -> None:
            apply(folded, ops)

        def ended(self) -> None:
            """Nothing."""

        recovered = ended

    live.subscribers.append(Watcher())
    before = run.run_id

    async def click() -> list[str | None]:
        return [run._act({"action": "anew"}), run._act({"action": "anew"})]

    assert loop.run_sync(click()) == [None, "It isn't a run that was reused."]
    run.wait(WATCHDOG)
    assert (run.status, run.reused, run.text) == ("completed", False, "called")
    assert run.run_id != before
    assert [call.name for call in run.tool_calls] == ["database_query"]
    assert plain(folded) == plain(live.state)
    assert len(run.events) > 2
    assert posts(server) == ["database_query"] * 2
    assert agent.run("database_query").run_id == run.run_id


@pytest.mark.usefixtures("journal")
def test_after_the_connection_is_closed_nothing_runs_anew(
    server: Counterpart, project: Powabase
) -> None:
    agent = project.agent("Echo")
    agent.run("hello").wait(WATCHDOG)
    run = agent.run("hello")
    project.close()

    async def click() -> str | None:
        return run._act({"action": "anew"})

    refused = loop.run_sync(click())
    assert refused is not None
    assert "closed" in refused
    assert (run.text, run.reused) == ("You said: hello", True)
    assert posts(server) == ["hello"]


def test_a_journal_that_is_removed_is_begun_anew(
    server: Counterpart, project: Powabase, journal: str
) -> None:
    agent = project.agent("Echo")
    agent.run("hello").wait(WATCHDOG)
    for one in pathlib.Path(journal).parent.glob("runs.powa*"):
        one.unlink()
    agent.run("hello").wait(WATCHDOG)
    assert agent.run("hello").reused
    assert posts(server) == ["hello", "hello"]


def test_a_pruned_journal_has_nothing_to_give_again(
    server: Counterpart, project: Powabase, journal: str
) -> None:
    agent = project.agent("Echo")
    agent.run("hello").wait(WATCHDOG)
    with Journal.open(journal) as opened:
        opened.prune()
    assert not agent.run("hello").wait(WATCHDOG).reused
    assert posts(server) == ["hello", "hello"]


def test_a_batch_of_a_table_may_stand_in_the_same_journal(project: Powabase, journal: str) -> None:
    agent = project.agent("Echo")
    agent.run("hello").wait(WATCHDOG)
    agent.map(["hello"], "{value}", journal=journal).wait(WATCHDOG)
    assert agent.run("hello").reused
    with Journal.read(journal) as opened:
        assert [one.counts for one in opened.batches()] == [{"done": 1}, {"done": 1}]


@pytest.mark.usefixtures("journal")
def test_it_serves_coroutines(project: Powabase) -> None:
    async def ask() -> bool:
        run = project.agent("Echo").run("hello")
        await run
        return run.reused

    assert asyncio.run(ask()) is False
    assert asyncio.run(ask()) is True


def test_what_holds_the_key_is_kept_without_it(
    server: Counterpart, project: Powabase, journal: str
) -> None:
    agent = project.agent("Echo")
    agent.run(f"my key is {server.key}").wait(WATCHDOG)
    assert agent.run(f"my key is {server.key}").reused
    held = b"".join(one.read_bytes() for one in pathlib.Path(journal).parent.glob("runs.powa*"))
    assert server.key.encode() not in held
    assert server.key not in agent.run(f"my key is {server.key}").to_json()


@pytest.mark.usefixtures("journal")
def test_each_embedded_server_is_the_same_project() -> None:
    """A notebook that begins with connect("local") gets another one each time it is run."""
    for is_again in (False, True):
        with powawidget.connect("local") as pb:
            assert pb.agent("Writer").run("hello").wait(WATCHDOG).reused is is_again
