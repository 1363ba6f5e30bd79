"""Secrets in what a run holds: they don't belong in a file that is committed. Pure.

The connection's own key is taken out everywhere already; these are other people's, which a tool or
a person has brought into a run. What is found by its looks or by its name is hidden whole.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from powawidget.protocol.events import as_json
from powawidget.state.values import decoded

HIDDEN = "[hidden]"
_DEEPEST = 60  # lists and objects within others; what is deeper is hidden, and never walked
_LONGEST_LABEL = 80

# What says by its name that nobody else should know it: `db_password`, `X-Api-Key`, `secret2`.
_NAMES = re.compile(
    r"(?:^|[_.\-\s])(?:"
    r"(?:api|access|private|secret|signing|encryption|ssh|master|shared|storage|webhook|deploy"
    r"|consumer|subscription|service[_.\-\s]?role)[_.\-\s]?keys?"
    r"|secrets?|tokens?|pass|pwd?|auth|oauth2?|authorization|(?:set[_.\-\s])?cookies?|creds?"
    r"|bearer|jwt|session[_.\-\s]?ids?|sid|t?otp|pin(?:[_.\-\s]?code)?|cv[cv]"
    r")\d*$"
    # These mean nothing else, whatever they are written behind: PGPASSWORD.
    r"|(?:password|passwd|passphrase|passcode|apikey|accesskey|privatekey|secretkey|accesstoken"
    r"|authtoken|refreshtoken|sessionid|credential)s?\d*$",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# What looks like nothing else, and what is kept before it as \1.
_LOOKS = [
    (re.compile(pattern), instead)
    for pattern, instead in (
        (
            r"(?s)-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"
            r"(?:.{0,20000}?(?:-----END [A-Z ]{0,40}KEY-----|\Z)|.{0,20000})",
            HIDDEN,
        ),
        # A header's value is the rest of its line, or of its quotes.
        (r"(?i)\b(authorization\s*:\s*|cookie\s*:\s*)[^\r\n\"']{1,4096}", rf"\1{HIDDEN}"),
        (
            r"\b((?i:bearer)\s+|(?i:basic)\s+(?=[A-Za-z+/_.~-]*[0-9A-Z=]))[A-Za-z0-9+/_.~-]{8,}=*",
            rf"\1{HIDDEN}",
        ),
        (
            r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*"
            r"|\b(?:sk|pk|rk)[-_](?:[A-Za-z]+[-_]){0,3}[A-Za-z0-9_-]{16,}"
            r"|\bgh[opsur]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}"
            r"|\bgl[a-z]{2,4}-[A-Za-z0-9_-]{16,}|\bxox[abeoprs]-[A-Za-z0-9-]{10,}"
            r"|\b(?:hf|npm|whsec|shpat|sbp|dckr_pat)_[A-Za-z0-9_-]{20,}|\bpypi-[A-Za-z0-9_-]{20,}"
            r"|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|\bhv[bs]\.[A-Za-z0-9_-]{20,}"
            r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[A-Za-z0-9_-]{30,}",
            HIDDEN,
        ),
        (r"(hooks\.slack\.com/services/|/api/webhooks/)[^\s\"'<>]+", rf"\1{HIDDEN}"),
        # Who and by what password, in an address; a port and a path before an @ are neither.
        (r"(?<=://)[^\s/:@\"'<>]{0,200}:(?!\d{1,5}/)[^\s\"'<>]{1,200}(?=@)", HIDDEN),
        (r"(?<=://)[^\s/:@\"'<>]{8,200}(?=@)", HIDDEN),
        (r"([?&](?i:x-amz-|x-goog-)?(?i:sig|signature)=)[^\s&\"'<>]+", rf"\1{HIDDEN}"),
        (
            r"((?:^|\s)(?:-u|--user|--proxy-user)[\s=]+[\"']?[^\s:\"']{0,100}:)[^\s\"']+",
            rf"\1{HIDDEN}",
        ),
    )
]
# A name before its value: `TOKEN=…`, `"password": "…"`, also escaped within JSON; `<secret>…`.
_NAMED = re.compile(
    r"(?<![\w-])(-{0,2}(?:(?i:api|access|private|secret|signing)\ keys?|[A-Za-z_][\w-]{0,80}))"
    r"(?:[\"'\\\]]{0,40}\s{0,40}(?:[=:]>?|:=)\s{0,40}|>)"
)
_BARE = r"[^\s\"'&,;<>\\\])}]"
_VALUE = re.compile(
    r"(\\{0,30}[\"'])([^\r\n]{1,2000}?)(?<!\\)(?=\1)"  # to the quote that is like the first
    rf"|([\"'\\]{{0,31}})(\[hidden\]{_BARE}{{0,4096}}|{_BARE}{{5,4096}})"
)
_INSIDE = re.compile(r"([^<]{1,4096}+)(?=</)")
_LABELS = ("name", "key", "header", "field", "variable", "label", "parameter", "k")
_VALUES = frozenset({"value", "val", "v", "content", "text", "data", "default"})


def hide(value: Any, redact: Callable[[str], str] = str, name: str = "", depth: int = 0) -> Any:
    """Hide the secrets in a value of JSON.

    Args:
        value: The value.
        redact: Takes the connection's key out of a text.
        name: What the value is called, which may say that it is one, and so all that is in it.
        depth: How deep within others it stands.

    Returns:
        A copy: a text that holds one has `[hidden]` in its place; what is named like one is it.
    """
    if isinstance(value, str):
        return HIDDEN if value and is_secret(name) else in_text(redact(value))
    if isinstance(value, list | dict) and depth > _DEEPEST:
        return HIDDEN
    if isinstance(value, list):
        of_second = value[0] if len(value) == 2 and _is_label(value[0]) else name  # noqa: PLR2004  # a pair
        return [
            hide(one, redact, (name, of_second)[at == 1], depth + 1) for at, one in enumerate(value)
        ]
    if isinstance(value, dict):
        label = next((value[one] for one in _LABELS if _is_label(value.get(one))), "")
        return {
            in_text(redact(key)): hide(one, redact, _name_of(key, label, name), depth + 1)
            for key, one in value.items()
        }
    if is_secret(name) and isinstance(value, int | float) and not isinstance(value, bool):
        return value if name.lower().endswith("tokens") else HIDDEN  # a count is none
    return value


@lru_cache(maxsize=4096)  # a text has the same names again and again
def is_secret(name: str) -> bool:
    """Tell whether a name says that nobody else should know what has it."""
    plain = "".join(one for one in name if one.isprintable()) if not name.isprintable() else name
    return _NAMES.search(_CAMEL.sub("_", plain)) is not None


def in_text(text: str) -> str:
    """Hide what looks like a secret in a text, and what is assigned to the name of one."""
    for pattern, instead in _LOOKS:
        text = pattern.sub(instead, text)
    kept: list[str] = []
    at = begin = 0
    while (named := _NAMED.search(text, at)) is not None:
        at = named.end()
        if not is_secret(named[1]):
            at = named.end(1)  # a value may hold a secret of its own, as an address does
            continue
        is_tag = named[0] == f"{named[1]}>"
        value = (_INSIDE if is_tag else _VALUE).match(text, at)
        if value is not None and not _is_count(named[1], value[0]):
            quote = "" if is_tag else value[1] or value[3] or ""
            kept += [text[begin:at], quote, HIDDEN]
            at = begin = value.end()
    return "".join([*kept, text[begin:]])


def in_any(text: str) -> str:
    """Hide the secrets in a text; in one of JSON also what is one by the name that it has there."""
    value = decoded(text)
    if isinstance(value, dict | list) and (shown := hide(value)) != value:
        return as_json(shown)
    return in_text(text)  # as it is written


def is_hidden(value: Any) -> bool:
    """Tell whether something of a text was hidden."""
    return isinstance(value, str) and HIDDEN in value


def _is_label(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_LABEL and is_secret(value)


def _name_of(key: str, label: str, outer: str) -> str:
    """Name a value: by its own key, by the label beside it, or by what it stands within."""
    if is_secret(key):
        return key
    if label and key.lower() in _VALUES:
        return label
    return outer if is_secret(outer) else key


def _is_count(name: str, value: str) -> bool:
    return name.lower().endswith("tokens") and value.strip("\"'\\ ").isdecimal()
