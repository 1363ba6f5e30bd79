"""A real JupyterLab of our own, and what a person does in it."""

import http.client
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import nbformat
from playwright.sync_api import ConsoleMessage, Locator, Page, Request, expect

SHOTS = Path(__file__).parent / "shots"
LOOPBACK = "127.0.0.1"
THEMES = {"dark": "JupyterLab Dark", "light": "JupyterLab Light"}

THEME_SETTING = "@jupyterlab/apputils-extension:themes"
NEWS = "@jupyterlab/apputils-extension:announcements"

# What is said without our doing, and why; everything else is a problem of ours.
NOISE = {
    r"\[W .*\] Notebook .* is not trusted": "a notebook that a test wrote was never signed",
    r"\[IPKernelApp\] WARNING \| Kernel is running over TCP without encryption.*": (
        "ipykernel 7.4 says so at every start"
    ),
    r"\[W .*\] \S*/\.~[^/\n]*\.ipynb doesn't exist": (
        "a folder was listed while the server saved a notebook by way of such a file"
    ),
    r"\[W .*\] The websocket_ping_timeout .*\n    Setting websocket_ping_timeout.*": (
        "jupyter_server 2.21 corrects its own default"
    ),
    r"(?:Task exception was never retrieved\nfuture: .*WebSocketProtocol13\.write_message.*"
    r"|Exception in callback BaseAsyncIOLoop\._handle_events\(.*)\n"
    r"(?:(?!\[).*\n)*?tornado\.websocket\.WebSocketClosedError": (
        "a page was left or loaded again while the server wrote to it"
    ),
    r"\[IPKernelApp\] ERROR \| Exception in message handler:\nTraceback .*\n(?:[ ]+.*\n)*"
    r"zmq\.error\.ZMQError: Socket operation on non-socket": (
        "a kernel was told to end while a cell ran, and had closed its sockets before the reply"
    ),
    # pyzmq has already scheduled to read from a stream when the server closes it: its own where it
    # ends a kernel, a page's where that leaves. What the kernel says is kept for the next page.
    r"\[W .*\] Got events for closed stream <zmq\.eventloop\.zmqstream\.ZMQStream object at \w+>": (
        "a page was left, or a kernel ended, while that had something to say"
    ),
    r"\[E .*\] (?:Uncaught exception in (?:ZMQStream|zmqstream) callback"
    r"|Exception in callback functools\.partial\(<function ZMQStream\._update_handler\..*)\n"
    r"(?:[ ]+.*\n)*?[ ]+tornado\.websocket\.WebSocketClosedError(?=\n)": (
        "a page was left or loaded again while its kernel had something to say"
    ),
    r"\[W .*\] Nudge: attempt \d+ on kernel [\w-]+": (
        "a kernel takes long to start on a busy machine"
    ),
    r"page: Cannot read properties of undefined \(reading 'schema'\)": (
        "Notebook 7 looks for the settings of its news, which are turned off here"
    ),
    r"page: Disposed": "JupyterLab still asked something of a kernel that has just ended",
    r"console: Could not restore the debugger state: Canceled future for debug_request.*": (
        "JupyterLab's debugger asks a kernel that just ended"
    ),
}

OPEN = """
async (path) => {
  const { commands, shell } = window.jupyterapp;
  for (const panel of [...shell.widgets("main")]) panel.dispose();
  await commands.execute("docmanager:open", { path, factory: "Notebook" });
}
"""
CLOSE = """
async () => {
  for (const panel of [...window.jupyterapp.shell.widgets("main")]) {
    await panel.sessionContext?.shutdown();
    panel.dispose();
  }
}
"""

# What JupyterLab says when a kernel is killed or restarted under it; nothing else may be said.
KERNEL_DIED = re.compile(
    r"KernelRestarter|kernel .* restarted|AsyncIOLoopKernelRestarter|Kernel died|"
    r"Kernel is running over TCP|_queue_task|Canceled future|Error: Canceled",
    re.IGNORECASE,
)

# JupyterLab, ended with this process however that ends: its stdin is a pipe from here.
TIED_LAB = """
import os, select, signal, sys, threading
def end_with_the_tests():
    # Not sys.stdin.read(): where another process makes the pipe non-blocking, that breaks.
    while select.select([0], [], []) and os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=end_with_the_tests, daemon=True).start()
from {module} import main
main()
"""
APPS = {"lab": ("jupyterlab.labapp", "LabApp"), "notebook": ("notebook.app", "JupyterNotebookApp")}


