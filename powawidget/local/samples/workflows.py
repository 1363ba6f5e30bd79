"""The sample workflows: a report with a branch, a split and its join, and code that fails."""

from __future__ import annotations

from textwrap import dedent

from powawidget.local.ids import fixed_id
from powawidget.local.workflows.definition import Block, Edge, Workflow

_REGIONS = ("North", "South", "East", "West")


def sample_workflows() -> tuple[Workflow, ...]:
    """Make the sample workflows, in the order they are listed."""
    return weekly_report(), regional_briefing(), price_import()


def weekly_report() -> Workflow:
    """Make the Weekly report: count a week, raise an alarm or not, write it up."""
    return Workflow(
        name="Weekly report",
        description="Counts a week of orders, says what stands out, and writes the report.",
        blocks=(
            Block(
                "Start",
                "starter",
                {"input": {"week": 40, "region": "all", "alert_above": 0.15}},
                at=(0, 0),
            ),
            Block("Orders", "code", {"code": code_of(_ORDERS)}, seconds=1.6, at=(200, 0)),
            Block("Rates", "code", {"code": code_of(_RATES)}, seconds=1.1, at=(400, 0)),
            Block(
                "Alarm",
                "condition",
                {
                    "branches": [
                        {"expression": "<Rates.output.late_share> > <Start.output.alert_above>"}
                    ]
                },
                seconds=0.3,
                at=(600, 0),
            ),
            Block("Investigate", "agent", asked("Analyst", _WEEK), seconds=0.9, at=(800, -80)),
            Block("All clear", "agent", asked("Analyst", _WEEK), seconds=0.9, at=(800, 80)),
            Block(
                "Report",
                "agent",
                asked(
                    "Writer",
                    "Write the weekly report from <Rates.output.json>."
                    " Note: <Investigate.output><All clear.output>",
                ),
                seconds=1.0,
                at=(1000, 0),
            ),
            Block("Response", "response", {"output": "<Report.output>"}, at=(1200, 0)),
        ),
        edges=(
            Edge("Start", "Orders"),
            Edge("Orders", "Rates"),
            Edge("Rates", "Alarm"),
            Edge("Alarm", "Investigate", "if"),
            Edge("Alarm", "All clear", "else"),
            Edge("Investigate", "Report"),
            Edge("All clear", "Report"),
            Edge("Report", "Response"),
        ),
    )


def regional_briefing() -> Workflow:
    """Make the Regional briefing: a split into four regions, and a join."""
    return Workflow(
        name="Regional briefing",
        description="Splits into the four regions, joins their figures, and writes a briefing.",
        blocks=(
            Block("Start", "starter", {"input": {"month": 11}}, at=(0, 0)),
            Block("Split", "split", {"input": "<Start.output>"}, at=(200, 0)),
            *(
                Block(
                    region,
                    "code",
                    {"code": code_of(_REGION.replace("REGION", region))},
                    seconds=0.7 + 0.2 * number,
                    at=(400, -150 + 100 * number),
                )
                for number, region in enumerate(_REGIONS)
            ),
            Block("Join", "code", {"code": code_of(_JOIN)}, seconds=0.3, at=(600, 0)),
            Block(
                "Briefing",
                "agent",
                asked("Writer", "Write a briefing from <Join.output.json>."),
                seconds=0.6,
                at=(800, 0),
            ),
            Block(
                "Response",
                "response",
                {"output": {"briefing": "<Briefing.output>", "regions": "<Join.output.regions>"}},
                at=(1000, 0),
            ),
        ),
        edges=(
            Edge("Start", "Split"),
            *(Edge("Split", region) for region in _REGIONS),
            *(Edge(region, "Join") for region in _REGIONS),
            Edge("Join", "Briefing"),
            Edge("Briefing", "Response"),
        ),
    )


def price_import() -> Workflow:
    """Make the Price import: its code fails on a comma, and the blocks after it run all the same.

    With `price="12.50"` it works, and changes the price in the database.
    """
    return Workflow(
        name="Price import (code fails)",
        description="Reads a price; the comma in it makes the code fail. With 12.50 it works.",
        blocks=(
            Block(
                "Start",
                "starter",
                {"input": {"product": "House Espresso", "price": "12,50"}},
                at=(0, 0),
            ),
            Block("Parse", "code", {"code": code_of(_PARSE)}, seconds=0.9, at=(200, 0)),
            Block("Store", "code", {"code": code_of(_STORE)}, seconds=1.1, at=(400, 0)),
            Block("Response", "response", {"output": "<Store.output>"}, at=(600, 0)),
        ),
        edges=(Edge("Start", "Parse"), Edge("Parse", "Store"), Edge("Store", "Response")),
    )


def asked(agent: str, message: str) -> dict[str, str]:
    """Configure a block that asks an agent."""
    return {"agent_id": fixed_id(agent), "input": message}


def code_of(text: str) -> str:
    """Take the indentation off a block's code, as it stands in these modules."""
    return dedent(text).strip()


