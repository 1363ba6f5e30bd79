"""Batch: the object a person holds of many runs."""

import asyncio
import collections
import functools
import hashlib
import os
import pathlib
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from powawidget import transcript
from powawidget.batch import checked, export
from powawidget.batch.board.moment import Content, Moment
from powawidget.batch.board.spans import spans_of
from powawidget.batch.board.view import BoardView, Shown
from powawidget.batch.checked import Checks, Expected
from powawidget.batch.driver import Driver, Terms
from powawidget.batch.frame import result_columns
from powawidget.batch.journal.journal import Journal
from powawidget.batch.journal.records import (
    WAITING,
    BatchRecord,
    RowInput,
    RowOutcome,
    RowState,
)
from powawidget.batch.keys import canonical, readable
from powawidget.batch.summary import STATES, Summary
from powawidget.batch.table import Table
from powawidget.errors import (
    ApprovalNeeded,
    ConfigurationError,
    InvalidValueError,
    UnknownNameError,
)
from powawidget.kernel import cells, host, interrupts, loop, wait
from powawidget.run.approvers import nobody_clicks, when_page
from powawidget.run.finished import of_saved
from powawidget.run.on_interrupt import checked_choice
from powawidget.run.run import PUBLISHING, Run, finished_run
from powawidget.schema.schema import Schema
from powawidget.settings import options
from powawidget.spans.span import Spans
from powawidget.state.about import About
from powawidget.transcript.sentences import shown

_RETRIED: tuple[RowState, ...] = ("failed", "unknown")
_LOOK = 0.5  # seconds: rows may be many
_TOLD_PAUSE = 2.0  # seconds; a shorter one is over before it is read
_NOT_KEPT = (
    "It lives in this kernel only, and a map(...) that runs again sends every row again: "
    'journal="name.powa" keeps it.'
)
# An interrupt leaves a traceback and no view: it says what became of the batch.
_INTERRUPTED = {
    "stop": "Nothing new starts; what runs goes on to its end. batch.wait() waits for that, and "
    "batch.start() then starts the rest.",
    "detach": "The batch goes on: batch.wait() waits for it again.",
}


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of a batch.

    Attributes:
        table: The table that they came from.
        keys: The key of each row, in the order of the table.
        inputs: What is sent for each, in that order; none where the batch is only read.
        schema: The form of the answers, where one was given.
    """

    table: Table
    keys: Sequence[str]
    inputs: Sequence[RowInput] = ()
    schema: Schema | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is said of a batch where it is shown.

    Attributes:
        asked: The columns that the messages are made of.
        python: The code that goes on with it.
        redact: Takes the key out of a text.
    """

    asked: Sequence[str] = ()
    python: str = ""
    redact: Callable[[str], str] = str


@dataclass(frozen=True)
class Kept:
    """Where a batch is written.

    Attributes:
        journal: The journal.
        number: The batch's number there.
    """

    journal: Journal
    number: int


