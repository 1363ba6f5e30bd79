"""The Operator: reads the database, and writes to it when a person says so."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, NamedTuple

from powawidget.local.agents.script import Agent, Call, Calls, Hook, Part, Say, Think
from powawidget.local.sample_data import REGIONS, TODAY
from powawidget.local.samples.prose import ask, fence, money, query, table
from powawidget.local.samples.tools import exporting_tool, reading_tools, writing_tool
from powawidget.local.samples.topics import regions_in, topic_of

if TYPE_CHECKING:
    from powawidget.local.agents.script import Script, Turn
    from powawidget.local.database import Database

MESSAGE = "Writes need a person."
TOPICS = {
    "export": r"compare|export",
    "both": r"\band\b.*(price|raise|escalat)|both|two writes",
    "price": r"price|raise|cheaper|discount",
    "clean": r"clean|delete|remove|drop|cancelled",
    "escalate": r"escalat|late|overdue|due|mark|write|update",
}
HELP = (
    "I can change the sample database; every change waits for a person to approve it. Try:\n\n"
    "- *Escalate the overdue orders*\n"
    "- *Raise the price of the best seller by 5%*\n"
    "- *Escalate the overdue orders and raise the price* (two writes)\n"
    "- *Delete the cancelled orders of January*\n"
    "- *Export North and South* (two exports at once)\n"
)
OVERDUE = query(
    f"""
    SELECT o.id, c.name, o.carrier, o.region, o.due_at, o.amount
    FROM orders o JOIN customers c ON c.id = o.customer_id
    WHERE o.status = 'open' AND o.due_at < '{TODAY}'
    ORDER BY o.due_at, o.id
    LIMIT 8
    """  # noqa: S608  # a date
)
BEST_SELLER = query(
    """
    SELECT p.id, p.name, p.price, SUM(o.quantity) AS pieces
    FROM orders o JOIN products p ON p.id = o.product_id
    WHERE o.status <> 'cancelled'
    GROUP BY p.id ORDER BY pieces DESC LIMIT 1
    """
)
CANCELLED = (
    "SELECT id, ordered_at, amount FROM orders"
    " WHERE status = 'cancelled' AND ordered_at LIKE '2025-01-%' ORDER BY id"
)
ERROR = "Error: "
REFUSED = "Error: Blocked by hook \u2014 "
_ENDS = (".", "!", "?", "…", "\u3002", "\uff01", "\uff1f")


class Plan(NamedTuple):
    """A write, and how to see afterwards whether it happened.

    Args:
        write: The call.
        intent: What it would do, in a sentence.
        check: A query that shows the rows concerned.
    """

    write: Call
    intent: str
    check: str


Planning = Generator[Part, list[str], Plan | None]


def operator(database: Database) -> Agent:
    """Make the Operator."""
    return Agent(
        name="Operator",
        script=_operate,
        tools=(*reading_tools(database), writing_tool(database), exporting_tool(database)),
        hooks=(
            Hook("PreToolUse", matcher="database_write", message=MESSAGE, timeout=300),
            # Short, since the older of two open requests takes the decision at its deadline only.
            Hook(
                "PreToolUse", matcher="export_orders", message="Exports need a person.", timeout=20
            ),
        ),
        system_prompt="You keep the orders in order. Every write waits for a person's approval.",
    )


def _operate(turn: Turn) -> Script:
    plans: dict[str, list[Callable[[], Planning]]] = {
        "both": [_escalate, _price],
        "price": [_price],
        "clean": [_clean],
        "escalate": [_escalate],
    }
    topic = topic_of(turn.message, TOPICS)
    if topic is None:
        yield Say(HELP)
        return
    if topic == "export":
        yield from compare(turn)
        return
    planned = []
    for make in plans[topic]:
        plan = yield from make()
        if plan is not None:
            planned.append(plan)
    if not planned:
        yield Say("There is nothing left to do: no row needs that change.\n")
        return
    yield Think("It changes data, so a person decides. I say what I want to do before I ask.")
    for plan in planned:
        yield Say(f"{plan.intent}\n\n")
    results = yield Calls(*(plan.write for plan in planned))
    yield Think("I don't trust the answer of the tool alone: I look at the rows again.")
    after = yield Calls(*(Call("database_query", {"query": plan.check}, 0.5) for plan in planned))
    yield Say(_outcome(planned, results, after))


def _write(
    table: str, operation: str, ids: int | list[int], data: dict[str, Any] | None = None
) -> Call:
    written = {"table": table, "operation": operation} | ({"data": data} if data else {})
    return Call("database_write", written | {"where": {"id": ids}})


def _escalate() -> Planning:
    yield Think("Overdue: still open, and the due date has passed. I need their numbers.")
    yield Say("I look for open orders that are past their due date.\n\n")
    rows = yield from ask(OVERDUE, 0.8)
    if not rows:
        return None
    ids = [row["id"] for row in rows]
    return Plan(
        _write("orders", "update", ids, {"status": "escalated"}),
        f"{len(ids)} orders are overdue, worth {money(sum(row['amount'] for row in rows))} EUR."
        " I would set their status to `escalated`.",
        "SELECT status, COUNT(*) AS orders, ROUND(SUM(amount), 2) AS amount FROM orders"  # noqa: S608  # numbers
        f" WHERE id IN ({', '.join(map(str, ids))}) GROUP BY status",
    )


def _price() -> Planning:
    yield Say("I look for the best seller.\n\n")
    row = (yield from ask(BEST_SELLER, 0.7))[0]
    price = round(row["price"] * 1.05, 2)
    return Plan(
        _write("products", "update", row["id"], {"price": price}),
        f"**{row['name']}** sold {row['pieces']:,} pieces. I would raise its price from"
        f" {row['price']:.2f} to {price:.2f} EUR.",
        f"SELECT name, price FROM products WHERE id = {row['id']}",  # noqa: S608  # a number
    )


def _clean() -> Planning:
    yield Say("I look for cancelled orders of January.\n\n")
    rows = yield from ask(CANCELLED, 0.6)
    if not rows:
        return None
    ids = [row["id"] for row in rows]
    return Plan(
        _write("orders", "delete", ids),
        f"{len(ids)} orders of January were cancelled. I would delete them; that can't be undone.",
        "SELECT COUNT(*) AS orders FROM orders"  # noqa: S608  # numbers
        f" WHERE id IN ({', '.join(map(str, ids))})",
    )


def _outcome(plans: list[Plan], results: list[str], after: list[str]) -> str:
    done = [not result.startswith(ERROR) for result in results]
    title = "Done" if all(done) else "Partly done" if any(done) else "Not done"
    parts = [f"## {title}"]
    for plan, result, seen in zip(plans, results, after, strict=True):
        written = plan.write.arguments
        what = f"The {written['operation']} of `{written['table']}`"
        if result.startswith(ERROR):
            why = _reason(result).strip()
            end = "" if why.endswith(_ENDS) else "."  # a person's reason may be a whole sentence
            parts.append(
                f"{what} did not happen. {why[:1].upper()}{why[1:]}{end} The rows are as they were:"
            )
        else:
            changed = json.loads(result)["affected_rows"]
            parts.append(f"{what} changed {changed} row{'s' * (changed != 1)}. I looked again:")
        rows: list[dict[str, Any]] = json.loads(seen)
        parts.append(table(list(rows[0]), [list(row.values()) for row in rows]))
        parts.append(fence("sql", plan.check))
    return "\n\n".join(parts)


def _reason(result: str) -> str:
    if result.startswith(REFUSED):
        refusal = result.removeprefix(REFUSED)
        return refusal.replace("Denied by user", "A person denied it").replace("App", "The app")
    return result.removeprefix(ERROR)


def compare(turn: Turn) -> Script:
    """Export two regions at the same time, and compare them."""
    named = regions_in(turn.message)
    names = [*named, *(name for name in REGIONS if name not in named)][:2]
    yield Think("Two exports that don't depend on each other. Each of them needs a person.")
    yield Say(f"I ask for {names[0]} and {names[1]} at the same time.\n\n")
    results = yield Calls(
        *(
            Call("export_orders", {"region": name}, seconds)
            for name, seconds in zip(names, (0.9, 0.5), strict=True)
        )
    )
    lines = []
    for name, result in zip(names, results, strict=True):
        if result.startswith(ERROR):
            lines.append((name, _reason(result), ""))
        else:
            row = json.loads(result)[0]
            lines.append((name, f"{row['orders']:,}", money(row["revenue"])))
    yield Say("## Two regions\n\n" + table(["Region", "Orders", "Revenue, EUR:"], lines) + "\n")
