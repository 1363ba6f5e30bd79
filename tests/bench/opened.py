"""A JupyterLab and a Chromium to measure in."""

import contextlib
import os
import pathlib
import tempfile
from collections.abc import Iterator

from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.browser.conftest import CHROMIUM_ARGUMENTS
from tests.browser.lab import Lab, start_lab
from tests.counterpart import Counterpart

ROOT = pathlib.Path(__file__).parents[2]
# The package that the kernels import; another tree of it to compare with.
TREE = os.environ.get("POWAWIDGET_BENCH_TREE", str(ROOT))


@contextlib.contextmanager
def opened(server: Counterpart | None = None) -> Iterator[tuple[Lab, Browser]]:
    """Start both.

    Args:
        server: Whom `powawidget.connect()` reaches in the kernels.
    """
    reached = {} if server is None else {"POWABASE_URL": server.url, "POWABASE_API_KEY": server.key}
    with (
        tempfile.TemporaryDirectory() as folder,
        start_lab(pathlib.Path(folder), {"PYTHONPATH": TREE, **reached}) as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium.find(playwright.chromium.executable_path),
            args=CHROMIUM_ARGUMENTS,
        )
        yield lab, browser
        browser.close()
