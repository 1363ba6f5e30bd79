"""Addresses as a browser reads them, after https://url.spec.whatwg.org/.

What another parser takes for a host isn't always where a browser goes: `0300.1.1.1` and `1.2.3` are
other numbers, `ⓔvil.example` and `evil%2eexample` are `evil.example`, a backslash is a slash. So an
address is written anew here, by these rules; what comes out has one meaning to every reader.
"""

import ipaddress
import re
import unicodedata
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

import idna

_WEB = re.compile(r"(https?):[/\\]*(.*)", re.IGNORECASE | re.DOTALL)
_PARTS = re.compile(r"([^/\\?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
# One address alone: what else a client would send to, or write, isn't said by it.
_MAIL = re.compile(r"mailto:([^/?#,;%\s]+)", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65_535
_HALF = re.compile("[\ud800-\udfff]")  # of a pair
_CONTROLS = "".join(map(chr, range(33)))
# Characters that are left as they are in each part, beside letters, digits and `_.-~`.
_IN_FRAGMENT = "!#$%&'()*+,/:;=?@[\\]^{|}"
_IN_QUERY = "!$%&()*+,/:;=?@[\\]^`{|}"
_IN_PATH = "!$%&'()*+,/:;=@[\\]^|"
_IN_USER = "!$%&'()*+,"
_IN_MAIL = "".join(map(chr, range(33, 127)))
_FORBIDDEN = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")
_NUMBER = re.compile(r"(?:0x[\da-f]*|\d+)", re.IGNORECASE)
_ONE, _TWO = {".", "%2e"}, {"..", ".%2e", "%2e.", "%2e%2e"}
_FOUR = 4
# A longer name than any is none: what is checked of its letters takes time.
_LONGEST = 2000


class Url(NamedTuple):
    """An address as a browser writes it, and what it leads to: a host, or an address of mail."""

    href: str
    host: str


def read(address: str) -> Url | None:
    """Read an address of the web or of mail; None for every other, and what is none."""
    text = _HALF.sub("\ufffd", re.sub(r"[\t\n\r]", "", address.strip(_CONTROLS)))
    web = _WEB.fullmatch(text)
    if web is not None:
        return _web(web[1].lower(), web[2])
    mail = _MAIL.fullmatch(text)
    return None if mail is None else Url(f"mailto:{quote(mail[1], safe=_IN_MAIL)}", mail[1])


def _web(scheme: str, rest: str) -> Url | None:
    parts = _PARTS.fullmatch(rest)
    if parts is None:
        return None
    authority, path, query, fragment = parts.groups(default="")
    user, _, place = authority.rpartition("@")
    name, _, port = place.rpartition(":") if re.search(r":[^\]]*$", place) else (place, "", "")
    host = _host(name)
    if not host or re.fullmatch(r"[0-9]*", port) is None or int(port or 0) > _LAST_PORT:
        return None
    is_usual = not port or int(port) == _PORTS[scheme]
    shown = host if is_usual else f"{host}:{int(port)}"
    href = (
        f"{scheme}://{_user(user)}{shown}{_path(path)}"
        f"{quote(query, safe=_IN_QUERY)}{quote(fragment, safe=_IN_FRAGMENT)}"
    )
    return Url(href, shown)


def _user(user: str) -> str:
    name, _, password = user.partition(":")
    written = quote(name, safe=_IN_USER)
    if password:
        written += f":{quote(password, safe=_IN_USER)}"
    return f"{written}@" if written else ""


def _path(path: str) -> str:
    """A path without its dots; where none is written, it is that of the host."""
    kept: list[str] = []
    segments = re.split(r"[/\\]", path)[1:] or [""]
    for index, segment in enumerate(segments):
        is_last = index == len(segments) - 1
        if segment.lower() in _TWO:
            del kept[-1:]
        elif segment.lower() not in _ONE:
            kept.append(quote(segment, safe=_IN_PATH))
            continue
        if is_last:
            kept.append("")
    return f"/{'/'.join(kept)}"


def _host(written: str) -> str:
    """A host, or an empty text where a browser takes it for none."""
    try:
        if written.startswith("["):
            return f"[{_sixth(written)}]"
        name = _ascii(unquote_to_bytes(written[:_LONGEST]).decode())
    except ValueError:  # also those of `idna`, and bytes that aren't text
        return ""
    if _FORBIDDEN.search(name) or len(written) > _LONGEST:
        return ""
    labels = name.split(".")
    last = labels[-2 if labels[-1] == "" and len(labels) > 1 else -1]
    is_number = last.isdigit() or re.fullmatch(r"0x[\da-f]*", last) is not None
    return _fourth(labels) if is_number else name


def _sixth(written: str) -> str:
    """An address of version 6, without dots: versions of Python differ in them."""
    if not written.endswith("]") or "%" in written:
        raise ValueError(written)
    address = ipaddress.IPv6Address(written[1:-1])
    if address.ipv4_mapped is None:
        return address.compressed
    high, low = divmod(int(address.ipv4_mapped), 1 << 16)
    return f"::ffff:{high:x}:{low:x}"


def _fourth(labels: list[str]) -> str:
    """An address of version 4, whose parts may be octal or hexadecimal, the last one the rest."""
    parts = labels[:-1] if labels[-1] == "" else labels
    if len(parts) > _FOUR or not all(map(_NUMBER.fullmatch, parts)):
        return ""
    try:
        *front, rest = map(_number, parts)
    except ValueError:
        return ""
    if any(each > 255 for each in front) or rest >= 256 ** (5 - len(parts)):  # noqa: PLR2004  # bytes
        return ""
    high = sum(each << (24 - 8 * index) for index, each in enumerate(front))
    return str(ipaddress.IPv4Address(high + rest))


def _number(part: str) -> int:
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") and len(part) > 1 else 10)


def _ascii(name: str) -> str:
    """A name as it is asked for. Raises ValueError for one that a browser doesn't take."""
    lower = name.lower()
    if name.isascii() and not re.search(r"(?:^|\.)xn--", lower):
        return lower
    labels = idna.uts46_remap(name, std3_rules=False, transitional=False).split(".")
    plain = [_decoded(label) for label in labels]
    is_bidi = any(map(_is_from_right, plain))
    for label in plain:
        _check(label, is_bidi=is_bidi)
    encoded = (label if label.isascii() else f"xn--{_punycode(label)}" for label in plain)
    return ".".join(encoded)


def _punycode(label: str) -> str:
    return label.encode("punycode").decode("ascii")


def _decoded(label: str) -> str:
    """A label in its own letters; one that says it isn't of ASCII has to be right."""
    if not label.startswith("xn--"):
        return label
    plain = label[4:].encode("ascii").decode("punycode")
    if plain.isascii() or _punycode(plain) != label[4:]:
        raise ValueError(label)
    return plain


def _check(label: str, *, is_bidi: bool) -> None:
    if label.isascii():
        return
    mapped = idna.uts46_remap(label, std3_rules=False, transitional=False)
    joins = (at for at, each in enumerate(label) if each in "\u200c\u200d")
    if mapped != label or not all(idna.valid_contextj(label, at) for at in joins):
        raise ValueError(label)
    idna.check_initial_combiner(label)
    if is_bidi:
        idna.check_bidi(label, check_ltr=True)


def _is_from_right(label: str) -> bool:
    return any(unicodedata.bidirectional(each) in {"R", "AL", "AN"} for each in label)
