"""Answers that come compressed although they were asked not to: unpacked within a size, or told.

Rule: docs/protocol.md#odd-headers. Headers are what a gateway makes of them: Content-Encoding may
name a charset or nothing at all, and Content-Type may come twice; none of that harms a body.
"""

import contextlib
import re
import zlib

# Anything else that stands there compresses nothing: none, identity, utf-8, an empty text.
_PACKED = frozenset(
    {"br", "compress", "dcb", "dcz", "deflate", "exi", "gzip", "pack200-gzip", "x-compress"}
    | {"x-gzip", "zstd"}
)
_GZIP = b"\x1f\x8b"
_ZLIB_OR_GZIP, _RAW = 32 + zlib.MAX_WBITS, -zlib.MAX_WBITS
_FIELD = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*(?::|(?:data|event|id|retry)[:\r\n])")
_LONGEST_START = 16
_PIECE = 4096


def packed_as(encoding: str) -> str:
    """Read how a body is compressed from its Content-Encoding.

    Returns:
        The name; empty where nothing there compresses.
    """
    names = (one.strip(" \t\"'").lower() for one in encoding.split(","))
    return ", ".join(one for one in names if one in _PACKED)


def is_event_stream(content_type: str) -> bool:
    """Tell whether a Content-Type names an event stream, be it one of several."""
    kinds = (one.partition(";")[0] for one in content_type.lower().split(","))
    return any(kind.strip(" \t\"'") == "text/event-stream" for kind in kinds)


def begins_as_events(body: bytes) -> bool | None:
    """Tell by its first bytes whether a body is an event stream, whatever its headers say of it.

    Returns:
        None where that can't be told yet: too little has come.
    """
    if _FIELD.match(body):
        return True
    is_short = len(body.lstrip(b"\xef\xbb\xbf\r\n")) < len(b"event:")
    return None if is_short and len(body) < _LONGEST_START and b"<" not in body else False


def unpacked(body: bytes, encoding: str, most: int) -> bytes | None:
    """Unpack a body.

    Args:
        body: What came.
        encoding: How it is compressed, as `packed_as` tells it; it may not be so after all.
        most: The most bytes to unpack.

    Returns:
        At most one byte more than `most`; None where it is compressed in a way that Python can't
        unpack.
    """
    if body.startswith(_GZIP) and encoding in ("", "gzip", "x-gzip", "deflate"):
        return _inflated(body, _ZLIB_OR_GZIP, most)
    if encoding in ("", "gzip", "x-gzip"):
        return body  # the header alone says so
    if encoding == "deflate":
        # Some servers send the bare stream, without zlib's header.
        found = (_inflated(body, form, most) for form in (_ZLIB_OR_GZIP, _RAW))
        return next((one for one in found if one), body)
    return None


def _inflated(body: bytes, form: int, most: int) -> bytes:
    """Unpack as much as fits; what breaks off is given up to there."""
    contents, room, unpacking = [], most + 1, zlib.decompressobj(form)
    # A body may be of several, one behind the other. What follows one is copied each time: of a
    # whole body of empty ones that took minutes, of a piece it takes no time.
    with contextlib.suppress(zlib.error):
        for at in range(0, len(body), _PIECE):
            piece = body[at : at + _PIECE]
            while piece and room:
                if unpacking.eof:
                    unpacking = zlib.decompressobj(form)
                contents.append(unpacking.decompress(piece, room))
                room -= len(contents[-1])
                piece = unpacking.unused_data
            if not room:
                break
    return b"".join(contents)
