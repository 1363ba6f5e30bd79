"""The notebooks run from top to bottom, and as they are committed they read without a kernel."""

import difflib
import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.notebooks import FOLDER, WIDGET, run

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def rounded(number: re.Match[str]) -> str:
    return str(round(float(number[0]), 4))


# What differs from run to run or from machine to machine, and what stands for it in a comparison.
FOR_ANY_RUN: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    # Where the time went: a wait has a row from a moment on only, and so has all of it.
    (r"(?s)<details[^>]*>\s*<summary[^>]*>Where the time went.*?</details>", ""),
    (r"- Where the time went.*(\n(  .*)?)*", ""),
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d( [A-Z]{2,5}\b| [+-]\d{2,4}\b)?", "MOMENT"),
    (r"\b\d\d:\d\d:\d\d\b", "MOMENT"),
    (r"(<|&lt;)?\b\d+(\.\d)? (ms|s|min|h)\b( \d+ (s|min)\b)*", "DURATION"),
    # How much longer one side took than another.
    (r"DURATION\s*(<span[^>]*>\s*)?\([+\u2212][^)]*\)(\s*</span>)?", "DURATION"),
    # How long somebody thought is said from a moment on only.
    ("Thought for DURATION", "Thought"),
    (r'(<span style="[^"]*">[━─]*</span>)+|[━─]+', "BAR"),
    (r"\brun_[0-9a-f]{12}\b", "RUN"),
    (r"\bsess_(?:[0-9a-f]{40}|[0-9a-f]{12})\b", "SESSION"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID"),
    (r"\b127\.0\.0\.1:\d+\b", "HOST"),
    (r"\bpowawidget-[0-9a-f]{16}\b", "MARK"),
    # Versions of SQLite add up floats in ways of their own.
    (r"\b\d+\.\d{6,}\b", rounded),
]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_without_a_person(path: Path) -> None:
    fresh = run(path, quickly=True)  # raises where a cell does
    committed = json.loads(path.read_text())
    lines = difflib.unified_diff(
        transcripts(committed), transcripts(fresh), "as committed", "as it is now", n=1, lineterm=""
    )
    changes = "\n".join(itertools.islice(lines, 50))
    assert not changes, (
        f"The outputs in {path.name} are stale. Where the change is meant, "
        f"`python -m tests.notebooks {path.name}` brings them up to date.\n{changes}"
    )


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
    """The lines of a notebook's transcripts as any run would write them.

    Of html, every element begins a line; where nothing stands is no line.
    """
    lines: list[str] = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = {kind: "".join(text) for kind, text in output.get("data", {}).items()}
            if "powawidget-transcript" in data.get("text/html", ""):
                for kind, text in sorted(data.items()):
                    lines += [kind, *of_any_run(text).replace("<", "\n<").splitlines()]
    return [line for line in lines if line.strip()]


def of_any_run(text: str) -> str:
    for pattern, instead in FOR_ANY_RUN:
        text = re.sub(pattern, instead, text)
    return text
