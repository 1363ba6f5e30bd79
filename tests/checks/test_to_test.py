"""A recorded run becomes a test: it passes without a server, and says in a line what changed."""

import ast
import copy
import importlib.util
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import powawidget as pw
from powawidget.checks.code import code_of
from powawidget.checks.hidden import HIDDEN, hide
from powawidget.state.values import RunResult
from tests.counterpart import start
from tests.walk import FIXTURES, RECORDED, ROOT

STREAMS = [*sorted(RECORDED.glob("*.sse")), *sorted(FIXTURES.glob("*.sse"))]
Saved = dict[str, Any]
_SAID = ("name", "arguments", "status")


def replayed(source: Path | bytes) -> pw.Run:
    run = pw.replay(source)
    assert isinstance(run, pw.Run)
    return run


# Other plugins of this environment take as long as the tests; ours is found like them elsewhere.
OURS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "pytest_powawidget"}


def pytest_in(folder: Path, *arguments: str, alone: bool = True, **environment: str) -> str:
    """Run pytest there as a person would; gives what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "1000", **(OURS if alone else {}), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def errors_of(said: str) -> dict[str, list[str]]:
    """The lines of error by the test that pytest tells of."""
    blocks = re.split(r"^_{3,} (test_\w+) _{3,}$", said, flags=re.MULTILINE)[1:]
    return {
        name: re.findall(r"^E +(.*)$", block, re.MULTILINE)
        for name, block in zip(blocks[::2], blocks[1::2], strict=True)
    }


def test_every_recording_becomes_a_test_that_passes_without_a_server(tmp_path: Path) -> None:
    for path in STREAMS:
        replayed(path).to_test(tmp_path / f"test_{path.stem}.py")
    # No proxy and no route: whoever asked a server would fail.
    said = pytest_in(tmp_path, POWABASE_URL="http://127.0.0.1:9", POWABASE_API_KEY="unused-key")
    assert f"{len(STREAMS)} passed" in said, said[-2000:]


def other_tool(run: Saved) -> bool:
    return _change(run, "tool", lambda part: part.update(name=part["name"] + "_2"))


def other_argument(run: Saved) -> bool:
    def change(part: Saved) -> None:
        arguments = json.loads(part["arguments"])
        name = next(iter(arguments))
        arguments[name] = f"{arguments[name]}!"
        part["arguments"] = json.dumps(arguments)

    return _change(run, "tool", change, lambda part: len(part.get("arguments", "{}")) > 2)


def one_argument_more(run: Saved) -> bool:
    def change(part: Saved) -> None:
        part["arguments"] = json.dumps({**json.loads(part.get("arguments", "{}")), "more": None})

    return _change(run, "tool", change)


def one_argument_less(run: Saved) -> bool:
    def change(part: Saved) -> None:
        part["arguments"] = json.dumps(dict(list(json.loads(part["arguments"]).items())[1:]))

    return _change(run, "tool", change, lambda part: len(part.get("arguments", "{}")) > 2)


def other_call_status(run: Saved) -> bool:
    def change(part: Saved) -> None:
        part["status"] = "failed" if part["status"] == "done" else "done"

    return _change(run, "tool", change)


def one_call_less(run: Saved) -> bool:
    at = next((i for i, part in enumerate(_parts(run)) if part["kind"] == "tool"), None)
    if at is None or any(name in part for part in _parts(run) for name in ("within", "call")):
        return False
    del run["parts"][at]
    return True


def one_call_more(run: Saved) -> bool:
    run.setdefault("parts", []).append({"kind": "tool", "name": "extra", "status": "done"})
    return True


def other_order(run: Saved) -> bool:
    parts = _parts(run)
    at = [i for i, part in enumerate(parts) if part["kind"] == "tool"]
    for one, other in itertools.pairwise(at):
        before, after = (
            {"arguments": "{}", **{name: parts[i][name] for name in _SAID if name in parts[i]}}
            for i in (one, other)
        )
        if before != after:
            parts[one].update(after)
            parts[other].update(before)
            return True
    return False


def other_status(run: Saved) -> bool:
    run["status"] = "failed" if run["status"] != "failed" else "completed"
    return True


def other_decision(run: Saved) -> bool:
    def change(part: Saved) -> None:
        part["decision"] = "denied" if part.get("decision") == "approved" else "approved"

    return _change(run, "approval", change)


def other_agent(run: Saved) -> bool:
    return _change(run, "delegation", lambda part: part.update(agent="Somebody"))


def other_agent_status(run: Saved) -> bool:
    def change(part: Saved) -> None:
        part["status"] = "failed" if part["status"] == "done" else "done"

    return _change(run, "delegation", change)


def other_block_status(run: Saved) -> bool:
    for block in run.get("blocks", []):
        block["status"] = "failed" if block["status"] != "failed" else "done"
        return True
    return False


def far_more_tokens(run: Saved) -> bool:
    if not run.get("usage", {}).get("total_tokens"):
        return False
    run["usage"] = {"total_tokens": 10_000_000}
    return True


CHANGES: list[Callable[[Saved], bool]] = [
    other_tool,
    other_argument,
    one_argument_more,
    one_argument_less,
    other_call_status,
    one_call_less,
    one_call_more,
    other_order,
    other_status,
    other_decision,
    other_agent,
    other_agent_status,
    other_block_status,
    far_more_tokens,
]
# The noun that the line has to have.
SAYS = {
    "other_tool": r"call \d+ of \d+: \S+_2",
    "other_argument": r"has .*, not ",
    "one_argument_more": r"has more=None beside",
    "one_argument_less": r"has no \w+",
    "other_call_status": r"has \w+, not \w+",
    "one_call_less": r"call \d+ of \d+|no tool",
    "one_call_more": r"1 call more: extra|called: extra",
    "other_order": r"call \d+ of \d+: ",
    "other_status": r"expected that the run is ",
    "other_decision": r"expected that .*(approved|denied|expired|decisions)",
    "other_agent": r"agent \d+ of \d+: Somebody",
    "other_agent_status": r"has \w+, not \w+",
    "other_block_status": r"has \w+, not \w+",
    "far_more_tokens": r"10,000,000 tokens; expected that it used fewer than",
}


def _parts(run: Saved) -> list[Saved]:
    found: list[Saved] = run.get("parts", [])
    return found


def _change(
    run: Saved,
    kind: str,
    change: Callable[[Saved], object],
    fits: Callable[[Saved], bool] = lambda _: True,
) -> bool:
    for part in _parts(run):
        if part["kind"] == kind and fits(part):
            change(part)
            return True
    return False


def changed(folder: Path, path: Path) -> Iterator[tuple[str, Path, Path]]:
    """Write the test of a recording, and for each change one whose recording has that change."""
    test = replayed(path).to_test(folder / f"test_{path.stem}.py")
    text = test.read_text(encoding="utf-8")
    file = folder / "recordings" / f"{path.stem}.json"
    saved = json.loads(file.read_text(encoding="utf-8"))
    for change in CHANGES:
        other = copy.deepcopy(saved)
        if change(other["run"]):
            stem = f"{path.stem}__{change.__name__}"
            recording, moved = folder / "recordings" / f"{stem}.json", folder / f"test_{stem}.py"
            recording.write_text(json.dumps(other), encoding="utf-8")
            written = text.replace(f"recordings/{path.stem}.json", f"recordings/{stem}.json")
            written = re.sub(r"def test_\w+\(", f"def test_{stem}(", written)
            moved.write_text(written, encoding="utf-8")
            yield change.__name__, moved, recording
    test.unlink()


def called(test: Path) -> None:
    """Run a test that was written, in this process."""
    names: dict[str, Any] = {}
    exec(compile(test.read_text(encoding="utf-8"), test, "exec"), names)  # ours
    names[test.stem](lambda recording, **_: pw.replay(test.parent / recording))


def test_one_change_of_what_a_run_did_fails_with_one_line_that_says_what(tmp_path: Path) -> None:
    tried: dict[str, int] = dict.fromkeys(SAYS, 0)
    for path in STREAMS:
        for change, test, _ in changed(tmp_path, path):
            with pytest.raises(pw.ExpectationFailed) as raised:
                called(test)
            tried[change] += 1
            (line,) = str(raised.value).splitlines()
            assert re.search(SAYS[change], line), (test.stem, line)
    assert all(tried.values()), tried
    assert sum(tried.values()) > 700, tried


def test_what_changed_is_one_line_of_pytest(tmp_path: Path) -> None:
    recordings = ("agent_multi_step", "agent_approval_approved", "orch_sequential")
    expected = {
        test.stem: SAYS[change]
        for name in (*recordings, "workflow_full_success")
        for change, test, _ in changed(tmp_path, RECORDED / f"{name}.sse")
    }
    found = errors_of(pytest_in(tmp_path))
    assert set(found) == set(expected)
    for name, lines in found.items():
        assert len(lines) == 1, (name, lines)
        assert re.search(expected[name], lines[0]), (name, lines)


TAKEN_BACK = [
    path
    for path in STREAMS
    if replayed(path)._live.state.edited  # by a hook
]
TAKEN: list[int] = []


@pytest.mark.parametrize("path", TAKEN_BACK, ids=lambda path: path.stem)
def test_what_a_hook_took_back_is_in_no_file(path: Path, tmp_path: Path) -> None:
    run = replayed(path)
    streamed = "".join(
        event.get("delta", "")
        for event in map(json.loads, re.findall(r"^data: (\{.*)$", path.read_text(), re.MULTILINE))
        if (event.get("event") or event.get("type")) == "content_delta"
    )
    words = streamed.split()
    some = {" ".join(words[at : at + 4]) for at in range(len(words) - 3)}
    run.to_test(tmp_path / "test_it.py")
    written = "".join(
        file.read_text(encoding="utf-8") for file in tmp_path.rglob("*") if file.is_file()
    )
    assert run._live.state.edited
    taken = [each for each in some if each not in run.text]
    assert not [each for each in taken if each in written]
    TAKEN.append(len(taken))


def test_some_words_were_taken_back() -> None:
    assert sum(TAKEN) > 3, "else the test before shows nothing"


def test_neither_key_nor_ids_nor_results_are_in_a_file(tmp_path: Path) -> None:
    with start() as server, pw.connect(server.url, api_key=server.key) as pb:
        run = pb.agent("Analyst").run(f"How much did we sell by month? {server.key}")
        result: RunResult = run.result()
        run.to_test(tmp_path / "test_it.py")
    written = "".join(
        file.read_text(encoding="utf-8") for file in tmp_path.rglob("*") if file.is_file()
    )
    assert server.key not in written
    for secret in (run.run_id, run.session_id, server.url, "127.0.0.1"):
        assert secret
        assert secret not in written
    (call, *_) = result.tool_calls
    assert str(call.result)[:40] not in written
    assert call.name in written


HIDDEN_BY_NAME = (
    *("api_key", "apiKey", "X-Api-Key", "access_token", "accessToken", "token", "secret"),
    *("client_secret", "password", "Authorization", "Set-Cookie", "cookie", "sessionId"),
    *("pwd", "db_pass", "auth", "passcode", "signing_key", "encryptionKey", "password2"),
    *("PGPASSWORD", "pass\u200bword", "creds"),
)
KEPT = ("tokens", "max_tokens_used", "tokenizer", "monkey", "keyboard", "passenger", "secretary")
LOOKS = (
    "Bearer abcdef0123456789abcdef",
    "sk-proj-abcdefghijklmnop0123456789",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "ghp_0123456789abcdefghijklmnopqrstuv",
    "AKIAABCDEFGHIJKLMNOP",
    "postgres://admin:hunter2hunter2@db.example.org/x",
    "xoxb-1234567890-abcdefghij",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----",
    "Cookie: sid=0123456789abcdef; other=1",
    "password=correct-horse",
    "https://example.org/?api_key=0123456789abcdef",
    "https://example.org/?token=hunter2hunter2&a=1",
    "https://example.org/?X-Amz-Signature=hunter2hunter2",
    "https://hunter2hunter2@example.org",
    "postgres://u:hunter2/hunter2@example.org",
    "-H 'Authorization: hunter2hunter2'",
    "curl -u user:hunter2hunter2",
    "export OPENAI_API_KEY=hunter2hunter2",
    "my_password=hunter2hunter2",
    "secret: hunter2hunter2",
    "password = 'hunter2 hunter2'",
    "{'token': 'hunter2hunter2'}",
    "os.environ['API_KEY'] = 'hunter2hunter2'",
    "<password>hunter2hunter2</password>",
    "--password=hunter2hunter2",
    "-----BEGIN PRIVATE KEY-----\nProc-Type: 4\n\nhunter2hunter2\n-----END PRIVATE KEY-----",
    *(json.dumps({"a": {"password": "hunter2hunter2"}}),),
    *(json.dumps({"a": json.dumps({"b": json.dumps({"password": "hunter2hunter2"})})}),),
)
NO_SECRETS = (
    *("The password policy is strict", "total_tokens=123456", "tokens: 12345", "keyboard: qwertz"),
    *("http://host:8080/path@x", "mail me@example.org: a", "basic understanding", "a -> b"),
)


@pytest.mark.parametrize("name", HIDDEN_BY_NAME)
def test_what_is_named_like_a_secret_is_hidden(name: str) -> None:
    assert hide({name: "whatever it is", "region": "EU"}) == {name: HIDDEN, "region": "EU"}
    assert hide({"headers": [{name: ["a", "b"]}]}) == {"headers": [{name: [HIDDEN, HIDDEN]}]}


@pytest.mark.parametrize("name", KEPT)
def test_what_is_only_named_like_one_is_kept(name: str) -> None:
    if name == "tokens":
        assert hide({name: 12}) == {name: 12}
    else:
        assert hide({name: "a text"}) == {name: "a text"}


@pytest.mark.parametrize("text", LOOKS)
def test_what_looks_like_a_secret_is_hidden_wherever_it_stands(text: str) -> None:
    said = hide(f"before {text} after")
    assert HIDDEN in said
    secret = re.split(r"[ =:/@]", text.replace("PRIVATE KEY", ""))
    longest = max(secret, key=len)
    assert longest not in said or "hunter2" in text
    assert "hunter2" not in said
    assert said.startswith("before ")
    assert said.endswith((" after", HIDDEN)) or "ookie:" in text
    assert hide(said) == said, "what is hidden stays as it is"


@pytest.mark.parametrize("text", NO_SECRETS)
def test_what_only_looks_a_little_like_one_is_kept(text: str) -> None:
    assert hide(text) == text


@pytest.mark.parametrize(
    "value",
    [
        {"credentials": {"user": "hunter2", "more": [{"x": "hunter2", "n": None}]}},
        {"secrets": [{"x": "hunter2"}]},
        {"tokens": {"a": "hunter2"}},
        {"cookies": {"sid": "hunter2"}},
        {"access_token": 1234, "x": "kept"},
        {"headers": [{"name": "Authorization", "value": "hunter2"}]},
        {"env": [{"key": "API_KEY", "value": "hunter2"}]},
        {"headers": [["Authorization", "hunter2"]]},
    ],
    ids=lambda value: next(iter(value)),
)
def test_all_that_stands_within_or_beside_the_name_of_a_secret_is_hidden(value: Any) -> None:
    said = json.dumps(hide(value))
    assert HIDDEN in said
    assert "hunter2" not in said
    assert "1234" not in said


def test_what_is_too_deep_to_be_walked_is_hidden() -> None:
    deep: Any = "hunter2"
    for _ in range(900):
        deep = {"a": deep}
    assert "hunter2" not in json.dumps(hide(deep))


def test_what_is_hidden_is_found_in_one_pass() -> None:
    for piece in ("a.", "a-", "token>", "password='", "://a:", 'a="', "\\", "x=\\", " -u a:"):
        assert isinstance(hide(piece * 50_000), str), "else the watchdog of this test ends it"


def with_arguments(arguments: Any) -> bytes:
    named = {"step": 1, "tool_name": "t", "call_id": "c"}
    frames = [
        {"event": "start", "run_id": "run_1", "session_id": "sess_1"},
        {"event": "tool_call", **named, "arguments": arguments},
        {"event": "tool_result", **named, "result": "ok"},
        {"event": "complete", "status": "completed", "content": "done"},
    ]
    return b"".join(b"data: %s\n\n" % json.dumps(one).encode() for one in frames)


def test_a_call_with_a_secret_is_checked_but_for_that(tmp_path: Path) -> None:
    arguments = {"token": "0123456789", "url": "https://u:pw123456@example.org/", "region": "EU"}
    replayed(with_arguments(arguments)).to_test(tmp_path / "test_it.py")
    text = (tmp_path / "test_it.py").read_text()
    assert '{"token": ..., "url": ..., "region": "EU"}' in text
    written = text + (tmp_path / "recordings" / "it.json").read_text()
    assert "0123456789" not in written
    assert "pw123456" not in written
    called(tmp_path / "test_it.py")


def test_one_changed_item_of_arguments_that_are_a_list_fails(tmp_path: Path) -> None:
    for name, given, other in (("list", [1, 2], [1, 3]), ("text", "a", "b"), ("number", 1, 2)):
        path = replayed(with_arguments(given)).to_test(tmp_path / f"test_{name}.py")
        called(path)
        recording = tmp_path / "recordings" / f"{name}.json"
        saved = json.loads(recording.read_text())
        (part,) = [one for one in _parts(saved["run"]) if one["kind"] == "tool"]
        assert json.loads(part["arguments"]) == given
        part["arguments"] = json.dumps(other)
        recording.write_text(json.dumps(saved))
        with pytest.raises(pw.ExpectationFailed, match="as its arguments, not"):
            called(path)


def test_what_cannot_be_written_as_it_was_is_not_asked_anew(server: Any, tmp_path: Path) -> None:
    with pw.connect(server.url, api_key=server.key) as pb:
        run = pb.agent("Writer").run("word " * 5_000)
        run.wait(display=False)
        text = run.to_test(tmp_path / "test_it.py").read_text()
    assert "message=" not in text
    assert "agent=" not in text
    called(tmp_path / "test_it.py")


ODD: list[Any] = [
    {"a": "\ud83d", "b": "\u202etxt", "c": 'quote " \' """', "d": "back\\slash\\"},
    {"n": 10**30, "f": 0.1, "nan": float("nan"), "inf": float("inf"), "t": True, "none": None},
    {"nested": [[[{"deep": [1, [2, {"x": "y" * 200}]]}]]], "": "empty name"},
    {"line\nbreak": "a\nb\r\nc\u2028d", "{braces}": "{x}", "__import__('os')": "#"},
    {"words": "word " * 100, "long": "x" * 30_000, "{'": "'''"},
    json.loads("[" * 90 + "]" * 90),
    {"a": json.loads('{"a":' * 70 + "1" + "}" * 70)},
    "a text",
    {},
]


