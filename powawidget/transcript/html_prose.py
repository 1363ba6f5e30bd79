"""Markdown of a model as HTML."""

from typing import NamedTuple

from markdown_it.token import Token

from powawidget.transcript import prose, style
from powawidget.transcript.direction import Direction, direction, mirrored
from powawidget.transcript.markup import Html, element, joined, opening
from powawidget.transcript.visible import readable

_LINK_CLOSE = Html("</a>")
_INLINE = {"strong": "strong", "em": "em", "s": "del"}
_TAGS = {
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
    if token.hidden:  # the paragraphs of a tight list
        return Html("")
    match token.type:
        case "inline":
            box, _ = prose.task(token) if prose.is_task(tokens, index) else ("", "")
            shown = joined([box, _inline(token.children or [], skip=4 if box else 0)])
            is_alone = tokens[index - 1].hidden and turns[index - 1].is_marked
            return element("span", "", shown, dir=turn.to) if is_alone else shown
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
    attributes: dict[str, str] = {"dir": turn.to} if turn.is_marked else {}
    start = token.attrs.get("start")
    if isinstance(start, int):
        attributes["start"] = str(start)
    if is_cell:
        attributes["align"] = _align(token, to)
    end = "" if tag in {"p", "li", "th", "td"} else "\n"
    return joined([opening(tag, css, **attributes), end])


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


def _inline(children: list[Token], skip: int = 0) -> Html:
    """Write inline tokens; `skip` leaves out the first characters, of a task's box."""
    written: list[str] = []  # what isn't HTML yet is escaped at the end
    opened: list[int] = []
    for index, token in enumerate(children):
        kind, _, side = token.type.rpartition("_")
        if token.type == "text":
            text, skip = token.content[skip:], max(0, skip - len(token.content))
            written.append(text if opened else _linked(text))
        elif token.type == "link_open":
            opened.append(index)
            written.append(_link_open(prose.target(prose.href(token))))
        elif token.type == "link_close":
            begin = opened.pop()
            shown = "".join(child.content for child in children[begin + 1 : index])
            written.append(_link_close(prose.href(children[begin]), shown))
        elif kind in _INLINE:
            written.append(Html(f"<{'/' if side == 'close' else ''}{_INLINE[kind]}>"))
        elif token.type == "code_inline":
            written.append(element("code", style.PROSE_CODE, token.content))
        elif token.type == "image":
            written.append(_image(token))
        else:
            written.append(Html("<br>\n" if token.type == "hardbreak" else "\n"))
    return joined(written)


def _linked(text: str) -> Html:
    """A text with the URLs in it as links."""
    return joined(
        shown if link is None else joined([_link_open(link), shown, _LINK_CLOSE])
        for shown, link in prose.with_links(text)
    )


def _link_open(link: prose.Link | None) -> Html:
    if link is None:
        return Html("")
    outside = {"rel": "noopener noreferrer nofollow", "target": "_blank", "style": style.LINK}
    return opening("a", href=link.href, **outside)


def _link_close(href: str, text: str) -> Html:
    link = prose.target(href)
    return joined(["" if link is None else _LINK_CLOSE, prose.aside(text, href, link)])


def _image(token: Token) -> Html:
    alt, link = prose.image(token)
    where = "" if link is None else f" at {link.href}"
    return element("span", f"{style.DIM};border:1px dotted;padding:0 4px", f"Image: {alt}{where}")
