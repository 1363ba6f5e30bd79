"""Expectation: what a run is expected to have done, and whether it has."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from powawidget.checks import check as checks
from powawidget.checks import table
from powawidget.checks.check import Check, Found
from powawidget.checks.entries import Entry, Seen, checked_status, entry_of
from powawidget.checks.facts import Facts, facts_of
from powawidget.checks.fitting import plain
from powawidget.checks.table import Line
from powawidget.errors import ExpectationFailed, InvalidValueError, WrongTypeError
from powawidget.protocol.plain_values import scalar
from powawidget.schema.patterns import within_time
from powawidget.schema.schema import schema_of
from powawidget.state.model import RunState
from powawidget.transcript.export import Transcribed

Similar = Callable[[str, str], Any]
_NAME = re.compile(r"\s*\S").match


class Expectation:
    """What a run is expected to have done. Make one with `powawidget.expect(run)`.

    Each method gives a new one that expects more. As a cell's value it is a small table; in a test
    `assert` it, or call `check()`, which raises with one line that says what differs. While the run
    goes on, what can still change is open, and doesn't count as holding.

    Args:
        facts: Reads what the run has done so far.
        similar: Compares two texts, as for `says`.
        expected: What is expected so far.
        known: What was found of it once the run was over, for `similar` may cost something: each
            is looked at once, however many expectations are made of this one.
    """

    def __init__(
        self,
        facts: Callable[[], Facts],
        similar: Similar | None = None,
        expected: Sequence[Check] = (),
        known: dict[Check, Found] | None = None,
    ) -> None:
        self._facts = facts
        self._similar = similar
        self._checks = tuple(expected)
        self._known: dict[Check, Found] = {} if known is None else known

    def completed(self) -> "Expectation":
        """Expect that the run was completed.

        Example:
            >>> powawidget.expect(run).completed()
        """
        return self._with(checks.ended("completed"))

    def ended(self, status: str) -> "Expectation":
        """Expect that the run ended in another way.

        Args:
            status: completed, failed, stopped or interrupted.

        Raises:
            InvalidValueError: If it is another word.
        """
        checked_status(status, checks.STATUSES)
        return self._with(checks.ended(status))

    def called(
        self,
        tool: str,
        arguments: Any = None,
        /,
        *,
        times: int | None = None,
        **named: Any,
    ) -> "Expectation":
        """Expect that a tool was called; a call that was denied doesn't count.

        A value that is expected is one of JSON, `...` for any, a compiled pattern, or a function
        of the value that answers True or False.

        Args:
            tool: A glob over the tool's name, as it is written.
            arguments: All of its arguments, as an object; `{"region": "EU", ...: ...}` lets others
                stand beside.
            times: How often; at least once, where it isn't given.
            **named: Some of its arguments by name. One that is called `times` stands in
                `arguments`.

        Raises:
            WrongTypeError: If the tool is no name, or the arguments no object.
            InvalidValueError: If both ways of giving arguments are used, or `times` is no count.

        Example:
            >>> powawidget.expect(run).called("database_query", region="EU")
        """
        if arguments is not None and named:
            raise InvalidValueError("Give the arguments as an object or by their names, not both.")
        if arguments is not None and not isinstance(arguments, dict):
            raise WrongTypeError(
                f"The arguments of {plain(tool)} are an object, not {type(arguments).__name__}."
            )
        times = scalar(times)
        if times is not None and (
            isinstance(times, bool) or not isinstance(times, int) or times < 0
        ):
            raise InvalidValueError(f"times is a count, not {plain(repr(times))}.")
        wanted = checks.of_arguments(named) if arguments is None else arguments
        return self._with(checks.called(Entry(name=_named(tool), arguments=wanted), times))

    def not_called(self, *tools: str) -> "Expectation":
        """Expect that no such tool was asked for, not even a call that was denied.

        As a policy's `deny`, it matches whatever the case and behind a `server__`.

        Args:
            *tools: Globs over the tools' names.

        Raises:
            WrongTypeError: If one is no name.
            InvalidValueError: If there is none.

        Example:
            >>> powawidget.expect(run).not_called("drop_*", "delete_*")
        """
        if not tools:
            raise InvalidValueError('not_called takes names or globs, such as "drop_*".')
        return self._with(checks.not_called([_named(tool) for tool in tools]))

    def in_order(self, *calls: Any, only: bool = False) -> "Expectation":
        """Expect tool calls one after the other.

        Args:
            *calls: Names or globs, `("name", arguments)` with all arguments as for `called`, or
                either with the status at the end: `("name", {"region": "EU"}, "done")`.
            only: Whether there were no others.

        Raises:
            WrongTypeError: If one has another form.
            InvalidValueError: If a status is none, or nothing is expected.

        Example:
            >>> powawidget.expect(run).in_order("database_schema", "database_query")
        """
        entries = [entry_of(one, checks.TOOL_STATUSES, has_arguments=True) for one in calls]
        return self._in_row(entries, "call", checks.calls_seen, only=only)

    def delegated(self, *agents: Any, only: bool = False) -> "Expectation":
        """Expect that an orchestration's agents began one after the other.

        Args:
            *agents: Their names or globs, or `("name", "done")` with how each ended.
            only: Whether there were no others.

        Raises:
            WrongTypeError: If one has another form.
            InvalidValueError: If a status is none, or nothing is expected.
        """
        entries = [entry_of(one, checks.WORK_STATUSES, has_arguments=False) for one in agents]
        return self._in_row(entries, "agent", checks.delegations_seen, only=only)

    def ran(self, *blocks: Any, only: bool = False) -> "Expectation":
        """Expect a workflow's blocks, in the order of its graph.

        Args:
            *blocks: Their names, ids or globs, or `("name", "done")` with how each ended.
            only: Whether there were no others.

        Raises:
            WrongTypeError: If one has another form.
            InvalidValueError: If a status is none, or nothing is expected.
        """
        entries = [entry_of(one, checks.BLOCK_STATUSES, has_arguments=False) for one in blocks]
        return self._in_row(entries, "block", checks.blocks_seen, only=only)

    def tokens_under(self, limit: float) -> "Expectation":
        """Expect that the run used fewer tokens; where nobody knows how many, that doesn't hold.

        Args:
            limit: The number that it doesn't reach.

        Raises:
            InvalidValueError: If it isn't a positive number.
        """
        return self._with(checks.under(limit, "it used", "tokens", lambda facts: facts.tokens))

    def seconds_under(self, limit: float) -> "Expectation":
        """Expect that the run took less time.

        Args:
            limit: The seconds that it doesn't reach.

        Raises:
            InvalidValueError: If it isn't a positive number.
        """
        return self._with(checks.under(limit, "it took", "seconds", lambda facts: facts.seconds))

    def matches(self, schema: Any) -> "Expectation":
        """Expect that the answer, or what a workflow gave, has a form.

        Args:
            schema: As for `agent.map`: a pydantic model, a msgspec Struct, a dataclass or a JSON
                schema.

        Raises:
            WrongTypeError: If it is none.
            InvalidValueError: If it isn't a valid JSON schema.
            MissingPackageError: If a package that reads it isn't installed.
        """
        return self._with(checks.matches(schema_of(schema)))

    def approved(self, tool: str = "") -> "Expectation":
        """Expect that the run asked for a tool, and that each such request was approved.

        Args:
            tool: A glob over the tool's name; without it the answer or the start of the run.
        """
        return self._with(checks.all_decided(_text(tool), "approved"))

    def denied(self, tool: str = "") -> "Expectation":
        """Expect that the run asked for a tool, and that each such request was denied.

        Args:
            tool: A glob over the tool's name; without it the answer or the start of the run.
        """
        return self._with(checks.all_decided(_text(tool), "denied"))

    def decided(self, tool: str, *decisions: str) -> "Expectation":
        """Expect just these decisions on the requests for a tool, in order.

        Args:
            tool: A glob over the tool's name; "" stands for the answer or the start of the run.
            *decisions: Words of `run.approvals[0].decision`; none where it wasn't to ask.

        Raises:
            InvalidValueError: If one is another word.
        """
        for word in decisions:
            checked_status(word, checks.DECISIONS)
        return self._with(checks.decided(_text(tool), decisions))

    def says(
        self, expected: str, *, similar: Similar | None = None, at_least: float | None = None
    ) -> "Expectation":
        """Expect an answer that means much the same. Prose is never compared by equality.

        Args:
            expected: What it is to be like.
            similar: A function of your own: of the answer and of `expected` it gives True or
                False, or with `at_least` a number. Without it that of `powawidget.expect`.
            at_least: The least number.

        Raises:
            InvalidValueError: If there is no such function, or `at_least` is no number.
            WrongTypeError: If it is no function; once it is called, if it gives something else.

        Example:
            >>> powawidget.expect(run).says("Two orders are late", similar=my_model, at_least=0.8)
        """
        chosen = self._similar if similar is None else similar
        if chosen is None:
            raise InvalidValueError(
                "Prose isn't compared by equality: pass similar=, a function of your own that "
                "takes the answer and what is expected."
            )
        return self._with(checks.says(_text(expected), _checked(chosen), at_least))

    @property
    def holds(self) -> bool:
        """Whether all that is expected holds."""
        return all(line.holds is True for line in self._lines())

    @property
    def differences(self) -> list[str]:
        """What doesn't hold, a line each; what is open says so."""
        return [
            f"{line.found or 'it did not'}; expected that {plain(line.expected, 200)}"
            if line.holds is False
            else f"the run goes on ({plain(line.found) or 'open'}); expected that "
            f"{plain(line.expected, 200)}"
            for line in self._lines()
            if line.holds is not True
        ]

    @property
    def results(self) -> list[tuple[str, bool | None, str]]:
        """What is expected, whether it holds (None while that is open), and what was found."""
        return [(line.expected, line.holds, line.found) for line in self._lines()]

    def check(self) -> "Expectation":
        """Raise where something doesn't hold.

        Returns:
            The expectation itself.

        Raises:
            ExpectationFailed: With one line that says what differs; it is an AssertionError.

        Example:
            >>> powawidget.expect(run).completed().called("database_query").check()
        """
        __tracebackhide__ = True  # pytest shows the line of the test, not this one
        told = self.differences
        if told:
            raise ExpectationFailed(told)
        return self

    def __bool__(self) -> bool:
        return self.holds

    def __repr__(self) -> str:
        told = self.differences
        if told:
            return f"<Expectation differs: {ExpectationFailed(told)}>"
        return f"<Expectation holds: {table.head(self._lines(), self._who())}>"

    def _repr_html_(self) -> str:
        return table.as_html(self._lines(), self._who())

    def _repr_markdown_(self) -> str:
        return table.as_markdown(self._lines(), self._who())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002 - IPython's
        printer.text(table.as_text(self._lines(), self._who()))

    def _in_row(
        self,
        entries: Sequence[Entry],
        noun: str,
        seen: Callable[[Facts], list[Seen]],
        *,
        only: bool,
    ) -> "Expectation":
        if not entries and not only:
            raise InvalidValueError(
                f"Nothing is expected: name {noun}s, or pass only=True where there are to be none."
            )
        make = checks.exactly if only else checks.in_order
        return self._with(make(entries, noun, seen))

    def _with(self, check: Check) -> "Expectation":
        return Expectation(self._facts, self._similar, (*self._checks, check), self._known)

    def _lines(self) -> list[Line]:
        """Look at the run; once it is over only once."""
        facts = self._facts()
        within_time()
        lines: list[Line] = []
        for check in self._checks:
            found = self._known.get(check)
            if found is None:
                found = check.of(facts)
                if facts.is_over:
                    self._known[check] = found
            lines.append(Line(check.words, found.holds, found.words))
        return lines

    def _who(self) -> str:
        facts = self._facts()
        return f"{facts.kind} {plain(facts.name)}".strip() + f", {facts.status}"


