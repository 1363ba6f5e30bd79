"""What the environment says of proxies and certificates: used where it can be, else named."""

import http.server
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import powawidget
from powawidget.errors import ConfigurationError, ConnectionLost
from powawidget.http.certificates import context_for
from powawidget.http.proxies import proxy_for

KEY = "planted-key-5f1c9a7be2"
TLS = Path(__file__).parents[1] / "fixtures" / "tls"
AUTHORITY = TLS / "authority.pem"
ELSEWHERE = "https://ref.example.org"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
CERTIFICATES = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSLKEYLOGFILE",
)
WRONG = [
    ("ALL_PROXY", "socks://u:pass-word@127.0.0.1:1080"),
    ("HTTPS_PROXY", "ftp://u:pass-word@proxy.example"),
    ("HTTPS_PROXY", "socks4://u:pass-word@proxy.example"),
    ("https_proxy", "http://u:pass-word@[::1"),
    ("HTTPS_PROXY", "http://u:pass-word@:8080"),
    ("HTTPS_PROXY", "http://u:pass-word@proxy.example:port"),
    ("HTTPS_PROXY", "//u:pass-word@"),
    ("HTTPS_PROXY", "http://u:12/pass-word@proxy.example:8080"),
    ("HTTPS_PROXY", "http://u:12#pass-word@proxy.example"),
    ("ALL_PROXY", "u:12?pass-word@proxy.example"),
    ("HTTPS_PROXY", "http://u:pass-word@proxy example:80"),
]
WRONG_CERTIFICATES = [
    ("SSL_CERT_FILE", "/gone/cacert.pem"),
    ("SSL_CERT_FILE", "/"),
    ("SSL_CERT_FILE", __file__),
    ("SSL_CERT_DIR", "/gone/certificates"),
    ("REQUESTS_CA_BUNDLE", "/gone/cacert.pem"),
    ("CURL_CA_BUNDLE", "/gone/cacert.pem"),
    ("CURL_CA_BUNDLE", os.devnull),
    ("SSLKEYLOGFILE", "/gone/keys.log"),
]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, *CERTIFICATES):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def secure() -> Iterator[str]:
    """A server with a certificate of an authority that nobody trusts but who is told to."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"agents": [], "total": 0}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass  # a client that doesn't trust it

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_this_machine_needs_none_of_it() -> None:
    """Each in the environment of a new process, as a shell would set it."""
    code = (
        "import os, powawidget\n"
        f"for name, value in {WRONG + WRONG_CERTIFICATES!r} + [('NO_PROXY', '[::1')]:\n"
        "    os.environ[name] = value\n"
        "    with powawidget.connect('local') as pb:\n"
        "        assert pb.agents(), name\n"
        "    del os.environ[name]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("name", "value"), WRONG + WRONG_CERTIFICATES)
def test_elsewhere_the_variable_is_named_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=f"^{name} ") as caught:
        powawidget.connect(ELSEWHERE, api_key=KEY)
    told = f"{caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert "pass-word" not in told
    assert "u:12" not in told
    assert "pass " in str(caught.value) or name == "SSLKEYLOGFILE"


def test_a_socks_proxy_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    for name, kind in (("ALL_PROXY", "socks5"), ("HTTPS_PROXY", "socks5h")):
        monkeypatch.setenv(name, f"{kind}://u:pass-word@127.0.0.1:1080")
        with pytest.raises(
            powawidget.errors.MissingPackageError, match=r"httpx\[socks\]"
        ) as caught:
            powawidget.connect(ELSEWHERE, api_key=KEY)
        assert str(caught.value).startswith(f"{name} names {kind}://127.0.0.1:1080, ")
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("listed", "url"),
    [
        ("*", ELSEWHERE),
        ("localhost, *", ELSEWHERE),
        ("ref.example.org", ELSEWHERE),
        ("REF.EXAMPLE.ORG.", ELSEWHERE),
        ("example.org", ELSEWHERE),
        (".example.org", ELSEWHERE),
        ("*.example.org", ELSEWHERE),
        ("a b,example.org", ELSEWHERE),
        ("example.org:443", ELSEWHERE),
        ("https://example.org", ELSEWHERE),
        ("all://example.org", ELSEWHERE),
        ("10.0.0.0/8,fd00::/8", "https://10.1.2.3"),
        ("10.0.0.0/8,fd00::/8", "https://[fd00::5]:8443"),
        ("[fd00::5]", "https://[fd00::5]"),
        ("[fd00::5]:8443", "https://[fd00::5]:8443"),
        ("10.1.2.3:8443", "https://10.1.2.3:8443"),
        ("10.1.2.3/255.0.0.0", "https://10.9.9.9"),
    ],
)
def test_no_proxy_is_read_in_all_its_forms(
    monkeypatch: pytest.MonkeyPatch, listed: str, url: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    assert proxy_for(url) is not None
    monkeypatch.setenv("NO_PROXY", listed)
    assert proxy_for(url) is None


@pytest.mark.parametrize(
    "listed",
    [
        "localhost,127.0.0.1,[::1]",
        "10.0.0.0/8,fd00::/8",
        "notexample.org",
        "ef.example.org",
        "example.org:8443",
        "http://example.org",
        ",,",
    ],
)
def test_no_proxy_is_for_what_it_lists_alone(monkeypatch: pytest.MonkeyPatch, listed: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", listed)
    proxy = proxy_for(ELSEWHERE)
    assert proxy is not None
    assert (proxy.url, proxy.source) == ("http://proxy.example:3128", "HTTPS_PROXY")


@pytest.mark.parametrize("listed", ["[::1", "a/b", "u:pass-word@host", "10.0.0.0/99", "a*b"])
def test_a_list_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, listed: str) -> None:
    monkeypatch.setenv("no_proxy", f"localhost,{listed}")
    powawidget.connect(ELSEWHERE, api_key=KEY)  # nothing depends on it
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    with pytest.raises(ConfigurationError, match=r"^no_proxy has an entry") as caught:
        powawidget.connect(ELSEWHERE, api_key=KEY)
    assert "pass-word" not in str(caught.value)


def test_a_proxy_that_cannot_be_reached_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://u:pass-word@127.0.0.1:9")
    with (
        powawidget.connect(ELSEWHERE, api_key=KEY) as pb,
        pytest.raises(
            ConnectionLost, match=r"by way of http://127\.0\.0\.1:9, of ALL_PROXY"
        ) as caught,
    ):
        pb.agents()
    assert "pass-word" not in str(caught.value)


def test_a_proxy_is_shown_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://u:p%2Fw@[fd00::1]:8080")
    proxy = proxy_for(ELSEWHERE)
    assert proxy is not None
    assert proxy.shown == "http://[fd00::1]:8080"


@pytest.mark.parametrize(
    "trust",
    [
        {"verify": str(AUTHORITY)},
        {"verify": AUTHORITY},
        {"verify": ssl.create_default_context(cafile=AUTHORITY)},
        {"verify": False},
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    ],
)
def test_a_certificate_is_trusted_by_whatever_names_its_authority(
    secure: str, monkeypatch: pytest.MonkeyPatch, trust: Any
) -> None:
    if isinstance(trust, str):
        monkeypatch.setenv(trust, str(AUTHORITY))
    with powawidget.connect(
        secure, api_key=KEY, **(trust if isinstance(trust, dict) else {})
    ) as pb:
        assert pb.agents() == []


@pytest.mark.parametrize(("name", "value"), [("", ""), *WRONG_CERTIFICATES])
def test_a_certificate_of_nobody_is_refused_at_this_machine_too(
    secure: str, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """What can't be read takes no check away."""
    if name:
        monkeypatch.setenv(name, value)
    with (
        powawidget.connect(secure, api_key=KEY) as pb,
        pytest.raises(ConnectionLost, match="isn't trusted here") as caught,
    ):
        pb.agents()
    assert caught.value.code == "tls"


def test_the_first_of_them_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def authorities() -> list[Any]:
        return [one["subject"] for one in context_for(True).get_ca_certs()]

    usual = authorities()
    assert len(usual) > 10
    monkeypatch.setenv("CURL_CA_BUNDLE", "/gone")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(AUTHORITY))
    assert len(authorities()) == 1
    monkeypatch.setenv("SSL_CERT_DIR", str(TLS))
    assert authorities() == []  # those of a folder are looked for when they are needed
    monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))
    assert len(authorities()) == 1


@pytest.mark.parametrize("wrong", [None, 1, b"bundle", [str(AUTHORITY)]])
def test_another_value_for_verify_is_refused(wrong: Any) -> None:
    with pytest.raises(powawidget.errors.WrongTypeError, match=r"ssl\.SSLContext, not"):
        powawidget.connect(ELSEWHERE, api_key=KEY, verify=wrong)
