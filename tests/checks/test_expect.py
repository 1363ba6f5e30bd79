"""What a run is expected to have done: each check over what holds, what doesn't, what is open."""

import copy
import datetime as dt
import decimal
import html
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest

import powawidget as pw
from powawidget.checks.expectation import Expectation, expect_state
from powawidget.checks.facts import facts_of
from powawidget.checks.fitting import fits
from powawidget.protocol import events as ev
from powawidget.state.model import RunState
from tests.hostile_texts import hostile
from tests.walk import folded, frame, walk

Expected = Callable[[Expectation], Expectation]


def call(name: str, arguments: Any, at: int, result: str = "ok") -> list[ev.Event]:
    """A tool call with its result."""
    return [
        frame("tool_call", step=1, tool_name=name, arguments=arguments, call_id=f"call_{at}"),
        frame(
            "tool_result",
            step=1,
            tool_name=name,
            call_id=f"call_{at}",
            result_preview=result,
            duration_ms=5,
        ),
    ]


def run_of(*calls: tuple[str, Any], **end: Any) -> RunState:
    """A run that made these calls and said something."""
    some = [one for at, (name, given) in enumerate(calls) for one in call(name, given, at)]
    usage = {"total_tokens": 120}
    last = {"status": "completed", "content": '{"late": 2}', "usage": usage, **end}
    return walk([frame("start", run_id="run_1"), *some, frame("complete", **last)]).state


QUERY = ("database_query", {"region": "EU", "limit": 5})
MAIL = ("mcp__mail__send", {"to": ["a@example.org"], "urgent": True})
DONE = run_of(QUERY, MAIL)
SCHEMA = {"type": "object", "properties": {"late": {"type": "integer"}}, "required": ["late"]}
OTHER = {**SCHEMA, "required": ["on_time"]}

HOLDS: list[Expected] = [
    lambda e: e.completed(),
    lambda e: e.ended("completed"),
    lambda e: e.called("database_query"),
    lambda e: e.called("database_*", region="EU"),
    lambda e: e.called("database_query", {"limit": 5, "region": "EU"}),
    lambda e: e.called("database_query", {"region": "EU", ...: ...}),
    lambda e: e.called("database_query", region=..., limit=lambda most: most < 10),
    lambda e: e.called("database_query", region=re.compile("^E")),
    lambda e: e.called("mcp__mail__send", to=["a@example.org"], urgent=True),
    lambda e: e.called("database_query", times=1),
    lambda e: e.called("database_query", region="US", times=0),
    lambda e: e.not_called("drop_*", "delete_*"),
    lambda e: e.in_order("database_query", "mcp__mail__send"),
    lambda e: e.in_order("mcp__mail__send"),
    lambda e: e.in_order(QUERY, MAIL, only=True),
    lambda e: e.in_order((*QUERY, "done"), ("mcp__*", "done"), only=True),
    lambda e: e.tokens_under(121),
    lambda e: e.seconds_under(60),
    lambda e: e.matches(SCHEMA),
    lambda e: e.decided("database_query"),
    lambda e: e.says("2 late", similar=lambda answer, expected: "2" in answer and "2" in expected),
    lambda e: e.says("2", similar=lambda answer, _: len(answer), at_least=3),
    lambda e: e.says("2", similar=lambda answer, _: np.float64(len(answer)), at_least=np.int64(3)),
    lambda e: e.says("2", similar=lambda *_: np.True_),
    lambda e: e.called("database_query", times=np.int64(1)),
    lambda e: e.tokens_under(np.int64(121)),
    lambda e: e.in_order(("database_query", None, "done")),
    lambda e: e.delegated(only=True),
    lambda e: e.ran(only=True),
]


@pytest.mark.parametrize("expected", HOLDS)
def test_what_holds(expected: Expected) -> None:
    made = expected(expect_state(DONE))
    assert made
    assert made.differences == []
    assert made.check() is made


