"""Text in markdown: escaped so that it reads the same, and is the same to every renderer.

Renderers of markdown differ in what they read as HTML, code, a formula or a link. What is written
here reads the same in all of them: no `<` stands outside of code but around an address,
no address of a text stands bare (some renderers would take a backslash that follows into it, and
what that escaped would be live), references are resolved, images are text. A dollar that isn't a
formula's stands in code, since MathJax pairs those of the page, however the markdown wrote them.
"""

import itertools
import re
from collections.abc import Iterable

from powawidget.transcript import languages, prose, urls

# Characters that could begin markup in a line. A backslash does for most of them. Those that a
# renderer could read together with what stands before or after them are written by their number.
_MARKUP = re.compile(
    r"([<`\\])"
    r"|&(?=[#A-Za-z])"
    r"|[*\[\]>~|{}^$]"
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"
    # An image, if a link follows; the end of a heading; a citation of pandoc and Quarto.
    r"|!(?=\[|$)|(?<!\S)#|(?<![A-Za-z0-9])@(?=\S|$)"
    # An address that would be made a link, of any scheme.
    r"|(?<=[A-Za-z+.-]):(?=\S)|(?<=\d):(?=[^\s\d])|(?<![:/])/(?=/\w)|(?<=\bwww)\.",
    re.IGNORECASE,
)
# What begins a block at the start of a line: the first group, escaped by its last character.
_BEGINS = re.compile(
    r"^(\s*(?:"
    r"(?=[#+=:%-])"
    r"|\d{1,9}(?=[.)])"
    # Lists of pandoc and of MyST's labels, and the caption of a table.
    r"|\(?(?:\d{1,9}|[#A-Za-z]|@[\w-]{0,40}|[ivxlcdmIVXLCDM]{2,9})(?=[.)](?:\s|$))"
    r"|\([^()`\n]{1,100}(?=\)=)"
    r"|[Tt]able(?=:)"
    r"))(.)"
)
# The marks of formulas, each of which MathJax or a renderer of markdown could take for half of one.
# And what GitHub's makes a link of though a backslash stands in it: the word before an `@`.
_FORMULA = re.compile(
    r"\\\(.{1,500}?\\\)|\\\[.{1,500}?\\\]|\\begin\{([a-z]*\*?)\}.{0,500}?\\end\{\1\}"
    r"|\$|\\[\\()\[\]]|\\(?:begin|end|ref|eqref)\s?\{"
    r"|(?i:mailto|xmpp):(?=[^\s@]{1,500}@)",
    re.DOTALL,
)
# What acts even in code: the marks of formulas in nbconvert's and JupyterLab's markdown. And
# backticks: where code has more of them around it, or a backslash before the last, JupyterLab's
# reads stars in it as emphasis. The first character of each is put out of the code.
_EVEN_IN_CODE = re.compile(
    r"\$(?=\$)|`|\\(?=\\+[()\[\]])|\\(?=\\*(?:(?:begin|end)\{|`|\||\$\$|$))",
    re.IGNORECASE,
)
# In a cell a bar too: readers differ in whether the backslash before it is seen.
_EVEN_IN_CELL = re.compile(rf"{_EVEN_IN_CODE.pattern}|\|", re.IGNORECASE)
# An address that every reader takes as it is in angle brackets.
PLAIN_ADDRESS = re.compile(r"https?://(?:[\w.:/?=%+,;~()#-]|&(?!#|\w+;))+", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z0-9+.-]:$")
_UNBRACKETED = re.compile(r"\\([\[\]])")
_OPENING, _CLOSING = "([{\"'“‘", ".,;:!?)]}\"'”’"  # noqa: RUF001  # quotation marks


class Code(str):
    """A piece of a line that stands in code; every other piece is markdown already."""

    __slots__ = ()


def escape(text: str, *, at_start: bool = False, in_table: bool = False, lone: bool = False) -> str:
    """Escape what markdown would take for markup.

    Args:
        text: One line.
        at_start: Whether it stands at the start of a line, where more is markup.
        in_table: Whether it stands in a cell.
        lone: Whether no other dollar than one of its own can stand beside it in the page.
    """
    # Space at the start would make it code.
    shown = text.lstrip(" \t") if at_start else text
    written = joined(_with_addresses(shown, lone=lone), in_table=in_table)
    return begun(written) if at_start else written


def _with_addresses(text: str, *, lone: bool) -> Iterable[str]:
    for shown, link in prose.with_links(text):
        yield from pieces(shown, lone=lone) if link is None else address(shown, link)


def address(shown: str, link: urls.Url) -> list[str]:
    """An address as a link with itself for a text."""
    if PLAIN_ADDRESS.fullmatch(shown):
        return [f"<{shown}>"]
    return ["[", *pieces(shown, linked=True), f"]({target(link)})"]


