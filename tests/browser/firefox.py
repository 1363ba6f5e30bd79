"""Finds the Firefox for the tests in it; as a command, gets one where there is none."""

import shutil
import sys

from tests.browser import packages

NAMES = ("firefox", "firefox-esr")
PLACES = ("/Applications/Firefox.app/Contents/MacOS/firefox",)


def find() -> str | None:
    """The first that runs of those that the system has."""
    candidates = [*map(shutil.which, NAMES), *PLACES]
    return next((path for path in candidates if path is not None and packages.runs(path)), None)


def main() -> int:
    if find() is None:
        print("Getting Firefox for the tests in it ...", flush=True)  # noqa: T201  # it takes a while
        packages.get("firefox-esr")
    if find() is not None:
        return 0
    sys.exit("The tests in Firefox need one: install it with your system's packages.")


if __name__ == "__main__":
    sys.exit(main())
