"""Finds the Chromium for the browser tests; as a command, gets one where there is none."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DOWNLOAD = 120.0  # seconds for Playwright's own; where nothing answers it would try for long
SYSTEM = 600.0  # seconds for the system's packages


def find(playwrights_own: str) -> str | None:
    """The first that runs: Playwright's own, else one of the system's."""
    candidates = [playwrights_own, *(shutil.which(name) for name in NAMES)]
    return next((path for path in candidates if path is not None and _runs(path)), None)


def _runs(path: str) -> bool:
    # A browser that lacks a library of the system is there, but prints no version.
    return Path(path).exists() and _call([path, "--version"], 60)


def _install(playwrights_own: str) -> None:
    _call([sys.executable, "-m", "playwright", "install", "chromium"], DOWNLOAD)
    if _runs(playwrights_own) or shutil.which("apt-get") is None:
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    if sudo and not (shutil.which("sudo") and _call([*sudo, "true"], 10)):
        return
    if Path(playwrights_own).exists():
        _call([*sudo, sys.executable, "-m", "playwright", "install-deps", "chromium"], SYSTEM)
    else:
        _call([*sudo, "apt-get", "update", "--quiet"], SYSTEM)
        _call([*sudo, "apt-get", "install", "--quiet", "--yes", "chromium"], SYSTEM)


def _call(command: Sequence[str], seconds: float) -> bool:
    """Whether a command succeeds in time; its children end with it."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        start_new_session=True,
    ) as process:
        try:
            return process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return False


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
