"""A transcript keeps to its limit whatever the run, and says where the whole is."""

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powawidget import transcript
from powawidget.errors import ConfigurationError
from powawidget.run.finished import of_saved
from powawidget.run.run import Run
from powawidget.state.model import (
    Block,
    ChatState,
    Citation,
    DelegationPart,
    Failure,
    NoticePart,
    Reasoning,
    RunState,
    Thought,
)
from powawidget.state.text import Text
from powawidget.transcript.limits import Limits, fit
from tests.seeds import examples
from tests.transcript import strict
from tests.transcript.samples import ABOUT, SAMPLES, call, ran, request, text

Write = Callable[..., str]
WRITERS = [transcript.to_html, transcript.to_markdown, transcript.to_text]
NOTE = re.compile(r"… ([\d.,]+ (?:bytes?|[kM]B|\w+)) more: ((?:run|chat)[\w.\[\]]*(?:\(\S*\))?)")
ROWS = json.dumps([{"id": n, "name": f"<event> {n}", "at": n / 2} for n in range(2000)])
LARGE = "".join(f"line {n} <of> the log\n" for n in range(20_000))

HUGE: dict[str, RunState] = {
    "result": ran(parts=[call("read", {"a": 1}, LARGE), text("Short answer.")]),
    "table": ran(parts=[call("query", {"a": 1}, ROWS, json=True)]),
    "wide table": ran(
        parts=[call("query", {}, json.dumps([{f"c{n}": n for n in range(5000)}] * 3), json=True)]
    ),
    "arguments": ran(parts=[call("write", {"sql": LARGE, "n": {"a": LARGE}}, "ok")]),
    "many keys": ran(parts=[call("write", {f"k{n}": n for n in range(30_000)}, "ok")]),
    "answer": ran(parts=[text(LARGE)]),
    "one line": ran(parts=[text("word " * 100_000)]),
    "marks": ran(
        parts=[text("\u202e" * 300_000), call("t", {"a": '"<&>"' * 100_000}, "<" * 300_000)]
    ),
    "empty cells": ran(parts=[text("|" * 300 + "\n" + "|-" * 299 + "|\n" + "|\n" * 9000)]),
    "calls": ran(parts=[call(f"tool_{n}", {"n": n}, "ok") for n in range(1500)]),
    "requests": ran(parts=[request(f"t{n}", None, "approved", by="click") for n in range(700)]),
    "notices": ran(parts=[NoticePart(code="x", text="y" * 3000) for _ in range(900)]),
    "nested": ran(
        parts=[
            DelegationPart(agent=f"a{n}", task=LARGE[:2000], within=n - 1 if n else None)
            for n in range(200)
        ]
    ),
    "blocks": ran(
        kind="workflow",
        output=ROWS,
        blocks=[Block(id=f"b{n}", name="n" * 500, output=ROWS[:3000]) for n in range(300)],
    ),
    "thoughts": ran(
        reasoning=Reasoning(thoughts=[Thought(step=n, text=Text("z" * 900)) for n in range(900)])
    ),
    "sources": ran(citations=[Citation(key="k" * 90, excerpt="e" * 900) for _ in range(900)]),
    "names": RunState(
        name="\x00" * 90_000,
        run_id="\x01" * 90_000,
        session_id="\x02" * 90_000,
        message="\x03" * 90_000,
        strategy="s" * 90_000,
        status="failed",
        error=Failure(
            title="\x04" * 90_000, message="\x05" * 90_000, code="\x06" * 9000, hint="\x07" * 90_000
        ),
    ),
}


def size(document: str) -> int:
    return len(document.encode())


