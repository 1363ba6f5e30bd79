"""Which parts of a run are its answer."""

from powawidget.state.index import index_of
from powawidget.state.model import DelegationPart, ParallelPart, RunState, ToolPart

_CARDS = (ToolPart, DelegationPart, ParallelPart)


def is_known_orchestration(run: RunState) -> bool:
    """Tell whether any frame said that this is an orchestration, and of which kind."""
    return bool(run.strategy) or index_of(run).first("work") is not None


def answer_parts(run: RunState) -> list[int]:
    """List the text parts that make up the answer.

    An orchestration's answer is what was said last: after the last card at the top, after the
    merge of parallel agents began, or by the last agent of a sequence
    (docs/protocol.md#orchestration-answer). A failed one has none.
    """
    if run.kind == "orchestration" and run.status == "failed":
        return []
    top = list(index_of(run).at("text", run.answer))
    if run.kind != "orchestration" or run.answer is not None or not is_known_orchestration(run):
        return top
    kinds = (ParallelPart,) if run.strategy == "parallel" else _CARDS
    beside = index_of(run).at("in", None)
    card = next((i for i in reversed(beside) if isinstance(run.parts[i], kinds)), -1)
    return [index for index in top if index > card]
