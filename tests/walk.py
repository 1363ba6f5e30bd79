"""The way from bytes to a run's state, walked by hand, so that a test sees every step of it."""

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from powawidget.protocol import events as ev
from powawidget.protocol.graph import listed, read_graph
from powawidget.protocol.stored.children import children_of
from powawidget.protocol.stored.execution import logs_of
from powawidget.sse import SSEDecoder
from powawidget.state import values
from powawidget.state.model import NoticePart, RunState, plain
from powawidget.state.ops import Op, apply
from powawidget.state.reduce import reduce

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "tests" / "fixtures"
RECORDED = FIXTURES / "recordings"
BEGIN = 1_700_000_000.0


class Walk(NamedTuple):
    """A run's state, and the changes that each event made."""

    state: RunState
    batches: list[list[Op]]


def payloads(data: bytes, cuts: Iterable[int] = ()) -> Iterator[str]:
    """Decode a stream that arrives in these cuts."""
    decoder = SSEDecoder()
    places = sorted({0, len(data), *cuts})
    for begin, end in itertools.pairwise(places):
        yield from (event.data for event in decoder.feed(data[begin:end]))


def walk(events: Iterable[ev.Event], *, end: bool = True, after: Iterable[ev.Event] = ()) -> Walk:
    """Fold events in, a second apart; then let the body end; then what is learned afterwards."""
    state, batches = RunState(), []
    told = [*events, ev.Ended(), *after] if end else list(events)
    for second, event in enumerate(told):
        ops = reduce(state, event, BEGIN + second)
        apply(state, ops)
        batches.append(ops)
    return Walk(state, batches)


def replayed(data: bytes, cuts: Iterable[int] = ()) -> Walk:
    """Walk the bytes of a stream to the state."""
    return walk(map(ev.read, payloads(data, cuts)))


def companions(path: Path) -> tuple[list[ev.Event], list[ev.Event]]:
    """What the server told beside a stream that is kept: before it, and after its end."""
    file = path.with_suffix(".stored.json")
    stored = json.loads(file.read_bytes()) if file.exists() else {}
    graph = read_graph(stored.get("graph"))
    before: list[ev.Event] = [] if graph is None else [ev.GraphKnown(blocks=listed(graph))]
    after: list[ev.Event] = []
    if "child_runs" in stored:
        after.append(children_of(stored))
    if "block_logs" in stored:
        after.append(logs_of(stored))
    return before, after


def kept(path: Path, cuts: Iterable[int] = (), end: int | None = None) -> Walk:
    """Walk a kept stream to the state, up to a byte, with what came beside it."""
    before, after = companions(path)
    stream = map(ev.read, payloads(path.read_bytes()[:end], cuts))
    return walk([*before, *stream], after=after)


def frame(event: str, /, **fields: Any) -> ev.Event:
    """Read one frame as the server would send it."""
    return ev.read(json.dumps({"event": event, **fields}))


def folded(*events: ev.Event, end: bool = False) -> RunState:
    """The state after these events."""
    return walk(events, end=end).state


def outcome(state: RunState) -> dict[str, Any]:
    """What a run came to, in the words of the expectations beside the fixtures."""
    error = state.error
    return _of_kind(state) | {
        "status": state.status,
        "text": values.text_of(state),
        "reasoning": values.reasoning_of(state),
        "tool_calls": [
            {
                "name": call.name,
                "status": call.status,
                "arguments": call.arguments,
                "result": call.result,
                "asked": call.asked,
            }
            for call in values.tool_calls_of(state)
        ],
        "approvals": [approval.decision for approval in values.approvals_of(state)],
        "notices": [
            part.code
            for part in state.parts
            if isinstance(part, NoticePart)
            for _ in range(part.count)
        ],
        "error": error and {"title": error.title, "message": error.message, "code": error.code},
        "edited": state.edited,
        "usage": state.usage,
        "run_id": state.run_id,
        "session_id": state.session_id,
    }


def _of_kind(state: RunState) -> dict[str, Any]:
    """What an orchestration or a workflow came to beside that."""
    if state.kind == "orchestration":
        return {"delegations": [_delegation(one) for one in values.delegations_of(state)]}
    if state.kind == "workflow":
        blocks = [
            {name: value for name, value in plain(block).items() if name not in {"seconds", "text"}}
            for block in values.blocks_of(state)
        ]
        return {
            "blocks": blocks,
            "output": values.output_of(state),
            "progress": plain(values.progress_of(state)),
        }
    return {}


def _delegation(one: values.Delegation) -> dict[str, Any]:
    return {
        "agent": one.agent,
        "task": one.task,
        "status": one.status,
        "text": one.text,
        "tool_calls": [[call.name, call.status, call.result] for call in one.tool_calls],
        "delegations": [_delegation(inner) for inner in one.delegations],
    }


def fixtures() -> list[Path]:
    """The streams that have an expectation beside them."""
    return sorted(FIXTURES.glob("*.sse"))


def recordings(prefixes: Sequence[str] = ("",)) -> list[Path]:
    """The recordings of the real service."""
    found = sorted(RECORDED.glob("*.sse"))
    return [path for path in found if path.name.startswith(tuple(prefixes))]