class Lab:
    """A running JupyterLab; `page` is one of Playwright's, given by the fixture of that name.

    A file by which a test tells a cell to go on lies beside `root`: JupyterLab warns of one that
    is taken away while it lists the folder.
    """

    def __init__(self, root: Path, port: int, token: str, log: Path, app: str = "lab") -> None:
        self.root = root
        self.app = app
        self.url = f"http://{LOOPBACK}:{port}"
        self.token = token
        self._port = port
        self._log = log
        self._log_read = 0
        self._seen: dict[Page, list[str]] = {}

    @property
    def port(self) -> int:
        """The port of the server, or of what leads to it."""
        return self._port

    def at(self, port: int) -> "Lab":
        """The same Jupyter at a port that leads to it."""
        return Lab(self.root, port, self.token, self._log, self.app)

    # A notebook, and what is done with it.

    def write_notebook(self, name: str, cells: list[str]) -> Path:
        """Write a notebook of code cells into the root folder, over one of that name."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
            },
        )
        path = self.root / name
        nbformat.write(notebook, path)
        return path

    def load(self, page: Page, name: str = "") -> None:
        """Load JupyterLab in a workspace of its own, or Notebook 7, with a notebook or with none.

        Does not wait for the notebook's kernel.
        """
        workspace = f"lab/workspaces/{secrets.token_hex(4)}"
        path = "notebooks" if self.app == "notebook" else f"{workspace}/tree" if name else workspace
        page.goto(f"{self.url}/{path}/{quote(name)}?token={self.token}")
        # The first load of a session fetches and compiles everything.
        page.wait_for_function("window.jupyterapp", timeout=60_000)
        page.evaluate("async () => { await window.jupyterapp.restored; }")

    def open(self, page: Page, name: str) -> None:
        """Open a notebook and wait for its kernel.

        Where the page has JupyterLab already, it is opened there in place of what is open.
        """
        if self.app == "lab" and page.evaluate("'jupyterapp' in window"):
            page.evaluate(OPEN, name)
        else:
            self.load(page, name)
        self.wait_ready(page)
        self.wait_idle(page)

    def close_notebooks(self, page: Page) -> None:
        """End the kernels of the notebooks that are open in JupyterLab, and close them.

        In this order: a kernel that is over says nothing more to a page that leaves it.
        """
        page.evaluate(CLOSE)

    def reload(self, page: Page) -> None:
        """Save the notebook and load the page again; does not wait for the kernel."""
        self.command(page, "docmanager:save")
        page.reload()
        self.wait_ready(page)

    def run_all(self, page: Page) -> None:
        """Start to run all cells; `wait_idle` waits for them."""
        self._start(page, "notebook:run-all-cells")

    def run_cell(self, page: Page, index: int) -> None:
        """Start to run a cell, counted from 0; `wait_idle` waits for it."""
        page.evaluate(
            "(index) => { jupyterapp.shell.currentWidget.content.activeCellIndex = index; }", index
        )
        self._start(page, "notebook:run-cell")

    def restart_run_all(self, page: Page) -> None:
        """Restart the kernel, say yes to the question, and start to run all cells."""
        self._start(page, "notebook:restart-run-all")
        page.locator(".jp-Dialog button.jp-mod-accept").click()

    def wait_ready(self, page: Page) -> None:
        """Wait until the notebook is on the page, and JupyterLab's splash is off it."""
        # The first load of a session fetches and compiles everything.
        expect(self.cell(page, 0)).to_be_visible(timeout=60_000)
        expect(page.locator("#jupyterlab-splash")).to_have_count(0)

    def wait_idle(self, page: Page, timeout: float = 60) -> None:
        """Wait, `timeout` seconds at most, until no cell runs or waits and the kernel is idle."""
        page.wait_for_function(
            """() => {
              const panel = window.jupyterapp?.shell.currentWidget;
              const kernel = panel?.sessionContext?.session?.kernel;
              const cells = panel?.content?.widgets ?? [];
              return !window.powawidgetTestRuns && kernel?.status === "idle"
                && kernel.connectionStatus === "connected"
                && cells.every((cell) => cell.promptNode?.textContent !== "[*]:");
            }""",
            timeout=timeout * 1000,
        )

    def cell(self, page: Page, index: int) -> Locator:
        """A cell, counted from 0."""
        return page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell").nth(
            index
        )

    def output(self, page: Page, cell_index: int) -> Locator:
        """The output area of a cell, counted from 0."""
        return self.cell(page, cell_index).locator(".jp-Cell-outputArea")

    # JupyterLab around it.

    def command(self, page: Page, name: str, **arguments: Any) -> None:
        """Run one of JupyterLab's commands and wait for its end."""
        page.evaluate(
            "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args); }",
            [name, arguments],
        )

    def set_theme(self, page: Page, theme: str) -> None:
        """Switch to "dark" or "light" and wait until the page shows it."""
        self.command(page, "apputils:change-theme", theme=THEMES[theme])
        page.wait_for_function(
            "light => document.body.dataset.jpThemeLight === light",
            arg="false" if theme == "dark" else "true",
        )
        expect(page.locator("#jupyterlab-splash")).to_have_count(0)

    def screenshot(self, page: Page, name: str) -> Path:
        """Take a picture of the window into tests/browser/shots."""
        SHOTS.mkdir(exist_ok=True)
        path = SHOTS / f"{name}.png"
        page.screenshot(path=path)
        return path

    # What went wrong.

    def watch(self, page: Page) -> None:
        """Collect what goes wrong on a page from now on."""
        self._log_read = self._log.stat().st_size
        if page in self._seen:
            self._seen[page].clear()
            return
        page.on("close", lambda page: self._seen.pop(page))  # noqa: PLW0108  # Playwright's wish
        seen = self._seen[page] = []

        def on_console(message: ConsoleMessage) -> None:
            if message.type == "error":
                seen.append(f"console: {message.text} ({message.location.get('url', '')})")

        def on_request(request: Request) -> None:
            address = urlsplit(request.url)
            if address.scheme not in ("data", "blob") and address.port != self._port:
                seen.append(f"request to elsewhere: {request.url}")

        page.on("console", on_console)
        page.on("pageerror", lambda error: seen.append(f"page: {error}"))
        page.on("request", on_request)

    def problems(self, page: Page) -> list[str]:
        """What went wrong on the page, in the server and in the kernels since the last call."""
        with self._log.open(encoding="utf-8") as log:
            log.seek(self._log_read)
            text = log.read()
            self._log_read = log.tell()
        said = "\n".join(self._seen[page])
        self._seen[page].clear()
        for noise in NOISE:
            said, text = re.sub(noise, "", said), re.sub(noise, "", text)
        return [*filter(None, said.splitlines()), *_log_problems(text)]

    def problems_beside_a_death(self, page: Page) -> list[str]:
        """The same without what JupyterLab says of a kernel that was killed or restarted."""
        return [each for each in self.problems(page) if not KERNEL_DIED.search(each)]

    def sessions(self) -> set[str]:
        """The sessions that have a kernel."""
        return {session["id"] for session in self.api("GET", "/api/sessions")}

    def changed_settings(self) -> set[str]:
        """The names of those settings that aren't JupyterLab's own."""
        settings = self.api("GET", "/lab/api/settings")["settings"]
        return {each["id"] for each in settings if each["raw"].strip() not in ("", "{}")}

    def clear(self, but: Container[str] = ()) -> None:
        """End every kernel, but of those sessions, and forget what settings were changed."""
        for session in self.sessions():
            if session not in but:
                self.api("DELETE", f"/api/sessions/{session}")
        for name in self.changed_settings():
            self.api("PUT", f"/lab/api/settings/{name}", {"raw": "{}"})

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Call the server's REST API."""
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=30)
        try:
            connection.request(
                method,
                path,
                body=None if body is None else json.dumps(body),
                headers={"Authorization": f"token {self.token}"},
            )
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status < 400, f"{method} {path}: {answer.status} {text[:200]!r}"
            return json.loads(text) if text else None
        finally:
            connection.close()

    def _start(self, page: Page, command: str) -> None:
        page.evaluate(
            """(name) => {
              window.powawidgetTestRuns = (window.powawidgetTestRuns ?? 0) + 1;
              const done = () => { window.powawidgetTestRuns -= 1; };
              window.jupyterapp.commands.execute(name).then(done, done);
            }""",
            command,
        )


