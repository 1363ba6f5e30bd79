"""Rows S1 to S9 and U6: what a server says in place of a stream, and what it must come to."""

import datetime as dt
import email.utils
import json

import pytest

import powawidget
from tests.chaos import Exchange, Script
from tests.faults.world import (
    DONE,
    HALF,
    QUICK,
    REST,
    START,
    World,
    act,
    came_to,
    delivered,
    seen,
    until,
    waits,
)
from tests.planted import KEY, MESSAGE

JSON = b"content-type: application/json\r\n"
HTML = b"content-type: text/html\r\n"
MONEY = {
    "error": "Insufficient credits",
    "error_code": "insufficient_credits",
    "balance": 12,
    "estimated_cost": 2000,
    "renews_at": "2026-12-01",
}


def answering(status: str, body: object, headers: bytes = JSON) -> Script:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def script(exchange: Exchange) -> None:
        await exchange.answer(status, raw, headers)

    return script


def refusing(times: int, status: str, body: object, headers: bytes = JSON) -> Script:
    """Refuse some requests, then answer with a whole stream."""
    refuse, left = answering(status, body, headers), [times]

    async def script(exchange: Exchange) -> None:
        left[0] -= 1
        if left[0] >= 0:
            await refuse(exchange)
        else:
            await exchange.stream(START, HALF, REST, DONE)

    return script


WORDS = {
    "Authorization header required": "the service didn't get it",
    "Missing token": "the service didn't get it",
    "Invalid token: Not enough segments": "refused the key in the header Authorization",
    "Token has expired": "has expired: make a new one",
    "No API key found in request": "header apikey was sent, but the gateway didn't get it",
    "Invalid API key": "The gateway refused the header apikey",
    "Unauthorized": "in both headers, apikey and Authorization",
}


@pytest.mark.parametrize(("said", "told"), WORDS.items())
def test_s1_a_401_says_which_header_or_key_is_wrong(world: World, said: str, told: str) -> None:
    server = world.serve(answering("401 Unauthorized", {"error": said}))
    run = world.run(server)
    assert came_to(run) == ("failed", "", "401")
    assert run.error.title == "The API key was refused"
    assert said in run.error.message
    assert told in run.error.hint
    assert server.posts == 1


def test_s1_a_403_says_which_key_is_needed(world: World) -> None:
    server = world.serve(answering("403 Forbidden", {"error": f"not for {KEY}"}))
    run = world.run(server)
    assert came_to(run) == ("failed", "", "403")
    assert "not for [key]" in run.error.message
    assert "service-role key" in run.error.hint
    assert server.posts == 1


@pytest.mark.parametrize("status", ["400", "404", "409", "422"])
def test_s2_the_servers_message_is_shown_as_text(world: World, status: str) -> None:
    server = world.serve(answering(f"{status} No", {"error": "<b>No.</b>"}))
    run = world.run(server)
    assert came_to(run) == ("failed", "", status)
    assert "<b>No.</b>" in run.error.message
    assert server.posts == 1


def test_s3_missing_credits_are_told_with_balance_cost_and_date(world: World) -> None:
    server = world.serve(answering("402 Payment Required", MONEY))
    run = world.run(server)
    assert came_to(run) == ("failed", "", "insufficient_credits")
    assert run.error.title == "Not enough credits"
    assert "Insufficient credits" in run.error.message
    assert run.error.hint.startswith("Balance 12, estimated cost 2000, renews at 2026-12-01.")
    assert server.posts == 1


AGAIN = {
    "s4 429 with seconds": ("429 Too Many", {"error": "Slow down"}, b"retry-after: 0.02\r\n"),
    "s4 429 without": ("429 Too Many", {"error": "Slow down"}, b""),
    "s4 429 with a page": ("429 Too Many", b"<p>Slow down</p>", b""),
    "s5 garbage": ("429 Too Many", {"error": "Slow down"}, b"retry-after: soon, I hope\r\n"),
    "s5 a date in the past": (
        "429 Too Many",
        {"error": "Slow down"},
        b"retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n",
    ),
    "s6 503 with JSON": ("503 Busy", {"error": "The service is busy"}, b""),
}


