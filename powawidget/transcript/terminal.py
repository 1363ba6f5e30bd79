"""Text that was written for a terminal, as a reader wants it (`js/src/text/terminal.ts`)."""

import re
from typing import Any

from powawidget.transcript import exact_json

# Colours, sets of letters, and what clears a line or moves the cursor: nothing of these is text. A
# sequence that carries text, such as a title or an address, keeps its marks.
_SEQUENCE = re.compile("\x1b(?:\\[[0-9;:<=>?!]*[ -/]?[@-~]|[()][0AB]|[78=>])")


def settled(text: str) -> str:
    """Take the colours out, and end the lines as a terminal shows them.

    A line that was rewritten, as a progress bar is, keeps its last state. In a text without any
    line feed a carriage return is what ends a line.
    """
    if "\x1b" not in text and "\r" not in text:
        return text
    plain = _SEQUENCE.sub("", text)
    if "\r" not in plain or not plain.strip():
        return plain if plain.strip() else text  # else nothing would say what it is
    text = plain
    if "\n" not in text:
        return text.rstrip("\r").replace("\r", "\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def settle(value: Any) -> Any:
    """The same for each text of a JSON value."""
    if isinstance(value, exact_json.Object):
        return exact_json.Object((key, settle(each)) for key, each in value)
    if isinstance(value, list):
        return [settle(each) for each in value]
    return settled(value) if exact_json.is_text(value) else value
