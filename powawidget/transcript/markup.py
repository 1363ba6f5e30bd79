"""HTML by type: what isn't `Html` is escaped wherever it is put into some."""

import html
from collections.abc import Iterable


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def opening(tag: str, css: str = "", **attributes: str) -> Html:
    """Open an element. Tag, style and names are ours; values may be anybody's."""
    every = {**({"style": css} if css else {}), **attributes}
    written = "".join(f' {name.strip("_")}="{html.escape(value)}"' for name, value in every.items())
    return Html(f"<{tag}{written}>")


def element(tag: str, css: str, *inside: str, **attributes: str) -> Html:
    """Make an element of what is put inside."""
    return joined([opening(tag, css, **attributes), *inside, Html(f"</{tag}>")])


def joined(inside: Iterable[str], between: str = "") -> Html:
    """Put pieces together: escaped, but for what is HTML already."""
    return Html(_escaped(between).join(map(_escaped, inside)))


def _escaped(text: str) -> str:
    return text if isinstance(text, Html) else html.escape(text, quote=False)
