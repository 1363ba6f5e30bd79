"""The rules for the blocks of a workflow (docs/protocol.md#block-order and #skipped-blocks)."""

from powawidget.protocol.events import (
    BlockChunk,
    BlockCompleted,
    BlockFailed,
    BlockOutput,
    BlockStarted,
    GraphKnown,
    StoredBlock,
    StoredBlocks,
)
from powawidget.state.index import index_of
from powawidget.state.model import Block, BlockStatus, RunState, RunStatus, plain
from powawidget.state.ops import Op
from powawidget.state.reduce.tools import same_json

_OPEN = frozenset({"pending", "running"})
# Whether a block was skipped is known only once the workflow has ended.
_CLOSED_AS: dict[RunStatus, dict[str, BlockStatus]] = {
    "completed": {"running": "done", "pending": "skipped"},
    "failed": {"running": "failed", "pending": "not_reached"},
    "stopped": {"running": "interrupted", "pending": "not_reached"},
    "interrupted": {"running": "interrupted", "pending": "not_reached"},
}
_NOT_SETTLED = frozenset({"pending", "running", "interrupted", "not_reached"})
_RESPONSE = "response"


def know(run: RunState, event: GraphKnown) -> list[Op]:
    """List the blocks before they run; those that are listed already get their names."""
    ops: list[Op] = [] if run.graph else [("set", ("graph",), True)]
    index = len(run.blocks)
    for known in event.blocks:
        found = _find(run, known.id)
        if found is None:
            fresh = Block(id=known.id, name=known.name, type=known.type)
            ops.append(("set", ("blocks", index), plain(fresh)))
            index += 1
        else:
            ops += _set(run, found, name=known.name, type=known.type)
    return ops


def start(run: RunState, event: BlockStarted, at: float) -> list[Op]:
    """Begin a block; the list grows by one that the graph doesn't have."""
    found = _find(run, event.block_id)
    if found is None:
        fresh = Block(id=event.block_id, type=event.block_type, status="running", started=at)
        return [("set", ("blocks", len(run.blocks)), plain(fresh))]
    named = {"type": event.block_type} if event.block_type else {}
    return _set(run, found, status="running", started=at, error=None, **named)


def chunk(run: RunState, event: BlockChunk, at: float) -> list[Op]:
    """Append what an agent block says."""
    found = _find(run, event.block_id)
    ops = _begun(run, event.block_id, "", at)
    if not event.text:
        return ops
    index = len(run.blocks) if found is None else found
    return [*ops, ("append", ("blocks", index, "text"), event.text)]


def output(run: RunState, event: BlockOutput, at: float) -> list[Op]:
    """Set the output of a block that isn't over yet."""
    found = _find(run, event.block_id)
    index = len(run.blocks) if found is None else found
    return [
        *_begun(run, event.block_id, "", at),
        ("set", ("blocks", index, "output"), event.output),
    ]


def complete(run: RunState, event: BlockCompleted, at: float) -> list[Op]:
    """End a block, done or failed."""
    found = _find(run, event.block_id)
    block = Block(id=event.block_id) if found is None else run.blocks[found]
    given = block.output if event.output is None else event.output
    kind = event.block_type or block.type
    fields: dict[str, object] = {
        "status": "failed" if event.failed else "done",
        "output": given,
        "error": event.error,
        "seconds": _seconds(block, event.seconds, at),
        "type": kind,
    }
    ops = _begun(run, event.block_id, event.block_type, at) + _fields(run, found, fields)
    if kind == _RESPONSE and not event.failed and given is not None and given != run.output:
        ops.append(("set", ("output",), given))
    return ops


def fail(run: RunState, event: BlockFailed, at: float) -> list[Op]:
    """End a block that gave nothing."""
    found = _find(run, event.block_id)
    block = Block(id=event.block_id) if found is None else run.blocks[found]
    fields: dict[str, object] = {
        "status": "failed",
        "error": event.error,
        "seconds": _seconds(block, event.seconds, at),
        "type": event.block_type or block.type,
    }
    return _begun(run, event.block_id, event.block_type, at) + _fields(run, found, fields)


def close(run: RunState, status: RunStatus, at: float) -> list[Op]:
    """Close what is still open, in the sense in which the run ended."""
    ops: list[Op] = []
    for index, block in enumerate(run.blocks):
        if block.status not in _OPEN:
            continue
        ops.append(("set", ("blocks", index, "status"), _CLOSED_AS[status][block.status]))
        if block.status == "running":
            ops.append(("set", ("blocks", index, "seconds"), _seconds(block, None, at)))
    return ops


def skip_rest(run: RunState) -> list[Op]:
    """Mark blocks that weren't reached as skipped: the execution went on to its end."""
    return [
        ("set", ("blocks", index, "status"), "skipped")
        for index, block in enumerate(run.blocks)
        if block.status == "not_reached"
    ]


def upgrade(run: RunState, event: StoredBlocks) -> list[Op]:
    """Add what the server has logged of each block: its input, and what the stream lacks."""
    ops: list[Op] = []
    index = len(run.blocks)
    for stored in event.blocks:
        found = _find(run, stored.id)
        if found is None:
            ops.append(("set", ("blocks", index), plain(_block_of(stored))))
            index += 1
        else:
            ops += _set(run, found, **_logged(run.blocks[found], stored))
    results = [b.output for b in event.blocks if b.type == _RESPONSE and not b.failed]
    if results and results[-1] is not None and run.output is None:
        ops.append(("set", ("output",), results[-1]))
    return ops


def _logged(block: Block, stored: StoredBlock) -> dict[str, object]:
    fields: dict[str, object] = {
        "name": stored.name,
        "type": stored.type,
        "input": stored.input,
        "output": stored.output,
        "error": stored.error,
    }
    known = {name: value for name, value in fields.items() if value not in (None, "")}
    both = block.output is not None and stored.output is not None
    if both and same_json(str(block.output), str(stored.output)):
        del known["output"]  # the server's store keeps no order of keys
    if block.status in _NOT_SETTLED:
        known["status"] = "failed" if stored.failed else "done"
    if stored.seconds is not None and (block.seconds is None or block.status in _NOT_SETTLED):
        known["seconds"] = stored.seconds
    return known


def _block_of(stored: StoredBlock) -> Block:
    return Block(
        id=stored.id,
        name=stored.name,
        type=stored.type,
        status="failed" if stored.failed else "done",
        input=stored.input,
        output=stored.output,
        error=stored.error,
        seconds=stored.seconds,
    )


def _find(run: RunState, block_id: str) -> int | None:
    return index_of(run).block(block_id)


def _begun(run: RunState, block_id: str, block_type: str, at: float) -> list[Op]:
    """Begin a block whose first frame got lost."""
    found = _find(run, block_id)
    if found is None or run.blocks[found].status == "pending":
        return start(run, BlockStarted(block_id=block_id, block_type=block_type), at)
    return []


def _set(run: RunState, found: int, **fields: object) -> list[Op]:
    block = run.blocks[found]
    return [
        ("set", ("blocks", found, name), value)
        for name, value in fields.items()
        if getattr(block, name) != value
    ]


def _fields(run: RunState, found: int | None, fields: dict[str, object]) -> list[Op]:
    if found is not None:
        return _set(run, found, **fields)
    return [("set", ("blocks", len(run.blocks), name), value) for name, value in fields.items()]


def _seconds(block: Block, given: float | None, at: float) -> float | None:
    if given is not None or block.started is None:
        return given
    return round(max(0.0, at - block.started), 3)
