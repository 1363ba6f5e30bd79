"""The shapes of the wire are written once, in Python."""

import re

import msgspec

from tests.wire import STRUCTS, WIRE, typescript


def test_the_generated_typescript_is_up_to_date() -> None:
    said = "run `python -m tests.wire`"
    assert WIRE.read_text(encoding="utf-8") == typescript(), said


def test_the_generated_file_says_that_it_is() -> None:
    assert typescript().startswith("// Generated from ")


def test_every_shape_and_field_is_there() -> None:
    written = dict(re.findall(r"export interface (\w+) \{\n(.*?)\n\}", typescript(), re.DOTALL))
    assert "RunState" in written
    for struct in STRUCTS:
        fields = {field.name for field in msgspec.structs.fields(struct)}
        assert fields <= set(re.findall(r"^  (\w+):", written[struct.__name__], re.MULTILINE))