def test_odd_arguments_are_written_as_they_are(tmp_path: Path) -> None:
    for at, arguments in enumerate(ODD):
        path = replayed(with_arguments(arguments)).to_test(tmp_path / f"test_{at}.py")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert [type(node).__name__ for node in tree.body] == ["Expr", "Import", "FunctionDef"]
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert names <= {"powabase_run", "pw", "run", "float"}, "nothing of theirs is code"
        called(path)
    assert f"{len(ODD)} passed" in pytest_in(tmp_path)


@pytest.mark.parametrize("arguments", ODD[:5], ids=range(5))
def test_values_are_the_same_as_code(arguments: Any) -> None:
    if "long" in arguments:
        del (arguments := dict(arguments))["long"]
    read = eval(code_of(arguments, 8, 20))  # what is tested
    assert json.dumps(read) == json.dumps(arguments)


def test_a_file_that_is_there_is_left_as_it_is_unless_asked(tmp_path: Path) -> None:
    run = replayed(RECORDED / "agent_one_tool.sse")
    path = tmp_path / "test_late_orders.py"
    path.write_text("# mine\n")
    with pytest.raises(pw.FileError, match="is there already"):
        run.to_test(path)
    assert path.read_text() == "# mine\n"
    assert [file.name for file in tmp_path.rglob("*")] == ["test_late_orders.py"]
    run.to_test(path, overwrite=True)
    first = {file.name: file.read_bytes() for file in tmp_path.rglob("*.*")}
    assert set(first) == {"test_late_orders.py", "late_orders.json"}
    with pytest.raises(pw.FileError, match="is there already"):
        run.to_test(path)
    path.unlink()
    with pytest.raises(pw.FileError, match=r"late_orders\.json is there already"):
        run.to_test(path)
    run.to_test(path, overwrite=True)
    assert {file.name: file.read_bytes() for file in tmp_path.rglob("*.*")} == first


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").symlink_to(tmp_path / "elsewhere.py")
    with pytest.raises(pw.FileError, match="is there already"):
        replayed(RECORDED / "agent_one_tool.sse").to_test(tmp_path / "test_it.py")
    assert not (tmp_path / "elsewhere.py").exists()


