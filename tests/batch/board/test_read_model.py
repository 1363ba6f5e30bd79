"""What a board says of a batch: figures, columns, lines, and which rows stand in which order."""

import datetime as dt
import decimal
import enum
import fractions
import json
import random
from typing import Any

import msgspec
import pytest

from powawidget.batch.board import columns
from powawidget.batch.board.columns import LONGEST_CELL, columns_of
from powawidget.batch.board.figures import figures_of
from powawidget.batch.board.lines import line_of
from powawidget.batch.board.window import MOST_ROWS, Query, places_of, query_of
from powawidget.batch.board.windows import Windows
from powawidget.batch.journal.records import RowOutcome
from powawidget.batch.keys import canonical
from powawidget.schema.schema import schema_of
from powawidget.transcript.summary import one_line
from tests.batch.board.moments import (
    LEFT,
    NOW,
    RUNNING,
    asked,
    content,
    done,
    failed,
    moment,
    tickets,
)

MISFIT = "The answer doesn't fit the schema: "
UNKNOWN = RowOutcome(state="unknown")
KEY = "pk-secret-0123456789"


class Ticket(msgspec.Struct):
    category: str
    urgent: bool


def _answer(category: str, *, urgent: bool) -> str:
    return json.dumps({"category": category, "urgent": urgent})


# Figures.


def test_each_row_is_counted_once_under_what_a_person_calls_it() -> None:
    outcomes = [done(), failed("no"), UNKNOWN, RUNNING, RUNNING, LEFT, RowOutcome(state="claimed")]
    now = moment(outcomes, asking=asked("T-4"))
    figures = figures_of(content(tickets(7)), now)
    assert figures.counts == {
        "done": 1,
        "failed": 1,
        "waiting": 1,
        "running": 2,
        "unknown": 1,
        "left": 1,
    }
    assert sum(figures.counts.values()) == figures.rows == 7
    assert list(figures.counts) == ["done", "failed", "waiting", "running", "unknown", "left"]


def test_what_is_none_isnt_told() -> None:
    figures = figures_of(content(tickets(2)), moment([LEFT, LEFT]))
    assert figures.counts == {"left": 2}
    assert (figures.rate, figures.left, figures.tokens, figures.tokens_in_all) == (None,) * 4


def test_rate_and_time_left_are_those_of_the_last_half_minute() -> None:
    ended = [done(ended_at=NOW - 29 + place * 0.29) for place in range(100)]
    long_ago = [done(ended_at=NOW - 3000) for _ in range(100)]
    rows = [*long_ago, *ended, *[LEFT] * 90, *[RUNNING] * 10]
    figures = figures_of(content(tickets(300)), moment(rows, begun=NOW - 4000))
    assert figures.rate == pytest.approx(100 / 30, abs=0.01)
    assert figures.left == 30


def test_of_slow_rows_the_rate_is_that_of_the_last_ones() -> None:
    ended = [done(ended_at=NOW - 100 * place) for place in range(10)]
    now = moment([*ended, LEFT], begun=NOW - 1000)
    figures = figures_of(content(tickets(11)), now)
    assert figures.rate == pytest.approx(0.01)
    assert figures.left == 100


def test_rows_of_an_earlier_course_tell_no_rate() -> None:
    rows = [*[done(ended_at=NOW - 500)] * 50, LEFT]
    assert figures_of(content(tickets(51)), moment(rows)).rate is None


@pytest.mark.parametrize("more", [{"is_driven": False}, {"reason": "It was stopped."}])
def test_no_time_is_told_for_rows_that_wont_start(more: dict[str, Any]) -> None:
    figures = figures_of(content(tickets(20)), moment([*[done()] * 10, *[LEFT] * 10], **more))
    assert figures.left is None


def test_tokens_in_all_are_those_of_the_others_at_the_same_rate() -> None:
    rows = [done(tokens=10), done(tokens=30), failed("no"), LEFT, RUNNING]
    figures = figures_of(content(tickets(5)), moment(rows))
    assert (figures.tokens, figures.tokens_in_all) == (40, 80)
    over = figures_of(content(tickets(5)), moment([done(tokens=8)] * 5, is_driven=False))
    assert (over.tokens, over.tokens_in_all) == (40, None)


