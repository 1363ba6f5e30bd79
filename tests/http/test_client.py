"""Requests and refusals: sent once, with both headers, to one server, and told in words."""

import asyncio
import contextlib
import gzip
import json
import re
import socket
import threading
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

import powawidget
from powawidget.errors import (
    AnswerTooLargeError,
    ConfigurationError,
    ConnectionLost,
    ProtocolError,
    RequestError,
)
from powawidget.http.client import Client
from powawidget.http.lost import lost
from powawidget.http.packed import unpacked
from powawidget.http.secret import Secret
from powawidget.http.server import Server
from powawidget.http.timeouts import Timeouts
from powawidget.resources.connect import Agent, AgentInfo
from tests.chaos import Chaos, Exchange, Script, event

KEY = "planted-key-5f1c9a7be2"
PAGE = (
    "<!doctype html><html><head><title>Bad</title><style>p {}</style></head><body>"
    "<h1>Bad Request</h1><p>The provider&#39;s key is <b>missing</b>.</p>"
    "<script>alert(1)</script></body></html>"
)
Serve = Callable[[Script], Chaos]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with contextlib.ExitStack() as servers:
        yield lambda script: servers.enter_context(Chaos(script))


def answering(status: str, body: bytes = b"", headers: bytes = b"") -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.answer(status, body, headers)

    return script


@contextlib.asynccontextmanager
async def client(url: str, **settings: Any) -> AsyncIterator[Client]:
    made = Client(url, Secret(KEY), **settings)
    try:
        yield made
    finally:
        await made.close()


def stream(url: str, **settings: Any) -> bytes:
    """Post, and read the whole stream."""

    async def read() -> bytes:
        async with client(url, **settings) as one, one.stream("/run", {"message": "m"}) as chunks:
            return b"".join([chunk async for chunk in chunks])

    return asyncio.run(read())


def get(url: str, path: str = "/thing", **query: Any) -> Any:
    async def read() -> Any:
        async with client(url) as one:
            return await one.get(path, **query)

    return asyncio.run(read())


def post(url: str) -> Any:
    async def read() -> Any:
        async with client(url) as one:
            return await one.post("/thing", {"approved": True})

    return asyncio.run(read())


JSON = b"content-type: application/json\r\n"
HTML = b"content-type: text/html\r\n"
REFUSALS = [
    ("400 Bad Request", {"error": "message is required"}, None, "message is required"),
    ("403 Forbidden", {"error": "Not yours", "code": "forbidden"}, "forbidden", "service-role key"),
    ("403 Forbidden", {"error": "Host not in allowlist"}, None, "not about the key"),
    ("404 Not Found", {"error": "Agent not found"}, None, "Agent not found"),
    ("409 Conflict", {"message": "Busy"}, None, "Busy"),
    ("422 Unprocessable", {"detail": [{"loc": ["a"]}]}, None, '"loc"'),
    (
        "402 Payment Required",
        {
            "error": "Not enough",
            "error_code": "insufficient_credits",
            "balance": 1.5,
            "estimated_cost": 2,
            "renews_at": "2026-12-01",
        },
        "insufficient_credits",
        "Balance 1.5, estimated cost 2, renews at 2026-12-01. Add credits",
    ),
    ("429 Too Many Requests", {"error": "Rate limit exceeded"}, None, "Wait a little"),
    ("500 Internal Server Error", {"error": "boom"}, None, "boom"),
    ("503 Service Unavailable", {"error": "later"}, None, "later"),
    ("500 Internal Server Error", {}, None, "didn't say why"),
]


@pytest.mark.parametrize(("status", "body", "code", "said"), REFUSALS)
def test_a_refusal_is_told_with_status_code_and_words(
    serve: Serve, status: str, body: dict[str, Any], code: str | None, said: str
) -> None:
    server = serve(answering(status, json.dumps(body).encode(), JSON))
    with pytest.raises(RequestError) as caught:
        stream(server.url)
    error = caught.value
    assert (error.status, error.code) == (int(status[:3]), code)
    assert said in str(error)
    assert server.url in str(error)
    assert server.posts == 1


@pytest.mark.parametrize("status", ["400", "404", "405", "415", "500", "502", "503", "504"])
def test_the_text_of_an_html_page_is_shown_as_text(serve: Serve, status: str) -> None:
    server = serve(answering(f"{status} Odd", PAGE.encode(), HTML))
    with pytest.raises(RequestError) as caught:
        stream(server.url)
    assert caught.value.body == "The provider's key is missing."
    assert server.posts == 1


