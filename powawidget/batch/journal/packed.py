"""Values in a journal: JSON, compressed; read within bounds, for a journal may be anybody's."""

import zlib

from powawidget.errors import InvalidValueError

# What is packed tighter than this is no answer of a model: a bomb unfolds to a thousand times its
# size. What would be is stored as it is.
_TIGHTEST = 50
_PLAIN, _ZLIB = b"\x00", b"\x01"
_TOO_LARGE = "A value of the journal is larger than what is read, or isn't one that was written."

RESULT_LIMIT = 16 * 1024 * 1024
RUN_LIMIT = 64 * 1024 * 1024


def packed(data: bytes) -> bytes:
    """Compress a value."""
    tight = zlib.compress(data, 6)
    if len(data) > _TIGHTEST * len(tight) or len(tight) >= len(data):
        return _PLAIN + data
    return _ZLIB + tight


def unpacked(stored: object, limit: int) -> bytes:
    """Read a value.

    Args:
        stored: What stands in the journal.
        limit: The most bytes.

    Raises:
        InvalidValueError: If it isn't what `packed` makes, or larger.
    """
    if not isinstance(stored, bytes) or not stored:
        raise InvalidValueError(_TOO_LARGE)
    form, data = stored[:1], stored[1:]
    if form == _PLAIN and len(data) <= limit:
        return data
    if form != _ZLIB:
        raise InvalidValueError(_TOO_LARGE)
    most = min(limit, _TIGHTEST * len(data))
    unpacking = zlib.decompressobj()
    try:
        whole = unpacking.decompress(data, most + 1)
    except zlib.error:
        raise InvalidValueError(_TOO_LARGE) from None
    if len(whole) > most or not unpacking.eof or unpacking.unused_data:
        raise InvalidValueError(_TOO_LARGE)
    return whole
