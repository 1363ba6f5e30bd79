"""The rules of the WHATWG for event streams, and the decoder's own limits."""

import itertools
import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powawidget.sse import EventTooLargeError, ServerSentEvent, SSEDecoder

MIB = 1024 * 1024
LONG = 100_000_000


def decode(*reads: bytes) -> list[ServerSentEvent]:
    decoder = SSEDecoder()
    return [event for read in reads for event in decoder.feed(read)]


def data_of(*reads: bytes) -> list[str]:
    return [event.data for event in decode(*reads)]


def message(data: str, event: str = "message", id_: str = "", retry: int | None = None) -> object:
    return ServerSentEvent(event, data, id_, retry)


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        pytest.param(b"data: a\n\ndata: b\n\n", ["a", "b"], id="LF"),
        pytest.param(b"data: a\r\rdata: b\r\r", ["a", "b"], id="CR"),
        pytest.param(b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"], id="CRLF"),
        pytest.param(b"data: a\r\n\ndata: b\n\rdata: c\r\r\n", ["a", "b", "c"], id="mixed"),
        pytest.param(b"\xef\xbb\xbfdata: a\n\n", ["a"], id="BOM"),
        pytest.param(b"data: a\n\n\xef\xbb\xbfdata: b\n\n", ["a"], id="BOM only at the start"),
        pytest.param(b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", [], id="one BOM only"),
        pytest.param(b": keepalive\n\n:\n\ndata: a\n: b\n\n", ["a"], id="comments"),
        pytest.param(b"data: a\ndata: b\n\n", ["a\nb"], id="lines of data"),
        pytest.param(b"data\n\n", [""], id="data without a colon"),
        pytest.param(b"data:\n\n", [""], id="empty data"),
        pytest.param(b"data\ndata\n\ndata:\n", ["\n"], id="two empty lines of data"),
        pytest.param(b"event: x\n\n", [], id="an event without data"),
        pytest.param(b"data:a\ndata: b\ndata:  c\n\n", ["a\nb\n c"], id="one space is dropped"),
        pytest.param(b"data:\ta\n\n", ["\ta"], id="a tab is not"),
        pytest.param(b" data: a\nData: b\ndatas: c\ndata : d\n\n", [], id="unknown fields"),
        pytest.param(b"data: a: b\n\n", ["a: b"], id="a colon in data"),
        pytest.param(b"data: a\n\ndata: b", ["a"], id="unfinished line"),
        pytest.param(b"data: a\n\ndata: b\n", ["a"], id="unfinished block"),
        pytest.param(b"\n\n\n\ndata: a\n\n\n\n", ["a"], id="blank lines"),
        pytest.param(b"data: a\x00b\n\n", ["a\x00b"], id="NUL in data"),
    ],
)
def test_the_rules_of_the_standard(stream: bytes, events: list[str]) -> None:
    assert data_of(stream) == events
    assert data_of(*(stream[i : i + 1] for i in range(len(stream)))) == events


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\v", "\f", "\x1c", "\x85"])
def test_only_cr_and_lf_end_a_line(separator: str) -> None:
    assert data_of(f"data: a{separator}b\n\n".encode()) == [f"a{separator}b"]


def test_a_crlf_between_two_reads_is_one_line_end() -> None:
    assert data_of(b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n") == ["a\nb"]
    assert data_of(b"data: a\r", b"", b"\n", b"\n") == ["a"]


def test_a_bom_between_two_reads_is_dropped() -> None:
    assert data_of(b"\xef", b"\xbb", b"\xbfdata: a\n\n") == ["a"]


def test_an_event_comes_with_the_read_that_holds_its_blank_line() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b"data: a\n") == []
    assert decoder.feed(b"\n") == [message("a")]
    assert decoder.feed(b"data: b\r\n\r") == [message("b")], "a CR needn't wait for its LF"
    assert decoder.feed(b"\n") == []


def test_an_id_stays_until_the_next() -> None:
    events = decode(b"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\nid: 2\n\ndata: d\n\n")
    assert [event.id for event in events] == ["1", "1", "", "2"]


def test_an_id_with_nul_is_ignored() -> None:
    assert decode(b"id: 1\ndata: a\n\nid: 2\x003\ndata: b\n\n") == [
        message("a", id_="1"),
        message("b", id_="1"),
    ]


def test_the_type_is_for_one_event() -> None:
    events = decode(b"event: x\ndata: a\n\nevent: y\nevent\ndata: b\n\nevent: z\n\ndata: c\n\n")
    assert [event.event for event in events] == ["x", "message", "message"]


@pytest.mark.parametrize("value", ["-1", "1.5", " 7", "1e3", "\u0661\u0662", "0x1", ""])
def test_retry_that_is_not_ascii_digits_is_ignored(value: str) -> None:
    assert decode(f"retry: {value}\ndata: a\n\n".encode()) == [message("a")]


def test_retry_of_ascii_digits_comes_with_the_next_event() -> None:
    assert decode(b"retry: 0250\n\ndata: a\n\ndata: b\n\n") == [
        message("a", retry=250),
        message("b"),
    ]
    (event,) = decode(b"retry: " + b"9" * 10_000 + b"\ndata: a\n\n")
    assert event.retry is not None


