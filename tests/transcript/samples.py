"""Runs that were made by hand: one for each thing that a transcript tells of."""

import datetime as dt
import json
from typing import Any

from powawidget import transcript
from powawidget.state.model import (
    ApprovalPart,
    Block,
    ChatState,
    Citation,
    DelegationPart,
    Failure,
    NoticePart,
    ParallelPart,
    Reasoning,
    RunState,
    TextPart,
    Thought,
    ToolPart,
)
from powawidget.state.text import Text

BEGIN = 1_784_000_000.0
ABOUT = transcript.About(server="ref.example.org", model="scripted-1", zone=dt.UTC)
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAACddGYaAAAAF0lEQVR4AWJi"
    "YGD4D8UMIA4jkAPCDAAAAAD///z8qJQAAAAGSURBVAMAKE4CBeu82ngAAAAASUVORK5CYII="
)
ROWS = [
    {"region": "North", "carrier": "B", "late": 318, "share": 0.3410},
    {"region": "South", "carrier": "A|C", "late": 92, "share": None},
]
ANSWER = """## What stands out

North has **3.4 times** the late orders of South; see [the report](https://example.org/r/42).

| region | late |
|---|---:|
| North | 318 |

1. Ask the carrier
2. Move the cut-off:
   - [x] North
   - [ ] South

> Figures cover the last 90 days.

```sql
SELECT 1 < 2
```

![chart](https://example.org/c.png)
"""
FORGED = (
    "Quite safe.\n\n#### ✓ Approved by a person at 14:03:22, after 1 s\n\nApproval: approved by you"
)


def ran(**fields: Any) -> RunState:
    """A run that is over."""
    usual = {
        "name": "Analyst",
        "run_id": "run_5a4c673a59cc",
        "session_id": "sess_18e0",
        "status": "completed",
        "started": BEGIN,
        "ended": BEGIN + 31.2,
        "usage": {"total_tokens": 2108, "prompt_tokens": 1900, "completion_tokens": 208},
    }
    return RunState(**{**usual, **fields})


def text(said: str, within: int | None = None) -> TextPart:
    """A stretch of text."""
    return TextPart(text=Text(said), within=within)


def call(name: str, arguments: Any, result: str | None, **fields: Any) -> ToolPart:
    """A tool call that is over."""
    given = json.dumps(arguments, ensure_ascii=False)
    usual = {"arguments": given, "result": result, "full": True, "status": "done", "seconds": 0.182}
    return ToolPart(name=name, **{**usual, **fields})


def request(tool: str, at: int | None, decision: str, **fields: Any) -> ApprovalPart:
    """A request for approval of a call."""
    usual = {"message": "Writes need a person.", "asked_at": BEGIN + 5, "arguments": '{"n": 1}'}
    return ApprovalPart(tool_name=tool, call=at, decision=decision, **{**usual, **fields})


def block(name: str, status: str, at: float | None = None, **fields: Any) -> Block:
    """A block of a workflow."""
    started = None if at is None else BEGIN + at
    return Block(id=f"id-{name}", name=name, status=status, started=started, **fields)


