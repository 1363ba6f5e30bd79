"""Texts that mean harm to whoever shows them, from the lists that both languages' tests read."""

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "hostile"


def hostile() -> list[str]:
    """Every distinct text of the lists, and some that break lines and tables."""
    found = [
        text
        for name in ("scripts", "hidden", "pretences", "exfiltration")
        for text in _texts(json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8")))
    ]
    own = ["a\nb | c\r\n| d", "\u202eevil", "$x$ \\(y\\)", "</td><script>alert(1)</script>", "'\"`"]
    return list(dict.fromkeys([*own, *found]))[:150]


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for one in inside for text in _texts(one)]
