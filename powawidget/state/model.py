"""What a run is: the state that ops change and that the page shows.

These are the shapes of the wire between the kernel and the page; `js/src/state/wire.ts` is
generated from them. Values that come from a model (arguments, results) are carried as JSON text,
never as objects: so a key that a model chose is never a key of the state, a number keeps every
digit, and what a person is shown is what was sent.
"""

from typing import Any, Literal

import msgspec

from powawidget.state.text import Text

Kind = Literal["agent", "orchestration", "workflow"]
RunStatus = Literal[
    "connecting",
    "running",
    "waiting",
    "reconnecting",
    "completed",
    "failed",
    "stopped",
    "interrupted",
]
ToolStatus = Literal["running", "waiting", "done", "failed", "denied", "interrupted"]
Decision = Literal[
    "pending",
    "sending",
    "approved",
    "denied",
    "expired",
    "superseded",
    "unknown",
    "undecided",
]
Gate = Literal["call", "answer", "start"]
WorkStatus = Literal["running", "done", "failed", "interrupted"]
BlockStatus = Literal[
    "pending",
    "running",
    "done",
    "failed",
    "skipped",
    "not_reached",
    "interrupted",
]

ENDED: frozenset[str] = frozenset({"completed", "failed", "stopped", "interrupted"})


class Failure(msgspec.Struct, kw_only=True):
    """Why a run failed: a plain title, the server's own words, and what to do next.

    `details` are words of the server that only few can read, such as its SQL, with a user's id in
    it: they are shown to who asks for them, and not printed with the rest.
    """

    title: str
    message: str
    code: str | None = None
    hint: str | None = None
    details: str | None = None

    def __repr__(self) -> str:
        told = {name: getattr(self, name) for name in self.__struct_fields__ if name != "details"}
        return f"Failure({', '.join(f'{name}={value!r}' for name, value in told.items())})"


class Citation(msgspec.Struct, kw_only=True):
    """A source that the answer refers to by its key, as in `[1]`."""

    key: str
    source: str = ""
    excerpt: str = ""


class TextPart(msgspec.Struct, kw_only=True, tag_field="kind", tag="text"):
    """A stretch of text between two cards.

    `within`, here and on other parts, is the index of the delegation or the parallel group among
    the parts beside it that it belongs to; None stands at the top.
    """

    text: Text = msgspec.field(default_factory=Text)
    within: int | None = None


class TooLarge(msgspec.Struct, kw_only=True):
    """A text that a page isn't given: its size in bytes of UTF-8, and its SHA-256 in hex."""

    size: int
    digest: str


class ToolPart(msgspec.Struct, kw_only=True, tag_field="kind", tag="tool"):
    """One tool call, from its request to its result.

    `arguments` is JSON text. `result` is text, or JSON text where `json` is true; it is the
    first 200 characters while `full` is false (docs/protocol.md#result-preview). `asked` holds the
    arguments of the request where a hook changed them before the tool ran. `arguments` is empty
    while they are still to come.

    `seconds` is the server's time of the whole call, in which a gated one waited for its decision:
    `waited` is that part of it (docs/protocol.md#gates).

    `withheld` and `withheld_asked` are set in what a page is given only, instead of arguments that
    are too large to show there (`powawidget.widget.page_state`); here the arguments are whole.
    """

    name: str
    arguments: str = "{}"
    asked: str | None = None
    call_id: str | None = None
    step: int = 0
    status: ToolStatus = "running"
    result: str | None = None
    full: bool = False
    json: bool = False
    size: int | None = None
    seconds: float | None = None
    waited: float = 0.0
    started: float = 0.0
    order: int | None = None
    within: int | None = None
    withheld: TooLarge | None = None
    withheld_asked: TooLarge | None = None


class ApprovalPart(msgspec.Struct, kw_only=True, tag_field="kind", tag="approval"):
    """A request to a person, and what became of it.

    `call` is the index of the gated tool call among the parts beside it. `covers` names the
    gate: a tool call, the answer, or the start of the run (docs/protocol.md#gates and
    #gates-without-tool). `digest` is the request's own: over its run, its call, its index and its
    exact arguments. `choice` is what was sent, `decision` what has come of it; after `closes`
    nothing is sent any more, so that a late answer can't hit the next request. `delivery` is how
    far a decision is on its way: it is being sent, it is sent again since the server doesn't wait
    for it yet, or the server has taken it. `waited` is how long the request was open, where the
    hook told. `withheld` is as in a tool call.
    """

    tool_name: str
    arguments: str = "{}"
    digest: str = ""
    message: str = ""
    covers: Gate = "call"
    call: int | None = None
    decision: Decision = "pending"
    choice: Literal["approve", "deny"] | None = None
    by: str | None = None
    reason: str | None = None
    asked_at: float = 0.0
    decided_at: float | None = None
    deadline: float | None = None
    closes: float | None = None
    waited: float | None = None
    outcome: str | None = None
    delivery: Literal["sending", "again", "taken"] | None = None
    withheld: TooLarge | None = None


