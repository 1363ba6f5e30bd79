"""Runs that aren't paid again: what is given again, what never is, and how it runs anew."""

import asyncio
import base64
import json
import pathlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import powawidget
from powawidget.batch import reuse as kept
from powawidget.batch.journal import attempts
from powawidget.batch.journal.journal import Journal
from powawidget.errors import ConnectionLost, InvalidValueError, PowawidgetError, WrongTypeError
from powawidget.kernel import loop
from powawidget.live.run import NONCE
from powawidget.resources import definitions, reusing
from powawidget.resources.agent import Agent as AgentOfProject
from powawidget.resources.agent import AgentInfo
from powawidget.resources.batching import agent_target
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
    Pause,
    Say,
    Script,
    Tool,
    Turn,
    start,
)
from tests.waiting import WATCHDOG, until

GO_ON = threading.Event()


def _echo(turn: Turn) -> Script:
    while "slow" in turn.message and not GO_ON.is_set():
        yield Pause(0.01)
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
    twins = [Agent(f"Twin {one}", _echo, tokens_per_second=5_000) for one in ("a", "b")]
    line = Orchestration("Line", "sequential", (Member(agents[0], "answers"),))
    pair = Orchestration("Pair", "sequential", tuple(Member(one, "answers") for one in twins))
    GO_ON.clear()
    running = start(agents=[*agents, *twins], orchestrations=[line, pair], tokens_per_second=5_000)
    yield running
    GO_ON.set()
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

    done = "There is nothing to run anew: that was done already."
    assert loop.run_sync(click()) == [None, done]
    run.wait(WATCHDOG)
    assert (run.status, run.reused, run.text) == ("completed", False, "called")
    assert run.run_id != before
    assert [call.name for call in run.tool_calls] == ["database_query"]
    assert plain(folded) == plain(live.state)
    assert len(run.events) > 2
    assert posts(server) == ["database_query"] * 2
    assert agent.run("database_query").run_id == run.run_id


