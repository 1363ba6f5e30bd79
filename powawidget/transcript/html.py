"""A transcript as HTML: static, self-contained, without script, style sheet or any request."""

import html
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from markdown_it.token import Token

from powawidget.transcript import layout, prose, style, values, words
from powawidget.transcript.cut import Cut
from powawidget.transcript.direction import Direction, apart, direction, mirrored
from powawidget.transcript.nodes import (
    Box,
    Code,
    Entries,
    Fold,
    Grid,
    Heading,
    Line,
    Node,
    Prose,
    Quote,
    Records,
    Series,
    Span,
    Spans,
    Title,
)
from powawidget.transcript.visible import quoted, readable, visible

_NUMERIC_ROWS = 100


class Html(str):
    """Text that is HTML already; every other string is escaped where it is put into some."""

    __slots__ = ()


def element(tag: str, css: str, *inside: str, **attributes: str) -> Html:
    """Make an element. Tag, style and names are ours; values and text may be anybody's."""
    told = {**({"style": css} if css else {}), **attributes}
    said = "".join(f' {name.strip("_")}="{html.escape(value)}"' for name, value in told.items())
    return Html(f"<{tag}{said}>{joined(inside)}</{tag}>")


def joined(inside: Iterable[str]) -> Html:
    """Put pieces together: escaped, but for what is HTML already."""
    return Html(
        "".join(one if isinstance(one, Html) else html.escape(one, quote=False) for one in inside)
    )


