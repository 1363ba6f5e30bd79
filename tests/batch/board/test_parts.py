"""What is put together of the parts of a table that other machines run, and how it is shown."""

import io
from typing import Any

import pytest

from powawidget.batch.board import away, progress
from powawidget.batch.board.away import AwayBoard
from powawidget.batch.board.figures import figures_of
from powawidget.batch.board.moment import Content
from powawidget.batch.board.parts import AWAY, Parts
from powawidget.batch.board.transcript import transcripts
from powawidget.kernel import loop
from powawidget.live import alive

CONTENT = Content(
    name="Triage",
    kind="agent",
    target="Triage",
    keys=(),
    rows=(),
    journal="claims",
    can_start=False,
    parts=3,
)


class Clock:
    """A clock that goes on when it is told to."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def told(part: str, *, over: bool = False, tokens: int | None = None, **counts: int) -> Any:
    return {"part": part, "counts": counts, "tokens": tokens, "over": over, "rows": 0}


def figures(parts: Parts) -> Any:
    return figures_of(CONTENT, parts.moment())


def test_parts_are_put_together_and_one_that_is_run_again_counts_once() -> None:
    clock = Clock()
    parts = Parts(3, clock)
    assert (figures(parts).status, figures(parts).rows) == ("ready", 0)
    parts.note(told("a", waiting=8, accepted=2))
    parts.note(told("b", waiting=10))
    clock.now += 10
    parts.note(told("a", done=4, accepted=2, waiting=4, tokens=40))
    seen = figures(parts)
    assert (seen.status, seen.rows) == ("running", 20)
    assert seen.counts == {"done": 4, "running": 2, "left": 14}
    # Of the third part nothing is known: it is taken to be as large as the others.
    assert (seen.rate, seen.left) == (0.4, round((16 + 10) / 0.4))
    assert (seen.tokens, seen.tokens_in_all) == (40, 40 + 10 * 26)
    assert "haven't begun" in seen.reason
    clock.now += 1
    parts.note(told("a", done=10, over=True, tokens=100))
    parts.note(told("a", done=10, over=True, tokens=100))  # its machine was lost with the result
    parts.note(told("b", done=9, unknown=1, over=True, tokens=90))
    parts.note(told("c", over=True))  # it is empty
    seen = figures(parts)
    assert (seen.status, seen.counts) == ("done", {"done": 19, "unknown": 1})
    assert (seen.tokens, seen.left, seen.reason, seen.ended) == (190, None, "", clock.now)


def test_where_nobody_tells_anything_it_says_so_and_goes_on_with_who_does() -> None:
    clock = Clock()
    parts = Parts(1, clock)
    parts.note(told("a", accepted=2, waiting=8))
    clock.now += 60
    seen = figures(parts)
    assert seen.status == "stopped"
    assert seen.reason.startswith("No machine has told anything")
    parts.note(told("a", done=10, over=True))
    assert figures(parts).status == "done"
    parts.note(told("a", waiting=10))  # it is computed again
    assert figures(parts).status == "running"


def test_what_waits_for_a_person_isnt_done() -> None:
    parts = Parts(1, Clock())
    parts.note(told("a", done=1, waiting=9, over=True))
    assert figures(parts).status == "stopped"


@pytest.mark.parametrize(
    "event",
    [
        None,
        "a",
        {},
        told("", done=1),
        told("x" * 65, done=1),
        {**told("a"), "part": 3},
        {**told("a"), "counts": [1]},
        told("a", done=-1),
        told("a", done=10**12),
        {**told("a"), "counts": {"done": 1.5}},
        {**told("a"), "counts": {"done": True}},
        {**told("a"), "counts": {"<b>": 1}},
        {**told("a"), "counts": {3: 1}},
    ],
)
def test_what_isnt_ours_is_left_out(event: Any) -> None:
    parts = Parts(3, Clock())
    assert not parts.note(event)
    assert figures(parts).status == "ready"


def test_a_flood_of_parts_ends() -> None:
    parts = Parts(3, Clock())
    for number in range(5_000):
        parts.note(told(f"{number}", done=1))
    assert figures(parts).rows < 200


def test_its_transcript_says_where_the_rows_are() -> None:
    parts = Parts(1, Clock())
    parts.note(told("a", done=10, over=True))
    written = transcripts(CONTENT, parts.moment(), "powawidget-a")
    for kind in ("text/html", "text/markdown"):
        assert "10 done" in written[kind]
        assert AWAY.split(":")[0] in written[kind].replace("&#x27;", "'")
        assert "Kept in" in written[kind]


def test_a_script_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(progress.sys, "stderr", written)
    monkeypatch.setattr(progress, "_FIRST", 0.0)
    closed: list[bool] = []
    board = AwayBoard(CONTENT, lambda: closed.append(True))
    for part in "abc":
        board.note(told(part, done=2, over=True))
    assert "Triage: 100% 6/6" in written.getvalue()
    assert "100% 6/6" in repr(board)
    board.close()
    assert closed == [True]
    assert away.host.kernel() is None


def test_the_kernel_is_kept_alive_while_a_machine_tells_of_rows_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alive, "_current", None)  # of what other tests have left going on
    board = AwayBoard(CONTENT, lambda: None)
    clock = board._parts._clock = Clock()
    assert not kept()
    board.note(told("a", accepted=1))
    assert kept()
    clock.now += 60  # none has told anything since
    assert not kept()
    board.note(told("a", accepted=1))
    assert kept()
    for part in "abc":
        board.note(told(part, done=2, over=True))
    assert not kept()
    board.note(told("a", accepted=1))
    board.close()
    assert not kept()


def kept() -> bool:
    """Whether the kernel is kept alive, once the loop thread has done what it was asked."""

    async def look() -> bool:
        return alive.is_keeping()

    return loop.run_sync(look())
