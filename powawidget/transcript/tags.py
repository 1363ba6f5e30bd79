"""The few tags of HTML that mean something in a model's markdown: `js/src/markdown/tags.ts`.

A line's end, small letters above and below, keys: without attributes. All other HTML is text, in
which nothing is a link or marks anything; its blocks end a paragraph or a table, as elsewhere.
"""

import re
from collections.abc import Iterable

from markdown_it import MarkdownIt
from markdown_it.common.html_re import HTML_TAG_RE
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.html_block import HTML_SEQUENCES
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

_TAG = re.compile(r"<(?:br ?/?|(/?)(sub|sup|kbd))>", re.IGNORECASE)
_DEEPEST = 4


def add(parser: MarkdownIt) -> None:
    """Have a parser find the tags: `tag_break`, and `tag_open` and `tag_close` in pairs."""
    parser.inline.ruler.before("autolink", "tag", _tag)
    parser.inline.ruler.after("autolink", "html", _html)
    parser.block.ruler.before("lheading", "html", _ends, {"alt": ["paragraph", "blockquote"]})
    parser.core.ruler.after("inline", "tag", _pair)


def _tag(state: StateInline, silent: bool) -> bool:  # as the library calls it
    found = _TAG.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        token = state.push("tag", (found[2] or "br").lower(), 0)
        token.content, token.markup = found[0], found[1] or ""
    state.pos = found.end()
    return True


def _html(state: StateInline, silent: bool) -> bool:  # as the library calls it
    found = HTML_TAG_RE.match(state.src[state.pos : state.posMax]) if _is_tag(state) else None
    if found is None:
        return False
    if not silent:
        state.push("html", "", 0).content = found[0]
    state.pos += len(found[0])
    return True


def _is_tag(state: StateInline) -> bool:
    return state.src.startswith("<", state.pos) and state.pos + 2 < state.posMax


def _ends(
    state: StateBlock, start: int, _end: int, silent: bool
) -> bool:  # as the library calls it
    """Whether a line ends the paragraph or the table before it; it is one of a paragraph itself."""
    if not silent or state.is_code_block(start):
        return False
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    return any(is_end and opens.search(line) for opens, _, is_end in HTML_SEQUENCES)


def _pair(state: StateCore) -> None:
    for token in state.tokens:
        _pair_in(token.children or [])


def _pair_in(tokens: Iterable[Token]) -> None:
    """Join the tags that stand within the same marks; one without its other half is text."""
    around: list[list[Token]] = [[]]
    for token in tokens:
        if token.children:
            _pair_in(token.children)
        if token.nesting > 0:
            around.append([])
        elif token.nesting < 0:
            around.pop()
        if token.type != "tag":
            continue
        opened = around[-1]
        names = [each.tag for each in opened]
        token.type = "text"
        if token.tag == "br":
            token.type = "tag_break"
        elif not token.markup and len(opened) < _DEEPEST:
            opened.append(token)
        elif token.markup and token.tag in names:
            at = len(names) - 1 - names[::-1].index(token.tag)
            opened[at].type, token.type = "tag_open", "tag_close"
            del opened[at:]
