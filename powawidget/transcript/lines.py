"""Whether a paragraph keeps the ends of its lines, as in the page (`js/src/markdown/lines.ts`).

They are kept, as in poems, addresses and steps of a calculation, but where it looks wrapped: three
or more lines, all but the last of 60 to 100 characters.
"""

import re

_FEWEST, _SHORTEST, _LONGEST = 3, 60, 100
# What begins a line of its own: an item with a sign that markdown doesn't know.
_ITEM = re.compile(r"\s*[•‣◦▪●○·]")


def look_wrapped(text: str) -> bool:
    """Tell whether the ends of a paragraph's lines say nothing."""
    lines = text.split("\n")
    if len(lines) < _FEWEST or any(map(_ITEM.match, lines)):
        return False
    return all(_SHORTEST <= len(line.strip()) <= _LONGEST for line in lines[:-1])
