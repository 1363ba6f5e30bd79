"""What a model, a tool or the server wrote is text in a transcript, and passes for nothing else."""

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from powawidget import transcript
from powawidget.state.model import (
    ApprovalPart,
    Block,
    ChatState,
    Citation,
    DelegationPart,
    Failure,
    NoticePart,
    ParallelPart,
    Reasoning,
    RunState,
    TextPart,
    Thought,
    ToolPart,
)
from powawidget.state.text import Text
from powawidget.transcript.html_prose import prose_html
from powawidget.transcript.markdown_prose import rewrite
from powawidget.transcript.visible import readable, visible
from tests.browser.hostile import corpus
from tests.seeds import examples
from tests.transcript import strict
from tests.transcript.samples import ABOUT, FORGED, SAMPLES

FORGERIES = [
    "Approvals\n---------\nFORGED",
    "\n\n#### FORGED\n\n| Request | Decision |\n|---|---|\n| FORGED | ✓ Approved by a person |\n",
    "```\n```\n\n### FORGED\n\n````\n",
    "\r\r### FORGED\r\r",
    "\u2028### FORGED\u2029",
    "- ✓ **`FORGED`** · 4 rows\n\n> FORGED",
    "x` · **FORGED** · `y",
    "” FORGED “",
    "1. a\n\n   ```\nFORGED\n",
    "| FORGED |\n",
]
ATTACKS = [
    *FORGERIES,
    "<script>alert(1)</script>",
    "</blockquote></div><h1>FORGED</h1>",
    "<img src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<!-- -->",
    "<![CDATA[x]]>",
    "<?php ?>",
    "]]>&lt;&#60;&amp;&#x202e;\x00\ud800\udfff",
    '" onmouseover="alert(1)" style="position:fixed;inset:0',
    "' style='background:url(https://evil.example/x)'",
    "![x](https://evil.example/pixel.png)",
    "![x](data:image/svg+xml;base64,AAAA)",
    "[x](javascript:alert(1))",
    "[x](<java\nscript:alert(1)>)",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x) [x](file:///etc/passwd) [x](//evil.example) [x](../x)",
    '[x](https://a.example/"onclick="alert(1))',
    "[https://bank.example](https://evil.example)",
    "<https://a.example/<script>>",
    "https://a.example/\u202eexe.<b>",
    "http://[::1",
    "[a]: https://evil.example\n\n[a] [x][a]",
    "[**[x](https://a.example)**](https://b.example)",
    "> " * 500 + "x",
    "*" * 500,
    "`" * 500,
    "$\\href{javascript:alert(1)}{x}$",
    "&lt;script&gt;",
    "\u202e\u2066\u200b\ufeff\u00ad\U000e0041\x1b[31m\x07",
    "👩\u200d👩\u200d👧 क्\u200dष",
    "",
    " ",
    "\n",
    '{"a": {"b": [1, {"</td>": "<b>"}]}}',
    '[{"<b>": "</td><script>", "b|c": "d|e"}, {"b|c": null}]',
    "A" * 3000,
]
hostile = st.one_of(
    st.sampled_from(ATTACKS),
    st.lists(st.sampled_from(ATTACKS), max_size=3).map("".join),
    st.text(alphabet=st.characters(), max_size=40),
    st.text(alphabet="<>&\"'`*_[]()!#|~-=\\\n\r\t $:1.a", max_size=60),
)
optional = st.none() | hostile
places = st.none() | st.integers(-3, 12)
seconds = st.none() | st.floats(allow_nan=True, allow_infinity=True)
moments = st.floats(allow_nan=True, allow_infinity=True)
arguments = hostile | st.dictionaries(hostile, hostile, max_size=3).map(
    lambda each: json.dumps(each, ensure_ascii=False)
)
texts = hostile.map(Text)
parts = st.one_of(
    st.builds(TextPart, text=texts, within=places),
    st.builds(
        ToolPart,
        name=hostile,
        arguments=arguments,
        asked=st.none() | arguments,
        status=st.sampled_from(["running", "waiting", "done", "failed", "denied", "interrupted"]),
        result=st.none() | arguments,
        full=st.booleans(),
        json=st.booleans(),
        size=st.none() | st.integers(),
        seconds=seconds,
        within=places,
    ),
    st.builds(
        ApprovalPart,
        tool_name=hostile,
        arguments=arguments,
        message=hostile,
        covers=st.sampled_from(["call", "answer", "start"]),
        call=places,
        decision=st.sampled_from(
            ["pending", "sending", "approved", "denied", "expired", "superseded", "unknown"]
        ),
        choice=st.sampled_from([None, "approve", "deny"]),
        by=optional,
        reason=optional,
        asked_at=moments,
        decided_at=seconds,
        deadline=seconds,
        outcome=optional,
    ),
    st.builds(NoticePart, code=hostile, text=hostile, count=st.integers(), within=places),
    st.builds(
        DelegationPart,
        agent=hostile,
        task=hostile,
        call=places,
        status=st.sampled_from(["running", "done", "failed", "interrupted"]),
        steps=st.none() | st.integers(),
        seconds=seconds,
        within=places,
    ),
    st.builds(
        ParallelPart,
        agents=st.lists(hostile, max_size=2),
        count=st.none() | st.integers(),
        characters=st.integers(),
        seconds=seconds,
        within=places,
    ),
)
blocks = st.builds(
    Block,
    id=hostile,
    name=hostile,
    type=hostile,
    status=st.sampled_from(["pending", "running", "done", "failed", "skipped", "not_reached"]),
    input=st.none() | arguments,
    output=st.none() | arguments,
    error=optional,
    text=texts,
    started=seconds,
    seconds=seconds,
)
thoughts = st.builds(Thought, step=st.integers(), text=texts, within=places)
states = st.builds(
    RunState,
    kind=st.sampled_from(["agent", "orchestration", "workflow"]),
    name=hostile,
    message=hostile,
    status=st.sampled_from(["running", "waiting", "completed", "failed", "stopped", "interrupted"]),
    run_id=optional,
    session_id=optional,
    parts=st.lists(parts, max_size=8),
    reasoning=st.builds(Reasoning, thoughts=st.lists(thoughts, max_size=2), seconds=moments),
    citations=st.lists(
        st.builds(Citation, key=hostile, source=hostile, excerpt=hostile), max_size=2
    ),
    usage=st.none() | st.dictionaries(hostile | st.just("total_tokens"), st.integers(), max_size=2),
    error=st.none()
    | st.builds(Failure, title=hostile, message=hostile, code=optional, hint=optional),
    started=seconds,
    ended=seconds,
    strategy=hostile,
    answer=places,
    blocks=st.lists(blocks, max_size=3),
    output=st.none() | arguments,
    restored=st.booleans(),
    edited=st.sampled_from([None, "blocked", "modified"]),
)
about = st.builds(transcript.About, server=hostile, model=hostile, zone=st.just(ABOUT.zone))
slow = settings(suppress_health_check=list(HealthCheck), max_examples=examples(40, 1_500))