@pytest.mark.parametrize(("status", "body", "headers"), AGAIN.values(), ids=AGAIN)
def test_s4_s5_s6_a_refusal_for_now_is_waited_for_visibly_and_tried_again(
    world: World, status: str, body: object, headers: bytes
) -> None:
    server = world.serve(refusing(2, status, body, JSON + headers))
    run = world.run(server)
    assert came_to(run) == ("completed", "half rest", None)
    assert [wait.attempt for wait in waits(run)] == [2, 3]
    assert {wait.why for wait in waits(run)} == {f"The server refused for now ({status[:3]})"}
    assert seen(run) == [
        ("reconnecting", "retry"),
        ("connecting", None),
        ("reconnecting", "retry"),
        ("connecting", None),
        ("running", None),
        ("completed", None),
    ]
    assert delivered(run) == server.told
    assert [request.json for request in server.requests] == [{"message": MESSAGE}] * 3


def test_s4_the_tries_end_and_say_how_many_they_were(world: World) -> None:
    server = world.serve(answering("429 Too Many", {"error": "Slow down"}))
    run = world.run(server)
    assert came_to(run) == ("failed", "", "429")
    assert "Slow down" in run.error.message
    assert run.error.hint.startswith("It was tried 5 times.")
    assert server.posts == 5


def later(seconds: int) -> bytes:
    when = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    return email.utils.format_datetime(when, usegmt=True).encode()


@pytest.mark.parametrize(
    "value", [b"3600", b"61", later(3600)], ids=["an hour", "61 seconds", "a moment"]
)
def test_s5_a_longer_wait_fails_at_once_with_the_time(world: World, value: bytes) -> None:
    headers = JSON + b"retry-after: " + value + b"\r\n"
    server = world.serve(answering("429 Too Many", {"error": "Slow down"}, headers))
    run = world.run(server)
    assert came_to(run) == ("failed", "", "429")
    assert "The server asks to wait" in run.error.hint
    assert "run the cell again after" in run.error.hint
    assert waits(run) == []
    assert server.posts == 1


@pytest.mark.parametrize("how", ["give_up", "stop", "close"])
def test_s4_a_pause_can_be_given_up(world: World, how: str) -> None:
    server = world.serve(answering("429 Too Many", {"error": "Slow down"}))
    run = world.run(server, retry=(3600.0,))
    until(lambda: run.status == "reconnecting", "the pause")
    assert run._live.state.wait.purpose == "retry"
    if how == "give_up":
        assert act(run, "give_up") is None
        assert came_to(run) == ("failed", "", "429")
        assert "The wait was given up: nothing was started." in run.error.hint
        assert act(run, "give_up") == "Nothing is waited for any more."
    else:
        run.stop() if how == "stop" else run.close()
        assert came_to(run) == ("stopped", "", None)
    assert server.posts == 1


PAGE = b"<html><head><title>Bad gateway</title></head><body><p>" + b"x" * 9000 + b"</p></body>"


@pytest.mark.parametrize("status", ["500", "502", "503", "504"])
def test_s6_a_page_is_shown_as_text_in_part_and_not_tried_again(world: World, status: str) -> None:
    server = world.serve(answering(f"{status} Odd", PAGE, HTML))
    run = world.run(server)
    assert came_to(run) == ("failed", "", status)
    assert "x" * 400 in run.error.message
    assert len(run.error.message) < 600
    assert "<" not in run.error.message
    assert server.posts == 1


@pytest.mark.parametrize("body", [PAGE, b'{"error": "upstream timed out"}', b""])
@pytest.mark.parametrize("status", ["502", "504"])
def test_s6_what_a_gateway_gave_up_may_have_started(world: World, status: str, body: bytes) -> None:
    server = world.serve(answering(f"{status} Odd", body, JSON if body[:1] == b"{" else HTML))
    run = world.run(server)
    assert came_to(run) == ("failed", "", status)
    assert run.error.title.startswith("A gateway got no answer from the service")
    assert "may have started" in run.error.hint
    assert server.posts == 1
    with pytest.raises(powawidget.errors.RequestError) as caught:
        world.connect(server.url).agents()  # nothing that costs
    assert caught.value.hint == ""


