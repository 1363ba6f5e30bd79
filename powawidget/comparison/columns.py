"""A comparison as columns, for one round: what a page is told. Pure.

While names are hidden a column has an answer and how its run stands; what else there is would tell
who wrote it.
"""

from collections.abc import Sequence

from powawidget.comparison.align import Rows
from powawidget.comparison.ballot import Ballot
from powawidget.comparison.figures import Figure, figures_of
from powawidget.comparison.messages import Column, ComparedCheck, ComparedStep, Voted
from powawidget.comparison.moment import Content, Facts, Moment, Side
from powawidget.comparison.steps import Step
from powawidget.state.model import RunStatus
from powawidget.transcript.summary import one_line, tool_name

MOST_STEPS = 100  # of one run; what it called after them is counted
_LONGEST_NAME = 60
_OPEN = ("waiting", "reconnecting", "running", "connecting", "left")


def columns_of(
    content: Content, moment: Moment, ballot: Ballot, rows: Rows, turn: int
) -> list[Column]:
    """Tell each side as it stands in a round, in the order in which they are shown.

    Args:
        content: What is compared.
        moment: How it stands.
        ballot: Whether names are hidden, and in which order the sides are shown then.
        rows: In which rows what they called stands, for this round.
        turn: The round, from 0.
    """
    shown = shown_in(content, moment, ballot, turn)
    is_hidden = ballot.is_hidden
    figures = figures_of(content, moment)
    count = len(content.sides)
    columns = []
    for place, at in enumerate(ballot.order(turn)):
        side, one = content.sides[at], shown[at]
        columns.append(
            Column(
                name=_named(content, ballot.label(turn, at)),
                about="" if is_hidden else about(content, side),
                part=turn * count + place,
                status=one.standing,
                since=None if one.is_over or is_hidden else one.started,
                seconds=None if is_hidden else one.seconds,
                error="" if is_hidden else content.redact(one.error),
                figures=[_blank(figure) for figure in figures[at]] if is_hidden else figures[at],
                steps=[] if is_hidden else _steps(one.steps, rows.places[at]),
                checks=[] if is_hidden else _checks(content, one),
            )
        )
    return columns


def runs_in(content: Content, moment: Moment, turn: int) -> list[Facts]:
    """Give the run of each side that a round shows, in the order of the sides."""
    return [runs[content.repeat(at, turn)] for at, runs in enumerate(moment.facts)]


def shown_in(content: Content, moment: Moment, ballot: Ballot, turn: int) -> list[Facts]:
    """Give what is shown of the runs of a round, in the order of the sides.

    A run that was there already is ahead of those that begin now, which would tell which it is:
    while names are hidden, nothing is shown of such a round before all of it is over.
    """
    runs = runs_in(content, moment, turn)
    is_told = any(side.is_given for side in content.sides) and not over_in(content, moment, turn)
    return [Facts(standing="running") for _ in runs] if ballot.is_hidden and is_told else runs


def labels_in(content: Content, moment: Moment, turn: int) -> list[list[str]]:
    """Tell what the runs of a round called, as what lines up with each other."""
    return [
        [step.label for step in one.steps[:MOST_STEPS]] for one in runs_in(content, moment, turn)
    ]


def cut_in(content: Content, moment: Moment, turn: int) -> int:
    """Count what the runs of a round called and isn't shown."""
    return sum(max(0, len(one.steps) - MOST_STEPS) for one in runs_in(content, moment, turn))


def over_in(content: Content, moment: Moment, turn: int) -> bool:
    """Tell whether the runs of a round are all over."""
    return all(one.is_over for one in runs_in(content, moment, turn))


def counts_of(moment: Moment) -> dict[str, int]:
    """Count runs by how they stand."""
    counts: dict[str, int] = {}
    for runs in moment.facts:
        for one in runs:
            counts[one.standing] = counts.get(one.standing, 0) + 1
    return counts


def status_of(moment: Moment) -> RunStatus:
    """Tell how the comparison stands, in the word of a run."""
    counts = counts_of(moment)
    if "waiting" in counts:
        return "waiting"
    if any(standing in counts for standing in _OPEN):
        return "running"
    if "stopped" in counts:
        return "stopped"
    return "completed" if "completed" in counts else "failed"


def voted_in(content: Content, ballot: Ballot, turn: int) -> Voted | None:
    """Tell the vote on a round, once the names are shown."""
    vote = ballot.votes.get(turn)
    if vote is None or ballot.is_hidden:
        return None
    names = [side.name for side in content.sides]
    return Voted(
        letters=[ballot.letter(turn, at) or "" for at in range(len(names))],
        choice=None if vote.choice is None else names.index(vote.choice),
    )


def about(content: Content, side: Side) -> str:
    """Tell what a side runs, in a few words."""
    words = f"{side.kind} {one_line(content.redact(side.target), _LONGEST_NAME)}".strip()
    origin = {"live": "", "replay": ", replay", "stored": ", stored run"}[side.origin]
    return f"{words}{origin}"


def title_of(content: Content) -> str:
    """Tell what a comparison is, without a name of what is compared."""
    sides = f"{len(content.sides)} sides"
    return sides if content.rounds == 1 else f"{sides} · {content.rounds} runs each"


def _named(content: Content, name: str) -> str:
    return one_line(content.redact(name), _LONGEST_NAME)


def _blank(figure: Figure) -> Figure:
    return Figure(name=figure.name)


def _steps(steps: Sequence[Step], places: Sequence[int]) -> list[ComparedStep]:
    return [
        ComparedStep(
            row=row,
            kind=step.kind,
            name=tool_name(step.name) if step.kind == "tool" else one_line(step.name),
            status=step.status,
            seconds=step.seconds,
            since=step.since,
        )
        for step, row in zip(steps, places, strict=False)
    ]


def _checks(content: Content, one: Facts) -> list[ComparedCheck]:
    made = []
    for name in content.checks:
        said = one.checks.get(name)
        made.append(
            ComparedCheck(
                name=_named(content, name),
                holds=None if said is None else said.holds,
                why="" if said is None else content.redact(said.why),
            )
        )
    return made