@contextmanager
def start_lab(
    folder: Path,
    environment: Mapping[str, str],
    python: str = sys.executable,
    app: str = "lab",
    arguments: Sequence[str] = (),
) -> Iterator[Lab]:
    """Start a JupyterLab whose every file is under a folder, and end it with its kernels.

    Args:
        folder: An empty folder.
        environment: What the kernels have in their environment beside ours.
        python: The Python that has JupyterLab, and is the kernels'.
        app: "lab" for JupyterLab, "notebook" for Notebook 7.
        arguments: What its command has beside ours.

    Yields:
        The running JupyterLab.
    """
    module, application = APPS[app]
    root = folder / "notebooks"
    root.mkdir()
    own = {
        f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")
    }
    page_config = folder / "config" / "labconfig" / "page_config.json"
    page_config.parent.mkdir(parents=True)
    page_config.write_text(json.dumps({"disabledExtensions": {NEWS: True}}))
    theirs = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON", "POWABASE"))
    }
    token = secrets.token_hex(16)
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    log = folder / "lab.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [
                *(python, "-c", TIED_LAB.format(module=module), "--no-browser"),
                f"--ServerApp.ip={LOOPBACK}",
                f"--ServerApp.port={port}",
                "--ServerApp.port_retries=0",
                "--ServerApp.allow_root=True",
                f"--ServerApp.root_dir={root}",
                f"--IdentityProvider.token={token}",
                f"--{application}.expose_app_in_browser=True",
                *arguments,
            ],
            env={**theirs, **own, "IPYTHONDIR": str(folder / "ipython"), **environment},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        lab = Lab(root, port, token, log, app)
        try:
            _wait_for(lab, process, log)
            yield lab
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(lab: Lab, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 90
    while True:
        try:
            lab.api("GET", "/api")
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}") from None
            time.sleep(0.1)
        else:
            return


def _log_problems(text: str) -> list[str]:
    """All but information: warnings, errors, and what kernels write past the log."""
    problems: list[str] = []
    informs = True
    for line in filter(str.strip, text.splitlines()):
        if not line.startswith(" "):  # an indented line belongs to the one before
            informs = re.match(r"\[[ID] ", line) is not None
        if not informs:
            problems.append(f"server: {line}")
    return problems
