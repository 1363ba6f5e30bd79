"""Every error crosses processes with its attributes, and is copied like any exception."""

import copy
import inspect
import json
import logging
import multiprocessing
import pickle
import re
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

import powawidget as pw
from powawidget import errors
from powawidget.errors import PowawidgetError
from powawidget.http.secret import Secret
from powawidget.run.finished import NO_SOURCE, of_events
from powawidget.run.plan import Plan
from powawidget.run.run import Run
from powawidget.run.task import RunTask

KEY = "planted-key-3f9d21c07a"
FRAMES = (
    {"event": "start", "run_id": "run_1", "session_id": "sess_1"},
    {"event": "content_delta", "type": "content_delta", "delta": "Half of it"},
    {"event": "error", "message": f"no more with {KEY}"},
)
CLASSES = sorted(
    (
        one
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, PowawidgetError)
    ),
    key=lambda one: one.__name__,
)
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def a_run() -> Run:
    plan = Plan(source=NO_SOURCE, name="A", origin="replay", secret=Secret(KEY))
    return Run(of_events([json.dumps(one) for one in FRAMES], plan))


# What an argument of an error's class may be; a class that wants another has to be named here.
GIVEN: dict[str, Any] = {
    "message": "It went wrong.",
    "status": 429,
    "code": "rate_limited",
    "body": "slow down",
    "hint": "Wait.",
    "temporary": True,
    "retry_after": 2.5,
    "maybe_accepted": False,
    "asked": "'database_write'",
    "differences": ["the run is failed", "another"],
    "call": "map",
    "name": "batch['T-1']",
}


def an_error(kind: type[PowawidgetError]) -> PowawidgetError:
    """An error with each of its arguments given, and a note."""
    places: list[Any] = []
    named: dict[str, Any] = {}
    if not inspect.isfunction(kind.__init__):
        places.append(GIVEN["message"])
    for one in inspect.signature(kind.__init__).parameters.values():
        value = a_run() if one.name == "run" else GIVEN.get(one.name)
        if one.kind is one.KEYWORD_ONLY:
            named[one.name] = GIVEN[one.name]
        elif one.kind is one.POSITIONAL_OR_KEYWORD and one.name != "self":
            assert value is not None, f"what to give {kind.__name__} as {one.name}"
            places.append(value)
    error = kind(*places, **named)
    error.add_note("In the third attempt.")
    return error


def attributes(error: PowawidgetError) -> dict[str, Any]:
    return {name: one for name, one in vars(error).items() if name != "run"}


def read_of(run: Any) -> tuple[Any, ...]:
    failure = run.error
    return run.run_id, run.session_id, run.status, run.text, failure and failure.message


def check(error: PowawidgetError, arrived: BaseException) -> None:
    """Whether what arrived is the error, with its run as it was saved."""
    assert type(arrived) is type(error)
    assert isinstance(arrived, PowawidgetError)
    assert (str(arrived), arrived.args) == (str(error), error.args)
    assert attributes(arrived) == attributes(error)
    run = vars(error).get("run")
    assert ("run" in vars(arrived)) == (run is not None)
    if run is not None:
        other = vars(arrived)["run"]
        assert other is not run
        assert read_of(other) == read_of(run)


def of_no_type() -> object:
    return pw.connect("https://ref.p.powabase.ai", api_key="k" * 20, timeouts=5)  # type: ignore[arg-type]  # the slip


@pytest.mark.parametrize(
    ("slip", "kind"),
    [
        (lambda: pw.replay("no-such-file.sse"), OSError),
        (lambda: pw.replay(b"", speed=-1), ValueError),
        (lambda: pw.connect("https://ref.p.powabase.ai", api_key="two words"), ValueError),
        (lambda: pw.policy(allow="a_glob"), TypeError),
        (of_no_type, TypeError),
        (lambda: pw.connect("local").agent("Nobody"), LookupError),
        (lambda: pw.connect("local").agent("Analyst").run(" "), ValueError),
    ],
)
def test_a_slip_is_also_the_error_that_python_has_for_it(
    slip: Callable[[], object], kind: type[Exception]
) -> None:
    with pytest.raises(errors.ConfigurationError) as raised:
        slip()
    assert isinstance(raised.value, kind)


def test_the_old_name_of_a_refusals_message_warns() -> None:
    error = an_error(errors.RequestError)
    assert isinstance(error, errors.RequestError)
    with pytest.warns(DeprecationWarning, match=r"error\.message"):
        assert error.said == error.message == "It went wrong."


def test_what_the_system_said_of_a_file_is_the_cause() -> None:
    with pytest.raises(errors.FileError) as raised:
        pw.replay("no-such-file.sse")
    assert isinstance(raised.value.__cause__, FileNotFoundError)


