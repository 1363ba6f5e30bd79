"""One kernel for each test, of each version."""

from collections.abc import Iterator

import pytest

from tests.environments import KERNELS, python_of
from tests.kernels.kernel import Kernel


@pytest.fixture(params=KERNELS, ids=lambda version: f"ipykernel-{version}")
def kernel(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    """A fresh kernel with powawidget imported and the embedded server running."""
    started = Kernel(str(python_of("kernels", request.param)))
    try:
        started.do(SETUP)
        yield started
    finally:
        started.close()


SETUP = """
import asyncio, threading, time
import powawidget as pw
from tests.counterpart import start
server = start(tokens_per_second=2000)
pb = pw.connect(server.url, api_key=server.key)
operator = pb.agent("Operator")
def decisions():
    return [body for verb, path, body in server.requests if path.endswith("/approve")]
def starts():
    return [path for verb, path, body in server.requests if path.endswith("/run/stream")]
"""
