"""The words of a transcript: those of the page (`js/src/text/words.ts`), in the past tense."""

import datetime as dt
import math

from powawidget.transcript.pictures import Picture

_MINUTE = 60
_TENTH = 0.05
_TENTHS = 59.95
_KILO = 1000

STATUS = {
    "connecting": "Connecting",
    "running": "Running",
    "waiting": "Waiting for a person",
    "reconnecting": "Reconnecting",
    "completed": "Done",
    "done": "Done",
    "failed": "Failed",
    "denied": "Denied",
    "stopped": "Stopped",
    "interrupted": "Interrupted",
    "pending": "Pending",
    "skipped": "Skipped",
    "not_reached": "Not reached",
}
# A call that failed because nobody answered its request.
EXPIRED = "Expired"
SIGNS = {
    "connecting": "●",
    "running": "●",
    "waiting": "◐",
    "reconnecting": "◐",
    "completed": "✓",
    "done": "✓",
    "mixed": "✓",
    "failed": "✗",
    "denied": "⊘",
    "stopped": "■",
    "interrupted": "╌",
    "pending": "○",
    "skipped": "–",  # noqa: RUF001  # the live view has it
    "not_reached": "○",
    "delegation": "→",
    "parallel": "⇉",
}
# A run that goes on, as it stood when it was written.
UNDER_WAY = {
    "connecting": "connecting",
    "running": "running",
    "waiting": "waiting for approval",
    "reconnecting": "reconnecting",
}
ORIGIN = {"live": "", "replay": "replay", "stored": "stored run"}
COVERS = {"call": "the call", "answer": "the answer", "start": "the run"}

QUESTION = "Question"
ANSWER = "Answer"
DETAILS = "Details"
AGENT = "Agent"
TASK = "Task"
ARGUMENTS = "Arguments"
NO_ARGUMENTS = "No arguments"
ASKED = "Asked for"
RAN_WITH = "Ran with"
HOOK_CHANGED = "A hook changed the arguments"
CHANGED_AFTER = "A hook changed the arguments after the approval"
RESULT = "Result"
ERROR = "Error"
INPUT = "Input"
OUTPUT = "Output"
NO_RESULT = "No result"
EMPTY_ANSWER = "The answer is empty."
EMPTY_RESULT = "The result is empty"
NO_THOUGHT = "The provider shows nothing of this thinking."
MODIFIED = "Edited by a hook"
BLOCKED = "Blocked by a hook"
UNREADABLE = "This part could not be written."
MIXED = (
    "They worked at the same time, and the stream didn't say whose text was whose. Their own texts "
    "aren't known."
)
LATER = "what came later isn't in this file."
BROUGHT_BACK = " pb.get_run(run_id) brings it back from the server."
RESTORED = "The connection broke off; this is the run as the server stored it."
UNKNOWN_AGENT = "An agent"
APPROVALS = "Approvals"
BLOCKS = "Blocks"
TURN = "Turn"
TIME = "Where the time went"
SEEN_HERE = "as seen here"
# Of spans: one of a kind, and what a kind took together.
KIND = {
    "model": "Model",
    "tool": "Tool",
    "hook": "Hook",
    "human": "Person",
    "wait": "Wait",
    "delegate": "Agent",
    "block": "Block",
}
KINDS = {
    "model": "model",
    "tool": "tools",
    "hook": "hooks",
    "human": "people",
    "wait": "waits",
    "delegate": "agents",
    "block": "blocks",
}
LEAST = 0.05  # seconds: less is nothing to tell


def count(value: int) -> str:
    """A count with thousands separators."""
    return f"{value:,}"


def plural(value: int, one: str) -> str:
    """`1 row`, `1,204 rows`."""
    return f"{value:,} {one}" if value == 1 else f"{value:,} {one}s"


def rows(number: int) -> str:
    """How many rows."""
    return plural(number, "row")


def items(number: int) -> str:
    """How many items."""
    return plural(number, "item")


def object_of(keys: int) -> str:
    """An object of so many keys."""
    return f"object, {plural(keys, 'key')}"


def image(kind: str, data: str) -> str:
    """An image that isn't shown."""
    return f"{kind.upper()} image, {size(len(data) * 3 // 4)}"


def picture(shown: Picture) -> str:
    """A picture in words, and why it isn't shown where a page couldn't."""
    named, size = image(shown.kind, shown.data), shown.size
    if shown.is_safe:
        return named
    if size is None or 0 in size:
        return f"{named}, damaged or of another kind"
    return f"{named}, {size[0]:,} × {size[1]:,} pixels, too large to show"  # noqa: RUF001  # times


def size(length: int) -> str:
    """An amount of text: `312 bytes`, `14.2 kB`, `1.2 MB`."""
    if length < _KILO:
        return plural(length, "byte")
    unit, amount = ("kB", length / 1e3) if length < 999_950 else ("MB", length / 1e6)  # noqa: PLR2004  # used once, here
    return f"{amount:,.1f} {unit}"


def duration(seconds: float) -> str:
    """A duration, to a tenth of a second: `<0.1 s`, `7.0 s`, `2 min 5 s`."""
    seconds = _bounded(seconds)
    if seconds < _TENTH:
        return "<0.1 s"
    if seconds < _TENTHS:
        return f"{seconds:.1f} s"
    return wait(seconds)


def wait(seconds: float) -> str:
    """A wait as it is said: `41 s`, `5 min`, `1 h 5 s`."""
    whole = round(_bounded(seconds))
    minutes, rest = divmod(whole, _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{value} {unit}" for value, unit in parts if value) or "0 s"


def _bounded(seconds: float) -> float:
    """A time that can be written: a saved file may hold any number."""
    return 0.0 if math.isnan(seconds) else min(max(seconds, 0.0), 1e12)


def clock(at: float | None, zone: dt.tzinfo | None, *, day: bool = True) -> str:
    """A moment: `2026-07-14 14:03:22 CEST`, or only its time; empty where it can't be one."""
    if at is None:
        return ""
    try:
        moment = dt.datetime.fromtimestamp(at, dt.UTC).astimezone(zone)
    except (OverflowError, ValueError, OSError):
        return ""
    return f"{moment:%Y-%m-%d %H:%M:%S %Z}" if day else f"{moment:%H:%M:%S}"


def as_of(at: float | None, zone: dt.tzinfo | None, status: str) -> str:
    """That a run went on when it was written: the file keeps saying so, whatever came of it."""
    moment = clock(at, zone, day=False).rpartition(":")[0]
    when = f"As of {moment}" if moment else "When this was written"
    return f"{when}: {UNDER_WAY[status]}; {LATER}"


def preview(shown: int, of: int | None) -> str:
    """That only the start of a result is known."""
    if of is None:
        return f"Preview, first {plural(shown, 'character')}"
    return f"Preview, first {shown:,} of {plural(of, 'character')}"


def thought(seconds: float, steps: int) -> str:
    """How long the model thought."""
    took = f" for {duration(seconds)}" if seconds > 0 else ""
    return f"Thought{took}" + (f", {plural(steps, 'step')}" if steps > 1 else "")


def times(number: int) -> str:
    """How many times something came."""
    return f"×{number:,}"  # noqa: RUF001  # times


def gate(place: int) -> str:
    """Which gate of a call a request is, where it isn't the first."""
    if place < 1:
        return ""
    return "second gate" if place == 1 else f"gate {place + 1}"


def more(amount: str, where: str) -> str:
    """That something is left out, and where all of it is."""
    return f"… {amount} more: {where}"
