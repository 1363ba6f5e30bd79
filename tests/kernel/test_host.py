"""What is sent between two cells is sent again by the next: nbclient heeds nothing else."""

from collections import deque
from collections.abc import Callable

import pytest

from powawidget.kernel import host


class Kernel:
    """Says which cell runs, as a kernel does, and what was sent while which one did."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[str | None] = []
        self.meanwhile: list[Callable[[], None]] = []
        self._set = monkeypatch.setattr

    def begin(self, cell: str) -> None:
        request = {"header": {"msg_type": "execute_request", "msg_id": cell}}
        self._set(host, "request", lambda: request)
        host._note_parent()

    def send(self) -> None:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        self.sent.append(host._running)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    monkeypatch.setattr(host, "_followed", object())
    monkeypatch.setattr(host, "_unheeded", deque())
    monkeypatch.setattr(host, "_running", None)
    monkeypatch.setattr(host, "_latest_parent", {})
    return Kernel(monkeypatch)


def test_what_is_sent_while_a_cell_runs_is_sent_once(kernel: Kernel) -> None:
    kernel.begin("1")
    host.send_heeded(kernel.send)
    kernel.begin("2")
    assert kernel.sent == ["1"]


def test_what_is_sent_between_two_cells_is_sent_again_once_by_the_next(kernel: Kernel) -> None:
    kernel.begin("1")
    host._note_end()
    host.send_heeded(kernel.send)
    host.send_heeded(kernel.send)
    kernel.begin("2")
    kernel.begin("3")
    assert kernel.sent == [None, None, "2"]


def test_what_is_on_its_way_when_a_cell_ends_is_sent_again(kernel: Kernel) -> None:
    kernel.begin("1")
    kernel.meanwhile = [host._note_end]
    host.send_heeded(kernel.send)
    kernel.begin("2")
    assert kernel.sent[-1] == "2"


def test_what_is_on_its_way_when_a_cell_begins_is_sent_again_in_it(kernel: Kernel) -> None:
    kernel.meanwhile = [lambda: kernel.begin("1")]
    host.send_heeded(kernel.send)
    assert kernel.sent[-1] == "1"


def test_where_no_cell_is_followed_nothing_is_kept(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "_followed", None)
    host.send_heeded(kernel.send)
    assert kernel.sent == [None]
    assert not host._unheeded