@pytest.mark.parametrize("write", WRITERS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("limit", [10_000, 256_000])
@pytest.mark.parametrize("name", HUGE)
def test_the_limit_holds_for_anything(name: str, limit: int, write: Write) -> None:
    document = write(HUGE[name], transcript.About("\x00" * 9000, "\x00" * 9000), limit=limit)
    assert size(document) <= limit
    if write is transcript.to_html:
        assert strict.problems(document) == []


@pytest.mark.parametrize(
    "name", [each for each in HUGE if each not in {"names", "wide table", "empty cells"}]
)
def test_what_there_is_room_for_is_shown(name: str) -> None:
    document = transcript.to_html(HUGE[name], ABOUT, limit=50_000)
    assert size(document) > 12_000


@pytest.mark.parametrize("name", [each for each in HUGE if each != "names"])
def test_what_is_left_out_can_be_found(name: str) -> None:
    state = HUGE[name]
    run = Run(of_saved(state))
    found = NOTE.findall(strict.seen(transcript.to_html(state, ABOUT, limit=50_000)))
    assert found
    for _, where in found:
        if not where.startswith("run.save("):
            assert eval(where, {"run": run}) is not None, where


def test_the_note_counts_what_is_left_out() -> None:
    state = HUGE["result"]
    document = transcript.to_text(state, ABOUT, limit=50_000)
    shown = re.findall(r"^ +\| line \d+ <of> the log$", document, re.MULTILINE)
    told = NOTE.search(document)
    assert told is not None
    assert told[2] == "run.tool_calls[0].result"
    left = len(LARGE) - sum(len(line.strip().removeprefix("| ")) + 1 for line in shown)
    assert told[1] == f"{left / 1e6:.1f} MB" or told[1] == f"{left / 1e3:,.1f} kB"


def test_the_longest_texts_are_cut_first() -> None:
    short = [call(f"tool_{n}", {"n": n}, f"result {n} " * 100) for n in range(10)]
    state = ran(parts=[*short, call("log", {}, LARGE), text("The answer. " * 200)])
    document = transcript.to_html(state, ABOUT, limit=60_000)
    assert {where for _, where in NOTE.findall(document)} == {"run.tool_calls[10].result"}
    assert "The answer. " * 199 in strict.seen(document)


def test_two_long_texts_get_as_much_as_each_other() -> None:
    state = ran(parts=[call("a", {}, LARGE), call("b", {}, LARGE)])
    document = transcript.to_text(state, limit=40_000)
    first, second = document.split("✓ b")
    assert 0.9 < first.count("| line") / second.count("| line") < 1.1


@pytest.mark.parametrize("write", WRITERS, ids=lambda each: each.__name__)
def test_without_a_limit_nothing_is_cut(write: Write) -> None:
    for name in ("result", "calls", "table"):
        document = write(HUGE[name], ABOUT, limit=None)
        assert "more: run" not in document
    assert "line 19999 &lt;of&gt;" in transcript.to_html(HUGE["result"], limit=None)


def test_in_a_chat_the_notes_name_the_turn() -> None:
    chat = ChatState(turns=[SAMPLES["tools"], HUGE["result"]], order=[0, 1])
    document = transcript.to_html(chat, limit=40_000)
    assert size(document) <= 40_000
    assert [where for _, where in NOTE.findall(document)] == ["chat.runs[1].tool_calls[0].result"]
    many = ChatState(turns=[SAMPLES["tools"]] * 300, order=list(range(300)))
    document = transcript.to_html(many, limit=40_000)
    assert size(document) <= 40_000
    assert "chat.runs" in {where for _, where in NOTE.findall(document)}
    assert strict.problems(document) == []


def test_the_first_and_the_last_parts_stay() -> None:
    document = transcript.to_text(HUGE["calls"], ABOUT, limit=30_000)
    assert "tool_0 " in document
    assert "tool_1499 " in document
    assert re.search(r"… [\d,]+ parts more: run\.save\(", document)


@pytest.mark.parametrize("write", WRITERS, ids=lambda each: each.__name__)
def test_a_limit_that_nothing_fits_is_refused(write: Write) -> None:
    with pytest.raises(ConfigurationError, match="at least 10,000"):
        write(SAMPLES["empty"], limit=9_999)


lengths = st.lists(st.integers(0, 200_000), max_size=30)


@settings(suppress_health_check=list(HealthCheck), max_examples=examples(15, 400))
@given(lengths, st.integers(10_000, 300_000), st.sampled_from("a<\u202e\n|"))
def test_the_limit_holds_for_texts_of_any_length(
    lengths: list[int], limit: int, letter: str
) -> None:
    parts = [
        call("t", {"a": letter * n}, letter * n) if n % 2 else text(letter * n) for n in lengths
    ]
    for write in WRITERS:
        assert size(write(ran(parts=parts), limit=limit)) <= limit


@given(st.lists(st.integers(0, 5000), min_size=1), st.integers(10_000, 90_000))
def test_a_cut_is_no_stricter_than_it_has_to_be(lengths: list[int], limit: int) -> None:
    """What is one byte a character comes to two thirds of the room at least, or is whole."""

    def write(cut: Limits) -> str:
        texts = ["x" * n for n in lengths]
        return "".join(text if cut.text is None else text[: cut.text] for text in texts)

    written = len(fit(write, lengths, limit))
    assert written == sum(lengths) or written > limit * 2 / 3 - len(lengths)
