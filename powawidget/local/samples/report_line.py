"""The Report line: one drafts from memory, one checks every figure, one writes it well."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from powawidget.local.agents.script import Fail, Say, Think
from powawidget.local.samples.late_lane import (
    BY_LANE,
    Lateness,
    by_month,
    lanes_of,
    lateness,
    months_of,
    since,
    worst_of,
)
from powawidget.local.samples.prose import ask, percent, sections, table

if TYPE_CHECKING:
    from powawidget.local.agents.script import Script, Turn

OVERLOADED = "litellm.InternalServerError: The server had an error while processing your request."


@dataclass(frozen=True)
class Claim:
    """A figure in the draft.

    Args:
        about: What it is about.
        said: What the draft says.
        counted: What the database says.
    """

    about: str
    said: str
    counted: str

    @property
    def right(self) -> bool:
        """Whether it may stay."""
        return self.said == self.counted


def claims(found: Lateness) -> list[Claim]:
    """List the draft's figures: memory is good for places, and bad for numbers."""
    late = (found.all + found.rest).hits
    remembered = calendar.month_name[found.month % 12 + 1]
    return [
        Claim("Late orders in the year", f"{late // 100 * 100 + 100:,}", f"{late:,}"),
        Claim("The lane", found.lane, found.lane),
        Claim("Its first bad month", remembered, found.month_name),
        Claim("Late there since", percent(found.after.rate / 2, 0), percent(found.after.rate, 0)),
        Claim("Late elsewhere", percent(found.rest.rate, 0), percent(found.rest.rate, 0)),
    ]


def _note(total: str, lane: str, month: str, share: str, elsewhere: str) -> str:
    return (
        f"This year {total} orders left late. Most trouble comes from one lane, {lane}: since"
        f" {month} it has been late with {share} of its orders, while everything else stands at"
        f" {elsewhere}. We should ask the depot what changed in {month}, and move part of the"
        " lane to another carrier until we know."
    )


def draft(turn: Turn) -> Script:
    """Write a first version, from memory."""
    found = lateness(turn.database)
    yield Say("Draft, from memory; please check the figures.\n\n")
    yield Say(_note(*(claim.said for claim in claims(found))) + "\n")


def check(_turn: Turn) -> Script:
    """Count every figure of the draft."""
    yield Think("Five figures. Two queries count them all: the lanes, and the worst one by month.")
    yield Say("I count what the draft says.\n\n")
    lanes = lanes_of((yield from ask(BY_LANE, 0.9)))
    region, carrier = worst_of(lanes)
    months = months_of((yield from ask(by_month(region, carrier), 0.6)))
    found = since(region, carrier, lanes, months)
    checked = claims(found)
    wrong = sum(not claim.right for claim in checked)
    yield Say(
        sections(
            f"**{wrong} of {len(checked)} figures were wrong.**",
            table(
                ["Claim", "Draft", "Counted", ""],
                [
                    (c.about, c.said, c.counted, "right" if c.right else "**wrong**")
                    for c in checked
                ],
            ),
            "Corrected draft:",
            "> " + _note(*(claim.counted for claim in checked)),
        )
    )


def check_and_fail(_turn: Turn) -> Script:
    """Count, until the model fails after its first query."""
    yield Say("I count what the draft says.\n\n")
    yield from ask(BY_LANE, 0.9)
    yield Say("The first figure")
    yield Fail(OVERLOADED)


def polish(turn: Turn) -> Script:
    """Write it so that it is read to its end."""
    found = lateness(turn.database)
    rise, usual = percent(found.after.rate, 0), percent(found.before.rate, 0)
    late = (found.all + found.rest).hits
    yield Say(
        sections(
            f"## {found.carrier} is late in {found.region}, and nowhere else",
            (
                f"Since **{found.month_name}**, {rise} of the orders that {found.carrier} carries"
                f" in {found.region} leave after their due date; until then it was {usual}. All"
                f" other lanes together are at {percent(found.rest.rate, 0)}, as they always"
                " were."
            ),
            (
                f"That one lane has {found.all.hits} of the year's {late:,} late orders. About"
                f" {found.avoidable} of them would not have happened at the old rate."
            ),
            (
                f"**Two things to do.** Ask the depot what changed in {found.month_name}. Until"
                " we know, move part of the lane to another carrier and count again in two weeks."
            ),
        )
    )