@pytest.mark.parametrize(
    "body",
    [
        PAGE.replace("missing", "x" * 9000).encode(),
        json.dumps({"error": "x" * 9000}).encode(),
        json.dumps({"error": {"x": "x" * 9000}}).encode(),
        b"x" * 9000,
        b"\xff\x00\n" * 3000,
        b"<p>" + b"<b>" * 9000,
        b"[" * 100_000,
        b'{"error": "\\ud83d\\u0000"}',
    ],
)
def test_a_body_of_any_kind_is_shown_in_at_most_500_characters(serve: Serve, body: bytes) -> None:
    with pytest.raises(RequestError) as caught:
        stream(serve(answering("500 Odd", body)).url)
    assert len(caught.value.body) <= 500
    (str(caught.value) + caught.value.body).encode()
    assert "\0" not in caught.value.body


@pytest.mark.parametrize("status", ["401", "403", "404", "429", "503"])
def test_a_refused_run_has_failed_with_the_servers_words(serve: Serve, status: str) -> None:
    server = serve(answering(f"{status} No", b'{"error": "The words."}', JSON))
    with powawidget.connect(server.url, api_key=KEY, timeouts=Timeouts(retry=())) as pb:
        agent = Agent(pb._client, AgentInfo(id="a", name="A"), None)
        run = agent.run("hello").wait(display=False)
    assert run.status == "failed"
    assert run.error is not None
    assert "The words" in run.error.message
    assert run.error.code == status


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        ("200 OK", b"<p>Please log in</p>", HTML),
        ("200 OK", b'{"login": "/"}', JSON),
        ("200 OK", b"", b""),
        ("204 No Content", b"", b""),
    ],
)
def test_what_is_no_event_stream_is_refused(
    serve: Serve, status: str, body: bytes, headers: bytes
) -> None:
    server = serve(answering(status, body, headers))
    with pytest.raises(ProtocolError, match="instead of an event stream"):
        stream(server.url)
    assert server.posts == 1


@pytest.mark.parametrize("kind", ["text/event-stream", "Text/Event-Stream; charset=latin-1"])
def test_an_event_stream_is_known_by_its_type(serve: Serve, kind: str) -> None:
    body = event({"event": "start"})
    server = serve(answering("200 OK", body, f"content-type: {kind}\r\n".encode()))
    assert stream(server.url) == body


ODD_HEADERS = [
    *(
        f"content-type: text/event-stream\r\ncontent-encoding: {coding}"
        for coding in (
            "none",
            "identity",
            "",
            "Identity",
            "utf-8",
            "UTF8",
            "charset=utf-8",
            '"none"',
        )
    ),
    "content-type: text/event-stream\r\ncontent-encoding: none\r\ncontent-encoding: identity",
    "content-type: text/event-stream\r\ncontent-type: text/event-stream; charset=utf-8",
    "content-type: text/html\r\ncontent-type: text/event-stream",
    "content-type: text/event-stream, application/json",
    'content-type: "text/event-stream"',
    "content-type: text/event-stream;",
    "content-type: text/plain; charset=utf-8",
    "content-type: application/octet-stream",
    "content-type: application/json",
    "content-type:",
    "x-nothing: at all",
    "content-type: text/event-stream\r\ncontent-encoding: gzip",  # and yet it isn't packed
    "content-type: text/event-stream\r\ncontent-encoding: br, deflate",
    "content-type: text/event-stream\r\ncontent-language: \xe9\xff\r\npragma: no-cache",
]


@pytest.mark.parametrize("odd", ODD_HEADERS)
@pytest.mark.parametrize("before", [b"", b": keepalive\n\n", b"\xef\xbb\xbf", b"\r\nid: 1\n"])
def test_headers_that_harm_nobody_are_accepted(serve: Serve, odd: str, before: bytes) -> None:
    body = before + event({"event": "start"}) * 3

    async def script(exchange: Exchange) -> None:
        await exchange.head(odd.encode("latin-1") + b"\r\nconnection: close\r\n")
        await exchange.send(*(body[at : at + 1] for at in range(40)), body[40:])

    server = serve(script)
    assert stream(server.url) == body
    assert server.posts == 1


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "identity, gzip"])
def test_a_compressed_stream_is_refused(serve: Serve, coding: str) -> None:
    body = gzip.compress(event({"event": "start"}) * 100_000)
    packed = f"content-type: text/event-stream\r\ncontent-encoding: {coding}\r\n".encode()
    server = serve(answering("200 OK", body, packed))
    with pytest.raises(ProtocolError, match="compressed") as caught:
        stream(server.url)
    assert "may have started" in str(caught.value)
    assert caught.value.maybe_accepted
    assert server.posts == 1