class Batch:
    """Many runs of one agent, orchestration or workflow: a run for each row of a table.

    It goes on while other cells compute. What was sent, and what came of it, stands in its
    journal before anything else happens, so that no row is sent twice.

    Example: `batch = pb.agent("Triage").map(tickets, "Triage this ticket: {text}", key="id")`.

    Args:
        record: What it runs.
        rows: Its rows.
        kept: Where it is written.
        drive: Makes what drives some of the rows; None where it is only read.
        most_runs: How many runs its budget allows.
        told: What is said of it where it is shown.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # what makes up a batch
        self,
        record: BatchRecord,
        rows: Rows,
        kept: Kept,
        drive: Callable[[Sequence[RowInput]], Driver] | None = None,
        most_runs: int | None = None,
        told: Told | None = None,
    ) -> None:
        self._record = record
        self._rows = rows
        self._journal, self._number = kept.journal, kept.number
        self._drive = drive
        self._most_runs = most_runs
        self._terms: Terms | None = None
        self._driver: Driver | None = None
        self._driven: Sequence[RowInput] = ()
        self._is_part = False
        self._next_look = 0.0
        self._places = {key: place for place, key in enumerate(rows.keys)}
        self._told = told or Told()
        self._begun: float | None = None
        self._place = cells.Place()
        self._view = BoardView(
            Shown(
                content=self._content,
                moment=self._moment,
                live=self._live,
                run=lambda key: self[readable(key)],
                seen=self._note_page,
                stop=self._tell_to_stop,
                deeds={"retry": lambda: self.retry("failed"), "resume": self.start},
                line=self.__repr__,
            )
        )

    @property
    def name(self) -> str:
        """Its name: a journal holds one batch of each name."""
        return self._record.name

    @property
    def keys(self) -> list[Any]:
        """The keys of its rows, in the order of the table."""
        return [readable(key) for key in self._rows.keys]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows are waiting, claimed, accepted, done, failed or unknown."""
        counted = collections.Counter(one.state for one in self._outcomes())
        return {state: counted[state] for state in reversed(STATES) if counted[state]}

    @property
    def reason(self) -> str:
        """Why nothing new starts, in words; empty while it goes on, and where no row waits."""
        driver = self._driver
        is_held = driver is None or (self._is_part and driver.done.is_set() and not driver.reason)
        return self._held() if driver is None or is_held else driver.reason

    @property
    def frame(self) -> Any:
        """The table, of its own kind and with its own index, and what came of each row.

        Beside the table's columns stand those of the schema, `answer` (of a workflow `output`),
        `status`, `error`, `note`, `run_id`, `session_id`, `tokens`, `seconds` and `calls`; one
        whose name the table has itself gets `batch_` before it.
        """
        return self._frame(None)

    @property
    def errors(self) -> Any:
        """The rows of `frame` that failed, or of which nobody knows what became."""
        outcomes = self._outcomes()
        return self._frame([place for place, one in enumerate(outcomes) if one.state in _RETRIED])

    @property
    def spans(self) -> Spans:
        """When each row ran: a span for each that was sent, as seen here; what goes on ends now.

        Its name is the row's key, its status how the row stands. Rules: docs/waterfall.md.

        Example:
            >>> batch.spans.to_frame().seconds.quantile(0.95)
            4.2
        """
        return spans_of(self._content(), self._moment())

    def start(self, *, confirm: bool = False) -> "Batch":
        """Start what waits: after `sample`, or where the batch waits for a person's word.

        Args:
            confirm: Whether more runs than `powawidget.options.ask_above` are meant.

        Returns:
            The batch itself.

        Raises:
            ConfigurationError: If so many runs aren't confirmed, or the batch is only read.
        """
        self._refuse_reader("start")
        driver = self._driver
        if driver is not None and not driver.done.is_set():
            if driver.reason or self._is_part:
                raise _still_ends("batch.start() starts the rest")
            return self
        if not confirm:
            self._refuse_many(self._waiting(), "batch.start(confirm=True)")
        if driver is not None and not self._is_part:
            driver.start()
            self._note_begun()
        else:
            self._begin(self._rows.inputs, is_part=False)
        return self

    def sample(self, rows: int = 20) -> "Batch":
        """Run some of the rows first, and nothing else until `start()`.

        Which ones is drawn by their keys, so that the same are drawn again.

        Args:
            rows: How many.

        Returns:
            The batch itself; `wait()` waits for the sample.

        Raises:
            InvalidValueError: If it isn't a positive number.
            ConfigurationError: If the batch was started already, or is only read.

        Example:
            >>> batch = agent.map(tickets, "Triage: {text}", start=False)
            >>> batch.sample(20).wait().frame
        """
        self._refuse_reader("sample")
        if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
            raise InvalidValueError(f"A sample has 1 row or more, not {rows!r}.")
        if self._driver is not None and not self._is_part:
            raise ConfigurationError(
                "The batch was started already: make it with start=False to run a sample first."
            )
        if self._driver is not None and not self._driver.done.is_set():
            raise ConfigurationError("A sample runs already: batch.wait() waits for it.")
        outcomes = self._by_key()
        waiting = [one for one in self._rows.inputs if _of(outcomes, one.key).state == "waiting"]
        drawn = sorted(waiting, key=lambda one: hashlib.sha256(one.key.encode()).digest())[:rows]
        if drawn:
            self._begin(sorted(drawn, key=lambda one: one.position), is_part=True)
        return self

    def wait(
        self,
        timeout: float | None = None,
        *,
        display: bool = True,
        on_interrupt: Literal["stop", "detach"] = "stop",
    ) -> "Batch":
        """Block the cell until nothing is under way and nothing new starts.

        Where no page shows the batch, a line on the terminal says now and then how it stands.

        Args:
            timeout: How long to wait at most, in seconds; None waits until the end.
            display: Whether to show the batch first, where nobody has, and to write that line.
            on_interrupt: What an interrupt of the kernel does to the batch: start nothing new
                (what runs goes on to its end), or only stop waiting (detach).

        Returns:
            The batch itself, over or, after the timeout, not.

        Raises:
            KeyboardInterrupt: If the kernel is interrupted; it says what becomes of the batch.
            ApprovalNeeded: If rows ask for approvals where nobody can click: nothing was sent then;
                or, under a policy that asks, if a row waits for a decision, and the others go on.
            ConfigurationError: If nothing was started yet.
            InvalidValueError: If `on_interrupt` is something else.
        """
        checked_choice(on_interrupt)
        done = self._awaited_event()
        self._view.output.note_call()
        try:
            if display:
                self._view.output.show(self)
            if done is not None:
                with self._view.progress(display=display) as look:
                    is_over = wait.block(done, timeout, lambda: self._meanwhile(look))
                board = self._view.board
                if is_over and board is not None:
                    wait.block(board.published, PUBLISHING)
        except KeyboardInterrupt:
            if on_interrupt == "stop":
                self.stop()
            raise KeyboardInterrupt(_INTERRUPTED[on_interrupt]) from None
        return self

    def __await__(self) -> Generator[Any, None, "Batch"]:
        """Wait for the batch in async code, as `batch.wait()` does elsewhere, with the same line.

        Whoever cancels the waiting only stops waiting. An interrupt of the cell that waits starts
        nothing new.

        Returns:
            The batch itself.

        Raises:
            ApprovalNeeded: As for `wait`.
            ConfigurationError: If nothing was started yet.
        """
        return self._awaited().__await__()

    async def _awaited(self) -> "Batch":
        done = self._awaited_event()
        with interrupts.calling(self._tell_to_stop) as is_interrupted:
            try:
                self._view.output.show(self)
                if done is not None:
                    await self._told_until(done)
                board = self._view.board
                if board is not None:
                    await wait.until(board.published.is_set, PUBLISHING)
            except asyncio.CancelledError:
                if is_interrupted():
                    self._tell_to_stop()
                    raise asyncio.CancelledError(_INTERRUPTED["stop"]) from None
                raise
        self._view.output.note_awaited(self)
        return self

    async def _told_until(self, done: threading.Event) -> None:
        """Wait in a coroutine, and say meanwhile how it stands where no page does."""
        with self._view.progress(display=True) as look:

            def is_over() -> bool:
                look()
                return done.is_set() or self._lacks_page() or self._stuck() is not None

            while not done.is_set():
                await wait.until(is_over)
                self._check()

    def stop(self, *, runs: bool = False) -> "Batch":
        """Start nothing new. What runs goes on to its end, and its result is kept.

        Args:
            runs: Whether to stop what runs as well; what became of it is looked up when somebody
                goes on with the batch.

        Returns:
            The batch itself.
        """
        self._view.output.note_call()
        if self._driver is not None:
            self._driver.stop(streams=runs)
            self._view.note_change()
            if not loop.loop_thread().is_current:
                loop.run_sync(_taken_up())  # so that `reason` says it from now on
        return self

    def _tell_to_stop(self) -> None:
        """Start nothing new, and wait for nothing: a person's event loop may run here."""
        if self._driver is not None:
            self._driver.stop()
            self._view.note_change()

    def retry(self, *states: str, confirm: bool = False) -> "Batch":
        """Send rows again that failed, or of which nobody knows what became. They cost again.

        The server is asked once more for each unknown row first: where it tells by now what became
        of it, that is kept, and nothing is sent.

        Args:
            *states: `"failed"`, `"unknown"`, or both.
            confirm: Whether more runs than `powawidget.options.ask_above` are meant.

        Returns:
            The batch itself.

        Raises:
            InvalidValueError: If another state is named, or none.
            ConfigurationError: If so many runs aren't confirmed, the batch is only read, or it was
                stopped and what runs isn't over yet.

        Example:
            >>> batch.retry("failed").wait().errors
        """
        self._refuse_reader("retry")
        wrong = [state for state in states if state not in _RETRIED]
        if wrong or not states:
            named = f"not {shown(wrong[0])}" if wrong else "and says which"
            raise InvalidValueError(f'retry takes "failed" or "unknown", {named}.')
        if not confirm:
            count = sum(one.state in states for one in self._outcomes())
            self._refuse_many(count, f"batch.retry({', '.join(map(repr, states))}, confirm=True)")
        outcomes = self._by_key()
        some = [one for one in self._rows.inputs if _of(outcomes, one.key).state in states]
        if not some:
            return self
        driver = self._driver
        if driver is None or driver.done.is_set():
            # Those alone: what waits was left by a person, a budget or an empty account.
            driver = self._made(some)
            self._take(driver, some, is_part=True)
        elif driver.reason or not {one.key for one in self._driven}.issuperset(
            one.key for one in some
        ):
            raise _still_ends("batch.retry(...) sends those again")
        driver.retry([state for state in _RETRIED if state in states])
        self._note_begun()
        self._view.output.note_call()
        return self

    def check(self, *expected: Expected, **named: Expected) -> Checks:
        """Look whether the runs did what is expected of them, each row by itself.

        Args:
            *expected: Functions that say what is expected, each of a row's run: each is given what
                `powawidget.expect(run)` gives, and gives an expectation.
            **named: The same, with a name for its column.

        Returns:
            The share of rows of which each holds; where a question was asked more than once, how
            that differs among the questions. Its `frame` has a column for each.

        Raises:
            InvalidValueError: If nothing is expected.
            WrongTypeError: If one is no function, or gives something else.

        Example:
            >>> batch.check(cheap=lambda e: e.tokens_under(500), asks=lambda e: e.called("query"))
        """
        wanted = checked.named(expected, named)
        outcomes, questions = self._by_key(), self._journal.questions(self._number)
        rows: list[list[bool | None]] = []
        differences: list[str | None] = []
        words: list[str] = []
        for key in self._rows.keys:
            cells, difference, said = checked.check_row(
                wanted,
                _of(outcomes, key),
                functools.partial(self._journal.saved_run, self._number, key),
            )
            rows.append(cells)
            differences.append(difference)
            words = words or said
        names: list[str] = []
        for at, (name, _) in enumerate(wanted):
            own = name or (words[at] if words else "") or f"check {at + 1}"
            names.append(f"{own} ({at + 1})" if own in names else own)
        known = sum(any(cell is not None for cell in cells) for cells in rows)
        return Checks(
            f"{known:,} of {len(rows):,} rows checked: {self._record.kind} "
            f"{shown(self._record.target_name)}",
            names=names,
            cells=[[cells[at] for cells in rows] for at in range(len(wanted))],
            differences=differences,
            questions=[questions.get(key, key) for key in self._rows.keys],
            table=self._rows.table,
        )

    def export(self, path: "str | os.PathLike[str]", *, guard: bool = True) -> pathlib.Path:
        """Write `frame` to a file, in the form that the name's end selects.

        Args:
            path: A name that ends with `.parquet` or `.csv`; a file that is there is written over,
                once the new one is whole.
            guard: Whether texts in CSV that a spreadsheet would run as a formula (those that begin
                with `=`, `+`, `-` or `@`) get an apostrophe before them.

        Returns:
            The path.

        Raises:
            InvalidValueError: If the name ends otherwise.
            FileError: If the file can't be written.
            MissingPackageError: If Parquet needs pyarrow, and it isn't installed.

        Example:
            >>> batch.export("triaged.csv")
        """
        table, columns = self._rows.table, self._columns()
        names = [*table.names, *(column.name for column in columns)]
        values = [column.cells for column in columns]
        lines = (
            [*row.values(), *(column[place] for column in values)]
            for place, row in enumerate(table.rows)
        )
        labelled = table.named_labels()
        if labelled is not None:
            names = [*labelled[0], *names]
            lines = ([*label, *line] for label, line in zip(labelled[1], lines, strict=True))
        return export.export(path, self.frame, names, lines, guard=guard)

    def close(self) -> None:
        """Start nothing new, as where the cell that made it runs again. What runs goes on."""
        self.stop()

    def __getitem__(self, key: Any) -> Run:
        """Give the run of a row, live or over."""
        wanted = self._key(key)
        live = self._live(wanted)
        if live is not None:
            return live
        saved = self._journal.saved_run(self._number, wanted)
        if saved is None:
            raise ConfigurationError(_without_run(key, _of(self._by_key(), wanted)))
        read = transcript.load(saved)
        if read.run is None:
            raise InvalidValueError("The journal holds something else than a run: it was changed.")
        saved_run = of_saved(read.run, About(read.server, read.model), "stored")
        return finished_run(saved_run, is_known=self._drive is not None)

    def __contains__(self, key: object) -> bool:
        try:
            return canonical(key) in self._places
        except (TypeError, ValueError):
            return False

    def __iter__(self) -> Iterator[Any]:
        return iter(self.keys)

    def __len__(self) -> int:
        return len(self._rows.keys)

    def __repr__(self) -> str:
        return self._summary().text()

    @property
    def widget(self) -> Any:
        """The widget that shows the batch, made when it is first asked for; for layouts."""
        return self._view.output.widget

    def show(self, *, max_height: int | None) -> None:
        """Show the batch with a height of its own, in place of `powawidget.options.max_height`.

        Args:
            max_height: How tall the box of its rows may be, in pixels, before it scrolls; None
                takes the usual height, since a batch may have more rows than a page can hold.

        Raises:
            InvalidValueError: If it isn't a height.

        Example:
            >>> batch.show(max_height=300)
        """
        self._view.output.show_at(self, max_height)

    def _ipython_display_(self) -> None:
        self._view.output.emit()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        if host.kernel() is None:
            summary = self._summary()
            return {"text/plain": summary.text(), "text/markdown": summary.markdown()}
        return self._view.output.bundle(include, exclude)

    def _display_(self) -> Any:
        """Give marimo what it shows."""
        return self.widget

    def _content(self) -> Content:
        rows, record, told = self._rows, self._record, self._told
        path = self._journal.path
        return Content(
            name=record.name,
            kind=record.kind,
            target=record.target_name,
            keys=rows.keys,
            rows=rows.table.rows,
            asked=told.asked,
            schema=rows.schema,
            journal=None if path is None else pathlib.Path(path).name,
            python=told.python,
            can_start=self._drive is not None,
            redact=told.redact,
        )

    def _moment(self) -> Moment:
        """Tell how the rows stand; on any thread but the loop's."""
        driver = self._driver
        outcomes = self._outcomes()
        is_driven = driver is not None and not driver.done.is_set()
        is_held = driver is not None and driver.is_held
        under_way = {} if driver is None else driver.under_way()
        left_out = 0
        if is_driven and self._is_part:
            driven = {one.key for one in self._driven}
            pairs = zip(self._rows.keys, outcomes, strict=True)
            left_out = sum(one.state == "waiting" and key not in driven for key, one in pairs)
        return Moment(
            outcomes=outcomes,
            asking={key: one.asked for key, one in under_way.items() if one.asked is not None},
            sent={key: one.sent_at for key, one in under_way.items() if one.sent_at is not None},
            is_driven=is_driven,
            is_held=is_held,
            reason=_held_back(self._record.target_name)
            if is_held
            else self._shown_reason(outcomes),
            left_out=left_out,
            paused_until=self._paused_until(),
            begun=self._begun,
            now=time.time(),
        )

    def _shown_reason(self, outcomes: Sequence[RowOutcome]) -> str:
        """Say why nothing new starts, and what to do where no button of the board does it."""
        driver = self._driver
        if driver is None or not driver.done.is_set() or not driver.is_spent:
            return self.reason
        return " ".join(self._notes(collections.Counter(one.state for one in outcomes)))

    def _live(self, key: str) -> Run | None:
        """Give the run of a row while it goes on."""
        run = None if self._driver is None else self._driver.live_run(key)
        if run is not None:
            outputs = run._approvers.outputs  # noqa: SLF001  # a person can click here too
            if self._view.output not in outputs:
                outputs.append(self._view.output)
        return run

    def _note_begun(self) -> None:
        self._begun = time.time()
        self._view.note_change()

    def _begin(self, inputs: Sequence[RowInput], *, is_part: bool) -> None:
        driver = self._made(inputs)
        here = cells.place()
        self._place = self._place if here.number is None else here
        with cells.started_by(self._place):
            driver.start()
        self._take(driver, inputs, is_part=is_part)
        self._note_begun()

    def _made(self, inputs: Sequence[RowInput]) -> Driver:
        assert self._drive is not None  # noqa: S101  # `_refuse_reader` has seen to it
        driver = self._drive(inputs)
        if self._terms is not None:
            driver.take(self._terms)
        return driver

    def _take(self, driver: Driver, inputs: Sequence[RowInput], *, is_part: bool) -> None:
        self._driver, self._driven, self._is_part = driver, inputs, is_part
        # Afterwards: a page that says hello just before finds no driver, or the last one, to tell,
        # and this one would wait for it for ever.
        if self._view.is_seen:
            driver.note_page()
        when_page(self._note_page)

    def _note_page(self) -> None:
        """Note that a page shows the batch; what waited for that begins now."""
        driver = self._driver
        if driver is None:
            return
        if driver.is_held:
            self._begun = time.time()
        driver.note_page()
        self._view.note_change()

    def _outcomes(self) -> list[RowOutcome]:
        known = self._by_key()
        return [_of(known, key) for key in self._rows.keys]

    def _by_key(self) -> Mapping[str, RowOutcome]:
        """Read how the rows stand: what drives them knows it now."""
        driver = self._driver
        if driver is None:
            return self._journal.outcomes(self._number)
        driven = {one.key: driver.outcome(one.key) for one in self._driven}
        if len(driven) == len(self):
            return driven
        return {**self._journal.outcomes(self._number), **driven}

    def _columns(self) -> list[Any]:
        rows = self._rows
        return result_columns(self._outcomes(), self._record.kind, rows.schema, rows.table.names)

    def _frame(self, only: Sequence[int] | None) -> Any:
        return self._rows.table.with_columns(self._columns(), only)

    def _waiting(self) -> int:
        return sum(one.state == "waiting" for one in self._outcomes())

    def _key(self, key: Any) -> str:
        try:
            wanted = canonical(key)
        except (TypeError, ValueError) as error:
            raise UnknownNameError(f"{shown(key)} can't be the key of a row: {error}.") from error
        if wanted not in self._places:
            some = ", ".join(shown(each) for each in self.keys[:5])
            more = " …" if len(self) > 5 else ""  # noqa: PLR2004  # used once, here
            raise UnknownNameError(f"No row has the key {shown(key)}. There are {some}{more}.")
        return wanted

    def _awaited_event(self) -> Any:
        if self._driver is None and self._drive is not None and self._waiting():
            raise ConfigurationError(self._held())
        return None if self._driver is None else self._driver.done

    def _meanwhile(self, look: Callable[[], None]) -> None:
        look()
        self._check()

    def _check(self) -> None:
        """Raise where waiting would last until requests for approval expire, each on its own."""
        if self._lacks_page():
            raise ApprovalNeeded(None, self._record.target_name, call="map", name="batch[key]")
        stuck = self._stuck()
        missing = None if stuck is None else stuck[1]._approvers.missing()  # noqa: SLF001  # as `run.wait` does
        if stuck is not None and missing is not None:
            key, run = stuck
            raise ApprovalNeeded(run, missing, call="map", name=f"batch[{shown(readable(key))}]")

    def _lacks_page(self) -> bool:
        """Tell whether nothing is sent before a page shows the batch, and none does."""
        driver = self._driver
        return driver is not None and driver.is_held and nobody_clicks([self._view.output])

    def _stuck(self) -> tuple[str, Run] | None:
        """Find a run that waits for a decision which nobody can make; looked for now and then."""
        driver = self._driver
        if driver is None or self._record.kind != "agent" or time.monotonic() < self._next_look:
            return None
        self._next_look = time.monotonic() + _LOOK
        for one in self._driven:
            run = self._live(one.key)
            if run is not None and run._approvers.are_missing():  # noqa: SLF001  # as `run.wait` does
                self._next_look = 0.0  # who asked looks again, to raise it
                return one.key, run
        return None

    def _held(self) -> str:
        if self._drive is None:
            return "It was opened to be read."
        waiting = self._waiting()
        if not waiting:
            return ""
        confirm, more = "", ""
        if _is_many(self._capped(waiting)):
            confirm = "confirm=True"
            more = f", more runs than powawidget.options.ask_above ({options.ask_above:,})"
        return (
            f"{_rows_wait(waiting)}{more}: batch.start({confirm}) starts them, batch.sample(20) "
            "tries some first."
        )

    def _pause(self) -> str:
        """Say until when nothing new starts, though the batch goes on."""
        at = self._paused_until()
        if at is None:
            return ""
        until = time.strftime("%H:%M:%S", time.localtime(at))
        return f"The server refuses for now, or asks to wait: the next row is sent at {until}."

    def _paused_until(self) -> float | None:
        left = 0.0 if self._driver is None else self._driver.pause_left()
        # A whole second: where it is told at each look, it stays the same.
        return None if left < _TOLD_PAUSE else float(round(time.time() + left))

    def _notes(self, counts: Mapping[RowState, int]) -> list[str]:
        """Say why nothing new starts, and what to do next."""
        driver, reason, waiting = self._driver, self.reason, counts["waiting"]
        if driver is None or reason != driver.reason:  # `_held` says what to do
            return [reason] if reason else []
        if not driver.done.is_set():
            under_way = waiting + counts["claimed"] + counts["accepted"]
            if driver.is_held:
                return [_held_back(self._record.target_name)]
            if not reason:
                return ["It goes on: batch.wait() waits for its end."] if under_way else []
            return [reason, "What runs goes on to its end: batch.wait() waits for it."]
        if not reason:
            return []
        if not waiting:
            count = counts["claimed"] + counts["accepted"]
            rows = "1 row" if count == 1 else f"{count:,} rows"
            asks = f"What became of {rows} isn't known yet: batch.start() asks."
            return [reason, asks] if count else [reason]
        rows = _rows_wait(waiting)
        if not driver.is_spent:
            return [reason, f"{rows}: batch.start() sends what waits."]
        if self._journal.path is None:
            return [reason, f"{rows}, and can't be sent: a batch without a journal ends here."]
        return [reason, f"{rows}: the same map(...) with another budget sends what waits."]

    def _capped(self, count: int) -> int:
        return count if self._most_runs is None else min(count, self._most_runs)

    def _refuse_many(self, count: int, call: str) -> None:
        count = self._capped(count)
        if _is_many(count):
            raise ConfigurationError(
                f"That starts up to {count:,} runs, more than powawidget.options.ask_above "
                f"({options.ask_above:,}): {call} says that it is meant. Nothing was sent."
            )

    def _refuse_reader(self, what: str) -> None:
        if self._drive is None:
            raise ConfigurationError(
                f"A batch that was opened to be read can't {what}: the same map(...) with "
                f"journal={shown(self._journal.path)} goes on with it."
            )

    def _summary(self) -> Summary:
        outcomes = self._outcomes()
        counted = collections.Counter(one.state for one in outcomes)
        known = [one.tokens for one in outcomes if one.tokens is not None]
        path = self._journal.path
        notes = self._notes(counted)
        if pause := self._pause():
            notes.append(pause)
        if self._is_part and known and counted["waiting"]:
            rest = round(sum(known) / len(known) * counted["waiting"])
            notes.append(
                f"At this rate the other {counted['waiting']:,} rows use {rest:,} tokens more."
            )
        notes.append(_NOT_KEPT if path is None else f"Journal: {pathlib.Path(path).name}")
        if self._record.definition is None and self._drive is not None:
            notes.append(
                f"This key can't read the definition of {self._record.target_name}: a change of it "
                "isn't noticed."
            )
        return Summary(
            name=self._record.name,
            kind=self._record.kind,
            target=self._record.target_name,
            counts=counted,
            tokens=sum(known) if known else None,
            notes=notes,
        )