class Writer:
    """Writes nodes.

    Args:
        cut: How much of each text is shown.
        expand: Whether cards stand open.
        prose_html: Turns markdown to HTML; it remembers what it has turned.
    """

    def __init__(self, cut: Cut, prose_html: Callable[[str], Html], *, expand: bool) -> None:
        self._cut = cut
        self._expand = expand
        self._prose = prose_html
        self._section = "h4"  # within a turn they stand below its heading
        self._writers: dict[type, Callable[[Any], Html]] = {
            Title: lambda node: element("h3", style.TITLE, spans(node.spans)),
            Heading: self._heading,
            Line: self._line,
            Prose: self._quoted_prose,
            Quote: self._quote,
            Code: self._code,
            Records: self._records,
            Entries: self._entries,
            Grid: self._grid,
            Fold: self._fold,
            Box: self._box,
            Series: self._series,
        }

    def write(self, nodes: Iterable[Node]) -> Html:
        """Write nodes, one after another."""
        return Html("\n".join(self._writers[type(node)](node) for node in nodes))

    def _heading(self, node: Heading) -> Html:
        if node.level == 1:
            self._section = "h5"
            return element("h4", style.TURN, spans(node.spans))
        return element(self._section, style.SECTION, spans(node.spans))

    def _line(self, node: Line) -> Html:
        told = spans(node.spans)
        inside = element("strong", "font-weight:500", told) if node.kind == "label" else told
        return element("p", style.LINES[node.kind], inside)

    def _quoted_prose(self, node: Prose) -> Html:
        text, more = self._cut.piece(node.piece)
        css = style.QUIET_PROSE if node.quiet else style.PROSE
        quoted = _sided("blockquote", css, text, self._prose(text))
        return Html(quoted + self._more(more))

    def _quote(self, node: Quote) -> Html:
        text, more = self._cut.piece(node.piece)
        # Line breaks count also where the style is stripped.
        said = "<br>".join(joined([line]) for line in readable(text).split("\n"))
        quoted = _sided("blockquote", style.QUOTE, text, Html(said))
        return Html(quoted + self._more(more))

    def _code(self, node: Code) -> Html:
        text, more = self._cut.piece(node.piece)
        inside = element("code", style.CODE, visible(text))
        return Html(element("pre", style.PRE, inside, **apart(text)) + self._more(more))

    def _records(self, node: Records) -> Html:
        columns = self._cut.columns(node.columns)
        rows = self._cut.rows(node.rows, layout.row_length)
        sample = node.rows[:_NUMERIC_ROWS]
        numeric = {
            name for name in columns if all(_is_numeric(row.get(name, None)) for row in sample)
        }
        head = [_head_cell(name, name in numeric) for name in columns]
        body = [self._record(row, columns, numeric) for row in rows]
        table = _table(head, body)
        left = len(node.rows) - len(rows)
        more = words.more(words.rows(left), node.where) if left else ""
        aside = len(node.columns) - len(columns)
        wide = words.more(words.plural(aside, "column"), node.where) if aside else ""
        return Html(table + self._more(more) + self._more(wide))

    def _record(self, row: dict[str, Any], columns: Sequence[str], numeric: set[str]) -> Html:
        cells = []
        for name in columns:
            text = self._cut.cell(layout.cell(row[name])) if name in row else ""
            if name in numeric:
                cells.append(element("td", style.NUMBER, visible(text), align="right"))
            else:
                cells.append(_cell("td", style.CELL, text))
        return element("tr", style.ROW, *cells)

    def _entries(self, node: Entries) -> Html:
        entries = self._cut.rows(node.entries, lambda entry: len(entry[0]) + len(entry[1]) + 100)
        rows = [
            element(
                "tr",
                "background-color:transparent",
                _cell("th", style.KEY, self._cut.cell(key), scope="row", align="left"),
                _cell("td", style.VALUE, self._cut.cell(text)),
            )
            for key, text in entries
        ]
        left = len(node.entries) - len(entries)
        more = words.more(words.plural(left, "value"), node.where) if left else ""
        table = element(
            "div", "overflow-x:auto", element("table", style.TABLE, element("tbody", "", *rows))
        )
        return Html(table + self._more(more))

    def _grid(self, node: Grid) -> Html:
        first, left, last = self._cut.some(node.rows)
        rows = [self._grid_row(row) for row in first]
        if left:
            note = words.more(words.rows(left), node.where)
            cell = element("td", style.CELL, note, colspan=str(len(node.columns)))
            rows.append(element("tr", style.ROW, cell))
        rows += [self._grid_row(row) for row in last]
        return _table([_head_cell(name, False) for name in node.columns], rows)

    def _grid_row(self, row: tuple[Spans, ...]) -> Html:
        cells = []
        for cell in row:
            # Short cells stay on one line, so that the long ones get the width.
            short = sum(len(span.text) for span in cell) <= 24  # noqa: PLR2004  # said once, here
            cells.append(element("td", style.TIGHT_CELL if short else style.CELL, spans(cell)))
        return element("tr", style.ROW, *cells)

    def _fold(self, node: Fold) -> Html:
        outer, head, inner = {
            "card": (style.CARD, style.CARD_HEAD, style.CARD_BODY),
            "nest": (style.NEST, style.NEST_HEAD, style.NEST_BODY),
            "quiet": (style.QUIET, style.QUIET_HEAD, style.QUIET_BODY),
        }[node.kind]
        attributes = {"open": ""} if node.open or self._expand else {}
        # A list, so that what stands in a fold is indented also where the style is stripped.
        item = element("li", "", Html("\n"), self.write(node.body), Html("\n"), type="none")
        return element(
            "details",
            outer,
            Html("\n"),
            element("summary", head, _summary(node)),
            Html("\n"),
            element("ul", inner, item),
            Html("\n"),
            **attributes,
        )

    def _box(self, node: Box) -> Html:
        css = style.BAD_BOX if node.bad else style.BOX
        return element("div", css, self.write(node.body))

    def _series(self, node: Series) -> Html:
        first, left, last = self._cut.some(node.items)
        note = words.more(words.plural(left, node.what), node.where) if left else ""
        written = [*map(self.write, first), self._more(note), *map(self.write, last)]
        return Html("\n".join(one for one in written if one))

    def _more(self, note: str) -> Html:
        return element("p", style.MORE, note) if note else Html("")


def _summary(node: Fold) -> Html:
    """The line of a card. Its parts are set apart by spaces too, for where the style is gone."""
    if node.brief is None and not node.tail:
        return spans(node.summary)
    is_named = node.brief is not None and node.brief.tone != "code"
    lead = element("span", "", spans(node.summary), ":" if is_named else "")
    brief = "" if node.brief is None else element("span", style.BRIEF, _brief(node.brief))
    tails = (one for span in node.tail for one in (Span(" · ", "dim"), span))
    tail = element("span", style.TAIL, spans(tuple(tails)[1:])) if node.tail else ""
    # Code stands out by itself; after other words the tail would be read as more of them.
    before = node.brief or node.summary[-1]
    is_plain = tail and before.tone not in {"code", "name"}
    dot = element("span", "display:none", "·") if is_plain else ""
    parts = [part for part in (lead, brief, dot, tail) if part]
    return element("span", style.SUMMARY, Html(" ".join(parts)))


def _brief(span: Span) -> Html:
    if span.tone != "code":
        return _span(span)
    return element("code", style.BRIEF_CODE, visible(span.text), **apart(span.text))


