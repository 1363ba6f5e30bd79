"""Policies: rules over tool names and arguments."""

import asyncio
import copy
import functools
import json
import pickle
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import powawidget as pw
from powawidget.approvals.policy import name_of, verdict_of
from powawidget.protocol import events as ev
from tests.chaos import Chaos, Exchange


async def late(_: Any) -> bool:
    return False


def yielding(_: Any) -> Iterator[bool]:
    yield False


class Late:
    async def __call__(self, arguments: Any) -> bool:
        return await late(arguments)


def approval(tool: str, **arguments: Any) -> pw.Approval:
    return pw.Approval(
        tool_name=tool,
        arguments=arguments,
        arguments_hash="",
        message="",
        covers="call",
        decision="pending",
        by=None,
        reason=None,
        asked_at=0.0,
        decided_at=None,
        waited=None,
        outcome=None,
    )


@pytest.mark.parametrize(
    ("tool", "arguments", "verdict"),
    [
        ("orders_read", {}, "approve"),
        ("orders_drop", {}, "deny"),
        ("secret_read", {}, "ask"),
        ("write", {"n": 3}, "approve"),
        ("write", {"n": 30}, "ask"),
        ("Orders_Read", {}, "ask"),
        ("anything", {}, "ask"),
    ],
)
def test_deny_counts_before_ask_and_ask_before_allow(
    tool: str, arguments: dict[str, Any], verdict: str
) -> None:
    rules = pw.policy(
        allow=["*_read", "*_drop", ("write", lambda a: a["n"] < 10)],
        deny=["*_drop"],
        ask=["secret_*"],
    )
    assert rules(approval(tool, **arguments)) == verdict


def test_what_no_rule_covers_is_decided_as_told() -> None:
    assert pw.policy(otherwise="deny")(approval("x")) == "deny"


@pytest.mark.parametrize("wrong", [{"allow": "x"}, {"allow": [3]}, {"otherwise": "maybe"}])
def test_a_wrong_rule_is_refused_with_what_to_write(wrong: dict[str, Any]) -> None:
    with pytest.raises(pw.ConfigurationError):
        pw.policy(**wrong)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (True, "approve"),
        (False, "deny"),
        (None, "ask"),
        ("deny", "deny"),
        ("ask", "ask"),
        (np.bool_(True), "approve"),
        (np.bool_(False), "deny"),
        (pd.Series([1, 2]).lt(3).all(), "approve"),
        (pd.NA, "ask"),
        (np.str_("deny"), "deny"),
    ],
    ids=repr,
)
def test_a_function_may_answer_in_words_or_as_a_truth_value(answer: Any, verdict: str) -> None:
    assert asyncio.run(verdict_of(lambda _: answer, [approval("x")])) == verdict

    async def later(_: pw.Approval) -> Any:
        await asyncio.sleep(0)
        return answer

    assert asyncio.run(verdict_of(later, [approval("x")])) == verdict


@pytest.mark.parametrize("answer", [1, 0, "yes", [], object(), np.int64(1), np.array([True])])
def test_any_other_answer_is_an_error_and_never_an_approval(answer: Any) -> None:
    with pytest.raises(pw.ConfigurationError):
        asyncio.run(verdict_of(lambda _: answer, [approval("x")]))


@pytest.mark.parametrize(
    ("answer", "verdict"), [(np.bool_(True), "approve"), (np.bool_(False), "ask")]
)
def test_a_predicate_may_compare_with_values_of_a_table(answer: Any, verdict: str) -> None:
    rules = pw.policy(allow=[("x", lambda _: answer)])
    assert asyncio.run(verdict_of(rules, [approval("x")])) == verdict


@pytest.mark.parametrize(
    ("tools", "verdict"),
    [
        (["a_read", "b_read"], "approve"),
        (["a_read", "write"], "ask"),
        (["a_read", "a_drop"], "ask"),
        (["a_drop", "b_drop"], "deny"),
    ],
)
def test_several_requests_are_decided_together_only_where_all_agree(
    tools: list[str], verdict: str
) -> None:
    rules = pw.policy(allow=["*_read"], deny=["*_drop"])
    assert asyncio.run(verdict_of(rules, [approval(tool) for tool in tools])) == verdict


