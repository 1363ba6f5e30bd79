"""Rows P1 to P7: what stands in the stream, and what it must come to."""

import functools
import gzip
import json
from typing import Any

import pytest

from powawidget.protocol.events import Malformed
from powawidget.protocol.sse import MAX_EVENT_BYTES, SSEDecoder
from tests.chaos import Exchange, Script, at_paths, event
from tests.faults.world import (
    CALL,
    DONE,
    HALF,
    REST,
    RESULT,
    START,
    World,
    came_to,
    delivered,
    notices,
)


def streaming(*frames: object) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(*frames)

    return at_paths(run=script)


def raw(text: str) -> bytes:
    return f"data: {text}\n\n".encode()


NO_JSON = ["not json", "{", '"text"', "[1]", "{} {}", "null", "{'event': 'start'}"]


@pytest.mark.parametrize("text", NO_JSON)
def test_p1_an_event_that_is_not_json_is_reported_and_the_stream_goes_on(
    world: World, text: str
) -> None:
    server = world.serve(streaming(START, HALF, raw(text), REST, DONE))
    run = world.run(server)
    assert came_to(run) == ("completed", "half rest", None)
    assert [said for said in notices(run) if "was skipped" in said]
    assert [one.raw for one in run.events if isinstance(one, Malformed)] == [text]
    assert [frame for frame in delivered(run) if isinstance(frame, dict)] == [
        START,
        HALF,
        REST,
        DONE,
    ]
    assert server.posts == 1


ODD: dict[str, Any] = {
    "unknown": {"event": "weather", "wind": 3},
    "no name": {"wind": 3},
    "missing": {"event": "tool_call"},
    "extra": {**HALF, "wind": {"a": [1]}, "delta": ""},
    "wrong types": {"event": "content_delta", "delta": {"a": 1}},
    "wrong name": {"event": ["content_delta"], "delta": "x"},
    "without its data": {"event": "tool_result", "error": "non-serializable event data"},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_p2_an_event_of_another_shape_is_kept_raw_and_breaks_nothing(
    world: World, odd: dict[str, Any]
) -> None:
    server = world.serve(streaming(START, HALF, odd, REST, DONE))
    run = world.run(server)
    assert came_to(run) == ("completed", "half rest", None)
    assert delivered(run) == server.told


BYTES = {
    "bad utf-8": (b'{"event": "content_delta", "delta": "a\xff\xfeb"}', "a��b"),
    "cut utf-8": (b'{"event": "content_delta", "delta": "a\xf0\x9fb"}', "a�b"),
    "latin-1": ('{"event": "content_delta", "delta": "é"}'.encode("latin-1"), "�"),
    "NUL": (b'{"event": "content_delta", "delta": "a\0b"}', "a�b"),
    "escaped NUL": (b'{"event": "content_delta", "delta": "a\\u0000b"}', "a�b"),
}


@pytest.mark.parametrize(("payload", "text"), BYTES.values(), ids=BYTES)
def test_p3_bytes_that_are_no_text_become_replacement_characters(
    world: World, payload: bytes, text: str
) -> None:
    async def script(exchange: Exchange) -> None:
        kind = b"content-type: text/event-stream; charset=latin-1\r\n"
        await exchange.head(kind + b"transfer-encoding: chunked\r\n")
        await exchange.chunk(b"\xef\xbb\xbf" + event(START), b"data: " + payload + b"\n\n")
        await exchange.tell({"event": "complete", "status": "completed"})

    run = world.run(world.serve(script))
    assert came_to(run) == ("completed", text, None)


def test_p4_an_event_of_10_mb_is_given_up_and_all_before_it_is_kept(world: World) -> None:
    huge = {"event": "content_delta", "delta": "x" * 10_000_000}

    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, end=False)
        await exchange.chunk(event(huge), event(DONE))
        await exchange.gone()

    run = world.run(world.serve(at_paths(run=script)))
    assert came_to(run) == ("interrupted", "half ", "event_too_large")
    assert f"larger than {MAX_EVENT_BYTES:,} bytes" in run.error.message
    assert delivered(run) == [START, HALF]


def test_p4_a_line_without_end_is_given_up(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, end=False)
        await exchange.chunk(b"data: ")
        for _ in range(1600):  # 100 MB
            await exchange.chunk(b"x" * 65536)

    server = world.serve(at_paths(run=script))
    run = world.run(server)
    assert came_to(run) == ("interrupted", "half ", "event_too_large")
    server.wait_until_left()


def test_p4_events_in_the_same_read_as_one_that_is_too_large_are_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = functools.partial(SSEDecoder, max_event_bytes=1000)
    monkeypatch.setattr("powawidget.run.reading.SSEDecoder", small)
    server = world.serve(streaming(START, event(HALF) + b"data: " + b"x" * 2000, b"more"))
    run = world.run(server)
    assert came_to(run) == ("interrupted", "half ", "event_too_large")
    assert delivered(run) == [START, HALF]