NO_STREAM = {
    "a login page": ("200 OK", b"<p>Please log in</p>", HTML),
    "empty": ("200 OK", b"", b""),
    "nothing": ("204 No Content", b"", b"content-type: text/event-stream\r\n"),
    "json": ("200 OK", b'{"login": "/"}', JSON),
}


@pytest.mark.parametrize(("status", "body", "headers"), NO_STREAM.values(), ids=NO_STREAM)
def test_s7_what_is_no_event_stream_has_failed(
    world: World, status: str, body: bytes, headers: bytes
) -> None:
    server = world.serve(answering(status, body, headers))
    run = world.run(server)
    assert came_to(run)[:2] == ("failed", "")
    assert "instead of an event stream" in run.error.message
    assert "may have started" in run.error.message
    assert "agent.sessions()" in run.error.hint
    assert server.posts == 1


@pytest.mark.parametrize("body", [b"", b": keepalive\n\n", b"data: no JSON\n\n"])
def test_n18_a_stream_that_ends_before_it_names_its_run_says_that_it_may_have_started(
    world: World, body: bytes
) -> None:
    server = world.serve(answering("200 OK", body, b"content-type: text/event-stream\r\n"))
    run = world.run(server)
    assert came_to(run)[0] == "interrupted"
    assert "may have started" in run.error.hint
    assert server.posts == 1


@pytest.mark.parametrize("status", ["301", "302", "303", "307", "308"])
def test_s8_a_redirect_to_another_origin_is_not_followed(world: World, status: str) -> None:
    other = world.serve(answering("200 OK", {}))
    where = f"location: {other.url}/api/agents/a-1/run/stream\r\n".encode()
    server = world.serve(answering(f"{status} There", b"", where))
    run = world.run(server)
    assert came_to(run) == ("failed", "", status)
    assert f"redirects to {other.url}; it wasn't followed" in run.error.message
    assert other.requests == []
    assert server.posts == 1


ERRORS = {
    "error": ({"event": "error", "error": "No."}, None),
    "message": ({"event": "error", "message": "No."}, None),
    "message and code": ({"event": "error", "message": "No.", "code": "odd"}, "odd"),
}


@pytest.mark.parametrize(("frame", "code"), ERRORS.values(), ids=ERRORS)
def test_s9_an_error_in_the_stream_has_failed_keeps_the_text_and_is_raised(
    world: World, frame: dict[str, str], code: str | None
) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, frame)

    server = world.serve(script)
    run = world.run(server)
    assert came_to(run) == ("failed", "half ", code)
    with pytest.raises(powawidget.RunFailed, match=r"No\."):
        run.result(display=False)
    assert delivered(run) == server.told
    assert server.posts == 1


def test_a_refusal_whose_body_never_ends_is_told(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.head(b"content-length: 100\r\n", "401 Unauthorized")
        await exchange.send(b"Token has expired")
        await exchange.gone()

    run = world.run(world.serve(script), refusal=0.2)
    assert came_to(run) == ("failed", "", "401")
    assert "Token has expired" in run.error.message


REFUSED = {
    "u6 no scheme": ("ref.p.powabase.ai", KEY, "such as https://"),
    "u6 another scheme": ("ftp://127.0.0.1", KEY, "isn't the URL of a server"),
    "u6 a key in its place": (KEY, "x" * 20, "isn't the URL of a server"),
    "u6 a password in it": ("https://user:secret@host", KEY, "no user, password"),
    "u6 an empty key": ("https://ref.p.powabase.ai", "", "empty"),
    "u6 a key with a line end": ("https://ref.p.powabase.ai", f"{KEY}\nx", "line end"),
    "u6 plain http to another machine": ("http://example.org", KEY, "unencrypted"),
}


@pytest.mark.parametrize(("url", "key", "said"), REFUSED.values(), ids=REFUSED)
def test_u6_what_cannot_be_right_is_refused_before_anything_is_sent(
    url: str, key: str, said: str
) -> None:
    with pytest.raises(powawidget.ConfigurationError, match=said) as caught:
        powawidget.connect(url, api_key=key, timeouts=powawidget.Timeouts(**QUICK))
    assert KEY not in str(caught.value)
