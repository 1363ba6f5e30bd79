"""What a connection is made from, checked before anything is sent."""

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from powawidget.errors import InvalidValueError, WrongTypeError
from powawidget.http.secret import Secret

LOCALHOST = "localhost"
# What `localhost` is, in the order in which it is tried.
LOOPBACK = ("127.0.0.1", "::1")
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
# Headers by whose names their values are secret.
_SECRET = re.compile(r"(?i)auth|credential|jwt|key|pass|secret|session|signature|token")
_ODD = re.compile(r"[\\\s\x00-\x20\x7f-\x9f]")


def checked_url(url: str, *, insecure: bool = False) -> str:
    """Check a base URL before anything is sent to it.

    Returns:
        The URL without its final slash.

    Raises:
        InvalidValueError: If it can't be a base URL, or would carry the key unencrypted.
    """
    trimmed = url.strip().rstrip("/")
    try:
        # A parser of URLs drops some of these characters; a client that connects may not.
        parts = urlsplit("" if _ODD.search(trimmed) else trimmed)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        raise InvalidValueError(
            # The value isn't repeated: a key passed in the URL's place would be shown.
            "This isn't the URL of a server. Pass the base URL of your Powabase project, such as "
            "https://ref.p.powabase.ai."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidValueError(
            "The base URL must hold no user, password, query or fragment: pass the key as api_key."
        )
    if parts.scheme == "http" and not insecure and not is_this_machine(host):
        raise InvalidValueError(
            f"The key would go to {host} unencrypted. Use https://. If the server runs on this "
            "machine, write localhost or 127.0.0.1; if you trust every machine between here and "
            "there, pass insecure=True."
        )
    return trimmed


def is_this_machine(host: str) -> bool:
    """Tell whether a host is this machine by rule, whatever a resolver says of it.

    Args:
        host: A name or an address in lower case, without brackets.

    Returns:
        True for `localhost` itself, 127.0.0.0/8 and ::1. Names below `localhost`, `localhost.` and
        other spellings of an address go to a resolver, which may name any machine.
    """
    if host == LOCALHOST:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    # Versions of Python differ over ::ffff:127.0.0.1, and ::1 may name an interface.
    return "%" not in host and any(address in network for network in _LOOPBACK)


def checked_key(secret: Secret) -> Secret:
    """Check that a key can go in a header.

    Raises:
        InvalidValueError: If it is empty, or no header can carry it.
    """
    # No frame that an error leaves holds the key: a verbose traceback prints local variables.
    if not secret:
        raise InvalidValueError("The API key is empty. Pass api_key=..., or set POWABASE_API_KEY.")
    if not _fits_header(secret.reveal()):
        raise InvalidValueError(
            "The API key holds a space, a line end or a character that no header can carry. "
            "Copy it again."
        )
    return secret


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Check that further headers can be sent.

    Raises:
        InvalidValueError: If no header can carry one of them.
        WrongTypeError: If one of them isn't a text.
    """
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise WrongTypeError(
                f"The name and the value of a header are texts: {str(name)[:100]!r} has "
                f"{type(value).__name__}."
            )
        if not _fits_header(name) or not _fits_header(value.replace(" ", "")):
            raise InvalidValueError(
                f"The header {name[:100]!r} can't be sent: a name and a value are ASCII without "
                "line ends."
            )
    return dict(headers)


def secrets_in(headers: Mapping[str, str]) -> list[str]:
    """List what is secret in further headers, by their names: a server may repeat it."""
    found: list[str] = []
    for name, value in headers.items():
        if name.lower() == "cookie":
            found += (pair.partition("=")[2].strip().strip('"') for pair in value.split(";"))
        elif _SECRET.search(name):
            # Of `Basic …` and `Bearer …` the second word.
            found.append(value.strip().rpartition(" ")[2])
    return [one for one in found if one]


def _fits_header(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text
