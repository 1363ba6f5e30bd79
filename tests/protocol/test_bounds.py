"""No field of any event is longer than its bound, whatever the server sends in it."""

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from powawidget.live.run import Live
from powawidget.protocol import events as ev
from powawidget.protocol.events.bounds import LISTED, NAME, SENTENCES, TASK, bounded, cut
from powawidget.protocol.events.fields import WrongShapeError
from powawidget.protocol.events.reading import READERS
from powawidget.state import values
from powawidget.state.model import Citation, NoticePart, RunState, plain
from powawidget.state.ops import apply
from powawidget.state.reduce import reduce
from tests.walk import walk

LONG = 200_000
FLOODS = {"letters": "x" * LONG, "hidden": "\x1b[31m" * (LONG // 5)}
# What may be long, since a person or a model wrote it at length, or somebody decides on it.
WRITTEN = {"text", "arguments", "result", "content", "output", "input", "answer", "asked"}
# Texts that are made here, though models write those of the same name.
SHORT = {ev.Noticed, ev.NotKept, ev.OutcomeKnown}
SENTENCE = {
    *("message", "error", "problem", "title", "hint", "reason", "outcome", "why", "notice"),
    "details",
}
CITED = {"key", "source_name", "text_excerpt"}
WORDS = 100  # that the state may put around what it quotes
# A frame's fields that its reader needs, whatever its name.
NEEDED: dict[str, Any] = {
    **dict.fromkeys(["tool_name", "block_id", "delta", "content", "chunk", "agent"], "n"),
    **dict.fromkeys(["step", "output", "result"], 1),
    "data": {"output": 1},
    "hook_event": "PreToolUse",
}


class Probe(dict[str, Any]):
    """A frame that notes which of its fields are read."""

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__(fields)
        self.read: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)


def fields_of(name: str) -> list[str]:
    """The fields that the frames of a name are read for."""
    found: set[str] = set()
    for fields in ({}, NEEDED):
        probe = Probe(fields)
        with contextlib.suppress(WrongShapeError):
            READERS[name](probe)
        found |= probe.read
    return sorted(found | NEEDED.keys())


def flooded(name: str, flood: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Frames of one name, each with one field flooded, or one within."""
    for key in fields_of(name):
        yield key, {**NEEDED, "event": name, key: flood}
        yield f"{key} alone", {"event": name, key: flood}
    for key in ("message", "error", "detail", "output", "status"):
        yield f"error.{key}", {**NEEDED, "event": name, "error": {key: flood}}
        yield f"data.{key}", {**NEEDED, "event": name, "data": {key: flood}}
    for key in ("tool_name", "arguments", "status"):
        call = {"tool_name": "n", "result": "", key: flood}
        yield f"tool_calls.{key}", {**NEEDED, "event": name, "tool_calls": [call]}
    for key in sorted(CITED):
        cited = [{key: flood}]
        yield key, {**NEEDED, "event": name, "citations": cited, "citation_candidates": cited}


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """All texts of a value, each with the name of its field."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            if field != "raw":
                yield from texts(getattr(value, field), field)
    elif isinstance(value, dict):
        if value.get("kind") == "notice":
            value = {**value, "text": "", "notice": value["text"]}
        for key, each in value.items():
            yield from texts(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each, name)


def most_of(name: str) -> int:
    own = {"task": TASK, "excerpt": SENTENCES, "note": SENTENCES}
    return own.get(name, SENTENCES if name in SENTENCE else NAME)


def too_long(value: Any) -> list[tuple[str, int]]:
    return [
        (name, len(text))
        for name, text in texts(value)
        if len(text) > most_of(name) + WORDS and name not in WRITTEN
    ]


@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("name", READERS)
def test_no_field_of_a_frame_is_longer_than_its_bound(name: str, flood: str) -> None:
    for key, frame in flooded(name, FLOODS[flood]):
        event = ev.read_frame(frame)
        for told in (event, ev.in_workflow(event)):
            # Citations are bounded where they are folded.
            kept = [one for one in texts(told) if one[0] not in CITED]
            assert not [one for one in kept if too_long(dict([one]))], key
        for kind in ("agent", "workflow"):
            state = RunState(kind=kind)  # type: ignore[arg-type]  # both are kinds
            for each in (event, event, ev.Ended()):
                apply(state, reduce(state, each, 1.0))
            assert not too_long(plain(state)), key


def classes() -> list[tuple[type[msgspec.Struct], str]]:
    """Each text, or list of texts, of each class of events, also of those only made here."""
    return [
        (kind, field.name)
        for kind in (getattr(ev, name) for name in ev.__all__)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        for field in msgspec.structs.fields(kind)
        if str in {field.type, *getattr(field.type, "__args__", ())}
    ]


@pytest.mark.parametrize(("kind", "name"), classes())
def test_every_text_of_every_class_has_a_bound(kind: type[msgspec.Struct], name: str) -> None:
    types = {field.name: str(field.type) for field in msgspec.structs.fields(kind)}
    given: dict[str, Any] = {each: [] if "list" in of else None for each, of in types.items()}
    flood = "x" * LONG
    event = bounded(kind(**{**given, name: [flood] if "list" in types[name] else flood}))
    (kept,) = [text for field, text in texts(event) if field == name]
    if name in {*WRITTEN, "texts", "thoughts"} and kind not in SHORT:
        assert kept == flood
    else:
        assert len(kept) <= (SENTENCES if name == "text" else most_of(name))


@pytest.mark.parametrize("most", [NAME, SENTENCES, TASK])
@pytest.mark.parametrize("more", [1, 2, 900, 960, 999, 1_000, 9_950, 99_999, LONG])
def test_what_is_cut_says_how_much_was_left_out_and_is_not_cut_again(most: int, more: int) -> None:
    text = "".join(chr(ord("a") + i % 26) for i in range(most + more))
    short = cut(text, most)
    note = re.fullmatch(
        r"([a-z]+)… ([\d,]+) more characters(?: …| \(SHA-256 \w{16}\))([a-z]*)", short
    )
    assert note is not None
    begin, left, end = note[1], int(note[2].replace(",", "")), note[3]
    assert len(begin) + left + len(end) == len(text)
    assert text.startswith(begin)
    assert text.endswith(end)
    assert len(end) == (0 if most == NAME else most // 4)
    assert len(short) == most
    assert cut(short, most) == short
    assert cut(text[:most], most) == text[:most]


def test_the_last_line_of_a_long_traceback_is_kept() -> None:
    lines = "  File 'block.py', line 1, in work\n" * 1_000
    frame = {
        "type": "block_error",
        "block_id": "b",
        "data": {"error": f"{lines}KeyError: 'region'"},
    }
    assert "KeyError: 'region'" in str(ev.read_frame(frame).error)  # type: ignore[attr-defined]  # a block's


def test_two_long_ids_that_begin_alike_stay_two() -> None:
    ids = ["x" * LONG + end for end in "ab"]
    call = {"event": "tool_call", "step": 1, "tool_name": "t", "arguments": {}}
    result = {"event": "tool_result", "step": 1, "tool_name": "t", "result_preview": "ok"}
    frames = [
        {**call, "call_id": ids[0]},
        {**call, "call_id": ids[1]},
        {**result, "call_id": ids[1]},
    ]
    calls = values.tool_calls_of(walk(map(ev.read_frame, frames), end=False).state)
    assert [one.status for one in calls] == ["running", "done"]
    assert len({one.call_id for one in calls}) == 2


def test_arguments_are_whole_for_code_and_for_policies() -> None:
    arguments = {"sql": "x" * (10 * LONG), "last": 1}
    asked = {"tool_name": "t", "tool_input": arguments, "message": "m"}
    called = {"tool_name": "t", "arguments": arguments, "step": 1, "call_id": "c"}
    state = walk(
        [_frame("tool_call", called), _frame("approval_requested", asked)], end=False
    ).state
    (approval,), (call,) = values.approvals_of(state), values.tool_calls_of(state)
    assert approval.arguments == call.arguments == arguments


def test_lists_that_are_shown_are_bounded_and_say_how_much_more_there_is() -> None:
    many = 3 * LISTED
    cited = [{"key": str(i), "source_name": "s"} for i in range(many)]
    state = walk([_frame("start", {"citation_candidates": cited})], end=False).state
    assert len(state.citations) == LISTED + 1
    assert state.citations[-1] == Citation(key="…", source="2,000 more sources")

    blocks = [ev.GraphBlock(id=str(i), name="n", type="code") for i in range(many)]
    state = walk([ev.GraphKnown(blocks=blocks)], end=False).state
    assert len(state.blocks) == LISTED
    (notice,) = state.parts
    assert isinstance(notice, NoticePart)
    assert "2,000 more blocks" in notice.text

    begun = _frame("orchestration_started", {"strategy": "parallel", "agent_count": many})
    names = [str(i) for i in range(many)]
    state = walk([begun, ev.AgentsKnown(names=names)], end=False).state
    assert plain(state.parts[0])["agents"] == [*names[:LISTED], "… 2,000 more"]


def test_what_the_server_says_by_other_ways_than_the_stream_is_bounded_too() -> None:
    live = Live(RunState())
    flood = "x" * LONG
    live.receive(ev.Refused(title=flood, message=flood, code=flood, hint=flood))
    assert not too_long(plain(live.state))
    assert not too_long(list(live.recording))


def _frame(name: str, fields: dict[str, Any]) -> ev.Event:
    return ev.read(json.dumps({"event": name, **fields}))
