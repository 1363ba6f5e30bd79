"""One JupyterLab, one embedded server and one Chromium for all browser tests."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium
from tests.browser.lab import Lab, start_lab
from tests.environments import ROOT

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def powabase() -> Iterator[Any]:
    """The embedded server that `pw.connect()` finds in the kernels' environment."""
    from tests.counterpart import start  # noqa: PLC0415 - only where a browser test runs

    server = start()
    yield server
    server.stop()


def kernels_environment(powabase: Any) -> dict[str, str]:
    """What kernels have in their environment: the server, and the way to these tests."""
    return {
        "POWABASE_URL": powabase.url,
        "POWABASE_API_KEY": powabase.key,
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, powabase: Any) -> Iterator[Lab]:
    """A real JupyterLab."""
    environment = kernels_environment(powabase)
    folder = tmp_path_factory.mktemp("lab")
    with start_lab(folder, environment) as lab:
        yield lab
    # After all tests: the key that every kernel had is in no notebook and in no log.
    written = [path for path in folder.rglob("*") if path.suffix in {".ipynb", ".log"}]
    assert written
    holding = [path for path in written if powabase.key.encode() in path.read_bytes()]
    assert holding == []


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        executable = chromium.find(playwright.chromium.executable_path)
        assert executable is not None, "No Chromium: 'make chromium' gets one."
        browser = playwright.chromium.launch(
            executable_path=executable, headless=True, args=CHROMIUM_ARGUMENTS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def notebook7(tmp_path_factory: pytest.TempPathFactory, powabase: Any) -> Iterator[Lab]:
    """A real Notebook 7."""
    environment = kernels_environment(powabase)
    with start_lab(tmp_path_factory.mktemp("nb7"), environment, app="notebook") as notebook7:
        yield notebook7


@pytest.fixture
def page(browser: Browser, lab: Lab) -> Iterator[Page]:
    """A page with cookies and storage of its own, on which nothing went wrong at the end.

    A test that makes something go wrong takes it out with `lab.problems(page)`.
    """
    yield from watched_page(browser, lab)


@pytest.fixture
def notebook7_page(browser: Browser, notebook7: Lab) -> Iterator[Page]:
    """The same for Notebook 7."""
    yield from watched_page(browser, notebook7)


def watched_page(browser: Browser, lab: Lab) -> Iterator[Page]:
    """Yield a page, and at its end what went wrong on it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    lab.watch(page)
    yield page
    problems = lab.problems(page)
    context.close()
    lab.clear()
    assert problems == [], "\n".join(problems)
