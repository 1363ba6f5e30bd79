"""Marks characters that can't be seen, as the live view does (`js/src/text/visible.ts`)."""

import re
import unicodedata

# Controls but tab and line feed, what Unicode says is not to be seen (soft hyphen, fillers, zero
# widths, bidirectional controls, joiners, variation selectors, byte order mark, tags), line
# separators, half a pair, annotation marks and hieroglyph controls.
_HIDDEN = re.compile(
    "([\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff])\\1*"
)
# Scripts whose spelling uses the joiners: Arabic and its kin, those of India, Tibetan, Myanmar,
# Khmer, Mongolian.
_JOINING = re.compile("[\u0620-\u0dff\u0f00-\u109f\u1780-\u18af\ufb50-\ufefc]")
# Marks that end a quotation, or look like those that do; two single ones look like a double.
_QUOTES = re.compile(
    '["«»\u02ba\u02dd\u02ee\u05f4\u201c-\u201f\u2033\u2036\u2e42\u275d\u275e\u3003'
    "\u301d-\u301f\uff02]|['\u2018-\u201b\u2032\u2035\u02b9\u02bb-\u02bd\uff07]{2,}"
)
_JOINERS = "\u200c\u200d"
_PICTURES = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u3030\u303d\u3297\u3299"
_KEYCAPS = "0123456789#*"


def visible(text: str) -> str:
    """Put a mark in place of what would not be seen, or changes how other characters are.

    Args:
        text: A text of a model, a tool or the server.

    Returns:
        The text with marks such as `⟦U+202E⟧`, with a count where it comes several times.
    """
    return _HIDDEN.sub(lambda found: _mark(found[1], len(found[0])), text)


def readable(text: str) -> str:
    """The same for prose: what a script or an emoji needs to be written stays."""
    return _HIDDEN.sub(_mark_out_of_place, text.replace("\r\n", "\n"))


def quoted(text: str) -> str:
    """Put a few words of somebody else in quotation marks that nothing in them can close."""
    return f"“{_QUOTES.sub(chr(39), text)}”"


def hides(character: str) -> bool:
    """Whether a character is one of those that get a mark."""
    return _HIDDEN.match(character) is not None


def _mark(character: str, count: int) -> str:
    times = f" ×{count}" if count > 1 else ""  # noqa: RUF001  # times
    return f"⟦U+{ord(character):04X}{times}⟧" if count else ""


def _mark_out_of_place(found: re.Match[str]) -> str:
    # Only the first of a run can be one that is needed.
    is_needed = _is_needed(found[1], found)
    return (found[1] if is_needed else "") + _mark(found[1], len(found[0]) - is_needed)


def _is_needed(character: str, found: re.Match[str]) -> bool:
    text, start = found.string, found.start()
    end = start + 1
    before, after = text[max(0, start - 2) : start], text[end : end + 1]
    last = before[-1:]
    if character in _JOINERS:
        if _JOINING.match(last) and _JOINING.match(after):
            return True
        picture = before[:1] if last == "\ufe0f" else last
        return character == "\u200d" and _is_picture(picture) and _is_picture(after)
    if "\ufe00" <= character <= "\ufe0f":
        return _is_picture(last) or (last != "" and last in _KEYCAPS) or _is_of("CJK", last)
    return "\u180b" <= character <= "\u180f" and _is_of("MONGOLIAN", last)


def _is_picture(character: str) -> bool:
    if not character:
        return False
    return character in _PICTURES or (
        character >= "\u2190" and unicodedata.category(character) in {"So", "Sk", "Sm"}
    )


def _is_of(script: str, character: str) -> bool:
    return bool(character) and unicodedata.name(character, "").startswith(script)
