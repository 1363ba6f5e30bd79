"""When each row of a batch ran: its spans, and the table in its transcript."""

from powawidget.batch.board.columns import columns_of
from powawidget.batch.board.figures import figures_of
from powawidget.batch.board.lines import line_of
from powawidget.batch.board.moment import Content, Moment
from powawidget.batch.board.spans import spans_of
from powawidget.batch.board.transcript import transcripts
from powawidget.batch.journal.records import RowOutcome

KEYS = ["a", "b", "c", "d"]
CONTENT = Content(
    name="n",
    kind="agent",
    target="Triage",
    keys=KEYS,
    rows=[{"text": key} for key in KEYS],
    redact=lambda text: text.replace("secret", "[key]"),
)
DONE = RowOutcome(state="done", sent_at=102.0, ended_at=104.0, seconds=1.9, tokens=12)
FAILED = RowOutcome(state="failed", sent_at=100.0, ended_at=101.0, seconds=1.0, error="no")
RUNNING = RowOutcome(state="accepted", sent_at=103.0)
OUTCOMES = [DONE, FAILED, RUNNING, RowOutcome()]


def test_each_row_that_was_sent_is_a_span_as_seen_here() -> None:
    moment = Moment(outcomes=OUTCOMES, sent={"c": 103.5}, is_driven=True, now=110.0)
    told = [
        (one.name, one.start, one.end, one.status, one.tokens, one.clock)
        for one in spans_of(CONTENT, moment)
    ]
    assert told == [
        ("b", 100.0, 101.0, "failed", None, "here"),
        ("a", 102.0, 104.0, "done", 12, "here"),
        ("c", 103.5, 110.0, "running", None, "here"),
    ]


def test_a_row_that_ended_before_it_was_sent_by_a_clock_that_was_set_has_no_negative_time() -> None:
    odd = RowOutcome(state="done", sent_at=102.0, ended_at=90.0)
    moment = Moment(outcomes=[odd, *OUTCOMES[1:]], now=95.0)
    assert all(one.seconds >= 0 for one in spans_of(CONTENT, moment))


def test_a_key_that_holds_the_secret_is_told_without_it() -> None:
    content = Content(
        name="n", kind="agent", target="t", keys=["x secret"], rows=[{}], redact=CONTENT.redact
    )
    assert [one.name for one in spans_of(content, Moment(outcomes=[DONE]))] == ["x [key]"]


def test_the_transcript_has_a_row_each_and_the_board_when_they_ran_and_run() -> None:
    moment = Moment(outcomes=[DONE, FAILED, DONE, FAILED], now=110.0)
    markdown = transcripts(CONTENT, moment, "mark")["text/markdown"]
    told = markdown[markdown.index("Where the time went: 4.0 s") :]
    assert told.count("━") == 6 + 6 + 12 + 12
    figures = figures_of(CONTENT, moment)
    assert (figures.first, figures.ended) == (100.0, 104.0)
    columns = columns_of(CONTENT)
    assert line_of(CONTENT, moment, columns, 1).sent == 100.0
    live = Moment(outcomes=OUTCOMES, sent={"c": 103.5}, is_driven=True, begun=101.5, now=110.0)
    figures = figures_of(CONTENT, live)
    assert (figures.first, figures.ended) == (102.0, None)  # those that were sent since
    assert line_of(CONTENT, live, columns, 2).since == 103.5
