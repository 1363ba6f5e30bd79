"""How the front end's core comes to a page: once, as widget models that every run names.

Each widget brings only a small loader (`js/src/loader.ts`). The core is two models of its own, each
with one half, since a proxy may let no message through that has all of it. ipywidgets delivers them
ahead of the widgets that name them, also while the kernel is busy, and saves them once with a
notebook's widgets. A message of ours could do neither.
"""

import functools
import pathlib
import sys
import threading
from typing import Any

import ipywidgets
import traitlets

from powawidget.errors import FileError
from powawidget.kernel import bridge
from powawidget.widget import restoring

_STATIC = pathlib.Path(__file__).parents[1] / "static"

_making = threading.Lock()
_shared: "list[Core]" = []
_PARTS = 2


class Core(ipywidgets.Widget):  # type: ignore[misc]  # ipywidgets has no types
    """Holds one half of the core: a line of code that unpacks it, and it, in gzip and base91.

    It is of the class that each front end has for a model without a view, so that nothing has to be
    loaded for it. The code is text: JupyterLab saves the bytes of such a model as nothing.

    Args:
        code: The half.
    """

    code = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(self, code: str) -> None:
        self.set_trait("code", code)
        super().__init__()
        self._comm_id = None if self.comm is None else self.comm.comm_id
        if self._comm_id is not None:
            # While a cell waits, what a page asks of it is answered as of any of our comms.
            bridge.register(self._comm_id, lambda _: None)

    def close(self) -> None:
        """Close the model, and its place in the bridge."""
        if self._comm_id is not None:
            bridge.unregister(self._comm_id)
        super().close()

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the traits; what tells of all widgets at once has no code: a page asks for it.

        It isn't empty there but missing: a page whose connection comes back is told of all anew,
        and keeps what it has, which it may save.
        """
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        if restoring.is_of_all():
            state.pop("code", None)
        return state

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


def _core() -> list[Core]:
    """Give the process's one core; a new one where `Widget.close_all()` has closed it."""
    global _shared  # noqa: PLW0603  # one a process
    with _making:
        if not _shared or any(part.comm is None for part in _shared):
            restoring.install()
            code = _text("core.b91")
            half = -(-len(code) // _PARTS)
            _shared = [Core(code[at : at + half]) for at in range(0, len(code), half)]
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
