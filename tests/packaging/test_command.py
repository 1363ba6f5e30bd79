"""The powawidget command, as a person types it."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import powawidget as pw

WATCHDOG = 60
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the command in an empty folder, in a process group like a terminal's."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "powawidget.cli", *arguments],
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if name != "DISPLAY"},
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_starts_jupyterlab_and_leaves_nothing_behind(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
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


def test_demo_keeps_a_changed_notebook(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "powawidget-demo"
    folder.mkdir()
    (folder / "01_quickstart.ipynb").write_text("mine")
    process = start("demo")
    read_until(process, "Ctrl-C")
    assert (folder / "01_quickstart.ipynb").read_text() == "mine"


def test_misuse_gets_a_sentence(start: Start) -> None:
    said, _ = start("demo", "--notebook", "none.ipynb").communicate(timeout=WATCHDOG)
    assert re.fullmatch(r"There is no notebook .*none\.ipynb\.\n", said)
    said, _ = start("serve", "--port", "99999").communicate(timeout=WATCHDOG)
    assert said.startswith("Port 99999 can't be used")
