"""Writes the test that a run becomes: a slim recording, and a test that reads it."""

import contextlib
import os
import pathlib
import re
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

from powawidget import transcript
from powawidget.checks.hidden import hide
from powawidget.checks.slim import lean, slimmed
from powawidget.checks.written import function_of, test_text
from powawidget.errors import ConfigurationError, FileError, InvalidValueError, WrongTypeError
from powawidget.kernel.file_names import can_be_named
from powawidget.state.model import ENDED, RunState

_FOLDER = "recordings"
# Without a dot: pytest would import what stands before it as a package.
_STEM = re.compile(r"test_[A-Za-z0-9_][A-Za-z0-9_-]{0,150}").fullmatch


def write_test(  # noqa: PLR0913  # what makes up the files
    state: RunState,
    path: "str | os.PathLike[str]",
    *,
    is_settled: bool,
    redact: Callable[[str], str],
    options: Mapping[str, Any],
    overwrite: bool,
) -> pathlib.Path:
    """Write a run as a test, and its recording beside it.

    Args:
        state: The run, over.
        path: The test's file.
        is_settled: Whether nothing of it is still looked up.
        redact: Takes the connection's key and cookies out of a text.
        options: What the run was started with beside its message.
        overwrite: Whether files that are there are written over.

    Returns:
        The test's path.

    Raises:
        ConfigurationError: If the run isn't over.
        InvalidValueError: If the file isn't named as pytest finds tests.
        WrongTypeError: If it is no name of a file.
        FileError: If a file is there already, or can't be written.
    """
    if state.status not in ENDED or not is_settled:
        still = ", and looked up" if state.status in ENDED else ""
        raise ConfigurationError(
            f"The run is {state.status}{still}: a test holds what a run did, so wait for its end "
            "with run.wait()."
        )
    test = _checked(path)
    stem = test.stem
    recording = test.parent / _FOLDER / f"{stem.removeprefix('test_')}.json"
    slim = slimmed(state, redact)
    saved = lean(transcript.to_json(slim, at=0.0))
    options = hide(dict(options), redact)
    text = test_text(
        slim,
        function_of(stem),
        f"{_FOLDER}/{recording.name}",
        options,
        # A workflow may have no variables; of a stream that was recorded nothing is known.
        is_known=bool(slim.message) or (state.kind == "workflow" and state.origin != "replay"),
    )
    try:
        _check_free(test, recording, overwrite=overwrite)
        recording.parent.mkdir(parents=True, exist_ok=True)
        _write(recording, saved, overwrite=overwrite)
        try:
            _write(test, text, overwrite=overwrite)
        except OSError:
            if not overwrite:  # a recording alone would be in the way of the next try
                recording.unlink(missing_ok=True)
            raise
    except FileError:
        raise
    except FileExistsError as error:
        there = error.filename2 or error.filename
        raise FileError(_exists(pathlib.Path(there))) from error
    except OSError as error:
        raise FileError(f"The test can't be written: {error}.") from error
    return test


def _checked(path: "str | os.PathLike[str]") -> pathlib.Path:
    try:
        text = os.fspath(path)
    except TypeError:
        raise WrongTypeError(
            f"to_test takes the name of a file, not {type(path).__name__}."
        ) from None
    if not isinstance(text, str):
        raise WrongTypeError("to_test takes the name of a file as text.")
    if not can_be_named(text):
        raise InvalidValueError(f"No file can have the name {str(path)!r}.")
    # pathlib's own raises where it doesn't know the user of a "~user".
    test = pathlib.Path(os.path.expanduser(text))  # noqa: PTH111  # as above
    if test.suffix != ".py" or not _STEM(test.stem):
        raise InvalidValueError(
            f"{test.name!r} isn't the name of a test: pytest finds tests in files such as "
            "test_late_orders.py, and imports none with another dot in its name."
        )
    return test


def _check_free(*files: pathlib.Path, overwrite: bool) -> None:
    for file in files:
        if (not overwrite or file.is_dir()) and os.path.lexists(file):
            raise FileError(_exists(file))


def _exists(path: pathlib.Path) -> str:
    return (
        f"{path} is there already, and was left as it is: choose another name, or pass "
        "overwrite=True."
    )


def _write(path: pathlib.Path, text: str, *, overwrite: bool) -> None:
    """Write a file as a whole or not at all: it gets its name once it is complete."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    made = pathlib.Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        made.chmod(0o666 & ~_umask())
        if overwrite:
            made.replace(path)
        else:
            _name(made, path)
    finally:
        with contextlib.suppress(OSError):
            made.unlink()


def _name(made: pathlib.Path, path: pathlib.Path) -> None:
    """Give a file its name, unless another has it meanwhile."""
    try:
        os.link(made, path)
    except FileExistsError:
        raise
    except OSError:  # a drive without links
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(made.read_text(encoding="utf-8"))


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
