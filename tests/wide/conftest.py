"""Programs of other environments, started for the tests that need them and ended with those."""

import contextlib
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import launched, powabase, tempo

__all__ = ["powabase", "tempo"]  # fixtures of the browser tests

WATCHDOG = 240
Serve = Callable[[list[str], Mapping[str, str], str], None]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium, closed before other tests run, which have loops of their own."""
    with launched() as browser:
        yield browser


@pytest.fixture(autouse=True)
def _fast(request: pytest.FixtureRequest) -> Iterator[None]:
    """However a test ends, models are fast for the next one."""
    yield
    if "tempo" in request.fixturenames:
        request.getfixturevalue("tempo").fast()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a server and wait until an address of it answers; its log is a failure's message."""
    with contextlib.ExitStack() as stack:

        def start(command: list[str], environment: Mapping[str, str], address: str) -> None:
            log = tmp_path / f"{len(list(tmp_path.glob('*.log')))}.log"
            output = stack.enter_context(log.open("wb"))
            process = stack.enter_context(
                subprocess.Popen(command, env=environment, stdout=output, stderr=output)
            )
            stack.callback(process.terminate)
            end = time.monotonic() + WATCHDOG
            while not answers(address):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.05)

        yield start


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(address: str) -> bool:
    """Whether a server is there, whatever it says."""
    try:
        with urllib.request.urlopen(address, timeout=WATCHDOG):
            return True
    except urllib.error.HTTPError as refused:
        refused.close()
        return True
    except OSError:
        return False
