"""How many pixels a picture has, by its header (`js/src/modules/results/pixels.ts`).

A picture of a few kB can have a billion pixels, for which a page takes gigabytes. Read are the four
kinds that are shown, by their first bytes and not by the type that is said: a browser does so too.
"""

import base64
import binascii
import itertools

Size = tuple[int, int]
# What a page has room for: four bytes for each of them, 200 MB.
MOST = 50_000_000
_STEPS = 2_000  # of segments or blocks until the size comes


def size_of(data: str) -> Size | None:
    """Read the width and height of a picture.

    Args:
        data: Its bytes in base64, without white space.

    Returns:
        None where it is of no kind that is shown, or where the header is cut or odd.
    """
    try:
        return _size(_Bytes(data))
    except (ValueError, EOFError, binascii.Error):
        return None


class _Bytes:
    """The bytes of a base64 text, of which only those that are read are decoded."""

    def __init__(self, data: str) -> None:
        self._data = data

    def at(self, begin: int, count: int) -> bytes:
        text = self._data[begin // 3 * 4 : (begin + count + 2) // 3 * 4]
        found = base64.b64decode(text, validate=True)[begin % 3 :][:count]
        if len(found) < count:
            raise EOFError
        return found

    def little(self, begin: int, count: int) -> int:
        return int.from_bytes(self.at(begin, count), "little")

    def big(self, begin: int, count: int) -> int:
        return int.from_bytes(self.at(begin, count), "big")


def _size(read: _Bytes) -> Size | None:
    begin = read.at(0, 12)
    if begin.startswith(b"\x89PNG\r\n\x1a\n"):
        return (read.big(16, 4), read.big(20, 4)) if read.at(12, 4) == b"IHDR" else None
    if begin.startswith(b"\xff\xd8"):
        return _jpeg(read)
    if begin.startswith((b"GIF87a", b"GIF89a")):
        return _gif(read)
    if begin.startswith(b"RIFF") and begin.endswith(b"WEBP"):
        return _webp(read)
    return None


def _jpeg(read: _Bytes) -> Size | None:
    """The frame's header stands behind segments of any length."""
    at = 2
    for _ in range(_STEPS):
        mark, kind = read.at(at, 2)
        if mark != 0xFF:  # noqa: PLR2004  # each segment begins with it
            return None
        if kind == 0xFF:  # noqa: PLR2004  # one that only fills
            at += 1
        elif 0xC0 <= kind <= 0xCF and kind not in {0xC4, 0xC8, 0xCC}:  # noqa: PLR2004  # frames
            return read.big(at + 7, 2), read.big(at + 5, 2)
        else:
            at += 2 + read.big(at + 2, 2)
    return None


def _gif(read: _Bytes) -> Size | None:
    """A page makes the screen as large as its first image, where this is larger."""
    width, height = read.little(6, 2), read.little(8, 2)
    (flags,) = read.at(10, 1)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    for _ in range(_STEPS):
        (kind,) = read.at(at, 1)
        if kind == ord(","):
            right = read.little(at + 1, 2) + read.little(at + 5, 2)
            bottom = read.little(at + 3, 2) + read.little(at + 7, 2)
            return max(width, right), max(height, bottom)
        if kind != ord("!"):
            return None
        at += 2
        for _ in itertools.repeat(None, _STEPS):
            (length,) = read.at(at, 1)
            at += 1 + length
            if length == 0:
                break
    return None


def _webp(read: _Bytes) -> Size | None:
    match read.at(12, 4):
        case b"VP8X":
            return 1 + read.little(24, 3), 1 + read.little(27, 3)
        case b"VP8L":
            bits = read.little(21, 4)
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            return read.little(26, 2) & 0x3FFF, read.little(28, 2) & 0x3FFF
    return None