@pytest.mark.parametrize("kind", [b"text/event-stream", b"application/json"])
def test_p4_a_compressed_bomb_is_not_unfolded(world: World, kind: bytes) -> None:
    bomb = gzip.compress(b"data: " + b"x" * 200_000_000, 1)

    async def script(exchange: Exchange) -> None:
        packed = b"content-encoding: gzip\r\ncontent-type: " + kind + b"\r\n"
        await exchange.answer("200 OK", bomb, packed)

    server = world.serve(script)
    run = world.run(server)
    assert came_to(run)[:2] == ("failed", "")
    assert "compressed" in run.error.message or "instead of an event stream" in run.error.message
    server.wait_until_left()


@pytest.mark.parametrize("comments", [True, False])
def test_p5_a_flood_is_folded_to_its_end(world: World, comments: bool) -> None:
    piece = b": keepalive\n\n" if comments else event({"event": "content_delta", "delta": "x"})
    end = {"event": "complete", "status": "completed"}

    async def script(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.chunk(event(START), *[piece * 1000] * 100, event(end))

    run = world.run(world.serve(script))
    assert came_to(run) == ("completed", "" if comments else "x" * 100_000, None)
    assert len(delivered(run)) == (2 if comments else 100_002)


DEEP = '{"event": "content_delta", "delta": "x", "a": ' + "[" * 10_000 + "]" * 10_000 + "}"
HOSTILE = {
    "__proto__": '{"event": "tool_call", "tool_name": "t", "arguments": {"__proto__": {"a": 1}}}',
    "constructor": '{"event": "weather", "constructor": {"prototype": {"a": 1}}}',
    "same key twice": '{"event": "weather", "event": "content_delta", "delta": ""}',
    "1e400": '{"event": "tool_call", "tool_name": "t", "arguments": {"n": 1e400, "m": -1e400}}',
    "NaN": '{"event": "tool_call", "tool_name": "t", "arguments": {"n": NaN}}',
    "many digits": '{"event": "weather", "wind": ' + "9" * 10_000 + "}",
    "depth 10,000": DEEP,
    "lone surrogate": '{"event": "weather", "wind": "\\ud83d", "\\udc00": 1}',
}


# A number that JSON has no form for is the text that it was written as: somebody decides on it.
ARGUMENTS = {
    HOSTILE["__proto__"]: [{"__proto__": {"a": 1}}],
    HOSTILE["1e400"]: [{"n": "1e400", "m": "-1e400"}],
    HOSTILE["NaN"]: [{"n": "NaN"}],
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_p6_hostile_json_crashes_nothing_and_pollutes_nothing(world: World, text: str) -> None:
    run = world.run(world.serve(streaming(START, HALF, raw(text), REST, DONE)))
    assert came_to(run) == ("completed", "half rest", None)
    assert [call.arguments for call in run.tool_calls] == ARGUMENTS.get(text, [])
    assert len(delivered(run)) == 5


def test_p7_a_result_before_its_call_fills_the_card(world: World) -> None:
    server = world.serve(streaming(START, RESULT, CALL, HALF, REST, DONE))
    run = world.run(server)
    assert came_to(run) == ("completed", "half rest", None)
    assert [(call.name, call.status, call.result) for call in run.tool_calls] == [
        ("t", "done", "r")
    ]
    assert delivered(run) == server.told


def test_p7_one_call_id_in_two_steps_is_two_calls(world: World) -> None:
    frames = [
        START,
        {"event": "step_started", "step": 1},
        CALL,
        RESULT,
        {"event": "step_started", "step": 2},
        {**CALL, "step": 2},
        {**RESULT, "step": 2, "result_preview": "second"},
        HALF,
        REST,
        DONE,
    ]
    run = world.run(world.serve(streaming(*frames)))
    assert came_to(run)[0] == "completed"
    assert [(call.step, call.result) for call in run.tool_calls] == [(1, "r"), (2, "second")]


def test_p7_what_comes_in_the_same_read_after_the_end_is_recorded_and_changes_nothing(
    world: World,
) -> None:
    late = {"event": "content_delta", "delta": " and more"}
    unanswered = {**RESULT, "result_preview": "late"}
    server = world.serve(
        streaming(START, CALL, HALF, REST, event(DONE) + event(late) + event(unanswered))
    )
    run = world.run(server)
    assert came_to(run) == ("completed", "half rest", None)
    assert delivered(run) == [START, CALL, HALF, REST, DONE, late, unanswered]
    assert [call.result for call in run.tool_calls] == ["late"]
    json.dumps(run._live.snapshot())
