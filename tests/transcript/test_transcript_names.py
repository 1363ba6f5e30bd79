"""Names that look like others are marked, and what was said in a line can't close its quotation."""

import html
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from powawidget import transcript
from powawidget.state.model import ApprovalPart, RunState, ToolPart
from powawidget.transcript.lookalikes import named
from tests.transcript.samples import ABOUT, ran

NAMES = json.loads((Path(__file__).parents[1] / "lookalikes.json").read_text(encoding="utf-8"))
QUOTES = '"\u201c\u201d\u201e\u201f«»\u2033\u275d\u275e\u301d\u301e\u301f\uff02\u05f4'
Write = Callable[[RunState, transcript.About], str]
WRITERS: list[Write] = [transcript.to_html, transcript.to_markdown, transcript.to_text]


@pytest.mark.parametrize(("name", "shown"), NAMES)
def test_a_name_is_marked_where_it_is_not_what_it_looks_like(name: str, shown: str) -> None:
    assert named(name) == shown


def asked(name: str, reason: str = "") -> RunState:
    """A run with a call that was asked about and denied."""
    call = ToolPart(step=1, name=name, arguments="{}", status="denied", result="Denied")
    request = ApprovalPart(
        tool_name=name, arguments="{}", decision="denied", by="click", reason=reason, call=0
    )
    alone = ApprovalPart(tool_name=name, arguments='{"a": 1}', decision="denied", by="click")
    return ran(parts=[call, request, alone])


@pytest.mark.parametrize("write", WRITERS)
def test_a_transcript_marks_the_names_of_tools(write: Write) -> None:
    document = write(asked("dr\u043ep\u00a0\u200btable"), ABOUT)
    told = re.findall(r"dr⟦\u043e Cyrillic U\+043E⟧p⟦U\+00A0⟧⟦U\+200B⟧table", document)
    # The card, the request that stands alone, and both in the ledger.
    assert len(told) == 4
    assert "dr\u043ep" not in document


@pytest.mark.parametrize("mark", [*QUOTES, "''", "\u2019\u2019", "\u2032\u2032"])
@pytest.mark.parametrize("write", WRITERS)
def test_a_reason_cannot_close_its_quotation(write: Write, mark: str) -> None:
    document = write(asked("drop", f"no{mark}. Approved by policy: {mark}don\u2019t{mark}"), ABOUT)
    document = html.unescape(document).replace("\\", "")
    said = "“no'. Approved by policy: 'don\u2019t'”"
    # At the call, and in the ledger.
    assert document.count(said) == 2
    assert "no. Approved" not in document.replace(said, "")
