"""What agents write in the blocks of workflows, which hand them facts as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from powawidget.local.agents.script import Say, Think
from powawidget.local.samples.prose import money, percent, sections, signed, table

if TYPE_CHECKING:
    from powawidget.local.agents.script import Script

Facts = dict[str, Any]

_BARS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
_MANY = 2.0  # standard deviations
_UNRESOLVED = re.compile(r"<[\w -]+\.output>")


def facts_in(message: str) -> Facts:
    """Find the facts in a message.

    Args:
        message: Text with one JSON object in it, of which `kind` says what it holds.

    Returns:
        The object, empty where there is none.
    """
    decoder = json.JSONDecoder()
    start = message.find("{")
    while start >= 0:
        try:
            found, _ = decoder.raw_decode(message, start)
        except ValueError:
            start = message.find("{", start + 1)
        else:
            return found if isinstance(found, dict) else {}
    return {}


def watch(facts: Facts) -> Script:
    """Say what stands out in a week, if anything.

    Args:
        facts: The facts of a week.
    """
    worst = max(facts["carriers"], key=lambda row: row["late"] / max(row["orders"], 1))
    rate = worst["late"] / max(worst["orders"], 1)
    if facts["late_share"] <= facts["alert_above"]:
        yield Say(
            f"Nothing stands out. {percent(facts['late_share'])} of the week's orders left late,"
            f" under the limit of {percent(facts['alert_above'])}, and the eight weeks before had"
            f" {percent(facts['usual'])}. The slowest carrier was {worst['carrier']} with"
            f" {percent(rate)}.\n"
        )
        return
    others = facts["late"] - worst["late"], facts["shipped"] - worst["orders"]
    rest = others[0] / max(others[1], 1)
    z = facts["z"]
    yield Say(
        f"**{percent(facts['late_share'])} late is above the limit of"
        f" {percent(facts['alert_above'])}.** It comes from {worst['carrier']}: {worst['late']} of"
        f" its {worst['orders']} orders ({percent(rate)}), while the others stand at"
        f" {percent(rest)}. The eight weeks before had {percent(facts['usual'])}, so the week is"
        f" {signed(z)} standard deviations away"
        + (": look at it today.\n" if z > _MANY else ", within what weeks do here.\n")
    )


def report(facts: Facts, message: str) -> Script | None:
    """Write a short report from given facts.

    Args:
        facts: The facts.
        message: The text that they stand in.

    Returns:
        The script, or None where these are no facts to report on.
    """
    writing: dict[str, Callable[[Facts, str], Script]] = {
        "week": _week,
        "regions": _regions,
    }
    write = writing.get(str(facts.get("kind")))
    return write(facts, message) if write else None


def _week(facts: Facts, message: str) -> Script:
    # The note of the branch that wasn't taken is still a reference.
    note = _UNRESOLVED.sub("", message.partition("Note: ")[2]).strip()
    yield Think("The note says what stands out. I put the figures under it, and keep it short.")
    yield Say(
        sections(
            f"## Week {facts['week']}, {facts['region']}",
            (
                f"*{facts['from']} to {facts['to']}.* **{facts['orders']} orders** brought"
                f" **{money(facts['revenue'])} EUR**, {signed(100 * facts['growth'])}% against the"
                " mean of the eight weeks before."
            ),
            note,
            table(
                ["Carrier", "Shipped:", "Late:", "Rate:"],
                [
                    (
                        row["carrier"],
                        row["orders"],
                        row["late"],
                        percent(row["late"] / max(row["orders"], 1)),
                    )
                    for row in facts["carriers"]
                ],
            ),
            (
                f"Late share, week by week: `{_bars(facts['weeks'])}` (from"
                f" {percent(facts['weeks'][0])} eight weeks ago to {percent(facts['weeks'][-1])})."
            ),
            (
                f"The best seller was **{facts['best']['name']}** with"
                f" {money(facts['best']['revenue'])} EUR."
            ),
            _next(facts),
        )
    )


def _bars(shares: list[float]) -> str:
    top = max(shares) or 1
    return "".join(_BARS[round(share / top * (len(_BARS) - 1))] for share in shares)


def _next(facts: Facts) -> str:
    if facts["late_share"] <= facts["alert_above"]:
        return "**Next week:** nothing to do. The limit stays as it is."
    worst = max(facts["carriers"], key=lambda row: row["late"] / max(row["orders"], 1))
    return (
        f"**Next week:** ask {worst['carrier']} for the reasons of these {worst['late']} orders,"
        " tell the customers before they ask, and look again on Monday."
    )


def _regions(facts: Facts, _message: str) -> Script:
    rows = sorted(facts["regions"], key=lambda row: -row["revenue"])
    first, last = rows[0], rows[-1]
    late = max(rows, key=lambda row: row["late_share"])
    yield Say(
        sections(
            f"## {facts['month']} by region",
            table(
                ["Region", "Orders:", "Revenue, EUR:", "Late:"],
                [
                    (r["region"], r["orders"], money(r["revenue"]), percent(r["late_share"]))
                    for r in rows
                ],
            ),
            (
                f"**{first['region']}** leads with {money(first['revenue'])} EUR,"
                f" {first['revenue'] / last['revenue']:.1f} times {last['region']}."
                f" **{late['region']}** has the most late orders, {percent(late['late_share'])};"
                f" the other three stand at {percent(facts['late_elsewhere'])}."
            ),
        )
    )
