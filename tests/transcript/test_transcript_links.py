"""Whatever stands in a link, a transcript says where the link leads, in HTML and in markdown."""

import re
from typing import Any
from urllib.parse import unquote, urlsplit

import cmarkgfm
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

from powawidget.transcript.html_prose import prose_html
from powawidget.transcript.markdown_escape import escape
from powawidget.transcript.markdown_prose import rewrite
from powawidget.transcript.visible import readable
from tests.transcript.test_transcript_prose import RULES

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
        where = unquote(parts.netloc.rpartition("@")[2] or parts.path).lower()
        # Small letters of a line of text stand in brackets.
        text = re.sub(r"^[_^]\((.*)\)$", r"\1", link.text().strip().lower())
        said, following = "", link.next
        while following is not None:
            said += following.text().lower()
            following = following.next
        shown = text.partition("://")[2] or text.removeprefix("mailto:")
        is_own = shown.startswith(where) and shown[len(where) :][:1] in {"", *"/?#"}
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


BARE = [
    "https://", "http://", "HTTPS://", "www.", "mailto:", "good.example", "good.example/", "user",
    "me", ":", ":443", "@", "%2f", "%2e", "\\", "\u200b", "\u202e", "&#46;", "&#64;", "&amp;", "/",
    "?", "#", ".", "1.2.3", "0x7f.1", "ⓔ", "\u0435", "。", "\uff0f", "*", "_", "~~", "(", ")",
    "]", " ",
]  # fmt: skip


@given(st.lists(st.sampled_from(BARE), min_size=1, max_size=8), st.sampled_from(AROUND))
def test_a_bare_address_says_where_it_leads(pieces: list[str], around: str) -> None:
    address = f"{''.join(pieces)}evil.example"
    text = around.replace("%", lead_in(address))
    assert silent(prose_html(text)) == []
    again = "\n".join(rewrite(readable(text)))
    assert silent(rendered(again)) == []
    assert silent(rendered(escape(readable(address), at_start=True))) == []


def lead_in(address: str) -> str:
    return f"https://{address} {address}"


def rendered(markdown: str) -> str:
    """Markdown as GitHub's reader has it, which makes links of what looks like one."""
    extensions = ["autolink", "table", "strikethrough"]
    return str(cmarkgfm.markdown_to_html_with_extensions(markdown, extensions=extensions))


@pytest.mark.parametrize("text", [text for cases in RULES.values() for text, _ in cases])
def test_every_link_of_the_shared_cases_says_where_it_leads(text: str) -> None:
    assert silent(prose_html(text)) == []
    assert silent(rendered("\n".join(rewrite(readable(text))))) == []
