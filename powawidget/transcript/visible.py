"""Marks characters that can't be seen, as the live view does (`js/src/text/visible.ts`)."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Protocol

from powawidget.protocol.unicode import EMOJI, HAN, HIDDEN, MARK, PICTURE

# And of the marks on one letter those that no script needs, which would reach over other lines.
_HIDDEN = re.compile(f"([{HIDDEN}]|(?<=[{MARK}]{{6}})[{MARK}])\\1*")
# Marks that end a quotation, or look like those that do; two single ones look like a double.
_QUOTES = re.compile(
    '["«»\u02ba\u02dd\u02ee\u05f4\u201c-\u201f\u2033\u2036\u2e42\u275d\u275e\u3003'
    "\u301d-\u301f\uff02]|['\u2018-\u201b\u2032\u2035\u02b9\u02bb-\u02bd\uff07]{2,}"
)
# The scripts whose spelling uses the joiners (Arabic and its kin, those of India and the islands,
# Tibetan, Myanmar, Khmer, Mongolian, Adlam), and those that are written from the right.
_JOINING = (
    "\u0620-\u0dff\u0f00-\u109f\u1780-\u18af\u1a20-\u1bff\ua980-\ua9df\ufb50-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001eeff"
)
_FROM_RIGHT = (
    "\u05d0-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
)
_NEAR = 40  # characters of the same line in which a mark of direction has its letter


def _class(inside: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(f"[{inside}]").fullmatch


_is_hidden, _is_mark, _is_picture = _class(HIDDEN), _class(MARK), _class(PICTURE)
_is_emoji, _is_han = _class(EMOJI), _class(HAN)
# Scripts that put no space between words: those of Line_Break=SA.
_is_spaceless = _class(
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaadf"
)
_is_joining, _is_from_right = _class(_JOINING), _class(_FROM_RIGHT)
_is_hebrew = _class("\u0591-\u05f4")
# Those whose letters join, so that one may stand as within a word.
_is_cursive = _class("\u0620-\u08ff")
# Syllables of old Korean: what fills one where a part is missing, as it stands in them.
_is_jamo = _class("\u3131-\u3163\u3165-\u318e")
_has_filler = re.compile("\u1160?[\u1161-\u11ff\ud7b0-\ud7fb]").match
_is_first_part = _class("\u1100-\u115e\ua960-\ua97c")
_is_last_part = _class("\u11a8-\u11ff")
_is_khmer = _class("\u1780-\u17b3")
_is_ascii_key = _class("0-9#*")
_has_narrow_variants = _class("\u3001\u3002\uff01\uff0c\uff0e\uff1a\uff1b\uff1f")
_has_wide_variants = _class("\u1000-\u109f\ua840-\ua877")
_is_mongolian = _class("\u1807\u1820-\u18aa")
# The only flags of tags that Unicode recommends: England, Scotland, Wales (emoji-sequences.txt).
_FLAG = re.compile(
    "\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|"
    "\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073)\U000e007f"
)


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


# A count that no mark of a real text would have is a text's own.
_WRITTEN = re.compile("⟦U\\+((?:10|[0-9A-F])?[0-9A-F]{4})(?: ×([0-9]{1,4}))?⟧")  # noqa: RUF001  # times


def unmarked(text: str) -> str:
    """The characters that the marks in a text stand for, in their place."""
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)) * int(found[2] or 1), text)


class Exact(Protocol):
    """What knows whether a person decided on its text."""

    @property
    def exact(self) -> bool:
        """Whether a person decided on it."""


def shown_by(node: Exact) -> Callable[[str], str]:
    """How the text of a node is shown: with every mark where a person decided on it."""
    return visible if node.exact else readable


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
    is_needed = _is_needed(found[1], found.string, found.start())
    return (found[1] if is_needed else "") + _mark(found[1], len(found[0]) - is_needed)


def _is_needed(character: str, text: str, at: int) -> bool:  # one line for each kind
    """Whether spelling or a picture needs a hidden character where it stands.

    The same rule as in `js/src/text/visible.ts`; where the character changes nothing that is seen,
    or a second one follows, it hides something.
    """
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if character in "\u200c\u200d":
        if _is_joining(before):
            return _is_joining(after) is not None or _ends_word(after)
        if _is_hebrew(before):
            return _is_hebrew(after) is not None
        if character == "\u200d" and _is_cursive(after):
            return _ends_word(before)
        picture = text[at - 2 : at - 1] if before == "\ufe0f" and at > 1 else before
        both = _is_picture(picture) and _is_picture(after)
        return character == "\u200d" and both is not None
    if character in "\u200e\u200f\u061c":
        return not _is_hidden(before) and _is_beside_right(text, at)
    if character == "\u200b":
        is_before_word = _is_spaceless(after) and not _is_hidden(before)
        return bool(_is_spaceless(before) or is_before_word)
    if "\U000e0020" <= character <= "\U000e007f":
        flag = text.rfind("\U0001f3f4", max(0, at - 6), at)
        found = _FLAG.match(text, flag) if flag >= 0 else None
        return found is not None and at < found.end()
    if "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef":
        return _is_variant(character, before, after)
    if "\u180b" <= character <= "\u180f":
        return _is_mongolian(before) is not None
    return _is_filler(character, before, after, text[at + 1 : at + 3])


def _is_filler(character: str, before: str, after: str, following: str) -> bool:
    """Whether it stands between two marks, or fills a syllable of old Korean or Khmer."""
    match character:
        case "\u034f":
            needed = _is_mark(before) and not _is_hidden(before) and _is_mark(after)
        case "\u115f":
            needed = _has_filler(following)
        case "\u1160":
            needed = _is_first_part(before) or (before == "\u115f" and _is_last_part(after))
        case "\u3164":
            needed = _is_jamo(before) and _is_jamo(after)
        case "\u17b4" | "\u17b5":
            needed = _is_khmer(before) and _is_khmer(after)
        case _:
            needed = None
    return bool(needed)


def _is_variant(selector: str, before: str, after: str) -> bool:
    """Whether a character has a variant by this selector."""
    if _is_han(before):
        return True
    if selector in "\ufe0e\ufe0f":
        is_key = _is_ascii_key(before) and after == "\u20e3"
        return bool(_is_emoji(before) or is_key)
    if selector == "\ufe00" and before > "\x7f" and unicodedata.category(before) == "Sm":
        return True
    has_wide = selector == "\ufe00" and _has_wide_variants(before)
    return bool(has_wide or (selector in "\ufe00\ufe01" and _has_narrow_variants(before)))


def _ends_word(after: str) -> bool:
    return not after or not (
        after.isalpha() or _is_mark(after) or _is_hidden(after) or after.isdigit()
    )


def _is_beside_right(text: str, at: int) -> bool:
    """Whether the nearest letter of the line, before or after, is of a script from the right."""
    before = reversed(text[max(0, at - _NEAR - 1) : at])
    after = text[at + 1 : at + _NEAR + 2]
    return any(_is_first_from_right(some) for some in (before, after))


def _is_first_from_right(characters: Iterable[str]) -> bool:
    for each in characters:
        if _is_from_right(each):
            return True
        if each == "\n" or each.isalpha():
            return False
    return False