def _deflated(data: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(data) + packing.flush()


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("gzip", lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:])),
        ("none", gzip.compress),  # the header hides it
        ("deflate", zlib.compress),
        ("deflate", _deflated),
        ("gzip", bytes),  # the header alone says so
        ("deflate", bytes),
        ("utf-8", bytes),
        ("", bytes),
    ],
)
def test_an_answer_that_is_packed_is_unpacked(
    serve: Serve, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    headers = JSON + f"content-encoding: {coding}\r\n".encode()
    whole = {"rows": ["é"] * 1000}
    assert get(serve(answering("200 OK", pack(json.dumps(whole).encode()), headers)).url) == whole
    refused = pack(b'{"error": "no such thing"}')
    with pytest.raises(RequestError, match="no such thing"):
        get(serve(answering("404 Not Found", refused, headers)).url)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br"])
def test_a_packing_that_cannot_be_unpacked_is_named(serve: Serve, coding: str) -> None:
    headers = JSON + f"content-encoding: {coding}\r\n".encode()
    with pytest.raises(ProtocolError, match=rf"compressed its answer \({coding}\)"):
        get(serve(answering("200 OK", b"\x8b\x00\x80", headers)).url)
    with pytest.raises(RequestError, match=rf"answered 403: .*compressed: {coding}"):
        get(serve(answering("403 No", b"\x8b\x00\x80", headers)).url)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, _deflated])
def test_what_is_unpacked_has_the_size_of_any_answer_at_most(
    serve: Serve, pack: Callable[[bytes], bytes]
) -> None:
    bomb = pack(b"[" + b"0," * 50_000_000 + b"0]")
    headers = JSON + b"content-encoding: deflate\r\n"
    tracemalloc.start()
    with pytest.raises(AnswerTooLargeError):
        get(serve(answering("200 OK", bomb, headers)).url)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 64 * 1024 * 1024


def test_what_is_packed_in_very_many_pieces_takes_time_by_its_size(serve: Serve) -> None:
    whole = json.dumps({"rows": ["é"] * 1000}).encode()
    empty = gzip.compress(b"")
    many = empty * 400_000 + b"".join(
        gzip.compress(whole[i : i + 9]) for i in range(0, len(whole), 9)
    )
    headers = JSON + b"content-encoding: gzip\r\n"
    assert get(serve(answering("200 OK", many, headers)).url) == json.loads(whole)
    for cut in (many[:-1], many + b"\0" * 5000):  # a checksum that is cut, padding
        assert unpacked(cut, "gzip", len(whole)) == whole


def test_a_body_of_very_many_chunks_takes_time_by_its_size(serve: Serve) -> None:
    """Each is counted when it comes, not all of them anew."""
    whole = b"[" + b" " * 100_000 + b"]"

    async def script(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n" + JSON + b"\r\n")
        await exchange.send(b"".join(b"1\r\n%c\r\n" % one for one in whole) + b"0\r\n\r\n")

    assert get(serve(script).url) == []


@pytest.mark.parametrize("status", ["301", "302", "303", "307", "308"])
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_redirect_to_another_origin_is_not_followed(serve: Serve, status: str, verb: str) -> None:
    other = serve(answering("200 OK", b"{}", JSON))
    location = f"location: {other.url}/stolen\r\n".encode()
    server = serve(answering(f"{status} Elsewhere", b"", location))
    with pytest.raises(RequestError, match=rf"redirects to {other.url}; it wasn't followed"):
        get(server.url) if verb == "GET" else stream(server.url)
    assert other.requests == []
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "location",
    ["http://[::1", "http://127.0.0.1:99999/", "//evil.invalid/x", "https://127.0.0.1/", "data:x"],
)
def test_a_redirect_that_leads_anywhere_else_is_refused_in_words(
    serve: Serve, location: str
) -> None:
    server = serve(answering("307 Odd", b"", f"location: {location}\r\n".encode()))
    with pytest.raises((RequestError, ConnectionLost)) as caught:
        stream(server.url)
    assert KEY not in str(caught.value)
    assert server.posts == 1


