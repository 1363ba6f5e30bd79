"""Ratings: off until asked for, kept in a journal's file, never in the way of a run."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import powawidget as pw
from powawidget.batch import reuse
from powawidget.batch.journal.schema import RATINGS
from powawidget.kernel import loop
from powawidget.live.run import NONCE
from powawidget.state.model import RunState, plain, typed
from powawidget.state.ops import apply
from tests.counterpart import Counterpart, start
from tests.walk import RECORDED

WATCHDOG = 20.0
ASKED = "How much did we sell by month?"


@pytest.fixture(scope="module")
def server() -> Iterator[Counterpart]:
    with start(tokens_per_second=5000) as one:
        yield one


@pytest.fixture
def pb(server: Counterpart) -> Iterator[pw.Powabase]:
    with pw.connect(server.url, api_key=server.key) as one:
        yield one


@pytest.fixture(params=["a file", "this kernel"])
def kept(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path | None:
    """Where ratings are kept: in a file, or in memory."""
    path = tmp_path / "runs.powa" if request.param == "a file" else None
    monkeypatch.setattr(pw.options, "ratings", path or True)
    monkeypatch.setattr("powawidget.batch.reuse._in_memory", {})
    return path


def notices(run: pw.Run) -> list[str]:
    return [part["text"] for part in run._live.snapshot()["parts"] if part.get("code") == "rating"]


def until(holds: Any) -> None:
    pause = threading.Event()
    for _ in range(int(WATCHDOG / 0.02)):
        if holds():
            return
        pause.wait(0.02)
    raise AssertionError("it never came to that")


def test_they_are_off_until_somebody_wants_them(pb: pw.Powabase) -> None:
    run = pb.agent("Analyst").run(ASKED)
    run.result()
    assert notices(run) == []
    with pytest.raises(pw.ConfigurationError, match="Ratings are off"):
        run.rate("up")
    assert "ating" not in run.to_text()


def test_a_rating_is_kept_and_replaced_and_taken_back(pb: pw.Powabase, kept: Path | None) -> None:
    run = pb.agent("Analyst").run(ASKED)
    result = run.result()
    until(lambda: notices(run) == [""])
    assert "ating" not in run.to_text(), "what isn't rated says nothing of it"
    assert run.rate("down", "It counted\ncancelled  orders") is run
    assert notices(run) == ["Rated bad: It counted cancelled orders"]
    assert "Note: Rated bad: It counted cancelled orders" in run.to_text()
    (row,) = pw.ratings().to_dict("records")
    assert (row["run_id"], row["agent"], row["rating"]) == (run.run_id, "Analyst", "down")
    assert row["note"] == "It counted cancelled orders"
    assert (row["message"], row["answer"]) == (ASKED, result.text)
    assert isinstance(row["rated_at"], pd.Timestamp)
    run.rate("up")
    (row,) = pw.ratings().to_dict("records")
    assert (row["rating"], row["note"]) == ("up", "")
    assert notices(run) == ["Rated good"]
    run.rate(None)
    assert len(pw.ratings()) == 0
    assert list(pw.ratings().columns)[:5] == ["run_id", "kind", "agent", "rating", "note"]
    assert notices(run) == [""]
    if kept is not None:
        run.rate("up", "kept")
        assert list(pw.ratings(kept)["note"]) == ["kept"], "and read by anybody, without a server"


@pytest.mark.usefixtures("kept")
def test_the_changes_of_a_rating_fold_to_the_run(pb: pw.Powabase) -> None:
    run = pb.agent("Analyst").run(ASKED)
    ops: list[Any] = []

    class All:
        doing = "kept the changes"

        def changed(self, some: list[Any]) -> None:
            ops.extend(json.loads(json.dumps(some)))

        def ended(self) -> None: ...

        def recovered(self) -> None: ...

    with run._live.lock:
        before = run._live.snapshot()
        run._live.subscribers.append(All())
    run.result()
    until(lambda: notices(run) == [""])
    run.rate("up", "as it should be")
    state: RunState = typed(before, RunState)
    apply(state, ops)
    assert plain(state) == run._live.snapshot()


@pytest.mark.usefixtures("kept")
def test_a_click_rates_and_says_what_is_refused(pb: pw.Powabase) -> None:
    run = pb.agent("Analyst").run(ASKED)

    def click(**content: Any) -> str | None:
        async def act() -> str | None:
            return run._act({"action": "rate", "nonce": NONCE, "digests": [], **content})

        return loop.run_sync(act())

    run.result()
    assert click(text="up", reason="by click") is None
    until(lambda: notices(run) == ["Rated good: by click"])
    for at in range(10):
        assert click(text="down", reason=f"note {at}") is None
    until(lambda: notices(run) == ["Rated bad: note 9"])
    until(lambda: list(pw.ratings()["note"]) == ["note 9"])
    for wrong in ("sideways", ["up"], {"up": 1}, 1):
        assert click(text=wrong, reason="") == "This version can't do that."
    assert click(text="", reason="no thumb, no note") is None
    until(lambda: notices(run) == [""])
    pw.options.ratings = False
    assert click(text="up", reason="") == "Ratings are off."


@pytest.mark.usefixtures("kept")
def test_only_what_is_over_is_rated() -> None:
    with start(tokens_per_second=5) as slow, pw.connect(slow.url, api_key=slow.key) as pb:
        run = pb.agent("Writer").run("Write about the data.")
        with pytest.raises(pw.ConfigurationError, match="rated once it is over"):
            run.rate("up")
        run.stop()
        run.wait(display=False)
        run.rate("down", "too slow")
        assert list(pw.ratings()["rating"]) == ["down"]


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("given", "error"),
    [
        (("good",), pw.InvalidValueError),
        (("up", 3), pw.WrongTypeError),
        ((1,), pw.InvalidValueError),
        ((["up"],), pw.InvalidValueError),
        (({},), pw.InvalidValueError),
        (("",), pw.InvalidValueError),
    ],
)
def test_what_is_no_rating_is_refused(given: Any, error: type[Exception]) -> None:
    run = pw.replay(RECORDED / "agent_one_tool.sse")
    assert isinstance(run, pw.Run)
    with pytest.raises(error):
        run.rate(*given)
    assert len(pw.ratings()) == 0


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("note", ["half \ud83d", "\ude00", "a\x00b", "x" * 1_000_000])
def test_any_note_can_travel_and_is_kept_as_it_is_shown(note: str) -> None:
    run = pw.replay(RECORDED / "agent_one_tool.sse")
    assert isinstance(run, pw.Run)
    run.rate("up", note)
    (kept,) = pw.ratings()["note"]
    assert notices(run) == [f"Rated good: {kept}"]
    assert json.dumps(run._live.snapshot(), ensure_ascii=False).encode()
    assert len(kept) <= 2_000


@pytest.mark.parametrize("wrong", [5, 3.5, "\0", "half \ud83d", "~nobody-here/runs.powa", b"x"])
def test_a_name_that_no_journal_can_have_hurts_no_run(
    wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pw.options, "ratings", wrong)
    run = pw.replay(RECORDED / "agent_one_tool.sse")
    assert isinstance(run, pw.Run)
    for use in (lambda: run.rate("up"), pw.ratings, lambda: pw.ratings(wrong)):
        with pytest.raises(pw.PowawidgetError):
            use()
    assert run.status == "completed"


def test_the_key_of_a_note_and_what_a_hook_took_back_are_not_kept(
    server: Counterpart, pb: pw.Powabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "runs.powa"
    monkeypatch.setattr(pw.options, "ratings", str(path))
    run = pb.agent("Analyst").run(f"{ASKED} {server.key}")
    run.result()
    run.rate("down", f"it said {server.key}")
    taken_back = pw.replay(RECORDED / "agent_preresponse_edit.sse")
    assert isinstance(taken_back, pw.Run)
    taken_back.rate("up")
    assert "[key]" in pw.ratings()["note"][0]
    for file in tmp_path.iterdir():
        data = file.read_bytes()
        assert server.key.encode() not in data
    streamed = "".join(
        json.loads(line[6:]).get("delta", "")
        for line in (RECORDED / "agent_preresponse_edit.sse").read_text().splitlines()
        if '"content_delta"' in line
    ).split()
    some = [" ".join(streamed[at : at + 4]) for at in range(len(streamed) - 3)]
    taken = [each for each in some if each not in taken_back.text]
    assert taken
    stored = "".join(map(str, pw.ratings().to_numpy().ravel()))
    assert not [each for each in taken if each in stored]


@pytest.mark.usefixtures("kept")
def test_a_run_that_is_fetched_again_comes_as_it_was_rated(pb: pw.Powabase) -> None:
    run = pb.agent("Analyst").run(ASKED)
    run.result()
    run.rate("up", "as before")
    assert run.run_id is not None
    stored = pb.get_run(run.run_id)
    assert notices(stored) == ["Rated good: as before"]
    stored.rate("down")
    (row,) = pw.ratings().to_dict("records")
    assert (row["agent"], row["message"]) == ("Analyst", ASKED), "though the stored run has neither"
    assert row["rating"] == "down"


@pytest.mark.usefixtures("kept")
def test_the_turns_of_a_chat_are_rated_too(pb: pw.Powabase) -> None:
    chat = pb.agent("Writer").chat()
    chat.send("Write about the data.")
    chat.wait(display=False)
    until(lambda: notices(chat.runs[0]) == [""])
    chat.runs[0].rate("down")
    assert list(pw.ratings()["rating"]) == ["down"]


def test_a_journal_of_runs_holds_ratings_beside_them(
    pb: pw.Powabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "runs.powa"
    monkeypatch.setattr(pw.options, "reuse", path)
    monkeypatch.setattr(pw.options, "ratings", True)
    run = pb.agent("Analyst").run(ASKED)
    run.result()
    run.rate("up")
    batch = pb.agent("Triage").map(["It is broken"], journal=path).wait(display=False)
    assert list(pw.ratings(path)["rating"]) == ["up"]
    assert pw.open_batch(path, "Triage").counts == batch.counts
    # Asked again it is given again, and says how it was rated.
    again = pb.agent("Analyst").run(ASKED)
    assert again.reused
    assert notices(again) == ["Rated good"]
    again.rate("up", "first")

    async def run_anew() -> str | None:
        return again._act({"action": "anew"})

    assert loop.run_sync(run_anew()) is None
    again.wait(display=False)
    until(lambda: notices(again) == [""])
    again.rate("down", "anew")
    assert sorted(pw.ratings()["note"]) == ["anew", "first"], "it is another run"


def test_what_cannot_be_kept_is_told_and_changes_nothing(
    pb: pw.Powabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "runs.powa"
    wrong.write_text("not a journal" * 100)
    monkeypatch.setattr(pw.options, "ratings", wrong)
    run = pb.agent("Analyst").run(ASKED)
    run.result()
    until(lambda: notices(run) == [""])
    with pytest.raises(pw.InvalidValueError, match="isn't a journal"):
        run.rate("up")
    assert notices(run) == [""]

    async def act() -> str | None:
        return run._act({"action": "rate", "text": "up", "reason": ""})

    assert loop.run_sync(act()) is None
    until(lambda: "The rating isn't kept: " in run.to_text())
    assert run.status == "completed"


CHANGED = {
    "another column": RATINGS.replace("note TEXT NOT NULL", "note TEXT"),
    "a view": "CREATE VIEW rating AS SELECT 1",
}


@pytest.mark.parametrize("made", CHANGED.values(), ids=CHANGED)
def test_a_table_of_somebody_elses_is_refused(made: str, tmp_path: Path) -> None:
    path = tmp_path / "runs.powa"
    pw.options.ratings = path
    try:
        run = pw.replay(RECORDED / "agent_one_tool.sse")
        assert isinstance(run, pw.Run)
        run.rate("up")
    finally:
        pw.options.ratings = False
    for journal in list(reuse._journals.values()):
        journal.close()
    reuse._journals.clear()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE rating")
        connection.execute(made)
    connection.close()
    with pytest.raises(pw.InvalidValueError, match="its tables are others"):
        pw.ratings(path)


def test_a_rating_that_was_changed_by_hand_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.powa"
    pw.options.ratings = path
    try:
        run = pw.replay(RECORDED / "agent_one_tool.sse")
        assert isinstance(run, pw.Run)
        run.rate("up")
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE rating SET thumb = 7")
        connection.close()
        with pytest.raises(pw.InvalidValueError, match="isn't one"):
            pw.ratings()
    finally:
        pw.options.ratings = False
