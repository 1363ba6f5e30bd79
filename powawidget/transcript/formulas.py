r"""Where formulas stand in a model's markdown, as the page has them (`js/src/markdown/maths.ts`).

Between dollars by pandoc's rule, so that a price stays a price: no space or mark of a sentence
behind the first, no space or open bracket before the last, no digit behind it; nor a colon or a
slash before the last, as in `$HOME/bin:$PATH`. Code spans win: a formula in a line holds no
backtick but in GitHub's form. Two dollars, `\[` or `\begin` at the start of a line begin a block
of its own, up to its end. Alone in its line it goes on over blank lines, up to a sentence or
another block: without an end it is text.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from powawidget.transcript.cjk import CJK

_LONGEST = 2_000  # characters: how far one open mark is looked after

_INLINE = re.compile(
    rf"\$\$(?!\$)(?:[^\\$`]|\\.|\$(?!\$)){{1,{_LONGEST}}}?\$\$"
    rf"|\\\[[^`]{{1,{_LONGEST}}}?\\\](?![(\[:])|\\\([^`]{{1,{_LONGEST}}}?\\\)"
    rf"|\\begin\{{([A-Za-z]{{1,20}}\*?)\}}[^`]{{0,{_LONGEST}}}?\\end\{{\1\}}"
    rf"|(?<!(?![{CJK}])[^\W_])(?:\$(?![\s$)\]}}.,;:!?])(?:[^\\$`]|\\.){{1,{_LONGEST}}}(?<![\s(\[{{:/])\$(?![\d$])"
    rf"|\$`[^`]{{1,{_LONGEST}}}`\$(?!\d))",
    re.DOTALL,
)
_BLOCK = re.compile(r"(\$\$(?!\$)|\\\[|\\begin\{([A-Za-z]{1,20}\*?)\})")
_LONGEST_BLOCK = 5_000  # characters: how far the end of a block is looked for
_BLANK = re.compile(r"\n[ \t]*(?:\n|$)")
_ALONE = re.compile(r"[ \t]*\n")
# What a formula doesn't go on with behind a blank line.
_NEXT = re.compile(
    r"\n(?:[ \t]*\n)+[ \t]*(?:#{1,6} |[|>`]|[^\n\\{]*?"
    rf"(?:(?:[^\W\d_]{{2,}}[ ,]+){{2}}[^\W\d_]{{2}}|[{CJK}]{{4}}))"
)
_END = re.compile(r"[.,;:]?[ \t]*$")
_DOUBLES = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)|\\.|\$\$", re.DOTALL)
_GITHUB = re.compile(r"\$`(.*)`\$", re.DOTALL)
_MARKS = re.compile(r"(\$\$|\\\[|\$|\\\()(.*?)(\$\$|\\\]|\$|\\\))([.,;:]?)", re.DOTALL)


def add(parser: MarkdownIt) -> None:
    """Have a parser find formulas: tokens of the type `formula`, in lines and as blocks."""
    parser.inline.ruler.before("escape", "formula", _inline)
    parser.block.ruler.before("fence", "formula", _block, {"alt": ["paragraph", "reference"]})


def inline(text: str, at: int) -> "re.Match[str] | None":
    """The formula that stands at a place of a text."""
    return _INLINE.match(text, at)


def is_fence(token: Token) -> bool:
    """Whether a fence holds a formula."""
    return token.type == "fence" and token.info.strip() == "math"


def source(token: Token) -> str:
    """A formula with the marks that say that it is one."""
    return f"$$\n{token.content}$$" if is_fence(token) else token.content


def is_display(text: str) -> bool:
    """Whether a formula stands in lines of its own."""
    return text.startswith(("$$", "\\[")) or (text.startswith("\\begin") and "\n" in text)


def inside(text: str) -> str:
    """A formula without its marks."""
    found = _GITHUB.fullmatch(text)
    if found is not None:
        return found[1]
    found = _MARKS.fullmatch(text)
    return text if found is None else found[2] + found[4]


def _inline(state: StateInline, silent: bool) -> bool:  # as the library calls it
    if state.src[state.pos] not in "$\\":
        return False
    found = _INLINE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("formula", "", 0).content = found[0]
    state.pos = found.end()
    return True


def _block(
    state: StateBlock, start: int, end: int, silent: bool
) -> bool:  # as the library calls it
    begin = state.bMarks[start] + state.tShift[start]
    found = _BLOCK.match(state.src, begin, state.eMarks[start])
    if found is None or state.is_code_block(start) or (silent and _is_end(state, start)):
        return False
    length = _length(state, found, start, end)
    text = _lines(state, start, end)[:length]
    line = start + text.count("\n")
    after = state.eMarks[line]
    if length:
        # What of the last line isn't in it: that line ends as in the source.
        after -= len(_lines(state, start, line + 1).rstrip("\n")) - len(text)
    is_whole = length > 0 and _END.match(state.src, after, state.eMarks[line]) is not None
    if not length or (not is_whole and line == start):
        return False  # "$$a$$ and more" is a line of text
    if silent:
        return True
    if is_whole:
        text += state.src[after : state.eMarks[line]]
        state.line = line + 1
    else:
        # What follows in the line begins the next block.
        state.bMarks[line], state.line = after, line
        blanks = re.compile("[ \t]*").match(state.src, after, state.eMarks[line])
        state.tShift[line] = 0 if blanks is None else len(blanks[0])
        state.sCount[line] = state.blkIndent
    state.push("formula", "", 0).content = text.strip()
    return True


def _lines(state: StateBlock, start: int, end: int) -> str:
    """The lines of a block from one on, as far as an end is looked for."""
    last, room = start, _LONGEST_BLOCK
    while last < end and room > 0 and _goes_on(state, last):
        room -= state.eMarks[last] - state.bMarks[last] + 1
        last += 1
    return state.getLines(start, last, state.blkIndent, False).lstrip(" ")


def _goes_on(state: StateBlock, line: int) -> bool:
    return state.isEmpty(line) or state.sCount[line] >= state.blkIndent


def _length(state: StateBlock, found: "re.Match[str]", start: int, end: int) -> int:
    """How long the formula is with its marks; 0 where it has no end."""
    mark = f"\\end{{{found[2]}}}" if found[2] else "$$" if found[1] == "$$" else "\\]"
    text = _lines(state, start, end)[:_LONGEST_BLOCK]
    begin = len(found[0])
    close = text.find(mark, begin)
    while close > 0 and text[close - 1] == "\\":
        close = text.find(mark, close + 1)
    if close < 0:
        return 0
    length = close + len(mark)
    blank = _BLANK.search(text, begin)
    if blank is None or close <= blank.start():
        return length
    if not found[2] and not _ALONE.match(text, begin):
        return 0
    next_ = _NEXT.search(text)
    return 0 if next_ is not None and next_.end() < length else length


def _is_end(state: StateBlock, line: int) -> bool:
    """Whether a display formula that began behind a word of the paragraph is open in a line."""
    by_paragraph: dict[int, dict[int, bool]] = state.env.setdefault("formulas", {})
    known = by_paragraph.setdefault(state.line, {})
    if line not in known:
        last, is_open = next(reversed(known.items()), (state.line, False))
        text = state.src[state.bMarks[last] : state.bMarks[line]]
        known[line] = is_open != _leaves_open(text)
    return known[line]


def _leaves_open(text: str) -> bool:
    doubles = [found[0] for found in _DOUBLES.finditer(text)]
    return doubles.count("$$") % 2 > 0