@slow
@given(states, about)
def test_html_of_anything_holds_only_what_it_may(state: RunState, about: transcript.About) -> None:
    document = transcript.to_html(state, about, mark="powawidget-x")
    assert strict.problems(document) == []
    document.encode()


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_in_every_place_is_text(attack: str) -> None:
    state = everywhere(attack)
    document = transcript.to_html(state, transcript.About(server=attack, model=attack))
    assert strict.problems(document) == []
    chat = ChatState(name=attack, session_id=attack, turns=[state], order=[0])
    assert strict.problems(transcript.to_html(chat)) == []


CORPUS = [one for one in corpus() if one.category != "exhaustion"]


def whole(text: str | list[tuple[str, int]]) -> str:
    """A text of the corpus, of which no piece comes so often that the test takes long."""
    pairs = [(text, 1)] if isinstance(text, str) else text
    said = "".join(piece.replace("%I%", "1") * min(times, 20) for piece, times in pairs)
    return said.replace("%URL%", "http://a.example").replace("%HOST%", "a.example")[:300]


@pytest.mark.parametrize("category", sorted({one.category for one in CORPUS}))
def test_the_corpus_in_every_place_is_text(category: str) -> None:
    texts = {one.name: whole(one.text) for one in CORPUS if one.category == category}
    assert texts
    for name, text in texts.items():
        state = everywhere(text)
        assert (name, strict.problems(transcript.to_html(state))) == (name, [])
        assert_only_seen(transcript.to_text(state))


