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


def run(path: pathlib.Path) -> Any:
    """Run a notebook in a kernel of its own, as it stands.

    Returns:
        The notebook with its outputs, without what only a live kernel can show.
    """
    notebook: Any = nbformat.read(path, as_version=4)
    kernel = {**os.environ, "PYTHONPATH": str(FOLDER.parent)}
    kernel.pop("POWABASE_URL", None)
    nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", store_widget_state=False
    ).execute(env=kernel)
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