_WEEK = "Say what stands out in <Rates.output.json>."

_ORDERS = """
    from datetime import date, timedelta

    asked = input_data["Start"]["output"]
    monday = date.fromisocalendar(2025, int(asked["week"]), 1)
    region = "%" if asked["region"] == "all" else asked["region"]
    rows = query(
        '''
        SELECT CAST((julianday(?) - julianday(ordered_at) + 6) / 7 AS INTEGER) AS weeks_ago,
               carrier, COUNT(*) AS orders, COUNT(shipped_at) AS shipped,
               COALESCE(SUM(shipped_at > due_at), 0) AS late,
               ROUND(SUM(amount), 2) AS revenue
        FROM orders
        WHERE ordered_at >= ? AND ordered_at < ? AND region LIKE ? AND status <> 'cancelled'
        GROUP BY weeks_ago, carrier ORDER BY weeks_ago, carrier
        ''',
        (str(monday), str(monday - timedelta(weeks=8)), str(monday + timedelta(weeks=1)), region),
    )
    best = query(
        '''
        SELECT p.name, ROUND(SUM(o.amount), 2) AS revenue
        FROM orders o JOIN products p ON p.id = o.product_id
        WHERE o.ordered_at >= ? AND o.ordered_at < ? AND o.region LIKE ?
          AND o.status <> 'cancelled'
        GROUP BY p.id ORDER BY revenue DESC LIMIT 1
        ''',
        (str(monday), str(monday + timedelta(weeks=1)), region),
    )
    if not best:
        raise ValueError(f"There are no orders in week {asked['week']} of {asked['region']}")
    output = {
        "from": str(monday),
        "to": str(monday + timedelta(days=6)),
        "best": best[0],
        "rows": rows,
    }
"""
_RATES = """
    import json
    from statistics import fmean, stdev

    asked = input_data["Start"]["output"]
    found = input_data["Orders"]["output"]
    weeks = [[row for row in found["rows"] if row["weeks_ago"] == ago] for ago in range(9)]
    week, before = weeks[0], weeks[1:]

    def total(name, rows):
        return round(sum(row[name] for row in rows), 2)

    def late_share(rows):
        return total("late", rows) / max(total("shipped", rows), 1)

    shares = [late_share(rows) for rows in before]
    usual = fmean([total("revenue", rows) for rows in before])
    facts = {
        "kind": "week",
        "week": asked["week"],
        "region": "all regions" if asked["region"] == "all" else asked["region"],
        "from": found["from"],
        "to": found["to"],
        "orders": total("orders", week),
        "revenue": total("revenue", week),
        "growth": round(total("revenue", week) / max(usual, 1) - 1, 4),
        "shipped": total("shipped", week),
        "late": total("late", week),
        "late_share": round(late_share(week), 4),
        "alert_above": asked["alert_above"],
        "usual": round(fmean(shares), 4),
        "weeks": [round(late_share(rows), 4) for rows in reversed(weeks)],
        "z": round((late_share(week) - fmean(shares)) / max(stdev(shares), 0.01), 2),
        "carriers": [
            {"carrier": row["carrier"], "orders": row["shipped"], "late": row["late"]}
            for row in week
        ],
        "best": found["best"],
    }
    output = {"late_share": facts["late_share"], "usual": facts["usual"], "json": json.dumps(facts)}
"""
_REGION = """
    month = f"2025-{int(input_data['Start']['output']['month']):02d}-%"
    output = query(
        "SELECT 'REGION' AS region, COUNT(*) AS orders, ROUND(SUM(amount), 2) AS revenue,"
        " COUNT(shipped_at) AS shipped, COALESCE(SUM(shipped_at > due_at), 0) AS late"
        " FROM orders WHERE region = 'REGION' AND status <> 'cancelled' AND ordered_at LIKE ?",
        (month,),
    )[0]
"""
_JOIN = """
    import json

    months = ("January", "February", "March", "April", "May", "June", "July", "August",
              "September", "October", "November", "December")
    regions = [input_data[name]["output"] for name in ("North", "South", "East", "West")]
    for region in regions:
        region["late_share"] = round(region["late"] / max(region["shipped"], 1), 4)
    others = sorted(regions, key=lambda region: region["late_share"])[:-1]
    facts = {
        "kind": "regions",
        "month": months[int(input_data["Start"]["output"]["month"]) - 1],
        "regions": regions,
        "late_elsewhere": round(
            sum(r["late"] for r in others) / max(sum(r["shipped"] for r in others), 1), 4
        ),
    }
    output = {"regions": regions, "json": json.dumps(facts)}
"""
_PARSE = """
    output = float(input_data["Start"]["output"]["price"])
"""
_STORE = """
    price = input_data["Parse"]["output"]
    product = input_data["Start"]["output"]["product"]
    if price is None:
        output = f"{product}: no price, nothing changed"
    else:
        rows = write("products", "update", {"price": price}, {"name": product})
        output = f"{product}: {price:.2f} EUR, {rows} row changed"
"""
