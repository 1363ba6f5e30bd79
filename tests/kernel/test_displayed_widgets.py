"""A widget is looked up on any thread, while cells show others."""

import sys
import threading
from collections.abc import Iterator

import pytest

from powawidget.kernel import displayed_widgets


class Thing:
    """What a cell shows."""


@pytest.fixture
def busy() -> Iterator[None]:
    """Have threads take turns all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_a_lookup_goes_well_while_others_are_shown(busy: None) -> None:
    del busy
    over = threading.Event()
    failed: list[Exception] = []
    things = [Thing() for _ in range(300)]

    def look() -> None:
        while not over.is_set():
            try:
                displayed_widgets.cell_of(things[0])
            except Exception as error:  # noqa: BLE001  # whatever it is, it is told below
                failed.append(error)

    looking = threading.Thread(target=look)
    looking.start()
    for _ in range(300):
        for thing in things:
            displayed_widgets._note(thing)
        for thing in things:
            displayed_widgets.forget(thing)
    over.set()
    looking.join()
    assert failed == []