def expect(run: object, *, similar: Similar | None = None) -> Expectation:
    """Say what a run is expected to have done: a table in a cell, a line of difference in a test.

    It looks at what the run did, whether it is live, stored, saved or recorded: its tool calls,
    approvals, figures and the form of its answer.

    Args:
        run: The run; it may go on, and what is open then says so.
        similar: A function of your own that compares an answer with what is expected, for `says`.

    Returns:
        What is expected of it: nothing yet.

    Raises:
        WrongTypeError: If it isn't a run, or `similar` no function.

    Example:
        >>> powawidget.expect(run).completed().called("database_query").tokens_under(5_000)
    """
    state = _reader(run)
    if state is None:
        what = type(run).__name__
        hint = " A chat has runs: pass one of chat.runs." if what == "Chat" else ""
        raise WrongTypeError(f"powawidget.expect takes a run, not {what}.{hint}")
    return Expectation(state, None if similar is None else _checked(similar))


def expect_state(state: RunState) -> Expectation:
    """Say what a run is expected to have done, by its state; it is over, and stays as it is."""
    facts = facts_of(state)
    return Expectation(lambda: facts)


def _reader(run: object) -> Callable[[], Facts] | None:
    if not isinstance(run, Transcribed):
        return None

    def read() -> Facts | None:
        snapshot = run._snapshot()  # noqa: SLF001 - of what is written as a document
        if not isinstance(snapshot.state, RunState):
            return None
        return facts_of(snapshot.state, is_settled=snapshot.is_settled)

    first = read()
    if first is None:
        return None
    known: list[Facts] = [first] if first.is_over else []

    def facts() -> Facts:
        if known:
            return known[0]
        now = read()
        assert now is not None  # noqa: S101 - what is a run stays one
        if now.is_over:
            known.append(now)
        return now

    return facts


def _named(tool: object) -> str:
    name = _text(tool)
    if not _NAME(name):
        raise InvalidValueError("A tool's name isn't empty: pass one, or a glob over it.")
    return name


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise WrongTypeError(f"A text is expected, not {type(given).__name__}.")
    return given


def _checked(similar: Any) -> Similar:
    if not callable(similar):
        raise WrongTypeError(
            f"similar= takes a function of two texts, not {type(similar).__name__}."
        )
    chosen: Similar = similar
    return chosen
