"""A run or a chat as JSON that is read back: its whole state, with the version of the format."""

import json
import re
import time
from typing import Literal

import msgspec

from powawidget.errors import InvalidValueError
from powawidget.protocol.characters import harmless
from powawidget.state.about import About
from powawidget.state.model import (
    ApprovalPart,
    ChatState,
    DelegationPart,
    RunState,
    plain,
    typed_json,
)
from powawidget.transcript import nesting
from powawidget.transcript.texts import Redact, map_texts

VERSION = 1
LARGEST = 256_000_000
_DEEPEST = 100
_NO_RUN = "The file can't be read: it holds no run that powawidget saved."
# An escape, or an escaped backslash that isn't the beginning of one. U+0000 can't travel.
_ESCAPE = re.compile(rb"\\(?:u0000|.)", re.DOTALL)
_NULS = {rb"\u0000": rb"\ufffd"}


class _Kind(msgspec.Struct):
    """What a file says of itself: it is read before anything is made of the rest."""

    format: str = ""
    version: int = VERSION


class Saved(msgspec.Struct, kw_only=True):
    """What a saved file holds.

    Attributes:
        format: What it is.
        version: Of the format.
        at: When it was saved, in seconds since the epoch; when it ran stands in the run.
        server: The host that it ran on, without anything secret.
        model: The model, where it is known.
        run: The run, where it holds one.
        chat: The chat, where it holds one.
    """

    format: Literal["powawidget"] = "powawidget"
    version: int = VERSION
    at: float = 0.0
    server: str = ""
    model: str = ""
    run: RunState | None = None
    chat: ChatState | None = None


def to_json(
    state: RunState | ChatState,
    about: About | None = None,
    *,
    redact: Redact | None = None,
    at: float | None = None,
) -> str:
    """Write the whole state of a run or a chat; `pw.replay` reads it back.

    Args:
        state: The run or the chat.
        about: Where and with what it ran.
        redact: Takes the key out of a text, where there is one.
        at: When it is saved, in seconds since the epoch; now, where it isn't given.
    """
    about = about or About()
    saved = Saved(
        at=time.time() if at is None else at,
        server=about.server,
        model=about.model,
        run=state if isinstance(state, RunState) else None,
        chat=state if isinstance(state, ChatState) else None,
    )
    whole = {name: value for name, value in plain(saved).items() if value is not None}
    kept = whole if redact is None else map_texts(whole, redact)
    return harmless(json.dumps(kept, ensure_ascii=False, indent=1)) + "\n"


def load(data: bytes) -> Saved:
    """Read what was saved. The file may be anybody's: it is checked, and nothing in it acts.

    Args:
        data: The bytes of the file.

    Returns:
        What it holds: either a run or a chat.

    Raises:
        InvalidValueError: If it is no such file, or one of a later version.
    """
    if len(data) > LARGEST:
        raise InvalidValueError(
            f"The saved run can't be read: it is larger than {LARGEST // 1_000_000} MB."
        )
    try:
        kind = msgspec.json.decode(data, type=_Kind)
        if kind.format != "powawidget":
            raise InvalidValueError(_NO_RUN)
        _check_version(kind.version)
        if b"\\u0000" in data:
            data = _ESCAPE.sub(lambda found: _NULS.get(found[0], found[0]), data)
        saved: Saved = typed_json(data, Saved)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidValueError(f"The saved run can't be read: {error}.") from error
    chat = saved.chat
    turns = [saved.run] if chat is None else chat.turns
    is_one = (saved.run is None) != (chat is None)
    if not (is_one and all(map(_fits, turns)) and (chat is None or _is_in_order(chat))):
        raise InvalidValueError(_NO_RUN)
    return saved


def _check_version(version: int) -> None:
    if version > VERSION:
        raise InvalidValueError(
            "The saved run can't be read: a later powawidget wrote it. Update powawidget."
        )


def _is_in_order(chat: ChatState) -> bool:
    indices = range(len(chat.turns))
    return sorted(chat.order) == list(indices) and all(index in indices for index in chat.retried)


def _fits(state: RunState | None) -> bool:
    """Whether the indices that a state names are there, and nothing is within itself."""
    if state is None:
        return False
    size = len(state.parts)
    around = nesting.parents(state)
    for index, part in enumerate(state.parts):
        if not isinstance(part, ApprovalPart) and part.within != around[index]:
            return False
        if isinstance(part, ApprovalPart | DelegationPart) and not _is_there(part.call, size):
            return False
    if max(nesting.depths(around), default=0) > _DEEPEST:
        return False
    thoughts = (thought.within for thought in state.reasoning.thoughts)
    return all(_is_there(index, size) for index in (state.answer, *thoughts))


def _is_there(index: int | None, size: int) -> bool:
    return index is None or 0 <= index < size