@pytest.mark.parametrize(
    ("rows", "more", "status"),
    [
        ([LEFT, LEFT], {"is_driven": False, "begun": None}, "ready"),
        ([done(), LEFT], {}, "running"),
        ([done(), RUNNING], {"asking": asked("T-1")}, "waiting"),
        ([LEFT, LEFT], {"is_held": True, "reason": "Nobody is there."}, "held"),
        ([RUNNING, LEFT], {"reason": "It was stopped."}, "stopping"),
        ([done(), LEFT], {"is_driven": False}, "stopped"),
        # A driver that is gone left it so: what became of it isn't known.
        ([done(), RUNNING], {"is_driven": False}, "stopped"),
        ([done(), failed("no")], {"is_driven": False}, "done"),
        ([UNKNOWN, done()], {"is_driven": False, "begun": None}, "done"),
    ],
)
def test_how_the_batch_stands(rows: list[RowOutcome], more: dict[str, Any], status: str) -> None:
    assert figures_of(content(tickets(2)), moment(rows, **more)).status == status
    if more.get("is_driven") is False:
        read = content(tickets(2), can_start=False)
        opened = "done" if status == "done" else "opened"
        assert figures_of(read, moment(rows, **more)).status == opened


# Columns and lines.


def test_columns_are_the_key_what_is_asked_and_what_came_out() -> None:
    plain = columns_of(content(tickets(1)))
    assert [(one.shown.name, one.shown.origin) for one in plain] == [
        ("id", "key"),
        ("text", "input"),
        ("answer", "output"),
    ]
    typed = columns_of(content(tickets(1), schema=schema_of(Ticket)))
    assert [one.shown.name for one in typed] == ["id", "text", "category", "urgent"]
    assert columns_of(content(tickets(1), kind="workflow"))[-1].shown.name == "output"


def test_a_key_of_its_own_has_its_own_column() -> None:
    rows = tickets(3)
    keys = [canonical(place) for place in range(3)]
    named = columns_of(content(rows, keys=keys, asked=("id", "text")))
    assert [one.shown.name for one in named] == ["key", "id", "text", "answer"]


def test_columns_are_as_wide_as_what_stands_in_them() -> None:
    rows = [{"id": n, "text": "word " * (n % 7), "flag": n % 2 == 0} for n in range(60)]
    one = content(rows, asked=("text", "flag"), schema=schema_of(Ticket))
    widths = {column.shown.name: column.shown.width for column in columns_of(one)}
    assert widths == {"id": 4, "text": 29, "flag": 5, "category": 16, "urgent": 6}
    (whole,) = [each for each in columns_of(content(tickets(1))) if each.shown.id == "out:0"]
    assert whole.shown.width > 30  # an answer in full
    long = content([{"id": 1, "text": "x" * 1_000_000}])
    assert max(column.shown.width for column in columns_of(long)) < 40


def test_a_pause_is_told_while_rows_wait_for_its_end() -> None:
    rows = [done(), LEFT]
    one = content(tickets(2))
    assert figures_of(one, moment(rows, paused_until=NOW + 9)).paused_until == NOW + 9
    for more in ({"reason": "It was stopped."}, {"is_driven": False}):
        assert figures_of(one, moment(rows, paused_until=NOW + 9, **more)).paused_until is None


def test_a_column_of_a_schema_may_be_called_as_one_of_the_table() -> None:
    class Same(msgspec.Struct):
        text: str

    columns = columns_of(content(tickets(1), schema=schema_of(Same)))
    assert [one.shown.name for one in columns] == ["id", "text", "text"]
    assert len({one.shown.id for one in columns}) == 3


def _line(outcome: RowOutcome, *, row: dict[str, Any] | None = None, **more: Any) -> Any:
    asking = more.pop("asking", {})
    one = content([row or {"id": "T-0", "text": "text 0"}], **more)
    return line_of(one, moment([outcome], asking=asking), columns_of(one), 0)


def test_a_line_has_the_cells_of_its_row() -> None:
    line = _line(done(_answer("billing", urgent=True)), schema=schema_of(Ticket))
    assert line.cells == ["T-0", "text 0", "billing", "true"]
    assert (line.key, line.standing, line.seconds, line.opens) == ("T-0", "done", 2.0, True)


