"""The result of a tool as a DataFrame, and what is said where it is none."""

import json
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
        ({"schema": {"fields": [["a"]]}, "data": [{"a": [1]}, {"b": 2}], "x": [{}]}, "dict"),
        ({"schema": 1, "data": 2, "columns": [["a"], "b"], "rows": {}}, "dict"),
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


FRAMES = {
    "counted": pd.DataFrame({"city": ["Oslo", "Bonn"], "degrees": [3.5, None]}),
    "named": pd.DataFrame({"n": [1, 2], "at": ["Oslo", "Bonn"]}, index=["mon", "tue"]),
    "numbered": pd.DataFrame({"a": [1, 2], "b": ["x", None]}, index=[7, 4]),
}


@pytest.mark.parametrize("orient", ["records", "split", "index", "columns", "values", "table"])
@pytest.mark.parametrize("name", FRAMES)
def test_each_of_pandas_orients_is_read(orient: Any, name: str) -> None:
    before = FRAMES[name]
    written = before.to_json(orient=orient)
    for result in (written, json.loads(written)):
        after = call(result).to_frame()
        expected = before
        if orient in {"records", "values"}:
            expected = expected.reset_index(drop=True)
        if orient == "values":
            expected = expected.set_axis(range(2), axis="columns")
        if orient not in {"split", "values"}:
            expected = expected.rename(columns=str)
        pd.testing.assert_frame_equal(
            after,
            expected,
            check_names=False,
            check_index_type=False,
            check_dtype=False,
            check_column_type=False,
        )


def test_levels_of_an_index_and_of_columns_are_kept() -> None:
    before = pd.DataFrame(
        [[1, 2], [3, 4]],
        index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]),
        columns=pd.MultiIndex.from_tuples([("x", "low"), ("x", "high")]),
    )
    written = json.loads(before.to_json(orient="split"))
    pd.testing.assert_frame_equal(call(written).to_frame(), before)
    named = before.droplevel(0, axis="columns").rename_axis(["k", "n"])
    written = json.loads(named.to_json(orient="table"))
    pd.testing.assert_frame_equal(call(written).to_frame(), named)


def test_numbers_without_a_json_form_stay_what_they_are() -> None:
    result = '{"columns": ["a"], "data": [[NaN], [Infinity], [-Infinity], [1.5]]}'
    column = call(result).to_frame()["a"]
    assert str(list(column)) == "[nan, inf, -inf, 1.5]"


def test_a_table_in_mcp_content_is_read() -> None:
    rows = json.dumps([{"id": 1}, {"id": 2}])
    result = {"content": [{"type": "text", "text": "Two rows:"}, {"type": "text", "text": rows}]}
    assert list(call(result).to_frame()["id"]) == [1, 2]
    assert list(call(result["content"]).to_frame()["id"]) == [1, 2]


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
