"""Secrets in what a run holds: they don't belong in a file that is committed. Pure.

The connection's own key is taken out everywhere already; these are other people's, which a tool or
a person has brought into a run. What is found by its looks or by its name is hidden whole.
"""

import re
from collections.abc import Callable
from typing import Any

HIDDEN = "[hidden]"

# What says by its name that nobody else should know it.
_NAMES = re.compile(
    r"(?:^|[_.\-\s])(?:api[_.\-\s]?keys?|access[_.\-\s]?keys?|private[_.\-\s]?keys?|secret(?:s|[_.\-\s]?keys?)?"
    r"|(?:\w+[_.\-\s])?tokens?|pass(?:word|wd|phrase)s?|authorization|(?:set[_.\-\s])?cookies?"
    r"|credentials?|bearer|session[_.\-\s]?ids?|apikeys?|accesstokens?|refreshtokens?|sessionids?)$",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# What looks like nothing else.
_LOOKS = re.compile(
    r"(?i:\b(?:bearer|basic)\s+)[A-Za-z0-9+/_.~-]{8,}=*"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*"
    r"|\b(?:sk|pk|rk)[-_](?:[A-Za-z]+[-_]){0,3}[A-Za-z0-9_-]{16,}"
    r"|\bgh[opsur]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}"
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bhf_[A-Za-z0-9]{20,}|\bpypi-[A-Za-z0-9_-]{20,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[A-Za-z0-9_-]{30,}"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,20000}(?:-----END [A-Z ]{0,40}KEY-----)?"
    # A password in an address, and what a header or an assignment names.
    r"|(?<=://)[^\s/:@]{0,200}:[^\s/@]{1,200}(?=@)"
    r"|(?i:\b(?:set-)?cookie:\s*)[^\r\n]{1,4096}"
    r"|(?i:\b(?:api[_-]?key|access[_-]?token|auth[_-]?token|client[_-]?secret|password|passwd)"
    r"[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;]{6,}"
)
_BEGINS = re.compile(r"(?i:(?:bearer|basic)\s+|(?:set-)?cookie:\s*|[a-z_-]+[\"']?\s*[=:]\s*[\"']?)")


def hide(value: Any, redact: Callable[[str], str] = str, name: str = "") -> Any:
    """Hide the secrets in a value of JSON.

    Args:
        value: The value.
        redact: Takes the connection's key out of a text.
        name: What the value is called, which may say that it is one.

    Returns:
        A copy: a text that holds one has `[hidden]` in its place; what is named like one is it.
    """
    if isinstance(value, str):
        return HIDDEN if value and is_secret(name) else in_text(redact(value))
    if isinstance(value, list):
        return [hide(one, redact, name) for one in value]
    if isinstance(value, dict):
        return {in_text(redact(key)): hide(one, redact, key) for key, one in value.items()}
    if is_secret(name) and isinstance(value, int | float) and not isinstance(value, bool):
        return value if "token" in name.lower() else HIDDEN  # a count of tokens is none
    return value


def is_secret(name: str) -> bool:
    """Tell whether a name says that nobody else should know what has it."""
    return _NAMES.search(_CAMEL.sub("_", name)) is not None


def in_text(text: str) -> str:
    """Hide what looks like a secret in a text."""
    return _LOOKS.sub(_instead, text)


def is_hidden(value: Any) -> bool:
    """Tell whether something of a text was hidden."""
    return isinstance(value, str) and HIDDEN in value


def _instead(found: "re.Match[str]") -> str:
    begin = _BEGINS.match(found[0])
    return f"{begin[0] if begin else ''}{HIDDEN}"
