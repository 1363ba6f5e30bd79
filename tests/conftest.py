"""What every test relies on: no account of the developer's, and the slow tests last."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

HERE = Path(__file__).parent
LAST = ("kernels", "packaging", "browser")  # slower and slower

# CI runs the same examples each time; no example is timed, machines differ.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright's loop stays on this thread until the session's end."""

    def slowness(item: pytest.Item) -> int:
        folder = item.path.relative_to(HERE).parts[0]
        return LAST.index(folder) + 1 if folder in LAST else 0

    items.sort(key=slowness)


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL and a key of the developer's own never reach a test."""
    for name in ("POWABASE_URL", "POWABASE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
