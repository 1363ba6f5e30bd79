"""The rules for a character that comes in two pieces of a text (docs/protocol.md#surrogates).

A tokenizer that counts in UTF-16 may cut an emoji in two; neither half can travel alone. The first
waits in `RunState.halves`, by the path of its text, for the next piece. Whatever text grows, by
whichever rule: only the ops are looked at.
"""

from collections.abc import Iterable, Sequence

from powawidget.protocol import events as ev
from powawidget.protocol.characters import joined
from powawidget.state.model import ENDED, RunState
from powawidget.state.ops import Op, PathKey

_SURROGATES = ("\ud800", "\udfff")


def whole(run: RunState, event: ev.Event, ops: list[Op]) -> list[Op]:
    """Change the ops of an event so that no half of a character is in them.

    Args:
        run: The run before them.
        event: What the stream said.
        ops: What the event changes.

    Returns:
        The same ops where no half is about; once the run ends, a half that still waits is U+FFFD.
    """
    if not run.halves and not any(_has_half(op) for op in ops):
        return ops
    is_piece = isinstance(event, ev.PIECES) and not (run.streamed and type(event) is ev.Chunk)
    halves = dict(run.halves)
    made: list[Op] = []
    is_over = run.status in ENDED
    for op in ops:
        if op[0] == "set" and tuple(op[1]) == ("status",) and op[2] in ENDED:
            made += _left(halves)
            halves.clear()
            is_over = True
        if op[0] == "append" and not is_piece:
            halves.pop(_name(op[1]), None)  # what follows is from the whole text, which has it
        made.append(_whole(halves, op))
    if is_over:
        made += _left(halves)
        halves.clear()
    if halves != run.halves:
        made.append(("set", ("halves",), halves))
    return made


def _has_half(op: Op) -> bool:
    text = _text_of(op)
    return bool(text) and (_is_half(text[0]) or _is_half(text[-1]))


def _is_half(character: str) -> bool:
    return _SURROGATES[0] <= character <= _SURROGATES[1]


def _text_of(op: Op) -> str:
    """The text that grows by an op, or begins with it."""
    value = op[2].get("text") if isinstance(op[2], dict) else op[2]
    return value if isinstance(value, str) else ""


def _whole(halves: dict[str, int], op: Op) -> Op:
    verb, path, value = op
    if verb == "append":
        name = _name(path)
        text, half = joined(halves.pop(name, None), value)
        _keep(halves, name, half)
        return verb, path, text
    inside = value if isinstance(value, dict) else None
    name = _name((*path, "text") if inside is not None else path)
    halves.pop(name, None)
    if not _has_half(op):
        return op
    text, half = joined(None, _text_of(op))
    _keep(halves, name, half)
    return verb, path, text if inside is None else {**inside, "text": text}


def _keep(halves: dict[str, int], name: str, half: int | None) -> None:
    if half is not None:
        halves[name] = half


def _name(path: Sequence[PathKey]) -> str:
    return "/".join(map(str, path))


def _left(halves: dict[str, int]) -> Iterable[Op]:
    for name in halves:
        path = tuple(int(key) if key.isdigit() else key for key in name.split("/"))
        yield "append", path, "�"
