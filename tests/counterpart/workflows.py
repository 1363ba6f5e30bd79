"""Workflows of the tests: one that books or asks, and an orchestration in a block."""

from __future__ import annotations

from powawidget.local.ids import fixed_id
from powawidget.local.samples.workflows import asked, code_of
from powawidget.local.workflows.definition import Block, Edge, Workflow


def credit_note() -> Workflow:
    """Make the Credit note: books a credit in the database, or asks, above a limit."""
    return Workflow(
        name="Credit note",
        description="Books a small credit, asks about a large one; its e-mail is switched off.",
        blocks=(
            Block(
                "Start",
                "starter",
                {"input": {"customer": "Linden Kitchen", "amount": 25.0, "limit": 50.0}},
                at=(0, 0),
            ),
            Block("Customer", "code", {"code": code_of(_CUSTOMER)}, seconds=1.2, at=(200, 0)),
            Block(
                "Within limit",
                "condition",
                {
                    "branches": [
                        {"expression": "<Customer.output.amount> <= <Customer.output.limit>"}
                    ]
                },
                seconds=0.2,
                at=(400, 0),
            ),
            Block("Book", "code", {"code": code_of(_BOOK)}, seconds=1.5, at=(600, -80)),
            Block(
                "Ask",
                "agent",
                asked("Writer", "Ask somebody to decide on <Customer.output.json>."),
                seconds=0.5,
                at=(600, 80),
            ),
            Block(
                "E-mail",
                "general_api",
                {
                    "method": "POST",
                    "url": "https://mail.example/send",
                    "body": "<Book.output.text>",
                    "answer": {"sent": True},
                },
                enabled=False,
                seconds=1.0,
                at=(800, -120),
            ),
            Block(
                "Response",
                "response",
                {"output": {"booked": "<Book.output>", "question": "<Ask.output>"}},
                at=(1000, 0),
            ),
        ),
        edges=(
            Edge("Start", "Customer"),
            Edge("Customer", "Within limit"),
            Edge("Within limit", "Book", "if"),
            Edge("Within limit", "Ask", "else"),
            Edge("Book", "E-mail"),
            Edge("Book", "Response"),
            Edge("Ask", "Response"),
        ),
    )


def board_memo() -> Workflow:
    """Make the Board memo: a whole orchestration in one block, of which nothing is told."""
    return Workflow(
        name="Board memo",
        description="Asks the Research desk, and hands its answer on.",
        blocks=(
            Block("Start", "starter", {"input": {"question": "Why are orders late?"}}, at=(0, 0)),
            Block(
                "Research",
                "orchestration",
                {
                    "orchestration_id": fixed_id("orchestration Research desk"),
                    "input": "<Start.output.question>",
                },
                at=(200, 0),
            ),
            Block("Response", "response", {"output": "<Research.output>"}, at=(400, 0)),
        ),
        edges=(Edge("Start", "Research"), Edge("Research", "Response")),
    )


_CUSTOMER = """
    import json

    asked = input_data["Start"]["output"]
    rows = query(
        "SELECT c.id, c.name, COUNT(*) AS orders, ROUND(SUM(o.amount), 2) AS revenue,"
        " SUM(COALESCE(o.shipped_at > o.due_at, 0)) AS late"
        " FROM customers c JOIN orders o ON o.customer_id = c.id"
        " WHERE c.name = ? AND o.status <> 'cancelled' GROUP BY c.id",
        (asked["customer"],),
    )
    if not rows:
        raise ValueError("There is no customer " + asked["customer"])
    facts = rows[0] | {"kind": "credit", "amount": asked["amount"], "limit": asked["limit"]}
    output = facts | {"json": json.dumps(facts)}
"""
_BOOK = """
    customer = input_data["Customer"]["output"]
    reason = f"{customer['late']} late orders"
    rows = write(
        "credits",
        "insert",
        {
            "customer_id": customer["id"],
            "amount": customer["amount"],
            "reason": reason,
            "created_at": "2025-12-31",
        },
    )
    output = {
        "rows": rows,
        "customer": customer["name"],
        "amount": customer["amount"],
        "text": f"We credit you with {customer['amount']:.2f} EUR for {reason}.",
    }
"""
