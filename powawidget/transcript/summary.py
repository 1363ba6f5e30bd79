"""A call at a glance, in the words of the live view (`js/src/text/glance.ts`)."""

import re
from typing import Any

from powawidget.state.model import ToolPart
from powawidget.transcript import exact_json, words
from powawidget.transcript.content import pieces_of
from powawidget.transcript.lookalikes import named
from powawidget.transcript.pictures import Picture, picture_of
from powawidget.transcript.terminal import settled
from powawidget.transcript.visible import readable

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
_BEGUN = re.compile(r"\s*(?:\[\s*(\{)|\[|\{)")
_LANGUAGES = {"sql": "sql", "python": "python", "shell": "sh", "bash": "sh", "cmd": "sh"}


def one_line(text: str, longest: int = _LONGEST) -> str:
    """A text on one line, its hidden characters marked, cut."""
    head = readable(" ".join(text[: 4 * longest].split()))
    return f"{head[:longest]}…" if len(head) > longest or len(text) > 4 * longest else head


def tool_name(name: str) -> str:
    """The name of a tool, with marks where it isn't what it looks like, cut."""
    head = readable(named(name[: 4 * _LONGEST]))
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
    if (picture := picture_of(result)) is not None:
        return words.image(picture.kind, picture.data), False
    if part.status in {"failed", "denied"}:
        return _failure(result, value), True
    if isinstance(value, exact_json.Object | list):
        return size_of(value), False
    if not part.full and value is exact_json.NO_JSON and (begun := _BEGUN.match(result)):
        return "rows" if begun[1] else "list" if begun[0].strip() == "[" else "object", False
    return one_line(_first_line(settled(result)), _WIDTH), True


def size_of(value: Any) -> str:
    """How much a value holds: its picture, or how many rows, items or keys."""
    picture = next((each for each in pieces_of(value) or () if isinstance(each, Picture)), None)
    if picture is not None:
        return words.image(picture.kind, picture.data)
    rows = _rows_in(value)
    if rows is not None:
        return words.rows(rows)
    is_object = isinstance(value, exact_json.Object)
    return (words.object_of if is_object else words.items)(len(value))


def _rows_in(value: Any) -> int | None:
    """How many rows there are in a list of records, or beside the names of their columns."""
    if isinstance(value, list):
        are_records = all(
            isinstance(item, exact_json.Object) and not _is_said(item) for item in value
        )
        return len(value) or None if are_records else None
    fields = dict(value)
    rows = fields.get("data", fields.get("rows"))
    is_named = "columns" in fields or "schema" in fields
    return len(rows) if is_named and isinstance(rows, list) else None


def _is_said(fields: exact_json.Object) -> bool:
    """Whether an object is a block of text, as servers of tools send it: no row."""
    return [key for key, _ in fields[:2]] == ["type", "text"]


def _failure(result: str, value: Any) -> str:
    """A failure's own words, without the marks that made it one."""
    if isinstance(value, exact_json.Object):
        error = dict(value).get("error")
        if exact_json.is_text(error):
            return one_line(settled(error), _WIDTH)
    return one_line(re.sub(r"^Error:\s*", "", _first_line(settled(result))), _WIDTH)


def _first_line(text: str) -> str:
    return text.lstrip().split("\n", 1)[0]


def language(key: str, text: str) -> str | None:
    """The language of an argument that is code, by its key or its look; None where it is none.

    The language is an empty string where it is code of an unknown kind.
    """
    if _PERHAPS_CODE.match(key):
        return "sql" if _SQL.match(text) else None
    if not _CODE.match(key):
        return None
    return _LANGUAGES.get(key.lower(), "sql" if _SQL.match(text) else "")
