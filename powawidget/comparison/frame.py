"""A comparison as a table: a row for each run."""

import importlib.util
from typing import Any

from powawidget.comparison.ballot import Ballot
from powawidget.comparison.moment import Content, Moment

_WHOLE = ("repeat", "tokens", "calls", "checks")


def rows_of(content: Content, moment: Moment, ballot: Ballot) -> list[dict[str, Any]]:
    """Tell of each run what came of it, side by side for each repeat."""
    rows = []
    # A column of a check is named like it; one that is named like another column gets `check_`.
    fixed = {"side", "repeat", "status", "tokens", "seconds", "calls", "checks", "vote"}
    fixed |= {"shown_as", "answer"}
    taken, named = fixed | set(content.checks), {}
    for name in content.checks:
        column = name
        while column in fixed or (column != name and column in taken):
            column = f"check_{column}"
        taken.add(column)
        named[name] = column
    for turn in range(content.rounds):
        for at, side in enumerate(content.sides):
            if turn >= side.runs:
                continue
            one = moment.facts[at][turn]
            held = [one.checks[name].holds for name in content.checks if name in one.checks]
            rows.append(
                {
                    "side": side.name,
                    "repeat": turn + 1,
                    "status": one.standing,
                    "tokens": one.tokens,
                    "seconds": one.seconds,
                    "calls": len(one.steps),
                    "checks": sum(held) if held else None,
                    **{
                        column: one.checks[name].holds if name in one.checks else None
                        for name, column in named.items()
                    },
                    "vote": ballot.outcome(turn, at),
                    "shown_as": ballot.letter(turn, at),
                    "answer": one.text if one.is_over else None,
                }
            )
    return rows


def frame_of(rows: list[dict[str, Any]], checks: int) -> Any:
    """Make a DataFrame of pandas; the rows as they are where that isn't installed.

    Args:
        rows: The rows.
        checks: How many checks there are.
    """
    if importlib.util.find_spec("pandas") is None:
        return rows
    import pandas as pd  # noqa: PLC0415  # only who asks for a frame waits for it

    frame = pd.DataFrame(rows)
    types = dict.fromkeys(_WHOLE, "Int64") | {"seconds": "Float64"}
    first = list(frame.columns).index("checks") + 1
    types |= dict.fromkeys(frame.columns[first : first + checks], "boolean")
    return frame.astype(types)
