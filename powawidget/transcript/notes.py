"""Footnotes and alerts, as the live view has them (`js/src/markdown/notes.ts`).

A footnote is a paragraph, and what stands indented below it.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.rules_block import StateBlock, reference
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

_LABEL = r"\[\^([^\]\[\s]{1,100})\]"
_DEFINITION = re.compile(rf"{_LABEL}:[ \t]*")
_MARK = re.compile(_LABEL)
_ALERT = re.compile(r"\[!(note|tip|important|warning|caution)\][ \t]*(?:\n|$)", re.IGNORECASE)


def add(parser: MarkdownIt) -> None:
    """Have a parser find notes (`note_open`, `note_close`), their marks (`note_mark`), alerts."""
    parser.block.ruler.before("reference", "note", _definition, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.at("reference", _reference, {"alt": []})
    parser.inline.ruler.after("link", "note_mark", _mark)
    parser.core.ruler.before("inline", "alert", _alerts)


def _definition(
    state: StateBlock, start: int, end: int, silent: bool
) -> bool:  # as the library calls it
    begin = state.bMarks[start] + state.tShift[start]
    found = _DEFINITION.match(state.src, begin, state.eMarks[start])
    if found is None or state.is_code_block(start):
        return False
    if silent:
        return True
    line = start + 1
    while line < end and not _ends(state, line, end):
        line += 1
    text = state.getLines(start, line, state.blkIndent, False).strip()
    state.env.setdefault("notes", set()).add(normalizeReference(found[1]))
    state.push("note_open", "p", 1).content = found[1]
    token = state.push("inline", "", 0)
    token.content, token.children = text[len(found[0].rstrip()) :].strip(), []
    last = _indented(state, line, end)
    if last > line:
        state.push("note_more", "div", 0)
        _read_indented(state, line, last)
    state.push("note_close", "p", -1)
    state.line = last
    return True


_INDENT = 4


def _indented(state: StateBlock, line: int, end: int) -> int:
    """The end of what belongs to a note whose first paragraph ends before a line."""
    last = line
    while line < end and (state.isEmpty(line) or state.sCount[line] - state.blkIndent >= _INDENT):
        line += 1
        if not state.isEmpty(line - 1):
            last = line
    return last


def _read_indented(state: StateBlock, line: int, end: int) -> None:
    within = state.blkIndent, state.lineMax, state.parentType
    state.blkIndent += _INDENT
    state.lineMax = end
    state.md.block.tokenize(state, line, end)
    state.blkIndent, state.lineMax, state.parentType = within


def _reference(
    state: StateBlock, start: int, end: int, silent: bool
) -> bool:  # as the library calls it
    """Read the definition of a link; what begins with a caret is text where it is no note's."""
    begin = state.bMarks[start] + state.tShift[start]
    return not state.src.startswith("[^", begin) and reference(state, start, end, silent)


def _ends(state: StateBlock, line: int, end: int) -> bool:
    """Whether a line ends a paragraph, as the library has it."""
    if state.isEmpty(line):
        return True
    if state.sCount[line] - state.blkIndent > 3 or state.sCount[line] < 0:  # noqa: PLR2004  # an indent of code
        return False
    return any(rule(state, line, end, True) for rule in state.md.block.ruler.getRules("paragraph"))


def _mark(state: StateInline, silent: bool) -> bool:  # as the library calls it
    found = _MARK.match(state.src, state.pos, state.posMax)
    known = state.env.get("notes") or ()
    # What isn't written yet may be the text of a link, where its brackets are only counted.
    if silent or found is None or state.linkLevel or normalizeReference(found[1]) not in known:
        return False
    state.push("note_mark", "sup", 0).content = found[1]
    state.pos = found.end()
    return True


def _alerts(state: StateCore) -> None:
    """Make a title of the first line of a quotation that names its kind."""
    tokens: list[Token] = []
    for index, token in enumerate(state.tokens):
        first = state.tokens[index + 2 : index + 3]
        found = (
            _ALERT.match(first[0].content) if token.type == "blockquote_open" and first else None
        )
        tokens.append(token)
        if found is None or state.tokens[index + 1].type != "paragraph_open":
            continue
        token.meta = {"alert": found[1].lower()}
        opening = state.tokens[index + 1]
        inline, closing = first[0], state.tokens[index + 3]
        rest = inline.content[found.end() :]
        inline.content = f"**{found[1].capitalize()}**"
        if rest:
            body = Token("inline", "", 0, content=rest, children=[], level=inline.level)
            closing.meta = {"then": [opening.copy(), body, closing.copy()]}
    state.tokens = [each for token in tokens for each in (token, *token.meta.get("then", ()))]
