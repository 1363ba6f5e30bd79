"""References to characters by name, as the live view reads them (`js/src/markdown/entities.ts`)."""

import re
from html.entities import html5, name2codepoint

from markdown_it.rules_inline import StateInline

# The names of HTML 4 and a few of HTML 5 that models write.
_OTHER = ("apos", "AMP", "LT", "GT", "QUOT", "COPY", "REG", "check", "star")
NAMED = {name: html5[f"{name};"] for name in (*name2codepoint, *_OTHER)}
_REFERENCE = re.compile(r"&(?:#(?:[xX]([\da-fA-F]{1,6})|([0-9]{1,7}))|([A-Za-z0-9]{1,32}));")
_LAST = 0x10FFFF


def entity(state: StateInline, silent: bool) -> bool:  # as the library calls it
    """Read a reference; a name that isn't known stays as it is."""
    found = _REFERENCE.match(state.src, state.pos, state.posMax)
    if found is None or (found[3] and found[3] not in NAMED):
        return False
    if not silent:
        token = state.push("text_special", "", 0)
        token.content = NAMED[found[3]] if found[3] else _character(found[1], found[2])
        token.markup, token.info = found[0], "entity"
    state.pos = found.end()
    return True


def _character(hexadecimal: str | None, decimal: str | None) -> str:
    code = int(hexadecimal, 16) if hexadecimal else int(decimal or 0)
    is_half = 0xD800 <= code <= 0xDFFF  # noqa: PLR2004  # of a pair
    return "\ufffd" if not 0 < code <= _LAST or is_half else chr(code)
