"""pytest's side of powawidget: the tests that `run.to_test` writes, and one line for what differs.

pytest loads this module in every project of an environment. So it stands outside of the package,
and loads nothing of it until a test asks for `powabase_run` or `powabase`.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import powawidget as pw

_LIVE = "--powabase-live"
_ALIKE = 100  # characters of a value that pytest writes before it leaves some out


def pytest_addoption(parser: "pytest.Parser") -> None:
    """Add the option that asks the server anew."""
    parser.getgroup("powawidget").addoption(
        _LIVE,
        action="store_true",
        default=False,
        help="run tests of powawidget's runs against a server, which is paid; else they read their "
        "recordings",
    )


@pytest.fixture(scope="session")
def powabase() -> "pw.Powabase":
    """Give the connection of live tests; a fixture of this name in conftest.py takes its place.

    Returns:
        A connection by POWABASE_URL and POWABASE_API_KEY.
    """
    missing = [name for name in ("POWABASE_URL", "POWABASE_API_KEY") if not os.environ.get(name)]
    if missing:
        # Neither a prompt, which nobody answers, nor a skip, which looks as if all were well.
        pytest.fail(
            f"{_LIVE} needs {' and '.join(missing)} in the environment, or a fixture `powabase` in "
            "conftest.py that returns powawidget.connect(...).",
            pytrace=False,
        )
    import powawidget as pw  # noqa: PLC0415  # not for who has no such test

    return pw.connect()


@pytest.fixture
def powabase_run(request: "pytest.FixtureRequest") -> "Callable[..., pw.Run]":
    """Give what makes the run of a test: of its recording, or with --powabase-live of the server.

    Returns:
        A function of the recording's path, from the test's folder; of `agent=`, `orchestration=` or
        `workflow=`, the name of what is asked; of `message=` or `variables=`; and of the options of
        the run, such as `on_approval=`. It returns the run, which is over.
    """
    is_live = request.config.getoption(_LIVE)

    def run(recording: str, **asked: Any) -> "pw.Run":
        __tracebackhide__ = True
        if is_live:
            return _live(request, asked)
        import powawidget as pw  # noqa: PLC0415  # not for who has no such test

        made = pw.replay(request.path.parent / recording)
        if not isinstance(made, pw.Run):
            pytest.fail(f"{recording} holds a chat, not a run.", pytrace=False)
        return made

    return run


def _live(request: pytest.FixtureRequest, asked: dict[str, Any]) -> "pw.Run":
    __tracebackhide__ = True
    named = [kind for kind in ("agent", "orchestration", "workflow") if kind in asked]
    what = "variables" if named == ["workflow"] else "message"
    if len(named) != 1 or what not in asked:
        pytest.fail(
            "This test says neither who is to be asked nor what, since its recording doesn't: pass "
            "agent= and message= to powabase_run, or workflow= and variables=.",
            pytrace=False,
        )
    (kind,) = named
    target = getattr(request.getfixturevalue("powabase"), kind)(asked.pop(kind))
    run: pw.Run = target.run(asked.pop(what), **asked)
    try:
        return run.wait(display=False)
    except Exception:
        run.stop()  # it waits for a decision that nobody makes: nothing runs on behind the test
        raise


def _one_line() -> Generator[None, Any, Any]:
    """Say what differs in one line where an `assert` of an expectation fails."""
    try:
        return (yield)
    except AssertionError as error:
        failed = _failed(error)
        if failed is None:
            raise
        raise failed.with_traceback(error.__traceback__) from None


# An environment may have a pluggy before 1.2: there a failed `assert` says more lines, and that is
# no reason to end everybody's pytest.
with contextlib.suppress(TypeError):
    pytest_runtest_call = pytest.hookimpl(wrapper=True)(_one_line)


def _failed(error: AssertionError) -> AssertionError | None:
    """Make the one line of what an `assert powawidget.expect(run)…` says with all its calls."""
    module = sys.modules.get("powawidget.checks.expectation")
    if module is None or not str(error).startswith("assert <Expectation differs"):
        return None
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    # Those that pytest may have named in the assertion; the one that was asserted expects most.
    # Others of the same function may differ as well: what pytest says begins with this one.
    values = list(last.tb_frame.f_locals.values()) if last is not None else []
    asserted = [
        one
        for one in values
        if isinstance(one, module.Expectation)
        and str(error).startswith(f"assert {one!r}"[:_ALIKE])
        and one.differences
    ]
    if not asserted:
        return None
    most = max(asserted, key=lambda one: len(one.results))
    return module.ExpectationFailed(most.differences)  # type: ignore[no-any-return]  # its module's