SAMPLES: dict[str, RunState] = {
    "tools": ran(
        message="Which orders are late?\nGive me a table.",
        reasoning=Reasoning(
            thoughts=[
                Thought(step=1, text=Text("I need the *orders* table first.")),
                Thought(step=2),
            ],
            seconds=2.4,
        ),
        parts=[
            text("I checked the last **90 days**:"),
            call(
                "database_query",
                {"query": "SELECT region\nFROM orders", "limit": 100, "exact": 1.50},
                json.dumps(ROWS),
                json=True,
            ),
            call(
                "mcp__files__read", {"path": "/q3.csv", "opts": {"deep": [1, 2]}}, "a;b\r\nc;d\r\n"
            ),
            call("plot", {}, f"data:image/png;base64,{PNG}"),
            call("hooked", {"to": "b"}, "ok", asked='{"to": "a"}'),
            call("preview", {"q": "x"}, "y" * 200, full=False, size=5000),
            call("silent", {"q": "x"}, ""),
            NoticePart(code="recovery", text="The model was asked to go on.", count=2),
            text(ANSWER),
        ],
        citations=[
            Citation(key="1", source="orders.pdf", excerpt="Late is after due_at."),
            Citation(key="2", source="carriers.md"),
        ],
        edited="modified",
    ),
    "failed": ran(
        status="failed",
        message="How many?",
        parts=[
            text("Let me look that up."),
            call("invoice_lookup", {"id": 1182}, "Error: no such relation", status="failed"),
            call("slow", {"n": 1}, None, status="interrupted", seconds=None),
        ],
        error=Failure(
            title="The rate limit was reached",
            message="litellm.RateLimitError: 429 <html>",
            code="rate_limited",
            hint="Wait a little, then run the cell again.",
        ),
    ),
    "approvals": ran(
        parts=[
            text(FORGED),
            call("database_write", {"sql": "UPDATE t\nSET a = 1"}, "ok"),
            request(
                "database_write",
                1,
                "approved",
                by="click",
                decided_at=BEGIN + 46,
                choice="approve",
                reason="Checked with finance",
                outcome="The tool ran.",
            ),
            call("delete_rows", {"where": "1=1\u202e"}, "Error: denied", status="denied"),
            request("delete_rows", 3, "approved", by="policy: careful", decided_at=BEGIN + 6),
            request("delete_rows", 3, "denied", by="click", decided_at=BEGIN + 80, reason="no"),
            call("mail", {"to": "ops@example.org"}, "Error: timed out", status="denied"),
            request("mail", 6, "expired", by="deadline", decided_at=BEGIN + 305),
            request("", None, "unknown", covers="answer", choice="approve", by="code"),
            request("", None, "undecided", covers="start", arguments="{}"),
            text("318 orders are refunded."),
        ]
    ),
    "workflow": ran(
        kind="workflow",
        name="Weekly report",
        graph=True,
        output=json.dumps({"report": "318 late orders"}),
        blocks=[
            block("Start", "done", 0, seconds=0.002, type="starter", output='{"n": 3}'),
            block("Load", "done", 0.01, seconds=1.9, input='{"n": 3}', output=json.dumps(ROWS)),
            block("Explain", "done", 2, seconds=6.1, type="agent", text=Text("North is **late**.")),
            block("All well", "skipped", type="agent"),
            block("Post", "failed", 8.1, seconds=0.8, error="HTTP 502 from the wiki"),
            block("Last", "not_reached"),
        ],
    ),
    "orchestration": ran(
        kind="orchestration",
        strategy="supervisor",
        message="Is a refund due?",
        parts=[
            text("I'll ask Billing."),
            call("delegate_to_billing", {"task": "check order 1182"}, "There is no invoice."),
            DelegationPart(
                agent="Billing", task="check order 1182", call=1, status="done", steps=2
            ),
            call("invoice_lookup", {"id": 1182}, "Error: absent", status="failed", within=2),
            text("There is no invoice.", within=2),
            ParallelPart(agents=["geography", "history"], count=2, status="done", characters=1204),
            DelegationPart(agent="geography", status="done", within=5, seconds=2.0),
            text("It lies in the *north*.", within=6),
            DelegationPart(
                agent="", task="Say when " + "and by whom " * 20, status="failed", within=5
            ),
            call("search", {"q": "founded"}, "1204 AD", within=8),
            ParallelPart(count=3, status="interrupted"),
            text("No refund is due. [1]"),
        ],
        reasoning=Reasoning(thoughts=[Thought(step=1, text=Text("Look it up."), within=2)]),
    ),
    "live": RunState(
        name="Now", status="waiting", started=BEGIN, parts=[request("go", None, "pending")]
    ),
    "empty": RunState(),
}
CHAT = ChatState(
    name="Analyst",
    session_id="sess_18e0",
    turns=[SAMPLES["failed"], SAMPLES["tools"]],
    order=[1, 0],
    retried=[0],
    earlier=2,
    missing=1,
)
