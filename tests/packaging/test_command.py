"""The powawidget command, as a person types it."""

import html
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

import powawidget as pw

WATCHDOG = 60
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the command in an empty folder, in a process group like a terminal's."""
    started: list[subprocess.Popen[str]] = []
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")

    def start(*arguments: str, **environment: str) -> "subprocess.Popen[str]":
        blind = {name: value for name, value in os.environ.items() if name not in screens}
        process = subprocess.Popen(
            [sys.executable, "-m", "powawidget.cli", *arguments],
            cwd=tmp_path,
            env=blind | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=WATCHDOG)


def read_until(process: "subprocess.Popen[str]", end: str) -> str:
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if end in line:
            return said
    pytest.fail(f"It ended without {end!r}:\n{said}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_how_to_connect_and_stops_at_a_signal(
    start: Start, number: signal.Signals
) -> None:
    process = start("serve")
    said = read_until(process, "Ctrl-C")
    lines = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    assert lines[0] == "import powawidget as pw"
    arguments = re.fullmatch(r'pb = pw\.connect\("(.+)", api_key="(.+)"\)', lines[1])
    assert arguments is not None
    with pw.connect(arguments[1], api_key=arguments[2]) as powabase:
        assert powabase.agents()
    os.killpg(process.pid, number)
    rest, _ = process.communicate(timeout=WATCHDOG)
    assert (process.returncode, rest) == (0, "")


def seen_of(process: psutil.Process) -> tuple[dict[str, str], str] | None:
    """The environment and the command of a process; None where it is about to start or over.

    JupyterLab and the kernel start processes that live for an instant (to look for a tool).
    """
    try:
        environment, command = process.environ(), process.cmdline()
    except psutil.NoSuchProcess:  # a zombie too
        return None
    return (environment, " ".join(command)) if environment and command else None


# A browser that writes down what it is given, and ends with the page that it was to show.
FAKE_BROWSER = """#!/bin/sh
printf '%s\\n' "$@" > "$GIVEN.part"
mv "$GIVEN.part" "$GIVEN"
while [ -e "${1#file://}" ]; do sleep 0.1; done
"""


@dataclass(frozen=True)
class Places:
    """Where the command writes, beside its folder, and what its browser was given."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        script = self.folder / "browser"
        script.write_text(FAKE_BROWSER)
        script.chmod(0o755)
        for name in ("tmp", "data", "runtime"):
            (self.folder / name).mkdir()
        return {
            "BROWSER": str(script),
            "GIVEN": str(self.folder / "given"),
            "TMPDIR": str(self.folder / "tmp"),
            "JUPYTER_DATA_DIR": str(self.folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
        }

    def given(self) -> list[str]:
        """What the browser was given; the test's own timeout ends a vain wait."""
        while not (self.folder / "given").exists():
            time.sleep(0.05)
        return (self.folder / "given").read_text().splitlines()

    def open_to_others(self, *secrets: str) -> list[Path]:
        """The files that hold a secret and that somebody else can read."""
        return [
            path
            for path in self.folder.rglob("*")
            if path.is_file()
            and path.stat().st_mode & 0o077
            and any(secret.encode() in path.read_bytes() for secret in secrets)
        ]


@pytest.fixture
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return Places(tmp_path_factory.mktemp("places"))


def test_neither_token_nor_key_can_be_read_by_others(start: Start, places: Places) -> None:
    process = start("demo", **places.environment)
    said = read_until(process, "Ctrl-C")
    url = re.search(r"http://\S+", said)
    assert url is not None
    token = url[0].split("token=")[1]
    (page,) = places.given()
    assert page.startswith("file:///")
    file = Path(urllib.request.url2pathname(urlsplit(page).path))
    assert file.parent == places.folder / "runtime"
    assert file.stat().st_mode & 0o777 == 0o600
    assert html.unescape(file.read_text()).count(url[0]) == 2

    family = [psutil.Process(process.pid)]
    family += family[0].children(recursive=True)
    seen = [known for member in family if (known := seen_of(member)) is not None]
    keys = {environment.get("POWABASE_API_KEY") for environment, _ in seen} - {None}
    (key,) = keys
    assert key is not None
    commands = [command for _, command in seen]
    assert any(page in command for command in commands)  # the browser's, which is still open
    assert any("jupyterlab" in command for command in commands)
    assert not any(token in command or key in command for command in commands)
    assert places.open_to_others(token, key) == []
    assert key not in said

    os.killpg(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=WATCHDOG)
    assert (process.returncode, rest) == (0, "")
    assert not file.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_starts_jupyterlab_keeps_a_changed_notebook_and_leaves_nothing_behind(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "powawidget-demo").mkdir()
    changed = tmp_path / "powawidget-demo" / "01_quickstart.ipynb"
    changed.write_text("mine")
    process = start("demo")
    said = read_until(process, "Ctrl-C")
    url = re.search(r"http://\S+", said)
    assert url is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["powawidget-demo"]
    first = min(path.name for path in (tmp_path / "powawidget-demo").iterdir())
    assert f"/lab/tree/{first}?token=" in url[0]
    with urllib.request.urlopen(url[0]) as page:
        assert page.status == 200

    origin, token = url[0].split("/lab/")[0], url[0].split("token=")[1]
    kernel = urllib.request.Request(
        f"{origin}/api/kernels",
        data=json.dumps({"name": "python3"}).encode(),
        headers={"Authorization": f"token {token}"},
    )
    with urllib.request.urlopen(kernel) as answer:
        assert answer.status == 201

    family = psutil.Process(process.pid).children(recursive=True)
    seen = [known for child in family if (known := seen_of(child)) is not None]
    assert len(seen) >= 2  # JupyterLab and the kernel
    keys = {environment["POWABASE_API_KEY"] for environment, _ in seen}
    assert len(keys) == 1
    shown = said + "".join(command for _, command in seen)
    assert not any(key in shown for key in keys)
    assert not any(token in command for _, command in seen)

    os.killpg(process.pid, number)
    rest, _ = process.communicate(timeout=WATCHDOG)
    assert (process.returncode, rest) == (0, "")
    _, alive = psutil.wait_procs(family, timeout=WATCHDOG)
    assert alive == []
    assert changed.read_text() == "mine"


def test_misuse_gets_a_sentence(start: Start) -> None:
    said, _ = start("demo", "--notebook", "none.ipynb").communicate(timeout=WATCHDOG)
    assert re.fullmatch(r"There is no notebook .*none\.ipynb\.\n", said)
    said, _ = start("serve", "--port", "99999").communicate(timeout=WATCHDOG)
    assert said.startswith("Port 99999 can't be used")
    said, _ = start("serve", "--failures", "2").communicate(timeout=WATCHDOG)
    assert said == "powawidget serve: --failures is 2.0; use a share from 0 to 1.\n"
