"""Marks names that look like others, as the live view does (`js/src/text/lookalikes.ts`)."""

import itertools
import re
import unicodedata
from collections.abc import Iterator

from powawidget.transcript.visible import hides

_SCRIPTS = {
    *("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "GEORGIAN"),
    *("HEBREW", "ARABIC", "DEVANAGARI", "THAI"),
}
# Han, kana, hangul and bopomofo, which are written together, and with Latin.
_ASIAN = re.compile(
    "["
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3035\u3038-\u303b\u3041-\u318f\u31a0"
    "-\u321e\u3260-\u327e\u32d0-\u32fe\u3300-\u3357\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-"
    "\uffdf\U0001b000-\U0001b16f\U00020000-\U0003ffff"
    "]"
)
# No letters, beside dashes and connectors: like a slash, a colon, a bar or a dot.
_SIGNS = frozenset(
    "\u02c8\u02cd\u02d0\u02d7\u02f8\u0589\u05c0\u05c3\u2017\u2024\u2027\u2041\u2043\u2044\u205a"
    "\u2212\u2215\u2223\u2225\u2236\u29f8\ua789"
)
# Letters that read as Latin ones, after https://www.unicode.org/reports/tr39/, and all those of
# Cherokee, Coptic, Lisu and scripts of old: a name in nothing but these is taken for another.
_LIKE_LATIN = re.compile(
    "["
    "\u0131\u0181-\u018e\u0190-\u019f\u01a2-\u01ae\u01b1-\u01c3\u021c\u0222\u0223\u0250-\u0258"
    "\u025a-\u02af\u1d00-"
    "\u1dbf\ua722-\ua7ff\uab30-\uab68\u0405\u0406\u0408\u0410\u0412\u0415\u0417\u041a"
    "\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0430\u0441\u0435\u043e\u0440\u0443"
    "\u0445\u0455\u0456\u0458\u0461\u0474\u0475\u04ae\u04af\u04bb\u04bd\u04c0\u04cf\u0501"
    "\u050c\u051a\u051b\u051c\u051d\u037f\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c"
    "\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03b1\u03b3\u03b7\u03b9\u03ba\u03bd\u03bf\u03c1"
    "\u03c3\u03c5\u03c7\u03d2\u03dc\u03f1\u03f2\u03f3\u03f9\u03fa\u054d\u054f\u0555\u0561"
    "\u0563\u0566\u0570\u0578\u057c\u057d\u0581\u0584\u0585"
    "\u03e2-\u03ef\u13a0-\u13fd\u2c80-\u2cff\ua4d0-\ua4ff\uab70-\uabbf"
    "\U00010280-\U0001057f"
    "]"
)
# Letters to Unicode, but of no script and like none: the sign of micro, two apostrophes.
_OF_ANY = frozenset("\u00b5\u02bb\u02bc")
# Letters of formulas that look like no Latin one.
_OF_FORMULAS = frozenset(
    "\u0393\u0394\u0398\u039b\u039e\u03a0\u03a3\u03a6\u03a8\u03a9\u03b2\u03b4\u03b5\u03b6"
    "\u03b8\u03bb\u03bc\u03be\u03c0\u03c4\u03c6\u03c8\u03c9"
)
_PLAIN = re.compile("[!-~]+(?: [!-~]+)*")
_ASIANS, _ODD, _SIGN, _OTHER = "asian", "odd", "sign", "other"
_BARE = "bare"  # a space at an end or beside another, a mark on no letter


def named(name: str) -> str:
    """Put marks into a name where it isn't what it looks like.

    Marked are, in one word, letters of another script than its first one's, or than Latin where it
    has Latin ones; a whole name of small letters that read as Latin; wide, mathematical and other
    forms of ASCII; space that isn't seen. A word in one script of its own is left as it is, and so
    is a letter that looks like no other, as in `\u0394t`.

    Returns:
        The name with marks such as `dr⟦\u043e Cyrillic U+043E⟧p`.
    """
    if _PLAIN.fullmatch(name):
        return name
    is_asian = any(_ASIAN.match(each) and not hides(each) for each in name)
    kinds = [_kind(each, is_asian=is_asian) for each in name]
    is_odd = _Odd(name, kinds, is_asian=is_asian)
    marked: list[str] = []
    run, last = "", ""
    for index, each in enumerate(name):
        # Marks belong to their letter.
        is_of_last = bool(last) and unicodedata.category(each).startswith("M")
        kind = last if is_of_last else (kinds[index] or _BARE) if is_odd(index) else ""
        if kind != last:
            marked.append(_marked(run, last))
            run, last = "", kind
        run += each
    return "".join([*marked, _marked(run, last)])


def _kind(character: str, *, is_asian: bool) -> str:
    """What a character is to a name: its script, or how it is odd; empty where it is neither."""
    if hides(character) or character in _OF_ANY:
        return ""
    if character < " ":
        return _ODD  # a tab, a line's end
    if character < "\x7f":
        return "LATIN" if character.isalpha() else ""
    category = unicodedata.category(character)
    is_letter = category.startswith("L")
    plain = unicodedata.normalize("NFKC", character)
    is_form = plain.isascii() and plain.isprintable() and (is_letter or len(plain) == 1)
    if is_form and " " not in plain and category != "No":
        return "" if is_asian and "\uff00" <= character <= "\uffef" else _ODD
    if _ASIAN.match(character):
        return _ASIANS
    if category.startswith("Z"):
        return _ODD
    if category in {"Nd", "Pd", "Pc"} or character in _SIGNS:
        return _SIGN
    script = unicodedata.name(plain[0], "").partition(" ")[0]
    return "" if not is_letter else script if script in _SCRIPTS else _OTHER


class _Odd:
    """Tells which characters of a name are odd in it."""

    def __init__(self, name: str, kinds: list[str], *, is_asian: bool) -> None:
        self._name = name
        self._kinds = kinds
        self._is_asian = is_asian
        both = list(zip(name, kinds, strict=True))
        self._is_latin = any(
            kind == "LATIN"
            or (kind == _ODD and re.search("[A-Za-z]", unicodedata.normalize("NFKC", each)))
            for each, kind in both
        )
        known = (kind for kind in kinds if kind not in {"", _SIGN, _ODD})
        self._base = "LATIN" if self._is_latin else next(known, None)
        self._reads_as_latin = all(
            each < "\x7f" or kind in {"", _ODD, _SIGN} or _LIKE_LATIN.match(each)
            for each, kind in both
        )
        self._words = list(_words(name, kinds))

    def __call__(self, index: int) -> bool:
        each, kind = self._name[index], self._kinds[index]
        before = self._name[index - 1] if index else " "
        if each == " ":
            return before == " " or index == len(self._name) - 1
        if kind == "":
            # A mark on a character of ASCII makes it look like another one, or like two.
            is_mark = unicodedata.category(each).startswith("M")
            return is_mark and " " < before < "\x7f" and not hides(each)
        if kind == _ODD or each < "\x7f":
            return kind == _ODD
        if kind == _SIGN:
            is_plain = self._is_asian or not (self._is_latin or self._base is None)
            return self._reads_as_latin or not is_plain
        is_whole, is_spelt = self._words[index]
        if self._reads_as_latin:
            return not is_spelt
        is_of_name = kind == self._base or (kind == _ASIANS and self._is_latin)
        return not (is_whole or is_of_name or each in _OF_FORMULAS)


def _words(name: str, kinds: list[str]) -> Iterator[tuple[bool, bool]]:
    """For each character whether its word is in one script, and whether all spell that so.

    Abbreviations in capitals, and the letters of formulas, are spelt like Latin ones everywhere.
    """
    both = zip(name, kinds, strict=True)
    for is_word, characters in itertools.groupby(both, lambda one: _is_of_word(one[0])):
        word = list(characters)
        letters = [each for each, _ in word if unicodedata.category(each).startswith("L")]
        scripts = {kind for each, kind in word if unicodedata.category(each).startswith("L")}
        is_whole = is_word and len(scripts) == 1 and scripts <= _SCRIPTS
        has_marks = len(letters) < len(word)
        is_spelt = (
            is_whole
            and not has_marks
            and (
                (scripts == {"GREEK"} and len(letters) == 1)
                or (
                    scripts <= {"GREEK", "CYRILLIC"}
                    and len(letters) > 1
                    and all(map(_is_capital, letters))
                )
            )
        )
        yield from itertools.repeat((is_whole, is_spelt), len(word))


def _is_of_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM"


def _is_capital(letter: str) -> bool:
    return unicodedata.category(letter) == "Lu"


def _marked(run: str, kind: str) -> str:
    """A run as it is, or its mark: itself where it is seen, its script, the code of the first."""
    if not kind or not run:
        return run
    shown = "" if unicodedata.category(run[0])[0] in "ZMC" else f"{run} "
    script = f"{kind.capitalize()} " if kind in _SCRIPTS else ""
    return f"⟦{shown}{script}U+{ord(run[0]):04X}{'…' if len(run) > 1 else ''}⟧"
