"""A kernel of each version, kept for all tests of a process; or a fresh one, where that matters."""

import contextlib
from collections.abc import Iterator

import pytest

from tests.environments import KERNELS, python_of
from tests.kernels.kernel import Kernel


def named(version: str) -> str:
    return f"ipykernel-{version}"


@pytest.fixture(scope="session")
def kernels() -> Iterator[dict[str, Kernel]]:
    """The kernels that are kept, by version."""
    kept: dict[str, Kernel] = {}
    yield kept
    for kernel in kept.values():
        kernel.close()


@contextlib.contextmanager
def kept(kernels: dict[str, Kernel], version: str) -> Iterator[Kernel]:
    """Lend a kernel to a test, after which it is as if it had just been started."""
    kernel = kernels.pop(version, None) or Kernel(str(python_of("kernels", version)))
    try:
        kernel.do(SETUP)
        yield kernel
        kernel.empty()
    except BaseException:
        kernel.close()
        raise
    kernels[version] = kernel


@pytest.fixture(params=KERNELS, ids=named)
def kernel(request: pytest.FixtureRequest, kernels: dict[str, Kernel]) -> Iterator[Kernel]:
    """A kernel with powawidget imported and the embedded server running."""
    with kept(kernels, request.param) as kernel:
        yield kernel


@pytest.fixture(params=KERNELS, ids=named)
def fresh_kernel(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    """The same, in a process that no other test has used or will use."""
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
