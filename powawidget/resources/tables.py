"""Lists that print as tables."""

from collections.abc import Sequence

_LONGEST = 60


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: str) -> str:
    """Write rows as a table of plain text.

    Args:
        columns: The names of the columns.
        rows: What stands in them, row by row; the last column may be any text, and is cut.
        right: The column whose values stand at its right side.

    Returns:
        A line with the names, and a line for each row.
    """
    lines = [list(columns), *([*row[:-1], _cut(row[-1])] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = [
        [
            cell.rjust(width) if name == right else cell.ljust(width)
            for cell, width, name in zip(line, widths, columns, strict=True)
        ]
        for line in lines
    ]
    return "\n".join("  ".join(line).rstrip() for line in padded)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return f"{line[:_LONGEST]}…" if len(line) > _LONGEST else line
