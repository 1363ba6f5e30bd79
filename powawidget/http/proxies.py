"""Which proxy a server is reached through, by `proxy=` or by what the environment says.

A server has one origin, so one proxy is chosen once, when the connection is made, and what can't be
used is refused then. httpx reads the variables too, but stops at an IPv6 address in NO_PROXY, and
says neither which variable is wrong nor what it has missed.
"""

import contextlib
import importlib.util
import ipaddress
import os
import re
import urllib.request
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

import httpx

from powawidget.errors import (
    ConfigurationError,
    InvalidValueError,
    MissingPackageError,
    WrongTypeError,
)
from powawidget.http.address import is_this_machine

_SOCKS = ("socks5", "socks5h")
_KINDS = ("http", "https", *_SOCKS)
_ARGUMENT = "proxy="
_SYSTEM = "The system's proxy setting"
_UNREADABLE = "can't be read as the URL of a proxy"
_SPACE = re.compile(r"\s")
_ENTRY = re.compile(r"\*|\*?[^*/\[\]@:]+")
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxy(NamedTuple):
    """A proxy.

    Attributes:
        url: Its URL, which may hold a password.
        shown: The same without user and password.
        source: What named it: `proxy=`, or a variable.
    """

    url: str
    shown: str
    source: str

    @property
    def password(self) -> str:
        """Its password; empty where it has none."""
        return unquote(urlsplit(self.url).password or "")

    def __repr__(self) -> str:
        return f"<the proxy {self.shown}, of {self.source}>"


def proxy_for(url: str, given: object = None) -> Proxy | None:
    """Choose the proxy for a server; this machine is reached through none but a given one.

    Args:
        url: The server's base URL.
        given: What the caller asked for.

    Raises:
        InvalidValueError: If the proxy or NO_PROXY can't be used; it names what is wrong, without
            a password.
        MissingPackageError: If the proxy needs a package that isn't installed.
        WrongTypeError: If what is given isn't a text.
    """
    if given is not None and not isinstance(given, str):
        raise WrongTypeError(f"proxy takes a URL as text, not {type(given).__name__}.")
    # Raised here: the frames below hold the URL, and with it maybe a password.
    chosen = _of_environment(url) if given is None else _checked(given, _ARGUMENT)
    given = None
    if isinstance(chosen, ConfigurationError):
        raise chosen
    return chosen


def _of_environment(url: str) -> Proxy | ConfigurationError | None:
    server = urlsplit(url)
    if is_this_machine(server.hostname or ""):
        return None
    known = urllib.request.getproxies()
    kind = next((one for one in (server.scheme, "all") if known.get(one)), None)
    if kind is None:
        return None
    is_direct = _is_direct(server, known.get("no", ""))
    if isinstance(is_direct, ConfigurationError):
        return is_direct
    return None if is_direct else _checked(known[kind], _variable(f"{kind}_proxy") or _SYSTEM)


def _checked(named: str, source: str) -> Proxy | ConfigurationError:
    """Check that a proxy can be used; an error tells no more of it than kind, host and port."""
    url = named.strip()
    if source != _ARGUMENT and "://" not in url:
        url = f"http://{url}"  # as curl and requests read a variable
    with contextlib.suppress(ValueError, httpx.InvalidURL):
        parts = urlsplit(url)
        if not parts.hostname or _SPACE.search(parts.hostname):
            return _unusable(source, _UNREADABLE)
        if "@" in f"{parts.path}{parts.query}{parts.fragment}":
            # Read as it stands, a part of the password would be taken for the port.
            return _unusable(source, "has a password with /, ? or # in it: write %2F, %3F or %23")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        shown = f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
        if parts.scheme not in _KINDS:
            return _unusable(source, f"names {shown}, which is no kind of proxy that can be used")
        if parts.scheme in _SOCKS and importlib.util.find_spec("socksio") is None:
            return MissingPackageError(
                f"{source} names {shown}, and a SOCKS proxy needs a further package: "
                f'pip install "httpx[socks]". {_otherwise(source)}'
            )
        httpx.Proxy(url)
        return Proxy(url, shown, source)
    return _unusable(source, _UNREADABLE)


def _unusable(source: str, why: str) -> InvalidValueError:
    return InvalidValueError(
        f"{source} {why}. It takes a URL such as http://host:8080. {_otherwise(source)}"
    )


def _otherwise(source: str) -> str:
    if source == _ARGUMENT:
        return "Leave it out to use what the environment says."
    return "Correct it, remove it, or pass proxy= to connect()."


def _variable(name: str) -> str | None:
    """Tell how a variable is spelled that is set: the environment has both, and Python reads both.

    Returns:
        The name; None where neither is set.
    """
    return next((one for one in (name, name.upper()) if os.environ.get(one)), None)


def _is_direct(server: SplitResult, listed: str) -> bool | ConfigurationError:
    """Tell whether a server is one of those that no proxy is for.

    Args:
        server: The server's URL.
        listed: NO_PROXY: names, which cover what is below them, with or without a dot or a star
            before; addresses, with or without brackets; networks such as 10.0.0.0/8; `*` for all.
            Each may have a port, and a scheme before it.

    Returns:
        Whether it is one, or what is wrong with the list.
    """
    host = (server.hostname or "").rstrip(".")
    if not listed and not urllib.request.getproxies_environment():
        # Where the system says which proxy there is, it also says what it isn't for.
        return bool(urllib.request.proxy_bypass(host))
    found = False
    for entry in filter(None, re.split(r"[,\s]+", listed.lower())):
        place = _place(entry)
        if place is None:
            return InvalidValueError(
                f"{_variable('no_proxy') or 'NO_PROXY'} has an entry that can't be read: "
                f"{entry.rpartition('@')[2][:60]!r}. It takes names, addresses and networks, "
                "divided by commas, such as localhost,.example.org,10.0.0.0/8. Correct it or "
                "remove it, or pass proxy= to connect()."
            )
        found = found or place.holds(server, host)
    return found


class _Place(NamedTuple):
    """An entry of NO_PROXY."""

    scheme: str
    name: str
    network: _Network | None
    port: int | None

    def holds(self, server: SplitResult, host: str) -> bool:
        default = {"http": 80, "https": 443}[server.scheme]
        if self.scheme not in ("", "all", server.scheme):
            return False
        if self.port not in (None, server.port or default):
            return False
        if self.network is not None:
            with contextlib.suppress(ValueError):
                return ipaddress.ip_address(host.partition("%")[0]) in self.network
            return False
        return not self.name or host == self.name or host.endswith(f".{self.name}")


def _place(entry: str) -> _Place | None:
    """Read an entry; None where it can't be read."""
    scheme, _, rest = entry.rpartition("://")
    network = _network(rest)
    if network is not None:
        return _Place(scheme, "", network, None)
    name, colon, digits = rest.rpartition(":")
    is_port = bool(colon) and digits.isdecimal()
    name, port = (name, int(digits)) if is_port else (rest, None)
    network = _network(name)
    if network is None and not _ENTRY.fullmatch(name):
        return None
    return _Place(scheme, name.removeprefix("*").strip("."), network, port)


def _network(text: str) -> _Network | None:
    """Read an address or a network; an IPv6 address may stand in brackets."""
    bare = text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text
    with contextlib.suppress(ValueError):
        return ipaddress.ip_network(bare, strict=False)
    return None