def pieces(text: str, *, lone: bool = False, linked: bool = False) -> list[str]:
    """Divide a text into markdown that reads as it, and what has to stand in code.

    Args:
        text: One line.
        lone: Whether a dollar in it has none to be paired with.
        linked: Whether it stands in a link, where no other may.
    """
    plain = list(_without_formulas(text, lone=lone))
    if not linked:
        return plain
    # The marked of JupyterLab takes the backslash before a bracket off, and reads on: a link.
    return [one if isinstance(one, Code) else _UNBRACKETED.sub(_by_number, one) for one in plain]


def _without_formulas(text: str, *, lone: bool) -> Iterable[str]:
    """Put what could be taken for a formula, or for half of one, in code with its word."""
    end = 0
    pass_over = lone and "\\" not in text
    at = 0
    # From the end of each word on: one that began within it would take others with it.
    while found := _FORMULA.search(text, at):
        at = found.end()
        if pass_over and found[0].startswith("$"):
            continue
        begin, at = _word(text, end, found)
        yield _escaped(text[end:begin])
        yield Code(text[begin:at])
        end = at
    yield _escaped(text[end:])


def _word(text: str, least: int, found: "re.Match[str]") -> tuple[int, int]:
    """Where the word around a match begins and ends, without the marks of a sentence."""
    begin, stop = found.span()
    while begin > least and not text[begin - 1].isspace():
        begin -= 1
    while stop < len(text) and not text[stop].isspace():
        stop += 1
    while begin < found.start() and text[begin] in _OPENING:
        begin += 1
    while stop > found.end() and text[stop - 1] in _CLOSING:
        stop -= 1
    return begin, stop


def _escaped(text: str) -> str:
    return _MARKUP.sub(_escaped_mark, text)


def _escaped_mark(found: "re.Match[str]") -> str:
    if found[1]:
        return f"&#{ord(found[1])};" if found[1] != "<" else "&lt;"
    return "&amp;" if found[0] == "&" else f"\\{found[0]}"


def _by_number(found: "re.Match[str]") -> str:
    return f"&#{ord(found[1])};"


def joined(some: Iterable[str], *, in_table: bool = False) -> str:
    """Put pieces of a line together; pieces of code that touch become one."""
    written = []
    apart = _without_schemes(list(filter(None, some)))
    for is_code, run in itertools.groupby(apart, lambda one: isinstance(one, Code)):
        shown = "".join(run)
        written.append(code_span(shown, in_table=in_table) if is_code else shown)
    return "".join(written)


def _without_schemes(line: list[str]) -> Iterable[str]:
    """Keep a colon from making an address of what comes right after it: pandoc reads on in that."""
    for piece, following in itertools.pairwise([*line, ""]):
        if isinstance(piece, Code) or not _SCHEME.search(piece):
            yield piece
        elif following == "\\\n":
            yield f"{piece} "
        elif isinstance(following, Code) or re.match(r"[^\s*~]", following):
            yield f"{piece[:-1]}\\:"
        else:
            yield piece


def code_span(text: str, *, in_table: bool = False) -> str:
    """Text as code in a line, whatever backticks are in it.

    Args:
        text: The text.
        in_table: Whether it stands in a cell, which a bar would end even in code.

    Returns:
        Markdown; where something would act even in code, it is divided there.
    """
    written, end = [], 0
    shown = text.replace("\n", " ")
    # A dollar that is put out has code right behind it, so that MathJax pairs it with no other.
    for found in (_EVEN_IN_CELL if in_table else _EVEN_IN_CODE).finditer(shown):
        written += [_span_of(shown[end : found.start()]), f"&#{ord(found[0][0])};"]
        end = found.start() + 1
    return "".join([*written, _span_of(shown[end:])])


def _span_of(shown: str) -> str:
    if not shown.strip():
        return shown
    # A space at both ends is taken off where it is read.
    pad = " " if shown[0] == shown[-1] == " " else ""
    return f"`{pad}{shown}{pad}`"


def ticks(text: str) -> int:
    """How many backticks a fence around a text needs."""
    return max((len(run) for run in re.findall(r"`{3,}", text)), default=2) + 1


def fence(text: str, language: str = "", least: int = 0) -> list[str]:
    """Text in a fence that is longer than any in it.

    Args:
        text: The text.
        language: Its language; one that a renderer could take as a command is left out.
        least: The least backticks.
    """
    marks = "`" * max(least, ticks(text))
    language = languages.plain(language)
    return [f"{marks}{language}", *text.split("\n"), marks]


def row(cells: list[str]) -> str:
    """A row of a table; its cells are escaped already."""
    return f"| {' | '.join(cells)} |"


def begun(line: str) -> str:
    """A line of a paragraph, without what would begin a block; its markup is escaped already."""
    # Pandoc makes a box to click of a sign with a space.
    shown = re.sub("^([☐☑☒]) ", "\\1\u00a0", line.lstrip(" \t"))
    return _BEGINS.sub(r"\1\\\2", shown)


def target(link: urls.Url) -> str:
    """Where a link leads, in the brackets behind its text."""
    odd = r"[()<>\\\[\]{}|*`$~^]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"
    safe = re.sub(odd, lambda found: f"%{ord(found[0]):02X}", link.href)
    return re.sub(r"&(?=#?\w+;)", "&amp;", safe)
