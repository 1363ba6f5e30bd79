"""The widgets of a run and of a chat: their traits, and the messages that they send.

The whole state is one synced trait that stands in every snapshot the front end asks for, but is
never pushed on a change and never accepted from the front end. Changes are custom messages with a
number; a gap makes the front end ask for the state (see `powawidget.widget.messages`).
"""

import contextlib
import contextvars
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import anywidget
import ipywidgets
import traitlets

from powawidget.kernel import bridge, host, loop
from powawidget.live import alive
from powawidget.live.run import NONCE
from powawidget.live.subscribers import Subscribers
from powawidget.settings import file_share, options
from powawidget.state.ops import Op
from powawidget.widget import attention, core, file_state, page_state, saving
from powawidget.widget.assets import module
from powawidget.widget.heartbeat import Heartbeat
from powawidget.widget.height import checked_height
from powawidget.widget.layout import LayoutOnDemand, as_it_is
from powawidget.widget.outbox import Outbox
from powawidget.widget.pieces import MOST, pieces, size
from powawidget.widget.requests import Requests

Act = Callable[[dict[str, Any]], str | None]

_TOLD_FROM = 10_000  # bytes of a transcript, whose size the page tells
_HEARD_FOR = 60.0  # seconds after a page's last message in which it is taken to be there
# Bytes of a state in the trait, which is never in pieces. Beside it are the loader and the headers.
_MOST_GIVEN = MOST - 5_000
# What a page has by itself where nothing else is told: a hundred runs are told in 8 kB less.
_BY_THE_PAGE = ("_dom_classes", "_view_count", "layout", "tabbable", "tooltip")
_GIVEN = 8  # snapshots: more pages than that are rarely loaded at once


class LiveState(Protocol):
    """What a widget shows while it changes: the state of a run, or of a chat.

    Its state changes on the loop thread only, under `lock`; whoever reads it holds that lock too.
    """

    lock: threading.RLock
    subscribers: Subscribers

    @property
    def last_sign(self) -> float:
        """When bytes last came from the server, by the monotonic clock."""

    @property
    def is_kept_alive(self) -> bool:
        """Whether nothing but keepalives comes, and they do."""

    @property
    def finished(self) -> bool:
        """Whether nothing is under way."""

    def clock(self) -> float:
        """Tell the time by which it is dated, in seconds since the epoch."""

    def snapshot(self) -> Any:
        """Return the whole state as plain JSON values."""

    def report(self, doing: str, error: BaseException) -> None:
        """Log and show what has failed beside it; on the loop thread."""


class FileCopy(NamedTuple):
    """What the notebook's file is to hold of a state.

    Attributes:
        snapshot: A snapshot, its longest texts cut where it would be too large.
        cuts: How it differs from what the page has, as of the same number.
    """

    snapshot: dict[str, Any]
    cuts: list[list[Any]]


# Whether the state is read for a document that nobody can ask for more.
_embedding: contextvars.ContextVar[bool] = contextvars.ContextVar("_embedding", default=False)


def _is_for_page() -> bool:
    """Tell whether what is handled came from a page: a cell, or what calls a widget's callback."""
    header = host.request().get("header") or {}
    return host.has_front_end() or header.get("msg_type") == "comm_msg"


def _trait_of(_: object, widget: "StateWidget") -> dict[str, Any]:
    is_asked_for = widget.comm is not None and not _embedding.get()
    may_be_brief = is_asked_for and not saving.noted.is_set()
    if may_be_brief and widget.is_over:
        return widget.brief()
    # nbclient saves what a widget was opened with, and asks for nothing later.
    is_for_page = is_asked_for or (_is_for_page() and not _embedding.get())
    return widget.given_snapshot(_MOST_GIVEN if is_for_page else None)


