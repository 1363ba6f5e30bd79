"""The key is nowhere but in the headers of a request; what servers try stands in `faults/`."""

import base64
import copy
import html
import json
import pickle
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import powawidget
from powawidget.errors import PowawidgetError
from powawidget.http.client import Client
from powawidget.http.secret import Secret
from powawidget.live.redaction import Guard
from powawidget.protocol import events as ev
from powawidget.resources.connect import Agent, AgentInfo
from powawidget.state.model import RunState, TextPart
from tests.planted import KEY, rendered


@pytest.mark.parametrize("wrong", ["", " ", "é"])
def test_a_refused_key_stands_in_no_traceback(wrong: str) -> None:
    key = KEY[:7] + wrong + KEY[7:] if wrong else ""
    try:
        Client("https://ref.p.powabase.ai", Secret(key))
    except PowawidgetError as error:
        told = rendered(error.with_traceback(error.__traceback__.tb_next))  # type: ignore[union-attr]  # raised
        assert KEY[7:] not in told
    else:
        pytest.fail("the key was taken")


def test_a_refused_url_leaves_the_key_out_of_the_traceback() -> None:
    with pytest.raises(PowawidgetError) as caught:
        powawidget.connect("http://powabase.example.org", api_key=KEY)
    assert KEY not in rendered(caught.value)


def test_a_key_that_is_no_text_stands_in_no_traceback() -> None:
    with pytest.raises(powawidget.WrongTypeError, match="not bytes") as caught:
        powawidget.connect("http://127.0.0.1:9", api_key=KEY.encode())
    assert KEY not in rendered(caught.value)


def test_nothing_shows_the_key() -> None:
    secret = Secret(KEY)
    with powawidget.connect("http://127.0.0.1:9", api_key=KEY) as pb:
        agent = Agent(pb._client, AgentInfo(id="a", name="A"), None)
        shown = [secret, pb, pb._client, agent, vars(pb), vars(pb._client), vars(agent)]
        assert not [one for one in shown if KEY in repr(one) + str(one)]


def test_a_key_is_neither_pickled_nor_copied() -> None:
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="isn't pickled"):
            take(Secret(KEY))  # type: ignore[operator]  # any of several


def test_an_empty_key_takes_nothing_out() -> None:
    assert Secret("").redact("text") == "text"
    assert Secret(KEY).redact(f"a {KEY} b {KEY}") == "a [key] b [key]"


def test_the_texts_of_an_event_are_kept_without_the_key_however_deep_they_are() -> None:
    told_of = {"name": KEY, "input": f'["{KEY}"]', "output": None, "error": None}
    block = ev.StoredBlock(id="b", type="t", failed=False, seconds=1.5, **told_of)
    same = ev.Stopped(message="Stopped by you.")
    told = ev.Restored(events=[ev.StoredBlocks(blocks=[block]), same])
    redacted = Secret(KEY).redacted(told)
    assert KEY in repr(told)
    assert KEY not in repr(redacted)
    assert redacted.events[0].blocks[0].input == '["[key]"]'
    assert redacted.events[1] is same
    assert Secret(KEY).redacted(same) is same


COOKIE, TOKEN, PASSWORD = "cookie-4711-0815", "token-of-a-gateway", "pass:word 4711"


def test_cookies_tokens_and_a_proxys_password_are_taken_out_like_the_key() -> None:
    """A server, or a proxy, may repeat what it was sent: an error page of a framework does so."""
    headers = {
        "Cookie": f'a=1; sid="{COOKIE}"',
        "X-Gateway-Token": f"Bearer {TOKEN}",
        "X-From": "n" * 9,
    }
    proxy = f"http://me:{quote(PASSWORD)}@127.0.0.1:9"
    client = Client("https://ref.p.powabase.ai", Secret(KEY), headers=headers, proxy=proxy)
    secret = client.secret
    basic = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    for one in (KEY, COOKIE, TOKEN, PASSWORD, quote(PASSWORD)):
        assert secret.redact(f"it is {one}.") == "it is [key]."
    assert "[key]" in secret.redact(f"Proxy-Authorization: Basic {basic}")
    assert secret.redact("nnnnnnnnn and a=1 stay") == "nnnnnnnnn and a=1 stay"
    assert not [one for one in (secret, client) if COOKIE in repr(one)]
    guard, run = Guard(secret), RunState(parts=[TextPart()])
    for letter in f"so {COOKIE}, {KEY}":
        guard.apply(run, [("append", ["parts", 0, "text"], letter)])
    assert str(run.parts[0].text) == "so [key], [key]"


PRINTED = st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\")
KEYS = st.text(PRINTED, min_size=8, max_size=40)
ESCAPES = {
    "as it is": str,
    "JSON": lambda key: json.dumps(key)[1:-1],
    "JSON with slashes": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "JSON in JSON": lambda key: json.dumps(json.dumps(key)[1:-1])[1:-1],
    "JSON, all escaped": lambda key: "".join(f"\\u{ord(one):04X}" for one in key),
    "a URL": lambda key: quote(key, safe=""),
    "a URL's path": quote,
    "HTML": html.escape,
    "HTML, all escaped": lambda key: "".join(f"&#x{ord(one):x};" for one in key),
}


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
@given(key=KEYS, before=st.text(max_size=9), after=st.text(max_size=9))
def test_any_key_is_found_in_any_escape(
    escape: Callable[[str], str], key: str, before: str, after: str
) -> None:
    told = Secret(key).redact(f"{before}{escape(key)}{after}")
    assert key not in told
    assert "[key]" in told


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
@given(key=KEYS, before=st.text(max_size=9), size=st.integers(1, 12))
def test_any_key_is_found_in_any_escape_that_comes_in_pieces(
    escape: Callable[[str], str], key: str, before: str, size: int
) -> None:
    run = RunState(parts=[TextPart()])
    guard = Guard(Secret(key))
    told = f"{before}{escape(key)}."
    for at in range(0, len(told), size):
        guard.apply(run, [("append", ["parts", 0, "text"], told[at : at + size])])
    text = str(run.parts[0].text)
    assert "[key]" in text
    assert Secret(key).redact(text) == text


def test_a_key_that_may_be_a_word_is_looked_for_in_no_text() -> None:
    assert Secret("short").redact("a short text") == "a short text"
    assert Secret("short").tail("a short text") == "", "nothing is kept that nobody looks for"


@given(key=KEYS, text=st.text())
def test_a_text_without_the_key_stays_as_it_is(key: str, text: str) -> None:
    assert key in text or Secret(key).redact(text) == text
