"""The server as its client knows it."""

from dataclasses import dataclass

from powawidget.http.proxies import Proxy
from powawidget.http.refusals import SHOWN
from powawidget.http.secret import Secret
from powawidget.http.timeouts import Timeouts
from powawidget.protocol.characters import harmless


@dataclass(frozen=True)
class Server:
    """Where requests go, with which key, and how long each may take.

    Attributes:
        url: The base URL.
        secret: The API key.
        timeouts: Limits of time.
        proxy: The proxy that it is reached through, where there is one.
    """

    url: str
    secret: Secret
    timeouts: Timeouts
    proxy: Proxy | None = None

    def shown(self, text: str) -> str:
        """Make a text of the server's fit to be shown.

        Returns:
            The text without control characters and without the key.
        """
        return self.secret.redact(harmless(text))

    def reason(self, error: BaseException) -> str:
        """Say in the system's own words why a request failed.

        Returns:
            At most 500 characters, without the key.
        """
        text = str(error).strip() or type(error).__name__
        return self.shown(text[:SHOWN].rstrip("."))