@pytest.mark.parametrize(
    "name", ["late_orders.py", "test_x.txt", "test_.py", "test_a b.py", "", "test_a.b.py"]
)
def test_what_pytest_would_not_find_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(pw.InvalidValueError, match="pytest finds tests"):
        replayed(RECORDED / "agent_one_tool.sse").to_test(tmp_path / name)


@pytest.mark.parametrize(
    "path",
    [
        *("half \ud83d/test_it.py", "nul\0/test_it.py", "~nobody-here/test_it.py/test_it.py"),
        *(f"{'d' * 300}/test_it.py", "a_file/test_it.py", "a_folder/test_it.py"),
    ],
)
def test_a_path_that_cannot_be_is_refused_and_leaves_nothing(path: str, tmp_path: Path) -> None:
    (tmp_path / "a_file").write_text("")
    (tmp_path / "a_folder" / "test_it.py").mkdir(parents=True)
    (tmp_path / "~nobody-here").mkdir()
    (tmp_path / "~nobody-here" / "test_it.py").write_text("")
    run = replayed(RECORDED / "agent_one_tool.sse")
    for overwrite in (False, True):
        with pytest.raises((pw.FileError, pw.InvalidValueError)):
            run.to_test(f"{tmp_path}/{path}", overwrite=overwrite)
    assert not list(tmp_path.rglob("*.json"))


