"""What is told of an error that is the service's database's own, and what isn't."""

import msgspec
import pytest

import powawidget
from powawidget.http.refusals import words_of
from powawidget.protocol import events as ev
from powawidget.protocol.database_errors import database_error, without_dump, without_sql
from powawidget.protocol.stored.run import outcome_of
from powawidget.state.explain import explain
from powawidget.state.model import RunState
from powawidget.state.ops import apply
from powawidget.state.reduce import reduce

USER = "55981580-6377-447c-8116-212695752871"
DUMP = (
    '[SQL: \n INSERT INTO "ai".agent_sessions (id, user_id) VALUES (%(id)s, %(user_id)s)\n]\n'
    f"[parameters: {{'id': '7', 'user_id': '{USER}'}}]\n"
    "(Background on this error at: https://sqlalche.me/e/20/gkpj)"
)
TAKEN = (
    "(psycopg.errors.UniqueViolation) duplicate key value violates unique constraint "
    f'"agent_sessions_session_id_key"\nDETAIL:  Key (session_id)=(sess_1) already exists.\n{DUMP}'
)
ERRORS = {
    TAKEN: ("session_taken", "another agent's"),
    f"(psycopg.errors.StringDataRightTruncation) value too long\n{DUMP}": (
        "database_error",
        "(StringDataRightTruncation)",
    ),
    f"(psycopg2.errors.SerializationFailure) could not serialize\n{DUMP}": (
        "database_error",
        "(SerializationFailure)",
    ),
    f"(sqlalchemy.exc.OperationalError) server closed the connection {DUMP}": (
        "database_error",
        "(OperationalError)",
    ),
    "asyncpg.exceptions.DeadlockDetectedError: deadlock\nDETAIL:  Process 7 waits": (
        "database_error",
        "(DeadlockDetectedError)",
    ),
    f"relation does not exist\nLINE 1: SELECT * FROM ai.runs WHERE user_id = '{USER}'": (
        "database_error",
        "own database.",
    ),
    f"could not run UPDATE ai.runs SET user_id = '{USER}'": ("database_error", "own database."),
    f"null value in column violates not-null constraint DETAIL ({USER})": (
        "database_error",
        "own database.",
    ),
}
OTHERS = [
    "litellm.RateLimitError: too many",
    "Select a region from the list",
    "'str' object has no attribute 'get'",
    "The update set the price; delete it from the list.",
    "Execution aborted",
    "",
]


@pytest.mark.parametrize(("text", "expected"), ERRORS.items(), ids=range(len(ERRORS)))
def test_an_error_of_the_database_is_told_in_a_sentence(
    text: str, expected: tuple[str, str]
) -> None:
    code, part = expected
    failure = explain(text)
    assert (failure.code, failure.details) == (code, text)
    assert part in failure.message
    told = f"{failure.title} {failure.message} {failure.hint} {without_sql(text)}"
    assert USER not in told
    assert not {"INSERT", "UPDATE", "SELECT", "[SQL", "VALUES", "DETAIL"} & set(told.split())


@pytest.mark.parametrize("text", OTHERS)
def test_any_other_error_is_told_as_it_is(text: str) -> None:
    assert database_error(text) is None
    assert without_sql(text) == without_dump(text) == text
    assert explain(text).details is None


@pytest.mark.parametrize(
    "frames",
    [
        [{"event": "error", "error": TAKEN, "run_id": "run_1"}],
        [{"event": "error", "message": TAKEN}],
        [{"event": "complete", "status": "failed", "error": TAKEN, "content": ""}],
        [{"event": "error", "error": TAKEN}, {"event": "complete", "status": "completed"}],
        [{"type": "error", "error": TAKEN}],
        [{"type": "workflow_error", "error": TAKEN}],
        [{"type": "block_error", "block_id": "b", "block_type": "code", "data": {"error": TAKEN}}],
        [{"type": "block_complete", "block_id": "b", "data": {"output": None, "error": TAKEN}}],
    ],
)
def test_no_frames_error_shows_sql_outside_of_details(frames: list[dict[str, object]]) -> None:
    run = RunState(kind="workflow" if "type" in frames[0] else "agent")
    for event in (*map(ev.read_frame, frames), ev.Ended()):
        apply(run, reduce(run, event, 1.0))
    if run.error is not None:
        assert run.error.details in (None, TAKEN)
        run.error.details = None
    assert "INSERT" not in repr(run)
    assert USER not in repr(run)


