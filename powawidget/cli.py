"""The powawidget command: the embedded server alone, or with JupyterLab on a notebook."""

import argparse
import html
import http.client
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn
from urllib.parse import quote

from powawidget import __version__

LOOPBACK = "127.0.0.1"
LAB_START = 90.0  # seconds: the first start after an install compiles every module
LAB_STOP = 8.0  # seconds for JupyterLab to end its kernels
# Jupyter writes a page for the browser, even where it opens none. The page holds the token, and
# the umask may let others read it. No option leaves the page out, so this does.
LAB = """
from jupyter_server.serverapp import ServerApp
from jupyterlab.labapp import main
ServerApp.no_browser_open_file = True
main()
"""
DEMO_FOLDER = "powawidget-demo"
NEWS = "@jupyterlab/apputils-extension:announcements"  # asks a question over the first notebook

# How the embedded server behaves under many runs (`powawidget.local.Settings`).
_LOAD: tuple[tuple[str, type, str, str], ...] = (
    ("tokens-per-second", float, "N", "how fast the scripted model writes; default: 60"),
    ("runs-at-once", int, "N", "refuse more runs at once than that, with 429"),
    ("runs-per-minute", int, "N", "refuse more runs a minute than that, with 429"),
    ("retry-after", float, "SECONDS", "what such a refusal asks to wait"),
    ("latency-seconds", float, "SECONDS", "how long the model thinks first, on average"),
    ("failures", float, "SHARE", "the share of runs whose model fails, from 0 to 1"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: The arguments after the command's name; those of the process by default.

    Returns:
        The exit code: 0 also where Ctrl-C ended it.
    """
    arguments = _parser().parse_args(argv)
    if arguments.command == "journal":
        return _journal(arguments.file, prune=arguments.prune)
    if arguments.command == "serve":
        return _serve(arguments)
    return _demo(arguments.notebook, port=arguments.port, browser=arguments.browser)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="powawidget",
        description="Watch and steer the live runs of Powabase agents in Jupyter.",
    )
    parser.add_argument("--version", action="version", version=f"powawidget {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser(
        "serve",
        help="start the embedded server and print its URL and key",
        description="Start the embedded Powabase-compatible server on this machine.",
    )
    serve.add_argument("--port", type=int, default=0, metavar="N", help="default: any free one")
    serve.add_argument(
        "--dialect",
        choices=["seen", "documented"],
        default="seen",
        help="the events as Powabase sends them (default), or as its documentation has them",
    )
    for name, kind, metavar, explained in _LOAD:
        serve.add_argument(f"--{name}", type=kind, metavar=metavar, help=explained)

    demo = commands.add_parser(
        "demo",
        help="start the embedded server and JupyterLab on a notebook",
        description="Start the embedded server and JupyterLab on a notebook that uses it.",
    )
    demo.add_argument(
        "--notebook",
        type=Path,
        metavar="PATH",
        help=f"default: the bundled ones, copied into ./{DEMO_FOLDER}",
    )
    demo.add_argument("--port", type=int, default=0, metavar="N", help="default: any free one")
    demo.add_argument(
        "--no-browser",
        dest="browser",
        action="store_false",
        help="print the URL and open nothing",
    )

    journal = commands.add_parser(
        "journal",
        help="say what the journal of a batch holds, or make it smaller",
        description="Say which batches a journal holds. Nothing is sent; no server is needed.",
    )
    journal.add_argument("file", type=Path, metavar="FILE", help="the journal, such as triage.powa")
    journal.add_argument(
        "--prune",
        action="store_true",
        help="remove the runs of rows that are over; their answers stay",
    )
    return parser


def _journal(file: Path, *, prune: bool) -> int:
    from powawidget.batch.journal.journal import Journal  # noqa: PLC0415  # only this command's
    from powawidget.errors import PowawidgetError  # noqa: PLC0415  # as above

    try:
        with Journal.read(file) as journal:
            batches = journal.batches()
        if prune:
            with Journal.open(file) as journal:
                freed = journal.prune()
                batches = journal.batches()
            _say(f"{freed:,} bytes removed: the runs of rows that are over.")
    except PowawidgetError as error:
        sys.exit(str(error))
    _say("\n\n".join(map(_told, batches)) if batches else "It holds no batch.")
    return 0


def _told(summary: Any) -> str:
    from powawidget.batch.summary import Summary, day_of  # noqa: PLC0415  # only this command's

    record = summary.record
    return Summary(
        name=record.name,
        kind=record.kind,
        target=record.target_name,
        counts=summary.counts,
        tokens=summary.tokens,
        notes=[
            f"Project: {record.project}",
            f"Begun: {day_of(record.made_at)}",
            f"Runs: {summary.bytes:,} bytes",
        ],
    ).text()


def _serve(arguments: argparse.Namespace) -> int:
    _require("starlette", "uvicorn")
    with _stop_signals() as stop:
        from powawidget.local import LocalServer, Settings  # noqa: PLC0415  # an extra, checked above

        given = vars(arguments)
        names = [name.replace("-", "_") for name, *_ in _LOAD]
        load = {name: given[name] for name in names if given[name] is not None}
        try:
            settings = Settings(dialect=arguments.dialect, **load)
        except ValueError as error:
            option = str(error).replace("_", "-")  # it begins with the name of one
            sys.exit(f"powawidget serve: --{option}")
        if arguments.port:
            _require_free(arguments.port)
        server = LocalServer(settings=settings, port=arguments.port)
        try:
            _say(
                f"The embedded server is at {server.url}",
                f"Its key is {server.key}",
                "",
                "  import powawidget as pw",
                f'  pb = pw.connect("{server.url}", api_key="{server.key}")',
                "",
                "Press Ctrl-C to stop it.",
            )
            while not stop.wait(0.5):
                pass
        finally:
            server.stop()
    return 0


def _demo(notebook: Path | None, *, port: int, browser: bool) -> int:
    _require("starlette", "uvicorn", "jupyterlab", "ipykernel")
    with _stop_signals() as stop:
        from powawidget.local import LocalServer  # noqa: PLC0415  # an extra, checked above

        if port:
            _require_free(port)
        notebook = _copy_notebooks() if notebook is None else notebook.resolve()
        if not notebook.is_file():
            sys.exit(f"There is no notebook {notebook}.")
        server = LocalServer()
        try:
            # The kernels inherit the key from JupyterLab; no file and no command line holds it.
            environment = {"POWABASE_URL": server.url, "POWABASE_API_KEY": server.key}
            with _lab(notebook.parent, environment, port or _free_port()) as lab:
                if lab.wait_until_ready(stop):
                    url = lab.url(notebook.name)
                    _say(f"JupyterLab is at {url}", "Press Ctrl-C to stop it.")
                    with _browser(url) if browser and _has_screen() else nullcontext():
                        lab.wait_until_ended(stop)
        finally:
            server.stop()
    return 0


class _Lab:
    """A JupyterLab of our own: a child process on a port of this machine."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", port: int, token: str, log: Path
    ) -> None:
        self._process = process
        self._port = port
        self._token = token
        self._log = log

    def url(self, notebook: str) -> str:
        """The address of a notebook, with the token that opens it."""
        return f"http://{LOOPBACK}:{self._port}/lab/tree/{quote(notebook)}?token={self._token}"

    def wait_until_ready(self, stop: threading.Event) -> bool:
        """Wait for the first answer; False where a stop signal comes before it."""
        deadline = time.monotonic() + LAB_START
        while not stop.wait(0.1):
            if self._process.poll() is not None:
                self._fail("JupyterLab could not start.")
            if self._answers("GET", "/api"):
                return True
            if time.monotonic() > deadline:
                self._fail(f"JupyterLab did not answer within {LAB_START:.0f} seconds.")
        return False

    def wait_until_ended(self, stop: threading.Event) -> None:
        """Wait until a stop signal comes, or JupyterLab is shut down from its own menu."""
        while not stop.wait(0.2):
            if self._process.poll() is not None:
                if self._process.returncode:
                    self._fail("JupyterLab ended with an error.")
                return

    def stop(self) -> None:
        """Ask JupyterLab to shut down with its kernels; where it doesn't, end it by signals."""
        if self._process.poll() is None and not self._answers("POST", "/api/shutdown"):
            self._process.terminate()  # it can't be asked before it listens
        for harder in (self._process.terminate, self._process.kill):
            try:
                self._process.wait(LAB_STOP)
            except subprocess.TimeoutExpired:
                harder()
        self._process.wait()

    def _fail(self, sentence: str) -> NoReturn:
        last = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]
        sys.exit("\n".join([*last, sentence]))

    def _answers(self, method: str, path: str) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=5)
        try:
            connection.request(method, path, headers={"Authorization": f"token {self._token}"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@contextmanager
def _lab(folder: Path, environment: dict[str, str], port: int) -> Iterator[_Lab]:
    """Start a JupyterLab with the person's own settings; it only doesn't ask about news."""
    token = secrets.token_urlsafe(24)
    with TemporaryDirectory() as own:
        page = Path(own, "labconfig", "page_config.json")
        page.parent.mkdir()
        page.write_text(json.dumps({"disabledExtensions": {NEWS: True}}), encoding="utf-8")
        search = [own, *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
        log = Path(own, "jupyterlab.log")
        with open(log, "wb", opener=_for_the_owner) as output:
            process = subprocess.Popen(  # noqa: S603  # this Python, and arguments of ours
                [
                    *(sys.executable, "-c", LAB, "--no-browser"),
                    f"--ServerApp.ip={LOOPBACK}",
                    f"--ServerApp.port={port}",
                    "--ServerApp.port_retries=0",
                    "--ServerApp.base_url=/",
                    "--ServerApp.allow_root=True",  # a container's user often is root
                    f"--ServerApp.root_dir={folder}",
                ],
                env={
                    **os.environ,
                    **environment,
                    "JUPYTER_CONFIG_PATH": os.pathsep.join(search),
                    # On the command line everybody on the machine could read it.
                    "JUPYTER_TOKEN": token,
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C goes to a terminal's whole group, and this process alone should answer.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        lab = _Lab(process, port, token, log)
        try:
            yield lab
        finally:
            lab.stop()


@contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C, SIGTERM and a closed terminal set, so that all is ended in order."""
    stop = threading.Event()
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _require(*modules: str) -> None:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(f'This needs {" and ".join(missing)}: run pip install "powawidget[demo]" first.')


def _require_free(port: int) -> None:
    try:
        _free_port(port)
    except (OSError, OverflowError) as error:
        sys.exit(f"Port {port} can't be used ({error}): choose another, or leave --port out.")


def _free_port(port: int = 0) -> int:
    with socket.socket() as probe:
        # As servers do it: a port counts as free although its last connection ended just now.
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((LOOPBACK, port))
        free: int = probe.getsockname()[1]
        return free


def _has_screen() -> bool:
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


@contextmanager
def _browser(url: str) -> Iterator[None]:
    """Open an address in the browser, by a file that only its owner can read.

    A browser gets its address on its command line, which everybody on the machine can read, and
    JupyterLab's address holds the token. So the browser gets the name of a file that leads there,
    as Jupyter does it too.
    """
    from jupyter_core.paths import jupyter_runtime_dir  # noqa: PLC0415  # JupyterLab's

    folder = Path(jupyter_runtime_dir())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    page = folder / f"powawidget-{os.getpid()}-open.html"
    page.unlink(missing_ok=True)  # of an earlier process of that number
    address = html.escape(url)
    try:
        with open(page, "x", encoding="utf-8", opener=_for_the_owner) as file:
            file.write(
                '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
                f'<meta http-equiv="refresh" content="0;url={address}">\n'
                "<title>JupyterLab</title>\n"
                f'<p><a href="{address}">Open JupyterLab</a></p>\n'
            )
        # In a thread: some browsers are waited for until they end, and Ctrl-C would wait too.
        threading.Thread(target=webbrowser.open, args=(page.as_uri(),), daemon=True).start()
        yield
    finally:
        page.unlink(missing_ok=True)


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _copy_notebooks() -> Path:
    """The first of the bundled notebooks, in a folder where they can be changed and saved."""
    package = Path(__file__).parent
    places = (package / "notebooks", package.parent / "notebooks")  # the wheel's, a checkout's
    sources = next((found for place in places if (found := sorted(place.glob("*.ipynb")))), [])
    if not sources:
        sys.exit("This installation has no notebooks: name one with --notebook.")
    folder = Path(DEMO_FOLDER).resolve()
    folder.mkdir(exist_ok=True)
    for source in sources:
        if not (folder / source.name).exists():
            shutil.copyfile(source, folder / source.name)
    return folder / sources[0].name


def _say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # flushed: the output may be a pipe


if __name__ == "__main__":
    sys.exit(main())
