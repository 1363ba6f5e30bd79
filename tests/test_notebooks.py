"""The notebooks run from top to bottom, and as they are committed they read without a kernel."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.notebooks import FOLDER, WIDGET, run

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.mark.timeout(240)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_without_a_person(path: Path) -> None:
    notebook = run(path)  # raises where a cell does
    assert transcripts(notebook) == transcripts(json.loads(path.read_text()))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_committed_reads_without_a_kernel(path: Path) -> None:
    text = path.read_text()
    notebook = json.loads(text)
    assert transcripts(notebook), (
        "it was committed without outputs: run `python -m tests.notebooks`"
    )
    assert WIDGET not in text
    assert "<script" not in text
    assert "widgets" not in notebook["metadata"]


def transcripts(notebook: Any) -> list[str]:
    """Of what a notebook holds transcripts, in order, by their first words."""
    return [
        "".join(output["data"]["text/plain"])
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if "powawidget-transcript" in "".join(output.get("data", {}).get("text/html", ""))
    ]
