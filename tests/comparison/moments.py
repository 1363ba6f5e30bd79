"""Moments of a comparison for tests."""

from typing import Any

from powawidget.comparison.moment import Checked, Content, Facts, Moment, Side
from powawidget.comparison.steps import Step


def content(*names: str, rounds: int = 1, checks: tuple[str, ...] = (), **more: Any) -> Content:
    """Sides with these names."""
    sides = tuple(
        Side(name=name, kind="agent", target=f"Agent of {name}", runs=rounds)
        for name in names or ("v1", "v2")
    )
    return Content(sides=sides, rounds=rounds, checks=checks, **more)


def step(name: str, **more: Any) -> Step:
    """A call that is done."""
    return Step(**{"kind": "tool", "name": name, "status": "done", "seconds": 0.2} | more)


def facts(text: str = "", calls: str = "", **more: Any) -> Facts:
    """A run that is done, with these calls."""
    given = {
        "standing": "completed",
        "text": text,
        "steps": [step(name) for name in calls.split()],
        "tokens": 1000,
        "started": 100.0,
        "seconds": 5.0,
    }
    return Facts(**given | more)


def checked(*held: bool) -> dict[str, Checked]:
    """Checks by letters."""
    return {name: Checked(holds=one) for name, one in zip("abcdef", held, strict=False)}


def moment(*sides: "Facts | list[Facts]", now: float = 110.0) -> Moment:
    """A moment of sides, each with one run or several."""
    return Moment(facts=[one if isinstance(one, list) else [one] for one in sides], now=now)
