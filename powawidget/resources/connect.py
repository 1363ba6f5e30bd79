"""`connect()`: the way to a project."""

import getpass
import os
from collections.abc import Mapping

from powawidget.errors import ConfigurationError, WrongTypeError
from powawidget.http.client import Client
from powawidget.http.secret import Secret
from powawidget.http.timeouts import Timeouts
from powawidget.http.transport import Verify
from powawidget.kernel import cells, displayed_widgets
from powawidget.resources.agent import Agent, AgentInfo
from powawidget.resources.project import Powabase

__all__ = ["Agent", "AgentInfo", "Powabase", "connect"]

_LOCAL = "local"


def connect(  # noqa: PLR0913  # each is one setting of a connection
    url: str | None = None,
    *,
    api_key: str | None = None,
    verify: Verify = True,
    proxy: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeouts: Timeouts | None = None,
    insecure: bool = False,
) -> Powabase:
    """Connect to a project. Nothing is sent yet.

    Rule: docs/protocol.md#keys.

    Args:
        url: The project's base URL, such as `https://ref.p.powabase.ai`, or `"local"` for the
            embedded server; `POWABASE_URL` where it isn't given.
        api_key: The key; `POWABASE_API_KEY` where it isn't given, else a hidden prompt, so that
            no notebook has to hold it.
        verify: Whether to check certificates, the path of a CA bundle, or an `ssl.SSLContext`.
            Where it is True, SSL_CERT_FILE and SSL_CERT_DIR, REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE
            say which certificates are trusted, the first of them that is set.
        proxy: The URL of a proxy. Where it isn't given, HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is
            used, but for what NO_PROXY lists, and never for this machine.
        headers: Further headers for each request.
        timeouts: Limits of time: `powawidget.Timeouts(connect=5, ...)`.
        insecure: Whether the key may go over plain HTTP to another machine.

    Returns:
        The connection.

    Raises:
        ConfigurationError: If the URL or the key is missing.
        InvalidValueError: If one of the arguments, or a proxy that the environment names, can't
            be used.
        WrongTypeError: If one of them is of another type.
        FileError: If the certificates can't be read.
        MissingPackageError: If the proxy needs a package that isn't installed.

    Example:
        >>> pb = powawidget.connect("https://ref.p.powabase.ai")  # asks for the key
        >>> pb.agents()
    """
    # From here on no frame holds the key as text: a verbose traceback prints local variables.
    secret = Secret(api_key.strip() if isinstance(api_key, str) else "")
    given, kind = api_key is not None, type(api_key).__name__
    api_key = None
    if given and kind != "str" and not secret:
        raise WrongTypeError(f"api_key takes the key as text, not {kind}.")
    local = None
    if timeouts is not None and not isinstance(timeouts, Timeouts):
        raise WrongTypeError(
            "timeouts takes powawidget.Timeouts(connect=5, total=600), with the limits that you "
            f"want to change, not {type(timeouts).__name__}."
        )
    if url is not None and not isinstance(url, str):
        raise WrongTypeError(f"The URL is a text, not {type(url).__name__}.")
    if headers is not None and not isinstance(headers, Mapping):
        raise WrongTypeError(
            f'headers takes a dictionary such as {{"X-Team": "ops"}}, not {type(headers).__name__}.'
        )
    if url is None:
        url = os.environ.get("POWABASE_URL", "")
    if not url.strip():
        raise ConfigurationError(
            'No server: pass connect("https://ref.p.powabase.ai"), set POWABASE_URL, or try '
            'connect("local") for the embedded server.'
        )
    if url == _LOCAL:
        from powawidget.local import LocalServer  # noqa: PLC0415  # an extra

        local = LocalServer()
        url, secret, given = local.url, Secret(local.key), True
    if not given:
        secret = _asked_key()
    client = Client(
        url,
        secret,
        verify=verify,
        proxy=proxy,
        headers=headers,
        timeouts=timeouts,
        insecure=insecure,
    )
    connection = Powabase(client, local)
    # From now on: a callback that shows a run later must find the cell that it belongs to.
    displayed_widgets.follow()
    if local is not None:
        # A cell that is run again gets a fresh server; its earlier one isn't left running.
        cells.adopt(connection)
    return connection


def _asked_key() -> Secret:
    key = Secret(os.environ.get("POWABASE_API_KEY", "").strip())
    if key:
        return key
    try:
        return Secret(getpass.getpass("Powabase API key: ").strip())
    except (EOFError, NotImplementedError, OSError):
        pass
    except Exception as error:
        # ipykernel's own error where no front end can be asked; it has no public base.
        if type(error).__name__ != "StdinNotImplementedError":
            raise
    raise ConfigurationError(
        "No API key, and nobody can be asked for it here: set POWABASE_API_KEY, or pass api_key=..."
    )
