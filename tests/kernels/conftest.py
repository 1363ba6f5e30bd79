"""One kernel for each test, of each version."""

from collections.abc import Iterator

import pytest

from tests.kernels.environments import VERSIONS, python_of
from tests.kernels.kernel import Kernel


@pytest.fixture(params=VERSIONS, ids=lambda version: f"ipykernel-{version}")
def kernel(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    """A fresh kernel with powawidget imported and the embedded server running."""
    python = python_of(request.param)
    if not python.is_file():
        pytest.fail("The kernels' environments are missing: run `make test-kernels`.")
    started = Kernel(str(python))
    try:
        started.do(SETUP)
        yield started
    finally:
        started.close()


SETUP = """
import asyncio, threading, time
import powawidget as pw
from powawidget.local import start
server = start(tokens_per_second=2000)
pb = pw.connect(server.url, api_key=server.key)
operator = pb.agent("Operator")
def decisions():
    return [body for verb, path, body in server.requests if path.endswith("/approve")]
def starts():
    return [path for verb, path, body in server.requests if path.endswith("/run/stream")]
"""
