"""The transcript of a run or a chat in each form, under its limit and without the key."""

import html
import re
from collections.abc import Callable
from typing import Any

from powawidget.http.secret import Secret
from powawidget.state.about import About
from powawidget.state.model import ChatState, RunState, plain, typed
from powawidget.transcript import document, style
from powawidget.transcript import html as html_
from powawidget.transcript import markdown as markdown_
from powawidget.transcript import text as text_
from powawidget.transcript.cut import Cut, fit
from powawidget.transcript.glance import one_line
from powawidget.transcript.nodes import Node
from powawidget.transcript.texts import changed

LIMIT = 256_000
_MARK = re.compile(r"[A-Za-z0-9_-]{0,100}")
_NOTHING = About()
# MathJax 3 and 2 pass over what has these classes: prices would be read as formulas, words in them
# be lost, and a model's text become markup.
_NO_FORMULAS = ("mathjax_ignore", "tex2jax_ignore")


def to_html(  # noqa: PLR0913  # each is one thing a caller may choose
    told: RunState | ChatState,
    about: About = _NOTHING,
    *,
    mark: str = "",
    limit: int | None = LIMIT,
    expand: bool = False,
    secret: Secret | None = None,
) -> str:
    """Write a run or a chat as HTML that stands on its own.

    It holds no script, style sheet, image or other request, and reads without its `style`
    attributes too.

    Args:
        told: The run or the chat.
        about: What to tell beside it.
        mark: The root's `data-powawidget-transcript` and its class, of letters, digits, `-`
            and `_`, by which a live view finds it.
        limit: The most bytes of UTF-8; longer texts are cut, the longest first. None cuts nothing.
        expand: Whether cards stand open, as for print.
        secret: The key to keep out.

    Returns:
        One `div`.

    Raises:
        InvalidValueError: If the limit is below 10,000 bytes.
        ValueError: If the mark has other characters.
    """
    if _MARK.fullmatch(mark) is None:
        raise ValueError("mark must be letters, digits, - and _, at most 100 of them.")
    nodes, lengths = _told(told, about, secret)
    known: dict[str, html_.Html] = {}

    def prose(text: str) -> html_.Html:
        if text not in known:
            known[text] = html_.prose_html(text)
        return known[text]

    def write(cut: Cut) -> str:
        inside = html_.Writer(cut, prose, expand=expand).write(nodes)
        names = " ".join(["powawidget-transcript", *([mark] if mark else []), *_NO_FORMULAS])
        attributes = {"class": names, "data-powawidget-transcript": mark, "dir": "ltr"}
        return html_.element(
            "div", style.ROOT, html_.Html("\n"), inside, html_.Html("\n"), **attributes
        )

    return _kept(fit(write, lengths, limit), secret)


def to_page(told: RunState | ChatState, about: About = _NOTHING, **options: Any) -> str:
    """Write a run or a chat as an HTML file.

    Args:
        told: The run or the chat.
        about: What to tell beside it.
        **options: As for `to_html`.

    Returns:
        A whole document.
    """
    inside = to_html(told, about, **options)
    secret = options.get("secret")
    name = told.name if secret is None else secret.redact(told.name)
    title = html.escape(one_line(f"{told.kind} {name}"))
    return (
        f'<!DOCTYPE html>\n<html lang="en" style="{style.PAGE}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f'<title>{title}</title>\n</head>\n<body style="{style.PAGE_BODY}">\n{inside}\n'
        "</body>\n</html>\n"
    )


def to_markdown(
    told: RunState | ChatState,
    about: About = _NOTHING,
    *,
    limit: int | None = None,
    secret: Secret | None = None,
) -> str:
    """Write a run or a chat as markdown, that of GitHub, without any HTML.

    Args:
        told: The run or the chat.
        about: What to tell beside it.
        limit: The most bytes of UTF-8; None cuts nothing.
        secret: The key to keep out.

    Returns:
        Markdown.

    Raises:
        InvalidValueError: If the limit is below 10,000 bytes.
    """
    return _lines(told, about, markdown_.Writer, limit, secret)


def to_text(
    told: RunState | ChatState,
    about: About = _NOTHING,
    *,
    limit: int | None = None,
    secret: Secret | None = None,
) -> str:
    """Write a run or a chat as plain text; what others wrote stands behind `|`.

    Args:
        told: The run or the chat.
        about: What to tell beside it.
        limit: The most bytes of UTF-8; None cuts nothing.
        secret: The key to keep out.

    Returns:
        Text.

    Raises:
        InvalidValueError: If the limit is below 10,000 bytes.
    """
    return _lines(told, about, text_.Writer, limit, secret)


def _lines(
    told: RunState | ChatState,
    about: About,
    writer: Callable[[Cut], markdown_.Writer | text_.Writer],
    limit: int | None,
    secret: Secret | None,
) -> str:
    nodes, lengths = _told(told, about, secret)
    written = fit(lambda cut: "\n".join([*writer(cut).lines(nodes), ""]), lengths, limit)
    return _kept(written, secret)


def _told(
    told: RunState | ChatState, about: About, secret: Secret | None
) -> tuple[list[Node], list[int]]:
    # Before anything is escaped: a key with marks in it would be another text afterwards.
    kept = told if secret is None else typed(changed(plain(told), secret.redact), type(told))
    tell = document.chat if isinstance(kept, ChatState) else document.run
    return tell(kept, about)  # type: ignore[arg-type]  # one kind each


def _kept(written: str, secret: Secret | None) -> str:
    return written if secret is None else secret.redact(written)
