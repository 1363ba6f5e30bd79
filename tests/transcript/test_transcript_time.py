"""Where the time went, in a run's transcript: a line of figures and a row for each span."""

import powawidget
from powawidget.spans.reading import spans_of
from powawidget.state.about import About
from powawidget.state.model import RunState, typed
from powawidget.transcript import to_html, to_markdown, to_text
from powawidget.transcript.timing import strip
from tests.walk import FIXTURES

GATED = FIXTURES / "recordings" / "agent_approval_approved.sse"
SPANS = [
    {"kind": "model", "name": "step 1", "start": 10.0, "end": 12.0, "clock": "server"},
    {"kind": "human", "name": "send", "start": 12.0, "end": 25.0, "clock": "here"},
    {"kind": "wait", "name": "before another try", "start": 25.0, "end": 34.0},
]


def state(**given: object) -> RunState:
    run: RunState = typed(
        {"status": "completed", "started": 10.0, "ended": 34.0, "spans": SPANS, **given}, RunState
    )
    return run


def test_each_span_is_a_row_with_a_strip_and_what_was_seen_here_is_marked() -> None:
    text = to_text(state(), About())
    assert "Where the time went: model 2.0 s, people 13.0 s, waits 9.0 s" in text
    lines = [line.split() for line in text.splitlines() if line.startswith(("    ",))]
    rows = {line[0]: line for line in lines if line and line[0] in {"Model", "Person", "Wait"}}
    assert rows["Model"][-3:] == ["━━" + "─" * 22, "2.0", "s"]
    assert rows["Person"][-6:] == ["──" + "╍" * 13 + "─" * 9, "13.0", "s", "as", "seen", "here"]
    assert rows["Wait"][-6] == "─" * 15 + "┄" * 9


def test_the_fills_differ_without_colour_too() -> None:
    text = to_text(state(), About())
    assert {"━", "╍", "┄"} <= set(text)
    html = to_html(state(), About())
    assert html.count("╍" * 13) == 1


def test_a_run_of_one_span_and_one_of_blocks_alone_have_no_such_table() -> None:
    blocks = [{"kind": "block", "start": at, "end": at + 1} for at in (10.0, 12.0)]
    for spans in (SPANS[:1], blocks):
        one = state(kind="workflow", spans=spans)
        assert "Where the time went" not in to_markdown(one, About())


def test_a_workflow_that_was_tried_again_tells_its_wait() -> None:
    blocks = [{"kind": "block", "name": "b", "start": 19.0, "end": 34.0}]
    wait = {"kind": "wait", "name": "before another try", "start": 10.0, "end": 19.0}
    text = to_text(state(kind="workflow", spans=[wait, *blocks]), About())
    assert "Where the time went: waits 9.0 s, blocks 15.0 s" in text


def test_what_somebody_called_a_step_is_no_markup() -> None:
    name = "<b>|[x](javascript:1)|`"
    one = state(spans=[SPANS[0], {**SPANS[1], "kind": "hook", "name": name}])
    assert "<b>" not in to_html(one, About())
    markdown = to_markdown(one, About())
    (row,) = [line for line in markdown.splitlines() if "Hook" in line and "javascript" in line]
    assert "<b>" not in row
    assert "\\[x\\]" in row  # no link


def test_the_transcript_of_a_recording_has_the_rows_that_the_run_has() -> None:
    run = powawidget.replay(GATED)
    assert isinstance(run, powawidget.Run)
    text = run.to_text()
    names = [one.name for one in run.spans if one.kind != "wait"]
    assert text.count("Model   step") == sum(one.kind == "model" for one in run.spans)
    assert all(name in text for name in names)
    assert len(spans_of(run._live.state)) == len(run.spans)


def test_a_strip_of_made_up_numbers_is_a_strip() -> None:
    for start, end, length in [(0, 1, 0), (float("nan"), 1, 2), (5, float("inf"), 2), (-9, -8, 1)]:
        assert len(strip(start, end, length, "━")) == 24
