"""Chinese, Japanese, Korean and Thai, as the live view has them (`js/src/markdown/cjk.ts`).

They are written without blanks, which CommonMark's rules for emphasis and GitHub's for addresses
rely on.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline.state_inline import Scanned, StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

# Han, kana, hangul, bopomofo with their punctuation and wide forms, and from Thai to Burmese with
# Khmer, for a class of a pattern.
CJK = (
    "\u0e00-\u11ff\u1780-\u17ff"
    "\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
)
_IS_CJK = re.compile(f"[{CJK}]")


class _State(StateInline):
    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803  # the library's name
        """Tell what a run of `*` or `~` may do: marks beside such letters take nothing away."""
        found = super().scanDelims(start, canSplitWord)
        end = start + found.length
        before = self.src[start - 1] if start else " "
        after = self.src[end] if end < self.posMax else " "
        if not canSplitWord:
            return found
        opens = not isWhiteSpace(ord(after)) and (not _is_mark(after) or _is_apart(before))
        closes = not isWhiteSpace(ord(before)) and (not _is_mark(before) or _is_apart(after))
        return Scanned(opens, closes, found.length)


def is_punctuation(character: str) -> bool:
    """Tell whether CommonMark takes a character for punctuation."""
    return isMdAsciiPunct(ord(character)) or isPunctChar(character)


def _is_mark(character: str) -> bool:
    return is_punctuation(character) and not _IS_CJK.match(character)


def _is_apart(character: str) -> bool:
    is_cjk = _IS_CJK.match(character) is not None
    return is_cjk or isWhiteSpace(ord(character)) or is_punctuation(character)


class Inline(ParserInline):
    """The library's parser of lines, with these rules for emphasis."""

    def __init__(self, plain: ParserInline) -> None:
        super().__init__()
        self.ruler, self.ruler2 = plain.ruler, plain.ruler2

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        """Read a line, as the library does."""
        state = _State(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens
