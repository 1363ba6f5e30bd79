"""What kind of values a column of answers holds."""

from typing import Literal

ColumnKind = Literal[
    "text", "integer", "number", "boolean", "time", "date", "decimal", "any", "json"
]
