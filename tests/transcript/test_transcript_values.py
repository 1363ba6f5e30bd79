"""How values read in a transcript: `tests/values.json` says it, for the page as well."""

import json
from pathlib import Path
from typing import Any

import pytest

from powawidget.transcript.visible import readable

CASES: dict[str, list[Any]] = json.loads(
    (Path(__file__).parents[1] / "values.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(("text", "shown"), CASES["marks"])
def test_a_hidden_character_is_marked_where_nothing_needs_it(text: str, shown: str) -> None:
    assert readable(text) == shown
