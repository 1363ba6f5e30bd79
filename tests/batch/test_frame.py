"""What came of the rows, as columns."""

import enum
from collections.abc import Callable
from typing import Any

import msgspec
import pandas as pd
import polars as pl
import pyarrow as pa
import pydantic
import pytest

from powawidget.batch.columns import Column
from powawidget.batch.frame import result_columns
from powawidget.batch.journal.records import RowOutcome
from powawidget.batch.table import table_of
from powawidget.schema.schema import schema_of

FACTS = ["status", "error", "note", "run_id", "session_id", "tokens", "seconds", "calls"]
OUTCOMES = [
    RowOutcome(
        state="done",
        run_id="run_1",
        session_id="s",
        tokens=10,
        seconds=0.5,
        calls=2,
        text='{"area": "bugs", "urgency": 3}',
    ),
    RowOutcome(state="failed", error="The answer doesn't fit the schema.", text="{}"),
    RowOutcome(),
]


class Ticket(msgspec.Struct):
    area: str
    urgency: int


def test_a_frame_has_answers_and_facts() -> None:
    frame = pd.DataFrame({"t": ["a", "b", "c"]}, index=["x", "y", "y"])
    table = table_of(frame)
    made = table.with_columns(result_columns(OUTCOMES, "agent", None, table.names))
    assert list(made.columns) == ["t", "answer", *FACTS]
    assert made.index.tolist() == ["x", "y", "y"]
    assert made["status"].tolist() == ["done", "failed", "waiting"]
    assert made["answer"].isna().tolist() == [False, False, True]
    assert made["error"].isna().tolist() == [True, False, True]
    assert str(made["tokens"].dtype) == "Int64"
    assert made["tokens"].tolist() == [10, pd.NA, pd.NA]


def test_a_schema_gives_typed_columns_and_keeps_the_raw_text() -> None:
    table = table_of(pl.DataFrame({"t": ["a", "b", "c"]}))
    columns = result_columns(OUTCOMES, "agent", schema_of(Ticket), table.names)
    made = table.with_columns(columns)
    assert made.columns == ["t", "area", "urgency", "answer", *FACTS]
    assert made.schema["urgency"] == pl.Int64
    assert made["urgency"].to_list() == [3, None, None]
    assert made["answer"].to_list() == ['{"area": "bugs", "urgency": 3}', "{}", None]


def test_columns_of_a_schema_have_their_kind_before_a_row_is_done() -> None:
    columns = result_columns([RowOutcome()], "agent", schema_of(Ticket), [])
    assert [(each.name, each.kind) for each in columns[:2]] == [
        ("area", "text"),
        ("urgency", "integer"),
    ]


def test_the_own_columns_of_a_table_stay() -> None:
    rows = [{"status": "open", "area": "x", "batch_area": 1, "answer": None}]
    table = table_of(rows)
    columns = result_columns(OUTCOMES[:1], "agent", schema_of(Ticket), table.names)
    (made,) = table.with_columns(columns)
    assert made["status"] == "open"
    assert made["batch_status"] == "done"
    assert made["area"] == "x"
    assert made["batch_batch_area"] == "bugs"
    assert made["batch_answer"] == OUTCOMES[0].text


def test_a_workflow_has_an_output() -> None:
    outcomes = [RowOutcome(state="done", output={"a": 1}), RowOutcome()]
    columns = result_columns(outcomes, "workflow", None, [])
    assert [each.name for each in columns] == ["output", *FACTS]
    assert [row["output"] for row in table_of([1, 2]).with_columns(columns)] == [{"a": 1}, None]


def test_a_schema_with_a_status_leaves_ours() -> None:
    form = {"type": "object", "properties": {"status": {"type": "string"}, "answer": {}}}
    outcome = RowOutcome(state="done", text='{"status": "open", "answer": 1}')
    columns = result_columns([outcome], "agent", schema_of(form), [])
    (row,) = table_of(["a"]).with_columns(columns)
    assert row["status"] == "done"
    assert row["batch_status"] == "open"
    assert row["answer"] == 1
    assert row["batch_answer"] == outcome.text


def test_a_row_that_failed_has_no_typed_values_though_its_text_would_fit() -> None:
    failed = RowOutcome(state="failed", error="cut", text='{"area": "bugs", "urgency": 3}')
    (row,) = table_of(["a"]).with_columns(
        result_columns([failed], "agent", schema_of(Ticket), ["value"])
    )
    assert row["area"] is None
    assert row["answer"] == failed.text


class Level(enum.IntEnum):
    HIGH = 3


class Rated(pydantic.BaseModel):
    level: Level
    kind: Any = None


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_an_answer_of_any_kind_fails_no_table(make: Callable[[Any], Any]) -> None:
    table = table_of(make({"t": ["a", "b"]}))
    form = {"properties": {"level": {}, "kind": {"type": "string"}}}
    for schema, text in (
        (schema_of(Rated), '{"level": 3, "kind": {"a": [1]}}'),
        (schema_of(form), '{"level": {"a": "\\ud800"}, "kind": "\\udfff"}'),
    ):
        outcomes = [RowOutcome(state="done", text=text), RowOutcome()]
        made = table.with_columns(result_columns(outcomes, "agent", schema, table.names))
        assert len(made) == 2
        assert "level" in (made.column_names if isinstance(made, pa.Table) else made.columns)


def test_a_whole_number_of_a_kind_of_its_own_is_one() -> None:
    # Of such a number Python looks for its place in a range one by one.
    assert Column("level", "integer", [Level.HIGH, None]).fitting.kind == "integer"
    assert Column("level", "integer", [2**63]).fitting.kind == "any"
    assert Column("level", "integer", [-(2**63)]).fitting.kind == "integer"
