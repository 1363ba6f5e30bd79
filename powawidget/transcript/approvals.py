"""What a person was asked, and what became of it."""

import datetime as dt
import hashlib
from collections.abc import Iterable

from powawidget.state.model import ENDED, ApprovalPart, RunState, ToolPart
from powawidget.transcript import layout, words
from powawidget.transcript.context import Context
from powawidget.transcript.nodes import Details, Grid, Heading, Node, Span, Spans
from powawidget.transcript.summary import one_line, tool_name

_CHOICE = {"approve": "approval", "deny": "denial"}
_BY = {
    "click": " by a person",
    "stop": ", because the run was stopped",
    "elsewhere": " elsewhere",
}
_SHORT_HASH = 12
_GLYPHS = {"approved": "done", "denied": "denied", "expired": "denied", "pending": "waiting"}


def decision(part: ApprovalPart, zone: dt.tzinfo | None, *, over: bool) -> str:
    """What became of a request, in one line."""
    asked, at, by = part.asked_at, part.decided_at, part.by
    known = by in {"click", "code"} and at is not None
    moment = words.clock(at, zone, day=False) if known else ""
    after = f", after {words.wait((at or asked) - asked)}" if known else ""
    when = (f" at {moment}" if moment else "") + after
    match part.decision:
        case "approved":
            return f"Approved{decided_by(by)}{when}"
        case "denied":
            return f"Denied{decided_by(by)}{when}"
        case "expired":
            limit = (part.deadline or at or asked) - asked
            late = f"in {words.wait(limit)}" if limit > 0 else "in time"
            return f"Not answered {late}: the server blocked {words.COVERS[part.covers]}"
        case "superseded":
            return "Superseded: the run went on without an answer"
        case "pending" if not over:
            return "Not decided yet"
        case "sending" if not over and part.choice is not None:
            if part.delivery != "taken":
                again = " again" if part.delivery == "again" else ""
                return f"Sending the {_CHOICE[part.choice]}{again}"
            runs = part.choice == "approve" and part.covers == "call"
            said = "Approved" if part.choice == "approve" else "Denied"
            goes_on = "running" if runs else "waiting for the server"
            return f"{said}{decided_by(by)}, {goes_on}"
        case "pending" | "undecided":
            return "Not decided: the run ended"
    chosen = _CHOICE.get(part.choice or "", "decision")
    sent = "" if by is None else f", sent{decided_by(by)}"
    return f"It isn't known what became of the {chosen}{sent}"


def decided_by(by: str | None) -> str:
    """Who decided, as it is read after Approved or Denied."""
    if by is None:
        return ""
    return _BY.get(by, f" by {one_line(by)}")


def subject(part: ApprovalPart) -> Span:
    """What a request is about."""
    if part.covers != "call":
        return Span(words.COVERS[part.covers])
    return Span(tool_name(part.tool_name), "name")


def digest(part: ApprovalPart) -> str:
    """SHA-256 over the exact arguments."""
    return hashlib.sha256(part.arguments.encode(errors="replace")).hexdigest()


class Requests:
    """Turns the requests of one run into nodes, each at the call that it gates.

    Attributes:
        by_call: The indices of the requests that stand at a call, by its index.
    """

    def __init__(self, context: Context, state: RunState) -> None:
        self._context = context
        self._state = state
        self._numbers: dict[int, int] = {}
        self.by_call: dict[int, list[int]] = {}
        for index, part in enumerate(state.parts):
            if isinstance(part, ApprovalPart):
                self._numbers[index] = len(self._numbers)
                if self._call(part, index) is not None:
                    self.by_call.setdefault(part.call or 0, []).append(index)

    def nodes(self, index: int) -> list[Node]:
        """Say what became of a request; what was asked is in details that are closed."""
        part = self._state.parts[index]
        if not isinstance(part, ApprovalPart):
            return []
        context, where = (
            self._context,
            self._context.expression(f"approvals[{self._numbers[index]}]"),
        )
        body: list[Node] = []
        if part.message:
            body.append(layout.label("What the hook says"))
            body.append(layout.quote(context, part.message, f"{where}.message"))
        if part.arguments.strip() not in {"", "{}"}:
            body += layout.labelled(
                context, words.ARGUMENTS, part.arguments, f"{where}.arguments", exact=True
            )
        if part.outcome:
            body.append(layout.label("What the server did"))
            body.append(layout.quote(context, part.outcome, f"{where}.outcome"))
        body.append(layout.line("SHA-256 of the arguments ", Span(digest(part), "code")))
        return [Details(self._decided(part, index), tuple(body), "quiet")]

    def _decided(self, part: ApprovalPart, index: int) -> Spans:
        over = self._state.status in ENDED
        shown = decision(part, self._context.about.zone, over=over)
        spans = [Span(_glyph(part), "glyph"), Span(f" {shown}")]
        call = self._call(part, index)
        if call is None:
            spans += [Span(" ("), subject(part), Span(")")]
        elif place := words.gate(self.by_call[part.call or 0].index(index)):
            spans.append(Span(f", {place}"))
        if part.reason and part.by != "stop":
            spans += [Span(": "), Span(one_line(part.reason, 400), "quoted")]
        if call is not None and part.decision == "approved" and call.asked is not None:
            changed = call.arguments != part.arguments
            spans += [Span(f". {words.CHANGED_AFTER}", "strong")] if changed else []
        return tuple(spans)

    def _call(self, part: ApprovalPart, index: int) -> ToolPart | None:
        """The call that a request stands at."""
        if part.call is None or not 0 <= part.call < index:
            return None
        call = self._state.parts[part.call]
        return call if isinstance(call, ToolPart) else None


def _glyph(part: ApprovalPart) -> str:
    return _GLYPHS.get(part.decision, "interrupted")


def table(context: Context, state: RunState) -> Iterable[Node]:
    """List all requests of a run: who decided what, when, and over which arguments."""
    parts = [part for part in state.parts if isinstance(part, ApprovalPart)]
    if not parts:
        return
    yield Heading((Span(words.APPROVALS),))
    columns = ("Request", "Decision", "Asked", "Waited", "Reason, outcome", "SHA-256")
    rows = tuple(_row(context, state, part) for part in parts)
    context.count(300 * len(rows))
    yield Grid(columns, rows, context.expression("approvals"))


def _row(context: Context, state: RunState, part: ApprovalPart) -> tuple[Spans, ...]:
    zone = context.about.zone
    at = part.decided_at
    reasons = [
        *([Span(one_line(part.reason, 400), "quoted")] if part.reason else []),
        *([Span(" · ")] if part.reason and part.outcome else []),
        *([Span(one_line(part.outcome, 400), "unquoted")] if part.outcome else []),
    ]
    over = state.status in ENDED
    shown = decision(part, zone, over=over).split(" at ")[0].split(", after")[0]
    return (
        (subject(part),),
        (Span(_glyph(part), "glyph"), Span(f" {shown}")),
        # The zone stands at the head.
        (Span(words.clock(part.asked_at, zone).rpartition(" ")[0]),),
        (Span("" if at is None else words.wait(at - part.asked_at)),),
        tuple(reasons),
        (Span(f"{digest(part)[:_SHORT_HASH]}…", "code"),),
    )
