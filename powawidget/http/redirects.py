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
    is_kept = request.method == "GET" or response.status_code in _KEEPS_POST
    return is_kept and _is_same_origin(request, response)


def left(server: Server, request: httpx.Request, response: httpx.Response) -> RequestError:
    """Make the error of a redirect that isn't followed; no frame holds its URL, or a key in it."""
    target = target_of(request, response)
    origin = f"{target.scheme}://{target.netloc.decode()}"
    status = response.status_code
    if not _is_same_origin(request, response):
        message = (
            f"{server.url} redirects to {server.shown(origin)}; it wasn't followed, so that the "
            "key stays here. If that is the right server, pass its URL."
        )
    elif request.method != "GET" and status not in _KEEPS_POST:
        message = (
            f"{server.url} redirects the {request.method} to {server.shown(target.path)} with "
            f"{status}, which turns it into a GET without what was sent; it wasn't followed. A "
            "login page in front of the server does so, and a base URL that isn't quite right: "
            "check it for a path that is missing or too much. A server that means the same "
            "request answers 307 or 308."
        )
    else:
        message = (
            f"{server.url} redirects to a URL that has the key in it; it wasn't followed, so that "
            "the key stays in no log of URLs."
        )
    return RequestError(message, status=status)


def _is_same_origin(request: httpx.Request, response: httpx.Response) -> bool:
    old, new = request.url, target_of(request, response)
    return (new.scheme, new.host, new.port) == (old.scheme, old.host, old.port)
