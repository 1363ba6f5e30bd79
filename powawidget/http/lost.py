"""What httpx raises, as errors of ours.

httpx's exceptions hold the request, and with it the key; so do the frames of their tracebacks. None
of them is chained to an error of ours. The cause is what the system said, without a traceback.
"""

import socket
import ssl

import httpx

from powawidget.errors import ConnectionLost, PowawidgetError
from powawidget.http.server import Server


def within(seconds: float | None) -> str:
    """Say a limit of time at the end of a sentence; nothing where there is none."""
    return "" if seconds is None else f" within {seconds:g} s"


def lost(server: Server, error: Exception, verb: str, when: str = "") -> ConnectionLost:
    """Make the error of a line that went down.

    Args:
        server: The server.
        error: What was raised.
        verb: That of the request; what only reads can be asked for again.
        when: When that was, with a space before it.

    Returns:
        The error; the server may have taken the request.
    """
    again = " Run the cell again." if verb == "GET" else ""
    message = f"The connection to {server.url} was lost{when}: {_reason(server, error)}.{again}"
    return _caused(ConnectionLost(message, maybe_accepted=True), server, error)


# What httpx raises without a word of its own, as when a socket is reset.
_SILENT: tuple[tuple[type[Exception], str], ...] = (
    (httpx.ReadError, "the server, or a proxy on the way, broke it off"),
    (
        httpx.WriteError,
        "the server, or a proxy on the way, broke it off while the request went out",
    ),
    (httpx.CloseError, "it couldn't be closed in an orderly way"),
    (httpx.TimeoutException, "the server said nothing for too long"),
    (httpx.ProtocolError, "what came isn't HTTP as it should be"),
    (httpx.NetworkError, "the network broke it off"),
)


def _reason(server: Server, error: Exception) -> str:
    """Say why a line went down: never by the name of an exception alone."""
    if str(error).strip():
        return server.reason(error)
    said = next((words for kind, words in _SILENT if isinstance(error, kind)), None)
    system = [one.strerror for one in _chain(error) if isinstance(one, OSError) and one.strerror]
    if said is None:
        return server.shown(system[-1]) if system else f"it broke off ({type(error).__name__})"
    return f"{said} ({server.shown(system[-1])})" if system else said


def not_sent(server: Server, request: httpx.Request, error: Exception) -> ConnectionLost | None:
    """Make the error of a server that wasn't reached, so that nothing was sent.

    Returns:
        The error; None where the request may have been sent.
    """
    address = f"{request.url.host}:{request.url.port or request.url.scheme}"
    if isinstance(error, httpx.ConnectTimeout):
        limit = within(server.timeouts.connect)
        code = "connect_timeout"
        message = f"{address} can't be reached: no connection{limit}.{_by_way_of(server)}"
    elif isinstance(error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol):
        code, hint = _unreachable(error)
        message = (
            f"{address} can't be reached: {_reason(server, error)}. {hint}{_by_way_of(server)}"
        )
    else:
        return None
    temporary = code == "unreachable"
    made = ConnectionLost(message, maybe_accepted=False, code=code, temporary=temporary)
    return _caused(made, server, error)


def never_whole(error: ConnectionLost, problem: PowawidgetError | None) -> PowawidgetError:
    """Make the error of a request whose last byte was held back: nothing can have begun.

    Args:
        error: What ended it.
        problem: Why the last byte wasn't sent, where that was the reason.
    """
    if problem is not None:
        # Its frames are those of the HTTP library, and hold the key.
        problem.__context__ = None
        return problem.with_traceback(None)
    if not error.maybe_accepted:
        return error
    made = ConnectionLost(str(error), maybe_accepted=False, code="never_whole", temporary=True)
    made.__cause__ = error.__cause__
    return made


def _caused(made: ConnectionLost, server: Server, error: BaseException) -> ConnectionLost:
    """Give an error its cause: the system's own error, made anew so that nothing hangs on it."""
    system = [one for one in _chain(error) if isinstance(one, OSError)]
    if system:
        args = [server.shown(one) if isinstance(one, str) else one for one in system[-1].args]
        kind = type(system[-1]) if type(system[-1]).__module__ in _SYSTEM else OSError
        made.__cause__ = kind(*args)
    return made


def _by_way_of(server: Server) -> str:
    """Say which proxy a request went to: what failed may be the proxy, not the server."""
    proxy = server.proxy
    return "" if proxy is None else f" It was asked for by way of {proxy.shown}, of {proxy.source}."


_SYSTEM = {"builtins", "socket", "ssl"}


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in chain:
        chain.append(one)
        one = one.__cause__ or one.__context__
    return chain


def _unreachable(error: Exception) -> tuple[str, str]:
    """Say why nobody could be reached, in a word, and what to do about it."""
    for cause in _chain(error):
        if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
            return "unknown_host", "No such host is known: check the URL for a slip."
        if isinstance(cause, ssl.SSLError):
            return (
                "tls",
                "Its certificate or its TLS isn't trusted here: pass verify= with the CA bundle "
                "of your network, or check that the URL's scheme is right.",
            )
    if isinstance(error, httpx.ProxyError):
        return "proxy", "The proxy refused."
    return "unreachable", "Check the URL, and that the server runs."
