"""A document of a run that goes on says as of when it is, and not that the run was interrupted."""

import datetime as dt
import html
from collections.abc import Callable
from typing import Literal

import pytest

from powawidget.approvals.policy import Choice
from powawidget.state.about import About
from powawidget.state.model import ApprovalPart, ChatState, Gate, RunState, RunStatus
from powawidget.transcript import to_html, to_markdown, to_text
from powawidget.widget.file_transcripts import transcripts

AT = dt.datetime(2026, 7, 14, 14, 17, 59, tzinfo=dt.UTC).timestamp()
ABOUT = About(zone=dt.UTC, written=AT)
UNDER_WAY: dict[RunStatus, str] = {
    "connecting": "connecting",
    "running": "running",
    "waiting": "waiting for approval",
    "reconnecting": "reconnecting",
}
FORMS: dict[str, Callable[..., str]] = {
    "html": lambda state, about: html.unescape(to_html(state, about)),
    "markdown": to_markdown,
    "text": to_text,
}


def run(status: RunStatus) -> RunState:
    return RunState(kind="agent", name="Analyst", status=status, started=AT - 60, message="hello")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", UNDER_WAY)
def test_it_says_how_the_run_stood_and_when(status: RunStatus, form: str) -> None:
    said = f"As of 14:17: {UNDER_WAY[status]}; what came later isn't in this file."
    for state in (run(status), ChatState(turns=[run("completed"), run(status)], order=[0, 1])):
        written = FORMS[form](state, ABOUT)
        assert written.count(said) == 1
        assert "nterrupted" not in written
        assert "took" not in written


Delivery = Literal["sending", "again", "taken"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("made", "covers", "delivery", "said"),
    [
        (("approve", "click"), "call", "taken", "Approved by a person, running"),
        (("approve", "code"), "answer", "taken", "Approved by code, waiting for the server"),
        (
            *(("deny", "stop"), "call", "taken"),
            "Denied, because the run was stopped, waiting for the server",
        ),
        (("approve", "click"), "call", "sending", "Sending the approval"),
        (("deny", "code"), "call", "again", "Sending the denial again"),
    ],
)
def test_a_decision_on_its_way_reads_as_in_the_view(
    form: str, made: tuple[Choice, str], covers: Gate, delivery: Delivery, said: str
) -> None:
    choice, by = made
    part = ApprovalPart(
        tool_name="delete_rows",
        arguments="{}",
        digest="d",
        message="",
        covers=covers,
        call=None,
        asked_at=AT,
        decision="sending",
        delivery=delivery,
        choice=choice,
        by=by,
        reason="The run was stopped." if by == "stop" else None,
    )
    state = run("running")
    state.parts.append(part)
    written = FORMS[form](state, ABOUT)
    assert said in written
    assert written.count("The run was stopped.") == (by == "stop")  # in the table of all requests
    assert "isn't known" not in written
    state.status = "interrupted"
    assert "isn't known" in FORMS[form](state, ABOUT)


def test_the_file_of_a_notebook_says_so_too() -> None:
    """A cell's captured output, a notebook saved meanwhile, a colleague's copy: all keep it."""
    written = transcripts(run("waiting"), "pw-mark", None, About(zone=dt.UTC))
    now = dt.datetime.now(dt.UTC)
    times = [f"{now - dt.timedelta(minutes=each):%H:%M}" for each in (0, 1)]
    for text in (html.unescape(written["text/html"]), written["text/markdown"]):
        assert any(f"As of {time}: waiting for approval; " in text for time in times)
        assert "nterrupted" not in text


def test_a_run_that_has_ended_has_no_such_line() -> None:
    for form in FORMS.values():
        assert "As of" not in form(run("interrupted"), ABOUT)
