"""Which run this is: its kind, its ids, and the sources of its answer."""

from typing import Any

from powawidget.protocol.events import Started
from powawidget.protocol.events.bounds import LISTED, SENTENCES, cut
from powawidget.state.model import Citation, RunState, plain
from powawidget.state.ops import Op

_ORCHESTRATION_ID = "orch_run_"


def is_fresh(run: RunState) -> bool:
    """Tell a run of which nothing is known yet, not even of which kind it is."""
    return run.kind == "agent" and run.run_id is None and not run.parts


def start(run: RunState, event: Started) -> list[Op]:
    """Note the ids that the server gave the run."""
    ops = names(run, event.run_id, event.session_id)
    if event.run_id and event.run_id.startswith(_ORCHESTRATION_ID) and run.kind == "agent":
        ops.append(("set", ("kind",), "orchestration"))
    if event.citations:
        ops.append(("set", ("citations",), citations(event.citations)))
    return ops


def names(run: RunState, run_id: str | None, session_id: str | None) -> list[Op]:
    """Set the ids that are known and new."""
    ops: list[Op] = []
    if run_id and run_id != run.run_id:
        ops.append(("set", ("run_id",), run_id))
    if session_id and session_id != run.session_id:
        ops.append(("set", ("session_id",), session_id))
    return ops


def mark_workflow(run: RunState) -> list[Op]:
    """Note that a run is a workflow's, where only its frames show it."""
    return [] if run.kind == "workflow" else [("set", ("kind",), "workflow")]


def citations(listed: list[Any]) -> list[dict[str, Any]]:
    """Read the sources that an answer refers to."""
    cited: list[dict[str, Any]] = [
        plain(
            Citation(
                key=cut(str(item.get("key") or index + 1)),
                source=cut(str(item.get("source_name") or "")),
                excerpt=cut(str(item.get("text_excerpt") or ""), SENTENCES),
            )
        )
        for index, item in enumerate(listed[:LISTED])
        if isinstance(item, dict)
    ]
    if len(listed) > LISTED:
        cited.append(plain(Citation(key="…", source=f"{len(listed) - LISTED:,} more sources")))
    return cited
