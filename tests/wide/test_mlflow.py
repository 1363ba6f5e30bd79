"""A run's spans in a real MLflow server, by OTLP over HTTP."""

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

import powawidget
from tests.counterpart import start
from tests.environments import python_of
from tests.wide.conftest import WATCHDOG, Serve

pytestmark = pytest.mark.timeout(900)

READ = """
import json, sys
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
(trace,) = mlflow.search_traces(locations=["0"], return_type="list")
names = {span.span_id: span.name for span in trace.data.spans}
told = [
    {
        "name": span.name,
        "parent": names.get(span.parent_id),
        "start": span.start_time_ns,
        "end": span.end_time_ns,
        "kind": span.span_type,
        "status": span.status.status_code.value,
        "tokens": span.attributes.get("gen_ai.usage.input_tokens"),
        "said": json.dumps(span.attributes, default=str),
    }
    for span in trace.data.spans
]
print(json.dumps({"state": trace.info.state.value, "spans": told}))
"""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def test_a_run_is_a_trace_in_mlflow(serve: Serve, tmp_path: Path) -> None:
    python = str(python_of("wide", "mlflow"))
    url = f"http://127.0.0.1:{free_port()}"
    environment = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_PYTHON_REFRESH": "quiet",
    }
    store = ["--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db"]
    artifacts = ["--default-artifact-root", str(tmp_path / "artifacts")]
    place = ["--host", "127.0.0.1", "--port", url.rpartition(":")[2], "--workers", "1"]
    serve(
        [python, "-m", "mlflow", "server", *store, *artifacts, *place],
        environment,
        f"{url}/health",
    )
    with start() as server, powawidget.connect(server.url, api_key=server.key) as pb:
        run = pb.agent("Analyst").run("Which orders are late?")
        run.result(WATCHDOG, display=False)
    exporter = OTLPSpanExporter(
        endpoint=f"{url}/v1/traces",
        headers={"x-mlflow-experiment-id": "0"},
        timeout=WATCHDOG,  # its first request sets up its store
    )
    assert run.to_otel(exporter) == len(run.spans) + 1
    exporter.shutdown()
    read = subprocess.run(
        [python, "-c", READ, url],
        env=environment,
        capture_output=True,
        text=True,
        timeout=WATCHDOG,
        check=False,
    )
    assert read.returncode == 0, read.stderr
    trace: dict[str, Any] = json.loads(read.stdout.splitlines()[-1])
    assert trace["state"] == "OK"
    spans = trace["spans"]
    assert len(spans) == len(run.spans) + 1
    (root,) = [span for span in spans if span["parent"] is None]
    assert root["name"] == "invoke_agent Analyst"
    assert root["tokens"] == (run.usage or {})["prompt_tokens"]
    tools = [span["name"] for span in spans if span["name"].startswith("execute_tool")]
    assert tools == [f"execute_tool {call.name}" for call in run.tool_calls]
    assert all(span["parent"] == root["name"] for span in spans if span is not root)
    assert all(span["start"] <= span["end"] for span in spans)
    said = json.dumps(spans)
    assert server.key not in said
    assert run.text[:40] not in said
