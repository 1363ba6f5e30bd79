"""The widgets of a run and of a chat: traits and comm messages, nothing else.

The whole state is one synced trait that stands in every snapshot the front end asks for, but is
never pushed on a change and never accepted from the front end. Changes are custom messages with a
number; a gap makes the front end ask for the state (see `powawidget.widget.messages`).
"""

import asyncio
import contextlib
import hmac
import pathlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

import anywidget
import traitlets

from powawidget.errors import FileError
from powawidget.kernel import bridge, host, loop
from powawidget.live.run import NONCE, Subscriber
from powawidget.settings import file_share
from powawidget.state.ops import Op
from powawidget.widget import notebook_file, page_state
from powawidget.widget.assets import module
from powawidget.widget.outbox import Outbox

_STATIC = pathlib.Path(__file__).parents[1] / "static"
_BEAT = 1.0
_IDLE_BEATS = 20
_REMEMBERED = 1000

Act = Callable[[dict[str, Any]], str | None]


class Shown(Protocol):
    """What a widget shows while it changes: the state of a run, or of a chat.

    Its state changes on the loop thread only, under `lock`; whoever reads it holds that lock too.
    """

    lock: threading.RLock
    subscribers: list[Subscriber]

    @property
    def heard(self) -> float:
        """When bytes last came from the server, by the monotonic clock."""

    @property
    def settled(self) -> bool:
        """Whether nothing is under way."""

    def snapshot(self) -> Any:
        """Return the whole state as plain JSON values."""

    def trouble(self, doing: str, error: BaseException) -> None:
        """Log and tell what has failed beside it; on the loop thread."""


def _front_end() -> str:
    file = _STATIC / "widget.js"
    if not file.is_file():
        raise FileError(
            "The front end isn't built. In a checkout, run `make build`; else install "
            "powawidget again."
        )
    return file.read_text(encoding="utf-8")


def _snapshot_of(_: object, widget: "StateWidget") -> dict[str, Any]:
    return widget.filed()


