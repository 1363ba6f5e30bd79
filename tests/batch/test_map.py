"""`map` and `grid`: what is sent for each row, and what is refused before anything is."""

import asyncio
import dataclasses
import datetime as dt
import gc
import pathlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import powawidget
from powawidget import Batch
from powawidget.batch import files
from powawidget.errors import (
    ApprovalNeeded,
    ConfigurationError,
    FileError,
    InvalidValueError,
    UnknownNameError,
    WrongTypeError,
)
from powawidget.resources import mapping
from powawidget.resources.project import Powabase
from tests.counterpart import (
    Agent,
    Block,
    Call,
    Calls,
    Counterpart,
    Edge,
    Fail,
    Hook,
    Say,
    Script,
    Tool,
    Turn,
    Workflow,
    start,
)

WATCHDOG = 60
TICKETS = pd.DataFrame(
    {"id": ["T-1", "T-2"], "text": ["I was {charged} twice", "It is broken"]}, index=["x", "x"]
)


class Ticket(msgspec.Struct):
    category: str
    urgent: bool


def _echo(turn: Turn) -> Script:
    if "fail" in turn.message:
        yield Fail("litellm.RateLimitError: too many")
    yield Say(turn.message.partition("\n\nAnswer with JSON")[0])


def _look(turn: Turn) -> Script:
    yield Calls(Call("look", {}, 0.0))
    yield Say(turn.message)


def _write(turn: Turn) -> Script:
    (result,) = yield Calls(Call("write", {"text": turn.message}, 0.0))
    yield Say(result)


def _none(_arguments: dict[str, Any]) -> str:
    return "nothing"


@pytest.fixture(scope="module")
def server() -> Iterator[Counterpart]:
    agents = [
        Agent("Echo", _echo, tokens_per_second=5_000),
        Agent("Looker", _look, tools=(Tool("look", _none),), tokens_per_second=5_000),
    ]
    writes = Tool("write", _none, read_only=False)
    gate = Hook("PreToolUse", matcher="write", timeout=300)
    agents.append(
        Agent("Writer (gated)", _write, tools=(writes,), hooks=(gate,), tokens_per_second=5_000)
    )
    double = Workflow(
        "Double",
        (
            Block("Start", "starter", {"input": {"n": None, "by": 2}}),
            Block("Response", "response", {"output": {"n": "<Start.output.n>"}}),
        ),
        (Edge("Start", "Response"),),
    )
    running = start(
        agents=agents, workflows=[double], tokens_per_second=5_000, executions_per_minute=None
    )
    yield running
    running.stop()


@pytest.fixture(scope="module")
def project(server: Counterpart) -> Iterator[Powabase]:
    with powawidget.connect(server.url, api_key=server.key) as connected:
        yield connected


def _posted(server: Counterpart, since: int) -> list[dict[str, Any]]:
    """The bodies of the runs that were started, without what names their sessions."""
    bodies = [
        body
        for method, path, body in server.requests[since:]
        if path.endswith("/stream") and method
    ]
    return [{name: body[name] for name in body if name != "session_id"} for body in bodies]


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow", "list", "dict", "iterable"])
def test_the_same_rows_come_back_as_the_same_kind(project: Powabase, kind: str) -> None:
    records = TICKETS.to_dict("records")
    data: Any = {
        "pandas": TICKETS,
        "polars": pl.DataFrame(records),
        "pyarrow": pa.Table.from_pylist(records),
        "list": records,
        "dict": {row["id"]: row for row in records},
        "iterable": iter(records),
    }[kind]
    batch = project.agent("Echo").map(data, "Say {text}", key="id").wait(WATCHDOG)
    frame = batch.frame
    assert type(frame) is type(data) or kind == "iterable"
    match kind:
        case "pandas":
            assert frame.index.tolist() == ["x", "x"]
            made = frame.to_dict("records")
        case "polars":
            made = frame.to_dicts()
        case "pyarrow":
            made = frame.to_pylist()
        case "dict":
            made = list(frame.values())
        case _:
            made = frame
    assert [row["answer"] for row in made] == ["Say I was {charged} twice", "Say It is broken"]
    assert {row["status"] for row in made} == {"done"}
    assert [row["id"] for row in made] == ["T-1", "T-2"]
    assert batch["T-2"].text == "Say It is broken"
    assert batch.keys == ["T-1", "T-2"]


