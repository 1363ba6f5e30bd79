"""The rule for notices: one that says the same as the last is counted."""

from powawidget.state.model import NoticePart, RunState, plain
from powawidget.state.ops import Op


def notice(run: RunState, code: str, text: str, where: int | None = None) -> list[Op]:
    """Add a notice, or count it."""
    last = len(run.parts) - 1
    before = run.parts[last] if last >= 0 else None
    part = NoticePart(code=code, text=text, within=where)
    if isinstance(before, NoticePart) and before == _counted(part, before.count):
        return [("set", ("parts", last, "count"), before.count + 1)]
    return [("set", ("parts", last + 1), plain(part))]


def _counted(part: NoticePart, count: int) -> NoticePart:
    return NoticePart(code=part.code, text=part.text, within=part.within, count=count)