class NoticePart(msgspec.Struct, kw_only=True, tag_field="kind", tag="notice"):
    """A quiet line: a recovery, a hook, a frame that could not be read, `count` times.

    `details` is what it is about, for whoever opens it: the text that was streamed before the
    connection was lost, where the stored one took its place (docs/protocol.md#cut-plain).
    """

    code: str
    text: str
    count: int = 1
    within: int | None = None
    details: str | None = None


class DelegationPart(msgspec.Struct, kw_only=True, tag_field="kind", tag="delegation"):
    """One agent at work for an orchestration (docs/protocol.md#child-frames).

    Its texts and calls are the parts whose `within` is its index. `call` is the index of the
    supervisor's tool call that it stands for, `step` the model call it is at, `steps` how many it
    took in the end. `agent` is empty where it isn't known. `stored` says that its text and
    results are the stored run's, which replaced what was streamed.
    """

    agent: str = ""
    task: str = ""
    child_id: str | None = None
    call: int | None = None
    status: WorkStatus = "running"
    step: int = 0
    steps: int | None = None
    usage: dict[str, int] | None = None
    started: float = 0.0
    seconds: float | None = None
    stored: bool = False
    within: int | None = None


class ParallelPart(msgspec.Struct, kw_only=True, tag_field="kind", tag="parallel"):
    """Agents at work at the same time, whose frames can't be told apart.

    `agents` are their names where they are known, `count` is how many they are and `begun` how many
    of them have begun. Of their text only `characters` is kept while it streams; their tool calls
    are parts within the group. Once the stored run is known, so is one delegation for each child,
    and a call that is known to be a child's moves within it.
    """

    agents: list[str] = []
    count: int | None = None
    begun: int = 0
    characters: int = 0
    status: WorkStatus = "running"
    started: float = 0.0
    seconds: float | None = None
    within: int | None = None


class Block(msgspec.Struct, kw_only=True):
    """One block of a workflow (docs/protocol.md#block-order).

    `input` and `output` are JSON text. `text` is what an agent block streams. `seconds` is how
    long it ran, `started` when.
    """

    id: str
    name: str = ""
    type: str = ""
    status: BlockStatus = "pending"
    input: str | None = None
    output: str | None = None
    error: str | None = None
    text: Text = msgspec.field(default_factory=Text)
    started: float | None = None
    seconds: float | None = None


class Wait(msgspec.Struct, kw_only=True):
    """A pause that a person sees and can end: before a request is sent again, or a run looked up.

    `until` is when the next try is, in seconds since the epoch, `attempt` which try that is: of a
    request the second or a later one, of the lookups the first or a later one.
    """

    purpose: Literal["retry", "look_up"]
    why: str
    until: float
    attempt: int = 1


SpanKind = Literal["model", "tool", "hook", "human", "wait", "delegate", "block"]
SpanStatus = Literal["running", "done", "failed", "interrupted"]
SpanClock = Literal["server", "here", "placed"]


class Span(msgspec.Struct, kw_only=True):
    """A stretch of time and what filled it. What it means is read by `powawidget.spans`.

    `of` is the index of its card: of a block among the blocks, else of a part. `within` is the
    index of the delegation or the group around it. `start` and `end` stand on the run's axis, which
    is the server's clock where the stream tells its times, else this machine's. `clock` says who
    told both: the server by its times; nobody, so that they are as they were seen here; or the
    server told how long it took, and where it stands was seen here (placed). `seen` is when it
    began as seen here: its start anew, where its end is only seen here.
    """

    kind: SpanKind
    name: str = ""
    of: int | None = None
    within: int | None = None
    start: float = 0.0
    end: float | None = None
    seen: float = 0.0
    clock: SpanClock = "here"
    status: SpanStatus = "running"


class Clocks(msgspec.Struct, kw_only=True):
    """How the server's clock stands to this machine's, in seconds (docs/protocol.md#agent-frames).

    The axis is the server's times less `shift`, which is 0 as long as its clock isn't set back.
    `skew` is what this machine's clock is ahead of the axis, delays left out as far as is known.
    `first` and `latest` are the first and the latest time that the server told, on the axis.
    """

    first: float
    latest: float
    skew: float
    shift: float = 0.0


class Thought(msgspec.Struct, kw_only=True):
    """The reasoning of one step, of the run or of the delegation that it is `within`."""

    step: int
    text: Text = msgspec.field(default_factory=Text)
    whole: bool = False
    within: int | None = None


