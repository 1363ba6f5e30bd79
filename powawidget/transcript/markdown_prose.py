"""Markdown of a model, written anew: the same to read, and the same to every renderer."""

from dataclasses import dataclass, field

from markdown_it.token import Token

from powawidget.transcript import prose
from powawidget.transcript.markdown_escape import (
    PLAIN_ADDRESS,
    Code,
    begun,
    escape,
    fence,
    joined,
    pieces,
    row,
    target,
    ticks,
)

_FENCES = {"fence", "code_block"}
_MARKS = {"strong": "**", "em": "*", "s": "~~"}
_ALIGN = {"text-align:right": "---:", "text-align:center": ":---:"}


def rewrite(text: str) -> list[str]:
    """Write a model's markdown anew; its hidden characters are marked already."""
    if len(text) > prose.LONGEST:
        return [escape(line, at_start=True) for line in text.split("\n")]
    tokens = list(prose.read(text))
    writer = _Writer(tokens)
    for index in range(len(tokens)):
        writer.write(tokens, index)
    return writer.open[0].lines()


@dataclass
class _Container:
    """What is open: the text itself, a quotation, a list or one of its items."""

    mark: str = ""
    number: int | None = None
    tight: bool = False
    content: list[list[str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        between = [] if self.tight else [""]
        return [line for lines in self.content for line in (*between, *lines)][len(between) :]

    def marked(self) -> list[str]:
        """The lines behind the mark of a quotation or an item."""
        rest = self.mark if self.mark == "> " else " " * len(self.mark)
        first, *others = self.lines() or [""]
        return [f"{self.mark}{first}".rstrip(), *(f"{rest}{line}".rstrip() for line in others)]


class _Writer:
    """Turns tokens to lines."""

    def __init__(self, tokens: list[Token]) -> None:
        self.open = [_Container()]
        # All fences are alike: JupyterLab takes out what stands between two marks of a formula, and
        # where those are in two fences, the end of the second has to end the first.
        fences = (token.content for token in tokens if token.type in _FENCES)
        self._ticks = max(map(ticks, fences), default=0)
        self._cells: list[str] = []
        self._aligns: list[str] = []
        self._rows: list[str] = []

    def write(self, tokens: list[Token], index: int) -> None:
        """Write the next token."""
        token = tokens[index]
        name, _, side = token.type.rpartition("_")
        if side == "inline":
            self._inline(tokens, index)
        elif token.type in _FENCES:
            text = token.content.removesuffix("\n")
            self._add(fence(text, prose.language(token), self._ticks))
        elif side == "hr":
            # Not of dashes, which begin metadata and tables of pandoc.
            self._add(["***"])
        elif side == "open":
            self._open(name, token)
        else:
            self._close(name)

    def _open(self, name: str, token: Token) -> None:
        match name:
            case "bullet_list":
                self.open.append(_Container(tight=True))
            case "ordered_list":
                start = int(token.attrs.get("start", 1))
                self.open.append(_Container(number=start, tight=True))
            case "list_item":
                self.open.append(_Container(mark=self._next_mark()))
            case "blockquote":
                self.open.append(_Container(mark="> "))
            case "table":
                self._rows = []
            case "tr":
                self._cells, self._aligns = [], []

    def _close(self, name: str) -> None:
        match name:
            case "bullet_list" | "ordered_list":
                self._add(self.open.pop().lines())
            case "list_item":
                item = self.open.pop()
                self.open[-1].tight &= item.tight or len(item.content) < 2  # noqa: PLR2004  # used once, here
                self._add(item.marked())
            case "blockquote":
                self._add(self.open.pop().marked())
            case "table":
                self._add(self._rows)
            case "tr":
                self._rows.append(row(self._cells))
            case "thead":
                self._rows.append(row([_ALIGN.get(align, "---") for align in self._aligns]))

    def _add(self, lines: list[str]) -> None:
        self.open[-1].content.append(lines)

    def _next_mark(self) -> str:
        around = self.open[-1]
        if around.number is None:
            return "- "
        around.number = min(around.number + 1, 999_999_999)
        return f"{around.number - 1}. "

    def _inline(self, tokens: list[Token], index: int) -> None:
        token, opener = tokens[index], tokens[index - 1]
        is_cell = opener.type in {"th_open", "td_open"}
        box = prose.task(token)[0] if prose.is_task(tokens, index) else ""
        shown = box + _written(token.children or [], skip=4 if box else 0, in_table=is_cell)
        if is_cell:
            self._cells.append(_on_one_line(shown))
            self._aligns.append(str(opener.attrs.get("style", "")))
        elif opener.type == "heading_open":
            marks = "#" * min(6, int(opener.tag[1:]) + 3)
            self._add([f"{marks} {_on_one_line(shown)}"])
        else:
            self.open[-1].tight |= opener.hidden
            self._add([begun(line) for line in shown.split("\n")])


def _on_one_line(shown: str) -> str:
    return shown.replace("\\\n", " ").replace("\n", " ")


def _written(children: list[Token], *, skip: int, in_table: bool) -> str:
    """Write inline tokens; `skip` leaves out the first characters, of a task's box."""
    written: list[str] = []
    opened: list[int] = []
    # Not in a cell: nbconvert's markdown reads no table in a quotation or a list, only its text.
    lone = not in_table and sum(token.content.count("$") for token in children) == 1
    after = 0
    for index, token in enumerate(children):
        if index < after:
            continue
        kind, _, _ = token.type.rpartition("_")
        if token.type == "text":
            text, skip = token.content[skip:], max(0, skip - len(token.content))
            written += pieces(text, lone=lone, linked=bool(opened))
        elif token.type == "link_open" and _is_address(children, index):
            written.append(f"<{children[index + 1].content}>")
            after = index + 3
        elif token.type == "link_open":
            opened.append(index)
            written.append("" if prose.target(prose.href(token)) is None else "[")
        elif token.type == "link_close":
            begin = opened.pop()
            shown = "".join(child.content for child in children[begin + 1 : index])
            written += _link_end(prose.href(children[begin]), shown)
        elif kind in _MARKS:
            written.append(_MARKS[kind])
        elif token.type == "code_inline":
            written.append(Code(token.content))
        elif token.type == "image":
            alt, link = prose.image(token)
            where = "" if link is None else f" at {link.href}"
            written += pieces(f"Image: {alt}{where}", linked=bool(opened))
        else:
            written.append("\\\n" if token.type == "hardbreak" else "\n")
    return joined(written, in_table=in_table)


def _is_address(children: list[Token], index: int) -> bool:
    """Whether a link is no more than its address, one that every reader takes as it is."""
    shown = children[index + 1].content
    return (
        children[index + 2 : index + 3] != []
        and children[index + 2].type == "link_close"
        and children[index + 1].type == "text"
        and shown == prose.href(children[index])
        and prose.target(shown) is not None
        and PLAIN_ADDRESS.fullmatch(shown) is not None
    )


def _link_end(href: str, text: str) -> list[str]:
    link = prose.target(href)
    aside = pieces(prose.aside(text, href, link), linked=True)
    return aside if link is None else [f"]({target(link)})", *aside]