def test_a_test_that_cannot_be_written_takes_its_recording_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def full(made: Path, path: Path) -> None:
        if path.suffix == ".py":
            raise FileExistsError(17, "File exists", str(made), None, str(path))
        link(made, path)

    monkeypatch.setattr(os, "link", full)
    run = replayed(RECORDED / "agent_one_tool.sse")
    with pytest.raises(pw.FileError, match=r"test_it\.py is there already"):
        run.to_test(tmp_path / "test_it.py")
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
    monkeypatch.undo()
    run.to_test(tmp_path / "test_it.py")


def test_a_failed_write_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(pw.FileError, match="can't be written"):
        replayed(RECORDED / "agent_one_tool.sse").to_test(tmp_path / "test_it.py")
    assert [file.name for file in tmp_path.rglob("*")] == ["recordings"]


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with start(tokens_per_second=5000) as one:
        yield one


def test_a_live_run_becomes_a_test_that_asks_anew_where_told(server: Any, tmp_path: Path) -> None:
    with pw.connect(server.url, api_key=server.key) as pb:
        analyst = pb.agent("Analyst").run("How much did we sell by month?")
        analyst.result()
        analyst.to_test(tmp_path / "test_sales.py")
        report = pb.workflow("Weekly report").run(week=40)
        report.result()
        report.to_test(tmp_path / "test_report.py")
    assert (
        'agent="Analyst",\n        message="How much did we sell by month?"'
        in (tmp_path / "test_sales.py").read_text()
    )
    assert (
        'workflow="Weekly report",\n        variables={"week": 40}'
        in (tmp_path / "test_report.py").read_text()
    )
    url, key = {"POWABASE_URL": server.url}, {"POWABASE_API_KEY": server.key}
    assert "2 passed" in pytest_in(tmp_path, "--powabase-live", **url, **key)
    said = pytest_in(tmp_path, "--powabase-live", **url)
    assert "--powabase-live needs POWABASE_API_KEY in the environment" in said
    assert "2 failed" in said
    (tmp_path / "conftest.py").write_text(
        "import pytest, powawidget as pw\n\n\n@pytest.fixture\ndef powabase():\n"
        f"    with pw.connect({server.url!r}, api_key={server.key!r}) as pb:\n        yield pb\n"
    )
    assert "2 passed" in pytest_in(tmp_path, "--powabase-live")