def test_a_policy_is_called_by_its_name() -> None:
    def careful(_: pw.Approval) -> bool:
        return False

    assert name_of(pw.policy(name="reads")) == "reads"
    assert name_of(careful) == "careful"
    assert name_of(lambda _: True) == ""


READS = pw.policy(allow=["*_read"], deny=["drop_*"])
EVERYTHING = pw.policy(allow=["*"], deny=["drop_*", "*delete*"], otherwise="approve")


@pytest.mark.parametrize(
    ("tool", "verdict"),
    [
        *[
            ("orders_read", "approve"),
            ("mcp__db__orders_read", "approve"),
            ("a.b-C_read", "approve"),
        ],
        *[("Drop_x_read", "deny"), ("DROP_x_read", "deny"), ("mcp__db__drop_x_read", "deny")],
        *[
            ("mcp__Db__DROP_x_read", "deny"),
            ("a___drop_x_read", "deny"),
            ("a____drop__read", "deny"),
        ],
        *[
            ("\uff44\uff52\uff4f\uff50_x_read", "deny"),
            ("mcp\uff3f\uff3fdrop_x_read", "deny"),
            ("\U0001d41d\U0001d42b\U0001d428\U0001d429_x_read", "deny"),
        ],
        *[("dr\u043ep_x_read", "ask"), ("\u200bdrop_x_read", "ask"), ("dro\u00adp_read", "ask")],
        *[(" drop_x_read", "ask"), ("x_read\n", "ask"), ("x_read ", "ask"), ("\tx_read", "ask")],
        *[("rm -rf /\n_read", "ask"), ("x\u202e_read", "ask"), ("x_read\x00", "ask")],
        *[
            ("\ufb01le_read", "ask"),
            ("ord\u00e9rs_read", "ask"),
            ("x\u2028_read", "ask"),
            ("\u0663_read", "ask"),
        ],
        *[("a" * 195 + "_read", "approve"), ("a" * 300 + "_read", "ask"), ("/x_read", "ask")],
    ],
)
def test_what_forbids_matches_widely_and_what_allows_only_plain_names(
    tool: str, verdict: str
) -> None:
    assert READS(approval(tool)) == EVERYTHING(approval(tool)) == verdict


def test_an_async_predicate_is_refused_where_the_policy_is_made() -> None:
    for rules in ("allow", "deny", "ask"):
        with pytest.raises(
            pw.ConfigurationError, match=r"predicate for 'x' is async.*whole policy"
        ):
            pw.policy(**{rules: [("x", late)]})


@pytest.mark.parametrize(
    "predicate", [Late(), functools.partial(lambda f, a: f(a), late), yielding, lambda _: "deny"]
)
def test_what_is_not_yet_an_answer_of_a_predicate_allows_nothing(predicate: Any) -> None:
    with pytest.raises(pw.ConfigurationError, match="must answer True or False"):
        pw.policy(allow=[("x", predicate)])(approval("x"))


@pytest.mark.parametrize("rules", [{"x": lambda _: False}, None, 5])
def test_rules_that_would_be_read_as_others_are_refused(rules: Any) -> None:
    with pytest.raises(pw.ConfigurationError, match="list of globs"):
        pw.policy(allow=rules)


def test_a_function_that_is_shown_the_beginning_of_a_name_approves_nothing() -> None:
    # A longer name is cut, and what the function looks for may stand in the rest.
    asked = approval("x" * 450 + "… 900 more characters (SHA-256 0011223344556677)")
    assert asyncio.run(verdict_of(lambda a: "delete" not in a.tool_name, [asked])) == "ask"
    assert asyncio.run(verdict_of(lambda _: False, [asked])) == "deny"


def test_patterns_that_forbid_are_folded_and_those_that_allow_are_not() -> None:
    rules = pw.policy(
        allow=["Orders_*", "[A-Z]*"],
        deny=["DROP_*", "\uff24\uff25\uff2c\uff25\uff34\uff25"],
        ask=["Secret_*"],
    )
    names = [
        "drop_x",
        "a__drop_x",
        "delete",
        "secret_x",
        "a__SECRET_x",
        "Orders_x",
        "orders_x",
        "Z",
    ]
    verdicts = ["deny", "deny", "deny", "ask", "ask", "approve", "ask", "approve"]
    assert [rules(approval(name)) for name in names] == verdicts
    assert pw.policy(allow=["orders_*"])(approval("mcp__db__orders_x")) == "ask", "never a rest"


