"""What an attempt may become, as a table and as a property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powawidget.batch.states import (
    FOLLOWING,
    OVER,
    WAITING,
    AttemptState,
    after_failed_start,
    after_restart,
    after_stream,
    may_follow,
    states_before,
)
from powawidget.errors import ConnectionLost, FileError, ProtocolError, RequestError

STATES = list(FOLLOWING)


def refused(status: int, *, temporary: bool = False, after: float | None = None) -> RequestError:
    return RequestError("no.", status=status, temporary=temporary, retry_after=after)


def lost(*, maybe: bool, temporary: bool = False) -> ConnectionLost:
    return ConnectionLost("lost", maybe_accepted=maybe, temporary=temporary)


@pytest.mark.parametrize(
    ("error", "marked", "state", "cause"),
    [
        (lost(maybe=False, temporary=True), False, "released", "unreachable"),
        (lost(maybe=False), False, "released", "hopeless"),
        # A redirect was answered, and where it leads can't be reached: it was whole once.
        (lost(maybe=False, temporary=True), True, "accepted", ""),
        (lost(maybe=False), True, "accepted", ""),
        (refused(429, temporary=True), True, "released", "refused"),
        (refused(503, temporary=True), True, "released", "refused"),
        (refused(402), True, "left", "no_money"),
        (refused(400), True, "failed", ""),
        (refused(409), True, "failed", ""),
        (refused(422), True, "failed", ""),
        (refused(302), True, "failed", "not_allowed"),
        (refused(308), True, "failed", "not_allowed"),
        (refused(401), True, "failed", "not_allowed"),
        (refused(403), True, "failed", "not_allowed"),
        (refused(404), True, "failed", "not_allowed"),
        (refused(500), True, "accepted", ""),
        (refused(502), True, "accepted", ""),
        (refused(503), True, "accepted", ""),
        (lost(maybe=True), True, "accepted", ""),
        (ProtocolError("a page", maybe_accepted=True), True, "accepted", ""),
        (FileError("The disk is full."), False, "released", "unreachable"),
        (RuntimeError("a bug"), True, "accepted", ""),
        (RuntimeError("a bug"), False, "released", "unreachable"),
    ],
)
def test_the_end_of_a_start_leads_where_the_rules_say(
    error: Exception, marked: bool, state: str, cause: str
) -> None:
    start = after_failed_start(error, marked=marked)
    assert (start.state, start.cause) == (state, cause)


def test_a_refusal_says_how_long_to_wait() -> None:
    start = after_failed_start(refused(429, temporary=True, after=7.0), marked=True)
    assert start.retry_after == 7.0


errors = st.one_of(
    st.builds(
        refused,
        st.integers(300, 599).filter(lambda status: status not in {429, 503}),
        temporary=st.just(False),
    ),
    st.builds(lost, maybe=st.booleans(), temporary=st.booleans()),
    st.builds(lambda: ProtocolError("p", maybe_accepted=True)),
    st.builds(RuntimeError, st.text(max_size=3)),
)


@given(errors)
def test_what_may_have_begun_is_never_released(error: Exception) -> None:
    """Whatever was raised: where the mark stands and no refusal says so, it isn't sent again."""
    assert after_failed_start(error, marked=True).state != "released"


@given(st.text(max_size=10))
def test_a_stream_that_does_not_tell_its_end_is_looked_up(status: str) -> None:
    state = after_stream(status)
    assert state == {"completed": "done", "failed": "failed"}.get(status, "accepted")


@given(st.lists(st.sampled_from(STATES), max_size=8))
def test_no_way_leads_back_to_being_sent_once_it_may_have_begun(ways: list[AttemptState]) -> None:
    state: AttemptState = "claimed"
    has_begun = False
    for following in ways:
        if may_follow(state, following):
            state = following
            has_begun = has_begun or state in OVER | {"accepted"}
            assert not (has_begun and state in WAITING)


def test_what_is_over_stays_as_it_is() -> None:
    assert all(not FOLLOWING[state] for state in OVER | WAITING if state != "unknown")
    assert FOLLOWING["unknown"] == {"accepted"}  # asked for once more, by a person's word
    assert states_before("done") == ["accepted", "claimed"]
    assert states_before("released") == ["claimed"]


@pytest.mark.parametrize(
    ("state", "marked", "after"),
    [
        ("claimed", False, "released"),
        ("claimed", True, "accepted"),
        ("accepted", True, "accepted"),
        ("accepted", False, "accepted"),
        ("done", True, "done"),
        ("unknown", True, "unknown"),
    ],
)
def test_a_dead_process_leaves_only_what_was_never_whole_to_be_sent(
    state: AttemptState, marked: bool, after: str
) -> None:
    assert after_restart(marked=marked, state=state) == after
