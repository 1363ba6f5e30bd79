"""Other front ends of Jupyter and beside it, started for real."""

import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat

LOOPBACK = "127.0.0.1"

# Ended with this process however that ends: its stdin is a pipe from here.
TIED = """
import os, runpy, select, signal, sys, threading
def end_with_the_tests():
    # Not sys.stdin.read(): where another process makes the pipe non-blocking, that breaks.
    while select.select([0], [], []) and os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=end_with_the_tests, daemon=True).start()
sys.argv = {arguments!r}
runpy.run_module(sys.argv[0], run_name="__main__")
"""


@contextmanager
def start_voila(
    folder: Path, cells: Sequence[str], environment: Mapping[str, str]
) -> Iterator[str]:
    """Serve a notebook of code cells by Voila; it is run anew for each page that is opened.

    Yields:
        The page's address.
    """
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": kernel},
    )
    nbformat.write(notebook, folder / "page.ipynb")
    port = _free_port()
    arguments = ["voila", str(folder / "page.ipynb"), "--no-browser", f"--port={port}"]
    with _server([*arguments, f"--Voila.ip={LOOPBACK}"], folder, environment, port):
        yield f"http://{LOOPBACK}:{port}/"


@contextmanager
def start_marimo(
    folder: Path, cells: Sequence[str], environment: Mapping[str, str]
) -> Iterator[str]:
    """Serve a marimo notebook as an app; each cell is a function's body that returns its names.

    Yields:
        The page's address.
    """
    parts = ["import marimo", "app = marimo.App()"]
    for cell in cells:
        body = "\n".join(f"    {line}" for line in cell.splitlines())
        parts.append(f"@app.cell\ndef _({_needs(cell)}):\n{body}")
    (folder / "page.py").write_text("\n\n".join(parts) + "\n")
    port, token = _free_port(), secrets.token_hex(8)
    arguments = ["marimo", "run", str(folder / "page.py"), "--headless"]
    options = ["--host", LOOPBACK, "--port", str(port), "--token-password", token]
    with _server([*arguments, *options], folder, environment, port):
        yield f"http://{LOOPBACK}:{port}/?access_token={token}"


def _needs(cell: str) -> str:
    """The names that a cell takes from others: its first line says them in a comment."""
    first = cell.splitlines()[0]
    return first.removeprefix("# needs ") if first.startswith("# needs ") else ""


@contextmanager
def _server(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], port: int
) -> Iterator[None]:
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON", "POWABASE"))
    }
    for name in ("CONFIG", "DATA", "RUNTIME"):
        own[f"JUPYTER_{name}_DIR"] = str(folder / name.lower())
    own |= {"IPYTHONDIR": str(folder / "ipython"), "XDG_CONFIG_HOME": str(folder / "xdg")}
    log = folder / "server.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-c", TIED.format(arguments=list(arguments))],
            cwd=folder,
            env={**own, **environment},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            _wait_for(port, process, log)
            yield
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
        try:
            connection.connect()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"It did not start:\n{log.read_text()}") from None
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
