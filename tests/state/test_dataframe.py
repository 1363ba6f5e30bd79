"""The result of a tool as a DataFrame, and what is said where it is none."""

import subprocess
import sys
from typing import Any

import pandas as pd
import pytest

from powawidget.errors import ConfigurationError
from powawidget.state.values import ToolCall

RECORDS = [{"id": 1, "region": "north"}, {"id": 2, "region": None}]


def call(result: Any, **given: Any) -> ToolCall:
    told = {
        "name": "lookup",
        "arguments": {},
        "call_id": None,
        "step": 1,
        "status": "done",
        "preview": None,
        "seconds": None,
        "error": None,
    }
    return ToolCall(**{**told, **given}, result=result)


@pytest.mark.parametrize(
    "result",
    [
        RECORDS,
        '[{"id": 1, "region": "north"}, {"id": 2, "region": null}]',
        {"rows": RECORDS, "count": 2},
        {"columns": ["id", "region"], "rows": [[1, "north"], [2, None]]},
        {"columns": [{"name": "id"}, {"name": "region"}], "data": [[1, "north"], [2, None]]},
        {"columns": ["id", "region"], "rows": RECORDS},
        {"id": [1, 2], "region": ["north", None]},
        {"ok": True, "items": RECORDS, "warnings": []},
        "id,region\n1,north\n2,\n",
        "id\tregion\n1\tnorth\n2\t",
        'id;region\n1;"north"\n2;',
    ],
)
def test_a_table_becomes_a_frame(result: Any) -> None:
    frame = call(result).to_frame()
    assert list(frame.columns) == ["id", "region"]
    assert list(frame["id"]) == [1, 2]
    assert frame["region"][0] == "north"
    assert pd.isna(frame["region"][1])


def test_a_flat_record_is_a_row() -> None:
    frame = call({"city": "Oslo", "degrees": 3.5}).to_frame()
    assert frame.to_dict("records") == [{"city": "Oslo", "degrees": 3.5}]


def test_a_missing_key_is_a_missing_value() -> None:
    frame = call([{"a": 1}, {"b": "x"}]).to_frame()
    assert list(frame.columns) == ["a", "b"]
    assert frame.isna().to_numpy().tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ("Twelve ships, all late.", "text"),
        ("one, two\nthree", "text"),
        ("", "text"),
        ([1, 2], "list"),
        ([], "list"),
        ({}, "dict"),
        ({"a": [1], "b": [1, 2]}, "dict"),
        ({"columns": ["a", "b"], "rows": [[1]]}, "dict"),
        ({"a": RECORDS, "b": RECORDS, "c": 1}, "dict"),
        ({"a": {"b": 1}}, "dict"),
        (12, "int"),
    ],
)
def test_what_is_no_table_is_said(result: Any, kind: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"'lookup' isn't a table \({kind}\)"):
        call(result).to_frame()


@pytest.mark.parametrize(
    "given",
    [
        {"status": "running"},
        {"status": "failed", "error": "no such table", "result": "no such table"},
    ],
)
def test_a_call_without_a_whole_result_says_so(given: dict[str, Any]) -> None:
    result = given.pop("result", None)
    with pytest.raises(ConfigurationError, match=r"no whole result \((running|failed)\)"):
        call(result, **given).to_frame()


WITHOUT_PANDAS = """
import sys
sys.modules["pandas"] = None  # as Python marks what isn't there
from powawidget.errors import ConfigurationError
from powawidget.state.dataframe import dataframe_of
try:
    dataframe_of([{"a": 1}], "lookup")
except ConfigurationError as error:
    print(error)
"""


def test_without_pandas_it_says_what_to_install() -> None:
    said = subprocess.run(
        [sys.executable, "-c", WITHOUT_PANDAS],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "%pip install pandas" in said.stdout


def test_pandas_is_not_imported_with_the_package() -> None:
    code = "import sys, powawidget, powawidget.state.values; print('pandas' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert said.stdout.strip() == "False"