class Page:
    """A page that shows a run."""

    def __init__(self, run: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._name, self._said = name, 0
        self._widget = run.widget
        self._heard: list[Any] = []
        send = self._widget.send

        def heard(content: Any, buffers: Any = None) -> None:
            self._heard.append(content)
            send(content, buffers)

        monkeypatch.setattr(self._widget, "send", heard)
        self._say("hello", have=0)

    def run_anew(self) -> str | None:
        """Press "Run anew"; gives why that is refused."""
        asked = self._say("act", nonce=NONCE, action="anew", digests=[])
        acks = until(
            lambda: [one for one in self._heard if one.get("kind") == "ack" and one["id"] == asked]
        )
        refused: str | None = acks[0]["refused"]
        return refused

    def _say(self, kind: str, **more: Any) -> str:
        self._said += 1
        name = f"{self._name} {self._said}"
        self._widget._from_comm(None, {"kind": kind, "id": name, **more}, [])
        return name


def asked_once(project: Powabase) -> AgentOfProject:
    """An agent that was asked "slow one", and is held when it is asked once more."""
    agent = project.agent("Echo")
    GO_ON.set()
    agent.run("slow one").wait(WATCHDOG)
    GO_ON.clear()
    return agent


@pytest.mark.usefixtures("journal")
def test_of_two_pages_of_a_run_one_runs_it_anew(
    server: Counterpart, project: Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = asked_once(project)
    run = agent.run("slow one")
    pages = [Page(run, name, monkeypatch) for name in ("first", "second")]
    assert pages[0].run_anew() is None
    assert pages[1].run_anew() == "There is nothing to run anew: that was done already."
    GO_ON.set()
    assert run.wait(WATCHDOG).text == "You said: slow one"
    assert pages[1].run_anew() is not None
    assert posts(server) == ["slow one"] * 2


@pytest.mark.usefixtures("journal")
def test_what_runs_anew_in_one_place_isnt_paid_once_more_in_another(
    server: Counterpart, project: Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same in two cells; and a cell that is run again meanwhile, as by Run All."""
    agent = asked_once(project)
    runs = [agent.run("slow one") for _ in range(3)]
    first, second, third = (Page(run, str(at), monkeypatch) for at, run in enumerate(runs))
    assert first.run_anew() is None
    assert "runs anew in another place already" in str(second.run_anew())
    assert agent.run("slow one") is runs[0]
    GO_ON.set()
    runs[0].wait(WATCHDOG)
    assert runs[1].reused
    assert agent.run("slow one").run_id == runs[0].run_id
    assert posts(server) == ["slow one"] * 2
    # Once that is over, a click is a person's word as before.
    assert third.run_anew() is None
    runs[2].wait(WATCHDOG)
    assert posts(server) == ["slow one"] * 3


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


def edited(
    server: Counterpart, monkeypatch: pytest.MonkeyPatch, edit: Callable[[Any, Any], Any]
) -> None:
    """Have the server tell something else of its agents."""
    before = server.engine.agents.as_json
    monkeypatch.setattr(server.engine.agents, "as_json", lambda one: edit(one, before(one)))


def pair_members(server: Counterpart) -> list[str]:
    (pair,) = (one for one in server.engine.orchestrations.all.values() if one.name == "Pair")
    return [str(one["entity_ref_id"]) for one in pair.entities()]


@pytest.mark.usefixtures("journal")
def test_of_two_who_ask_the_same_at_once_one_pays(server: Counterpart, project: Powabase) -> None:
    agent = project.agent("Echo")
    first = agent.run("slow one")
    runs = [agent.run("slow one") for _ in range(3)]
    assert all(one is first for one in runs)
    other = agent.run("slow two")
    GO_ON.set()
    assert first.wait(WATCHDOG).text == "You said: slow one"
    assert other.wait(WATCHDOG).text == "You said: slow two"
    assert "this is that run too, not paid again" in first.to_markdown()
    assert agent.run("slow one").reused
    assert sorted(posts(server)) == ["slow one", "slow two"]


@pytest.mark.usefixtures("journal")
def test_of_threads_that_ask_the_same_at_once_one_pays(
    server: Counterpart, project: Powabase
) -> None:
    agent = project.agent("Echo")
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: agent.run("slow one"), range(8)))
    GO_ON.set()
    assert {one.wait(WATCHDOG).run_id for one in runs} == {runs[0].run_id}
    assert posts(server) == ["slow one"]


@pytest.mark.usefixtures("journal")
def test_a_run_that_is_stopped_or_decided_otherwise_is_given_to_nobody(
    server: Counterpart, project: Powabase
) -> None:
    agent = project.agent("Echo")
    first = agent.run("slow one").stop()
    second = agent.run("slow one")
    third = agent.run("slow one", on_approval=powawidget.policy(otherwise="deny"))
    assert len({id(one) for one in (first, second, third)}) == 3
    GO_ON.set()
    second.wait(WATCHDOG)
    third.wait(WATCHDOG)
    assert 2 <= len(posts(server)) <= 3  # the first may be stopped before it is sent


@pytest.mark.usefixtures("journal")
def test_a_member_that_has_changed_or_cant_be_read_is_asked_again(
    server: Counterpart, project: Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited(server, monkeypatch, lambda _, row: {**row, "name": row["name"].rpartition(" ")[0]})
    pair = project.orchestration("Pair")
    pair.run("hello").wait(WATCHDOG)
    assert pair.run("hello").reused
    members = pair_members(server)
    for member in members:  # of two that have one name each counts
        with monkeypatch.context() as patch:
            edited(
                server,
                patch,
                lambda one, row, own=member: (
                    {**row, "system_prompt": "Be brief."} if one == own else row
                ),
            )
            assert not pair.run("hello").wait(WATCHDOG).reused
    assert pair.run("hello").reused
    with monkeypatch.context() as patch:
        edited(server, patch, lambda one, row: None if one == members[0] else row)
        unread = pair.run("hello").wait(WATCHDOG)
    assert not unread.reused
    assert notices(unread)[0].startswith("It isn't reused: this key can't read whether Pair")


@pytest.mark.usefixtures("journal")
def test_a_tool_of_the_projects_own_that_has_changed_is_another_question(
    server: Counterpart, project: Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent names it by its id alone; what it is stands in the list of all tools."""
    tools = server.engine.agents.tools_json
    monkeypatch.setattr(
        server.engine.agents,
        "tools_json",
        lambda one: [{**row, "tool_id": "t-1", "tool_type": "custom"} for row in tools(one)][:1],
    )
    agent = project.agent("Caller")
    unread = agent.run("database_query").wait(WATCHDOG)
    assert notices(unread)[0].startswith("It isn't reused: this key can't read whether Caller")
    told = {"id": "t-1", "name": "find", "description": "Finds.", "updated_at": "2026-11-26"}
    read = definitions.got

    async def got(client: Any, path: str) -> Any:
        return (
            {"tools": [told, {"id": "t-2"}]} if path == "/api/tools" else await read(client, path)
        )

    monkeypatch.setattr(definitions, "got", got)
    agent.run("database_query").wait(WATCHDOG)
    told["updated_at"] = "2026-11-27"
    assert agent.run("database_query").reused
    told["description"] = "Finds all."
    assert not agent.run("database_query").wait(WATCHDOG).reused


@pytest.mark.usefixtures("journal")
def test_what_ran_anew_after_a_change_isnt_kept_for_what_was_before(
    server: Counterpart, project: Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = project.agent("Echo")
    first = agent.run("hello").wait(WATCHDOG)
    run = agent.run("hello")
    with monkeypatch.context() as patch:
        edited(server, patch, lambda _, row: {**row, "system_prompt": "Be brief."})

        async def click() -> str | None:
            return run._act({"action": "anew"})

        assert loop.run_sync(click()) is None
        run.wait(WATCHDOG)
    assert notices(run) == ["It isn't kept for reuse: Echo has changed meanwhile."]
    assert agent.run("hello").run_id == first.run_id


def jwt(**claims: Any) -> str:
    parts = [json.dumps(one).encode() for one in ({"alg": "HS256"}, claims)]
    return ".".join(
        [*(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in parts), "c2ln"]
    )


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("pb_key_of_one_account", "pb_key_of_one_account", True),
        ("pb_key_of_one_account", "pb_key_of_another_one", False),
        (jwt(sub="anna", exp=1), jwt(sub="anna", exp=2), True),
        (jwt(sub="anna", exp=1), jwt(sub="berta", exp=1), False),
        (jwt(sub="anna", role="service_role"), jwt(sub="anna", role="authenticated"), False),
        (jwt(exp=1), jwt(exp=2), False),
        ("a.b.c", "a.e.c", False),
        (f"a.{'W1tb' * 900}.c", f"a.{'W1tb' * 901}.c", False),
    ],
)
def test_another_account_gets_nothing_that_was_told_to_this_one(
    server: Counterpart, one: str, other: str, is_same: bool
) -> None:
    def key(api_key: str) -> str:
        with powawidget.connect(server.url, api_key=api_key) as pb:
            target = agent_target(
                AgentOfProject(pb._client, AgentInfo(id="a-1", name="Echo"), False)
            )
            return kept.question_of(target, {"model": "m"}, {"message": "hello"}, 0.0).key

    assert (key(one) == key(other)) is is_same


@pytest.mark.usefixtures("journal")
def test_a_text_names_one_tool_and_not_each_of_its_letters(
    project: Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(powawidget.options, "read_only_tools", "mcp__docs__*")
    agent = project.agent("Caller")
    for tool, is_reused in (("send_email", False), ("mcp__docs__find", True)):
        agent.run(tool).wait(WATCHDOG)
        assert agent.run(tool).wait(WATCHDOG).reused is is_reused


def test_an_answer_to_another_message_is_never_given(
    server: Counterpart, project: Powabase, journal: str
) -> None:
    """Whoever can write into the file, by mistake or not, has put it under another key."""
    agent = project.agent("Echo")
    for message in ("hello", "goodbye"):
        agent.run(message).wait(WATCHDOG)
    with sqlite3.connect(journal) as write:
        first, second = (row[0] for row in write.execute("SELECT id FROM attempt ORDER BY id"))
        for attempt, other in ((first, -1), (second, first), (-1, second)):
            write.execute("UPDATE result SET attempt = ? WHERE attempt = ?", (other, attempt))
    assert not agent.run("hello").wait(WATCHDOG).reused
    assert not agent.run("goodbye").wait(WATCHDOG).reused
    assert posts(server) == ["hello", "goodbye"] * 2


@pytest.mark.parametrize("stored", [b"", b"\x00", b"\x01abc", b"\x00{}", b"\x00[" + b"[" * 5000])
def test_what_is_broken_is_told_and_sent_anew_by_a_word_alone(
    server: Counterpart, project: Powabase, journal: str, stored: bytes
) -> None:
    agent = project.agent("Echo")
    agent.run("hello").wait(WATCHDOG)
    with sqlite3.connect(journal) as write:
        write.execute("UPDATE result SET run = ?", (stored,))
    with pytest.raises(InvalidValueError, match=r"can't be read: .* Pass reuse=False"):
        agent.run("hello")
    assert posts(server) == ["hello"]
    assert not agent.run("hello", reuse=False).wait(WATCHDOG).reused
    assert agent.run("hello").reused


def test_a_file_that_is_no_journal_keeps_nobody_from_running_anew(
    server: Counterpart, project: Powabase, journal: str
) -> None:
    pathlib.Path(journal).write_text("no journal, but a text of some length" * 200)
    agent = project.agent("Echo")
    with pytest.raises(PowawidgetError):
        agent.run("hello")
    assert posts(server) == []
    run = agent.run("hello", reuse=False).wait(WATCHDOG)
    assert (run.status, posts(server)) == ("completed", ["hello"])
    assert notices(run)[0].startswith("It isn't kept for reuse: ")


@pytest.mark.usefixtures("journal")
def test_where_nobody_says_what_the_agent_is_nothing_is_sent(
    server: Counterpart, project: Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have been paid already."""

    async def lost(*_: Any) -> Any:
        raise ConnectionLost("It can't be reached.", maybe_accepted=False, temporary=True)

    agent = project.agent("Echo")
    monkeypatch.setattr(reusing, "read_definition", lost)
    run = agent.run("hello").wait(WATCHDOG)
    assert (run.status, posts(server)) == ("failed", [])
    assert run.error is not None
    assert "can't be reached" in run.error.message
    assert agent.run("hello", reuse=False).wait(WATCHDOG).status == "completed"


@pytest.mark.usefixtures("journal")
def test_a_run_that_is_too_large_to_keep_says_so(
    project: Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "RUN_LIMIT", 100)
    run = project.agent("Echo").run("hello").wait(WATCHDOG)
    assert "it is too large" in notices(run)[0]


def test_a_journal_that_another_process_writes_at_that_moment_keeps_it_all_the_same(
    project: Powabase, journal: str
) -> None:
    agent = project.agent("Echo")
    agent.run("hello").wait(WATCHDOG)
    other = sqlite3.connect(journal, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    ending = threading.Timer(0.5, other.execute, ["COMMIT"])
    ending.start()
    assert agent.run("hello").reused
    ending.join()
    run = agent.run("slow one")
    other.execute("BEGIN IMMEDIATE")
    GO_ON.set()
    assert run._task.live.done.wait(WATCHDOG)  # it is over, and waits for its place in the file
    other.execute("COMMIT")
    other.close()
    run.wait(WATCHDOG)
    assert agent.run("slow one").reused


@pytest.mark.parametrize(
    ("zone", "seconds", "said"),
    [
        ("UTC", 1_795_704_180.0, "26 Nov 2026, 14:43 UTC"),
        ("Europe/Berlin", 1_795_704_180.0, "26 Nov 2026, 15:43 CET"),
        ("Asia/Tokyo", 1_795_730_400.0, "27 Nov 2026, 07:00 JST"),
        ("Asia/Kathmandu", 1_798_739_999.0, "31 Dec 2026, 23:44 UTC+0545"),
        ("America/New_York", 1_782_876_600.0, "30 Jun 2026, 23:30 EDT"),
        ("UTC", None, "an unknown day"),
        ("UTC", 1e20, "an unknown day"),
        ("UTC", float("nan"), "an unknown day"),
    ],
)
def test_since_when_is_said_with_its_year_and_zone(
    zone: str, seconds: float | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        words = kept.words_of(RunState(started=seconds), is_kept=True)
    time.tzset()
    assert words == f"From {said}, not paid again."