def test_a_series_is_its_own_message(project: Powabase) -> None:
    series = pd.Series(["a", "b"], index=pd.MultiIndex.from_tuples([("p", 1), ("p", 2)]), name="q")
    batch = project.agent("Echo").map(series).wait(WATCHDOG)
    assert batch.frame["answer"].tolist() == ["a", "b"]
    assert batch.frame.index.tolist() == [("p", 1), ("p", 2)]
    assert batch["p", 2].text == "b"


def test_a_named_index_is_a_key(project: Powabase) -> None:
    frame = pd.DataFrame({"text": ["a", "b"]}, index=pd.Index(["T-1", "T-2"], name="id"))
    batch = project.agent("Echo").map(frame, "text", key="id").wait(WATCHDOG)
    assert batch.keys == ["T-1", "T-2"]
    assert batch.frame.index.name == "id"


def test_an_odd_table_is_sent_exactly(server: Counterpart, project: Powabase) -> None:
    frame = pd.DataFrame(
        {
            "big": pd.array([2**53 + 1, None], dtype="Int64"),
            "kind": pd.Categorical(["bug", None]),
            "nested": [{"a": [1, "{x}"]}, None],
            "at": pd.to_datetime(["2026-03-01 10:00+01:00", None]),
        },
        index=[None, None],
    )
    since = len(server.requests)
    template = "{big}|{kind}|{nested}|{at}|{{}}"
    project.agent("Echo").map(frame, template, concurrency=1).wait(WATCHDOG)
    assert [body["message"] for body in _posted(server, since)] == [
        '9007199254740993|bug|{"a": [1, "{x}"]}|2026-03-01T10:00:00+01:00|{}',
        "||||{}",
    ]


def test_a_schema_stands_in_the_message_of_an_agent_without_tools(
    server: Counterpart, project: Powabase
) -> None:
    since = len(server.requests)
    batch = project.agent("Echo").map(
        ['{"category": "billing", "urgent": true}', "It is billing."], schema=Ticket
    )
    frame = batch.wait(WATCHDOG).frame
    for body in _posted(server, since):
        assert "response_format" not in body
        assert '"urgent"' in body["message"].partition("JSON schema:\n")[2]
    assert frame[0]["category"] == "billing"
    assert frame[0]["urgent"] is True
    assert frame[1]["status"] == "failed"
    assert frame[1]["category"] is None
    assert frame[1]["answer"] == "It is billing."
    assert "doesn't fit the schema" in frame[1]["error"]
    assert batch.errors == [frame[1]]


def test_a_schema_is_the_response_format_of_an_agent_with_tools(
    server: Counterpart, project: Powabase
) -> None:
    since = len(server.requests)
    asked = '{"category": "billing", "urgent": false}'
    batch = project.agent("Looker").map([asked], schema=Ticket).wait(WATCHDOG)
    (body,) = _posted(server, since)
    assert body["message"] == asked
    assert body["response_format"]["json_schema"]["schema"]["required"] == ["category", "urgent"]
    assert batch.frame[0]["urgent"] is False
    assert batch.frame[0]["calls"] == 1


def test_a_failed_row_fails_no_table_and_may_be_sent_again(project: Powabase) -> None:
    batch = project.agent("Echo").map(["a", "fail", "b"]).wait(WATCHDOG)
    assert batch.counts == {"failed": 1, "done": 2}
    assert [row["status"] for row in batch.frame] == ["done", "failed", "done"]
    assert "too many" in batch.errors[0]["error"]
    first = batch.errors[0]["run_id"]
    batch.retry("failed").wait(WATCHDOG)
    assert batch.errors[0]["run_id"] != first
    assert batch.counts == {"failed": 1, "done": 2}
    with pytest.raises(InvalidValueError, match="retry takes"):
        batch.retry("done")
    with pytest.raises(InvalidValueError, match="retry takes"):
        batch.retry()


