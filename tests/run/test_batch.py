"""Notebooks that programs run, with nobody at them: papermill, and nbclient's own command.

What each leaves is what people open later: it is read from the file that it wrote.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.counterpart import Agent, Counterpart, Pause, Say, Script, start

pytestmark = pytest.mark.timeout(600)

WATCHDOG = 240  # seconds, fewer than the server's deadline for an approval
COMMANDS = Path(sys.executable).parent
CONNECT = "import powawidget as pw\npb = pw.connect()"
QUESTION = "Which orders are late, by region and carrier?"
ANSWER = "Late orders by region and carrier"
RAISE = 'pb.agent("Operator").run("Raise the price of the best seller by 5%"'
TRANSCRIPT = {"text/html", "text/markdown", "text/plain"}
PROGRAMS = {
    "papermill": ["papermill", "in.ipynb", "out.ipynb", "--no-progress-bar"],
    "nbclient": ["jupyter-execute", "in.ipynb", "--output=out.ipynb"],
}


def stays_silent(_: Any) -> Script:
    yield Say("I begin.")
    yield Pause(float("inf"))


@pytest.fixture(scope="module")
def powabase() -> Iterator[Counterpart]:
    with start(
        tokens_per_second=2000, agents=[Agent(name="Staller", script=stays_silent)]
    ) as server:
        yield server


class Executed:
    """A notebook that a program has run.

    Attributes:
        process: How the program ended, and what it said.
        cells: The code cells of the file that it wrote; none where it wrote none.
    """

    def __init__(
        self, program: list[str], folder: Path, powabase: Counterpart, cells: list[str]
    ) -> None:
        written = [nbformat.v4.new_code_cell(cell) for cell in cells]
        written[0].metadata["tags"] = ["parameters"]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(
            nbformat.v4.new_notebook(cells=written, metadata={"kernelspec": kernel}),
            folder / "in.ipynb",
        )
        own = {"POWABASE_URL": powabase.url, "POWABASE_API_KEY": powabase.key}
        self.process = subprocess.run(
            [COMMANDS / program[0], *program[1:]],
            cwd=folder,
            env={**os.environ, **own, "IPYTHONDIR": str(folder / "ipython")},
            capture_output=True,
            text=True,
            timeout=WATCHDOG,
            check=False,
        )
        assert powabase.key not in self.process.stdout + self.process.stderr
        file = folder / "out.ipynb"
        self.cells: list[Any] = []
        if file.exists():
            assert powabase.key not in file.read_text()
            self.cells = nbformat.read(file, as_version=4).cells

    def cell(self, source: str) -> Any:
        """The cell that holds a text."""
        (found,) = [cell for cell in self.cells if source in cell.source]
        return found

    def transcript(self, source: str) -> dict[str, str]:
        """The one transcript that stands in the cell that holds a text."""
        bundles = [output.get("data", {}) for output in self.cell(source).outputs]
        (found,) = [bundle for bundle in bundles if set(bundle) == TRANSCRIPT]
        return dict(found)

    def printed(self, source: str) -> str:
        """What the cell that holds a text has printed."""
        outputs = self.cell(source).outputs
        return "".join(one.text for one in outputs if one.output_type == "stream")


def decisions(powabase: Counterpart) -> list[Any]:
    return [body for _, path, body in powabase.requests if path.endswith("/approve")]


def starts(powabase: Counterpart) -> list[Any]:
    return [body for _, path, body in powabase.requests if path.endswith("/stream")]


# Several runs of all kinds in one notebook: to start a program and its kernel takes longest.
POLICY = "pw.policy(allow=['database_write'], name='small writes')"
GOES_WELL = [
    f"question = {QUESTION!r}\nrounds = 2",
    f'{CONNECT}\nrun = pb.agent("Analyst").run(question)\nrun',
    "run.wait()\nprint(run.status, len(run.tool_calls))",
    "runs = [pb.agent('Analyst').run(question) for _ in range(rounds)]",
    "for each in runs:\n    print(each.wait(display=False).status)",
    "runs[0]  # shown when it is over",
    "runs[-1]  # likewise",
    f"asked = {RAISE}, on_approval={POLICY})\nasked.wait()",
    "print(asked.status, asked.approvals[0].by)",
    'import time\nsilent = pb.agent("Staller").run("hello")\n'
    "while not silent.text:\n    time.sleep(0.01)\nsilent",
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_notebook_that_goes_well(program: str, tmp_path: Path, powabase: Counterpart) -> None:
    before = len(decisions(powabase))
    given = []
    cells = list(GOES_WELL)
    if program == "papermill":
        # The cell that papermill injects has no run of its own, and closes none.
        given = ["-p", "question", QUESTION, "-p", "rounds", "2"]
        cells[0] = "question = 'nothing'\nrounds = 1"
    done = Executed([*PROGRAMS[program], *given], tmp_path, powabase, cells)
    assert done.process.returncode == 0, done.process.stderr

    # The transcript is in the cell that showed the run, also where another one waited for it.
    for kind in ("text/html", "text/markdown"):
        text = done.transcript("\nrun = ")[kind]
        for said in (QUESTION, ANSWER, "database_query", "Done"):
            assert said in text, (kind, said)
        assert "under way" not in text
    assert done.printed("run.wait()") == "completed 2\n"

    assert done.printed("each.wait(") == "completed\n" * 2
    for source in ("runs[0]", "runs[-1]"):
        transcript = done.transcript(source)["text/markdown"]
        assert QUESTION in transcript
        assert ANSWER in transcript

    # With a policy it goes on, and the file says who decided.
    assert done.printed("asked.status") == "completed policy: small writes\n"
    assert decisions(powabase)[before:] == [{"approved": True}]
    for text in (done.transcript("asked.wait()")[kind] for kind in ("text/html", "text/markdown")):
        assert "Approved by policy" in text
        assert "small writes" in text

    # The program ends though a run of it hasn't, and the run with it.
    transcript = done.transcript("Staller")["text/markdown"]
    assert "I begin." in transcript
    assert "what came later isn't in this file" in transcript
    end = time.monotonic() + WATCHDOG
    while powabase.open_streams:
        assert time.monotonic() < end, "a stream outlived its kernel"
        time.sleep(0.05)


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_a_policy_the_wait_for_a_decision_ends_the_notebook(
    program: str, tmp_path: Path, powabase: Counterpart
) -> None:
    """Nobody can click: it is said before the server's deadline, and nothing is decided."""
    before, posts = len(decisions(powabase)), len(starts(powabase))
    cells = [
        "amount = 5",
        f"{CONNECT}\nrows = ['Raise the price', 'Lower the price']",
        'try:\n    pb.agent("Operator").map(rows).wait()\n'
        "except pw.ApprovalNeeded as needed:\n    print('Told:', needed)",
        f"run = {RAISE})\nrun.wait()",
        "print('never run')",
    ]
    done = Executed(PROGRAMS[program], tmp_path, powabase, cells)
    assert done.process.returncode != 0
    assert "ApprovalNeeded" in done.process.stderr
    assert "on_approval=powawidget.policy(" in done.process.stderr
    assert len(decisions(powabase)) == before
    assert len(starts(powabase)) == posts + 1  # of the run; of the batch nothing was sent
    if program == "papermill":  # the other writes no file where a cell fails
        assert "nothing was sent. Pass a policy: map(" in done.printed("Told:")
        held = done.transcript("Told:")["text/markdown"]
        assert "Not started" in held
        assert "nothing is sent before a page shows this batch" in held
        asked = done.cell("run.wait()")
        assert [one.ename for one in asked.outputs if one.output_type == "error"] == [
            "ApprovalNeeded"
        ]
        transcript = done.transcript("run.wait()")["text/markdown"]
        assert "database_write" in transcript
        assert "what came later isn't in this file" in transcript
        assert done.cell("never run").outputs == []
