"""The front end's core is two widget models of its own, which all runs and chats share."""

import pathlib
import sys
import threading
import types
from typing import Any

import pytest
from ipywidgets import Widget
from ipywidgets.embed import embed_data

import powawidget
from tests.bench.answers import stream
from tests.packed import unpacked

STATIC = pathlib.Path(powawidget.__file__).parent / "static"
CORE = (STATIC / "widget.js").read_text()
LOADER = (STATIC / "loader.js").read_text()


def widget() -> Any:
    """Make the widget of another run."""
    return powawidget.replay(stream(["hello"])).widget


def test_every_widget_brings_the_loader_and_names_the_one_core() -> None:
    first, second = widget(), widget()
    core = first._core
    assert second._core is core
    assert [first._esm, second._esm] == [LOADER, LOADER]
    assert first.get_state()["_core"] == [f"IPY_MODEL_{part.model_id}" for part in core]
    codes = [part.get_state()["code"] for part in core]
    # What unpacks it is a line before it.
    _, packed = "".join(codes).split("\n")
    assert unpacked(packed).decode() == CORE
    assert max(map(len, codes)) < 40_000  # what a proxy lets through is 64,000


def test_the_core_is_a_model_that_every_front_end_knows() -> None:
    for part in widget()._core:
        state = part.get_state()
        model = (state["_model_module"], state["_model_name"])
        assert model == ("@jupyter-widgets/base", "WidgetModel")
        assert [name for name in state if not name.startswith("_")] == ["code"]


def test_what_embeds_widgets_takes_the_core_along_once() -> None:
    views = [widget() for _ in range(3)]
    states = embed_data(views=views)["manager_state"]["state"]
    cores = [id_ for id_, each in states.items() if each["model_name"] == "WidgetModel"]
    assert sorted(cores) == sorted(part.model_id for part in views[0]._core)


def test_a_closed_core_is_made_anew_for_the_next_widget() -> None:
    before = widget()._core
    Widget.close_all()
    after = widget()._core
    assert not {id(part) for part in after} & {id(part) for part in before}
    assert all(part.comm is not None for part in after)
    assert widget()._core is after


def test_threads_that_show_runs_at_once_make_one_core() -> None:
    Widget.close_all()
    runs = [powawidget.replay(stream(["hello"])) for _ in range(8)]
    together = threading.Barrier(len(runs))
    cores: list[Any] = []

    def show(run: Any) -> None:
        together.wait()
        cores.append(run.widget._core)

    threads = [threading.Thread(target=show, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cores) == len(runs)
    assert len({id(core) for core in cores}) == 1


def test_a_page_cannot_write_the_code() -> None:
    core = widget()._core[0]
    code = core.code
    core._handle_msg({"content": {"data": {"method": "update", "state": {"code": "alert(1)"}}}})
    assert core.code == code


@pytest.mark.parametrize("runs_here", [True, False], ids=["in marimo", "marimo only imported"])
def test_marimo_is_given_the_core_itself(monkeypatch: Any, *, runs_here: bool) -> None:
    marimo = types.ModuleType("marimo")
    marimo.running_in_notebook = lambda: runs_here  # type: ignore[attr-defined]  # a stand-in
    monkeypatch.setitem(sys.modules, "marimo", marimo)
    made = widget()
    assert made._esm == (CORE if runs_here else LOADER)
    assert (made._core is None) == runs_here
