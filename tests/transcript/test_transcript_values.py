"""How values read in a transcript: `tests/values.json` says it, for the page as well."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from powawidget.state.model import ToolPart
from powawidget.transcript import exact_json, to_html, to_markdown, to_text
from powawidget.transcript.content import Resource, pieces_of
from powawidget.transcript.pictures import Picture, picture_of
from powawidget.transcript.pixels import size_of
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
    pieces = pieces_of(exact_json.read(json.dumps({"content": [value]}))) or []
    assert any(isinstance(piece, Picture) for piece in pieces) is (address is not None)


@pytest.mark.parametrize(("value", "pieces"), CASES["content"])
def test_what_came_piece_by_piece_is_read_so(value: Any, pieces: list[list[Any]] | None) -> None:
    read = pieces_of(exact_json.read(json.dumps(value)))
    assert (read and [list(_told(piece)) for piece in read]) == pieces


def _told(piece: Any) -> Iterator[Any]:
    if isinstance(piece, Picture):
        yield "picture"
        return
    if isinstance(piece, Resource):
        yield from (piece.what, *piece.facts)
        if piece.length:
            yield piece.length
        if piece.value is exact_json.NO_JSON:
            return
        piece = piece.value
    yield piece if exact_json.is_text(piece) else exact_json.compact(piece)


@pytest.mark.parametrize(
    ("data", "size"),
    [case[1:] for case in CASES["pixels"]],
    ids=[case[0] for case in CASES["pixels"]],
)
def test_the_size_of_a_picture_is_read_from_its_header(data: str, size: list[int] | None) -> None:
    assert size_of(data) == (size and tuple(size))


BILLION = next(case[1] for case in CASES["pixels"] if "billion" in case[0])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (BILLION, "30,000 × 30,000 pixels, too large to show"),  # noqa: RUF001  # times
        ("iVBORw0KGgo=", "damaged or of another kind"),
    ],
)
@pytest.mark.parametrize("shape", ["address", "block", "cell"])
def test_a_picture_that_no_page_has_room_for_is_said_in_words(
    data: str, said: str, shape: str
) -> None:
    address = f"data:image/png;base64,{data}"
    shapes = {
        "address": address,
        "block": json.dumps([{"type": "image", "mimeType": "image/png", "data": data}]),
        "cell": json.dumps([{"name": "a", "plot": address}, {"name": "b", "plot": 1}]),
    }
    state = ran(parts=[ToolPart(name="t", result=shapes[shape], full=True, status="done")])
    for written in (to_html(state), to_markdown(state), to_text(state)):
        assert said in written
        assert data[:20] not in written.replace(shapes[shape], "")


@pytest.mark.parametrize(
    ("rows", "side"),
    [
        ([{"שם": "ירושלים", "מחיר": 12}, {"שם": "חיפה", "מחיר": 7}], "rtl"),
        ([{"name": "القاهرة", "n": 1, "at": "مصر", "k": "x"}] * 2, ""),
        ([{"الاسم": "القاهرة", "n": 1}] * 2, "rtl"),
        ([{"name": "ירושלים", "note": "a city"}, {"name": "Haifa", "note": "b"}], ""),
        ([{"a": 1}, {"a": 2}], ""),
    ],
)
def test_a_table_runs_from_the_side_from_which_it_is_read(
    rows: list[dict[str, Any]], side: str
) -> None:
    part = ToolPart(name="t", result=json.dumps(rows), full=True, status="done")
    html = to_html(ran(parts=[part]))
    (table,) = re.findall(r"<table [^>]*>", html)
    assert ('dir="rtl"' in table) is (side == "rtl")
    assert problems(html) == []


def test_a_long_text_beside_a_long_address_keeps_room() -> None:
    rows = [
        {"text": "Many words that a person wants to read at once.", "at": "https://x/" + "a" * 90}
    ]
    part = ToolPart(name="t", result=json.dumps(rows * 2), full=True, status="done")
    html = to_html(ran(parts=[part]))
    assert re.search(r'<td style="[^"]*min-width:180px[^"]*">Many words', html)
    assert problems(html) == []


def test_a_text_of_mcp_is_shown_as_what_it_is() -> None:
    inside = {"uri": "file:///notes.md", "mimeType": "text/markdown", "text": "one\ntwo"}
    rows = json.dumps([{"id": 1, "n": 2.5}, {"id": 2, "n": None}])
    content = [{"type": "resource", "resource": inside}, {"type": "text", "text": rows}]
    part = ToolPart(name="t", result=json.dumps({"content": content}), full=True, status="done")
    text = to_text(ran(parts=[part]))
    assert "Resource `file:///notes.md`, `text/markdown`" in text
    assert "| one\n    | two" in text
    assert "| id  n" in text
    assert "\\n" not in text


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


PNG = CASES["pixels"][0][1]
LENGTH = len(PNG) * 3 // 4
ADDRESS = f"data:image/png;base64,{PNG}"


@pytest.mark.parametrize(
    "value",
    [{"image": ADDRESS}, {"content": [{"type": "image", "data": PNG, "mimeType": "image/png"}]}],
)
def test_a_picture_is_shown_in_html_and_markdown(value: Any) -> None:
    result = json.dumps(value)
    part = ToolPart(name="t", result=result, full=True, json=True, status="done")
    state = ran(parts=[part])
    assert f'src="{ADDRESS}" alt="PNG image, {LENGTH} bytes"' in to_html(state)
    assert f"![PNG image, {LENGTH} bytes]({ADDRESS})" in to_markdown(state)
    assert f"PNG image, {LENGTH} bytes: run.tool_calls[0].result" in to_text(state)


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
    assert html.count(f'src="{ADDRESS}" alt="PNG image, {LENGTH} bytes"') == 1
    assert problems(html) == []
    assert to_markdown(ran(parts=[part])).count(f"![PNG image, {LENGTH} bytes]({ADDRESS})") == 1
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
