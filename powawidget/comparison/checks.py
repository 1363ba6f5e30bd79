"""What a run is checked for, in a person's own words.

A check is a function of what `expect` makes of a run; it holds where what it returns is true.
"""

from collections.abc import Callable, Mapping
from typing import Any

from powawidget.comparison.moment import Checked
from powawidget.run.run import Run
from powawidget.transcript.summary import one_line

Check = Callable[[Any], object]
Expect = Callable[[Run], Any]
_LONGEST = 400


def checked(run: Run, checks: Mapping[str, Check], expect: Expect) -> dict[str, Checked]:
    """Ask the checks about a run that is over; what one raises is why it doesn't hold.

    Args:
        run: The run.
        checks: The checks by their names.
        expect: Makes of the run what a check is asked about, anew for each.

    Returns:
        What each says.
    """
    return {name: _asked(check, expect, run) for name, check in checks.items()}


def _asked(check: Check, expect: Expect, run: Run) -> Checked:
    try:
        found = check(expect(run))
        holds = bool(found)
        why = "" if holds else _why(found)
    except AssertionError as error:
        return Checked(holds=False, why=one_line(str(error) or "It doesn't hold.", _LONGEST))
    except Exception as error:  # noqa: BLE001  # a person's own function: it ends nothing
        return Checked(holds=False, why=one_line(f"{type(error).__name__}: {error}", _LONGEST))
    return Checked(holds=holds, why=why)


def _why(found: object) -> str:
    """Take over what an expectation says of itself."""
    told = getattr(found, "differences", None)
    said = "; ".join(map(str, told)) if isinstance(told, list) else ""
    return one_line(said or "It doesn't hold.", _LONGEST)
