"""Markdown of a model, written anew: the same to read, and the same to every renderer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it.token import Token

from powawidget.transcript import formulas, links, prose, urls
from powawidget.transcript.cjk import is_punctuation
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
from powawidget.transcript.markdown_formulas import between_dollars

_FENCES = {"fence", "code_block"}
_SIGNS = "0123456789+-=()"
_SMALL = {
    "sup": str.maketrans(f"{_SIGNS}n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ"),
    "sub": str.maketrans(_SIGNS, "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎"),  # small signs
}
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
        fences = (token.content for token in tokens if token.type in {*_FENCES, "formula"})
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
        elif token.type == "formula" or formulas.is_fence(token):
            source = formulas.source(token)
            written = between_dollars(source, display=True)
            self._add(fence(source, "", self._ticks) if written is None else [written])
        elif token.type in _FENCES:
            text = token.content.removesuffix("\n")
            self._add(fence(text, prose.language(token), self._ticks))
        elif token.type == "note_more":
            pass  # its blocks stand below it
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
        mark = escape(f"[^{opener.content}]: ") if opener.type == "note_open" else ""
        shown = box + mark + _written(token.children or [], skip=4 if box else 0, in_table=is_cell)
        if is_cell:
            shown = shown.replace(_BREAK, "<br>")
            self._cells.append(_on_one_line(shown))
            self._aligns.append(str(opener.attrs.get("style", "")))
        elif opener.type == "heading_open":
            marks = "#" * min(6, int(opener.tag[1:]) + 3)
            self._add([f"{marks} {_on_one_line(shown)}"])
        else:
            self.open[-1].tight |= opener.hidden
            ended = re.sub(f"{_BREAK}[ \t]*\n?", "\\\\\n", shown.strip(f"{_BREAK}\n"))
            self._add([begun(line) for line in ended.split("\n")])


# Stands for a tag that ends a line: in a cell only that tag can.
_BREAK = "\0"
_MOST_MARKS = 8
# Bare addresses that are links in a page, and in markdown text, as they were written.
_OF_PAGES = {"www", "mail", "mailto"}


def _on_one_line(shown: str) -> str:
    shown = shown.replace(_BREAK, " ")
    return shown.replace("\\\n", " ").replace("\n", " ")


def _written(children: list[Token], *, skip: int, in_table: bool) -> str:
    """Write inline tokens; `skip` leaves out the first characters, of a task's box."""
    written: list[str] = []
    leads: urls.Url | None = None
    children = list(_with_hosts_in_code(children))
    _apart_from_letters(children)
    # Not in a cell: nbconvert's markdown reads no table in a quotation or a list, only its text.
    dollars = sum(2 if token.type == "formula" else token.content.count("$") for token in children)
    lone = not in_table and dollars == 1
    after = 0
    for index, token in enumerate(children):
        if index < after:
            continue
        if token.type == "text":
            text, skip = token.content[skip:], max(0, skip - len(token.content))
            written += pieces(text, lone=lone, linked=leads is not None)
        elif token.type == "link_open" and _is_address(children, index):
            written.append(f"<{children[index + 1].content}>")
            after = index + 3
        elif token.type == "link_open" and token.markup not in _OF_PAGES:
            leads = links.target(token)
            written.append("[")
        elif leads is not None and token.type == "link_close":
            written.append(f"]({target(leads)})")
            leads = None
        elif token.type in {"link_open", "link_close"}:
            continue
        elif token.type == "formula":
            written.append(_formula(children, index, in_table=in_table, linked=leads is not None))
        elif token.type == "tag_open":
            small, after = _tagged(children, index)
            written += small if after else pieces(_OPENS[token.tag])
        else:
            written += _one(token, linked=leads is not None)
    return joined(written, in_table=in_table)


def _with_hosts_in_code(children: list[Token]) -> Iterator[Token]:
    """Replace the links to hosts in brackets, of IPv6, by their texts and the addresses in code.

    Who reads markdown percent-encodes the brackets of an address, and so no browser finds the host.
    """
    inside: list[Token] = []
    href, host, is_behind = "", "", False
    for token in children:
        is_aside, is_behind = is_behind and token.type == "aside", False
        link = links.target(token) if token.type == "link_open" else None
        if link is not None and link.host.startswith("["):
            (href, host), inside = link, []
        elif href and token.type == "link_close":
            code = Token("code_inline", "code", 0, content=href)
            shown = "".join(one.content for one in inside)
            is_said = shown == host or urls.read(shown) == (href, host)
            yield from [code] if is_said else [*inside, _aside(" ("), code, _aside(")")]
            href, is_behind = "", True
        elif href:
            inside.append(token)
        elif not is_aside:  # the address says its host
            yield token


