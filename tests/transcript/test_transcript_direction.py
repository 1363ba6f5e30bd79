"""Texts that are read from the right stand on their side in HTML, also without its style."""

import json
import re

import pytest

from powawidget import transcript
from powawidget.state.model import Citation
from powawidget.transcript.direction import direction, isolated, mirrored
from powawidget.transcript.html_prose import prose_html
from tests.transcript import strict
from tests.transcript.samples import ABOUT, SAMPLES, call, ran, text

HEBREW = "תשעה־עשר הזמנות מאחרות."
ARABIC = "تأخرت تسعة عشر طلبًا (19%)."
ANSWER = f"""## {HEBREW}

{HEBREW} `carrier_2`

In English: the north.

- {ARABIC}
- inner
  1. one
- [x] {ARABIC}

> {ARABIC}

| אזור | late |
|---|---:|
| צפון | 318 |
"""


@pytest.mark.parametrize(
    ("said", "side"),
    [
        (HEBREW, "rtl"),
        (f"**19%** {ARABIC}", "rtl"),
        (f"In {HEBREW}", "ltr"),
        ("\ufb2a", "rtl"),
        ("\U0001e922", "rtl"),
        ("Ωμέγα", "ltr"),
        ("19 %", ""),
        ("", ""),
    ],
)
def test_the_first_letter_says_from_where_a_text_is_read(said: str, side: str) -> None:
    assert direction(said) == side


def test_a_style_is_turned() -> None:
    css = "margin:6px 0 9px;padding:0 0 0 12px;border-left:3px solid rgba(1,2,3,.3);color:red"
    assert mirrored(css) == (
        "border:0;margin:6px 0 9px;padding:0 12px 0 0;border-right:3px solid rgba(1,2,3,.3);"
        "color:red"
    )
    assert mirrored("text-align:{};padding:4px 18px 4px 0") == (
        "text-align:{};padding:4px 0 4px 18px"
    )


def sides(document: str) -> list[tuple[str, str]]:
    """The elements that say from where they are read."""
    return re.findall(r'<(\w+)(?: [^<>]*?)? dir="(\w+)"', document)


def test_each_block_of_an_answer_stands_on_its_side() -> None:
    document = prose_html(ANSWER)
    # What is read like all of the answer says nothing.
    assert sides(document) == [("p", "ltr"), ("span", "ltr"), ("ol", "ltr"), ("th", "ltr")]
    assert "padding-right:24px" in document  # the outer list
    assert 'align="right">אזור' in document
    turned = prose_html(f"In English.\n\n{ANSWER}")
    kinds = ["h5", "p", "ul", "span", "ol", "blockquote", "table", "th"]
    assert [tag for tag, _ in sides(turned)] == kinds
    assert strict.problems(f'<div style="margin:0">{turned}</div>') == []


def test_an_item_of_another_direction_keeps_the_mark_of_its_list() -> None:
    document = prose_html(f"- one\n- {HEBREW}")
    assert f'<span dir="rtl">{HEBREW}</span>' in document
    assert sides(document) == [("span", "rtl")]


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_is_turned_where_all_is_read_from_the_left(name: str) -> None:
    inside = transcript.to_html(SAMPLES[name], ABOUT).partition(">")
    assert 'dir="ltr"' in inside[0]
    assert {side for _, side in sides(inside[2])} <= {"ltr"}


def test_every_text_of_a_run_stands_on_its_side_when_sanitised() -> None:
    rows = json.dumps([{"אזור": "צפון (א)", "late": 318}, {"אזור": "דרום!", "late": 92}])
    state = ran(
        name="אנליסט",
        message=HEBREW,
        parts=[
            call("database_query", {"הערה": "לפי אזור!", "limit": 3}, rows, json=True),
            text(ANSWER),
        ],
        citations=[Citation(key="1", source="הזמנות.pdf", excerpt=HEBREW)],
    )
    document = strict.github(transcript.to_html(state, ABOUT, expand=True))
    assert document.count('<blockquote dir="rtl">') == 3  # question, answer, excerpt
    assert '<td dir="rtl">לפי אזור!</td>' in document
    assert '<table dir="rtl">' in document  # its cells say nothing more
    assert "<td>דרום!</td>" in document
    assert '<strong dir="auto">אנליסט</strong>' in document
    assert document.startswith('<div dir="ltr">')


def test_a_text_takes_nothing_beside_it_along() -> None:
    assert isolated(f"q {HEBREW}") == {"dir": "auto"}
    assert isolated("SELECT 1") == {}
