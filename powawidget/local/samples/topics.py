"""Which of an agent's topics a message is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from powawidget.local.sample_data import REGIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

_REGION = re.compile("|".join(REGIONS), re.IGNORECASE)


def topic_of(message: str, topics: Mapping[str, str]) -> str | None:
    """Find the first topic whose pattern occurs in a message.

    Args:
        message: What was asked.
        topics: Patterns by topic, the most specific first.

    Returns:
        The topic, or None.
    """
    return next((topic for topic, pattern in topics.items() if mentions(message, pattern)), None)


def mentions(message: str, pattern: str) -> bool:
    """Tell whether a pattern occurs in a message, in whatever case."""
    return re.search(pattern, message, re.IGNORECASE) is not None


def regions_in(message: str) -> list[str]:
    """List the regions a message names, each once, in their order."""
    return list(dict.fromkeys(match.capitalize() for match in _REGION.findall(message)))
