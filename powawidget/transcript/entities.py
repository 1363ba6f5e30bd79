"""References to characters by name, as the live view reads them (`js/src/markdown/entities.ts`)."""

import re
import unicodedata
from html.entities import html5

from markdown_it.rules_inline import StateInline

_NAMES = """
    amp lt gt quot AMP LT GT QUOT apos nbsp shy copy reg trade hellip mdash ndash lsquo rsquo
    sbquo ldquo rdquo bdquo laquo raquo bull middot times divide plusmn minus le ge ne asymp
    equiv infin sum prod radic part nabla int prop deg micro para sect euro pound yen cent larr
    uarr rarr darr harr lArr rArr hArr forall exist empty isin notin ni cap cup sub sup sube
    supe and or not there4 sim ang perp oplus otimes lfloor rfloor lceil rceil frac12 frac14
    frac34 sup1 sup2 sup3 alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu
    xi pi rho sigma tau upsilon phi chi psi omega szlig oslash aelig thinsp ensp emsp zwj zwnj
    dagger Dagger permil prime Prime check star iexcl iquest
"""
NAMED = {name: html5[f"{name};"] for name in _NAMES.split()}
# Letters with a mark, whose names say so.
_MARKED = re.compile(r"([A-Za-z])(grave|acute|circ|tilde|uml|ring|cedil|caron)", re.IGNORECASE)
_MARKS = {
    "grave": "\u0300", "acute": "\u0301", "circ": "\u0302", "tilde": "\u0303",
    "uml": "\u0308", "ring": "\u030a", "cedil": "\u0327", "caron": "\u030c",
}  # fmt: skip
_CAPITALS = re.compile("[α-ωæø]")  # noqa: RUF001  # letters of Greek
_CAPITAL = re.compile("[A-Z][a-z]+")
_REFERENCE = re.compile(r"&(?:#(?:[xX]([\da-fA-F]{1,6})|([0-9]{1,7}))|([A-Za-z0-9]{1,32}));")
_LAST = 0x10FFFF


def entity(state: StateInline, silent: bool) -> bool:  # as the library calls it
    """Read a reference; a name that isn't known stays as it is."""
    found = _REFERENCE.match(state.src, state.pos, state.posMax)
    character = None if found is None else _character(found)
    if found is None or character is None:
        return False
    if not silent:
        token = state.push("text_special", "", 0)
        token.content = character
        token.markup, token.info = found[0], "entity"
    state.pos = found.end()
    return True


def decoded(text: str) -> str:
    """Replace the references in a text, in one pass."""
    return _REFERENCE.sub(lambda found: _character(found) or found[0], text)


def _character(found: re.Match[str]) -> str | None:
    hexadecimal, decimal, name = found.groups()
    if name:
        return NAMED.get(name) or _made(name)
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    is_half = 0xD800 <= code <= 0xDFFF  # noqa: PLR2004  # of a pair
    return "\ufffd" if not 0 < code <= _LAST or is_half else chr(code)


def _made(name: str) -> str | None:
    """A character whose name is made of another's: `eacute` of a letter and a mark, `Delta`."""
    marked = _MARKED.fullmatch(name)
    small = NAMED.get(name.lower(), "") if _CAPITAL.fullmatch(name) else ""
    if marked:
        character = unicodedata.normalize("NFC", marked[1] + _MARKS[marked[2].lower()])
    else:
        character = small.upper() if _CAPITALS.fullmatch(small) else ""
    return character if len(character) == 1 else None