def test_a_redirect_at_the_same_server_keeps_the_post(serve: Serve) -> None:
    body = event({"event": "start"})

    async def script(exchange: Exchange) -> None:
        if exchange.request.path == "/run":
            await exchange.answer("307 There", b"", b"location: /there\r\n")
        else:
            await exchange.answer("200 OK", body, b"content-type: text/event-stream\r\n")

    server = serve(script)
    assert stream(server.url) == body
    assert [(request.method, request.path) for request in server.requests] == [
        ("POST", "/run"),
        ("POST", "/there"),
    ]
    assert server.requests[0].json == server.requests[1].json


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 Other"])
def test_a_post_never_becomes_a_get(serve: Serve, status: str) -> None:
    server = serve(answering(status, b"", b"location: /login?next=x\r\n"))
    with pytest.raises(RequestError, match="redirects the POST to /login with 30") as caught:
        stream(server.url)
    assert "turns it into a GET" in str(caught.value)
    # A server may answer so to what it has taken.
    assert "started" not in str(caught.value)
    assert "another server" not in str(caught.value)
    assert len(server.requests) == 1


def test_a_redirect_that_has_the_key_in_it_says_so(serve: Serve) -> None:
    server = serve(answering("307 There", b"", f"location: /there?key={KEY}\r\n".encode()))
    with pytest.raises(RequestError, match="a URL that has the key in it") as caught:
        stream(server.url)
    assert KEY not in str(caught.value)
    assert len(server.requests) == 1


def test_redirects_in_circles_end(serve: Serve) -> None:
    server = serve(answering("307 Round", b"", b"location: /run\r\n"))
    with pytest.raises(RequestError, match="circles"):
        stream(server.url)


def test_json_is_got_with_query_and_both_headers(serve: Serve) -> None:
    server = serve(answering("200 OK", b'{"a": "\\ud83d", "n": NaN}', JSON))
    assert get(server.url, limit=5) == {"a": "\ufffd", "n": None}
    (request,) = server.requests
    assert request.path == "/thing?limit=5"
    assert request.headers["apikey"] == KEY
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_json_is_posted_once(serve: Serve) -> None:
    server = serve(answering("200 OK", b'{"ok": true}', JSON))
    assert post(server.url) == {"ok": True}
    assert [request.json for request in server.requests] == [{"approved": True}]


@pytest.mark.parametrize("body", [b"", b"<p>hello</p>", b"{", b"[" * 100_000])
def test_an_answer_that_is_not_json_is_told(serve: Serve, body: bytes) -> None:
    with pytest.raises(ProtocolError, match="isn't JSON"):
        get(serve(answering("200 OK", body)).url)


def test_an_answer_that_is_cut_is_told(serve: Serve) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.head(b"content-length: 100\r\n")
        await exchange.send(b'{"a": ')

    with pytest.raises(ConnectionLost, match="was lost"):
        get(serve(script).url)


def test_a_refusal_that_is_cut_is_still_a_refusal(serve: Serve) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.head(b"content-length: 100\r\n", "401 Unauthorized")
        await exchange.send(b'{"error": ')

    with pytest.raises(RequestError) as caught:
        get(serve(script).url)
    assert caught.value.status == 401


def test_an_answer_that_does_not_come_is_told(serve: Serve) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.gone()

    server = serve(script)
    with pytest.raises(ConnectionLost, match=r"didn't answer within 0\.2 s") as caught:
        stream(server.url, timeouts=Timeouts(first_byte=0.2))
    assert caught.value.maybe_accepted
    assert server.posts == 1


def test_further_headers_are_sent_and_never_in_place_of_the_key(serve: Serve) -> None:
    server = serve(answering("200 OK", b"{}", JSON))

    async def read() -> None:
        headers = {"X-Team": "data science", "apikey": "other", "Authorization": "other"}
        async with client(server.url, headers=headers) as one:
            await one.get("/thing")

    asyncio.run(read())
    (request,) = server.requests
    assert request.headers["x-team"] == "data science"
    assert (request.headers["apikey"], request.headers["authorization"]) == (KEY, f"Bearer {KEY}")


