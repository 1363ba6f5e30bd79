"""A call at a glance, in the words of the live view (`js/src/text/glance.ts`)."""

import re
from typing import Any

from powawidget.state.model import ToolPart
from powawidget.transcript import exact_json, words
from powawidget.transcript.lookalikes import named
from powawidget.transcript.visible import visible

_LONGEST = 160
_WIDTH = 72
_MAIN = re.compile(
    r"^(query|sql|q|code|command|cmd|question|prompt|message|task|text|content)$", re.IGNORECASE
)
_NEXT = re.compile(
    r"^(path|file|filename|url|name|title|id|city|location|to|key|table|topic)$", re.IGNORECASE
)
_CODE = re.compile(r"^(sql|code|python|script|source_code|command|cmd|shell|bash)$", re.IGNORECASE)
_PERHAPS_CODE = re.compile(r"^(query|statement|source)$", re.IGNORECASE)
_SQL = re.compile(
    r"\s*(?:--[^\n]*\n\s*){0,50}(?:select|insert|update|delete|with|create|alter|drop|explain|merge"
    r"|replace|truncate|grant|revoke|pragma)\b",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[\w+/=\s]+")
_LANGUAGES = {"sql": "sql", "python": "python", "shell": "sh", "bash": "sh", "cmd": "sh"}


def one_line(text: str, longest: int = _LONGEST) -> str:
    """A text on one line, its hidden characters marked, cut."""
    head = visible(" ".join(text[: 4 * longest].split()))
    return f"{head[:longest]}…" if len(head) > longest or len(text) > 4 * longest else head


def tool_name(name: str) -> str:
    """The name of a tool, with marks where it isn't what it looks like, cut."""
    head = visible(named(name[: 4 * _LONGEST]))
    return f"{head[:_LONGEST]}…" if len(head) > _LONGEST or len(name) > 4 * _LONGEST else head


def main_argument(source: str) -> str:
    """The argument that best shows what a call is about, for its closed card."""
    value = exact_json.read(source)
    if not isinstance(value, exact_json.Object):
        return one_line(value if exact_json.is_text(value) else source)
    entries = [(key, each) for key, each in value if each != "" or not exact_json.is_scalar(each)]
    flat = [(key, each) for key, each in entries if exact_json.is_scalar(each)]
    found = (
        next((entry for entry in flat if _MAIN.match(entry[0])), None)
        or next((entry for entry in flat if _NEXT.match(entry[0])), None)
        or next((entry for entry in flat if exact_json.is_text(entry[1])), None)
        or (entries[0] if entries else None)
    )
    if found is None:
        return ""
    key, each = found
    text = one_line(
        exact_json.bare(each) if exact_json.is_scalar(each) else exact_json.compact(each)
    )
    return text if _MAIN.match(key) else f"{one_line(key)} {text}"


def peek(part: ToolPart, value: Any) -> tuple[str, bool]:
    """What came of a call, in a few words.

    Returns:
        The words, empty where there are none, and whether they are its own: else they are ours.
    """
    result = part.result
    if result is None:
        return "", False
    if (kind := image(result)) is not None:
        return words.image(kind, result), False
    if part.status in {"failed", "denied"}:
        return _failure(result, value), True
    if isinstance(value, exact_json.Object):
        return words.object_of(len(value)), False
    if isinstance(value, list):
        is_table = value and all(isinstance(item, exact_json.Object) for item in value)
        count = words.rows if is_table else words.items
        return count(len(value)), False
    return one_line(_first_line(result), _WIDTH), True


def _failure(result: str, value: Any) -> str:
    """A failure's own words, without the marks that made it one."""
    if isinstance(value, exact_json.Object):
        error = dict(value).get("error")
        if exact_json.is_text(error):
            return one_line(error, _WIDTH)
    return one_line(re.sub(r"^Error:\s*", "", _first_line(result)), _WIDTH)


def _first_line(text: str) -> str:
    return text.lstrip().split("\n", 1)[0]


def image(result: str) -> str | None:
    """The kind of an image that a result is, such as png; None where it is none."""
    found = _IMAGE.fullmatch(result)
    return None if found is None else found[1]


def language(key: str, text: str) -> str | None:
    """The language of an argument that is code, by its key or its look; None where it is none.

    The language is an empty string where it is code of an unknown kind.
    """
    if _PERHAPS_CODE.match(key):
        return "sql" if _SQL.match(text) else None
    if not _CODE.match(key):
        return None
    return _LANGUAGES.get(key.lower(), "sql" if _SQL.match(text) else "")
