"""Runs as spans of OpenTelemetry: by real exporters, over real sockets, read by its own types."""

import gzip
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import powawidget
from powawidget.protocol import events as ev
from tests.walk import FIXTURES, payloads, recordings


def replayed(path: Path) -> powawidget.Run:
    run = powawidget.replay(path)
    assert isinstance(run, powawidget.Run)
    return run


def exported(run: powawidget.Run, *, content: bool = False) -> Sequence[ReadableSpan]:
    exporter = InMemorySpanExporter()
    run.to_otel(exporter, content=content)
    return exporter.get_finished_spans()


def told(spans: Sequence[ReadableSpan]) -> str:
    return "\n".join(json.dumps(json.loads(span.to_json()), ensure_ascii=False) for span in spans)


class Collector:
    """A server that takes what an exporter of OTLP over HTTP sends."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                is_packed = self.headers.get("Content-Encoding") == "gzip"
                outer.bodies.append(gzip.decompress(body) if is_packed else body)
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/traces"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def collector() -> Iterator[Collector]:
    one = Collector()
    yield one
    one.close()


def test_the_bytes_are_those_of_the_protocol(collector: Collector) -> None:
    run = replayed(FIXTURES / "recordings" / "orch_supervisor.sse")
    exporter = OTLPSpanExporter(endpoint=collector.url)
    assert run.to_otel(exporter) == len(run.spans) + 1
    exporter.shutdown()
    request = ExportTraceServiceRequest.FromString(collector.bodies[0])
    (resource,) = request.resource_spans
    (scope,) = resource.scope_spans
    known = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert known["service.name"] == "powawidget"
    assert resource.schema_url == scope.schema_url == "https://opentelemetry.io/schemas/1.41.0"
    spans = scope.spans
    assert len({span.trace_id for span in spans}) == 1
    assert len({span.span_id for span in spans}) == len(spans)
    (root,) = [span for span in spans if not span.parent_span_id]
    assert root.name.startswith("invoke_agent")
    usage = {one.key: one.value.int_value for one in root.attributes if "usage" in one.key}
    assert usage["gen_ai.usage.input_tokens"] == (run.usage or {})["prompt_tokens"]
    by_id = {span.span_id: span for span in spans}
    names = {(span.name, by_id[span.parent_span_id].name) for span in spans if span is not root}
    assert ("execute_tool mcp__stub__get_weather", "invoke_agent Researcher") in names
    for span in spans:
        assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano


def test_a_collector_that_refuses_is_told_of(collector: Collector) -> None:
    collector.status = 400
    run = replayed(FIXTURES / "plain.sse")
    exporter = OTLPSpanExporter(endpoint=collector.url)
    with pytest.raises(powawidget.ConfigurationError, match="took no spans"):
        run.to_otel(exporter)
    exporter.shutdown()


@pytest.mark.parametrize("path", recordings(), ids=lambda path: path.stem)
def test_every_recording_is_a_trace_of_names_times_and_tokens(path: Path) -> None:
    run = replayed(path)
    spans = exported(run)
    assert len(spans) == len(run.spans) + 1
    assert [span.name for span in spans if span.parent is None] == [spans[0].name]
    allowed = {
        "gen_ai.operation.name",
        "gen_ai.provider.name",
        "gen_ai.agent.name",
        "gen_ai.workflow.name",
        "gen_ai.tool.name",
        "gen_ai.request.model",
        "error.type",
    }
    for span in spans:
        known = span.attributes or {}
        rest = {name for name in known if not name.startswith(("powawidget.", "gen_ai.usage."))}
        assert rest <= allowed
        assert span.start_time is not None
        assert span.end_time is not None
        assert span.start_time <= span.end_time
    said = told(spans)
    texts = [run.text, *(call.preview or "" for call in run.tool_calls)]
    assert not [text for text in texts if len(text) > 12 and json.dumps(text)[1:-1] in said]
    for name in (run.run_id, run.session_id):
        assert not name or name not in said


@pytest.mark.parametrize("path", recordings(["agent_preresponse"]), ids=lambda path: path.stem)
def test_withheld_words_stay_withheld_with_content_too(path: Path) -> None:
    events = map(ev.read, payloads(path.read_bytes()))
    streamed = "".join(event.text for event in events if type(event) is ev.TextDelta)
    run = replayed(path)
    said = told(exported(run, content=True))
    words = [" ".join(pair) for pair in itertools.pairwise(streamed.split())]
    assert len(words) > 5
    assert not [pair for pair in words if pair in said and pair not in run.text]
    assert not run.text or json.dumps(run.text)[1:-1] in json.loads(json.dumps(said))


def test_content_adds_what_was_said() -> None:
    run = replayed(FIXTURES / "recordings" / "agent_one_tool.sse")
    spans = exported(run, content=True)
    root = spans[0].attributes or {}
    (answer,) = json.loads(str(root["gen_ai.output.messages"]))
    assert answer["parts"] == [{"type": "text", "content": run.text}]
    assert answer["role"] == "assistant"
    (tool,) = [span.attributes or {} for span in spans if span.name.startswith("execute_tool")]
    assert json.loads(str(tool["gen_ai.tool.call.arguments"])) == run.tool_calls[0].arguments
    assert tool["gen_ai.tool.call.result"]


def test_the_same_run_has_the_same_ids() -> None:
    run = replayed(FIXTURES / "tool.sse")
    first, again = exported(run), exported(run)
    assert [span.context for span in first] == [span.context for span in again]
    assert len({span.context.span_id for span in first if span.context}) == len(first)


def test_a_run_that_goes_on_and_what_is_no_exporter_are_refused() -> None:
    run = powawidget.replay(FIXTURES / "plain.sse", speed=0.001)
    assert isinstance(run, powawidget.Run)
    with pytest.raises(powawidget.ConfigurationError, match=r"run.wait\(\)"):
        run.to_otel(InMemorySpanExporter())
    run.stop()
    run.wait(display=False)
    with pytest.raises(powawidget.WrongTypeError, match="exporter"):
        run.to_otel("http://localhost:4318")  # type: ignore[arg-type]  # it is what is refused


class Refusing(SpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        raise OSError(len(spans))


def test_what_an_exporter_raises_reaches_the_caller_and_leaves_the_run() -> None:
    run = replayed(FIXTURES / "tool.sse")
    with pytest.raises(OSError, match=str(len(run.spans) + 1)):
        run.to_otel(Refusing())
    assert run.status == "completed"


def test_without_the_sdk_it_is_said_what_to_install() -> None:
    program = f"""
