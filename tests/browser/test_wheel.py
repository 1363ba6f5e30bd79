"""The built wheel, installed where nothing else is, in a JupyterLab of its own."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from uv import find_uv_bin

from tests.browser.lab import start_lab

ROOT = Path(__file__).parents[2]
CELLS = [
    'import powawidget as pw\npb = pw.connect("local")\nprint(pw.__file__)',
    'run = pb.agent("Analyst").run("Which orders are late, by region and carrier?")\nrun',
    "run.wait()\nprint(run.tool_calls[0].status, len(run.text) > 500)",
]


@pytest.mark.timeout(600)  # uv may have to fetch JupyterLab
def test_the_wheel_shows_a_live_run_in_a_bare_environment(browser: Browser, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--installer=uv", "--wheel", "--outdir"]
    subprocess.run([*build, tmp_path / "dist", ROOT], check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    uv, python = find_uv_bin(), tmp_path / "bare" / "bin" / "python"
    make = [uv, "venv", "-q", "--python", sys.executable, tmp_path / "bare"]
    subprocess.run(make, check=True, capture_output=True)
    install = [uv, "pip", "install", "-q", "--python", python]
    subprocess.run([*install, f"{wheel}[demo]"], check=True, capture_output=True)
    (tmp_path / "lab").mkdir()
    with start_lab(tmp_path / "lab", {}, python=str(python)) as lab:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        lab.watch(page)
        lab.write_notebook("wheel.ipynb", CELLS)
        lab.open(page, "wheel.ipynb")
        lab.run_all(page)
        widget = page.locator(".pw")
        expect(widget.locator(".pw-status")).to_have_text("Done", timeout=60_000)
        lab.wait_idle(page)
        expect(lab.output(page, 0)).to_contain_text(str(tmp_path / "bare"))
        expect(lab.output(page, 2)).to_contain_text("done True")
        expect(widget.locator(".pw-card")).to_have_count(2)
        assert lab.problems(page) == []
        context.close()