def test_a_rule_that_forbids_has_its_predicate_asked_whatever_the_case() -> None:
    rules = pw.policy(allow=["*"], deny=[("write", lambda a: a["n"] > 9)])
    assert rules(approval("mcp__db__WRITE", n=10)) == "deny"
    assert rules(approval("mcp__db__write", n=1)) == "approve"


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ({"allow": ["*"]}, "ask"),
        ({"allow": ["", "*"]}, "approve"),
        ({"allow": ["*"], "deny": ["*"]}, "deny"),
        ({"ask": ["*"], "otherwise": "approve"}, "ask"),
        ({"otherwise": "approve"}, "approve"),
    ],
)
def test_a_star_covers_no_gate_without_a_name(rules: dict[str, Any], verdict: str) -> None:
    assert pw.policy(**rules)(approval("")) == verdict


@given(st.text(min_size=1, max_size=12))
def test_no_name_that_is_not_plain_is_ever_approved(name: str) -> None:
    plain = name.isascii() and all(char.isalnum() or char in "_.-" for char in name)
    assert (EVERYTHING(approval(name)) == "approve") <= plain
    spelled = unicodedata.normalize("NFKC", f"x__DROP_{name}").casefold()
    assert EVERYTHING(approval(spelled)) == "deny"


def test_a_very_long_name_is_looked_at_once() -> None:
    assert EVERYTHING(approval("_" * 200_000 + "drop_x")) == "ask"
    assert EVERYTHING(approval("drop_" * 100_000)) == "deny"


def requested(tool_input: str) -> pw.Approval:
    """A request as it is read from a stream, with these arguments as JSON text."""
    ask = f'{{"event": "approval_requested", "tool_name": "write", "tool_input": {tool_input}}}'
    start = '{"event": "start", "run_id": "r"}'
    run = pw.replay(f"data: {start}\n\ndata: {ask}\n\n".encode())
    assert isinstance(run, pw.Run)
    return run.approvals[0]


TWICE = [
    '{"n": 99, "n": 1}',
    '{"n": 1, "n": 1}',
    '{"n": 99, "\\u006e": 1}',
    '{"n": 1, "deep": [{"a": {"b": 1, "b": 2}}]}',
    json.dumps('{"n": 99, "n": 1}'),
    json.dumps('[{"n": 99, "n": 1}]'),
    '{"n": 1, "\\ud800": 1, "\\udfff": 2}',
    '{"n": 1, "": 1, "": 2}',
]


@pytest.mark.parametrize("tool_input", TWICE)
def test_arguments_with_a_key_that_comes_twice_are_a_persons_to_decide(tool_input: str) -> None:
    asked = requested(tool_input)
    small = pw.policy(allow=[("write", lambda _: True)], otherwise="approve")
    assert asyncio.run(verdict_of(small, [asked])) == "ask"
    assert asyncio.run(verdict_of(lambda _: True, [asked])) == "ask"
    assert asyncio.run(verdict_of(lambda _: False, [asked])) == "deny"
    assert pw.policy(deny=["write"])(asked) == "deny"


@pytest.mark.parametrize(
    "tool_input", ['{"n": 1, "N": 2}', '{"a": {"n": 1}, "b": {"n": 2}}', '[{"n": 1}, {"n": 1}]']
)
def test_keys_that_come_once_in_each_object_are_no_reason_to_ask(tool_input: str) -> None:
    assert pw.policy(allow=["write"])(requested(tool_input)) == "approve"


@pytest.mark.parametrize("opened", ["[", '{"k": '])
def test_no_depth_hides_one_of_the_values_of_a_key(opened: str) -> None:
    closed = {"[": "]"}.get(opened, "}")
    read = []
    for depth in range(sys.getrecursionlimit() - 100, sys.getrecursionlimit() + 10):
        deep = f'{{"n": {opened * depth}{{"a": 1, "a": 2}}{closed * depth}}}'
        ask = f'{{"event": "approval_requested", "tool_name": "t", "tool_input": {deep}}}'
        event = ev.read(ask)
        read.append(isinstance(event, ev.ApprovalRequested))
        assert not isinstance(event, ev.ApprovalRequested) or event.arguments.count('"a"') == 2
    assert (read[0], read[-1]) == (True, False)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-2E+999", "9" * 5000])
