"""Changes and the state they fold to, for the TypeScript tests.

`python -m tests.folds js/test/folds` writes one JSON file for each fixture and each
recording of the real service:
`{"name": ..., "batches": [[op, ...], ...], "state": {...}}`. A long stream is written once, with
its changes merged into one batch.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from powawidget.run.finished import NO_SOURCE, of_reused
from powawidget.run.plan import Plan
from powawidget.state.model import RunState, plain
from powawidget.state.ops import Op, merge
from powawidget.widget import page_state
from tests.walk import fixtures, frame, kept, recordings, walk

MOST_BATCHES = 2000
RECORDED = ("agent_", "nostream_", "disconnect_", "orch_", "workflow_")


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
    return _told(path.stem, batches, walked.state)


def withheld() -> dict[str, Any]:
    """Say how a run folds whose arguments are too large for a page, some of them edited."""
    large = {"text": "x" * (page_state.MOST + 1)}
    call = {"tool_name": "t", "arguments": large, "call_id": "c", "step": 1}
    result = {"tool_name": "t", "call_id": "c", "step": 1, "result_preview": "ok"}
    ran = {"tool_name": "t", "step": 1, "result": "ok", "arguments": {"text": "short"}}
    late = {"tool_name": "u", "call_id": "d", "step": 1}
    walked = walk(
        [
            frame("start", run_id="run_1", session_id="s"),
            frame("tool_call", **call),
            frame("approval_requested", tool_name="t", tool_input=large, message="m"),
            frame("tool_result", **result),
            frame("tool_result", **late, result_preview="early"),
            frame("tool_call", **late, arguments=large),
            frame("complete", status="completed", content="", tool_calls=[ran]),
        ]
    )
    return _told("withheld", walked.batches, walked.state)


def anew() -> dict[str, Any]:
    """Say how a run folds that was reused, and then runs anew in the same place."""

    def frames(call: str) -> list[Any]:
        named = {"tool_name": "t", "call_id": call, "step": 1}
        return [
            frame("start", run_id=f"run_{call}", session_id="s"),
            frame("reasoning_delta", step=1, source="thinking", delta=f"Hm, {call}"),
            frame("tool_call", **named, arguments={"a": call}),
            frame("tool_result", **named, result_preview="ok", result="ok"),
            frame("content_delta", delta=f"answer {call}"),
            frame("complete", status="completed", content=f"answer {call}"),
        ]

    plan = Plan(source=NO_SOURCE, name="A", message="hello")
    live = of_reused(walk(frames("first")).state, lambda: plan, plan, "Not paid again.").live
    batches: list[list[Op]] = [[("set", (name,), value) for name, value in live.snapshot().items()]]
    live.subscribers.append(_Collector(batches))
    live.begin_anew(plan.state())
    for event in frames("second"):
        live.receive(event)
    return _told("anew", batches, live.state)


class _Collector:
    """Takes what a page is told."""

    doing = "collected changes"

    def __init__(self, batches: list[list[Op]]) -> None:
        self._batches = batches

    def changed(self, ops: list[Op]) -> None:
        self._batches.append(list(ops))

    def ended(self) -> None:
        """Nothing more is told."""

    recovered = ended


def _told(name: str, batches: list[list[Op]], state: RunState) -> dict[str, Any]:
    """Tell it as a page is told."""
    given = [page_state.changes(batch) for batch in batches]
    return {"name": name, "batches": given, "state": page_state.run(plain(state))}


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for told in (withheld(), anew(), *map(fold, [*fixtures(), *recordings(RECORDED)])):
        written = json.dumps(told, ensure_ascii=False, allow_nan=False)
        (folder / f"{told['name']}.json").write_text(written + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
