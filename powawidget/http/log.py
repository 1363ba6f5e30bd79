"""The logs of the HTTP library, without keys and cookies.

At DEBUG it logs the headers of answers as they came: a server may repeat a key in one, and cookies
are credentials as well.
"""

import logging
import re
import threading
import weakref

from powawidget.http.secret import Secret

_LOGGERS = ("httpx", *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy")))
_SET_COOKIE = re.compile(
    r"""(\(b'set-cookie', )b(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""", re.IGNORECASE
)


class _WithoutKeys(logging.Filter):
    def __init__(self) -> None:
        super().__init__()
        self._secrets: weakref.WeakSet[Secret] = weakref.WeakSet()
        self._lock = threading.RLock()  # a log entry must not fail by a key that is new

    def add(self, secret: Secret) -> None:
        with self._lock:
            self._secrets.add(secret)

    def filter(self, record: logging.LogRecord) -> bool:
        original = shown = record.getMessage()
        with self._lock:
            secrets = list(self._secrets)
        for secret in secrets:
            shown = secret.redact(shown)
        shown = _SET_COOKIE.sub(r"\1b'[cookie]'", shown)
        if shown != original:
            record.msg, record.args = shown, None
        return True


_filter = _WithoutKeys()


def keep_out(secret: Secret) -> None:
    """Keep a key out of the logs, for as long as somebody holds it."""
    _filter.add(secret)
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_filter)  # does nothing the second time
