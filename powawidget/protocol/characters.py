"""Text made safe to carry."""

import re

_UNSAFE = re.compile("[\x00\ud800-\udfff]")


def harmless(text: str) -> str:
    """Replace what can't travel: lone surrogates and NUL become U+FFFD.

    The service lets both through in JSON escapes (docs/protocol.md#surrogates). A lone surrogate
    can't be encoded as UTF-8, so it would break the kernel's comm and the saved notebook.

    Returns:
        The same text, with U+FFFD for each NUL and each surrogate code point.
    """
    return _UNSAFE.sub("�", text)