DIFFERS: list[tuple[Expected, str]] = [
    (lambda e: e.ended("failed"), "completed; expected that the run is failed"),
    (
        lambda e: e.called("database_query", region="US"),
        "database_query has region='EU', not 'US'; expected that "
        "database_query(region='US', …) was called",
    ),
    (
        lambda e: e.called("database_query", {"region": "EU"}),
        "database_query has limit=5 beside; expected that database_query(region='EU') was called",
    ),
    (
        lambda e: e.called("database_query", table="orders"),
        "database_query has no table; expected that database_query(table='orders', …) was called",
    ),
    # To JSON true isn't 1, nor one that is quoted.
    (
        lambda e: e.called("mcp__*", urgent=1),
        "mcp__mail__send has urgent=True, not 1; expected that mcp__*(urgent=1, …) was called",
    ),
    (
        lambda e: e.called("database_query", limit="5"),
        "database_query has limit=5, not '5'; expected that "
        "database_query(limit='5', …) was called",
    ),
    (
        lambda e: e.called("database_query", region=lambda region: region["name"]),
        "database_query has region='EU', not what <lambda> takes (it raised TypeError: string "
        "indices must be integers, not 'str'); expected that database_query(region=what <lambda> "
        "takes, …) was called",
    ),
    (
        lambda e: e.called("Database_query"),
        "only database_query, mcp__mail__send was called; expected that Database_query was called",
    ),
    (
        lambda e: e.called("database_query", times=2),
        "1 such call; expected that database_query was called 2 times",
    ),
    (
        lambda e: e.not_called("SEND", "drop_*"),
        "called: mcp__mail__send(to=['a@example.org'], urgent=True), done; expected that no SEND "
        "or drop_* was called",
    ),
    (
        lambda e: e.in_order("mcp__mail__send", "database_query"),
        "database_query doesn't come after mcp__mail__send: there were database_query, "
        "mcp__mail__send; expected that calls come in this order: mcp__mail__send, database_query",
    ),
    (
        lambda e: e.in_order(QUERY, only=True),
        "1 call more: mcp__mail__send; expected that calls are exactly: "
        "database_query(region='EU', limit=5)",
    ),
    (
        lambda e: e.in_order(QUERY, (*MAIL, "failed"), only=True),
        "call 2 of 2: mcp__mail__send has done, not failed; expected that calls are exactly: "
        "database_query(region='EU', limit=5), mcp__mail__send(to=['a@example.org'], "
        "urgent=True), failed",
    ),
    (
        lambda e: e.in_order(QUERY, MAIL, "more", only=True),
        "call 3 of 3 is missing: more; expected that calls are exactly: "
        "database_query(region='EU', limit=5), mcp__mail__send(to=['a@example.org'], "
        "urgent=True), more",
    ),
    (lambda e: e.tokens_under(120), "120 tokens; expected that it used fewer than 120 tokens"),
    (lambda e: e.seconds_under(1.5), "5.0 seconds; expected that it took fewer than 1.5 seconds"),
    (lambda e: e.approved("export"), "no request for it; expected that export was approved"),
    (
        lambda e: e.says("on time", similar=lambda *_: False),
        "it did not; expected that the answer is similar to 'on time'",
    ),
    (
        lambda e: e.says("on time", similar=lambda *_: 1 / 0),
        "similar raised ZeroDivisionError: division by zero; expected that the answer is similar "
        "to 'on time'",
    ),
    (
        lambda e: e.delegated("billing"),
        "no billing: there were none; expected that agents come in this order: billing",
    ),
]


@pytest.mark.parametrize(("expected", "line"), DIFFERS, ids=[line[:40] for _, line in DIFFERS])
def test_what_differs_is_one_line_that_says_what(expected: Expected, line: str) -> None:
    made = expected(expect_state(DONE))
    assert not made
    assert made.differences == [line]
    with pytest.raises(pw.ExpectationFailed) as raised:
        made.check()
    assert isinstance(raised.value, AssertionError)
    assert str(raised.value) == line


def test_the_form_of_an_answer_says_what_does_not_fit() -> None:
    (line,) = expect_state(DONE).matches(OTHER).differences
    assert line.startswith("The answer doesn't fit the schema: 'on_time' is a required property")
    assert "\n" not in line


