"""Answers as models write them: headings, paragraphs, lists, tables and code in each section."""

import random
import re
from collections.abc import Callable

from tests.bench.answers import WORDS


def mixed(size: int, seed: int = 7) -> list[str]:
    """Make the tokens of a mixed markdown answer of about `size` characters, five or so each."""
    chance = random.Random(seed)
    tokens: list[str] = []
    length = number = 0
    while length < size:
        number += 1
        for token in re.findall(r"\s?\S{1,6}|\s", _section(chance, number)):
            tokens.append(token)
            length += len(token)
    return tokens


def _section(chance: random.Random, number: int) -> str:
    def words(count: int) -> str:
        return " ".join(chance.choice(WORDS) for _ in range(count))

    parts: list[Callable[[], str]] = [
        lambda: f"{words(25)} **{words(2)}** {words(20)}, `{words(1)}_{number}` and *{words(1)}*.",
        lambda: "\n".join(f"- **{words(1)}**: {words(8)}" for _ in range(5)),
        lambda: "\n".join(f"{at}. {words(7)} ({at * number})" for at in range(1, 5)),
        lambda: "\n".join(
            [
                "| carrier | orders | share |",
                "| --- | ---: | ---: |",
                *(f"| {words(2)} | {at * number:,} | {at / 10:.1%} |" for at in range(1, 7)),
            ]
        ),
        lambda: "\n".join(
            [
                "```python",
                *(f"value_{at} = lookup('{words(3)}')  # {number}" for at in range(1, 6)),
                "```",
            ]
        ),
        lambda: f"> {words(15)}",
    ]
    body = "\n\n".join(part() for part in parts)
    return f"## {number}. {words(3).title()}\n\n{body}\n\n"
