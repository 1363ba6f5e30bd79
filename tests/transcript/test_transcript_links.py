"""Whatever stands in a link, a transcript says where the link leads, in HTML and in markdown."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

from powawidget.transcript.html_prose import prose_html
from powawidget.transcript.markdown_prose import rewrite
from powawidget.transcript.visible import readable

LEADS = ["https://evil.example/x", "HTTP://evil.example:8080", "mailto:me@evil.example"]
INSIDE = [
    "![a](https://i.example)", "![](https://i.example)", "![evil.example](b.png)", "$x$", "`c`",
    "good.example", "https://good.example", "evil.example", "<br>", "<sub>", "</sub>", "<kbd>",
    "</kbd>", "**", "*", "~~", " ", "\n", "&nbsp;", "&#8203;", "\u200b", "\u2800", "\u202e",
    "&amp;", "[1]", "[^1]", "\\ ", "\\", "[b", "]", "<b>", "<https://good.example>",
]  # fmt: skip
AROUND = ["%", "# %", "- %", "> %", "| a |\n|---|\n| % |", "**b % c**", "x[^1]\n\n[^1]: %", "%%"]


def silent(document: str) -> list[str]:
    """The links of a page that don't say where they lead."""
    found = []
    tree: Any = LexborHTMLParser(document)
    for link in tree.css("a"):
        parts = urlsplit(link.attributes["href"] or "")
        where = parts.netloc.lower() or parts.path
        text = link.text().strip().lower()
        following = link.next
        said = "" if following is None else following.text()
        is_own = text.partition("://")[2].startswith(where) or text.startswith(where)
        if not text or not (is_own or said.startswith(f" ({where})")):
            found.append(link.html)
    return found


@given(
    st.lists(st.sampled_from(INSIDE), max_size=6), st.sampled_from(LEADS), st.sampled_from(AROUND)
)
def test_a_link_says_where_it_leads(inside: list[str], lead: str, around: str) -> None:
    text = around.replace("%", f"[{''.join(inside)}]({lead})")
    written = prose_html(text)
    assert silent(written) == []
    assert "evil.example" in written
    again = "\n".join(rewrite(readable(text)))
    assert silent(MarkdownIt("commonmark").enable("table").render(again)) == []


@pytest.mark.parametrize("inside", ["", " ", "![a](https://i.example)", "<br>", "<kbd></kbd>"])
def test_a_link_without_a_text_can_be_followed_by_its_host(inside: str) -> None:
    written = prose_html(f"[{inside}](https://evil.example/x)")
    assert '<a href="https://evil.example/x"' in written
    assert ">evil.example</a>" in written
    again = "\n".join(rewrite(f"[{inside}](https://evil.example/x)"))
    assert "[evil.example](https://evil.example/x)" in again
