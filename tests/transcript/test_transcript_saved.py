"""A run that was saved is read back as it was; a file that is anybody's does nothing."""

import html
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

import powawidget
from powawidget import transcript
from powawidget.chat.chat import Chat
from powawidget.errors import ConfigurationError, DecisionRefused
from powawidget.http.secret import Secret
from powawidget.run.finished import of_saved
from powawidget.run.run import Run
from powawidget.state.about import host_of
from powawidget.state.model import ChatState, RunState, TextPart, plain
from powawidget.state.text import Text
from powawidget.transcript.saved import Saved
from tests.seeds import examples
from tests.transcript import samples
from tests.transcript.samples import ABOUT, CHAT, SAMPLES
from tests.transcript.test_transcript_hostile import everywhere, states
from tests.walk import fixtures, kept, recordings

KEY = "planted-" + "key-42"
WRITERS = [
    transcript.to_html,
    transcript.to_markdown,
    transcript.to_text,
    transcript.to_json,
    transcript.to_page,
]


def saved(state: RunState | ChatState, **changes: Any) -> bytes:
    """A saved file, with changes to what it holds at the top."""
    return json.dumps({**json.loads(transcript.to_json(state, ABOUT)), **changes}).encode()


def with_run(**changes: Any) -> bytes:
    return saved(SAMPLES["tools"], run={**plain(SAMPLES["tools"]), **changes})


@pytest.mark.parametrize(
    "path", [*fixtures(), *recordings()], ids=lambda path: getattr(path, "stem", path)
)
def test_a_recorded_run_is_read_back_as_it_was(path: Path) -> None:
    state = kept(path).state
    read = transcript.load(transcript.to_json(state, ABOUT, at=5.0).encode())
    assert read == Saved(at=5.0, server="ref.example.org", model="scripted-1", run=state)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_run_is_replayed_from_its_file(name: str, tmp_path: Path) -> None:
    state = SAMPLES[name]
    file = tmp_path / "run.json"
    file.write_text(transcript.to_json(state, ABOUT), encoding="utf-8")
    run = powawidget.replay(file)
    snapshot = run._snapshot()
    if name in {"live", "empty"}:
        assert (run.status, snapshot.state.origin) == ("interrupted", "replay")
    else:
        assert snapshot.state == msgspec.structs.replace(state, origin="replay")
    assert snapshot.about == transcript.About(server="ref.example.org", model="scripted-1")
    assert run._live.ended
    assert run._live.done.is_set()


@settings(suppress_health_check=list(HealthCheck), max_examples=examples(25, 500))
@given(states)
def test_what_is_written_is_read_back_or_refused(state: RunState) -> None:
    written = transcript.to_json(state).encode()
    try:
        read = transcript.load(written).run
    except ConfigurationError:
        return  # it holds what no run can: places that aren't there, numbers that JSON has not
    assert read is not None
    again = transcript.load(transcript.to_json(read).encode()).run
    assert again == read
    Run(of_saved(read)).to_html()


def test_a_chat_is_replayed_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "chat.json"
    file.write_text(transcript.to_json(CHAT, ABOUT), encoding="utf-8")
    chat = powawidget.replay(file)
    assert isinstance(chat, Chat)
    assert [run.status for run in chat.runs] == ["completed", "failed"]
    assert chat.runs[0].text.startswith("I checked")
    assert chat.session_id == CHAT.session_id
    with pytest.raises(ConfigurationError, match="can only be read"):
        chat.send("Hello")
    again = powawidget.replay(chat.save(tmp_path / "again.json"))
    assert [run._snapshot().state for run in again.runs] == [
        run._snapshot().state for run in chat.runs
    ]
    assert "2 turns" in chat.to_text()
    chat.close()


def test_a_decision_that_was_open_is_nobodys_any_more() -> None:
    run = powawidget.replay(saved(SAMPLES["live"]))
    assert run.status == "interrupted"
    assert [approval.decision for approval in run.approvals] == ["undecided"]
    for decide in (run.approve, run.deny):
        with pytest.raises(DecisionRefused):
            decide()


