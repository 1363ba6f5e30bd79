"""A transcript's markdown is the same text to every reader, and nothing in it is live in any."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powawidget import transcript
from powawidget.state.model import (
    ApprovalPart,
    Block,
    Citation,
    DelegationPart,
    Failure,
    NoticePart,
    RunState,
    TextPart,
    ToolPart,
)
from powawidget.state.text import Text
from powawidget.transcript import formulas, languages, prose
from powawidget.transcript.markdown import quoted, table
from powawidget.transcript.markdown_escape import escape, fence
from powawidget.transcript.markdown_formulas import between_dollars
from powawidget.transcript.markdown_prose import rewrite
from powawidget.transcript.visible import readable
from tests.browser.hostile import corpus
from tests.seeds import examples
from tests.transcript import readers
from tests.transcript.pieces import PICTURE, PIECES

pieces = st.lists(st.sampled_from(PIECES), min_size=1, max_size=9).map("".join)
slow = settings(suppress_health_check=list(HealthCheck), max_examples=examples(20, 400))

WORDS = [
    "$5", "costs $5 and $6", "(see $x$)", "US$", "$$x$$", "C#", "a:b", "std::vector", "12:30",
    "a) b", "(1) c", "iv. d", "1. x", "2) y", "#5", "@me", "x_y_z", "2^3", "a~b", "A/B", "//x",
    "C:\\dir\\x", "\\\\srv\\x", "{x}", "<b>", "&amp;", "AT&T", "x|y", "50% off", "%a", "=x", "+1",
    "-1", "Table: x", "---", "***", "`x`", "```", "it's", "wow!", "![a](b)", "[x](y)",
    "\\begin{a}x\\end{a}", "\\(x\\)", "https://a.example/x?a=1&b=2", "http://b.example/(c)",
    "www.c.example", "https://d.example/é",
]  # fmt: skip
words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)


@pytest.fixture(scope="module", autouse=True)
def _processes() -> Iterator[None]:
    yield
    readers.end()


def everywhere(text: str, other: str, name: str) -> str:
    """A transcript with three texts, so that what one begins another may end."""
    given = json.dumps({name: other, "list": [{name: other, "b": text}]})
    return transcript.to_markdown(
        RunState(
            name=name,
            message=text,
            status="failed",
            parts=[
                TextPart(text=Text(other)),
                ToolPart(name=name, arguments=given, result=text, full=True, status="done"),
                ApprovalPart(tool_name=other, message=name, reason=name, outcome=other),
                NoticePart(code="x", text=other),
                DelegationPart(agent=text, task=name),
            ],
            citations=[Citation(key=name, source=other, excerpt=text)],
            blocks=[Block(id=name, name=other, type=name, error=other)],
            error=Failure(title=name, message=text, code=name, hint=other),
        )
    )


def short(text: str | list[tuple[str, int]]) -> str:
    """A text of the corpus, of which no piece comes so often that a reader takes long."""
    pairs = [(text, 1)] if isinstance(text, str) else text
    whole = "".join(piece.replace("%I%", "1") * min(times, 40) for piece, times in pairs)
    return whole.replace("%URL%", "http://a.example").replace("%HOST%", "a.example")[:2000]


@pytest.fixture(scope="module")
def of_corpus() -> dict[str, str]:
    """A transcript for each text of the corpus, in every way in which a text is written."""
    found = {}
    for one in corpus():
        said = short(one.text)
        given = json.dumps({said[:200]: said[:200], "list": [{said[:100]: said[:300]}]})
        parts = [
            TextPart(text=Text(said)),
            ToolPart(name=said[:200], arguments=given, result=said[:300], status="failed"),
        ]
        state = RunState(name=said[:200], message=said[:600], parts=parts)
        found[one.name] = transcript.to_markdown(state)
    return found


@pytest.mark.parametrize("reader", readers.READERS)
def test_no_text_of_the_corpus_is_live(reader: str, of_corpus: dict[str, str]) -> None:
    documents = readers.READERS[reader](list(of_corpus.values()))
    live = {
        name: found
        for name, document in zip(of_corpus, documents, strict=True)
        if (found := readers.live(document))
    }
    assert live == {}


def formulas_of(*texts: str) -> set[str]:
    """The formulas of texts that may be drawn, without blanks."""
    tokens = [token for text in texts for token in prose.read(readable(text))]
    found = [child for token in tokens for child in (token, *(token.children or []))]
    sources = [
        formulas.source(token)
        for token in found
        if token.type == "formula" or formulas.is_fence(token)
    ]
    written = [between_dollars(source, display=False) for source in sources]
    return {"".join(one.strip("$").split()) for one in written if one is not None}


@slow
@given(pieces, pieces, pieces)
def test_nothing_of_three_texts_is_live(text: str, other: str, name: str) -> None:
    document = everywhere(text, other, name)
    for reader, read in readers.READERS.items():
        (shown,) = read([document])
        assert [(reader, found) for found in readers.live(shown)] == []
        assert readers.typeset(reader, shown) <= formulas_of(other)


@settings(slow, max_examples=examples(40, 1_200))
@given(pieces)
def test_nothing_of_an_answer_is_live(text: str) -> None:
    document = "\n".join([*quoted(rewrite(text)), ""])
    for reader, read in readers.READERS.items():
        (shown,) = read([document])
        assert [(reader, found) for found in readers.live(shown)] == []
        assert readers.typeset(reader, shown) <= formulas_of(text)


@settings(slow, max_examples=examples(40, 1_000))
@given(words | pieces)
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    said = " ".join(text.split()) or "a"
    bare = said.replace(" ", "")
    quote = "\n".join([*quoted([escape(said, at_start=True)]), ""])
    cell = "\n".join([*table(["a", "b"], [[escape(said, in_table=True), "c"]]), ""])
    for reader, read in readers.READERS.items():
        seen, tabled = (readers.text(each).replace(" ", "") for each in read([quote, cell]))
        assert (reader, seen) == (reader, bare)
        if reader != "commonmark":  # it knows no tables
            assert (reader, tabled) == (reader, f"ab{bare}c")


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("https://a.example/x<img src=x>", "<https://a.example/x>&lt;img src=x\\>"),
        ("www.a.example/x<img src=x>", "www\\.a.example/x&lt;img src=x\\>"),
        ("see https://a.example/x_y?a=1&b=2.", "see <https://a.example/x_y?a=1&b=2>."),
        ("\\![a](https://a.example/x.png)", "\\![a](https://a.example/x.png) (a.example)"),
        ("`<img src=x>`{=html}", "`<img src=x>`\\{=html\\}"),
        ("`a`{onclick=alert(1)}", "`a`\\{onclick=alert(1)\\}"),
        ("`$$x$$<img src=x>`", "&#36;`$x`&#36;`$<img src=x>`"),
        ("`\\begin{a}` and `\\end{a}`", "&#92;`begin{a}` and &#92;`end{a}`"),
        ("`` a`b ``", "`a`&#96;`b`"),
        ("`C:\\dir\\`", "`C:\\dir`&#92;"),
        ("[\\[b\\](c:d)](https://e.org)", "[&#91;b&#93;(c\\:d)](https://e.org/) (e.org)"),
        ("{raw}`x`", "\\{raw\\}`x`"),
        ("```\na\n```\n\n````\n```\n````", "````\na\n````\n\n````\n```\n````"),
        ("a\n\n---\n\nb: c\n\n---", "a\n\n***\n\nb: c\n\n***"),
        ("It is $900.", "It is \\$900."),
        ("$4,500 with 12%, so ($900).", "`$4,500` with 12%, so (`$900`)."),
        ("So $x^2 + y$ and $z$.", "So $x^2 + y$ and $z$."),
        ("So \\( a_1 * b_2 \\), at $5.", "So $a_1 * b_2$, at `$5`."),
        ("\\[\na &= b \\\\\nc\n\\]", "$$a &= b \\\\ c$$"),
        ("\\begin{align*}\na &= b\n\\end{align*}", "$$\\begin{aligned} a &= b \\end{aligned}$$"),
        ("```math\n\\frac{a}{b}\n```", "$$\\frac{a}{b}$$"),
        ("It is as$$\nx\n$$so.", "It is as $$x$$ so."),
        ("$a<b$ and $[x](y)$", "$a< b$ and $[x] (y)$"),
        ("\\(x\\)5 and US\\(x\\)", "`\\(x\\)`5 and US`\\(x\\)`"),
        ("$\\href{//evil.example}{x}$", "`$\\href{//evil.example}{x}$`"),
        ("$$\n\\color{white}{x}\n$$", "```\n$$\n\\color{white}{x}\n$$\n```"),
        ("| $x$ | $a\\|b$ |\n|---|---|", "| $x$ | $a\\vert b$ |\n| --- | --- |"),
        ("$`x`$", "$x$"),
        ("Revenue ($) and cost ($).", "Revenue (`$`) and cost (`$`)."),
        ("H<sub>2</sub>O<br>x<sup>th</sup> <kbd>Tab</kbd>", "H₂O\\\nx\\^(th) `Tab`"),
        ("| a<br>b |\n|---|\n| <b> |", "| a<br>b |\n| --- |\n| &lt;b\\> |"),
        ("a[^1]\n\n[^1]: b", "a\\[\\^1\\]\n\n\\[\\^1\\]: b"),
        ("> [!TIP]\n> a", "> **Tip**\n>\n> a"),
        ("**注意。**请", "**注意**。请"),
        ("这是**“引用”**的", "这是“**引用**”的"),
        ("a `$b` c", "a `$b` c"),
        ("a$$\nb = 1\n$$$c", "a&#36;`$ b = 1 `&#36;&#36;`$c`"),
        ("| a $5 |\n|---|\n| $6 |", "| a `$5` |\n| --- |\n| `$6` |"),
        ("<https://a.example/x_y> and `b`", "<https://a.example/x_y> and `b`"),
        ("[https://a.example/x](https://a.example/x)", "<https://a.example/x>"),
        ("[x_y](https://a.example/x_y_)", "[x_y](https://a.example/x_y%5F) (a.example)"),
        ("javascript:[a](https://e.org)", "javascript\\:[a](https://e.org/) (e.org)"),
        ("javascript:`a`", "javascript\\:`a`"),
        ("javascript:![a](x)", "javascript\\:Image: a at x"),
        ("data:\\\nx", "data: \\\nx"),
        ("see:https://a.example", "see\\:<https://a.example>"),
        ("xmpp:a@b.org/x, or --mailto:c@d.org", "`xmpp:a@b.org/x`, or --`mailto:c@d.org`"),
        ("$5\\\\begin{a} $6 \\\\end{a}", "`$5`&#92;`begin{a`\\} `$6` &#92;`end{a`\\}"),
        ("a: **b:** `c`", "a: **b:** `c`"),
        ("“https://a.example/x)” b", "“<https://a.example/x>)” b"),
        # Readers of markdown encode the brackets of a host: no browser finds that.
        ("[a **b**](http://[2001:db8::1]/y), c", "a **b** (`http://[2001:db8::1]/y`), c"),
        ("<http://[::1]:80/x>; [http://[::1]](http://[::1])", "`http://[::1]/x`; `http://[::1]/`"),
        ("[](http://[::1]/) [a.b](https://a.b)", "`http://[::1]/` [a.b](https://a.b/)"),
    ],
)  # fmt: skip
def test_how_it_is_written(said: str, written: str) -> None:
    assert "\n".join(rewrite(said)) == written


COMMANDS = [
    "mermaid", "Mermaid", "MERMAID", "mermaid-x", "mermaidjs", "plantuml", "puml", "graphviz",
    "dot", "vega", "vega-lite", "vegalite", "geojson", "topojson", "stl", "Math", "abc", "html",
    "svg", "jsx", "tsx", "mdx", "md", "markdown", "dataviewjs", "ojs", "wavedrom", "kroki", "d2",
    "echarts", "{=html}", "{python}", "{r}", "{code-cell}", "{raw} html", "{mermaid}",
    "{.python onclick=x}", "=html", "python{cmd}", "language-mermaid", "\uff4dermaid",
    "mermaid\u200b", "python/../mermaid",
]  # fmt: skip


@pytest.mark.parametrize("info", COMMANDS)
@pytest.mark.parametrize(
    "form",
    ["```{}\n{}\n```", "   ~~~ {}\n{}\n~~~", "- a\n\n  ````{}\n  {}\n  ````", "> ```{}\n> {}"],
)
def test_no_fence_names_what_a_renderer_runs(info: str, form: str) -> None:
    lines = rewrite(form.format(info, PICTURE))
    (opening,) = [line for line in lines if "`" in line and line.strip("> `-") != "a"][:1]
    assert opening.strip("> `") == ""
    assert (
        readers.live(*readers.READERS["nbconvert"]("\n".join([*quoted(lines), ""]).split("\0")))
        == []
    )


@pytest.mark.parametrize(
    "info", ["python", "Python", "c++", "c#", "objective-c", "sql", "json x=1", "http", "pycon"]
)
def test_a_fence_names_a_language(info: str) -> None:
    assert rewrite(f"```{info}\na\n```")[0] == f"```{info.split(maxsplit=1)[0]}"
    # By their short names a page of Observable would run them.
    assert [fence("a", name)[0] for name in ("js", "TS")] == ["```javascript", "```typescript"]
    assert fence("a", "mermaid")[0] == fence("a", languages.plain("html"))[0] == "```"
