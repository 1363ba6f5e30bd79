"""Takes out of texts what looks like a secret of somebody: they go to a service that many read."""

import re

_INSTEAD = "[secret]"
# The value of a JSON key that names a secret, as text.
_NAMED = re.compile(
    r"""("[^"\\]{0,40}(?:token|api[_-]?key|apikey|authorization|password|passwd|secret|cookie)"\s*:\s*)"""
    r'"(?:[^"\\]|\\.)*"',
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_SIGNED = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{4,}")


def without_secrets(text: str) -> str:
    """Replace what stands under the name of a secret, and tokens by their form.

    Args:
        text: JSON text or any other.
    """
    text = _NAMED.sub(rf'\1"{_INSTEAD}"', text)
    text = _BEARER.sub(rf"\1 {_INSTEAD}", text)
    return _SIGNED.sub(_INSTEAD, text)
