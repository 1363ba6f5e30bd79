"""What a notebook's file holds of a batch: figures, the first rows, all that failed, as text."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powawidget.batch.board.moment import Content, Moment
from powawidget.batch.board.transcript import transcripts
from powawidget.batch.decisions import Asked
from powawidget.batch.journal.records import RowOutcome
from powawidget.batch.keys import canonical
from powawidget.settings import options
from tests.batch.board.moments import LEFT, NOW, RUNNING, content, done, failed, moment, tickets
from tests.browser.hostile import corpus
from tests.seeds import examples
from tests.transcript import strict
from tests.transcript.readers import READERS, live

ATTACKS = [
    "<script>alert(1)</script>",
    "</td></table><h1>FORGED</h1>",
    "| FORGED | done |\n|---|---|\n",
    "\n\n## FORGED\n\n",
    "```\n### FORGED\n```",
    "x|y<b>\u202e*",
    "`a` ” FORGED “ **b**",
    "![x](https://evil.example/p.png) [y](javascript:alert(1))",
    "$\\href{javascript:alert(1)}{x}$",
    "=1+1",
    "\ud800\x00\x1b[31m",
    "",
]
hostile = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(alphabet="<>&\"'`*_[]()!#|~-=\\\n\r\t $:1.a", max_size=40),
)


def _batch(texts: list[str], **more: Any) -> tuple[Content, Moment]:
    """A batch in which these texts stand wherever somebody else's may."""
    name = texts[0]
    rows = [{"id": place, name: text} for place, text in enumerate(texts)]
    kinds = [done, failed, lambda text: RowOutcome(state="unknown", error=text)]
    kinds.append(lambda _: RUNNING)  # and asks for approval
    outcomes = [kinds[place % 4](text) for place, text in enumerate(texts)]
    keys = [canonical(f"{place}{text}") for place, text in enumerate(texts)]
    made = content(rows, keys=keys, asked=(name,), name=name, target=name, journal=name, **more)
    asking = {
        keys[place]: Asked(subject=text, deadline=NOW)
        for place, text in enumerate(texts)
        if outcomes[place] is RUNNING
    }
    return made, moment(outcomes, reason=texts[-1], asking=asking)


def _check(written: dict[str, str]) -> None:
    assert strict.problems(written["text/html"]) == []
    for name, read in READERS.items():
        (read_by,) = read([written["text/markdown"]])
        assert live(read_by) == [], name


def test_the_corpus_is_text_wherever_it_stands() -> None:
    texts = [one.text for one in corpus()]
    for first in range(0, len(texts), 60):
        _check(transcripts(*_batch(texts[first : first + 60]), "m"))


def test_attacks_on_tables_are_text() -> None:
    for turn in range(len(ATTACKS)):
        _check(transcripts(*_batch(ATTACKS[turn:] + ATTACKS[:turn]), "m"))


@settings(max_examples=examples(40, 1000), deadline=None)
@given(st.lists(hostile, min_size=1, max_size=6))
def test_any_texts_are_text(texts: list[str]) -> None:
    written = transcripts(*_batch(texts), "m")
    assert strict.problems(written["text/html"]) == []


def test_nothing_passes_for_a_heading_or_another_row() -> None:
    written = transcripts(*_batch(["## FORGED\n\n| FORGED |\n|---|", "b"]), "m")
    heads = re.findall(r"<h\d[^>]*>(.*?)</h\d>", written["text/html"], re.DOTALL)
    assert len(heads) == 3
    lines = written["text/markdown"].splitlines()
    assert not [line for line in lines if re.match(r"\s*#+ FORGED|\| FORGED", line)]


# What is said.


def _seen(outcomes: list[RowOutcome], **more: Any) -> str:
    one = content(tickets(len(outcomes)), journal="triage.powa")
    return strict.seen(transcripts(one, moment(outcomes, **more), "m")["text/html"])


def test_it_says_how_the_batch_stands() -> None:
    over = _seen([done(), failed("too many"), done()], is_driven=False, begun=NOW - 65)
    assert "Done, 1 failed · agent Triage · 3 rows" in over
    assert "2 done · 1 failed" in over
    assert "took 1 min" in over
    assert "20 tokens" in over
    assert "Kept in triage.powa" in over
    assert "As of" not in over


def test_of_one_that_goes_on_it_says_as_of_when() -> None:
    said = _seen([done(), RUNNING, LEFT])
    assert "Running · agent Triage" in said
    assert "As of" in said
    assert "what came later isn't in this file" in said


def test_the_first_rows_and_all_failures_are_there() -> None:
    outcomes = [failed(f"broke {n}") if n % 10 == 5 else done(f"fine {n}") for n in range(300)]
    said = _seen(outcomes, is_driven=False)
    assert all(f"fine {n}" in said for n in range(40) if n % 10 != 5)
    assert "fine 101" not in said
    (more,) = re.findall(r"(\d+) rows more: batch.frame", said)
    assert f"fine {300 - int(more) - 1}" in said or f"broke {300 - int(more) - 1}" in said
    assert f"fine {300 - int(more) + 1} " not in said
    assert "30 rows that failed" in said
    assert all(f"broke {n}" in said for n in range(5, 300, 10))


@pytest.mark.parametrize("count", [3, 10_000])
@pytest.mark.parametrize("length", [5, 3_000])
def test_it_keeps_to_the_budget(count: int, length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "file_limit", 130_000)
    outcomes = [failed("x" * length), done("y" * length)] * (count // 2 + 1)
    made = content(tickets(len(outcomes)))
    written = transcripts(made, moment(outcomes, is_driven=False), "m")
    assert sum(len(text.encode()) for text in written.values()) < 46_000 * 0.67
    assert strict.problems(written["text/html"]) == []
    assert "x" * 5 in written["text/html"]


def test_the_mark_is_on_the_root() -> None:
    html = transcripts(content(tickets(1)), moment([LEFT]), "abc-1")["text/html"]
    assert 'class="powawidget-transcript abc-1 ' in html.partition(">")[0]