class Reasoning(msgspec.Struct, kw_only=True):
    """All reasoning of a run; `since` is set while the model is thinking."""

    thoughts: list[Thought] = []
    seconds: float = 0.0
    since: float | None = None


Part = TextPart | ToolPart | ApprovalPart | NoticePart | DelegationPart | ParallelPart


class RunState(msgspec.Struct, kw_only=True, dict=True):
    """One run, complete enough to draw it from nothing.

    Times are seconds since the epoch by the kernel's clock. `streamed` says that a content
    delta was seen, which decides what a later chunk means (docs/protocol.md#text-whole). `on_stop`
    says what the server does when this run is stopped (docs/protocol.md#after-the-stream).

    Of an orchestration: `strategy`, and `answer`, the index of the delegation whose text is the
    answer, where it doesn't stand at the top. Of a workflow: `blocks` in the order of its graph,
    `graph` says whether that was known before, and `output` is the result as JSON text. `restored`
    says that the stored run replaced a stream that was cut. `halves` are the surrogates at the end
    of texts that grow, by the texts' paths, as in `parts/3/text`: each waits for the other half of
    its character.

    `spans` are what filled the time, in the order in which they began; `clocks` is None as long as
    the server has told no time.

    Beside its fields, and never on the wire, it carries an index for the reducer's rules
    (`powawidget.state.index`).
    """

    kind: Kind = "agent"
    name: str = ""
    message: str = ""
    origin: Literal["live", "replay", "stored"] = "live"
    status: RunStatus = "connecting"
    run_id: str | None = None
    session_id: str | None = None
    step: int = 0
    streamed: bool = False
    edited: Literal["modified", "blocked"] | None = None
    parts: list[Part] = []
    reasoning: Reasoning = msgspec.field(default_factory=Reasoning)
    citations: list[Citation] = []
    usage: dict[str, int] | None = None
    error: Failure | None = None
    started: float | None = None
    ended: float | None = None
    on_stop: str = ""
    strategy: str = ""
    answer: int | None = None
    blocks: list[Block] = []
    graph: bool = False
    output: str | None = None
    wait: Wait | None = None
    restored: bool = False
    halves: dict[str, int] = {}
    spans: list[Span] = []
    clocks: Clocks | None = None


class Queued(msgspec.Struct, kw_only=True):
    """A message that waits for the turn before it; `id` is that of the action that sent it."""

    id: str
    text: str


class ChatState(msgspec.Struct, kw_only=True):
    """One conversation, complete enough to draw it from nothing.

    `turns` are in the order in which they came here and keep their indices; `order` is that in
    which they are read, since stored ones may be fetched later. `retried` are those that were
    sent again. `paused` says why what is queued isn't sent. `earlier` is how many stored turns
    aren't fetched yet, `missing` how many runs of the conversation its history leaves out
    (docs/protocol.md#session-messages). `options` are the keyword arguments of every turn, as
    Python. `id` is the chat's own: by it a page finds what was typed before it was loaded again.
    """

    id: str = ""
    kind: Kind = "agent"
    name: str = ""
    session_id: str | None = None
    options: str = ""
    writable: bool = True
    turns: list[RunState] = []
    order: list[int] = []
    retried: list[int] = []
    queued: list[Queued] = []
    paused: str | None = None
    earlier: int = 0
    missing: int = 0
    loading: bool = False
    notice: str | None = None


def _encode(value: object) -> object:
    if isinstance(value, Text):
        return str(value)
    raise NotImplementedError


def _decode(kind: type, value: Any) -> object:
    if kind is Text and isinstance(value, str):
        return Text(value)
    raise NotImplementedError


def plain(value: object) -> Any:
    """Turn a piece of the state into plain JSON values, sharing nothing with it.

    Args:
        value: A struct of this module, or anything JSON can hold.

    Returns:
        Dictionaries, lists, strings, numbers, booleans and None.
    """
    return msgspec.to_builtins(value, enc_hook=_encode)


def typed(value: Any, kind: Any) -> Any:
    """Turn plain JSON values into a piece of the state, checking them.

    Returns:
        The value as that type, sharing nothing with what was given.

    Raises:
        msgspec.ValidationError: If the value doesn't have that type.
    """
    return msgspec.convert(value, kind, dec_hook=_decode)


def typed_json(data: bytes, kind: Any) -> Any:
    """Read JSON as a piece of the state, without making objects of what doesn't belong to it.

    Raises:
        msgspec.DecodeError: If it isn't JSON, or doesn't have that type.
    """
    return msgspec.json.decode(data, type=kind, dec_hook=_decode)