def test_a_run_that_was_approved_is_not_approved_again_by_itself(
    server: Any, tmp_path: Path
) -> None:
    with pw.connect(server.url, api_key=server.key) as pb:
        run = pb.agent("Operator").run(
            "Raise the price of the best seller by 5%", on_approval=pw.policy(allow=["*"])
        )
        run.result()
        run.to_test(tmp_path / "test_price.py")
    text = (tmp_path / "test_price.py").read_text()
    assert f'.approved("{run.approvals[0].tool_name}")' in text
    assert "nothing is approved by itself" in text
    said = pytest_in(
        tmp_path, "--powabase-live", POWABASE_URL=server.url, POWABASE_API_KEY=server.key
    )
    assert "ApprovalNeeded" in said
    called(tmp_path / "test_price.py")


PLAIN = """
def test_plain():
    import sys
    loaded = [name for name in sys.modules if name.split(".")[0] == "powawidget"]
    assert not loaded, loaded
    assert "pytest_powawidget" in sys.modules
"""


def test_the_plugin_loads_nothing_of_powawidget_until_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "test_plain.py").write_text(PLAIN)
    (tmp_path / "test_used.py").write_text(
        PLAIN.replace("test_plain()", "test_used(powabase_run)") + "    assert powabase_run\n"
    )
    said = pytest_in(tmp_path, "--powabase-live", alone=False)
    assert "2 passed" in said, "neither the option nor the fixture calls anything yet"


