"""Markdown of a model as HTML."""

from typing import NamedTuple

from markdown_it.token import Token

from powawidget.transcript import formulas, links, prose, style, urls
from powawidget.transcript.direction import Direction, direction, mirrored
from powawidget.transcript.lines import look_wrapped
from powawidget.transcript.markup import Html, element, joined, opening
from powawidget.transcript.visible import readable

_LINK_CLOSE = Html("</a>")
_INLINE = {"strong": "strong", "em": "em", "s": "del"}
_TAGS = {
    "paragraph": ("p", style.PROSE_P),
    "note": ("div", style.PROSE_NOTE),
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

    Returns:
        HTML that holds nothing but text, lists, tables, code and checked links.
    """
    shown = readable(text)
    if len(shown) > prose.LONGEST:
        return element("pre", style.PRE, shown)
    tokens = list(prose.read(shown))
    turns = _turns(tokens, direction(text) or "ltr")
    return joined(_token(tokens, index, turns) for index in range(len(tokens)))


class _Turn(NamedTuple):
    """The direction of a token, and whether it has to be marked, since it isn't that around it."""

    to: Direction
    is_marked: bool


_TURNED = {
    "paragraph_open",
    "note_open",
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


def _token(tokens: list[Token], index: int, turns: list[_Turn]) -> Html:
    token, turn = tokens[index], turns[index]
    # the paragraphs of a tight list; where a note's first paragraph ends
    if token.hidden or token.type == "note_more":
        return Html("")
    match token.type:
        case "inline":
            box, text = prose.task(token) if prose.is_task(tokens, index) else ("", token.content)
            is_paragraph = tokens[index - 1].type in {"paragraph_open", "note_open"}
            keeps = is_paragraph and not look_wrapped(text)
            inside = _inline(token.children or [], skip=4 if box else 0, keeps=keeps)
            shown = joined([box, inside])
            is_alone = tokens[index - 1].hidden and turns[index - 1].is_marked
            return element("span", "", shown, dir=turn.to) if is_alone else shown
        case "formula":
            return _display(token.content)
        case "fence" if formulas.is_fence(token):
            return _display(formulas.source(token))
        case "fence" | "code_block":
            code = element("code", style.CODE, token.content.removesuffix("\n"))
            return joined([element("pre", style.PRE, code, dir="ltr"), "\n"])
        case "hr":
            return joined([opening("hr", style.PROSE_RULE), "\n"])
    name, _, side = token.type.rpartition("_")
    if side == "close":
        return Html(f"</{_tag(token, name)[0]}>\n")
    is_cell = name in {"th", "td"}
    # A cell stands as its table does, whatever is in it.
    to = turns[index - 1].to if is_cell else turn.to
    tag, css = _tag(token, name, to, first=index == 0)
    css += _placed(tokens, index, to)
    attributes: dict[str, str] = {"dir": turn.to} if turn.is_marked else {}
    start = token.attrs.get("start")
    if isinstance(start, int):
        attributes["start"] = str(start)
    if is_cell:
        attributes["align"] = _align(token, to)
    end = "" if tag in {"p", "li", "th", "td"} or name == "note" else "\n"
    mark = [element("sup", "", token.content), " "] if name == "note" else []
    return joined([opening(tag, css, **attributes), *mark, end])


def _placed(tokens: list[Token], index: int, to: Direction) -> str:
    """What a block's place asks of its style."""
    kind = tokens[index].type
    if kind == "list_item_open" and prose.is_task(tokens, index + 2):
        # its box is its mark
        return ";list-style:none" if prose.task(tokens[index + 2])[0] else ""
    if kind in {"bullet_list_open", "ordered_list_open"} and tokens[index].level > 1:
        return ";margin-bottom:0"
    # JupyterLab has paragraphs at the left, and a table is as wide as it has to be.
    at_right = {"paragraph_open": ";text-align:right", "table_open": ";margin-left:auto"}
    return at_right.get(kind, "") if to == "rtl" else ""


def _display(source: str) -> Html:
    return joined([element("pre", style.PROSE_FORMULA, source, dir="ltr"), "\n"])


def _tag(token: Token, name: str, to: Direction = "ltr", *, first: bool = False) -> tuple[str, str]:
    if name == "heading":
        level = int(token.tag[1:])
        # Below the transcript's own headings.
        css = style.PROSE_HEADING.format(0 if first else 12, max(14, 18 - level))
        return f"h{min(6, level + 3)}", css
    is_cell = name in {"th", "td"}
    tag, css = (name, style.PROSE_CELL) if is_cell else _TAGS[name]
    css = mirrored(css) if to == "rtl" else css
    return tag, css.format(_align(token, to)) if is_cell else css


def _align(token: Token, to: Direction) -> str:
    align = str(token.attrs.get("style", "")).removeprefix("text-align:")
    if align in {"left", "right", "center"}:
        return align
    return "right" if to == "rtl" else "left"


def _inline(children: list[Token], skip: int = 0, *, keeps: bool = False) -> Html:
    """Write inline tokens.

    Args:
        children: The tokens.
        skip: How many of the first characters are left out, those of a task's box.
        keeps: Whether the ends of lines are kept.
    """
    written: list[str] = []  # what isn't HTML yet is escaped at the end
    has_ended = False  # a line has, behind which another end of it says nothing
    for token in children:
        if token.type == "text":
            text, skip = token.content[skip:], max(0, skip - len(token.content))
            written.append(text)
        elif token.type in {"aside", "html"}:
            written.append(token.content)
        elif token.type == "link_open":
            written.append(_link_open(links.target(token)))
        elif token.type == "link_close":
            written.append(_LINK_CLOSE)
        elif token.type == "softbreak":
            written.append(Html("<br>\n" if keeps and not has_ended else "\n"))
        else:
            written.append(_one(token))
        if token.type != "text" or token.content.strip(" \t"):
            has_ended = token.type == "tag_break" or (
                token.type == "formula" and formulas.is_display(token.content)
            )
    return joined(written)


def _one(token: Token) -> Html:
    """A token that stands for itself."""
    kind, _, side = token.type.rpartition("_")
    match token.type:
        case "code_inline":
            return element("code", style.PROSE_CODE, token.content)
        case "formula":
            display = formulas.is_display(token.content)
            css = style.PROSE_MATHS_LINE if display else style.PROSE_MATHS
            return element("code", css, token.content, dir="ltr")
        case "note_mark":
            return element("sup", "", token.content)
        case "tag_open":
            return opening(token.tag, style.PROSE_KEY if token.tag == "kbd" else "")
        case "image":
            return _image(token)
        case "hardbreak" | "tag_break":
            return Html("<br>\n")
    tag = token.tag if kind == "tag" else _INLINE[kind]
    return Html(f"<{'/' if side == 'close' else ''}{tag}>")


def _link_open(link: urls.Url | None) -> Html:
    if link is None:
        return Html("")
    outside = {"rel": "noopener noreferrer nofollow", "target": "_blank", "style": style.LINK}
    return opening("a", href=link.href, **outside)


def _image(token: Token) -> Html:
    css = f"{style.DIM};border:1px dotted;padding:0 4px"
    return element("span", css, links.image(token))
