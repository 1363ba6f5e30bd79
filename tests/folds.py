"""Changes and the state they fold to, for the TypeScript tests.

`python -m tests.folds js/test/folds` writes one JSON file for each fixture, and for each
recording of the real service where those lie beside the project:
`{"name": ..., "batches": [[op, ...], ...], "state": {...}}`. A long stream is written once, with
its changes merged into one batch.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from powawidget.ops import merge
from powawidget.state import plain
from tests.street import captures, fixtures, kept

MOST_BATCHES = 2000
RECORDED = ("agent_", "nostream_", "two_workers_", "disconnect_", "orch_", "workflow_")


def fold(path: Path) -> dict[str, Any]:
    """Say how a stream's changes fold to its state.

    Args:
        path: A `.sse` file.

    Returns:
        Its name, the changes in batches and the state, as plain JSON values.
    """
    walked = kept(path)
    batches = [batch for batch in walked.batches if batch]
    if len(batches) > MOST_BATCHES:
        batches = [merge([op for batch in batches for op in batch])]
    return {"name": path.stem, "batches": batches, "state": plain(walked.state)}


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for path in [*fixtures(), *captures(RECORDED)]:
        told = json.dumps(fold(path), ensure_ascii=False, allow_nan=False)
        (folder / f"{path.stem}.json").write_text(told + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
