"""Nothing that happened is missing in a transcript, in any form."""

import re
from pathlib import Path

import pytest

from powawidget import transcript
from powawidget.state.model import RunState
from tests.transcript import facts, strict
from tests.transcript.samples import ABOUT, CHAT, SAMPLES
from tests.walk import FIXTURES, fixtures, kept, recordings

RECORDED = [*fixtures(), *recordings()]
SMALL = 400_000  # bytes of a recording; beyond, a limit of its own applies


def missing(state: RunState, said: str) -> list[str]:
    """The facts that a text doesn't tell, plain or as JSON quotes them."""
    return [
        fact
        for fact in facts.facts(state)
        if fact not in said and " ".join(facts.unquoted(fact).split()) not in said
    ]


@pytest.fixture(params=[*SAMPLES, *RECORDED], ids=lambda each: getattr(each, "stem", each))
def state(request: pytest.FixtureRequest) -> RunState:
    """A run: made by hand, or recorded."""
    found = request.param
    return kept(found).state if isinstance(found, Path) else SAMPLES[found]


def test_html_tells_all_and_holds_nothing_else(state: RunState) -> None:
    document = transcript.to_html(state, ABOUT, limit=None)
    assert strict.problems(document) == []
    assert missing(state, strict.seen(document)) == []


def test_a_sanitiser_leaves_all_facts(state: RunState) -> None:
    document = strict.github(transcript.to_html(state, ABOUT, limit=None))
    assert "style=" not in document
    assert "class=" not in document
    assert missing(state, strict.seen(document)) == []


def test_markdown_tells_all(state: RunState) -> None:
    document = transcript.to_markdown(state, ABOUT)
    assert missing(state, facts.seen_of_markdown(document)) == []


def test_text_tells_all(state: RunState) -> None:
    document = transcript.to_text(state, ABOUT)
    assert missing(state, facts.seen_of_text(document)) == []


@pytest.mark.parametrize("write", [transcript.to_html, transcript.to_markdown, transcript.to_text])
def test_where_and_when_it_ran_is_told(write: object) -> None:
    document = write(SAMPLES["tools"], ABOUT)  # type: ignore[operator]  # any writer
    for fact in ("2026-07-14 03:33:20 UTC", "took 31.2 s", "ref.example.org", "scripted-1"):
        assert fact in document


def test_a_fact_that_is_left_out_is_noticed() -> None:
    said = strict.seen(transcript.to_html(SAMPLES["failed"], ABOUT))
    assert missing(SAMPLES["failed"], said.replace("1182", "")) == ["1182"]
    assert missing(SAMPLES["failed"], said.replace("rate_limited", "")) == ["rate_limited"]


def test_who_decided_what_and_when_stands_in_the_ledger() -> None:
    document = transcript.to_text(SAMPLES["approvals"], ABOUT)
    ledger = document.split("Approvals\n---------\n")[1]
    for line in (
        "database_write ✓ Approved by a person 2026-07-14 03:33:25 41 s “Checked with finance”",
        "delete_rows ✓ Approved by policy: careful 2026-07-14 03:33:25 1 s",
        "delete_rows ⊘ Denied by a person 2026-07-14 03:33:25 1 min 15 s “no”",
        "mail ⊘ Not answered in 5 min: the server blocked the call",
        "the answer ╌ It isn't known what became of the approval, sent by code",
        "the run ╌ Not decided: the run ended",
    ):
        assert line in " ".join(ledger.split())
    assert "⊘ Denied by a person at 03:34:40, after 1 min 15 s, second gate: “no”" in document


def test_blocks_show_when_each_ran() -> None:
    document = transcript.to_text(SAMPLES["workflow"], ABOUT)
    strips = {line.split()[2]: line for line in document.split("\n") if "─" in line or "━" in line}
    assert "━───────────────────────" in strips["Start"]
    assert "─────━━━━━━━━━━━━━━━━━──" in strips["Explain"]
    assert strips["Post"].count("━") == 3
    assert "━" not in strips["All"]
    assert "✓ Done, 2 blocks failed" not in document
    assert "✓ Done, 1 block failed · workflow Weekly report" in document
    assert "Blocks: 4 of 6 ran, 1 failed, 1 skipped" in document


def test_what_an_agent_did_stands_within_it() -> None:
    document = transcript.to_text(SAMPLES["orchestration"], ABOUT)
    lines = document.split("\n")
    billing = lines.index("→ Billing: check order 1182 · 2 steps, 1 tool call")
    assert lines[billing + 1] == "    Called as delegate_to_billing"
    assert "    ✗ invoice_lookup Failed `id 1182` · “absent” · 0.2 s" in lines[billing:]
    geography = lines.index("    → geography · 2.0 s")
    assert lines[geography + 1] == "        | It lies in the *north*."
    assert lines[-2:] == ["| No refund is due. [1]", ""]