ASSERTED = """
import powawidget as pw

RUN = pw.replay({path!r})


def test_asserted():
    assert pw.expect(RUN).completed().called("database_query", region="EU").tokens_under(5000)


def test_in_a_helper():
    def helper(expected):
        assert expected

    helper(pw.expect(RUN).ended("failed"))


def test_checked():
    pw.expect(RUN).completed().not_called("*weather").check()


def test_with_words_of_ones_own():
    assert pw.expect(RUN).ended("failed"), "words of my own"


def test_another_assertion():
    expected = pw.expect(RUN).ended("failed")
    assert expected.results == 3


def test_beside_another_that_differs():
    other = pw.expect(RUN).called("another").called("more").called("most")
    assert not other
    assert pw.expect(RUN).ended("failed")


def test_holds():
    assert pw.expect(RUN).completed()
    assert not pw.expect(RUN).ended("failed")
"""


def test_an_assertion_that_fails_says_one_line(tmp_path: Path) -> None:
    path = str(RECORDED / "agent_one_tool.sse")
    (tmp_path / "test_it.py").write_text(ASSERTED.format(path=path))
    said = pytest_in(tmp_path)
    errors = errors_of(said)
    assert errors["test_asserted"] == [
        "powawidget.errors.ExpectationFailed: only mcp__stub__get_weather was called; expected "
        "that database_query(region='EU', …) was called"
    ]
    assert errors["test_in_a_helper"] == [
        "powawidget.errors.ExpectationFailed: completed; expected that the run is failed"
    ]
    assert len(errors["test_checked"]) == 1
    assert "called: mcp__stub__get_weather(city='Paris'), done" in errors["test_checked"][0]
    assert errors["test_with_words_of_ones_own"][0] == "AssertionError: words of my own"
    assert len(errors["test_another_assertion"]) > 1
    assert errors["test_beside_another_that_differs"] == errors["test_in_a_helper"]
    assert "1 passed" in said
    assert "pytest_powawidget.py" not in said
    assert "expectation.py" not in said


