"""The messages between the kernel and the page.

`js/src/state/wire.ts` is generated from these shapes and those of `powawidget.state.model`: run
`python -m tests.wire` after a change; a test compares.
"""

from typing import Any, Literal

import msgspec

from powawidget.state.model import ChatState, RunState

Action = Literal[
    "stop",
    "give_up",
    "approve",
    "deny",
    "send",
    "retry",
    "unqueue",
    "resume",
    "discard",
    "earlier",
    "anew",
    "rate",
]


class Snapshot(msgspec.Struct, kw_only=True):
    """The synced trait `_state`: the whole run, as of the delta with this number.

    `now` is the kernel's clock in seconds since the epoch, so that the page can show elapsed
    times without trusting its own clock.
    """

    seq: int
    now: float
    state: RunState


class ChatSnapshot(msgspec.Struct, kw_only=True):
    """The synced trait `_state` of a chat: the whole conversation, known by its field `chat`."""

    seq: int
    now: float
    chat: ChatState


class Brief(msgspec.Struct, kw_only=True):
    """The synced trait `_state` of what is over, as a page gets it that is loaded again.

    The whole is sent after a hello, which the page says when a view of it comes near sight: a
    notebook may have a hundred of them. Beside these fields it has those of a snapshot, of whose
    `state` or `chat` only the kind, the name and the status are there. What is embedded in another
    document is the whole.
    """

    seq: int
    now: float
    brief: bool


class OpsMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="ops"):
    """Kernel to page: changes; `seq` grows by one with each of these messages."""

    seq: int
    ops: list[Any]


class StateMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="state"):
    """Kernel to page, after a hello or a sync: the whole run, and proof of a live kernel.

    `nonce` is made anew by each kernel and stands in no saved state: without it no button acts.
    """

    seq: int
    now: float
    state: RunState
    nonce: str


class ChatStateMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="state"):
    """The same of a chat."""

    seq: int
    now: float
    chat: ChatState
    nonce: str


class CurrentMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="current"):
    """Kernel to page, after a hello: what the page has is the whole, as of this number."""

    seq: int
    now: float
    nonce: str


class BeatMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="beat"):
    """Kernel to page, about once a second while a run is live, and once at its end.

    A chat that waits for its next turn is silent, and so is a run that is over: each message
    counts as use of the kernel, which a hub would never stop.

    A `seq` ahead of the page's own shows that the last deltas were lost. `quiet` is how many
    seconds no event has come from the server (keepalives are none); 0 while nothing is expected.
    `alive` says that keepalives come meanwhile.
    """

    seq: int
    now: float
    quiet: float
    alive: bool = False


class AckMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="ack"):
    """Kernel to page: the action with this id has arrived; `refused` says why it won't be done."""

    id: str
    refused: str | None = None


class FileMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="file"):
    """Kernel to page, once a transcript is written, unless the file holds the whole and is small.

    `bytes` is the size of the transcript. `cuts` are where a saved notebook is to hold less than
    the whole snapshot with the number `seq`, which is too large for the file: see
    `powawidget.widget.file_state`.
    """

    bytes: int
    seq: int
    cuts: list[Any] = []


class ModuleMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="module"):
    """Kernel to page, after a want: a module of the front end.

    `packed` is its code in gzip and base91: no message has a binary part, which would end the
    connection to a kernel behind a gateway. `hash` names the module and the version of all of
    them, so that a page keeps none of another version.
    """

    module: str
    hash: str
    packed: str


class PieceMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="piece"):
    """Kernel to page: a piece of a message that is too large (see `powawidget.widget.pieces`).

    The pieces of one message come one after the other, and all have the same `id`. Their texts
    together are the message as JSON, of `size` characters, all of them ASCII; `index` is how many
    stand before this text.
    """

    id: str
    index: int
    size: int
    text: str


class Notice(msgspec.Struct, kw_only=True):
    """What a person may be notified of: a run asks, or its answer is there after over a minute.

    `id` is of this use alone, and says nothing of the run.
    """

    id: str
    what: Literal["asks", "ready"]


class NoticesMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="notices"):
    """Kernel to page, on the model of its notices: all that there is to notice now.

    It holds no name and no text. `source` stands for the kernel, `waiting` is how many of its runs
    ask a person; `used` is `powawidget.options.notices`.
    """

    source: str
    waiting: int
    notices: list[Notice]
    used: bool


class HelloMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="hello"):
    """Page to kernel: a model was made; the whole run is wanted, unless the page has it.

    Like an action it may arrive twice: `id` is the message's own. `have` is the number as of which
    the page has the run; `made` is the `now` of the snapshot that it began with, by which the
    kernel knows whether that was its own; None where that wasn't the whole, or a change didn't fit.
    `saves` says that the page saves what widgets hold with the notebook, as it is at that moment:
    it isn't given a few words of them any more.
    """

    id: str
    have: int
    made: float | None = None
    saves: bool = False


class SyncMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="sync"):
    """Page to kernel: a delta is missing; the whole run is wanted."""

    id: str
    have: int


class WantMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="want"):
    """Page to kernel: a module of the front end is needed."""

    id: str
    module: str


class ActMessage(msgspec.Struct, kw_only=True, tag_field="kind", tag="act"):
    """Page to kernel: a person did something.

    One click may arrive several times, by several ways and on several threads; `id` is the
    click's own. `nonce` is that of the last `StateMessage`. A decision names the digest of every
    request that was shown to the person, so that it can't cover anything else. `give_up` ends the
    pause that the run's `wait` describes, and with it the tries; `anew` runs again what was reused;
    `rate` has the thumb as its `text`, "" for none, and a note as its `reason`.

    In a chat `turn` is the index of the turn that is meant. `send` has a `text`; `unqueue` removes
    the message that the action `item` has queued; `resume` and `discard` end a pause of the
    queue; `earlier` fetches more of the stored turns.
    """

    id: str
    nonce: str
    action: Action
    digests: list[str] = []
    reason: str | None = None
    turn: int | None = None
    text: str | None = None
    item: str | None = None


KernelMessage = (
    OpsMessage
    | StateMessage
    | ChatStateMessage
    | CurrentMessage
    | BeatMessage
    | AckMessage
    | FileMessage
    | ModuleMessage
    | PieceMessage
)
PageMessage = HelloMessage | SyncMessage | WantMessage | ActMessage
