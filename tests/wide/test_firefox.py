"""JupyterLab in Firefox: runs, an approval past a busy kernel, a board, a page loaded again."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.browser import firefox
from tests.browser.lab import SHOTS, start_lab
from tests.environments import modules_of

pytestmark = pytest.mark.timeout(600)

SCRIPT = Path(__file__).with_suffix("").with_name("firefox.mjs")
CELLS = [
    """import pathlib, time
import powawidget as pw
pb = pw.connect("local")
run = pb.agent("Analyst").run("Which orders are late, by region and carrier?")
run""",
    """gated = pb.agent("Operator").run("Raise the price of the best seller by 5%")
gated""",
    # Blocks the kernel until the click got through, or for good.
    """end = time.monotonic() + 120
while not (gated.approvals and gated.approvals[0].decision == "approved"):
    assert time.monotonic() < end, "no click came while the cell ran"
    time.sleep(0.05)
pathlib.Path("clicked").write_text(gated.approvals[0].by or "")""",
    'batch = pb.agent("Analyst").map([{"id": 1, "q": "Which orders are late?"}], "{q}")\nbatch',
    'pw.compare({"a": run, "b": run})',
]


def test_a_notebook_in_firefox(tmp_path: Path) -> None:
    program = firefox.find()
    assert program is not None, "run `make firefox`"
    SHOTS.mkdir(exist_ok=True)
    with start_lab(tmp_path, {}) as lab:
        lab.write_notebook("firefox.ipynb", CELLS)
        address = f"{lab.url}/lab/tree/firefox.ipynb?token={lab.token}"
        done = subprocess.run(
            ["node", SCRIPT, modules_of("firefox"), program, address, SHOTS / "firefox.png"],
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        saw = json.loads(done.stdout)
        assert (lab.root / "clicked").read_text() == "click"

    first, again = saw["first"], saw["again"]
    assert saw["problems"] == []
    assert first["coloured"] > 0
    assert first["formulas"] >= 5
    assert first["statuses"] == ["Done"] * 4
    assert "left after their due date" in first["text"]
    assert again["text"] == first["text"]
    assert again["colour"] == first["colour"]