TAKEN_IN_JSON = ev.as_json(TAKEN)


@pytest.mark.parametrize(
    "body",
    [
        f'{{"error": {TAKEN_IN_JSON}}}',
        f'{{"error": {{"message": {TAKEN_IN_JSON}}}}}',
        f'{{"detail": [{{"msg": {TAKEN_IN_JSON}}}]}}',
        f'{{"error": "No", "code": {TAKEN_IN_JSON}}}',
        f"[{TAKEN_IN_JSON}]",
        f"<!doctype html><title>500</title><p>{TAKEN}</p>",
        TAKEN,
    ],
)
def test_no_refusal_shows_sql_whatever_its_form(body: str) -> None:
    words = words_of(body)
    for told in (words.text, str(words.code)):
        assert USER not in told
        assert "INSERT" not in told
    assert "another agent's" in words.text or words.text == "No"


def test_no_sql_in_refusals_outcomes_and_blocks() -> None:
    words = words_of(f'{{"error": {ev.as_json(TAKEN)}}}')
    outcome = outcome_of({"status": "failed", "error": TAKEN, "run_id": "run_1"})
    block = without_dump(TAKEN)
    for told in (words.text, str(outcome), block):
        assert USER not in told
        assert "INSERT" not in told
    assert block.startswith("(psycopg.errors.UniqueViolation) duplicate key value")


FRAMES: list[dict[str, object]] = [
    {"event": "error", "error": TAKEN, "run_id": "run_1"},
    {"event": "error", "message": TAKEN},
    {"event": "error", "error": {"message": TAKEN, "code": 7}},
    {"event": "complete", "status": "failed", "error": TAKEN, "content": ""},
    {"type": "error", "error": TAKEN, "error_code": "X"},
    {"type": "workflow_error", "error": TAKEN},
    {"event": "complete", "status": "failed", "error": TAKEN, "execution_id": "e"},
    {"type": "block_error", "block_id": "b", "block_type": "code", "data": {"error": TAKEN}},
    {"type": "block_complete", "block_id": "b", "data": {"output": None, "error": TAKEN}},
]


@pytest.mark.parametrize("frame", FRAMES, ids=range(len(FRAMES)))
@pytest.mark.parametrize("is_workflow", [False, True])
def test_of_a_databases_error_an_event_has_the_rest_in_its_details_alone(
    frame: dict[str, object], *, is_workflow: bool
) -> None:
    event = ev.read(ev.as_json(frame))
    event = ev.in_workflow(event) if is_workflow else event
    details = getattr(event, "details", None)
    printed = f"{event!r} {event!s} {event.raw!r}"
    without = msgspec.structs.replace(event, details=None) if details else event
    assert USER not in printed + str(msgspec.to_builtins(without))
    assert "INSERT" not in printed
    is_block = "block_id" in frame
    assert details == (None if is_block else TAKEN)
    if not is_block:
        run = RunState()
        apply(run, reduce(run, event, 1.0))
        assert run.error is not None
        assert (run.error.code in {"session_taken", "X"}, run.error.details) == (True, TAKEN)
        assert USER not in repr(run.error)


def test_a_recording_that_is_read_again_shows_sql_in_details_alone() -> None:
    """The events, what is written and what is saved say the same."""
    frames = f"data: {ev.as_json(FRAMES[0])}\n\n".encode()
    run = powawidget.replay(frames).wait(display=False)
    assert USER not in repr(list(run.events)) + repr(run.error) + repr(run)
    (details,) = (event.details for event in run.events if isinstance(event, ev.Errored))
    assert details == TAKEN
    for written in (run.to_markdown(), run.to_text(), run.to_html()):
        before, _, rest = written.partition("Details")
        assert USER not in before
        assert USER in rest
    again = powawidget.replay(run.to_json().encode())
    assert again.error is not None
    assert (again.error.details, USER in repr(again.error)) == (TAKEN, False)
    with pytest.raises(powawidget.RunFailed) as caught:
        run.result(display=False)
    assert USER not in str(caught.value)
