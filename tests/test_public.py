"""What is public: exported, documented, and nothing else to be seen."""

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Iterator
from typing import Any, Unpack

import pandas as pd
import pytest

import powawidget as pw
from tests import reference

MODULES = {path: importlib.import_module(path) for path in reference.PUBLIC}
EXPORTED = {
    f"{path}.{name}": getattr(module, name)
    for path, module in MODULES.items()
    for name in reference.names_of(module)
}
CLASSES = {name: one for name, one in EXPORTED.items() if isinstance(one, type)}


def test_the_reference_is_up_to_date() -> None:
    said = "write it anew: python -m tests.reference"
    assert reference.REFERENCE.read_text(encoding="utf-8") == reference.reference(), said


def test_no_public_name_is_a_module_as_well() -> None:
    modules = {module.name for module in pkgutil.iter_modules(pw.__path__)}
    assert modules.isdisjoint(pw.__all__)
    # The public ones are there without an import of their own.
    for path in reference.PUBLIC[1:]:
        assert vars(pw)[path.partition(".")[2]] is MODULES[path]


def test_every_event_is_exported() -> None:
    public = list(vars(pw.events).values())
    assert all(one in public for one in typing.get_args(pw.events.Event))


@pytest.mark.parametrize("name", EXPORTED)
def test_every_public_name_says_what_it_is(name: str) -> None:
    one = EXPORTED[name]
    if isinstance(one, type):
        bare = [
            each for each, member in reference.members(one).items() if not inspect.getdoc(member)
        ]
        assert not bare
    if isinstance(one, type) or inspect.isfunction(one):
        assert reference.first_line(one).endswith((".", ":")), "one sentence in the first line"


def returned(one: Any) -> Iterator[Any]:
    """What a function or a property returns, and what the fields of a structure are."""
    if isinstance(one, property):
        one = one.fget
    if inspect.isfunction(one) or inspect.ismethod(one):
        yield typing.get_type_hints(one, {**one.__globals__, "pd": pd}).get("return")
    elif isinstance(one, type):
        yield from (
            typing.get_type_hints(one)[name]
            for name in reference.attributes(one)
            if name in typing.get_type_hints(one)
        )
        for member in reference.members(one).values():
            yield from returned(member)


