"""The notebooks, run from top to bottom without a person.

`python -m tests.notebooks` runs them and writes their outputs into the files: their transcripts are
what a reader sees who has no kernel.
"""

import os
import pathlib
import sys
from typing import Any

import nbclient
import nbformat

FOLDER = pathlib.Path(__file__).parents[1] / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"

# A person reads along and has time to click; nobody watches a test. Of two open requests the older
# takes the decision at its deadline only.
QUICKLY = """
import powawidget.local as local
from tests.counterpart import start
local.LocalServer = lambda: start(tokens_per_second=2000, deadlines={"Operator": 8})
"""
AFTER_A_WHILE = ("asyncio.sleep(20)", "asyncio.sleep(0.5)")


def run(path: pathlib.Path, *, quickly: bool = False) -> Any:
    """Run a notebook in a kernel of its own.

    Args:
        path: The notebook.
        quickly: Whether nothing waits for a reader.

    Returns:
        The notebook with its outputs, without what only a live kernel can show.
    """
    notebook: Any = nbformat.read(path, as_version=4)
    kernel = {**os.environ, "PYTHONPATH": str(FOLDER.parent)}
    kernel.pop("POWABASE_URL", None)
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", store_widget_state=False
    )
    if quickly:
        for cell in notebook.cells:
            cell.source = cell.source.replace(*AFTER_A_WHILE)
        notebook.cells.insert(0, nbformat.v4.new_code_cell(QUICKLY))
    client.execute(env=kernel)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
    return notebook


def main() -> None:
    """Run every notebook, or those that are named."""
    for path in [FOLDER / name for name in sys.argv[1:]] or sorted(FOLDER.glob("*.ipynb")):
        notebook = run(path)
        nbformat.write(notebook, path)
        sys.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
