"""Bars in the rows of tables, as the live view has them (`js/src/markdown/maths.ts`).

Where a row has more cells than the table has columns, readers leave the rest out. Here bars within
code and formulas are text, and so is what is still too much, in the last cell.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table

from powawidget.transcript import formulas

_BAR = re.compile(r"(?<!\\)\|")
_AROUND = re.compile(r"^\s*\||(?<!\\)\|\s*$")
_WITHIN = re.compile(r"(?<!\\)\|(?!\s*$)")
_MARK = re.compile(r"[`$\\]")
_CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)|\\.")
# Stands for a bar that is text: no text that is read here has this character, which is marked.
_STAND_IN = "\ufdd0"


def add(parser: MarkdownIt) -> None:
    """Have a parser keep all of a row."""
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})


def _table(
    state: StateBlock, start: int, end: int, silent: bool
) -> bool:  # as the library calls it
    # Its first two lines tell whether it is one. No other is looked at before: this is asked for
    # each line of a list, and a list would be read once a line.
    is_one = table(state, start, end, True)
    if silent or not is_one:
        return is_one
    source, first = state.src, len(state.tokens)
    marks = source[state.bMarks[start + 1] : state.eMarks[start + 1]]
    _keep(state, start + 2, end, len(re.findall("-+", marks)))
    is_one = table(state, start, end, False)
    state.src = source
    for token in state.tokens[first:]:
        token.content = token.content.replace(_STAND_IN, "|")
    return is_one


def _keep(state: StateBlock, start: int, end: int, columns: int) -> None:
    line = start
    while line < end and not state.isEmpty(line):
        line += 1
    if line == start:
        return
    begin, after = state.bMarks[start], state.eMarks[line - 1]
    rows = [with_bars(row, columns) for row in state.src[begin:after].split("\n")]
    state.src = state.src[:begin] + "\n".join(rows) + state.src[after:]


def with_bars(row: str, columns: int) -> str:
    """A row of which no more than some bars divide cells."""
    if not _is_too_long(row, columns):
        return row
    marked, at = "", 0
    while found := _MARK.search(row, at):
        span = _CODE.match(row, found.start()) or formulas.inline(row, found.start())
        to = found.end() if span is None else span.end()
        is_text = span is not None and not span[0].startswith("\\|")
        piece = row[found.start() : to]
        marked += row[at : found.start()] + (_BAR.sub(_STAND_IN, piece) if is_text else piece)
        at = to
    marked += row[at:]
    if not _is_too_long(marked, columns):
        return marked
    left = columns - (not re.match(r"\s*\|", marked))
    bars = [found.start() for found in _WITHIN.finditer(marked)][left:]
    letters = list(marked)
    for bar in bars:
        letters[bar] = _STAND_IN
    return "".join(letters)


def _is_too_long(row: str, columns: int) -> bool:
    return len(_BAR.split(_AROUND.sub("", row))) > columns