def classes_in(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and typing.get_origin(hint) is None:
        yield hint
    for inner in typing.get_args(hint):
        yield from classes_in(inner)


@pytest.mark.parametrize("name", EXPORTED)
def test_what_is_returned_is_exported(name: str) -> None:
    public = {id(one) for one in EXPORTED.values()}
    for hint in returned(EXPORTED[name]):
        for each in classes_in(hint):
            own = each.__module__.startswith("powawidget")
            assert not own or id(each) in public, f"{name} returns {each.__name__}"


SEQUENCE = {"count", "index"}
HELD = {
    "Powabase": "agent agents close get_run orchestration orchestrations run session url workflow "
    "workflows",
    "Agent": "chat compare grid id map model name run session sessions stream",
    "Orchestration": "chat compare id map name run session sessions strategy stream",
    "Workflow": "execution executions id map name run stream",
    "Session": "chat id kind messages name",
    "Run": "approvals approve blocks close delegations deny error events message next_approval on "
    "output progress rate reasoning result reused run_id save seconds session_id show spans start "
    "status stop text timing to_html to_json to_markdown to_otel to_test to_text tool_calls usage "
    "wait widget",
    "Chat": "close discard earlier messages missing queued resume retry runs save send session_id "
    "show spans status stop to_html to_json to_markdown to_text wait widget",
    "Recording": "count index times",
    "Comparison": "close frame reveal show sides status stop votes wait widget",
    "Expectation": "approved called check completed decided delegated denied differences ended "
    "holds in_order matches not_called ran results says seconds_under tokens_under",
    "Checks": "frame holds rates results spreads",
    "Batch": "check close counts errors export frame keys name reason retry sample show spans "
    "start stop wait widget",
}


def held(pb: pw.Powabase) -> dict[str, object]:
    agent, orchestration = pb.agent("Analyst"), pb.orchestration(pb.orchestrations()[0].name)
    run = pw.replay(b"")
    assert isinstance(run, pw.Run)
    return {
        "Powabase": pb,
        "Agent": agent,
        "Orchestration": orchestration,
        "Workflow": pb.workflow(pb.workflows()[0].name),
        "Session": agent.session("sess_1"),
        "Run": run,
        "Chat": agent.chat(),
        "Recording": run.events,
        "Expectation": pw.expect(run),
        "Checks": agent.map(["?"], start=False).check(lambda e: e.completed()),
        "Batch": agent.map(["?"], start=False),
        "Comparison": pw.compare({"one": run, "other": run}),
    }


def test_what_a_person_holds_shows_exactly_what_is_documented() -> None:
    with pw.connect("local") as pb:
        for name, one in held(pb).items():
            shown = [each for each in dir(one) if not each.startswith("_")]
            assert shown == HELD[name].split(), name
            documented = {*reference.members(type(one)), *reference.attributes(type(one))}
            assert documented == set(shown) - SEQUENCE, name


def test_the_options_of_a_run_are_the_same_wherever_they_are_given() -> None:
    run = inspect.signature(pw.Agent.run).parameters
    assert [
        name
        for name in run
        if name not in {"self", "message", "session_id", "on_approval", "reuse"}
    ] == [*pw.RunOptions.__annotations__]
    for ask in (pw.Agent.chat, pw.Agent.stream):
        assert inspect.signature(ask).parameters["options"].annotation == Unpack[pw.RunOptions]
    asked = inspect.signature(pw.Session.chat).parameters
    assert asked["options"].annotation == Unpack[pw.RunOptions]
    assert "on_approval" in asked


def test_the_package_shows_its_public_names_and_no_folder() -> None:
    shown = {name for name in dir(pw) if not name.startswith("_")}
    assert shown == {*pw.__all__, *(path.partition(".")[2] for path in reference.PUBLIC[1:])}


WRONG: dict[str, Any] = {
    "a list's line as a name": lambda pb: pb.agent(pb.agents()[0]),
    "an orchestration": lambda pb: pb.orchestration(3),
    "a workflow": lambda pb: pb.workflow(None),
    "a run": lambda pb: pb.get_run(None),
    "bytes": lambda pb: pb.session(b"sess_1"),
    "an execution": lambda pb: pb.workflow(pb.workflows()[0].id).execution(3),
    "a message": lambda pb: pb.agent("Analyst").run(3),
    "a conversation": lambda pb: pb.agent("Analyst").run("hi", session_id=3),
    "one of an orchestration": lambda pb: pb.orchestration(pb.orchestrations()[0].id).session(3),
    "a limit": lambda pb: pb.agent("Analyst").sessions("5"),
    "a limit of executions": lambda pb: pb.workflow(pb.workflows()[0].id).executions(None),
    "a recording": lambda _: pw.replay(None),  # type: ignore[arg-type]  # wrong on purpose
    "a URL": lambda _: pw.connect(3),  # type: ignore[arg-type]  # wrong on purpose
    "headers": lambda pb: pw.connect(pb.url, api_key="k", headers=["a"]),  # type: ignore[arg-type]  # wrong on purpose
    "a header": lambda pb: pw.connect(pb.url, api_key="k", headers={"a": 3}),  # type: ignore[dict-item]  # wrong on purpose
    "a proxy": lambda pb: pw.connect(pb.url, api_key="k", proxy=3),  # type: ignore[arg-type]  # wrong on purpose
    "a bundle": lambda pb: pw.connect(pb.url, api_key="k", verify=3.5),  # type: ignore[arg-type]  # wrong on purpose
}


@pytest.fixture(scope="module")
def local() -> Iterator[pw.Powabase]:
    with pw.connect("local") as pb:
        yield pb


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG)
def test_what_is_of_another_type_is_refused_in_our_words(local: pw.Powabase, call: Any) -> None:
    with pytest.raises(pw.WrongTypeError):
        call(local)


def test_a_line_of_a_list_in_place_of_its_id_is_told_so(local: pw.Powabase) -> None:
    with pytest.raises(pw.WrongTypeError, match=r"not by AgentInfo\. Pass its id"):
        local.agent(local.agents()[0])  # type: ignore[arg-type]  # wrong on purpose


def test_a_negative_limit_is_refused(local: pw.Powabase) -> None:
    with pytest.raises(pw.InvalidValueError, match="0 or more, not -1"):
        local.agent("Analyst").sessions(-1)