def test_an_open_decision_in_a_run_that_claims_to_be_over_is_nobodys_either() -> None:
    state = samples.ran(parts=[samples.request("drop", None, "pending")])
    run = powawidget.replay(saved(state))
    assert run.status == "completed"
    with pytest.raises(DecisionRefused):
        run.approve()


def test_a_name_can_be_given_and_a_pace_cannot() -> None:
    assert "'Again'" in repr(powawidget.replay(saved(SAMPLES["tools"]), name="Again"))
    with pytest.raises(ConfigurationError, match="no pace"):
        powawidget.replay(saved(SAMPLES["tools"]), 1.0)


TEXT = {"kind": "text", "text": "x"}
WORK = {"kind": "delegation", "agent": "a"}


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"{}",
        b'{"format": "powawidget"}',
        b'{"format": "other", "run": {}}',
        b'{"format": "powawidget", "version": 1, "run": 5}',
        b'{"a": ' * 5000,
        b'{"format": "powawidget", "run": {"name": "\\ud800"}}',
        b'{"format": "powawidget", "run": {"name": "\xff"}}',
        saved(SAMPLES["tools"], version=2),
        saved(SAMPLES["tools"], version="1"),
        saved(SAMPLES["tools"], server=5),
        saved(SAMPLES["tools"], chat=plain(CHAT)),
        saved(SAMPLES["tools"], run=None),
        saved(CHAT, chat={**plain(CHAT), "order": [0, 7]}),
        saved(CHAT, chat={**plain(CHAT), "order": [0, 0]}),
        saved(CHAT, chat={**plain(CHAT), "retried": [-1]}),
        with_run(status="fine"),
        with_run(started="now"),
        with_run(answer=99),
        with_run(answer=-1),
        with_run(parts=[{"kind": "script"}]),
        with_run(parts=[{**TEXT, "within": 0}]),
        with_run(parts=[{**TEXT, "within": 5}]),
        with_run(parts=[{**TEXT, "within": -1}, TEXT]),
        with_run(parts=[{**WORK, "within": 0}]),
        with_run(parts=[{**WORK, "within": 1}, {**WORK, "within": 0}]),
        with_run(parts=[{**WORK, "call": 3}]),
        with_run(parts=[{"kind": "approval", "tool_name": "x", "call": -2}]),
        with_run(parts=[{**WORK, "within": n - 1 if n else None} for n in range(500)]),
        with_run(parts=[{**WORK, "within": 1}, {**WORK, "within": 2}, {**WORK, "within": 0}]),
        with_run(reasoning={"thoughts": [{"step": 1, "within": 77}]}),
    ],
)
def test_a_file_that_holds_no_run_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        powawidget.replay(data)


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("powawidget.transcript.saved.LARGEST", 1_000_000)
    data = saved(samples.ran(message="x" * 2_000_000))
    with pytest.raises(ConfigurationError, match="larger than 1 MB"):
        powawidget.replay(data)
    file = tmp_path / "run.json"
    file.write_bytes(data)
    with pytest.raises(ConfigurationError, match="larger than 1 MB"):
        powawidget.replay(file)


def test_a_nul_becomes_what_can_travel_and_a_backslash_before_its_name_stays() -> None:
    written = saved(samples.ran(message="zero"))
    for inside, read in (
        (rb"a\u0000b", "a\ufffdb"),
        (rb"a\\u0000b", r"a\u0000b"),
        (rb"a\\\u0000b", "a\\\ufffdb"),
        (rb"\"\\\"\u0000", '"\\"\ufffd'),
    ):
        run = powawidget.replay(written.replace(b"zero", inside))
        assert run._snapshot().state.message == read


def test_fields_of_a_later_minor_change_are_passed_by() -> None:
    assert powawidget.replay(saved(SAMPLES["tools"], weather="fine")).status == "completed"


