"""Messages of rows: a template knows names in braces, and nothing else."""

import datetime as dt
import decimal
import enum
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powawidget.batch.cells import written
from powawidget.batch.keys import keys_of
from powawidget.batch.template import Template, message_of
from powawidget.errors import InvalidValueError, UnknownNameError, WrongTypeError
from powawidget.transcript.sentences import shown


class Kind(enum.Enum):
    BUG = "bug"


ROW = {"text": "It fails", "id": 7, "a.b": "dotted", "two words": "spaced", "x!r": "bang"}


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("Triage: {text}", "Triage: It fails"),
        ("{id}{id} {text}", "77 It fails"),
        ("{two words}, {a.b}, {x!r}", "spaced, dotted, bang"),
        ('{{"id": {id}}}', '{"id": 7}'),
        ("{{{text}}}", "{It fails}"),
        ("{{text}} of {text}", "{text} of It fails"),
        ("text", "It fails"),  # a column's name alone
    ],
)
def test_a_template_is_filled(template: str, message: str) -> None:
    assert message_of(template, list(ROW))(ROW) == message


@pytest.mark.parametrize(
    "template",
    [
        "{text.upper}",
        "{text[0]}",
        "{text!s}",
        "{text:>10}",
        "{text.__class__.__mro__}",
        "{}",
        "{0}",
        "{ text }",
        "{txt}",
        "{text()}",
    ],
)
def test_what_is_no_column_is_refused(template: str) -> None:
    with pytest.raises(UnknownNameError, match="has no column"):
        message_of(template, list(ROW))


@pytest.mark.parametrize("template", ["{text", "text}", "{a{text}}", "a } b {text}"])
def test_a_brace_alone_is_refused(template: str) -> None:
    with pytest.raises(InvalidValueError, match="A brace stands alone"):
        message_of(template, list(ROW))


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'text'"):
        message_of("Triage {txt}", list(ROW))


def test_a_template_without_a_column_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="every row would ask the same"):
        message_of("Tell a joke", list(ROW))


def test_the_only_column_needs_no_name() -> None:
    assert message_of(None, ["q"])({"q": "Why?"}) == "Why?"
    with pytest.raises(InvalidValueError, match="5 columns"):
        message_of(None, list(ROW))


def test_a_function_gets_a_row_of_its_own() -> None:
    def message(row: dict[str, Any]) -> str:
        row["text"] = "changed"
        return f"{row['id']} {row.pop('text')}"

    row = dict(ROW)
    assert message_of(message, list(ROW))(row) == "7 changed"
    assert row == ROW


def test_a_function_that_changes_a_cell_changes_no_table() -> None:
    row = {"tags": ["a", {"b": [1]}]}

    def message(given: dict[str, Any]) -> str:
        given["tags"][1]["b"].append(2)
        given["tags"].append("c")
        return str(len(given["tags"]))

    assert message_of(message, ["tags"])(row) == "3"
    assert keys_of([row], ["tags"], message, None) == ['"3"']
    assert row == {"tags": ["a", {"b": [1]}]}


async def _later(_row: object) -> str:
    return "never"


@pytest.mark.parametrize("message", [_later, 7, ["a"], b"{text}"])
def test_another_message_is_refused(message: Any) -> None:
    with pytest.raises(WrongTypeError, match="The message is a template"):
        message_of(message, list(ROW))


def test_a_function_that_gives_no_text_is_an_error() -> None:
    with pytest.raises(TypeError, match="gave None"):
        message_of(lambda _row: None, list(ROW))(ROW)


@given(cells=st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=5))
def test_braces_of_data_stay_data(cells: dict[str, str]) -> None:
    names = [name for name in cells if not set(name) & set("{}")]
    template = "|".join(f"{{{name}}}" for name in names)
    assert Template(template).fill(cells) == "|".join(cells[name] for name in names)


@given(text=st.text(max_size=40))
def test_doubled_braces_stand_for_themselves(text: str) -> None:
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert Template(doubled).fill({}) == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("{x} {{y}}", "{x} {{y}}"),
        (None, ""),
        (pd.NA, ""),
        (pd.NaT, ""),
        (np.datetime64("NaT"), ""),
        (2**53 + 1, "9007199254740993"),
        (2**70, str(2**70)),
        (np.int64(2**53 + 1), "9007199254740993"),
        (np.float32(0.5), "0.5"),
        (1.0, "1.0"),
        (True, "true"),
        (np.bool_(False), "false"),
        (decimal.Decimal("12345678901234567890.10"), "12345678901234567890.10"),
        (dt.date(2026, 3, 1), "2026-03-01"),
        (pd.Timestamp("2026-03-01 10:00", tz="Europe/Berlin"), "2026-03-01T10:00:00+01:00"),
        (pd.Timestamp(1, unit="ns"), "1970-01-01T00:00:00.000000001"),
        (pd.Timedelta("90s"), "PT90S"),
        (pd.Timedelta(-1, unit="ns"), "PT-0.000000001S"),
        (pd.Period("2026-03", "M"), "2026-03"),
        (pd.Interval(0, 10), "(0, 10]"),
        ([Kind.BUG], '["bug"]'),
        (["a", 1, None], '["a", 1, null]'),
        ({"größe": np.array([1, 2])}, '{"größe": [1, 2]}'),
        ({1: {"b": (decimal.Decimal("0.10"),)}}, '{"1": {"b": ["0.10"]}}'),
        ([float("nan")], "[NaN]"),
    ],
)
def test_a_cell_is_written(cell: Any, text: str) -> None:
    assert written(cell) == text


@given(number=st.integers())
def test_a_whole_number_keeps_its_digits(number: int) -> None:
    assert int(written(number)) == number
    assert json.loads(written([number])) == [number]


@pytest.mark.parametrize(
    "cell", [b"raw", memoryview(b"raw"), object(), {"a": object()}, [b"x"], {1, 2}]
)
def test_what_has_no_text_is_refused_with_its_column(cell: Any) -> None:
    with pytest.raises(TypeError, match="column 'c'"):
        message_of("{c}", ["c"])({"c": cell})


def test_a_cell_that_holds_itself_is_refused() -> None:
    cell: list[Any] = []
    cell.append(cell)
    with pytest.raises(ValueError, match="column 'c': it holds itself"):
        message_of("{c}", ["c"])({"c": cell})


def test_a_name_in_a_sentence_hides_nothing() -> None:
    assert shown("a\u202eb\n" + "c" * 100).startswith("'a⟦U+202E⟧b ccc")
    assert len(shown("c" * 1_000)) < 70
