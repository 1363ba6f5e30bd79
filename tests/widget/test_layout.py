"""A run's widget has a layout of its own once somebody asks for one, and costs nothing before."""

from typing import Any

import comm
import ipywidgets
import pytest

import powawidget
from tests.bench.answers import stream


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that were opened on pages, by their names."""
    names: list[str] = []

    class Noting(comm.DummyComm):
        def publish_msg(self, msg_type: str, data: Any = None, **_: object) -> None:
            if msg_type == "comm_open":
                names.append(data["state"]["_model_name"])

    monkeypatch.setattr(comm, "create_comm", Noting)
    return names


def widget() -> Any:
    """Make the widget of another run."""
    return powawidget.replay(stream(["hello"])).widget


def test_runs_bring_no_layouts(opened: list[str]) -> None:
    widgets = [widget() for _ in range(3)]
    assert [name for name in opened if name != "WidgetModel"] == ["AnyModel"] * 3
    assert ["layout" in each.get_state() for each in widgets] == [False] * 3
    widgets[0].close()
    assert "LayoutModel" not in opened


def test_a_layout_that_is_set_is_of_one_run_alone(opened: list[str]) -> None:
    one, other = widget(), widget()
    one.layout.display = "none"
    assert one.get_state()["layout"] == f"IPY_MODEL_{one.layout.model_id}"
    assert "layout" not in other.get_state()
    assert other.layout.display is None
    assert opened.count("LayoutModel") == 2


@pytest.mark.parametrize("kind", [ipywidgets.Layout, dict])
def test_a_layout_can_be_given(kind: Any) -> None:
    made = widget()
    made.layout = kind(width="50%")
    assert made.layout.width == "50%"


def test_a_closed_run_closes_its_layout() -> None:
    made = widget()
    layout = made.layout
    made.close()
    assert layout.comm is None