def test_this_machine_is_reached_without_the_environments_proxy(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through it the key would go to another machine in plain HTTP."""
    proxy = serve(answering("200 OK", b'"the proxy"', JSON))
    server = serve(answering("200 OK", b'"the server"', JSON))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert get(server.url) == "the server"
    assert proxy.requests == []


def test_a_proxy_that_was_asked_for_is_used(serve: Serve) -> None:
    proxy = serve(answering("200 OK", b'"the proxy"', JSON))

    async def read() -> Any:
        async with client("http://127.0.0.1:9", proxy=proxy.url) as one:
            return await one.get("/thing")

    assert asyncio.run(read()) == "the proxy"


@pytest.mark.parametrize(
    "settings",
    [
        {"proxy": "nonsense"},
        {"verify": "/no/such/bundle.pem"},
        {"headers": {"X-Odd": "é"}},
        {"headers": {"X-Odd": "a\nb"}},
        {"headers": {"a b": "c"}},
    ],
)
def test_settings_that_cannot_be_used_are_refused_before_anything_is_sent(
    settings: dict[str, Any],
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Client("http://127.0.0.1:9", Secret(KEY), **settings)
    # httpx's own errors may hold the URL of a proxy, with its password.
    cause = caught.value.__cause__
    assert isinstance(cause, OSError if "verify" in settings else type(None))


def test_the_systems_own_error_is_the_cause_and_nothing_hangs_on_it() -> None:
    with pytest.raises(ConnectionLost) as caught:
        get("http://127.0.0.1:9")
    cause = caught.value.__cause__
    assert isinstance(cause, OSError)
    assert (cause.__traceback__, cause.__context__, cause.__cause__) == (None, None, None)
    assert caught.value.__context__ is None


# A resolver says where these lead, or those who split a URL differ over it.
NOT_THIS_MACHINE = [
    *(
        "http://api.localhost",
        "http://a.b.localhost:8000",
        "http://.localhost",
        "http://localhost.",
    ),
    *("http://127.1", "http://127.0.1", "http://0x7f.0.0.1", "http://0x7f.1", "http://2130706433"),
    *("http://0177.0.0.1", "http://127.0.0.01", "http://0", "http://0.0.0.0", "http://127.0.0.1."),
    *("http://[::]", "http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]", "http://[::1%25lo]"),
    *("http://[::127.0.0.1]", "http://128.0.0.1", "http://126.255.255.255", "http://[::2]"),
    *("http://l\u043ecalhost", "http://\u24c1ocalhost", "http://localhost\u3002example.org"),
    *("http://\uff11\uff12\uff17.0.0.1", "http://127\u3002example.org", "http://localho\u017ft"),
    *("http://localhost@example.org", "http://localhost:80@example.org", "http://a@localhost"),
    *("http://localhost\\@example.org", "http://localhost\\.example.org", "http://localhost#.org"),
    *(
        "http://local\thost",
        "http://localhost\n.example.org",
        "http://local host",
        "http:/localhost",
    ),
    *(
        "http://localhost%2eexample.org",
        "http://%6cocalhost",
        "http://localhost\x00.org",
        "//localhost",
    ),
]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ref.p.powabase.ai",
        "ftp://host",
        "https://",
        "https://host:port",
        "https://user:secret@host",
        "https://host?key=1",
        "https://host/#x",
        "http://powabase.example.org",
        "http://10.0.0.7:8000",
        "http://localhost.example.org",
        "http://127.0.0.1.example.org",
        *NOT_THIS_MACHINE,
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Client(url, Secret(KEY))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "insecure"),
    [
        ("https://ref.p.powabase.ai/", False),
        ("http://localhost:8000", False),
        ("http://127.0.0.1:8000//", False),
        ("http://[::1]:8000", False),
        ("http://LocalHost:8000", False),
        ("http://127.255.255.254", False),
        ("http://[0:0:0:0:0:0:0:1]", False),
        ("https://api.localhost", False),
        ("http://api.localhost:8000", True),
        ("http://powabase.example.org/base", True),
    ],
)
def test_a_url_that_can_be_used(url: str, insecure: bool) -> None:
    made = Client(url, Secret(KEY), insecure=insecure)
    assert made.url == url.rstrip("/")
    asyncio.run(made.close())


def test_localhost_is_this_machine_whatever_a_resolver_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    resolve = socket.getaddrinfo

    def lies(host: Any, *given: Any, **named: Any) -> Any:
        asked.append(host)
        return resolve("127.0.0.2" if "localhost" in str(host) else host, *given, **named)

    monkeypatch.setattr(socket, "getaddrinfo", lies)
    with socket.socket() as elsewhere, socket.socket() as here:
        here.bind(("127.0.0.1", 0))
        port = here.getsockname()[1]
        elsewhere.bind(("127.0.0.2", port))
        elsewhere.listen()
        elsewhere.settimeout(0)
        url, soon = f"http://localhost:{port}", Timeouts(first_byte=10)
        with pytest.raises(ConnectionLost, match=f"localhost:{port} can't be reached"):
            asyncio.run(Client(url, Secret(KEY), timeouts=soon).get("/x"))  # it doesn't listen yet
        here.listen()
        answered = threading.Thread(target=answer_once, args=(here,), daemon=True)
        answered.start()
        assert (
            asyncio.run(
                Client(url.replace("localhost", "LocalHost"), Secret(KEY)).post("/x", {"n": 1})
            )
            == {}
        )
        answered.join()
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
    assert not [host for host in asked if "localhost" in str(host)]


def test_localhost_is_found_at_its_other_address() -> None:
    with socket.socket(socket.AF_INET6) as here:
        here.bind(("::1", 0))
        here.listen()
        answered = threading.Thread(target=answer_once, args=(here,), daemon=True)
        answered.start()
        url = f"http://localhost:{here.getsockname()[1]}"
        assert asyncio.run(Client(url, Secret(KEY)).post("/x", {"n": 1})) == {}
        answered.join()


def answer_once(listener: socket.socket) -> None:
    """Answer one request that is addressed to localhost and has all its parts."""
    listener.settimeout(20)
    connection, _ = listener.accept()
    with connection:
        got = b""
        while not got.endswith(b'{"n":1}'):
            got += connection.recv(65536)
        port = listener.getsockname()[1]
        right = f"host: localhost:{port}".encode() in got.lower() and KEY.encode() in got
        status = b"200 OK" if right else b"400 Bad Request"
        head = b"content-type: application/json\r\ncontent-length: 2\r\n"
        connection.sendall(b"HTTP/1.1 " + status + b"\r\n" + head + b"\r\n{}")


@pytest.mark.parametrize("key", ["", "a b", "a\nb", "clé", "a\x7f"])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Client("https://ref.p.powabase.ai", Secret(key))
    assert not key or key not in str(caught.value)


async def _reset_at_once(exchange: Exchange) -> None:
    exchange.reset()


async def _reset_in_the_body(exchange: Exchange) -> None:
    await exchange.head()
    await exchange.chunk(b": \n\n")
    await asyncio.sleep(0.05)
    exchange.reset()


async def _cut_in_the_body(exchange: Exchange) -> None:
    await exchange.head()
    await exchange.chunk(b": \n\n")


@pytest.mark.parametrize("script", [_reset_at_once, _reset_in_the_body, _cut_in_the_body])
@pytest.mark.parametrize("ask", [stream, get])
def test_a_line_that_goes_down_is_told_in_words_and_what_to_do_where_that_is_plain(
    serve: Serve, ask: Callable[[str], Any], script: Script
) -> None:
    with pytest.raises(ConnectionLost) as caught:
        ask(serve(script).url)
    told = str(caught.value)
    assert not re.search(r"\b\w+(?:Error|Exception)\b", told)
    assert re.search(r"was lost.*: \w+ .*\.", told)
    assert told.endswith("Run the cell again.") == (ask is get)


@pytest.mark.parametrize(
    "error",
    [
        kind
        for kind in vars(httpx).values()
        if isinstance(kind, type) and issubclass(kind, httpx.TransportError)
    ],
)
def test_an_error_of_the_http_library_without_a_word_is_told_in_words(error: Any) -> None:
    server = Server("http://127.0.0.1:9", Secret(KEY), Timeouts())
    raised = error("")
    raised.__cause__ = ConnectionResetError(104, "Connection reset by peer")
    told = str(lost(server, raised, "POST"))
    assert error.__name__ not in told
    assert told.startswith("The connection to http://127.0.0.1:9 was lost: ")
    assert "Connection reset by peer" in told