def test_a_chat_tells_its_turns_in_their_order() -> None:
    for write in (transcript.to_html, transcript.to_markdown, transcript.to_text):
        document = write(CHAT, ABOUT)  # type: ignore[operator]  # any writer
        turns = [document.index(f"Turn {number}: ") for number in (1, 2)]
        assert turns[0] < document.index("Which orders are late?") < turns[1]
        assert turns[1] < document.index("How many?")
        assert "sent again later" in document[turns[1] :]
        for fact in ("2 turns", "2 earlier turns.", "history: 1 run.", "sess_18e0"):
            assert fact in document
    assert strict.problems(transcript.to_html(CHAT, ABOUT)) == []


def test_the_root_carries_its_mark() -> None:
    document = transcript.to_html(SAMPLES["empty"], mark="powawidget-0a1b")
    root = document[: document.index(">")]
    assert 'data-powawidget-transcript="powawidget-0a1b"' in root
    # The last two keep MathJax 3 and 2 away: prices aren't formulas.
    named = "powawidget-transcript powawidget-0a1b mathjax_ignore tex2jax_ignore"
    assert f'class="{named}"' in root
    with pytest.raises(ValueError, match="mark"):
        transcript.to_html(SAMPLES["empty"], mark='" onclick="x')


def test_cards_stand_open_where_that_is_asked_for() -> None:
    closed, opened = (transcript.to_html(SAMPLES["tools"], expand=each) for each in (False, True))
    assert opened.count("<details") == opened.count('open=""') == closed.count("<details")
    assert 'open=""' not in closed


def test_what_stands_in_a_card_is_indented_and_apart_without_its_style() -> None:
    document = strict.github(transcript.to_html(SAMPLES["orchestration"], ABOUT))
    assert document.count("<details") == document.count('<ul><li type="none">')
    said = strict.seen(document)
    assert "→ Billing: check order 1182 · 2 steps, 1 tool call" in said
    assert "In parallel: geography, history · 1,204 characters" in said
    assert "→ geography · 2.0 s" in said
    assert "Load · input, output" in strict.seen(transcript.to_html(SAMPLES["workflow"], ABOUT))


def test_sections_have_headings_one_step_below_what_they_belong_to() -> None:
    def levels(document: str) -> list[str]:
        outside = re.sub(r"(?s)<blockquote.*?</blockquote>", "", document)
        return re.findall(r"<(h\d)", outside)

    assert levels(transcript.to_html(SAMPLES["failed"], ABOUT)) == ["h3", "h4"]
    assert levels(transcript.to_html(SAMPLES["approvals"], ABOUT)) == ["h3", "h4"]
    assert levels(transcript.to_html(CHAT, ABOUT)) == ["h3", "h4", "h5", "h4", "h5"]


def test_a_page_stands_alone() -> None:
    state = SAMPLES["tools"]
    parts = [part for part in state.parts if "data:image/" not in str(getattr(part, "result", ""))]
    state = RunState(name="<b>&\u202e", parts=parts)
    page = transcript.to_page(state, ABOUT)
    assert page.startswith("<!DOCTYPE html>\n")
    assert '<meta charset="utf-8">' in page
    assert "<title>agent &lt;b&gt;&amp;⟦U+202E⟧</title>" in page
    for never in ("<script", "<link", "<img", "src=", "@import", "url("):
        assert never not in page


def test_a_request_that_was_refused_is_told_once() -> None:
    """The card has the call, and the line below it what became of the request."""
    for name, word, told in (
        ("approval_expired", "Expired", "Not answered"),
        ("approval_denied", "Denied", "Denied"),
    ):
        state = kept(FIXTURES / f"{name}.sse").state
        lines = transcript.to_text(state, ABOUT).split("\n")
        (card,) = [line for line in lines if line.startswith(("✗", "⊘"))][:1]
        assert re.match(rf"\W \w+ {word}\b", card), "the card says what became of the call"
        assert "Blocked by hook" not in card
        assert re.search(r"\d s$", card) is None, "a call that never ran took no time"
        assert sum(told in line for line in lines) >= 1


def test_an_empty_answer_says_so() -> None:
    empty = kept(FIXTURES / "plain_empty.sse").state
    assert "The answer is empty." in transcript.to_text(empty, ABOUT)
    said = kept(FIXTURES / "plain.sse").state
    assert "The answer is empty." not in transcript.to_text(said, ABOUT)