def test_the_hierarchy_in_the_docstring_is_that_of_the_classes() -> None:
    drawn = re.findall(r"^ +[│├└─ ]*([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)
    assert sorted(drawn) == [one.__name__ for one in CLASSES if not one.__name__.startswith("_")]


def test_every_class_of_errors_is_tried() -> None:
    named = {one.__name__ for one in CLASSES}
    assert named >= {
        name
        for name in pw.__all__
        if isinstance(vars(pw)[name], type) and issubclass(vars(pw)[name], BaseException)
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", CLASSES, ids=lambda one: one.__name__)
def test_an_error_is_pickled_with_its_attributes_and_without_the_key(
    kind: type[PowawidgetError], protocol: int
) -> None:
    error = an_error(kind)
    data = pickle.dumps(error, protocol)
    assert KEY.encode() not in data
    check(error, pickle.loads(data))
    # And on from there.
    check(error, pickle.loads(pickle.dumps(pickle.loads(data))))


@pytest.mark.parametrize("take", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("kind", CLASSES, ids=lambda one: one.__name__)
def test_a_copy_is_the_same_error_about_the_same_run(
    kind: type[PowawidgetError], take: Callable[[Any], Any]
) -> None:
    with pytest.raises(kind) as raised:
        raise an_error(kind) from LookupError("why")
    error, made = raised.value, take(raised.value)
    assert type(made) is kind
    assert (str(made), vars(made)) == (str(error), vars(error))
    assert vars(made).get("run") is vars(error).get("run")
    assert (made.__cause__, made.__traceback__) == (error.__cause__, error.__traceback__)


def fails(name: str) -> None:
    raise an_error(vars(errors)[name]) from LookupError("why")


@pytest.fixture(scope="module")
def executor() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as made:
        yield made


@pytest.mark.parametrize("kind", CLASSES, ids=lambda one: one.__name__)
def test_an_error_of_a_worker_is_raised_where_its_result_is_asked_for(
    executor: ProcessPoolExecutor, kind: type[PowawidgetError]
) -> None:
    with pytest.raises(kind) as raised:
        executor.submit(fails, kind.__name__).result(60)
    check(an_error(kind), raised.value)
    told = "".join(traceback.format_exception(raised.value))
    assert "in fails" in told, "where in the worker it was raised"
    assert KEY not in told


def test_a_pool_gets_the_error_and_goes_on() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        for kind in (errors.RequestError, errors.RunFailed, errors.ChatPaused):
            with pytest.raises(kind) as raised:
                pool.apply_async(fails, (kind.__name__,)).get(60)
            check(an_error(kind), raised.value)
        assert pool.apply_async(len, ("abc",)).get(60) == 3


class Odd:
    """It can be pickled, but never read back."""

    def __reduce__(self) -> Any:
        return threading.Lock, ("no such argument",)


def test_what_cannot_be_pickled_stays_behind_and_the_error_crosses() -> None:
    error = errors.ConfigurationError("It went wrong.", threading.Lock())
    error.key = Secret(KEY)  # type: ignore[attr-defined]  # a caller may set anything
    error.odd, error.log, error.count = Odd(), logging.getLogger("x"), 3  # type: ignore[attr-defined]  # likewise
    data = pickle.dumps(error)
    assert KEY.encode() not in data
    arrived = pickle.loads(data)
    assert arrived.args[0] == "It went wrong."
    assert arrived.args[1].startswith("<unlocked _thread.lock")
    assert attributes(arrived) == {"log": logging.getLogger("x"), "count": 3}


def test_a_run_that_cannot_be_saved_is_none_where_the_error_arrives() -> None:
    run = a_run()
    error = errors.RunFailed(run)
    run.to_json = lambda: 1 / 0  # type: ignore[assignment,method-assign]  # whatever it raises
    arrived = pickle.loads(pickle.dumps(error))
    assert (str(arrived), arrived.run) == (str(error), None)
    run.to_json = lambda: "{}"  # type: ignore[method-assign]  # or what can't be read back
    assert pickle.loads(pickle.dumps(error)).run is None


def test_a_run_crosses_as_it_would_be_saved_and_its_copy_is_itself() -> None:
    run = a_run()
    data = pickle.dumps(run)
    assert KEY.encode() not in data
    arrived = pickle.loads(data)
    assert arrived is not run
    assert read_of(arrived) == read_of(run)
    assert copy.copy(run) is run
    assert copy.deepcopy([run]) == [run]


def test_a_run_that_waits_is_over_where_its_error_arrives() -> None:
    ask = {"event": "approval_requested", "tool_name": "write", "tool_input": {"n": 1}}
    run = Run(RunTask(Plan(source=NO_SOURCE, name="A")))
    for frame in (FRAMES[0], ask):
        run._live.receive(json.dumps(frame))
    assert run.status == "waiting"
    arrived = pickle.loads(pickle.dumps(errors.ApprovalNeeded(run, "'write'")))
    assert (arrived.run.status, arrived.run.approvals[0].arguments) == ("interrupted", {"n": 1})
    with pytest.raises(errors.DecisionRefused):
        arrived.run.approve()
