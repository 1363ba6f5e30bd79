"""How the sample agents write: tables, amounts, code and the ways they query."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Sequence
from textwrap import dedent
from typing import Any, TypeAlias

from powawidget.local.agents.script import Call, Calls, Part

Asking: TypeAlias = Generator[Part, list[str], list[dict[str, Any]]]


def ask(sql: str, seconds: float | None = None) -> Asking:
    """Query the database through the agent's tool, as a step's only call.

    Args:
        sql: The query.
        seconds: How long it seems to take.

    Returns:
        The rows.
    """
    results = yield Calls(Call("database_query", {"query": sql}, seconds))
    rows: list[dict[str, Any]] = json.loads(results[0])
    return rows


def query(text: str) -> str:
    """Lay a query out as it is written in an answer."""
    return dedent(text).strip()


def sections(*parts: str) -> str:
    """Join paragraphs, tables and blocks."""
    return "\n\n".join(parts) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a markdown table; a head that ends in a colon is aligned to the right."""
    marks = ["---:" if head.endswith(":") else "---" for head in heads]
    lines = [[head.removesuffix(":") for head in heads], marks, *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def fence(language: str, code: str) -> str:
    """Write a code block."""
    return f"```{language}\n{code}\n```"


def money(amount: float) -> str:
    """Write an amount with two decimals."""
    return f"{amount:,.2f}"


def percent(share: float, digits: int = 1) -> str:
    """Write a share of 1 as percent."""
    return f"{share * 100:.{digits}f}%"


def signed(number: float, digits: int = 1) -> str:
    """Write a number with its sign."""
    return f"{number:+,.{digits}f}"