LONG = "SELECT month, revenue FROM orders " * 20
APART: list[tuple[Any, Any, str]] = [
    (f"{LONG}WHERE a", f"{LONG}WHERE b", "FROM orders WHERE a', not …"),
    (f"{LONG}WHERE 'a'", f"{LONG}WHERE b", "FROM orders WHERE 'a'', not …"),
    (LONG, LONG + "x", "FROM orders ', not …"),
    ({"deep": [LONG, {"x": 1}]}, {"deep": [LONG, {"x": 2}]}, '"x": 1}]}, not …'),
    ({"deep": ["it's", LONG, 1]}, {"deep": ["it's", LONG, 2]}, "1]}, not …"),
    ("short", "other", "has q='short', not 'other'"),
]


@pytest.mark.parametrize(("found", "expected", "words"), APART, ids=range(len(APART)))
def test_long_values_that_begin_alike_are_told_apart(found: Any, expected: Any, words: str) -> None:
    run = expect_state(run_of(("query", {"q": found})))
    for made in (
        run.called("query", q=expected),
        run.in_order(("query", {"q": expected}), only=True),
    ):
        (line,) = made.differences
        assert words in line
        before, after = re.search(r"has q=(.*?), not (.*?); expected", line, re.DOTALL).groups()  # type: ignore[union-attr]  # it says so
        assert before != after


def test_several_differences_are_still_one_line() -> None:
    made = expect_state(DONE).ended("failed").called("a").tokens_under(1).completed()
    assert len(made.differences) == 3
    with pytest.raises(pw.ExpectationFailed, match=r"the run is failed \(and 2 more\)$") as raised:
        made.check()
    assert "\n" not in str(raised.value)


def test_an_expectation_never_changes_it_is_made_anew() -> None:
    first = expect_state(DONE).completed()
    first.called("never")
    assert [line[0] for line in first.results] == ["the run is completed"]


UNDER_WAY = folded(
    frame("start", run_id="run_1"),
    *call(*QUERY, 0),
    frame("tool_call", step=1, tool_name="late", arguments={}, call_id="call_9"),
)
OPEN: list[tuple[Expected, bool | None]] = [
    (lambda e: e.completed(), None),
    (lambda e: e.called("database_query", region="EU"), True),
    (lambda e: e.called("other"), None),
    (lambda e: e.called("database_query", times=1), None),
    (lambda e: e.called("database_query", times=0), False),
    (lambda e: e.not_called("drop_*"), None),
    (lambda e: e.not_called("database_*"), False),
    (lambda e: e.in_order("database_query"), True),
    (lambda e: e.in_order("database_query", only=True), None),
    (lambda e: e.tokens_under(10), None),
    (lambda e: e.seconds_under(10), None),
    (lambda e: e.matches(SCHEMA), None),
    (lambda e: e.approved("x"), None),
    (lambda e: e.says("x", similar=lambda *_: True), None),
]


@pytest.mark.parametrize(("expected", "holds"), OPEN)
def test_of_a_run_that_goes_on_what_can_still_change_is_open(
    expected: Expected, holds: bool | None
) -> None:
    made = expected(expect_state(UNDER_WAY))
    assert [line[1] for line in made.results] == [holds]
    assert bool(made) is (holds is True)
    if holds is None:
        with pytest.raises(pw.ExpectationFailed, match="the run goes on"):
            made.check()


def test_a_run_that_goes_on_is_looked_at_again_until_it_is_over() -> None:
    run = pw.replay(b'data: {"event": "start", "run_id": "r"}\n\n')
    assert isinstance(run, pw.Run)
    times: list[str] = []

    def similar(answer: str, _: str) -> bool:
        times.append(answer)
        return True

    made = pw.expect(run, similar=similar).says("anything")
    assert made
    assert made.holds
    made._repr_html_()
    assert len(times) == 1, "what may cost something is asked once"


DECISIONS = {
    "approved": "agent_approval_approved.sse",
    "denied": "agent_approval_denied_with_reason.sse",
    "expired": "agent_approval_timeout_5s.sse",
}


@pytest.mark.parametrize(("word", "name"), DECISIONS.items(), ids=DECISIONS)
def test_what_became_of_a_request(word: str, name: str) -> None:
    run = pw.replay(f"tests/fixtures/recordings/{name}")
    assert isinstance(run, pw.Run)
    tool = run.approvals[0].tool_name
    assert pw.expect(run).decided(tool, word)
    assert bool(pw.expect(run).approved(tool)) is (word == "approved")
    assert bool(pw.expect(run).denied(tool)) is (word == "denied")
    # A call that was denied was asked for, and not made.
    assert bool(pw.expect(run).called(tool)) is (word != "denied")
    assert not pw.expect(run).not_called(tool.upper())


