"""How a server's certificate is checked, by `verify=` or by what the environment says."""

import contextlib
import os
import ssl
from pathlib import Path

import httpx

from powawidget.errors import FileError, WrongTypeError

_ARGUMENT = "verify="
# A file to which Python writes the keys of each connection, for whoever looks into its bytes.
_KEY_LOG = "SSLKEYLOGFILE"
_FILE = "SSL_CERT_FILE"
# OpenSSL's own, which belong together; then those of requests and of curl. The first that is set
# counts.
_VARIABLES = ((_FILE, "SSL_CERT_DIR"), ("REQUESTS_CA_BUNDLE",), ("CURL_CA_BUNDLE",))


def context_for(
    verify: object, *, is_encrypted: bool = True, is_this_machine: bool = False
) -> ssl.SSLContext:
    """Make what checks a server's certificate.

    Args:
        verify: True, False, the path of a CA bundle, or a context, which is used as it is.
        is_encrypted: Whether there is a certificate; over plain HTTP nothing is read for one.
        is_this_machine: Whether the server runs on this machine, which is reached whatever the
            environment says.

    Raises:
        FileError: If certificates can't be read; it names the path, and the variable that has it.
        WrongTypeError: If `verify` is something else.
    """
    if isinstance(verify, ssl.SSLContext):
        return verify
    if not isinstance(verify, bool | str | os.PathLike):
        raise WrongTypeError(
            "verify takes True, False, the path of a CA bundle or an ssl.SSLContext, not "
            f"{type(verify).__name__}."
        )
    if not isinstance(verify, bool):
        return _loaded({_ARGUMENT: str(os.fspath(verify))})
    if not verify or not is_encrypted:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    named = _of_environment()
    if not is_this_machine:
        return _loaded(named)
    for paths in (named, {}):
        with contextlib.suppress(FileError):
            return _loaded(paths)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    return context


def _of_environment() -> dict[str, str]:
    """Read which certificates the environment names: a path for each variable that counts."""
    for names in _VARIABLES:
        found = {name: os.environ[name] for name in names if os.environ.get(name)}
        if found:
            return found
    return {}


def _loaded(paths: dict[str, str]) -> ssl.SSLContext:
    """Make a context of these certificates, or of the usual ones where none are named."""
    reading, context = "", None
    try:
        for source, path in paths.items():
            reading = source
            # OpenSSL takes several directories, and looks into none of them before it has to.
            folders = [one for one in path.split(os.pathsep) if Path(one).is_dir()]
            folders = [] if source == _FILE else folders
            file, folder = (None, os.pathsep.join(folders)) if folders else (path, None)
            if context is None:
                context = ssl.create_default_context(cafile=file, capath=folder)
            else:
                context.load_verify_locations(cafile=file, capath=folder)
        return context or httpx.create_ssl_context(trust_env=False)
    except (OSError, ValueError) as error:
        log = os.environ.get(_KEY_LOG)
        if not paths or (log and isinstance(error, OSError) and error.filename == log):
            reading, paths = _KEY_LOG, {_KEY_LOG: log or ""}
        reason = getattr(error, "strerror", None) or str(error)
        raise FileError(_unreadable(reading, paths[reading], reason)) from error


def _unreadable(source: str, path: str, reason: str) -> str:
    if source == _ARGUMENT:
        return (
            f"The CA bundle {path!r} can't be read: {reason}. Pass the path of one in PEM, or True "
            "for the usual certificates."
        )
    otherwise = "" if source == _KEY_LOG else ", or pass verify= to connect()"
    return (
        f"{source} in the environment names {path!r}, which can't be "
        f"{'written' if source == _KEY_LOG else 'read'}: {reason}. Correct it or remove "
        f"it{otherwise}."
    )
