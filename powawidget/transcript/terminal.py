"""Text that was written for a terminal, as a reader wants it (`js/src/text/terminal.ts`)."""

import re
from typing import Any

from powawidget.transcript import exact_json

# Colours, sets of letters, and what clears a line or moves the cursor: nothing of these is text. A
# sequence that carries text, such as a title, keeps its marks.
_SEQUENCE = re.compile("\x1b(?:\\[[0-9;:<=>?!]*[ -/]?[@-~]|[()][0AB]|[78=>])")

# The begin of a link, with its address, or without one its end (OSC 8).
_LINK = re.compile("\x1b\\]8;[^;\x00-\x1f\x7f]*;([^\x00-\x1f\x7f]*)(?:\x07|\x1b\\\\)")


def settled(text: str) -> str:
    """Take the colours out, write out links, and end the lines as a terminal shows them.

    A line that was rewritten, as a progress bar is, keeps its last state. In a text without any
    line feed a carriage return is what ends a line.
    """
    if "\x1b" not in text and "\r" not in text:
        return text
    plain = _with_addresses(_SEQUENCE.sub("", text))
    if "\r" not in plain or not plain.strip():
        return plain if plain.strip() else text  # else nothing would say what it is
    text = plain
    if "\n" not in text:
        return text.rstrip("\r").replace("\r", "\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def _with_addresses(text: str) -> str:
    """Write the address of each link behind its words, where these don't say it."""
    first, *rest = _LINK.split(text)
    links = zip(rest[::2], rest[1::2], strict=True)
    return first + "".join(
        f"{words} ({address})" if address and address != words else words
        for address, words in links
    )


def settle(value: Any) -> Any:
    """The same for each text of a JSON value."""
    if isinstance(value, exact_json.Object):
        return exact_json.Object((key, settle(each)) for key, each in value)
    if isinstance(value, list):
        return [settle(each) for each in value]
    return settled(value) if exact_json.is_text(value) else value
