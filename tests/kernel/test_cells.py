"""A cell that is run again closes what it has started before: all told at once, nobody kept."""

import gc

import pytest

from powawidget.kernel import cells, host


class Started:
    """Notes what it is told, in the order of all."""

    def __init__(self, told: list[str], name: str, fails: str = "") -> None:
        self.told, self.name, self.fails = told, name, fails

    def tell(self) -> None:
        self._note("tell")

    def close(self) -> None:
        self._note("close")

    def _note(self, what: str) -> None:
        self.told.append(f"{what} {self.name}")
        if self.fails == what:
            raise ValueError(what)


@pytest.fixture
def run_cell(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The execution that is running, as the last item."""
    running = ["first"]
    monkeypatch.setattr(cells, "_by_cell", {})
    monkeypatch.setattr(host, "cell", lambda: ("cell", running[-1]))
    monkeypatch.setattr(host, "session", lambda: "a page's")
    return running


@pytest.mark.parametrize("fails", ["", "tell", "close"])
def test_all_are_told_before_any_is_waited_for(run_cell: list[str], fails: str) -> None:
    told: list[str] = []
    kept = [Started(told, name, fails) for name in "abc"]
    for one in kept:
        cells.adopt(one, Started.tell)
    assert told == [], "siblings stay"
    run_cell.append("second")
    cells.adopt(Started(told, "d"), Started.tell)
    assert sorted(told[:3]) == ["tell a", "tell b", "tell c"]
    assert sorted(told[3:]) == ["close a", "close b", "close c"]
    run_cell.append("third")
    cells.adopt(Started(told, "e"))
    assert len(told) <= 8, "none is closed twice"


def test_what_nobody_holds_any_more_leaves_its_cell(run_cell: list[str]) -> None:
    assert run_cell == ["first"]
    told: list[str] = []
    kept = Started(told, "kept")
    cells.adopt(kept, Started.tell)
    for number in range(100):
        cells.adopt(Started(told, str(number)), Started.tell)
    gc.collect()
    _, started = cells._by_cell["a page's", "cell"]
    assert list(started) == [kept]


def test_a_copy_of_the_notebook_closes_nothing(
    run_cell: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    kept = Started(told, "the original's")
    cells.adopt(kept, Started.tell)
    run_cell.append("second")
    monkeypatch.setattr(host, "session", lambda: "the copy's")
    cells.adopt(Started(told, "the copy's"), Started.tell)
    assert told == []