def test_a_sample_goes_first(project: Powabase) -> None:
    batch = project.agent("Echo").map([f"row {n}" for n in range(30)], start=False)
    assert batch.counts == {"waiting": 30}
    with pytest.raises(ConfigurationError, match=r"30 rows wait: batch\.start\(\) starts"):
        batch.wait(WATCHDOG)
    batch.sample(4).wait(WATCHDOG)
    assert batch.counts == {"waiting": 26, "done": 4}
    sampled = {row["value"] for row in batch.frame if row["status"] == "done"}
    assert sampled != {f"row {n}" for n in range(4)}
    assert "other 26 rows use" in repr(batch)
    batch.sample(2).wait(WATCHDOG)
    assert batch.counts == {"waiting": 24, "done": 6}
    batch.start().wait(WATCHDOG)
    assert batch.counts == {"done": 30}
    with pytest.raises(ConfigurationError, match="start=False"):
        batch.sample(1)
    for wrong in (0, True, 1.5):
        with pytest.raises(InvalidValueError, match="A sample has 1 row or more"):
            batch.sample(wrong)  # type: ignore[arg-type]  # what is refused


def test_the_same_rows_are_sampled_again(project: Powabase, tmp_path: pathlib.Path) -> None:
    rows = [f"row {n}" for n in range(30)]
    drawn = []
    for path in ("a.powa", "b.powa"):
        batch = project.agent("Echo").map(rows, journal=tmp_path / path, start=False)
        batch.sample(5).wait(WATCHDOG)
        drawn.append([row["value"] for row in batch.frame if row["status"] == "done"])
    assert drawn[0] == drawn[1]


def test_it_says_what_to_do_next(
    server: Counterpart, project: Powabase, tmp_path: pathlib.Path
) -> None:
    """Whatever keeps rows waiting: a sentence says why, and the next how they are sent."""
    agent, rows, path = project.agent("Echo"), ["a", "b", "c"], tmp_path / "t.powa"
    one = powawidget.budget(runs=1)
    spent = agent.map(rows, budget=one).wait(WATCHDOG)
    assert "1 run is used up.\n2 rows wait, and can't be sent" in repr(spent)
    spent = agent.map(rows, budget=one, journal=path).wait(WATCHDOG)
    assert "2 rows wait: the same map(...) with another budget sends what waits" in repr(spent)
    server.refuse(402)
    broke = agent.map(rows, concurrency=1).wait(WATCHDOG)
    assert "3 rows wait: batch.start() sends what waits" in repr(broke)
    assert "run the cell again" not in repr(broke)  # that would send every row again
    assert broke.start().wait(WATCHDOG).counts == {"done": 3}


def test_what_was_stopped_on_its_way_is_said_to_be_open(project: Powabase) -> None:
    held = Held()
    batch = project.agent("Writer (gated)").map(["a"], on_approval=held.decide)
    assert held.asked.wait(WATCHDOG)
    batch.stop(runs=True).wait(WATCHDOG)
    held.may.set()
    assert "What became of 1 row isn't known yet: batch.start() asks." in repr(batch)


def test_a_row_s_run_is_a_stored_one(project: Powabase) -> None:
    batch = project.agent("Echo").map(["a"]).wait(WATCHDOG)
    assert "stored run" in batch[0].to_text()
    assert "replay" not in batch[0].to_text()