def is_going_on(batch: Batch, record: BatchRecord, inputs: Sequence[RowInput]) -> bool:
    """Tell whether a batch is under way with just these rows, as where its cell runs again."""
    driver, own = batch._driver, batch._record  # noqa: SLF001  # its own module
    return (
        driver is not None
        and not driver.done.is_set()
        and not driver.reason
        and (own.project, own.kind, own.target_id, own.definition_digest)
        == (record.project, record.kind, record.target_id, record.definition_digest)
        and list(batch._rows.inputs) == list(inputs)  # noqa: SLF001  # likewise
    )


def is_held(batch: Batch) -> bool:
    """Tell whether a batch has sent nothing so far, for no page shows it to a person."""
    return batch._driver is not None and batch._driver.is_held  # noqa: SLF001  # its own module


def is_ending(batch: Batch) -> threading.Event | None:
    """Give what is set once a batch that starts nothing new is over; None where it isn't so."""
    driver = batch._driver  # noqa: SLF001  # its own module
    ends = driver is not None and not driver.done.is_set() and bool(driver.reason)
    return driver.done if driver is not None and ends else None


def again(batch: Batch, rows: Rows, terms: Terms, told: Told) -> Batch:
    """Give a batch that is under way once more, with all that its `map` says by now.

    Args:
        batch: The batch.
        rows: The same rows, with the table and the schema that they have now.
        terms: Who decides, what it may cost and how fast it goes from now on.
        told: What is said of it where it is shown.
    """
    made = Batch(
        batch._record,  # noqa: SLF001  # its own module, as below
        rows,
        Kept(batch._journal, batch._number),  # noqa: SLF001  # its own module
        batch._drive,  # noqa: SLF001  # its own module
        None if terms.budget is None else terms.budget.runs,
        told,
    )
    batch._terms = made._terms = terms  # noqa: SLF001  # its own module
    made._driver, made._driven = batch._driver, batch._driven  # noqa: SLF001  # its own module
    made._is_part, made._begun = batch._is_part, batch._begun  # noqa: SLF001  # its own module
    made._view.boards = batch._view.boards  # noqa: SLF001  # one driver tells all of its changes
    if batch._driver is not None:  # noqa: SLF001  # its own module
        batch._driver.take(terms)  # noqa: SLF001  # its own module
        batch._view.note_change()  # noqa: SLF001  # its own module
    return made