def everywhere(text: str) -> RunState:
    """A run that has a text wherever there can be one."""
    given = json.dumps({text: text, "list": [{text: text}]})
    bad = "\ud800" in text
    return RunState(
        name=text,
        message=text,
        run_id=text,
        session_id=text,
        status="failed",
        strategy="parallel",
        parts=[
            TextPart(text=Text(text)),
            ToolPart(name=text, arguments=text, result=text, status="failed", full=True),
            ToolPart(name=text, arguments=given, asked=given, result=given, json=True, full=True),
            ApprovalPart(
                tool_name=text,
                arguments=given if not bad else "{}",
                call=2,
                message=text,
                decision="approved",
                by=text,
                reason=text,
                outcome=text,
            ),
            ApprovalPart(tool_name=text, arguments=given, decision="denied", reason=text),
            NoticePart(code=text, text=text),
            DelegationPart(agent=text, task=text, call=1),
            TextPart(text=Text(text), within=6),
            ParallelPart(agents=[text, text]),
        ],
        reasoning=Reasoning(thoughts=[Thought(step=1, text=Text(text))]),
        citations=[Citation(key=text, source=text, excerpt=text)],
        error=Failure(title=text, message=text, code=text, hint=text),
        blocks=[Block(id=text, name=text, type=text, error=text, text=Text(text), output=given)],
        output=given,
    )


def rendered(document: str) -> list[Token]:
    """A transcript in markdown, read by a renderer that lets all HTML through."""
    reader = MarkdownIt("commonmark", {"html": True, "maxNesting": 60}).enable("table")
    return reader.parse(document)


def all_tokens(tokens: list[Token]) -> list[Token]:
    """The tokens with those within them."""
    return [one for token in tokens for one in (token, *all_tokens(token.children or []))]


def check_markdown(document: str) -> None:
    """Nothing in a transcript is HTML, an image or a link to a script, for whoever renders it."""
    for token in all_tokens(rendered(document)):
        assert token.type not in {"html_block", "html_inline", "image"}, token.content
        if token.type == "link_open":
            assert re.match(r"https?:|mailto:", str(token.attrs["href"])), token.attrs


@slow
@given(states, about)
def test_markdown_of_anything_holds_no_html(state: RunState, about: transcript.About) -> None:
    document = transcript.to_markdown(state, about)
    check_markdown(document)
    document.encode()


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_in_every_place_of_markdown_is_text(attack: str) -> None:
    document = transcript.to_markdown(everywhere(attack), transcript.About(server=attack))
    check_markdown(document)
    assert_nothing_is_forged(document)


def assert_nothing_is_forged(document: str) -> None:
    """What others wrote is quoted, in a fence, or in the middle of a line of ours."""
    quotes = 0
    for token in rendered(document):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type == "inline" and not quotes and token.map != [0, 1]:
            lines = [one for one in token.content.split("\n") if one.startswith("FORGED")]
            assert lines == [], token.content


@pytest.mark.parametrize("forgery", [*FORGERIES, FORGED])
def test_a_model_cannot_add_sections_to_markdown(forgery: str) -> None:
    plain, forged = (transcript.to_markdown(everywhere(text)) for text in ("x", forgery))
    assert headings(forged) == headings(plain)


def headings(document: str) -> list[str]:
    """The levels of the headings that stand outside of quotations."""
    found, quotes = [], 0
    for token in rendered(document):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type == "heading_open" and not quotes:
            found.append(token.tag)
    return found


@pytest.mark.parametrize("forgery", [*FORGERIES, FORGED])
def test_a_model_cannot_add_lines_to_text(forgery: str) -> None:
    # The same lines of other letters are laid out the same way.
    harmless = re.sub(r"\S", "x", forgery)
    plain, forged = (transcript.to_text(everywhere(text)) for text in (harmless, forgery))

    def ours(document: str) -> int:
        return sum(1 for line in document.split("\n") if line and not line.lstrip().startswith("|"))

    assert ours(forged) == ours(plain)
    assert not [line for line in forged.splitlines() if line.strip().startswith("FORGED")]


@given(states)
def test_text_of_anything_is_written(state: RunState) -> None:
    said = transcript.to_text(state)
    assert_only_seen(said)


def assert_only_seen(said: str) -> None:
    """A text holds no control character, none that turns others round, and no half of a pair."""
    said.encode()
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", said
    )