def test_the_plugin_loads_where_pluggy_is_older(monkeypatch: pytest.MonkeyPatch) -> None:
    new = pytest.hookimpl

    def older(**options: Any) -> Any:
        if "wrapper" in options:
            raise TypeError("got an unexpected keyword argument 'wrapper'")
        return new(**options)

    monkeypatch.setattr(pytest, "hookimpl", older)
    module = importlib.util.spec_from_file_location("older", ROOT / "pytest_powawidget.py")
    assert module is not None
    assert module.loader is not None
    plugin = importlib.util.module_from_spec(module)
    module.loader.exec_module(plugin)
    assert hasattr(plugin, "pytest_addoption")
    assert not hasattr(plugin, "pytest_runtest_call")


def test_without_the_plugin_a_test_says_what_it_lacks(tmp_path: Path) -> None:
    replayed(RECORDED / "agent_one_tool.sse").to_test(tmp_path / "new" / "folder" / "test_it.py")
    said = pytest_in(tmp_path, "-p", "no:pytest_powawidget")
    assert "fixture 'powabase_run' not found" in said
    assert "1 passed" in pytest_in(tmp_path, "-p", "xdist", "-n", "1")


def test_a_run_that_goes_on_or_is_no_run_is_refused(tmp_path: Path) -> None:
    with start(tokens_per_second=1) as slow, pw.connect(slow.url, api_key=slow.key) as pb:
        run = pb.agent("Writer").run("Write about the data.")
        with pytest.raises(pw.ConfigurationError, match=r"wait for its end with run\.wait"):
            run.to_test(tmp_path / "test_it.py")
        run.stop()
    assert list(tmp_path.iterdir()) == []
