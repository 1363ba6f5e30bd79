"""The sample database: what is in it, and that only writes write."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powawidget.local.database import Database
from powawidget.local.pace import tokens
from powawidget.local.samples.statistics import (
    Sample,
    Share,
    change_point,
    least_squares,
    two_proportions,
    welch,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def database() -> Iterator[Database]:
    made = Database(7)
    yield made
    made.close()


def test_it_is_the_same_for_the_same_seed(database: Database) -> None:
    other, third = Database(7), Database(8)
    query = "SELECT * FROM orders ORDER BY id"
    assert database.read(query) == other.read(query) != third.read(query)
    other.close()
    third.close()


def test_it_holds_a_year_of_orders(database: Database) -> None:
    row = database.read(
        "SELECT COUNT(*) AS n, MIN(ordered_at) AS first, MAX(ordered_at) AS last,"
        " COUNT(DISTINCT region) AS regions, COUNT(DISTINCT carrier) AS carriers FROM orders"
    )[0]
    assert row["n"] == 5000
    assert (row["first"][:7], row["last"][:7]) == ("2025-01", "2025-12")
    assert (row["regions"], row["carriers"]) == (4, 3)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_hidden_can_be_found_whatever_the_seed(seed: int) -> None:
    database = Database(seed)
    worst = database.read(
        "SELECT region, carrier FROM orders WHERE shipped_at IS NOT NULL"
        " GROUP BY 1, 2 ORDER BY AVG(shipped_at > due_at) DESC LIMIT 1"
    )
    overdue = database.value(
        "SELECT COUNT(*) FROM orders WHERE status = 'open' AND due_at < '2025-12-31'"
    )
    database.close()
    assert worst == [{"region": "North", "carrier": "Borealis"}]
    assert overdue > 0


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM orders",
        "UPDATE orders SET amount = 0",
        "INSERT INTO credits VALUES (1, 1, 1, '', '')",
        "DROP TABLE orders",
        "CREATE TABLE x (y)",
        "PRAGMA writable_schema = 1",
        "ATTACH ':memory:' AS other",
        "SELECT 1; DELETE FROM orders",
    ],
)
def test_reading_cannot_write(database: Database, statement: str) -> None:
    before = database.value("SELECT COUNT(*) FROM orders")
    with pytest.raises((sqlite3.Error, sqlite3.Warning)):
        database.read(statement)
    assert database.value("SELECT COUNT(*) FROM orders") == before


def test_writes_are_structured(database: Database) -> None:
    assert database.write("orders", "update", {"status": "x"}, {"id": [1, 2]}) == 2
    assert database.write("orders", "delete", None, {"id": 3}) == 1
    credit = {"customer_id": 1, "amount": 2.5, "reason": "late", "created_at": "2025-12-31"}
    assert database.write("credits", "insert", [credit, credit]) == 2
    assert database.read("SELECT status FROM orders WHERE id <= 3") == [{"status": "x"}] * 2
    assert database.value("SELECT SUM(amount) FROM credits") == 5


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("nope", "delete", None, {"id": 1}), "no such table: nope"),
        (("orders", "delete", None, {"id = 1; --": 1}), "no such column"),
        (("orders", "update", {'amount" = 0 --': 1}, {"id": 1}), "no such column"),
        (("orders", "delete", None, None), "lacks"),
        (("orders", "update", {"status": "x"}, {}), "lacks"),
        (("orders", "truncate", None, {"id": 1}), "unknown operation"),
    ],
)
def test_writes_that_make_no_sense_are_refused(
    database: Database, arguments: tuple, error: str
) -> None:
    with pytest.raises(ValueError, match=error):
        database.write(*arguments)


@given(st.text(), st.none() | st.integers(1, 9))
def test_tokens_add_up_to_the_text(text: str, size: int | None) -> None:
    assert "".join(tokens(text, size)) == text


def test_the_figures_agree_with_textbook_examples() -> None:
    line = least_squares([1, 3, 5, 7])
    assert (line.slope, line.intercept, line.fit) == pytest.approx((2, 1, 1))
    # 40 of 100 against 25 of 100: the pooled share is 0.325.
    assert two_proportions(Share(40, 100), Share(25, 100)) == pytest.approx(2.2646, abs=1e-3)
    # 1, 2, 3 against 2, 4, 6: t = -2 / sqrt(1/3 + 4/3).
    one, other = Sample(3, 2, 14 / 3), Sample(3, 4, 56 / 3)
    assert welch(one, other) == pytest.approx(-1.5492, abs=1e-3)
    assert change_point([Share(1, 20), Share(2, 20), Share(9, 20), Share(8, 20)]) == 2
