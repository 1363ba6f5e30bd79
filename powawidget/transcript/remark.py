"""Markdown of a model, written anew: the same to read, and the same to every renderer.

Renderers of markdown differ in what they take for HTML, code or a link. What is written here is
plain enough to leave nothing to that: each `<` is escaped or in a code span that nothing else can
close, references are resolved, images are text.
"""

import re
from dataclasses import dataclass, field

from markdown_it.token import Token

from powawidget.transcript import prose

# Characters that could begin markup in a line; `&` only where it could begin an entity, `_` only
# at the edge of a word.
_MARKUP = re.compile(r"[\\`*\[\]<>$~|]|&(?=[#A-Za-z])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
# What begins a block at the start of a line.
_BEGINS = re.compile(r"^(\s*)(?:([#+=:-])|(\d{1,9})([.)]))")
_MARKS = {"strong": "**", "em": "*", "s": "~~"}
_ALIGN = {"text-align:right": "---:", "text-align:center": ":---:"}


def escape(text: str, *, at_start: bool = False) -> str:
    """Escape what markdown would take for markup.

    Args:
        text: One line.
        at_start: Whether it stands at the start of a line, where more is markup.

    Returns:
        Markdown that reads as the text.
    """
    said = _MARKUP.sub(lambda found: f"\\{found[0]}", text)
    if not at_start:
        return said
    # Space at the start would make it code.
    return _BEGINS.sub(_escaped_begin, said.lstrip(" \t"))


def _escaped_begin(found: re.Match[str]) -> str:
    if found[2]:
        return f"{found[1]}\\{found[2]}"
    return f"{found[1]}{found[3]}\\{found[4]}"


def code_span(text: str) -> str:
    """Text as code in a line, whatever backticks are in it."""
    said = text.replace("\n", " ")
    longest = max((len(run) for run in re.findall(r"`+", said)), default=0)
    marks = "`" * (longest + 1)
    # A space at both ends is taken off where it is read.
    pad = " " if said[:1] in {"`", " "} or said[-1:] in {"`", " "} else ""
    return f"{marks}{pad}{said}{pad}{marks}" if said.strip() else escape(said)


def fence(text: str, language: str = "") -> list[str]:
    """Text in a fence that is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    marks = "`" * (longest + 1)
    return [f"{marks}{language}", *text.split("\n"), marks]


def row(cells: list[str]) -> str:
    """A row of a table; its cells are escaped already."""
    return f"| {' | '.join(cells)} |"


def remark(text: str) -> list[str]:
    """Write markdown anew.

    Args:
        text: Markdown of a model, its hidden characters marked.

    Returns:
        Lines of markdown.
    """
    if len(text) > prose.LONGEST:
        return [escape(line, at_start=True) for line in text.split("\n")]
    writer = _Writer()
    tokens = list(prose.read(text))
    for index in range(len(tokens)):
        writer.take(tokens, index)
    return writer.frames[0].lines()


@dataclass
class _Frame:
    """What is open: the text itself, a quotation, a list or one of its items."""

    mark: str = ""
    number: int | None = None
    tight: bool = False
    blocks: list[list[str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        between = [] if self.tight else [""]
        return [line for block in self.blocks for line in (*between, *block)][len(between) :]

    def marked(self) -> list[str]:
        """The lines behind the mark of a quotation or an item."""
        rest = self.mark if self.mark == "> " else " " * len(self.mark)
        first, *others = self.lines() or [""]
        return [f"{self.mark}{first}".rstrip(), *(f"{rest}{line}".rstrip() for line in others)]


class _Writer:
    """Turns tokens to lines."""

    def __init__(self) -> None:
        self.frames = [_Frame()]
        self._cells: list[str] = []
        self._aligns: list[str] = []
        self._rows: list[str] = []

    def take(self, tokens: list[Token], index: int) -> None:
        """Take the next token."""
        token = tokens[index]
        name, _, side = token.type.rpartition("_")
        if side == "inline":
            self._inline(tokens, index)
        elif token.type in {"fence", "code_block"}:
            self._add(fence(token.content.removesuffix("\n"), prose.language(token)))
        elif side == "hr":
            self._add(["---"])
        elif side == "open":
            self._open(name, token)
        else:
            self._close(name)

    def _open(self, name: str, token: Token) -> None:
        match name:
            case "bullet_list":
                self.frames.append(_Frame(tight=True))
            case "ordered_list":
                start = int(token.attrs.get("start", 1))
                self.frames.append(_Frame(number=start, tight=True))
            case "list_item":
                self.frames.append(_Frame(mark=self._next_mark()))
            case "blockquote":
                self.frames.append(_Frame(mark="> "))
            case "table":
                self._rows = []
            case "tr":
                self._cells, self._aligns = [], []

    def _close(self, name: str) -> None:
        match name:
            case "bullet_list" | "ordered_list":
                self._add(self.frames.pop().lines())
            case "list_item":
                item = self.frames.pop()
                self.frames[-1].tight &= item.tight or len(item.blocks) < 2  # noqa: PLR2004  # said once, here
                self._add(item.marked())
            case "blockquote":
                self._add(self.frames.pop().marked())
            case "table":
                self._add(self._rows)
            case "tr":
                self._rows.append(row(self._cells))
            case "thead":
                self._rows.append(row([_ALIGN.get(align, "---") for align in self._aligns]))

    def _add(self, lines: list[str]) -> None:
        self.frames[-1].blocks.append(lines)

    def _next_mark(self) -> str:
        around = self.frames[-1]
        if around.number is None:
            return "- "
        around.number = min(around.number + 1, 999_999_999)
        return f"{around.number - 1}. "

    def _inline(self, tokens: list[Token], index: int) -> None:
        token, opener = tokens[index], tokens[index - 1]
        is_cell = opener.type in {"th_open", "td_open"}
        box = prose.task(token)[0] if prose.is_task(tokens, index) else ""
        said = box + _written(token.children or [], skip=4 if box else 0, in_table=is_cell)
        if is_cell:
            self._cells.append(said.replace("\n", " "))
            self._aligns.append(str(opener.attrs.get("style", "")))
        elif opener.type == "heading_open":
            marks = "#" * min(6, int(opener.tag[1:]) + 3)
            self._add([f"{marks} {' '.join(said.split(chr(10)))}"])
        else:
            self.frames[-1].tight |= opener.hidden
            self._add([begun(line) for line in said.split("\n")])


def begun(line: str) -> str:
    """A line of a paragraph, without what would begin a block; its markup is escaped already."""
    return _BEGINS.sub(_escaped_begin, line.lstrip(" \t"))


def _written(children: list[Token], *, skip: int, in_table: bool) -> str:
    """Write inline tokens; `skip` leaves out the first characters, of a task's box."""
    parts: list[str] = []
    opened: list[int] = []
    for index, token in enumerate(children):
        kind, _, _ = token.type.rpartition("_")
        if token.type == "text":
            text, skip = token.content[skip:], max(0, skip - len(token.content))
            parts.append(escape(text))
        elif token.type == "link_open":
            opened.append(index)
            parts.append("" if prose.target(prose.href(token)) is None else "[")
        elif token.type == "link_close":
            begin = opened.pop()
            said = "".join(child.content for child in children[begin + 1 : index])
            parts.append(_link_end(prose.href(children[begin]), said))
        elif kind in _MARKS:
            parts.append(_MARKS[kind])
        elif token.type == "code_inline":
            code = code_span(token.content)
            parts.append(code.replace("|", "\\|") if in_table else code)
        elif token.type == "image":
            alt, link = prose.image(token)
            parts.append(escape(f"Image: {alt}" + ("" if link is None else f" at {link.href}")))
        else:
            parts.append("\\\n" if token.type == "hardbreak" else "\n")
    return "".join(parts)


def _link_end(said_href: str, text: str) -> str:
    link = prose.target(said_href)
    aside = escape(prose.aside(text, said_href, link))
    if link is None:
        return aside
    safe = re.sub(r"[()<>\\\[\]|*_`$~]", lambda found: f"%{ord(found[0]):02X}", link.href)
    return f"]({safe}){aside}"