class StateWidget(anywidget.AnyWidget):
    """Shows one state, in any number of views, and takes what people do there.

    Args:
        live: The state.
        act: Does what a person asked for; returns why not, where it refuses.
        on_close: Called once when the widget is closed, by whomever.
        mark: By which the page finds the transcript beside the view.
    """

    # A trait with the text, not the path: what watches that file holds every widget for ever.
    _esm = traitlets.Unicode().tag(sync=True)
    # The trait's value never changes: what is sent is made when it is asked for.
    _state = traitlets.Any(None, allow_none=True).tag(sync=True, to_json=_snapshot_of)
    _mark = traitlets.Unicode().tag(sync=True)

    doing = "brought the view up to date"

    # What the state is called in messages; by that the page knows what it shows.
    _whole = "state"
    # How many seconds' beats are one, while nothing is under way; 0 for none at all.
    _idle_beats = 0

    def __init__(self, live: Shown, act: Act, on_close: Callable[[], None], mark: str = "") -> None:
        front_end = _front_end()
        self._live = live
        self._act = act
        self._on_close: Callable[[], None] | None = on_close
        self._seq = 0
        self._seen: OrderedDict[str, str | None] = OrderedDict()
        self._beat: asyncio.TimerHandle | None = None
        self._beats = 0
        self._filed_size: int | None = None
        self.greeted = False
        self._loop = loop.loop_thread().loop
        self._outbox = Outbox(self._loop, self._send_ops, self._fire)
        self._comm_id: str | None = None
        with live.lock:
            super().__init__(_esm=front_end, _mark=mark)
            live.subscribers.append(self)
        if self.comm is not None:
            self._comm_id = self.comm.comm_id
            bridge.register(self.comm.comm_id, self._from_bridge)
        self.on_msg(self._from_comm)
        if self._idle_beats or not live.settled:
            self._loop.call_soon_threadsafe(self._start_beating)

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state, as of the last change that was sent.

        Returns:
            A `Snapshot` or a `ChatSnapshot` as plain JSON values.
        """
        with self._live.lock:
            self._outbox.flush()
            return {"seq": self._seq, "now": time.time(), self._whole: self._shown()}

    def filed(self) -> dict[str, Any]:
        """Return the state as it may stand in the notebook's file; a page asks for the whole.

        Returns:
            A snapshot, its longest texts cut where it would be too large.
        """
        snapshot = self.snapshot()
        shorten = notebook_file.chat if self._whole == "chat" else notebook_file.run
        return {**snapshot, self._whole: shorten(snapshot[self._whole], file_share(28))}

    def _shown(self) -> dict[str, Any]:
        given = page_state.chat if self._whole == "chat" else page_state.run
        return given(self._live.snapshot())

    def emit(self, size: int) -> None:
        """Learn that a cell shows the state; where that is over its end will tell of no file.

        Args:
            size: The size of the transcript beside it, in bytes.
        """
        with self._live.lock:
            if self._live.settled:
                self.tell_filed(size)

    def tell_filed(self, size: int) -> None:
        """Tell the page what goes into the notebook's file; under the state's lock.

        Where no page has said hello the state is sent as the trait, for who runs a notebook and
        saves it without one.

        Args:
            size: The size of the transcript, in bytes.
        """
        kept = self.filed()
        if not self.greeted and self._comm_id is not None:
            data = {"method": "update", "state": {"_state": kept}, "buffer_paths": []}
            content = {"comm_id": self._comm_id, "data": data}
            host.publish("comm_msg", content, b"comm-" + self._comm_id.encode())
        self._filed_size = size
        self._send_filed(kept)

    def _send_filed(self, kept: dict[str, Any]) -> None:
        cuts = notebook_file.cuts({self._whole: self._shown()}, {self._whole: kept[self._whole]})
        size = self._filed_size
        self.send({"kind": "filed", "bytes": size, "seq": kept["seq"], "cuts": cuts})

    def changed(self, ops: list[Op]) -> None:
        """Take changes of the state; called under its lock, on the loop thread."""
        self._outbox.push(page_state.changes(ops))

    def ended(self) -> None:
        """Send the last changes and the number they must have; called under the state's lock."""
        self._outbox.flush()
        self._send_beat()

    def recovered(self) -> None:
        """Send what was learned after the end; called under the state's lock."""
        self.ended()

    def close(self) -> None:
        """Close the widget: its comm, its timers and its place in the bridge."""
        with self._live.lock:
            if self in self._live.subscribers:
                self._live.subscribers.remove(self)
            self._outbox.close()
        if self._comm_id is not None:
            bridge.unregister(self._comm_id)
            self._comm_id = None
        # At the interpreter's end the loop may be gone, and its timers with it.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop_beating)
        layout = self.layout
        on_close, self._on_close = self._on_close, None
        try:
            super().close()
            if layout is not None:
                layout.close()  # a widget of its own, which ipywidgets would keep for ever
        finally:
            if on_close is not None:
                on_close()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take state from the front end, but never what is shown: a page can't write it."""
        rest = {name: value for name, value in sync_data.items() if name != "_state"}
        if rest:
            super().set_state(rest)

    def _should_send_property(self, key: str, value: Any) -> bool:
        return key != "_state" and bool(super()._should_send_property(key, value))

    def _fire(self) -> None:
        with self._live.lock:
            try:
                self._outbox.flush()
            except Exception as error:  # noqa: BLE001  # the page misses it, and asks for all
                self._live.trouble(self.doing, error)

    def _send_ops(self, ops: list[Op]) -> None:
        self._seq += 1
        self.send({"kind": "ops", "seq": self._seq, "ops": ops})

    def _send_state(self) -> None:
        with self._live.lock:
            message = {"kind": "state", **self.snapshot(), "nonce": NONCE}
            self.send(message)
            if self._filed_size is not None:  # a page that was loaded again may save the notebook
                self._send_filed(self.filed())

    def _send_beat(self) -> None:
        quiet = round(time.monotonic() - self._live.heard, 1)
        self.send({"kind": "beat", "seq": self._seq, "now": time.time(), "quiet": quiet})

    def _start_beating(self) -> None:
        with self._live.lock:
            is_idle = self._live.settled
            if self.comm is None or (is_idle and not self._idle_beats):
                self._beat = None
                return
            if self._beat is not None and not (is_idle and self._beats % self._idle_beats):
                try:
                    self._send_beat()
                except Exception as error:  # noqa: BLE001  # without the next one the page gives up
                    self._live.trouble(self.doing, error)
            self._beats += 1
        self._beat = self._loop.call_later(_BEAT, self._start_beating)

    def _stop_beating(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def _from_comm(self, _: object, content: Any, buffers: object) -> None:
        del buffers
        if isinstance(content, dict):
            self._loop.call_soon_threadsafe(self._receive, content)

    def _from_bridge(self, data: dict[str, Any]) -> None:
        # The same message comes again by the comm: only what is safe to do twice is done here.
        content = data.get("content")
        if data.get("method") == "custom" and isinstance(content, dict):
            self._loop.call_soon_threadsafe(self._receive, content)

    def _receive(self, content: dict[str, Any]) -> None:
        """Take a message of the page; on the loop thread."""
        try:
            self._take_message(content)
        except Exception as error:  # noqa: BLE001  # a loop's callback: nobody else would hear of it
            self._live.trouble("answered the page", error)

    def _take_message(self, content: dict[str, Any]) -> None:
        kind = content.get("kind")
        if kind in {"hello", "sync"}:
            self.greeted = True
            if self._is_new(content.get("id")):
                self._send_state()
        elif kind == "want":
            if self._is_new(content.get("id")):
                self._send_module(content.get("module"))
        elif kind == "act":
            self._on_act(content)

    def _send_module(self, name: object) -> None:
        found = module(name)
        if found is not None:
            told, packed = found
            self.send({"kind": "module", "module": name, "hash": told, "packed": packed})

    def _is_new(self, request: object) -> bool:
        """Tell whether a page's request is here for the first time; without an id it is."""
        if not isinstance(request, str):
            return True
        return self._remember(request[:100], None)

    def _remember(self, request: str, answer: str | None) -> bool:
        if request in self._seen:
            return False
        self._seen[request] = answer
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return True

    def _on_act(self, content: dict[str, Any]) -> None:
        action = content.get("id")
        if not isinstance(action, str) or len(action) > 100:  # noqa: PLR2004  # said once, here
            return
        # Remembered before it is done: what breaks halfway isn't done a second time.
        if self._remember(action, None):
            self._seen[action] = self._refusal(content)
        # What the action changed goes first: after the answer the page may rely on what it shows.
        self._fire()
        self.send({"kind": "ack", "id": action, "refused": self._seen[action]})

    def _refusal(self, content: dict[str, Any]) -> str | None:
        """Do what a person asked for; returns why not."""
        nonce = content.get("nonce")
        if not (isinstance(nonce, str) and hmac.compare_digest(nonce.encode(), NONCE.encode())):
            return "This view belongs to another kernel: show it again."
        try:
            return self._act(content)
        except Exception as error:  # noqa: BLE001  # whatever it is, the page must hear of it
            self._live.trouble("did what a page asked for", error)
            return f"powawidget failed: {type(error).__name__}. The kernel's log says more."


class RunWidget(StateWidget):
    """Shows one run."""


class ChatWidget(StateWidget):
    """Shows one chat. Between two turns it still beats: an idle chat isn't a dead kernel's."""

    _whole = "chat"
    _idle_beats = _IDLE_BEATS
