"""Links that say where they lead, as the live view has them (`js/src/markdown/inline.ts`)."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, autolink
from markdown_it.token import Token

from powawidget.transcript import urls
from powawidget.transcript.entities import decoded
from powawidget.transcript.visible import unmarked

_LONGEST_HOST = 60
# Of an address that isn't followed, perhaps a picture's data, as much as says what it is.
_LONGEST_ADDRESS = 100
_NO_MAIL = re.compile(r"<[^\s<>:@]+@[^\s<>.@]*>")


def add(parser: MarkdownIt) -> None:
    """Have a parser say of each link where it leads: tokens of the type `aside`."""
    # Every address as it is written: which of them are followed is decided here.
    as_written = {"normalizeLink": str, "normalizeLinkText": str}
    vars(parser).update(validateLink=lambda _: True, **as_written)
    parser.inline.ruler.at("autolink", _autolink)
    parser.core.ruler.after("address", "aside", _say)


def _autolink(state: StateInline, silent: bool) -> bool:  # as the library calls it
    """Read an address in angle brackets, in which references to characters are read too.

    Nobody gets mail at a name without a dot: there it is a text in brackets, as in the page.
    """
    is_link = not _NO_MAIL.match(state.src, state.pos) and autolink(state, silent)
    if is_link and not silent:
        opening, inside, _ = state.tokens[-3:]
        opening.attrs["href"], inside.content = decoded(written(opening)), decoded(inside.content)
    return is_link


def target(token: Token) -> urls.Url | None:
    """Where a link's token leads, if that is followed."""
    return urls.read(unmarked(written(token)))


def written(token: Token) -> str:
    """What a link's token says of where it leads, with what isn't seen marked."""
    return str(token.attrs.get("href", ""))


def image(token: Token) -> str:
    """What stands in place of an image, which is never fetched: its text, and where it is."""
    address = str(token.attrs.get("src", ""))
    link = urls.read(unmarked(address))
    where = _begin(address) if link is None else link.href
    return f"Image: {_shown(token.children or []).strip() or 'image'}{where and f' at {where}'}"


def _say(state: StateCore) -> None:
    for token in state.tokens:
        if any(child.type == "link_open" for child in token.children or []):
            token.children = _with_asides(token.children or [])


def _with_asides(children: list[Token]) -> list[Token]:
    written: list[Token] = []
    begin = -1
    for index, token in enumerate(children):
        if token.type == "link_open":
            begin = index
        elif token.type == "link_close":
            written += _linked(children[begin], children[begin + 1 : index], token)
            begin = -1
        elif begin < 0:
            written.append(token)
    return written


def _linked(opening: Token, inside: list[Token], closing: Token) -> list[Token]:
    """What is in a link as one that says where it leads.

    An image stands before or behind the link: it has an address of its own. A link that leaves no
    text has its host for one.
    """
    address, link = written(opening), target(opening)
    if link is None:
        is_own = opening.info == "auto" or opening.markup
        is_said = is_own or not address or _shown(inside) == address
        return inside if is_said else [*inside, _text("aside", f" ({_begin(address)})")]
    tokens: list[Token] = []
    is_linked = False
    for run in _apart(inside):
        text = _shown(run)
        if _holds_image(run) or not text.strip():
            tokens += run
            continue
        is_linked = True
        tokens += [opening, *run, closing]
        said = aside(text, link)
        if said:
            tokens.append(_text("aside", said))
    if is_linked:
        return tokens
    blank = [_text("text", " ")] if tokens else []
    return [*tokens, *blank, opening, _text("text", _short(link.host)), closing]


def _apart(tokens: list[Token]) -> list[list[Token]]:
    """What holds an image, and what stands between."""
    runs: list[list[Token]] = []
    depth, begin = 0, 0
    was_image = True
    for index, token in enumerate(tokens):
        depth += token.nesting
        if depth:
            continue
        node, begin = tokens[begin : index + 1], index + 1
        is_image = _holds_image(node)
        if is_image or was_image:
            runs.append(node)
        else:
            runs[-1] += node
        was_image = is_image
    return runs


def _holds_image(tokens: list[Token]) -> bool:
    return any(token.type == "image" for token in tokens)


def _text(kind: str, content: str) -> Token:
    return Token(kind, "", 0, content=content)


def _shown(tokens: list[Token]) -> str:
    """What is read of inline tokens."""
    lines = {"softbreak": "\n", "hardbreak": "\n", "tag_break": "\n"}
    silent = {"tag_open", "tag_close"}
    return "".join(
        _shown(token.children or [])
        if token.type == "image"
        else lines.get(token.type) or ("" if token.type in silent else token.content)
        for token in tokens
    )


def aside(text: str, link: urls.Url) -> str:
    """What stands beside a link: its host, unless its text tells that."""
    return "" if _shows(text, link.host) else f" ({_short(link.host)})"


def _shows(text: str, host: str) -> bool:
    """Whether the text of a link tells its host already."""
    shown = re.sub(r"^(?:https?://|mailto:)", "", text.strip().lower())
    rest = shown[len(host) :]
    return shown.startswith(host.lower()) and re.fullmatch(r"(?:[/?#]\S*)?", rest) is not None


def _short(host: str) -> str:
    """The end of a host says whom it belongs to, so a long one loses its front."""
    return host if len(host) <= _LONGEST_HOST else f"…{host[-_LONGEST_HOST + 1 :]}"


def _begin(written: str) -> str:
    return written[:_LONGEST_ADDRESS]
