"""How tall a box may be: an option of the process, and one of what is shown."""

from collections.abc import Iterator
from typing import Any

import pytest

import powawidget
from powawidget.errors import InvalidValueError
from powawidget.kernel import host
from tests.bench.answers import stream


@pytest.fixture(autouse=True)
def _options() -> Iterator[None]:
    before = powawidget.options.max_height
    yield
    powawidget.options.max_height = before


def run() -> powawidget.Run:
    made = powawidget.replay(stream(["hello"]))
    assert isinstance(made, powawidget.Run)
    return made


@pytest.mark.parametrize("height", [640, 300, None])
def test_the_option_holds_for_what_is_made_from_then_on(height: int | None) -> None:
    before = run().widget
    powawidget.options.max_height = height
    assert run().widget.get_state()["_max_height"] == height
    assert before.get_state()["_max_height"] == 640


@pytest.mark.parametrize("height", [300, None])
def test_show_sets_it_for_one(height: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr(host, "kernel", object)
    monkeypatch.setattr("IPython.display.display", shown.append)
    one, other = run(), run()
    one.show(max_height=height)
    assert shown == [one]
    assert one.widget.get_state()["_max_height"] == height
    assert other.widget.get_state()["_max_height"] == 640


@pytest.mark.parametrize("height", [0, -1, True, "300", 2.5])
def test_what_is_no_height_is_refused(height: Any) -> None:
    with pytest.raises(InvalidValueError, match="max_height is a whole number of pixels"):
        run().show(max_height=height)
    powawidget.options.max_height = height
    with pytest.raises(InvalidValueError, match="max_height is a whole number of pixels"):
        _ = run().widget