WRONG: list[tuple[Expected, type[Exception]]] = [
    (lambda e: e.ended("done"), pw.InvalidValueError),
    *((lambda e, word=word: e.ended(word), pw.InvalidValueError) for word in ("running", ["x"])),
    (lambda e: e.in_order(), pw.InvalidValueError),
    (lambda e: e.delegated(), pw.InvalidValueError),
    (lambda e: e.ran(), pw.InvalidValueError),
    (lambda e: e.in_order(("a", ["b"], ["done"])), pw.WrongTypeError),
    *(
        (lambda e, least=least: e.says("a", similar=len, at_least=least), pw.InvalidValueError)
        for least in ("0.5", float("nan"), True)
    ),
    (lambda e: e.called(""), pw.InvalidValueError),
    (lambda e: e.called(3), pw.WrongTypeError),  # type: ignore[arg-type]  # wrong on purpose
    (lambda e: e.called("a", ["b"]), pw.WrongTypeError),
    (lambda e: e.called("a", {"b": 1}, c=2), pw.InvalidValueError),
    (lambda e: e.called("a", times=-1), pw.InvalidValueError),
    (lambda e: e.called("a", times=True), pw.InvalidValueError),
    (lambda e: e.not_called(), pw.InvalidValueError),
    (lambda e: e.in_order(3), pw.WrongTypeError),
    (lambda e: e.in_order(("a", {}, "finished")), pw.InvalidValueError),
    (lambda e: e.in_order(("a", {}, "done", 1)), pw.WrongTypeError),
    (lambda e: e.delegated(("a", {})), pw.WrongTypeError),
    (lambda e: e.ran(("a", "completed")), pw.InvalidValueError),
    (lambda e: e.tokens_under(0), pw.InvalidValueError),
    (lambda e: e.tokens_under(float("nan")), pw.InvalidValueError),
    (lambda e: e.seconds_under(True), pw.InvalidValueError),
    (lambda e: e.decided("a", "yes"), pw.InvalidValueError),
    (lambda e: e.says("a"), pw.InvalidValueError),
    (lambda e: e.says("a", similar="cosine"), pw.WrongTypeError),  # type: ignore[arg-type]  # wrong on purpose
    (lambda e: e.matches({"nothing": "of it"}), pw.InvalidValueError),
]


@pytest.mark.parametrize(("expected", "error"), WRONG)
def test_what_cannot_be_expected_is_refused_at_once(
    expected: Expected, error: type[Exception]
) -> None:
    with pytest.raises(error):
        expected(expect_state(DONE))


class Unprintable(Exception):  # noqa: N818  # it says nothing, not even that
    def __str__(self) -> str:
        raise RuntimeError


def _raising(*_: object) -> bool:
    raise Unprintable


def test_what_similar_raises_is_told_whatever_it_is() -> None:
    made = expect_state(DONE).says("x", similar=_raising)
    assert made.differences == [
        "similar raised Unprintable; expected that the answer is similar to 'x'"
    ]


@pytest.mark.parametrize(
    ("answer", "least"),
    [(0.1, None), (1, None), (decimal.Decimal("0.1"), None), (True, 0.5), ("1", 0.5)],
)
def test_a_number_and_a_yes_are_not_taken_for_each_other(answer: Any, least: float | None) -> None:
    made = expect_state(DONE).says("x", similar=lambda *_: answer, at_least=least)
    with pytest.raises(pw.WrongTypeError, match="at_least="):
        made.check()


def test_similar_is_asked_once_however_many_expectations_are_made_of_it() -> None:
    asked: list[str] = []
    first = expect_state(DONE).says("x", similar=lambda answer, _: asked.append(answer) is None)
    for made in (first, first.completed(), first.completed().called("database_query"), first):
        assert repr(made)
        assert made.differences == []
    assert len(asked) == 1, "it may be another model, which is paid"


ENDLESS = re.compile(r"^(a|aa)+$")


