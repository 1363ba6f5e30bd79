"""Hands the spans of a run to an exporter of OpenTelemetry's SDK."""

from importlib import metadata
from typing import TYPE_CHECKING, Any, Protocol

from powawidget.errors import ConfigurationError, MissingPackageError, WrongTypeError
from powawidget.otel.telling import SCHEMA, Line

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

SERVICE = "powawidget"
_MISSING = (
    "to_otel() needs OpenTelemetry's SDK, which isn't installed: run "
    "'%pip install \"powawidget[otel]\"'."
)


class Exporter(Protocol):
    """Takes spans, as the exporters of OpenTelemetry's SDK do (`SpanExporter`)."""

    def export(self, spans: Any, /) -> Any:
        """Take spans, and say whether they were taken."""


def export(lines: list[Line], trace: bytes, exporter: Exporter) -> int:
    """Hand spans over, as one trace.

    Args:
        lines: The spans; the first is the run.
        trace: What the trace is named by.
        exporter: Takes them.

    Returns:
        How many they are.

    Raises:
        MissingPackageError: If OpenTelemetry's SDK isn't installed.
        WrongTypeError: If it isn't an exporter of spans.
        ConfigurationError: If the exporter didn't take them.
    """
    if not callable(getattr(exporter, "export", None)):
        raise WrongTypeError(
            "to_otel takes an exporter of spans, as OTLPSpanExporter(endpoint=...), not "
            f"{type(exporter).__name__}."
        )
    try:
        from opentelemetry.sdk.trace.export import SpanExportResult  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise MissingPackageError(_MISSING) from error
    spans = _spans(lines, trace)
    if exporter.export(spans) is not SpanExportResult.SUCCESS:
        raise ConfigurationError(
            "The exporter took no spans: look at its address and headers; its log says more."
        )
    return len(spans)


def _spans(lines: list[Line], trace: bytes) -> "list[ReadableSpan]":
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  # an extra
    from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415  # likewise
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope  # noqa: PLC0415  # likewise
    from opentelemetry.trace import SpanContext, SpanKind, TraceFlags  # noqa: PLC0415  # likewise
    from opentelemetry.trace.status import Status, StatusCode  # noqa: PLC0415  # likewise

    version = metadata.version(SERVICE)
    resource = Resource(
        {"service.name": SERVICE, "service.version": version, "telemetry.sdk.language": "python"},
        SCHEMA,
    )
    scope = InstrumentationScope(SERVICE, version, SCHEMA)
    number = int.from_bytes(trace[:16]) or 1

    def context(index: int) -> Any:
        own = (int.from_bytes(trace[16:24]) + index) % 2**64 or 1
        return SpanContext(number, own, is_remote=False, trace_flags=TraceFlags(1))

    return [
        ReadableSpan(
            name=line.name,
            context=context(index),
            parent=None if line.parent is None else context(line.parent),
            resource=resource,
            attributes=line.attributes,
            kind=SpanKind.CLIENT if line.is_remote else SpanKind.INTERNAL,
            instrumentation_scope=scope,
            status=Status(StatusCode.ERROR if line.error else StatusCode.UNSET),
            start_time=line.start,
            end_time=line.end,
        )
        for index, line in enumerate(lines)
    ]
