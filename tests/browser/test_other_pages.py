"""A page of somebody else, in the browser in which the notebook is open too."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

# What a page can do to a port of its reader's machine without asking anybody.
TRIES = """async (url) => {
  const told = [];
  const tell = (done, promise) => promise.then(() => told.push(done), () => told.push("failed"));
  const body = "x".repeat(10_000_000);
  const json = new Blob(['{"message": "haiku"}'], { type: "text/plain" });
  const agent = "/api/agents/00000000-0000-4000-8000-000000000000/run/stream";
  for (const path of ["/x", "/", "/health", agent]) {
    await tell("sent", fetch(url + path, { method: "POST", mode: "no-cors", body }));
  }
  await tell("sent", fetch(url + agent, { method: "POST", mode: "no-cors", body: json }));
  for (const path of ["/", "/health", "/api/agents"]) {
    await tell("read", fetch(url + path));
    await tell("read", fetch(url + path, { headers: { apikey: "x", Authorization: "Bearer x" } }));
  }
  await tell("open", new Promise((opened, failed) => {
    const socket = new WebSocket(url.replace("http", "ws") + "/api/agents");
    socket.onopen = opened;
    socket.onerror = failed;
  }));
  return told;
}"""


class Elsewhere(BaseHTTPRequestHandler):
    """A site with one empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Another origin, and another site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_page_of_another_site_gets_nothing_in_and_nothing_out(
    browser: Browser, powabase: Any, elsewhere: str
) -> None:
    known = powabase.requests
    context = browser.new_context()
    page = context.new_page()
    page.goto(elsewhere)
    assert page.evaluate(TRIES, powabase.url) == ["sent"] * 5 + ["failed"] * 7
    context.close()
    assert powabase.requests == known
