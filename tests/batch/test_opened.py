"""A journal that is only read, and what a journal says of a changed agent."""

import asyncio
import contextlib
import csv
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pandas as pd
import pyarrow.parquet as pq
import pytest

import powawidget
from powawidget import cli
from powawidget.errors import (
    ConfigurationError,
    FileError,
    InvalidValueError,
    UnknownNameError,
)
from powawidget.resources.project import Powabase
from tests.counterpart import Agent, Counterpart, Fail, Say, Script, Turn, start

WATCHDOG = 60
NAME = "x|y<b>\u202e*"


class Ticket(msgspec.Struct):
    area: str


def _echo(turn: Turn) -> Script:
    if "fail" in turn.message:
        yield Fail("litellm.RateLimitError: too many")
    yield Say(turn.message)


ECHO = Agent("Echo", _echo, tokens_per_second=5_000, system_prompt="Say it again.")


@pytest.fixture(scope="module")
def server() -> Iterator[Counterpart]:
    running = start(agents=[ECHO], tokens_per_second=5_000)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def project(server: Counterpart) -> Iterator[Powabase]:
    with powawidget.connect(server.url, api_key=server.key) as connected:
        yield connected


@pytest.fixture(scope="module")
def journal(project: Powabase, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("journal") / "t.powa"
    rows = {"id": ["a", "b", ("c", 1)], "text": ['{"area": "bugs"}', "fail", "plain"]}
    project.agent("Echo").map(rows, "text", key="id", journal=path, name=NAME).wait(WATCHDOG)
    return path


def test_it_is_read_without_a_server(journal: pathlib.Path) -> None:
    batch = powawidget.open_batch(journal)
    assert batch.name == NAME
    assert batch.keys == ["a", "b", ("c", 1)]
    assert batch.counts == {"failed": 1, "done": 2}
    assert isinstance(batch.frame, pd.DataFrame)
    assert batch.frame["key"].tolist() == ["a", "b", ("c", 1)]
    assert batch.frame["answer"].tolist()[0] == '{"area": "bugs"}'
    assert batch.errors["key"].tolist() == ["b"]
    assert batch["c", 1].text == "plain"
    assert batch["b"].status == "failed"
    assert batch.wait(WATCHDOG) is batch
    assert asyncio.run(_awaited(batch)) is batch
    assert len(batch) == 3
    assert list(batch) == batch.keys
    assert "a" in batch
    assert ("c", 1) in batch
    assert "d" not in batch
    assert None not in batch


async def _awaited(batch: powawidget.Batch) -> powawidget.Batch:
    return await batch


def test_a_schema_may_be_given_later(journal: pathlib.Path) -> None:
    frame = powawidget.open_batch(journal, NAME, schema=Ticket).frame
    assert frame["area"].tolist()[0] == "bugs"
    assert frame["area"].isna().tolist() == [False, True, True]


def test_nothing_is_sent_from_it(journal: pathlib.Path) -> None:
    batch = powawidget.open_batch(journal)
    for call in (batch.start, batch.sample, lambda: batch.retry("failed")):
        with pytest.raises(ConfigurationError, match="opened to be read"):
            call()
    assert batch.stop() is batch


def test_a_row_that_is_not_there_is_named(journal: pathlib.Path, project: Powabase) -> None:
    batch = powawidget.open_batch(journal)
    with pytest.raises(UnknownNameError, match=r"No row has the key 'd'\. There are 'a', 'b'"):
        batch["d"]
    with pytest.raises(UnknownNameError, match="can't be the key"):
        batch[None]
    waiting = project.agent("Echo").map(["a"], start=False)
    with pytest.raises(ConfigurationError, match=r"Row 0 is waiting and has no run\."):
        waiting[0]


def test_names_of_a_foreign_journal_act_in_no_form(journal: pathlib.Path) -> None:
    batch = powawidget.open_batch(journal)
    bundle = batch._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/markdown"}
    assert "\u202e" not in "".join(bundle.values())
    assert "⟦U+202E⟧" in repr(batch)
    assert "`x|y<b>⟦U+202E⟧*`" in bundle["text/markdown"]


def test_a_journal_of_several_asks_which(project: Powabase, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "t.powa"
    for name in ("one", "two"):
        project.agent("Echo").map(["a"], journal=path, name=name).wait(WATCHDOG)
    with pytest.raises(InvalidValueError, match="2 batches: name one of 'one', 'two'"):
        powawidget.open_batch(path)
    with pytest.raises(UnknownNameError, match="no batch 'three'"):
        powawidget.open_batch(path, "three")
    assert powawidget.open_batch(path, "two").name == "two"


def test_what_is_no_journal_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileError):
        powawidget.open_batch(tmp_path / "none.powa")
    other = tmp_path / "other.powa"
    other.write_bytes(b"no journal at all" * 100)
    with pytest.raises(InvalidValueError):
        powawidget.open_batch(other)
    assert other.read_bytes() == b"no journal at all" * 100


def test_it_is_exported(journal: pathlib.Path, tmp_path: pathlib.Path) -> None:
    batch = powawidget.open_batch(journal)
    with batch.export(tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["done", "failed", "done"]
    read = pq.read_table(batch.export(tmp_path / "out.parquet"))
    assert read["status"].to_pylist() == ["done", "failed", "done"]
    assert read["key"].to_pylist() == ["a", "b", '["c", 1]']


def test_the_command_says_what_a_journal_holds(
    journal: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["journal", str(journal)]) == 0
    said = capsys.readouterr().out
    assert "⟦U+202E⟧" in said
    assert "agent 'Echo'" in said
    assert "2 done, 1 failed" in said
    assert cli.main(["journal", str(journal), "--prune"]) == 0
    assert "removed" in capsys.readouterr().out
    batch = powawidget.open_batch(journal)
    assert batch.counts == {"failed": 1, "done": 2}
    assert batch.frame["answer"].tolist()[0] == '{"area": "bugs"}'
    with pytest.raises(ConfigurationError, match="get_run"):
        batch["a"]


def test_the_command_says_what_is_wrong_in_a_sentence(tmp_path: pathlib.Path) -> None:
    command = [sys.executable, "-m", "powawidget.cli", "journal", str(tmp_path / "none.powa")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WATCHDOG)
    assert ended.returncode == 1
    assert "none.powa" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"system_prompt": "Say it louder."}, "The prompt of Echo has changed since"),
        ({"model": "other"}, "The model of Echo has changed since"),
        (
            {"model": "other", "system_prompt": "x"},
            "The model and the prompt of Echo have changed since",
        ),
    ],
)
def test_a_changed_agent_is_noticed(
    server: Counterpart,
    project: Powabase,
    tmp_path: pathlib.Path,
    changes: dict[str, Any],
    sentence: str,
) -> None:
    path = tmp_path / "t.powa"
    project.agent("Echo").map(["a"], journal=path).wait(WATCHDOG)
    since = len(server.requests)
    with _defined_as(server, replace(ECHO, **changes)):
        with pytest.raises(InvalidValueError, match=sentence) as raised:
            project.agent("Echo").map(["a", "b"], journal=path)
        assert "pass changed='keep'" in str(raised.value)
        assert not [path for _, path, _ in server.requests[since:] if path.endswith("/stream")]
        kept = project.agent("Echo").map(["a", "b"], journal=path, changed="keep").wait(WATCHDOG)
        assert kept.counts == {"done": 2}
        again = project.agent("Echo").map(["a", "b"], journal=path).wait(WATCHDOG)
        assert again.counts == {"done": 2}


