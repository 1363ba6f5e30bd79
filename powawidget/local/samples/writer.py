"""The Writer: has no tools, only words; the figures in them are the database's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powawidget.local.agents.script import Agent, Say, Think
from powawidget.local.samples import essays
from powawidget.local.samples.reports import facts_in, report
from powawidget.local.samples.topics import mentions, topic_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from powawidget.local.agents.script import Script, Turn
    from powawidget.local.database import Database

TOPICS = {
    "long": r"\blong|report|everything|20 ?kb|chapter",
    "shorter": r"short|brief|one (sentence|line)|tl;?dr",
    "poem": r"haiku|poem|verse",
    "essay": r"essay|average|simpson|explain|why",
    "help": r"\bhelp\b|what can you",
}
HELP = (
    "I write about the sample data: a year of orders of a shop for coffee and tea. Ask me for"
    " a **summary**, an **essay** on what averages hide, a **long report** (about 20 kB), or a"
    " **haiku**; after that, for something **shorter**.\n"
)


def writer() -> Agent:
    """Make the Writer."""
    return Agent(
        name="Writer",
        script=_write,
        system_prompt="You write about the orders. The figures of the year are in your context.",
    )


def _write(turn: Turn) -> Script:
    reported = report(facts_in(turn.message), turn.message)
    if reported is not None:
        yield from reported
        return
    texts: dict[str | None, Callable[[Database], str]] = {
        "long": essays.report,
        "shorter": essays.sentence,
        "poem": essays.haiku,
        "essay": essays.essay,
        "help": lambda _: HELP,
        None: essays.summary,
    }
    topic = topic_of(turn.message, TOPICS)
    if topic == "essay":
        yield Think(
            "An essay about averages needs one example that bites. The late orders have one: a"
            " region that looks bad and isn't."
        )
    if topic == "shorter" and turn.history and mentions(turn.message, "still|even|again"):
        topic = "poem"
    yield Say(texts[topic](turn.database))
