"""A page of its own for hostile texts, from a server that protects it from nothing."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Request

from powawidget.widget.assets import module

FOLDER = Path(__file__).parents[1] / "hostile"
ROOT = FOLDER.parents[1]
STATIC = ROOT / "powawidget" / "static"
MARKED = ROOT / "js" / "node_modules" / "marked" / "lib" / "marked.esm.js"

# What is out of sight has a height that is only guessed until it is seen, and is cut to that: here
# all is as it is in sight.
PAGE = """<!doctype html><meta charset="utf-8"><title>secret</title>
<link rel="icon" href="data:,"><div id="place"></div>
<style>.pw .pw-stretch{{content-visibility:visible}}</style>
<script type="module" src="/{name}.js"></script>"""


@dataclass(frozen=True)
class Hostile:
    """One text; `where` it stands in a run: answer, tool_name, arguments, result, ..."""

    name: str
    category: str
    where: str
    text: str | list[tuple[str, int]]


def corpus() -> list[Hostile]:
    """All texts, by category."""
    entries: list[dict[str, Any]] = []
    for path in sorted(FOLDER.glob("*.json")):
        entries += json.loads(path.read_text(encoding="utf-8"))
    return [Hostile(**entry) for entry in entries]


@dataclass
class HostileServer:
    """Serves the page, and notes whatever else is asked of it."""

    port: int = 0
    leaks: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def _content(path: str) -> tuple[str, bytes] | None:
    script = "text/javascript"
    found = module(path.removeprefix("/modules/")) if path.startswith("/modules/") else None
    if found is not None:
        return "text/plain", found[1].encode()
    match path:
        case "/":
            return "text/html", PAGE.format(name="page").encode()
        case "/naive":
            return "text/html", PAGE.format(name="naive").encode()
        case "/empty":
            return "text/html", b"<!doctype html><title>a page of its own</title>"
        case "/corpus.json":
            return "application/json", json.dumps([vars(entry) for entry in corpus()]).encode()
        case "/modules.json":
            folder = STATIC / "modules"
            names = [file.stem for file in folder.glob("*.b91")]
            hashes = {name: found[0] for name in names if (found := module(name)) is not None}
            return "application/json", json.dumps(hashes).encode()
        case "/widget.js":
            return script, (STATIC / "widget.js").read_bytes()
        case "/marked.js":
            return script, MARKED.read_bytes()
        case "/page.js" | "/oracle.js" | "/texts.js" | "/naive.js":
            return script, (FOLDER / path[1:]).read_bytes()
    return None


@contextmanager
def start_server() -> Iterator[HostileServer]:
    """Serve on a port of the loopback interface, without any policy of what a page may load."""
    noted = HostileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = _content(self.path)
            if found is None:
                noted.leaks.append(self.path)
            kind, body = found or ("text/plain", b"")
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  # the library's name

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    noted.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield noted
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@dataclass
class Watched:
    """A page, and what happened on it that nobody but a text can have wanted."""

    page: Page
    events: list[str] = field(default_factory=list)

    def take(self) -> list[str]:
        """What happened since the last time."""
        taken = list(self.events)
        self.events.clear()
        return taken


@contextmanager
def watched(browser: Browser, server: HostileServer, path: str) -> Iterator[Watched]:
    """Open a page in a context of its own."""
    context = browser.new_context(viewport={"width": 900, "height": 900})
    try:
        yield _watched(context, server, path)
    finally:
        context.close()


def _watched(context: BrowserContext, server: HostileServer, path: str) -> Watched:
    context.add_init_script(path=FOLDER / "traps.js")
    page = context.new_page()
    watched = Watched(page)
    page.goto(server.url + path)
    # by the clock: the page paints when it is told to
    page.wait_for_function("window.hostile !== undefined", polling=50)

    def on_request(request: Request) -> None:
        own = request.url.removeprefix(server.url)
        if not request.url.startswith(("data:", "blob:")) and _content(own) is None:
            watched.events.append(f"request: {request.url}")

    context.on("request", on_request)
    context.on("page", lambda _: watched.events.append("window: a new one"))
    page.on("framenavigated", lambda frame: watched.events.append(f"navigation: {frame.url}"))
    page.on("dialog", lambda dialog: (watched.events.append("script: a dialog"), dialog.dismiss()))
    page.on("pageerror", lambda error: watched.events.append(f"error: {error}"))
    page.on(
        "console",
        lambda said: watched.events.append(f"error: {said.text}") if said.type == "error" else None,
    )
    return watched
