"""Finds the Chromium for the browser tests; as a command, gets one where there is none."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import packages

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DOWNLOAD = 120.0  # seconds for Playwright's own; where nothing answers it would try for long


def find(playwrights_own: str) -> str | None:
    """The first that runs: Playwright's own, else one of the system's."""
    candidates = [playwrights_own, *(shutil.which(name) for name in NAMES)]
    return next((path for path in candidates if path is not None and packages.runs(path)), None)


def _install(playwrights_own: str) -> None:
    packages.call([sys.executable, "-m", "playwright", "install", "chromium"], DOWNLOAD)
    if packages.runs(playwrights_own):
        return
    sudo = packages.as_root()
    if sudo is not None and Path(playwrights_own).exists():
        command = [*sudo, sys.executable, "-m", "playwright", "install-deps", "chromium"]
        packages.call(command, packages.SYSTEM)
    else:
        packages.get("chromium")


def main() -> int:
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if find(own) is not None:
        return 0
    print("Getting Chromium for the browser tests ...", flush=True)  # noqa: T201  # it takes a while
    _install(own)
    if find(own) is not None:
        return 0
    sys.exit(
        "The browser tests need Chromium: install it with your system's packages, or run "
        f"'{sys.executable} -m playwright install --with-deps chromium'."
    )


if __name__ == "__main__":
    sys.exit(main())
