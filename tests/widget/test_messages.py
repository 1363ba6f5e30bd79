"""The shapes of the wire are written once, in Python."""

import re

import msgspec

from powawidget.widget import messages
from tests.street import ROOT

GENERATED = ROOT / "js" / "src" / "state" / "wire.ts"


def test_the_generated_typescript_is_up_to_date() -> None:
    said = "run `python -m powawidget.widget.messages > js/src/state/wire.ts`"
    assert GENERATED.read_text(encoding="utf-8") == messages.typescript(), said


def test_the_generated_file_says_that_it_is() -> None:
    assert messages.typescript().startswith("// Generated from ")


def test_every_shape_and_field_is_there() -> None:
    written = dict(
        re.findall(r"export interface (\w+) \{\n(.*?)\n\}", messages.typescript(), re.DOTALL)
    )
    assert "RunState" in written
    for struct in messages._STRUCTS:
        fields = {field.name for field in msgspec.structs.fields(struct)}
        assert fields <= set(re.findall(r"^  (\w+):", written[struct.__name__], re.MULTILINE))