def test_bad_utf8_becomes_the_replacement_character() -> None:
    assert data_of(b"data: a\xffb\xc3\n\n") == ["a\ufffdb\ufffd"]
    assert data_of(b"data: \xed\xa0\x80\n\n") == ["\ufffd\ufffd\ufffd"], "a surrogate in UTF-8"


def test_a_character_between_two_reads_is_whole() -> None:
    encoded = "data: 語🙂\n\n".encode()
    for cut in range(len(encoded)):
        assert data_of(encoded[:cut], encoded[cut:]) == ["語🙂"]


ATOMS = st.sampled_from(
    ["data", "data:", "data: ", "id: 7", "id", "event: x", "retry: 5", ": c", "\n", "\r", "\r\n"]
)
STREAMS = st.lists(
    st.one_of(ATOMS.map(str.encode), st.text(max_size=5).map(str.encode), st.binary(max_size=3)),
    max_size=40,
).map(b"".join)


def by_the_book(stream: bytes) -> list[ServerSentEvent]:
    """The standard's algorithm, word for word, on a whole stream."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = re.split("\r\n|\n|\r", text)
    events: list[ServerSentEvent] = []
    data, kind, last_id, retry = "", "", "", None
    for line in lines[:-1]:
        name, colon, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                events.append(ServerSentEvent(kind or "message", data[:-1], last_id, retry))
                retry = None
            data = kind = ""
        elif colon and not name:
            continue
        elif name == "event":
            kind = value
        elif name == "data":
            data += value + "\n"
        elif name == "id" and "\0" not in value:
            last_id = value
        elif name == "retry" and re.fullmatch("[0-9]+", value):
            retry = int(value)
    return events


@given(STREAMS)
def test_any_stream_is_read_by_the_book(stream: bytes) -> None:
    assert decode(stream) == by_the_book(stream)


@given(STREAMS, st.lists(st.integers(0, 200)))
def test_any_cut_of_any_stream_gives_the_same_events(stream: bytes, places: list[int]) -> None:
    places = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
    reads = [stream[a:b] for a, b in itertools.pairwise(places)]
    assert decode(*reads) == decode(stream)


def test_an_event_as_large_as_the_limit_is_read() -> None:
    decoder = SSEDecoder(max_event_bytes=100)
    assert decoder.feed(b"data: " + b"x" * 99 + b"\n\n") == [message("x" * 99)]
    assert decoder.feed(b"data: " + b"x" * 94 + b"\n") == []
    assert decoder.feed(b"\n") == [message("x" * 94)]


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(b"data: " + b"x" * 9 * MIB + b"\n\n", id="a line"),
        pytest.param((b"data: " + b"x" * 1000 + b"\n") * 9000, id="lines"),
        pytest.param(b"data: " + "語".encode() * 3 * MIB, id="bytes and not characters"),
        pytest.param(b": " + b"x" * 9 * MIB, id="a comment without end"),
    ],
)
def test_an_event_over_eight_mebibytes_is_a_clear_error(stream: bytes) -> None:
    decoder = SSEDecoder()
    pieces = [stream[start : start + 65536] for start in range(0, len(stream), 65536)]
    with pytest.raises(EventTooLargeError, match="larger than 8,388,608 bytes"):
        list(map(decoder.feed, pieces))
    with pytest.raises(EventTooLargeError):
        decoder.feed(b"data: the rest is not read as something else\n\n")


def test_events_before_one_that_is_too_large_are_given_first() -> None:
    decoder = SSEDecoder(max_event_bytes=100)
    assert decoder.feed(b"data: a\n\ndata: b\n\ndata: " + b"x" * 200) == [
        message("a"),
        message("b"),
    ]
    with pytest.raises(EventTooLargeError):
        decoder.feed(b"")


def test_small_events_never_add_up_to_one_that_is_too_large() -> None:
    decoder = SSEDecoder(max_event_bytes=100)
    reads = [b"data: 0123456789\n", b"\n: a comment of some length", b" goes on\nid: 9\n\n"]
    assert sum(len(decoder.feed(read)) for read in reads * 1000) == 1000


def test_a_line_without_end_does_not_grow_memory() -> None:
    decoder = SSEDecoder()
    piece = b"x" * 65536
    refused = 0
    tracemalloc.start()
    try:
        decoder.feed(b"data: ")
        for _ in range(LONG // len(piece)):
            try:
                decoder.feed(piece)
            except EventTooLargeError:
                refused += 1
        assert tracemalloc.get_traced_memory()[1] < 32 * MIB
    finally:
        tracemalloc.stop()
    assert refused > 1000


def test_a_long_line_is_not_read_again_with_each_piece() -> None:
    """Work grows with the bytes: what is held is joined once, when the line ends."""
    decoder = SSEDecoder()
    piece = b"x" * 1000
    decoder.feed(b"data: ")
    tracemalloc.start()
    try:
        for _ in range(8000):
            before, _peak = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            decoder.feed(piece)
            _now, peak = tracemalloc.get_traced_memory()
            assert peak - before < 200_000, "the whole line was copied for one piece"
    finally:
        tracemalloc.stop()
    assert decoder.feed(b"\n\n") == [message("x" * 8_000_000)]