def test_many_runs_wait_for_a_word(
    server: Counterpart, project: Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(powawidget.options, "ask_above", 3)
    since = len(server.requests)
    batch = project.agent("Echo").map(["a", "b", "c", "d"])
    assert _posted(server, since) == []
    with pytest.raises(ConfigurationError, match=r"4 rows wait, .*: batch\.start\(confirm=True\)"):
        batch.wait(WATCHDOG)
    with pytest.raises(ConfigurationError, match=r"more than powawidget\.options\.ask_above \(3\)"):
        batch.start()
    assert "4 rows wait, more runs than powawidget.options.ask_above (3)" in repr(batch)
    batch.start(confirm=True).wait(WATCHDOG)
    assert batch.counts == {"done": 4}
    confirmed = project.agent("Echo").map(["a", "b", "c", "d"], confirm=True).wait(WATCHDOG)
    assert confirmed.counts == {"done": 4}
    few = powawidget.budget(runs=2)
    capped = project.agent("Echo").map(["a", "b", "c", "d"], budget=few).wait(WATCHDOG)
    assert capped.counts == {"waiting": 2, "done": 2}
    assert "budget" in capped.reason


def test_a_journal_goes_on_with_what_is_left(
    server: Counterpart, project: Powabase, tmp_path: pathlib.Path
) -> None:
    agent, path = project.agent("Echo"), tmp_path / "t.powa"
    agent.map(["a", "b"], journal=path, budget=powawidget.budget(runs=1)).wait(WATCHDOG)
    since = len(server.requests)
    batch = agent.map(["a", "b"], journal=path).wait(WATCHDOG)
    assert batch.counts == {"done": 2}
    assert len(_posted(server, since)) == 1
    with pytest.raises(InvalidValueError, match="pass changed='keep'"):
        agent.map(["a", "c"], journal=path)
    assert len(_posted(server, since)) == 1
    kept = agent.map(["a", "c"], journal=path, changed="keep").wait(WATCHDOG)
    assert [row["answer"] for row in kept.frame] == ["a", "b"]
    new = agent.map(["a", "d"], journal=path, changed="new").wait(WATCHDOG)
    assert [row["answer"] for row in new.frame] == ["a", "d"]


def test_rows_are_sent_again_without_those_that_wait(
    project: Powabase, tmp_path: pathlib.Path
) -> None:
    agent, path = project.agent("Echo"), tmp_path / "t.powa"
    rows = ["fail", "a", "b", "c"]
    first = agent.map(rows, journal=path, start=False)
    drawn = first.sample(2).wait(WATCHDOG).counts
    few = agent.map(rows, journal=path, start=False)
    few.retry("failed").wait(WATCHDOG)
    assert few.counts == drawn
    assert "2 rows wait" in few.reason
    assert few.start().wait(WATCHDOG).counts == {"failed": 1, "done": 3}
    assert few.retry("unknown").wait(WATCHDOG).counts == {"failed": 1, "done": 3}
    tries = few.errors[0]["run_id"]
    assert few.retry("failed", "unknown").wait(WATCHDOG).errors[0]["run_id"] != tries


def test_a_cell_that_runs_again_after_an_interrupt_goes_on(
    server: Counterpart, project: Powabase, tmp_path: pathlib.Path
) -> None:
    agent, path, held = project.agent("Writer (gated)"), tmp_path / "t.powa", Held()
    since = len(server.requests)

    def cell() -> Batch:
        rows = ["a", "b", "c"]
        return agent.map(rows, journal=path, concurrency=1, on_approval=held.decide)

    with pytest.raises(KeyboardInterrupt):
        held.interrupting(cell()).wait(WATCHDOG)
    gc.collect()  # nobody holds the batch but what drives it
    threading.Timer(0.1, held.may.set).start()
    assert cell().wait(WATCHDOG).counts == {"done": 3}
    assert len(_posted(server, since)) == 3


def test_what_is_refused_leaves_one_file_and_nobody_who_drives(
    project: Powabase, tmp_path: pathlib.Path
) -> None:
    """A notebook holds the last traceback, and with it all that stood there."""
    agent, path = project.agent("Echo"), tmp_path / "t.powa"
    agent.map(["a"], journal=path).wait(WATCHDOG)._journal.close()
    with pytest.raises(InvalidValueError, match="pass changed=") as kept:
        agent.map(["b"], journal=path)
    assert [one.name for one in tmp_path.iterdir()] == ["t.powa"]
    assert agent.map(["b"], journal=path, changed="new").wait(WATCHDOG).counts == {"done": 1}
    assert kept.tb


def test_a_cell_that_runs_again_goes_on_with_what_runs(
    server: Counterpart, project: Powabase, tmp_path: pathlib.Path
) -> None:
    agent, path = project.agent("Echo"), tmp_path / "t.powa"
    since = len(server.requests)
    rows = [f"row {n}" for n in range(40)]
    first = agent.map(rows, journal=path, concurrency=2)
    second = agent.map(rows, journal=path, concurrency=2)
    assert second.wait(WATCHDOG).counts == {"done": 40}
    assert first.wait(WATCHDOG).counts == {"done": 40}
    assert len(_posted(server, since)) == 40


def test_a_batch_that_goes_on_is_driven_once(project: Powabase, tmp_path: pathlib.Path) -> None:
    agent, path = project.agent("Echo"), tmp_path / "t.powa"
    batch = agent.map([f"row {n}" for n in range(40)], journal=path, concurrency=1)
    with pytest.raises(FileError, match="driven already"):
        agent.map([f"row {n}" for n in range(41)], journal=path)
    batch.stop().wait(WATCHDOG)
    assert set(batch.counts) <= {"done", "waiting"}
    assert "stopped" in batch.reason or batch.counts == {"done": 40}
    more = agent.map([f"row {n}" for n in range(41)], journal=path).wait(WATCHDOG)
    assert more.counts == {"done": 41}


def test_it_lives_with_the_kernel_and_says_so(project: Powabase, tmp_path: pathlib.Path) -> None:
    batch = project.agent("Echo").map(["a"]).wait(WATCHDOG)
    assert "lives in this kernel only" in repr(batch)
    assert "sends every row again" in repr(batch)
    kept = project.agent("Echo").map(["a"], journal=tmp_path / "t.powa").wait(WATCHDOG)
    assert "lives in this kernel" not in repr(kept)
    assert "t.powa" in repr(kept)


def test_it_can_be_awaited(project: Powabase) -> None:
    async def cell() -> Batch:
        return await project.agent("Echo").map(["a", "b"])

    assert asyncio.run(cell()).counts == {"done": 2}


def test_a_policy_decides_for_every_row(project: Powabase) -> None:
    agent = project.agent("Writer (gated)")
    allowing = powawidget.policy(allow=["write"])
    batch = agent.map(["a", "b"], on_approval=allowing).wait(WATCHDOG)
    assert [row["answer"] for row in batch.frame] == ["nothing", "nothing"]
    assert batch[0].approvals[0].decision == "approved"


def test_where_nobody_can_decide_the_wait_says_so(project: Powabase) -> None:
    asking = powawidget.policy()
    batch = project.agent("Writer (gated)").map(["a"], on_approval=asking)
    with pytest.raises(ApprovalNeeded, match="'write'") as raised:
        batch.wait(WATCHDOG)
    with pytest.raises(ApprovalNeeded):
        asyncio.run(_result(batch))
    assert "map(..., on_approval=" in str(raised.value)
    assert "batch[0].approve()" in str(raised.value)
    assert raised.value.run is batch[0]
    batch[0].deny("not now")
    assert batch.wait(WATCHDOG).counts == {"done": 1}
    assert "not now" in batch.frame[0]["answer"]
    assert batch.frame[0]["note"] == "Denied: 'write'."


async def _result(batch: Batch) -> Batch:
    return await batch


def test_without_credit_the_row_is_left_for_a_person(
    server: Counterpart, project: Powabase
) -> None:
    server.refuse(402)
    batch = project.agent("Echo").map(["a", "b"], concurrency=1).wait(WATCHDOG)
    assert batch.counts == {"waiting": 2}
    assert "credit" in batch.reason
    assert batch.reason in repr(batch)
    assert batch.start().wait(WATCHDOG).counts == {"done": 2}
    assert batch.reason == ""


class Held:
    """A policy that decides only when it may; an interrupt comes while it is asked."""

    def __init__(self) -> None:
        self.asked, self.may = threading.Event(), threading.Event()

    def decide(self, _approval: object) -> bool:
        self.asked.set()
        return self.may.wait(WATCHDOG)

    def interrupting(self, batch: Batch) -> Batch:
        """Give the batch back, and have somebody interrupt the kernel."""

        def press() -> None:
            assert self.asked.wait(WATCHDOG)
            signal.raise_signal(signal.SIGINT)

        threading.Thread(target=press, daemon=True).start()
        return batch


def test_an_interrupt_starts_nothing_new(project: Powabase) -> None:
    held = Held()
    agent = project.agent("Writer (gated)")
    batch = agent.map(["a", "b", "c"], concurrency=1, on_approval=held.decide)
    with pytest.raises(KeyboardInterrupt, match="Nothing new starts") as interrupted:
        held.interrupting(batch).wait(WATCHDOG)
    assert interrupted.value.__suppress_context__  # no frames of what was interrupted
    assert "stopped" in batch.reason
    assert "What runs goes on to its end: batch.wait() waits for it." in repr(batch)
    held.may.set()
    assert batch.wait(WATCHDOG).counts == {"waiting": 2, "done": 1}
    assert "It was stopped.\n2 rows wait: batch.start() sends what waits." in repr(batch)
    assert batch.start().wait(WATCHDOG).counts == {"done": 3}


def test_an_interrupt_of_async_code_says_what_becomes_of_the_batch(project: Powabase) -> None:
    held, said = Held(), []
    agent = project.agent("Writer (gated)")
    batch = agent.map(["a", "b"], concurrency=1, on_approval=held.decide)

    async def cell() -> None:
        try:
            await held.interrupting(batch)
        except asyncio.CancelledError as error:
            said.append(str(error))
            raise

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(cell())
    assert "batch.start() then starts the rest" in said[0]
    held.may.set()
    assert batch.wait(WATCHDOG).counts == {"waiting": 1, "done": 1}


def test_an_interrupt_may_only_end_the_waiting(project: Powabase) -> None:
    held = Held()
    agent = project.agent("Writer (gated)")
    batch = agent.map(["a", "b"], concurrency=1, on_approval=held.decide)
    with pytest.raises(KeyboardInterrupt, match=r"goes on: batch\.wait"):
        held.interrupting(batch).wait(WATCHDOG, on_interrupt="detach")
    assert batch.reason == ""
    assert "It goes on: batch.wait() waits for its end." in repr(batch)
    held.may.set()
    assert batch.wait(WATCHDOG).counts == {"done": 2}
    with pytest.raises(InvalidValueError, match="on_interrupt"):
        batch.wait(on_interrupt="ignore")  # type: ignore[arg-type]  # what is refused


def test_a_run_is_there_while_it_goes_on(project: Powabase) -> None:
    batch = project.agent("Writer (gated)").map(["a"], on_approval=powawidget.policy())
    with pytest.raises(ApprovalNeeded):
        batch.wait(WATCHDOG)
    assert batch.counts == {"accepted": 1}
    run = batch[0]
    assert run.status == "waiting"
    assert batch[0] is run
    run.approve()
    batch.wait(WATCHDOG)
    assert batch[0].text == "nothing"


def test_a_grid_is_every_combination(server: Counterpart, project: Powabase) -> None:
    since = len(server.requests)
    batch = project.agent("Looker").grid(message=["a", "b"], temperature=[0, 0.5])
    batch.wait(WATCHDOG)
    posted = sorted(_posted(server, since), key=lambda body: (body["message"], body["temperature"]))
    assert posted == [
        {"message": message, "temperature": temperature}
        for message in "ab"
        for temperature in (0, 0.5)
    ]
    assert isinstance(batch.frame, pd.DataFrame)
    assert batch.frame["answer"].tolist() == ["a", "a", "b", "b"]
    assert batch["b", 0.5].text == "b"
    assert batch.name == "Looker grid"


def _rows(count: int) -> list[str]:
    return [f"row {n}" for n in range(count)]


@dataclasses.dataclass
class Refused:
    """One call that must send nothing."""

    why: str
    data: Any = dataclasses.field(default_factory=lambda: ["a"])
    message: Any = None
    error: type[Exception] = InvalidValueError
    options: dict[str, Any] = dataclasses.field(default_factory=dict)


REFUSED = [
    Refused("has no column 'b'", [{"a": 1}], "{b}", UnknownNameError),
    Refused("has no column", [{"a": 1}], "{a.real}", UnknownNameError),
    Refused("The table is empty", []),
    Refused("must differ from row to row", [{"a": 1}, {"a": 1}], "a", options={"key": "a"}),
    Refused("it is missing", [{"a": None, "b": 1}], "b", options={"key": "a"}),
    Refused(r"1 of 2 rows can't be sent: row 1 \(key 1\): The message is empty", ["a", None]),
    Refused("row 0 .*KeyError", ["a"], lambda row: row["x"]),
    Refused("row 0 .*column 'value': it is bytes", [b"a"]),
    Refused("A run of an agent takes no colour", error=WrongTypeError, options={"colour": "red"}),
    Refused("a conversation of its own", error=WrongTypeError, options={"session_id": "s"}),
    Refused("schema takes", error=WrongTypeError, options={"schema": "Ticket"}),
    Refused("pass one of them", options={"schema": Ticket, "response_format": {"type": "text"}}),
    Refused('concurrency is "auto"', options={"concurrency": 0}),
    Refused('concurrency is "auto"', options={"concurrency": True}),
    Refused('concurrency is "auto"', options={"concurrency": -1}),
    Refused('concurrency is "auto"', options={"concurrency": 2.0}),
    Refused('concurrency is "auto"', options={"concurrency": "8"}),
    Refused("budget takes", error=WrongTypeError, options={"budget": 100}),
    Refused('changed is "keep"', options={"changed": "yes"}),
    Refused("on_unknown takes", options={"on_unknown": "again"}),
    Refused("A batch's name", options={"name": " "}),
    Refused("on_approval takes", error=WrongTypeError, options={"on_approval": "allow"}),
    Refused("There is no folder", error=FileError, options={"journal": "/none/such/t.powa"}),
    Refused("One message is a run", "a", error=WrongTypeError),
]


@pytest.mark.parametrize("refused", REFUSED, ids=lambda one: one.why[:30])
def test_bad_input_is_refused_before_anything_is_sent(
    server: Counterpart, project: Powabase, refused: Refused
) -> None:
    agent = project.agent("Echo")
    since = len(server.requests)
    with pytest.raises(refused.error, match=refused.why) as raised:
        agent.map(refused.data, refused.message, **refused.options)
    assert _posted(server, since) == []
    assert "\n" not in str(raised.value)


def test_as_many_connections_as_files_may_be_open(
    server: Counterpart, project: Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel that has no file left can't open those of the person's own cells either."""
    monkeypatch.setattr(files, "file_limit", lambda: 256)
    monkeypatch.setattr(mapping, "file_limit", lambda: 256)
    agent, since = project.agent("Echo"), len(server.requests)
    with pytest.raises(InvalidValueError, match=r"256 open files: pass 128 or less"):
        agent.map([f"row {n}" for n in range(200)], concurrency=129)
    assert _posted(server, since) == []
    # A number beyond the rows there are asks for nothing.
    assert agent.map(["a", "b"], concurrency=10**9).wait(WATCHDOG).counts == {"done": 2}
    numpy = pytest.importorskip("numpy")
    assert agent.map(["a"], concurrency=numpy.int64(2)).wait(WATCHDOG).counts == {"done": 1}


def test_a_grid_of_what_is_ignored_is_refused(server: Counterpart, project: Powabase) -> None:
    agent, looker = project.agent("Echo"), project.agent("Looker")
    since = len(server.requests)
    with pytest.raises(InvalidValueError, match="Echo ignores temperature: the service"):
        agent.grid(message="a", temperature=[0, 1])
    with pytest.raises(WrongTypeError, match="takes no colour"):
        agent.grid(message="a", colour=["red"])
    with pytest.raises(InvalidValueError, match="come twice"):
        agent.grid(message=["a", "a"])
    with pytest.raises(WrongTypeError, match="A grid needs a message"):
        agent.grid(message=None)  # type: ignore[arg-type]  # what is refused
    with pytest.raises(WrongTypeError, match="The message is a text, not NoneType"):
        agent.grid(message=["a", None])  # type: ignore[list-item]  # what is refused
    with pytest.raises(WrongTypeError, match="temperature takes a number, not str"):
        looker.grid(message="a", temperature=[0, "hot"])
    assert server.requests[since:] == []


def test_retry_of_what_is_unknown_is_refused_for_an_agent_with_tools(project: Powabase) -> None:
    with pytest.raises(InvalidValueError, match="isn't for an agent with tools"):
        project.agent("Looker").map(["a"], on_unknown="retry")


def test_an_orchestration_is_mapped(server: Counterpart, project: Powabase) -> None:
    since = len(server.requests)
    batch = project.orchestration("Report line").map(
        [{"when": "last week"}], "How was {when}?", schema={"type": "object"}
    )
    (row,) = batch.wait(WATCHDOG).frame
    (body,) = _posted(server, since)
    assert body["message"].startswith("How was last week?\n\nAnswer with JSON alone")
    assert row["status"] == "failed"
    assert "doesn't fit the schema" in row["error"]
    assert row["answer"]


def test_a_workflow_takes_columns_as_variables(server: Counterpart, project: Powabase) -> None:
    workflow = project.workflow("Double")
    since = len(server.requests)
    frame = pl.DataFrame({"number": [2**53 + 1, 41], "by": [1, None], "other": ["x", "y"]})
    batch = workflow.map(frame, variables={"n": "number"}, key="number").wait(WATCHDOG)
    assert batch.counts == {"done": 2}
    # Both are sent at once, so either may arrive first.
    sent = [dict(body["variables"]) for body in _posted(server, since)]
    for one in sent:
        one.pop("_claim", None)
    assert sorted(sent, key=lambda one: one["n"]) == [
        {"n": 41, "by": None},
        {"n": 2**53 + 1, "by": 1},
    ]
    assert batch.frame["output"].to_list() == [{"n": 2**53 + 1}, {"n": 41}]
    by_name = workflow.map([{"n": 40}]).wait(WATCHDOG)
    assert by_name.counts == {"done": 1}
    by_function = workflow.map([40], lambda row: {"n": row["value"]}).wait(WATCHDOG)
    assert by_function.counts == {"done": 1}
    form = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 40}}}
    checked = workflow.map([40, 41], lambda row: {"n": row["value"]}, schema=form).wait(WATCHDOG)
    assert [row["n"] for row in checked.frame] == [40, None]
    assert "maximum" in checked.errors[0]["error"]


@pytest.mark.parametrize(
    ("data", "variables", "options", "error", "why"),
    [
        ([{"m": 40}], None, {}, InvalidValueError, "No column is a variable"),
        ([{"m": 40}], {"n": "k"}, {}, UnknownNameError, "has no column 'k'"),
        ([{"by": 3}], None, {}, InvalidValueError, "row 0 .*also needs n"),
        ([{"n": 1}], {1: "n"}, {}, WrongTypeError, "name of a variable is a text, not 1"),
        ([{"m": 1}], {"zz": "m"}, {}, UnknownNameError, "no variable 'zz'. There are 'by', 'n'"),
        ([{"m": 1}], {"bye": "m"}, {}, UnknownNameError, "'bye'. Did you mean 'by'"),
        ([{"m": 1}], {"_claim": "m"}, {}, InvalidValueError, "'_claim' of its own"),
        ([1], lambda _row: None, {}, InvalidValueError, "row 0 .*function gave None, and var"),
        ([1], lambda _row: [("n", 1)], {}, InvalidValueError, "row 0 .*function gave list"),
        ([1], lambda _row: {1: 1}, {}, InvalidValueError, "row 0 .*is a text, not 1"),
        ([1], lambda _row: {"n": 1, "zz": 1}, {}, InvalidValueError, "row 0 .*no variable 'zz'"),
        ([1], lambda _row: {"n": 1, "_claim": 1}, {}, InvalidValueError, "row 0 .*of its own"),
        ([{"n": 1}], "n", {}, WrongTypeError, "variables takes a dictionary"),
        ([{"n": dt.timedelta}], None, {}, InvalidValueError, "row 0"),
        (
            [{"n": 40}],
            None,
            {"budget": powawidget.budget(tokens=5)},
            InvalidValueError,
            "can't be kept for workflows",
        ),
    ],
)
def test_a_workflow_refuses_before_anything_is_sent(  # noqa: PLR0913, PLR0917  # a case and its project
    server: Counterpart,
    project: Powabase,
    data: Any,
    variables: Any,
    options: dict[str, Any],
    error: type[Exception],
    why: str,
) -> None:
    workflow = project.workflow("Double")
    since = len(server.requests)
    with pytest.raises(error, match=why) as raised:
        workflow.map(data, variables, **options)
    assert _posted(server, since) == []
    assert str(raised.value).count("Nothing was sent") <= 1
