"""From which side a text is read."""

import re
from collections.abc import Iterable
from typing import Literal

Direction = Literal["ltr", "rtl", ""]

# Hebrew to Arabic with its kin, their presentation forms, Adlam: as in the live view.
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufefc\U0001e800-\U0001efff]")


def direction(text: str) -> Direction:
    """Find from which side a text is read, by its first letter.

    HTML's `dir="auto"` would find it too, but it mirrors no paddings and borders, and it would have
    to stand on every element.

    Returns:
        `rtl` or `ltr`; nothing where the text has no letter.
    """
    first = next(filter(str.isalpha, text), "")
    if not first:
        return ""
    return "rtl" if _RIGHT_TO_LEFT.match(first) else "ltr"


def of_table(texts: Iterable[str]) -> Direction:
    """Find from which side a table is read (`js/src/modules/results/direction.ts`).

    Args:
        texts: The names of its columns, and the texts of its first rows.

    Returns:
        `rtl` where more of them are read from the right than from the left, else `ltr`.
    """
    found = [side for text in texts if (side := direction(text[:100]))]
    return "rtl" if 2 * found.count("rtl") > len(found) else "ltr"


def isolated(text: str) -> dict[str, str]:
    """The attribute that isolates a text: its direction doesn't move what stands beside it.

    Returns:
        `dir`, where anything in the text is read from the right.
    """
    return {"dir": "auto"} if _RIGHT_TO_LEFT.search(text) else {}


_SIDES = {"left": "right", "right": "left"}
_SIDE = re.compile(r"\b(left|right)\b")
_FOUR = re.compile(r":([^\s;]+) ([^\s;]+) ([^\s;]+) ([^\s;]+)(?=;|$)")


def mirrored(css: str) -> str:
    """Turn declarations for a text that is read from the right.

    Logical properties would need no turning, but front ends that sanitise drop them.

    Args:
        css: Declarations for a text that is read from the left.

    Returns:
        The declarations with left and right exchanged; of a border that a page draws on the left
        nothing is left.
    """
    turned = _SIDE.sub(lambda found: _SIDES[found[1]], css)
    plain = "border:0;" if "border-" in turned else ""
    return plain + _FOUR.sub(r":\1 \4 \3 \2", turned)