@pytest.mark.parametrize(
    ("outcome", "chip"),
    [
        (done(), ""),
        (done(note="A word may be missing."), "A word may be missing"),
        (RUNNING, ""),
        (LEFT, ""),
        (RowOutcome(error="HTTP 429: too many."), "HTTP 429: too many"),
        (failed(f"{MISFIT}urgent: Field required."), "answer doesn't fit: urgent"),
        (failed(f"{MISFIT}Object missing required field `urgent`."), "answer doesn't fit: urgent"),
        (
            failed(f"{MISFIT}Expected `bool`, got `str` - at `$.a.urgent`."),
            "answer doesn't fit: a.urgent",
        ),
        (failed(f"{MISFIT}'urgent' is a required property."), "answer doesn't fit: urgent"),
        (failed(f"{MISFIT}it isn't JSON (x)."), "answer doesn't fit: it isn't JSON (x)"),
        (
            failed("The run failed: litellm.RateLimitError."),
            "run failed: litellm.RateLimitError",
        ),
        (failed(""), "failed"),
        (UNKNOWN, "unknown: it may have run"),
    ],
)
def test_a_chip_says_in_words_why(outcome: RowOutcome, chip: str) -> None:
    assert _line(outcome).chip == chip


def test_a_row_that_waits_says_for_whom() -> None:
    line = _line(RUNNING, asking=asked("T-0", deadline=NOW + 20))
    assert (line.standing, line.chip) == ("waiting", "waiting for you")
    assert (line.why, line.deadline) == ("It asks for approval of 'delete'.", NOW + 20)
    over = _line(done(), asking=asked("T-0"))  # it ended the moment before
    assert (over.standing, over.deadline, over.why) == ("done", None, "")


def test_the_rows_that_wait_are_told_with_the_soonest_deadline_first() -> None:
    rows = content(tickets(32))
    outcomes = [*[RUNNING] * 30, done(), LEFT]
    asking = asked("T-30", deadline=NOW - 1) | asked("T-31", deadline=NOW - 1)
    for place in range(30):
        asking |= asked(f"T-{place}", deadline=NOW + (7 * place) % 30)
    waiting = figures_of(rows, moment(outcomes, asking=asking)).waiting
    assert [one.deadline - NOW for one in waiting] == [float(n) for n in range(20)]
    assert all((7 * one.place) % 30 == one.deadline - NOW for one in waiting)
    assert figures_of(rows, moment(outcomes)).waiting == []


def test_long_and_odd_cells_stay_on_one_line() -> None:
    text = "one\n\ttwo " + "x" * 10_000 + "\u202e"
    line = _line(done(text), row={"id": "T-0", "text": text})
    assert all(len(cell) < 400 and "\n" not in cell for cell in line.cells)
    odd = _line(LEFT, row={"id": "T-0", "text": b"bytes"})
    assert odd.cells[1] == "b'bytes'"


def test_the_key_of_the_api_stands_nowhere() -> None:
    hidden = {"redact": lambda text: text.replace(KEY, "***")}
    row = {"id": "T-0", "text": f"{'x' * 150}{KEY}"}
    line = _line(failed(f"said {KEY}"), row=row, **hidden)
    assert KEY[:8] not in repr(line)
    one = content([{**row, KEY: 1}], asked=("text", KEY), **hidden)
    assert KEY not in repr([each.shown for each in columns_of(one)])
    assert KEY not in repr(figures_of(one, moment([LEFT], reason=f"no {KEY}")))
    found = places_of(one, moment([LEFT]), columns_of(one), Query(search=KEY))
    assert found == []  # nor may it be guessed


# Which rows, and in which order.

ROWS = [
    {"id": 3, "text": "Refund, please", "n": 2.5},
    {"id": 1, "text": "ÉCOLE closed", "n": None},
    {"id": 2, "text": "refund again", "n": 10},
    {"id": 4, "text": "other", "n": float("nan")},
]
OUTCOMES = [done("b", seconds=3.0), failed("timed out"), done("a", seconds=1.0), LEFT]


def _shown(**query: Any) -> list[int]:
    one = content(ROWS, asked=("text", "n"))
    return places_of(one, moment(OUTCOMES), columns_of(one), Query(**query))


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({}, [0, 1, 2, 3]),
        ({"standing": "done"}, [0, 2]),
        ({"standing": "waiting"}, []),
        ({"search": "REFUND"}, [0, 2]),
        ({"search": "école"}, [1]),
        ({"search": "timed"}, [1]),
        ({"search": "refund", "standing": "failed"}, []),
        ({"sort": "key"}, [1, 2, 0, 3]),
        ({"sort": "key", "descending": True}, [3, 0, 2, 1]),
        ({"sort": "in:1"}, [0, 2, 1, 3]),
        ({"sort": "in:1", "descending": True}, [2, 0, 1, 3]),
        ({"sort": "in:0"}, [3, 2, 0, 1]),
        ({"sort": "out:0"}, [2, 0, 1, 3]),
        ({"sort": "seconds"}, [2, 0, 1, 3]),
        ({"sort": "seconds", "descending": True}, [0, 2, 1, 3]),
        ({"sort": "state"}, [1, 3, 0, 2]),
        ({"sort": "in:9"}, [0, 1, 2, 3]),
    ],
)
def test_filter_search_and_sort(query: dict[str, Any], places: list[int]) -> None:
    assert _shown(**query) == places