def test_a_definition_that_cannot_be_read_is_said(
    server: Counterpart, project: Powabase, tmp_path: pathlib.Path
) -> None:
    agent, path = project.agent("Echo"), tmp_path / "t.powa"
    server.refuse(403, ending=f"/agents/{agent.id}")
    batch = agent.map(["a"], journal=path).wait(WATCHDOG)
    assert batch.counts == {"done": 1}
    assert "can't read the definition of Echo" in repr(batch)
    # Nobody knows whether it has changed, so nobody is asked.
    assert agent.map(["a", "b"], journal=path).wait(WATCHDOG).counts == {"done": 2}


def test_a_key_that_may_only_run_an_agent_maps_it_by_its_id(
    server: Counterpart, project: Powabase
) -> None:
    own_id = project.agent("Echo").id
    server.refuse(403, ending=f"/agents/{own_id}", times=2)
    agent = project.agent(own_id)
    assert agent.name == own_id
    batch = agent.map(["a"]).wait(WATCHDOG)
    assert [row["answer"] for row in batch.frame] == ["a"]


@contextlib.contextmanager
def _defined_as(server: Counterpart, agent: Agent) -> Iterator[None]:
    agents = server.engine.agents.all
    before = agents[agent.id]
    agents[agent.id] = agent
    try:
        yield
    finally:
        agents[agent.id] = before
