"""Policies: rules over tool names and arguments."""

import asyncio
from typing import Any

import pytest

import powawidget as pw
from powawidget.policy import name_of, verdict_of


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
    [(True, "approve"), (False, "deny"), (None, "ask"), ("deny", "deny"), ("ask", "ask")],
)
def test_a_function_may_answer_in_words_or_as_a_truth_value(answer: Any, verdict: str) -> None:
    assert asyncio.run(verdict_of(lambda _: answer, [approval("x")])) == verdict

    async def later(_: pw.Approval) -> Any:
        await asyncio.sleep(0)
        return answer

    assert asyncio.run(verdict_of(later, [approval("x")])) == verdict


@pytest.mark.parametrize("answer", [1, 0, "yes", [], object()])
def test_any_other_answer_is_an_error_and_never_an_approval(answer: Any) -> None:
    with pytest.raises(pw.ConfigurationError):
        asyncio.run(verdict_of(lambda _: answer, [approval("x")]))


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
