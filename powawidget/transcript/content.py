"""What a tool returned piece by piece: texts, pictures and resources of MCP and model providers.

The twin of `js/src/modules/results/content.ts`.
"""

from typing import Any, NamedTuple

from powawidget.transcript import exact_json
from powawidget.transcript.pictures import Picture, picture_of

_TEXTS = {"text", "input_text", "output_text"}
# What may stand beside a text or a resource, and says nothing to a reader.
_BESIDE = {"type", "annotations", "_meta", "cache_control", "citations", "logprobs", "index"}
# Of a whole result, what its pieces say already, or that says nothing.
_SAID = {"content", "_meta", "type"}


class Resource(NamedTuple):
    """A resource of MCP, a link to one, or what can't be shown, such as a sound.

    Attributes:
        what: Resource, Link to a resource, Audio.
        facts: Its name, its address, its type, in this order.
        length: How many characters of base64 it has.
        value: Its text, or what it holds; nothing where there is none.
    """

    what: str
    facts: tuple[str, ...]
    length: int = 0
    value: Any = exact_json.NO_JSON


def pieces_of(value: Any) -> list[Any] | None:
    """Read a value piece by piece.

    Returns:
        For each piece its picture, its resource, or else its value; None where the value is none of
        several pieces: neither is a picture among them, nor is each a text or a resource.
    """
    whole = dict(value).get("content") if isinstance(value, exact_json.Object) else value
    items = whole if isinstance(whole, list) else [value]
    pieces = [_piece(item) for item in items]
    is_content = bool(pieces) and all(piece is not None for piece in pieces)
    if not is_content and not any(isinstance(piece, Picture) for piece in pieces):
        return None
    read = [item if piece is None else piece for item, piece in zip(items, pieces, strict=True)]
    return [*read, *_rest(value)] if isinstance(whole, list) else read


def _rest(value: Any) -> list[Any]:
    """What stands beside the content, but for what repeats it."""
    if not isinstance(value, exact_json.Object):
        return []
    rest = [
        (key, each)
        for key, each in value
        if key not in _SAID and each is not None and (key, each) != ("isError", False)
    ]
    return [exact_json.Object(rest)] if rest else []


def _piece(item: Any) -> Any:
    """One piece; None where a value is none."""
    picture = picture_of(item)
    if picture is not None or not isinstance(item, exact_json.Object):
        return picture
    fields = dict(item)
    kind, beside = fields.get("type"), set(fields) - _BESIDE
    if kind in _TEXTS and beside == {"text"}:
        return _text(fields["text"]) if exact_json.is_text(fields["text"]) else None
    if kind == "resource" and beside == {"resource"}:
        return _resource(fields["resource"])
    if kind == "resource_link" and exact_json.is_text(fields.get("uri")):
        value = _said(fields, "description")
        return Resource("Link to a resource", _facts(fields), 0, value)
    if kind in {"audio", "input_audio"} and exact_json.is_text(fields.get("data")):
        return Resource("Audio", _facts(fields), len(fields["data"]))
    return None


def _resource(inside: Any) -> Resource | None:
    fields = dict(inside) if isinstance(inside, exact_json.Object) else {}
    if exact_json.is_text(fields.get("text")):
        return Resource("Resource", _facts(fields), 0, _text(fields["text"]))
    if exact_json.is_text(fields.get("blob")):
        return Resource("Resource", _facts(fields), len(fields["blob"]))
    return None


def _facts(fields: dict[str, Any]) -> tuple[str, ...]:
    named = [fields.get(name) for name in ("title", "name", "uri", "mimeType")]
    return tuple(dict.fromkeys(each for each in named if exact_json.is_text(each) and each))


def _said(fields: dict[str, Any], name: str) -> Any:
    said = fields.get(name)
    return said if exact_json.is_text(said) and said else exact_json.NO_JSON


def _text(text: str) -> Any:
    """A text, or the table or list that is written in it."""
    if text.lstrip()[:1] not in {"[", "{"}:
        return text
    value = exact_json.read(text)
    return text if isinstance(value, exact_json.NoJson) else value
