"""What came of each row, as columns beside the table's own."""

from collections.abc import Mapping, Sequence
from typing import Any

from powawidget.batch.columns import Column, free_name, kind_of
from powawidget.batch.journal.records import RowOutcome
from powawidget.schema.kinds import ColumnKind
from powawidget.schema.schema import Schema
from powawidget.state.model import Kind

# In the order in which they stand, behind the answer.
_FACTS: Mapping[str, ColumnKind] = {
    "status": "text",
    "error": "text",
    "note": "text",
    "run_id": "text",
    "session_id": "text",
    "tokens": "integer",
    "seconds": "number",
    "calls": "integer",
}


def result_columns(
    outcomes: Sequence[RowOutcome], kind: Kind, schema: Schema | None, taken: Sequence[str]
) -> list[Column]:
    """Make the columns that say what came of the rows.

    Args:
        outcomes: How each row stands, in the order of the table.
        kind: Whether an agent, an orchestration or a workflow ran.
        schema: The form of the answers, which makes a column of each of its names.
        taken: The names of the table's own columns: they stay as they are, and where one of ours
            has the same name, it gets `batch_` before it; so does one of the schema that is named
            like a fact.

    Returns:
        The columns: those of the schema, `answer` (of a workflow `output`), and the facts.
    """
    made = [] if schema is None else _typed(outcomes, schema)
    if kind == "workflow":
        outputs = [_of(one, one.output) for one in outcomes]
        made.append(Column("output", kind_of(outputs), outputs))
    else:
        made.append(Column("answer", "text", [_of(one, one.text) for one in outcomes]))
    facts = [
        Column(name, as_kind, [_fact(one, name) for one in outcomes])
        for name, as_kind in _FACTS.items()
    ]
    # Those are named first: a schema may have a "status" too, and what reads ours shouldn't care.
    facts = _named(facts, list(taken))
    return [*_named(made, [*taken, *(fact.name for fact in facts)]), *facts]


def _named(columns: Sequence[Column], taken: list[str]) -> list[Column]:
    renamed = []
    for column in columns:
        name = free_name(column.name, taken)
        taken.append(name)
        renamed.append(Column(name, column.kind, column.cells))
    return renamed


def _typed(outcomes: Sequence[RowOutcome], schema: Schema) -> list[Column]:
    rows = [fields_of(one, schema) for one in outcomes]
    columns = []
    for name, declared in schema.fields.items():
        values = [row.get(name) for row in rows]
        column = Column(name, declared, values)
        fits = column.fitting.kind != "any"
        columns.append(column if fits else Column(name, kind_of(values), values))
    return columns


def fields_of(outcome: RowOutcome, schema: Schema) -> dict[str, Any]:
    """Give the fields of a row's answer by their names; nothing where it has none that fits."""
    if outcome.state != "done":
        return {}
    try:
        return schema.cells(schema.value_of(outcome.text, outcome.output))
    except ValueError:
        return {}  # of a schema that is given only now; the answer stands beside it


def _of(outcome: RowOutcome, value: Any) -> Any:
    """Leave out what no run has said: an empty text of a row that waits is no answer."""
    is_over = outcome.state in {"done", "failed", "unknown"}
    return value if is_over and value != "" else (value if outcome.state == "done" else None)


def _fact(outcome: RowOutcome, name: str) -> Any:
    if name == "status":
        return outcome.state
    value = getattr(outcome, name)
    return None if value == "" else value