@pytest.mark.parametrize("as_text", [False, True])
def test_a_number_that_json_cannot_hold_is_kept_as_it_was_written(
    number: str, as_text: bool
) -> None:
    tool_input = f'{{"n": {number}}}'
    asked = requested(json.dumps(tool_input) if as_text else tool_input)
    assert asked.arguments == {"n": number}
    with pytest.raises(TypeError):  # then a person is asked
        pw.policy(allow=[("write", lambda a: (a["n"] or 0) <= 10)])(asked)


@pytest.mark.parametrize("tool_input", ['{"n": 1e400}', '{"n": NaN}', '{"n": 1, "n": 2}'])
def test_arguments_that_are_read_exactly_ran_as_they_were_asked_for(tool_input: str) -> None:
    frames = [
        '{"event": "start", "run_id": "r"}',
        f'{{"event": "tool_call", "step": 1, "tool_name": "t", "arguments": {tool_input}, '
        '"call_id": "c"}',
        '{"event": "tool_result", "step": 1, "tool_name": "t", "call_id": "c", '
        '"result_preview": "[1", "duration_ms": 5}',
        '{"event": "complete", "status": "completed", "tool_calls": [{"step": 1, '
        f'"tool_name": "t", "arguments": {tool_input}, "result": [1, NaN], "duration_ms": 5}}]}}',
    ]
    run = pw.replay("".join(f"data: {one}\n\n" for one in frames).encode())
    assert isinstance(run, pw.Run)
    (call,) = run.tool_calls
    assert (call.asked, str(call.result)) == (None, "[1, nan]")


def test_both_values_of_a_key_are_kept_and_shown() -> None:
    asked = requested('{"n": 99, "n": 1}')
    assert asked.arguments["n"] == 1
    assert list(asked.arguments.items()) == [("n", 99), ("n", 1)]
    for again in (copy.deepcopy(asked.arguments), pickle.loads(pickle.dumps(asked.arguments))):
        assert ev.repeats(again)
        assert again == {"n": 1}
    call = ev.read('{"event": "tool_call", "tool_name": "t", "arguments": {"n": 99, "n": 1}}')
    assert isinstance(call, ev.ToolCallStarted)
    assert call.arguments == '{"n": 99, "n": 1}'


def test_arguments_too_deep_to_be_read_are_a_persons_to_decide() -> None:
    deep = approval("write")
    deep = pw.Approval(
        **{**{n: getattr(deep, n) for n in deep.__struct_fields__}, "arguments": "[" * 9}
    )
    assert EVERYTHING(deep) == "ask"


@pytest.mark.parametrize("what", [{"tool": "x y"}, {"tool": "x_read", "twice": '{"n": 9, "n": 1}'}])
def test_where_nobody_can_be_asked_waiting_says_so_and_nothing_is_sent(
    what: dict[str, str],
) -> None:
    tool, arguments = json.dumps(what["tool"]), what.get("twice", "{}")
    ask = f'{{"event": "approval_requested", "tool_name": {tool}, "tool_input": {arguments}}}'

    start = '{"event": "start", "run_id": "run_1", "session_id": "s"}'

    async def script(exchange: Exchange) -> None:
        if exchange.request.path.endswith("/run/stream"):
            frames = (f"data: {one}\n\n".encode() for one in (start, ask))
            await exchange.stream(*frames, end=False)
            await exchange.gone()
        elif exchange.request.path.startswith("/api/agents?"):
            agents = [{"id": "a4122d5a-e890-4601-b671-399d6e8c4151", "name": "Keeper"}]
            await exchange.answer_json({"agents": agents, "total": 1})
        else:
            await exchange.answer_json({"error": "Not found"}, "404 Not Found")

    with Chaos(script) as server, pw.connect(server.url, api_key="planted-key-77b1") as pb:
        rules = pw.policy(allow=["*"], otherwise="approve")
        run = pb.agent("Keeper").run("Go", on_approval=rules)
        with pytest.raises(pw.ApprovalNeeded):
            run.wait()
        assert not [one for one in server.requests if one.path.endswith("/approve")]
        run.stop()