EAST = dt.timezone(dt.timedelta(hours=9))


class Level(enum.Enum):
    LOW = 2
    HIGH = 10


@pytest.mark.parametrize(
    "values",
    [
        [decimal.Decimal(-1), decimal.Decimal("9.5"), 10, decimal.Decimal("10.25"), 1e300],
        [fractions.Fraction(1, 3), 0.5, decimal.Decimal(2), True + 2],
        [dt.timedelta(seconds=9), dt.timedelta(seconds=10), dt.timedelta(days=1)],
        [dt.date(2026, 9, 30), dt.date(2026, 10, 1), dt.datetime(2026, 10, 1, 8)],  # noqa: DTZ001  # as in a table
        [
            dt.datetime(2026, 3, 1, 8, tzinfo=EAST),
            dt.datetime(2026, 3, 1, 1, tzinfo=dt.UTC),
            dt.datetime(2026, 3, 1, 11, tzinfo=EAST),
        ],
        [Level.LOW, Level.HIGH],
        ["a", "B", "c"],
    ],
    ids=lambda values: type(values[0]).__name__,
)
def test_values_are_sorted_as_what_they_are(values: list[Any]) -> None:
    given = [*reversed(values), None, decimal.Decimal("NaN"), decimal.Decimal("sNaN")]
    one = content([{"id": n, "v": value} for n, value in enumerate(given)], asked=("v",))
    now = moment([LEFT] * len(given))
    up = places_of(one, now, columns_of(one), Query(sort="in:0"))
    down = places_of(one, now, columns_of(one), Query(sort="in:0", descending=True))
    assert [given[place] for place in up[: len(values)]] == values
    assert [given[place] for place in down[: len(values)]] == values[::-1]


def test_values_of_all_kinds_have_an_order() -> None:
    values: list[Any] = [3, "b", None, 2.5, True, ["x"], {"a": 1}, b"b", "B", float("nan"), 1e400]
    rows = [{"id": place, "v": value} for place, value in enumerate(values)]
    one = content(rows, asked=("v",))
    now = moment([LEFT] * len(rows))
    for descending in (False, True):
        query = Query(sort="in:0", descending=descending)
        places = places_of(one, now, columns_of(one), query)
        assert sorted(places) == list(range(len(rows)))
        assert set(places[-2:]) == {2, 9}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"standing": "everything", "sort": 3, "search": None, "descending": "yes"},
        {"standing": ["done"], "search": {"a": 1}, "sort": [], "descending": 1},
    ],
)
def test_a_question_may_be_anything(given: dict[str, Any]) -> None:
    assert query_of(given) == Query()
    assert len(query_of({"search": "x" * 1000}).search) == 200


# What a view has in sight.


def test_while_a_person_reads_rows_dont_jump() -> None:
    one = content(tickets(4))
    windows = Windows(one, columns_of(one))
    before = moment([RUNNING, RUNNING, LEFT, LEFT])
    window = windows.ask("v", before, Query(standing="running"), 0, 10)
    assert [line.place for line in window.lines] == [0, 1]
    after = moment([done(), RUNNING, RUNNING, LEFT])
    lines, is_stale = windows.changed(after)["v"]
    assert [(line.place, line.standing) for line in lines] == [(0, "done")]
    assert is_stale
    assert windows.changed(after) == {}
    same = windows.ask("v", after, Query(standing="running"), 0, 10)
    assert [line.place for line in same.lines] == [0, 1]
    anew = windows.ask("v", after, Query(standing="running"), 0, 10, again=True)
    assert [line.place for line in anew.lines] == [1, 2]
    assert not anew.is_stale


@pytest.mark.parametrize("query", [{"search": "fine"}, {"sort": "out:0"}])
def test_what_ends_last_is_said_to_have_changed_the_order(query: dict[str, Any]) -> None:
    one = content(tickets(2))
    windows = Windows(one, columns_of(one))
    windows.ask("v", moment([done("b"), RUNNING]), Query(**query), 0, 10)
    over = [done("b"), done("a fine one")]
    assert windows.changed(moment(over, is_driven=False))["v"][1]
    # Read from a journal, the same rows are other objects.
    windows.ask("v", moment(over, is_driven=False), Query(**query), 0, 10, again=True)
    again = [done("b"), done("a fine one")]
    assert windows.changed(moment(again, is_driven=False)) == {}


