"""A run as JSON that is read back: the whole state, with the version of its format."""

import json
from typing import Any, Literal

import msgspec

from powawidget.errors import ConfigurationError
from powawidget.secret import Secret
from powawidget.state import ChatState, RunState, plain, typed
from powawidget.text import harmless
from powawidget.transcript.about import About
from powawidget.transcript.redact import redacted

VERSION = 1
LARGEST = 256_000_000


class Saved(msgspec.Struct, kw_only=True):
    """What a saved file holds.

    `server` is the host that it ran on, without anything secret; the time is in the run.
    """

    format: Literal["powawidget"] = "powawidget"
    version: int = VERSION
    server: str = ""
    model: str = ""
    run: RunState | None = None
    chat: ChatState | None = None


def to_json(
    told: RunState | ChatState,
    about: About | None = None,
    *,
    secret: Secret | None = None,
) -> str:
    """Write the whole state of a run or a chat; `pw.replay` reads it back.

    Args:
        told: The run or the chat.
        about: What to tell beside it.
        secret: The key to keep out.

    Returns:
        JSON.
    """
    about = about or About()
    saved = Saved(server=about.server, model=about.model)
    whole: dict[str, Any] = {**plain(saved)}
    del whole["run"], whole["chat"]
    whole["chat" if isinstance(told, ChatState) else "run"] = plain(told)
    kept = whole if secret is None else redacted(whole, secret)
    return harmless(json.dumps(kept, ensure_ascii=False, indent=1, allow_nan=False)) + "\n"


def load(data: bytes) -> Saved:
    """Read what was saved. The file may be anybody's: it is checked, and nothing in it acts.

    Args:
        data: The bytes of the file.

    Returns:
        What it holds, one of run and chat.

    Raises:
        ConfigurationError: If it is no such file, or one of a later version.
    """
    if len(data) > LARGEST:
        raise ConfigurationError(
            f"The saved run can't be read: it is larger than {LARGEST // 1_000_000} MB."
        )
    value = _decoded(data)
    if not isinstance(value, dict) or value.get("format") != "powawidget":
        raise ConfigurationError("The file can't be read: it holds no saved run of powawidget.")
    version = value.get("version")
    if isinstance(version, int) and version > VERSION:
        raise ConfigurationError(
            "The saved run can't be read: a later powawidget wrote it. Update powawidget."
        )
    saved = _typed(value)
    if (saved.run is None) == (saved.chat is None):
        raise ConfigurationError("The file can't be read: it holds no saved run of powawidget.")
    return saved


def _decoded(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ConfigurationError(f"The saved run can't be read: {error}.") from None


def _typed(value: Any) -> Saved:
    try:
        saved: Saved = typed(value, Saved)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ConfigurationError(f"The saved run can't be read: {error}.") from None
    return saved
