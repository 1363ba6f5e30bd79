"""The checks themselves: each is a function of a run's facts. Pure.

A check of a run that goes on is open where what is still to come can decide it.
"""

import fnmatch
import inspect
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from powawidget.approvals.policy import folded, names_of
from powawidget.checks.entries import (
    Entry,
    Seen,
    apart,
    difference_of_all,
    difference_of_order,
    is_it,
    is_named,
    listed,
)
from powawidget.checks.facts import Facts
from powawidget.checks.fitting import in_words, plain, truth, written
from powawidget.errors import InvalidValueError, WrongTypeError
from powawidget.protocol.plain_values import scalar
from powawidget.schema.schema import Schema
from powawidget.state.model import ENDED, BlockStatus, Decision, ToolStatus, WorkStatus

STATUSES: frozenset[str] = ENDED
TOOL_STATUSES: frozenset[str] = frozenset(get_args(ToolStatus))
WORK_STATUSES: frozenset[str] = frozenset(get_args(WorkStatus))
BLOCK_STATUSES: frozenset[str] = frozenset(get_args(BlockStatus))
DECISIONS: frozenset[str] = frozenset(get_args(Decision))
_LONGEST = 1_000  # characters of a row of things, in the table
# A call that was asked for and didn't run isn't one that was made.
_NOT_MADE = frozenset({"denied", "waiting", "interrupted"})


@dataclass(frozen=True)
class Found:
    """What a check has found.

    Attributes:
        holds: Whether it holds; None while that is open.
        words: What there was, in a line.
    """

    holds: bool | None
    words: str = ""


@dataclass(frozen=True)
class Check:
    """One thing that a run is expected to do.

    Attributes:
        words: What that is, in a line.
        of: Looks whether it has.
    """

    words: str
    of: Callable[[Facts], Found]


def ended(status: str) -> Check:
    """Expect that the run ended so."""

    def of(facts: Facts) -> Found:
        if facts.status == status and facts.is_over:
            return Found(holds=True, words=status)
        why = f": {plain(facts.failure)}" if facts.failure else ""
        return Found(None if not facts.is_over else False, f"{facts.status}{why}")

    return Check(f"the run is {status}", of)


def called(entry: Entry, times: int | None) -> Check:
    """Expect a call."""
    often = "" if times is None else (" once" if times == 1 else f" {times} times")

    def of(facts: Facts) -> Found:
        made = [one for one in calls_seen(facts) if one.status not in _NOT_MADE]
        there = [one for one in made if is_it(entry, one)]
        if times is not None:
            words = f"{len(there)} such {'call' if len(there) == 1 else 'calls'}"
            if len(there) > times or facts.is_over:
                return Found(len(there) == times, words)
            return Found(None, words)
        if there:
            return Found(holds=True, words="" if len(there) == 1 else f"{len(there)} times")
        return Found(None if not facts.is_over else False, _uncalled(entry, made, facts))

    return Check(f"{entry} was called{often}", of)


def not_called(globs: Sequence[str]) -> Check:
    """Expect that no tool of these names was asked for, however its name is written."""
    wide = [folded(glob) for glob in globs]

    def of(facts: Facts) -> Found:
        bad = [
            one
            for one in calls_seen(facts)
            if any(
                fnmatch.fnmatchcase(name, glob) for name in names_of(one.names[0]) for glob in wide
            )
        ]
        if bad:
            return Found(holds=False, words=f"called: {bad[0]}")
        return Found(True if facts.is_over else None)

    return Check(f"no {' or '.join(map(plain, globs))} was called", of)


def in_order(entries: Sequence[Entry], noun: str, seen: Callable[[Facts], list[Seen]]) -> Check:
    """Expect these one after the other, whatever comes between."""

    def of(facts: Facts) -> Found:
        words = difference_of_order(entries, seen(facts))
        return Found(True) if not words else Found(None if not facts.is_over else False, words)

    said = plain(", ".join(map(str, entries)), _LONGEST)
    return Check(f"{noun}s come in this order: {said}", of)


def exactly(entries: Sequence[Entry], noun: str, seen: Callable[[Facts], list[Seen]]) -> Check:
    """Expect these one after the other, and nothing else."""
    said = plain(", ".join(map(str, entries)), _LONGEST) or "none"

    def of(facts: Facts) -> Found:
        words = difference_of_all(entries, seen(facts), noun)
        # A call that goes on may still become what is expected, and more may come.
        return Found(None if not facts.is_over else not words, words)

    return Check(f"{noun}s are exactly: {said}", of)


def under(limit: float, verb: str, unit: str, of_facts: Callable[[Facts], float | None]) -> Check:
    """Expect that a figure stays below a limit."""
    limit = scalar(limit)
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not limit > 0:
        raise InvalidValueError(f"The most {unit} is a positive number, not {plain(repr(limit))}.")

    def of(facts: Facts) -> Found:
        figure = of_facts(facts)
        if figure is None:
            told = f"nobody knows how many {unit}"
            return Found(None if not facts.is_over else False, told)
        words = f"{figure:,} {unit}"
        if figure >= limit:
            return Found(holds=False, words=words)
        return Found(True if facts.is_over else None, words)

    return Check(f"{verb} fewer than {limit:,} {unit}", of)


