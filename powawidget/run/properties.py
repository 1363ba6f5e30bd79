"""What there is to read of a run."""

from typing import Any

from powawidget.errors import ConfigurationError
from powawidget.live.recording import Recording
from powawidget.otel.export import Exporter, export
from powawidget.otel.telling import lines_of, trace_of
from powawidget.run.task import RunTask
from powawidget.spans.reading import spans_of
from powawidget.spans.span import Spans, timing_of
from powawidget.state import values
from powawidget.state.model import Failure, RunState, RunStatus, typed
from powawidget.transcript.export import Snapshot, Transcribed

# Those of the view's header.
STATUS_WORDS: dict[RunStatus, str] = {
    "connecting": "connecting",
    "running": "running",
    "waiting": "waiting for you",
    "reconnecting": "reconnecting",
    "completed": "done",
    "failed": "failed",
    "stopped": "stopped",
    "interrupted": "interrupted",
}


class RunProperties(Transcribed):
    """What there is to read of a run, live or over. Any thread may read.

    Args:
        task: The run's task.
    """

    def __init__(self, task: RunTask) -> None:
        self._task = task
        self._live = task.live

    @property
    def status(self) -> RunStatus:
        """connecting, running, waiting, reconnecting, completed, failed, stopped or interrupted."""
        return self._live.state.status

    @property
    def message(self) -> str:
        """What was asked."""
        return self._live.state.message

    @property
    def text(self) -> str:
        """The answer so far."""
        with self._live.lock:
            return values.text_of(self._live.state)

    @property
    def reasoning(self) -> str:
        """The model's thinking so far."""
        with self._live.lock:
            return values.reasoning_of(self._live.state)

    @property
    def tool_calls(self) -> list[values.ToolCall]:
        """The tool calls so far, in order."""
        with self._live.lock:
            return values.tool_calls_of(self._live.state)

    @property
    def approvals(self) -> list[values.Approval]:
        """The requests for approval so far, and what became of each."""
        with self._live.lock:
            return values.approvals_of(self._live.state)

    @property
    def delegations(self) -> list[values.Delegation]:
        """What each agent of an orchestration did so far, in the order in which they began."""
        with self._live.lock:
            return values.delegations_of(self._live.state)

    @property
    def blocks(self) -> list[values.Block]:
        """The blocks of a workflow, in the order of its graph."""
        with self._live.lock:
            return values.blocks_of(self._live.state)

    @property
    def output(self) -> Any:
        """What a workflow gave, decoded; None until its response block is done."""
        with self._live.lock:
            return values.output_of(self._live.state)

    @property
    def progress(self) -> values.Progress | None:
        """How many blocks of a workflow are done, failed and skipped, and how many there are."""
        with self._live.lock:
            return values.progress_of(self._live.state)

    @property
    def usage(self) -> dict[str, int] | None:
        """Counts of tokens by name, once the server has sent them."""
        usage = self._live.state.usage
        return None if usage is None else dict(usage)

    @property
    def error(self) -> Failure | None:
        """Why the run failed or was interrupted: title, message, code and hint."""
        return self._live.state.error

    @property
    def run_id(self) -> str | None:
        """The server's id of the run."""
        return self._live.state.run_id

    @property
    def session_id(self) -> str | None:
        """The conversation: pass it as `session_id` to go on with it."""
        return self._live.state.session_id

    @property
    def reused(self) -> bool:
        """Whether it is an earlier run that was given again, and wasn't paid again."""
        return self._task.anew is not None

    @property
    def seconds(self) -> float | None:
        """How long the run took; None while it is live."""
        return values.seconds_of(self._live.state)

    @property
    def spans(self) -> Spans:
        """What filled the run's time, in the order in which it began: model, tools, people, waits.

        Rules: docs/waterfall.md. What goes on ends now. Of a run of which only what is stored is
        known there is little: the stream tells the times.

        Example:
            >>> run.spans.to_frame()
        """
        with self._live.lock:
            return spans_of(self._live.state, self._live.clock())

    @property
    def timing(self) -> dict[str, float]:
        """Seconds by kind of span; what goes on at the same time counts once.

        The kinds are model, tool, hook, human, wait, delegate and block; 0 of one that didn't
        occur. A delegation's time is also its model's and tools'.

        Example:
            >>> run.timing["human"]
            13.2
        """
        return timing_of(self.spans)

    def to_otel(self, exporter: Exporter, *, content: bool = False) -> int:
        """Hand the run's spans to OpenTelemetry, by its conventions for generative AI.

        Names, times and counts of tokens alone, no text and no id. Rules: docs/waterfall.md.

        Args:
            exporter: Any exporter of spans of OpenTelemetry's SDK; where they go is set there.
            content: Whether to add what was asked, called, given back and answered: without the
                key, and without what looks like a secret of somebody. What a hook took back
                isn't there (docs/protocol.md#text-edited).

        Returns:
            How many spans were handed over. They have the same ids each time.

        Raises:
            ConfigurationError: If the run isn't over, or the exporter didn't take them.
            MissingPackageError: If OpenTelemetry's SDK isn't installed: `powawidget[otel]`.
            WrongTypeError: If it isn't an exporter.

        Example:
            >>> from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            >>> run.to_otel(OTLPSpanExporter(endpoint="http://localhost:4318/v1/traces"))
            6
        """
        from powawidget.checks.hidden import in_any  # noqa: PLC0415  # many patterns, which few need

        if not self._live.ended:
            raise ConfigurationError("The run isn't over: wait for it with run.wait() first.")
        about, redact = self._task.plan.about, self._task.plan.redact
        state: RunState = typed(self._live.snapshot(), RunState)
        lines = lines_of(state, about, redact, content=in_any if content else None)
        return export(lines, trace_of(state), exporter)

    @property
    def events(self) -> Recording:
        """Every event of the stream, in order, with its raw frame."""
        return self._live.recording

    def _snapshot(self) -> Snapshot:
        # What takes longest isn't done under the lock, for which all runs may wait.
        is_settled = self._live.finished  # first: the state is at least as far
        state: RunState = typed(self._live.snapshot(), RunState)
        return Snapshot(state, self._task.plan.about, self._task.plan.redact, is_settled)

    def __repr__(self) -> str:
        state = self._live.state
        words = [state.kind, repr(state.name)] if state.name else [state.kind]
        text = " ".join(self.text.split())
        shown = f": {text[:60]}…" if len(text) > 60 else (f": {text}" if text else "")  # noqa: PLR2004  # used once, here
        run_id = f", {state.run_id}" if state.run_id else ""
        return f"<Run of {' '.join(words)}, {STATUS_WORDS[state.status]}{run_id}{shown}>"
