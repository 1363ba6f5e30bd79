"""One JupyterLab, one embedded server and one Chromium for all browser tests."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium
from tests.browser.lab import Lab, start_lab
from tests.browser.pages import Pages
from tests.browser.tempo import Tempo
from tests.environments import ROOT

# What takes long to make, and isn't needed by each process.
SHARED = {"notebook7", "shown", "held", "wheel"}
FAILED = pytest.StashKey[bool]()

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
def tempo() -> Iterator[Tempo]:
    """How fast the models of the servers in this process write."""
    with pytest.MonkeyPatch.context() as patch:
        tempo = Tempo()
        tempo.install(patch)
        yield tempo


@pytest.fixture(autouse=True)
def _fast(tempo: Tempo) -> Iterator[None]:
    yield
    tempo.fast()


@pytest.fixture(scope="session")
def powabase(tempo: Tempo) -> Iterator[Any]:  # noqa: ARG001  # it is installed first
    """The embedded server that `pw.connect()` finds in the kernels' environment."""
    from tests.counterpart import start  # noqa: PLC0415  # only where a browser test runs

    server = start(executions_per_minute=None)
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
    with launched() as browser:
        yield browser


@contextmanager
def launched() -> Iterator[Browser]:
    """Launch a headless Chromium; until its end there is a running loop on this thread."""
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


@pytest.fixture(scope="session")
def pages(browser: Browser, lab: Lab) -> Iterator[Pages]:
    """The pages of JupyterLab."""
    pages = Pages(browser, lab)
    yield pages
    pages.close()


@pytest.fixture(scope="session")
def notebook7_pages(browser: Browser, notebook7: Lab) -> Iterator[Pages]:
    """The pages of Notebook 7."""
    pages = Pages(browser, notebook7)
    yield pages
    pages.close()


@pytest.fixture
def page(request: pytest.FixtureRequest, pages: Pages) -> Iterator[Page]:
    """A page of JupyterLab, on which nothing went wrong at the end.

    Other tests had it before. A test that needs JupyterLab loaded for itself is marked `own_page`.
    A test that makes something go wrong takes it out with `lab.problems(page)`.
    """
    is_own = request.node.get_closest_marker("own_page") is not None
    with pages.own() if is_own else pages.shared(lambda: request.node.stash[FAILED]) as page:
        yield page


@pytest.fixture
def notebook7_page(notebook7_pages: Pages) -> Iterator[Page]:
    """A page for Notebook 7, which shows one notebook a page."""
    with notebook7_pages.own() as page:
        yield page


@pytest.fixture
def go(lab: Lab) -> Iterator[Path]:
    """The file by which what is held are told to go on."""
    path = lab.root.parent / "go"
    path.unlink(missing_ok=True)
    yield path
    path.unlink(missing_ok=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    """Note whether a test failed, for the fixtures that end after it."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share what is slow to make run in the same process."""
    for item in items:
        for name in SHARED.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group(name))
