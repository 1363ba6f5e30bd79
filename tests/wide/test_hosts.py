"""Hosts with a widget manager of their own, on a real kernel: VS Code's, and frames as Colab's."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect, sync_playwright

from tests.browser import chromium
from tests.browser.conftest import CHROMIUM_ARGUMENTS
from tests.browser.lab import LOOPBACK, SHOTS
from tests.environments import modules_of
from tests.wide.conftest import Serve, free_port

pytestmark = pytest.mark.timeout(600)

LONG = 60_000
HOSTS = Path(__file__).with_name("hosts")
RUN = """import powawidget as pw, time
pb = pw.connect("local")
run = pb.agent("Analyst").run("Which orders are late, by region and carrier?")
run"""
GATED = """gated = pb.agent("Operator").run("Raise the price of the best seller by 5%")
gated"""
BUSY = """end = time.monotonic() + 120
while not (gated.approvals and gated.approvals[0].decision == "approved"):
    assert time.monotonic() < end, "no click came while the cell ran"
    time.sleep(0.05)
assert gated.approvals[0].by == "click"
"""
BOARD = """batch = pb.agent("Analyst").map([{"id": 1, "q": "Which orders are late?"}], "{q}")
batch"""
View = Page | FrameLocator


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(playwright.chromium.executable_path),
            args=CHROMIUM_ARGUMENTS,
        )
        page = browser.new_page(viewport={"width": 900, "height": 1000})
        page.set_default_timeout(LONG)
        yield page
        browser.close()


@pytest.fixture
def opened(serve: Serve, page: Page, tmp_path: Path) -> Callable[[str], list[str]]:
    """Open a host's page on a kernel; gives what goes wrong there from then on."""

    def start(host: str) -> list[str]:
        share = Path(sys.prefix) / "share" / "jupyter"
        static = tmp_path / "static"
        build = ["node", HOSTS / "build.mjs", modules_of(host), share, static]
        subprocess.run(build, check=True)
        port, token = free_port(), "token"
        own = {f"JUPYTER_{n}_DIR": str(tmp_path / n) for n in ("CONFIG", "DATA", "RUNTIME")}
        serve(
            [
                *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
                *(f"--ServerApp.port={port}", f"--IdentityProvider.token={token}"),
                f"--ServerApp.extra_static_paths={static}",
                f"--ServerApp.root_dir={tmp_path}",
            ],
            {**os.environ, **own},
            f"http://{LOOPBACK}:{port}/api",
        )
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: said.type == "error" and problems.append(said.text))
        page.goto(f"http://{LOOPBACK}:{port}/static/{host}.html?token={token}")
        page.wait_for_selector("body[data-ready]", state="attached")
        return problems

    return start


def run(page: Page, code: str) -> None:
    """Run a cell to its end."""
    assert page.evaluate("code => window.run(code, crypto.randomUUID())", code) == "ok"


def nth_view(page: Page, host: str, index: int) -> View:
    """Where the view of the cell is that was the `index`th to show one."""
    if host == "vscode":
        return page
    return page.frame_locator("iframe[data-view='true']").nth(index)


@pytest.mark.parametrize("host", ["vscode", "colab"])
def test_runs_an_approval_past_a_busy_kernel_and_a_board(
    page: Page, opened: Callable[[str], list[str]], host: str
) -> None:
    problems = opened(host)
    run(page, RUN)
    first = nth_view(page, host, 0).locator(".pw").first
    expect(first.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    expect(first.locator("math")).to_have_count(5)
    run(page, GATED)
    gated = nth_view(page, host, 1).locator(".pw").last
    approve = gated.get_by_role("button", name="Approve")
    approve.hover()  # it is armed in sight alone
    expect(approve).to_be_enabled(timeout=LONG)
    page.evaluate("code => { window.busy = window.run(code, 'busy'); }", BUSY)
    approve.click()
    assert page.evaluate("window.busy") == "ok"
    expect(gated.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    run(page, BOARD)
    board = nth_view(page, host, 2).locator(".pw").last
    expect(board.locator(".pw-status").first).to_have_text("Done", timeout=LONG)
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{host}.png", full_page=True)
    assert problems == []
