"""How the front end's core comes to a page: once, as a widget model that every run names.

Each widget brings only a small loader (`js/src/loader.ts`). The core is a model of its own:
ipywidgets delivers it ahead of the widgets that name it, also while the kernel is busy, hands it to
a page that is loaded again, and saves it once with a notebook's widgets. A message of ours could do
none of these.
"""

import functools
import pathlib
import sys
import threading
from typing import Any

import ipywidgets
import traitlets

from powawidget.errors import FileError

_STATIC = pathlib.Path(__file__).parents[1] / "static"

_making = threading.Lock()
_shared: "Core | None" = None


class Core(ipywidgets.Widget):  # type: ignore[misc]  # ipywidgets has no types
    """Holds the core's code, in gzip and base91.

    It is of the class that each front end has for a model without a view, so that nothing has to be
    loaded for it. The code is text: JupyterLab saves the bytes of such a model as nothing.
    """

    code = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(self) -> None:
        self.set_trait("code", _text("core.b91"))
        super().__init__()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Ignore what a page sends: it runs this code and doesn't write it."""


def front_end() -> dict[str, Any]:
    """Give what a widget is made of on the page.

    Returns:
        Traits: `_esm` and `_core`. marimo serves `_esm` as a file, which the browser keeps, so
        there it is the core itself.

    Raises:
        FileError: The front end isn't built.
    """
    if _is_marimo():
        return {"_esm": _text("widget.js"), "_core": None}
    return {"_esm": _text("loader.js"), "_core": _core()}


def _core() -> Core:
    """Give the process's one core; a new one where `Widget.close_all()` has closed it."""
    global _shared  # noqa: PLW0603  # one a process
    with _making:
        if _shared is None or _shared.comm is None:
            _shared = Core()
        return _shared


def _is_marimo() -> bool:
    # Not imported where nobody has: it needn't be there.
    marimo = sys.modules.get("marimo")
    return marimo is not None and bool(marimo.running_in_notebook())


@functools.cache
def _text(name: str) -> str:
    file = _STATIC / name
    if not file.is_file():
        raise FileError(
            "The front end isn't built. In a checkout, run `make build`; else install "
            "powawidget again."
        )
    return file.read_text(encoding="utf-8")