def matches(schema: Schema) -> Check:
    """Expect an answer of a form."""

    def of(facts: Facts) -> Found:
        if not facts.is_over:
            return Found(None)
        wrong = schema.check(facts.text, facts.output)
        return Found(not wrong, plain(wrong, 300))

    return Check(f"the answer fits the schema {plain(schema.name)}", of)


def decided(tool: str, words: Sequence[str]) -> Check:
    """Expect these decisions on the requests for a tool, in order, and no others."""
    what = f"for {plain(tool)}" if tool else "without a tool's name"

    def of(facts: Facts) -> Found:
        found = [one.decision for one in facts.approvals if _is_of(tool, one.tool_name)]
        told = ", ".join(found) or "no request"
        if list(words) == found:
            return Found(holds=True, words=told)
        return Found(None if not facts.is_over else False, told)

    return Check(f"the decisions {what} are: {', '.join(words) or 'none'}", of)


def all_decided(tool: str, word: str) -> Check:
    """Expect a request for a tool, and that each was decided so."""

    def of(facts: Facts) -> Found:
        found = [one for one in facts.approvals if _is_of(tool, one.tool_name)]
        others = [one.decision for one in found if one.decision != word]
        if facts.is_over and found and not others:
            return Found(holds=True, words="" if len(found) == 1 else f"{len(found)} requests")
        told = ", ".join(one.decision for one in found) or "no request for it"
        return Found(None if not facts.is_over else False, told)

    return Check(f"{plain(tool) or 'the answer or the start'} was {word}", of)


def says(expected: str, similar: Callable[[str, str], Any], at_least: float | None) -> Check:
    """Expect an answer that a person's own function finds similar enough."""

    def of(facts: Facts) -> Found:
        if not facts.is_over:
            return Found(None)
        try:
            answer = scalar(similar(facts.text, expected))
        except Exception as error:  # noqa: BLE001  # a person's own function: it is told
            return Found(False, f"similar raised {in_words(error)}")
        if least is None:
            return _similar(answer)
        figure = _number(answer)
        return Found(figure >= least, f"{figure:g}")

    least = None if at_least is None else _least(at_least)
    said = "" if least is None else f", at least {least:g}"
    return Check(f"the answer is similar to {plain(repr(expected), 60)}{said}", of)


def _least(given: Any) -> float:
    least = scalar(given)
    if isinstance(least, bool) or not isinstance(least, int | float) or least != least:  # noqa: PLR0124  # only NaN does
        raise InvalidValueError(f"at_least is a number, not {written(given)}.")
    return float(least)


def _similar(answer: Any) -> Found:
    if isinstance(answer, numbers.Number) and not isinstance(answer, bool):
        raise WrongTypeError(
            f"The function similar= gave the number {written(answer)}: say with at_least= from "
            "which on it holds, or give True or False."
        )
    return Found(truth(answer), "" if isinstance(answer, bool) else written(answer))


def _number(answer: Any) -> float:
    if inspect.isawaitable(answer):
        truth(answer)  # which says what to do
    try:
        if isinstance(answer, bool | str | bytes):
            raise TypeError  # noqa: TRY301  # one sentence for all that is no number
        return float(answer)
    except (TypeError, ValueError):
        raise WrongTypeError(
            f"With at_least= the function similar= gives a number, not {written(answer)}."
        ) from None


def calls_seen(facts: Facts) -> list[Seen]:
    """List a run's tool calls."""
    return [
        Seen(names=[one.name], status=one.status, arguments=one.arguments) for one in facts.calls
    ]


def delegations_seen(facts: Facts) -> list[Seen]:
    """List the agents of an orchestration."""
    return [Seen(names=[one.agent], status=one.status) for one in facts.delegations]


def blocks_seen(facts: Facts) -> list[Seen]:
    """List the blocks of a workflow."""
    return [Seen(names=[one.name or one.id, one.id], status=one.status) for one in facts.blocks]


def _is_of(tool: str, name: str) -> bool:
    return name == "" if tool == "" else fnmatch.fnmatchcase(name, tool)


def _uncalled(entry: Entry, made: Sequence[Seen], facts: Facts) -> str:
    named = [one for one in made if is_named(entry, one)]
    if named:
        others = "" if len(named) == 1 else f" (and {len(named) - 1} more calls of it)"
        return f"{apart(entry, named[0])}{others}"
    asked = [one for one in calls_seen(facts) if is_named(entry, one)]
    if asked:
        return f"{plain(asked[0].names[0])} was {asked[0].status}"
    return f"only {listed(made)} was called" if made else "no tool was called"


def of_arguments(named: Mapping[str, Any]) -> Mapping[Any, Any] | None:
    """Make of some arguments an object that may have others beside them."""
    return {**named, ...: ...} if named else None