import sys
sys.modules["opentelemetry"] = None
import powawidget
run = powawidget.replay({str(FIXTURES / "plain.sse")!r})
class Exporter:
    def export(self, spans): raise AssertionError
try:
    run.to_otel(Exporter())
except powawidget.MissingPackageError as error:
    assert "powawidget[otel]" in str(error)
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", program], check=True)


SECRETS = [
    {"api_key": "s3cret-value"},
    {"user": 1, "access_token": 's3cret-value " and more'},
    {"Authorization": "Basic s3cret-value"},
    {"headers": [{"name": "X-Api-Key", "value": "s3cret-value"}]},
    {"answer": json.dumps({"password": "s3cret-value"})},
    {"cmd": "curl -H 'Authorization: Bearer s3cret-value'"},
    {"url": "postgres://shop:s3cret-value@db/orders"},
    {"text": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzM2NyZXQtdmFsdWUifQ.s3cret-value"},
]


def exported_of(value: Any) -> str:
    """All that is exported of a run in which everybody says a value."""
    said = json.dumps(value)
    call = {"step": 1, "tool_name": "t", "call_id": "c"}
    frames: list[dict[str, Any]] = [
        {"event": "start", "run_id": "r", "session_id": "s"},
        {"event": "tool_call", **call, "arguments": value},
        {"event": "tool_result", **call, "result": said, "duration_ms": 1},
        {"event": "complete", "status": "completed", "content": said},
    ]
    stream = "".join(f"data: {json.dumps(each)}\n\n" for each in frames).encode()
    run = powawidget.replay(stream)
    assert isinstance(run, powawidget.Run)
    spans = exported(run, content=True)
    return "\n".join(str(value) for span in spans for value in (span.attributes or {}).values())


@pytest.mark.parametrize("value", SECRETS, ids=lambda value: next(iter(value)))
def test_what_looks_like_a_secret_is_taken_out(value: dict[str, Any]) -> None:
    text = exported_of(value)
    assert text.count("[hidden]") >= 3  # the call, its result, the answer
    assert "cret-value" not in text
    assert "and more" not in text


def test_other_texts_stay() -> None:
    value = {"tokens": 12, "sql": "select token from basic where a = 'b'", "total_tokens": 3}
    assert (
        exported_of(value).count(json.dumps(value)) == 2
    )  # the call and its result; JSON in the answer
