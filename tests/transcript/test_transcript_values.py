"""How values read in a transcript: `tests/values.json` says it, for the page as well."""

import json
from pathlib import Path
from typing import Any

import pytest

from powawidget.state.model import ToolPart
from powawidget.transcript import exact_json, to_html, to_markdown, to_text
from powawidget.transcript.pictures import picture_of, pieces_of
from powawidget.transcript.summary import peek
from powawidget.transcript.tables import table_of
from powawidget.transcript.terminal import settled
from powawidget.transcript.visible import readable
from tests.transcript.samples import ran
from tests.transcript.strict import problems

CASES: dict[str, list[Any]] = json.loads(
    (Path(__file__).parents[1] / "values.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(("text", "shown"), CASES["marks"])
def test_a_hidden_character_is_marked_where_nothing_needs_it(text: str, shown: str) -> None:
    assert readable(text) == shown


@pytest.mark.parametrize(("text", "shown"), CASES["terminal"])
def test_text_for_a_terminal_is_settled(text: str, shown: str) -> None:
    assert settled(text) == shown


@pytest.mark.parametrize(("value", "address"), CASES["pictures"])
def test_a_picture_is_found_in_every_shape(value: Any, address: str | None) -> None:
    picture = picture_of(exact_json.read(json.dumps(value)))
    assert (picture and picture.address) == address
    pieces = pieces_of(exact_json.read(json.dumps({"content": [value]})))
    assert (pieces is not None) is (address is not None)


@pytest.mark.parametrize(("source", "columns", "rows"), CASES["tables"])
def test_a_table_is_found_in_every_shape(
    source: str, columns: list[str] | None, rows: list[list[str | None]] | None
) -> None:
    table = table_of(exact_json.read(source))
    if table is None:
        assert (columns, rows) == (None, None)
        return
    assert table[0] == columns
    cells = [
        [exact_json.bare(row[name]) if name in row else None for name in table[0]]
        for row in table[1]
    ]
    assert cells == rows


@pytest.mark.parametrize(("result", "full", "said"), CASES["peeks"])
def test_a_closed_card_says_in_words_what_came_of_its_call(
    result: str, full: bool, said: str
) -> None:
    part = ToolPart(name="t", result=result, full=full, status="done")
    is_json = result[:1] in "[{"
    value = exact_json.read(result) if is_json else exact_json.NO_JSON
    assert peek(part, value)[0] == said


@pytest.mark.parametrize("flood", ["\r", "\x1b[", "\x1b[1", "\r\n", "a\r", "\x1b[31m"])
def test_a_flood_of_controls_takes_no_time(flood: str) -> None:
    text = f"a{flood * (200_000 // len(flood))}b"
    assert len(settled(text)) <= len(text)


PNG = "iVBORw0KGgo="
ADDRESS = f"data:image/png;base64,{PNG}"


@pytest.mark.parametrize(
    "value",
    [{"image": ADDRESS}, {"content": [{"type": "image", "data": PNG, "mimeType": "image/png"}]}],
)
def test_a_picture_is_shown_in_html_and_markdown(value: Any) -> None:
    result = json.dumps(value)
    part = ToolPart(name="t", result=result, full=True, json=True, status="done")
    state = ran(parts=[part])
    assert f'src="{ADDRESS}" alt="PNG image, 9 bytes"' in to_html(state)
    assert f"![PNG image, 9 bytes]({ADDRESS})" in to_markdown(state)
    assert "PNG image, 9 bytes: run.tool_calls[0].result" in to_text(state)


@pytest.mark.parametrize(
    "value",
    [
        [{"name": "a", "plot": ADDRESS}, {"name": "b", "plot": "none"}],
        {"rows": [{"plot": {"type": "image", "mimeType": "image/png", "data": PNG}}]},
        {"sales": {"week 40": {"image/png": PNG, "text/plain": "<Figure>"}}},
    ],
)
def test_a_picture_is_shown_in_a_cell_and_within_objects(value: Any) -> None:
    part = ToolPart(name="t", result=json.dumps(value), full=True, json=True, status="done")
    html = to_html(ran(parts=[part]))
    assert html.count(f'src="{ADDRESS}" alt="PNG image, 9 bytes"') == 1
    assert problems(html) == []
    assert to_markdown(ran(parts=[part])).count(f"![PNG image, 9 bytes]({ADDRESS})") == 1
    assert PNG not in to_text(ran(parts=[part]))


def test_many_pictures_leave_room_for_what_stands_around_them() -> None:
    images = [{"type": "image", "mimeType": "image/png", "data": PNG}] * 3_000
    parts = [ToolPart(name="t", result=json.dumps(images), full=True, status="done")]
    html = to_html(ran(parts=parts), limit=60_000)
    assert html.count("<img") > 50
    assert len(html) <= 60_000
    rows = [{"name": f"row {row}", "plot": f"{ADDRESS[:-1]}{'A' * 2_000}="} for row in range(90)]
    parts = [ToolPart(name="t", result=json.dumps(rows), full=True, status="done")]
    html = to_html(ran(parts=parts), limit=60_000)
    assert html.count("<img") > 10
    assert len(html) <= 60_000


def test_a_large_picture_is_no_wall_of_letters() -> None:
    block = {"type": "image", "mimeType": "image/png", "data": f"{PNG[:-1]}{'A' * 2_100_000}"}
    part = ToolPart(name="t", result=json.dumps([block]), full=True, status="done")
    for written in (to_html(ran(parts=[part])), to_text(ran(parts=[part]))):
        assert "PNG image, 1.6 MB" in written
        assert "AAAAAAAA" not in written


def test_a_picture_beyond_the_file_is_said_in_words() -> None:
    result = f"data:image/png;base64,{'A' * 40_000}"
    state = ran(parts=[ToolPart(name="t", result=result, full=True, status="done")])
    for write in (to_html, to_markdown):
        written = write(state, limit=20_000)
        assert len(written) < 20_000
        assert "PNG image, 30.0 kB" in written
        assert "AAAA" not in written


def test_a_workflow_was_asked_for_named_values() -> None:
    state = ran(kind="workflow", message='{"week": 40, "dry_run": false}', parts=[])
    assert "| week     40\n| dry_run  false" in to_text(state)
