"""Policies: who decides in place of a person, and on what."""

import asyncio
import fnmatch
import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

from powawidget.errors import ConfigurationError
from powawidget.views import Approval

Verdict = Literal["approve", "deny", "ask"]
Predicate = Callable[[Any], bool]
Rule = str | tuple[str, Predicate]
Answer = bool | str | None
PolicyFunction = Callable[[Approval], Answer | Awaitable[Answer]]

_WORDS: dict[object, Verdict] = {
    True: "approve",
    False: "deny",
    None: "ask",
    "approve": "approve",
    "deny": "deny",
    "ask": "ask",
}


class Policy:
    """Rules over tool names and arguments. Make one with `powawidget.policy`.

    A rule is a glob over the tool's name, or a pair of a glob and a predicate on the decoded
    arguments. `deny` counts before `ask`, `ask` before `allow`.

    Args:
        allow: What is approved.
        deny: What is denied.
        ask: What a person is asked about.
        otherwise: What happens to everything else.
        name: What the approval's card calls the policy.
    """

    def __init__(
        self,
        allow: Sequence[Rule],
        deny: Sequence[Rule],
        ask: Sequence[Rule],
        otherwise: Verdict,
        name: str | None,
    ) -> None:
        self._rules: list[tuple[Rule, Verdict]] = [
            *((_checked(rule), "deny") for rule in deny),
            *((_checked(rule), "ask") for rule in ask),
            *((_checked(rule), "approve") for rule in allow),
        ]
        if otherwise not in {"approve", "deny", "ask"}:
            raise ConfigurationError('otherwise must be "approve", "deny" or "ask".')
        self._otherwise: Verdict = otherwise
        self.name = name

    def __call__(self, approval: Approval) -> Verdict:
        """Decide on one request.

        Args:
            approval: The request.

        Returns:
            approve, deny or ask.
        """
        for rule, verdict in self._rules:
            if _fits(rule, approval):
                return verdict
        return self._otherwise

    def __repr__(self) -> str:
        return f"<Policy {self.name or 'without a name'}, {len(self._rules)} rules>"


def policy(
    *,
    allow: Sequence[Rule] = (),
    deny: Sequence[Rule] = (),
    ask: Sequence[Rule] = (),
    otherwise: Verdict = "ask",
    name: str | None = None,
) -> Policy:
    """Make a policy for `on_approval=`.

    Example: `policy(allow=["*_read", ("database_write", lambda a: a["limit"] <= 10)])`.

    Args:
        allow: What is approved: globs over tool names, or pairs of a glob and a predicate on the
            decoded arguments.
        deny: What is denied, whatever `allow` says.
        ask: What a person is asked about, whatever `allow` says.
        otherwise: What happens to everything else: ask, deny or approve.
        name: What the approval's card calls the policy.

    Returns:
        The policy.

    Raises:
        ConfigurationError: If a rule has another form.
    """
    for rules in (allow, deny, ask):
        if isinstance(rules, str):
            raise ConfigurationError(f"Rules come in a list: [{rules!r}], not {rules!r}.")
    return Policy(allow, deny, ask, otherwise, name)


async def verdict_of(chosen: PolicyFunction, asked: Sequence[Approval]) -> Verdict:
    """Ask a policy about all requests that are open together.

    There is one decision for all of them (wire protocol, section 5), so it approves only what the
    policy approves in each, and denies only what it denies in each.

    Args:
        chosen: The policy, sync or async.
        asked: The open requests.

    Returns:
        approve, deny or ask.

    Raises:
        ConfigurationError: If the policy answers something else.
    """
    verdicts = {await _one(chosen, approval) for approval in asked}
    return verdicts.pop() if len(verdicts) == 1 else "ask"


def name_of(chosen: PolicyFunction) -> str:
    """Tell what to call a policy.

    Args:
        chosen: The policy.

    Returns:
        Its name.
    """
    name = chosen.name if isinstance(chosen, Policy) else getattr(chosen, "__name__", None)
    return "" if name in (None, "<lambda>") else str(name)


async def _one(chosen: PolicyFunction, approval: Approval) -> Verdict:
    # A policy that computes must not hold up the streams of the loop thread.
    answer, error = await asyncio.to_thread(_called, chosen, approval)
    if error is not None:
        raise error
    if inspect.isawaitable(answer):
        answer = await answer
    if isinstance(answer, bool | str | None) and answer in _WORDS:
        return _WORDS[answer]
    raise ConfigurationError(
        "A policy answers True or 'approve', False or 'deny', None or 'ask'; "
        f"this one answered {answer!r}."
    )


def _called(chosen: PolicyFunction, approval: Approval) -> tuple[Any, BaseException | None]:
    """Call a policy; what ends an interpreter or a generator must not pass through a future."""
    try:
        return chosen(approval), None
    except BaseException as error:  # noqa: BLE001  # whatever a caller's code raises
        return None, error


def _checked(rule: Any) -> Rule:
    if isinstance(rule, str):
        return rule
    pair = isinstance(rule, tuple) and len(rule) == 2  # noqa: PLR2004  # said once, here
    if pair and isinstance(rule[0], str) and callable(rule[1]):
        return rule[0], rule[1]
    raise ConfigurationError(
        f"{rule!r} isn't a rule: use a glob over tool names, or (glob, predicate on arguments)."
    )


def _fits(rule: Rule, approval: Approval) -> bool:
    glob, predicate = (rule, None) if isinstance(rule, str) else rule
    if not fnmatch.fnmatchcase(approval.tool_name, glob):
        return False
    return predicate is None or bool(predicate(approval.arguments))
