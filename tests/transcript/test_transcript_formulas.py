"""Which formulas are drawn is said once, for transcripts and the page: tests/formulas.json."""

import json
from pathlib import Path

import pytest

from powawidget.transcript.markdown_formulas import between_dollars

FILE = Path(__file__).parents[1] / "formulas.json"
KINDS: dict[str, list[tuple[str, str, str | None]]] = json.loads(FILE.read_text("utf-8"))
CASES = [(kind, *case) for kind, cases in KINDS.items() for case in cases]


@pytest.mark.parametrize(("kind", "source", "page", "written"), CASES)
def test_a_formula_stands_between_dollars_or_in_code(
    kind: str, source: str, page: str, written: str | None
) -> None:
    assert kind
    assert page in {"drawn", "framed", "source"}
    assert between_dollars(source, display=False) == written