@pytest.mark.parametrize("write", WRITERS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("wrapped", [KEY, f"a{KEY}<b>", f"**{KEY}**", f"{KEY}\n" * 2])
def test_the_key_is_in_no_document(write: Any, wrapped: str) -> None:
    state = everywhere(wrapped)
    assert KEY in write(state, transcript.About(server=KEY))
    document = write(state, transcript.About(server=KEY), redact=Secret(KEY).redact)
    assert KEY not in document
    assert "[key]" in document.replace("\\", "")


@pytest.mark.parametrize("key", ["sk_live_a*b_c|d", "k<e&y>'\"-12345", "ключ-ключ-1"])
@pytest.mark.parametrize("write", WRITERS, ids=lambda each: each.__name__)
def test_a_key_that_would_be_escaped_is_found_before(write: Any, key: str) -> None:
    document = write(
        samples.ran(parts=[TextPart(text=Text(f"It is {key}."))]), redact=Secret(key).redact
    )
    assert "It is" in document
    assert key not in html.unescape(document).replace("\\", "")


@pytest.mark.parametrize("suffix", [".html", ".HTM", ".md", ".markdown", ".txt", ".json"])
def test_the_name_tells_the_form(suffix: str, tmp_path: Path) -> None:
    run = Run(of_saved(msgspec.convert(plain(SAMPLES["failed"]), RunState, dec_hook=as_text)))
    path = run.save(str(tmp_path / f"run{suffix}"))
    assert path == tmp_path / f"run{suffix}"
    written = path.read_text(encoding="utf-8")
    begin = {
        ".html": "<!DOCTYPE html>",
        ".htm": "<!DOCTYPE html>",
        ".md": "### ✗ **Failed**",
        ".markdown": "### ✗ **Failed**",
        ".txt": "✗ Failed · agent Analyst",
        ".json": '{\n "format": "powawidget"',
    }
    assert written.startswith(begin[suffix.lower()])
    assert "invoice_lookup" in written
    assert b"\r" not in path.read_bytes()


def as_text(kind: type, value: Any) -> Any:
    return kind(value)


def test_the_methods_of_a_run_write_what_the_functions_write() -> None:
    run = powawidget.replay(saved(SAMPLES["tools"]))
    snapshot = run._snapshot()
    assert run.to_html() == transcript.to_html(snapshot.state, snapshot.about)
    assert run.to_html(expand=True, limit=20_000) == transcript.to_html(
        snapshot.state, snapshot.about, expand=True, limit=20_000
    )
    assert run.to_markdown() == transcript.to_markdown(snapshot.state, snapshot.about)
    assert run.to_text() == transcript.to_text(snapshot.state, snapshot.about)
    assert transcript.load(run.to_json().encode()).run == snapshot.state


@pytest.mark.parametrize("name", ["run", "run.pdf", "run.json.gz"])
def test_another_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"\.html, \.md, \.txt or \.json"):
        Run(of_saved(RunState())).save(tmp_path / name)


def test_a_place_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be written"):
        Run(of_saved(RunState())).save(tmp_path / "no" / "run.md")


@pytest.mark.parametrize("name", ["a\0.html", "half \ud83d.html", 5])
def test_a_name_that_no_file_can_have_is_refused(name: Any) -> None:
    with pytest.raises((powawidget.InvalidValueError, powawidget.WrongTypeError)):
        Run(of_saved(RunState())).save(name)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://ref.p.example.org", "ref.p.example.org"),
        ("http://localhost:8000/base", "localhost:8000"),
        ("https://user:pass@host.example", "host.example"),
        ("https://user:p@ss@host.example:1/?key=x#y", "host.example:1"),
        ("http://[::1", ""),
        ("local", ""),
    ],
)
def test_only_the_host_of_a_server_is_told(url: str, host: str) -> None:
    assert host_of(url) == host