def note_change(batch: Batch) -> None:
    """Note that something of a batch has changed; on the loop thread."""
    batch._view.note_change()  # noqa: SLF001  # its own module


def note_trouble(batch: Batch, text: str) -> None:
    """Say something on the boards of a batch; on the loop thread."""
    for board in batch._view.boards.all():  # noqa: SLF001  # its own module
        board.note_trouble(text)


def begin(batch: Batch, *, confirm: bool) -> None:
    """Start a batch that was made, unless that is more than a person may have meant: it waits."""
    if confirm or not _is_many(batch._capped(batch._waiting())):  # noqa: SLF001  # its own module
        batch.start(confirm=True)


async def _taken_up() -> None:
    """Let what was asked of the loop before come first."""


def _held_back(name: str) -> str:
    return (
        f"{name} asks for approvals, so nothing is sent before a page shows this batch, where a "
        "person can decide: show it, or pass a policy to map(..., on_approval=...)."
    )


def _of(known: Mapping[str, RowOutcome], key: str) -> RowOutcome:
    return known.get(key, WAITING)


def _still_ends(then: str) -> ConfigurationError:
    """Refuse what would start again what a person, a budget or an empty account has stopped."""
    return ConfigurationError(
        f"What runs is still on its way to its end: batch.wait() waits for it, then {then}."
    )


def _rows_wait(count: int) -> str:
    return f"{count:,} {'row waits' if count == 1 else 'rows wait'}"


def _is_many(count: int) -> bool:
    return options.ask_above is not None and count > options.ask_above


def _without_run(key: object, outcome: RowOutcome) -> str:
    if outcome.run_id is not None:
        return (
            f"The run of row {shown(key)} isn't in the journal: pb.get_run({outcome.run_id!r}) "
            "brings it back."
        )
    more = f": {outcome.error}" if outcome.error else ""
    return f"Row {shown(key)} is {outcome.state} and has no run{more or '.'}"