def test_a_pattern_that_never_ends_is_given_up_and_says_so() -> None:
    text = "a" * 5_000 + "b"
    state = run_of(("q", {"a": text}))
    made = expect_state(state).called("q", a=ENDLESS)
    assert not made.holds
    assert "(it takes too long to search)" in made.differences[0]
    assert expect_state(state).called("q", a=re.compile("A+B$", re.IGNORECASE)).holds
    assert not expect_state(state).called("q", a=re.compile(b"a"))


PLAIN: list[tuple[Any, Any]] = [
    (np.array([1, 2]), [1, 2]),
    (dt.date(2026, 1, 2), "2026-01-02"),
    (decimal.Decimal("1.5"), 1.5),
    ([np.int64(1)], [1]),
]


@pytest.mark.parametrize(("expected", "found"), PLAIN, ids=lambda one: type(one).__name__)
def test_values_of_a_notebook_are_what_json_has_for_them(expected: Any, found: Any) -> None:
    assert fits(expected, found)
    assert not fits(expected, True)


def test_values_that_are_nested_deep_are_compared_too() -> None:
    deep, other = 1, 2
    for _ in range(150):
        deep, other = {"a": [deep]}, {"a": [other]}  # type: ignore[assignment]  # it nests
    assert fits(deep, copy.deepcopy(deep))
    assert not fits(deep, other)
    circle: dict[str, Any] = {}
    circle["a"] = [circle]
    assert not fits(circle, deep)


def test_a_row_of_many_is_a_small_table_all_the_same() -> None:
    state = run_of(*((f"tool_{at}", {"at": at}) for at in range(2_000)))
    made = expect_state(state).in_order(*((f"tool_{at}", {"at": at}) for at in range(2_000)))
    assert made
    assert len(made._repr_html_()) < 5_000


@pytest.mark.parametrize("arguments", [[1, 2], "a text", 5])
def test_arguments_that_are_no_object_are_told(arguments: Any) -> None:
    state = run_of(("q", arguments))
    (line,) = expect_state(state).called("q", {"a": 1}).differences
    assert re.match(r"q has .* as its arguments, which is no object; expected that q\(a=1\)", line)
    assert expect_state(state).in_order(("q", arguments, "done"), only=True)
    (line,) = expect_state(state).in_order(("q", [3], "done"), only=True).differences
    assert "as its arguments, not [3]" in line


def test_what_is_still_looked_up_is_open() -> None:
    state = msgspec.structs.replace(DONE, status="interrupted")
    made = Expectation(lambda: facts_of(state, is_settled=False))
    for one in (made.completed(), made.ended("interrupted"), made.called("other")):
        assert [line[1] for line in one.results] == [None]
    assert Expectation(lambda: facts_of(state)).ended("interrupted")


async def _later(_: object) -> bool:
    return True


def test_an_async_predicate_never_counts_as_true() -> None:
    with pytest.raises(pw.WrongTypeError, match="async"):
        expect_state(DONE).called("database_query", region=_later).check()


@pytest.mark.parametrize("what", [None, "run_1", object(), pw.RunStatus])
def test_what_is_no_run_is_refused(what: object) -> None:
    with pytest.raises(pw.WrongTypeError, match="takes a run"):
        pw.expect(what)


def named(text: str) -> Sequence[Expectation]:
    """Expectations and runs whose every text is anybody's."""
    state = run_of((text[:300], {text[:300]: text}), content=text)
    state.name = text
    of = expect_state(state)
    return [
        of.called(text.strip() or "x", {text: text}).not_called(text.strip() or "x"),
        of.says(text, similar=lambda *_: False).approved(text),
    ]


@pytest.mark.parametrize("text", hostile())
def test_hostile_texts_stay_text(text: str) -> None:
    for made in named(text):
        page = made._repr_html_()
        tags = re.findall(r"<(/?[a-z]+)", page)
        assert {tag.strip("/") for tag in tags} <= {
            "div",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
        }
        assert page.count("<") == len(tags), "no other < stands in it"
        assert "mathjax_ignore" in page
        lines = made._repr_markdown_().splitlines()
        assert len(lines) == 4 + len(made.results), "no line of theirs is a line of the table"
        for line in [*lines, page, *made.differences, repr(made)]:
            assert not re.search(r"[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", line)
        assert all("\n" not in line for line in made.differences)
        json.dumps(made.results)
        html.unescape(page)
