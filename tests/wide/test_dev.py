"""The front end from its sources, as whoever works on it has it in JupyterLab."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser import chromium
from tests.browser.conftest import CHROMIUM_ARGUMENTS
from tests.browser.lab import start_lab

ROOT = Path(__file__).parents[2]
LONG = 60_000
RUN = """import powawidget as pw
pw.replay(b'data: {"event": "complete", "status": "completed", "content": "Hello."}\\n\\n')"""


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a browser of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(playwright.chromium.executable_path),
            args=CHROMIUM_ARGUMENTS,
        )
        yield browser.new_context().new_page()
        browser.close()


@contextmanager
def developing(clone: Path) -> Iterator[None]:
    """Run `npm run dev` there until the end."""
    command = ["node", "dev.mjs"]
    with subprocess.Popen(command, cwd=clone / "js", stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert "restart the kernel once" in process.stdout.readline()
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def test_a_change_of_a_source_is_in_jupyterlab_when_its_page_is_loaded_again(
    tmp_path: Path, page: Page
) -> None:
    clone, folder = tmp_path / "clone", tmp_path / "work"
    left_out = shutil.ignore_patterns("node_modules", "__pycache__")
    for part in ("powawidget", "js"):
        shutil.copytree(ROOT / part, clone / part, ignore=left_out)
    (clone / "js" / "node_modules").symlink_to((ROOT / "js" / "node_modules").resolve())
    folder.mkdir()
    static = clone / "powawidget" / "static"
    built = (static / "loader.js").read_bytes()

    with developing(clone), start_lab(folder, {"PYTHONPATH": str(clone)}) as lab:
        assert (static / "widget.js").stat().st_mtime == 0, "make must build it anew"
        lab.write_notebook("dev.ipynb", [RUN])
        lab.open(page, "dev.ipynb")
        lab.run_all(page)
        expect(page.locator(".pw-status")).to_have_text("Done", timeout=LONG)
        lab.wait_idle(page)

        scripts: list[str] = []
        session = page.context.new_cdp_session(page)
        session.on("Debugger.scriptParsed", lambda script: scripts.append(script["sourceMapURL"]))
        session.send("Debugger.enable")
        assert "widget.js.map" in scripts

        words = clone / "js" / "src" / "text" / "words.ts"
        words.write_text(words.read_text().replace('"Done"', '"Brought to an end"'))
        served = clone / "js" / "dev" / "widget.js"
        while "Brought to an end" not in served.read_text():
            page.wait_for_timeout(100)
        lab.reload(page)
        expect(page.locator(".pw-status")).to_have_text("Brought to an end", timeout=LONG)

    assert (static / "loader.js").read_bytes() == built
    assert (static / "widget.js").stat().st_mtime > 0
