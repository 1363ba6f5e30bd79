"""Where a redirect leads, and whether it may be followed: the key goes to no other server."""

import httpx

from powawidget.errors import RequestError
from powawidget.http.server import Server

_KEEPS_POST = frozenset({307, 308})


def target_of(request: httpx.Request, response: httpx.Response) -> httpx.URL:
    """Read where a redirect leads."""
    return request.url.join(response.headers["location"])


def stays(request: httpx.Request, response: httpx.Response) -> bool:
    """Tell whether a redirect leads to the same server, by the same verb.

    Returns:
        False where following it would carry the key elsewhere, or turn a POST into a GET.
    """
    old, new = request.url, target_of(request, response)
    same = (new.scheme, new.host, new.port) == (old.scheme, old.host, old.port)
    return same and (request.method == "GET" or response.status_code in _KEEPS_POST)


def left(server: Server, request: httpx.Request, response: httpx.Response) -> RequestError:
    """Make the error of a redirect to elsewhere; no frame holds its URL, or the key in it."""
    target = target_of(request, response)
    where = server.shown(f"{target.scheme}://{target.netloc.decode()}")
    return RequestError(
        f"{server.url} redirects to {where}; it wasn't followed, so that the key stays here. "
        "If that is the right server, pass its URL.",
        status=response.status_code,
    )
