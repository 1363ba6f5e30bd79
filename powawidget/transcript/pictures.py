"""Pictures in what a tool returned, in all the shapes that tools have (`js/src/text/pictures.ts`).

Read are addresses that hold their data; the content blocks of MCP (`image`, and `resource` with a
blob); those of model providers (`image_url`, `input_image`, `source`, `inlineData`, `b64_json`);
and Jupyter's bundles by type (`{"image/png": ...}`). Raster images only: their data can't fetch or
run anything. An address elsewhere is never a picture here.
"""

import re
from typing import Any, NamedTuple

from powawidget.transcript import exact_json, pixels

_ADDRESS = re.compile(r"data:image/(png|jpeg|gif|webp);base64,([\w+/=\s]+)", re.ASCII)
_TYPE = re.compile("image/(png|jpeg|gif|webp)")
_DATA = re.compile(r"[\w+/=\s]+", re.ASCII)
_BLOCKS = {"image", "image_url", "input_image", "output_image", "resource"}
_INSIDE = ("source", "resource", "image_url", "inlineData", "inline_data", "image", "url")
_BEGINNINGS = {"iVBORw0KGgo": "png", "/9j/": "jpeg", "R0lGOD": "gif", "UklGR": "webp"}
_LONGEST = 30_000_000


class Picture(NamedTuple):
    """A picture: its kind, as in `png`, and its data in base64."""

    kind: str
    data: str

    @property
    def address(self) -> str:
        """The address that holds it."""
        return f"data:image/{self.kind};base64,{self.data}"

    @property
    def size(self) -> pixels.Size | None:
        """Its width and height, where its header says them."""
        return pixels.size_of(self.data)

    @property
    def is_safe(self) -> bool:
        """Whether a page can show it: what is damaged or of another kind may have any size."""
        size = self.size
        return size is not None and 0 < size[0] * size[1] <= pixels.MOST


def picture_of(value: Any, *, is_in: bool = False) -> Picture | None:
    """Read a picture; None where a value is none.

    Args:
        value: Any JSON value.
        is_in: Whether it stands in a block of content: what is beside an address there, such as
            its detail, says how a model was shown it.
    """
    if exact_json.is_text(value):
        found = _ADDRESS.fullmatch(value) if len(value) < _LONGEST else None
        return None if found is None else _picture(found[1], found[2])
    if not isinstance(value, exact_json.Object):
        return None
    fields = dict(value)
    for name, each in value:
        kind = _TYPE.fullmatch(name)
        if kind is not None and _is_data(each):
            return _picture(kind[1], each)
    kind = _TYPE.fullmatch(_text(fields, "mimeType", "mime_type", "media_type"))
    data = _text(fields, "data", "blob", "base64", "b64_json")
    if kind is not None:
        return _picture(kind[1], data) if _is_data(data) else None
    if "b64_json" in fields and _is_data(data):
        begun = (kind for begin, kind in _BEGINNINGS.items() if data.startswith(begin))
        return next((_picture(kind, data) for kind in begun), None)
    is_block = is_in or _text(fields, "type") in _BLOCKS
    if not is_block and len(value) != 1:
        return None
    inside = ((name, fields[name]) for name in _INSIDE if name in fields)
    made = (
        picture_of(each, is_in=is_block)
        for name, each in inside
        # An address under a key of its own stands beside that key.
        if is_block or name == "url" or not exact_json.is_text(each)
    )
    return next(filter(None, made), None)


def _picture(kind: str, data: str) -> Picture:
    return Picture(kind, "".join(data.split()))


def _is_data(value: Any) -> bool:
    is_short = exact_json.is_text(value) and len(value) < _LONGEST
    return is_short and _DATA.fullmatch(value) is not None


def _text(fields: dict[str, Any], *names: str) -> str:
    found = (fields[name] for name in names if exact_json.is_text(fields.get(name)))
    return next(found, "")
