"""The transcript of a run or a chat in each form, under its limit and without the key."""

import html
import re
from collections.abc import Callable
from typing import Any

from powawidget.state.about import About
from powawidget.state.model import ChatState, RunState, plain, typed
from powawidget.transcript import document, style
from powawidget.transcript import html as html_
from powawidget.transcript import markdown as markdown_
from powawidget.transcript import text as text_
from powawidget.transcript.html_prose import prose_html
from powawidget.transcript.limits import Limits, fit
from powawidget.transcript.markup import Html, element
from powawidget.transcript.nodes import Node
from powawidget.transcript.summary import one_line
from powawidget.transcript.texts import Redact, map_texts

LIMIT = 256_000
_MARK = re.compile(r"[A-Za-z0-9_-]{0,100}")
_NOTHING = About()
# MathJax 3 and 2 pass over what has these classes: prices would be read as formulas, words in them
# be lost, and a model's text become markup.
_NO_FORMULAS = ("mathjax_ignore", "tex2jax_ignore")


def to_html(  # noqa: PLR0913  # each is one thing a caller may choose
    state: RunState | ChatState,
    about: About = _NOTHING,
    *,
    mark: str = "",
    limit: int | None = LIMIT,
    expand: bool = False,
    redact: Redact | None = None,
) -> str:
    """Write a run or a chat as HTML that stands on its own.

    It holds no script and makes no request: a picture is in it with its data. It reads without its
    styles too; the one rule that is no attribute opens cards and tables in print.

    Args:
        state: The run or the chat.
        about: Where and with what it ran.
        mark: The root's `data-powawidget-transcript` and its class, of letters, digits, `-`
            and `_`, by which a live view finds it.
        limit: The most bytes of UTF-8; longer texts are cut, the longest first. None cuts nothing.
        expand: Whether cards stand open, as for print.
        redact: Takes the key out of a text, where there is one.

    Returns:
        One `div`.

    Raises:
        InvalidValueError: If the limit is below 10,000 bytes.
        ValueError: If the mark has other characters.
    """
    nodes, lengths = _nodes(state, about, redact)
    return html_of(nodes, lengths, mark=mark, limit=limit, expand=expand, redact=redact)


def html_of(  # noqa: PLR0913  # as above
    nodes: list[Node],
    lengths: list[int],
    *,
    mark: str = "",
    limit: int | None = LIMIT,
    expand: bool = False,
    redact: Redact | None = None,
) -> str:
    """Write nodes as HTML that stands on its own, as `to_html` does.

    Args:
        nodes: What to write, in which the key stands no more.
        lengths: The length of each text in them, in characters.
        mark: As for `to_html`.
        limit: As for `to_html`.
        expand: As for `to_html`.
        redact: Takes the key out of a text, where there is one.

    Raises:
        InvalidValueError: If the limit is below 10,000 bytes.
        ValueError: If the mark has other characters.
    """
    if _MARK.fullmatch(mark) is None:
        raise ValueError("mark must be letters, digits, - and _, at most 100 of them.")
    known: dict[str, Html] = {}

    def prose(text: str) -> Html:
        if text not in known:
            known[text] = prose_html(text)
        return known[text]

    def write(limits: Limits) -> str:
        inside = html_.Writer(limits, prose, expand=expand).write(nodes)
        names = " ".join(["powawidget-transcript", *([mark] if mark else []), *_NO_FORMULAS])
        attributes = {"class": names, "data-powawidget-transcript": mark, "dir": "ltr"}
        shown = (Html("\n"), inside, Html("\n"), element("style", "", Html(style.PRINT)))
        return element("div", style.ROOT, *shown, **attributes)

    return _kept(fit(write, lengths, limit), redact)


def to_page(state: RunState | ChatState, about: About = _NOTHING, **options: Any) -> str:
    """Write a run or a chat as an HTML file.

    Args:
        state: The run or the chat.
        about: Where and with what it ran.
        **options: As for `to_html`.
    """
    inside = to_html(state, about, **options)
    redact = options.get("redact")
    name = state.name if redact is None else redact(state.name)
    title = html.escape(one_line(f"{state.kind} {name}"))
    return (
        f'<!DOCTYPE html>\n<html lang="en" style="{style.PAGE}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f'<title>{title}</title>\n</head>\n<body style="{style.PAGE_BODY}">\n{inside}\n'
        "</body>\n</html>\n"
    )


def to_markdown(
    state: RunState | ChatState,
    about: About = _NOTHING,
    *,
    limit: int | None = None,
    redact: Redact | None = None,
) -> str:
    """Write a run or a chat as markdown, that of GitHub, without any HTML.

    Args:
        state: The run or the chat.
        about: Where and with what it ran.
        limit: The most bytes of UTF-8; None cuts nothing.
        redact: Takes the key out of a text, where there is one.

    Raises:
        InvalidValueError: If the limit is below 10,000 bytes.
    """
    return _lines(state, about, markdown_.Writer, limit, redact)


def to_text(
    state: RunState | ChatState,
    about: About = _NOTHING,
    *,
    limit: int | None = None,
    redact: Redact | None = None,
) -> str:
    """Write a run or a chat as plain text; what others wrote stands behind `|`.

    Args:
        state: The run or the chat.
        about: Where and with what it ran.
        limit: The most bytes of UTF-8; None cuts nothing.
        redact: Takes the key out of a text, where there is one.

    Raises:
        InvalidValueError: If the limit is below 10,000 bytes.
    """
    return _lines(state, about, text_.Writer, limit, redact)


def _lines(
    state: RunState | ChatState,
    about: About,
    writer: Callable[[Limits], markdown_.Writer | text_.Writer],
    limit: int | None,
    redact: Redact | None,
) -> str:
    return _lines_of(*_nodes(state, about, redact), writer, limit, redact)


def markdown_of(
    nodes: list[Node], lengths: list[int], *, limit: int | None, redact: Redact | None = None
) -> str:
    """Write nodes as markdown, as `to_markdown` does.

    Args:
        nodes: What to write, in which the key stands no more.
        lengths: The length of each text in them, in characters.
        limit: As for `to_markdown`.
        redact: Takes the key out of a text, where there is one.

    Raises:
        InvalidValueError: If the limit is below 10,000 bytes.
    """
    return _lines_of(nodes, lengths, markdown_.Writer, limit, redact)


def _lines_of(
    nodes: list[Node],
    lengths: list[int],
    writer: Callable[[Limits], markdown_.Writer | text_.Writer],
    limit: int | None,
    redact: Redact | None,
) -> str:
    written = fit(lambda limits: "\n".join([*writer(limits).lines(nodes), ""]), lengths, limit)
    return _kept(written, redact)


def _nodes(
    state: RunState | ChatState, about: About, redact: Redact | None
) -> tuple[list[Node], list[int]]:
    # Before anything is escaped: a key with marks in it would be another text afterwards.
    kept = state if redact is None else typed(map_texts(plain(state), redact), type(state))
    if isinstance(kept, ChatState):
        return document.chat_nodes(kept, about)
    return document.run_nodes(kept, about)


def _kept(written: str, redact: Redact | None) -> str:
    return written if redact is None else redact(written)
