"""A key that can be found wherever it is, and everything of a run where it must not be."""

import base64
import contextlib
import json
import logging
import pathlib
import tempfile
import traceback
from collections.abc import Iterator
from typing import Any

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import powawidget
from powawidget.state.model import ENDED

KEY = f"planted-key-{0x5F1C9A7BE2D4:x}/Zq"  # no line of a file, which a traceback shows, holds it
MESSAGE = f"hello, is {KEY} the right one?"
LOUD = ("httpx", "httpcore", "powawidget", "asyncio")
PUBLIC = [name for name in dir(powawidget.Run) if not name.startswith("_")]
CALLED = {"wait", "result", "approve", "deny", "stop", "close", "start", "next_approval", "to_test"}


def forms() -> list[str]:
    """The key as it is, and as it may be carried on: escaped, encoded."""
    encoded = base64.b64encode(KEY.encode()).decode().rstrip("=")
    return [KEY, KEY.replace("/", "\\/"), KEY.replace("/", "%2F"), encoded[:-1]]


def leaks(text: str) -> list[str]:
    """The forms of the key that a text holds."""
    return [form for form in forms() if form in text]


def rendered(error: BaseException) -> str:
    """All that a verbose traceback prints: chained errors and the local variables of each frame."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def shown(run: powawidget.Run) -> Iterator[str]:
    """Everything public of a run, and what its widget's page gets."""
    yield repr(run)
    for name in PUBLIC:
        if name not in CALLED and not isinstance(getattr(powawidget.Run, name, None), type):
            value: Any = getattr(run, name)
            yield f"{name}: {value!r}"
            if name == "events":
                yield repr(list(value))
    yield from synced(run)
    yield from tested(run)
    if run._live.ended:
        exporter = InMemorySpanExporter()
        run.to_otel(exporter, content=True)
        yield from (span.to_json() for span in exporter.get_finished_spans())
    try:
        run.result(timeout=0.01, display=False)
    except (powawidget.PowawidgetError, TimeoutError) as error:
        yield rendered(error)


def synced(shown: powawidget.Run | powawidget.Chat) -> Iterator[str]:
    """What the page and the notebook's file get."""
    yield json.dumps(shown._live.snapshot(), ensure_ascii=False)
    yield json.dumps(shown.widget.get_state()["_state"], ensure_ascii=False)
    yield json.dumps(shown.widget.file_copy().snapshot, ensure_ascii=False)
    yield shown.to_html() + shown.to_markdown() + shown.to_text() + shown.to_json()


def tested(run: powawidget.Run) -> Iterator[str]:
    """What stands in the files of the test that a run becomes."""
    if run.status not in ENDED:
        return
    with tempfile.TemporaryDirectory() as folder:
        run.to_test(pathlib.Path(folder) / "test_it.py")
        for file in pathlib.Path(folder).rglob("*.*"):
            yield file.read_text(encoding="utf-8")


class Listening(logging.Handler):
    """Hears every log record, and keeps those in which the key stands."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard = 0
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard += 1
        said = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            said += rendered(record.exc_info[1])
        if leaks(said):
            self.found.append(f"{record.name}: {said}")


@contextlib.contextmanager
def listening() -> Iterator[Listening]:
    """Hear every log at its loudest, and leave each as it was."""
    root, heard = logging.getLogger(), Listening()
    before = {name: logging.getLogger(name).level for name in LOUD}
    root.addHandler(heard)
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield heard
    finally:
        root.removeHandler(heard)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
