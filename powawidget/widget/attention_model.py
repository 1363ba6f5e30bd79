"""The model by which a page learns what there is to notice; `attention.py` makes it."""

import contextlib
import functools
import logging
import pathlib
from typing import Any

import anywidget
import traitlets

from powawidget.errors import FileError
from powawidget.kernel import loop
from powawidget.live.subscribers import log
from powawidget.settings import options
from powawidget.state.model import plain
from powawidget.widget import attention
from powawidget.widget.layout import LayoutOnDemand, as_it_is
from powawidget.widget.messages import NoticesMessage

_CODE = pathlib.Path(__file__).parents[1] / "static" / "notices.js"


class Attention(anywidget.AnyWidget):
    """Tells the pages of this kernel what there is to notice.

    No trait holds it: in a notebook that was saved and is opened without its kernel nothing waits.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    layout = LayoutOnDemand()

    def __init__(self) -> None:
        super().__init__(_esm=_code())
        self._loop = loop.loop_thread().loop
        self.on_msg(self._from_comm)
        self._answer_soon()  # a page whose kernel computes is told all the same

    def tell(self, message: NoticesMessage) -> None:
        """Tell all pages; on the loop thread. What fails is told with the next change."""
        try:
            if self.comm is not None:
                self.send(plain(message))
        except Exception as error:  # noqa: BLE001  # at the kernel's end its sockets may be gone
            log(logging.DEBUG, "powawidget couldn't tell a page of its notices: %r", error)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Ignore what a page sends: it runs this code and doesn't write it."""

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the traits as they are sent and saved."""
        with as_it_is():
            state: dict[str, Any] = super().get_state(key, drop_defaults)
        return state

    def __repr__(self) -> str:
        return f"<Notices: {'on' if options.notices else 'off'}>"

    def _from_comm(self, _: object, content: Any, buffers: object) -> None:
        del buffers
        if isinstance(content, dict) and content.get("kind") == "notices":
            self._answer_soon()

    def _answer_soon(self) -> None:
        with contextlib.suppress(RuntimeError):  # at the interpreter's end there is no loop
            self._loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        message = attention.message()
        if message is not None:
            self.tell(message)


@functools.cache
def _code() -> str:
    if not _CODE.is_file():
        raise FileError(
            "The front end isn't built. In a checkout, run `make build`; else install "
            "powawidget again."
        )
    return _CODE.read_text(encoding="utf-8")
