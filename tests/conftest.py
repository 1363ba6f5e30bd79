"""What every test relies on: no account of the developer's, and the slow tests last."""

import gc
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from tests.seeds import PROFILE

HERE = Path(__file__).parent

# A shell starts what runs in the background with Ctrl-C ignored: a test that presses it would wait.
signal.signal(signal.SIGINT, signal.default_int_handler)
LAST = ("kernels", "packaging", "browser")  # slower and slower

# No example is timed, machines differ.
settings.register_profile(
    "push", max_examples=40, derandomize=True, database=None, deadline=None, print_blob=True
)
settings.register_profile("nightly", max_examples=1_000, deadline=None, print_blob=True)
settings.load_profile(PROFILE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright's loop stays on this thread until the session's end."""

    def slowness(item: pytest.Item) -> int:
        folder = item.path.relative_to(HERE).parts[0]
        return LAST.index(folder) + 1 if folder in LAST else 0

    items.sort(key=slowness)


def pytest_collection_finish() -> None:
    """What is imported by now stays: a collector that looks through it each time takes a third."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL and a key of the developer's own never reach a test."""
    for name in ("POWABASE_URL", "POWABASE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