class StateWidget(anywidget.AnyWidget):
    """Shows one state, in any number of views, and answers the pages that show it.

    Attributes:
        is_asked_for: Whether its view was asked for, as what shows it does.

    Args:
        live: The state.
        act: Does what a person asked for; returns why not, where it refuses.
        on_close: Called once when the widget is closed, by whomever.
        mark: By which the page finds the transcript beside the view.
    """

    # A trait with the text, not the path: what watches that file holds every widget for ever.
    _esm = traitlets.Unicode().tag(sync=True)
    # By reference: whoever saves or embeds this widget takes the core along, once.
    _core = traitlets.Any(None, allow_none=True).tag(sync=True, **ipywidgets.widget_serialization)
    # The trait's value never changes: what is sent is made when it is asked for.
    _state = traitlets.Any(None, allow_none=True).tag(sync=True, to_json=_trait_of)
    _mark = traitlets.Unicode().tag(sync=True)
    # How tall the box of a view that is drawn from now on may be, in px; None lets it grow.
    _max_height = traitlets.Int(640, allow_none=True).tag(sync=True)
    layout = LayoutOnDemand()

    doing = "brought the view up to date"

    # The name of the state in messages: by it the page knows what it shows.
    _key = "state"

    def __init__(
        self, live: LiveState, act: Act, on_close: Callable[[], None], mark: str = ""
    ) -> None:
        front_end = core.front_end()
        attention.begin()
        self._live = live
        self._on_close: Callable[[], None] | None = on_close
        self._seq = 0
        self._file: FileCopy | None = None
        self._file_size = 0
        self._has_told_file = False
        self._loop = loop.loop_thread().loop
        self._outbox = Outbox(self._loop, self._send_ops, self._send_due)
        self._heartbeat = Heartbeat(self._loop, self._beat)
        self._requests = Requests(self, act)
        self._sending = threading.Lock()
        self._comm_id: str | None = None
        # When the snapshots were made that pages began with: by it the kernel knows its own.
        self._given: deque[float] = deque(maxlen=_GIVEN)
        self.is_asked_for = False
        self._has_page = _is_for_page()  # on the thread of the cell: others can't tell
        with live.lock:
            height = checked_height(options.max_height)
            super().__init__(**front_end, _mark=mark, _max_height=height)
            live.subscribers.append(self)
        if self.comm is not None:
            self._comm_id = self.comm.comm_id
            bridge.register(self.comm.comm_id, self._from_bridge)
        self.on_msg(self._from_comm)
        if not live.finished:
            self._heartbeat.start()

    # The state, as the page and the notebook's file have it.

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state, as of the last change that was sent.

        Returns:
            A `Snapshot` or a `ChatSnapshot` as plain JSON values.
        """
        with self._live.lock:
            self._outbox.flush()
            return {"seq": self._seq, "now": self._live.clock(), self._key: self._page_state()}

    def given_snapshot(self, most: int | None = None) -> dict[str, Any]:
        """Return the state as it may stand in the notebook's file; a page asks for the whole.

        Args:
            most: The most bytes of it, where a page is to get it in one message.

        Returns:
            A snapshot, its longest texts cut where it would be too large.
        """
        copy = self.file_copy(most)
        if not copy.cuts:
            self._given.append(copy.snapshot["now"])
        return copy.snapshot

    def file_copy(self, most: int | None = None) -> FileCopy:
        """Make of the state, as of now, what the notebook's file may hold; on any thread.

        It may take long: the lock is held only while the state is copied.

        Args:
            most: The most bytes of it, where that is less than the file may hold.
        """
        snapshot = self.snapshot()
        shorten = file_state.chat if self._key == "chat" else file_state.run
        whole = snapshot[self._key]
        limit = file_share(28)
        kept = shorten(whole, limit if most is None else min(limit, most))
        cuts = file_state.differences({self._key: whole}, {self._key: kept})
        return FileCopy({**snapshot, self._key: kept}, cuts)

    def brief(self) -> dict[str, Any]:
        """Return what a page that is loaded again shows until it asks for the whole.

        Returns:
            A `Brief` as plain JSON values.
        """
        with self._live.lock:
            self._outbox.flush()
            state = self._live.snapshot()
        kept = {name: state[name] for name in ("kind", "name", "status") if name in state}
        if self._key == "chat":
            kept |= {"turns": [], "order": []}
        return {"seq": self._seq, "now": self._live.clock(), "brief": True, self._key: kept}

    @property
    def is_over(self) -> bool:
        """Whether nothing is under way."""
        return self._live.finished

    def _page_state(self) -> dict[str, Any]:
        of_page = page_state.chat if self._key == "chat" else page_state.run
        return of_page(self._live.snapshot())

    @property
    def greeted(self) -> bool:
        """Whether any page has asked for the state."""
        return self._requests.greeted

    # The widget as a subscriber of its state.

    def changed(self, ops: list[Op]) -> None:
        """Send changes of the state soon; called under its lock, on the loop thread."""
        self._outbox.push(page_state.changes(ops))
        if not (self._heartbeat.is_beating or self._live.finished):
            self._heartbeat.start()

    def ended(self) -> None:
        """Send the last changes and the number they must have; called under the state's lock."""
        self._outbox.flush()
        self._send_beat()

    def recovered(self) -> None:
        """Send what became known after the end; called under the state's lock."""
        self.ended()

    def announce_settled_file(self, size: int) -> None:
        """Tell the page what the file holds, of a state that is over: its end won't do so.

        Args:
            size: The size of the transcript beside the view, in bytes.
        """
        if self._live.finished:
            self.announce_file(size, self.file_copy())

    def announce_file(self, size: int, copy: FileCopy) -> None:
        """Tell the page what the notebook's file is to hold.

        Where no page has said hello the state is sent as the trait, for who runs a notebook and
        saves it without one.

        Args:
            size: The size of the transcript, in bytes.
            copy: What is to be held of the state.
        """
        with self._live.lock:
            self._file, self._file_size = copy, size
            if not self.greeted:
                host.send_heeded(self._send_trait)
            self._send_file()

    def close(self) -> None:
        """Close the widget: its comm, its timers and its place in the bridge."""
        with self._live.lock:
            if self in self._live.subscribers:
                self._live.subscribers.remove(self)
            self._outbox.close()
        if self._comm_id is not None:
            bridge.unregister(self._comm_id)
            self._comm_id = None
        with contextlib.suppress(RuntimeError):
            self._heartbeat.stop()
        with as_it_is():
            layout = self.layout
        on_close, self._on_close = self._on_close, None
        try:
            super().close()
            if layout is not None:
                layout.close()  # a widget of its own, which ipywidgets would keep for ever
        finally:
            if on_close is not None:
                on_close()

    # What the widget sends.

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send a message to all pages, in pieces where it is large; on any thread.

        Args:
            content: A message of `powawidget.widget.messages`, as plain JSON values.
            buffers: Nothing: see `ModuleMessage`.
        """
        with self._sending:  # the pieces of one message follow each other
            for piece in pieces(content):
                super().send(piece, buffers)

    def flush(self) -> None:
        """Send the changes that wait; on the loop thread."""
        self._try(self._outbox.flush)

    def _send_due(self) -> None:
        self._try(self._outbox.send_due)

    def _try(self, send: Callable[[], None]) -> None:
        with self._live.lock:
            try:
                send()
            except Exception as error:  # noqa: BLE001  # the page misses it, and asks for all
                self.report(self.doing, error)

    def answer_hello(self, have: object = None, made: object = None) -> None:
        """Send the whole state, unless the page began with one of ours and has all changes since.

        Args:
            have: The number of the last change that the page has.
            made: When the snapshot was made that it began with; None where it needs another.
        """
        with self._live.lock:
            self._outbox.flush()
            if made in self._given and have == self._seq:
                now = self._live.clock()
                self.send({"kind": "current", "seq": self._seq, "now": now, "nonce": NONCE})
            else:
                whole = self.snapshot()
                self._given.append(whole["now"])
                self.send({"kind": "state", **whole, "nonce": NONCE})
            self._send_file()  # a page that was loaded again may save the notebook

    def answer_want(self, name: object) -> None:
        """Send a module of the front end, where there is one of that name."""
        found = module(name)
        if found is not None:
            digest, packed = found
            self.send({"kind": "module", "module": name, "hash": digest, "packed": packed})

    def answer_act(self, action: str, refused: str | None) -> None:
        """Send what an action has changed, then say that it has arrived: the page relies on it."""
        self.flush()
        self.send({"kind": "ack", "id": action, "refused": refused})

    def answer_other(self, message: dict[str, Any]) -> None:
        """Do nothing: another kind of widget may have requests of its own."""

    def report(self, doing: str, error: Exception) -> None:
        """Log and show what has failed beside the state; on the loop thread."""
        self._live.report(doing, error)

    def _send_ops(self, ops: list[Op]) -> None:
        self._seq += 1
        self.send({"kind": "ops", "seq": self._seq, "ops": ops})

    def _send_trait(self) -> None:
        with self._live.lock:
            if self.greeted or self._comm_id is None or self._file is None:
                return
            state = {"_state": self._file.snapshot}
            if self._has_page and size(state) > _MOST_GIVEN:
                return  # people sit there: their page asks for it, and may get it in pieces
            data = {"method": "update", "state": state, "buffer_paths": []}
            content = {"comm_id": self._comm_id, "data": data}
            host.publish("comm_msg", content, b"comm-" + self._comm_id.encode())

    def _send_file(self) -> None:
        if self._file is None:
            return
        # A small one isn't worth a message to each page.
        self._has_told_file |= self._file_size >= _TOLD_FROM or bool(self._file.cuts)
        if self._has_told_file:
            # Once there are further changes a page keeps the whole state until the next copy.
            seq, cuts = self._file.snapshot["seq"], self._file.cuts
            self.send({"kind": "file", "bytes": self._file_size, "seq": seq, "cuts": cuts})

    def _send_beat(self) -> None:
        quiet = round(time.monotonic() - self._live.last_sign, 1)
        alive = {"alive": True} if self._live.is_kept_alive else {}
        now = self._live.clock()
        self.send({"kind": "beat", "seq": self._seq, "now": now, "quiet": quiet, **alive})

    def _beat(self, second: int) -> bool:
        with self._live.lock:
            # A message counts as use: a hub would never stop a kernel that nobody uses.
            if self.comm is None or self._live.finished:
                return False
            if second and self._is_watched():
                try:
                    self._send_beat()
                except Exception as error:  # noqa: BLE001  # without the next one the page gives up
                    self.report(self.doing, error)
        return True

    def _is_watched(self) -> bool:
        """Whether the page is told that the kernel lives: each message counts as use of it.

        Once the kernel is no longer kept alive for what is under way, only a page that is there is
        told. It asks after half a minute of silence.
        """
        is_heard = time.monotonic() - self._requests.heard_at < _HEARD_FOR
        return is_heard or alive.is_keeping()

    # What ipywidgets sends and receives.

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the traits as they are sent and saved."""
        with as_it_is():
            state: dict[str, Any] = super().get_state(key, drop_defaults)
        if key is None:  # a change back to nothing has to be told
            for name in _BY_THE_PAGE:
                if not state.get(name):
                    state.pop(name, None)
        return state

    def _get_embed_state(self, drop_defaults: bool = False) -> dict[str, Any]:
        """Return what a document is to hold, whole."""
        token = _embedding.set(True)
        try:
            state: dict[str, Any] = super()._get_embed_state(drop_defaults)
        finally:
            _embedding.reset(token)
        return state

    def _repr_mimebundle_(self, **given: Any) -> Any:
        """Give the view by media type, and note that it was asked for: it is shown somewhere."""
        self.is_asked_for = True
        return super()._repr_mimebundle_(**given)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Set traits from the front end, but never what is shown: a page can't write it."""
        rest = {name: value for name, value in sync_data.items() if name != "_state"}
        if rest:
            super().set_state(rest)

    def _should_send_property(self, key: str, value: Any) -> bool:
        return key != "_state" and bool(super()._should_send_property(key, value))

    def _from_comm(self, _: object, content: Any, buffers: object) -> None:
        del buffers
        if isinstance(content, dict):
            self._loop.call_soon_threadsafe(self._requests.receive, content)

    def _from_bridge(self, data: dict[str, Any]) -> None:
        # The same message comes again by the comm: only what is safe to do twice is done here.
        content = data.get("content")
        if data.get("method") == "custom" and isinstance(content, dict):
            self._loop.call_soon_threadsafe(self._requests.receive, content)


class RunWidget(StateWidget):
    """Shows one run."""


class ChatWidget(StateWidget):
    """Shows one chat."""

    _key = "chat"