def _head_cell(name: str, numeric: bool) -> Html:
    if numeric:
        return _cell("th", style.HEAD_NUMBER, name, scope="col", align="right")
    return _cell("th", style.HEAD_CELL, name, scope="col", align="left")


def _cell(tag: str, css: str, text: str, **attributes: str) -> Html:
    """A cell. A text that is read from the right keeps its marks and brackets in their places."""
    turned = {"dir": "rtl"} if direction(text) == "rtl" else {}
    return element(tag, css, visible(text), **attributes, **turned)


def _sided(tag: str, css: str, text: str, inside: Html) -> Html:
    """A box on the side from which a text is read."""
    if direction(text) == "rtl":
        return element(tag, mirrored(css), inside, dir="rtl")
    return element(tag, css, inside)


def _table(head: list[Html], rows: list[Html]) -> Html:
    table = element(
        "table",
        style.TABLE,
        element("thead", "", element("tr", style.HEAD, *head)),
        Html("\n"),
        element("tbody", "", Html("\n".join(rows))),
    )
    return element("div", style.SCROLL, table)


def _is_numeric(value: Any) -> bool:
    return value is None or isinstance(value, values.Number)


def spans(line: Spans) -> Html:
    """Write the spans of a line."""
    return Html("".join(map(_span, line)))


_TONES = {
    "strong": ("strong", ""),
    "dim": ("span", style.DIM),
    "title": ("strong", ""),
    "code": ("code", style.CODE),
    "said": ("span", style.SAID),
    "glance": ("span", "opacity:.85"),
}


def _span(span: Span) -> Html:
    text = quoted(visible(span.text)) if span.tone == "said" else visible(span.text)
    match span.tone:
        case "plain":
            return joined([text])
        case "name":
            return element("strong", "", element("code", style.NAME, text, **apart(text)))
        case "glyph":
            color = style.COLORS.get(span.text, style.GREY)
            return element("span", f"color:{color};font-weight:700", words.SIGNS[span.text])
        case "bar":
            return _bar(text)
    tag, css = _TONES[span.tone]
    return element(tag, css, text, **apart(text))


def _bar(text: str) -> Html:
    strips = [(mark, "".join(run)) for mark, run in itertools.groupby(text)]
    parts = [
        element("span", style.BAR_ON if mark == "━" else style.BAR_OFF, strip)
        for mark, strip in strips
    ]
    return element("code", style.BAR, *parts)


_INLINE = {"strong": "strong", "em": "em", "s": "del"}
_BLOCKS = {
    "paragraph": ("p", style.PROSE_P),
    "bullet_list": ("ul", style.PROSE_LIST),
    "ordered_list": ("ol", style.PROSE_LIST),
    "list_item": ("li", "margin:2px 0"),
    "blockquote": ("blockquote", style.PROSE_QUOTE),
    "table": ("table", style.PROSE_TABLE),
    "thead": ("thead", ""),
    "tbody": ("tbody", ""),
    "tr": ("tr", style.ROW),
}


def prose_html(text: str) -> Html:
    """Turn markdown of a model to HTML. Raw HTML in it is text, images are chips.

    Args:
        text: The markdown.

    Returns:
        HTML that holds nothing but text, lists, tables, code and checked links.
    """
    said = readable(text)
    if len(said) > prose.LONGEST:
        return element("pre", style.PRE, said)
    tokens = list(prose.read(said))
    turns = _turns(tokens, direction(text) or "ltr")
    return Html("".join(_block(tokens, index, turns) for index in range(len(tokens))))


class _Turn(NamedTuple):
    """The direction of a token, and whether it has to be said, since it isn't that around it."""

    to: Direction
    is_said: bool


_TURNED = {
    "paragraph_open",
    "heading_open",
    "bullet_list_open",
    "ordered_list_open",
    "blockquote_open",
    "table_open",
    "th_open",
    "td_open",
}


def _turns(tokens: list[Token], base: Direction) -> list[_Turn]:
    """From which side each block is read: by the first letter in it, else as what is around it."""
    ahead: list[Direction] = []
    next_: Direction = ""
    for index in reversed(range(len(tokens))):
        if tokens[index].type == "inline":
            token, is_task = tokens[index], prose.is_task(tokens, index)
            next_ = direction(prose.task(token)[1] if is_task else token.content)
        ahead.append(next_)
    around = [base]
    turns = []
    for token, own in zip(tokens, reversed(ahead), strict=True):
        if token.nesting < 0:
            around.pop()
        to = own if own and token.type in _TURNED else around[-1]
        turns.append(_Turn(to, to != around[-1]))
        if token.nesting > 0:
            around.append(to)
    return turns