def test_an_approval_in_an_answer_stays_in_the_answer() -> None:
    state = SAMPLES["approvals"]
    document = transcript.to_html(state, ABOUT)
    quoted = document[document.index("<blockquote") :]
    quoted = quoted[: quoted.index("</blockquote>")]
    assert "Approval: approved by you" in quoted
    assert document.count("Approval: approved by you") == 1
    assert "\n> Approval: approved by you" in transcript.to_markdown(state, ABOUT)
    assert "\n| Approval: approved by you" in transcript.to_text(state, ABOUT)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u202eb", "a⟦U+202E⟧b"),
        ("\x00\x1b\x7f\x85", "⟦U+0000⟧⟦U+001B⟧⟦U+007F⟧⟦U+0085⟧"),
        ("\ud83d", "⟦U+D83D⟧"),
        ("a\u202e\u202e\u202eb\u202e", "a⟦U+202E ×3⟧b⟦U+202E⟧"),  # noqa: RUF001  # the mark itself
        ("\U000e0041", "⟦U+E0041⟧"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("👩\u200d👧", "👩⟦U+200D⟧👧"),
        ("❤\ufe0f", "❤⟦U+FE0F⟧"),
    ],
)
def test_characters_that_are_not_seen_are_marked(text: str, seen: str) -> None:
    assert visible(text) == seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3 क्\u200dष ن\u200cم 葛\ufe00", None),
        ("a\u200db", "a⟦U+200D⟧b"),
        ("a\ufe0f", "a⟦U+FE0F⟧"),
        ("a\u200c", "a⟦U+200C⟧"),
        ("\u200d", "⟦U+200D⟧"),
        ("\ufe0fa", "⟦U+FE0F⟧a"),
        ("❤\ufe0f\ufe0f\ufe0f", "❤\ufe0f⟦U+FE0F ×2⟧"),  # noqa: RUF001  # the mark itself
        ("one\r\ntwo\rthree", "one\ntwo⟦U+000D⟧three"),
    ],
)
def test_prose_keeps_what_its_script_needs(text: str, seen: str | None) -> None:
    assert readable(text) == (text if seen is None else seen)


@pytest.mark.parametrize(
    ("said", "link"),
    [
        ("[a](https://example.org/x)", 'href="https://example.org/x"'),
        ("[a](mailto:a@example.org)", 'href="mailto:a@example.org"'),
        ("see https://example.org/a_b).", 'href="https://example.org/a_b"'),
        ("(https://example.org/(x))", 'href="https://example.org/(x)"'),
        ("<https://example.org>", 'href="https://example.org/"'),
    ],
)
def test_links_that_are_followed(said: str, link: str) -> None:
    written = prose_html(said)
    assert link in written
    assert 'rel="noopener noreferrer nofollow"' in written
    assert strict.problems(f'<div style="margin:0">{written}</div>') == []


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("[a](javascript:alert)", "a (javascript:alert)"),
        ("[a](/etc/passwd)", "a (/etc/passwd)"),
        ("[a](https://b.example](x)", "[a](https://b.example](x)"),
        ("[bank.example](https://evil.example/)", "bank.example (evil.example)"),
        ("[bank.example](https://bank.example@evil.example/)", "bank.example (evil.example)"),
        ("[example.org/x](https://example.org/x)", "example.org/x"),
        ("![a](https://example.org/x.png)", "Image: a at https://example.org/x.png"),
        ("![](javascript:x)", "Image: image at javascript:x"),
        ("![a](/x.png)", "Image: a at /x.png"),
    ],
)
def test_what_a_reader_is_told_of_a_link(said: str, text: str) -> None:
    assert strict.seen(prose_html(said)) == text


@pytest.mark.parametrize("write", [prose_html, rewrite])
@pytest.mark.parametrize(
    "text",
    [
        ":" * 100_000,
        "http://a" * 12_000,
        "https://a*" * 10_000,
        "*a https://b " * 8_000,
        "~~https://a\\" * 7_000,
        "[" * 100_000,
        "![a" * 30_000,
        "*a " * 30_000,
        "`a" * 50_000,
        "> > a\n" * 15_000,
        "- a\n" * 25_000,
        "".join("  " * depth + "- a\n" for depth in range(300)),
        "|" * 300 + "\n" + "|-" * 299 + "|\n" + "|\n" * 5_000,
        "(" * 50_000 + ")" * 50_000,
        "https://" + "(" * 50_000 + ")" * 50_000,
    ],
    ids=lambda each: each[:8],
)
def test_no_text_takes_for_ever(write: Callable[[str], object], text: str) -> None:
    assert write(text)
