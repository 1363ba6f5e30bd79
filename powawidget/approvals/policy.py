"""Policies: who decides in place of a person, and on what."""

import fnmatch
import inspect
import re
import unicodedata
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from typing import Any, Literal

from powawidget.errors import InvalidValueError, WrongTypeError
from powawidget.kernel.worker import in_thread
from powawidget.protocol.events import repeats
from powawidget.protocol.plain_values import scalar
from powawidget.state.values import Approval

Choice = Literal["approve", "deny"]
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
# A name that a person reads as it is: no space, no character that looks like another or like none.
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,200}").fullmatch
# The rests of a longer name aren't looked at one by one: it isn't plain.
_LONGEST = 200


class Policy:
    """Rules over tool names and arguments. Make one with `powawidget.policy`.

    A rule is a glob over the tool's name, or a pair of a glob and a predicate on the decoded
    arguments. `deny` counts before `ask`, `ask` before `allow`; names match as
    `powawidget.policy` says.

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
        self._deny = [_wide(_checked(rule)) for rule in deny]
        self._ask = [_wide(_checked(rule)) for rule in ask]
        self._allow = [_checked(rule) for rule in allow]
        if otherwise not in {"approve", "deny", "ask"}:
            raise InvalidValueError('otherwise must be "approve", "deny" or "ask".')
        self._otherwise: Verdict = otherwise
        self.name = name

    def __call__(self, approval: Approval) -> Verdict:
        """Decide on one request.

        Args:
            approval: The request.

        Returns:
            approve, deny or ask.
        """
        names = names_of(approval.tool_name)
        if any(_fits(rule, names, approval) for rule in self._deny):
            return "deny"
        if any(_fits(rule, names, approval) for rule in self._ask) or _is_odd(approval):
            return "ask"
        if any(_allows(rule, approval) for rule in self._allow):
            return "approve"
        return self._otherwise

    def __repr__(self) -> str:
        count = len(self._deny) + len(self._ask) + len(self._allow)
        return f"<Policy {self.name or 'without a name'}, {count} rules>"


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

    A model chooses the names and the arguments of what it calls, so a rule that forbids matches
    widely and one that allows matches narrowly. `deny` and `ask` match without regard to case and
    to the width of letters, the whole name and each rest of it after a `__`: `drop_*` matches
    `Drop_table` and `mcp__db__drop_table`. `allow` matches the whole name as it is written:
    `*_read` doesn't match `Orders_Read`. No glob in `allow` but `""` itself matches a request
    without a tool's name, which is about the answer or the start of a run.

    Whatever `allow` and `otherwise` say, a person is asked where a name is longer than 200
    characters or has others than `A-Z a-z 0-9 _ . -`, and where an object of the arguments gives a
    key twice: the predicate and the tool may see different values. Where there is nobody to ask,
    `wait()` and `result()` raise `ApprovalNeeded`.

    Args:
        allow: What is approved: globs over tool names, or pairs of a glob and a predicate on the
            decoded arguments.
        deny: What is denied, whatever else is said.
        ask: What a person is asked about, whatever `allow` says.
        otherwise: What happens to everything else, also where no tool is named: ask, deny or
            approve.
        name: What the approval's card calls the policy.

    Returns:
        The policy.

    Raises:
        WrongTypeError: If a rule has another form, or a predicate is async.
    """
    for rules in (allow, deny, ask):
        if isinstance(rules, str):
            raise WrongTypeError(f"Rules come in a list: [{rules!r}], not {rules!r}.")
        # Of a dict only its keys would be rules, and none of its predicates would be asked.
        if isinstance(rules, Mapping) or not isinstance(rules, Iterable):
            raise WrongTypeError(
                f"Rules come in a list of globs or (glob, predicate) pairs, not as {rules!r}."
            )
    return Policy(allow, deny, ask, otherwise, name)


async def verdict_of(chosen: PolicyFunction, asked: Sequence[Approval]) -> Verdict:
    """Ask a policy about all requests that are open together.

    There is one decision for all of them (docs/protocol.md#one-slot), so it approves only what the
    policy approves in each, and denies only what it denies in each.

    Raises:
        WrongTypeError: If the policy answers something else.
    """
    verdicts = {await _one(chosen, approval) for approval in asked}
    return verdicts.pop() if len(verdicts) == 1 else "ask"