def _block(tokens: list[Token], index: int, turns: list[_Turn]) -> str:
    token, turn = tokens[index], turns[index]
    if token.hidden:  # the paragraphs of a tight list
        return ""
    match token.type:
        case "inline":
            box, _ = prose.task(token) if prose.is_task(tokens, index) else ("", "")
            said = box + _inline(token.children or [], skip=4 if box else 0)
            is_alone = tokens[index - 1].hidden and turns[index - 1].is_said
            return element("span", "", Html(said), dir=turn.to) if is_alone else said
        case "fence" | "code_block":
            code = element("code", style.CODE, token.content.removesuffix("\n"))
            return element("pre", style.PRE, code, dir="ltr") + "\n"
        case "hr":
            return f'<hr style="{style.PROSE_RULE}">\n'
    name, _, side = token.type.rpartition("_")
    if side == "close":
        return f"</{_tag(token, name)[0]}>\n"
    is_cell = name in {"th", "td"}
    # A cell stands as its table does, whatever is in it.
    to = turns[index - 1].to if is_cell else turn.to
    tag, css = _tag(token, name, to, first=index == 0)
    start = token.attrs.get("start")
    begins = f' start="{int(start)}"' if isinstance(start, int) else ""
    align = f' align="{_align(token, to)}"' if is_cell else ""
    said = f' style="{css}"' if css else ""
    turned = f' dir="{turn.to}"' if turn.is_said else ""
    end = "" if tag in {"p", "li", "th", "td"} else "\n"
    return f"<{tag}{said}{turned}{begins}{align}>{end}"


def _tag(token: Token, name: str, to: Direction = "ltr", *, first: bool = False) -> tuple[str, str]:
    if name == "heading":
        level = int(token.tag[1:])
        # Below the transcript's own headings.
        css = style.PROSE_HEADING.format(0 if first else 12, max(14, 18 - level))
        return f"h{min(6, level + 3)}", css
    is_cell = name in {"th", "td"}
    tag, css = (name, style.PROSE_CELL) if is_cell else _BLOCKS[name]
    css = mirrored(css) if to == "rtl" else css
    return tag, css.format(_align(token, to)) if is_cell else css


def _align(token: Token, to: Direction) -> str:
    told = str(token.attrs.get("style", "")).removeprefix("text-align:")
    if told in {"left", "right", "center"}:
        return told
    return "right" if to == "rtl" else "left"


def _inline(children: list[Token], skip: int = 0) -> str:
    """Write inline tokens; `skip` leaves out the first characters, of a task's box."""
    written: list[str] = []
    opened: list[int] = []
    for index, token in enumerate(children):
        kind, _, side = token.type.rpartition("_")
        if token.type == "text":
            text, skip = token.content[skip:], max(0, skip - len(token.content))
            written.append(joined([text]) if opened else _linked(text))
        elif token.type == "link_open":
            opened.append(index)
            written.append(_link_open(prose.target(prose.href(token))))
        elif token.type == "link_close":
            begin = opened.pop()
            said = "".join(child.content for child in children[begin + 1 : index])
            written.append(_link_close(prose.href(children[begin]), said))
        elif kind in _INLINE:
            written.append(f"<{'/' if side == 'close' else ''}{_INLINE[kind]}>")
        elif token.type == "code_inline":
            written.append(element("code", style.PROSE_CODE, token.content))
        elif token.type == "image":
            written.append(_image(token))
        else:
            written.append("<br>\n" if token.type == "hardbreak" else "\n")
    return "".join(written)


def _linked(text: str) -> str:
    """A text with the URLs in it as links."""
    return "".join(
        joined([said]) if link is None else f"{_link_open(link)}{joined([said])}</a>"
        for said, link in prose.with_links(text)
    )


def _link_open(link: prose.Link | None) -> str:
    if link is None:
        return ""
    return (
        f'<a href="{html.escape(link.href)}" rel="noopener noreferrer nofollow" target="_blank"'
        f' style="{style.LINK}">'
    )


def _link_close(href: str, text: str) -> str:
    link = prose.target(href)
    return joined([Html("" if link is None else "</a>"), prose.aside(text, href, link)])


def _image(token: Token) -> str:
    alt, link = prose.image(token)
    where = "" if link is None else f" at {link.href}"
    return element("span", f"{style.DIM};border:1px dotted;padding:0 4px", f"Image: {alt}{where}")
