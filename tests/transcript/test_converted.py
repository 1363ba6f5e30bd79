"""A notebook that was run without a page, converted: the answer is in it, and nothing that acts."""

import re
from collections.abc import Iterator
from typing import Any

import nbclient
import nbformat
import pytest
from nbconvert import HTMLExporter, MarkdownExporter

from powawidget.transcript import style
from tests.counterpart import start

PRINT = f"<style>{style.PRINT}</style>"
ANSWER = "Late orders by region and carrier"
CELLS = [
    "import powawidget as pw\npb = pw.connect()",
    'pb.agent("Analyst").run("Which orders are late, by region and carrier?").wait()',
]


@pytest.fixture(scope="module", params=[False, True], ids=["without state", "with state"])
def executed(request: pytest.FixtureRequest) -> Iterator[tuple[Any, str]]:
    """The notebook as nbclient leaves it, and the key that it ran with."""
    with start(tokens_per_second=2000) as server:
        setting = f"import os\nos.environ.update(POWABASE_URL={server.url!r})"
        key = f"os.environ.update(POWABASE_API_KEY={server.key!r})"
        notebook: Any = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in [f"{setting}\n{key}", *CELLS]]
        )
        nbclient.NotebookClient(
            notebook, timeout=90, kernel_name="python3", store_widget_state=request.param
        ).execute()
        notebook.cells[0].source = ""  # the test's own way to hand the key over
        assert ("widgets" in notebook.metadata) == request.param
        yield notebook, server.key


def test_the_state_that_is_saved_is_the_final_one(executed: tuple[Any, str]) -> None:
    notebook, _ = executed
    for widgets in notebook.metadata.get("widgets", {}).values():
        (state,) = [
            model["state"]["_state"]["state"]
            for model in widgets["state"].values()
            if "_state" in model["state"]
        ]
        assert state["status"] == "completed"
        assert ANSWER in str(state["parts"])


def test_as_html_it_reads_well_and_does_nothing(executed: tuple[Any, str]) -> None:
    notebook, key = executed
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    # The view and the saved state stand in elements of their own, as JSON that runs nothing.
    json = r'<script type="application/vnd\.jupyter\.widget.*?</script>'
    rest = re.sub(json, "", page, flags=re.DOTALL)
    transcript = rest[rest.index("powawidget-transcript") :]
    assert ANSWER in transcript
    # The one rule of ours, for print, is exactly itself.
    assert transcript.count(PRINT) == 1
    transcript = transcript.replace(PRINT, "")
    assert re.search(r"<(script|iframe|img|link|style)\b", transcript) is None
    assert key not in page


def test_as_markdown_it_reads_well(executed: tuple[Any, str]) -> None:
    notebook, key = executed
    text, _ = MarkdownExporter().from_notebook_node(notebook)
    assert ANSWER in text
    assert "database_query" in text
    assert key not in text


def test_the_key_is_nowhere_in_the_file(executed: tuple[Any, str]) -> None:
    notebook, key = executed
    assert key not in nbformat.writes(notebook)
