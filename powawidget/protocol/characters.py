"""Text made safe to carry."""

import re

_UNSAFE = re.compile("[\x00\ud800-\udfff]")
_LOW = re.compile("[\udc00-\udfff]")
_HIGH = re.compile("[\ud800-\udbff]")
_FIRST_HIGH, _FIRST_LOW, _FIRST_OF_PAIRS = 0xD800, 0xDC00, 0x10000


def harmless(text: str) -> str:
    """Replace what can't travel: lone surrogates and NUL become U+FFFD.

    The service lets both through in JSON escapes (docs/protocol.md#surrogates). A lone surrogate
    can't be encoded as UTF-8, so it would break the kernel's comm and the saved notebook.

    Returns:
        The same text, with U+FFFD for each NUL and each surrogate code point.
    """
    return _UNSAFE.sub("�", text)


def harmless_piece(text: str) -> str:
    """The same for a piece of a text that grows: half of a character may stand at its edges.

    The other half is in the piece before or after it; `joined` makes them whole.
    """
    begin = 1 if _LOW.match(text) else 0
    end = len(text) - 1 if _HIGH.fullmatch(text[-1:]) else len(text)
    return text[:begin] + harmless(text[begin:end]) + text[end:]


def joined(half: int | None, piece: str) -> tuple[str, int | None]:
    """Join a piece to the half of a character at the end of the piece before it.

    Args:
        half: The surrogate that waits, where one does.
        piece: What comes next, as `harmless_piece` leaves it.

    Returns:
        The text that can travel, and the surrogate that waits for the next piece. One whose other
        half doesn't come is U+FFFD.
    """
    if not piece:
        return "", half
    if _LOW.match(piece):
        whole = "�" if half is None else _character(half, ord(piece[0]))
        piece = whole + piece[1:]
    elif half is not None:
        piece = "�" + piece
    if _HIGH.fullmatch(piece[-1]):
        return piece[:-1], ord(piece[-1])
    return piece, None


def _character(high: int, low: int) -> str:
    return chr(_FIRST_OF_PAIRS + ((high - _FIRST_HIGH) << 10) + (low - _FIRST_LOW))
