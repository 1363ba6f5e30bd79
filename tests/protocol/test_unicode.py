"""The classes of characters are those of the page's regular expressions."""

from tests import unicode


def test_the_table_is_up_to_date() -> None:
    said = "write it anew: python -m tests.unicode"
    assert unicode.TABLE.read_text(encoding="utf-8") == unicode.table(), said
