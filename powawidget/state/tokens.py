"""How many tokens a run used."""

from powawidget.state.model import RunState


def tokens_of(state: RunState) -> int | None:
    """Add up the tokens of a run; None where nobody knows (docs/protocol.md#two-kinds)."""
    usage = state.usage
    if not usage:
        return None
    total = usage.get("total_tokens")
    if isinstance(total, int) and total > 0:
        return total
    return sum(usage.get(name, 0) for name in ("prompt_tokens", "completion_tokens")) or None
