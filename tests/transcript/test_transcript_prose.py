"""What a model's markdown means is said once, for transcripts and the page: tests/prose.json."""

import json
import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from powawidget.transcript.html_prose import prose_html
from tests.transcript import strict

FILE = Path(__file__).parents[1] / "prose.json"
RULES: dict[str, list[tuple[str, str]]] = json.loads(FILE.read_text("utf-8"))
CASES = [(rule, *case) for rule, cases in RULES.items() for case in cases]
_BLOCKS = {"ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tr", "body"}


def structure(node: LexborNode) -> str:
    """The structure of what is written, without its looks: one form for page and transcript."""
    if node.tag == "-text":
        parent = node.parent
        text = node.text_content or ""
        is_between = parent is not None and (parent.tag in _BLOCKS or "\n" in text)
        if is_between and not text.strip():
            return ""
        return re.sub(r"\n", " ", text).replace("<", "&lt;")
    if node.tag in {"br", "hr"}:
        return f"<{node.tag}>"
    text = node.text().replace("<", "&lt;")
    if node.tag == "code" and node.attributes.get("dir") == "ltr":
        return f"<formula>{text}</>"
    if node.tag == "pre":
        name = "formula" if node.css_first("code") is None else "pre"
        return f"<{name}>{text}</>"
    inside = "".join(structure(kid) for kid in node.iter(include_text=True))
    inside = re.sub("<br> ", "<br>", inside)
    if node.tag == "span" and inside.startswith("Image: "):
        return f"<image>{inside.removeprefix('Image: ').partition(' at ')[0]}</>"
    is_in = node.tag == "p" and node.parent is not None and node.parent.tag == "li"
    if node.tag in {"span", "body"} or is_in:
        return inside
    heading = re.fullmatch(r"h(\d)", node.tag or "")
    if node.tag == "div":
        return f"<note>{inside}</>"
    name = node.tag if heading is None else f"h{int(heading[1]) - 3}"
    href = f" {(node.attributes['href'] or '').removesuffix('/')}" if node.tag == "a" else ""
    return f"<{name}{href}>{inside if heading is None else inside.strip()}</>"


@pytest.mark.parametrize(("rule", "text", "wanted"), CASES)
def test_an_answer_is_read_as_in_the_page(rule: str, text: str, wanted: str) -> None:
    written = prose_html(text)
    body = LexborHTMLParser(written).body
    assert rule
    assert body is not None
    assert structure(body) == wanted
    assert strict.problems(f'<div style="margin:0">{written}</div>') == []
