"""Programs of the system: whether one runs, and how one is got by the system's packages."""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

SYSTEM = 600.0  # seconds for the system's packages


def runs(path: str) -> bool:
    """Whether a browser is there and starts."""
    # One that lacks a library of the system is there, but prints no version.
    return Path(path).exists() and call([path, "--version"], 60)


def as_root() -> list[str] | None:
    """What stands before a command of the system's packages; None where they can't be used."""
    if shutil.which("apt-get") is None:
        return None
    sudo = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    if sudo and not (shutil.which("sudo") and call([*sudo, "true"], 10)):
        return None
    return sudo


def get(package: str) -> None:
    """Get one of the system's packages, where that can be."""
    sudo = as_root()
    if sudo is not None:
        call([*sudo, "apt-get", "update", "--quiet"], SYSTEM)
        call([*sudo, "apt-get", "install", "--quiet", "--yes", package], SYSTEM)


def call(command: Sequence[str], seconds: float) -> bool:
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