class Counted:
    """A cell that counts how often it is written."""

    times = 0

    def __repr__(self) -> str:
        Counted.times += 1
        return "counted"


def test_a_row_that_stays_as_it_is_isnt_written_at_each_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = content([{"id": n, "text": Counted()} for n in range(30)])
    windows = Windows(one, columns_of(one))
    monkeypatch.setattr(Counted, "times", 0)
    rows = [done(), failed("x"), UNKNOWN, RUNNING, *[LEFT] * 26]
    windows.ask("v", moment(rows), Query(), 0, 20)
    for _ in range(10):
        assert windows.changed(moment(rows)) == {}
    assert Counted.times == 20 + 10  # the one that runs may come to wait
    windows.ask("v", moment(rows), Query(), 5, 20)
    assert Counted.times == 30 + 5


@pytest.mark.parametrize(
    "value",
    [
        [{"a": n, "b": "text"} for n in range(20_000)],
        {f"k{n}": [n] * 3 for n in range(20_000)},
        [[[n]] for n in range(20_000)],
        ["x" * 50_000, {"a": "b" * 500_000}],
    ],
    ids=["records", "object", "lists", "texts"],
)
def test_a_cell_shows_the_begin_of_what_is_nested_and_reads_no_more(
    value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = content([{"id": 1, "text": value}])
    (whole,) = [column for column in columns_of(one) if column.shown.id == "in:0"]
    shown = line_of(one, moment([LEFT]), [whole], 0).cells[0]
    assert shown == one_line(json.dumps(value), LONGEST_CELL)
    parts: list[int] = []

    def counts(given: Any) -> str:
        parts.append(json.dumps(given).count(",") + 1)
        return ""

    monkeypatch.setattr(columns, "written", counts)
    line_of(one, moment([LEFT]), [whole], 0)
    assert parts[0] < 5 * LONGEST_CELL


def test_only_rows_in_sight_are_told() -> None:
    one = content(tickets(50))
    windows = Windows(one, columns_of(one))
    rows = [LEFT] * 50
    windows.ask("v", moment(rows), Query(), 10, 5)
    for place in (9, 15, 40):
        rows[place] = done()
    assert windows.changed(moment(rows)) == {}
    rows[14] = done()
    lines, is_stale = windows.changed(moment(rows))["v"]
    assert ([line.place for line in lines], is_stale) == ([14], False)


def test_a_view_gets_a_bounded_number_of_rows_wherever_it_looks() -> None:
    one = content(tickets(500))
    windows = Windows(one, columns_of(one))
    now = moment([LEFT] * 500)
    assert len(windows.ask("v", now, Query(), 0, 10**9).lines) == MOST_ROWS
    assert windows.ask("v", now, Query(), 10**9, 10).lines == []
    assert [line.place for line in windows.ask("v", now, Query(), -5, 2).lines] == [0, 1]
    assert windows.ask("v", now, Query(), 0, -1).lines == []


def test_of_many_views_the_latest_are_kept() -> None:
    one = content(tickets(1))
    windows = Windows(one, columns_of(one))
    for number in range(20):
        windows.ask(f"v{number}", moment([LEFT]), Query(), 0, 1)
    told = windows.changed(moment([done()]))
    assert list(told) == [f"v{number}" for number in range(12, 20)]
    windows.leave("v19")
    assert "v19" not in windows.changed(moment([RUNNING]))


def test_what_changed_is_always_what_is_asked_for_anew() -> None:
    """Applying the changes to what a view has gives what it would get if it asked."""
    random_ = random.Random(5)
    one = content(tickets(30))
    sources = columns_of(one)
    windows = Windows(one, sources)
    rows: list[RowOutcome] = [LEFT] * 30
    shown: list[Any] = []
    for _ in range(200):
        first = random_.randrange(20)
        if random_.random() < 0.3:
            query = Query(standing=random_.choice(["", "done", "left"]))
            again = windows.ask("v", moment(list(rows)), query, first, 10, again=True)
            shown = list(again.lines)
        place = random_.randrange(30)
        rows[place] = random_.choice([LEFT, RUNNING, done(), failed("x"), UNKNOWN])
        now = moment(list(rows))
        changed = {line.place: line for line in windows.changed(now).get("v", ([], False))[0]}
        shown = [changed.get(line.place, line) for line in shown]
        assert shown == [line_of(one, now, sources, line.place) for line in shown]