def _aside(text: str) -> Token:
    return Token("aside", "", 0, content=text)


def _one(token: Token, *, linked: bool) -> list[str]:
    """Write a token that stands for itself."""
    match token.type:
        case "code_inline":
            return [Code(token.content)]
        case "note_mark":
            return pieces(f"[^{token.content}]")
        case "tag_close":
            return pieces(_CLOSES[token.tag])
        case "aside" | "html":
            return pieces(token.content, linked=True)
        case "image":
            return pieces(links.image(token), linked=linked)
    marks = {"tag_break": _BREAK, "hardbreak": "\\\n", "softbreak": "\n"}
    return [marks.get(token.type) or _MARKS[token.type.rpartition("_")[0]]]


def _apart_from_letters(children: list[Token]) -> None:
    """Move marks of a sentence out of emphasis beside a letter: others wouldn't find its end."""
    for index in range(1, len(children) - 1):
        before, token, after = children[index - 1 : index + 2]
        name, _, side = token.type.rpartition("_")
        if name not in _MARKS or {before.type, after.type} != {"text"}:
            continue
        inner, outer = (before, after) if side == "close" else (after, before)
        for _ in range(_MOST_MARKS):
            if len(inner.content) < 2 or not _is_hidden(before.content, after.content, side):  # noqa: PLR2004  # one stays
                break
            if side == "close":
                inner.content, outer.content = inner.content[:-1], inner.content[-1] + outer.content
            else:
                inner.content, outer.content = inner.content[1:], outer.content + inner.content[0]


def _is_hidden(before: str, after: str, side: str) -> bool:
    """Whether a mark between two texts is none to CommonMark."""
    last, following = before[-1:] or " ", after[:1] or " "
    mark, letter = (last, following) if side == "close" else (following, last)
    return is_punctuation(mark) and not (letter.isspace() or is_punctuation(letter))


# Where it can't be said with small letters: on one line, as in a formula.
_OPENS = {"sup": "^(", "sub": "_(", "kbd": ""}
_CLOSES = {"sup": ")", "sub": ")", "kbd": ""}


def _tagged(children: list[Token], index: int) -> tuple[list[str], int]:
    """What stands for a pair of tags around a plain text, and the index behind it; else 0."""
    inside = children[index + 1 : index + 3]
    if [token.type for token in inside] != ["text", "tag_close"] or "$" in inside[0].content:
        return [], 0
    text, tag = inside[0].content, children[index].tag
    if tag == "kbd":
        return [Code(text)], index + 3
    small = text.translate(_SMALL[tag])
    is_small = not any(one in small for one in text)
    return (pieces(small), index + 3) if is_small else ([], 0)


_APART = re.compile(r"[^\w$`\\{]|[^\x00-\x7f]", re.ASCII)


def _formula(children: list[Token], index: int, *, in_table: bool, linked: bool) -> str:
    """A formula in a line: between dollars where all who know formulas find it there."""
    source = children[index].content
    display = formulas.is_display(source)
    around = [_beside(children, index, -1), _beside(children, index, 1)]
    written = between_dollars(source, display=display, in_table=in_table)
    if written is None or linked or any(set(word) & set("$\\`\0") for word in around):
        return Code(source)
    before, after = around
    is_apart = [not word or _APART.match(word) for word in (before[-1:], after[:1])]
    if display:
        return f"{'' if is_apart[0] else ' '}{written}{'' if is_apart[1] else ' '}"
    return written if all(is_apart) else Code(source)


def _beside(children: list[Token], index: int, step: int) -> str:
    """The word right before or after a token; a backtick where that is code or a formula."""
    at = index + step
    while 0 <= at < len(children):
        token = children[at]
        if token.type == "text" and token.content:
            words = token.content.split(" ")
            return words[-1] if step < 0 else words[0]
        if token.type in {"code_inline", "formula"}:
            return "`"
        if token.type in {"softbreak", "hardbreak"}:
            return ""
        at += step
    return ""


def _is_address(children: list[Token], index: int) -> bool:
    """Whether a link is no more than its address, one that every reader takes as it is."""
    shown = children[index + 1].content
    return (
        children[index + 2 : index + 3] != []
        and children[index + 2].type == "link_close"
        and children[index + 1].type == "text"
        and shown == links.written(children[index])
        and urls.read(shown) is not None
        and PLAIN_ADDRESS.fullmatch(shown) is not None
    )