def name_of(chosen: PolicyFunction) -> str:
    """Tell what to call a policy."""
    name = chosen.name if isinstance(chosen, Policy) else getattr(chosen, "__name__", None)
    return "" if name in (None, "<lambda>") else str(name)


def may_ask(chosen: PolicyFunction) -> bool:
    """Tell whether a policy may leave a request to a person.

    A function may, unless it is declared to answer a `bool`. What a person can't read as it is
    doesn't count: every policy leaves that to one.
    """
    if isinstance(chosen, Policy):
        return bool(chosen._ask) or chosen._otherwise == "ask"  # noqa: SLF001  # its own module
    called = chosen if inspect.isroutine(chosen) else getattr(chosen, "__call__", chosen)  # noqa: B004  # its annotations are wanted
    declared = getattr(called, "__annotations__", {}).get("return")
    return declared not in {bool, "bool"}


async def _one(chosen: PolicyFunction, approval: Approval) -> Verdict:
    # A policy that computes must not hold up the streams of the loop thread.
    answer, error = await in_thread(_called, chosen, approval)
    if error is not None:
        raise error
    if inspect.isawaitable(answer):
        answer = await answer
    answer = scalar(answer)  # a table's (df.amount < 100).all() is numpy's
    if isinstance(answer, bool | str | None) and answer in _WORDS:
        verdict = _WORDS[answer]
        # A function that looks at a key is shown the last of its values, and of a name that is
        # very long its beginning: not all that would run.
        partly = len(approval.tool_name) > _LONGEST or _is_ambiguous(approval.arguments)
        return "ask" if verdict == "approve" and partly else verdict
    raise WrongTypeError(
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
    pair = isinstance(rule, tuple) and len(rule) == 2  # noqa: PLR2004  # a name and a predicate
    if pair and isinstance(rule[0], str) and callable(rule[1]):
        if inspect.iscoroutinefunction(rule[1]):
            raise WrongTypeError(
                f"The predicate for {rule[0]!r} is async: write one with def, or pass an async "
                "function as the whole policy."
            )
        return rule[0], rule[1]
    raise WrongTypeError(
        f"{rule!r} isn't a rule: use a glob over tool names, or (glob, predicate on arguments)."
    )


def _fits(rule: Rule, names: Sequence[str], approval: Approval) -> bool:
    glob, predicate = _parts(rule)
    if not any(fnmatch.fnmatchcase(name, glob) for name in names):
        return False
    return predicate is None or _holds(glob, predicate(approval.arguments))


def _holds(glob: str, answer: Any) -> bool:
    """Read what a predicate answers: what still has to be computed would count as true."""
    if inspect.iscoroutine(answer):
        answer.close()
    is_late = inspect.isawaitable(answer) or isinstance(answer, Iterator | AsyncIterator)
    if is_late or (isinstance(answer, str) and answer in {"deny", "ask"}):
        raise WrongTypeError(
            f"The predicate for {glob!r} must answer True or False; it answered {answer!r}."
        )
    return bool(answer)


def _allows(rule: Rule, approval: Approval) -> bool:
    """Tell whether a rule allows a request; "*" doesn't allow what nobody thought of."""
    name = approval.tool_name
    return (name != "" or _parts(rule)[0] == "") and _fits(rule, [name], approval)


def _parts(rule: Rule) -> tuple[str, Predicate | None]:
    return (rule, None) if isinstance(rule, str) else rule


def folded(text: str) -> str:
    """Make texts the same that differ in case, or in the width or the style of their letters."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _wide(rule: Rule) -> Rule:
    """Make a rule that forbids match whatever the case."""
    return folded(rule) if isinstance(rule, str) else (folded(rule[0]), rule[1])


def names_of(name: str) -> list[str]:
    """List what a rule that forbids is held against: a name, and each rest of it after a `__`.

    Args:
        name: The name of a tool, which a model may have chosen.
    """
    whole = folded(name)
    if len(whole) > _LONGEST:
        return [whole]
    return [whole, *(whole[at.end() + 1 :] for at in re.finditer("_(?=_)", whole))]


def _is_odd(approval: Approval) -> bool:
    """Tell whether a person has to look at a request: it may not be what it seems."""
    name = approval.tool_name
    return bool(name and not _PLAIN(name)) or _is_ambiguous(approval.arguments)


def _is_ambiguous(arguments: Any) -> bool:
    """Tell whether a key comes twice, or may: Python can't decode it."""
    if isinstance(arguments, str):
        return arguments.lstrip()[:1] in {"{", "["}
    return repeats(arguments)
